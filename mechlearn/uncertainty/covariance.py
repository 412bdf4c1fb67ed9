"""How far parameters may lie from their best values, alone and together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..chemistry.arrays import Array, Mask

UNDETERMINED = 1e-10
"""Singular value of the scaled Jacobian, relative to the largest, of a direction that the data do not see."""
MINIMUM_FREEDOM = 1e-6
"""Least part of an error that a residual is taken to show; a datum that alone determines a parameter shows none."""
LOADING = 1e-6
"""Part of a parameter in such directions from which on it is not determined."""


@dataclass(frozen=True, eq=False)
class Covariance:
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
    def of_fit(cls, jacobian: Array, residual: Array, scale: float) -> Covariance:
        """From weighted derivatives, shape (M, P), what the fit leaves, shape (M,), and the mean size of that.

        Along each direction the larger of two variances counts: that of equal errors, and that of the residuals
        themselves, each over one less its leverage (HC2 [1]_), which also holds where some errors are larger than
        their weights say.

        References
        ----------
        .. [1] J. G. MacKinnon, H. White, "Some heteroskedasticity-consistent covariance matrix estimators with
           improved finite sample properties", J. Econometrics 29, 305-325 (1985).
           https://doi.org/10.1016/0304-4076(85)90158-7
        """
        size = np.linalg.norm(jacobian, axis=0)
        size = np.where(size > 0, size, 1.0)
        triangle = np.zeros((len(size), len(size)))
        upper = np.linalg.qr(jacobian / size, mode="r")
        triangle[: len(upper)] = upper
        _, values, directions = np.linalg.svd(triangle)
        seen = values > UNDETERMINED * values.max(initial=0.0)
        root = directions[seen].T / values[seen]
        scores = (jacobian / size) @ root
        free = np.maximum(1 - np.sum(scores**2, axis=1), MINIMUM_FREEDOM)
        variances, rotation = np.linalg.eigh((scores * (residual**2 / free)[:, None]).T @ scores)
        known = (root @ rotation) * np.sqrt(np.maximum(variances, scale**2))
        vectors, errors, _ = np.linalg.svd(known, full_matrices=False)
        infinite = np.full(np.count_nonzero(~seen), np.inf)
        return cls(np.concatenate([vectors.T, directions[~seen]]), np.concatenate([errors, infinite]), size)

    @classmethod
    def of_covariance(cls, covariance: Array) -> Covariance:
        """From a covariance, shape (P, P)."""
        own = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
        values, vectors = np.linalg.eigh(covariance / np.outer(own, own))
        return cls(vectors.T, np.sqrt(np.maximum(values, 0.0)), 1 / own)

    def of(self, combinations: Array) -> tuple[Array, Array]:
        """Standard errors and correlation of linear combinations, shape (n, P), of the parameters."""
        parts, undetermined = self._parts(combinations)
        known = np.where(undetermined[:, None], 0.0, parts[:, self._seen] * self.errors[self._seen])
        errors = np.linalg.norm(known, axis=1)
        unit = known / np.where(errors > 0, errors, 1.0)[:, None]
        return np.where(undetermined, np.inf, errors), np.asarray(unit @ unit.T)

    def following(self, combinations: Array, which: int) -> tuple[Array, Array]:
        """How the combinations, shape (n, P), go along where one of them moves, and how well they do.

        Returns
        -------
        tuple of array, shape (n,)
            The change of each for a change of ``which`` by one, all else as the data like it best, and the standard
            error of what is left of each without it.
        """
        parts, undetermined = self._parts(combinations)
        moving = parts[:, ~self._seen] if undetermined[which] else parts[:, self._seen] * self.errors[self._seen]
        square = float(moving[which] @ moving[which])
        slopes = moving @ moving[which] / square if square > 0 else np.zeros(len(parts))
        slopes[which] = 1.0
        return slopes, self.of(combinations - np.outer(slopes, combinations[which]))[0]

    @property
    def _seen(self) -> Mask:
        return np.isfinite(self.errors)

    def _parts(self, combinations: Array) -> tuple[Array, Mask]:
        """Parts of the combinations along each direction, and which of them the data do not determine."""
        parts = (combinations / self.size) @ self.directions.T
        total = np.sum(parts**2, axis=1)
        whole = np.sum((combinations / self.size) ** 2, axis=1)
        return parts, np.sum(parts[:, ~self._seen] ** 2, axis=1) > LOADING * np.minimum(total, whole)
