"""What every reaction did along a run: forward and reverse rates of progress at every state, and at any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..data.trajectories import Trajectory
from ..errors import DataError, StudyError
from .flux_species import FluxSpecies

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RatesOfProgress:
    """Progress of every reaction at one state, or summed up over a part of a run.

    Parameters
    ----------
    network : FluxSpecies
    forward, reverse : array, shape (R,)
        Rates of progress [kmol/m³/s]; integrated over time [kmol/m³].
    production : array, shape (S,)
        Cantera's own net production rates, in the same unit.
    concentrations : array, shape (S,)
        [kmol/m³]; the mean over time where integrated.
    temperature, pressure : float
        [K], [Pa]; likewise.
    from_time, to_time : float
        [s]; the same for one state.
    """

    network: FluxSpecies
    forward: Vector
    reverse: Vector
    production: Vector
    concentrations: Vector
    temperature: float
    pressure: float
    from_time: float
    to_time: float

    @property
    def integrated(self) -> bool:
        """True for a part of a run, False for one state."""
        return self.to_time > self.from_time

    @property
    def unit(self) -> Literal["kmol/m3/s", "kmol/m3"]:
        """Unit of the rates of progress."""
        return "kmol/m3" if self.integrated else "kmol/m3/s"

    @property
    def net(self) -> Vector:
        """Forward less reverse, shape (R,)."""
        return self.forward - self.reverse


@dataclass(frozen=True, eq=False)
class History:
    """Progress of every reaction at every state of a run.

    Parameters
    ----------
    network : FluxSpecies
    run : Trajectory
        The states; its concentrations are those of the network's species, in their order.
    forward, reverse : array, shape (T, R)
        Rates of progress [kmol/m³/s].
    production : array, shape (T, S)
        Cantera's own net production rates [kmol/m³/s].
    """

    network: FluxSpecies
    run: Trajectory
    forward: Vector
    reverse: Vector
    production: Vector

    def at(
        self, *, state: int | None = None, time: float | None = None, conversion: tuple[str, float] | None = None
    ) -> RatesOfProgress:
        """Progress at one state: by its number, a time, or the conversion of a species. Name one of them.

        Between two states the rates of progress are interpolated in a straight line, in accord with the trapezoids of
        `over`.

        Parameters
        ----------
        state : int
            0 is the first, -1 the last.
        time : float
            [s].
        conversion : (str, float)
            A species and the converted part of it, when that is first reached.

        Raises
        ------
        StudyError
            If none or several are named, or the run does not reach it.
        """
        if (state is not None) + (time is not None) + (conversion is not None) != 1:
            raise StudyError("Which state is meant? Name one: a state's number, a time, or a conversion.")
        if state is not None:
            count = len(self.run.time)
            if not -count <= state < count:
                raise StudyError(f"Run {self.run.name!r} has {count} states; there is no state {state}.")
            time = float(self.run.time[state])
        if conversion is not None:
            time = self.time_of(*conversion)
        assert time is not None
        return self._weighted(self._point(time), time, time)

    def over(
        self,
        from_time: float | None = None,
        to_time: float | None = None,
        *,
        conversion: tuple[str, float, float] | None = None,
    ) -> RatesOfProgress:
        """Progress integrated over the run, or from one time or conversion to another, by trapezoids.

        Parameters
        ----------
        from_time, to_time : float, optional
            [s]; the run's first and last time where absent.
        conversion : (str, float, float), optional
            Instead of times: a species, and from which converted part of it to which.

        Raises
        ------
        StudyError
            If the times do not lie in the run, or not one after the other.
        DataError
            If the states are no time history.

        Notes
        -----
        How well the run's times resolve what happens is said by `closures`; `refined_run` adds times.

        In a reactor at constant pressure the volume changes; what is integrated is the progress per volume as it is
        at each time.
        """
        if conversion is not None:
            if from_time is not None or to_time is not None:
                raise StudyError("Times and conversions both say where to integrate. Give one of the two.")
            from_time, to_time = (self.time_of(conversion[0], part) for part in conversion[1:])
        time = self.run.time
        if not self.run.is_time_history:
            raise DataError(
                f"Run {self.run.name!r} is no time history, so that nothing can be integrated over it. "
                "Take one of its states."
            )
        start = float(time[0]) if from_time is None else from_time
        end = float(time[-1]) if to_time is None else to_time
        if not start < end:
            raise StudyError(f"From {start:g} s to {end:g} s is no span of time. Give the earlier time first.")
        first, last = self._point(start), self._point(end)
        inside = (time > start) & (time < end)
        widths = np.diff([start, *time[inside], end])
        shares = 0.5 * (np.append(widths, 0.0) + np.append(0.0, widths))
        weights = shares[0] * first + shares[-1] * last
        weights[inside] += shares[1:-1]
        return self._weighted(weights, start, end)

    def closures(self) -> Vector:
        """Error of the trapezoids between each two states, shape (T − 1,).

        It is the largest difference between the integrated production of a species and its change, both per mass, as
        a part of the largest change over the run. The sum is what `over` may be wrong by; times that lie too far
        apart make it large, and `refined_run` adds some.
        """
        density = self.run.concentrations @ self.network.molar_masses
        amounts, rates = self.run.concentrations / density[:, None], self.production / density[:, None]
        made = 0.5 * np.diff(self.run.time)[:, None] * (rates[1:] + rates[:-1])
        scale = np.ptp(amounts, axis=0).max()
        return np.asarray(np.abs(made - np.diff(amounts, axis=0)).max(axis=1) / max(scale, 1e-300))

    def conversion(self, species: str) -> Vector:
        """Converted part of a species at every state, shape (T,): 1 less its amount per mass over the first one.

        Raises
        ------
        StudyError
            If the mechanism has no such species, or there is none of it at first.
        """
        column = self.network.index(species)
        amounts = self.run.concentrations[:, column] / (self.run.concentrations @ self.network.molar_masses)
        if not amounts[0] > 0:
            raise StudyError(f"Run {self.run.name!r} starts without {species}, so that it has no conversion.")
        return np.asarray(1.0 - amounts / amounts[0])

    def time_of(self, species: str, conversion: float) -> float:
        """When a conversion is first reached [s], in a straight line between two states.

        Raises
        ------
        StudyError
            If it never is, or as in `conversion`.
        """
        values = self.conversion(species)
        reached = np.flatnonzero(values >= conversion)
        if not reached.size:
            raise StudyError(
                f"Run {self.run.name!r} converts {values.max():.4g} of {species} at most, never {conversion:g}. "
                "Name a smaller conversion, or a longer run."
            )
        around = slice(max(int(reached[0]) - 1, 0), int(reached[0]) + 1)
        return float(np.interp(conversion, values[around], self.run.time[around]))

    def _point(self, time: float) -> Vector:
        """Weights of the states whose straight line passes through a time."""
        times = self.run.time
        if not times[0] <= time <= times[-1]:
            raise StudyError(
                f"Run {self.run.name!r} goes from {times[0]:g} s to {times[-1]:g} s; {time:g} s is outside it. "
                "Name a time inside."
            )
        weights = np.zeros(len(times))
        i = min(int(np.searchsorted(times, time, side="right")), len(times) - 1)
        share = (time - times[i - 1]) / (times[i] - times[i - 1]) if i else 1.0
        weights[i - 1], weights[i] = 1.0 - share, share
        return weights

    def _weighted(self, weights: Vector, start: float, end: float) -> RatesOfProgress:
        used = np.flatnonzero(weights)
        weights, run = weights[used], self.run
        mean = weights / weights.sum()
        forward, reverse, made = (weights @ each[used] for each in (self.forward, self.reverse, self.production))
        temperature, pressure = (float(mean @ each[used]) for each in (run.temperature, run.pressure))
        concentrations = mean @ run.concentrations[used]
        return RatesOfProgress(self.network, forward, reverse, made, concentrations, temperature, pressure, start, end)
