"""A set of candidates with the fit that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..fit.trajectory_problem import FitState, TrajectoryProblem
from ..fit.trajectory_result import CompetingNetwork


@dataclass(frozen=True, eq=False)
class ReactionSet:
    """A set of candidates, fitted.

    Parameters
    ----------
    kept : tuple of int
        Numbers of the candidates.
    state : FitState
    cost : float
        χ² over its scale, plus the threshold for each reaction.
    """

    kept: tuple[int, ...]
    state: FitState
    cost: float

    @property
    def problem(self) -> TrajectoryProblem:
        """With the reactions of the set alone."""
        return self.state.problem

    @property
    def as_competing(self) -> CompetingNetwork:
        """The one-way reactions with the Arrhenius laws that they follow at the temperatures of the data."""
        problem, temperature = self.problem, self.problem.data.temperature
        basis, log_k = problem.basis, np.log(problem.constants_at(self.state.theta, temperature))
        laws = [basis.law(basis.fitted(temperature, log_k[..., i])) for i in range(log_k.shape[-1])]
        return CompetingNetwork(problem.reactions.directions, tuple(laws))

    def freed(self) -> ReactionSet:
        """The same with a free parameter for each candidate."""
        theta, problem = self.problem.all_of(self.state.theta), replace(self.problem, sums=None)
        return replace(self, state=replace(self.state, theta=theta, problem=problem))
