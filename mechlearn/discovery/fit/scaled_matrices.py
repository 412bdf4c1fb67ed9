"""Normal equations, and symmetric matrices scaled to a unit diagonal before they are inverted.

So tiny parameters keep their digits.
"""

from __future__ import annotations

import numpy as np

from ...chemistry.arrays import Array


def sizes_of(matrix: Array) -> Array:
    """Root of the diagonal; where that is next to nothing, what no entry of the matrix over it overflows."""
    least = max(1e-200 * float(np.abs(matrix).max(initial=0.0)), 1e-300)
    return np.asarray(np.sqrt(np.maximum(np.diag(matrix), least)))


def inverse_of(matrix: Array, rcond: float) -> Array:
    """Pseudo-inverse; directions below ``rcond`` of the largest have none."""
    size = np.outer(sizes_of(matrix), sizes_of(matrix))
    return np.asarray(np.linalg.pinv(matrix / size, rcond=rcond, hermitian=True) / size)


def solution_of(matrix: Array, right: Array, rcond: float) -> Array:
    """The shortest solution, in the scaled unknowns, of ``matrix @ x = right``."""
    size = sizes_of(matrix)
    return np.asarray(np.linalg.lstsq(matrix / np.outer(size, size), right / size, rcond=rcond)[0] / size)


def normal_equations(values: Array, net: Array, weights: Array, right: Array) -> tuple[Array, Array]:
    """XᵀX and Xᵀb of ``X[m s, p] = values[m, p] net[p, s] weights[m, s]``, gathered species by species.

    Shapes (M, P), (P, S), (M, S) and (M, S).
    """
    count = values.shape[1]
    matrix, product = np.zeros((count, count)), np.zeros(count)
    for k in np.flatnonzero(np.any(net != 0, axis=0)):
        touched = np.flatnonzero(net[:, k])
        part = values[:, touched] * (weights[:, k, None] * net[touched, k])
        matrix[np.ix_(touched, touched)] += part.T @ part
        product[touched] += part.T @ right[:, k]
    return matrix, product
