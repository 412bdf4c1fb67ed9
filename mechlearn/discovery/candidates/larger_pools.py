"""What is offered where mass action of the molecules asked for explains too little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...chemistry.one_way import OneWayReaction
from ...data.noise.concentration_noise import Noise
from ...data.trajectories import Trajectories
from ...errors import DataError
from ..settings import Search
from .other_orders import MOST_MOLECULES, with_catalysts, with_orders
from .trajectory_candidates import Candidates, candidates_of, conserved_span, overall_change, possible_rows

LARGEST_POOL = 1000
"""One-way reactions, beyond which integrating all side by side takes minutes."""


def larger_pools(runs: Trajectories, noise: Noise, search: Search) -> Iterator[tuple[str, Candidates | None]]:
    """More molecules on a side; then catalysts and, where the data move along one line only, an overall reaction.

    Yields
    ------
    tuple of (str, Candidates or None)
        What they are, in words, and the candidates; None where they are more than `LARGEST_POOL`.
    """
    if search.molecularity < MOST_MOLECULES:
        larger = replace(search, molecularity=MOST_MOLECULES)
        yield f"reactions of {MOST_MOLECULES} molecules on a side", _pool(runs, noise, larger, rate_laws=False)
    if search.reverse == "free":
        yield "catalysts, autocatalysis and overall reactions", _pool(runs, noise, search, rate_laws=True)


def _pool(runs: Trajectories, noise: Noise, search: Search, *, rate_laws: bool) -> Candidates | None:
    try:
        net = possible_rows(runs, noise, search)
    except DataError:  # too many even to list
        return None
    if len(net) > LARGEST_POOL:
        return None
    more = (*with_catalysts(net), *overall_reactions(runs, noise)) if rate_laws else ()
    pool = candidates_of(net, runs, search, more) if len(net) + len(more) else None
    return None if pool is not None and len(pool) > LARGEST_POOL else pool


def overall_reactions(runs: Trajectories, noise: Noise) -> tuple[OneWayReaction, ...]:
    """The overall reaction of data that move along one line, in the direction in which most of them go."""
    change = overall_change(conserved_span(runs, noise))
    if change is None:
        return ()
    moves = [run.concentrations[-1] - run.concentrations[0] for run in runs.runs if run.is_time_history]
    forward = np.nansum(moves, axis=0) @ change
    return with_orders(change if forward > 0 else -change)
