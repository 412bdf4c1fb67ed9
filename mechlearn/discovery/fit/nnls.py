"""Which candidates carry flux, before any integration: non-negative least squares on whitened balances.

Letters in shapes: M rows, N samples, S species, R one-way reactions, Q candidates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ...data.balances.balances import Balances
from ...data.balances.whitening import HORIZONS, WhitenedRows
from ..candidates.trajectory_candidates import Candidates

Array = NDArray[np.float64]

CARRIES = 1e-12


def rates_by_rows(balances: Balances, pool: Candidates) -> Array:
    """Rate constants of all candidates, most of them zero, shape (Q,)."""
    rows = WhitenedRows.of(balances)
    monomials = pool.reactions.monomials(rows.states)
    constants = np.zeros(len(pool))
    for horizon in HORIZONS:
        constants = _pass(rows, monomials, pool, constants, rows.within(horizon))
    return constants


def _pass(rows: WhitenedRows, monomials: Array, pool: Candidates, constants: Array, chosen: NDArray[np.bool_]) -> Array:
    """One solution of non-negative least squares, whitened with the constants before."""
    operator, accumulation = rows.balances.operator[chosen], rows.balances.accumulation[chosen]
    white = rows.whitening(chosen, pool.reactions.jacobian(rows.states, pool.shares @ constants))
    design = (operator @ monomials)[:, None, :] * (white @ pool.reactions.net.T)
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
