"""Which rows the signed matrix may have: any, or only those that conserve what is conserved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space

from ....chemistry.arrays import Array, Mask
from ....chemistry.conservation import element_matrix
from ....chemistry.mechanism import Species
from ....errors import StudyError


@dataclass(frozen=True, eq=False)
class Stoichiometry:
    """Rows v = w Z with coordinates w: Z is the identity, or spans what the conservation laws allow.

    Parameters
    ----------
    basis : array, shape (D, S)
        Z, with orthonormal rows.
    laws : array, shape (L, S)
        Conserved quantities: laws @ v = 0 for every row v; L = 0 for free rows.
    max_coefficient, max_order : int
        Largest coefficient, and largest sum of coefficients on one side, of a row that may be frozen.
    catalysts : bool
        Whether a species may stand on both sides.
    """

    basis: Array
    laws: Array
    max_coefficient: int = 3
    max_order: int = 4
    catalysts: bool = False

    @property
    def free(self) -> bool:
        """True if no conservation law binds the rows."""
        return len(self.laws) == 0

    def admits(self, rows: Array) -> Mask:
        """Which integer rows, shape (..., S), are balanced, not zero and not too large."""
        largest = np.abs(rows).max(axis=-1)
        left, right = np.maximum(-rows, 0).sum(axis=-1), np.maximum(rows, 0).sum(axis=-1)
        small = (largest <= self.max_coefficient) & (np.maximum(left, right) <= self.max_order)
        unbalanced = np.abs(rows @ self.laws.T).max(axis=-1, initial=0.0)
        return np.asarray((largest > 0) & small & (unbalanced < 1e-6))


def free_rows(species: int, max_coefficient: int = 3, max_order: int = 4) -> Stoichiometry:
    """Rows without any constraint."""
    return Stoichiometry(np.eye(species), np.zeros((0, species)), max_coefficient, max_order)


def conserving_rows(laws: Array, max_coefficient: int = 3, max_order: int = 4) -> Stoichiometry:
    """Rows that conserve ``laws``, shape (L, S).

    Raises
    ------
    StudyError
        If the conservation laws leave no reaction possible.
    """
    basis = null_space(laws).T
    if not len(basis):
        raise StudyError(
            "The conservation laws leave no reaction possible among these species. "
            "Check the compositions, or search with conserve: none."
        )
    return Stoichiometry(basis, laws, max_coefficient, max_order)


def element_laws(species: Sequence[Species]) -> Array:
    """Atoms of each element in each species, shape (elements, S), the elements in alphabetical order.

    Raises
    ------
    StudyError
        If a composition is unknown.
    """
    unknown = [s.name for s in species if not s.composition]
    if unknown:
        raise StudyError(
            f"conserve: elements needs the composition of every species, and that of {', '.join(unknown)} is unknown. "
            "Name a mechanism that has them, or search with conserve: data or conserve: none."
        )
    elements, atoms = element_matrix(species)
    return atoms[np.argsort(elements)]
