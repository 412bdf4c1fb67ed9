"""Non-negative least squares: of few columns by SciPy, of many by active sets, and of candidates on whitened balances.

Letters in shapes: M rows, N samples, S species, R one-way reactions, Q candidates, P columns.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linprog, nnls

from ...chemistry.arrays import Array, Integers, Mask
from ...data.balances.balances import Balances
from ...data.balances.whitening import HORIZONS, WhitenedRows
from ..candidates.trajectory_candidates import Candidates
from .temperature_basis import TemperatureBasis

LEAST_EIGENVALUE = 1e-12
"""Relative to the largest, below which a direction is not determined."""
RIDGE = 1e-8
"""Of scaled columns of which some undo others, so that no large rate constants cancel."""
MOST_STEPS = 20
"""For each column, of the active set."""
LEAST_SLOPE = 1e-12
"""Of the objective with respect to a weight at zero, relative to the largest, at which it stays there."""
AT_ONCE, AS_STEEP = 50, 0.1
"""Columns that enter together at most, and their slope relative to the largest."""


def rates_by_rows(balances: Balances, pool: Candidates) -> tuple[Array, TemperatureBasis]:
    """Parameters of the rate constants of all candidates that fit whitened balances, shape (Q, P), and what they mean.

    Most of the rate constants are zero: their logarithms are −∞. At several temperatures each candidate has a column
    for each of several activation energies, and its law follows the sum of these.
    """
    rows = WhitenedRows.of(balances)
    basis = TemperatureBasis.of(balances.temperature)
    temperature = balances.temperature_or(basis.reference)
    trials, functions = basis.trials, basis.values(temperature)
    factors = np.exp(functions @ trials.T)[:, :, None] * np.exp(pool.offset.at(temperature))[:, None]
    parts, count = np.eye(len(pool))[pool.parameter], len(trials)
    monomials = pool.reactions.monomials(rows.states)[:, None] * factors
    amounts: Array = np.zeros((count, len(pool)))
    for horizon in HORIZONS:  # each whitened with the constants before
        chosen = rows.within(horizon)
        operator, accumulation = rows.balances.operator[chosen], rows.balances.accumulation[chosen]
        constants = np.einsum("nkr,kr->nr", factors, amounts[:, pool.parameter])
        white = rows.whitening(chosen, pool.reactions.jacobian(rows.states, constants))
        effects = white @ pool.reactions.net.T
        columns = [(operator @ monomials[:, k])[:, None, :] * effects for k in range(count)]
        design = np.concatenate([each.reshape(-1, len(pool.parameter)) @ parts for each in columns], axis=1)
        target = (white @ accumulation[..., None]).ravel()
        normal, right = design.T @ design, design.T @ target
        size = np.sqrt(np.diag(normal))
        size = np.where(size > 0, size, 1.0)
        ridge = RIDGE * np.eye(len(size)) if pool.redundant else 0.0
        scaled = non_negative(normal / np.outer(size, size) + ridge, right / size)
        amounts = np.maximum(scaled / size, 0.0).reshape(amounts.shape)
    if pool.redundant:
        amounts = np.array([_fewest(pool, each) for each in amounts])
    theta = np.full((len(pool), basis.count), -np.inf)
    known = np.unique(temperature)
    for q in np.flatnonzero(amounts.any(axis=0)):
        theta[q] = basis.fitted(known, np.log(np.exp(basis.values(known) @ trials.T) @ amounts[:, q]))
    return theta, basis


def _fewest(pool: Candidates, constants: Array) -> Array:
    """The rate constants of the fewest reactions that make the same of every state, for each rate law by itself.

    Those of least Σ k |net|: of vectors with a given sum, one along it is the shortest.
    """
    found, net = np.zeros_like(constants), pool.reactions.net
    for exponents in np.unique(pool.reactions.orders[constants > 0], axis=0):
        alike = np.flatnonzero((pool.reactions.orders == exponents).all(axis=1))
        made = constants[alike] @ net[alike]
        least = linprog(np.linalg.norm(net[alike], axis=1), A_eq=net[alike].T, b_eq=made)
        found[alike] = constants[alike] if least.x is None else np.maximum(least.x, 0.0)
    return found


def non_negative(normal: Array, right: Array) -> Array:
    """Minimum of x·Hx/2 − b·x with x ≥ 0, for a scaled H that may be singular, by SciPy."""
    values, vectors = np.linalg.eigh(normal)
    kept = values > LEAST_EIGENVALUE * values[-1]
    root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    target = (vectors[:, kept].T @ right) / np.sqrt(values[kept])
    return np.asarray(nnls(root, target, maxiter=50 * len(right))[0])


def active_set_nnls(matrix: Array, right: Array, used: Mask, start: Array) -> Array:
    """The non-negative x for which ½ xᵀAx − bᵀx is least, by active sets (Lawson and Hanson).

    Parameters
    ----------
    matrix : array, shape (P, P)
        Positive definite.
    right : array, shape (P,)
        b.
    used : array of bool, shape (P,)
        The others are zero.
    start : array, shape (P,)
        Not negative.

    References
    ----------
    .. [1] C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, chapter 23 (SIAM, 1995).
       https://doi.org/10.1137/1.9781611971217
    """
    found, inside = start.copy(), np.flatnonzero(start)
    futile, added = np.zeros(len(right), dtype=bool), inside[:0]
    limit = LEAST_SLOPE * float(np.abs(right).max(initial=0.0))
    rows = [(inside, matrix[inside])]
    for _ in range(MOST_STEPS * len(right)):
        inside = _to_the_edges(matrix, right, inside, found)
        if np.any(found[added] > 0):
            futile[:] = False
        slope = right - np.sum([found[some] @ theirs for some, theirs in rows], axis=0)
        slope = np.where(used & (found == 0) & ~futile, slope, 0.0)
        if slope.max(initial=0.0) <= limit:
            break
        steepest = np.argsort(-slope)[:AT_ONCE]
        added = steepest[slope[steepest] > max(limit, AS_STEEP * float(slope.max()))]
        inside = np.append(inside, added)
        new = np.setdiff1d(added, np.concatenate([some for some, _ in rows]))
        rows.append((new, matrix[new]))
        futile[added] = True
    return found


def _to_the_edges(matrix: Array, right: Array, inside: Integers, found: Array) -> Integers:
    """Go to the least of the columns inside, those left out that turn negative on the way; what is left.

    Notes
    -----
    The least without some columns G is x − H⁻¹_:G (H⁻¹_GG)⁻¹ x_G: of one factorisation of H, as long as few go.
    """
    while len(inside):
        square = cho_factor(matrix[np.ix_(inside, inside)], overwrite_a=True, check_finite=False)
        free = goal = cho_solve(square, right[inside], check_finite=False)
        here, gone, left = found[inside], np.zeros(0, dtype=np.int64), np.ones(len(inside), dtype=bool)
        inverse = np.zeros((len(inside), 0))
        while len(low := np.flatnonzero(left & (goal <= 0))):
            ratios = here[low] / np.where(here[low] > 0, here[low] - goal[low], 1.0)
            here = np.maximum(here + ratios.min() * (goal - here), 0.0)
            new = low[ratios <= ratios.min()]
            gone, left[new], here[new] = np.append(gone, new), False, 0.0
            unit = (np.arange(len(inside))[:, None] == new).astype(float)
            inverse = np.hstack([inverse, cho_solve(square, unit, overwrite_b=True, check_finite=False)])
            goal = np.where(left, free - inverse @ np.linalg.solve(inverse[gone], free[gone]), 0.0)
        if left.all():
            found[inside] = goal
            break
        found[inside] = here
        inside = inside[left]
    return inside
