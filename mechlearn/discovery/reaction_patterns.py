"""Reactions as users write them, with ``*`` for what may be anything: "OH + OH => *", "* => 3 *"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ..chemistry.one_way import Complex, OneWayReaction
from ..errors import StudyError

ARROWS = ("<=>", "=>", "=")


@dataclass(frozen=True)
class SidePattern:
    """One side: the molecules that it has at least, and how many others.

    Parameters
    ----------
    molecules : Complex
        Coefficients over the species.
    others : int or None
        How many molecules of anything come beside these; None for any number.
    """

    molecules: Complex
    others: int | None = 0

    def matches(self, side: Complex) -> bool:
        """Whether a side is of this kind."""
        left = [there - asked for there, asked in zip(side, self.molecules, strict=True)]
        return min(left) >= 0 and self.others in (None, sum(left))


@dataclass(frozen=True)
class ReactionPattern:
    """Two sides, and whether the other way is meant as well."""

    reactants: SidePattern
    products: SidePattern
    both_ways: bool

    @classmethod
    def of(cls, text: str, names: Sequence[str]) -> ReactionPattern:
        """The pattern that a text writes, for species of these names.

        Raises
        ------
        StudyError
            If it has no arrow or names no species.

        Examples
        --------
        >>> pattern = ReactionPattern.of("A + * => 2 B", ["A", "B"])
        >>> pattern.matches(OneWayReaction((2, 0), (0, 2))), pattern.matches(OneWayReaction((0, 2), (2, 0)))
        (True, False)
        """
        arrow = next((each for each in ARROWS if each in text), None)
        sides = text.split(arrow) if arrow else []
        if len(sides) != 2:
            raise StudyError(f"{text!r} is not a reaction. Write two sides and an arrow, as 'A + B => C' or 'A <=> *'.")
        reactants, products = (_side(side, text, names) for side in sides)
        return cls(reactants, products, arrow != "=>")

    def matches(self, direction: OneWayReaction) -> bool:
        """Whether a one-way reaction is of this kind."""
        forward = self.reactants.matches(direction.reactants) and self.products.matches(direction.products)
        back = self.reactants.matches(direction.products) and self.products.matches(direction.reactants)
        return forward or (self.both_ways and back)

    @property
    def direction(self) -> OneWayReaction | None:
        """The one-way reaction, where nothing is left open."""
        if self.reactants.others == 0 and self.products.others == 0:
            return OneWayReaction(self.reactants.molecules, self.products.molecules)
        return None


def _side(text: str, whole: str, names: Sequence[str]) -> SidePattern:
    counts, others = [0] * len(names), 0
    anything = False
    for term in filter(None, (part.strip() for part in text.split(" + "))):
        number, _, name = term.rpartition(" ")
        if number and not number.isdigit():
            raise StudyError(f"{whole!r}: {term!r} is not a number of molecules and a species. Write '2 A', say.")
        count = int(number or 1)
        if name == "*":
            anything, others = anything or not number, others + (count if number else 0)
        elif name in names:
            counts[list(names).index(name)] += count
        else:
            near = get_close_matches(name, names, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise StudyError(f"{whole!r} names {name!r}, which is not among the species ({', '.join(names)}){meant}.")
    return SidePattern(tuple(counts), None if anything else others)
