"""Single values that stand out of the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...data.noise.concentration_noise import Noise, noise_in_residuals
from .run_arrays import RunArrays
from .trajectory_fit import FitState, TrajectoryProblem

Array = NDArray[np.float64]

FAR = 5.0
"""Standard deviations from the model beyond which a value is an outlier."""
MOST = 50
MOST_ALIKE = 0.95
"""Correlation of neighbouring residuals that is believed at most."""


@dataclass(frozen=True)
class Outlier:
    """A value that the model misses by far more than the noise.

    Parameters
    ----------
    run : str
    time : float
        Since the start of the run [s].
    species : str
    value, expected : float
        Measured, and by the model [kmol/m³].
    deviations : float
        Their distance in standard deviations of the noise.
    """

    run: str
    time: float
    species: str
    value: float
    expected: float
    deviations: float


def scores(problem: TrajectoryProblem, state: FitState) -> Array:
    """Residuals over their standard deviation, shape (N, T, S); zero where nothing was measured."""
    return np.asarray((state.samples - problem.data.values) * problem.inverse)


def left_over(problem: TrajectoryProblem, state: FitState) -> float:
    """χ² per independent datum, at least one: what the model misses, and how far neighbours in time miss it alike."""
    score = scores(problem, state)
    size = float(np.sum(score**2))
    alike = float(np.sum(score[:, 1:] * score[:, :-1])) / max(size, 1e-300)
    alike = min(max(alike, 0.0), MOST_ALIKE)
    return max(1.0, state.chi2 / problem.data.count * (1 + alike) / (1 - alike))


def chi2_of_still_runs(problem: TrajectoryProblem) -> float:
    """χ² of runs in which nothing changes."""
    weight = problem.inverse**2
    mean = (weight * problem.data.values).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    return float(np.sum(weight * (problem.data.values - mean[:, None]) ** 2))


def noise_left(problem: TrajectoryProblem, state: FitState, kind: str) -> Noise:
    """The noise as the residuals show it; of either kind with ``auto``."""
    data = problem.data
    residuals = np.where(data.known, state.samples - data.values, np.nan)
    species = data.values.shape[-1]
    largest = np.maximum(np.abs(data.values).max(axis=(0, 1)), 1e-300)
    spread = noise_in_residuals(residuals.reshape(-1, species), state.samples.reshape(-1, species), largest, kind)
    return spread.with_own(data.hidden, problem.spread.absolute)


def outliers(problem: TrajectoryProblem, state: FitState, species: tuple[str, ...]) -> tuple[Outlier, ...]:
    """The values beyond `FAR` standard deviations, the farthest first, at most `MOST`."""
    score, data = np.abs(scores(problem, state)), problem.data
    places = np.argwhere(score > FAR)
    order = np.argsort(-score[tuple(places.T)], kind="stable")[:MOST]
    return tuple(_outlier(data, state, score, species, *(int(i) for i in places[o])) for o in order)


def _outlier(
    data: RunArrays, state: FitState, score: Array, species: tuple[str, ...], run: int, sample: int, column: int
) -> Outlier:
    return Outlier(
        run=data.names[run],
        time=float(data.time[run, sample]),
        species=species[column],
        value=float(data.values[run, sample, column]),
        expected=float(state.samples[run, sample, column]),
        deviations=float(score[run, sample, column]),
    )
