"""A set of candidates with the fit that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..fit.trajectory_problem import FitState, TrajectoryProblem


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

    def freed(self) -> ReactionSet:
        """The same with a free parameter for each candidate."""
        theta, problem = self.problem.all_of(self.state.theta), replace(self.problem, sums=None)
        return replace(self, state=replace(self.state, theta=theta, problem=problem))
