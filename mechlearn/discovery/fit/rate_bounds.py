"""What is known of a rate constant that the data do not determine: bounds, often on one side only.

All are of the rate constant at the reference temperature; energies are fitted anew.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...chemistry.arrays import Array
from ..select.score_test import QuadraticModel
from .learned_reactions import Bounds
from .trajectory_fit import LOWEST, fitted, information
from .trajectory_problem import FitState

UNDETERMINED = 0.35
"""Standard error of ln k above which bounds are looked for."""
RISE = 4.0
"""Increase of χ² that marks a bound: 95 % of one constant."""
FARTHEST = 25.0
"""Change of ln k beyond which no bound is looked for."""
SHORTEST = 0.5
"""Change of ln k whose time history must be integrable for the search to go on."""
LONGEST = 4.0
"""Largest first change of ln k."""
FLAT = 2.0
"""Change of ln k over which χ² must stay for a fast reaction to count as too fast to have an upper bound."""
LARGER = 2.0
"""Factor by which the range of a rate constant beside all candidates exceeds its interval in one network, in ln k, from
which on that range is given instead."""
MARGIN = 0.1
"""Part of an interval by which to go beyond the bound that a parabola gives, and to cut off at least."""
CLOSE = 0.05
"""Change of ln k within which a bound is known."""
DISCONTINUITY = 1e-3
"""Change of ln k within which a rise of χ² is a failure of the integration and no bound."""


def bounds(state: FitState, place: int, scale: float) -> Bounds:
    """Lower and upper bound of a rate parameter, as exp(ln k); None where there is none.

    All other constants and the initial states are fitted anew at each value that is tried, from where the covariance
    says that they go: of a fast reaction and its reverse often only the ratio is known, and both move together.
    """
    return _edge(state, place, RISE * scale, -1.0), _edge(state, place, RISE * scale, 1.0)


def bounds_beside_all(
    model: QuadraticModel, place: int, constant: float, std_error_log_k: float, scale: float
) -> Bounds | None:
    """Bounds that hold whatever other candidates take part, if much further than their interval.

    For constants that the data determine within the network; by its quadratic model.
    """
    low, high = model.span(place, RISE * scale)
    own = np.exp(np.sqrt(RISE) * std_error_log_k)
    if low is not None and high is not None and high / low < own ** (2 * LARGER):
        return None
    return (
        None if low is None else float(constant * min(low, 1 / own)),
        None if high is None else float(constant * max(high, own)),
    )


def _edge(state: FitState, place: int, rise: float, sign: float) -> float | None:
    """The bound on one side, where χ² is above its minimum by ``rise``."""
    limit, held = state.chi2 + rise, state.problem.held
    fast = sign > 0 and _needed(state, place, limit)
    reached = replace(state, problem=replace(state.problem, held=(*held, place)))
    inside, outside, above = 0.0, None, np.inf
    along, reach = _ahead(state, place, np.sqrt(rise))
    step = FLAT if fast and reach > FARTHEST else float(np.clip(np.log1p(reach), SHORTEST, LONGEST))
    while outside is None:
        if inside >= FARTHEST:
            return None
        trial = _fitted_at(reached, sign * step * along, limit)
        if trial is None and step < SHORTEST:
            return None
        if trial is None:
            step /= 4
        elif trial.chi2 > limit:
            outside, above = inside + step, trial.chi2
        else:
            flat = step >= FLAT and trial.chi2 - reached.chi2 < MARGIN * rise
            inside, reached = inside + step, trial
            left = np.sqrt(rise) - np.sqrt(max(trial.chi2 - state.chi2, 0.0))
            along, reach = _ahead(replace(trial, problem=replace(trial.problem, held=held)), place, left)
            if fast and flat and reach > FARTHEST - inside:
                return None
            step = min(2 * step, max(float(np.log1p(reach)), SHORTEST), FARTHEST - inside)
    while outside - inside > CLOSE or above - reached.chi2 > rise:
        step = (outside - inside) * _fraction(reached.chi2 - state.chi2, above - state.chi2, rise)
        if step < DISCONTINUITY:
            return None
        trial = _fitted_at(reached, sign * step * along, limit)
        if trial is None or trial.chi2 > limit:
            outside, above = inside + step, np.inf if trial is None else trial.chi2
        else:
            inside, reached = inside + step, trial
    return float(np.exp(state.theta[place, 0] + sign * outside))


def _ahead(state: FitState, place: int, left: float) -> tuple[Array, float]:
    """How the others go along with one ln k, and how far that goes until the root of χ² has risen by what is left.

    That is at the pace here. Of a fast reaction the effect falls as 1/k, so that the pace grows as exp of the way down.
    """
    covariance = information(state).covariance()
    own = max(covariance[place, place], 1e-300)
    along = np.clip(covariance[:, place] / own, -1.0, 1.0)
    along[list(state.problem.held)] = 0.0
    return along, float(left * np.sqrt(own))


def _needed(state: FitState, place: int, limit: float) -> bool:
    """Whether the data miss a reaction without which all others stay as they are."""
    theta = state.theta.copy()
    theta[place, 0] = LOWEST
    without = state.moved(theta)
    return without is None or without.chi2 > limit


def _fraction(below: float, above: float, wanted: float) -> float:
    """Where between two rises of χ² a third one is, if χ² is a parabola; the middle where one of them is no number."""
    if not np.isfinite(above):
        return 0.5
    roots = np.sqrt(np.maximum([below, wanted, above], 0.0))
    return float(np.clip((roots[1] - roots[0]) / max(roots[2] - roots[0], 1e-300) + MARGIN, MARGIN, 1 - MARGIN))


def _fitted_at(state: FitState, change: Array, limit: float) -> FitState | None:
    """Steps fine enough for other rate parameters, and all that is not held fitted anew on them, if below a limit.

    None where they cannot be integrated.
    """
    start = state.moved(state.theta + change[:, None] * (np.arange(state.theta.shape[1]) == 0))
    return start and fitted(start.resolved(), tolerance=0.1, hopeless=limit)
