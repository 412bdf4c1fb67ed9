"""A design of states → which reactions leave which reactants, and their rate constants at every condition.

Letters in shapes: S species, C conditions, K rows of data, P candidates, L signed columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

import numpy as np

from ....chemistry.arrays import Array, Integers
from ....chemistry.conservation import element_matrix
from ....chemistry.mechanism import Species
from ....data.designed_states import TRACE, Design
from .branching import DETECTABLE_CONTRIBUTION, ENTRY_PRECISION, ChannelRows, ReactionsOfParts, channels, explain

ReactantSet = tuple[int, ...]
Row = tuple[int, ...]

MOST_CONDITIONS = 8
"""Conditions at which channels are looked for; their rates follow at all."""
LARGEST_RELATIVE_EFFICIENCY = 20.0
"""Of a collider, over that of the bath gas, that is nothing unusual."""
COLLIDER_CONTRIBUTION = 1e-4
"""Part of some species' production that a collider as efficient as the bath gas must make to be detected."""
REACTANT_CONTRIBUTION = 0.3
"""Part of some species' production that a reaction must make for its own reactant's efficiency to be detected."""
LARGEST_CHANNEL_DEVIATION = 0.3
"""Standard deviation of ln k at the best condition above which a reaction may be an effect of colliders."""
TWO_MOLECULES, THREE_PRODUCTS, CATALYSED, THREE_REACTANTS = range(4)
"""Tiers of candidates: the usual ones have two molecules on a side at most."""


@dataclass(frozen=True, eq=False)
class Channel:
    """One reaction in one direction, as the design shows it.

    Parameters
    ----------
    reactants : tuple of int
        Columns of the reactants, one for each molecule, the catalyst among them.
    net : tuple of int
        Products less reactants, shape (S,).
    constant : array, shape (C,)
        Rate constant in kmol, m³ and s, colliders of the bath gas included.
    deviation : array, shape (C,)
        Standard deviation of its logarithm.
    contribution : float
        Largest part of some species' production by these reactants that it makes.
    """

    reactants: ReactantSet
    net: Row
    constant: Array
    deviation: Array
    contribution: float

    @property
    def log_constant(self) -> Array:
        """Logarithm of the rate constant, shape (C,)."""
        return np.asarray(np.log(np.maximum(self.constant, 1e-300)))


@dataclass(frozen=True, eq=False)
class DetectableReactions:
    """What a design shows.

    Parameters
    ----------
    channels : tuple of Channel
    rows : mapping of reactants to ChannelRows
        Production by each set of reactants, at all conditions.
    speed_up : mapping
        By reactants of one molecule, net vector and another species: the derivative of the rate constant with respect
        to that species' concentration, shape (C,); NaN where it cannot be detected.
    candidates : int
        Reactions, in one direction, that were looked at.
    unexplained : tuple of reactants
        Those whose production no set of candidates makes.
    """

    channels: tuple[Channel, ...]
    rows: dict[ReactantSet, ChannelRows]
    speed_up: dict[tuple[ReactantSet, Row, int], Array]
    candidates: int
    unexplained: tuple[ReactantSet, ...]


class _Products:
    """Complexes by the atoms that they hold."""

    def __init__(self, species: Sequence[Species], most: int) -> None:
        self.atoms = element_matrix(species)[1].T
        self.count = len(species)
        self._groups: dict[tuple[float, ...], list[ReactantSet]] = defaultdict(list)
        for number in range(1, most + 1):
            for members in combinations_with_replacement(range(self.count), number):
                self._groups[tuple(self.atoms[list(members)].sum(axis=0))].append(members)

    def of(self, reactants: ReactantSet, fewest: int, most: int) -> list[Row]:
        """Net vectors of the balanced reactions of these reactants that make none of them."""
        found = []
        for products in self._groups[tuple(self.atoms[list(reactants)].sum(axis=0))]:
            if fewest <= len(products) <= most and not set(products) & set(reactants):
                net = np.bincount(products, minlength=self.count) - np.bincount(reactants, minlength=self.count)
                if np.gcd.reduce(net) == 1:
                    found.append(tuple(net.tolist()))
        return found


class _Offer(NamedTuple):
    """A candidate for one set of rows."""

    reactants: ReactantSet
    net: Row
    tier: int


def detectable_reactions(
    production: Array, design: Design, species: Sequence[Species], molecularity: int, progress: Callable[[float], None]
) -> DetectableReactions:
    """The reactions of every set of reactants, from the simplest sets to the pairs.

    Parameters
    ----------
    production : array, shape (N, S)
        At the samples [kmol/m³/s].
    design : Design
        Which samples are which states.
    species : sequence of Species
        With compositions.
    molecularity : int
        Most molecules on a side: two, or three where two do not explain the production.
    progress : callable
        Called with the part done.
    """
    survey = _Survey(design, _Products(species, molecularity), molecularity)
    sets = list(_sets(production, design))
    for number, (members, rows) in enumerate(sets):
        survey.look_at(members, rows)
        progress((number + 1) / len(sets))
    return DetectableReactions(
        tuple(survey.channels), survey.rows, survey.speed_up, survey.candidates, tuple(survey.unexplained)
    )


class _Survey:
    """What was found so far, from the simplest sets of reactants on."""

    def __init__(self, design: Design, products: _Products, molecularity: int) -> None:
        self.design, self.products, self.molecularity = design, products, molecularity
        count = len(design.alone)
        self.few = np.unique(np.linspace(0, count - 1, min(count, MOST_CONDITIONS)).round().astype(int))
        self.rates: dict[ReactantSet, dict[Row, Array]] = {}
        self.channels: list[Channel] = []
        self.rows: dict[ReactantSet, ChannelRows] = {}
        self.speed_up: dict[tuple[ReactantSet, Row, int], Array] = {}
        self.unexplained: list[ReactantSet] = []
        self.candidates = 0

    def look_at(self, members: ReactantSet, rows: ChannelRows) -> None:
        """The reactions of one set of reactants."""
        self.rows[members] = rows
        parts = self._reactions_of_parts(members, rows)
        own = set(map(tuple, parts.net.tolist()))
        offers = _offers(members, self.design, self.products, self.molecularity)
        offers = [each for each in offers if each.net not in own]
        self.candidates += len(offers)
        nets = np.array([each.net for each in offers], dtype=np.int64).reshape(-1, self.products.count)
        count = len(self.design.alone)
        looked = np.concatenate([self.few + start for start in range(0, len(rows.made), count)])
        looked = looked[rows.alive[looked]]
        if not len(looked):
            return
        fit = channels(rows.part(looked), nets, np.array([each.tier for each in offers]), parts.part(looked))
        if not fit.complete:
            self.unexplained.append(members)
        rates, changes, _ = explain(rows, nets[fit.chosen], parts)
        found = [(offers[i], rate) for i, rate in zip(fit.chosen, rates.T, strict=True)]
        self.rates[members] = {offer.net: rate[:count] for offer, rate in found}
        for offer, rate in found:
            channel = _channel(offer, rate, parts.could_be(np.array(offer.net)), rows, self.design)
            if channel.deviation.min() < LARGEST_CHANNEL_DEVIATION:
                self.channels.append(channel)
            if len(members) == 1 and offer.reactants == members:
                self.speed_up[members, offer.net, members[0]] = _speed_up_by_itself(offer, rate, rows, self.design)
        if len(members) == 2:
            self._speed_up_by_each_other(members, parts, changes, rows)

    def _reactions_of_parts(self, members: ReactantSet, rows: ChannelRows) -> ReactionsOfParts:
        """Those of smaller sets, each as fast as these alone make it, times what a collider may do."""
        rates: dict[Row, Array] = {}
        for size in range(len(members)):
            for part in combinations(members, size):
                for net, rate in self.rates.get(part, {}).items():
                    rates[net] = rates.get(net, 0.0) + rate
        size_of = [np.resize(LARGEST_RELATIVE_EFFICIENCY * TRACE * rate, len(rows.made)) for rate in rates.values()]
        nets = np.array(list(rates), dtype=np.int64).reshape(-1, rows.made.shape[1])
        return ReactionsOfParts(nets, np.array(size_of).reshape(len(nets), len(rows.made)).T)

    def _speed_up_by_each_other(
        self, members: ReactantSet, parts: ReactionsOfParts, changes: Array, rows: ChannelRows
    ) -> None:
        """How much each of a pair speeds up reactions of the other that it has no other part in."""
        for net, change, most in zip(parts.net, changes.T, parts.size.T, strict=True):
            seen = rows.contribution(most / LARGEST_RELATIVE_EFFICIENCY, net)
            key = tuple(net.tolist())
            for alone, other in (members, members[::-1]):
                if net[other] == 0 and key in self.rates.get((alone,), {}):
                    known = np.where(seen > COLLIDER_CONTRIBUTION, change, np.nan)
                    self.speed_up[(alone,), key, other] = known / self.design.amount_of(members)


def _sets(production: Array, design: Design) -> Iterator[tuple[ReactantSet, ChannelRows]]:
    """Sets of reactants with the rows of their production; those of a species alone for one amount, then the other."""
    base = production[design.alone]
    yield (), ChannelRows(base, np.abs(base))
    for j, name in enumerate(design.species):
        samples = np.concatenate([design.single[:, j], design.second[:, j]])
        again = np.concatenate([base, base])
        yield (int(name),), ChannelRows(production[samples] - again, np.abs(production[samples]) + np.abs(again))
    for i, j in combinations(range(len(design.species)), 2):
        both, first, second = (
            production[samples] for samples in (design.pair[:, i, j], design.single[:, i], design.single[:, j])
        )
        size = np.abs(both) + np.abs(first) + np.abs(second) + np.abs(base)
        yield (int(design.species[i]), int(design.species[j])), ChannelRows(both - first - second + base, size)


def _speed_up_by_itself(offer: _Offer, rate: Array, rows: ChannelRows, design: Design) -> Array:
    """How much a species speeds up a reaction of its own, by its rates in both amounts."""
    levels = [_level(design, little=little) for little in (False, True)]
    amounts = [design.amount_of(offer.reactants, little=little) for little in (False, True)]
    seen = rows.contribution(rate, np.array(offer.net))
    known = np.minimum(*(seen[level] for level in levels)) > REACTANT_CONTRIBUTION
    constants = [rate[level] / amount for level, amount in zip(levels, amounts, strict=True)]
    return np.where(known, (constants[0] - constants[1]) / (amounts[0] - amounts[1]), np.nan)


def _offers(members: ReactantSet, design: Design, products: _Products, most: int) -> list[_Offer]:
    """Candidates of a set of reactants, in tiers."""
    bath = [int(j) for j in design.bath]
    sets: list[ReactantSet] = [members]
    if not members:
        sets = [(b,) for b in bath] + list(combinations_with_replacement(bath, 2))
    elif len(members) == 1:
        a = members[0]
        sets = [(a,), *((a, b) for b in bath), (a, a)]
    pairs = [members, members[::-1]] if len(members) == 2 else []
    plans = [(each, each, 1, 2, TWO_MOLECULES) for each in sets]
    plans += [(each, each, 3, most, THREE_PRODUCTS) for each in sets]
    plans += [(pair, pair[:1], 1, 2, CATALYSED) for pair in pairs]
    if most > 2:
        plans += [((pair[0], *pair), (pair[0], *pair), 1, 2, THREE_REACTANTS) for pair in pairs]
    found = [_Offer(each, net, tier) for each, used, *range_, tier in plans for net in products.of(used, *range_)]
    return list({each.net: each for each in reversed(found)}.values())


def _channel(offer: _Offer, rates: Array, slack: Array, rows: ChannelRows, design: Design) -> Channel:
    level, amount = _best_level(offer.reactants, rows, design)
    rate = rates[level]
    seen = np.maximum(rows.part(level).contribution(rate, np.array(offer.net)), 1e-300)
    deviation = ENTRY_PRECISION / seen + slack[level] / np.maximum(rate, 1e-300)
    return Channel(offer.reactants, offer.net, rate / amount, deviation, float(seen.max()))


def is_detectable(
    constant: Array, net: Integers, reactants: ReactantSet, shown: DetectableReactions, design: Design
) -> bool:
    """Whether a reaction of that rate constant would have been noticed among what its reactants make."""
    beside = [j for j in reactants if j not in design.bath]
    rows = shown.rows.get(tuple(sorted(set(beside))))
    if rows is None or len(beside) > 2:
        return False
    level, amount = _best_level(reactants, rows, design)
    return bool(rows.part(level).contribution(constant * amount, net).max() > 10 * DETECTABLE_CONTRIBUTION)


def _best_level(reactants: ReactantSet, rows: ChannelRows, design: Design) -> tuple[slice, Array]:
    """Rows of the second amount, where there is one, unless two molecules of a species react; the amount there."""
    beside = [j for j in reactants if j not in design.bath]
    twice = len(beside) == 2 and beside[0] == beside[1]
    little = len(rows.made) > len(design.alone) and not twice
    return _level(design, little=little), design.amount_of(reactants, little=little)


def _level(design: Design, *, little: bool) -> slice:
    """Rows in the first or the second amount."""
    count = len(design.alone)
    return slice(count, 2 * count) if little else slice(0, count)
