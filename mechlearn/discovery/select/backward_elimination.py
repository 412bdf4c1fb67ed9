"""Which reactions stand once every rate law has its own parameters: some go, some that were dropped come back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..fit.production_states import Driving, ProductionStates
from ..fit.rate_fit import BalanceErrors, RateLawFit, errors_left, fit_laws
from ..fit.rate_law_terms import Law, Surroundings, Term
from .candidate_selection import Criterion, part_of

Mask = NDArray[np.bool_]

TRIED_AT_ONCE = 5
ITERATIONS = 12
SHARE_TO_START = 1e-3
"""Of the weighted contributions, at which a reaction that comes back starts where the residual asks for less."""


def pruned_laws(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    fit: RateLawFit,
    errors: BalanceErrors,
    train: Mask,
) -> tuple[Law, ...]:
    """The laws without those that data held back do not miss, the smallest contributors tried first."""
    chosen = states.rows(train)
    inside = part_of(reactions, around, train, states)
    errors = errors_left(states.target, fit.flux, states.noise)
    weights = errors.cautious.weights(fit.flux)

    def judged(laws: tuple[Law, ...]) -> tuple[tuple[Law, ...], NDArray[np.float64]]:
        fitted = fit_laws(chosen, *inside, laws, weights[train], iterations=ITERATIONS).laws
        whole = fit_laws(states, reactions, around, fitted, weights, iterations=0)
        return fitted, ((whole.flux.production - states.target) * weights)[~train]

    laws, residual = judged(fit.laws)
    judge = Criterion.of(errors, residual[weights[~train] > 0], _systematic(errors, fit, train))
    best = judge.sum(residual)
    inverse = fit.flux.inverse
    shares = {}
    for law in laws:
        net = reactions.net[law.reaction]
        flux = states.observe(law.evaluate(around)[0] * reactions.difference[:, law.reaction])
        shares[law.reaction] = float(np.quantile(np.abs(flux)[:, None] * np.abs(net) * inverse, 0.95, axis=0).max())
    while len(laws) > 1:
        smallest = sorted(laws, key=lambda law: shares[law.reaction])[:TRIED_AT_ONCE]
        trials = []
        for law in smallest:
            others, residual = judged(tuple(other for other in laws if other is not law))
            trials.append((judge.sum(residual), others))
        found, others = min(trials, key=lambda trial: trial[0])
        if found > best + judge.needed:
            return laws
        best, laws = min(best, found), others
    return laws


def restored_laws(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    fit: RateLawFit,
    errors: BalanceErrors,
    train: Mask,
    *,
    third: bool,
) -> tuple[Law, ...]:
    """The laws with those of candidates that data held back ask for, each tried alone on what the others leave."""
    chosen = states.rows(train)
    inside = part_of(reactions, around, train, states)
    weights = errors.cautious.weights(fit.flux)
    rest = states.target - fit.flux.production
    residual = (-rest * weights)[~train]
    judge = Criterion.of(errors, residual[weights[~train] > 0], _systematic(errors, fit, train))
    base = judge.sum(residual)
    present = {law.reaction for law in fit.laws}
    back = []
    for i in range(len(reactions.net)):
        if i in present:
            continue
        net = reactions.net[i]
        law = _slow_law(i, rest, states, reactions, around, weights, collided=third and bool(net.sum()))
        alone = replace(chosen, target=rest[train])
        tried = fit_laws(alone, *inside, (law,), weights[train] * (net != 0), iterations=2 * ITERATIONS).laws[0]
        flux = states.observe(tried.evaluate(around)[0] * reactions.difference[:, i])
        gain = base - judge.sum(((flux[:, None] * net - rest) * weights)[~train])
        if gain > judge.needed:
            back.append(tried)
    return (*fit.laws, *back)


def _systematic(errors: BalanceErrors, fit: RateLawFit, train: Mask) -> float:
    return float(errors.cautious.of_laws(fit.flux)[~train].sum())


def _slow_law(
    reaction: int,
    rest: NDArray[np.float64],
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    weights: NDArray[np.float64],
    *,
    collided: bool,
) -> Law:
    """A constant rate, as large as the residual asks for."""
    count = around.colliders.shape[1]
    low = np.zeros(around.features.shape[1])
    term = Term(low, tuple(range(count)), np.ones(count)) if collided else Term(low)
    unit = states.observe(Law(reaction, (term,)).evaluate(around)[0] * reactions.difference[:, reaction])
    column = unit[:, None] * reactions.net[reaction] * weights
    size, left = float(np.linalg.norm(column)), rest * weights
    if size > 0:
        asked = float(np.sum(column / size * left)) / size
        low[0] = np.log(max(asked, SHARE_TO_START * float(np.linalg.norm(left)) / size, 1e-30))
    return Law(reaction, (replace(term, low=low),))
