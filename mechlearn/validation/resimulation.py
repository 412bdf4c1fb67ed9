"""A mechanism and runs → how well the one gives the others."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ..chemistry.mechanism import Mechanism
from ..data.progress import Progress, silent
from ..data.trajectories import Trajectories, Trajectory
from ..errors import StudyError
from ..formats.cantera_yaml.export import write_mechanism
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from ..simulation.ignition import IgnitionDefinition, closer_times, ignition_delay, same_moment
from ..simulation.mechanisms import find_mechanism
from ..simulation.reactors import resimulate
from . import measures
from .coverage import beyond_training
from .data_noise import NoisyRuns
from .settings import Criteria, MeasurementNoise, Validate
from .validation_record import DelayComparison, Validation


def validate(
    mechanism: Mechanism | str | Path,
    runs: Trajectories,
    *,
    tolerance: float = 1e-3,
    held_out: bool = True,
    training: Trajectories | None = None,
    ignition: str | IgnitionDefinition = "T0+400",
    criteria: Criteria | None = None,
    noise: MeasurementNoise | None = None,
    measured: NoisyRuns | None = None,
    progress: Progress = silent,
) -> Validation:
    """Simulate every run again from its initial state, in its own reactor, and compare at the data's times.

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
        What an ignition delay is: ``T0+400`` or any other rise in K, ``max dT/dt``, ``max OH`` or ``max dP/dt``.
    criteria : Criteria, optional
        Of quantities beside the species.
    noise : MeasurementNoise, optional
        Standard error of the data, for the reduced chi squared.
    measured : NoisyRuns, optional
        Of runs whose noise was estimated: only what exceeds it counts, and runs start from these initial states.
    progress : callable, optional
        Called with the number of runs done and their total.

    Returns
    -------
    Validation
        Runs that Cantera cannot integrate are in ``failures``; they raise nothing.

    Raises
    ------
    StudyError
        If the tolerance is not above zero, the file is not found, or the delay's definition is unknown.
    FormatError
        If the mechanism cannot be read or exported.
    DataError
        If a run does not say its reactor or its first temperature.
    """
    if not tolerance > 0:
        raise StudyError(f"The tolerance of the validation is {tolerance:g}; it is a relative error and above zero.")
    histories = [run for run in runs.runs if run.is_time_history]
    started = histories if measured is None else [measured.start(run) for run in histories]
    definition = IgnitionDefinition.of(ignition)
    exported, simulated, failures, delays = _simulated_again(mechanism, runs, histories, started, progress, definition)
    names = runs.species_names
    errors, times = measures.deviations(histories, simulated, len(names), measured)
    energies = measures.Energies(exported, names)
    chi_squared, per_species = measures.chi_squared(histories, simulated, names, noise)
    return Validation(
        tolerance=tolerance,
        held_out=held_out,
        species=names,
        runs=tuple(run.name for run in histories),
        errors=errors,
        times=times,
        temperature_errors=measures.temperature_errors(histories, simulated),
        failures=failures,
        conservation=measures.element_drift(exported, names, simulated),
        ignition_delay=delays,
        ignition_definition=definition.text,
        final_errors=measures.final_errors(histories, simulated),
        pressure_errors=measures.pressure_errors(histories, simulated, names, exported),
        heat_release=measures.heat_released(energies, histories, simulated),
        energy=measures.energy_drift(energies, simulated),
        chi_squared=chi_squared,
        chi_squared_per_species=per_species,
        beyond=beyond_training(histories, training),
        criteria=criteria or Criteria(),
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
    measured: NoisyRuns | None = None,
    progress: Progress = silent,
) -> Validation:
    """As `validate`, with what a study file says under ``validate:``."""
    return validate(
        mechanism,
        runs,
        tolerance=terms.tolerance,
        held_out=held_out,
        training=training,
        ignition=terms.ignition,
        criteria=terms.criteria,
        noise=terms.noise,
        measured=measured,
        progress=progress,
    )


def _simulated_again(
    mechanism: Mechanism | str | Path,
    runs: Trajectories,
    histories: list[Trajectory],
    started: list[Trajectory],
    progress: Progress,
    definition: IgnitionDefinition,
) -> tuple[Mechanism, dict[str, Trajectory], dict[str, str], dict[str, DelayComparison]]:
    """The mechanism as the file holds it, the re-simulated runs, why others failed, and the ignition delays."""
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(mechanism, Mechanism):
            path = Path(folder) / "mechanism.yaml"
            write_mechanism(mechanism, path)
        else:
            path = find_mechanism(str(mechanism))
        exported = read_mechanism(path)
        lacking = ", ".join(name for name in runs.species_names if name not in exported.species_names)
        if lacking or not histories:
            return exported, {}, {run.name: f"the mechanism has no species {lacking}" for run in histories}, {}
        wanted = runs.select(started)
        simulated, failures = resimulate(path, wanted, phase=exported.name, progress=progress)
        delays = _ignition_delays(path, exported.name, wanted, histories, simulated, definition)
        return exported, simulated, failures, delays


def _ignition_delays(
    path: Path,
    phase: str,
    runs: Trajectories,
    histories: list[Trajectory],
    simulated: dict[str, Trajectory],
    definition: IgnitionDefinition,
) -> dict[str, DelayComparison]:
    """Delays of data and re-simulation, by run.

    Where both lie between the same two of the data's times they are taken from these, so that both are off in the
    same way. Elsewhere the re-simulation is resolved by times of its own.
    """
    delays, names = {}, runs.species_names
    for run, data in zip(runs.runs, histories, strict=True):
        theirs = ignition_delay(data, definition, names)
        if theirs is None or run.name not in simulated:
            continue
        ours = ignition_delay(simulated[run.name], definition, names)
        if not same_moment(run, theirs, ours):
            ours = _resolved_delay(path, phase, runs, run, definition)
        delays[run.name] = DelayComparison(theirs, ours)
    return delays


def _resolved_delay(
    path: Path, phase: str, runs: Trajectories, run: Trajectory, definition: IgnitionDefinition
) -> float | None:
    """The delay of a re-simulated run from times close enough, first over all of the run, then around it."""
    delay, history = None, run
    for _ in range(2):
        times = closer_times(history, delay)
        concentrations, temperature, pressure = (
            np.repeat(each[:1], len(times), axis=0) for each in (run.concentrations, run.temperature, run.pressure)
        )
        asked = Trajectory(times, concentrations, temperature, pressure, reactor=run.reactor, name=run.name)
        done, _failures = resimulate(path, runs.select([asked]), phase=phase)
        if run.name not in done:
            return None
        history = done[run.name]
        delay = ignition_delay(history, definition, runs.species_names)
        if delay is None:
            return None
    return delay
