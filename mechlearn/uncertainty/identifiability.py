"""Rate constants without a limit: which, what goes with them, what is known all the same, and what would tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chemistry.kinetics import production_rates
from ..chemistry.mechanism import Mechanism
from ..units import number_text
from .covariance import Covariance
from .experiment_design import DiscriminatingState, most_different_state
from .rate_interval import RateInterval
from .rate_parameters import Parameter, moved

Array = NDArray[np.float64]

GOES_ALONG = 0.1
"""Change of another ln k for a change of one, above which the two go together."""
WELL_KNOWN = 0.25
"""Standard error of a combination up to which it counts as known."""
TRIED = 3.0
"""Change of ln k, a factor of twenty, with which the state is looked for that would show it."""
NOWHERE = 1e-6
"""Difference below which no state shows it."""


@dataclass(frozen=True)
class Unidentified:
    """A rate constant to which the data set no limit on a side.

    Parameters
    ----------
    interval : RateInterval
        Its limits.
    equation : str
        The one-way reaction.
    along : tuple of (str, float, float)
        Reactions whose rate constants go along: the change of their ln k for a change of this one by one, and the
        standard error of what is left, a combination that is known.
    state : DiscriminatingState
        Where another value would show most.
    time : float
        In which concentrations change there [s].
    """

    interval: RateInterval
    equation: str
    along: tuple[tuple[str, float, float], ...]
    state: DiscriminatingState
    time: float

    @property
    def text(self) -> str:
        """What is not known, and what is."""
        low, high = self.interval.low, self.interval.high
        if low is None and high is None:
            said = f"The data set no limit to the rate constant of {self.equation}"
        elif high is None:
            said = f"The rate constant of {self.equation} is above {low:.2g}, and nothing in the data limits it"
        else:
            said = f"The rate constant of {self.equation} is below {high:.2g}, and may be zero for all the data say"
        if not self.along:
            return f"{said}."
        parts = [
            f"that of {equation} goes with it{'' if 0.9 < slope < 1.1 else f' (to the power of {slope:.2g})'}, so that "
            f"only their {'ratio' if slope > 0 else 'product'} is known, to {100 * left:.2g} %"
            for equation, slope, left in self.along
        ]
        return f"{said}; {'; '.join(parts)}."

    @property
    def advice(self) -> str:
        """What to measure."""
        if self.state.difference < NOWHERE:
            return "No state would tell, since others make up for it everywhere: leave it out or hold it fixed."
        time = number_text(float(f"{self.time:.1g}"))
        return (
            f"Measure near {self.state.text}, within {time} s: another value would change a rate there by "
            f"{100 * self.state.difference:.2g} %."
        )

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says."""
        return {
            "reaction": self.interval.reactions[0],
            "part": self.interval.part,
            "equation": self.equation,
            "low": self.interval.low,
            "high": self.interval.high,
            "along": [{"equation": e, "slope": slope, "std_error": left} for e, slope, left in self.along],
            "state": self.state.as_dict(),
            "time": self.time,
            "text": f"{self.text} {self.advice}",
        }


def unidentified(
    mechanism: Mechanism,
    intervals: Sequence[RateInterval],
    spread: Covariance,
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
    spread : Covariance
        Of P parameters.
    combinations : array, shape (n, P)
        The change of each ln k with the parameters.
    concentrations, temperature : array, shapes (N, S) and (N,)
        The states of the data.
    """
    found: list[Unidentified] = []
    told: set[int] = set()
    for i, each in enumerate(intervals):
        if i in told or (each.low is not None and each.high is not None):
            continue
        slopes, left = spread.following(combinations, i)
        errors = np.array([other.std_error for other in intervals])
        with_it = [
            j
            for j in range(len(intervals))
            if j != i and abs(slopes[j]) > GOES_ALONG and left[j] < WELL_KNOWN < errors[j]
        ]
        told |= {i, *with_it}
        change = TRIED if each.high is None else -TRIED
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
