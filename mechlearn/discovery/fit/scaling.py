"""Physical values to values of order one, and back; what is scaled never leaves this folder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...chemistry.arrays import Array, Integers
from ...data.balances.balances import Balances
from ...data.noise.rate_noise import RateNoise, estimate_rate_noise, rms_of


@dataclass(frozen=True, eq=False)
class Scaled:
    """Concentrations and production in units of their own root mean square.

    Parameters
    ----------
    concentrations, production : array, shape (N, S)
    concentration_unit, production_unit : float
        [kmol/m³] and [kmol/m³/s].
    noise : RateNoise
        Of the production.
    """

    concentrations: Array
    production: Array
    concentration_unit: float
    production_unit: float
    noise: RateNoise

    def rate_constants(self, scaled: Array, orders: Array) -> Array:
        """Rate constants in kmol, m³ and s from scaled ones, both shape (R,), for orders of shape (R, S)."""
        return np.asarray(scaled * self.production_unit / self.concentration_unit ** orders.sum(axis=1))

    def weights(self, floor: float | None = None) -> Array:
        """Weight of each entry, shape (N, S): one over the root mean square of the species' rate, or with a floor (a
        part of that) one over the rate itself plus the floor.
        """
        rms = rms_of(self.production)
        if floor is None:
            return np.broadcast_to(1 / rms, self.production.shape).copy()
        return np.asarray(1 / (np.abs(self.production) + floor * rms))


def scaled(balances: Balances, noise: RateNoise | None = None) -> Scaled:
    """Balances whose operator is the identity, in units of order one.

    ``noise`` is that of their production [kmol/m³/s], where more is known of it than they show.
    """
    concentrations = np.maximum(balances.concentrations, 0.0)
    concentration_unit = float(np.sqrt(np.mean(concentrations**2))) or 1.0
    production_unit = float(np.sqrt(np.mean(balances.accumulation**2))) or 1.0
    concentrations, production = concentrations / concentration_unit, balances.accumulation / production_unit
    noise = estimate_rate_noise(concentrations, production) if noise is None else noise.times(1 / production_unit)
    return Scaled(concentrations, production, concentration_unit, production_unit, noise)


def noise_of(balances: Balances) -> RateNoise:
    """The noise of production rates [kmol/m³/s]."""
    problem = scaled(balances)
    return problem.noise.times(problem.production_unit)


def choose_samples(problem: Scaled, count: int, generator: np.random.Generator) -> Integers:
    """Indices of states to look for structure in: a fifth with the largest rates, the others at random."""
    total = len(problem.production)
    if total <= count:
        return np.arange(total)
    size = (np.abs(problem.production) * problem.weights()).max(axis=1)
    order = np.argsort(-size, kind="stable")
    fast = order[: count // 5]
    others = generator.permutation(order[count // 5 :])[: count - len(fast)]
    return np.sort(np.concatenate([fast, others]))
