"""One mechanism at one condition: CVODES until ignition, and on to the last time at which profiles are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from .reduction_records import Condition, Response, Task, Vector

USUAL, FINE = (1e-6, 1e-15), (1e-9, 1e-18)
"""Tolerances of CVODES: of candidates, and of the source and where results are judged."""
_MOST_STEPS = 20_000


@dataclass(frozen=True, eq=False)
class SolverHistory:
    """Every step of the solver.

    Parameters
    ----------
    response : Response
    time : array, shape (T,)
        [s]; ignition and the times of profiles are among them.
    states : array, shape (T, 1 + S)
        Temperature [K] and mass fractions.
    held : float
        Density [kg/m³] at constant volume, pressure [Pa] at constant pressure.
    constant_pressure : bool
    """

    response: Response
    time: Vector
    states: NDArray[np.float64]
    held: float
    constant_pressure: bool

    def set(self, gas: ct.Solution, place: int) -> None:
        """Put a gas of the same species into one of the states."""
        set_state(gas, self.states[place], self.held, self.constant_pressure)


def ignite(
    gas: ct.Solution,
    task: Task,
    condition: Condition,
    *,
    longest: float,
    tolerances: tuple[float, float] = USUAL,
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
    tolerances : tuple of float
        Relative and absolute one of CVODES, on mass fractions.
    until : float
        Simulate for at least so long after ignition [s].
    """
    try:
        gas.TPX = condition.temperature, condition.pressure, dict(condition.mixture)
        return _history(gas, task, condition, longest, until, tolerances)
    except (ct.CanteraError, FloatingPointError):
        return None


def _history(
    gas: ct.Solution, task: Task, condition: Condition, longest: float, until: float, tolerances: tuple[float, float]
) -> SolverHistory | None:
    constant_pressure, goal = condition.constant_pressure, condition.temperature + task.rise
    held = condition.pressure if constant_pressure else float(gas.density)
    kind, first = (ct.IdealGasConstPressureReactor, 1) if constant_pressure else (ct.IdealGasReactor, 2)
    network = ct.ReactorNet([kind(gas, clone=False)])
    (network.rtol, network.atol), network.max_steps = tolerances, _MOST_STEPS
    network.initialize()
    times, states = [0.0], [np.asarray(network.get_state())[first:]]

    def advance() -> None:
        times.append(float(network.step()))
        states.append(network.get_state()[first:])

    def step_to(i: int) -> tuple[Any, Any, Any]:
        """Times, states and slopes at both ends of a step of the solver."""
        pair = states[i - 1 : i + 1]
        return times[i - 1 : i + 1], pair, [slope(gas, held, state, constant_pressure) for state in pair]

    while states[-1][0] < goal:
        advance()
        if times[-1] > longest or len(times) > _MOST_STEPS:
            return None
    delay = _time_at(goal, *step_to(len(times) - 1))
    ends = [delay, *(delay + end for end in task.times_after(condition))]
    while times[-1] < max(delay + until, *ends):
        advance()
        if len(times) > 2 * _MOST_STEPS:
            return None
    places = np.searchsorted(times, ends)
    stops = np.array([_cubic(end, *step_to(i)) for i, end in zip(places, ends, strict=True)])
    moles = stops[1:, 1:] / gas.molecular_weights
    shares = dict(zip(gas.species_names, (moles / moles.sum(axis=1, keepdims=True)).T, strict=True))
    absent = np.zeros(len(moles))
    profile = np.column_stack([stops[1:, 0], *(shares.get(name, absent) for name in task.species)])
    if not (delay > 0 and np.all(np.isfinite(profile))):
        return None
    clock, table = np.insert(times, places, ends), np.insert(states, places, stops, axis=0)
    return SolverHistory(Response(delay, profile), clock, table, held, constant_pressure)


def _time_at(temperature: float, times: Sequence[float], states: Sequence[Vector], slopes: Sequence[Vector]) -> float:
    """When the temperature is reached within a step: the cubic of time in temperature."""
    (low, high), (first, last) = ((float(y[0]) for y in pair) for pair in (states, slopes))
    if not (first > 0 and last > 0):
        return times[0] + (temperature - low) / (high - low) * (times[1] - times[0])
    return float(_cubic(temperature, (low, high), times, (1 / first, 1 / last)))


def _cubic(x: float, ends: Sequence[float], values: Sequence[Any], slopes: Sequence[Any]) -> Any:
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
    set_state(gas, state, held, constant_pressure)
    if constant_pressure:
        heat, capacity = gas.partial_molar_enthalpies, gas.cp_mass
    else:
        heat, capacity = gas.partial_molar_int_energies, gas.cv_mass
    rates, density = gas.net_production_rates, gas.density
    warming = -float(heat @ rates) / (density * capacity)
    return np.concatenate([[warming], rates * gas.molecular_weights / density])


def set_state(gas: ct.Solution, state: Vector, held: float, constant_pressure: bool) -> None:
    """Temperature and mass fractions at a pressure [Pa] or a density [kg/m³] that is held."""
    if constant_pressure:
        gas.TPY = state[0], held, state[1:]
    else:
        gas.TDY = state[0], held, state[1:]
