"""Reactions that may explain runs: all that the elements allow, or that break no conservation law of the data.

Letters in shapes: S species, L conservation laws, R one-way reactions, Q candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.linalg
from scipy.optimize import nnls

from ...chemistry.arrays import Array, Integers, Mask
from ...chemistry.one_way import OneWayReaction
from ...chemistry.thermo import log_potential
from ...data.noise.concentration_noise import Noise, isolated_outliers
from ...data.noise.rate_noise import all_complexes
from ...data.trajectories import Trajectories
from ...errors import DataError
from ...simulation.mass_action.mass_action_rates import MassAction
from ..fit.temperature_basis import LogOffset
from ..settings import KnownReaction, Search
from .enumeration import (
    MOST_CANDIDATES,
    balanced_changes,
    both_directions,
    candidate_reactions,
    conserves_elements,
    whole_tuples,
)
from .given import forbids, known_reactions

BLOCKS_PER_RUN = 12
"""Parts of each run over which concentrations are averaged before conservation laws are looked for."""
SIGNAL_RATIO = 1.4
"""Variance over the largest that noise has in so many blocks above which a combination of species changes."""
ALLOWED_FRACTION = 0.02
"""Of a stoichiometric vector, that may lie outside of what the data span."""
ALLOWED_ERRORS = 5.0
"""Standard errors by which a stoichiometric vector may break a conservation law found in the data."""

MOST_MULTIPLE = 6
"""Of the smallest change, in which the coefficients of an overall reaction are looked for."""


@dataclass(frozen=True, eq=False)
class ConservedSpan:
    """Which combinations of species change in the data, and which do not.

    Parameters
    ----------
    laws : array, shape (L, S)
        Combinations that do not change.
    moving : array, shape (S − L, S)
        Those that do.
    leak : array, shape (S − L,)
        Variance with which a conservation law may contain each of those, for those of unit noise.
    """

    laws: Array
    moving: Array
    leak: Array

    def allows(self, net: Integers) -> Mask:
        """Whether net vectors, shape (R, S), break no conservation law beyond its error."""
        if not len(self.laws) or not len(net):
            return np.ones(len(net), dtype=bool)
        outside = np.linalg.norm(net @ np.linalg.qr(self.laws.T)[0], axis=1) / np.linalg.norm(net, axis=1)
        error = np.sqrt((net @ self.moving.T) ** 2 @ self.leak)
        within = np.abs(net @ self.laws.T).max(axis=1) <= ALLOWED_ERRORS * error
        return np.asarray((outside <= ALLOWED_FRACTION) | within)


def conserved_span(runs: Trajectories, noise: Noise) -> ConservedSpan:
    """What changes in the data beyond their noise, by a generalised eigenvalue problem."""
    blocks, variances = [], []
    for run in runs.runs:
        values = run.concentrations[np.isfinite(run.concentrations).all(axis=1)]
        values = values[~isolated_outliers(values, noise).any(axis=1)]
        if len(values) < 2:
            continue
        parts = np.array_split(values, min(BLOCKS_PER_RUN, len(values)))
        means = np.array([part.mean(axis=0) for part in parts])
        blocks.append(means - means.mean(axis=0))
        freedom = 1 - 1 / len(parts)
        variances += [np.mean(noise.deviation(part) ** 2, axis=0) * freedom / len(part) for part in parts]
    if not blocks:
        raise DataError("No run has two samples in which every species was measured. Bring more times.")
    count = len(variances)
    size = np.sqrt(np.maximum(np.mean(variances, axis=0), 1e-300))
    scaled = np.concatenate(blocks) / size
    values, vectors = scipy.linalg.eigh(scaled.T @ scaled / count)
    combinations = (vectors / size[:, None]).T
    signal = values > SIGNAL_RATIO * (1 + np.sqrt(len(size) / count)) ** 2
    ratio = values[signal] / (count * (values[signal] - 1.0) ** 2)
    return ConservedSpan(combinations[~signal], combinations[signal], ratio)


def overall_change(span: ConservedSpan) -> Integers | None:
    """Where the data move along one line only: the whole net vector along it, shape (S,)."""
    if len(span.moving) != 1:
        return None
    line = np.linalg.svd(span.laws)[2][-1] if len(span.laws) else np.ones(1)
    line = line / np.abs(line[np.abs(line) > np.abs(line).max() / MOST_MULTIPLE]).min()
    for multiple in range(1, MOST_MULTIPLE + 1):
        whole = np.array(whole_tuples(multiple * line[None]), dtype=np.int64)
        if span.allows(whole).all():
            return np.asarray(whole[0])
    return None


@dataclass(frozen=True, eq=False)
class Candidates:
    """Reactions of which some explain the runs.

    Parameters
    ----------
    reactions : MassAction
        R one-way reactions; where equilibrium is known, both directions of each candidate.
    parameter : array of int, shape (R,)
        Of which candidate each is a direction.
    offset : LogOffset
        What is added to the parameter of a candidate to give ln k of each direction.
    reversible : bool
        Whether reverse rate constants follow from thermodynamics.
    given : mapping of int to KnownReaction
        What is known of some candidates, which stay.
    """

    reactions: MassAction
    parameter: Integers
    offset: LogOffset
    reversible: bool = False
    given: Mapping[int, KnownReaction] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.parameter.max(initial=-1)) + 1

    @property
    def written(self) -> tuple[OneWayReaction, ...]:
        """The direction in which each candidate is written: the first of its own."""
        return tuple(self.reactions.directions[i] for i in np.unique(self.parameter, return_index=True)[1])

    @property
    def simplest(self) -> Integers:
        """Numbers of the candidates that are given, or no multiples of others, whose order alone differs."""
        sides = np.array([[*each.reactants, *each.products] for each in self.written], dtype=np.int64)
        return np.flatnonzero((np.gcd.reduce(sides, axis=1) == 1) | np.isin(np.arange(len(self)), list(self.given)))

    @property
    def redundant(self) -> bool:
        """Whether reactions of the same rate law may undo each other: with a species on both sides, or other orders."""
        return any(each.orders or each.has_catalyst for each in self.reactions.directions)

    def select(self, kept: Integers) -> Candidates:
        """Some of the candidates."""
        rows, parameter = rows_of(self.parameter, kept)
        given = {place: self.given[number] for place, number in enumerate(kept.tolist()) if number in self.given}
        reactions, offset = self.reactions.select(rows), self.offset.only(rows)
        return replace(self, reactions=reactions, parameter=parameter, offset=offset, given=given)


def rows_of(parameter: Integers, kept: Integers) -> tuple[Integers, Integers]:
    """The one-way reactions of some candidates, and the place in that choice of the candidate of each.

    Examples
    --------
    >>> [each.tolist() for each in rows_of(np.array([0, 0, 1, 1, 2]), np.array([2, 0]))]
    [[4, 0, 1], [0, 1, 1]]
    """
    place, rows = np.nonzero(parameter == kept[:, None])
    return rows, place


def candidates(runs: Trajectories, noise: Noise, search: Search) -> Candidates:
    """Every reaction that is possible: each direction with a rate constant of its own, or both with one.

    Raises
    ------
    DataError
        If there are too many, and as `candidates_of`.
    """
    return candidates_of(possible_rows(runs, noise, search), runs, search)


def possible_rows(runs: Trajectories, noise: Noise, search: Search) -> Integers:
    """Net vectors of every reaction that is possible, one for both directions, shape (R, S).

    Raises
    ------
    DataError
        If there are too many.
    """
    if conserves_elements(runs.species, search):
        return candidate_reactions(runs.species, 2, search.molecularity)
    net = _pairs(len(runs.species), search.molecularity)
    if search.conserve != "none":
        span = conserved_span(runs, noise)
        allowed, change = span.allows(net), overall_change(span)
        if allowed.any():
            return net[allowed]
        if change is not None and not _is_made_of(net, change):
            return change[None]
    return net  # no one of them alone keeps the laws of the data, but together they may


def _is_made_of(net: Integers, change: Integers) -> bool:
    """Whether a net change, and its opposite, are sums of reactions that use up and make what it does."""
    both = np.concatenate([net, -net])
    both = both[(both < 0).any(axis=1)]
    for goal in (change, -change):
        alike = both[np.all((both == 0) | (np.sign(both) == np.sign(goal)), axis=1)]
        if not len(alike) or nnls(alike.T.astype(float), goal.astype(float))[1] > 1e-9:
            return False
    return True


def candidates_of(
    net: Integers, runs: Trajectories, search: Search, more: tuple[OneWayReaction, ...] = ()
) -> Candidates:
    """The reactions of net vectors, shape (R, S): each direction with a rate constant of its own, or both with one.

    ``more`` are one-way reactions to choose from besides, where none of these has the same rate law. What the search
    forbids is left out, and what it knows is among them.

    Raises
    ------
    DataError
        If there are none, or reverse rates need thermodynamics or a temperature that is unknown.
    StudyError
        If what is known or forbidden cannot be read.
    """
    known, forbidden = known_reactions(runs.species_names, search), forbids(runs.species_names, search)
    if not len(net):
        names = ", ".join(species.name for species in runs.species)
        raise DataError(
            f"No reaction of two molecules at most on a side is possible between the species {names}: the elements, or "
            "what stays constant in the data, forbid all. Bring the species that are missing, or learn with "
            "conserve: none."
        )
    if search.reverse == "thermo":
        pairs = [both_directions(row) for row in net if (row < 0).any() and (row > 0).any()]
        pairs = [pair for pair in pairs if not any(map(forbidden, pair))]
        listed_ways = {way for pair in pairs for way in pair}
        pairs += [(each, each.reverse) for each in known if each not in listed_ways]
        return _with_given(_reversible(pairs, runs), known)
    plain = [each for row in net for each in both_directions(row) if any(each.reactants) and not forbidden(each)]
    listed = {each.rate_law for each in plain}
    others = [each for each in more if each.rate_law not in listed and not forbidden(each)]
    one_way = tuple(dict.fromkeys((*plain, *others, *known)))
    return _with_given(Candidates(MassAction(one_way), np.arange(len(one_way)), LogOffset.none(len(one_way))), known)


def _with_given(pool: Candidates, known: Mapping[OneWayReaction, KnownReaction]) -> Candidates:
    """The pool, in which the reactions that are given are marked; a law both ways is of the direction written here."""
    given = {}
    for number, direction in enumerate(pool.written):
        if direction in known:
            given[number] = known[direction]
        elif pool.reversible and direction.reverse in known:
            given[number] = replace(known[direction.reverse], A=None)
    return replace(pool, given=given)


def _reversible(pairs: Sequence[Sequence[OneWayReaction]], runs: Trajectories) -> Candidates:
    """Both directions of each reaction, first that with the larger equilibrium constant at the median temperature."""
    temperature = np.concatenate([run.temperature for run in runs.runs])
    if not np.isfinite(temperature).any():
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

    def log_equilibrium(kelvin: Array) -> Array:
        """Ln Kc of the net vectors as they are written, shape (..., R / 2)."""
        each = [log_potential(species.thermo, kelvin) for species in runs.species if species.thermo is not None]
        return np.asarray(np.stack(each, axis=-1) @ net.T)

    def offset(kelvin: Array) -> Array:
        back = -log_equilibrium(kelvin)
        return np.stack([np.zeros_like(back), back], axis=-1).reshape(*kelvin.shape, -1)

    net = np.array([np.subtract(one.products, one.reactants) for one, _ in pairs])
    falls = log_equilibrium(np.array(float(np.nanmedian(temperature)))) < 0
    net = np.where(falls, -1, 1)[:, None] * net
    ordered = [pair[::-1] if back else pair for pair, back in zip(pairs, falls.tolist(), strict=True)]
    directions = tuple(each for pair in ordered for each in pair)
    parameter = np.repeat(np.arange(len(net)), 2)
    return Candidates(MassAction(directions), parameter, LogOffset(offset), reversible=True)


def _pairs(species: int, larger: int) -> Integers:
    """Net vectors of all pairs of complexes without a species in common, the smaller side of two molecules at most, and
    of what one or two molecules may lose to products that nobody measured.
    """
    if len(all_complexes(species, larger)) ** 2 > 4 * MOST_CANDIDATES:
        raise DataError(
            f"{species} species without compositions make more than {2 * MOST_CANDIDATES} candidate reactions. Give a "
            "mechanism with compositions, or leave out columns."
        )
    lost = -np.array(all_complexes(species, 2), dtype=np.int64)
    return np.array([*balanced_changes(np.zeros((0, species)), 2, larger), *lost], dtype=np.int64)
