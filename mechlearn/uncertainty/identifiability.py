"""Practically non-identifiable rate constants: which, what goes with them, what is known, and what to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.kinetics import production_rates
from ..chemistry.mechanism import Mechanism
from .covariance import Covariance
from .experiment_design import DiscriminatingState, most_different_state
from .rate_parameters import Parameter, moved
from .uncertainty_result import RateInterval, Unidentified

MINIMUM_SLOPE = 0.1
"""Change of another ln k for a change of one, above which the two go together."""
KNOWN_ERROR = 0.25
"""Standard error of a combination up to which it counts as known."""
TRIED_CHANGE = 3.0
"""Of ln k, a factor of twenty, with which the state is looked for that would show it."""


def unidentified(
    mechanism: Mechanism,
    intervals: Sequence[RateInterval],
    covariance: Covariance,
    combinations: Array,
    concentrations: Array,
    temperature: Array,
) -> tuple[Unidentified, ...]:
    """The rate constants that have no limit on a side; of those that go together the first alone.

    Parameters
    ----------
    mechanism : Mechanism
        With the rate constants as fitted.
    intervals : sequence of RateInterval
        n of them.
    covariance : Covariance
        Of P parameters.
    combinations : array, shape (n, P)
        The change of each ln k with the parameters.
    concentrations, temperature : array, shapes (N, S) and (N,)
        The states of the data.
    """
    found: list[Unidentified] = []
    covered: set[int] = set()
    errors = np.array([each.std_error for each in intervals])
    for i, each in enumerate(intervals):
        if i in covered or (each.low is not None and each.high is not None):
            continue
        slopes, left = covariance.following(combinations, i)
        bound = (np.abs(slopes) > MINIMUM_SLOPE) & (left < KNOWN_ERROR) & (errors > KNOWN_ERROR)
        with_it = [int(j) for j in np.flatnonzero(bound) if j != i]
        covered |= {i, *with_it}
        change = TRIED_CHANGE if each.high is None else -TRIED_CHANGE
        other = _moved(mechanism, each, change)
        for j in with_it:
            other = _moved(other, intervals[j], change * float(slopes[j]))
        state = most_different_state(mechanism, other, concentrations, temperature)
        along = tuple((_equation(mechanism, intervals[j]), float(slopes[j]), float(left[j])) for j in with_it)
        found.append(Unidentified(each, _equation(mechanism, each), along, state, _time(mechanism, other, state)))
    return tuple(found)


def _moved(mechanism: Mechanism, interval: RateInterval, change: float) -> Mechanism:
    reactions = list(mechanism.reactions)
    for i in interval.reactions:
        parameter = Parameter(i, interval.part, "ln k", 0.0)
        reactions[i] = moved(reactions[i], parameter, change, mechanism.temperature)
    return replace(mechanism, reactions=tuple(reactions))


def _time(one: Mechanism, other: Mechanism, state: DiscriminatingState) -> float:
    """The shorter of the times in which two mechanisms change a state."""
    concentrations = np.array([list(state.concentrations.values())])
    kelvin = one.temperature if state.temperature is None else state.temperature
    rates = [np.abs(production_rates(each, concentrations, kelvin)).max() for each in (one, other)]
    return float(concentrations.max() / max(*rates, 1e-300))


def _equation(mechanism: Mechanism, interval: RateInterval) -> str:
    reaction = mechanism.reactions[interval.reactions[0]]
    body = reaction.third_body
    if body is not None and body.name == "M" and body.text:
        return f"{reaction.equation} ({body.text}){' at low pressure' if interval.part == 'low' else ''}"
    if interval.part == "low":
        return f"{reaction.equation} at low pressure"
    if reaction.reversible or reaction.reverse_rate is None:
        return reaction.equation
    left, _, right = reaction.equation.partition(" <=> ")
    return f"{left} => {right}" if interval.part == "forward" else f"{right} => {left}"
