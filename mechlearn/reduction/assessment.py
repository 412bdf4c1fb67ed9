"""A mechanism file against the source, condition by condition: inside the envelope, held out, and beyond its edges.

Flames of both are found on one grid, which is finer than that of the search: of lean hydrogen the speed on two grids of
the same criteria differs by 5 %, on one grid the ratio of speeds by 0.2 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np

from ..simulation.process_pool import Workers
from .candidate_phases import file_of, source_of
from .flames import ASSESSED, SEARCHED, TWICE_AS_FINE, free_flame, moved_flame
from .reduction_records import Condition, Flame, Task
from .response import FINE, SolverHistory, ignite
from .scoring import reference_of


@dataclass(frozen=True)
class Assessment:
    """How far a mechanism is from its source at one condition.

    Parameters
    ----------
    condition : Condition
    reference, delay : float
        Ignition delays of the source and of the mechanism [s]; infinite without ignition.
    delay_error : float
        Relative, signed.
    steepest_error : float
        The same for the time of the steepest temperature rise, a second definition of the delay.
    temperature_error : float
        The largest relative error of the temperature at and after ignition.
    species_error : float
        The largest error of a mole fraction, relative to the species' largest one.
    species : str
        Of which species.
    """

    condition: Condition
    reference: float
    delay: float
    delay_error: float
    steepest_error: float
    temperature_error: float
    species_error: float
    species: str


@dataclass(frozen=True)
class Unignited:
    """What a mechanism does at a condition at which its source does not ignite.

    Parameters
    ----------
    condition : Condition
    delay : float
        Ignition delay of the mechanism [s]; infinite without ignition in the time that the study gives.
    """

    condition: Condition
    delay: float


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


def assessed(workers: Workers, task: Task, mechanism: Path, longest: float) -> tuple[list[Assessment], list[Unignited]]:
    """Assessments on a mechanism file at all conditions of a task, profiles everywhere; and where the source does not
    ignite.
    """
    every = tuple(replace(each, profiled=True) for each in (*task.conditions, *task.quiet))
    whole = replace(task, conditions=every, references=(), quiet=())
    calls = [(whole, mechanism, number, longest) for number in range(len(every))]
    found = workers.map(_verdict, calls)
    burning = [each for each in found if isinstance(each, Assessment)]
    return burning, [each for each in found if isinstance(each, Unignited)]


def summary(assessments: Sequence[Assessment]) -> dict[str, Any]:
    """The largest errors of all conditions."""
    if not assessments:
        return {"conditions": 0}
    keys = ("delay_error", "steepest_error", "temperature_error", "species_error")
    worst = max(assessments, key=lambda each: abs(each.delay_error))
    return {
        "conditions": len(assessments),
        **{f"max_{key}": max(abs(getattr(each, key)) for each in assessments) for key in keys},
        "worst": worst.condition.name,
    }


def _verdict(task: Task, mechanism: Path, number: int, longest: float) -> Assessment | Unignited:
    condition = task.conditions[number]
    source = source_of(task.mechanism, task.phase)
    known = ignite(source.gas, task, condition, longest=longest, tolerances=FINE)
    if known is None:
        early = ignite(file_of(mechanism), task, condition, longest=longest, tolerances=FINE)
        return Unignited(condition, inf if early is None else early.response.delay)
    found = ignite(file_of(mechanism), task, condition, longest=10 * known.response.delay, tolerances=FINE)
    if found is None:
        return Assessment(condition, known.response.delay, inf, inf, inf, inf, inf, "")
    exact = replace(task, limits=(1.0, 1.0, 1.0), references=(reference_of(task, known),) * len(task.conditions))
    errors = exact.residuals(number, found.response)
    profile = np.abs(errors[1:].reshape(-1, 1 + len(task.species)))
    species = profile[:, 1:]
    return Assessment(
        condition=condition,
        reference=known.response.delay,
        delay=found.response.delay,
        delay_error=float(errors[0]),
        steepest_error=_steepest(found) / _steepest(known) - 1,
        temperature_error=float(profile[:, 0].max()),
        species_error=float(species.max(initial=0.0)),
        species=task.species[int(species.max(axis=0).argmax())] if task.species else "",
    )


def _steepest(history: SolverHistory) -> float:
    """When the temperature rises most steeply [s]: the vertex of a parabola through three slopes."""
    time, places = np.unique(history.time, return_index=True)
    slopes, middle = np.diff(history.states[places, 0]) / np.diff(time), (time[:-1] + time[1:]) / 2
    i = min(max(int(slopes.argmax()), 1), len(slopes) - 2)
    (a, b, _), vertex = np.polyfit(middle[i - 1 : i + 2] - middle[i], slopes[i - 1 : i + 2], 2), middle[i]
    return float(vertex - b / (2 * a)) if a < 0 else float(vertex)


def assessed_flames(
    workers: Workers, task: Task, mechanism: Path, conditions: Sequence[Condition]
) -> list[FlameAssessment]:
    """Assessments on a mechanism file at all conditions at which the source has a flame."""
    known = dict(zip(task.flame_conditions, task.flames, strict=True))
    calls = [(task, mechanism, each, known.get(each)) for each in conditions]
    return [assessment for assessment in workers.map(_flame_verdict, calls) if assessment is not None]


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


def _flame_verdict(task: Task, mechanism: Path, condition: Condition, start: Flame | None) -> FlameAssessment | None:
    known = _finely(task, condition, start)
    if known is None:
        return None
    speed = _speed(task, mechanism, condition, known)
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
