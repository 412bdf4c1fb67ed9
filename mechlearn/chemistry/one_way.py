"""One-way reactions and their sides as tuples of whole coefficients over the species."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Array, Integers
from .mechanism import side_text

Complex = tuple[int, ...]
"""Coefficients over the species."""


@dataclass(frozen=True)
class OneWayReaction:
    """One one-way reaction: complexes as tuples of coefficients over the species."""

    reactants: Complex
    products: Complex

    def equation(self, names: Sequence[str]) -> str:
        """As text, with the names of the species.

        Examples
        --------
        >>> OneWayReaction((2, 0), (0, 1)).equation(["A", "B"])
        '2 A => B'
        """
        return " => ".join(complex_text(side, names) for side in (self.reactants, self.products))

    def sides(self, names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Reactants and products with their coefficients, by the names of the species."""
        left, right = (
            {name: n for name, n in zip(names, side, strict=True) if n} for side in (self.reactants, self.products)
        )
        return left, right

    @property
    def reverse(self) -> OneWayReaction:
        """The opposite direction."""
        return OneWayReaction(self.products, self.reactants)


def complex_text(complex_: Complex, names: Sequence[str]) -> str:
    """One side of an equation, with the names of the species."""
    return side_text(dict(zip(names, complex_, strict=True)))


def monomials(concentrations: Array, exponents: ArrayLike) -> Array:
    """Π_j c_j^e_j of each state.

    Parameters
    ----------
    concentrations : array, shape (N, S)
        [kmol/m³], or scaled.
    exponents : array or sequence of Complex, shape (R, S)
        Whole or real.

    Returns
    -------
    array, shape (N, R)
    """
    powers = np.asarray(exponents, dtype=float).reshape(-1, concentrations.shape[1])
    product = np.ones((len(concentrations), len(powers)))
    with np.errstate(divide="ignore"):  # a negative order at concentration zero: infinitely fast
        for i, j in np.argwhere(powers):
            product[:, i] *= concentrations[:, j] ** powers[i, j]
    return product


def undirected(row: Array | Integers) -> tuple[int, ...]:
    """The row as a key that is the same for a reaction and its reverse."""
    whole = np.rint(row).astype(int)
    leading = whole[np.flatnonzero(whole)[:1]]
    return tuple((whole * (np.sign(leading[0]) if leading.size else 1)).tolist())
