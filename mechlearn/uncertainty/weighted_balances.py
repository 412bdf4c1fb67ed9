"""Balances with their weights, and derivatives of production as the balances see them.

Letters in shapes: N states, M balances, S species, P parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.kinetics import progress
from ..chemistry.mechanism import Mechanism
from ..data.balances.balances import Balances
from ..discovery.fit.balance_errors import errors_left
from ..discovery.fit.production_states import Flux

FLUX_FLOOR = 1e-8
"""Added to the gross flux, relative to its largest value in the state."""


@dataclass(frozen=True, eq=False)
class WeightedBalances:
    """Balances, each over its error.

    Parameters
    ----------
    balances : Balances
    temperature : array, shape (N,)
        [K].
    weights : array, shape (M, S)
        One over each error; zero where a balance says nothing.
    """

    balances: Balances
    temperature: Array
    weights: Array

    def residual(self, production: Array) -> Array:
        """What production of shape (N, S) leaves, over its error, shape (M S,)."""
        return np.asarray((self.balances.residual(production) * self.weights).ravel())

    def observed(self, derivatives: Array) -> Array:
        """Derivatives of production, shape (N, S, P), as those of the weighted balances, shape (M S, P)."""
        seen = self.balances.operator @ derivatives.reshape(len(derivatives), -1)
        weighted = seen.reshape(-1, *derivatives.shape[1:]) * self.weights[:, :, None]
        return np.asarray(weighted).reshape(-1, derivatives.shape[2])


def weights_of_fit(mechanism: Mechanism, balances: Balances, temperature: Array) -> Array:
    """One over the errors that a fit leaves: of the rates, and of what the reactions contribute, shape (M, S)."""
    forward, reverse = progress(mechanism, balances.concentrations, temperature)
    size, observe = np.abs(mechanism.net), balances.operator
    production = np.asarray(observe @ ((forward - reverse) @ mechanism.net))
    net, gross = (np.asarray(abs(observe) @ (each @ size)) for each in (np.abs(forward - reverse), forward + reverse))
    flux = Flux(production, net, gross)
    return errors_left(balances.accumulation, flux).weights(flux)


def inverse(errors: Array) -> Array:
    """One over each error where it is above zero, else zero."""
    return np.divide(1.0, errors, out=np.zeros_like(errors), where=errors > 0)


def inverse_flux(gross: Array) -> Array:
    """Weights of balances without noise, from the gross flux of each species, shape (N, S)."""
    return inverse(gross + FLUX_FLOOR * gross.max(axis=1, keepdims=True))
