"""What was found out about the sampling, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal[
    "runs",
    "time-scales",
    "variation",
    "first-states",
    "noise",
    "missing",
    "temperature",
    "elements",
    "unit",
    "growth",
    "columns",
]


@dataclass(frozen=True)
class Finding:
    """One thing that the sampling shows, and what to measure next; empty where nothing need be done."""

    kind: Kind
    text: str
    advice: str = ""

    @property
    def sentence(self) -> str:
        """Both."""
        return f"{self.text} {self.advice}".strip()


@dataclass(frozen=True)
class Sampling:
    """What the sampling of runs shows.

    Parameters
    ----------
    runs, states : int
        How many there are.
    noise : float or None
        Standard deviation of a concentration, as a share of it, estimated; 0 for clean data, None where runs have too
        few samples.
    directions : int
        Number of independent directions in which the concentrations change: the reactions that can be told apart are
        at least as many.
    first_directions : int
        Number of independent directions in which the initial states differ.
    findings : tuple of Finding
    """

    runs: int
    states: int
    noise: float | None
    directions: int
    first_directions: int
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """The content of ``sampling`` in ``summary.json``."""
        return asdict(self) | {"findings": [asdict(finding) for finding in self.findings]}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be the cause where learning fails: columns left out, and amounts that come from nothing."""
        return tuple(each.sentence for each in self.findings if each.kind in ("growth", "columns"))

    @property
    def text(self) -> str:
        """A line for each finding."""
        return "\n".join(finding.sentence for finding in self.findings)


def count(number: int, word: str, plural: str = "") -> str:
    """A number and what it counts."""
    return f"{number} {word if number == 1 else plural or word + 's'}"


def verb(names: Sequence[str], one: str, many: str) -> str:
    """The form of a verb that goes with so many names."""
    return one if len(names) == 1 else many


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, at most four of them."""
    shown = list(names[:4]) + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
