"""A way out of minima in which reactions have each other's activation energies.

Where a fast equilibrium ties the reactants of two reactions, their energies may be exchanged for little; Gauss–Newton
steps do not come back from there. So each energy in turn starts anew.
"""

from __future__ import annotations

import time
from itertools import product

from .outliers import systematic_misfit
from .trajectory_fit import fitted
from .trajectory_problem import FitState

SUSPICIOUS = 1.5
"""χ² per datum from which on a fit may not be the best one; below, residuals that parts of runs share show it."""
ITERATIONS = 15
LEAST_GAIN = 0.01
"""Part by which χ² must fall for another minimum: the same one differs by less."""
ROUNDS = 3


def is_suspicious(state: FitState) -> bool:
    """Whether more than noise is left."""
    return state.chi2 > SUSPICIOUS * state.problem.data.count or systematic_misfit(state) > 1


def with_other_energies(state: FitState, deadline: float) -> FitState:
    """The fit from other energies of single reactions, where it leaves more than noise and one of these less.

    Parameters
    ----------
    state : FitState
        A minimum, at several temperatures.
    deadline : float
        Time of the monotonic clock [s] after which nothing more is tried.
    """
    for _ in range(ROUNDS):
        other = _other_minimum(state, deadline) if is_suspicious(state) else None
        if other is None:
            return state
        state = other
    return state


def _other_minimum(state: FitState, deadline: float) -> FitState | None:
    least = (1 - LEAST_GAIN) * state.chi2
    for place, law in product(range(len(state.theta)), state.problem.basis.trials[1:]):
        if time.monotonic() > deadline:
            return None
        theta = state.theta.copy()
        theta[place, 1] = law[1]
        start = state.moved(theta)
        trial = start and fitted(start, tolerance=1.0, iterations=ITERATIONS, hopeless=least, deadline=deadline)
        if trial is not None and trial.chi2 < least:
            return fitted(trial, tolerance=1.0, deadline=deadline)
    return None
