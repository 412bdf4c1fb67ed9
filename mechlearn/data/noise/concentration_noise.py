"""How noisy concentrations are, from what neighbouring samples of a run disagree by.

Letters in shapes: N samples, S species.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from ...chemistry.arrays import Array, Mask
from ..measured_means import measured_means
from ..trajectories import Trajectories, check_magnitudes

PER_MEDIAN = 1 / 0.6745
"""Standard deviation of a normal variable whose median size is 1."""
NORMAL_WIDTH = 0.612
"""Width of Cauchy's law that fits normal values of standard deviation 1 best."""
FOURTH = np.sqrt(70.0)
"""Standard deviation of fourth differences of independent values of standard deviation 1."""
LEAST_FOR_CORRELATION = 5
"""Samples of a run from which on fourth differences have neighbours."""
RANDOM_CORRELATION = -0.4
"""Halfway to that of independent values."""
FLOOR = 1e-3
"""Part of a species' largest concentration below which relative noise is not believed."""
INFORMATIVE = 0.01
"""The same from which on a value shows how large relative noise is."""
WITHOUT_FIRST = 7
"""Samples from which on the first is left out, as fast reactions may come to an end before the second."""
NEIGHBOURS = (0, 1, 3, 4)
"""Places of the samples around the middle one of five."""
OUTLIER_DEVIATIONS = 10.0
"""Standard deviations beyond all its neighbours from which on a value stands out."""
OUTLIER_RANGES = 2.0
"""Ranges of its neighbours, to be added where those do not rise or fall all along."""
MINIMUM_NOISE = 1e-5
"""Noise of data that show none, relative to the concentrations."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Standard deviation of measured concentrations: a part relative to the value and a constant one.

    Parameters
    ----------
    relative : float
        Relative to the value.
    absolute : array, shape (S,)
        Constant part of each species [kmol/m³].
    combined : bool
        Whether the data show both parts; else the constant part of relative noise is a least one.
    """

    relative: float
    absolute: Array
    combined: bool = False

    def deviation(self, concentrations: Array) -> Array:
        """Standard deviation [kmol/m³] at concentrations of shape (..., S)."""
        return np.asarray(np.hypot(self.relative * concentrations, self.absolute))

    def scaled(self, factor: float) -> Noise:
        """The same with all deviations multiplied."""
        return Noise(self.relative * factor, self.absolute * factor, self.combined)

    def with_own(self, which: Mask, deviations: Array) -> Noise:
        """The same with other constant parts of some species, both of shape (S,)."""
        return Noise(self.relative, np.where(which, deviations, self.absolute), self.combined)

    @property
    def kind(self) -> str:
        """``relative``, ``absolute`` or ``combined``."""
        return "combined" if self.combined else "relative" if self.relative > 0 else "absolute"

    @property
    def clean(self) -> bool:
        """Whether it is the least that is believed, of data that show none."""
        return 0 < self.relative <= 2 * MINIMUM_NOISE

    @property
    def text(self) -> str:
        """In words, for messages."""
        constant = f"at most {self.absolute.max():.2g} kmol/m^3"
        if self.relative == 0:
            return constant
        return f"{100 * self.relative:.2g} % of each concentration" + f" and {constant}" * self.combined


def estimate_noise(runs: Trajectories, kind: str = "auto") -> Noise:
    """The noise of concentrations, from the fourth differences of neighbouring samples.

    Parameters
    ----------
    runs : Trajectories
        With five samples at least.
    kind : str
        ``relative``, ``absolute``, ``combined`` of both, or ``auto``: that under which the differences are the
        likelier, both where they are so by more than the parameters that this takes.

    Returns
    -------
    Noise
        At least `MINIMUM_NOISE`; smooth data give no more than that. Species that were worked out have a constant
        part of their own, since others' noise is in them.
    """
    check_magnitudes(runs)
    largest = _amounts(
        np.array([np.nan_to_num(np.abs(run.concentrations)).max(axis=0) for run in runs.runs]).max(axis=0)
    )
    histories = [run.concentrations for run in runs.runs if run.is_time_history and len(run.time) >= 5]
    histories = [each[1:] if len(each) >= WITHOUT_FIRST else each for each in histories]
    if not histories:
        return Noise(MINIMUM_NOISE, MINIMUM_NOISE * FLOOR * largest)
    fourth = np.concatenate([np.abs(np.diff(each, 4, axis=0)) for each in histories]) / FOURTH
    around = np.concatenate([_around(each) for each in histories])
    hidden = np.isin(runs.species_names, runs.worked_out)
    if not hidden.any():
        return noise_in_residuals(fourth, around, largest, kind)
    measured = noise_in_residuals(np.where(hidden, np.nan, fourth), around, largest, kind)
    return measured.with_own(hidden, np.maximum(np.sqrt(measured_means(fourth**2)), MINIMUM_NOISE * largest))


def shows_noise(runs: Trajectories, noise: Noise) -> bool:
    """Whether neighbouring samples disagree at random, not since they are far apart.

    Neighbouring fourth differences of independent values have a correlation of −0.8, of a smooth curve about 1.
    """
    products, squares = 0.0, 0.0
    for run in runs.runs:
        if run.is_time_history and len(run.time) > LEAST_FOR_CORRELATION:
            middle = run.concentrations[2:-2]
            score = np.nan_to_num(np.diff(run.concentrations, 4, axis=0) / noise.deviation(middle))
            score = np.clip(score / FOURTH, -OUTLIER_DEVIATIONS, OUTLIER_DEVIATIONS)
            products += float(np.sum(score[1:] * score[:-1]))
            squares += float(np.sum(score[1:] ** 2 + score[:-1] ** 2)) / 2
    return not noise.clean and products < RANDOM_CORRELATION * squares


def noise_in_residuals(residuals: Array, around: Array, largest: Array, kind: str = "auto") -> Noise:
    """The noise that residuals show.

    Parameters
    ----------
    residuals : array, shape (N, S)
        NaN where nothing was measured.
    around : array, shape (N, S)
        Concentrations to which they belong.
    largest : array, shape (S,)
        Largest concentration of each species.
    kind : str
        As in `estimate_noise`.
    """
    largest = _amounts(largest)
    left, known = np.abs(residuals), np.isfinite(residuals)
    size = np.abs(around) + FLOOR * largest
    large = known & (np.abs(around) >= INFORMATIVE * largest)
    relative = max(_typical((left / size)[large if large.any() else known]), MINIMUM_NOISE)
    absolute = np.array([max(_typical(left[known[:, j], j]), MINIMUM_NOISE * largest[j]) for j in range(len(largest))])
    single = {"relative": Noise(relative, relative * FLOOR * largest), "absolute": Noise(0.0, absolute)}
    if kind in single:
        return single[kind]
    better = max(single.values(), key=lambda noise: _likelihood(noise, left, size, known))
    both = _combined(left, size, known, relative, absolute, MINIMUM_NOISE * largest)
    gain = _likelihood(both, left, size, known) - _likelihood(better, left, size, known)
    return both if kind == "combined" or gain > len(largest) * np.log(max(known.sum(), 1)) else better


def _combined(left: Array, size: Array, known: Mask, relative: float, absolute: Array, least: Array) -> Noise:
    """The most likely noise of both parts, from either alone; a constant part is at least ``least``."""
    square, value = left[known] ** 2, size[known] ** 2
    species = np.broadcast_to(np.arange(left.shape[1]), left.shape)[known]

    def cost(logs: Array) -> tuple[float, Array]:
        parts = np.exp(2 * logs)
        variance = np.maximum(parts[-1] * value + parts[species], np.finfo(float).tiny)
        score = square / (NORMAL_WIDTH**2 * variance)
        slope = (0.5 - score / (1 + score)) / variance
        own = np.bincount(species, slope * parts[species], minlength=len(absolute))
        total = 0.5 * np.log(variance) + np.log1p(score)
        return float(total.sum()), 2 * np.append(own, float(np.sum(slope * parts[-1] * value)))

    lowest = np.log(np.append(least, MINIMUM_NOISE))
    start = np.maximum(np.log(np.append(absolute / 2, relative / 2)), lowest)
    bounds = list(zip(lowest, np.maximum(np.log(np.append(2 * absolute, 2 * relative)), lowest), strict=True))
    best = np.exp(minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
    return Noise(float(best[-1]), best[:-1], combined=True)


def isolated_outliers(values: Array, noise: Noise) -> Mask:
    """Which values of a run lie alone beyond the two samples before and the two after, shape (N, S).

    They do so by many times the noise and, unless those four rise or fall all along, by more than twice their range, as
    no smooth maximum does. In data without noise none does.

    Examples
    --------
    >>> history = np.array([[1.0], [1.1], [3.6], [1.3], [1.4], [1.5]])
    >>> isolated_outliers(history, Noise(0.02, np.zeros(1))).ravel().tolist()
    [False, False, True, False, False, False]
    """
    out = np.zeros(values.shape, dtype=bool)
    if not noise.clean and len(values) > len(NEIGHBOURS):
        count = len(values) - 4
        around = np.array([values[i : count + i] for i in NEIGHBOURS])
        low, high = around.min(axis=0), around.max(axis=0)
        steps = np.diff(around, axis=0)
        steady = (steps >= 0).all(axis=0) | (steps <= 0).all(axis=0)
        slack = OUTLIER_DEVIATIONS * noise.deviation(high) + np.where(steady, 0.0, OUTLIER_RANGES * (high - low))
        middle = values[2 : count + 2]
        out[2 : count + 2] = (middle > high + slack) | (middle < low - slack)
    return out


def _amounts(largest: Array) -> Array:
    """Where a species is zero throughout, the least that there is of any other: no value is known without error."""
    there = largest > 1e-300
    return np.where(there, largest, largest[there].min(initial=np.inf) if there.any() else 1e-300)


def _around(values: Array) -> Array:
    """Size of the values that each fourth difference is made of."""
    squares = [c**2 * values[i : len(values) - 4 + i] ** 2 for i, c in enumerate((1, 4, 6, 4, 1))]
    return np.asarray(np.sqrt(np.sum(squares, axis=0)) / FOURTH)


def _typical(values: Array) -> float:
    return float(np.median(values)) * PER_MEDIAN if values.size else 0.0


def _likelihood(noise: Noise, left: Array, size: Array, known: Mask) -> float:
    """Log-likelihood under Cauchy's law, which outliers and fast transients spoil less than the normal one."""
    variance = (noise.relative**2 * size**2 + np.where(noise.kind == "relative", 0.0, noise.absolute) ** 2)[known]
    variance = np.maximum(variance, np.finfo(float).tiny)
    return float(-np.sum(0.5 * np.log(variance) + np.log1p(left[known] ** 2 / (NORMAL_WIDTH**2 * variance))))
