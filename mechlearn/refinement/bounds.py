"""What is known of a rate constant that the data do not determine: bounds, often on one side only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .fit import Problem, State, evaluate, fitted, resolved

Array = NDArray[np.float64]

VAGUE = 0.35
"""Standard error of ln k above which bounds are looked for."""
RISE = 4.0
"""Increase of χ² that marks a bound: 95 % of one constant."""
FARTHEST = 14.0
"""Largest change of ln k that is tried: beyond it there is no bound."""
HALVINGS = 5


def bounds(problem: Problem, state: State, place: int, scale: float) -> tuple[float | None, float | None]:
    """Lower and upper bound of a rate parameter, as exp(ln k); None where there is none.

    All other constants and the first states are fitted anew at each value that is tried.
    """
    low, high = (_edge(problem, state, place, scale, sign) for sign in (-1.0, 1.0))
    return low, high


def _edge(problem: Problem, state: State, place: int, scale: float, sign: float) -> float | None:
    start = replace(problem, held=(*problem.held, place)), state
    inside, outside, reached = 0.0, None, start
    step = 0.5
    while outside is None:
        if inside >= FARTHEST:
            return None
        trial = _moved(*reached, state.theta[place] + sign * (inside + step), place)
        if trial is None or trial[1].chi2 > state.chi2 + RISE * scale:
            outside = inside + step
        else:
            inside, reached, step = inside + step, trial, 2 * step
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        trial = _moved(*reached, state.theta[place] + sign * middle, place)
        if trial is None or trial[1].chi2 > state.chi2 + RISE * scale:
            outside = middle
        else:
            inside, reached = middle, trial
    return float(np.exp(state.theta[place] + sign * outside))


def _moved(problem: Problem, state: State, value: float, place: int) -> tuple[Problem, State] | None:
    """Steps fine enough for another value of a rate parameter, and all else fitted anew on them."""
    theta = state.theta.copy()
    theta[place] = value
    start = evaluate(problem, theta, state.first, state.course)
    if start is None:
        return None
    problem, start = resolved(problem, start)
    return problem, fitted(problem, start, tolerance=0.1)
