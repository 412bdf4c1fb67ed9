"""One step of the rate parameters towards the minimum of a quadratic model of χ²/2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LONGEST = 2.0
"""Largest change of any ln k in one step."""


def change_of(scaled: Array, gradient: Array, size: Array, least: float) -> Array:
    """Change of the rate parameters, each by the longest step at most.

    Those that would rise by that stay where they are if their rise promises less than ``least``: of a reaction too fast
    to be seen the fit knows no end.
    """
    change = _solved(scaled, gradient, size)
    near = change < LONGEST
    if least and not near.all():
        less = np.zeros_like(change)
        less[near] = _solved(scaled[np.ix_(near, near)], gradient[near], size[near])
        if _promised(scaled, gradient, size * change) - _promised(scaled, gradient, size * less) < least:
            return less
    return change


def _solved(scaled: Array, gradient: Array, size: Array) -> Array:
    change = -np.linalg.lstsq(scaled + 1e-13 * np.eye(len(size)), gradient, rcond=None)[0] / size
    return np.asarray(np.clip(change, -LONGEST, LONGEST))


def _promised(scaled: Array, gradient: Array, change: Array) -> float:
    """Decrease of χ² in the quadratic model."""
    return float(-2 * gradient @ change - change @ scaled @ change)
