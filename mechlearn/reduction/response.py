"""One mechanism at one condition: CVODES until ignition, and on to the last time at which profiles are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from .reduction_records import Condition, Response, Task, Vector

RELATIVE, ABSOLUTE = 1e-6, 1e-15
_MOST_STEPS = 20_000


@dataclass(frozen=True, eq=False)
class SolverHistory:
    """Every step of the solver.

    Parameters
    ----------
    response : Response
    time, temperature : array, shape (T,)
        [s], [K]; ignition and the times of profiles are among the times.
    fractions : array, shape (T, S)
        Mass fractions.
    held : float
        Density [kg/m³] at constant volume, pressure [Pa] at constant pressure.
    """

    response: Response
    time: Vector
    temperature: Vector
    fractions: NDArray[np.float64]
    held: float


def ignite(
    gas: ct.Solution,
    task: Task,
    condition: Condition,
    *,
    longest: float,
    rtol: float = RELATIVE,
    atol: float = ABSOLUTE,
    until: float = 0.0,
) -> SolverHistory | None:
    """Simulate a condition; None where the gas does not ignite in time or the solver fails.

    Parameters
    ----------
    gas : cantera.Solution
        A candidate, or the source.
    task : Task
        What the delay is, and which species and times are compared.
    condition : Condition
        The initial state.
    longest : float
        When a gas that has not ignited is given up [s].
    rtol, atol : float
        Tolerances of CVODES, on mass fractions.
    until : float
        Simulate for at least so long after ignition [s].
    """
    try:
        gas.TPX = condition.temperature, condition.pressure, dict(condition.mixture)
        return _history(gas, task, condition, longest, until, (rtol, atol))
    except (ct.CanteraError, FloatingPointError):
        return None


def _history(
    gas: ct.Solution,
    task: Task,
    condition: Condition,
    longest: float,
    until: float,
    tolerances: tuple[float, float],
) -> SolverHistory | None:
    density, first = float(gas.density), 2 if condition.constant_pressure else 3
    kind = ct.IdealGasConstPressureReactor if condition.constant_pressure else ct.IdealGasReactor
    vessel = kind(gas, clone=False)
    network = ct.ReactorNet([vessel])
    (network.rtol, network.atol), network.max_steps = tolerances, _MOST_STEPS
    goal = condition.temperature + task.rise
    times, states = [0.0], [_state(network)]
    while states[-1][first - 1] < goal:
        times.append(float(network.step()))
        states.append(network.get_state())
        if times[-1] > longest or len(times) > _MOST_STEPS:
            return None
    held = condition.pressure if condition.constant_pressure else density
    passed = _SolverStep.of(gas, held, times[-2:], [y[first - 1 :] for y in states[-2:]], condition.constant_pressure)
    delay = passed.time_at(goal)
    ends = [delay + end for end in task.times_after(condition)]
    _advance(network, max([delay + until, *ends]), times, states)
    table, clock = np.array(states)[:, first - 1 :], np.array(times)
    weights = gas.molecular_weights
    columns = [gas.species_index(name) if name in gas.species_names else -1 for name in task.species]
    profile, places = np.empty((len(ends), 1 + len(columns))), np.searchsorted(clock, [delay, *ends])
    stops = np.array(
        [
            _SolverStep.of(gas, held, times[i - 1 : i + 1], table[i - 1 : i + 1], condition.constant_pressure).at(end)
            for i, end in zip(places, [delay, *ends], strict=True)
        ]
    )
    for row, state in zip(profile, stops[1:], strict=True):
        moles = state[1:] / weights
        row[0], row[1:] = state[0], [moles[j] / moles.sum() if j >= 0 else 0.0 for j in columns]
    if not (delay > 0 and np.all(np.isfinite(profile))):
        return None
    table, clock = np.insert(table, places, stops, axis=0), np.insert(clock, places, [delay, *ends])
    return SolverHistory(Response(delay, profile), clock, table[:, 0], table[:, 1:], held)


def _state(network: ct.ReactorNet) -> Vector:
    network.initialize()
    return np.asarray(network.get_state())


def _advance(network: ct.ReactorNet, end: float, times: list[float], states: list[Vector]) -> None:
    """Step by step to the first step that is not before a time."""
    while times[-1] < end:
        times.append(float(network.step()))
        states.append(network.get_state())
        if len(times) > 2 * _MOST_STEPS:
            raise ct.CanteraError("Too many steps.")


@dataclass(frozen=True, eq=False)
class _SolverStep:
    """One step of the solver with slopes at both ends: temperature and mass fractions as cubics in time."""

    times: tuple[float, float]
    states: tuple[Vector, Vector]
    slopes: tuple[Vector, Vector]

    @classmethod
    def of(
        cls,
        gas: ct.Solution,
        held: float,
        times: Sequence[float],
        states: Sequence[Vector] | Vector,
        constant_pressure: bool,
    ) -> _SolverStep:
        slopes = [slope(gas, held, state, constant_pressure) for state in states]
        return cls((times[0], times[1]), (states[0], states[1]), (slopes[0], slopes[1]))

    def at(self, time: float) -> Vector:
        """The state at a time within the step."""
        return np.asarray(_cubic(time, self.times, self.states, self.slopes))

    def time_at(self, temperature: float) -> float:
        """When the temperature is reached: the cubic of time in temperature."""
        (low, high), (first, last) = ((float(y[0]) for y in pair) for pair in (self.states, self.slopes))
        if not (first > 0 and last > 0):
            return self.times[0] + (temperature - low) / (high - low) * (self.times[1] - self.times[0])
        return float(_cubic(temperature, (low, high), self.times, (1 / first, 1 / last)))


def _cubic(x: float, ends: tuple[float, float], values: tuple[Any, Any], slopes: tuple[Any, Any]) -> Any:
    """Hermite's cubic."""
    width = ends[1] - ends[0]
    s = (x - ends[0]) / width
    change = values[1] - values[0]
    return (
        values[0]
        + s * change
        + s * (1 - s) * ((1 - s) * (slopes[0] * width - change) + s * (change - slopes[1] * width))
    )


def slope(gas: ct.Solution, held: float, state: Vector, constant_pressure: bool) -> Vector:
    """Time derivative of temperature and mass fractions, at a pressure [Pa] or a density [kg/m³] that is held."""
    if constant_pressure:
        gas.TPY = state[0], held, state[1:]
        heat, capacity = gas.partial_molar_enthalpies, gas.cp_mass
    else:
        gas.TDY = state[0], held, state[1:]
        heat, capacity = gas.partial_molar_int_energies, gas.cv_mass
    rates, density = gas.net_production_rates, gas.density
    warming = -float(heat @ rates) / (density * capacity)
    return np.concatenate([[warming], rates * gas.molecular_weights / density])
