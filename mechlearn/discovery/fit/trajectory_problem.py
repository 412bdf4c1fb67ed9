"""Reactions beside whole trajectories: how they are compared, and where a set of parameters leads.

Letters in shapes: N runs, T samples, S species, R one-way reactions, Q rate parameters, F free ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Integers
from ...data.noise.concentration_noise import Noise
from ...simulation.mass_action.mass_action_rates import MassAction
from ...simulation.mass_action.radau import DiscreteSolution, Steps, integrate, refined
from ..candidates.trajectory_candidates import Candidates, rows_of
from .run_arrays import RunArrays

HUBER = 3.0
"""Standard deviations beyond which a residual counts linearly."""
LOCAL_ERROR = 0.05
"""Part of the noise that the error of an integration step may reach."""
MOST_HALVINGS = 30
"""Of integration steps."""


@dataclass(frozen=True, eq=False)
class TrajectoryProblem:
    """Reactions and data, and how they are compared.

    Parameters
    ----------
    reactions : MassAction
    parameter : array of int, shape (R,)
        Which parameter is the rate constant of each reaction; halves with a given equilibrium have one together.
    offset : array, shape (N, R)
        What is added to the parameter to give ln k in each run.
    data : RunArrays
    noise : Noise
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
    parameter: Integers
    offset: Array
    data: RunArrays
    noise: Noise
    inverse: Array
    steps: Steps
    fixed_first: bool = False
    robust: bool = False
    held: tuple[int, ...] = ()
    sums: Array | None = None

    @classmethod
    def of(cls, pool: Candidates, data: RunArrays, noise: Noise) -> TrajectoryProblem:
        """A parameter for each candidate; weights from the data themselves."""
        offset = np.broadcast_to(pool.offset, (len(data.time), len(pool.offset)))
        steps = Steps.one_each(data.time.shape[1] - 1)
        problem = cls(pool.reactions, pool.parameter, offset, data, noise, np.zeros_like(data.values), steps)
        return problem.with_weights(data.values)

    def constants(self, theta: Array) -> Array:
        """Rate constants of each run, shape (N, R), for parameters of shape (F,)."""
        return np.asarray(np.exp(self.all_of(theta)[self.parameter] + self.offset))

    def all_of(self, theta: Array) -> Array:
        """All parameters, shape (Q,), from the free ones, shape (F,)."""
        return theta if self.sums is None else np.asarray(self.sums @ theta)

    def slopes(self, theta: Array) -> Array:
        """Derivatives of the rate constants by their parameters, or where those are −∞ by exp of them, shape (N, R)."""
        return self.constants(np.where(np.isfinite(theta), theta, 0.0))

    def with_weights(self, states: Array, noise: Noise | None = None) -> TrajectoryProblem:
        """Weights from the states of a model, shape (N, T, S)."""
        noise = noise or self.noise
        inverse = np.where(self.data.known, 1 / noise.deviation(states), 0.0)
        return replace(self, inverse=inverse, noise=noise)

    def only(self, kept: Integers) -> TrajectoryProblem:
        """The reactions of some of the parameters."""
        rows, parameter = rows_of(self.parameter, kept)
        return replace(self, reactions=self.reactions.select(rows), parameter=parameter, offset=self.offset[:, rows])

    def evaluate(self, theta: Array, first: Array, near: DiscreteSolution | None = None) -> FitState | None:
        """The time histories for given parameters, shape (F,), and initial states, shape (N, S), or None where they
        cannot be integrated.
        """
        history = integrate(self.reactions, self.constants(theta), first, self.data.time, self.steps, near)
        if history is None:
            return None
        samples = np.concatenate([history.nodes[:1], history.nodes[self.steps.samples + 1]]).transpose(1, 0, 2)
        size = np.abs(samples - self.data.values) * self.inverse
        loss = np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2) if self.robust else size**2
        return FitState(self, theta, first, history, samples, float(np.sum(loss)))


@dataclass(frozen=True, eq=False)
class FitState:
    """Parameters of a problem with the time histories that they give.

    Parameters
    ----------
    problem : TrajectoryProblem
    theta : array, shape (F,)
    first : array, shape (N, S)
    history : DiscreteSolution
    samples : array, shape (N, T, S)
    chi2 : float
        Sum of squared residuals over their deviation; with ``robust`` twice Huber's loss.
    """

    problem: TrajectoryProblem
    theta: Array
    first: Array
    history: DiscreteSolution
    samples: Array
    chi2: float

    @property
    def scores(self) -> Array:
        """Residuals over their standard deviation, shape (N, T, S); zero where nothing was measured."""
        return np.asarray((self.samples - self.problem.data.values) * self.problem.inverse)

    def under(self, problem: TrajectoryProblem) -> FitState | None:
        """The same parameters in another problem."""
        return problem.evaluate(self.theta, self.first, self.history)

    def moved(self, theta: Array) -> FitState | None:
        """Other rate parameters in the same problem."""
        return self.problem.evaluate(theta, self.first, self.history)

    def resolved(self) -> FitState:
        """The state on integration steps fine enough for the noise."""
        state = self
        deviation = self.problem.noise.deviation(self.samples).transpose(1, 0, 2)
        allowed = LOCAL_ERROR * np.minimum(deviation[1:], deviation[:-1])
        for _ in range(MOST_HALVINGS):
            problem = state.problem
            constants, errors = problem.constants(state.theta), allowed[problem.steps.interval]
            steps = refined(problem.reactions, constants, state.history, problem.data.time, problem.steps, errors)
            if steps is problem.steps:
                break
            finer = replace(problem, steps=steps).evaluate(state.theta, state.first)
            if finer is None:
                break
            state = finer
        return state
