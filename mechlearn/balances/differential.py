"""Balances from production rates: dc/dt = production, sample by sample."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ..errors import DataError
from ..trajectories import Trajectories
from .record import Balances


def differential_balances(runs: Trajectories) -> Balances:
    """Balances whose operator is the identity: production at each state equals the rate known there.

    Parameters
    ----------
    runs : Trajectories
        Runs that carry net production rates [kmol/m³/s].

    Returns
    -------
    Balances
        ``operator`` is the identity (N, N), ``accumulation`` the rates, shape (N, S) [kmol/m³/s].

    Raises
    ------
    DataError
        If a run has no rates, or concentrations are missing.

    Examples
    --------
    >>> differential_balances(decay).accumulation.shape
    (11, 2)
    """
    missing = [run.name for run in runs.runs if run.rates is None]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(runs)} runs carry no production rates (first: {missing[0]!r}), and this version "
            "cannot estimate them from concentrations. Simulate the source with `mechlearn simulate`, which writes "
            "them, or add columns such as `d(A)/dt [kmol/m^3/s]`."
        )
    runs.require_complete("A balance of exact rates")
    accumulation = np.concatenate([run.rates for run in runs.runs if run.rates is not None])
    return Balances(
        species=runs.species,
        concentrations=np.concatenate([run.concentrations for run in runs.runs]),
        temperature=np.concatenate([run.temperature for run in runs.runs]),
        pressure=np.concatenate([run.pressure for run in runs.runs]),
        operator=sp.eye_array(len(accumulation), format="csr"),
        accumulation=accumulation,
        scale=np.zeros_like(accumulation),
        atomic_weights=runs.atomic_weights,
    )
