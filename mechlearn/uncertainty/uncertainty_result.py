"""What is known of a mechanism's rate constants: frozen records, apart from the reactions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..chemistry.arrays import Array
from ..units import number_text
from .experiment_design import DiscriminatingState

STRONG_CORRELATION = 0.95
"""From which two rate constants count as bound to each other."""
MAXIMUM_BOUND = 20
UNDETECTABLE_DIFFERENCE = 1e-6
"""Of a rate, relative to it, below which no state shows another value."""


@dataclass(frozen=True)
class RateInterval:
    """What the data say of one rate constant.

    Parameters
    ----------
    reactions : tuple of int
        Which reaction of the mechanism; several where their rate constants add up to one.
    part : str
        ``forward``, ``reverse`` or ``low`` (the low-pressure limit of a falloff).
    value : float
        Rate constant [kmol, m³, s] at the temperature of the `Uncertainty`.
    std_error : float
        Of its logarithm; infinite where the data do not determine it.
    low, high : float or None
        Limits of the interval; None where the data set none: ``k > low`` or ``k < high``.
    profiled : bool
        Whether the limits come from the likelihood itself instead of its curvature at the best fit.
    """

    reactions: tuple[int, ...]
    part: str
    value: float
    std_error: float
    low: float | None
    high: float | None
    profiled: bool = False

    @property
    def text(self) -> str:
        """The interval in short: ``± 0.1 %``, ``12 … 34``, ``> 12``, ``< 34`` or ``open``.

        Examples
        --------
        >>> RateInterval((0,), "forward", 100.0, 0.005, 99.0, 101.0).text
        '± 1 %'
        >>> RateInterval((0,), "forward", 100.0, float("inf"), 30.0, None).text
        '> 30'
        """
        if self.low is None and self.high is None:
            return "open"
        if self.low is None:
            return f"< {self.high:.2g}"
        if self.high is None:
            return f"> {self.low:.2g}"
        relative = max(self.high / self.value, self.value / self.low) - 1
        if relative < 1e-9:
            return "exact"
        return f"± {100 * relative:.2g} %" if relative < 0.3 else f"{self.low:.2g} … {self.high:.2g}"


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
            known = f"The data set no limit to the rate constant of {self.equation}"
        elif high is None:
            known = f"The rate constant of {self.equation} is above {low:.2g}, and nothing in the data limits it"
        else:
            known = f"The rate constant of {self.equation} is below {high:.2g}, and may be zero for all the data say"
        parts = [
            f"that of {equation} goes with it{'' if 0.9 < slope < 1.1 else f' (to the power of {slope:.2g})'}, so that "
            f"only their {'ratio' if slope > 0 else 'product'} is known, to {100 * left:.2g} %"
            for equation, slope, left in self.along
        ]
        return "; ".join([known, *parts]) + "."

    @property
    def recommendation(self) -> str:
        """What to measure."""
        if self.state.difference < UNDETECTABLE_DIFFERENCE:
            return "No state would show it, since others make up for it everywhere: leave it out or hold it fixed."
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
            "text": f"{self.text} {self.recommendation}",
        }


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """How well the data determine the parameters of a mechanism. P parameters.

    Parameters
    ----------
    names : tuple of str
        Of the parameters, as ``H2 + O => OH + H: ln A``.
    values : array, shape (P,)
        ln A [kmol, m³, s], b [-], Ea [J/kmol], and ln of efficiencies [-].
    std_errors : array, shape (P,)
        Infinite where the data do not determine the parameter.
    correlation : array, shape (P, P)
        Zero with a parameter that is not determined.
    rates : tuple of RateInterval
        Of ln k at ``temperature``.
    rate_correlation : array, shape (len(rates), len(rates))
        Of ln k there.
    temperature : float
        Median of the data [K].
    level : float
        Of the intervals, such as 0.95.
    misfit : float
        Root mean square of residual over expected error (reduced χ is its square); about 1 where noise is what is left.
    freedom : int
        Balances less parameters.
    unidentified : tuple of Unidentified
        Rate constants without a limit on a side, and what would show them.
    """

    names: tuple[str, ...]
    values: Array
    std_errors: Array
    correlation: Array
    rates: tuple[RateInterval, ...]
    rate_correlation: Array
    temperature: float
    level: float
    misfit: float
    freedom: int
    unidentified: tuple[Unidentified, ...] = ()

    def of(self, reaction: int, part: str = "forward") -> RateInterval | None:
        """The interval of one rate constant; None where the reaction has no such part."""
        return next((each for each in self.rates if reaction in each.reactions and each.part == part), None)

    @property
    def bound(self) -> tuple[tuple[RateInterval, RateInterval, float], ...]:
        """Pairs of rate constants whose correlation is above `STRONG_CORRELATION`, with the correlation.

        Of such a pair the ratio or the product is known better than either.
        """
        strong = np.argwhere(np.triu(np.abs(self.rate_correlation) > STRONG_CORRELATION, 1))
        found = [(self.rates[i], self.rates[j], float(self.rate_correlation[i, j])) for i, j in strong]
        return tuple(sorted(found, key=lambda each: -abs(each[2]))[:MAXIMUM_BOUND])

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says, without what stands with each reaction."""
        parameters = zip(self.names, self.values.tolist(), self.std_errors.tolist(), strict=True)
        return {
            **{key: getattr(self, key) for key in ("temperature", "level", "misfit", "freedom")},
            "parameters": [{"name": name, "value": value, "std_error": error} for name, value, error in parameters],
            "bound": [
                {"between": [[a.reactions[0], a.part], [b.reactions[0], b.part]], "correlation": value}
                for a, b, value in self.bound
            ],
        }

    def of_reaction(self, reaction: int) -> dict[str, Any]:
        """What `summary.json` says with one reaction: limits of each of its rate constants at ``temperature``."""
        return {
            each.part: {"k": each.value, "low": each.low, "high": each.high, "text": each.text}
            for each in self.rates
            if reaction in each.reactions
        }
