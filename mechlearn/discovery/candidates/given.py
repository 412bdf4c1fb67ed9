"""What the user knows of the reactions: which are there, and which are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...chemistry.one_way import OneWayReaction
from ...errors import StudyError
from ..reaction_patterns import ReactionPattern
from ..settings import KnownReaction, Search


def known_reactions(names: Sequence[str], search: Search) -> dict[OneWayReaction, KnownReaction]:
    """The reactions that are given, in the direction in which they are written.

    Raises
    ------
    StudyError
        If one cannot be read, is open, forbidden or written both ways without thermodynamics.
    """
    found: dict[OneWayReaction, KnownReaction] = {}
    forbidden = forbids(names, search)
    for each in search.known:
        pattern = ReactionPattern.of(each.equation, names)
        direction = pattern.direction
        if direction is None or direction.reactants == direction.products:
            raise StudyError(f"learn.known: {each.equation!r} leaves open what reacts. Write a whole reaction.")
        if pattern.both_ways and search.reverse != "thermo":
            raise StudyError(
                f"learn.known: {each.equation!r} is written both ways, and each has a rate constant of its own. Give "
                "two reactions with =>, or use reverse: thermo."
            )
        if forbidden(direction):
            raise StudyError(f"learn.known: {each.equation!r} is forbidden too (learn.forbid). Remove one of them.")
        found[direction] = each
    return found


def forbids(names: Sequence[str], search: Search) -> Callable[[OneWayReaction], bool]:
    """Whether a one-way reaction is among those that are forbidden.

    Raises
    ------
    StudyError
        If a pattern cannot be read.
    """
    patterns = [ReactionPattern.of(text, names) for text in search.forbid]
    return lambda direction: any(pattern.matches(direction) for pattern in patterns)
