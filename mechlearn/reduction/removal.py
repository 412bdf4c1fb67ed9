"""Smaller mechanisms with the rate constants as they are: by rank, then species by species, then reactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from .context import TOGETHER, Context, Stage, by_error
from .reduction_records import Candidate
from .scoring import Score, Trial, score

_AFTER_RANKING = 0.7
"""The ranking alone uses up this part of the limits, so that better choices have room after it."""
_NO_HARM = 1.001
"""A removal after which the largest error is at most this times what it was need not be compared with others."""
_EASY = 0.8
"""Reactions go without comparison as long as the largest error stays below this part of its limit."""
_PREDICTED = 0.9
_BATCH = 1 / 2
"""Reactions removed at once, at most, as a part of those that are left."""

Unit = tuple[int, ...]


def ranked(context: Context) -> Stage:
    """The smallest of all mechanisms that hold the first so many species by rank; the source if none is good enough."""
    order = np.argsort(-context.rank, kind="stable")
    sizes = [n for n in range(1, len(order)) if order[n - 1] not in context.kept]
    conditions = list(context.numbers)
    for start in range(0, len(sizes), TOGETHER):
        candidates = [
            context.tidy(context.source.part(set(order[:n].tolist()) | context.kept))
            for n in sizes[start : start + TOGETHER]
        ]
        context.report("ranking", candidates[0])
        calls = [(context.task, Trial(each), conditions, _AFTER_RANKING) for each in candidates]
        for candidate, found in zip(candidates, context.workers.map_surviving(score, calls), strict=True):
            if found is not None and found.error < _AFTER_RANKING:
                return Stage("ranking", candidate, found.errors, context.lacks(candidate))
    return context.stage("ranking", context.source.whole())


def without_species(context: Context, stage: Stage) -> Iterator[Stage]:
    """Stage by stage the species whose loss does least harm goes, while all limits are kept."""
    first: dict[Unit, int] = {}
    while True:
        candidate = stage.candidate
        unkept = sorted(set(candidate.species) - context.kept, key=lambda i: (context.rank[i], i))
        species = {context.reactions_of(i, candidate): i for i in unkept}
        unit, found = _least_harmful(context, stage, list(species), stage.error * _NO_HARM, first)
        if found is None:
            return
        left = replace(candidate, species=tuple(i for i in candidate.species if i != species[unit]))
        stage = _next(context, "species", context.tidy(left.without(unit)), found, stage)
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
    if any(line is None for line in lines):
        return
    values = np.concatenate([line[0] for line in lines if line is not None])
    slopes = np.concatenate([line[1][:, :, 0] for line in lines if line is not None])
    places = np.argsort(np.abs(slopes).max(axis=0), kind="stable")
    order = [base.candidate.reactions[j] for j in places]
    if stage is base:
        after = np.abs(values[:, None] - np.cumsum(slopes[:, places], axis=1)).max(axis=0)
        most = max(_PREDICTED, min(stage.error * _NO_HARM, 1.0))
        stage = _without_batch(context, stage, order[: int(np.argmax(np.append(after, np.inf) > most))])
        if stage is not base:
            yield stage
    first: dict[Unit, int] = {}
    here = -1
    if stages[-1] is not base:
        gone = set(stages[-2].candidate.reactions) - set(stage.candidate.reactions)
        here = order.index(gone.pop()) if len(gone) == 1 else -1
    idle = False
    while not idle:
        idle = here < 0
        while here + 1 < len(order):
            here, smaller = _try_from(context, stage, order, here + 1, first)
            if smaller is not None:
                idle, stage = False, smaller
                yield stage
        here = -1
        if idle:
            units: list[Unit] = [(j,) for j in order if j in stage.candidate.reactions]
            unit, found = _least_harmful(context, stage, units, 0.0, first)
            if found is not None:
                stage = _next(context, "reactions", context.tidy(stage.candidate.without(unit)), found, stage)
                idle, here = False, order.index(unit[0])
                yield stage


def _try_from(
    context: Context, stage: Stage, order: list[int], start: int, first: dict[Unit, int]
) -> tuple[int, Stage | None]:
    """The first reaction from a place in the order on that can go without comparison: its place, and the stage."""
    most = max(_EASY, min(stage.error * _NO_HARM, 1.0))
    here = [(i, (j,)) for i, j in enumerate(order) if i >= start and j in set(stage.candidate.reactions)][:TOGETHER]
    context.report("removing", stage.candidate)
    for (place, unit), found in zip(
        here, _tried(context, stage, [unit for _, unit in here], most, first), strict=False
    ):
        if found.error < most:
            return place, _next(context, "reactions", context.tidy(stage.candidate.without(unit)), found, stage)
    return (here[-1][0] if len(here) == TOGETHER else len(order)), None


def _without_batch(context: Context, stage: Stage, batch: list[int]) -> Stage:
    """Less as many of the first of some reactions as can go together, by bisection."""
    most = max(_EASY, min(stage.error * _NO_HARM, 1.0))
    first, beyond, smaller = 0, min(len(batch), int(_BATCH * len(stage.candidate.reactions))) + 1, stage
    while beyond - first > 1:
        count = (first + beyond) // 2
        context.report("removing", smaller.candidate)
        found = score(context.task, Trial(stage.candidate, tuple(batch[:count])), by_error(stage), 1.0)
        if found.error < most:
            smaller = _next(context, "reactions", context.tidy(stage.candidate.without(batch[:count])), found, stage)
            first = count
        else:
            beyond = count
    return smaller


def _least_harmful(
    context: Context, stage: Stage, units: list[Unit], harmless: float, first: dict[Unit, int]
) -> tuple[Unit, Score | None]:
    """The unit without whose reactions the largest error is least, or the first that does no harm; or none."""
    best: Score | None = None
    chosen: Unit = ()
    for start in range(0, len(units), TOGETHER):
        group = units[start : start + TOGETHER]
        context.report("removing", stage.candidate)
        bound = 1.0 if best is None else best.error
        for unit, found in zip(group, _tried(context, stage, group, bound, first, harmless), strict=False):
            if found.error < (1.0 if best is None else best.error):
                best, chosen = found, unit
        if best is not None and best.error <= harmless:
            break
    return chosen, best


def _tried(
    context: Context, stage: Stage, units: list[Unit], bound: float, first: dict[Unit, int], enough: float | None = None
) -> list[Score]:
    """Scores of removals up to the first that is good enough (below the bound, if not said).

    ``first`` remembers where each unit failed last, since it will probably fail there again.
    """
    order = by_error(stage)
    calls = []
    for unit in units:
        killer = first.get(unit)
        again = order if killer is None else [killer, *(number for number in order if number != killer)]
        calls.append((context.task, Trial(stage.candidate, unit), again, bound))

    def good(found: Score | None) -> bool:
        return found is not None and (found.error < bound if enough is None else found.error <= enough)

    answers = [each if each is not None else Score(inf, None) for each in context.workers.until(score, calls, good)]
    for unit, found in zip(units, answers, strict=False):
        if found.killer is not None:
            first[unit] = found.killer
    return answers


def _next(context: Context, step: str, candidate: Candidate, found: Score, before: Stage) -> Stage:
    return Stage(step, candidate, found.errors, context.lacks(candidate, before.candidate))
