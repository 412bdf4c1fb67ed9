"""What the sampling of runs shows, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Diagnostic:
    """One thing that the sampling shows, and what to measure next.

    Parameters
    ----------
    kind : str
        ``runs``, ``time-scales``, ``variation``, ``first-states``, ``noise``, ``missing``, ``temperature``,
        ``elements``, ``unit``, ``growth``, ``columns``, ``volume`` or ``reactor``.
    text : str
    recommendation : str
        Empty where nothing need be done.
    """

    kind: str
    text: str
    recommendation: str = ""

    @property
    def sentence(self) -> str:
        """Both."""
        return f"{self.text} {self.recommendation}".strip()


@dataclass(frozen=True)
class Sampling:
    """What the sampling of runs shows.

    Parameters
    ----------
    runs, states : int
        How many there are.
    noise : float or None
        Standard deviation of a concentration, relative to it, estimated; 0 for clean data, None where runs have too
        few samples.
    directions : int
        Number of independent directions in which the concentrations change: the reactions that can be distinguished
        are at least as many.
    first_directions : int
        Number of independent directions in which the initial states differ.
    diagnostics : tuple of Diagnostic
    """

    runs: int
    states: int
    noise: float | None
    directions: int
    first_directions: int
    diagnostics: tuple[Diagnostic, ...]

    def as_dict(self) -> dict[str, Any]:
        """The content of ``sampling`` in ``summary.json``."""
        content = asdict(self)
        del content["diagnostics"]
        findings = [{"kind": each.kind, "text": each.text, "advice": each.recommendation} for each in self.diagnostics]
        return content | {"findings": findings}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be the cause where learning fails: columns left out, and amounts that come from nothing."""
        return tuple(each.sentence for each in self.diagnostics if each.kind in ("growth", "columns"))

    @property
    def text(self) -> str:
        """A line for each diagnostic."""
        return "\n".join(each.sentence for each in self.diagnostics)


def count(number: int, word: str, plural: str = "") -> str:
    """A number and what it counts."""
    return f"{number} {word if number == 1 else plural or word + 's'}"


def verb(names: Sequence[str], one: str, many: str) -> str:
    """The form of a verb that goes with so many names."""
    return one if len(names) == 1 else many
