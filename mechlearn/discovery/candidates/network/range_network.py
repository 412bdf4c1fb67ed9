"""Reactions as rows of real numbers that the elements allow: the network where temperature and pressure change.

Each row V = w Zᵀ lies in the null space of the element matrix. Its rate is F − R with ln F = ln k − ln(1 + eˣ) +
Σ max(−v, 0) ln u, ln R = ln k − ln(1 + e⁻ˣ) + Σ max(v, 0) ln u, x = −ln Kc by thermodynamics, and ln k linear in
1, ln T, 1/T and the logarithm of the density. A row near whole numbers is a reaction.

Letters in shapes: N states, S species, K free rows, L frozen rows, D directions that the elements allow, P features.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, null_space, svd

from ....chemistry.arrays import Array, Integers
from ...fit.levenberg_marquardt import Damping
from ...fit.production_states import ProductionStates
from ...fit.scaled_matrices import inverse_of

LARGEST_LOG_FLUX = 60.0
CONCENTRATION_FLOOR_OF_RANGE = 1e-30
"""Concentration below which a logarithm is cut off [kmol/m³]."""
LONGEST_STEP_OF_ROWS = 0.7
LARGEST_FIRST_ENTRY, LARGEST_LOG_DEFICIT = 1.5, 3.0
"""Of the rows at the start, and of ln k below the size of the data."""
FIRST_DAMPING_OF_ROWS, DAMPING = 1e-2, Damping(most=1e10)
MOST_STALLS = 2
"""Steps in a row that hardly lower the loss."""
FREEZING_DISTANCE, ROUNDING_DISTANCE = 0.05, 0.25
"""Distances to whole numbers at which a row is one, and at which it may be one if the data hardly change by it."""
SLIGHT_RISE = 0.1
"""Rise of the loss by rounding a row, over the loss, that hardly changes anything."""
DEPENDENT_SIZE = 1e-9
"""Size of a sum of changes, over the largest, below which it is no direction of its own."""
LARGEST_SIDE, SMALLER_SIDE = 3, 2
LIMITED_EXPONENT = 500.0


@dataclass(frozen=True, eq=False)
class RangeProblem:
    """What rows are fitted to.

    Parameters
    ----------
    log_concentrations, target, weights, affinity : array, shape (N, S)
        ln u, production, one over its deviation, and −(ln(P°/RT) − g°/RT).
    features : array, shape (N, P)
        Of ln k.
    basis : array, shape (S, D)
        Orthonormal, of the rows that balance.
    absorbed : array, shape (N, S, Q), optional
        Orthonormal, of weighted residuals that count for nothing.
    """

    log_concentrations: Array
    target: Array
    weights: Array
    affinity: Array
    features: Array
    basis: Array
    absorbed: Array | None = None

    @classmethod
    def of(cls, states: ProductionStates, atoms: Array, target: Array, weights: Array) -> RangeProblem:
        """Of states with thermodynamics and the element matrix, shape (elements, S)."""
        assert states.potential is not None
        relative = states.temperature / states.reference
        density = np.log(states.concentrations.sum(axis=1))
        features = [np.ones_like(relative), np.log(relative), 1 - 1 / relative, density - density.mean()]
        changing = np.flatnonzero(np.any(states.target != 0, axis=0))
        basis = np.zeros((atoms.shape[1], 0))
        if len(changing):
            basis = np.eye(atoms.shape[1])[:, changing] @ null_space(atoms[:, changing])
        logs = np.log(np.maximum(states.concentrations, CONCENTRATION_FLOOR_OF_RANGE))
        return cls(logs, target, weights, -states.potential, np.stack(features, axis=1), basis)

    def part(self, chosen: Integers) -> RangeProblem:
        """Some of the states."""
        of_states = ("log_concentrations", "target", "weights", "affinity", "features")
        return replace(self, **{name: getattr(self, name)[chosen] for name in of_states})

    def absorbing(self, changes: Array) -> RangeProblem:
        """With whatever sums of these changes of the production, shape (N, S, Q), can make counting for nothing."""
        columns = (changes * self.weights[:, :, None]).reshape(self.target.size, -1)
        size = np.linalg.norm(columns, axis=0)
        directions, sizes, _ = svd(columns[:, size > 0] / size[size > 0], full_matrices=False)
        independent = directions[:, sizes > DEPENDENT_SIZE * sizes.max(initial=0.0)]
        return replace(self, absorbed=independent.reshape(*self.target.shape, -1))

    def rates(self, rows: Array, logs: Array) -> tuple[Array, Array, Array]:
        """Forward and reverse rates and the reverse part of the rate constant, each of shape (N, K)."""
        away = self.affinity @ rows.T
        constant = (logs @ self.features.T).T
        forward = constant - np.logaddexp(0, away) + self.log_concentrations @ np.maximum(-rows, 0).T
        reverse = constant - np.logaddexp(0, -away) + self.log_concentrations @ np.maximum(rows, 0).T
        part = 1 / (1 + np.exp(-np.clip(away, -LIMITED_EXPONENT, LIMITED_EXPONENT)))
        return np.exp(np.minimum(forward, LARGEST_LOG_FLUX)), np.exp(np.minimum(reverse, LARGEST_LOG_FLUX)), part


@dataclass(frozen=True, eq=False)
class RangeNetwork:
    """Rows with their rate constants.

    Parameters
    ----------
    free : array, shape (K, D)
        Free rows in the basis.
    frozen : array, shape (L, S)
        Rows of whole numbers.
    logs : array, shape (K + L, P)
        Coefficients of ln k.
    loss : float
        Sum of squares of the weighted residual.
    curvature : array, shape (K D + (K + L) P, …)
        JᵀJ, the free rows first.
    """

    free: Array
    frozen: Array
    logs: Array
    loss: float = np.inf
    curvature: Array | None = None

    def rows(self, problem: RangeProblem) -> Array:
        """All rows, shape (K + L, S)."""
        return np.concatenate([self.free @ problem.basis.T, self.frozen])


def drawn(
    problem: RangeProblem,
    count: int,
    generator: np.random.Generator,
    frozen: Array | None = None,
    logs: Array | None = None,
) -> RangeNetwork:
    """Rows at random beside those frozen, none much faster than the data at the states where it is fastest."""
    free = generator.uniform(-LARGEST_FIRST_ENTRY, LARGEST_FIRST_ENTRY, (count, problem.basis.shape[1]))
    rows = free @ problem.basis.T
    start = np.zeros((count, problem.features.shape[1]))
    forward, reverse, _ = problem.rates(rows, start)
    size = np.max(problem.weights[:, None, :] * np.abs(rows), axis=2) * np.abs(forward - reverse)
    typical = np.log(np.maximum(np.quantile(size, 0.9, axis=0), 1e-300))
    start[:, 0] = generator.uniform(-LARGEST_LOG_DEFICIT, 0, count) - typical
    if frozen is None or logs is None:
        return RangeNetwork(free, np.zeros((0, len(problem.basis))), start)
    return RangeNetwork(free, frozen, np.concatenate([start, logs]))


def trained(
    problem: RangeProblem, network: RangeNetwork, iterations: int = 100, tolerance: float = 1e-4
) -> RangeNetwork:
    """The network after Levenberg–Marquardt on free rows and all rate constants."""
    residual, loss = _residual(problem, network)
    network, damping, stalls = replace(network, loss=loss), FIRST_DAMPING_OF_ROWS, 0
    for _ in range(iterations):
        curvature, gradient = _normal(problem, network, residual)
        network = replace(network, curvature=curvature)
        attempt = partial(_moved, problem, network, gradient)
        better = DAMPING.better_step(attempt, partial(_comes_down, network), damping)
        if better is None:
            break
        step, damping = better
        stalls = stalls + 1 if step[0].loss > (1 - tolerance) * network.loss else 0
        network, residual = step
        if stalls >= MOST_STALLS:
            break
    return network


def _comes_down(before: RangeNetwork, after: tuple[RangeNetwork, Array]) -> bool:
    return after[0].loss < before.loss


def whole_rows(problem: RangeProblem, network: RangeNetwork) -> list[tuple[Integers, Array]]:
    """Free rows near whole numbers, or that may be rounded since the data hardly change by it, with their ln k."""
    assert network.curvature is not None
    inverse = inverse_of(network.curvature, 1e-12)
    count, size = network.free.shape
    found = []
    for i in range(count):
        row = network.free[i] @ problem.basis.T
        whole = np.round(row)
        distance = float(np.abs(row - whole).max())
        sides = sorted([-np.minimum(whole, 0).sum(), np.maximum(whole, 0).sum()])
        if distance > ROUNDING_DISTANCE or sides[0] < 1 or sides[0] > SMALLER_SIDE or sides[1] > LARGEST_SIDE:
            continue
        goal = whole @ problem.basis
        if np.abs(goal @ problem.basis.T - whole).max() > 1e-9 or np.gcd.reduce(whole.astype(int)) != 1:
            continue
        step, here = goal - network.free[i], slice(i * size, (i + 1) * size)
        rise = float(step @ np.linalg.pinv(inverse[here, here]) @ step) / max(network.loss, 1e-300)
        if distance <= FREEZING_DISTANCE or rise < SLIGHT_RISE:
            found.append((whole.astype(np.int64), network.logs[i]))
    return found


def _residual(problem: RangeProblem, network: RangeNetwork) -> tuple[Array, float]:
    rows = network.rows(problem)
    forward, reverse, _ = problem.rates(rows, network.logs)
    residual = ((forward - reverse) @ rows - problem.target) * problem.weights
    if problem.absorbed is not None:
        absorbed = problem.absorbed.reshape(residual.size, -1)
        residual = residual - (absorbed @ (absorbed.T @ residual.ravel())).reshape(residual.shape)
    return residual, float(np.sum(residual**2))


def _normal(problem: RangeProblem, network: RangeNetwork, residual: Array) -> tuple[Array, Array]:
    """JᵀJ and Jᵀr, gathered species by species."""
    rows, basis = network.rows(problem), problem.basis
    forward, reverse, part = problem.rates(rows, network.logs)
    net, count = forward - reverse, len(network.free)
    free = rows[:count]
    ahead, back = forward[:, :count, None], reverse[:, :count, None]
    by_row = -(ahead * part[:, :count, None] + back * (1 - part[:, :count, None])) * problem.affinity[:, None, :]
    by_row -= problem.log_concentrations[:, None, :] * (ahead * (free < 0) + back * (free > 0))
    by_free = by_row @ basis
    by_log = net[:, :, None] * problem.features[:, None, :]
    states, split = len(net), network.free.size
    size = split + network.logs.size
    curvature, gradient = np.zeros((size, size)), np.zeros(size)
    jacobian = np.empty((states, size))
    absorbed = np.zeros((size, 0 if problem.absorbed is None else problem.absorbed.shape[2]))
    for j in np.flatnonzero(np.any(basis != 0, axis=1)):
        moving = free[None, :, j, None] * by_free + net[:, :count, None] * basis[j]
        jacobian[:, :split] = moving.reshape(states, -1)
        jacobian[:, split:] = (rows[None, :, j, None] * by_log).reshape(states, -1)
        jacobian *= problem.weights[:, j, None]
        curvature += jacobian.T @ jacobian
        gradient += jacobian.T @ residual[:, j]
        if problem.absorbed is not None:
            absorbed += jacobian.T @ problem.absorbed[:, j]
    return curvature - absorbed @ absorbed.T, gradient


def _moved(problem: RangeProblem, network: RangeNetwork, gradient: Array, damping: float) -> tuple[RangeNetwork, Array]:
    """The network after a damped step, and its residual."""
    assert network.curvature is not None
    diagonal = np.diag(network.curvature)
    damped = network.curvature + damping * np.diag(np.maximum(diagonal, 1e-7 * diagonal.max()))
    try:
        step = -cho_solve(cho_factor(damped), gradient)
    except LinAlgError:
        step = np.zeros_like(gradient)
    step = np.clip(step, -LONGEST_STEP_OF_ROWS, LONGEST_STEP_OF_ROWS)
    free, logs = np.split(step, [network.free.size])
    free, logs = free.reshape(network.free.shape), logs.reshape(network.logs.shape)
    moved = replace(network, free=network.free + free, logs=network.logs + logs)
    residual, loss = _residual(problem, moved)
    return replace(moved, loss=loss), residual
