"""Cantera computes what every reaction did along a run, with the mechanism's own rates of whatever type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from ..chemistry.thermo import GAS_CONSTANT
from ..data.trajectories import Trajectories, Trajectory
from ..errors import DataError, SimulationError, StudyError
from ..formats.cantera_species import first_sentence, species_record
from ..simulation.initial_conditions import InitialState, set_state
from ..simulation.mechanisms import find_mechanism, load_gas
from ..simulation.reactors import resimulate
from .flux_species import flux_species_of
from .rates_of_progress import History

Vector = NDArray[np.float64]

_UNKNOWN_PART = 0.02
_MOST_TIMES = 20_000
_PRESSURELESS = ("Arrhenius", "Blowers-Masel")


def progress_history(
    mechanism: str | Path, runs: Trajectories, *, run: str | int = 0, phase: str | None = None, leave_out: bool = False
) -> History:
    """Forward and reverse rates of progress of every reaction, at every state of a run, computed by Cantera.

    Every rate type that Cantera has is right: three-body, falloff, pressure-dependent, Chebyshev, orders of their own.

    Parameters
    ----------
    mechanism : str or Path
        A Cantera file, learnt or not; one that Cantera or mechlearn ships is found by its name.
    runs : Trajectories
        With temperatures. Species of the mechanism that they lack count as absent.
    run : str or int
        Name or number of one run.
    phase : str, optional
        The phase of the file; else that of the runs if they come from a file of that name, else the first.
    leave_out : bool
        Leave species of the runs aside that the mechanism lacks, as a reduced mechanism does; else they are refused.

    Raises
    ------
    StudyError
        If there is no such mechanism or run.
    FormatError
        If Cantera refuses the mechanism.
    DataError
        If a temperature is missing, the mechanism lacks a species of the runs, or pressures show that the runs leave
        out a part of the gas.

    Examples
    --------
    >>> from mechlearn import Study, simulate
    >>> source = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> runs = simulate(Study(source={**source, "times": {"end": "10 us", "count": 5}}))
    >>> history = progress_history("h2o2.yaml", runs)
    >>> history.forward.shape, history.at(time=5e-6).unit, history.over().unit
    ((5, 29), 'kmol/m3/s', 'kmol/m3')
    """
    path = find_mechanism(str(mechanism))
    chosen = _run(runs, run)
    gas = load_gas(path, _phase(path, runs, phase))
    concentrations = _all_species(gas, runs, chosen, path, leave_out)
    _check_states(chosen, concentrations, whole=not leave_out and _needs_pressure(gas))
    forward, reverse = np.empty((2, len(chosen.time), gas.n_reactions))
    production = np.empty_like(concentrations)
    for i, temperature in enumerate(chosen.temperature):
        try:
            set_state(gas, InitialState(float(temperature), None, np.maximum(concentrations[i], 0.0)))
            forward[i], reverse[i] = gas.forward_rates_of_progress, gas.reverse_rates_of_progress
        except ct.CanteraError as error:
            raise SimulationError(f"Run {chosen.name!r}, state {i}: Cantera: {first_sentence(error)}.") from None
        production[i] = gas.net_production_rates
    pressure = GAS_CONSTANT * chosen.temperature * concentrations.sum(axis=1)
    states = replace(chosen, concentrations=concentrations, pressure=pressure, rates=None)
    return History(flux_species_of(gas, path), states, forward, reverse, production)


def refined_run(
    mechanism: str | Path, runs: Trajectories, *, run: str | int = 0, phase: str | None = None, tolerance: float = 1e-3
) -> Trajectories:
    """One run simulated again by the mechanism, with times between its own, so close that its integrals are right.

    Parameters
    ----------
    mechanism, runs, run, phase
        As for `progress_history`; the run says its reactor.
    tolerance : float
        Sum of the errors of all trapezoids that is good enough, see `History.closures`.

    Returns
    -------
    Trajectories
        The run, with all species of the mechanism.

    Raises
    ------
    SimulationError
        If Cantera cannot integrate the run, or thousands of times are not enough.
    MechlearnError
        As in `progress_history` and `mechlearn.simulation.reactors.resimulate`.

    Examples
    --------
    >>> from mechlearn import Study, simulate
    >>> source = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> coarse = simulate(Study(source={**source, "times": {"end": "100 us", "count": 3}}))
    >>> fine = refined_run("h2o2.yaml", coarse)
    >>> [float(progress_history("h2o2.yaml", each).closures().sum()) < 1e-3 for each in (coarse, fine)]
    [False, True]
    """
    path, chosen = find_mechanism(str(mechanism)), _run(runs, run)
    phase = _phase(path, runs, phase)
    gas = load_gas(path, phase)
    first = _all_species(gas, runs, chosen, path, leave_out=False)[0]
    species = tuple(species_record(each) for each in gas.species())
    times = chosen.time
    while len(times) <= _MOST_TIMES:
        temperature, pressure = (np.full(len(times), values[0]) for values in (chosen.temperature, chosen.pressure))
        states = (times, np.tile(first, (len(times), 1)), temperature, pressure)
        asked = Trajectory(*states, reactor=chosen.reactor, name=chosen.name)
        wanted = Trajectories(species, (asked,), runs.mechanism, runs.phase, runs.atomic_weights)
        done, failures = resimulate(path, wanted, phase=phase)
        if failures:
            raise SimulationError(f"Run {chosen.name!r} cannot be simulated again: {failures[chosen.name]}")
        history = wanted.select([done[chosen.name]])
        errors = progress_history(path, history, phase=phase).closures()
        if errors.sum() <= tolerance:
            return history
        coarse = np.flatnonzero(errors > 0.3 * tolerance / len(errors))
        inner = [times[coarse] + share * (times[coarse + 1] - times[coarse]) for share in (0.25, 0.5, 0.75)]
        times = np.unique(np.concatenate([times, *inner]))
    raise SimulationError(
        f"Run {chosen.name!r}: {_MOST_TIMES} times are not enough to integrate it to {tolerance:g}. "
        "Allow a larger error, or take a part of the run."
    )


def _phase(path: Path, runs: Trajectories, phase: str | None) -> str:
    if phase is not None:
        return phase
    return runs.phase if Path(runs.mechanism).name == path.name else ""


def _run(runs: Trajectories, run: str | int) -> Trajectory:
    names = [each.name for each in runs.runs]
    number = names.index(run) if run in names else run
    if isinstance(number, int) and -len(names) <= number < len(names):
        return runs.runs[number]
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    raise StudyError(f"There is no run {run!r} among {len(names)}. Name one of {listed}.")


def _all_species(gas: ct.Solution, runs: Trajectories, run: Trajectory, path: Path, leave_out: bool) -> Vector:
    """Concentrations of all the mechanism's species, shape (T, S)."""
    shared = [j for j, name in enumerate(runs.species_names) if name in gas.species_names]
    lacking = [name for name in runs.species_names if name not in gas.species_names]
    if lacking and (not leave_out or not shared):
        named = ", ".join(lacking[:6]) + (", ..." if len(lacking) > 6 else "")
        raise DataError(
            f"{path} lacks {named}, which the runs hold, so that these states are not its own. "
            "Give the mechanism of these runs, or have those species left out."
        )
    concentrations = np.zeros((len(run.time), gas.n_species))
    columns = [gas.species_index(runs.species_names[j]) for j in shared]
    concentrations[:, columns] = run.concentrations[:, shared]
    return concentrations


def _needs_pressure(gas: ct.Solution) -> bool:
    return any(each.third_body is not None or each.reaction_type not in _PRESSURELESS for each in gas.reactions())


def _check_states(run: Trajectory, concentrations: Vector, *, whole: bool) -> None:
    cold = np.flatnonzero(~(run.temperature > 0))
    if cold.size:
        raise DataError(
            f"Run {run.name!r} has no temperature at time[{cold[0]}] = {run.time[cold[0]]:g} s, which rates need. "
            "Add the column, or give the temperature of all samples (--temperature)."
        )
    partial = GAS_CONSTANT * run.temperature * np.maximum(concentrations, 0.0).sum(axis=1)
    if not np.all(partial > 0):
        raise DataError(f"Run {run.name!r} has a state without any species: an empty reactor has no fluxes.")
    missing = np.flatnonzero(run.pressure > partial * (1 + _UNKNOWN_PART))
    if missing.size and whole:
        i = int(missing[0])
        raise DataError(
            f"Run {run.name!r}: its species make up {partial[i]:.6g} Pa of {run.pressure[i]:.6g} Pa at "
            f"{run.time[i]:g} s. The rest decides rates that depend on pressure; add the diluent as a column."
        )
