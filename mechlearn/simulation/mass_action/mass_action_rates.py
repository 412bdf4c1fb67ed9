"""Rates of one-way mass-action reactions and their derivatives, for many states at once.

Letters in shapes: N states (any number of leading axes), S species, R one-way reactions, Q parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...chemistry.one_way import OneWayReaction

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MassAction:
    """One-way reactions y → z with rates k Π u_j^y_j, or with exponents of their own.

    Parameters
    ----------
    directions : tuple of OneWayReaction
        R of them.
    """

    directions: tuple[OneWayReaction, ...]

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """Exponents, shape (R, S)."""
        return np.array([d.exponents for d in self.directions], dtype=np.int64)

    @cached_property
    def net(self) -> Array:
        """Products less reactants, shape (R, S)."""
        return np.array([np.subtract(d.products, d.reactants) for d in self.directions], dtype=float)

    @cached_property
    def _members(self) -> NDArray[np.int64]:
        """The molecules of each reactant complex, one species each, shape (molecules, R); S stands for none."""
        most = int(self.orders.sum(axis=1).max(initial=1))
        species = self.orders.shape[1]
        table = np.full((most, len(self.orders)), species)
        for r, order in enumerate(self.orders):
            members = np.repeat(np.arange(species), order)
            table[: len(members), r] = members
        return table

    @cached_property
    def _places(self) -> Array:
        """One-hot form of the members, shape (molecules, R, S)."""
        return np.eye(self.orders.shape[1] + 1)[self._members][..., :-1]

    @cached_property
    def _slopes(self) -> Array:
        """What the derivative by one molecule of a reaction adds to the Jacobian, shape (molecules R, S S)."""
        each = np.einsum("ri,arj->arij", self.net, self._places)
        return np.asarray(each.reshape(-1, self.orders.shape[1] ** 2))

    def monomials(self, states: Array) -> Array:
        """Π u_j^y_j, shape (..., R); concentrations below zero count as zero."""
        return np.asarray(np.prod(self._factors(states), axis=0))

    def production(self, states: Array, constants: Array) -> Array:
        """Net production, shape (..., S), for rate constants that broadcast to (..., R)."""
        return np.asarray((self.monomials(states) * constants) @ self.net)

    def jacobian(self, states: Array, constants: Array) -> Array:
        """Derivatives of the production by the concentrations, shape (..., S, S): [i, j] is ∂f_i/∂u_j."""
        factors = self._factors(states)
        others = [np.prod(np.delete(factors, a, axis=0), axis=0) * constants for a in range(len(factors))]
        slopes = np.concatenate(others, axis=-1) @ self._slopes
        return slopes.reshape(*states.shape, -1) * (states > 0)[..., None, :]

    def select(self, kept: Sequence[int] | NDArray[np.int64]) -> MassAction:
        """Some of the reactions."""
        return MassAction(tuple(self.directions[i] for i in kept))

    def _factors(self, states: Array) -> Array:
        padded = np.concatenate([np.maximum(states, 0.0), np.ones((*states.shape[:-1], 1))], axis=-1)
        return np.stack([padded[..., row] for row in self._members])
