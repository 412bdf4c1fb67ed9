"""Concentration data over time, one record per run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..chemistry.arrays import Array, Integers, Mask
from ..chemistry.mechanism import Species
from ..errors import DataError

Reactor = Literal["isothermal", "constant-volume", "constant-pressure", "given-temperature", ""]
_LARGEST = 1e50
"""Of a concentration or a time, in kmol/m³ and s, and one over it the smallest."""
STEADY_VOLUME = 0.01
"""Part by which a volume may change within a run that counts as one at constant volume."""
REACTORS = ("isothermal", "constant-volume", "constant-pressure", "given-temperature")


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run: a state at each of T times, for S species.

    Parameters
    ----------
    time : array, shape (T,)
        [s], increasing.
    concentrations : array, shape (T, S)
        [kmol/m³]; NaN where not measured.
    temperature, pressure : array, shape (T,)
        [K], [Pa]; NaN where unknown.
    rates : array, shape (T, S), optional
        Net production rates [kmol/m³/s], where the source knows them.
    reactor : str
        ``isothermal`` (constant volume and temperature), ``constant-volume`` or ``constant-pressure`` (adiabatic),
        ``given-temperature`` (constant volume, the temperature as measured), or empty where unknown.
    name : str
        Unique among the runs.
    parent : str
        Not empty for states that were drawn around those of run ``parent``: they are states only, not a time
        history; ``time`` then is that of the parent's states, or counts them.
    expansion : float
        Largest volume within the run over the smallest, less 1, where a volume or a density says so; else 0.

    Raises
    ------
    DataError
        If shapes disagree, a time or a rate is not finite, a concentration is infinite, or time does not increase.
    """

    time: Array
    concentrations: Array
    temperature: Array
    pressure: Array
    rates: Array | None = None
    reactor: Reactor = ""
    name: str = ""
    parent: str = ""
    expansion: float = 0.0

    def __post_init__(self) -> None:
        count = np.shape(self.time)[0]
        shapes = {"concentrations": np.shape(self.concentrations), "rates": np.shape(self.concentrations)}
        for key in ("time", "temperature", "pressure", "concentrations", "rates"):
            value = getattr(self, key)
            if value is None:
                continue
            array = np.array(value, dtype=float)
            array.setflags(write=False)
            object.__setattr__(self, key, array)
            expected = shapes.get(key, (count,))
            if array.shape != expected or array.shape[0] != count:
                raise DataError(f"Run {self.name!r}: {key} has shape {array.shape}, but {count} times are given.")
            wrong = {"time": ~np.isfinite(array), "rates": ~np.isfinite(array), "concentrations": np.isinf(array)}
            if np.any(wrong.get(key, False)):
                where = np.argwhere(wrong[key])[0]
                raise DataError(
                    f"Run {self.name!r}: {key}[{', '.join(str(i) for i in where)}] is not a number. "
                    "Remove that sample or that species."
                )
        if self.reactor and self.reactor not in REACTORS:
            raise DataError(f"Run {self.name!r}: reactor {self.reactor!r} is not one of {', '.join(REACTORS)}.")
        back = np.flatnonzero(self.time[1:] <= self.time[:-1])
        if back.size:
            i = int(back[0]) + 1
            raise DataError(
                f"Run {self.name!r}: time must increase; time[{i}] = {self.time[i]:g} s follows "
                f"time[{i - 1}] = {self.time[i - 1]:g} s. Sort the table, or split it into two runs."
            )

    @property
    def is_time_history(self) -> bool:
        """True if the states follow each other in time, so that the run can be re-simulated."""
        return len(self.time) > 1 and not self.parent

    def at_samples(self, which: Integers | Mask) -> Trajectory:
        """The run with some of its samples, by their numbers or marked true."""
        columns = {key: getattr(self, key)[which] for key in ("time", "concentrations", "temperature", "pressure")}
        return replace(self, rates=None if self.rates is None else self.rates[which], **columns)


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Runs of the same species.

    Parameters
    ----------
    species : tuple of Species
        Observed species; compositions and thermo are empty where unknown.
    runs : tuple of Trajectory
    mechanism : str
        The Cantera file that the data (or the compositions) come from; empty where unknown.
    phase : str
        Its phase, where the file has several.
    worked_out : tuple of str
        Species that were not measured but follow from the elements, zero at the start of each run.
    left_out : tuple of str
        Columns that were not read though they may hold species, each with its file and why.

    Raises
    ------
    DataError
        If there is no run, a name stands twice, or a run has another number of species.
    """

    species: tuple[Species, ...]
    runs: tuple[Trajectory, ...]
    mechanism: str = ""
    phase: str = ""
    atomic_weights: dict[str, float] = field(default_factory=dict)
    worked_out: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.runs:
            raise DataError("No runs: there is nothing to learn from.")
        names = [run.name for run in self.runs]
        if len(set(names)) < len(names):
            twice = sorted({n for n in names if names.count(n) > 1})
            raise DataError(f"Runs named more than once: {', '.join(twice)}. Each run needs a name of its own.")
        for run in self.runs:
            if run.concentrations.shape[1] != len(self.species):
                raise DataError(
                    f"Run {run.name!r} has {run.concentrations.shape[1]} columns of concentrations for "
                    f"{len(self.species)} species."
                )

    @property
    def species_names(self) -> tuple[str, ...]:
        """Names, in the order of the columns."""
        return tuple(s.name for s in self.species)

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def missing(self) -> int:
        """How many concentrations were not measured: the NaN among them."""
        return sum(int(np.isnan(run.concentrations).sum()) for run in self.runs)

    def require_complete(self, purpose: str) -> None:
        """Refuse runs with missing concentrations where the work cannot do without them.

        Parameters
        ----------
        purpose : str
            What needs them, as the subject of a sentence.

        Raises
        ------
        DataError
            If a concentration is missing; the message names the first, and how many there are.

        Examples
        --------
        >>> decay.require_complete("Validation"), decay.missing
        (None, 0)
        """
        for run in self.runs:
            gaps = np.argwhere(np.isnan(run.concentrations))
            if gaps.size:
                sample, species = (int(i) for i in gaps[0])
                raise DataError(
                    f"Run {run.name!r}: the concentration of {self.species_names[species]} is missing at time "
                    f"{run.time[sample]:g} s (one of {self.missing} missing values). {purpose} needs all of them. Fill "
                    "them in, or remove those samples or species."
                )

    def select(self, runs: list[Trajectory] | tuple[Trajectory, ...]) -> Trajectories:
        """The same species with other runs."""
        return replace(self, runs=tuple(runs))

    def split(self, hold_out: float = 0.2, seed: int = 0) -> tuple[Trajectories, Trajectories | None]:
        """Whole runs drawn at random: those to learn from, and those held out.

        Perturbed states follow their parent. With a single run nothing can be held out, and the second part is None.

        Parameters
        ----------
        hold_out : float
            Part of the runs to hold out, in [0, 1); at least one run is kept on either side.
        seed : int
            Seed of the draw.

        Raises
        ------
        DataError
            If ``hold_out`` is not in [0, 1).
        """
        if not 0 <= hold_out < 1:
            raise DataError(f"hold_out is {hold_out:g}; it is a part of the runs, at least 0 and below 1.")
        families = list(dict.fromkeys(run.parent or run.name for run in self.runs))
        if len(families) < 2 or hold_out == 0:
            return self, None
        count = min(max(round(hold_out * len(families)), 1), len(families) - 1)
        order = np.random.default_rng(seed).permutation(len(families))
        held = {families[i] for i in order[:count]}
        parts = [[run for run in self.runs if ((run.parent or run.name) in held) is out] for out in (False, True)]
        return self.select(parts[0]), self.select(parts[1])


def check_magnitudes(runs: Trajectories) -> None:
    """Refuse numbers whose products overflow or vanish; no unit makes such numbers of a measurement.

    Raises
    ------
    DataError
        With the number.
    """
    spans = [float(np.ptp(run.time)) for run in runs.runs if run.is_time_history]

    def largest(columns: list[Array]) -> float:
        return max((float(np.abs(np.nan_to_num(each)).max(initial=0.0)) for each in columns), default=0.0)

    rates = [run.rates for run in runs.runs if run.rates is not None]
    each = [
        (f"largest concentration of {name}", largest([run.concentrations[:, j] for run in runs.runs]), "kmol/m^3")
        for j, name in enumerate(runs.species_names)
    ]
    each += [
        (f"largest production rate of {name}", largest([rate[:, j] for rate in rates]), "kmol/m^3/s")
        for j, name in enumerate(runs.species_names)
    ]
    for what, value, unit in (
        *each,
        ("highest temperature", largest([run.temperature for run in runs.runs]), "K"),
        ("longest run", max(spans, default=0), "s"),
    ):
        if value and not 1 / _LARGEST <= value <= _LARGEST:
            raise DataError(
                f"The {what} is {value:.3g} {unit}, and what is computed from such a number overflows or vanishes. "
                "Check its unit and whether it is a measured value."
            )
