"""Conditions between those of a study, at which a result is checked: evenly spread, and uphill from the worst."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..simulation.process_pool import Workers
from .condition_grid import ConditionGrid, Place
from .reduction_records import Candidate, Condition, Flame, Reference, Task, worst
from .scoring import Trial, refer_flame, reference, spread_residuals

_CLIMBERS, _CLIMBS, _STEP = 4, 4, 0.25
"""From so many of the worst points the error is followed uphill, so often, first by such a part of a cell."""
_STEEP = 0.5
"""From no verification point with a smaller error."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class VerificationPoint:
    """A condition between those of the study, and the largest error of a candidate there, relative to its limit.

    Parameters
    ----------
    condition : Condition
    error : float
    cell : tuple of int
        In which it lies; neighbours are much alike.
    place : tuple of float
        In units of cells.
    """

    condition: Condition
    error: float
    cell: tuple[int, ...] = ()
    place: Place = ()


@dataclass(frozen=True)
class Verification:
    """All verification points at which a candidate was simulated: to ignition, and in flames."""

    conditions: tuple[VerificationPoint, ...] = ()
    flames: tuple[VerificationPoint, ...] = ()


@dataclass(frozen=True, eq=False)
class VerificationPoints:
    """Where results are checked; the source is simulated there when that is first asked for.

    Parameters
    ----------
    task : Task
        What is asked, at no condition.
    cells : tuple of ConditionGrid
        Of the study's envelopes.
    count : int
        Verification points spread over each.
    flames : callable
        Gives the unburnt gas between that of some flames.
    longest : float
        When a gas that has not ignited is given up [s].
    leading : frozenset of int
        Species whose flame is where the source's starts.
    workers : Workers
    """

    task: Task
    cells: tuple[ConditionGrid, ...]
    count: int
    flames: Callable[[Sequence[Condition]], tuple[Condition, ...]]
    longest: float
    leading: frozenset[int]
    workers: Workers
    _references: dict[Condition, Reference | None] = field(default_factory=dict, repr=False)
    _flames: dict[Condition, Flame | None] = field(default_factory=dict, repr=False)

    def check(self, candidate: Candidate, asked: Task) -> Verification:
        """A candidate's errors at points spread evenly, on the way uphill from the worst, and between the flames."""
        task = replace(self.task, global_reactions=asked.global_reactions)
        found = [point for number in range(len(self.cells)) for point in self._climbed(task, candidate, number)]
        task = self.added_to(task, (), self.flames(asked.flame_conditions))
        errors = zip(task.flame_conditions, self._errors(task, candidate), strict=True)
        return Verification(tuple(found), tuple(VerificationPoint(condition, error) for condition, error in errors))

    def added_to(self, task: Task, conditions: Sequence[Condition], flames: Sequence[Condition]) -> Task:
        """A task with further conditions and flames after its own."""
        more = [each for each in dict.fromkeys(conditions) if each not in (*task.conditions, *task.quiet)]
        burning = [each for each in dict.fromkeys(flames) if each not in task.flame_conditions]
        asked = [each for each in more if each not in self._references]
        calls = [(replace(self.task, conditions=(each,)), 0, self.longest) for each in asked]
        self._references.update(zip(asked, self.workers.map(reference, calls), strict=True))
        asked = [each for each in burning if each not in self._flames]
        lit = [(replace(self.task, flame_conditions=(each,)), 0, (), self.leading) for each in asked]
        answers = self.workers.map(refer_flame, lit)
        self._flames.update({each: answer and answer[0] for each, answer in zip(asked, answers, strict=True)})
        return task.joined_by(
            [(each, self._references[each]) for each in more], [(each, self._flames[each]) for each in burning]
        )

    def _climbed(self, task: Task, candidate: Candidate, number: int) -> list[VerificationPoint]:
        """Points spread over a grid, and those on the way uphill from the worst of them."""
        grid = self.cells[number]
        found = self._asked(task, candidate, number, grid.spread(self.count))
        climbers = [(point, _STEP) for point in worst_of_grids(found)[:_CLIMBERS] if point.error > _STEEP]
        for _ in range(_CLIMBS if climbers else 0):
            ways = [grid.neighbours(point.place, step) for point, step in climbers]
            reached = self._asked(task, candidate, number, [place for way in ways for place in way])
            found += reached
            near = {point.place: point for point in reached}
            for i, ((point, step), way) in enumerate(zip(climbers, ways, strict=True)):
                top = max([point, *(near[place] for place in way if place in near)], key=lambda each: each.error)
                climbers[i] = (top, step if top is not point else step / 2)
        return found

    def _asked(self, task: Task, candidate: Candidate, number: int, places: list[Place]) -> list[VerificationPoint]:
        """A candidate's errors at places of a grid."""
        where = {self.cells[number].at(place): place for place in places}
        task = self.added_to(task, list(where), ())
        return [
            VerificationPoint(condition, error, (number, *map(int, where[condition])), where[condition])
            for condition, error in zip((*task.conditions, *task.quiet), self._errors(task, candidate), strict=True)
        ]

    def _errors(self, task: Task, candidate: Candidate) -> list[float]:
        """The largest errors at all conditions and flames of a task."""
        return list(map(worst, spread_residuals(self.workers, task, Trial(candidate), task.numbers)))


def worst_of_grids(points: Sequence[VerificationPoint]) -> list[VerificationPoint]:
    """The worst verification point in each cell, the worst first."""
    found: dict[tuple[int, ...], VerificationPoint] = {}
    for point in points:
        if point.cell not in found or point.error > found[point.cell].error:
            found[point.cell] = point
    return sorted(found.values(), key=lambda each: -each.error)
