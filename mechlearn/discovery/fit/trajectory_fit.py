"""Least squares on whole trajectories: Levenberg–Marquardt in ln k and activation energies, the initial states
eliminated run by run.

Letters in shapes: N runs, T samples, S species, Q rate constants, F free ones, P parameters of each. Vectors of all
parameters, shape (P F,), hold ln k at the reference temperature first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Mask
from ...simulation.mass_action.radau import sensitivities
from .levenberg_marquardt import LEAST_DAMPING, Damping
from .scaled_matrices import sizes_of, solution_of
from .trajectory_problem import HUBER, FitState

LOWEST = -690.0
"""Smallest ln k."""
LONGEST_STEP = 2.0
"""Largest change of any ln k in one step."""
MOST_EMPTIED = 5
"""Times that a step is computed again, with the initial states at zero that it would bring below."""
DAMPING = Damping(raised=8.0, lowered=10.0, most=1e6, after_refusal=1e-4)
"""None at first, since a valley along which only a ratio of rate constants is known may be very flat."""
STEEPEST = 1e100
FIRST_STEPS = 5
"""Steps after which a fit that is too slow to come below a limit is given up."""
FAR_OFF = 10.0
"""χ² over a limit at which twice as many time histories, tried for these steps, are the last."""
LEAST_DECREASE = 0.01
"""Decrease of χ² for which no rate constant goes far."""


@dataclass(frozen=True, eq=False)
class Information:
    """Derivatives of χ²/2 by parameters, all others eliminated.

    Parameters
    ----------
    normal : array, shape (F, F) or (P F, P F)
    gradient : array, shape (F,) or (P F,)
    """

    normal: Array
    gradient: Array

    def covariance(self) -> Array:
        """Inverse of the normal matrix.

        It is scaled before inversion, so that tiny parameters keep their error, and what the data do not distinguish to
        round-off has a large one, not none.
        """
        size = np.outer(sizes_of(self.normal), sizes_of(self.normal))
        values, vectors = np.linalg.eigh(self.normal / size)
        inverse = (vectors / np.maximum(values, 1e-13 * values.max(initial=1e-200))) @ vectors.T
        with np.errstate(over="ignore"):  # of a reaction that does nothing anything may be
            return np.asarray(inverse / size)

    def of_first(self, count: int) -> Information:
        """Of the first parameters, the others as they are."""
        return Information(self.normal[:count, :count], self.gradient[:count])


@dataclass(frozen=True, eq=False)
class _NormalEquations:
    """With a block for each run's initial state."""

    own: Array
    shared: Array
    rates: Array
    gradient_first: Array
    gradient: Array

    @classmethod
    def of(cls, state: FitState) -> _NormalEquations:
        problem, data = state.problem, state.problem.data
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
        residual, weight = state.scores, problem.inverse
        if problem.robust:
            root = np.sqrt(np.minimum(1.0, HUBER / np.maximum(np.abs(residual), 1e-300)))
            residual, weight = residual * root, weight * root
        if problem.sums is not None:
            by_rate = by_rate @ problem.sums
        if problem.held:
            by_rate[..., 0, list(problem.held)] = 0.0
        count = state.theta.size
        by_rate = by_rate.reshape(*by_rate.shape[:3], count)
        rate = _bounded((by_rate * weight[..., None]).reshape(runs, -1, count))
        first = _bounded((by_first * weight[..., None] * ~data.hidden).reshape(runs, -1, species))
        if problem.fixed_first:
            first = np.zeros_like(first)
        turned, flat = first.transpose(0, 2, 1), rate.reshape(-1, count)
        gradient_first = (turned @ residual.reshape(runs, -1, 1))[..., 0]
        slope = problem.prior.inverse[: len(state.theta)].T.ravel()
        scores = problem.prior.scores(state.theta).T.ravel()
        rates, gradient = flat.T @ flat + np.diag(slope**2), flat.T @ residual.ravel() + slope * scores
        return cls(turned @ first, turned @ rate, rates, gradient_first, gradient)

    def emptied(self, first: Array, empty: Mask) -> _NormalEquations:
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
        matrix, gradient, inverse = self.reduced(LEAST_DAMPING)
        first = np.einsum("ns,nst,nt->", self.gradient_first, inverse, self.gradient_first)
        return float(gradient @ solution_of(matrix, gradient, 1e-12) + first)


def _bounded(slopes: Array) -> Array:
    """Derivatives of which squares can be added; those of time histories that run away may not be finite."""
    if np.abs(slopes).max(initial=0.0) < STEEPEST:
        return slopes
    return np.clip(np.nan_to_num(slopes, nan=0.0), -STEEPEST, STEEPEST)


def full_information(state: FitState) -> Information:
    """Second and first derivatives by all parameters of rate constants at a state, initial states eliminated."""
    return Information(*_NormalEquations.of(state).reduced(0.0)[:2])


def information(state: FitState) -> Information:
    """Second and first derivatives by ln k at the reference temperature, energies and initial states eliminated."""
    full, count = full_information(state), len(state.theta)
    if state.problem.basis.count == 1:
        return full
    energies, side = full.normal[count:, count:], full.normal[:count, count:]
    onto = np.linalg.solve(energies, side.T)
    return Information(
        full.normal[:count, :count] - side @ onto, full.gradient[:count] - onto.T @ full.gradient[count:]
    )


def fitted(
    state: FitState,
    *,
    tolerance: float = 0.01,
    iterations: int = 40,
    hopeless: float = np.inf,
    drifts: bool = False,
    deadline: float = np.inf,
) -> FitState:
    """The minimum near a state.

    Parameters
    ----------
    state : FitState
        Where to start.
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
    deadline : float
        Time of the monotonic clock [s] after which no step begins.
    """
    damping, least, tried = LEAST_DAMPING, 0.0 if drifts else LEAST_DECREASE, 0

    def attempt(damping: float) -> FitState | None:
        nonlocal tried
        tried += 1
        return _step(state, equations, damping, least)

    def is_better(trial: FitState) -> bool:
        return trial.chi2 < state.chi2

    def gives_up(trial: FitState | None, damping: float) -> bool:
        far_off = tried > 2 * FIRST_STEPS and state.chi2 > FAR_OFF * hopeless
        over = time.monotonic() > deadline
        return far_off or over or (trial is not None and trial.chi2 - state.chi2 < tolerance and damping > 1e-2)

    for done in range(1, iterations + 1):
        if time.monotonic() > deadline:
            return state
        equations = _NormalEquations.of(state)
        if state.chi2 > hopeless and state.chi2 - 2 * equations.promise() > hopeless:
            return state
        step = DAMPING.better_step(attempt, is_better, damping, gives_up)
        if step is None:
            return state
        trial, damping = step
        gain, state = state.chi2 - trial.chi2, trial
        slow = done > FIRST_STEPS and state.chi2 - hopeless > gain * (iterations - done)
        if slow or gain < max(tolerance, 1e-10 * state.chi2):
            return state
    return state


def _step(state: FitState, equations: _NormalEquations, damping: float, least: float) -> FitState | None:
    """One step of Marquardt's; initial states that would fall below zero are put there, and the others follow.

    What would rise by the longest step and promises a decrease of χ² below ``least`` stays.
    """
    size = sizes_of(equations.rates)
    empty = (state.first <= 0) & (equations.gradient_first >= 0)
    for _ in range(MOST_EMPTIED):
        bound = equations.emptied(state.first, empty)
        matrix, gradient, inverse = bound.reduced(damping)
        change = _change(matrix / np.outer(size, size), gradient / size, size, least)
        right = bound.gradient_first + bound.shared @ change
        first = np.where(empty, 0.0, state.first - (inverse @ right[..., None])[..., 0])
        if np.all(first >= 0):
            break
        empty = empty | (first < 0)
    theta = state.theta + change.reshape(-1, len(state.theta)).T
    theta[:, 0] = np.maximum(theta[:, 0], LOWEST)
    return state.problem.evaluate(theta, np.maximum(first, 0.0), state.history)


def _change(scaled: Array, gradient: Array, size: Array, least: float) -> Array:
    """Change of the rate parameters at the minimum of a quadratic model of χ²/2, each by the longest step at most.

    Those that would rise by that stay where they are if their rise promises less than ``least``: of a reaction too fast
    to be seen the fit knows no end.
    """

    def solved(which: Mask) -> Array:
        found, part = np.zeros_like(size), scaled[np.ix_(which, which)]
        change = -np.linalg.lstsq(part + 1e-13 * np.eye(len(part)), gradient[which], rcond=None)[0] / size[which]
        found[which] = np.clip(change, -LONGEST_STEP, LONGEST_STEP)
        return found

    def promised(change: Array) -> float:
        return float(-2 * gradient @ change - change @ scaled @ change)

    change = solved(np.ones(len(size), dtype=bool))
    close = change < LONGEST_STEP
    if least and not close.all():
        less = solved(close)
        if promised(size * change) - promised(size * less) < least:
            return less
    return change
