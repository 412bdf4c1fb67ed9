"""What is said of how well rate constants are known: frozen records, apart from the reactions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STRONG = 0.95
"""Correlation from which two rate constants count as bound to each other."""
MOST_BOUND = 20


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
        share = max(self.high / self.value, self.value / self.low) - 1
        if share < 1e-9:
            return "exact"
        return f"± {100 * share:.2g} %" if share < 0.3 else f"{self.low:.2g} … {self.high:.2g}"


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
        Zero beside a parameter that is not determined.
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

    def of(self, reaction: int, part: str = "forward") -> RateInterval | None:
        """The interval of one rate constant; None where the reaction has no such part."""
        return next((each for each in self.rates if reaction in each.reactions and each.part == part), None)

    @property
    def bound(self) -> tuple[tuple[RateInterval, RateInterval, float], ...]:
        """Pairs of rate constants that the data bind to each other more strongly than `STRONG`, with the correlation.

        Of such a pair the ratio or the product is known better than either.
        """
        found = [
            (self.rates[i], self.rates[j], float(self.rate_correlation[i, j]))
            for i, j in np.argwhere(np.triu(np.abs(self.rate_correlation) > STRONG, 1))
        ]
        return tuple(sorted(found, key=lambda each: -abs(each[2]))[:MOST_BOUND])

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says, without what stands beside each reaction."""
        return {
            "temperature": self.temperature,
            "level": self.level,
            "misfit": self.misfit,
            "freedom": self.freedom,
            "parameters": [
                {"name": name, "value": value, "std_error": error}
                for name, value, error in zip(self.names, self.values.tolist(), self.std_errors.tolist(), strict=True)
            ],
            "bound": [
                {"between": [[a.reactions[0], a.part], [b.reactions[0], b.part]], "correlation": value}
                for a, b, value in self.bound
            ],
        }

    def of_reaction(self, reaction: int) -> dict[str, Any]:
        """What `summary.json` says beside one reaction: limits of each of its rate constants at ``temperature``."""
        return {
            each.part: {"k": each.value, "low": each.low, "high": each.high, "text": each.text}
            for each in self.rates
            if reaction in each.reactions
        }
