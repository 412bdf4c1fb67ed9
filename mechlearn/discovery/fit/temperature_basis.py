"""How rate constants depend on temperature in a fit: ln k as a sum of parameters times functions of T.

Letters in shapes: P functions of temperature (1 at one temperature, 2 for Arrhenius laws), F parameters of a kind,
K trial laws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ...chemistry.arrays import Array, Integers
from ...chemistry.mechanism import Arrhenius
from ...chemistry.thermo import GAS_CONSTANT
from ...data.temperature_history import is_steady

PRIOR_ENERGY, PRIOR_DEVIATION = 1e8, 1.5e8
"""Mean and standard deviation [J/kmol] of the activation energies of reactions: 0 to 400 kJ/mol are usual. So weak a
prior moves an energy that the data show by less than a tenth of its error, and keeps one that they do not finite."""
LARGEST_TRIAL = 3e8
"""Activation energy [J/kmol] up to which absent reactions are tried."""
TRIAL_SPACING = 2.0
"""Change of ln k at the ends of the temperatures from one trial energy to the next: sums of two follow all between."""
MOST_TRIALS = 6


@dataclass(frozen=True)
class TemperatureBasis:
    """ln k = θ_0 + θ_1 φ(T), φ(T) = (1/T_ref − 1/T)/width, so that θ_0 is ln k at the reference temperature.

    Parameters
    ----------
    reference : float
        [K]
    width : float
        Largest of |1/T_ref − 1/T| in the data [1/K]; 0 at one temperature, where there is θ_0 alone.
    """

    reference: float
    width: float = 0.0

    @classmethod
    def of(cls, temperature: Array) -> TemperatureBasis:
        """For temperatures [K] of any shape; those that are unknown (NaN) do not count."""
        known = temperature[np.isfinite(temperature)]
        reference = float(np.median(known)) if known.size else 300.0
        return cls(reference, 0.0 if is_steady(known) else float(np.abs(1 / reference - 1 / known).max()))

    @property
    def count(self) -> int:
        """P."""
        return 2 if self.width else 1

    @property
    def unit(self) -> float:
        """Activation energy for which θ_1 is one [J/kmol]; infinite at one temperature."""
        return GAS_CONSTANT / self.width if self.width else np.inf

    @property
    def scales(self) -> Array:
        """What turns the parameters into ln k and the activation energy [J/kmol], shape (P,)."""
        return np.array([1.0, self.unit])[: self.count]

    def values(self, temperature: ArrayLike) -> Array:
        """The functions of temperature, shape (..., P)."""
        kelvin = np.asarray(temperature, dtype=float)
        first = np.ones((*kelvin.shape, 1))
        if not self.width:
            return first
        return np.concatenate([first, (1 / self.reference - 1 / kelvin[..., None]) / self.width], axis=-1)

    def law(self, theta: Array) -> Arrhenius:
        """The Arrhenius law of parameters of shape (P,)."""
        if not self.width:
            return Arrhenius(float(np.exp(theta[0])))
        energy = float(theta[1] * self.unit)
        return Arrhenius(float(np.exp(theta[0] + energy / (GAS_CONSTANT * self.reference))), Ea=energy)

    def theta(self, law: Arrhenius) -> Array:
        """The parameters of a law, shape (P,), with its slope of ln k against 1/T at the reference temperature."""
        energy = law.Ea + law.b * GAS_CONSTANT * self.reference
        return np.array([np.log(law.at(self.reference)), energy / self.unit])[: self.count]

    def fitted(self, temperature: Array, log_values: Array) -> Array:
        """Parameters of shape (P,) that follow logarithms at temperatures, both of one shape; outliers count little."""
        if not self.width:
            return np.array([np.median(log_values)])
        slope = float(np.polyfit(self.values(temperature)[..., 1].ravel(), log_values.ravel(), 1)[0])
        return np.array([np.median(log_values - slope * self.values(temperature)[..., 1]), slope])

    @property
    def trials(self) -> Array:
        """Parameters of laws with k = 1 at the reference temperature and energies that a reaction may have, (K, P)."""
        if not self.width:
            return np.zeros((1, 1))
        largest = LARGEST_TRIAL / self.unit
        count = min(int(np.ceil(largest / TRIAL_SPACING)) + 1, MOST_TRIALS)
        return np.stack([np.zeros(count), np.linspace(0.0, largest, count)], axis=1)

    @property
    def usual(self) -> Array:
        """Parameters of k = 1 at the reference temperature with the usual energy, shape (P,)."""
        return np.array([0.0, PRIOR_ENERGY / self.unit])[: self.count]


@dataclass(frozen=True, eq=False)
class LogOffset:
    """What is added to the parameter of a reaction to give ln k, such as the logarithm of an equilibrium constant.

    Parameters
    ----------
    of : callable
        Temperatures [K] of any shape → offsets, of that shape and one axis more, over reactions.
    rows : array of int, optional
        Which of these reactions are meant, in order; all by default.
    """

    of: Callable[[Array], Array]
    rows: Integers | None = None

    @classmethod
    def none(cls, count: int) -> LogOffset:
        """For so many reactions whose ln k is their own parameter."""
        return cls(lambda temperature: np.zeros((*temperature.shape, count)))

    def at(self, temperature: Array) -> Array:
        """Shape (..., R)."""
        offset = self.of(temperature)
        return offset if self.rows is None else offset[..., self.rows]

    def only(self, rows: Integers) -> LogOffset:
        """Of some of the reactions."""
        return replace(self, rows=rows if self.rows is None else self.rows[rows])
