"""Which rows to fix next, and at which integers: a pure decision."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ....chemistry.arrays import Array, Mask
from ....chemistry.one_way import undirected
from .stoichiometry import Stoichiometry

NEGLIGIBLE_AMPLITUDE = 1e-4
"""Rows that contribute less than this fraction of any entry are not frozen: their coefficients are arbitrary."""


class Freeze(NamedTuple):
    """Rows to fix from now on, shape (R,), and the whole numbers of all rows, shape (R, S)."""

    new: Mask
    integers: Array


def rows_to_freeze(rows: Array, frozen: Mask, amplitude: Array, stoichiometry: Stoichiometry, within: float) -> Freeze:
    """Rows within ``within`` of whole numbers that carry flux, are admitted, and are not there already.

    Parameters
    ----------
    rows : array, shape (R, S)
        The signed matrix.
    frozen : array, shape (R,)
        Rows fixed before.
    amplitude : array, shape (R,)
        Largest fraction that a row contributes to any entry.
    stoichiometry : Stoichiometry
        Which integer rows are admitted.
    within : float
        ε, the largest distance.

    Examples
    --------
    >>> import numpy as np
    >>> from mechlearn.discovery.candidates.network.stoichiometry import free_rows
    >>> rows = np.array([[-1.01, 1.0, 0.02], [0.4, -1.0, 1.0], [1.0, -0.99, 0.0]])
    >>> rows_to_freeze(rows, np.zeros(3, bool), np.ones(3), free_rows(3), 0.05).new.tolist()
    [True, False, False]
    """
    integers = np.rint(rows) + 0.0
    near = np.abs(rows - integers).max(axis=1) <= within
    candidates = near & ~frozen & (amplitude > NEGLIGIBLE_AMPLITUDE) & stoichiometry.admits(integers)
    seen = {undirected(row) for row in integers[frozen]}
    new = np.zeros_like(frozen)
    for i in np.flatnonzero(candidates):
        key = undirected(integers[i])
        new[i] = key not in seen
        seen.add(key)
    return Freeze(new, integers)
