"""How far parameters may lie from their best values, alone and together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

UNDETERMINED = 1e-10
"""Singular value of the scaled Jacobian, as a share of the largest, of a direction that the data do not see."""
LOADING = 1e-6
"""Share of a parameter in such directions from which on it is not determined."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Independent directions of P parameters, each with its standard error.

    Parameters
    ----------
    directions : array, shape (d, P)
        Orthonormal, of the parameters times ``size``.
    errors : array, shape (d,)
        Infinite for a direction that the data do not see.
    size : array, shape (P,)
    """

    directions: Array
    errors: Array
    size: Array

    @classmethod
    def of_fit(cls, jacobian: Array, scale: float) -> Spread:
        """From weighted derivatives, shape (M, P), and the mean size of the residual."""
        size = np.linalg.norm(jacobian, axis=0)
        size = np.where(size > 0, size, 1.0)
        triangle = np.zeros((len(size), len(size)))
        upper = np.linalg.qr(jacobian / size, mode="r")
        triangle[: len(upper)] = upper
        _, values, directions = np.linalg.svd(triangle)
        seen = values > UNDETERMINED * values.max(initial=0.0)
        return cls(directions, np.where(seen, scale / np.where(seen, values, 1.0), np.inf), size)

    @classmethod
    def of_covariance(cls, covariance: Array) -> Spread:
        """From a covariance, shape (P, P)."""
        values, vectors = np.linalg.eigh(covariance)
        return cls(vectors.T, np.sqrt(np.maximum(values, 0.0)), np.ones(len(covariance)))

    def of(self, combinations: Array) -> tuple[Array, Array]:
        """Standard errors and correlation of linear combinations, shape (n, P), of the parameters."""
        parts, loose = self._parts(combinations)
        known = np.where(loose[:, None], 0.0, parts[:, self._seen] * self.errors[self._seen])
        errors = np.linalg.norm(known, axis=1)
        unit = known / np.where(errors > 0, errors, 1.0)[:, None]
        return np.where(loose, np.inf, errors), np.asarray(unit @ unit.T)

    def following(self, combinations: Array, which: int) -> tuple[Array, Array]:
        """How the combinations, shape (n, P), go along where one of them moves, and how well they do.

        Returns
        -------
        tuple of array, shape (n,)
            The change of each for a change of ``which`` by one, all else as the data like it best, and the standard
            error of what is left of each without it.
        """
        parts, loose = self._parts(combinations)
        moving = parts[:, ~self._seen] if loose[which] else parts[:, self._seen] * self.errors[self._seen]
        square = float(moving[which] @ moving[which])
        slopes = moving @ moving[which] / square if square > 0 else np.zeros(len(parts))
        slopes[which] = 1.0
        return slopes, self.of(combinations - np.outer(slopes, combinations[which]))[0]

    @property
    def _seen(self) -> NDArray[np.bool_]:
        return np.isfinite(self.errors)

    def _parts(self, combinations: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Parts of the combinations along each direction, and which of them the data do not determine."""
        parts = (combinations / self.size) @ self.directions.T
        total = np.sum(parts**2, axis=1)
        whole = np.sum((combinations / self.size) ** 2, axis=1)
        return parts, np.sum(parts[:, ~self._seen] ** 2, axis=1) > LOADING * np.minimum(total, whole)
