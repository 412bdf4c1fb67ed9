"""Which candidates carry flux, before any integration: non-negative least squares on weak balances.

The rows are whitened with their whole covariance, in which the noise of the concentrations enters twice: in the
increments, and in the rates, through the Jacobian of the rates found so far. So a row over which a fast reaction has
come to equilibrium counts little. Rows are taken in from the start of the runs on: fast reactions are fixed first.

Letters in shapes: M rows, N samples, S species, R one-way reactions, Q candidates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ..balances import Balances
from .candidates import Candidates

Array = NDArray[np.float64]

HORIZONS = (*np.arange(2, 12) / 12, 1.0, 1.0, 1.0, 1.0)
"""Shares of the runs, by number of samples, from which the rows of each pass are taken."""
LEAST_RELATIVE = 3e-4
"""Noise that stands for the error of quadrature where data have none."""
CARRIES = 1e-12


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of the balances with what their covariance is made of."""

    balances: Balances
    states: Array
    monomials: Array
    variance: Array
    end: Array


def rates_by_rows(balances: Balances, pool: Candidates) -> Array:
    """Rate constants of all candidates, most of them zero, shape (Q,)."""
    courses = balances.courses
    assert courses is not None
    states = np.maximum(balances.concentrations, 0.0)
    spread = courses.spread
    if spread.relative and spread.relative < LEAST_RELATIVE:
        spread = spread.scaled(LEAST_RELATIVE / spread.relative)
    ends = np.array([courses.place[balances.operator.indices[a:b]].max() for a, b in _bounds(balances)])
    rows = _Rows(balances, states, pool.reactions.monomials(states), spread.deviation(states) ** 2, ends)
    constants = np.zeros(len(pool))
    for horizon in HORIZONS:
        constants = _pass(rows, pool, constants, max(horizon, float(ends.min())))
    return constants


def _bounds(balances: Balances) -> list[tuple[int, int]]:
    pointers = balances.operator.indptr
    return list(zip(pointers[:-1].tolist(), pointers[1:].tolist(), strict=True))


def _pass(rows: _Rows, pool: Candidates, constants: Array, horizon: float) -> Array:
    """One solution of non-negative least squares, whitened with the constants before."""
    chosen = rows.end <= horizon + 1e-9
    operator, accumulation = rows.balances.operator[chosen], rows.balances.accumulation[chosen]
    white = np.linalg.inv(np.linalg.cholesky(_covariance(rows, pool, constants, chosen)))
    design = (operator @ rows.monomials)[:, None, :] * (white @ pool.reactions.net.T)
    design = design.reshape(-1, len(pool.offset)) @ pool.shares
    target = (white @ accumulation[..., None]).ravel()
    normal, right = design.T @ design, design.T @ target
    size = np.sqrt(np.diag(normal))
    size = np.where(size > 0, size, 1.0)
    normal, right = normal / np.outer(size, size), right / size
    return np.asarray(non_negative(normal, right) / size)


def non_negative(normal: Array, right: Array) -> Array:
    """Minimum of x·Hx/2 − b·x with x ≥ 0, for a scaled H."""
    values, vectors = np.linalg.eigh(normal)
    kept = values > CARRIES * values[-1]
    root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    target = (vectors[:, kept].T @ right) / np.sqrt(values[kept])
    return np.asarray(nnls(root, target, maxiter=50 * len(right))[0])


def _covariance(rows: _Rows, pool: Candidates, constants: Array, chosen: NDArray[np.bool_]) -> Array:
    courses = rows.balances.courses
    assert courses is not None
    operator, difference = rows.balances.operator[chosen], courses.difference[chosen]
    count = rows.states.shape[1]
    direct = np.einsum("ns,st->nst", rows.variance, np.eye(count)).reshape(-1, count * count)
    jacobian = pool.reactions.jacobian(rows.states, pool.shares @ constants)
    once = jacobian * rows.variance[:, None, :]
    twice = (once @ jacobian.transpose(0, 2, 1)).reshape(len(once), -1)
    cross = (once + once.transpose(0, 2, 1)).reshape(len(once), -1)
    total = difference.power(2) @ direct + operator.power(2) @ twice - (difference * operator) @ cross
    total = np.asarray(total).reshape(-1, count, count)
    ridge = 1e-12 * np.einsum("mii->m", total)[:, None, None] / count
    return np.asarray(total + ridge * np.eye(count))
