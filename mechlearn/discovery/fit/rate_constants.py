"""Rate constants of given one-way reactions, and how well they fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from ...chemistry.one_way import OneWayReaction, monomials
from .scaling import Scaled

Array = NDArray[np.float64]

RELATIVE_FLOOR = 1e-3
"""Of the first linear fit, before the gross flux is known."""
PASSES = 3
"""Linear fits, each weighted by what the last one found."""
ROUND_OFF = 1e-13
"""Share of the gross flux below which a difference between rates is round-off of the source."""


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
        Largest share of the gross flux of any species in any state that the reaction carries.
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

    def select(self, keep: NDArray[np.bool_]) -> tuple[OneWayReaction, ...]:
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
    weights = problem.weights(RELATIVE_FLOOR)
    constants = np.zeros(len(directions))
    for _ in range(PASSES):
        matrix = matrix_of(values, net, weights)
        target = (problem.production * weights).ravel()
        size = np.linalg.norm(matrix, axis=0)
        size[size == 0] = 1.0
        constants = nnls(matrix / size, target, maxiter=50 * len(size))[0] / size
        weights = _weights(values, net, constants, problem, noisy)
    positive = constants > 0
    if how == "log" and positive.any():
        constants = _polish(matrix_of(values, net, weights), (problem.production * weights).ravel(), constants)
    return _judge(problem, directions, values, net, constants, noisy)


def matrix_of(values: Array, net: Array, weights: Array) -> Array:
    """Weighted contributions per unit rate constant, shape (N S, directions)."""
    return np.asarray((values[:, None, :] * net.T[None] * weights[:, :, None]).reshape(-1, len(net)))


def _gross(values: Array, net: Array, constants: Array) -> Array:
    """Sum of all contributions without their signs, shape (N, S)."""
    return np.asarray((values * constants) @ np.abs(net))


def _gross_weights(values: Array, net: Array, constants: Array, problem: Scaled) -> Array:
    gross = np.maximum(_gross(values, net, constants), np.abs(problem.production))
    floor = 1e-8 * np.maximum(gross.max(axis=1, keepdims=True), 1e-300)
    return np.asarray(1.0 / (gross + floor))


def _weights(values: Array, net: Array, constants: Array, problem: Scaled, noisy: bool) -> Array:
    """One over the noise, or over the gross flux where there is none."""
    if not noisy:
        return _gross_weights(values, net, constants, problem)
    return 1 / problem.noise.deviation((values * constants) @ net)


def _polish(matrix: Array, target: Array, constants: Array) -> Array:
    """Least squares on ln k from the non-negative start; constants at zero stay there."""
    positive = constants > 0
    start = constants[positive]
    columns = matrix[:, positive] * start

    def residual(change: Array) -> Array:
        return np.asarray(columns @ np.exp(change) - target)

    def jacobian(change: Array) -> Array:
        return np.asarray(columns * np.exp(change))

    limits = (-np.ones(len(start)), np.ones(len(start)))
    fit = least_squares(
        residual, np.zeros(len(start)), jac=jacobian, bounds=limits, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    better = np.sum(fit.fun**2) < np.sum(residual(np.zeros(len(start))) ** 2)
    polished = constants.copy()
    if better:
        polished[positive] = start * np.exp(fit.x)
    return polished


def _judge(
    problem: Scaled, directions: tuple[OneWayReaction, ...], values: Array, net: Array, constants: Array, noisy: bool
) -> RateFit:
    gross = _gross(values, net, constants)
    left = (values * constants) @ net - problem.production
    misfit = float(np.sqrt(np.mean((left * _gross_weights(values, net, constants, problem)) ** 2)))
    weights = _weights(values, net, constants, problem, noisy)
    deviation = float(np.sqrt(np.mean((left * weights) ** 2)))
    matrix = matrix_of(values, net, weights) * constants
    size = np.linalg.norm(matrix, axis=0)
    live = size > 0
    errors = np.full(len(directions), np.inf)
    if live.any():
        scaled = matrix[:, live] / size[live]
        inverse = np.linalg.pinv(scaled.T @ scaled, rcond=1e-14, hermitian=True)
        errors[live] = max(deviation, ROUND_OFF) * np.sqrt(np.abs(np.diag(inverse))) / size[live]
    share = np.zeros(len(directions))
    for i in range(len(directions)):
        own = (values[:, i] * constants[i])[:, None] * np.abs(net[i])
        share[i] = np.max(np.divide(own, gross, out=np.zeros_like(own), where=gross > 0), initial=0.0)
    return RateFit(directions, constants, errors, share, misfit)
