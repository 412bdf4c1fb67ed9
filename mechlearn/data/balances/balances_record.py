"""What the data say about production rates, in whichever form they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ...chemistry.mechanism import Species
from ...errors import DataError
from ..noise.concentration_noise import Noise
from ..trajectories import Trajectories


@dataclass(frozen=True, eq=False)
class TrajectoryOrigin:
    """Where balances come from that were made from concentrations alone.

    Parameters
    ----------
    runs : Trajectories
    spread : Noise
        The noise of the concentrations.
    place : array, shape (N,)
        Of each sample in its run, from 0 to 1 by its number.
    difference : sparse array, shape (M, N)
        ``accumulation = difference @ concentrations``.
    """

    runs: Trajectories
    spread: Noise
    place: NDArray[np.float64]
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
    concentrations: NDArray[np.float64]
    temperature: NDArray[np.float64]
    pressure: NDArray[np.float64]
    operator: sp.csr_array
    accumulation: NDArray[np.float64]
    scale: NDArray[np.float64]
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

    def residual(self, production: NDArray[np.float64]) -> NDArray[np.float64]:
        """``operator @ production − accumulation``, shape (M, S), for production of shape (N, S) [kmol/m³/s]."""
        return np.asarray(self.operator @ production - self.accumulation)
