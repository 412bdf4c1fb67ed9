"""Networks with one reaction exchanged, at any number of temperatures, while all others adapt.

Letters in shapes: M balances, S species, N states, P columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ...chemistry.kinetics import progress
from ...chemistry.mechanism import Arrhenius, Mechanism, Reaction, ThirdBody
from ...data.balances.balances import Balances
from ...discovery.candidates.enumeration import candidate_reactions
from ...discovery.fit.production_states import Flux
from ...discovery.fit.rate_fit import errors_left
from ...discovery.settings import Search
from ..experiment_design import most_different_state
from .alternatives_record import Alternative

Array = NDArray[np.float64]
Key = tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]

LAWS = ((0.0, 0.0), (-1.0, 0.0), (0.0, 1e8), (0.0, 2.5e8))
"""b and Ea [J/kmol] of which the rate constant of a candidate is mixed, beside those of the mechanism."""
CLEARLY_WORSE = 12.0
"""Rise of χ² at which another network is no longer about as likely."""
MOST_NUMBERS = 2e7
"""In the columns of all candidates."""
MOST_BALANCES = 600
"""That are looked at; of more, evenly drawn."""
MOST_LAWS = 12
MOST_NAMED = 8
AS_EXACT = 1e-9
"""Share of what a reaction makes that another may miss in data without noise."""


@dataclass(frozen=True, eq=False)
class _Data:
    """The balances, weighted, and what of them the mechanism leaves."""

    balances: Balances
    temperature: Array
    weights: Array
    left: Array

    def columns(self, mechanism: Mechanism) -> Array:
        """What each reaction contributes to the weighted balances, shape (M S, R)."""
        forward, reverse = progress(mechanism, self.balances.concentrations, self.temperature)
        made = (forward - reverse)[:, None, :] * mechanism.net.T[None]
        seen = self.balances.operator @ made.reshape(len(made), -1)
        return np.asarray(seen.reshape(len(self.weights), -1, made.shape[2]) * self.weights[:, :, None]).reshape(
            -1, made.shape[2]
        )


def exchanges(mechanism: Mechanism, balances: Balances, search: Search) -> tuple[list[Alternative], int] | None:
    """Alternatives with one reaction in place of another, and how many more; None where candidates are too many.

    The rate constant of a candidate is a non-negative mixture of four temperature dependences and the first of the
    mechanism's, with and without third bodies where those are asked for; the rate constants of all other reactions may
    change, ln k linearly in ln T and 1/T. An exchange counts where χ² rises by less than 12 and no rate constant is
    negative. Of many balances some are looked at.
    """
    balances = _some_of(balances)
    if len(mechanism.reactions) * balances.accumulation.size > MOST_NUMBERS:
        return None
    groups = _groups(mechanism)
    offered = [each for each in _candidates(mechanism, search) if _key(each) not in groups]
    own = ((r.rate.b, r.rate.Ea) for r in mechanism.reactions if r.rate is not None)
    shapes = tuple(dict.fromkeys((*LAWS, *own)))[:MOST_LAWS]
    copies = len(shapes) * (2 if search.third_bodies else 1)
    if not offered:
        return [], 0
    if len(offered) * copies * balances.accumulation.size > MOST_NUMBERS:
        return None
    data = _weighted(mechanism, balances)
    mine = data.columns(mechanism)
    laws = [list(_with_laws(each, shapes, search)) for each in offered]
    columns = [data.columns(replace(mechanism, reactions=tuple(each))) for each in laws]
    limit = CLEARLY_WORSE * float(np.mean(data.left**2))
    found: list[tuple[float, tuple[int, ...], Mechanism]] = []
    for members in groups.values():
        others = [i for i in range(len(mechanism.reactions)) if i not in members]
        basis = _adjustments(data, mine, others)
        plane = np.linalg.qr(basis)[0] if basis.size else np.zeros((len(mine), 0))
        target = data.left + mine[:, list(members)].sum(axis=1)
        outside = target - plane @ (plane.T @ target)
        base = float(np.sum((data.left - plane @ (plane.T @ data.left)) ** 2))
        for reactions, column in zip(laws, columns, strict=True):
            rest = column - plane @ (plane.T @ column)
            amounts, norm = _fitted(rest, column, outside)
            if amounts is None or norm**2 - base > max(limit, (AS_EXACT * float(np.linalg.norm(target))) ** 2):
                continue
            changes = np.linalg.lstsq(basis, target - column @ amounts, rcond=None)[0].reshape(-1, 3)
            other = _built(mechanism, data, others, changes, reactions, amounts)
            if other is not None:
                found.append((norm**2 - base, members, other))
    found.sort(key=lambda each: each[:2])
    named = [_told(mechanism, other, members, data) for _, members, other in found[:MOST_NAMED]]
    return named, len(found) - len(named)


def _some_of(balances: Balances) -> Balances:
    """At most `MOST_BALANCES`, with the states that they see."""
    count = len(balances.accumulation)
    if count <= MOST_BALANCES:
        return balances
    rows = np.linspace(0, count - 1, MOST_BALANCES).astype(int)
    operator = balances.operator[rows]
    seen = np.unique(operator.indices)
    return replace(
        balances,
        concentrations=balances.concentrations[seen],
        temperature=balances.temperature[seen],
        pressure=balances.pressure[seen],
        operator=operator[:, seen],
        accumulation=balances.accumulation[rows],
        scale=balances.scale[rows],
    )


def _weighted(mechanism: Mechanism, balances: Balances) -> _Data:
    kelvin = np.where(np.isfinite(balances.temperature), balances.temperature, mechanism.temperature)
    forward, reverse = progress(mechanism, balances.concentrations, kelvin)
    size, observe = np.abs(mechanism.net), balances.operator
    production = np.asarray(observe @ ((forward - reverse) @ mechanism.net))
    net, gross = abs(observe) @ (np.abs(forward - reverse) @ size), abs(observe) @ ((forward + reverse) @ size)
    flux = Flux(production, np.asarray(net), np.asarray(gross))
    weights = errors_left(balances.accumulation, flux).weights(flux)
    return _Data(balances, kelvin, weights, ((balances.accumulation - production) * weights).ravel())


def _adjustments(data: _Data, mine: Array, others: list[int]) -> Array:
    """Changes of ln A, b and Ea of the other reactions, shape (M S, 3 per reaction)."""
    middle = float(np.median(data.temperature))
    at = np.asarray(data.balances.operator @ data.temperature) / np.maximum(
        np.asarray(data.balances.operator @ np.ones(len(data.temperature))), 1e-300
    )
    shapes = np.stack([np.ones(len(at)), np.log(at / middle), middle / at - 1], axis=1)
    shapes = np.repeat(shapes, data.balances.accumulation.shape[1], axis=0)
    return np.asarray(mine[:, others, None] * shapes[:, None, :]).reshape(len(mine), -1)


def _fitted(rest: Array, column: Array, target: Array) -> tuple[Array | None, float]:
    """Amounts of the laws of one candidate, and what they leave; None where none helps."""
    size = np.linalg.norm(column, axis=0)
    if not size.all():
        return None, np.inf
    amounts, norm = nnls(rest / size, target)
    return (amounts / size, float(norm)) if amounts.any() else (None, np.inf)


def _built(
    mechanism: Mechanism,
    data: _Data,
    others: list[int],
    changes: Array,
    reactions: list[Reaction],
    amounts: Array,
) -> Mechanism | None:
    """The network with the candidate, the others scaled as at the middle temperature; None if one turns negative."""
    middle = float(np.median(data.temperature))
    ends = np.array([data.temperature.min(), middle, data.temperature.max()])
    shapes = np.stack([np.ones(3), np.log(ends / middle), middle / ends - 1], axis=1)
    factors = 1 + changes @ shapes.T
    if factors.size and factors.min() <= 0:
        return None
    kept = [_scaled(mechanism.reactions[i], float(f[1])) for i, f in zip(others, factors, strict=True)]
    new = [_scaled(each, float(k)) for each, k in zip(reactions, amounts, strict=True) if k > 0]
    return replace(mechanism, reactions=(*kept, *new))


def _told(mechanism: Mechanism, other: Mechanism, members: tuple[int, ...], data: _Data) -> Alternative:
    kept = len(mechanism.reactions) - len(members)
    middle = float(np.median(data.temperature))
    sides = [[mechanism.reactions[i] for i in members], list(other.reactions[kept:])]
    replaced, by = (
        replace(
            each[0],
            rate=Arrhenius(float(sum(r.rate.at(middle) for r in each if r.rate is not None))),
            reverse_rate=None,
            falloff=None,
        )
        for each in sides
    )
    where = most_different_state(mechanism, other, data.balances.concentrations, data.temperature)
    return Alternative((replaced,), (by,), n_more=0, structurally_equivalent=False, where=where)


def _groups(mechanism: Mechanism) -> dict[Key, tuple[int, ...]]:
    """Reactions of the same sides, colliders aside."""
    groups: dict[Key, tuple[int, ...]] = {}
    for i, reaction in enumerate(mechanism.reactions):
        groups[_key(reaction)] = (*groups.get(_key(reaction), ()), i)
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
