"""What is said of how well a mechanism is known: a frozen record, apart from the reactions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .identifiability import Unidentified
from .rate_interval import RateInterval

Array = NDArray[np.float64]

STRONG = 0.95
"""Correlation from which two rate constants count as bound to each other."""
MOST_BOUND = 20


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
    unidentified : tuple of Unidentified
        Rate constants without a limit on a side, and what would tell.
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
