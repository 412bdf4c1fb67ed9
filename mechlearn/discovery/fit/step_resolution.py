"""Integration steps as fine as the noise asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...simulation.mass_action.radau import refined
from .trajectory_fit import FitState, TrajectoryProblem, evaluate

Array = NDArray[np.float64]

LOCAL_ERROR = 0.05
"""Share of the noise that the error of an integration step may reach."""
HALVINGS = 30


def resolved(problem: TrajectoryProblem, state: FitState) -> tuple[TrajectoryProblem, FitState]:
    """Steps fine enough for the noise at this state, and the state on them."""
    allowed = LOCAL_ERROR * _least_deviation(problem, state)
    for _ in range(HALVINGS):
        constants = problem.constants(state.theta)
        steps = refined(
            problem.reactions,
            constants,
            state.history,
            problem.data.time,
            problem.steps,
            allowed[problem.steps.interval],
        )
        if steps is problem.steps:
            break
        closer = replace(problem, steps=steps)
        finer = evaluate(closer, state.theta, state.first)
        if finer is None:
            break
        problem, state = closer, finer
    return problem, state


def _least_deviation(problem: TrajectoryProblem, state: FitState) -> Array:
    """Noise at the two ends of each interval, the smaller one, shape (T − 1, N, S)."""
    deviation = problem.spread.deviation(state.samples).transpose(1, 0, 2)
    return np.minimum(deviation[1:], deviation[:-1])
