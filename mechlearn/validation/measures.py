"""What is measured on a run and its re-simulation: profiles, heat, conservation, chi squared, extrapolation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.conservation import element_matrix
from ..chemistry.mechanism import Mechanism
from ..chemistry.thermo import GAS_CONSTANT
from ..data.noise.concentration_noise import Noise
from ..data.trajectories import Trajectories, Trajectory
from ..formats.cantera_species import molecular_weight
from ..simulation.ignition import ADIABATIC
from .noisy_runs import NoisyRuns
from .settings import MeasurementNoise
from .validation_result import HeatRelease

Runs = list[Trajectory]

RANGE_MARGIN = 0.05
"""Part of the training's range by which a condition may lie outside and still counts as inside."""


@dataclass(frozen=True, eq=False)
class Resimulated:
    """Runs that follow time, and what became of them.

    Parameters
    ----------
    mechanism : Mechanism
    names : tuple of str
        Columns of the runs.
    histories : list of Trajectory
        The data.
    simulated : dict of str to Trajectory
        By run, where Cantera could integrate.
    """

    mechanism: Mechanism
    names: tuple[str, ...]
    histories: Runs
    simulated: dict[str, Trajectory]

    def pairs(self, histories: Runs | None = None) -> Iterator[tuple[Trajectory, Trajectory]]:
        """Runs, all if not said otherwise, each with its re-simulation."""
        for run in self.histories if histories is None else histories:
            if run.name in self.simulated:
                yield run, self.simulated[run.name]

    @cached_property
    def scales(self) -> Array:
        """Range of each species over all runs, at least 1e-6 of the largest, shape (S,) [kmol/m³]."""
        data = np.concatenate([run.concentrations for run in self.histories])
        known = np.isfinite(data)
        largest, smallest = np.where(known, data, -np.inf).max(axis=0), np.where(known, data, np.inf).min(axis=0)
        scale = np.where(known.any(axis=0), largest - smallest, 0.0)
        if not scale.any():
            scale = np.where(known, np.abs(data), 0.0).max(axis=0)
        return np.maximum(scale, 1e-6 * scale.max()) if scale.any() else np.ones(data.shape[1])


def deviations(done: Resimulated, measured: NoisyRuns | None = None) -> tuple[Array, Array, Array]:
    """Largest error of each species in each run, its time, and the largest beyond noise, all of shape (runs, S).

    Values that were not measured count for nothing.
    """
    errors, times, excess = np.full((3, len(done.histories), len(done.names)), np.nan)
    rows = {run.name: i for i, run in enumerate(done.histories)}
    for run, simulated in done.pairs():
        error = np.nan_to_num(np.abs(simulated.concentrations - run.concentrations) / done.scales)
        beyond = error if measured is None else np.maximum(error - measured.allowance(simulated) / done.scales, 0.0)
        row = rows[run.name]
        errors[row], times[row], excess[row] = error.max(axis=0), run.time[error.argmax(axis=0)], beyond.max(axis=0)
    return errors, times, excess


def final_errors(done: Resimulated) -> dict[str, float]:
    """Largest error of any species that was measured at the last time, by run."""
    errors = {}
    for run, simulated in done.pairs():
        off = np.abs(simulated.concentrations[-1] - run.concentrations[-1]) / done.scales
        errors[run.name] = float(np.where(np.isfinite(off), off, 0.0).max())
    return errors


def temperature_errors(done: Resimulated) -> dict[str, float]:
    """Of adiabatic runs: largest error over the range in all of them, that at least 1 K."""
    adiabatic = [run for run in done.histories if run.reactor in ADIABATIC and np.all(np.isfinite(run.temperature))]
    temperatures = np.concatenate([run.temperature for run in adiabatic] or [np.ones(1)])
    span = max(float(np.ptp(temperatures)), 1.0)
    return {r.name: float(np.abs(ours.temperature - r.temperature).max() / span) for r, ours in done.pairs(adiabatic)}


def pressure_errors(done: Resimulated) -> dict[str, float]:
    """Of runs at constant volume whose pressure is all theirs: largest error over the range, that at least 1 %."""
    if not set(done.mechanism.species_names) <= set(done.names):
        return {}
    closed = [r for r in done.histories if r.reactor != "constant-pressure" and np.all(np.isfinite(r.pressure))]
    pressures = np.concatenate([run.pressure for run in closed] or [np.ones(1)])
    span = max(float(np.ptp(pressures)), 0.01 * float(pressures.max()))
    return {run.name: float(np.abs(ours.pressure - run.pressure).max() / span) for run, ours in done.pairs(closed)}


def element_drift(done: Resimulated) -> dict[str, float]:
    """Largest relative change of each element's part of all atoms (its amount, where the volume is constant)."""
    species = {each.name: each for each in done.mechanism.species}
    if set(species) != set(done.names) or not done.simulated:
        return {}
    elements, atoms = element_matrix([species[name] for name in done.names])
    drift = np.zeros(len(elements))
    for run in done.simulated.values():
        amounts = run.concentrations @ atoms.T
        if run.reactor == "constant-pressure":
            amounts = amounts / amounts.sum(axis=1, keepdims=True)
        size = np.where(amounts[0] > 0, amounts[0], amounts[0].max(initial=0.0))
        if np.all(size > 0):
            drift = np.maximum(drift, (np.abs(amounts - amounts[0]) / size).max(axis=0))
    return dict(sorted(zip(elements, drift.tolist(), strict=True)))


class Energies:
    """Heat and energy of states whose species are all known with masses and enthalpies.

    Parameters
    ----------
    mechanism : Mechanism
    names : tuple of str
        Columns of the runs.
    """

    def __init__(self, mechanism: Mechanism, names: tuple[str, ...]) -> None:
        species = {each.name: each for each in mechanism.species}
        self.known = set(species) == set(names) and all(each.thermo and each.composition for each in species.values())
        if self.known:
            columns = [species[name] for name in names]
            self._thermo = [each.thermo for each in columns if each.thermo is not None]
            self._masses = np.array([molecular_weight(each, mechanism.atomic_weights) for each in columns])
            self.known = bool(np.all(self._masses > 0))

    def _enthalpies(self, temperature: Array) -> Array:
        """Of each species at each temperature, shape (T, S) [J/kmol]."""
        over_rt = np.column_stack([each.enthalpy_over_rt(temperature) for each in self._thermo])
        return np.asarray(over_rt * GAS_CONSTANT * temperature[:, None])

    def _amounts(self, run: Trajectory) -> Array:
        """Per mass, shape (T, S) [kmol/kg]."""
        return np.asarray(run.concentrations / (run.concentrations @ self._masses)[:, None])

    def released(self, run: Trajectory) -> Array:
        """Heat released since the initial state, as enthalpies of reaction at its temperature, shape (T,) [J/kg]."""
        amounts = self._amounts(run)
        return np.asarray((amounts[0] - amounts) @ self._enthalpies(run.temperature[:1])[0])

    def drift(self, run: Trajectory) -> float:
        """Largest change of what an adiabatic reactor conserves, over the heat released, that at least R T / mass."""
        amounts = self._amounts(run)
        energy = (amounts * self._enthalpies(run.temperature)).sum(axis=1)
        thermal = GAS_CONSTANT * run.temperature * amounts.sum(axis=1)
        if run.reactor == "constant-volume":
            energy = energy - thermal
        return float(np.ptp(energy) / max(np.abs(self.released(run)).max(), thermal[0]))


def heat_released(energies: Energies, done: Resimulated) -> dict[str, HeatRelease]:
    """Heat released in data and re-simulation; none where nothing is released beyond a thousandth of R T."""
    if not energies.known:
        return {}
    complete = [run for run in done.histories if np.all(run.concentrations.sum(axis=1) > 0)]  # nor empty samples
    both = {run.name: (energies.released(run), energies.released(ours)) for run, ours in done.pairs(complete)}
    span = max((float(np.ptp(data)) for data, _ in both.values()), default=0.0)
    if not span > 1.0:  # J/kg
        return {}
    return {
        name: HeatRelease(float(data[-1]), float(ours[-1]), float(np.abs(ours - data).max() / span))
        for name, (data, ours) in both.items()
    }


def energy_drift(energies: Energies, done: Resimulated) -> dict[str, float]:
    """Relative change of the energy (constant volume) or enthalpy (constant pressure) of adiabatic runs, by run."""
    if not energies.known:
        return {}
    return {name: energies.drift(run) for name, run in done.simulated.items() if run.reactor in ADIABATIC}


def chi_squared(done: Resimulated, noise: MeasurementNoise | None) -> float | None:
    """Mean of ((simulated − data) / noise)²; initial states are given."""
    pairs = list(done.pairs())
    if noise is None or not pairs:
        return None
    data, ours = (np.concatenate([run.concentrations[1:] for run in runs]) for runs in zip(*pairs, strict=True))
    deviation = Noise(noise.relative, np.array(noise.absolute)).deviation(ours)
    known = np.isfinite(data) & (deviation > 0)
    return float(np.mean(((ours[known] - data[known]) / deviation[known]) ** 2)) if known.any() else None


def extrapolated_conditions(histories: list[Trajectory], training: Trajectories | None) -> dict[str, tuple[str, ...]]:
    """In what each run's initial state lies outside those of the runs learnt from; nothing where it interpolates.

    Temperature, pressure and the mole fractions of the species are each compared with their range, widened by a
    twentieth on either side. Empty where the training runs are not known.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Species
    >>> def run(temperature):
    ...     return Trajectory(np.zeros(1), np.ones((1, 1)), np.full(1, temperature), np.full(1, 1e5), name="run")
    >>> training = Trajectories((Species("A"),), (run(1000.0),))
    >>> extrapolated_conditions([run(1500.0)], training)
    {'run': ('temperature above',)}
    """
    if training is None:
        return {}
    labels = ("temperature", "pressure", *training.species_names)
    known = np.array([_conditions(run) for run in training.runs if not run.parent])
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(known), np.fmax.reduce(known)
    margin = RANGE_MARGIN * (high - low) + 1e-9 * np.abs(high)
    found = {}
    for run in histories:
        first = _conditions(run)
        sides = np.where(first < low - margin, "below", np.where(first > high + margin, "above", ""))
        found[run.name] = tuple(f"{label} {side}" for label, side in zip(labels, sides, strict=True) if side)
    return found


def _conditions(run: Trajectory) -> Array:
    """Temperature, pressure and mole fractions of the initial state, shape (2 + S,)."""
    total = run.concentrations[0].sum()
    return np.array([run.temperature[0], run.pressure[0], *(run.concentrations[0] / (total if total > 0 else 1.0))])
