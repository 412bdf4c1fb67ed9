"""Rate constants within bounds, so that the largest error is least: a sequence of linear programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
from scipy.optimize import linprog

from .record import UNCHANGED, Candidate, Change, Task, Vector, worst
from .scoring import Trial
from .sensitivities import Array
from .work import Work

BOUNDS: Change = (log(2.0), 0.25, 0.35)
"""How far a, b and e of a change may go from the source's rate constant."""
_RIDGE = 2e-3
"""Price of a change over its whole bound, in units of the largest error relative to its limit."""
_LEAST_GAIN = 0.02
_SHORTEST = 0.05
"""Shortest reach of a step, as a part of the bounds."""


def minimax_step(values: Vector, slopes: Array, low: Array, high: Array, ridge: float = _RIDGE) -> tuple[Array, float]:
    """The step within bounds after which the largest linearised error is least.

    Parameters
    ----------
    values : array, shape (rows,)
        Errors relative to their limits.
    slopes : array, shape (rows, reactions, 3)
        Their derivatives.
    low, high : array, shape (reactions, 3)
        Bounds of the step, low ≤ 0 ≤ high.
    ridge : float
        Price of a step as long as the bounds of changes.

    Returns
    -------
    tuple of array, shape (reactions, 3), and float
        The step, and the largest error that the derivatives foresee.

    Examples
    --------
    >>> step, error = minimax_step(np.array([2.0]), np.ones((1, 1, 3)), -np.ones((1, 3)), np.ones((1, 3)))
    >>> bool(error < 1e-6)
    True
    """
    count, scale = len(values), np.broadcast_to(BOUNDS, low.shape).ravel()
    matrix = slopes.reshape(count, -1) * scale
    ones = np.ones((count, 1))
    above: Any = np.block([[matrix, -matrix, -ones], [-matrix, matrix, -ones]])
    price: Any = np.concatenate([np.full(2 * matrix.shape[1], ridge), [1.0]])
    ends = np.concatenate([(high.ravel() / scale), (-low.ravel() / scale), [np.inf]])
    limits: Any = np.column_stack([np.zeros(len(ends)), np.maximum(ends, 0.0)])
    found = linprog(price, A_ub=above, b_ub=np.concatenate([-values, values]).tolist(), bounds=limits, method="highs")
    if found.x is None:
        return np.zeros(low.shape), float(np.abs(values).max())
    size = matrix.shape[1]
    step = (found.x[:size] - found.x[size : 2 * size]) * scale
    return step.reshape(low.shape), float(np.abs(values + matrix @ (step / scale)).max())


def bounds_left(work: Work, candidate: Candidate) -> tuple[Array, Array]:
    """How far each change may still go down and up, shape (reactions, 3) each; nowhere where a rate cannot change."""
    free = np.array([work.source.changeable(j) for j in candidate.reactions])[:, None] * np.array(BOUNDS)
    now = changes_of(candidate)
    return np.minimum(-free - now, 0.0), np.maximum(free - now, 0.0)


def changes_of(candidate: Candidate) -> Array:
    """Changes of all reactions, shape (reactions, 3)."""
    known = dict(candidate.changes)
    return np.array([known.get(j, UNCHANGED) for j in candidate.reactions]).reshape(-1, 3)


def with_changes(candidate: Candidate, changes: Array) -> Candidate:
    """The candidate with other changes."""
    rows = ((j, (float(a), float(b), float(e))) for j, (a, b, e) in zip(candidate.reactions, changes, strict=True))
    return replace(candidate, changes=tuple((j, change) for j, change in rows if change != UNCHANGED))


def stacked(task: Task, lines: Sequence[tuple[Vector, Array] | None]) -> tuple[Vector, Array]:
    """Errors and derivatives of all conditions in one, delays as logarithms, which are closer to linear."""
    values, slopes = [], []
    for line in lines:
        if line is not None:
            value, slope = line[0].copy(), line[1].copy()
            ratio = 1 + value[0] * task.limits[0]
            value[0], slope[0] = log(ratio) / task.limits[0], slope[0] / ratio
            values.append(value)
            slopes.append(slope)
    return np.concatenate(values), np.concatenate(slopes)


def logarithmic(task: Task, residuals: Vector) -> Vector:
    """Errors at a condition with the delay's as a logarithm."""
    values = residuals.copy()
    values[0] = log(1 + values[0] * task.limits[0]) / task.limits[0]
    return values


def refitted(work: Work, candidate: Candidate, goal: float, iterations: int = 8) -> tuple[Candidate, float]:
    """The candidate with rate constants that make its largest error least, and that error.

    Ends as soon as the error is below the goal, or hopeless, or no longer falls. Infinite where there is no response.
    """
    lines = work.linearised(candidate)
    if any(line is None for line in lines):
        return candidate, np.inf
    (values, slopes), trust = stacked(work.task, lines), 0.5
    for iteration in range(iterations):
        merit = float(np.abs(values).max())
        if merit <= goal:
            break
        work.tell("refitting", candidate)
        low, high = bounds_left(work, candidate)
        if iteration > 1 and minimax_step(values, slopes, low, high)[1] > 1.0:
            break
        tried, new, foreseen, trust = _step_within(work, candidate, (values, slopes), trust)
        if new is None:
            break
        after = float(np.abs(new[0]).max())
        candidate, (values, slopes) = tried, new
        if after > merit * (1 - _LEAST_GAIN):
            break
        trust = min(1.0, 2 * trust) if after < (merit + foreseen) / 2 else trust
    return candidate, worst(work.residuals(Trial(candidate)))


def _step_within(
    work: Work, candidate: Candidate, now: tuple[Vector, Array], trust: float
) -> tuple[Candidate, tuple[Vector, Array] | None, float, float]:
    """A step that lowers the largest error, shortened until it does; none if it is short and still does not."""
    values, slopes = now
    low, high = bounds_left(work, candidate)
    while trust > _SHORTEST:
        reach = trust * np.array(BOUNDS)
        step, foreseen = minimax_step(values, slopes, np.maximum(low, -reach), np.minimum(high, reach))
        tried = with_changes(candidate, changes_of(candidate) + step)
        lines = work.linearised(tried)
        if all(line is not None for line in lines):
            new = stacked(work.task, lines)
            if np.abs(new[0]).max() < np.abs(values).max():
                return tried, new, foreseen, trust
        trust /= 3
    return candidate, None, np.inf, trust
