"""When a run ignites, by one of four definitions."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.trajectories import Trajectory

Array = NDArray[np.float64]

ADIABATIC = ("constant-volume", "constant-pressure")
IGNITION_RISE = 400.0
"""By T0+400 a run has ignited when its temperature is this far above the first one [K]."""
LEAST_RISE = 100.0
"""By the other definitions a run that warms up by less has not ignited [K]."""


def ignition_delay(run: Trajectory, definition: Definition, species: tuple[str, ...] = ()) -> float | None:
    """The time from the initial state to ignition [s].

    Parameters
    ----------
    run : Trajectory
        Of an adiabatic reactor.
    definition : str
        ``T0+400``: the temperature passes 400 K above the first one, by inverse interpolation. ``max dT/dt``,
        ``max dP/dt``, ``max OH``: where these are largest, by the parabola through the three times around.
    species : tuple of str
        Names of the columns, for OH.

    Returns
    -------
    float or None
        None where the run does not ignite, or shows nothing of what is looked for: no pressure, no OH, a maximum at
        its first or last time.

    Examples
    --------
    >>> time = np.linspace(0.0, 1.0, 11)
    >>> run = Trajectory(time, np.ones((11, 1)), 1000 + 1000 * time, np.ones(11), reactor="constant-pressure")
    >>> ignition_delay(run, "T0+400")
    0.4
    """
    if run.reactor not in ADIABATIC or not np.all(np.isfinite(run.temperature)):
        return None
    if definition == "T0+400":
        return _passes(run.time, run.temperature, float(run.temperature[0]) + IGNITION_RISE)
    if np.max(run.temperature) < run.temperature[0] + LEAST_RISE or len(run.time) < 5:
        return None
    if definition == "max OH":
        columns = [j for j, name in enumerate(species) if name.upper() == "OH"]
        return _peak(run.time, run.concentrations[:, columns[0]]) if columns else None
    history = run.temperature if definition == "max dT/dt" else run.pressure
    if not np.ptp(history) > 1e-6 * np.abs(history).max():
        return None
    return _peak(0.5 * (run.time[1:] + run.time[:-1]), np.diff(history) / np.diff(run.time), run.time[0])


def _passes(time: Array, history: Array, target: float) -> float | None:
    above = np.flatnonzero(history >= target)
    if not above.size:
        return None
    i = int(above[0])
    share = (target - history[i - 1]) / (history[i] - history[i - 1])
    return float(time[i - 1] + share * (time[i] - time[i - 1]) - time[0])


def _peak(time: Array, history: Array, start: float | None = None) -> float | None:
    """Where the time history is largest, from the start on; None at an end of it."""
    if not np.all(np.isfinite(history)):
        return None
    i = int(np.argmax(history))
    if i in (0, len(history) - 1):
        return None
    left, right = time[i] - time[i - 1], time[i + 1] - time[i]
    before, after = (history[i] - history[i - 1]) / left, (history[i + 1] - history[i]) / right
    bend = (after - before) / (left + right)
    slope = (before * right + after * left) / (left + right)
    shift = -slope / (2 * bend) if bend < 0 else 0.0
    return float(time[i] + np.clip(shift, -left, right) - (time[0] if start is None else start))


def same_moment(run: Trajectory, one: float | None, other: float | None) -> bool:
    """True if both delays lie between the same two times of a run, so that both are off in the same way."""
    if one is None or other is None:
        return False
    left, right = np.searchsorted(run.time - run.time[0], [one, other])
    return bool(left == right)


def closer_times(run: Trajectory, delay: float | None) -> Array:
    """Times of a run with many more between them: over all of it, or around a delay that is roughly known [s]."""
    time = run.time - run.time[0]
    if delay is None:
        first = time[time > 0][0]
        return np.unique(np.concatenate([time, np.linspace(0, time[-1], 400), np.geomspace(first, time[-1], 400)]))
    i = int(np.clip(np.searchsorted(time, delay), 2, len(time) - 2))
    return np.unique(
        np.concatenate([time[:1], np.linspace(time[i - 2], time[min(i + 1, len(time) - 1)], 600), time[-1:]])
    )


Definition = Literal["T0+400", "max dT/dt", "max OH", "max dP/dt"]


DEFINITIONS: tuple[Definition, ...] = ("T0+400", "max dT/dt", "max OH", "max dP/dt")
"""When a run ignites: 400 K above the first temperature, or where something is steepest or largest."""
