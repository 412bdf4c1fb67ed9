"""What each balance weighs in a fit of rate laws: its noise, and how much rate laws may miss of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from ...chemistry.arrays import Array
from .production_states import Flux

FREEDOM = 5.0
"""Degrees of freedom of Student's t."""
OF_NORMAL = 1.16
"""Standard deviation of normal residuals over the width that Student's t gives them."""
PER_MEDIAN = 1 / 0.6745
LEAST_ERROR = 1e-9
FLOOR = 1e-4
"""Of what a species gains and loses, relative to the most that any does in the state: below it little is asked."""
ROUND_OFF, LOST = 1e-12, 1e-10
"""Of forward and reverse rates: below the first their difference is round-off, below the second it is not looked at."""
LEAST_NOISE = 1e-4
"""Noise below which residuals are not called noise: rate laws are hardly fitted better."""
NOISE_OVER_LAW_ERROR = 5.0
"""Ratio of the noise to the error of the laws above which residuals are noise."""
HIDDEN = 4.0
"""How much larger the error of the laws may be than it seems beside noise."""


@dataclass(frozen=True, eq=False)
class BalanceErrors:
    """Standard deviations of the balances.

    Parameters
    ----------
    noise : float
        Relative to the production itself.
    law : float
        What the rate laws miss, relative to what the reactions contribute.
    """

    noise: float
    law: float

    @property
    def noisy(self) -> bool:
        """True where residuals are noise, false where they are errors of the rate laws."""
        return self.noise > max(NOISE_OVER_LAW_ERROR * self.law, LEAST_NOISE)

    def weights(self, flux: Flux) -> Array:
        """One over the deviation, shape (M, S).

        Near equilibrium the production is a small difference of large rates, and what is left of it is round-off.
        """
        law, rest = self._variances(flux)
        return np.asarray(np.where(flux.gross > 0, 1 / np.sqrt(np.maximum(law + rest, 1e-300)), 0.0))

    def of_laws(self, flux: Flux) -> Array:
        """Part of each balance's variance that is the error of the laws, shape (M, S)."""
        law, rest = self._variances(flux)
        return np.asarray(law / np.maximum(law + rest, 1e-300))

    @property
    def cautious(self) -> BalanceErrors:
        """With as large an error of the laws as noise may hide."""
        return replace(self, law=HIDDEN * self.law) if self.noisy else self

    def _variances(self, flux: Flux) -> tuple[Array, Array]:
        law = (max(self.law, LEAST_ERROR) * _floored(flux)) ** 2
        return law, (self.noise * flux.production) ** 2 + (ROUND_OFF * flux.gross) ** 2


def _floored(flux: Flux) -> Array:
    return np.asarray(flux.net + FLOOR * flux.net.max(axis=1, keepdims=True))


def errors_left(target: Array, flux: Flux, most: float = np.inf) -> BalanceErrors:
    """Noise, no more than ``most``, and error of the laws at which the residual of a fit is likeliest.

    A residual has the variance (noise · production)² + (law · contributions)²; Student's t with few degrees of freedom
    keeps single large residuals from deciding. Balances that are round-off count for nothing.
    """
    there = (flux.net > 0) & (np.abs(flux.production) > LOST * flux.gross)
    if not there.any():
        return BalanceErrors(0.0, LEAST_ERROR)
    left = np.abs((flux.production - target)[there])
    net, total = np.abs(flux.production[there]), _floored(flux)[there]
    every = max(float(np.median(left / total)) * PER_MEDIAN, LEAST_ERROR)

    least = np.log(LEAST_ERROR / 10)
    highest = np.array([np.clip(np.log(max(most / OF_NORMAL, 1e-300)), least, 5.0), 5.0])

    def unlikelihood(logs: Array) -> float:
        noise, law = np.exp(np.clip(logs, least, highest))
        variance = (noise * net) ** 2 + (law * total) ** 2
        return float(np.sum(0.5 * np.log(variance) + 0.5 * (FREEDOM + 1) * np.log1p(left**2 / (FREEDOM * variance))))

    starts = [np.log([every, 0.1 * every]), np.log([0.01 * every, every])]
    fits = [minimize(unlikelihood, start, method="Nelder-Mead", options={"maxiter": 120}) for start in starts]
    noise, law = OF_NORMAL * np.exp(np.minimum(min(fits, key=lambda fit: float(fit.fun)).x, highest))
    return BalanceErrors(float(noise), max(float(law), LEAST_ERROR))
