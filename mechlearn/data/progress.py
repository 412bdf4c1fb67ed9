"""How long work reports how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What long work calls as it goes on."""

    def __call__(self, done: float, doing: str, /) -> None:
        """Take the part that is done, from 0 to 1, and what is being done."""


def silent(done: float, doing: str, /) -> None:
    """Progress that nobody watches."""
