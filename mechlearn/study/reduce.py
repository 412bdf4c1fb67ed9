"""From a study to the smallest mechanism that keeps its limits, with everything written on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..data.progress import Progress, Stages, silent
from ..errors import SimulationError, StudyError
from ..files import write_text
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from ..formats.records import plain, record
from ..reduction.candidate_phases import source_of
from ..reduction.conditions import ReductionRequest, condition_grids, flames_between, largest_rise, longest_of, task_of
from ..reduction.context import Context, Stage
from ..reduction.reduction_files import stage_name, write_reduced
from ..reduction.reduction_records import Candidate, Task
from ..reduction.scoring import refer, refer_flame
from ..reduction.stages import Saved, reduced
from ..reduction.verification_points import VerificationPoints
from ..simulation.process_pool import Workers
from .reduction_results import Reduction, finished
from .schema import Study
from .study_text import study_text
from .workspace import STAGES, Clock, Workspace

Result = TypeVar("Result")
_SMALLEST_CHANGE = 0.02
"""Relative, of the mass fraction of a species of the first mixture that burning changes."""
_SHARES = {"simulating the source": 1.0, "searching": 15.0, "validating": 3.0, "reporting": 1.0}
"""Parts of a reduction by the time that they take, as in the example `hydrogen-reduction`: 5, 66, 13 and 1 s."""
_LEFT = 0.9
"""Of the search after each of its steps, of which there were 7 to 20."""
_LEADING = 32
"""Species of the first flame, those that matter most to ignition."""


def reduce_study(
    study: Study, folder: Path, *, cores: int = 0, overwrite: bool = False, progress: Progress = silent
) -> Reduction:
    """Reduce the mechanism of a study and write all results into a folder; goes on where an earlier run was cut off.

    Parameters
    ----------
    study : Study
        With ``source:`` and ``reduce:``.
    folder : Path
        Made if it is not there.
    cores : int
        Processes at work; 0 for all cores. The result is the same.
    overwrite : bool
        Start anew, whatever the folder holds.
    progress : callable, optional
        Takes the part that is done and a text.

    Returns
    -------
    Reduction
        With ``mechanism``, ``stages`` and the ``summary`` that is written.

    Raises
    ------
    StudyError
        If the study does not fit a reduction, the folder holds the results of another study or command or a file that
        this one reads, cannot be written to, or another run works in it.
    SimulationError
        If the source ignites at no condition.
    """
    request = request_of(study)
    task = task_of(request)
    text = study_text(study, folder) if study.path is not None else ""
    place = Workspace.of(study, text, folder, "reduce")
    with place.opened(overwrite=overwrite), Workers(cores) as workers:
        if overwrite:
            place.drop()
            place.clear()
        return _fill_folder(request, task, place, workers, Stages(progress, _SHARES))


def _fill_folder(request: ReductionRequest, task: Task, place: Workspace, workers: Workers, parts: Stages) -> Reduction:
    before = record(Saved, place.kept(STAGES) or plain(Saved()))
    clock, already = Clock(reduce=before.seconds), time.process_time() - before.processor
    mechanism = read_mechanism(task.mechanism, source_of(task.mechanism, task.phase).gas.name)
    search = _SearchProgress(parts, source_of(task.mechanism, task.phase).whole())
    if before.stages:
        search.reached(before.stages[-1], before.iteration)
    context, left_out = _start(request, task, workers, parts("simulating the source"), search)
    if place.text:
        write_text(place.folder / "study.yaml", place.text)
    stages = list(before.stages)

    def keep(found: list[Stage], step: int) -> None:
        stages[:] = found
        search.reached(found[-1], step)
        number = len(found) - 1
        target = place.folder / "stages" / stage_name(number, found[-1])
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            write_reduced(mechanism, request.source.mechanism, found[-1], target, checked=False)
        place.keep(STAGES, plain(Saved(tuple(found), step, clock.total, workers.seconds - already)))

    interrupted = False
    try:
        reduced(context, request.reduce, before, keep)
    except KeyboardInterrupt:
        interrupted = True
        if not stages:
            raise
    clock.lap("reduce")

    def seconds() -> dict[str, float]:
        clock.lap("validate")
        return clock.seconds() | {"processor": round(workers.seconds - already, 3)}

    return finished(request, context, mechanism, stages, place, seconds, left_out, parts, interrupted)


def request_of(study: Study) -> ReductionRequest:
    """What a study asks of a reduction.

    Raises
    ------
    StudyError
        If the study has no ``source:`` or ``reduce:``.
    """
    where = f"{study.path}: " if study.path is not None else ""
    if study.source is None or study.reduce is None:
        missing = "source" if study.source is None else "reduce"
        other = f" `mechlearn run {study.path}` learns from this one;" if study.path and study.reduce is None else ""
        raise StudyError(
            f"{where}to reduce a mechanism a study needs `source:` and `reduce:`, and `{missing}:` is missing.{other} "
            "`mechlearn init methane-reduction` writes one to start from."
        )
    return ReductionRequest(study.source, study.reduce, study.folder, where)


def _start(
    request: ReductionRequest, task: Task, workers: Workers, progress: Progress, search: _SearchProgress
) -> tuple[Context, list[str]]:
    """References and the ranking at all conditions, and those at which the source does not ignite."""
    source = source_of(task.mechanism, task.phase)
    first = {name for condition in task.conditions for name, _ in condition.mixture}
    targets = _reacting(first, task)
    longest = longest_of(request.source)
    calls = [(task, number, longest, targets) for number in range(len(task.conditions))]
    answers = _watched(workers, refer, calls, progress, "conditions")
    known = list(zip(task.conditions, answers, strict=True))
    if not any(answers):
        rise = largest_rise(source.gas, task.conditions)
        raise SimulationError(
            f"{task.mechanism} ignites at none of the {len(task.conditions)} conditions within {longest:g} s. "
            + (
                f"Its gas gains {rise:.0f} K at most until it is in equilibrium, and ignition is a gain of "
                f"{task.rise:g} K: ask for less, as in reduce.targets.ignition_delay.definition: T0+{rise / 2:.0f}."
                if 2 <= rise < task.rise
                else "Check temperatures and mixture, or give longer source.times."
            )
        )
    kept = frozenset(source.names.index(name) for name in {*first, *task.species, *request.reduce.keep})
    ranks = [answer[1] for answer in answers if answer]
    leading = kept | set(np.argsort(-np.max(ranks, axis=0), kind="stable")[:_LEADING].tolist())
    burning = [(task, i, targets, leading) for i in range(len(task.flame_conditions))]
    flames = _watched(workers, refer_flame, burning, progress, "flames")
    burnt = list(zip(task.flame_conditions, flames, strict=True))
    left_out = [condition.name for condition, answer in known if not answer]
    left_out += [f"flame at {condition.name}" for condition, flame in burnt if not flame]
    bare = replace(task, conditions=(), flame_conditions=())
    ready = bare.joined_by(
        [(condition, answer and answer[0]) for condition, answer in known],
        [(condition, flame and flame[0]) for condition, flame in burnt],
    )
    rank = np.max([*ranks, *(flame[1] for flame in flames if flame)], axis=0)
    count = request.reduce.verification_points
    grids = condition_grids(request, task) if count else ()
    verification = VerificationPoints(
        task=bare,
        cells=grids,
        count=max(1, count // max(1, len(grids))),
        flames=partial(flames_between, request),
        longest=longest,
        leading=leading,
        workers=workers,
    )
    rates_kept = request.reduce.rates == "keep"
    return Context(ready, source, workers, kept, rank, search, verification, rates_kept), left_out


class _SearchProgress:
    """Progress of a search whose end nobody knows: what is left of the source, and less with every step."""

    def __init__(self, parts: Stages, whole: Candidate) -> None:
        self._parts, self._whole, self._left = parts, sum(whole.size), 1.0

    def reached(self, stage: Stage, steps: int) -> None:
        """A stage is found, in so many steps."""
        self._left = sum(stage.candidate.size) / self._whole * _LEFT**steps

    @cached_property
    def _searching(self) -> Progress:
        return self._parts("searching")

    def __call__(self, doing: str, candidate: Candidate) -> None:
        species, reactions = candidate.size
        self._searching(1 - self._left, f"{species} species, {reactions} reactions, {doing}")


def _watched(
    workers: Workers, function: Callable[..., Result], calls: list[Any], progress: Progress, what: str
) -> list[Result]:
    """What the workers answer, in order; progress hears of each."""
    found: dict[int, Result] = {}
    for number, answer in workers.as_completed(function, calls):
        found[number] = answer
        progress(len(found) / len(calls), f"{len(found)} of {len(calls)} {what}")
    return [found[number] for number in range(len(calls))]


def _reacting(first: set[str], task: Task) -> tuple[str, ...]:
    """Species of the first mixture that burning changes, in the order of the source."""
    gas = source_of(task.mechanism, task.phase).gas
    condition = max(task.conditions, key=lambda each: each.temperature)
    gas.TPX = condition.temperature, condition.pressure, dict(condition.mixture)
    before = np.array(gas.Y)
    gas.equilibrate("HP" if condition.constant_pressure else "UV")
    changed = np.abs(gas.Y - before) > _SMALLEST_CHANGE * np.maximum(before, gas.Y)
    return tuple(name for name, moved in zip(gas.species_names, changed, strict=True) if moved and name in first)
