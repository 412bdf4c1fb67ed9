"""How long work reports how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What long work calls as it goes on."""

    def __call__(self, done: float, doing: str, /) -> None:
        """Take the part that is done, from 0 to 1, and what is being done."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Progress of one part of the work, from ``begin`` to ``end`` of the whole.

    Examples
    --------
    >>> part_of(lambda done, doing: print(f"{done:.2f} {doing}"), 0.2, 0.6)(0.5, "learning")
    0.40 learning
    """
    return lambda done, doing: progress(begin + (end - begin) * done, doing)


def silent(done: float, doing: str, /) -> None:
    """Progress that nobody watches."""
