"""The outcome of a validation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ..chemistry.arrays import Array
from ..data.trajectories import Trajectory
from ..errors import listed
from .noisy_runs import NoisyRuns
from .settings import Criteria


@dataclass(frozen=True)
class Deviation:
    """Where one run is farthest from the data of a species: ``time`` [s], ``error`` relative to the species' range."""

    run: str
    species: str
    time: float
    error: float


@dataclass(frozen=True)
class DelayComparison:
    """Ignition delays of one run, in data and re-simulation [s]; None where it does not ignite in its time."""

    data: float
    simulated: float | None

    @property
    def error(self) -> float:
        """Relative error [-]; infinite if the re-simulation does not ignite."""
        return math.inf if self.simulated is None else abs(self.simulated / self.data - 1.0)


@dataclass(frozen=True)
class HeatRelease:
    """Heat released until a run's last time [J/kg], and the largest error along it, over the range in all runs."""

    data: float
    simulated: float
    error: float


@dataclass(frozen=True)
class CriterionCheck:
    """One quantity against its limit."""

    quantity: str
    value: float
    limit: float

    @property
    def passed(self) -> bool:
        """True if the value is known and at most the limit."""
        return self.value <= self.limit


@dataclass(frozen=True, eq=False)
class Validation:
    """Outcome of a validation.

    Parameters
    ----------
    tolerance : float
        Largest relative error that passes.
    held_out : bool
        True if the mechanism was not learnt from these runs.
    species : tuple of str
        Columns of ``errors``.
    runs : tuple of str
        Rows of ``errors``: the runs that follow a time history.
    errors : array, shape (runs, species)
        max over times |simulated − data| / range of the species over all runs, that at least 1e-6 of the largest
        range; NaN for a run that could not be simulated.
    times : array, shape (runs, species)
        When that error stands [s].
    excess : array, shape (runs, species)
        The largest error beyond what the noise of the data allows; the same as ``errors`` where that is not known.
    temperature_errors : dict of str to float
        The same for the temperature of adiabatic runs, by run.
    failures : dict of str to str
        Why a run could not be simulated, by run.
    conservation : dict of str to float
        Largest relative change of each element along the re-simulated runs; empty where some species is not observed.
    ignition_delay : dict of str to DelayComparison
        For adiabatic runs that ignite, by run.
    ignition_definition : str
        What an ignition delay is here.
    final_errors : dict of str to float
        Largest error of any species at the last time, by run.
    pressure_errors : dict of str to float
        As ``temperature_errors``, of runs at constant volume.
    heat_release : dict of str to HeatRelease
        Where the species' enthalpies are known, by run.
    energy : dict of str to float
        Relative change of the energy or enthalpy that an adiabatic reactor conserves, along the re-simulated runs.
    chi_squared : float or None
        Reduced: the mean square of (simulated − data) / noise, where the noise is given.
    extrapolated : dict of str to tuple of str
        In what each run starts outside the conditions learnt from; nothing where it interpolates. Empty where these
        are not known.
    criteria : Criteria
        Of quantities other than the species.
    simulated : dict of str to Trajectory
        The re-simulated runs.
    measured : NoisyRuns, optional
        The noise of the data: what it allows of the errors does not count.
    """

    tolerance: float
    held_out: bool
    species: tuple[str, ...]
    runs: tuple[str, ...]
    errors: Array
    times: Array
    excess: Array
    temperature_errors: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    conservation: dict[str, float] = field(default_factory=dict)
    ignition_delay: dict[str, DelayComparison] = field(default_factory=dict)
    ignition_definition: str = "T0+400"
    final_errors: dict[str, float] = field(default_factory=dict)
    pressure_errors: dict[str, float] = field(default_factory=dict)
    heat_release: dict[str, HeatRelease] = field(default_factory=dict)
    energy: dict[str, float] = field(default_factory=dict)
    chi_squared: float | None = None
    extrapolated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    criteria: Criteria = field(default_factory=Criteria)
    simulated: dict[str, Trajectory] = field(default_factory=dict, repr=False)
    measured: NoisyRuns | None = None

    @property
    def per_run(self) -> dict[str, float]:
        """Largest error of each re-simulated run; with its temperature, unless that has a limit of its own."""
        largest = dict(zip(self.runs, self.errors.max(axis=1, initial=0.0).tolist(), strict=True))
        other = {} if self.criteria.temperature else self.temperature_errors
        return {name: max(largest[name], other.get(name, 0.0)) for name in self.simulated}

    @property
    def per_species(self) -> dict[str, float]:
        """Largest error of each species over the re-simulated runs."""
        done = [name in self.simulated for name in self.runs]
        if not any(done):
            return {}
        return dict(zip(self.species, self.errors[done].max(axis=0).tolist(), strict=True))

    @property
    def max_relative_error(self) -> float:
        """Largest error of all; NaN if no run could be re-simulated."""
        return max(self.per_run.values(), default=math.nan)

    @property
    def max_error_beyond_noise(self) -> float:
        """Largest error of all that the noise of the data does not explain."""
        if self.measured is None or not self.simulated:
            return self.max_relative_error
        done = [name in self.simulated for name in self.runs]
        return float(self.excess[done].max(initial=0.0))

    @property
    def passed(self) -> bool:
        """True if every run was re-simulated, no error is above the tolerance, and every limit holds."""
        return bool(self.simulated) and not self.failures and all(check.passed for check in self.checks)

    @property
    def largest(self) -> dict[str, float | None]:
        """Largest error of every quantity that a criterion may limit; None where it is not known."""
        delays, heat = self.ignition_delay.values(), self.heat_release.values()
        errors: dict[str, Iterable[float]] = {
            "ignition_delay": (delay.error for delay in delays),
            "temperature": self.temperature_errors.values(),
            "pressure": self.pressure_errors.values(),
            "final_state": self.final_errors.values(),
            "heat_release": (each.error for each in heat),
            "elements": self.conservation.values(),
            "energy": self.energy.values(),
        }
        known = {name: max(values, default=None) for name, values in errors.items()}
        return {"profiles": self.max_error_beyond_noise, **known, "reduced_chi_squared": self.chi_squared}

    @property
    def checks(self) -> tuple[CriterionCheck, ...]:
        """The profiles against the tolerance, and every quantity that has a limit; NaN where it is not known."""
        values = self.largest
        limits = {"profiles": self.tolerance, **asdict(self.criteria)}
        if self.measured is not None:
            values["noise"], limits["noise"] = self.measured.chi2, self.measured.chi2_limit
        known = {name: math.nan if value is None else value for name, value in values.items()}
        return tuple(CriterionCheck(name, known[name], limit) for name, limit in limits.items() if limit is not None)

    def where(self, inside: bool) -> list[str]:
        """Names of the re-simulated runs inside the conditions learnt from, or beyond them."""
        known = [name for name in self.simulated if name in self.extrapolated]
        return [name for name in known if (not self.extrapolated[name]) is inside]

    def worst(self, count: int = 10) -> list[Deviation]:
        """The largest deviations, one for each run and species, the worst first."""
        entries = [
            Deviation(name, species, float(self.times[i, j]), float(self.errors[i, j]))
            for i, name in enumerate(self.runs)
            for j, species in enumerate(self.species)
            if name in self.simulated
        ]
        return sorted(entries, key=lambda entry: -entry.error)[:count]

    @property
    def message(self) -> str:
        """The outcome in a sentence."""
        if not self.runs:
            return "Not validated: every run is a single state, and only a time history can be simulated again."
        learnt = "runs (none held out: the mechanism may have been learnt from them)"
        kind = "held-out runs" if self.held_out else learnt
        if not self.simulated:
            name, reason = next(iter(self.failures.items()))
            return f"Failed: Cantera could integrate none of {len(self.runs)} {kind}; {name}: {reason}"
        text = (
            f"{'Passed' if self.passed else 'Failed'}: {len(self.simulated)} of {len(self.runs)} {kind} "
            f"simulated again, largest relative error {self.max_relative_error:.2g}"
            f"{'' if self.measured is None else self._beyond_noise(self.measured)}, tolerance {self.tolerance:g}."
        )
        broken = [check for check in self.checks[1:] if not check.passed]
        if broken:
            text += f" Beyond their limits: {'; '.join(map(check_text, broken))}."
        return text + (f" Not integrated: {listed(list(self.failures))}." if self.failures else "")

    def _beyond_noise(self, measured: NoisyRuns) -> str:
        return f", {self.max_error_beyond_noise:.2g} {measured.text}"

    def as_dict(self) -> dict[str, Any]:
        """What stands under ``validation`` in ``summary.json``: plain values, None for what is not a number."""
        delays = {
            name: {"data": delay.data, "simulated": delay.simulated, "relative_error": _plain(delay.error)}
            for name, delay in self.ignition_delay.items()
        }
        return {
            "passed": self.passed,
            "message": self.message,
            "held_out": self.held_out,
            "tolerance": self.tolerance,
            "max_relative_error": _plain(self.max_relative_error),
            "max_error_beyond_noise": _plain(self.max_error_beyond_noise),
            "per_species": self.per_species,
            "per_run": self.per_run,
            "temperature": self.temperature_errors or None,
            "ignition_delay": delays or None,
            "ignition_definition": self.ignition_definition,
            "conservation": self.conservation or None,
            "energy": max(self.energy.values()) if self.energy else None,
            "pressure": self.pressure_errors or None,
            "final_state": self.final_errors or None,
            "heat_release": {name: asdict(heat) for name, heat in self.heat_release.items()} or None,
            "reduced_chi_squared": self.chi_squared,
            "interpolating": self._group(inside=True),
            "extrapolating": self._group(inside=False),
            "checks": [asdict(check) | {"value": _plain(check.value), "passed": check.passed} for check in self.checks],
            "failures": dict(self.failures),
            "worst": [
                {"run": each.run, "species": each.species, "time": each.time, "relative_error": each.error}
                for each in self.worst()
            ],
        }

    def _group(self, *, inside: bool) -> dict[str, Any] | None:
        names = self.where(inside)
        if not names:
            return None
        errors = {name: self.per_run[name] for name in names}
        outside = {} if inside else {"beyond": {name: list(self.extrapolated[name]) for name in names}}
        return {"runs": len(names), "max_relative_error": _plain(max(errors.values()))} | outside


def check_text(check: CriterionCheck) -> str:
    """A quantity with its value and its limit, in words."""
    name = check.quantity.replace("_", " ")
    known = f"{check.value:.2g}, limit {check.limit:g}"
    return f"{name} {'is not known here' if math.isnan(check.value) else known}"


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
