"""What is known of a rate constant that the data do not determine: bounds, often on one side only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .fit import Problem, State, evaluate, fitted, information, resolved

Array = NDArray[np.float64]

VAGUE = 0.35
"""Standard error of ln k above which bounds are looked for."""
RISE = 4.0
"""Increase of χ² that marks a bound: 95 % of one constant."""
FARTHEST = 25.0
"""Change of ln k beyond which no bound is looked for."""
SHORTEST = 0.5
"""Change of ln k whose course must be integrable for the search to go on."""
LONGEST = 4.0
"""Largest first change of ln k."""
MARGIN = 0.1
"""Share of an interval by which to go beyond the bound that a parabola gives, and to cut off at least."""
CLOSE = 0.05
"""Change of ln k within which a bound is told."""
JUMP = 1e-3
"""Change of ln k within which a rise of χ² is a failure of the integration and no bound."""


def bounds(problem: Problem, state: State, place: int, scale: float) -> tuple[float | None, float | None]:
    """Lower and upper bound of a rate parameter, as exp(ln k); None where there is none.

    All other constants and the first states are fitted anew at each value that is tried, from where the covariance says
    that they go: of a fast reaction and its reverse often only the ratio is known, and both move together.
    """
    covariance = information(problem, state).covariance()
    along = np.clip(covariance[:, place] / covariance[place, place], -1.0, 1.0)
    along[list(problem.held)] = 0.0
    first = float(np.clip(np.sqrt(RISE * scale * covariance[place, place]), SHORTEST, LONGEST))
    low, high = (_edge(problem, state, place, scale, sign * along, first) for sign in (-1.0, 1.0))
    return low, high


def _edge(problem: Problem, state: State, place: int, scale: float, along: Array, step: float) -> float | None:
    """The bound on one side, ``along`` which all parameters go; ``step`` is where the covariance says that it is."""
    limit = state.chi2 + RISE * scale
    reached = replace(problem, held=(*problem.held, place)), state
    inside, outside = 0.0, None
    above = np.inf
    while outside is None:
        if inside >= FARTHEST:
            return None
        trial = _moved(*reached, step * along, limit)
        if trial is None and step < SHORTEST:
            return None
        if trial is None:
            step /= 4
        elif trial[1].chi2 > limit:
            outside, above = inside + step, trial[1].chi2
        else:
            inside, reached = inside + step, trial
            step = min(2 * step, FARTHEST - inside)
    while outside - inside > CLOSE or above - reached[1].chi2 > RISE * scale:
        step = (outside - inside) * _share(reached[1].chi2 - state.chi2, above - state.chi2, RISE * scale)
        if step < JUMP:
            return None
        trial = _moved(*reached, step * along, limit)
        if trial is None or trial[1].chi2 > limit:
            outside, above = inside + step, np.inf if trial is None else trial[1].chi2
        else:
            inside, reached = inside + step, trial
    return float(np.exp(state.theta[place] + along[place] * outside))


def _share(below: float, above: float, wanted: float) -> float:
    """Where between two rises of χ² a third one is, if χ² is a parabola; the middle where one of them is no number."""
    if not np.isfinite(above):
        return 0.5
    roots = np.sqrt(np.maximum([below, wanted, above], 0.0))
    return float(np.clip((roots[1] - roots[0]) / max(roots[2] - roots[0], 1e-300) + MARGIN, MARGIN, 1 - MARGIN))


def _moved(problem: Problem, state: State, change: Array, limit: float) -> tuple[Problem, State] | None:
    """Steps fine enough for other rate parameters, and all that is not held fitted anew on them, if below a limit.

    None where they cannot be integrated.
    """
    start = evaluate(problem, state.theta + change, state.first, state.course)
    if start is None:
        return None
    problem, start = resolved(problem, start)
    return problem, fitted(problem, start, tolerance=0.1, hopeless=limit)
