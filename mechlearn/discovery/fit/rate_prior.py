"""What is known of rate constants before the data: usual activation energies, and given rates with their factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...chemistry.arrays import Array, Integers
from .temperature_basis import PRIOR_DEVIATION, PRIOR_ENERGY, TemperatureBasis

if TYPE_CHECKING:
    from ..candidates.trajectory_candidates import Candidates

QUANTILE = 1.96
"""Standard deviations to which a factor of uncertainty belongs, as the limits of 95 %."""
LEAST_DEVIATION = 1e-6
"""Of ln k of a rate constant that is fixed: no data move it."""


@dataclass(frozen=True, eq=False)
class RatePrior:
    """Independent normal laws of the parameters of rate constants.

    Parameters
    ----------
    mean : array, shape (Q, P)
    inverse : array, shape (Q, P)
        One over the standard deviations; zero where nothing is known.
    """

    mean: Array
    inverse: Array

    @classmethod
    def of(cls, pool: Candidates, basis: TemperatureBasis) -> RatePrior:
        """For all candidates: a weak one on each activation energy, and what is given of some rates."""
        mean, inverse = np.zeros((2, len(pool), basis.count))
        if basis.count > 1:
            mean[:, 1], inverse[:, 1] = PRIOR_ENERGY / basis.unit, basis.unit / PRIOR_DEVIATION
        for number, given in pool.given.items():
            if given.rate is not None:
                mean[number] = basis.theta(given.rate)
                inverse[number] = 1 / max(np.log(given.factor) / QUANTILE, LEAST_DEVIATION)
        return cls(mean, inverse)

    def only(self, kept: Integers) -> RatePrior:
        """Of some of the candidates."""
        return RatePrior(self.mean[kept], self.inverse[kept])

    def scores(self, theta: Array) -> Array:
        """Differences to the means in standard deviations, for the first parameters, shape (F, P)."""
        count = len(theta)
        finite = np.where(np.isfinite(theta), theta, self.mean[:count])
        return np.asarray((finite - self.mean[:count]) * self.inverse[:count])
