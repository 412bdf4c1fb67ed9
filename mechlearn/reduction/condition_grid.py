"""The box that an envelope spans, measured in cells between neighbouring values of temperature, pressure and phi."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import qmc

from .reduction_records import Condition, Vector
from .settings import Envelope

Place = tuple[float, ...]
Scale = tuple[Callable[[Any], Any], Callable[[Any], Any]]
RECIPROCAL: Scale = (np.reciprocal, np.reciprocal)
"""How temperatures lie between others, and back."""
LOGARITHMIC: Scale = (np.log, np.exp)
"""How pressures and equivalence ratios do."""
_SCALES = (RECIPROCAL, LOGARITHMIC, LOGARITHMIC)


@dataclass(frozen=True, eq=False)
class ConditionGrid:
    """A box in which the n-th value of each axis lies at n - 1.

    Parameters
    ----------
    envelope : Envelope
        Its values, in any order.
    condition : callable
        Makes the condition of an envelope with a single point.

    Examples
    --------
    >>> envelope = Envelope(temperature=(1000.0, 1500.0, 2000.0), phi=(1.0,))
    >>> cells = ConditionGrid(envelope, lambda point: point.temperature[0])
    >>> cells.at((0.5, 0.0, 0.0))
    1200.0
    >>> cells.neighbours((0.1, 0.0, 0.0), 0.25)
    [(0.35, 0.0, 0.0), (0.0, 0.0, 0.0)]
    """

    envelope: Envelope
    condition: Callable[[Envelope], Condition]

    @property
    def axes(self) -> tuple[Vector, ...]:
        """Sorted values of temperature [K], pressure [Pa] and phi."""
        envelope = self.envelope
        return tuple(np.unique(each) for each in (envelope.temperature, envelope.pressure, envelope.phi))

    @property
    def varied(self) -> list[int]:
        """Axes of more than one value."""
        return [number for number, values in enumerate(self.axes) if len(values) > 1]

    def spread(self, count: int) -> list[Place]:
        """Places that fill all cells evenly, by Halton's sequence; none without a cell."""
        if not self.varied:
            return []
        halton = qmc.Halton(len(self.varied), scramble=False)
        halton.fast_forward(1)
        places = np.zeros((count, len(self.axes)))
        places[:, self.varied] = halton.random(count) * [len(self.axes[number]) - 1 for number in self.varied]
        return [tuple(map(float, place)) for place in places]

    def neighbours(self, place: Place, step: float) -> list[Place]:
        """Places one step away along each axis, inside the box."""
        found = []
        for number in self.varied:
            for move in (step, -step):
                moved = min(max(place[number] + move, 0.0), len(self.axes[number]) - 1.0)
                if moved != place[number]:
                    found.append((*place[:number], moved, *place[number + 1 :]))
        return found

    def at(self, place: Place) -> Condition:
        """The condition at a place."""
        values = [
            (float(back(np.interp(at, np.arange(len(axis)), into(axis)))),) if len(axis) else ()
            for at, axis, (into, back) in zip(place, self.axes, _SCALES, strict=True)
        ]
        return self.condition(Envelope(temperature=values[0], pressure=values[1], phi=values[2]))


def halfway(values: Sequence[float], scale: Scale) -> tuple[float, ...]:
    """The values halfway between neighbours.

    Examples
    --------
    >>> halfway((1.0, 4.0, 16.0), LOGARITHMIC)
    (2.0, 8.0)
    """
    into, back = scale
    scaled = into(np.unique(values))
    return tuple(float(f"{each:.12g}") for each in back((scaled[1:] + scaled[:-1]) / 2))
