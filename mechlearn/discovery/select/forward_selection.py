"""Slow reactions that noisy data ask for, found one by one.

A candidate's rate is held against what the reactions found leave, less what a change of their parameters could make of
it. All data count, not only those held back, since the noise says by how much a residual may differ by chance.

Letters in shapes: M balances, S species, P parameters, Q columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fit.production_states import Driving, ProductionStates
from ..fit.rate_fit import BalanceErrors, RateLawFit
from ..fit.rate_law_terms import Law, Surroundings, Term
from ..fit.rate_mixtures import NO_COLLIDER, MixtureColumns, columns
from .candidate_selection import fitted
from .rate_law_extension import expanded

Array = NDArray[np.float64]

STANDARD_ERRORS = 6.0
"""By which the rate of a reaction must differ from zero: so much that a rate law of another one, too simple by what
noise hides, does not look like a reaction."""
COARSE = 4.0
INDEPENDENT = 1e-6
"""Share of a column that is left without what the parameters make; below it nothing is told."""
DEPENDENT = 1e-12


@dataclass(frozen=True, eq=False)
class _Asked:
    """How many standard errors each column differs from zero, and its weight, shape (Q,)."""

    errors: Array
    weight: Array


def with_slow_reactions(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    fit: RateLawFit,
    errors: BalanceErrors,
    *,
    third: bool,
) -> tuple[RateLawFit, BalanceErrors]:
    """The fit with candidates that the noise does not explain away, the clearest first, all fitted anew each time."""
    everyone = [np.arange(states.concentrations.shape[1])]
    every = columns(states, reactions, everyone, COARSE, third)
    while True:
        present = np.isin(every.reaction, [law.reaction for law in fit.laws])
        asked = _asked(states, reactions, around, fit, errors, every)
        asked.errors[present] = 0.0
        best = int(np.argmax(asked.errors))
        if asked.errors[best] < STANDARD_ERRORS:
            return fit, errors
        law = _law(every, best, float(asked.weight[best]), around)
        fit, errors = fitted(states, reactions, around, (*fit.laws, law), errors)


def _asked(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    fit: RateLawFit,
    errors: BalanceErrors,
    every: MixtureColumns,
) -> _Asked:
    net = reactions.net.astype(float)
    slopes = [law.evaluate(around)[1] * reactions.difference[:, law.reaction, None] for law in fit.laws]
    owner = np.repeat([law.reaction for law in fit.laws], [s.shape[1] for s in slopes])
    jacobian = states.observe(np.concatenate(slopes, axis=1))
    weights = errors.weights(fit.flux)
    rest = states.target - fit.flux.production
    count, many = len(owner), len(every.reaction)
    normal, mixed = np.zeros((count, count)), np.zeros((count, many))
    gradient, size, product = np.zeros(count), np.zeros(many), np.zeros(many)
    for k in range(net.shape[1]):
        mine, theirs = np.flatnonzero(net[owner, k]), np.flatnonzero(every.net[:, k])
        weight = weights[:, k, None]
        known = jacobian[:, mine] * net[owner[mine], k] * weight
        new = every.values[:, theirs] * every.net[theirs, k] * weight
        left = rest[:, k] * weights[:, k]
        normal[np.ix_(mine, mine)] += known.T @ known
        mixed[np.ix_(mine, theirs)] += known.T @ new
        gradient[mine] += known.T @ left
        size[theirs] += np.sum(new**2, axis=0)
        product[theirs] += new.T @ left
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    inverse = np.linalg.pinv(normal / np.outer(scale, scale), rcond=DEPENDENT, hermitian=True) / np.outer(scale, scale)
    free = size - np.sum(mixed * (inverse @ mixed), axis=0)
    told = free > INDEPENDENT * size
    free = np.where(told, free, 1.0)
    numerator = product - mixed.T @ (inverse @ gradient)
    return _Asked(np.where(told, numerator / np.sqrt(free), 0.0), numerator / free)


def _law(every: MixtureColumns, column: int, weight: float, around: Surroundings) -> Law:
    """A rate law of one term that follows a column."""
    low = expanded(weight * every.constants[:, column], around)
    if every.collider[column] == NO_COLLIDER:
        return Law(int(every.reaction[column]), (Term(low),))
    count = around.colliders.shape[1]
    return Law(int(every.reaction[column]), (Term(low, tuple(range(count)), np.ones(count)),))
