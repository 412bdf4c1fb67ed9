"""Least squares on whole trajectories: Levenberg–Marquardt in ln k, the initial states eliminated run by run.

Letters in shapes: N runs, T samples, S species, R one-way reactions, Q rate parameters, F free ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...data.noise.concentration_noise import Noise
from ...simulation.mass_action.mass_action_rates import MassAction
from ...simulation.mass_action.radau import DiscreteSolution, Steps, integrate, sensitivities
from ..candidates.trajectory_candidates import Candidates, rows_of
from .damped_step import change_of
from .run_arrays import RunArrays

Array = NDArray[np.float64]

LOWEST = -690.0
"""Smallest ln k."""
EMPTIED = 5
"""Times that a step is computed again, with the initial states at zero that it would bring below."""
FIRST_DAMPING = 1e-12
SECOND_DAMPING = 1e-4
"""Of Marquardt: none at first, since a valley along which only a ratio of rate constants is known may be very flat."""
FEW = 5
"""Steps after which a fit that is too slow to come below a limit is given up."""
FAR_OFF = 10.0
"""χ² over a limit at which twice as many time histories, tried for these steps, are the last."""
NOTHING = 0.01
"""Decrease of χ² for which no rate constant goes far."""
HUBER = 3.0
"""Standard deviations beyond which a residual counts linearly."""


@dataclass(frozen=True, eq=False)
class TrajectoryProblem:
    """Reactions and data, and how they are compared.

    Parameters
    ----------
    reactions : MassAction
    parameter : array of int, shape (R,)
        Which parameter is the rate constant of each reaction; halves with a given equilibrium share one.
    offset : array, shape (N, R)
        What is added to the parameter to give ln k in each run.
    data : RunArrays
    spread : Noise
    inverse : array, shape (N, T, S)
        One over the standard deviation of each value; zero where it was not measured.
    steps : Steps
    fixed_first : bool
        Whether initial states are taken as measured.
    robust : bool
        Whether residuals beyond `HUBER` count linearly.
    held : tuple of int
        Parameters that stay as they are.
    sums : array, shape (Q, F), or None
        Where parameters are sums of fewer free ones: by what those are multiplied.
    """

    reactions: MassAction
    parameter: NDArray[np.int64]
    offset: Array
    data: RunArrays
    spread: Noise
    inverse: Array
    steps: Steps
    fixed_first: bool = False
    robust: bool = False
    held: tuple[int, ...] = ()
    sums: Array | None = None

    @classmethod
    def of(cls, pool: Candidates, data: RunArrays, spread: Noise) -> TrajectoryProblem:
        """A parameter for each candidate; weights from the data themselves."""
        offset = np.broadcast_to(pool.offset, (len(data.time), len(pool.offset)))
        inverse = np.where(data.known, 1 / spread.deviation(data.values), 0.0)
        steps = Steps.one_each(data.time.shape[1] - 1)
        return cls(pool.reactions, pool.parameter, offset, data, spread, inverse, steps)

    def constants(self, theta: Array) -> Array:
        """Rate constants of each run, shape (N, R), for parameters of shape (F,)."""
        return np.asarray(np.exp(self.all_of(theta)[self.parameter] + self.offset))

    def all_of(self, theta: Array) -> Array:
        """All parameters, shape (Q,), from the free ones, shape (F,)."""
        return theta if self.sums is None else np.asarray(self.sums @ theta)

    def slopes(self, theta: Array) -> Array:
        """Derivatives of the rate constants by their parameters, or where those are −∞ by exp of them, shape (N, R)."""
        return self.constants(np.where(np.isfinite(theta), theta, 0.0))

    def with_weights(self, states: Array, spread: Noise | None = None) -> TrajectoryProblem:
        """Weights from the states of a model, shape (N, T, S)."""
        spread = spread or self.spread
        inverse = np.where(self.data.known, 1 / spread.deviation(states), 0.0)
        return replace(self, inverse=inverse, spread=spread)

    def only(self, kept: NDArray[np.int64]) -> TrajectoryProblem:
        """The reactions of some of the parameters."""
        rows, parameter = rows_of(self.parameter, kept)
        return replace(self, reactions=self.reactions.select(rows), parameter=parameter, offset=self.offset[:, rows])


@dataclass(frozen=True, eq=False)
class FitState:
    """Parameters with the time history that they give.

    Parameters
    ----------
    theta : array, shape (F,)
    first : array, shape (N, S)
    history : DiscreteSolution
    samples : array, shape (N, T, S)
    chi2 : float
        Sum of squared residuals over their deviation; with ``robust`` twice Huber's loss.
    """

    theta: Array
    first: Array
    history: DiscreteSolution
    samples: Array
    chi2: float


@dataclass(frozen=True, eq=False)
class Information:
    """Derivatives of χ²/2 by the rate parameters, the initial states eliminated.

    Parameters
    ----------
    normal : array, shape (F, F)
    gradient : array, shape (F,)
    """

    normal: Array
    gradient: Array

    def covariance(self) -> Array:
        """Inverse of the normal matrix.

        It is scaled before inversion, so that tiny parameters keep their error, and what the data do not tell apart to
        round-off has a large one, not none.
        """
        size = np.sqrt(np.maximum(np.diag(self.normal), 1e-300))
        values, vectors = np.linalg.eigh(self.normal / np.outer(size, size))
        inverse = (vectors / np.maximum(values, 1e-13 * values.max(initial=1e-300))) @ vectors.T
        return np.asarray(inverse / np.outer(size, size))


def evaluate(
    problem: TrajectoryProblem, theta: Array, first: Array, near: DiscreteSolution | None = None
) -> FitState | None:
    """The time history for given parameters, or None where it cannot be integrated."""
    history = integrate(problem.reactions, problem.constants(theta), first, problem.data.time, problem.steps, near)
    if history is None:
        return None
    samples = np.concatenate([history.nodes[:1], history.nodes[problem.steps.samples + 1]]).transpose(1, 0, 2)
    residual = (samples - problem.data.values) * problem.inverse
    return FitState(theta, first, history, samples, _loss(residual, problem.robust))


def _loss(residual: Array, robust: bool) -> float:
    size = np.abs(residual)
    if robust:
        return float(np.sum(np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2)))
    return float(np.sum(size**2))


@dataclass(frozen=True, eq=False)
class _Arrow:
    """Normal equations with a block for each run's initial state."""

    own: Array
    shared: Array
    rates: Array
    gradient_first: Array
    gradient: Array

    def emptied(self, first: Array, empty: NDArray[np.bool_]) -> _Arrow:
        """The same where some of the initial states, both of shape (N, S), go to zero."""
        change = np.where(empty, -first, 0.0)
        free = ~empty
        return replace(
            self,
            own=self.own * free[:, :, None] * free[:, None],
            shared=self.shared * free[..., None],
            gradient_first=(self.gradient_first + (self.own @ change[..., None])[..., 0]) * free,
            gradient=self.gradient + np.einsum("nsq,ns->q", self.shared, change),
        )

    def reduced(self, damping: float) -> tuple[Array, Array, Array]:
        """Matrix and gradient of the rates alone, and the inverse of the runs' blocks."""
        diagonal = np.einsum("nii->ni", self.own)
        block = self.own + damping * diagonal[..., None] * np.eye(diagonal.shape[1])
        block = block + 1e-300 * np.eye(diagonal.shape[1])
        inverse = np.linalg.pinv(block, rcond=1e-14, hermitian=True)
        matrix = self.rates + damping * np.diag(np.diag(self.rates))
        matrix = matrix - np.einsum("nsq,nst,ntp->qp", self.shared, inverse, self.shared, optimize=True)
        gradient = self.gradient - np.einsum("nsq,nst,nt->q", self.shared, inverse, self.gradient_first, optimize=True)
        return matrix, gradient, inverse

    def promise(self) -> float:
        """Decrease of χ² at the minimum of the quadratic model."""
        matrix, gradient, inverse = self.reduced(1e-12)
        size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
        change = np.linalg.lstsq(matrix / np.outer(size, size), gradient / size, rcond=1e-12)[0]
        first = np.einsum("ns,nst,nt->", self.gradient_first, inverse, self.gradient_first)
        return float(gradient / size @ change + first)


def _arrow(problem: TrajectoryProblem, state: FitState) -> _Arrow:
    data = problem.data
    by_rate, by_first = sensitivities(
        problem.reactions,
        problem.constants(state.theta),
        state.history,
        data.time,
        problem.steps,
        problem.slopes(state.theta),
        problem.parameter,
    )
    runs, _, species = data.values.shape
    residual = (state.samples - data.values) * problem.inverse
    weight = problem.inverse
    if problem.robust:
        root = np.sqrt(np.minimum(1.0, HUBER / np.maximum(np.abs(residual), 1e-300)))
        residual, weight = residual * root, weight * root
    count = len(state.theta)
    if problem.sums is not None:
        by_rate = by_rate @ problem.sums
    if problem.held:
        by_rate = by_rate * ~np.isin(np.arange(count), problem.held)
    rate = (by_rate * weight[..., None]).reshape(runs, -1, count)
    first = (by_first * weight[..., None] * ~data.hidden).reshape(runs, -1, species)
    if problem.fixed_first:
        first = np.zeros_like(first)
    left = residual.reshape(runs, -1)
    turned = first.transpose(0, 2, 1)
    flat = rate.reshape(-1, count)
    return _Arrow(
        own=turned @ first,
        shared=turned @ rate,
        rates=flat.T @ flat,
        gradient_first=(turned @ left[..., None])[..., 0],
        gradient=flat.T @ left.ravel(),
    )


def information(problem: TrajectoryProblem, state: FitState) -> Information:
    """Second and first derivatives by the rate parameters at a state."""
    matrix, gradient, _ = _arrow(problem, state).reduced(0.0)
    return Information(matrix, gradient)


def fitted(
    problem: TrajectoryProblem,
    state: FitState,
    *,
    tolerance: float = 0.01,
    iterations: int = 40,
    hopeless: float = np.inf,
    drifts: bool = False,
) -> FitState:
    """The minimum near a state.

    Parameters
    ----------
    problem : TrajectoryProblem
        What is fitted.
    state : FitState
        Evaluated with the same problem.
    tolerance : float
        Decrease of χ² below which a step is the last.
    iterations : int
        Most steps.
    hopeless : float
        χ² above which the minimum is of no interest: where twice the promised decrease does not lead below it, or all
        steps that are left would not at the pace of the last one, the fit is given up.
    drifts : bool
        Whether rate constants rise by the longest step even if that promises nothing: far from the minimum, what the
        data do not show yet they may show after some such steps.
    """
    damping, tried = FIRST_DAMPING, 0
    for done in range(1, iterations + 1):
        arrow = _arrow(problem, state)
        if state.chi2 > hopeless and state.chi2 - 2 * arrow.promise() > hopeless:
            return state
        while True:
            trial = _step(problem, state, arrow, damping, 0.0 if drifts else NOTHING)
            tried += 1
            if trial is not None and trial.chi2 < state.chi2:
                break
            if tried > 2 * FEW and state.chi2 > FAR_OFF * hopeless:
                return state
            damping = max(8 * damping, SECOND_DAMPING)
            if damping > 1e6:
                return state
            if trial is not None and trial.chi2 - state.chi2 < tolerance and damping > 1e-2:
                return state
        gain, state, damping = state.chi2 - trial.chi2, trial, max(damping / 10, 1e-12)
        slow = done > FEW and state.chi2 - hopeless > gain * (iterations - done)
        if slow or gain < max(tolerance, 1e-10 * state.chi2):
            return state
    return state


def _step(problem: TrajectoryProblem, state: FitState, arrow: _Arrow, damping: float, least: float) -> FitState | None:
    """One step of Marquardt's; initial states that would fall below zero are put there, and the others follow.

    What would rise by the longest step and promises a decrease of χ² below ``least`` stays.
    """
    size = np.sqrt(np.maximum(np.diag(arrow.rates), 1e-300))
    empty = (state.first <= 0) & (arrow.gradient_first >= 0)
    for _ in range(EMPTIED):
        bound = arrow.emptied(state.first, empty)
        matrix, gradient, inverse = bound.reduced(damping)
        change = change_of(matrix / np.outer(size, size), gradient / size, size, least)
        right = bound.gradient_first + bound.shared @ change
        first = np.where(empty, 0.0, state.first - (inverse @ right[..., None])[..., 0])
        if np.all(first >= 0):
            break
        empty = empty | (first < 0)
    first = np.maximum(first, 0.0)
    theta = np.maximum(state.theta + change, LOWEST)
    return evaluate(problem, theta, first, state.history)
