"""States that separate the reactions: each species alone in a bath gas, and each pair, in traces.

With nothing but A and B in the bath gas only reactions of A, of B and of both run, and none runs backwards.

Letters in shapes: S species, C conditions, E other species, Q pairs of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from ..chemistry.arrays import Array, Integers

TRACE = 1e-5
"""Amount of a species, relative to the bath gas: so little that collisions with it hardly count."""
SECOND_AMOUNT = 1e-2
"""Part of it in a second state of each species alone, where reactions between two of its molecules hardly count."""


def designed_states(bath: ArrayLike) -> Array:
    """Concentrations of all states of the design in one bath gas.

    Parameters
    ----------
    bath : array, shape (S,)
        Concentrations of the bath gas [kmol/m³]; zero for the species whose reactions are to be separated.

    Returns
    -------
    array, shape (1 + 2 E + Q, S)
        The bath gas alone, each species alone in two amounts, each pair [kmol/m³].

    Examples
    --------
    >>> designed_states([0.0, 0.0, 1.0]).shape
    (6, 3)
    """
    around = np.asarray(bath, dtype=float)
    names = np.flatnonzero(around == 0).tolist()
    amount = TRACE * around.sum()
    added = [(1, amount), (1, SECOND_AMOUNT * amount), (2, amount)]
    members = [(each, level) for size, level in added for each in combinations(names, size)]
    every = np.arange(len(around))
    return np.array([around, *(np.where(np.isin(every, each), level, around) for each, level in members)])


@dataclass(frozen=True, eq=False)
class Design:
    """Which of the samples are which states of a design.

    Parameters
    ----------
    bath, species : array of int
        Columns of the bath gas, shape (B,), and of the other species, shape (E,).
    amount : array, shape (C, E)
        Concentration of each species alone and in pairs [kmol/m³].
    less : array, shape (C, E)
        Concentration in the second state of each species alone.
    around : array, shape (C, B)
        Concentrations of the bath gas.
    alone : array of int, shape (C,)
        Samples of the bath gas alone.
    single, second : array of int, shape (C, E)
        Samples of each species alone in the two amounts.
    pair : array of int, shape (C, E, E)
        Samples of each pair; −1 on the diagonal.
    """

    bath: Integers
    species: Integers
    amount: Array
    less: Array
    around: Array
    alone: Integers
    single: Integers
    second: Integers
    pair: Integers

    def amount_of(self, members: tuple[int, ...], *, little: bool = False) -> Array:
        """Product of concentrations of some molecules, shape (C,); ``little`` for those of the second states."""
        columns = dict(zip(self.bath.tolist(), self.around.T, strict=True))
        columns |= zip(self.species.tolist(), (self.less if little else self.amount).T, strict=True)
        return np.asarray(np.prod([columns[j] for j in members], axis=0) * np.ones(len(self.alone)))


def design_of(concentrations: Array, temperature: Array) -> Design | None:
    """The design that samples follow; None where they are no design, or part of one is missing.

    Parameters
    ----------
    concentrations : array, shape (N, S)
        [kmol/m³].
    temperature : array, shape (N,)
        [K].
    """
    there = concentrations > 0
    bath = np.flatnonzero(there.all(axis=0))
    species = np.flatnonzero(there.any(axis=0) & ~there.all(axis=0))
    extra = there[:, species]
    if not len(bath) or not len(species) or extra.sum(axis=1).max() > 2:
        return None
    _, condition = np.unique(np.column_stack([temperature, concentrations[:, bath]]), axis=0, return_inverse=True)
    condition = condition.ravel()
    count, each = int(condition.max()) + 1, len(species)
    if len(there) != count * (1 + 2 * each + each * (each - 1) // 2):
        return None
    alone = np.full(count, -1)
    single, second = np.full((2, count, each), -1)
    pair = np.full((count, each, each), -1)
    for sample in np.argsort(-concentrations[:, species].sum(axis=1), kind="stable"):
        members = np.flatnonzero(extra[sample])
        c = condition[sample]
        if len(members) == 0:
            alone[c] = sample
        elif len(members) == 1:
            (single if single[c, members[0]] < 0 else second)[c, members[0]] = sample
        else:
            pair[c, members[0], members[1]] = pair[c, members[1], members[0]] = sample
    diagonal = np.eye(each, dtype=bool)
    if min(alone.min(), single.min(), second.min(), pair[:, ~diagonal].min(initial=0)) < 0:
        return None
    amount, less = (concentrations[rows, species] for rows in (single, second))
    first = concentrations[pair, species[:, None]]
    if np.any(less >= amount) or np.any((first != amount[:, :, None])[:, ~diagonal]):
        return None
    return Design(bath, species, amount, less, concentrations[alone][:, bath], alone, single, second, pair)
