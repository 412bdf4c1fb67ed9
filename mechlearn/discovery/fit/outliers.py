"""What the model leaves of trajectories: noise, χ² per datum, and single values that stand out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from ...data.noise.concentration_noise import Noise, noise_in_residuals
from .trajectory_problem import FitState, TrajectoryProblem

OUTLIER = 5.0
"""Standard deviations from the model beyond which a value is an outlier."""
MOST_OUTLIERS = 50
LEAST_OF_HALF = 4
"""Values of a species in half of a run whose mean is looked at."""
CERTAINLY_SYSTEMATIC = 0.999
"""Probability with which noise alone gives less. Over clean draws of the examples it was never reached; temperatures
wrong by 1 K gave three to ten times as much."""
MOST_CORRELATION = 0.95
"""Of neighbouring residuals that is believed."""


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


def chi2_per_datum(state: FitState) -> float:
    """χ² per independent datum, at least one: what the model misses, and how far neighbours in time miss it alike."""
    score = state.scores
    correlation = float(np.sum(score[:, 1:] * score[:, :-1])) / max(float(np.sum(score**2)), 1e-300)
    correlation = min(max(correlation, 0.0), MOST_CORRELATION)
    neighbours = state.chi2 / state.problem.data.count * (1 + correlation) / (1 - correlation)
    return max(1.0, neighbours, systematic_misfit(state))


def systematic_misfit(state: FitState) -> float:
    """Mean square of what halves of runs are off by on average, over that of independent noise; 1 if that may be it.

    By it a wrong temperature, calibration or rate law shows that noise hides in single values. Data without noise
    have no such measure.
    """
    if state.problem.noise.clean:
        return 1.0
    scores, known = np.clip(state.scores, -OUTLIER, OUTLIER), state.problem.data.known
    halves = [slice(None, scores.shape[1] // 2), slice(scores.shape[1] // 2, None)]
    count = np.array([known[:, half].sum(axis=1) for half in halves])
    sums = np.array([scores[:, half].sum(axis=1) for half in halves])
    enough = count >= LEAST_OF_HALF
    means = int(enough.sum())
    if not means:
        return 1.0
    mean_square = float(np.mean(sums[enough] ** 2 / count[enough]))
    return mean_square if mean_square > chdtri(means, 1 - CERTAINLY_SYSTEMATIC) / means else 1.0


def chi2_without_reactions(problem: TrajectoryProblem) -> float:
    """χ² of runs in which nothing changes."""
    weight = problem.inverse**2
    mean = (weight * problem.data.values).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    return float(np.sum(weight * (problem.data.values - mean[:, None]) ** 2))


def noise_left(state: FitState, kind: str) -> Noise:
    """The noise as the residuals show it; of either kind with ``auto``."""
    data = state.problem.data
    residuals = np.where(data.known, state.samples - data.values, np.nan)
    species = data.values.shape[-1]
    largest = np.maximum(np.abs(data.values).max(axis=(0, 1)), 1e-300)
    noise = noise_in_residuals(residuals.reshape(-1, species), state.samples.reshape(-1, species), largest, kind)
    return noise.with_own(data.hidden, state.problem.noise.absolute)


def has_outliers(state: FitState) -> bool:
    """Whether any value is beyond `OUTLIER` standard deviations."""
    return bool(np.any(np.abs(state.scores) > OUTLIER))


def outliers(state: FitState, species: tuple[str, ...]) -> tuple[Outlier, ...]:
    """The values beyond `OUTLIER` standard deviations, the farthest first, at most `MOST_OUTLIERS`."""
    score, data = np.abs(state.scores), state.problem.data
    places = np.argwhere(score > OUTLIER)
    order = np.argsort(-score[tuple(places.T)], kind="stable")[:MOST_OUTLIERS]
    found = []
    for run, sample, column in places[order].tolist():
        at = run, sample, column
        values = (float(each[at]) for each in (data.values, state.samples, score))
        found.append(Outlier(data.names[run], float(data.time[run, sample]), species[column], *values))
    return tuple(found)
