"""A start for runs whose fast reactions end before the second sample: the whole library, fitted ever more closely.

Balances say nothing there, since no interpolation reaches across the first interval; integration does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...data.noise.concentration_noise import Noise
from ...simulation.mass_action.radau import Steps
from ..candidates.trajectory_candidates import Candidates
from .outliers import noise_left
from .run_arrays import RunArrays
from .trajectory_fit import NOTHING, FitState, TrajectoryProblem, evaluate, fitted, information

Array = NDArray[np.float64]

JUMP = 0.03
"""Share of a species' range that the first interval may change in half of the runs and count as resolved."""
SUDDEN = 3.0
"""The same as a multiple of the change over the second interval."""
CERTAIN = 5.0
"""Standard deviations of the noise below which a change is none."""
FEWEST = 4
"""Samples of a run that it takes to tell."""
PACE = 3.0
"""Rate constants to start from, over the length of the runs, at the largest concentration."""
CLAIMED = (0.1, 0.01, 1e-3, 1e-4)
"""Noise, as a share of each species' range, with which the data are taken to be measured, one after the other."""
VAGUE = 5.0
"""Standard error of ln k from which on a rate constant may be anything."""
SLOWED = (16.0, 8.0, 4.0, 2.0, 1.0)
"""By how much ln k of these is lowered, one after the other."""
REWEIGHTED = 2
"""Times that the noise is taken from the residuals after that."""


def jumps(data: RunArrays, spread: Noise) -> bool:
    """Whether much happens between the first two samples."""
    if data.time.shape[1] < FEWEST:
        return False
    known = data.known[:, :3].all(axis=1)
    span = np.ptp(np.where(data.known, data.values, 0.0), axis=(0, 1)) + 1e-300
    first, second = (np.abs(data.values[:, i + 1] - data.values[:, i]) for i in (0, 1))
    noise = np.sqrt(np.sum(spread.deviation(data.values[:, :2]) ** 2, axis=1))
    sudden = known & (first > CERTAIN * noise) & (first > SUDDEN * second)
    shares = np.where(sudden, first / span, 0.0)
    return bool((np.quantile(shares, 0.5, axis=0, method="lower") > JUMP).any())


def continued_in_noise(
    pool: Candidates, data: RunArrays, spread: Noise, kind: str
) -> tuple[TrajectoryProblem, FitState] | None:
    """All candidates fitted to the trajectories from one pace, under noise that is claimed to be large at first.

    Last comes the noise that the residuals show, of that ``kind``: what neighbouring samples disagree by, ``spread``,
    is more of what happens between them than of noise where they are far apart. With ``auto`` it is relative unless
    the residuals of that fit say otherwise, since under absolute noise small concentrations say nothing of fast rates.
    """
    problem = replace(TrajectoryProblem.of(pool, data, spread), steps=Steps.from_the_first(data.time.shape[1] - 1))
    span = np.ptp(np.where(data.known, data.values, 0.0), axis=(0, 1)) + 1e-300
    order = np.array([sum(each.reactants) for each in pool.written])
    theta = np.log(PACE / data.time.max() / data.values.max() ** (order - 1.0))
    state = evaluate(problem, theta, data.first)
    least = float(np.median(spread.deviation(data.values) / span))
    for claimed in (each for each in CLAIMED if each > least):
        if state is not None:
            problem, state = _closer(problem.with_weights(data.values, Noise(0.0, claimed * span)), state)
    if state is None:
        return None
    for own in ("relative", "absolute") if kind == "auto" else (kind,):
        settled = _settled(problem, state, own)
        if settled is not None and (kind != "auto" or noise_left(*settled, kind).kind == own):
            break
    return None if settled is None else (settled[0], _slowed(*settled))


def _settled(
    problem: TrajectoryProblem, state: FitState | None, kind: str
) -> tuple[TrajectoryProblem, FitState] | None:
    """Fitted under the noise that the residuals show."""
    for _ in range(REWEIGHTED):
        if state is not None:
            problem, state = _closer(problem.with_weights(state.samples, noise_left(problem, state, kind)), state)
    return None if state is None else (problem, state)


def _slowed(problem: TrajectoryProblem, state: FitState) -> FitState:
    """Rate constants that may be anything from some value on brought back to near that, where steps are long."""
    vague = np.sqrt(np.diag(information(problem, state).covariance())) > VAGUE
    for change in SLOWED:
        slower = evaluate(problem, state.theta - change * vague, state.first, state.history)
        if slower is not None and slower.chi2 < state.chi2 + NOTHING:
            state = slower
    return state


def _closer(problem: TrajectoryProblem, state: FitState) -> tuple[TrajectoryProblem, FitState | None]:
    again = evaluate(problem, state.theta, state.first, state.history)
    return problem, None if again is None else fitted(problem, again, tolerance=1.0, iterations=25, drifts=True)
