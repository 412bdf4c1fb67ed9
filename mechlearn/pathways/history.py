"""What every reaction did along a run: forward and reverse rates of progress at every state, from Cantera."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from ..cantera_species import first_sentence
from ..errors import DataError, SimulationError, StudyError
from ..first_states import State, set_state
from ..simulation import find_mechanism, load_gas
from ..thermo import GAS_CONSTANT
from ..trajectories import Trajectories, Trajectory
from .network import Network, network_of

Vector = NDArray[np.float64]

_UNKNOWN_PART = 0.02


@dataclass(frozen=True, eq=False)
class Progress:
    """Progress of every reaction at one state, or summed up over a part of a run.

    Parameters
    ----------
    network : Network
    forward, reverse : array, shape (R,)
        Rates of progress [kmol/m³/s]; integrated over time [kmol/m³].
    production : array, shape (S,)
        Cantera's own net production rates, in the same unit.
    concentrations : array, shape (S,)
        [kmol/m³]; the mean over time where integrated.
    temperature, pressure : float
        [K], [Pa]; likewise.
    from_time, to_time : float
        [s]; the same for one state.
    """

    network: Network
    forward: Vector
    reverse: Vector
    production: Vector
    concentrations: Vector
    temperature: float
    pressure: float
    from_time: float
    to_time: float

    @property
    def integrated(self) -> bool:
        """True for a part of a run, False for one state."""
        return self.to_time > self.from_time

    @property
    def unit(self) -> Literal["kmol/m3/s", "kmol/m3"]:
        """Unit of the rates of progress."""
        return "kmol/m3" if self.integrated else "kmol/m3/s"

    @property
    def net(self) -> Vector:
        """Forward less reverse, shape (R,)."""
        return self.forward - self.reverse


@dataclass(frozen=True, eq=False)
class History:
    """Progress of every reaction at every state of a run.

    Parameters
    ----------
    network : Network
    run : Trajectory
        The states; its concentrations are those of the network's species, in their order.
    forward, reverse : array, shape (T, R)
        Rates of progress [kmol/m³/s].
    production : array, shape (T, S)
        Cantera's own net production rates [kmol/m³/s].
    """

    network: Network
    run: Trajectory
    forward: Vector
    reverse: Vector
    production: Vector

    def at(
        self, *, state: int | None = None, time: float | None = None, conversion: tuple[str, float] | None = None
    ) -> Progress:
        """Progress at one state: by its number, a time, or the conversion of a species. Name one of them.

        Between two states the rates of progress are interpolated in a straight line, in accord with the trapezoids of
        `over`.

        Parameters
        ----------
        state : int
            0 is the first, -1 the last.
        time : float
            [s].
        conversion : (str, float)
            A species and the converted part of it, when that is first reached.

        Raises
        ------
        StudyError
            If none or several are named, or the run does not reach it.
        """
        if (state is not None) + (time is not None) + (conversion is not None) != 1:
            raise StudyError("Which state is meant? Name one: a state's number, a time, or a conversion.")
        if state is not None:
            count = len(self.run.time)
            if not -count <= state < count:
                raise StudyError(f"Run {self.run.name!r} has {count} states; there is no state {state}.")
            weights = np.zeros(count)
            weights[state] = 1.0
            return self._weighted(weights, float(self.run.time[state]), float(self.run.time[state]))
        if conversion is not None:
            time = self.time_of(*conversion)
        assert time is not None
        return self._weighted(self._point(time), time, time)

    def over(self, from_time: float | None = None, to_time: float | None = None) -> Progress:
        """Progress integrated over the run, or from one time to another, by trapezoids.

        Parameters
        ----------
        from_time, to_time : float, optional
            [s]; the run's first and last time where absent.

        Raises
        ------
        StudyError
            If the times do not lie in the run, or not one after the other.
        DataError
            If the states are no course in time.

        Notes
        -----
        In a reactor at constant pressure the volume changes; what is integrated is the progress per volume as it is
        at each time.
        """
        time = self.run.time
        if not self.run.is_course:
            raise DataError(
                f"Run {self.run.name!r} is no course in time, so that nothing can be integrated over it. "
                "Take one of its states."
            )
        start = float(time[0]) if from_time is None else from_time
        end = float(time[-1]) if to_time is None else to_time
        if not start < end:
            raise StudyError(f"From {start:g} s to {end:g} s is no span of time. Give the earlier time first.")
        self._point(start)
        self._point(end)
        inner = time[(time > start) & (time < end)]
        knots = np.array([start, *inner, end])
        widths = np.diff(knots)
        shares = 0.5 * (np.append(widths, 0.0) + np.append(0.0, widths))
        weights = shares[0] * self._point(start) + shares[-1] * self._point(end)
        weights[(time > start) & (time < end)] += shares[1:-1]
        return self._weighted(weights, start, end)

    def conversion(self, species: str) -> Vector:
        """Converted part of a species at every state, shape (T,): 1 less its amount per mass over the first one.

        Raises
        ------
        StudyError
            If the mechanism has no such species, or there is none of it at first.
        """
        column = self.network.index(species)
        amounts = self.run.concentrations[:, column] / (self.run.concentrations @ self.network.molar_masses)
        if not amounts[0] > 0:
            raise StudyError(f"Run {self.run.name!r} starts without {species}, so that it has no conversion.")
        return np.asarray(1.0 - amounts / amounts[0])

    def time_of(self, species: str, conversion: float) -> float:
        """When a conversion is first reached [s], in a straight line between two states.

        Raises
        ------
        StudyError
            If it never is, or as in `conversion`.
        """
        values = self.conversion(species)
        reached = np.flatnonzero(values >= conversion)
        if not reached.size:
            raise StudyError(
                f"Run {self.run.name!r} converts {values.max():.4g} of {species} at most, never {conversion:g}. "
                "Name a smaller conversion, or a longer run."
            )
        i = int(reached[0])
        if i == 0:
            return float(self.run.time[0])
        share = (conversion - values[i - 1]) / (values[i] - values[i - 1])
        return float(self.run.time[i - 1] + share * (self.run.time[i] - self.run.time[i - 1]))

    def _point(self, time: float) -> Vector:
        """Weights of the states whose straight line passes through a time."""
        times = self.run.time
        if not times[0] <= time <= times[-1]:
            raise StudyError(
                f"Run {self.run.name!r} goes from {times[0]:g} s to {times[-1]:g} s; {time:g} s is outside it. "
                "Name a time inside."
            )
        weights = np.zeros(len(times))
        i = min(int(np.searchsorted(times, time, side="right")), len(times) - 1)
        if i == 0:
            weights[0] = 1.0
            return weights
        share = (time - times[i - 1]) / (times[i] - times[i - 1])
        weights[i - 1], weights[i] = 1.0 - share, share
        return weights

    def _weighted(self, weights: Vector, start: float, end: float) -> Progress:
        mean = weights / weights.sum()
        return Progress(
            self.network,
            weights @ self.forward,
            weights @ self.reverse,
            weights @ self.production,
            mean @ self.run.concentrations,
            float(mean @ self.run.temperature),
            float(mean @ self.run.pressure),
            start,
            end,
        )


def progress_history(
    mechanism: str | Path,
    runs: Trajectories,
    *,
    run: str | int = 0,
    phase: str | None = None,
    leave_out: bool = False,
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
    if phase is None:
        phase = runs.phase if Path(runs.mechanism).name == path.name else ""
    gas = load_gas(path, phase)
    concentrations = _all_species(gas, runs, chosen, path, leave_out)
    _check_states(chosen, concentrations, leave_out)
    forward, reverse = np.empty((2, len(chosen.time), gas.n_reactions))
    production = np.empty_like(concentrations)
    for i, temperature in enumerate(chosen.temperature):
        try:
            set_state(gas, State(float(temperature), None, np.maximum(concentrations[i], 0.0)))
            forward[i], reverse[i] = gas.forward_rates_of_progress, gas.reverse_rates_of_progress
        except ct.CanteraError as error:
            raise SimulationError(f"Run {chosen.name!r}, state {i}: Cantera: {first_sentence(error)}.") from None
        production[i] = gas.net_production_rates
    states = Trajectory(
        chosen.time,
        concentrations,
        chosen.temperature,
        GAS_CONSTANT * chosen.temperature * concentrations.sum(axis=1),
        reactor=chosen.reactor,
        name=chosen.name,
        parent=chosen.parent,
    )
    return History(network_of(gas, path), states, forward, reverse, production)


def _run(runs: Trajectories, run: str | int) -> Trajectory:
    names = [each.name for each in runs.runs]
    if isinstance(run, int) and -len(names) <= run < len(names):
        return runs.runs[run]
    if isinstance(run, str) and run in names:
        return runs.runs[names.index(run)]
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


def _check_states(run: Trajectory, concentrations: Vector, leave_out: bool) -> None:
    cold = np.flatnonzero(~(run.temperature > 0))
    if cold.size:
        raise DataError(
            f"Run {run.name!r} has no temperature at time[{cold[0]}] = {run.time[cold[0]]:g} s, which rates need. "
            "Add the column."
        )
    partial = GAS_CONSTANT * run.temperature * np.maximum(concentrations, 0.0).sum(axis=1)
    if not np.all(partial > 0):
        raise DataError(f"Run {run.name!r} has a state without any species: an empty reactor has no fluxes.")
    missing = np.flatnonzero(run.pressure > partial * (1 + _UNKNOWN_PART))
    if missing.size and not leave_out:
        i = int(missing[0])
        raise DataError(
            f"Run {run.name!r}: its species make up {partial[i]:.6g} Pa of {run.pressure[i]:.6g} Pa at "
            f"{run.time[i]:g} s. The rest decides rates that depend on pressure; add the diluent as a column."
        )
