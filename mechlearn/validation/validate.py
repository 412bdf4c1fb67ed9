"""A mechanism and runs → how well the one gives the others."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..chemistry.mechanism import Mechanism
from ..data.progress import Progress, silent
from ..data.trajectories import Trajectories, Trajectory
from ..errors import StudyError, listed, meant
from ..formats.cantera_yaml.export import write_mechanism
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from ..simulation.ignition import IgnitionDefinition, closer_times, ignition_delay, same_moment
from ..simulation.mechanisms import find_mechanism
from ..simulation.reactors import resimulate
from . import measures
from .noisy_runs import NoisyRuns, measured_runs
from .settings import Criteria, MeasurementNoise
from .validation_result import DelayComparison, Validation


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
        What the mechanism was learnt from, to distinguish runs that interpolate from those that extrapolate.
    ignition : str
        What an ignition delay is: ``T0+400`` or any other rise in K, ``max dT/dt``, ``max OH`` or ``max dP/dt``.
    criteria : Criteria, optional
        Of quantities other than the species.
    noise : MeasurementNoise, optional
        Standard error of the data, for the reduced chi squared.
    measured : NoisyRuns, optional
        Of runs whose noise is known: only what exceeds it counts, and runs start from these initial states. By default
        what the data of isothermal runs show.
    progress : callable, optional
        Called with the part that is done and what is being done.

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
    if measured is None and noise is None:
        runs, measured = measured_runs(_read(mechanism), runs)
    histories = [run for run in runs.runs if run.is_time_history]
    started = histories if measured is None else [measured.start(run) for run in histories]
    definition = IgnitionDefinition.of(ignition)
    with tempfile.TemporaryDirectory() as folder:
        simulator = _Simulator.of(mechanism, runs, Path(folder))
        simulated, failures = simulator.run(started, progress)
        delays = _ignition_delays(simulator, dict(zip(histories, started, strict=True)), simulated, definition)
    done = measures.Resimulated(simulator.mechanism, runs.species_names, histories, simulated)
    errors, times, excess = measures.deviations(done, measured)
    energies = measures.Energies(done.mechanism, done.names)
    return Validation(
        tolerance=tolerance,
        held_out=held_out,
        species=done.names,
        runs=tuple(run.name for run in histories),
        errors=errors,
        times=times,
        excess=excess,
        temperature_errors=measures.temperature_errors(done),
        failures=failures,
        conservation=measures.element_drift(done),
        ignition_delay=delays,
        ignition_definition=definition.text,
        final_errors=measures.final_errors(done),
        pressure_errors=measures.pressure_errors(done),
        heat_release=measures.heat_released(energies, done),
        energy=measures.energy_drift(energies, done),
        chi_squared=measures.chi_squared(done, noise),
        extrapolated=measures.extrapolated_conditions(histories, training),
        criteria=criteria or Criteria(),
        simulated=simulated,
        measured=measured,
    )


def _read(mechanism: Mechanism | str | Path) -> Mechanism:
    return mechanism if isinstance(mechanism, Mechanism) else read_mechanism(find_mechanism(str(mechanism)))


@dataclass(frozen=True, eq=False)
class _Simulator:
    """A mechanism file, the mechanism as it holds it, and the columns of the runs."""

    path: Path
    mechanism: Mechanism
    runs: Trajectories

    @classmethod
    def of(cls, mechanism: Mechanism | str | Path, runs: Trajectories, folder: Path) -> _Simulator:
        path = folder / "mechanism.yaml" if isinstance(mechanism, Mechanism) else find_mechanism(str(mechanism))
        if isinstance(mechanism, Mechanism):
            write_mechanism(mechanism, path)
        return cls(path, read_mechanism(path), runs)

    def run(self, histories: list[Trajectory], progress: Progress) -> tuple[dict[str, Trajectory], dict[str, str]]:
        """The re-simulated runs, and why others failed, by their names."""
        known = self.mechanism.species_names
        lacking = [name for name in self.runs.species_names if name not in known]
        if lacking or not histories:
            near = next(filter(None, (meant(name, known) for name in lacking)), "").strip()
            why = f"the mechanism has no species {listed(lacking)}. {near}".strip()
            return {}, {run.name: why for run in histories}
        return resimulate(self.path, self.runs.select(histories), phase=self.mechanism.name, progress=progress)


def _ignition_delays(
    simulator: _Simulator,
    started: dict[Trajectory, Trajectory],
    simulated: dict[str, Trajectory],
    definition: IgnitionDefinition,
) -> dict[str, DelayComparison]:
    """Delays of data, which ``started`` maps to runs from their initial states, and re-simulation, by run.

    Where both lie between the same two of the data's times they are taken from these, so that both are off in the
    same way. Elsewhere the re-simulation is resolved by times of its own.
    """
    delays, names = {}, simulator.runs.species_names
    for data, run in started.items():
        theirs = ignition_delay(data, definition, names)
        if theirs is None or run.name not in simulated:
            continue
        ours = ignition_delay(simulated[run.name], definition, names)
        if not same_moment(run, theirs, ours):
            ours = _resolved_delay(simulator, run, definition)
        delays[run.name] = DelayComparison(theirs, ours)
    return delays


def _resolved_delay(simulator: _Simulator, run: Trajectory, definition: IgnitionDefinition) -> float | None:
    """The delay of a re-simulated run from times close enough, first over all of the run, then around it."""
    delay, history = None, run
    for _ in range(2):
        times = closer_times(history, delay)
        start: dict[str, Any] = {
            key: np.repeat(getattr(run, key)[:1], len(times), axis=0)
            for key in ("concentrations", "temperature", "pressure")
        }
        asked = replace(run, time=times, rates=None, **start)
        history = simulator.run([asked], silent)[0].get(run.name, asked)
        delay = None if history is asked else ignition_delay(history, definition, simulator.runs.species_names)
        if delay is None:
            return None
    return delay
