"""Reactions whose loss the others make good, now that every rate law has its own parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fitting import Errors, Fit, errors_left, fit_laws
from .laws import Law, Surroundings
from .selection import Judge, part_of
from .states import Driving, States

Mask = NDArray[np.bool_]

TRIED_AT_ONCE = 5
ITERATIONS = 12


def pruned_laws(
    states: States, reactions: Driving, around: Surroundings, fit: Fit, errors: Errors, train: Mask
) -> tuple[Law, ...]:
    """The laws without those that data held back do not miss, the smallest contributors tried first."""
    chosen = states.rows(train)
    inside = part_of(reactions, around, train, states)
    errors = errors_left(states.target, fit.flux)
    weights = errors.weights(fit.flux)

    def judged(laws: tuple[Law, ...]) -> tuple[tuple[Law, ...], NDArray[np.float64]]:
        fitted = fit_laws(chosen, *inside, laws, weights[train], iterations=ITERATIONS).laws
        whole = fit_laws(states, reactions, around, fitted, weights, iterations=0)
        return fitted, ((whole.flux.production - states.target) * weights)[~train]

    laws, residual = judged(fit.laws)
    judge = Judge.of(errors, residual[weights[~train] > 0])
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
