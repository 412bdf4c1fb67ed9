"""Rate constants of given one-way reactions, and how well they fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import least_squares, nnls

from ...chemistry.arrays import Array, Mask
from ...chemistry.one_way import OneWayReaction, monomials
from .scaled_matrices import inverse_of
from .scaling import Scaled

RELATIVE_FLOOR = 1e-3
"""Of the first linear fit, before the gross flux is known."""
PASSES = 3
"""Linear fits, each weighted by what the last one found."""
ROUND_OFF = 1e-13
"""Of the gross flux, below which a difference between rates is round-off of the source."""


@dataclass(frozen=True, eq=False)
class RateFit:
    """Rate constants of one-way reactions, scaled.

    Parameters
    ----------
    directions : tuple of OneWayReaction
    constants : array, shape (directions,)
    errors : array, shape (directions,)
        Standard errors of ln k.
    contributions : array, shape (directions,)
        Largest contribution of the reaction to the gross flux of any species in any state.
    misfit : float
        Root mean square of residual over gross flux: about 1e-15 for exact data.
    """

    directions: tuple[OneWayReaction, ...]
    constants: Array
    errors: Array
    contributions: Array
    misfit: float

    def production(self, problem: Scaled) -> Array:
        """Production at all states, shape (N, S)."""
        values = monomials(problem.concentrations, [d.reactants for d in self.directions])
        return np.asarray((values * self.constants) @ net_matrix(self.directions))

    def select(self, keep: Mask) -> tuple[OneWayReaction, ...]:
        """The directions marked true."""
        return tuple(d for d, k in zip(self.directions, keep, strict=True) if k)


def net_matrix(directions: tuple[OneWayReaction, ...]) -> Array:
    """Products less reactants, shape (directions, S)."""
    return np.array([np.subtract(d.products, d.reactants) for d in directions], dtype=float)


def fit_rates(
    problem: Scaled,
    directions: tuple[OneWayReaction, ...],
    how: Literal["log", "non-negative"] = "log",
    *,
    noisy: bool | None = None,
) -> RateFit:
    """Non-negative least squares for k, reweighted by the gross flux, then least squares on ln k.

    Weights are one over the noise or, without noise, one over the gross flux (all contributions added without their
    signs), so that slow reactions are fitted as accurately as noise or round-off allows.

    Parameters
    ----------
    problem : Scaled
        Concentrations and production of order one.
    directions : tuple of OneWayReaction
        One-way reactions, at least one.
    how : {'log', 'non-negative'}
        ``non-negative`` stops after the linear fit, which the paper's Algorithm 1 names as the alternative.
    noisy : bool, optional
        Whether weights are one over the noise; if absent, where there is noise.
    """
    noisy = not problem.noise.exact if noisy is None else noisy
    values = monomials(problem.concentrations, [d.reactants for d in directions])
    net = net_matrix(directions)

    def weights_at(constants: Array) -> Array:
        flux = values * constants
        return 1 / problem.noise.deviation(flux @ net) if noisy else _gross_weights(flux, net, problem)

    weights, constants = problem.weights(RELATIVE_FLOOR), np.zeros(len(directions))
    for _ in range(PASSES):
        matrix, target = matrix_of(values, net, weights), (problem.production * weights).ravel()
        with np.errstate(over="ignore"):  # what is too large for a number plays no part
            size = np.linalg.norm(matrix, axis=0)
        size[size == 0] = 1.0
        constants = nnls(matrix / size, target, maxiter=50 * len(size))[0] / size
        weights = weights_at(constants)
    if how == "log" and constants.any():
        constants = _polished(matrix_of(values, net, weights), (problem.production * weights).ravel(), constants)
    flux, weights = values * constants, weights_at(constants)
    gross, left = flux @ np.abs(net), flux @ net - problem.production
    matrix = matrix_of(values, net, weights) * constants
    deviation = max(float(np.sqrt(np.mean((left * weights) ** 2))), ROUND_OFF)
    variance = np.abs(np.diag(inverse_of(matrix.T @ matrix, 1e-14)))
    gross = np.where(gross > 0, gross, 1.0)
    return RateFit(
        directions,
        constants,
        errors=np.where(matrix.any(axis=0), deviation * np.sqrt(variance), np.inf),
        contributions=np.array([(flux[:, i, None] * np.abs(row) / gross).max() for i, row in enumerate(net)]),
        misfit=float(np.sqrt(np.mean((left * _gross_weights(flux, net, problem)) ** 2))),
    )


def matrix_of(values: Array, net: Array, weights: Array) -> Array:
    """Weighted contributions per unit rate constant, shape (N S, directions)."""
    return np.asarray((values[:, None, :] * net.T[None] * weights[:, :, None]).reshape(-1, len(net)))


def _gross_weights(flux: Array, net: Array, problem: Scaled) -> Array:
    """One over the gross flux."""
    gross = np.maximum(flux @ np.abs(net), np.abs(problem.production))
    floor = 1e-8 * np.maximum(gross.max(axis=1, keepdims=True), 1e-300)
    return np.asarray(1.0 / (gross + floor))


def _polished(matrix: Array, target: Array, constants: Array) -> Array:
    """Least squares on ln k from the non-negative start; constants at zero stay there."""
    columns = matrix * constants
    positive = constants > 0
    start = np.zeros(int(positive.sum()))

    def residual(change: Array) -> Array:
        return np.asarray(columns[:, positive] @ np.exp(change) - target)

    def jacobian(change: Array) -> Array:
        return np.asarray(columns[:, positive] * np.exp(change))

    limits = (start - 1, start + 1)
    fit = least_squares(residual, start, jac=jacobian, bounds=limits, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    polished = constants.copy()
    if np.sum(fit.fun**2) < np.sum(residual(start) ** 2):
        polished[positive] *= np.exp(fit.x)
    return polished
