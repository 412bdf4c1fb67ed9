"""Smaller mechanisms with the rate constants as they are: by rank, then species by species, then reactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import numpy as np

from .scoring import Trial, killing_score, score
from .sensitivities import Array
from .work import TOGETHER, Stage, Work, by_error

_AFTER_RANKING = 0.7
"""The ranking alone uses up this part of the limits, so that better choices have room after it."""
_PREDICTED = 0.9
_NO_HARM = 1.001
"""A removal after which the largest error is at most this times what it was need not be compared with others."""
_BATCH = 1 / 4
"""Reactions removed at once, at most, as a part of those that are left."""


def ranked(work: Work) -> Stage:
    """The smallest of all mechanisms that hold the first so many species by rank; the source if none is good enough."""
    order = np.argsort(-work.rank, kind="stable")
    sizes = [n for n in range(1, len(order)) if order[n - 1] not in work.kept]
    conditions = list(work.numbers)
    for start in range(0, len(sizes), TOGETHER):
        candidates = [
            work.tidy(work.source.part(set(order[:n].tolist()) | work.kept)) for n in sizes[start : start + TOGETHER]
        ]
        work.tell("ranking", candidates[0])
        calls = [(work.task, Trial(each), conditions, _AFTER_RANKING) for each in candidates]
        for candidate, error in zip(candidates, work.map(score, calls), strict=True):
            if error is not None and error < _AFTER_RANKING:
                return work.stage("ranking", candidate)
    return work.stage("ranking", work.source.whole())


def without_species(work: Work, stage: Stage, bound: float = 1.0) -> Iterator[Stage]:
    """Stage by stage the species whose loss does least harm goes, while all limits are kept."""
    first: dict[int, int] = {}
    while True:
        open_species = sorted(set(stage.candidate.species) - work.kept, key=lambda i: (work.rank[i], i))
        units = {i: work.reactions_of(i, stage.candidate) for i in open_species}
        chosen = _least_harmful(work, stage, units, bound, first)
        if chosen is None:
            return
        left = replace(stage.candidate, species=tuple(i for i in stage.candidate.species if i != chosen))
        stage = work.stage("species", work.tidy(left.without(units[chosen])), stage)
        yield stage


def without_reactions(work: Work, stage: Stage, bound: float = 1.0) -> Iterator[Stage]:
    """Reactions go, many at once where the sensitivities say that it does no harm, else the least harmful one."""
    first: dict[int, int] = {}
    while True:
        lines = work.linearised(stage.candidate)
        if any(line is None for line in lines):
            return
        values = np.concatenate([line[0] for line in lines if line is not None])
        slopes = np.concatenate([line[1][:, :, 0] for line in lines if line is not None])
        order = np.argsort(np.abs(slopes).max(axis=0), kind="stable")
        reactions = [stage.candidate.reactions[j] for j in order]
        most = max(bound * _PREDICTED, min(stage.error * _NO_HARM, bound))
        batch = reactions[: _foreseen_harmless(values, slopes[:, order], most)]
        gone = _largest_batch(work, stage, batch[: int(_BATCH * len(reactions))], bound)
        if not gone:
            chosen = _least_harmful(work, stage, {j: (j,) for j in reactions}, bound, first)
            if chosen is None:
                return
            gone = [chosen]
        stage = work.stage("reactions", work.tidy(stage.candidate.without(gone)), stage)
        yield stage


def _foreseen_harmless(values: Array, slopes: Array, most: float) -> int:
    """How many of the first reactions can go together as far as first derivatives say."""
    after = np.abs(values[:, None] - np.cumsum(slopes, axis=1)).max(axis=0)
    return int(np.argmax(np.append(after, np.inf) > most))


def _largest_batch(work: Work, stage: Stage, batch: list[int], bound: float) -> list[int]:
    """The first of some reactions that can go together, halved until they can; none if fewer than two can."""
    while len(batch) > 1:
        work.tell("removing", stage.candidate)
        if score(work.task, Trial(stage.candidate, tuple(batch)), by_error(stage), bound) < bound:
            return batch
        batch = batch[: len(batch) // 2]
    return []


def _least_harmful(
    work: Work, stage: Stage, units: dict[int, tuple[int, ...]], bound: float, first: dict[int, int]
) -> int | None:
    """The unit without whose reactions the largest error is least, or the first that does no harm.

    None if each exceeds the bound. ``first`` remembers where each unit failed last, since it will probably fail there
    again.
    """
    order = by_error(stage)
    harmless = min(stage.error * _NO_HARM, bound)
    best, chosen = bound, None
    names = list(units)
    for start in range(0, len(names), TOGETHER):
        group = names[start : start + TOGETHER]
        work.tell("removing", stage.candidate)
        calls = [
            (work.task, Trial(stage.candidate, units[unit]), _from(order, first.get(unit)), best) for unit in group
        ]
        answers = work.workers.until(killing_score, calls, lambda each: each is not None and each[0] <= harmless)
        for unit, answer in zip(group, answers, strict=False):
            error, killer = answer if answer is not None else (inf, None)
            if killer is not None:
                first[unit] = killer
            if error < best:
                best, chosen = error, unit
        if best <= harmless:
            break
    return chosen


def _from(order: list[int], first: int | None) -> list[int]:
    return order if first is None else [first, *(number for number in order if number != first)]
