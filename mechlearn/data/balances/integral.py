"""Balances in integral form: what has formed since the start."""

from __future__ import annotations

import numpy as np

from ..noise.concentration_noise import Noise
from ..trajectories import Trajectories
from .balances_record import Balances
from .quadrature import rows_of_runs


def integral_balances(runs: Trajectories, *, spread: Noise | None = None) -> Balances:
    """Balances u(t) − u(0) = ∫ production dt, one for every sample but the first.

    Parameters
    ----------
    runs : Trajectories
        Concentrations at four times at least; rates are not used.
    spread : Noise, optional
        The noise of the concentrations; estimated where absent.

    Returns
    -------
    Balances
        ``operator`` holds cumulative quadrature weights [s], ``accumulation`` u(t) − u(0) [kmol/m³], ``scale`` its
        standard error.

    Raises
    ------
    DataError
        If no run has four samples without a missing value.

    Notes
    -----
    The integrand is a cubic between samples: the error falls with the fifth power of the interval.

    Examples
    --------
    >>> integral_balances(decay).accumulation.shape
    (10, 2)
    """
    return rows_of_runs(runs, lambda intervals: np.tri(intervals), spread)
