"""How long work reports how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """What long work calls as it goes on."""

    def __call__(self, done: float, doing: str, /) -> None:
        """Take the part that is done, from 0 to 1, and what is being done."""


def silent(done: float, doing: str, /) -> None:
    """Progress that nobody watches."""


class Stages:
    """Progress of work whose stages are known, each some part of the whole.

    Parameters
    ----------
    progress : Progress
        Is told the part of the whole, which never falls, and the stage.
    shares : mapping of str to float
        The stages in their order, with about how much time each takes as compared with the others.

    Examples
    --------
    >>> stages = Stages(lambda done, doing: print(f"{done:.2f} {doing}"), {"reading": 1, "fitting": 3})
    >>> stages("fitting")(0.5, "4 reactions")
    0.25 fitting (2 of 2)
    0.62 fitting (2 of 2): 4 reactions
    """

    def __init__(self, progress: Progress, shares: Mapping[str, float]) -> None:
        self._progress, self._shares = progress, shares
        self._most = 0.0

    def __call__(self, stage: str) -> Progress:
        """Say that a stage begins; what is returned is its own progress, from 0 to 1."""
        names, total = list(self._shares), sum(self._shares.values())
        number = names.index(stage)
        start = sum(self._shares[name] for name in names[:number]) / total
        text = f"{stage} ({number + 1} of {len(names)})"

        def report(done: float, doing: str, /) -> None:
            self._most = max(self._most, start + done * self._shares[stage] / total)
            self._progress(self._most, f"{text}: {doing}" if doing else text)

        report(0.0, "")
        return report
