"""Runs as arrays of one shape, for integration side by side.

Letters in shapes: N runs, T samples, S species.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...chemistry.arrays import Array, Mask
from ...data.trajectories import STEADY_VOLUME, Trajectories
from ...errors import DataError

STEADY_TEMPERATURE = 1e-3
"""Relative change of the temperature within a run up to which it counts as constant."""


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
    temperature : array, shape (N,)
        [K]; NaN where unknown.
    names : tuple of str
        Of the runs.
    hidden : array of bool, shape (S,)
        Species that nobody measured, absent at the start.
    """

    time: Array
    values: Array
    known: Mask
    temperature: Array
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
        If there is no time history, a run is adiabatic, or the temperature or the volume changes within a run.
    """
    histories = [run for run in runs.runs if run.is_time_history]
    if not histories:
        raise DataError("Every run is a single state, and a time history needs two. Bring runs with times.")
    for run in histories:
        if run.reactor in ("constant-volume", "constant-pressure"):
            raise DataError(
                f"Run {run.name!r} is of an adiabatic reactor ({run.reactor}); without production rates, only runs at "
                "constant volume and temperature can be learnt from (reactor: isothermal). Bring such runs, or rates."
            )
        span = np.ptp(run.temperature)
        if np.isfinite(span) and span > STEADY_TEMPERATURE * run.temperature.max():
            raise DataError(
                f"Run {run.name!r} is at {run.temperature.min():g} to {run.temperature.max():g} K; without production "
                "rates, only runs at a constant temperature can be learnt from. Bring such runs, or rates."
            )
        if run.expansion > STEADY_VOLUME:
            raise DataError(
                f"Run {run.name!r}: the volume changes by {100 * run.expansion:.0f} % within the run, by the table's "
                "column of volumes or densities. Concentrations then change without any reaction, which would be "
                "learnt as reactions. Bring runs at constant volume, or production rates; or dilute the gas until the "
                "volume stays. Where the volume changes for another reason that leaves concentrations as they are, "
                "such as samples drawn from a liquid, remove that column."
            )
    last = np.array([len(run.time) - 1 for run in histories])
    places = np.arange(last.max() + 1)
    chosen = np.minimum(places, last[:, None])
    time = np.stack([run.time[each] - run.time[0] for run, each in zip(histories, chosen, strict=True)])
    values = np.stack([run.concentrations[each] for run, each in zip(histories, chosen, strict=True)])
    hidden = np.isin(runs.species_names, runs.worked_out)
    known = np.isfinite(values) & (places <= last[:, None])[..., None] & ~hidden
    temperature = np.array([float(np.mean(run.temperature)) for run in histories])
    names = tuple(run.name for run in histories)
    return RunArrays(time, np.where(known, values, 0.0), known, temperature, names, hidden)
