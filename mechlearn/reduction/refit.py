"""Rate constants within bounds, so that the largest errors are least and no rate constant changes without need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

from .adjoint import Array
from .context import Context
from .reduction_records import UNCHANGED, Candidate, Change, Task, Vector

BOUNDS: Change = (log(2.0), 0.25, 0.35)
"""How far a, b and e of a change may go from the source's rate constant."""
GOAL = 0.87
"""Part of its limit up to which fitting uses an error; a mechanism strained further errs more between conditions."""
_RIGID = 0.1
"""What rate constants within their bounds change by less than this part of its limit may use all of it."""
_POWER = 10
"""The norm of all errors by which they are least: nearly their maximum."""
_RIDGE = 2e-3
"""Price of a change over its whole bound, in units of that norm; it grows with the change squared."""
_LEAST_GAIN = 0.02
_SHORTEST = 0.05
"""Shortest reach of a step, as a part of the bounds."""
_HOPELESS = 1.2


@dataclass(frozen=True, eq=False)
class RefitModel:
    """Errors of a mechanism with their derivatives, and what its rate constants may still do.

    Parameters
    ----------
    values : array, shape (rows,)
        Errors relative to their limits.
    slopes : array, shape (rows, reactions, 3)
        Their derivatives.
    changes : array, shape (reactions, 3)
        Changes so far.
    free : array, shape (reactions,)
        Which rate constants can change.
    """

    values: Vector
    slopes: Array
    changes: Array
    free: Array

    @property
    def moves(self) -> NDArray[np.bool_]:
        """Which errors the rate constants can change."""
        reach = np.abs(self.slopes[:, self.free > 0]).sum(axis=1) @ np.array(BOUNDS)
        return np.asarray(reach >= _RIGID)

    def merit(self) -> float:
        """The largest error relative to the goal, or to all of its limit where no rate constant matters."""
        return float(np.abs(self.values / np.where(self.moves, GOAL, 1.0)).max())

    def price(self) -> float:
        """What fitting makes least: the norm of the errors that can be changed, and what changes cost."""
        norm, _ = _norm(self.values[self.moves])
        return norm + _RIDGE * float(np.sum((self.changes / BOUNDS) ** 2))

    def without(self, gone: Sequence[int], shift: Vector) -> RefitModel:
        """Less some reactions, by their places, whose removal shifts the errors."""
        stays = np.setdiff1d(np.arange(self.slopes.shape[1]), gone)
        return RefitModel(self.values + shift, self.slopes[:, stays], self.changes[stays], self.free[stays])

    def moved(self, step: Array) -> RefitModel:
        """After a step, as the derivatives foresee it."""
        values = self.values + self.slopes.reshape(len(self.values), -1) @ step.ravel()
        return replace(self, values=values, changes=self.changes + step)


def best_step(fit: RefitModel, reach: float = 1.0) -> Array:
    """The step within bounds after which the price is least.

    Parameters
    ----------
    fit : RefitModel
        Errors as they are.
    reach : float
        The longest step, as a part of the bounds.

    Returns
    -------
    array, shape (reactions, 3)

    Examples
    --------
    >>> fit = RefitModel(np.array([2.0]), np.ones((1, 1, 3)), np.zeros((1, 3)), np.ones(1))
    >>> bool(abs(fit.moved(best_step(fit, 10.0)).values[0]) < 2 - sum(BOUNDS) + 1e-6)
    True
    """
    moves, now = fit.moves, (fit.changes / BOUNDS).ravel()
    values, matrix = fit.values[moves], fit.slopes[moves].reshape(moves.sum(), -1) * np.tile(BOUNDS, len(fit.changes))
    room = np.repeat(fit.free, 3)
    low, high = np.maximum(-room - now, -reach), np.minimum(room - now, reach)

    def price(step: Vector) -> tuple[float, Vector]:
        norm, gradient = _norm(values + matrix @ step)
        return norm + _RIDGE * float((now + step) @ (now + step)), gradient @ matrix + 2 * _RIDGE * (now + step)

    bounds = Bounds(np.minimum(low, 0.0), np.maximum(high, 0.0))
    found = minimize(price, np.zeros(len(now)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
    return np.asarray(found.x).reshape(-1, 3) * BOUNDS


def _norm(errors: Vector) -> tuple[float, Vector]:
    """A norm that is nearly the largest error, and its gradient."""
    size = float(np.abs(errors).max(initial=1e-300))
    powers = np.abs(errors / size) ** (_POWER - 1)
    total = float(powers @ np.abs(errors / size))
    root = total ** (1 / _POWER)
    return size * root, powers * np.sign(errors) * root / max(total, 1e-300)


def fit_of(context: Context, candidate: Candidate, numbers: Sequence[int] | None = None) -> RefitModel | None:
    """Errors and derivatives of a candidate at some conditions, delays as logarithms; None without a response."""
    lines = context.linearised(candidate, numbers)
    if lines is None:
        return None
    slopes = [line[1].copy() for line in lines]
    for (errors, _), slope in zip(lines, slopes, strict=True):
        slope[0] /= 1 + errors[0] * context.task.limits[0]
    values = [logarithmic(context.task, errors) for errors, _ in lines]
    known = dict(candidate.changes)
    changes = np.array([known.get(j, UNCHANGED) for j in candidate.reactions]).reshape(-1, 3)
    free = np.array([float(context.source.changeable(j)) for j in candidate.reactions])
    return RefitModel(np.concatenate(values), np.concatenate(slopes), changes, free)


def with_changes(candidate: Candidate, changes: Array) -> Candidate:
    """The candidate with other changes."""
    rows = ((j, (float(a), float(b), float(e))) for j, (a, b, e) in zip(candidate.reactions, changes, strict=True))
    return replace(candidate, changes=tuple((j, change) for j, change in rows if change != UNCHANGED))


def logarithmic(task: Task, residuals: Vector) -> Vector:
    """Errors at a condition, the delay's as a logarithm, which is closer to linear."""
    values = residuals.copy()
    values[0] = log(1 + values[0] * task.limits[0]) / task.limits[0]
    return values


def refitted(context: Context, candidate: Candidate, goal: float = 1.0, iterations: int = 8) -> tuple[Candidate, float]:
    """The candidate with rate constants that make its largest errors least, and its merit.

    Ends as soon as the merit is below the goal, or hopeless, or errors no longer fall. Infinite without a response.
    """
    fit, trust = fit_of(context, candidate), 0.5
    if fit is None:
        return candidate, np.inf
    for iteration in range(iterations):
        if fit.merit() <= goal:
            break
        context.report("refitting", candidate)
        if iteration and goal and fit.moved(best_step(fit)).merit() > _HOPELESS:
            break
        before = fit.price()
        while trust > _SHORTEST:
            foreseen = fit.moved(best_step(fit, trust))
            tried = with_changes(candidate, foreseen.changes)
            new = fit_of(context, tried)
            if new is not None and new.price() < before:
                break
            trust /= 3
        else:
            break
        trust = min(1.0, 2 * trust) if new.price() < (before + foreseen.price()) / 2 else trust
        candidate, fit = tried, new
        if fit.price() > before * (1 - _LEAST_GAIN):
            break
    return candidate, fit.merit()
