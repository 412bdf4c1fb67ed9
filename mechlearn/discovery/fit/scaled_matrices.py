"""Symmetric matrices scaled to a unit diagonal before they are inverted, so that tiny parameters keep their digits."""

from __future__ import annotations

import numpy as np

from ...chemistry.arrays import Array


def sizes_of(matrix: Array) -> Array:
    """Root of the diagonal."""
    return np.asarray(np.sqrt(np.maximum(np.diag(matrix), 1e-300)))


def inverse_of(matrix: Array, rcond: float) -> Array:
    """Pseudo-inverse; directions below ``rcond`` of the largest have none."""
    size = np.outer(sizes_of(matrix), sizes_of(matrix))
    return np.asarray(np.linalg.pinv(matrix / size, rcond=rcond, hermitian=True) / size)


def solution_of(matrix: Array, right: Array, rcond: float) -> Array:
    """The shortest solution, in the scaled unknowns, of ``matrix @ x = right``."""
    size = sizes_of(matrix)
    return np.asarray(np.linalg.lstsq(matrix / np.outer(size, size), right / size, rcond=rcond)[0] / size)
