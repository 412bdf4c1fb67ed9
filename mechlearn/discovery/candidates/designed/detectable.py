"""A design of states → which reactions leave which reactants, and their rate constants at every condition.

Letters in shapes: S species, C conditions, K rows of data, P candidates, L signed columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ....chemistry.conservation import element_matrix
from ....chemistry.mechanism import Species
from ....data.designed_states import TRACE, Design
from .branching import NOTICED, PRECISE, ChannelRows, Slower, channels, explain

Array = NDArray[np.float64]
ReactantSet = tuple[int, ...]
_Known = dict[ReactantSet, dict[tuple[int, ...], Array]]

MOST_CONDITIONS = 8
"""Conditions at which channels are looked for; their rates follow at all."""
MOST_EFFICIENT = 20.0
"""Efficiency of a collider, relative to the bath's, that is nothing unusual."""
SEEN = 1e-4
"""Share of some species' production that a collider as efficient as the bath must make to be told."""
MOSTLY = 0.3
"""Share of some species' production that a reaction must make for its own reactant's efficiency to be told."""
TOLD = 0.3
"""Standard deviation of ln k at the best condition above which a reaction is not told from effects of colliders."""
THREE_PRODUCTS, CATALYSED, THREE_REACTANTS = 1, 2, 3
"""Tiers of candidates after those with two molecules on a side at most."""


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
        Rate constant in kmol, m³ and s, colliders of the bath included.
    deviation : array, shape (C,)
        Standard deviation of its logarithm.
    share : float
        Largest share of some species' production by these reactants that it makes.
    """

    reactants: ReactantSet
    net: tuple[int, ...]
    constant: Array
    deviation: Array
    share: float


@dataclass(frozen=True, eq=False)
class DetectableReactions:
    """What a design shows.

    Parameters
    ----------
    channels : tuple of Channel
    rows : mapping of reactants to Rows
        Production by each set of reactants, at all conditions.
    faster : mapping
        By reactants of one molecule, net vector and another species: the derivative of the rate constant with respect
        to that species' concentration, shape (C,); NaN where it cannot be told.
    candidates : int
        Reactions, in one direction, that were looked at.
    unexplained : tuple of reactants
        Those whose production no set of candidates makes.
    """

    channels: tuple[Channel, ...]
    rows: dict[ReactantSet, ChannelRows]
    faster: dict[tuple[ReactantSet, tuple[int, ...], int], Array]
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

    def of(self, reactants: ReactantSet, fewest: int, most: int) -> list[tuple[int, ...]]:
        """Net vectors of the balanced reactions of these reactants that make none of them."""
        found = []
        for products in self._groups[tuple(self.atoms[list(reactants)].sum(axis=0))]:
            if fewest <= len(products) <= most and not set(products) & set(reactants):
                net = np.bincount(products, minlength=self.count) - np.bincount(reactants, minlength=self.count)
                if np.gcd.reduce(net) == 1:
                    found.append(tuple(int(n) for n in net))
        return found


@dataclass(frozen=True)
class _Offer:
    """Candidates for one set of rows: reactants, net vector, tier."""

    reactants: ReactantSet
    net: tuple[int, ...]
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
        Called with the share done.
    """
    products = _Products(species, molecularity)
    known: _Known = {}
    found: list[Channel] = []
    rows_of: dict[ReactantSet, ChannelRows] = {}
    faster: dict[tuple[ReactantSet, tuple[int, ...], int], Array] = {}
    candidates, unexplained = 0, []
    count = len(design.alone)
    few = np.unique(np.linspace(0, count - 1, min(count, MOST_CONDITIONS)).round().astype(int))
    work = list(_sets(production, design))
    for number, (members, rows) in enumerate(work):
        rows_of[members] = rows
        slower = _slower(members, known, rows)
        own = set(map(tuple, slower.net.tolist()))
        offers = [each for each in _offers(members, design, products, molecularity) if each.net not in own]
        candidates += len(offers)
        nets = np.array([each.net for each in offers], dtype=np.int64).reshape(-1, products.count)
        looked = np.concatenate([few + start for start in range(0, len(rows.made), count)])
        looked = looked[rows.alive[looked]]
        if not len(looked):
            continue
        part = Slower(slower.net, slower.size[looked])
        fit = channels(rows.part(looked), nets, np.array([each.tier for each in offers]), part)
        if not fit.complete:
            unexplained.append(members)
        rates, changes, _ = explain(rows, nets[fit.chosen], slower)
        known[members] = {offers[i].net: rates[:count, place] for place, i in enumerate(fit.chosen)}
        each_channel = [
            _channel(offers[i], rates[:, place], slower.could_be(nets[i]), rows, design)
            for place, i in enumerate(fit.chosen)
        ]
        found += [channel for channel in each_channel if channel.deviation.min() < TOLD]
        if len(members) == 1:
            kept = {
                offers[i].net: rates[:, place] for place, i in enumerate(fit.chosen) if offers[i].reactants == members
            }
            faster |= _faster_alone(members, kept, rows, design)
        if len(members) == 2:
            faster |= _faster(members, known, slower, changes, rows, design)
        progress((number + 1) / len(work))
    return DetectableReactions(tuple(found), rows_of, faster, candidates, tuple(unexplained))


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


def _faster(
    members: ReactantSet, known: _Known, slower: Slower, changes: Array, rows: ChannelRows, design: Design
) -> dict[tuple[ReactantSet, tuple[int, ...], int], Array]:
    """How much each of a pair speeds up reactions of the other that it has no other part in."""
    found: dict[tuple[ReactantSet, tuple[int, ...], int], Array] = {}
    for net, change, most in zip(slower.net, changes.T, slower.size.T, strict=True):
        seen = np.max(np.abs(most[:, None] / MOST_EFFICIENT * net) * PRECISE / rows.deviation, axis=1)
        for alone, other in (members, members[::-1]):
            if net[other] == 0 and tuple(net.tolist()) in known.get((alone,), {}):
                told = np.where(seen > SEEN, change, np.nan)
                found[(alone,), tuple(net.tolist()), other] = told / design.amount_of(members)
    return found


def _faster_alone(
    members: ReactantSet, rates: dict[tuple[int, ...], Array], rows: ChannelRows, design: Design
) -> dict[tuple[ReactantSet, tuple[int, ...], int], Array]:
    """How much a species speeds up reactions of its own, by their rates in both amounts."""
    found: dict[tuple[ReactantSet, tuple[int, ...], int], Array] = {}
    levels = [_level(rows, design, little=little) for little in (False, True)]
    amounts = [design.amount_of(members, little=little) for little in (False, True)]
    for net, rate in rates.items():
        seen = np.max(np.abs(rate[:, None] * net) * PRECISE / rows.deviation, axis=1)
        constants = [rate[level] / amount for level, amount in zip(levels, amounts, strict=True)]
        told = np.minimum(*(seen[level] for level in levels)) > MOSTLY
        change = (constants[0] - constants[1]) / (amounts[0] - amounts[1])
        found[members, net, members[0]] = np.where(told, change, np.nan)
    return found


def _slower(members: ReactantSet, known: _Known, rows: ChannelRows) -> Slower:
    """Reactions of parts of the reactants, each as fast as its parts alone make it, times what a collider may do."""
    rates: dict[tuple[int, ...], Array] = {}
    for part in _parts(members):
        for net, rate in known.get(part, {}).items():
            rates[net] = rates.get(net, 0.0) + rate
    size = [np.resize(MOST_EFFICIENT * TRACE * rate, len(rows.made)) for rate in rates.values()]
    nets = np.array(list(rates), dtype=np.int64).reshape(-1, rows.made.shape[1])
    return Slower(nets, np.stack(size, axis=1) if size else np.zeros((len(rows.made), 0)))


def _parts(members: ReactantSet) -> list[ReactantSet]:
    """Smaller sets of reactants that are there as well."""
    return [()] if len(members) == 1 else [(), (members[0],), (members[1],)] if members else []


def _offers(members: ReactantSet, design: Design, products: _Products, most: int) -> list[_Offer]:
    """Candidates of a set of reactants, in tiers."""
    bath = [int(j) for j in design.bath]
    sets: list[ReactantSet] = [members]
    if not members:
        sets = [(b,) for b in bath] + list(combinations_with_replacement(bath, 2))
    elif len(members) == 1:
        a = members[0]
        sets = [(a,), *((a, b) for b in bath), (a, a)]
    found = [_Offer(each, net, 0) for each in sets for net in products.of(each, 1, 2)]
    if most > 2:
        found += [_Offer(each, net, THREE_PRODUCTS) for each in sets for net in products.of(each, 3, most)]
    if len(members) == 2:
        found += [_Offer((a, x), n, CATALYSED) for a, x in (members, members[::-1]) for n in products.of((a,), 1, 2)]
        if most > 2:
            triples = [(a, a, x) for a, x in (members, members[::-1])]
            found += [_Offer(each, net, THREE_REACTANTS) for each in triples for net in products.of(each, 1, 2)]
    return list({each.net: each for each in reversed(found)}.values())


def _channel(offer: _Offer, rates: Array, slack: Array, rows: ChannelRows, design: Design) -> Channel:
    little = len(rows.made) > len(design.alone) and not _two_of_one(offer.reactants, design)
    part = _level(rows, design, little=little)
    rate = rates[part]
    share = rate[:, None] * np.abs(np.array(offer.net)) * PRECISE / rows.deviation[part]
    seen = np.maximum(share.max(axis=1), 1e-300)
    constant = rate / design.amount_of(offer.reactants, little=little)
    deviation = PRECISE / seen + slack[part] / np.maximum(rate, 1e-300)
    return Channel(offer.reactants, offer.net, constant, deviation, float(seen.max()))


def is_detectable(
    constant: Array, net: NDArray[np.int64], reactants: ReactantSet, shown: DetectableReactions, design: Design
) -> bool:
    """Whether a reaction of that rate constant would have been noticed among what its reactants make."""
    beside = tuple(sorted({j for j in reactants if j not in design.bath}))
    rows = shown.rows.get(beside)
    if rows is None or len([j for j in reactants if j not in design.bath]) > 2:
        return False
    little = len(rows.made) > len(design.alone) and not _two_of_one(reactants, design)
    rate = constant * design.amount_of(reactants, little=little)
    share = rate[:, None] * np.abs(net) * PRECISE / rows.deviation[_level(rows, design, little=little)]
    return bool(share.max() > 10 * NOTICED)


def _two_of_one(reactants: ReactantSet, design: Design) -> bool:
    beside = [j for j in reactants if j not in design.bath]
    return len(beside) == 2 and beside[0] == beside[1]


def _level(rows: ChannelRows, design: Design, *, little: bool) -> slice:
    """Rows in the first or the second amount."""
    count = len(design.alone)
    return slice(count, 2 * count) if little else slice(0, count)
