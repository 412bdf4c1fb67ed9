"""A mechanism and runs → how well the one gives the others."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..cantera_yaml import read_mechanism, write_mechanism
from ..errors import StudyError
from ..limits import Definition, KnownNoise, Limits, Validate
from ..mechanism import Mechanism
from ..simulation import Progress, find_mechanism, resimulate
from ..trajectories import Trajectories, Trajectory
from . import measures
from .coverage import beyond_training
from .ignition import ignition_delay
from .measured import Measured
from .record import IgnitionDelay, Validation


def validate(
    mechanism: Mechanism | str | Path,
    runs: Trajectories,
    *,
    tolerance: float = 1e-3,
    held_out: bool = True,
    training: Trajectories | None = None,
    ignition: Definition = "T0+400",
    limits: Limits | None = None,
    noise: KnownNoise | None = None,
    measured: Measured | None = None,
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
    training : Trajectories, optional
        What the mechanism was learnt from, to tell runs that interpolate from those that extrapolate.
    ignition : str
        What an ignition delay is: one of `mechlearn.limits.DEFINITIONS`.
    limits : Limits, optional
        Of quantities beside the species.
    noise : KnownNoise, optional
        Standard error of the data, for the reduced chi squared.
    measured : Measured, optional
        Of runs whose noise was estimated: only what exceeds it counts, and runs start from these first states.
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
    started = courses if measured is None else [measured.start(run) for run in courses]
    exported, simulated, failures = _simulated_again(mechanism, runs, started, progress)
    names = runs.species_names
    errors, times = measures.deviations(courses, simulated, len(names), measured)
    energies = measures.Energies(exported, names)
    chi_squared, per_species = measures.chi_squared(courses, simulated, names, noise)
    return Validation(
        tolerance=tolerance,
        held_out=held_out,
        species=names,
        runs=tuple(run.name for run in courses),
        errors=errors,
        times=times,
        temperature_errors=measures.temperature_errors(courses, simulated),
        failures=failures,
        conservation=measures.element_drift(exported, names, simulated),
        ignition_delay=_ignition_delays(courses, simulated, ignition, names),
        ignition_definition=ignition,
        final_errors=measures.final_errors(courses, simulated),
        pressure_errors=measures.pressure_errors(courses, simulated, names, exported),
        heat_release=measures.heat_released(energies, courses, simulated),
        energy=measures.energy_drift(energies, simulated),
        chi_squared=chi_squared,
        chi_squared_per_species=per_species,
        beyond=beyond_training(courses, training),
        limits=limits or Limits(),
        simulated=simulated,
        measured=measured,
    )


def validate_by(
    terms: Validate,
    mechanism: Mechanism | str | Path,
    runs: Trajectories,
    *,
    held_out: bool = True,
    training: Trajectories | None = None,
    measured: Measured | None = None,
) -> Validation:
    """As `validate`, with what a study file says under ``validate:``."""
    return validate(
        mechanism,
        runs,
        tolerance=terms.tolerance,
        held_out=held_out,
        training=training,
        ignition=terms.ignition,
        limits=terms.limits,
        noise=terms.noise,
        measured=measured,
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


def _ignition_delays(
    courses: list[Trajectory], simulated: dict[str, Trajectory], definition: Definition, names: tuple[str, ...]
) -> dict[str, IgnitionDelay]:
    delays = {run.name: ignition_delay(run, definition, names) for run in courses if run.name in simulated}
    return {
        name: IgnitionDelay(delay, ignition_delay(simulated[name], definition, names))
        for name, delay in delays.items()
        if delay
    }
