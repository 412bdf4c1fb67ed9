"""Flames of a mechanism file against the source's, both on the source's grid, which is finer than that of the search.

Of lean hydrogen the speed on two grids of the same criteria differs by 5 %, on one grid the ratio of speeds by 0.2 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

import cantera as ct

from ..simulation.process_pool import Workers
from .candidate_phases import file_of, source_of
from .flames import ASSESSED, SEARCHED, TWICE_AS_FINE, free_flame, moved_flame
from .reduction_records import Condition, Flame, Task


@dataclass(frozen=True)
class FlameAssessment:
    """How far a mechanism's flame speed is from its source's.

    Parameters
    ----------
    condition : Condition
        The unburnt gas.
    reference, speed : float
        Of the source and of the mechanism [m/s]; zero where the solver finds no flame.
    error : float
        Relative, signed; infinite without a flame.
    points : int
        Of the source's grid.
    """

    condition: Condition
    reference: float
    speed: float
    error: float
    points: int

    def as_dict(self) -> dict[str, Any]:
        """For a summary."""
        return {"condition": self.condition.name, **{k: v for k, v in asdict(self).items() if k != "condition"}}


def assessed_flames(
    workers: Workers, task: Task, mechanism: Path, conditions: Sequence[Condition]
) -> list[FlameAssessment]:
    """Assessments on a mechanism file at all conditions at which the source has a flame."""
    known = dict(zip(task.flame_conditions, task.flames, strict=True))
    calls = [(task, str(mechanism), each, known.get(each)) for each in conditions]
    return [assessment for assessment in workers.map(_verdict, calls) if assessment is not None]


def grid_error(task: Task, mechanism: Path) -> dict[str, Any]:
    """What a grid twice as fine says at the middle one of the flames: of the source's speed, and of the error."""
    place = len(task.flames) // 2
    condition, coarse = task.flame_conditions[place], task.flames[place]
    known = _finely(task, condition, coarse)
    finer = known and free_flame(_source(task), condition, task.transport, TWICE_AS_FINE, known)
    if known is None or finer is None:
        return {}
    return {
        "condition": condition.name,
        "points": [len(each.grid) for each in (coarse, known, finer)],
        "source_speeds": [each.speed for each in (coarse, known, finer)],
        "source_off_by": known.speed / finer.speed - 1,
        "errors": [_speed(task, mechanism, condition, each) / each.speed - 1 for each in (coarse, known, finer)],
    }


def _source(task: Task) -> ct.Solution:
    return source_of(task.mechanism, task.phase).gas


def _verdict(task: Task, mechanism: str, condition: Condition, start: Flame | None) -> FlameAssessment | None:
    known = _finely(task, condition, start)
    if known is None:
        return None
    speed = _speed(task, Path(mechanism), condition, known)
    return FlameAssessment(condition, known.speed, speed, speed / known.speed - 1 if speed else inf, len(known.grid))


def _finely(task: Task, condition: Condition, start: Flame | None) -> Flame | None:
    """The source's flame on the grid on which results are judged."""
    coarse = start or free_flame(_source(task), condition, task.transport, SEARCHED)
    return coarse and free_flame(_source(task), condition, task.transport, ASSESSED, coarse)


def _speed(task: Task, mechanism: Path, condition: Condition, known: Flame) -> float:
    """Of the file's flame on the grid of the source's [m/s]; zero without a flame."""
    names = source_of(task.mechanism, task.phase).names
    flame = moved_flame(file_of(mechanism), condition, task.transport, known, names)
    return 0.0 if flame is None else float(flame.velocity[0])
