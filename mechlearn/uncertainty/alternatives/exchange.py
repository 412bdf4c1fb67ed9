"""Networks with one reaction exchanged, at any number of temperatures, while all others adapt.

Letters in shapes: M balances, S species, N states, P columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.optimize import nnls

from ...chemistry.arrays import Array
from ...chemistry.kinetics import production_rates, progress
from ...chemistry.mechanism import Arrhenius, Mechanism, Reaction, ThirdBody
from ...data.balances.balances import Balances
from ...discovery.candidates.enumeration import candidate_reactions
from ...discovery.settings import Search
from ..experiment_design import most_different_state
from ..weighted_balances import WeightedBalances, weights_of_fit
from .alternatives_result import Alternative

Key = tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]

RATE_LAWS = ((0.0, 0.0), (-1.0, 0.0), (0.0, 1e8), (0.0, 2.5e8))
"""b and Ea [J/kmol] of which the rate constant of a candidate is mixed, together with those of the mechanism."""
CHI2_RISE = 12.0
"""Rise of χ² at which another network is no longer about as likely."""
MAXIMUM_NUMBERS = 2e7
"""In the columns of all candidates."""
MAXIMUM_BALANCES = 600
"""That are looked at; of more, evenly drawn."""
MAXIMUM_RATE_LAWS = 12
MAXIMUM_NAMED = 8
EXACT_MISFIT = 1e-9
"""Part of what a reaction makes that another may miss in data without noise."""


def exchanges(mechanism: Mechanism, balances: Balances, search: Search) -> tuple[list[Alternative], int] | None:
    """Alternatives with one reaction in place of another, and how many more; None where candidates are too many.

    The rate constant of a candidate is a non-negative mixture of four temperature dependences and the first of the
    mechanism's, with and without third bodies where those are asked for; the rate constants of all other reactions may
    change, ln k linearly in ln T and 1/T. An exchange counts where χ² rises by less than 12 and no rate constant is
    negative. Of many balances some are looked at.
    """
    balances = _some_of(balances)
    if len(mechanism.reactions) * balances.accumulation.size > MAXIMUM_NUMBERS:
        return None
    groups = _groups(mechanism)
    offered = [each for each in _candidates(mechanism, search) if _key(each) not in groups]
    own = ((r.rate.b, r.rate.Ea) for r in mechanism.reactions if r.rate is not None)
    shapes = tuple(dict.fromkeys((*RATE_LAWS, *own)))[:MAXIMUM_RATE_LAWS]
    copies = len(shapes) * (2 if search.third_bodies else 1)
    if not offered:
        return [], 0
    if len(offered) * copies * balances.accumulation.size > MAXIMUM_NUMBERS:
        return None
    kelvin = balances.temperature_or(mechanism.temperature)
    data = WeightedBalances(balances, kelvin, weights_of_fit(mechanism, balances, kelvin))
    left = -data.residual(production_rates(mechanism, balances.concentrations, kelvin))
    mine = _contributions(data, mechanism)
    laws = [list(_with_laws(each, shapes, search)) for each in offered]
    columns = [_contributions(data, replace(mechanism, reactions=tuple(each))) for each in laws]
    limit = CHI2_RISE * float(np.mean(left**2))
    found: list[tuple[float, tuple[int, ...], Mechanism]] = []
    for members in groups.values():
        others = [i for i in range(len(mechanism.reactions)) if i not in members]
        basis = _adjustments(data, mine, others)
        plane = np.linalg.qr(basis)[0] if basis.size else np.zeros((len(mine), 0))
        target = left + mine[:, list(members)].sum(axis=1)
        outside = target - plane @ (plane.T @ target)
        base = float(np.sum((left - plane @ (plane.T @ left)) ** 2))
        for reactions, column in zip(laws, columns, strict=True):
            rest = column - plane @ (plane.T @ column)
            amounts, norm = _fitted(rest, column, outside)
            if amounts is None or norm**2 - base > max(limit, (EXACT_MISFIT * float(np.linalg.norm(target))) ** 2):
                continue
            changes = np.linalg.lstsq(basis, target - column @ amounts, rcond=None)[0].reshape(-1, 3)
            other = _exchanged(mechanism, kelvin, dict(zip(others, changes, strict=True)), reactions, amounts)
            if other is not None:
                found.append((norm**2 - base, members, other))
    found.sort(key=lambda each: each[:2])
    named = [_alternative(mechanism, other, members, data) for _, members, other in found[:MAXIMUM_NAMED]]
    return named, len(found) - len(named)


def _some_of(balances: Balances) -> Balances:
    """At most `MAXIMUM_BALANCES`, with the states that they see."""
    count = len(balances.accumulation)
    if count <= MAXIMUM_BALANCES:
        return balances
    rows = np.linspace(0, count - 1, MAXIMUM_BALANCES).astype(int)
    operator = balances.operator[rows]
    seen = np.unique(operator.indices)
    states = {key: getattr(balances, key)[seen] for key in ("concentrations", "temperature", "pressure")}
    rates = {key: getattr(balances, key)[rows] for key in ("accumulation", "scale")}
    return replace(balances, operator=operator[:, seen], **states, **rates)


def _contributions(data: WeightedBalances, mechanism: Mechanism) -> Array:
    """What each reaction contributes to the weighted balances, shape (M S, R)."""
    forward, reverse = progress(mechanism, data.balances.concentrations, data.temperature)
    return data.observed((forward - reverse)[:, None, :] * mechanism.net.T[None])


def _shapes(temperature: Array, kelvin: Array) -> Array:
    """How changes of ln A, b and Ea change a rate at temperatures of shape (M,), about the middle one, shape (M, 3)."""
    middle = float(np.median(kelvin))
    return np.stack([np.ones(len(temperature)), np.log(temperature / middle), middle / temperature - 1], axis=1)


def _adjustments(data: WeightedBalances, mine: Array, others: list[int]) -> Array:
    """Changes of ln A, b and Ea of the other reactions, shape (M S, 3 per reaction)."""
    operator, species = data.balances.operator, data.balances.accumulation.shape[1]
    sums = np.maximum(np.asarray(operator @ np.ones(len(data.temperature))), 1e-300)
    shapes = np.repeat(_shapes(np.asarray(operator @ data.temperature) / sums, data.temperature), species, axis=0)
    return np.asarray(mine[:, others, None] * shapes[:, None, :]).reshape(len(mine), -1)


def _fitted(rest: Array, column: Array, target: Array) -> tuple[Array | None, float]:
    """Amounts of the laws of one candidate, and what they leave; None where none helps."""
    size = np.linalg.norm(column, axis=0)
    if not size.all():
        return None, np.inf
    amounts, norm = nnls(rest / size, target)
    return (amounts / size, float(norm)) if amounts.any() else (None, np.inf)


def _exchanged(
    mechanism: Mechanism, kelvin: Array, others: dict[int, Array], reactions: list[Reaction], amounts: Array
) -> Mechanism | None:
    """The network with the candidate, the others scaled as at the middle temperature; None if one turns negative."""
    ends = np.array([kelvin.min(), np.median(kelvin), kelvin.max()])
    factors = {i: 1 + _shapes(ends, kelvin) @ change for i, change in others.items()}
    if any(factor.min() <= 0 for factor in factors.values()):
        return None
    kept = [_scaled(mechanism.reactions[i], float(factor[1])) for i, factor in factors.items()]
    new = [_scaled(each, float(k)) for each, k in zip(reactions, amounts, strict=True) if k > 0]
    return replace(mechanism, reactions=(*kept, *new))


def _alternative(
    mechanism: Mechanism, other: Mechanism, members: tuple[int, ...], data: WeightedBalances
) -> Alternative:
    kept = len(mechanism.reactions) - len(members)
    middle = float(np.median(data.temperature))
    sides = [[mechanism.reactions[i] for i in members], list(other.reactions[kept:])]
    sums = [float(sum(r.rate.at(middle) for r in each if r.rate is not None)) for each in sides]
    replaced, by = (
        replace(each[0], rate=Arrhenius(constant), reverse_rate=None, falloff=None)
        for each, constant in zip(sides, sums, strict=True)
    )
    where = most_different_state(mechanism, other, data.balances.concentrations, data.temperature)
    return Alternative((replaced,), (by,), n_more=0, structurally_equivalent=False, where=where)


def _groups(mechanism: Mechanism) -> dict[Key, tuple[int, ...]]:
    """Reactions of the same sides, colliders aside."""
    groups: dict[Key, tuple[int, ...]] = {}
    for i, key in enumerate(map(_key, mechanism.reactions)):
        groups[key] = (*groups.get(key, ()), i)
    return groups


def _key(reaction: Reaction) -> Key:
    """Both sides; in one order where the reaction goes both ways."""
    left, right = (tuple(sorted(side.items())) for side in (reaction.reactants, reaction.products))
    both = reaction.reversible or reaction.reverse_rate is not None
    return (right, left) if both and right < left else (left, right)


def _candidates(mechanism: Mechanism, search: Search) -> Iterator[Reaction]:
    reversible = any(each.reversible for each in mechanism.reactions)
    names = mechanism.species_names
    for row in candidate_reactions(mechanism.species, 2, search.molecularity):
        sides = [{n: int(c) for n, c in zip(names, part, strict=True) if c > 0} for part in (-row, row)]
        for left, right in [sides] if reversible else [sides, sides[::-1]]:
            yield Reaction(left, right, Arrhenius(1.0), reversible=reversible)


def _with_laws(reaction: Reaction, shapes: tuple[tuple[float, float], ...], search: Search) -> Iterator[Reaction]:
    counts = [sum(side.values()) for side in (reaction.reactants, reaction.products)]
    bodies = [None, ThirdBody()] if search.third_bodies and counts[0] != counts[1] else [None]
    for body in bodies:
        for b, energy in shapes:
            yield replace(reaction, rate=Arrhenius(1.0, b, energy), third_body=body)


def _scaled(reaction: Reaction, factor: float) -> Reaction:
    def times(rate: Arrhenius | None) -> Arrhenius | None:
        return None if rate is None else replace(rate, A=rate.A * factor)

    falloff = reaction.falloff
    if falloff is not None:
        falloff = replace(falloff, low=replace(falloff.low, A=falloff.low.A * factor))
    return replace(reaction, rate=times(reaction.rate), reverse_rate=times(reaction.reverse_rate), falloff=falloff)
