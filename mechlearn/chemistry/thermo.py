"""Standard-state thermodynamics of a species: what reverse rate constants need.

All functions return molar quantities divided by R (or R T), so they have no unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Array

GAS_CONSTANT = 8314.46261815324
"""R [J/kmol/K], the exact SI value that Cantera uses."""


@dataclass(frozen=True)
class Nasa7:
    """NASA polynomial with seven coefficients in one or two ranges of temperature.

    Parameters
    ----------
    low, high : tuple of 7 floats
        Coefficients a0 … a6 below and above ``middle``.
    middle : float
        Temperature where the ranges meet [K].
    reference_pressure : float
        Pressure of the standard state [Pa].

    References
    ----------
    .. [1] B. J. McBride, S. Gordon, M. A. Reno, "Coefficients for calculating thermodynamic and
       transport properties of individual species", NASA TM-4513 (1993).
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    middle: float
    reference_pressure: float = 101325.0

    def gibbs_over_rt(self, temperature: ArrayLike) -> Array:
        """Standard Gibbs energy g°/RT [-] at temperature [K], any shape."""
        t = np.asarray(temperature, dtype=float)
        a = self._coefficients(t)
        entropy = sum((a[..., k] * t**k / k for k in range(1, 5)), start=a[..., 0] * np.log(t)) + a[..., 6]
        return np.asarray(self.enthalpy_over_rt(t) - entropy)

    def enthalpy_over_rt(self, temperature: ArrayLike) -> Array:
        """Standard enthalpy h°/RT [-] at temperature [K], any shape."""
        t = np.asarray(temperature, dtype=float)
        a = self._coefficients(t)
        return np.asarray(sum(a[..., k] * t**k / (k + 1) for k in range(5)) + a[..., 5] / t)

    def _coefficients(self, t: Array) -> Array:
        return np.where(t[..., None] > self.middle, np.array(self.high), np.array(self.low))


@dataclass(frozen=True)
class ConstantCp:
    """Constant heat capacity: Cantera's ``constant-cp`` model.

    Parameters
    ----------
    T0 : float
        Reference temperature [K].
    h0, s0, cp0 : float
        Enthalpy [J/kmol], entropy [J/kmol/K] at ``T0`` and heat capacity [J/kmol/K].
    reference_pressure : float
        Pressure of the standard state [Pa].

    Examples
    --------
    >>> round(float(ConstantCp(h0=8314.46261815324 * 300.0).gibbs_over_rt(300.0)), 12)
    1.0
    """

    T0: float = 298.15
    h0: float = 0.0
    s0: float = 0.0
    cp0: float = 0.0
    reference_pressure: float = 101325.0

    def gibbs_over_rt(self, temperature: ArrayLike) -> Array:
        """Standard Gibbs energy g°/RT [-] at temperature [K], any shape."""
        t = np.asarray(temperature, dtype=float)
        entropy = self.s0 + self.cp0 * np.log(t / self.T0)
        return np.asarray(self.enthalpy_over_rt(t) - entropy / GAS_CONSTANT)

    def enthalpy_over_rt(self, temperature: ArrayLike) -> Array:
        """Standard enthalpy h°/RT [-] at temperature [K], any shape."""
        t = np.asarray(temperature, dtype=float)
        return np.asarray((self.h0 + self.cp0 * (t - self.T0)) / (GAS_CONSTANT * t))


Thermo = Nasa7 | ConstantCp


def log_potential(thermo: Thermo, temperature: ArrayLike) -> Array:
    """ln(P°/RT) − g°/RT [-] at temperature [K], any shape: its change over a reaction is ln Kc [kmol, m³].

    Examples
    --------
    >>> round(float(log_potential(ConstantCp(), 300.0)), 4)
    -3.2033
    """
    t = np.asarray(temperature, dtype=float)
    return np.asarray(np.log(thermo.reference_pressure / (GAS_CONSTANT * t)) - thermo.gibbs_over_rt(t))
