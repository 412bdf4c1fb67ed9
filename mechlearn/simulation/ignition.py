"""When a run ignites: one grammar of definitions, and the delay by each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from ..data.trajectories import Trajectory
from ..errors import StudyError

Array = NDArray[np.float64]

ADIABATIC = ("constant-volume", "constant-pressure")
DEFINITIONS = ("T0+400", "max dT/dt", "max OH", "max dP/dt")
"""When a run ignites: so many K above the initial temperature, or where something is steepest or largest."""
MINIMUM_RISE_K = 100.0
"""By a maximum a run that warms up by less has not ignited."""
_RISE = re.compile(r"t0\+(\d+(?:\.\d*)?)k?")


@dataclass(frozen=True)
class IgnitionDefinition:
    """What an ignition delay is.

    Parameters
    ----------
    text : str
        As reports name it: one of `DEFINITIONS`, or ``T0+`` and any rise.
    rise : float, optional
        Of the temperature [K]; None where the moment is that of a maximum.
    """

    text: str = DEFINITIONS[0]
    rise: float | None = 400.0

    @classmethod
    def of(cls, value: str | IgnitionDefinition) -> IgnitionDefinition:
        """The definition that a text writes, with whatever blanks and capitals.

        Raises
        ------
        StudyError
            If it is none.

        Examples
        --------
        >>> IgnitionDefinition.of("T0 + 250 K"), IgnitionDefinition.of("MAX OH").text
        (IgnitionDefinition(text='T0+250', rise=250.0), 'max OH')
        """
        if isinstance(value, IgnitionDefinition):
            return value
        compact = "".join(str(value).lower().split())
        found = _RISE.fullmatch(compact)
        if found and float(found[1]) > 0:
            return cls(f"T0+{float(found[1]):g}", float(found[1]))
        for text in DEFINITIONS[1:]:
            if compact == text.replace(" ", "").lower():
                return cls(text, None)
        raise StudyError(
            f"{value!r} is not a definition of the ignition delay; write T0+400, which may be any rise in K, "
            f"{', '.join(DEFINITIONS[1:-1])} or {DEFINITIONS[-1]}"
        )

    def __str__(self) -> str:
        return self.text


Ignition = Annotated[IgnitionDefinition, BeforeValidator(IgnitionDefinition.of)]
"""The type of a key of a study file."""


def ignition_delay(
    run: Trajectory, definition: str | IgnitionDefinition, species: tuple[str, ...] = ()
) -> float | None:
    """The time from the initial state to ignition [s].

    Parameters
    ----------
    run : Trajectory
        Of an adiabatic reactor.
    definition : str or IgnitionDefinition
        ``T0+400``: the temperature passes 400 K, or any other rise, above the initial one, by inverse interpolation.
        ``max dT/dt``, ``max dP/dt``, ``max OH``: where these are largest, by the parabola through the three times
        around.
    species : tuple of str
        Names of the columns, for OH.

    Returns
    -------
    float or None
        None where the run does not ignite, or shows nothing of what is looked for: no pressure, no OH, a maximum at
        its first or last time.

    Raises
    ------
    StudyError
        If the text is no definition.

    Examples
    --------
    >>> time = np.linspace(0.0, 1.0, 11)
    >>> run = Trajectory(time, np.ones((11, 1)), 1000 + 1000 * time, np.ones(11), reactor="constant-pressure")
    >>> ignition_delay(run, "T0+400"), ignition_delay(run, "T0+250")
    (0.4, 0.25)
    """
    definition = IgnitionDefinition.of(definition)
    if run.reactor not in ADIABATIC or not np.all(np.isfinite(run.temperature)):
        return None
    if definition.rise is not None:
        return _passes(run.time, run.temperature, float(run.temperature[0]) + definition.rise)
    if np.max(run.temperature) < run.temperature[0] + MINIMUM_RISE_K or len(run.time) < 5:
        return None
    if definition.text == "max OH":
        columns = [j for j, name in enumerate(species) if name.upper() == "OH"]
        return _peak(run.time, run.concentrations[:, columns[0]], run.time[0]) if columns else None
    history = run.temperature if definition.text == "max dT/dt" else run.pressure
    if not np.ptp(history) > 1e-6 * np.abs(history).max():
        return None
    return _peak(0.5 * (run.time[1:] + run.time[:-1]), np.diff(history) / np.diff(run.time), run.time[0])


def _passes(time: Array, history: Array, target: float) -> float | None:
    above = np.flatnonzero(history >= target)
    if not above.size:
        return None
    i = int(above[0])
    part = (target - history[i - 1]) / (history[i] - history[i - 1])
    return float(time[i - 1] + part * (time[i] - time[i - 1]) - time[0])


def _peak(time: Array, history: Array, start: float) -> float | None:
    """Where the time history is largest, from the start on; None at an end of it."""
    i = int(np.argmax(history))
    inside = np.all(np.isfinite(history)) and 0 < i < len(history) - 1
    return parabola_vertex(time, history, i) - start if inside else None


def parabola_vertex(time: Array, history: Array, i: int) -> float:
    """Where the parabola through three points of a time history around the i-th has its maximum, if it has one [s]."""
    left, right = time[i] - time[i - 1], time[i + 1] - time[i]
    before, after = (history[i] - history[i - 1]) / left, (history[i + 1] - history[i]) / right
    bend = (after - before) / (left + right)
    slope = (before * right + after * left) / (left + right)
    return float(time[i] + (np.clip(-slope / (2 * bend), -left, right) if bend < 0 else 0.0))


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
    around = np.linspace(time[i - 2], time[min(i + 1, len(time) - 1)], 600)
    return np.unique(np.concatenate([time[:1], around, time[-1:]]))
