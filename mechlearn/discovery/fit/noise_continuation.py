"""A start for runs whose fast reactions end before the second sample: continuation in the noise level.

All candidates are fitted, ever more closely. Balances say nothing there, since no interpolation reaches across the
first interval; integration does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...chemistry.mechanism import Arrhenius
from ...chemistry.one_way import OneWayReaction
from ...data.noise.concentration_noise import Noise
from ...simulation.mass_action.steps import Steps
from ..candidates.trajectory_candidates import Candidates
from .outliers import noise_left
from .run_arrays import RunArrays
from .trajectory_fit import LEAST_DECREASE, fitted, information
from .trajectory_problem import FitState, TrajectoryProblem

RESOLVED_CHANGE = 0.03
"""Part of a species' range that the first interval may change in half of the runs and count as resolved."""
SUDDEN = 3.0
"""The same as a multiple of the change over the second interval."""
CERTAIN = 5.0
"""Standard deviations of the noise below which a change is none."""
LEAST_SAMPLES = 4
"""Of a run, for changes to be compared."""
FAINT = 0.01
"""Part of its reactants that a given reaction uses up at first where the balances show nothing of it."""
START_RATE = 3.0
"""Rate constants to start from, over the length of the runs, at the largest concentration."""
NOISE_LEVELS = (0.1, 0.01, 1e-3, 1e-4)
"""Noise, relative to each species' range, with which the data are taken to be measured, one after the other."""
UNKNOWN = 5.0
"""Standard error of ln k from which on a rate constant may be anything."""
SLOWED = (16.0, 8.0, 4.0, 2.0, 1.0)
"""By how much ln k of these is lowered, one after the other."""
REWEIGHTED = 2
"""Times that the noise is taken from the residuals after that."""


def faint_rate(direction: OneWayReaction, data: RunArrays) -> Arrhenius:
    """A rate constant with which a reaction does little over the length of the runs, at the largest concentration."""
    order = sum(direction.exponents)
    return Arrhenius(float(FAINT / data.time.max() / data.values.max() ** (order - 1.0)))


def has_unresolved_start(data: RunArrays, noise: Noise) -> bool:
    """Whether much happens between the first two samples."""
    if data.time.shape[1] < LEAST_SAMPLES:
        return False
    known = data.known[:, :3].all(axis=1)
    first, second = (np.abs(data.values[:, i + 1] - data.values[:, i]) for i in (0, 1))
    deviation = np.sqrt(np.sum(noise.deviation(data.values[:, :2]) ** 2, axis=1))
    sudden = known & (first > CERTAIN * deviation) & (first > SUDDEN * second)
    contributions = np.where(sudden, first / (data.span + 1e-300), 0.0)
    return bool((np.quantile(contributions, 0.5, axis=0, method="lower") > RESOLVED_CHANGE).any())


def continued_in_noise(
    pool: Candidates, data: RunArrays, noise: Noise, kind: str, deadline: float = np.inf
) -> FitState | None:
    """All candidates fitted to the trajectories from one rate, under noise that is claimed to be large at first.

    Last comes the noise that the residuals show, of that ``kind``: what neighbouring samples disagree by, ``noise``,
    is more of what happens between them than of noise where they are far apart. With ``auto`` it is relative unless
    the residuals of that fit say otherwise, since under absolute noise small concentrations say nothing of fast rates.
    """
    problem = replace(
        TrajectoryProblem.of(pool, data, noise, deadline), steps=Steps.from_the_first(data.time.shape[1] - 1)
    )
    span = data.span + 1e-300
    order = np.array([sum(each.exponents) for each in pool.written])
    theta = np.tile(problem.basis.usual, (len(order), 1))
    theta[:, 0] = np.log(START_RATE / data.time.max() / data.values.max() ** (order - 1.0))
    state = problem.evaluate(theta, data.first)
    least = float(np.median(noise.deviation(data.values) / span))
    for level in (each for each in NOISE_LEVELS if each > least):
        if state is not None:
            claimed = state.problem.with_weights(data.values, Noise(0.0, level * span))
            state = _fitted_under(claimed, state, deadline)
    if state is None:
        return None
    for own in ("relative", "absolute") if kind == "auto" else (kind,):
        weighted: FitState | None = state
        for _ in range(REWEIGHTED):
            weighted = weighted and _fitted_under(
                weighted.problem.with_weights(weighted.samples, noise_left(weighted, own)), weighted, deadline
            )
        if weighted is not None and (kind != "auto" or noise_left(weighted, kind).kind == own):
            break
    return weighted and _slowed(weighted)


def _slowed(state: FitState) -> FitState:
    """Rate constants that may be anything from some value on brought back to near that, where steps are long."""
    unknown = np.sqrt(np.diag(information(state).covariance())) > UNKNOWN
    for change in SLOWED:
        lower = np.zeros_like(state.theta)
        lower[:, 0] = change * unknown
        slower = state.moved(state.theta - lower)
        if slower is not None and slower.chi2 < state.chi2 + LEAST_DECREASE:
            state = slower
    return state


def _fitted_under(problem: TrajectoryProblem, state: FitState, deadline: float) -> FitState | None:
    again = state.under(problem)
    return again and fitted(again, tolerance=1.0, iterations=25, drifts=True, deadline=deadline)
