"""Whether rates follow the law of mass action at all: what no polynomial in the concentrations explains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.balances.balances import Balances
from .candidates.network.noisy_solution import STRUCTURE_SCORE
from .fit.scaling import Scaled
from .settings import LevenbergMarquardt, Search

ROUNDS = 1
"""Of a search in data that no mass-action mechanism of third order explains, or that the candidates do: what the
network makes of them is wanted soon."""


def lack_of_fit_of_mass_action(problem: Scaled, balances: Balances) -> str:
    """What polynomials of third order leave of the rates and is not noise; empty where all may be noise.

    A mass-action mechanism of reactions of up to three molecules makes production rates polynomials of third order.
    """
    structure = np.broadcast_to(problem.noise.structure, len(balances.species))
    odd = np.flatnonzero(structure > STRUCTURE_SCORE)
    if problem.noise.exact or not len(odd):
        return ""
    names = ", ".join(balances.species[k].name for k in odd)
    return (
        f"{100 * problem.noise.relative:.2g} % of the rates, and in {names} neighbouring states agree in it by "
        f"{structure.max():.2g} standard errors (noise gives about 3)"
    )


def shortened(search: Search) -> Search:
    """The search with few rounds."""
    if not isinstance(search.optimizer, LevenbergMarquardt):
        return search
    return replace(search, optimizer=replace(search.optimizer, rounds=min(search.optimizer.rounds, ROUNDS)))
