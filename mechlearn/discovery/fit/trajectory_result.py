"""What is learnt from trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...chemistry.mechanism import Arrhenius
from ...chemistry.one_way import OneWayReaction
from ...data.noise.concentration_noise import Noise
from .learned_reactions import FittedReaction
from .outliers import Outlier


@dataclass(frozen=True)
class CompetingNetwork:
    """Another network that the data do not distinguish from the one found, with its rate constants."""

    directions: tuple[OneWayReaction, ...]
    rates: tuple[Arrhenius, ...]


@dataclass(frozen=True, eq=False)
class TrajectoryFit:
    """What the trajectories need.

    Parameters
    ----------
    found : tuple of FittedReaction
        R of them.
    covariance : tuple of tuple of float, shape (P R, P R)
        Of ln k of each at the reference temperature, then, where there are several temperatures (P = 2), of each
        activation energy [J/kmol].
    temperature : float
        The reference temperature [K].
    alternatives : tuple of CompetingNetwork
        Networks that the data do not distinguish from this one.
    candidates : int
        How many reactions were looked at.
    reversible : bool
        Whether each of them has a reverse rate constant that follows from thermodynamics; else they are one-way.
    misfit : float
        χ² per datum, with the noise as it was estimated from the data alone.
    loss : float
        Root mean square of the residuals, each species by its range.
    noise : Noise
        Noise of the concentrations.
    outliers : tuple of Outlier
    robust : bool
        Whether outliers were given less weight.
    data : int
        Number of measured values.
    systematic : float
        Mean square of what halves of runs are off by on average, over that of noise; 1 if that may be noise.
    unresolved : bool
        Whether fast reactions end before the second sample.
    upper_limits : tuple of (OneWayReaction, float)
        Reverse directions that are not there, each with the rate constant up to which the data allow it (95 %).
    from_detailed_balance : tuple of OneWayReaction
        Reverse directions that noise hides, with the rate constants that detailed balance gives. The network without
        them is among the alternatives.
    closes_cycle : bool
        Whether one-way reactions close a cycle, so that detailed balance cannot hold.
    """

    found: tuple[FittedReaction, ...]
    covariance: tuple[tuple[float, ...], ...]
    temperature: float
    alternatives: tuple[CompetingNetwork, ...]
    candidates: int
    reversible: bool
    misfit: float
    loss: float
    noise: Noise
    outliers: tuple[Outlier, ...]
    robust: bool
    data: int
    systematic: float
    unresolved: bool
    upper_limits: tuple[tuple[OneWayReaction, float], ...] = ()
    from_detailed_balance: tuple[OneWayReaction, ...] = ()
    closes_cycle: bool = False

    @property
    def criterion(self) -> float:
        """The extended Bayesian information criterion, for noise that may be no less than the data show.

        References
        ----------
        .. [1] J. Chen, Z. Chen, "Extended Bayesian information criteria for model selection with large model spaces",
           Biometrika 95, 759 (2008). https://doi.org/10.1093/biomet/asn034
        """
        parameters = len(self.covariance) // max(len(self.found), 1)
        cost = parameters * np.log(self.data) + 2 * np.log(self.candidates)
        return float(self.data * np.log(max(self.misfit, 1.0)) + cost * len(self.found))
