"""Slow reactions that noisy data ask for, found one by one.

A candidate's rate is held against what the reactions found leave, less what a change of their parameters could make of
it. All data count, not only those held back, since the noise says by how much a residual may differ by chance.

Letters in shapes: M balances, S species, P parameters, Q columns.
"""

from __future__ import annotations

import numpy as np

from ...chemistry.arrays import Array
from ..fit.balance_errors import BalanceErrors
from ..fit.rate_fit import RateLawFit, RateLawProblem, fitted_with_errors
from ..fit.rate_law_terms import Law, Surroundings, Term
from ..fit.rate_mixtures import NO_COLLIDER, MixtureColumns, columns
from ..fit.scaled_matrices import inverse_of
from .rate_law_extension import expanded

STANDARD_ERRORS = 6.0
"""By which the rate of a reaction must differ from zero: so much that a rate law of another one, too simple by what
noise hides, does not look like a reaction."""
COARSE = 4.0
INDEPENDENT = 1e-6
"""What is left of a column, relative to it, without what the parameters make; below it nothing is known."""
DEPENDENT = 1e-12


def with_slow_reactions(
    problem: RateLawProblem, fit: RateLawFit, errors: BalanceErrors, *, third: bool
) -> tuple[RateLawFit, BalanceErrors]:
    """The fit with candidates that the noise does not explain away, the clearest first, all fitted anew each time."""
    everyone = [np.arange(problem.states.concentrations.shape[1])]
    every = columns(problem.states, problem.reactions, everyone, COARSE, third)
    while True:
        scores, weights = _scores(problem, fit, errors, every)
        scores[np.isin(every.reaction, [law.reaction for law in fit.laws])] = 0.0
        best = int(np.argmax(scores))
        if scores[best] < STANDARD_ERRORS:
            return fit, errors
        law = _law(every, best, float(weights[best]), problem.around)
        fit, errors = fitted_with_errors(problem, (*fit.laws, law), errors)


def _scores(
    problem: RateLawProblem, fit: RateLawFit, errors: BalanceErrors, every: MixtureColumns
) -> tuple[Array, Array]:
    """How many standard errors each column differs from zero, and its weight, shape (Q,)."""
    net = problem.reactions.net.astype(float)
    jacobian, owner = problem.slopes(fit.laws)
    weights = errors.weights(fit.flux)
    rest = problem.states.target - fit.flux.production
    count, many = len(owner), len(every.reaction)
    normal, mixed = np.zeros((count, count)), np.zeros((count, many))
    gradient, size, product = np.zeros(count), np.zeros(many), np.zeros(many)
    for k in range(net.shape[1]):
        mine, theirs = np.flatnonzero(net[owner, k]), np.flatnonzero(every.net[:, k])
        weight = weights[:, k, None]
        known = jacobian[:, mine] * net[owner, k][mine] * weight
        new = every.values[:, theirs] * every.net[theirs, k] * weight
        left = rest[:, k] * weights[:, k]
        normal[np.ix_(mine, mine)] += known.T @ known
        mixed[np.ix_(mine, theirs)] += known.T @ new
        gradient[mine] += known.T @ left
        size[theirs] += np.sum(new**2, axis=0)
        product[theirs] += new.T @ left
    inverse = inverse_of(normal, DEPENDENT)
    free = size - np.sum(mixed * (inverse @ mixed), axis=0)
    independent = free > INDEPENDENT * size
    free = np.where(independent, free, 1.0)
    numerator = product - mixed.T @ (inverse @ gradient)
    return np.where(independent, numerator / np.sqrt(free), 0.0), numerator / free


def _law(every: MixtureColumns, column: int, weight: float, around: Surroundings) -> Law:
    """A rate law of one term that follows a column."""
    low = expanded(weight * every.constants[:, column], around)
    if every.collider[column] == NO_COLLIDER:
        return Law(int(every.reaction[column]), (Term(low),))
    count = around.colliders.shape[1]
    return Law(int(every.reaction[column]), (Term(low, tuple(range(count)), np.ones(count)),))
