"""What the data say about production rates, in whichever form they were measured: the record, and how it is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from ...chemistry.arrays import Array
from ...chemistry.mechanism import Species
from ...errors import DataError
from ..noise.concentration_noise import Noise
from ..trajectories import Trajectories, Trajectory, check_magnitudes


@dataclass(frozen=True, eq=False)
class TrajectoryOrigin:
    """Where balances come from that were made from concentrations alone.

    Parameters
    ----------
    runs : Trajectories
    noise : Noise
        The noise of the concentrations.
    place : array, shape (N,)
        Of each sample in its run, from 0 to 1 by its number.
    difference : sparse array, shape (M, N)
        ``accumulation = difference @ concentrations``.
    """

    runs: Trajectories
    noise: Noise
    place: Array
    difference: sp.csr_array


@dataclass(frozen=True, eq=False)
class Balances:
    """``operator @ production(samples) = accumulation``, within ``scale``.

    One form serves derivatives (known or estimated: the operator is the identity), integrals (cumulative quadrature)
    and the weak form (test functions). N samples, M balances, S species.

    Parameters
    ----------
    species : tuple of Species
    concentrations : array, shape (N, S)
        States at which production is evaluated [kmol/m³].
    temperature, pressure : array, shape (N,)
        [K], [Pa]; NaN where unknown.
    operator : sparse array, shape (M, N)
    accumulation : array, shape (M, S)
        [kmol/m³/s] for derivatives, [kmol/m³] for integrals.
    scale : array, shape (M, S)
        Standard error of each accumulation, in its unit; 0 where it is known to the last digits.
    atomic_weights : mapping of str to float
        Of elements that are not in the periodic table [kg/kmol].
    trajectories : TrajectoryOrigin, optional
        The runs, where production is not known but follows from concentrations.
    """

    species: tuple[Species, ...]
    concentrations: Array
    temperature: Array
    pressure: Array
    operator: sp.csr_array
    accumulation: Array
    scale: Array
    atomic_weights: Mapping[str, float] = field(default_factory=dict)
    trajectories: TrajectoryOrigin | None = None

    def __post_init__(self) -> None:
        samples, species = np.shape(self.concentrations)
        rows = np.shape(self.accumulation)[0]
        expected = {
            "concentrations": (samples, len(self.species)),
            "temperature": (samples,),
            "pressure": (samples,),
            "operator": (rows, samples),
            "accumulation": (rows, species),
            "scale": (rows, species),
        }
        for key, shape in expected.items():
            if np.shape(getattr(self, key)) != shape:
                raise DataError(f"Balances: {key} has shape {np.shape(getattr(self, key))}, expected {shape}.")

    def temperature_or(self, default: float) -> Array:
        """Temperatures, shape (N,) [K]; the default where they are unknown."""
        return np.where(np.isfinite(self.temperature), self.temperature, default)

    def residual(self, production: Array) -> Array:
        """``operator @ production − accumulation``, shape (M, S), for production of shape (N, S) [kmol/m³/s]."""
        return np.asarray(self.operator @ production - self.accumulation)


def complete_time_histories(runs: Trajectories, fewest: int) -> list[Trajectory]:
    """The time histories without samples of which a value is missing, those with so many samples at least.

    Raises
    ------
    DataError
        If there is none, or numbers are so large or small that products of them are none.
    """
    check_magnitudes(runs)
    histories = [_complete(run) for run in runs.runs if run.is_time_history]
    kept = [run for run in histories if len(run.time) >= fewest]
    if not kept:
        raise DataError(
            f"No run has {fewest} samples in which every species was measured, so that production does not follow from "
            "concentrations. Bring more times, or leave out the species that were measured least."
        )
    return kept


def states_of_runs(runs: Sequence[Trajectory]) -> dict[str, Any]:
    """Concentrations, temperatures and pressures of all samples of the runs, one after the other."""
    keys = ("concentrations", "temperature", "pressure")
    return {key: np.concatenate([getattr(run, key) for run in runs]) for key in keys}


def balances_of(
    runs: Trajectories,
    histories: list[Trajectory],
    operators: list[sp.csr_array],
    differences: list[sp.csr_array],
    noise: Noise,
) -> Balances:
    """Balances from the rows of each run."""
    states = states_of_runs(histories)
    operator, difference = sp.block_diag(operators, format="csr"), sp.block_diag(differences, format="csr")
    deviation = noise.deviation(states["concentrations"])
    return Balances(
        species=runs.species,
        **states,
        operator=sp.csr_array(operator),
        accumulation=np.asarray(difference @ states["concentrations"]),
        scale=np.sqrt(np.asarray(difference.power(2) @ deviation**2)),
        atomic_weights=runs.atomic_weights,
        trajectories=TrajectoryOrigin(
            runs=runs,
            noise=noise,
            place=np.concatenate([np.linspace(0.0, 1.0, len(run.time)) for run in histories]),
            difference=sp.csr_array(difference),
        ),
    )


def _complete(run: Trajectory) -> Trajectory:
    """The run without samples of which a value is missing."""
    complete = np.asarray(np.isfinite(run.concentrations).all(axis=1))
    return run if complete.all() else replace(run.at_samples(complete), rates=None)
