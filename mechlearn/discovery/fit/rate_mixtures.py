"""Rate constants as non-negative mixtures of fixed Arrhenius laws and colliders: a convex fit of all reactions at once.

A positive mixture of (T₀/T)² exp(−Ta (1/T − 1/T₀)) over a grid of Ta follows any A Tⁿ exp(−Ea/RT) with n ≥ −2, a sum of
several, and, with a column for each collider, any third body; with columns that level off, any falloff. What is not
there gets the weight zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from .production_states import Driving, Flux, ProductionStates

Array = NDArray[np.float64]

LOWEST, HIGHEST = -6000.0, 24_000.0
"""Activation temperatures of the grid [K]."""
STEP = 1.2
"""Change of ln k, over the range of temperatures, between neighbours of the grid."""
WIDER = 4.0
"""Step of that grid for laws that level off, over that of the others."""
RARER, BEYOND, DECADES = 2.0, 10.0, 1.5
"""Ratio of total concentrations above which falloff shows; how far above the largest it may be half-way; the grid."""
RIDGE = 1e-12
MOST_STEPS = 20
"""For each column, of the active set."""
SLOPE = 1e-12
"""Of the objective with respect to a weight at zero, as a share of the largest, at which it stays there."""
AT_ONCE, AS_STEEP = 50, 0.1
"""Columns that enter together at most, and their slope as a share of the largest."""
NO_COLLIDER = -1
RARE, OFTEN = 0.1, 0.95
"""Share of the gas that a species must exceed, and share of the states below that, to be a collider by itself."""


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
        Rate constant per unit weight, without the collider's concentration, with the share of it that falloff leaves.
    """

    reaction: NDArray[np.int64]
    collider: NDArray[np.int64]
    net: Array
    values: Array
    gross: Array
    constants: Array

    def flux(self, weights: Array) -> Flux:
        """What all reactions make of all species."""
        used = weights > 0
        size = np.abs(self.net[used])
        contributions = self.values[:, used] * weights[used]
        gross = (self.gross[:, used] * weights[used]) @ size
        return Flux(contributions @ self.net[used], np.abs(contributions) @ size, gross)


def collider_groups(states: ProductionStates, count: int) -> list[NDArray[np.int64]]:
    """Species that may act as colliders, the most abundant ones by themselves, the others as one group."""
    total = states.concentrations.sum(axis=1, keepdims=True)
    shares = states.concentrations / np.where(total > 0, total, 1.0)
    order = np.argsort(-np.median(shares, axis=0), kind="stable")
    count = min(count, max(int(np.sum(np.quantile(shares, OFTEN, axis=0) > RARE)), 1))
    order = order[np.argsort(np.quantile(shares, OFTEN, axis=0)[order] <= RARE, kind="stable")]
    groups = [np.array([j]) for j in order[:count]]
    rest = np.sort(order[count:])
    return [*groups, rest] if len(rest) else groups


def columns(
    states: ProductionStates,
    reactions: Driving,
    groups: list[NDArray[np.int64]],
    coarseness: float = 1.0,
    third: bool = True,
    falloff: bool = True,
) -> MixtureColumns:
    """The laws of all reactions; those that change the number of molecules also with each group of colliders.

    A collider acts in proportion to its concentration, or levels off at one of several total concentrations: falloff is
    a positive mixture of such forms, since each energy of an excited molecule has a Lindemann form of its own.
    """
    bare, levelling = (_laws(states, coarseness * wider) for wider in (1.0, WIDER))
    one = np.ones((len(states.temperature), 1))
    bodies = [states.concentrations[:, group].sum(axis=1)[:, None] for group in groups] if third else []
    shares = [1 / (1 + states.concentrations.sum(axis=1)[:, None] / m) for m in _middles(states)] if falloff else []
    collided = [(g, body, law) for g, body in enumerate(bodies) for law in (bare, *(levelling * s for s in shares))]
    reaction: list[int] = []
    collider: list[int] = []
    values, gross, constants = [], [], []
    changes = reactions.net.sum(axis=1) != 0
    for i in range(len(reactions.net)):
        for kind, body, law in [(NO_COLLIDER, one, bare), *(collided if changes[i] else ())]:
            reaction += [i] * law.shape[1]
            collider += [kind] * law.shape[1]
            values.append(reactions.difference[:, i, None] * law * body)
            gross.append(reactions.total[:, i, None] * law * body)
            constants.append(law)
    owner = np.array(reaction)
    return MixtureColumns(
        owner,
        np.array(collider),
        reactions.net[owner].astype(float),
        states.observe(np.concatenate(values, axis=1)),
        states.observe(np.concatenate(gross, axis=1)),
        np.concatenate(constants, axis=1),
    )


def _laws(states: ProductionStates, coarseness: float) -> Array:
    """The grid of Arrhenius laws, shape (N, L)."""
    spread = 1 / states.temperature - 1 / states.reference
    grid = _grid(float(np.ptp(spread)), STEP * coarseness, states.isothermal)
    return np.asarray((states.reference / states.temperature)[:, None] ** 2 * np.exp(-spread[:, None] * grid))


def _middles(states: ProductionStates) -> Array:
    """Total concentrations at which falloff may be half-way [kmol/m³]; none where the total hardly changes."""
    total = states.concentrations.sum(axis=1)
    least, most = float(total.min()), float(total.max())
    if not 0 < RARER * least < most:
        return np.zeros(0)
    decades = np.log10(BEYOND * most / least)
    return np.geomspace(least, BEYOND * most, int(np.ceil(decades / DECADES)) + 1)


def _grid(width: float, step: float, isothermal: bool) -> Array:
    if isothermal or width <= 0:
        return np.zeros(1)
    count = int(np.ceil((HIGHEST - LOWEST) * width / step)) + 1
    return np.linspace(LOWEST, HIGHEST, max(2, min(count, 40)))


@dataclass(frozen=True, eq=False)
class Gram:
    """Normal equations of all columns at given weights; any subset is solved from it."""

    matrix: Array
    right: Array
    size: Array

    def solve(self, used: NDArray[np.bool_], near: Array | None = None) -> Array:
        """Non-negative weights of the columns that are used, the others zero; faster from weights near the answer."""
        start = np.zeros(len(self.size)) if near is None else np.where(used, near * self.size, 0.0)
        return non_negative(self.matrix, self.right, used, start) / self.size


def non_negative(matrix: Array, right: Array, used: NDArray[np.bool_], start: Array) -> Array:
    """The non-negative x for which ½ xᵀAx − bᵀx is least, by active sets (Lawson and Hanson).

    Parameters
    ----------
    matrix : array, shape (P, P)
        Positive definite.
    right : array, shape (P,)
        b.
    used : array of bool, shape (P,)
        The others are zero.
    start : array, shape (P,)
        Not negative.

    References
    ----------
    .. [1] C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, chapter 23 (SIAM, 1995).
       https://doi.org/10.1137/1.9781611971217
    """
    found, inside = start.copy(), np.flatnonzero(start)
    futile, added = np.zeros(len(right), dtype=bool), inside[:0]
    limit = SLOPE * float(np.abs(right).max(initial=0.0))
    rows = [(inside, matrix[inside])]
    for _ in range(MOST_STEPS * len(right)):
        inside = _to_the_edges(matrix, right, inside, found)
        if np.any(found[added] > 0):
            futile[:] = False
        slope = right - np.sum([found[some] @ theirs for some, theirs in rows], axis=0)
        slope = np.where(used & (found == 0) & ~futile, slope, 0.0)
        if slope.max(initial=0.0) <= limit:
            break
        steepest = np.argsort(-slope)[:AT_ONCE]
        added = steepest[slope[steepest] > max(limit, AS_STEEP * float(slope.max()))]
        inside = np.append(inside, added)
        new = np.setdiff1d(added, np.concatenate([some for some, _ in rows]))
        rows.append((new, matrix[new]))
        futile[added] = True
    return found


def _to_the_edges(matrix: Array, right: Array, inside: NDArray[np.int64], found: Array) -> NDArray[np.int64]:
    """Go to the least of the columns inside, those left out that turn negative on the way; what is left.

    Notes
    -----
    The least without some columns G is x − H⁻¹_:G (H⁻¹_GG)⁻¹ x_G: of one factorisation of H, as long as few go.
    """
    while len(inside):
        square = cho_factor(matrix[np.ix_(inside, inside)], overwrite_a=True, check_finite=False)
        free = goal = cho_solve(square, right[inside], check_finite=False)
        here, gone, left = found[inside], np.zeros(0, dtype=np.int64), np.ones(len(inside), dtype=bool)
        inverse = np.zeros((len(inside), 0))
        while len(low := np.flatnonzero(left & (goal <= 0))):
            ratios = here[low] / np.where(here[low] > 0, here[low] - goal[low], 1.0)
            here = np.maximum(here + ratios.min() * (goal - here), 0.0)
            new = low[ratios <= ratios.min()]
            gone, left[new], here[new] = np.append(gone, new), False, 0.0
            unit = np.zeros((len(inside), len(new)))
            unit[new, np.arange(len(new))] = 1.0
            inverse = np.hstack([inverse, cho_solve(square, unit, overwrite_b=True, check_finite=False)])
            goal = np.where(left, free - inverse @ np.linalg.solve(inverse[gone], free[gone]), 0.0)
        if left.all():
            found[inside] = goal
            break
        found[inside] = here
        inside = inside[left]
    return inside


def gram(laws: MixtureColumns, target: Array, weights: Array) -> Gram:
    """Normal equations of ``values @ net = target``, both sides times weights of shape (M, S)."""
    count = len(laws.reaction)
    matrix, right = np.zeros((count, count)), np.zeros(count)
    for k in np.flatnonzero(np.any(laws.net != 0, axis=0)):
        touched = np.flatnonzero(laws.net[:, k])
        part = laws.values[:, touched] * (weights[:, k, None] * laws.net[touched, k])
        matrix[np.ix_(touched, touched)] += part.T @ part
        right[touched] += part.T @ (target[:, k] * weights[:, k])
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    matrix /= size[:, None]
    matrix /= size
    matrix[np.diag_indices(count)] += RIDGE
    return Gram(matrix, right / size, size)
