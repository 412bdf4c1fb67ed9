"""Removals that make up for each other, rate constants as they are: what cannot go alone goes with companions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .context import TOGETHER, Context, Stage, by_error
from .reduction_records import Candidate, Vector
from .scoring import Trial, residuals, score

_COMPANIONS = 8
"""Reactions that go along, at most."""
_GAIN = 0.01
"""A companion lowers the largest error at least by this part of it."""
_TRIED = 12
"""Groups that are simulated, the most promising by first derivatives."""

Unit = tuple[int, ...]


def without_together(context: Context, stage: Stage, *, by_species: bool) -> Iterator[Stage]:
    """Stage by stage a species, or a reaction, less, and reactions whose loss lowers the error that this leaves.

    Parameters
    ----------
    context : Context
        With references.
    stage : Stage
        From which nothing can be removed alone.
    by_species : bool
        Whether species go, else reactions.
    """
    while True:
        smaller = _smaller(context, stage, by_species)
        if smaller is None:
            return
        stage = smaller
        yield stage


def _smaller(context: Context, stage: Stage, by_species: bool) -> Stage | None:
    """The first group that can go, those first after which least is foreseen."""
    candidate, order = stage.candidate, by_error(stage)
    context.report("removing", candidate)
    groups = _groups(context, candidate, by_species)[:_TRIED]
    for start in range(0, len(groups), TOGETHER):
        some = groups[start : start + TOGETHER]
        found = context.workers.map_surviving(
            score, [(context.task, Trial(candidate, group), order, 1.0) for group in some]
        )
        for group, each in zip(some, found, strict=True):
            if each is not None and each.error < 1.0:
                left = context.tidy(candidate.without(group))
                return Stage(
                    "species" if by_species else "reactions", left, each.errors, context.lacks(left, candidate)
                )
    return None


def _groups(context: Context, candidate: Candidate, by_species: bool) -> list[Unit]:
    """Units with their companions, those first after which least is foreseen; flames are not asked here."""
    numbers = range(len(context.task.conditions))
    lines = [line for line in context.linearised(candidate)[: len(numbers)] if line is not None]
    if len(lines) < len(numbers):
        return []
    values = np.concatenate([line[0] for line in lines])
    slopes = np.concatenate([line[1][:, :, 0] for line in lines])
    place = {j: i for i, j in enumerate(candidate.reactions)}
    if by_species:
        units = [context.reactions_of(i, candidate) for i in candidate.species if i not in context.kept]
        units = [unit for unit in dict.fromkeys(units) if unit]
        answers = context.workers.map_surviving(
            residuals, [(context.task, Trial(candidate, unit), numbers) for unit in units]
        )
    else:
        units = [(j,) for j in candidate.reactions]
        answers = [[values - slopes[:, place[j]]] for (j,) in units]
    found = []
    for unit, answer in zip(units, answers, strict=True):
        left = [each for each in answer or [None] if each is not None]
        if len(left) == len(answer or [None]):
            most, along = _companions(np.concatenate(left), slopes, [place[j] for j in unit])
            found.append((most, (*unit, *(candidate.reactions[i] for i in along))))
    return [group for _, group in sorted(found)]


def _companions(errors: Vector, slopes: Vector, gone: Sequence[int]) -> tuple[float, list[int]]:
    """Reactions, by their places, whose loss lowers the largest of some errors, one after the other; and what is left.

    Examples
    --------
    >>> _companions(np.array([1.5, 0.1]), np.array([[9.0, 1.0, -0.5], [0.0, 0.2, 0.0]]), [0])
    (0.5, [1])
    """
    most, along = float(np.abs(errors).max()), list[int]()
    while len(along) < _COMPANIONS:
        after = np.abs(errors[:, None] - slopes).max(axis=0)
        after[[*gone, *along]] = np.inf
        best = int(after.argmin())
        if not after[best] < most * (1 - _GAIN):
            break
        most, errors = float(after[best]), errors - slopes[:, best]
        along.append(best)
    return most, along
