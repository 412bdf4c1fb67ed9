"""The temperature of a run at any time, from what was measured."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..chemistry.arrays import Array

STEADY_TEMPERATURE = 1e-3
"""Relative change of the temperature up to which it counts as constant: rates then change by a few per cent at most."""

TemperatureHistory = PchipInterpolator
"""Temperature [K] as a function of time [s]."""


def is_steady(temperature: Array) -> bool:
    """Whether temperatures [K], of any shape, are one; those that are unknown (NaN) do not count."""
    known = temperature[np.isfinite(temperature)]
    return not known.size or bool(np.ptp(known) <= STEADY_TEMPERATURE * known.max())


def temperature_history(time: Array, temperature: Array) -> TemperatureHistory:
    """The temperature [K] as a function of time [s], monotonic between samples; constant before and after.

    Parameters
    ----------
    time : array, shape (T,)
        Increasing [s].
    temperature : array, shape (T,)
        [K]; NaN where unknown, but two at least are known.

    Examples
    --------
    >>> history = temperature_history(np.array([0.0, 1.0, 2.0]), np.array([300.0, np.nan, 320.0]))
    >>> float(history(0.5)), float(history.derivative()(1.0))
    (305.0, 10.0)
    """
    known = np.isfinite(temperature)
    return TemperatureHistory(time[known], temperature[known])
