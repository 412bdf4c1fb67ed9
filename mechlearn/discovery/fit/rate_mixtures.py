"""Rate constants as non-negative mixtures of fixed Arrhenius laws and colliders: a convex fit of all reactions at once.

A positive mixture of (T₀/T)² exp(−Ta (1/T − 1/T₀)) over a grid of Ta follows any A Tⁿ exp(−Ea/RT) with n ≥ −2, a sum of
several, and, with a column for each collider, any third body; with columns that level off, any falloff. What is not
there gets the weight zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Integers, Mask
from .nnls import active_set_nnls
from .production_states import Driving, Flux, ProductionStates
from .scaled_matrices import normal_equations, sizes_of

LOWEST, HIGHEST = -6000.0, 24_000.0
"""Activation temperatures of the grid [K]."""
STEP = 1.2
"""Change of ln k, over the range of temperatures, between neighbours of the grid."""
LEVELLING_STEP = 4.0
"""Step of that grid for laws that level off, over that of the others."""
FALLOFF_RATIO, HIGHEST_MIDDLE, DECADES = 2.0, 10.0, 1.5
"""Ratio of total concentrations above which falloff shows; how far above the largest it may be half-way; the grid."""
RIDGE = 1e-12
NO_COLLIDER = -1
RARE, OFTEN = 0.1, 0.95
"""Mole fraction that a species must exceed, and quantile of the states at which it must, to be a collider by itself."""


@dataclass(frozen=True, eq=False)
class MixtureColumns:
    """The laws that are mixed.

    Parameters
    ----------
    reaction, collider : array of int, shape (P,)
        Whose law it is, and the group of colliders that multiplies it, `NO_COLLIDER` for none.
    net : array, shape (P, S)
        Net vector of the reaction.
    values, gross : array, shape (M, P)
        Balance of the rate of progress per unit weight; the same of forward plus reverse.
    constants : array, shape (N, P)
        Rate constant per unit weight, without the collider's concentration, times what falloff leaves of it.
    """

    reaction: Integers
    collider: Integers
    net: Array
    values: Array
    gross: Array
    constants: Array

    def balances(self, chosen: Mask) -> MixtureColumns:
        """Some of the balances."""
        return replace(self, values=self.values[chosen], gross=self.gross[chosen])

    def flux(self, weights: Array) -> Flux:
        """What all reactions make of all species."""
        used = weights > 0
        size = np.abs(self.net[used])
        contributions = self.values[:, used] * weights[used]
        gross = (self.gross[:, used] * weights[used]) @ size
        return Flux(contributions @ self.net[used], np.abs(contributions) @ size, gross)


def collider_groups(states: ProductionStates, count: int) -> list[Integers]:
    """Species that may act as colliders, the most abundant ones by themselves, the others as one group."""
    total = states.concentrations.sum(axis=1, keepdims=True)
    fractions = states.concentrations / np.where(total > 0, total, 1.0)
    order = np.argsort(-np.median(fractions, axis=0), kind="stable")
    count = min(count, max(int(np.sum(np.quantile(fractions, OFTEN, axis=0) > RARE)), 1))
    order = order[np.argsort(np.quantile(fractions, OFTEN, axis=0)[order] <= RARE, kind="stable")]
    groups = [np.array([j]) for j in order[:count]]
    rest = np.sort(order[count:])
    return [*groups, rest] if len(rest) else groups


def columns(
    states: ProductionStates,
    reactions: Driving,
    groups: list[Integers],
    coarseness: float = 1.0,
    third: bool = True,
    falloff: bool = True,
) -> MixtureColumns:
    """The laws of all reactions; those that change the number of molecules also with each group of colliders.

    A collider acts in proportion to its concentration, or levels off at one of several total concentrations: falloff is
    a positive mixture of such forms, since each energy of an excited molecule has a Lindemann form of its own.
    """
    bare, levelling = (_laws(states, coarseness * step) for step in (1.0, LEVELLING_STEP))
    one = np.ones((len(states.temperature), 1))
    bodies = [states.concentrations[:, group].sum(axis=1)[:, None] for group in groups] if third else []
    levels = [1 / (1 + states.concentrations.sum(axis=1)[:, None] / m) for m in _middles(states)] if falloff else []
    collided = [(g, body, law) for g, body in enumerate(bodies) for law in (bare, *(levelling * s for s in levels))]
    parts = [
        (i, *each)
        for i, change in enumerate(reactions.net.sum(axis=1))
        for each in [(NO_COLLIDER, one, bare), *(collided if change else ())]
    ]
    widths = [law.shape[1] for *_, law in parts]
    reaction, collider = (np.repeat([part[place] for part in parts], widths) for place in (0, 1))

    def observed(drive: Array) -> Array:
        return states.observe(np.concatenate([drive[:, i, None] * law * body for i, _, body, law in parts], axis=1))

    values, gross = observed(reactions.difference), observed(reactions.total)
    constants = np.concatenate([law for *_, law in parts], axis=1)
    return MixtureColumns(reaction, collider, reactions.net[reaction].astype(float), values, gross, constants)


def _laws(states: ProductionStates, coarseness: float) -> Array:
    """The grid of Arrhenius laws, shape (N, L)."""
    inverse = 1 / states.temperature - 1 / states.reference
    width, grid = float(np.ptp(inverse)), np.zeros(1)
    if not states.isothermal and width > 0:
        count = int(np.ceil((HIGHEST - LOWEST) * width / (STEP * coarseness))) + 1
        grid = np.linspace(LOWEST, HIGHEST, max(2, min(count, 40)))
    return np.asarray((states.reference / states.temperature)[:, None] ** 2 * np.exp(-inverse[:, None] * grid))


def _middles(states: ProductionStates) -> Array:
    """Total concentrations at which falloff may be half-way [kmol/m³]; none where the total hardly changes."""
    total = states.concentrations.sum(axis=1)
    least, most = float(total.min()), float(total.max())
    if not 0 < FALLOFF_RATIO * least < most:
        return np.zeros(0)
    decades = np.log10(HIGHEST_MIDDLE * most / least)
    return np.geomspace(least, HIGHEST_MIDDLE * most, int(np.ceil(decades / DECADES)) + 1)


@dataclass(frozen=True, eq=False)
class Gram:
    """Normal equations of all columns at given weights; any subset is solved from it."""

    matrix: Array
    right: Array
    size: Array

    def solve(self, used: Mask, near: Array | None = None) -> Array:
        """Non-negative weights of the columns that are used, the others zero; faster from weights near the answer."""
        start = np.zeros(len(self.size)) if near is None else np.where(used, near * self.size, 0.0)
        return active_set_nnls(self.matrix, self.right, used, start) / self.size


def gram(laws: MixtureColumns, target: Array, weights: Array) -> Gram:
    """Normal equations of ``values @ net = target``, both sides times weights of shape (M, S)."""
    matrix, right = normal_equations(laws.values, laws.net, weights, target * weights)
    size = sizes_of(matrix)
    matrix /= size[:, None]
    matrix /= size
    matrix[np.diag_indices(len(size))] += RIDGE
    return Gram(matrix, right / size, size)
