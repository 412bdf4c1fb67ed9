"""Smaller mechanisms with the rate constants as they are: by rank, species by species, reactions, and in groups.

In a group go together what makes up for each other: what cannot go alone goes with companions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .context import TOGETHER, Context, Stage, by_error
from .reduction_records import Candidate, Vector
from .scoring import Trial, residuals, score

_AFTER_RANKING = 0.7
"""The ranking alone uses up this part of the limits, so that better choices have room after it."""
_NO_HARM = 1.001
"""A removal after which the largest error is at most this times what it was need not be compared with others."""
_EASY = 0.8
"""Reactions go without comparison as long as the largest error stays below this part of its limit."""
_PREDICTED = 0.9
_BATCH = 1 / 2
"""Reactions removed at once, at most, as a part of those that are left."""
_COMPANIONS = 8
"""Reactions that go along, at most."""
_GAIN = 0.01
"""A companion lowers the largest error at least by this part of it."""
_GROUPS = 12
"""Groups that are simulated, the most promising by first derivatives."""

Unit = tuple[int, ...]


def ranked(context: Context) -> Stage:
    """The smallest of all mechanisms that hold the first so many species by rank; the source if none is good enough."""
    order = np.argsort(-context.rank, kind="stable")
    sizes = [n for n in range(1, len(order)) if order[n - 1] not in context.kept]
    parts = (context.source.part(set(order[:n].tolist()) | context.kept) for n in sizes)
    trials = [Trial(context.tidy(part)) for part in parts]
    best = context.first_below(_AFTER_RANKING, trials, context.task.numbers, "ranking")
    if best is not None:
        trial, errors = best
        return Stage("ranking", trial.candidate, errors, context.lacks(trial.candidate))
    return context.stage("ranking", context.source.whole())


def without_species(context: Context, stage: Stage) -> Iterator[Stage]:
    """Stage by stage the species whose loss does least harm goes, while all limits are kept."""
    while True:
        unkept = sorted(set(stage.candidate.species) - context.kept, key=lambda i: (context.rank[i], i))
        units = list(dict.fromkeys(context.reactions_of(i, stage.candidate) for i in unkept))
        unit, errors = _least_harmful(context, stage, units, stage.error * _NO_HARM)
        if unit is None:
            return
        stage = context.without("species", stage, unit, errors)
        yield stage


def without_reactions(context: Context, stages: Sequence[Stage], iteration: int) -> Iterator[Stage]:
    """Reactions go, many at once where the sensitivities say that it does no harm, then one by one.

    All are tried in one order, again and again, those to which least is sensitive first; what leaves a small error goes
    without comparison. When that finds no more, the work goes on with the one whose loss does least harm.

    Parameters
    ----------
    context : Context
        With references and the ranking.
    stages : sequence of Stage
        The order follows from the last one of an earlier turn, so that it is the same after an interruption.
    iteration : int
        Number of this step.
    """
    stage, base = stages[-1], next(each for each in reversed(stages) if each.iteration < iteration)
    lines = context.linearised(base.candidate)
    if lines is None:
        return
    values, slopes = np.concatenate([line[0] for line in lines]), np.concatenate([line[1][:, :, 0] for line in lines])
    places = np.argsort(np.abs(slopes).max(axis=0), kind="stable")
    order = [base.candidate.reactions[j] for j in places]
    if stage is base:
        after = np.abs(values[:, None] - np.cumsum(slopes[:, places], axis=1)).max(axis=0)
        most = _harmless(stage, _PREDICTED)
        stage = _without_batch(context, stage, order[: int(np.argmax(np.append(after, np.inf) > most))])
        if stage is not base:
            yield stage
    here = -1
    if stages[-1] is not base:
        gone = context.sums_of(
            set(stages[-2].candidate.reactions) - set(stage.candidate.reactions), stages[-2].candidate
        )
        here = order.index(gone[0][0]) if len(gone) == 1 else -1
    idle = False
    while not idle:
        idle = here < 0
        while here + 1 < len(order):
            here, smaller = _try_from(context, stage, order, here + 1)
            if smaller is not None:
                idle, stage = False, smaller
                yield stage
        here = -1
        if idle:
            units = context.sums_of((j for j in order if j in stage.candidate.reactions), stage.candidate)
            unit, errors = _least_harmful(context, stage, units, 0.0)
            if unit is not None:
                stage = context.without("reactions", stage, unit, errors)
                idle, here = False, order.index(unit[0])
                yield stage


def _harmless(stage: Stage, least: float) -> float:
    """The largest error with which reactions go without comparison."""
    return max(least, min(stage.error * _NO_HARM, 1.0))


def _try_from(context: Context, stage: Stage, order: list[int], start: int) -> tuple[int, Stage | None]:
    """The first reaction from a place in the order on that can go without comparison: its place, and the stage."""
    left = set(stage.candidate.reactions)
    units = context.sums_of((j for j in order[start:] if j in left), stage.candidate)
    trials = [Trial(stage.candidate, unit) for unit in units]
    best = context.first_below(_harmless(stage, _EASY), trials, by_error(stage), "removing")
    if best is None:
        return len(order), None
    trial, errors = best
    return order.index(trial.off[0]), context.without("reactions", stage, trial.off, errors)


def _without_batch(context: Context, stage: Stage, batch: list[int]) -> Stage:
    """Less as many of the first of some reactions as can go together, by bisection."""
    left = set(stage.candidate.reactions)
    first, beyond, smaller = 0, min(len(batch), int(_BATCH * len(stage.candidate.reactions))) + 1, stage
    while beyond - first > 1:
        count = (first + beyond) // 2
        context.report("removing", smaller.candidate)
        units = context.sums_of((j for j in batch[:count] if j in left), stage.candidate)
        some = tuple(j for unit in units for j in unit)
        errors = score(context.task, Trial(stage.candidate, some), by_error(stage), 1.0)
        if errors is not None and max(errors) < _harmless(stage, _EASY):
            first, smaller = count, context.without("reactions", stage, some, errors)
        else:
            beyond = count
    return smaller


def _least_harmful(
    context: Context, stage: Stage, units: Sequence[Unit], harmless: float
) -> tuple[Unit | None, tuple[float, ...]]:
    """The unit without whose reactions the largest error is least, or the first that does no harm; or none."""
    chosen: Unit | None = None
    best: tuple[float, ...] = (1.0,)
    order = by_error(stage)
    for start in range(0, len(units), TOGETHER):
        group = units[start : start + TOGETHER]
        context.report("removing", stage.candidate)
        calls = [(context.task, Trial(stage.candidate, unit), order, max(best)) for unit in group]
        answers = context.workers.until(score, calls, lambda errors: errors is not None and max(errors) <= harmless)
        for unit, errors in zip(group, answers, strict=False):
            if errors is not None and max(errors) < max(best):
                best, chosen = errors, unit
        if chosen is not None and max(best) <= harmless:
            break
    return chosen, best


def without_together(context: Context, stage: Stage, *, by_species: bool) -> Stage | None:
    """A species, or a reaction, less, and reactions whose loss lowers the error that this leaves; None if none can go.

    Those are tried first after which least is foreseen.

    Parameters
    ----------
    context : Context
        With references.
    stage : Stage
        From which nothing can be removed alone.
    by_species : bool
        Whether species go, else reactions.
    """
    trials = [Trial(stage.candidate, group) for group in _groups(context, stage.candidate, by_species)[:_GROUPS]]
    best = context.first_below(1.0, trials, by_error(stage), "removing")
    return best and context.without("species" if by_species else "reactions", stage, best[0].off, best[1])


def _groups(context: Context, candidate: Candidate, by_species: bool) -> list[Unit]:
    """Units with their companions, those first after which least is foreseen; flames are not asked here."""
    numbers = range(len(context.task.conditions))
    lines = context.linearised(candidate, numbers)
    if lines is None:
        return []
    values, slopes = np.concatenate([line[0] for line in lines]), np.concatenate([line[1][:, :, 0] for line in lines])
    units = context.units(candidate, by_species=by_species)
    if by_species:
        calls = [(context.task, Trial(candidate, unit), numbers) for unit in units]
        answers = [each or [None] for each in context.workers.map_surviving(residuals, calls)]
    else:
        answers = [[values - slopes[:, candidate.places(unit)].sum(axis=1)] for unit in units]
    found = []
    for unit, answer in zip(units, answers, strict=True):
        errors = [each for each in answer if each is not None]
        if len(errors) == len(answer):
            most, along = _companions(np.concatenate(errors), slopes, candidate.places(unit))
            together = context.sums_of((*unit, *(candidate.reactions[i] for i in along)), candidate)
            found.append((most, tuple(j for each in together for j in each)))
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
