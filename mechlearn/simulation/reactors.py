"""Cantera integrates: a study → trajectories with exact production rates; runs → the same runs by another mechanism."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from ..chemistry.thermo import GAS_CONSTANT
from ..data.progress import Progress, silent
from ..data.temperature_history import TemperatureHistory, temperature_history
from ..data.trajectories import STEADY_VOLUME, Reactor, Trajectories, Trajectory
from ..errors import DataError, SimulationError
from ..formats.cantera_species import atomic_weights, first_sentence, species_record
from .heated_reactor import HeatedReactor
from .initial_conditions import InitialState, columns_of, designed_runs, evaluated, initial_states, set_state
from .mechanisms import find_mechanism, load_gas
from .settings import Source, Times
from .synthetic_noise import with_noise

MAXIMUM_STEPS = 200_000
_REACTORS = {
    (True, True): ct.IdealGasConstPressureMoleReactor,
    (True, False): ct.IdealGasMoleReactor,
    (False, True): ct.IdealGasConstPressureReactor,
    (False, False): ct.IdealGasReactor,
}
"""By whether the state holds moles, and whether the pressure is constant."""
_RTOL, _ATOL = 1e-10, 1e-20
_MANY_SPECIES = 150
"""From here on a sparse preconditioner pays: n-hexane of 1268 species takes seconds for what took many minutes."""
_UNKNOWN_PART = 1e-3
"""What the species of an adiabatic run may lack of its pressure."""


def simulate_source(
    source: Source, folder: Path | None = None, *, progress: Progress = silent
) -> tuple[Trajectories, dict[str, str]]:
    """Every run of a source with its perturbed copies, and the reasons of those that failed, by name.

    Parameters
    ----------
    source : Source
        What to simulate.
    folder : Path, optional
        Where the mechanism is looked for first.
    progress : callable, optional
        Called with the share done and what is being done.

    Raises
    ------
    StudyError, FormatError
        If the source asks for what the mechanism does not have, or Cantera refuses the mechanism.
    SimulationError
        If every run fails.
    """
    mechanism = find_mechanism(source.mechanism, folder)
    gas = load_gas(mechanism, source.phase)
    observed = columns_of(gas, source.species or tuple(gas.species_names), "species")
    states, runs = list(initial_states(gas, source)), list(designed_runs(gas, source))
    failures: dict[str, str] = {}
    heated = [(state, rate) for rate in source.heating_rate or (0.0,) for state in states]
    for number, (state, heating_rate) in enumerate(heated, start=1):
        name = f"run{number:0{max(3, len(str(len(heated))))}d}"
        try:
            full = _run(gas, source, state, name, heating_rate)
        except ct.CanteraError as error:
            failures[name] = f"{first_sentence(error)}."
        else:
            runs += [_columns(run, observed) for run in (full, *_perturbed(gas, full, source, number))]
        progress(number / len(heated), "simulating")
    if not runs:
        name, reason = next(iter(failures.items()))
        raise SimulationError(f"every run failed. {name}: {reason} Check the conditions, or shorten the time.")
    species = tuple(species_record(gas.species(int(j))) for j in observed)
    exact = Trajectories(species, tuple(runs), str(mechanism), source.phase, atomic_weights(gas))
    return exact if source.noise is None else with_noise(exact, source.noise, source.seed), failures


def resimulate(
    mechanism: str | Path,
    runs: Trajectories,
    *,
    phase: str = "",
    rtol: float = _RTOL,
    atol: float = _ATOL,
    progress: Progress = silent,
) -> tuple[dict[str, Trajectory], dict[str, str]]:
    """Every time history again, from its initial state in its own reactor at its own times, by a mechanism file.

    A run whose reactor is ``given-temperature`` has the temperatures of its data.

    Parameters
    ----------
    mechanism : str or Path
        A Cantera file. Its species that the runs lack start at zero.
    runs : Trajectories
        Those with at least two times are simulated; perturbed states are not.
    phase : str
        Its phase; empty for the first.
    rtol, atol : float
        Tolerances of CVODES: relative, and absolute [kmol] in a reactor of 1 m³.
    progress : callable, optional
        Called with the share done and what is being done.

    Returns
    -------
    tuple of dict
        By name of run: what was simulated, with species in the order of ``runs``; and why a run failed.

    Raises
    ------
    DataError
        If the mechanism lacks a species of the runs, a run does not say its reactor or its initial state, or
        concentrations are missing.
    FormatError
        If Cantera refuses the mechanism.
    """
    path = find_mechanism(str(mechanism))
    gas = load_gas(path, phase)
    columns = _columns_of_runs(gas, runs, path)
    histories = [run for run in runs.runs if run.is_time_history]
    if histories:
        runs.select(histories).require_complete("A run that is simulated again and compared")
    for run in histories:
        _check_initial_state(run, runs.species_names)
    done: dict[str, Trajectory] = {}
    failures: dict[str, str] = {}
    for number, run in enumerate(histories, start=1):
        amounts = np.zeros(gas.n_species)
        amounts[columns] = run.concentrations[0]
        try:
            set_state(gas, InitialState(float(run.temperature[0]), None, amounts))
            network = reactor_network(gas, run.reactor, rtol, atol, temperature=_given_temperature(run))
            history = _integrate(gas, run.reactor, run.time - run.time[0], run.name, network)
        except ct.CanteraError as error:
            failures[run.name] = f"{first_sentence(error)}."
        else:
            done[run.name] = replace(_columns(history, columns), time=run.time)
        progress(number / len(histories), "simulating again")
    return done, failures


def _run(gas: ct.Solution, source: Source, state: InitialState, name: str, heating_rate: float) -> Trajectory:
    set_state(gas, state)
    if source.times == "none":
        return _integrate(gas, source.reactor, np.zeros(1), name, None)
    ends = np.array([0.0, source.times.end])
    heating = temperature_history(ends, state.temperature + heating_rate * ends) if source.heating_rate else None
    times = _times(reactor_network(gas, source.reactor, _RTOL, _ATOL, temperature=heating), source.times)
    set_state(gas, state)
    network = reactor_network(gas, source.reactor, _RTOL, _ATOL, temperature=heating)
    return _integrate(gas, source.reactor, times, name, network)


def _given_temperature(run: Trajectory) -> TemperatureHistory | None:
    return temperature_history(run.time - run.time[0], run.temperature) if run.reactor == "given-temperature" else None


def _times(network: ct.ReactorNet, times: Times) -> NDArray[np.float64]:
    """Times [s] at which states are recorded; moves the network on where they are the solver's own."""
    if times.spacing == "linear":
        return np.linspace(0.0, times.end, times.count or 2)
    if times.spacing == "log":
        later = np.geomspace(times.start or times.end, times.end, (times.count or 3) - 1)
        return np.array([0.0, *later])
    steps = [0.0]
    while network.step() < times.end:
        steps.append(float(network.time))
        if len(steps) > MAXIMUM_STEPS:
            raise ct.CanteraError(f"The solver took more than {MAXIMUM_STEPS} steps.")
    steps.append(times.end)
    count = min(times.count or len(steps), len(steps))
    return np.array([steps[i] for i in np.linspace(0, len(steps) - 1, count).round().astype(int)])


def reactor_network(
    gas: ct.Solution,
    reactor: Reactor,
    rtol: float,
    atol: float,
    *,
    moles: bool = True,
    max_steps: int = MAXIMUM_STEPS,
    temperature: TemperatureHistory | None = None,
) -> ct.ReactorNet:
    """A reactor of 1 m³ that holds the phase as it stands, with CVODES.

    Parameters
    ----------
    gas : cantera.Solution
        An ideal gas.
    reactor : str
        ``isothermal``, ``constant-volume``, ``constant-pressure`` or ``given-temperature``.
    rtol, atol : float
        Tolerances: relative, and absolute on the state.
    moles : bool
        Whether the state holds moles [kmol], else mass fractions.
    max_steps : int
        The most steps to a time that is asked for.
    temperature : callable, optional
        The history [K] of ``given-temperature``, as `temperature_history` makes it, from time 0 on.
    """
    vessel: ct.Reactor
    if temperature is not None:
        vessel = HeatedReactor(gas, temperature, volume=1.0, clone=False)
    else:
        kind = _REACTORS[moles, reactor == "constant-pressure"]
        vessel = kind(gas, energy="off" if reactor == "isothermal" else "on", volume=1.0, clone=False)
    network = ct.ReactorNet([vessel])
    network.rtol, network.atol, network.max_steps = rtol, atol, max_steps
    if moles and gas.n_species > _MANY_SPECIES:
        network.preconditioner = ct.AdaptivePreconditioner()
        network.derivative_settings = {"skip-third-bodies": True, "skip-falloff": True}
    return network


def _integrate(
    gas: ct.Solution, reactor: Reactor, times: NDArray[np.float64], name: str, network: ct.ReactorNet | None
) -> Trajectory:
    """The time history from the state that the phase is in, all species; ``times`` start at 0."""
    concentrations, rates = np.empty((2, len(times), gas.n_species))
    temperature, pressure = np.empty((2, len(times)))
    for i, time in enumerate(times):
        if network is not None and time > 0:
            network.advance(time)
        concentrations[i], rates[i] = gas.concentrations, gas.net_production_rates
        temperature[i], pressure[i] = gas.TP
    if not np.all(np.isfinite(concentrations)) or not np.all(np.isfinite(rates)):
        raise ct.CanteraError("Concentrations or rates grew beyond all bounds.")
    return Trajectory(times, concentrations, temperature, pressure, rates, reactor, name)


def _perturbed(gas: ct.Solution, run: Trajectory, source: Source, number: int) -> Iterator[Trajectory]:
    """Copies of a run's states, each species scaled at random; temperature stays, pressure follows."""
    rng = np.random.default_rng([source.seed, number])
    for copy in range(1, source.perturb.copies + 1):
        exponents = rng.uniform(-source.perturb.decades, source.perturb.decades, run.concentrations.shape)
        scaled = np.maximum(run.concentrations, 0) * 10**exponents
        concentrations, rates, pressure = evaluated(gas, run.temperature, scaled)
        name = f"{run.name}-copy{copy}"
        yield replace(run, concentrations=concentrations, rates=rates, pressure=pressure, name=name, parent=run.name)


def _columns(run: Trajectory, columns: NDArray[np.intp]) -> Trajectory:
    rates = None if run.rates is None else run.rates[:, columns]
    return replace(run, concentrations=run.concentrations[:, columns], rates=rates)


def _columns_of_runs(gas: ct.Solution, runs: Trajectories, path: Path) -> NDArray[np.intp]:
    lacking = [name for name in runs.species_names if name not in gas.species_names]
    if lacking:
        raise DataError(
            f"{path} lacks {', '.join(lacking)}, which the runs hold, so that it cannot be compared with them. "
            "Give the mechanism of these runs, or leave those columns out."
        )
    return np.array([gas.species_index(name) for name in runs.species_names], dtype=np.intp)


def _check_initial_state(run: Trajectory, species: tuple[str, ...]) -> None:
    """Refuse a run whose initial state does not say enough to start from."""
    temperature, pressure = float(run.temperature[0]), float(run.pressure[0])
    if not run.reactor:
        raise DataError(
            f"Run {run.name!r} does not say its reactor, so that it cannot be simulated again. "
            "Give isothermal, constant-volume, constant-pressure or given-temperature."
        )
    if run.reactor == "given-temperature" and np.isfinite(run.temperature).sum() < 2:
        raise DataError(
            f"Run {run.name!r} is to be simulated at given temperatures, and fewer than two are known. Give a column "
            "T [K], or another reactor."
        )
    if run.reactor in ("isothermal", "given-temperature") and run.expansion > STEADY_VOLUME:
        raise DataError(
            f"Run {run.name!r}: the volume changes by {100 * run.expansion:.0f} % within the run, and a reactor of "
            "this kind is simulated at constant volume, so that the two cannot be compared. Give a run at constant "
            "volume."
        )
    if not temperature > 0:
        raise DataError(f"Run {run.name!r} has no temperature at its first time, which rate constants need. Add it.")
    if not np.any(run.concentrations[0] > 0):
        raise DataError(f"Run {run.name!r} starts with all concentrations at zero: an empty reactor. Leave it out.")
    partial = GAS_CONSTANT * temperature * float(np.maximum(run.concentrations[0], 0).sum())
    if run.reactor in ("constant-volume", "constant-pressure") and pressure > partial * (1 + _UNKNOWN_PART):
        raise DataError(
            f"Run {run.name!r}: {', '.join(species)} make up {partial:.6g} Pa of {pressure:.6g} Pa at its first time. "
            "What the rest is decides how the adiabatic reactor heats up; add the diluent as a column."
        )
