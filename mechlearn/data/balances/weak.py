"""Balances in weak form: test functions over windows of samples."""

from __future__ import annotations

import numpy as np

from ...chemistry.arrays import Array
from ..noise.concentration_noise import Noise
from ..trajectories import Trajectories
from .balances import Balances
from .integral import rows_of_runs

WINDOWS = (4, 16)
"""Intervals under a test function: few, for fast transients, and many, against noise."""


def weak_balances(runs: Trajectories, *, noise: Noise | None = None) -> Balances:
    """Balances Σ ψ Δu = Σ ψ ∫ production dt over windows of samples, with bumps ψ of two widths.

    Parameters
    ----------
    runs : Trajectories
        Concentrations at four times at least; rates are not used.
    noise : Noise, optional
        The noise of the concentrations; estimated where absent.

    Returns
    -------
    Balances
        ``operator`` holds quadrature weights times test functions [s], ``accumulation`` weighted increments
        [kmol/m³], ``scale`` their standard errors.

    Raises
    ------
    DataError
        If no run has four samples without a missing value.

    Notes
    -----
    Windows count intervals, not seconds, so that they are as short as the sampling where that is dense. No derivative
    is taken and nothing is smoothed: ψ = (1 − x²)² is constant between samples, so that increments of the data
    themselves appear. The integrand is a cubic between samples.

    References
    ----------
    .. [1] D. A. Messenger, D. M. Bortz, "Weak SINDy: Galerkin-based data-driven model selection", Multiscale Model.
       Simul. 19, 1474-1497 (2021). https://doi.org/10.1137/20M1343166

    Examples
    --------
    >>> weak_balances(decay).accumulation.shape
    (8, 2)
    """
    return rows_of_runs(runs, test_functions, noise)


def test_functions(intervals: int) -> Array:
    """Bumps over windows of intervals, shape (windows, intervals)."""
    rows = []
    for width in sorted({min(window, intervals) for window in WINDOWS}):
        bump = (1 - np.linspace(-1, 1, 2 * width + 1)[1::2] ** 2) ** 2
        for start in range(0, intervals - width + 1, max(width // 4, 1)):
            row = np.zeros(intervals)
            row[start : start + width] = bump
            rows.append(row)
    return np.array(rows)
