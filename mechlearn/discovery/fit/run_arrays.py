"""Runs as arrays of one shape, for integration side by side.

Letters in shapes: N runs, T samples, S species.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...chemistry.arrays import Array, Mask
from ...data.temperature_history import TemperatureHistory, is_steady, temperature_history
from ...data.trajectories import STEADY_VOLUME, Trajectories, Trajectory
from ...errors import DataError
from ...simulation.mass_action.steps import Steps


@dataclass(frozen=True, eq=False)
class RunArrays:
    """What was measured in runs that can be integrated.

    Parameters
    ----------
    time : array, shape (N, T)
        Since the start of each run [s]; short runs repeat their last time.
    values : array, shape (N, T, S)
        Concentrations [kmol/m³]; zero where not measured.
    known : array of bool, shape (N, T, S)
    temperature : array, shape (N, T)
        [K]; NaN where unknown. Where it is steady within a run, its mean.
    histories : tuple of callable
        The temperature of each run as a function of its time; empty where it is steady in all.
    names : tuple of str
        Of the runs.
    hidden : array of bool, shape (S,)
        Species that nobody measured, absent at the start.
    """

    time: Array
    values: Array
    known: Mask
    temperature: Array
    histories: tuple[TemperatureHistory, ...]
    names: tuple[str, ...]
    hidden: Mask

    @property
    def count(self) -> int:
        """Number of measured concentrations."""
        return int(self.known.sum())

    @property
    def span(self) -> Array:
        """Range of each species over all runs, shape (S,); zero counts where nothing was measured."""
        return np.asarray(np.ptp(np.where(self.known, self.values, 0.0), axis=(0, 1)))

    def stage_temperature(self, steps: Steps) -> Array:
        """Temperatures at the stages of each step, shape (L, N, 3); (1, N, 1) where each run has one."""
        if not self.histories:
            return self.temperature[None, :, :1]
        times = steps.stage_times(self.time)
        return np.stack([history(times[:, i]) for i, history in enumerate(self.histories)], axis=1)

    @property
    def first(self) -> Array:
        """Initial states, shape (N, S): the earliest value of each species in each run, at least zero."""
        earliest = self.known.argmax(axis=1)
        return np.maximum(np.take_along_axis(self.values, earliest[:, None], axis=1)[:, 0], 0.0)


def run_arrays(runs: Trajectories) -> RunArrays:
    """The time histories of the runs as arrays.

    Raises
    ------
    DataError
        If there is no time history, the volume changes within a run, or the temperature does so and is not known.
    """
    histories = [run for run in runs.runs if run.is_time_history]
    if not histories:
        raise DataError("Every run is a single state, and a time history needs two. Bring runs with times.")
    for run in histories:
        _check_volume(run)
        _check_temperature(run)
    last = np.array([len(run.time) - 1 for run in histories])
    places = np.arange(last.max() + 1)
    chosen = np.minimum(places, last[:, None])
    time = np.stack([run.time[each] - run.time[0] for run, each in zip(histories, chosen, strict=True)])
    values = np.stack([run.concentrations[each] for run, each in zip(histories, chosen, strict=True)])
    hidden = np.isin(runs.species_names, runs.worked_out)
    known = np.isfinite(values) & (places <= last[:, None])[..., None] & ~hidden
    names = tuple(run.name for run in histories)
    steady = all(is_steady(run.temperature) for run in histories)
    courses = () if steady else tuple(_temperature_history(run) for run in histories)
    if steady:
        temperature = np.array([_mean(run.temperature) for run in histories])[:, None] + 0.0 * time
    else:
        temperature = np.stack([course(t) for course, t in zip(courses, time, strict=True)])
    return RunArrays(time, np.where(known, values, 0.0), known, temperature, courses, names, hidden)


def _mean(temperature: Array) -> float:
    known = temperature[np.isfinite(temperature)]
    return float(known.mean()) if known.size else float("nan")


def _temperature_history(run: Trajectory) -> TemperatureHistory:
    if is_steady(run.temperature):
        return temperature_history(np.array([0.0, 1.0]), np.full(2, _mean(run.temperature)))
    return temperature_history(run.time - run.time[0], run.temperature)


def _check_volume(run: Trajectory) -> None:
    if run.reactor == "constant-pressure":
        raise DataError(
            f"Run {run.name!r} is of a reactor at constant pressure (constant-pressure), whose volume changes with its "
            "temperature and its number of molecules: concentrations then change without any reaction. Without "
            "production rates, only runs at constant volume can be learnt from. Bring such runs, or rates."
        )
    if run.reactor == "" and not is_steady(run.temperature) and np.ptp(run.pressure) <= STEADY_VOLUME * run.pressure[0]:
        raise DataError(
            f"Run {run.name!r} goes from {np.nanmin(run.temperature):g} to {np.nanmax(run.temperature):g} K at a "
            "constant pressure. A gas then expands, and its concentrations change without any reaction. Say what it "
            "is: reactor given-temperature for a liquid or a closed vessel (constant volume, the temperature as "
            "measured), or constant-pressure, which can be learnt from with production rates."
        )
    if run.expansion > STEADY_VOLUME:
        raise DataError(
            f"Run {run.name!r}: the volume changes by {100 * run.expansion:.0f} % within the run, by the table's "
            "column of volumes or densities. Concentrations then change without any reaction, which would be "
            "learnt as reactions. Bring runs at constant volume, or production rates; or dilute the gas until the "
            "volume stays. Where the volume changes for another reason that leaves concentrations as they are, "
            "such as samples drawn from a liquid, remove that column."
        )


def _check_temperature(run: Trajectory) -> None:
    known = int(np.isfinite(run.temperature).sum())
    if run.reactor in ("constant-volume", "given-temperature") and known < 2:
        raise DataError(
            f"Run {run.name!r} is of a reactor whose temperature changes ({run.reactor}), and its temperature is not "
            "known over time. Without production rates, rate constants follow from concentrations at known "
            "temperatures only. Add a column T [K] with the measured temperature."
        )
