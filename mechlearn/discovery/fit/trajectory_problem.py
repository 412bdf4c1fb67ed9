"""Reactions beside whole trajectories: how they are compared, and where a set of parameters leads.

Letters in shapes: N runs, T samples, S species, R one-way reactions, Q rate constants, F free ones, P parameters of
each, L steps, K stages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from ...chemistry.arrays import Array, Integers
from ...data.noise.concentration_noise import Noise
from ...simulation.mass_action.mass_action_rates import MassAction
from ...simulation.mass_action.radau import DiscreteSolution, integrate, refined
from ...simulation.mass_action.steps import Steps
from ..candidates.trajectory_candidates import Candidates, rows_of
from .rate_prior import RatePrior
from .run_arrays import RunArrays
from .temperature_basis import LogOffset, TemperatureBasis

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
        Which parameters are of the rate constant of each reaction; halves with a given equilibrium have one together.
    basis : TemperatureBasis
        How parameters give rate constants at any temperature.
    offset : LogOffset
        What is added to give ln k of each reaction.
    prior : RatePrior
        What is known of the parameters before the data.
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
        Rate constants that stay as they are at the reference temperature.
    sums : array, shape (Q, F), or None
        Where parameters are sums of fewer free ones: by what those are multiplied.
    deadline : float
        Time of the monotonic clock [s] after which nothing is integrated.
    """

    reactions: MassAction
    parameter: Integers
    basis: TemperatureBasis
    offset: LogOffset
    prior: RatePrior
    data: RunArrays
    noise: Noise
    inverse: Array
    steps: Steps
    fixed_first: bool = False
    robust: bool = False
    held: tuple[int, ...] = ()
    sums: Array | None = None
    deadline: float = np.inf

    @classmethod
    def of(cls, pool: Candidates, data: RunArrays, noise: Noise, deadline: float = np.inf) -> TrajectoryProblem:
        """Parameters for each candidate; weights from the data themselves."""
        steps, basis = Steps.one_each(data.time.shape[1] - 1), TemperatureBasis.of(data.temperature)
        weights = np.zeros_like(data.values)
        prior = RatePrior.of(pool, basis)
        problem = cls(pool.reactions, pool.parameter, basis, pool.offset, prior, data, noise, weights, steps)
        return replace(problem.with_weights(data.values), deadline=deadline)

    def constants(self, theta: Array) -> Array:
        """Rate constants at the stages of the steps, shape (L or 1, N, K, R), for parameters of shape (F, P)."""
        functions, offset = self._at_stages
        return np.asarray(np.exp((functions @ self.all_of(theta).T)[..., self.parameter] + offset))

    def constants_at(self, theta: Array, temperature: Array) -> Array:
        """Rate constants at temperatures [K] of any shape, (..., R)."""
        log_k = (self.basis.values(temperature) @ self.all_of(theta).T)[..., self.parameter]
        return np.asarray(np.exp(log_k + self.offset.at(temperature)))

    @cached_property
    def _at_stages(self) -> tuple[Array, Array]:
        """The functions of temperature and the offsets at the stages of the steps."""
        temperature = self.data.stage_temperature(self.steps)
        return self.basis.values(temperature), self.offset.at(temperature)

    def all_of(self, theta: Array) -> Array:
        """All parameters, shape (Q, P), from the free ones, shape (F, P)."""
        return theta if self.sums is None else np.asarray(self.sums @ theta)

    def slopes(self, theta: Array) -> Array:
        """Derivatives of the rate constants by their parameters, shape (L or 1, N, K, P, R).

        Where ln k is −∞, by k at the reference temperature instead of it.
        """
        functions, _ = self._at_stages
        finite = theta.copy()
        finite[:, 0] = np.where(np.isfinite(theta[:, 0]), theta[:, 0], 0.0)
        slopes = self.constants(theta)[..., None, :] * functions[..., None]
        slopes[..., 0, :] = self.constants(finite)
        return np.asarray(slopes)

    def with_weights(self, states: Array, noise: Noise | None = None) -> TrajectoryProblem:
        """Weights from the states of a model, shape (N, T, S)."""
        noise = noise or self.noise
        deviation = noise.deviation(states)
        inverse = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=self.data.known & (deviation > 0))
        return replace(self, inverse=inverse, noise=noise)

    def only(self, kept: Integers) -> TrajectoryProblem:
        """The reactions of some of the parameters."""
        rows, parameter = rows_of(self.parameter, kept)
        reactions, offset = self.reactions.select(rows), self.offset.only(rows)
        return replace(self, reactions=reactions, parameter=parameter, offset=offset, prior=self.prior.only(kept))

    def evaluate(self, theta: Array, first: Array, near: DiscreteSolution | None = None) -> FitState | None:
        """The time histories for given parameters, shape (F, P), and initial states, shape (N, S), or None where they
        cannot be integrated, or time is over.
        """
        constants, time = self.constants(theta), self.data.time
        history = integrate(self.reactions, constants, first, time, self.steps, near, self.deadline)
        if history is None:
            return None
        samples = np.concatenate([history.nodes[:1], history.nodes[self.steps.samples + 1]]).transpose(1, 0, 2)
        size = np.abs(samples - self.data.values) * self.inverse
        loss = np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2) if self.robust else size**2
        prior = float(np.sum(self.prior.scores(theta) ** 2))
        return FitState(self, theta, first, history, samples, float(np.sum(loss)) + prior)


@dataclass(frozen=True, eq=False)
class FitState:
    """Parameters of a problem with the time histories that they give.

    Parameters
    ----------
    problem : TrajectoryProblem
    theta : array, shape (F, P)
    first : array, shape (N, S)
    history : DiscreteSolution
    samples : array, shape (N, T, S)
    chi2 : float
        Sum of squared residuals over their deviation; with ``robust`` twice Huber's loss. With what the prior of
        parameters adds.
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
            steps = refined(
                problem.reactions,
                partial(_constants_on, problem, state.theta),
                state.history,
                problem.data.time,
                problem.steps,
                allowed[problem.steps.interval],
            )
            if steps is problem.steps:
                break
            finer = replace(problem, steps=steps).evaluate(state.theta, state.first)
            if finer is None:
                break
            state = finer
        return state


def _constants_on(problem: TrajectoryProblem, theta: Array, steps: Steps) -> Array:
    return replace(problem, steps=steps).constants(theta)
