"""Which candidates stand: smallest contributors dropped while data held back are explained as well without them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..fit.production_states import Driving, ProductionStates
from ..fit.rate_fit import BalanceErrors, RateLawFit, errors_left, fit_laws
from ..fit.rate_law_terms import Law, Surroundings, Term
from ..fit.rate_mixtures import NO_COLLIDER, OFTEN, MixtureColumns, gram
from .rate_law_extension import doubles_anew, expanded, extended

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

TEST_SHARE = 0.3
WORSE = 0.08
"""Rise of the score, per balance, at which a dropped reaction was needed."""
LITTLE, MOST_LITTLE, MORE_NEEDED = 100.0, 5e-3, 2.5
"""Contribution, over the laws' error and at most, below which a reaction may stand for it; how much more it must do."""
CLEARLY = 0.03
"""Part of that rise at which many reactions are dropped at once: none of them may be a true one."""
GAIN = 0.004
"""Fall of the score, per balance, for which a richer law is taken."""
WELL = 1e-5
"""Error of the laws at which none is begun anew."""
MUCH_BETTER = 0.8
"""Ratio of the errors at which laws that were begun anew are taken."""
SIGNIFICANT = 10.0
"""Change of χ² that noise does not make."""
SYSTEMATIC = 0.05
"""Change of χ², for each balance, that errors of the laws make: they are no noise."""
LEAST_SCALE = 1e-9
TRIED_AT_ONCE = 3
NOTHING = 1e-7
"""Share of every species' gross flux below which a candidate is dropped unasked."""
LEAST_EFFICIENT = 0.1
"""Efficiency at which a collider starts that the mixture leaves out: at zero the fit would stall."""
FIRST_FLOOR = 1e-3
MOST_SWEEPS = 8


def split(count: int, seed: int) -> Mask:
    """True for the balances that are fitted, false for those held back."""
    return np.random.default_rng([seed, 5]).random(count) >= TEST_SHARE


@dataclass(frozen=True)
class Criterion:
    """How data held back are compared with and without a reaction or a richer law.

    Where residuals are noise, a robust χ² decides by significance, beyond what the errors of the laws may change in it;
    where they are errors of the rate laws, which are no noise, the mean of a robust score must change noticeably.

    Parameters
    ----------
    scale : float
        Unit of the weighted residuals.
    width : float
        Residual in that unit beyond which more counts little.
    needed, gained : float
        Change of the sum at which a reaction was needed, or a richer law is taken.
    """

    scale: float
    width: float
    needed: float
    gained: float

    @classmethod
    def of(cls, errors: BalanceErrors, residual: Array, systematic: float = 0.0) -> Criterion:
        """For weighted residuals that are held back, of which so many are errors of the laws."""
        if errors.noisy:
            return cls(1.0, 3.0, SIGNIFICANT + SYSTEMATIC * systematic, SIGNIFICANT)
        scale = max(float(np.median(np.abs(residual))), LEAST_SCALE)
        return cls(scale, 1.0, WORSE * residual.size, GAIN * residual.size)

    def sum(self, residual: Array) -> float:
        """Sum of w² ln(1 + (residual/w)²)."""
        return float(self.width**2 * np.sum(np.log1p((residual / (self.scale * self.width)) ** 2)))


@dataclass(frozen=True, eq=False)
class RateMixture:
    """A non-negative fit of all columns, with the errors that it leaves."""

    weights: Array
    errors: BalanceErrors
    scales: Array

    def shares(self, laws: MixtureColumns, count: int) -> Array:
        """95 % quantile of the largest share of what a species gains and loses by each reaction, shape (R,)."""
        inverse = laws.flux(self.weights).inverse
        found = np.zeros(count)
        for i in range(count):
            mine = (laws.reaction == i) & (self.weights > 0)
            if mine.any():
                flux = np.abs(laws.values[:, mine] @ self.weights[mine])
                net = np.abs(laws.net[mine][0])
                found[i] = np.quantile(flux[:, None] * net[net > 0] * inverse[:, net > 0], 0.95, axis=0).max()
        return found


def mix(laws: MixtureColumns, states: ProductionStates, used: Mask) -> RateMixture:
    """Fit thrice, each time with the weights that the last fit tells."""
    target = states.target
    largest = np.abs(target).max(axis=0)
    scales = 1 / (np.abs(target) + FIRST_FLOOR * np.maximum(largest, FIRST_FLOOR * largest.max()))
    errors = BalanceErrors(0.0, FIRST_FLOOR)
    weights = np.zeros(len(laws.reaction))
    for _ in range(3):
        weights = gram(laws, target, scales).solve(used, weights)
        flux = laws.flux(weights)
        errors = errors_left(target, flux, states.noise)
        scales = errors.weights(flux)
    return RateMixture(weights, errors, scales)


def eliminate(laws: MixtureColumns, target: Array, mixture: RateMixture, count: int, train: Mask) -> Mask:
    """Reactions, shape (R,), without which data held back are explained worse."""
    kept = mixture.shares(laws, count) > NOTHING
    errors, flux = mixture.errors.cautious, laws.flux(mixture.weights)
    scales = errors.weights(flux)
    part = replace(laws, values=laws.values[train], gross=laws.gross[train])
    normal = gram(part, target[train], scales[train])
    test = replace(laws, values=laws.values[~train], gross=laws.gross[~train])
    held, weight = target[~train], scales[~train]

    def judged(reactions: Mask, near: Array) -> tuple[Array, Array]:
        weights = normal.solve(reactions[laws.reaction], near)
        return weights, np.asarray(((test.flux(weights).production - held) * weight)[weight > 0])

    weights, residual = judged(kept, mixture.weights)
    judge = Criterion.of(mixture.errors, residual, float(errors.of_laws(flux)[~train].sum()))
    best = judge.sum(residual)
    part_of_them = 2
    while part_of_them <= kept.sum():
        without = kept.copy()
        shares = replace(mixture, weights=weights).shares(laws, count)
        without[_smallest(shares, kept)[: kept.sum() // part_of_them]] = False
        fewer, residual = judged(without, weights)
        if judge.sum(residual) <= best + CLEARLY * judge.needed:
            kept, weights, best = without, fewer, min(best, judge.sum(residual))
        else:
            part_of_them *= 2
    while kept.any():
        trials = []
        shares = replace(mixture, weights=weights).shares(laws, count)
        for i in _smallest(shares, kept)[:TRIED_AT_ONCE]:
            without = kept.copy()
            without[i] = False
            fewer, residual = judged(without, weights)
            little = not mixture.errors.noisy and shares[i] < min(LITTLE * mixture.errors.law, MOST_LITTLE)
            needed = judge.needed * (MORE_NEEDED if little else 1.0)
            trials.append((judge.sum(residual) - needed, i, fewer, judge.sum(residual)))
        rise, i, fewer, found = min(trials, key=lambda trial: trial[:2])
        if rise > best:
            return kept
        best, weights = min(best, found), fewer
        kept[i] = False
    return kept


def _smallest(shares: Array, kept: Mask) -> list[int]:
    """Reactions that are kept, the smallest contributors first."""
    return [int(i) for i in np.argsort(shares, kind="stable") if kept[i]]


def first_laws(
    laws: MixtureColumns, mixture: RateMixture, reactions: Driving, around: Surroundings, kept: Mask
) -> tuple[Law, ...]:
    """One Arrhenius term for each reaction, with all colliders where the mixture has any."""

    def worth(i: int, total: Array) -> Array | None:
        if len(mixture.scales) != len(total):
            return None
        carried = np.abs(total * reactions.difference[:, i]) * np.linalg.norm(reactions.net[i] * mixture.scales, axis=1)
        return np.asarray(carried / np.maximum(carried + np.quantile(carried, OFTEN), 1e-300))

    found = []
    for i in np.flatnonzero(kept).tolist():
        mine = laws.reaction == i
        parts = {
            int(kind): laws.constants[:, chosen] @ mixture.weights[chosen]
            for kind in np.unique(laws.collider[mine])
            for chosen in [mine & (laws.collider == kind)]
        }
        plain = parts.pop(NO_COLLIDER)
        collided = np.stack([parts[g] * around.colliders[:, g] for g in sorted(parts)], axis=1) if parts else None
        if collided is None or np.median(plain) > np.median(collided.sum(axis=1)):
            total = plain if collided is None else plain + collided.sum(axis=1)
            found.append(Law(int(i), (Term(expanded(total, around, worth(i, total))),)))
            continue
        order = np.argsort(-collided.sum(axis=0), kind="stable")
        each = np.array([np.median(parts.get(int(g), np.zeros(1))) for g in order])
        efficiency = np.clip(each / max(each[0], 1e-300), LEAST_EFFICIENT, 1 / LEAST_EFFICIENT)
        efficiency[0] = 1.0
        total = plain + collided.sum(axis=1)
        low = expanded(total / (around.colliders[:, order] @ efficiency), around, worth(i, total))
        found.append(Law(int(i), (Term(low, tuple(int(g) for g in order), efficiency),)))
    return tuple(found)


def enriched(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    laws: tuple[Law, ...],
    errors: BalanceErrors,
    train: Mask,
    *,
    third: bool,
) -> tuple[RateLawFit, BalanceErrors]:
    """Give single reactions richer laws as long as data held back ask for them; all parameters fitted together."""
    chosen = states.rows(train)
    inside = part_of(reactions, around, train, states)
    fit, errors = fitted(states, reactions, around, laws, errors)
    for _ in range(MOST_SWEEPS):
        weights = errors.weights(fit.flux)
        residual = ((fit.flux.production - states.target) * weights)[~train]
        judge = Criterion.of(errors, residual[weights[~train] > 0])
        base = judge.sum(residual)
        new, better = [], False
        for law in fit.laws:
            net = reactions.net[law.reaction]
            flux = states.observe(law.evaluate(around)[0] * reactions.difference[:, law.reaction])
            rest = states.target - (fit.flux.production - flux[:, None] * net)
            best = (base - judge.gained, law)
            for offer in extended(law, third and bool(net.sum()), around):
                alone = replace(chosen, target=rest[train])
                tried = fit_laws(alone, inside[0], inside[1], (offer,), weights[train] * (net != 0), iterations=25)
                rate = tried.laws[0].evaluate(around)[0] * reactions.difference[:, law.reaction]
                left = ((states.observe(rate)[:, None] * net - rest) * weights)[~train]
                best = min(best, (judge.sum(left), tried.laws[0]), key=lambda pair: pair[0])
            better |= best[1] is not law
            new.append(best[1])
        if better:
            fit, errors = fitted(states, reactions, around, tuple(new), errors)
            continue
        again = doubles_anew(fit.laws, around)
        if errors.noisy or errors.law < WELL or again == fit.laws:
            break
        tried, left = fitted(states, reactions, around, again, errors)
        if left.law > MUCH_BETTER * errors.law:
            break
        fit, errors = tried, left
    return fit, errors


def part_of(
    reactions: Driving, around: Surroundings, train: Mask, states: ProductionStates
) -> tuple[Driving, Surroundings]:
    """What belongs to the balances that are fitted."""
    if states.operator is not None:
        return reactions, around
    less = Driving(reactions.net, reactions.difference[train], reactions.total[train])
    return less, Surroundings(around.features[train], around.colliders[train], around.relative[train])


def fitted(
    states: ProductionStates, reactions: Driving, around: Surroundings, laws: tuple[Law, ...], errors: BalanceErrors
) -> tuple[RateLawFit, BalanceErrors]:
    """All parameters together, the weights following the errors that are left."""
    fit = fit_laws(states, reactions, around, laws, _weights(states, reactions, around, laws, errors))
    for _ in range(2):
        errors = errors_left(states.target, fit.flux, states.noise)
        fit = fit_laws(states, reactions, around, fit.laws, errors.weights(fit.flux))
    return fit, errors_left(states.target, fit.flux, states.noise)


def _weights(
    states: ProductionStates, reactions: Driving, around: Surroundings, laws: tuple[Law, ...], errors: BalanceErrors
) -> Array:
    fit = fit_laws(states, reactions, around, laws, np.ones_like(states.target), iterations=0)
    return errors.weights(fit.flux)
