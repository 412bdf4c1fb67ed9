"""Reactions that may explain runs: all that the elements allow, or that break no law found in the data.

Letters in shapes: S species, L laws, R one-way reactions, Q candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ...chemistry.one_way import OneWayReaction
from ...chemistry.thermo import log_potential
from ...data.noise.concentration_noise import Noise, isolated_outliers
from ...data.noise.rate_noise import all_complexes
from ...data.trajectories import Trajectories
from ...errors import DataError
from ...simulation.mass_action.mass_action_rates import MassAction
from ..fit.run_arrays import STEADY_TEMPERATURE
from ..settings import Search
from .enumeration import MOST_CANDIDATES, candidate_reactions

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


def span_of(runs: Trajectories, spread: Noise) -> Span:
    """What changes in the data beyond their noise, by a generalised eigenvalue problem."""
    blocks, weights, noise = [], [], np.zeros(len(runs.species))
    for run in runs.runs:
        values = run.concentrations[np.isfinite(run.concentrations).all(axis=1)]
        values = values[~isolated_outliers(values, spread).any(axis=1)]
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


@dataclass(frozen=True, eq=False)
class Candidates:
    """Reactions of which some explain the runs.

    Parameters
    ----------
    reactions : MassAction
        R one-way reactions; where equilibrium is known, both directions of each candidate.
    parameter : array of int, shape (R,)
        Of which candidate each is a direction.
    offset : array, shape (R,)
        What is added to the parameter of a candidate to give ln k of each direction.
    reversible : bool
        Whether reverse rate constants follow from thermodynamics.
    """

    reactions: MassAction
    parameter: NDArray[np.int64]
    offset: Array
    reversible: bool = False

    def __len__(self) -> int:
        return int(self.parameter.max(initial=-1)) + 1

    @property
    def written(self) -> tuple[OneWayReaction, ...]:
        """The direction in which each candidate is written: the first of its own."""
        return tuple(self.reactions.directions[i] for i in np.unique(self.parameter, return_index=True)[1])

    @property
    def shares(self) -> Array:
        """Rate constant of each direction per rate constant of each candidate, shape (R, Q)."""
        return np.asarray(np.exp(self.offset)[:, None] * np.eye(len(self))[self.parameter])

    def select(self, kept: NDArray[np.int64]) -> Candidates:
        """Some of the candidates."""
        rows, parameter = rows_of(self.parameter, kept)
        return replace(self, reactions=self.reactions.select(rows), parameter=parameter, offset=self.offset[rows])


def rows_of(parameter: NDArray[np.int64], kept: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The one-way reactions of some candidates, and the place in that choice of the candidate of each.

    Examples
    --------
    >>> [each.tolist() for each in rows_of(np.array([0, 0, 1, 1, 2]), np.array([2, 0]))]
    [[4, 0, 1], [0, 1, 1]]
    """
    place, rows = np.nonzero(parameter == kept[:, None])
    return rows, place


def candidates(runs: Trajectories, spread: Noise, search: Search) -> Candidates:
    """Every reaction that is possible: each direction with a rate constant of its own, or both with one.

    Raises
    ------
    DataError
        If there are too many, and as `candidates_of`.
    """
    return candidates_of(possible_rows(runs, spread, search), runs, search)


def possible_rows(runs: Trajectories, spread: Noise, search: Search) -> NDArray[np.int64]:
    """Net vectors of every reaction that is possible, one for both directions, shape (R, S).

    Raises
    ------
    DataError
        If there are too many.
    """
    known = all(one.composition for one in runs.species)
    if search.conserve == "elements" or (search.conserve == "auto" and known):
        net = candidate_reactions(runs.species, 2, search.molecularity)
    else:
        net = _pairs(len(runs.species), search.molecularity)
        if search.conserve != "none":
            lawful = span_of(runs, spread).allows(net)
            net = net[lawful] if lawful.any() else net  # a law that forbids all is none of whole molecules
    return net


def candidates_of(net: NDArray[np.int64], runs: Trajectories, search: Search) -> Candidates:
    """The reactions of net vectors, shape (R, S): each direction with a rate constant of its own, or both with one.

    Raises
    ------
    DataError
        If there are none, the runs are at several temperatures, or reverse rates need thermodynamics or a temperature
        that is unknown.
    """
    _require_one_temperature(runs)
    if not len(net):
        names = ", ".join(species.name for species in runs.species)
        raise DataError(
            f"No reaction of two molecules at most on a side is possible between the species {names}: the elements, or "
            "what stays constant in the data, forbid all. Bring the species that are missing, or learn with "
            "conserve: none."
        )
    if search.reverse == "thermo":
        return _reversible(net[(net < 0).any(axis=1) & (net > 0).any(axis=1)], _potentials(runs))
    one_way = [side for row in net for side in _both(row) if any(side.reactants)]
    return Candidates(MassAction(tuple(one_way)), np.arange(len(one_way)), np.zeros(len(one_way)))


def _require_one_temperature(runs: Trajectories) -> None:
    means = np.array([float(np.mean(run.temperature)) for run in runs.runs if run.is_time_history])
    means = means[np.isfinite(means)]
    if means.size and np.ptp(means) > STEADY_TEMPERATURE * means.max():
        raise DataError(
            f"The runs are at {means.min():g} to {means.max():g} K; without production rates, rate constants are "
            "learnt at one temperature. Learn from the runs at each by themselves, or bring runs with rates."
        )


def _both(row: NDArray[np.int64]) -> tuple[OneWayReaction, OneWayReaction]:
    forward = OneWayReaction(tuple(np.maximum(-row, 0).tolist()), tuple(np.maximum(row, 0).tolist()))
    return forward, forward.reverse


def _reversible(net: NDArray[np.int64], potentials: Array) -> Candidates:
    """Both directions of each reaction, that with the larger equilibrium constant first."""
    equilibrium = net @ potentials
    net = np.where(equilibrium < 0, -1, 1)[:, None] * net
    directions = tuple(side for row in net for side in _both(row))
    offset = np.stack([np.zeros(len(net)), -np.abs(equilibrium)], axis=1).ravel()
    return Candidates(MassAction(directions), np.repeat(np.arange(len(net)), 2), offset, reversible=True)


def _potentials(runs: Trajectories) -> Array:
    """ln(P°/RT) − g°/RT of each species at the temperature of the runs, shape (S,)."""
    temperature = np.concatenate([run.temperature for run in runs.runs])
    temperature = temperature[np.isfinite(temperature)]
    if not temperature.size:
        raise DataError(
            "reverse: thermo needs the temperature of the runs, which is unknown. Give a column T [K], or use "
            "reverse: free."
        )
    lacking = [each.name for each in runs.species if each.thermo is None]
    if lacking:
        raise DataError(
            f"reverse: thermo needs the thermodynamics of all species, and that of {lacking[0]} is unknown. Give a "
            "mechanism with thermo data, or reverse: free."
        )
    at = float(temperature.mean())
    return np.array([float(log_potential(each.thermo, at)) for each in runs.species if each.thermo is not None])


def _pairs(species: int, larger: int) -> NDArray[np.int64]:
    """Net vectors of all pairs of complexes without a species in common, the smaller side of two molecules at most, and
    of what one or two molecules may lose to products that nobody measured.
    """
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
    lost = [tuple(-n for n in complex_) for complex_ in all_complexes(species, 2)]
    return np.array([*found, *lost], dtype=np.int64).reshape(-1, species)
