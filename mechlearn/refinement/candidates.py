"""One-way reactions that may explain runs: all that the elements allow, or that break no law found in the data.

Letters in shapes: S species, L laws, R candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ..balances import Spread
from ..errors import DataError
from ..learning.complexes import Direction
from ..learning.noise import all_complexes
from ..library.candidates import MOST_CANDIDATES, candidate_reactions
from ..search import Search
from ..trajectories import Trajectories

Array = NDArray[np.float64]

BLOCKS = 12
"""Parts of each run over which concentrations are averaged before laws are looked for."""
SIGNAL = 1.4
"""Variance over the largest that noise has in so many blocks above which a combination of species changes."""
NEAR = 0.02
"""Share of a stoichiometric vector that may lie outside of what the data span."""
ERRORS = 5.0
"""Standard errors by which a stoichiometric vector may break a law found in the data."""


@dataclass(frozen=True, eq=False)
class Span:
    """Which combinations of species change in the data, and which do not.

    Parameters
    ----------
    laws : array, shape (L, S)
        Combinations that do not change.
    moving : array, shape (S − L, S)
        Those that do.
    leak : array, shape (S − L,)
        Variance with which a law may contain each of those, for laws of unit noise.
    """

    laws: Array
    moving: Array
    leak: Array

    def allows(self, net: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether net vectors, shape (R, S), break no law beyond its error."""
        if not len(self.laws):
            return np.ones(len(net), dtype=bool)
        outside = np.linalg.norm(net @ np.linalg.qr(self.laws.T)[0], axis=1) / np.linalg.norm(net, axis=1)
        error = np.sqrt((net @ self.moving.T) ** 2 @ self.leak)
        within = np.abs(net @ self.laws.T).max(axis=1) <= ERRORS * error
        return np.asarray((outside <= NEAR) | within)


def span_of(runs: Trajectories, spread: Spread) -> Span:
    """What changes in the data beyond their noise, by a generalised eigenvalue problem."""
    blocks, weights, noise = [], [], np.zeros(len(runs.species))
    for run in runs.runs:
        values = run.concentrations[np.isfinite(run.concentrations).all(axis=1)]
        if len(values) < 2:
            continue
        parts = np.array_split(values, min(BLOCKS, len(values)))
        means = np.array([part.mean(axis=0) for part in parts])
        blocks.append(means - means.mean(axis=0))
        for part in parts:
            noise += np.mean(spread.deviation(part) ** 2, axis=0) * (1 - 1 / len(parts)) / len(part)
            weights.append(1.0)
    count = len(weights)
    if not count:
        raise DataError("No run has two samples in which every species was measured. Bring more times.")
    deviation = np.concatenate(blocks)
    size = np.sqrt(np.maximum(noise / count, 1e-300))
    matrix = (deviation / size).T @ (deviation / size) / count
    values, vectors = scipy.linalg.eigh(matrix)
    combinations_ = (vectors / size[:, None]).T
    signal = values > SIGNAL * (1 + np.sqrt(len(size) / count)) ** 2
    ratio = values[signal] / (count * (values[signal] - 1.0) ** 2)
    return Span(combinations_[~signal], combinations_[signal], ratio)


def candidates(runs: Trajectories, spread: Spread, search: Search) -> tuple[Direction, ...]:
    """Both directions of every reaction that is possible.

    Raises
    ------
    DataError
        If there are too many, or none.
    """
    known = all(one.composition for one in runs.species)
    if search.conserve == "elements" or (search.conserve == "auto" and known):
        net = candidate_reactions(runs.species, 2, search.molecularity)
    else:
        net = _pairs(len(runs.species), search.molecularity)
        if search.conserve != "none":
            net = net[span_of(runs, spread).allows(net)]
    if not len(net):
        raise DataError("No reaction of two molecules at most on a side is possible between these species.")
    one_way = [(Direction(tuple(np.maximum(-row, 0).tolist()), tuple(np.maximum(row, 0).tolist()))) for row in net]
    return tuple(side for each in one_way for side in (each, Direction(each.products, each.reactants)))


def _pairs(species: int, larger: int) -> NDArray[np.int64]:
    """Net vectors of all pairs of complexes without a species in common, the smaller side of two molecules at most."""
    complexes = [np.array(each) for each in all_complexes(species, larger)]
    if len(complexes) ** 2 > 4 * MOST_CANDIDATES:
        raise DataError(
            f"{species} species without compositions make more than {2 * MOST_CANDIDATES} candidate reactions. Give a "
            "mechanism with compositions, or leave out columns."
        )
    found: dict[tuple[int, ...], None] = {}
    for left, right in combinations(complexes, 2):
        if not np.any(left * right) and min(left.sum(), right.sum()) <= 2:
            net = right - left
            found[tuple((net // np.gcd.reduce(net)).tolist())] = None
    return np.array(list(found), dtype=np.int64).reshape(len(found), species)
