"""One-way reactions and their sides as tuples of whole coefficients over the species."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Array, Integers
from .mechanism import Arrhenius, Mechanism, Reaction, side_text

Complex = tuple[int, ...]
"""Coefficients over the species."""


@dataclass(frozen=True)
class OneWayReaction:
    """One one-way reaction: complexes as tuples of coefficients over the species.

    Parameters
    ----------
    reactants, products : Complex
    orders : Complex, optional
        Exponents of its rate law, where they are not the reactants' coefficients.
    """

    reactants: Complex
    products: Complex
    orders: Complex | None = None

    @property
    def rate_law(self) -> tuple[Complex, Complex]:
        """The exponents, and the direction of the change: what concentrations show of a reaction."""
        net = np.subtract(self.products, self.reactants)
        return self.exponents, tuple(int(c) for c in net // (np.gcd.reduce(net) or 1))

    @property
    def has_catalyst(self) -> bool:
        """Whether a species stands on both sides."""
        return any(a and b for a, b in zip(self.reactants, self.products, strict=True))

    @property
    def exponents(self) -> Complex:
        """Of the concentrations in the rate law."""
        return self.reactants if self.orders is None else self.orders

    def equation(self, names: Sequence[str]) -> str:
        """As text, with the names of the species.

        Examples
        --------
        >>> OneWayReaction((2, 0), (0, 1)).equation(["A", "B"])
        '2 A => B'
        >>> OneWayReaction((2, 0), (0, 1), orders=(1, 0)).equation(["A", "B"])
        '2 A => B (rate k [A])'
        """
        text = " => ".join(complex_text(side, names) for side in (self.reactants, self.products))
        if self.orders is None:
            return text
        return f"{text} (rate k {monomial_text(dict(zip(names, self.orders, strict=True)))})"

    def sides(self, names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Reactants and products with their coefficients, by the names of the species."""
        left, right = (
            {name: n for name, n in zip(names, side, strict=True) if n} for side in (self.reactants, self.products)
        )
        return left, right

    def with_rate(self, rate: Arrhenius, names: Sequence[str]) -> Reaction:
        """As a reaction of a mechanism."""
        reactants, products = self.sides(names)
        exponents = dict(zip(names, self.exponents, strict=True))
        orders = {name: order for name, order in exponents.items() if order != reactants.get(name, 0)}
        return Reaction(reactants, products, rate, orders=orders or None)

    @property
    def reverse(self) -> OneWayReaction:
        """The opposite direction."""
        return OneWayReaction(self.products, self.reactants, self.orders)


def one_way_reactions(mechanism: Mechanism) -> Iterator[tuple[int, str, OneWayReaction]]:
    """The one-way reactions of a mechanism with whole coefficients and orders: number, ``forward`` or ``reverse``."""
    for i, reaction in enumerate(mechanism.reactions):
        left, right, orders = (
            tuple(int(n) for n in matrix[i]) for matrix in (mechanism.reactants, mechanism.products, mechanism.orders)
        )
        forward = OneWayReaction(left, right, orders if reaction.orders else None)
        yield i, "forward", forward
        if reaction.reverse_rate is not None or reaction.reversible:
            yield i, "reverse", forward.reverse


def monomial_text(orders: Mapping[str, float]) -> str:
    """The concentrations of a rate law with their exponents, as text.

    Examples
    --------
    >>> monomial_text({"A": 2, "B": 0, "C": 1})
    '[A]^2 [C]'
    """
    return " ".join(f"[{name}]" if n == 1 else f"[{name}]^{n:g}" for name, n in orders.items() if n)


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
