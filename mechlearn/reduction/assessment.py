"""A mechanism file against the source, condition by condition: inside the envelope, held out, and beyond its edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from ..simulation.process_pool import Workers
from .candidate_phases import file_of, source_of
from .reduction_records import Condition, Task
from .response import SolverHistory, ignite
from .scoring import reference_of

_TIGHT = (1e-9, 1e-18)


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

    def as_dict(self) -> dict[str, Any]:
        """For a summary."""
        return {"condition": self.condition.name, **{k: v for k, v in asdict(self).items() if k != "condition"}}


def assessed(workers: Workers, task: Task, mechanism: Path, longest: float) -> list[Assessment]:
    """Assessments on a mechanism file at all conditions of a task at which the source ignites; profiles everywhere."""
    whole = replace(task, conditions=tuple(replace(each, profiled=True) for each in task.conditions), references=())
    calls = [(whole, str(mechanism), number, longest) for number in range(len(whole.conditions))]
    return [assessment for assessment in workers.map(_verdict, calls) if assessment is not None]


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


def _verdict(task: Task, mechanism: str, number: int, longest: float) -> Assessment | None:
    condition, (rtol, atol) = task.conditions[number], _TIGHT
    source = source_of(task.mechanism, task.phase)
    known = ignite(source.gas, task, condition, longest=longest, rtol=rtol, atol=atol)
    if known is None:
        return None
    found = ignite(file_of(Path(mechanism)), task, condition, longest=10 * known.response.delay, rtol=rtol, atol=atol)
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
