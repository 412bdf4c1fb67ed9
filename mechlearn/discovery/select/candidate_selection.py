"""Which candidates stand: smallest contributors dropped while data held back are explained as well without them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Integers, Mask
from ..fit.balance_errors import BalanceErrors, errors_left
from ..fit.production_states import ProductionStates
from ..fit.rate_fit import RateLawProblem
from ..fit.rate_law_terms import Law, Term
from ..fit.rate_mixtures import NO_COLLIDER, OFTEN, MixtureColumns, gram
from .criterion import Criterion
from .rate_law_extension import expanded

LITTLE, MOST_LITTLE, MORE_NEEDED = 100.0, 5e-3, 2.5
"""Contribution, over the laws' error and at most, below which a reaction may stand for it; how much more it must do."""
AT_ONCE = 0.03
"""Part of the rise at which a reaction is needed, at which many are dropped at once: none of them may be a true one."""
TRIED_AT_ONCE = 3
NEGLIGIBLE_CONTRIBUTION = 1e-7
"""To every species' gross flux, below which a candidate is dropped unasked."""
LEAST_EFFICIENT = 0.1
"""Efficiency at which a collider starts that the mixture leaves out: at zero the fit would stall."""
FIRST_FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class RateMixture:
    """A non-negative fit of all columns, with the errors that it leaves and the weights of the balances."""

    columns: MixtureColumns
    weights: Array
    errors: BalanceErrors
    scales: Array

    def contributions(self) -> Array:
        """95 % quantile of the largest contribution of each reaction to what a species gains and loses, shape (R,)."""
        columns = self.columns
        flux = columns.flux(self.weights)
        found = np.zeros(int(columns.reaction.max(initial=-1)) + 1)
        for i in range(len(found)):
            mine = (columns.reaction == i) & (self.weights > 0)
            if mine.any():
                found[i] = flux.contribution(columns.values[:, mine] @ self.weights[mine], columns.net[mine][0])
        return found


def mix(columns: MixtureColumns, states: ProductionStates, kept: Mask | None = None) -> RateMixture:
    """The columns of some reactions, shape (R,), fitted thrice, each time with the weights of the last fit."""
    target = states.target
    largest = np.abs(target).max(axis=0)
    scales = 1 / (np.abs(target) + FIRST_FLOOR * np.maximum(largest, FIRST_FLOOR * largest.max()))
    errors = BalanceErrors(0.0, FIRST_FLOOR)
    weights = np.zeros(len(columns.reaction))
    used = np.ones(len(weights), dtype=bool) if kept is None else kept[columns.reaction]
    for _ in range(3):
        weights = gram(columns, target, scales).solve(used, weights)
        flux = columns.flux(weights)
        errors = errors_left(target, flux, states.noise)
        scales = errors.weights(flux)
    return RateMixture(columns, weights, errors, scales)


def needed_reactions(mixture: RateMixture, target: Array, train: Mask) -> Mask:
    """Reactions, shape (R,), without which data held back are explained worse."""
    columns, noisy = mixture.columns, mixture.errors.noisy
    flux = columns.flux(mixture.weights)
    scales = mixture.errors.cautious.weights(flux)
    normal = gram(columns.balances(train), target[train], scales[train])
    test, held, weight = columns.balances(~train), target[~train], scales[~train]

    def fitted(kept: Mask, near: Array) -> tuple[RateMixture, Array]:
        weights = normal.solve(kept[columns.reaction], near)
        residual = ((test.flux(weights).production - held) * weight)[weight > 0]
        return replace(mixture, weights=weights), residual

    kept = mixture.contributions() > NEGLIGIBLE_CONTRIBUTION
    mixture, residual = fitted(kept, mixture.weights)
    systematic = float(mixture.errors.cautious.of_laws(flux)[~train].sum())
    criterion = Criterion.of(mixture.errors, residual, systematic)
    best = criterion.sum(residual)
    parts = 2
    while parts <= kept.sum():
        smallest = _smallest(mixture.contributions(), kept)[: kept.sum() // parts]
        without = kept & ~np.isin(np.arange(len(kept)), smallest)
        fewer, residual = fitted(without, mixture.weights)
        if criterion.sum(residual) <= best + AT_ONCE * criterion.needed:
            kept, mixture, best = without, fewer, min(best, criterion.sum(residual))
        else:
            parts *= 2
    while kept.any():
        trials = []
        contributions = mixture.contributions()
        for i in _smallest(contributions, kept)[:TRIED_AT_ONCE].tolist():
            fewer, residual = fitted(kept & (np.arange(len(kept)) != i), mixture.weights)
            little = not noisy and contributions[i] < min(LITTLE * mixture.errors.law, MOST_LITTLE)
            needed = criterion.needed * (MORE_NEEDED if little else 1.0)
            trials.append((criterion.sum(residual) - needed, i, fewer, criterion.sum(residual)))
        rise, i, fewer, found = min(trials, key=lambda trial: trial[:2])
        if rise > best:
            break
        best, mixture = min(best, found), fewer
        kept[i] = False
    return kept


def _smallest(contributions: Array, kept: Mask) -> Integers:
    """Reactions that are kept, the smallest contributors first."""
    order = np.argsort(contributions, kind="stable")
    return order[kept[order]]


def first_laws(mixture: RateMixture, problem: RateLawProblem, kept: Mask) -> tuple[Law, ...]:
    """One Arrhenius term for each reaction that is kept, with all colliders where the mixture has any."""
    columns, reactions, around = mixture.columns, problem.reactions, problem.around

    def worth(i: int, total: Array) -> Array | None:
        if len(mixture.scales) != len(total):
            return None
        carried = np.abs(total * reactions.difference[:, i]) * np.linalg.norm(reactions.net[i] * mixture.scales, axis=1)
        return np.asarray(carried / np.maximum(carried + np.quantile(carried, OFTEN), 1e-300))

    found = []
    for i in np.flatnonzero(kept).tolist():
        mine = columns.reaction == i
        parts = {
            int(kind): columns.constants[:, chosen] @ mixture.weights[chosen]
            for kind in np.unique(columns.collider[mine])
            for chosen in [mine & (columns.collider == kind)]
        }
        plain = total = parts.pop(NO_COLLIDER)
        term = None
        if parts:
            collided = np.stack([parts[g] * around.colliders[:, g] for g in sorted(parts)], axis=1)
            total = plain + collided.sum(axis=1)
            if np.median(plain) <= np.median(collided.sum(axis=1)):
                order = np.argsort(-collided.sum(axis=0), kind="stable")
                each = np.array([np.median(parts.get(int(g), np.zeros(1))) for g in order])
                efficiency = np.clip(each / max(each[0], 1e-300), LEAST_EFFICIENT, 1 / LEAST_EFFICIENT)
                efficiency[0] = 1.0
                low = expanded(total / (around.colliders[:, order] @ efficiency), around, worth(i, total))
                term = Term(low, tuple(order.tolist()), efficiency)
        found.append(Law(i, (term or Term(expanded(total, around, worth(i, total))),)))
    return tuple(found)
