"""Rows that the network freezes where only concentrations are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....chemistry.arrays import Integers
from ....data.balances.balances import Balances
from ....data.progress import Progress
from ....errors import StudyError
from ...settings import Adam, Search
from ..enumeration import conserves_elements
from ..trajectory_candidates import conserved_span
from .polynomial import polynomial_of
from .row_search import RowSearch
from .solution import directions_of
from .stoichiometry import conserving_rows, element_laws, free_rows
from .training import search_rows

ROUNDS_OF_TRAJECTORIES = 4
"""Of each stage of a search whose data are themselves a fit, so that it can end before no residual is left."""


def frozen_rows(balances: Balances, search: Search, progress: Progress) -> tuple[Integers, RowSearch]:
    """Whole rows, shape (R, S), that the network finds in the rates which balances of concentrations show.

    The search ends where these rows explain the balances as well as polynomials of second order do. Rows that break a
    conservation law which the data keep are left out.
    """
    if isinstance(search.optimizer, Adam):
        raise StudyError(
            "optimizer: adam learns from production rates, and these runs have none. Leave it out, or bring runs with "
            "rates."
        )
    limits = (search.max_coefficient, search.max_order)
    if conserves_elements(balances.species, search):
        stoichiometry = conserving_rows(element_laws(balances.species), *limits)
    else:
        stoichiometry = free_rows(len(balances.species), *limits)
    polynomial = polynomial_of(balances, stoichiometry.basis)
    span = None
    if stoichiometry.free and search.conserve != "none":
        assert balances.trajectories is not None
        span = conserved_span(balances.trajectories.runs, balances.trajectories.noise)

    def kept(found: RowSearch) -> Integers:
        rows = np.array(list(found.votes), dtype=np.int64).reshape(-1, len(balances.species))
        return rows if span is None else rows[span.allows(rows)]

    def enough(found: RowSearch) -> bool:
        directions = directions_of(kept(found))
        return bool(directions) and polynomial.explained_by(directions)

    optimizer = replace(search.optimizer, rounds=min(search.optimizer.rounds, ROUNDS_OF_TRAJECTORIES))
    found = search_rows(polynomial.problem(), stoichiometry, search, optimizer, progress, enough)
    return kept(found), found
