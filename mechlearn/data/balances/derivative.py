"""Balances from production rates: dc/dt = production, sample by sample."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ...chemistry.arrays import Array
from ...errors import DataError
from ..noise.concentration_noise import Noise, estimate_noise
from ..trajectories import Trajectories, Trajectory, check_magnitudes
from .balances import Balances, balances_of, complete_time_histories, states_of_runs
from .integral_forms import place_of

CUBIC_WINDOWS = (5, 7, 9, 13, 17)
"""Samples that a local cubic may be fitted to."""


def differential_balances(runs: Trajectories, *, noise: Noise | None = None) -> Balances:
    """Balances whose operator is the identity: production at each state equals the rate there.

    Parameters
    ----------
    runs : Trajectories
        Runs that carry net production rates [kmol/m³/s], or concentrations at five times at least, from which rates
        are estimated.
    noise : Noise, optional
        The noise of concentrations; estimated where absent. Not used where rates are given.

    Returns
    -------
    Balances
        ``operator`` is the identity (N, N), ``accumulation`` the rates, shape (N, S) [kmol/m³/s]; ``scale`` is zero
        for given rates, else their standard error.

    Raises
    ------
    DataError
        If some runs have rates and others not, concentrations are missing beside given rates, no run has five
        samples, or numbers are so large or small that products of them are none.

    Notes
    -----
    Rates are estimated by cubics fitted to the nearest samples in the logarithm of time (Savitzky and Golay's smoothing
    for uneven times): five of them, or as many as lower the estimated error, that of the noise and that of smoothing.

    References
    ----------
    .. [1] A. Savitzky, M. J. E. Golay, "Smoothing and differentiation of data by simplified least squares procedures",
       Anal. Chem. 36 (1964) 1627. https://doi.org/10.1021/ac60214a047

    Examples
    --------
    >>> differential_balances(decay).accumulation.shape
    (11, 2)
    """
    missing = [run.name for run in runs.runs if run.rates is None]
    if len(missing) == len(runs):
        return _estimated(runs, noise or estimate_noise(runs))
    if missing:
        raise DataError(
            f"{len(missing)} of {len(runs)} runs carry no production rates (first: {missing[0]!r}), the others do. "
            "Give all of them columns such as `d(A)/dt [kmol/m^3/s]`, or none."
        )
    runs.require_complete("A balance of exact rates")
    check_magnitudes(runs)
    accumulation = np.concatenate([run.rates for run in runs.runs if run.rates is not None])
    return Balances(
        species=runs.species,
        **states_of_runs(runs.runs),
        operator=sp.eye_array(len(accumulation), format="csr"),
        accumulation=accumulation,
        scale=np.zeros_like(accumulation),
        atomic_weights=runs.atomic_weights,
    )


def slopes(time: Array, window: int) -> Array:
    """Weights of samples in the time derivatives at each of them, shape (T, T), from cubics over so many samples.

    Examples
    --------
    >>> (slopes(np.arange(6.0), 5) @ np.arange(6.0)).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    place, unit = place_of(time)
    count = len(time)
    start = np.clip(np.arange(count) - window // 2, 0, count - window)
    nearest = start[:, None] + np.arange(window)
    powers = (place[nearest] - place[:, None])[..., None] ** np.arange(4)
    matrix = np.zeros((count, count))
    np.put_along_axis(matrix, nearest, np.linalg.pinv(powers)[:, 1], axis=1)
    return np.asarray(matrix / (time - time[0] + unit)[:, None])


def _estimated(runs: Trajectories, noise: Noise) -> Balances:
    histories = complete_time_histories(runs, CUBIC_WINDOWS[0])
    shortest = max(min(len(run.time) for run in histories), CUBIC_WINDOWS[0])
    tried = [[slopes(run.time, window) for run in histories] for window in CUBIC_WINDOWS if window <= shortest]
    best = min(tried, key=lambda matrices: _error(matrices, tried[0], histories, noise))
    identities = [sp.csr_array(np.eye(len(run.time))) for run in histories]
    return balances_of(runs, histories, identities, [sp.csr_array(each) for each in best], noise)


def _error(matrices: list[Array], narrowest: list[Array], histories: list[Trajectory], noise: Noise) -> float:
    """Median of the error of the slopes over their size: noise, and what narrower windows say otherwise."""
    parts = []
    for matrix, narrow, run in zip(matrices, narrowest, histories, strict=True):
        values, variance = run.concentrations, noise.deviation(run.concentrations) ** 2
        exact = narrow @ values
        random = np.sqrt(matrix**2 @ variance)
        bias = np.sqrt(np.maximum((matrix @ values - exact) ** 2 - narrow**2 @ variance, 0.0))
        parts.append(np.hypot(random, bias) / (np.sqrt(np.mean(exact**2, axis=0)) + 1e-300))
    return float(np.median(np.concatenate(parts)))
