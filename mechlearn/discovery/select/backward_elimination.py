"""Which reactions stand once every rate law has its own parameters: some go, some that were dropped come back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...chemistry.arrays import Array, Mask
from ..fit.balance_errors import BalanceErrors, errors_left
from ..fit.rate_fit import RateLawFit, RateLawProblem, fit_laws
from ..fit.rate_law_terms import Law, Term
from .criterion import HeldOutData

TRIED_AT_ONCE = 5
ITERATIONS = 12
LEAST_START = 1e-3
"""Of the weighted contributions, at which a reaction that comes back starts where the residual asks for less."""


def needed_laws(problem: RateLawProblem, fit: RateLawFit, train: Mask) -> tuple[Law, ...]:
    """The laws without those that data held back do not miss, the smallest contributors tried first."""
    errors = errors_left(problem.states.target, fit.flux, problem.states.noise)
    data = HeldOutData.of(problem, train, errors.cautious.weights(fit.flux))

    def fitted(laws: tuple[Law, ...]) -> tuple[tuple[Law, ...], Array]:
        laws = fit_laws(data.part, laws, data.weights[train], iterations=ITERATIONS).laws
        return laws, problem.flux(laws).production

    laws, production = fitted(fit.laws)
    criterion = data.criterion(errors, production, laws_of=fit.flux)
    best = criterion.sum(data.residual(production))
    contributions = {law.reaction: problem.contribution(law, fit.flux) for law in laws}
    while len(laws) > 1:
        trials = []
        for law in sorted(laws, key=lambda law: contributions[law.reaction])[:TRIED_AT_ONCE]:
            others, production = fitted(tuple(other for other in laws if other is not law))
            trials.append((criterion.sum(data.residual(production)), others))
        found, others = min(trials, key=lambda trial: trial[0])
        if found > best + criterion.needed:
            break
        best, laws = min(best, found), others
    return laws


def restored_laws(
    problem: RateLawProblem, fit: RateLawFit, errors: BalanceErrors, train: Mask, *, third: bool
) -> tuple[Law, ...]:
    """The laws with those of candidates that data held back ask for, each tried alone on what the others leave."""
    data = HeldOutData.of(problem, train, errors.cautious.weights(fit.flux))
    criterion = data.criterion(errors, fit.flux.production, laws_of=fit.flux)
    base = criterion.sum(data.residual(fit.flux.production))
    rest = problem.states.target - fit.flux.production
    back = []
    for i in sorted(set(range(len(problem.reactions.net))) - {law.reaction for law in fit.laws}):
        law = _slow_law(i, rest, problem, data.weights, collided=third and bool(problem.reactions.net[i].sum()))
        law, residual = data.fitted_alone(law, rest, 2 * ITERATIONS)
        if base - criterion.sum(residual) > criterion.needed:
            back.append(law)
    return (*fit.laws, *back)


def _slow_law(reaction: int, rest: Array, problem: RateLawProblem, weights: Array, *, collided: bool) -> Law:
    """A constant rate, as large as the residual asks for."""
    count = problem.around.colliders.shape[1]
    low = np.zeros(problem.around.features.shape[1])
    term = Term(low, tuple(range(count)), np.ones(count)) if collided else Term(low)
    column = problem.production(Law(reaction, (term,))) * weights
    size, left = float(np.linalg.norm(column)), rest * weights
    if size > 0:
        asked = float(np.sum(column / size * left)) / size
        low[0] = np.log(max(asked, LEAST_START * float(np.linalg.norm(left)) / size, 1e-30))
    return Law(reaction, (replace(term, low=low),))
