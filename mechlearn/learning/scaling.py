"""Physical values to values of order one, and back; what is scaled never leaves this folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..balances.record import Balances

Array = NDArray[np.float64]
Weighting = Literal["absolute", "relative"]

RELATIVE_FLOOR = 1e-3
"""Share of the largest rate of a state below which a rate counts as that share (relative weights)."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """Concentrations and production in units of their own root mean square.

    Parameters
    ----------
    concentrations, production : array, shape (N, S)
    concentration_unit, production_unit : float
        [kmol/m³] and [kmol/m³/s].
    """

    concentrations: Array
    production: Array
    concentration_unit: float
    production_unit: float

    def rate_constants(self, scaled: Array, orders: Array) -> Array:
        """Rate constants in kmol, m³ and s from scaled ones, both shape (R,), for orders of shape (R, S)."""
        return np.asarray(scaled * self.production_unit / self.concentration_unit ** orders.sum(axis=1))

    def species_weights(self) -> Array:
        """One over the root mean square of each species' rate, shape (S,)."""
        rms = np.sqrt(np.mean(self.production**2, axis=0))
        return np.asarray(1 / np.where(rms > 0, rms, 1.0))

    def state_weights(self, kind: Weighting) -> Array:
        """Weight of each state, shape (N,): 1, or (``relative``) one over its largest rate, with a floor."""
        if kind == "absolute":
            return np.ones(len(self.production))
        size = np.abs(self.production * self.species_weights()).max(axis=1)
        return np.asarray(1 / (size + RELATIVE_FLOOR * size.max(initial=1e-300)))

    def weights(self, kind: Weighting) -> Array:
        """Weight of each entry, shape (N, S).

        ``absolute``: one over the root mean square of the species' rate. ``relative``: one over the rate itself, with a
        floor of `RELATIVE_FLOOR` of the largest rate in that state.
        """
        size = np.abs(self.production)
        if kind == "absolute":
            rms = np.sqrt(np.mean(size**2, axis=0))
            return np.broadcast_to(1 / np.where(rms > 0, rms, 1.0), size.shape).copy()
        floor = RELATIVE_FLOOR * size.max(axis=1, keepdims=True)
        scale = size + floor
        return np.asarray(np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0))


def scaled(balances: Balances) -> Scaled:
    """Balances whose operator is the identity, in units of order one."""
    concentrations = np.maximum(balances.concentrations, 0.0)
    concentration_unit = float(np.sqrt(np.mean(concentrations**2))) or 1.0
    production_unit = float(np.sqrt(np.mean(balances.accumulation**2))) or 1.0
    return Scaled(
        concentrations / concentration_unit,
        balances.accumulation / production_unit,
        concentration_unit,
        production_unit,
    )


def choose_samples(problem: Scaled, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Indices of states to look for structure in: a fifth with the largest rates, the others at random."""
    total = len(problem.production)
    if total <= count:
        return np.arange(total)
    size = (np.abs(problem.production) * problem.weights("absolute")).max(axis=1)
    order = np.argsort(-size, kind="stable")
    fast = order[: count // 5]
    others = generator.permutation(order[count // 5 :])[: count - len(fast)]
    return np.sort(np.concatenate([fast, others]))
