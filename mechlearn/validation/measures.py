"""What is measured on a run and its re-simulation: profiles, heat, conservation, chi squared."""

from __future__ import annotations

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.mechanism import Mechanism
from ..chemistry.thermo import GAS_CONSTANT
from ..data.trajectories import Trajectory
from ..formats.cantera_species import molecular_weight
from ..simulation.ignition import ADIABATIC
from .data_noise import NoisyRuns
from .settings import MeasurementNoise
from .validation_record import HeatRelease

Runs = list[Trajectory]
Simulated = dict[str, Trajectory]


def scales(histories: Runs) -> Array:
    """Range of each species over all runs, at least 1e-6 of the largest, shape (S,) [kmol/m³]."""
    data = np.concatenate([run.concentrations for run in histories])
    known = np.isfinite(data)
    largest, smallest = np.where(known, data, -np.inf).max(axis=0), np.where(known, data, np.inf).min(axis=0)
    scale = np.where(known.any(axis=0), largest - smallest, 0.0)
    if not scale.any():
        scale = np.where(known, np.abs(data), 0.0).max(axis=0)
    return np.maximum(scale, 1e-6 * scale.max()) if scale.any() else np.ones(data.shape[1])


def deviations(
    histories: Runs, simulated: Simulated, count: int, measured: NoisyRuns | None = None
) -> tuple[Array, Array]:
    """Largest error of each species in each run, and its time, both of shape (runs, S).

    Values that were not measured count for nothing, those of which the noise is known only with what exceeds it.
    """
    errors, times = np.full((2, len(histories), count), np.nan)
    scale = scales(histories) if histories else np.ones(count)
    for i, run in enumerate(histories):
        if run.name in simulated:
            error = np.abs(simulated[run.name].concentrations - run.concentrations)
            if measured is not None:
                error = np.maximum(error - measured.allowance(simulated[run.name]), 0.0)
            error = np.where(np.isfinite(error), error / scale, 0.0)
            errors[i], times[i] = error.max(axis=0), run.time[error.argmax(axis=0)]
    return errors, times


def final_errors(histories: Runs, simulated: Simulated) -> dict[str, float]:
    """Largest error of any species that was measured at the last time, by run."""
    scale, errors = scales(histories) if histories else 1.0, {}
    for run in histories:
        if run.name in simulated:
            off = np.abs(simulated[run.name].concentrations[-1] - run.concentrations[-1]) / scale
            errors[run.name] = float(np.where(np.isfinite(off), off, 0.0).max())
    return errors


def temperature_errors(histories: Runs, simulated: Simulated) -> dict[str, float]:
    """Of adiabatic runs: largest error over the range in all of them, that at least 1 K."""
    adiabatic = [run for run in histories if run.reactor in ADIABATIC and np.all(np.isfinite(run.temperature))]
    if not adiabatic:
        return {}
    span = max(float(np.ptp(np.concatenate([run.temperature for run in adiabatic]))), 1.0)
    return {
        run.name: float(np.abs(simulated[run.name].temperature - run.temperature).max() / span)
        for run in adiabatic
        if run.name in simulated
    }


def pressure_errors(
    histories: Runs, simulated: Simulated, names: tuple[str, ...], mechanism: Mechanism
) -> dict[str, float]:
    """Of runs at constant volume whose pressure is all theirs: largest error over the range, that at least 1 %."""
    if not set(mechanism.species_names) <= set(names):
        return {}
    closed = [run for run in histories if run.reactor != "constant-pressure" and np.all(np.isfinite(run.pressure))]
    if not closed:
        return {}
    pressures = np.concatenate([run.pressure for run in closed])
    span = max(float(np.ptp(pressures)), 0.01 * float(pressures.max()))
    return {
        run.name: float(np.abs(simulated[run.name].pressure - run.pressure).max() / span)
        for run in closed
        if run.name in simulated
    }


def element_drift(mechanism: Mechanism, names: tuple[str, ...], simulated: Simulated) -> dict[str, float]:
    """Largest relative change of each element's share of all atoms (its amount, where the volume is constant)."""
    compositions = {species.name: species.composition for species in mechanism.species}
    elements = sorted({element for composition in compositions.values() for element in composition})
    if not elements or set(compositions) != set(names) or not simulated:
        return {}
    atoms = np.array([[compositions[name].get(element, 0.0) for element in elements] for name in names])
    drift = np.zeros(len(elements))
    for run in simulated.values():
        amounts = run.concentrations @ atoms
        if run.reactor == "constant-pressure":
            amounts = amounts / amounts.sum(axis=1, keepdims=True)
        size = np.where(amounts[0] > 0, amounts[0], amounts[0].max())
        if np.all(size > 0):
            drift = np.maximum(drift, (np.abs(amounts - amounts[0]) / size).max(axis=0))
    return dict(zip(elements, drift.tolist(), strict=True))


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


def heat_released(energies: Energies, histories: Runs, simulated: Simulated) -> dict[str, HeatRelease]:
    """Heat released in data and re-simulation; none where nothing is released beyond a thousandth of R T."""
    if not energies.known:
        return {}
    chosen = [run for run in histories if run.name in simulated and np.all(np.isfinite(run.concentrations))]
    both = {run.name: (energies.released(run), energies.released(simulated[run.name])) for run in chosen}
    span = max((float(np.ptp(data)) for data, _ in both.values()), default=0.0)
    if not span > 1.0:  # J/kg
        return {}
    return {
        name: HeatRelease(float(data[-1]), float(ours[-1]), float(np.abs(ours - data).max() / span))
        for name, (data, ours) in both.items()
    }


def energy_drift(energies: Energies, simulated: Simulated) -> dict[str, float]:
    """Relative change of the energy (constant volume) or enthalpy (constant pressure) of adiabatic runs, by run."""
    if not energies.known:
        return {}
    return {name: energies.drift(run) for name, run in simulated.items() if run.reactor in ADIABATIC}


def chi_squared(
    histories: Runs, simulated: Simulated, names: tuple[str, ...], noise: MeasurementNoise | None
) -> tuple[float | None, dict[str, float]]:
    """Mean of ((simulated − data) / noise)², over everything and by species; initial states are given."""
    done = [run for run in histories if run.name in simulated]
    if noise is None or not done:
        return None, {}
    data = np.concatenate([run.concentrations[1:] for run in done])
    ours = np.concatenate([simulated[run.name].concentrations[1:] for run in done])
    variance = (noise.relative * ours) ** 2 + noise.absolute**2
    known = np.isfinite(data) & (variance > 0)
    squares = np.where(known, (ours - data) ** 2 / np.where(known, variance, 1.0), 0.0)
    counts = known.sum(axis=0)
    per_species = {name: float(squares[:, j].sum() / counts[j]) for j, name in enumerate(names) if counts[j]}
    return (float(squares.sum() / counts.sum()) if counts.any() else None), per_species
