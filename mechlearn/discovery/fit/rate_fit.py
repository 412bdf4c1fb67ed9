"""Least squares for the parameters of all rate laws together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Mask
from .balance_errors import BalanceErrors, errors_left
from .levenberg_marquardt import Damping
from .production_states import Driving, Flux, ProductionStates
from .rate_law_terms import Law, Surroundings
from .scaled_matrices import normal_equations, solution_of

LONGEST_STEP = 2.0
FIRST_DAMPING = 1e-2
DAMPING = Damping()


@dataclass(frozen=True, eq=False)
class RateLawProblem:
    """States, the reactions that may explain their production, and what rate laws see of the states."""

    states: ProductionStates
    reactions: Driving
    around: Surroundings

    def part(self, chosen: Mask) -> RateLawProblem:
        """The balances marked true, with the states that they need."""
        states = self.states.rows(chosen)
        if states.operator is not None:
            return replace(self, states=states)
        return RateLawProblem(states, self.reactions.at(chosen), self.around.at(chosen))

    def with_target(self, target: Array) -> RateLawProblem:
        """The same with another production to explain, shape (M, S)."""
        return replace(self, states=replace(self.states, target=target))

    def net(self, law: Law) -> Array:
        """Net vector of the reaction of a law, shape (S,)."""
        return np.asarray(self.reactions.net[law.reaction])

    def progress(self, law: Law) -> Array:
        """Balances of the rate of progress of a law, shape (M,)."""
        return self.states.observe(law.evaluate(self.around)[0] * self.reactions.difference[:, law.reaction])

    def production(self, law: Law) -> Array:
        """What a law makes of each species, shape (M, S)."""
        return np.asarray(self.progress(law)[:, None] * self.net(law))

    def contribution(self, law: Law, flux: Flux) -> float:
        """95 % quantile of the largest contribution of a law to what a species gains and loses."""
        return flux.contribution(self.progress(law), self.net(law))

    def slopes(self, laws: Sequence[Law]) -> tuple[Array, list[int]]:
        """Derivatives of the balances of progress by all parameters, shape (M, P), and the reaction of each."""
        each = [law.evaluate(self.around)[1] * self.reactions.difference[:, law.reaction, None] for law in laws]
        owner = [law.reaction for law, slopes in zip(laws, each, strict=True) for _ in range(slopes.shape[1])]
        return self.states.observe(np.concatenate(each, axis=1)), owner

    def flux(self, laws: Sequence[Law]) -> Flux:
        """What all laws make of all species."""
        reactions = self.reactions.select(np.array([law.reaction for law in laws]))
        constants = np.stack([law.evaluate(self.around)[0] for law in laws], axis=1)
        drives = reactions.difference, np.abs(reactions.difference), reactions.total
        progress, net, gross = (self.states.observe(constants * drive) for drive in drives)
        size = np.abs(reactions.net)
        return Flux(progress @ reactions.net.astype(float), net @ size, gross @ size)


@dataclass(frozen=True, eq=False)
class RateLawFit:
    """Laws with the parameters that fit best, their flux, and the normal equations."""

    laws: tuple[Law, ...]
    flux: Flux
    loss: float
    normal: Array


@dataclass(frozen=True, eq=False)
class _Trial:
    laws: tuple[Law, ...]
    slopes: Array
    residual: Array

    @property
    def loss(self) -> float:
        return float(np.sum(self.residual**2))


def fit_laws(
    problem: RateLawProblem, laws: tuple[Law, ...], weights: Array, *, iterations: int = 40, tolerance: float = 1e-4
) -> RateLawFit:
    """Levenberg–Marquardt on all parameters, by normal equations gathered species by species.

    Parameters
    ----------
    problem : RateLawProblem
        With the production to explain.
    laws : tuple of Law
        Where to start.
    weights : array, shape (M, S)
        One over the deviation of each balance.
    iterations : int
        Most steps.
    tolerance : float
        Relative decrease of the loss below which, twice in turn, a step is the last.
    """
    states, reactions = problem.states, problem.reactions.select(np.array([law.reaction for law in laws]))
    net, drive = reactions.net.astype(float), reactions.difference
    sizes = [len(law.parameters()) for law in laws]
    owner, ends = np.repeat(np.arange(len(laws)), sizes), np.cumsum(sizes)[:-1]

    def tried(laws: tuple[Law, ...]) -> _Trial:
        parts = [law.evaluate(problem.around) for law in laws]
        progress = states.observe(np.stack([value for value, _ in parts], axis=1) * drive)
        slopes = np.concatenate([slope for _, slope in parts], axis=1)
        return _Trial(laws, slopes, (progress @ net - states.target) * weights)

    def equations(at: _Trial) -> tuple[Array, Array]:
        return normal_equations(states.observe(at.slopes * drive[:, owner]), net[owner], weights, at.residual)

    def attempt(damping: float) -> _Trial:
        diagonal = np.maximum(np.diag(normal), 1e-9 * np.diag(normal).max(initial=1e-300))
        step = np.clip(-_solution(normal + damping * np.diag(diagonal), gradient), -LONGEST_STEP, LONGEST_STEP)
        moved = np.split(np.concatenate([law.parameters() for law in best.laws]) + step, ends)
        return tried(tuple(law.with_parameters(p) for law, p in zip(best.laws, moved, strict=True)))

    def is_better(trial: _Trial) -> bool:
        return trial.loss < best.loss

    best, normal, damping, stalls = tried(laws), np.zeros((len(owner), len(owner))), FIRST_DAMPING, 0
    for _ in range(iterations):
        normal, gradient = equations(best)
        step = DAMPING.better_step(attempt, is_better, damping)
        if step is None:
            break
        better, damping = step
        stalls, best = (stalls + 1 if better.loss > (1 - tolerance) * best.loss else 0), better
        if stalls >= 2:
            break
    return RateLawFit(best.laws, problem.flux(best.laws), best.loss, normal)


def _solution(matrix: Array, right: Array) -> Array:
    size = np.sqrt(np.diag(matrix))
    try:
        return np.asarray(np.linalg.solve(matrix / np.outer(size, size), right / size) / size)
    except np.linalg.LinAlgError:
        return solution_of(matrix, right, 1e-12)


def fitted_with_errors(
    problem: RateLawProblem, laws: tuple[Law, ...], errors: BalanceErrors
) -> tuple[RateLawFit, BalanceErrors]:
    """All parameters together, the weights following the errors that are left."""
    fit = fit_laws(problem, laws, errors.weights(problem.flux(laws)))
    for _ in range(2):
        errors = errors_left(problem.states.target, fit.flux, problem.states.noise)
        fit = fit_laws(problem, fit.laws, errors.weights(fit.flux))
    return fit, errors_left(problem.states.target, fit.flux, problem.states.noise)
