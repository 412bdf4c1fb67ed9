"""What a report is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...chemistry.mechanism import Arrhenius, Mechanism
from ...data.trajectories import Trajectories
from ...validation.validation_result import Validation


@dataclass(frozen=True)
class Stall:
    """The search when a start stalled, or came below the least loss: steps done, loss, rows frozen by then."""

    iterations: int
    loss: float
    frozen: int


@dataclass(frozen=True, eq=False)
class Subject:
    """A mechanism, its data and its checks.

    Parameters
    ----------
    title : str
    summary : dict
        What ``summary.json`` holds, or the part of it that is known.
    mechanism : Mechanism
        As the file holds it.
    runs : Trajectories
        All data.
    assessed : Trajectories
        The runs that were simulated again.
    validation : Validation or None
    asked : tuple of (str, str)
        What was asked for, in words: a name and a value each.
    stalls : tuple of Stall
        History of the search: each time that a start stalled.
    descent : tuple of Stall
        Each time that the least loss fell.
    drawing : str
        The network as SVG text; empty where there is none.
    settings : str
        The study file; empty where there is none.
    inputs : dict of str to str
        SHA-256 of every file that was read, by its name.
    command : str
        What repeats it.
    """

    title: str
    summary: dict[str, Any]
    mechanism: Mechanism
    runs: Trajectories
    assessed: Trajectories
    validation: Validation | None
    asked: tuple[tuple[str, str], ...] = ()
    stalls: tuple[Stall, ...] = ()
    descent: tuple[Stall, ...] = ()
    drawing: str = ""
    settings: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    command: str = ""


def validated_subject(
    mechanism: Mechanism,
    runs: Trajectories,
    validation: Validation,
    *,
    title: str,
    inputs: dict[str, str],
    command: str,
    drawing: str = "",
) -> Subject:
    """The subject of a validation alone, of any mechanism on any runs."""
    summary = {
        "status": "passed" if validation.passed else "failed",
        "message": validation.message,
        "reactions": [
            {"equation": each.equation, "forward": _rate(each.rate), "reverse": _rate(each.reverse_rate)}
            for each in mechanism.reactions
        ],
        "validation": validation.as_dict(),
    }
    asked = (("To check", f"whether {title} gives these runs"),)
    return Subject(
        title, summary, mechanism, runs, runs, validation, asked, drawing=drawing, inputs=inputs, command=command
    )


def _rate(rate: Arrhenius | None) -> dict[str, float] | None:
    return None if rate is None else {"A": rate.A, "b": rate.b, "Ea": rate.Ea}
