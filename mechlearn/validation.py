"""Validation: every run is simulated again with the mechanism, by CVODES, and compared with its data."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cantera_yaml import read_mechanism, write_mechanism
from .errors import StudyError
from .mechanism import Mechanism
from .simulation import Progress, find_mechanism, resimulate
from .trajectories import Trajectories, Trajectory

IGNITION_RISE = 400.0
"""A run has ignited when its temperature is this far above the first one [K]."""


@dataclass(frozen=True)
class Deviation:
    """Where one run is farthest from the data of a species: ``time`` [s], ``error`` relative to the species' range."""

    run: str
    species: str
    time: float
    error: float


@dataclass(frozen=True)
class IgnitionDelay:
    """Ignition delays of one run, in data and re-simulation [s]; None where it does not ignite in its time."""

    data: float
    simulated: float | None

    @property
    def error(self) -> float:
        """Relative error [-]; infinite if the re-simulation does not ignite."""
        return math.inf if self.simulated is None else abs(self.simulated / self.data - 1.0)


@dataclass(frozen=True, eq=False)
class Validation:
    """Outcome of a validation.

    Parameters
    ----------
    tolerance : float
        Largest relative error that passes.
    held_out : bool
        True if the mechanism was not learnt from these runs.
    species : tuple of str
        Columns of ``errors``.
    runs : tuple of str
        Rows of ``errors``: the runs that follow a course in time.
    errors : array, shape (runs, species)
        max over times |simulated − data| / range of the species over all runs, that at least 1e-6 of the largest
        range; NaN for a run that could not be simulated.
    times : array, shape (runs, species)
        When that error stands [s].
    temperature_errors : dict of str to float
        The same for the temperature of adiabatic runs, by run.
    failures : dict of str to str
        Why a run could not be simulated, by run.
    conservation : dict of str to float
        Largest relative change of each element along the re-simulated runs; empty where some species is not observed.
    ignition_delay : dict of str to IgnitionDelay
        For adiabatic runs that ignite, by run.
    simulated : dict of str to Trajectory
        The re-simulated runs.
    """

    tolerance: float
    held_out: bool
    species: tuple[str, ...]
    runs: tuple[str, ...]
    errors: NDArray[np.float64]
    times: NDArray[np.float64]
    temperature_errors: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    conservation: dict[str, float] = field(default_factory=dict)
    ignition_delay: dict[str, IgnitionDelay] = field(default_factory=dict)
    simulated: dict[str, Trajectory] = field(default_factory=dict, repr=False)

    @property
    def per_run(self) -> dict[str, float]:
        """Largest error of each re-simulated run, temperature included."""
        largest = dict(zip(self.runs, self.errors.max(axis=1, initial=0.0).tolist(), strict=True))
        return {name: max(largest[name], self.temperature_errors.get(name, 0.0)) for name in self.simulated}

    @property
    def per_species(self) -> dict[str, float]:
        """Largest error of each species over the re-simulated runs."""
        done = [name in self.simulated for name in self.runs]
        if not any(done):
            return {}
        return dict(zip(self.species, self.errors[done].max(axis=0).tolist(), strict=True))

    @property
    def max_relative_error(self) -> float:
        """Largest error of all; NaN if no run could be re-simulated."""
        return max(self.per_run.values(), default=math.nan)

    @property
    def passed(self) -> bool:
        """True if every run was re-simulated and no error is above the tolerance."""
        return bool(self.simulated) and not self.failures and self.max_relative_error <= self.tolerance

    def worst(self, count: int = 10) -> list[Deviation]:
        """The largest deviations, one for each run and species, the worst first."""
        entries = [
            Deviation(name, species, float(self.times[i, j]), float(self.errors[i, j]))
            for i, name in enumerate(self.runs)
            for j, species in enumerate(self.species)
            if name in self.simulated
        ]
        return sorted(entries, key=lambda entry: -entry.error)[:count]

    @property
    def message(self) -> str:
        """The verdict in a sentence."""
        if not self.runs:
            return "Not validated: every run is a single state, and only a course in time can be simulated again."
        kind = (
            "held-out runs" if self.held_out else "runs (none held out: the mechanism may have been learnt from them)"
        )
        if not self.simulated:
            name, reason = next(iter(self.failures.items()))
            return f"Failed: Cantera could integrate none of {len(self.runs)} {kind}; {name}: {reason}"
        text = (
            f"{'Passed' if self.passed else 'Failed'}: {len(self.simulated)} of {len(self.runs)} {kind} "
            f"simulated again, largest relative error {self.max_relative_error:.2g}, tolerance {self.tolerance:g}."
        )
        return text + (f" Not integrated: {_listed(list(self.failures))}." if self.failures else "")

    def as_dict(self) -> dict[str, Any]:
        """What stands under ``validation`` in ``summary.json``: plain values, None for what is not a number."""
        delays = {
            name: {"data": delay.data, "simulated": delay.simulated, "relative_error": _plain(delay.error)}
            for name, delay in self.ignition_delay.items()
        }
        return {
            "passed": self.passed,
            "message": self.message,
            "held_out": self.held_out,
            "tolerance": self.tolerance,
            "max_relative_error": _plain(self.max_relative_error),
            "per_species": self.per_species,
            "per_run": self.per_run,
            "temperature": self.temperature_errors or None,
            "ignition_delay": delays or None,
            "conservation": self.conservation or None,
            "failures": dict(self.failures),
            "worst": [
                {"run": entry.run, "species": entry.species, "time": entry.time, "relative_error": entry.error}
                for entry in self.worst()
            ],
        }


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def validate(
    mechanism: Mechanism | str | Path,
    runs: Trajectories,
    *,
    tolerance: float = 1e-3,
    held_out: bool = True,
    progress: Progress | None = None,
) -> Validation:
    """Simulate every run again from its first state, in its own reactor, and compare at the data's times.

    Parameters
    ----------
    mechanism : Mechanism, str or Path
        A mechanism, which is exported first, or a Cantera file, which is used as it is; its name alone will do where
        Cantera or mechlearn ships it.
    runs : Trajectories
        Runs of single states, and states drawn around those of another run, are passed over.
    tolerance : float
        Largest relative error that passes.
    held_out : bool
        Whether the mechanism was learnt without these runs; for the message.
    progress : callable, optional
        Called with the number of runs done and their total.

    Returns
    -------
    Validation
        Runs that Cantera cannot integrate are in ``failures``; they raise nothing.

    Raises
    ------
    StudyError
        If the tolerance is not above zero, or the file is not found.
    FormatError
        If the mechanism cannot be read or exported.
    DataError
        If a run does not say its reactor or its first temperature.
    """
    if not tolerance > 0:
        raise StudyError(f"The tolerance of the validation is {tolerance:g}; it is a relative error and above zero.")
    courses = [run for run in runs.runs if run.is_course]
    exported, simulated, failures = _simulated_again(mechanism, runs, courses, progress)
    errors, times = _deviations(courses, simulated, len(runs.species))
    return Validation(
        tolerance=tolerance,
        held_out=held_out,
        species=runs.species_names,
        runs=tuple(run.name for run in courses),
        errors=errors,
        times=times,
        temperature_errors=_temperature_errors(courses, simulated),
        failures=failures,
        conservation=_conservation(exported, runs.species_names, simulated),
        ignition_delay=_ignition_delays(courses, simulated),
        simulated=simulated,
    )


def _simulated_again(
    mechanism: Mechanism | str | Path, runs: Trajectories, courses: list[Trajectory], progress: Progress | None
) -> tuple[Mechanism, dict[str, Trajectory], dict[str, str]]:
    """The mechanism as the file holds it, the re-simulated runs, and why others failed."""
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(mechanism, Mechanism):
            path = Path(folder) / "mechanism.yaml"
            write_mechanism(mechanism, path)
        else:
            path = find_mechanism(str(mechanism))
        exported = read_mechanism(path)
        lacking = ", ".join(name for name in runs.species_names if name not in exported.species_names)
        if lacking or not courses:
            return exported, {}, {run.name: f"the mechanism has no species {lacking}" for run in courses}
        return exported, *resimulate(path, runs.select(courses), phase=exported.name, progress=progress)


def _deviations(
    courses: list[Trajectory], simulated: dict[str, Trajectory], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    errors = np.full((len(courses), count), np.nan)
    times = np.full((len(courses), count), np.nan)
    if not courses:
        return errors, times
    data = np.concatenate([run.concentrations for run in courses])
    scale = np.ptp(data, axis=0)
    if not scale.any():
        scale = np.abs(data).max(axis=0)
    scale = np.maximum(scale, 1e-6 * scale.max()) if scale.any() else np.ones(count)
    for i, run in enumerate(courses):
        if run.name in simulated:
            error = np.abs(simulated[run.name].concentrations - run.concentrations) / scale
            errors[i], times[i] = error.max(axis=0), run.time[error.argmax(axis=0)]
    return errors, times


def _temperature_errors(courses: list[Trajectory], simulated: dict[str, Trajectory]) -> dict[str, float]:
    adiabatic = [run for run in courses if run.reactor in ("constant-volume", "constant-pressure")]
    if not adiabatic:
        return {}
    span = float(np.ptp(np.concatenate([run.temperature for run in adiabatic])))
    return {
        run.name: float(np.abs(simulated[run.name].temperature - run.temperature).max() / max(span, 1.0))
        for run in adiabatic
        if run.name in simulated and np.all(np.isfinite(run.temperature))
    }


def _conservation(mechanism: Mechanism, names: tuple[str, ...], simulated: dict[str, Trajectory]) -> dict[str, float]:
    """Largest relative change of each element's share of all atoms (its amount, where the volume is constant)."""
    compositions = {species.name: species.composition for species in mechanism.species}
    elements = sorted({element for composition in compositions.values() for element in composition})
    if not elements or set(compositions) != set(names) or not simulated:
        return {}
    atoms = np.array([[compositions[name].get(element, 0.0) for element in elements] for name in names])
    drift = np.zeros(len(elements))
    for run in simulated.values():
        amounts = run.concentrations @ atoms
        if run.reactor == "constant-pressure":
            amounts = amounts / amounts.sum(axis=1, keepdims=True)
        size = np.where(amounts[0] > 0, amounts[0], amounts[0].max())
        if np.all(size > 0):
            drift = np.maximum(drift, (np.abs(amounts - amounts[0]) / size).max(axis=0))
    return dict(zip(elements, drift.tolist(), strict=True))


def _ignition_delays(courses: list[Trajectory], simulated: dict[str, Trajectory]) -> dict[str, IgnitionDelay]:
    delays = {}
    for run in courses:
        delay = _ignition_delay(run) if run.reactor in ("constant-volume", "constant-pressure") else None
        if delay is not None and run.name in simulated:
            delays[run.name] = IgnitionDelay(delay, _ignition_delay(simulated[run.name]))
    return delays


def _ignition_delay(run: Trajectory) -> float | None:
    """When the temperature passes T(0) + 400 K, by inverse interpolation between the times around it [s]."""
    target = run.temperature[0] + IGNITION_RISE
    above = np.flatnonzero(run.temperature >= target)
    if not above.size:
        return None
    i = int(above[0])
    share = (target - run.temperature[i - 1]) / (run.temperature[i] - run.temperature[i - 1])
    return float(run.time[i - 1] + share * (run.time[i] - run.time[i - 1]) - run.time[0])


def validation_text(validation: Validation) -> str:
    """The outcome as aligned text: the error of each species, the ten worst deviations, and the verdict."""
    blocks = []
    if validation.simulated:
        rows = [(name, f"{error:.2e}") for name, error in validation.per_species.items()]
        if validation.temperature_errors:
            rows.append(("temperature", f"{max(validation.temperature_errors.values()):.2e}"))
        blocks.append(_table(("species", "largest error"), rows))
        worst = [(e.run, e.species, f"{e.time:.4g}", f"{e.error:.2e}") for e in validation.worst()]
        blocks.append(_table(("run", "species", "time [s]", "error"), worst))
    if validation.ignition_delay:
        delays = [
            (name, f"{d.data:.4g}", "none" if d.simulated is None else f"{d.simulated:.4g}", f"{d.error:.2e}")
            for name, d in validation.ignition_delay.items()
        ]
        blocks.append(_table(("run", "ignition delay [s]", "simulated [s]", "error"), delays))
    if validation.conservation:
        drift = ", ".join(f"{element} {change:.1e}" for element, change in validation.conservation.items())
        blocks.append(f"Change of the elements along the runs: {drift}")
    for reason in dict.fromkeys(validation.failures.values()):
        names = [name for name, why in validation.failures.items() if why == reason]
        blocks.append(f"Not integrated: {_listed(names)}: {reason}")
    return "\n\n".join([*blocks, validation.message]) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = []
    for first, *rest in [head, tuple("-" * width for width in widths), *rows]:
        cells = [first.ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
