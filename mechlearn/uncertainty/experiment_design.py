"""The state at which two mechanisms differ most: what to measure next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, minimize
from scipy.stats import qmc

from ..chemistry.arrays import Array
from ..chemistry.kinetics import progress
from ..chemistry.mechanism import Mechanism

POINTS = 512
EXTRAPOLATION = 3.0
"""Factor by which a state may lie above the range of the data."""
MINIMUM_CONCENTRATION = 1e-3
"""That is tried, relative to a species' largest."""
GROSS_PART = 0.05
"""Part of the gross rates that is added to net ones: what nearly cancels is known no better than that."""
EVALUATIONS = 2000
ISOTHERMAL_RANGE = 1e-6
"""Relative range of temperatures above which the temperature is looked for as well."""
NAMED = 6
"""Species that a sentence names, those of the highest concentration."""


@dataclass(frozen=True)
class DiscriminatingState:
    """Where two mechanisms differ most.

    Parameters
    ----------
    concentrations : mapping of str to float
        [kmol/m³].
    temperature : float or None
        [K]; None where the data have one temperature.
    difference : float
        Largest difference of a species' production there, over the sum of both largest ones and a little of what
        cancels in them.
    """

    concentrations: Mapping[str, float]
    temperature: float | None
    difference: float

    @property
    def text(self) -> str:
        """The state in words.

        Examples
        --------
        >>> DiscriminatingState({"A": 0.5, "B": 1e-3}, 1200.0, 0.3).text
        'A 0.5, B 0.001 kmol/m^3 at 1200 K'
        """
        named = sorted(self.concentrations, key=lambda name: -self.concentrations[name])[:NAMED]
        listed = ", ".join(f"{name} {value:.2g}" for name, value in self.concentrations.items() if name in named)
        more = " and little of all others" if len(self.concentrations) > NAMED else ""
        where = "" if self.temperature is None else f" at {self.temperature:.4g} K"
        return f"{listed} kmol/m^3{more}{where}"

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says."""
        return asdict(self)


def most_different_state(
    one: Mechanism, other: Mechanism, concentrations: Array, temperature: Array
) -> DiscriminatingState:
    """The state in the data's range at which two mechanisms differ most, relative to the rates.

    Concentrations go from a thousandth of the largest of each species in the data to three times that, temperatures
    from the lowest to the highest. A low-discrepancy set of states is tried, and the best one improved.

    Parameters
    ----------
    one, other : Mechanism
        With the same species.
    concentrations : array, shape (N, S)
        Of the data [kmol/m³].
    temperature : array, shape (N,)
        Of the data [K]; where it is not known, that of the first mechanism counts.
    """
    kelvin = np.where(np.isfinite(temperature), temperature, one.temperature)
    highest = EXTRAPOLATION * np.nanmax(concentrations, axis=0, initial=0.0)
    highest = np.where(highest > 0, highest, highest.max())
    low, high = np.log(MINIMUM_CONCENTRATION * highest), np.log(highest)
    thermal = bool(np.ptp(kelvin) > ISOTHERMAL_RANGE * kelvin.max())
    if thermal:
        low, high = np.append(low, kelvin.min()), np.append(high, kelvin.max())

    def difference(points: Array) -> Array:
        points = np.atleast_2d(points)
        states = np.exp(points[:, : len(highest)])
        at = points[:, -1] if thermal else np.full(len(points), kelvin[0])
        (first, gross), (second, other_gross) = (_rates(each, states, at) for each in (one, other))
        size = np.abs(first).max(axis=1) + np.abs(second).max(axis=1) + GROSS_PART * (gross + other_gross)
        return np.asarray(np.abs(first - second).max(axis=1) / np.maximum(size, 1e-300))

    points = qmc.scale(qmc.Sobol(len(low), seed=0).random(POINTS), low, high)
    start = points[int(np.argmax(difference(points)))]

    def similarity(point: Array) -> float:
        return -float(difference(point)[0])

    polished = minimize(
        similarity, start, method="Nelder-Mead", bounds=Bounds(low, high), options={"maxfev": EVALUATIONS}
    )
    best = max((start, np.asarray(polished.x)), key=lambda point: float(difference(point)[0]))
    state = dict(zip(one.species_names, np.exp(best[: len(highest)]).tolist(), strict=True))
    return DiscriminatingState(state, float(best[-1]) if thermal else None, float(difference(best)[0]))


def _rates(mechanism: Mechanism, states: Array, temperature: Array) -> tuple[Array, Array]:
    """Production rates, shape (N, S), and the largest of any species without what cancels, shape (N,)."""
    forward, reverse = progress(mechanism, states, temperature)
    return (forward - reverse) @ mechanism.net, ((forward + reverse) @ np.abs(mechanism.net)).max(axis=1)
