"""A Cantera reactor of constant volume whose temperature follows a given history."""

from __future__ import annotations

from typing import Any

import cantera as ct

from ..data.temperature_history import TemperatureHistory


class HeatedReactor(ct.ExtensibleIdealGasMoleReactor):
    """Without an energy equation: dT/dt is that of the history, and CVODES follows it with the moles.

    Parameters
    ----------
    gas : cantera.Solution
        An ideal gas, at the first temperature.
    temperature : callable
        The history [K] over time [s].
    **options
        As of every Cantera reactor.
    """

    def __init__(self, gas: ct.Solution, temperature: TemperatureHistory, **options: Any) -> None:
        super().__init__(gas, energy="off", **options)
        self._slope = temperature.derivative()

    def after_eval(self, t: float, LHS: Any, RHS: Any) -> None:
        """Set the change of the temperature, the first of the reactor's state."""
        LHS[0], RHS[0] = 1.0, float(self._slope(t))
