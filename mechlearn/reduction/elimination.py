"""Smaller mechanisms whose rate constants are fitted anew after each removal: species, then reactions, then species."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .record import Candidate, Vector
from .refit import bounds_left, logarithmic, minimax_step, refitted, stacked
from .scoring import Trial, residuals
from .sensitivities import Array
from .work import Stage, Work, by_error

_SCREENED = 12
_BATCH = 1 / 6
_FORESEEN = 0.8
"""Units that go together are foreseen to leave this error at most, relative to the limit."""
_GOAL, _MARGIN = 0.9, 0.03
"""A mechanism that cannot be brought below the first is strained, and errs more between the conditions.

Fitting goes on to a little less, since it counts the errors of delays by logarithms.
"""
_SINGLES = 6
_SIMULATED = 16
"""Units that are tried by simulation, the most promising by first derivatives."""


@dataclass(frozen=True, eq=False)
class _Screen:
    """Conditions on which removals are tried, with errors and derivatives there, and those of all flames.

    Parameters
    ----------
    numbers : tuple of int
        Of conditions that are simulated; what removals do to flames is foreseen by derivatives.
    values : array, shape (rows,)
    slopes : array, shape (rows, reactions, 3)
    low, high : array, shape (reactions, 3)
    """

    numbers: tuple[int, ...]
    values: Vector
    slopes: Array
    low: Array
    high: Array

    def foreseen(self, shift: Vector, gone: list[int]) -> float:
        """The least largest error after refitting what is left, where removals shift the errors."""
        stays = np.setdiff1d(np.arange(self.slopes.shape[1]), gone)
        return minimax_step(self.values + shift, self.slopes[:, stays], self.low[stays], self.high[stays])[1]

    def roughly(self, units: list[list[int]]) -> Vector:
        """The same by first derivatives and least squares, for all units at once."""
        count = len(self.values)
        matrix = self.slopes.reshape(count, -1) * np.maximum(self.high - self.low, 0.0).ravel() / 2
        left, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
        fitted = (left * (sizes**2 / (sizes**2 + 1.0))) @ left.T
        shifts = np.array([self.values - self.slopes[:, unit, 0].sum(axis=1) for unit in units]).T
        return np.asarray(np.abs(shifts - fitted @ shifts).max(axis=0))


def refitted_once(work: Work, stage: Stage) -> Iterator[Stage]:
    """The same mechanism with better rate constants, if there are any."""
    candidate, error = refitted(work, stage.candidate, goal=0.0, iterations=3)
    if error < stage.error:
        yield work.stage("refit", candidate, stage)


def eliminated(work: Work, stage: Stage, *, by_species: bool) -> Iterator[Stage]:
    """Stage by stage a species, or some reactions, less, until none can go any more."""
    while True:
        smaller = _one_round(work, stage, by_species)
        if smaller is None:
            return
        stage = smaller
        yield stage


def _units(work: Work, candidate: Candidate, by_species: bool) -> list[tuple[int, ...]]:
    if by_species:
        return [work.reactions_of(i, candidate) for i in candidate.species if i not in work.kept]
    return [(j,) for j in candidate.reactions]


def _one_round(work: Work, stage: Stage, by_species: bool) -> Stage | None:
    """A smaller mechanism that keeps the limits; None if none is found."""
    lines = work.linearised(stage.candidate)
    if any(line is None for line in lines):
        return None
    screen = _screen(work, stage, lines)
    ranked = _ranked_units(work, stage, screen, by_species)
    if not ranked:
        return None
    most = max(1, int(_BATCH * (len(stage.candidate.species if by_species else stage.candidate.reactions))))
    batch = _batch(screen, ranked, stage.candidate, most)
    while len(batch) > 1:
        found = _without(work, stage, [j for unit in batch for j in unit])
        if found is not None:
            return found
        batch = batch[: len(batch) // 2]
    for _, unit, _ in ranked[:_SINGLES]:
        found = _without(work, stage, list(unit))
        if found is not None:
            return found
    return None


def _screen(work: Work, stage: Stage, lines: list[tuple[Vector, Array] | None]) -> _Screen:
    """Conditions with profiles, the worst ones, and some spread over the rest."""
    count = len(work.task.conditions)
    profiled = [i for i in range(count) if work.task.conditions[i].profiled]
    spread = [int(i) for i in np.linspace(0, count - 1, _SCREENED)]
    worst = [i for i in by_error(stage) if i < count][:3]
    several = list(dict.fromkeys([*worst, *profiled, *spread]))
    numbers = tuple(sorted(several[: max(_SCREENED, min(len(profiled) + 3, 2 * _SCREENED))]))
    values, slopes = stacked(work.task, [lines[i] for i in (*numbers, *work.numbers[count:])])
    return _Screen(numbers, values, slopes, *bounds_left(work, stage.candidate))


def _ranked_units(
    work: Work, stage: Stage, screen: _Screen, by_species: bool
) -> list[tuple[float, tuple[int, ...], Vector]]:
    """Units with the error that is foreseen without each, the least first, and how removal shifts the errors."""
    candidate = stage.candidate
    place = {j: i for i, j in enumerate(candidate.reactions)}
    units = [unit for unit in _units(work, candidate, by_species) if unit]
    if not units:
        return []
    harm = screen.roughly([[place[j] for j in unit] for unit in units])
    units = [units[int(i)] for i in np.argsort(harm, kind="stable")[:_SIMULATED]]
    work.tell("screening", candidate)
    answers = work.workers.map(residuals, [(work.task, Trial(candidate, unit), screen.numbers) for unit in units])
    ranked = []
    for unit, answer in zip(units, answers, strict=True):
        if answer is None or any(each is None for each in answer):
            continue
        gone = [place[j] for j in unit]
        shift = -screen.slopes[:, gone, 0].sum(axis=1)
        found = np.concatenate([logarithmic(work.task, each) for each in answer if each is not None])
        shift[: len(found)] = found - screen.values[: len(found)]
        ranked.append((screen.foreseen(shift, gone), unit, shift))
    return sorted((each for each in ranked if each[0] < 1.0 / _FORESEEN), key=lambda each: (each[0], each[1]))


def _batch(
    screen: _Screen, ranked: list[tuple[float, tuple[int, ...], Vector]], candidate: Candidate, most: int
) -> list[tuple[int, ...]]:
    """Units that are foreseen to keep the limits when they go together."""
    place = {j: i for i, j in enumerate(candidate.reactions)}
    batch: list[tuple[int, ...]] = []
    shift = np.zeros(len(screen.values))
    for _, unit, own in ranked[: 2 * most]:
        if len(batch) == most:
            break
        gone = [place[j] for each in (*batch, unit) for j in each]
        if screen.foreseen(shift + own, gone) <= _FORESEEN:
            batch.append(unit)
            shift = shift + own
    return batch


def _without(work: Work, stage: Stage, reactions: list[int]) -> Stage | None:
    left = work.tidy(stage.candidate.without(reactions))
    candidate, error = refitted(work, left, goal=_GOAL - _MARGIN)
    return work.stage("refit", candidate, stage) if error <= _GOAL else None
