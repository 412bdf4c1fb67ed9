"""What is said of one rate constant."""

from __future__ import annotations

from dataclasses import dataclass


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
