"""Balances in integral form, what has formed since the start, and in weak form, over windows of samples.

Letters in shapes: T samples of a run, M rows, N samples of all runs, S species.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import scipy.sparse as sp

from ...chemistry.arrays import Array
from ..noise.concentration_noise import Noise, estimate_noise
from ..trajectories import Trajectories
from .balances import Balances, balances_of, complete_time_histories

CUBIC_SAMPLES = 4
"""That a cubic needs."""
TIME_UNITS = 40
"""That are tried for the logarithm."""
TEST_FUNCTION_INTERVALS = (4, 16)
"""Intervals under a test function: few, for fast transients, and many, against noise."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


def integral_balances(runs: Trajectories, *, noise: Noise | None = None) -> Balances:
    """Balances u(t) − u(0) = ∫ production dt, one for every sample but the first.

    Parameters
    ----------
    runs : Trajectories
        Concentrations at four times at least; rates are not used.
    noise : Noise, optional
        The noise of the concentrations; estimated where absent.

    Returns
    -------
    Balances
        ``operator`` holds cumulative quadrature weights [s], ``accumulation`` u(t) − u(0) [kmol/m³], ``scale`` its
        standard error.

    Raises
    ------
    DataError
        If no run has four samples without a missing value.

    Notes
    -----
    The integrand is a cubic between samples: the error falls with the fifth power of the interval.

    Examples
    --------
    >>> integral_balances(decay).accumulation.shape
    (10, 2)
    """
    return _rows_of_runs(runs, lambda intervals: np.tri(intervals), noise)


def weak_balances(runs: Trajectories, *, noise: Noise | None = None) -> Balances:
    """Balances Σ ψ Δu = Σ ψ ∫ production dt over windows of samples, with bumps ψ of two widths.

    Parameters
    ----------
    runs : Trajectories
        Concentrations at four times at least; rates are not used.
    noise : Noise, optional
        The noise of the concentrations; estimated where absent.

    Returns
    -------
    Balances
        ``operator`` holds quadrature weights times test functions [s], ``accumulation`` weighted increments
        [kmol/m³], ``scale`` their standard errors.

    Raises
    ------
    DataError
        If no run has four samples without a missing value.

    Notes
    -----
    Windows count intervals, not seconds, so that they are as short as the sampling where that is dense. No derivative
    is taken and nothing is smoothed: ψ = (1 − x²)² is constant between samples, so that increments of the data
    themselves appear. The integrand is a cubic between samples.

    References
    ----------
    .. [1] D. A. Messenger, D. M. Bortz, "Weak SINDy: Galerkin-based data-driven model selection", Multiscale Model.
       Simul. 19, 1474-1497 (2021). https://doi.org/10.1137/20M1343166

    Examples
    --------
    >>> weak_balances(decay).accumulation.shape
    (8, 2)
    """
    return _rows_of_runs(runs, test_functions, noise)


def test_functions(intervals: int) -> Array:
    """Bumps over windows of intervals, shape (windows, intervals)."""
    rows = []
    for width in sorted({min(window, intervals) for window in TEST_FUNCTION_INTERVALS}):
        bump = (1 - np.linspace(-1, 1, 2 * width + 1)[1::2] ** 2) ** 2
        for start in range(0, intervals - width + 1, max(width // 4, 1)):
            row = np.zeros(intervals)
            row[start : start + width] = bump
            rows.append(row)
    return np.array(rows)


def _rows_of_runs(runs: Trajectories, combine: Callable[[int], Array], noise: Noise | None) -> Balances:
    """Balances whose rows are combinations of the increments of each run.

    Parameters
    ----------
    runs : Trajectories
        Samples with a missing value are left out.
    combine : callable
        Gives for a number of intervals the combinations, shape (rows, intervals).
    noise : Noise, optional
        The noise; estimated where absent.

    Raises
    ------
    DataError
        If no run has four samples without a missing value.
    """
    noise = noise or estimate_noise(runs)
    histories = complete_time_histories(runs, CUBIC_SAMPLES)
    operators, differences = [], []
    for run in histories:
        parts = combine(len(run.time) - 1)
        operators.append(sp.csr_array(parts @ increments(run.time)))
        differences.append(sp.csr_array(parts @ np.diff(np.eye(len(run.time)), axis=0)))
    return balances_of(runs, histories, operators, differences, noise)


def increments(time: Array) -> Array:
    """Weights of samples in the integrals over the intervals between them, shape (T − 1, T).

    The integrand is a cubic through the four nearest samples, in the coordinate that `place_of` gives.

    Examples
    --------
    >>> increments(np.array([0.0, 1.0, 2.0, 3.0])).sum(axis=1).round(12).tolist()
    [1.0, 1.0, 1.0]
    """
    place, unit = place_of(time)
    count = len(time)
    start = np.clip(np.arange(count - 1) - 1, 0, count - CUBIC_SAMPLES)
    nearest = start[:, None] + np.arange(CUBIC_SAMPLES)
    half = np.diff(place) / 2
    nodes = place[:-1, None] + half[:, None] * (_NODES + 1)
    values = np.ones((count - 1, len(_NODES), CUBIC_SAMPLES))
    for i, j in permutations(range(CUBIC_SAMPLES), 2):
        own, other = place[nearest[:, i], None], place[nearest[:, j], None]
        values[:, :, i] *= (nodes - other) / (own - other)
    inner = unit * np.exp(nodes) * _WEIGHTS * half[:, None]
    matrix = np.zeros((count - 1, count))
    np.put_along_axis(matrix, nearest, np.einsum("lg,lgi->li", inner, values), axis=1)
    return matrix


def place_of(time: Array) -> tuple[Array, float]:
    """The coordinate ln(1 + t/τ), t from the start, in which samples are the most evenly spaced, and τ [s].

    For even times that is nearly the time itself, for log-spaced ones its logarithm: what such times resolve is smooth
    in it.

    Examples
    --------
    >>> place_of(np.array([0.0, 1e-3, 1e-2, 1e-1]))[1] < 0.01 < 10 < place_of(np.array([0.0, 1.0, 2.0, 3.0]))[1]
    True
    """
    since = time - time[0]
    units = np.geomspace(0.1 * since[1], 100 * since[-1], TIME_UNITS)
    steps = np.diff(np.log1p(since / units[:, None]), axis=1)
    unit = float(units[np.argmin(steps.max(axis=1) / steps.min(axis=1))])
    return np.log1p(since / unit), unit
