"""Is a mechanism as good between the conditions that it was made for? Where it is not, these join them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .context import SOURCE, Context, Stage
from .refit import refitted
from .removal import ranked
from .scoring import Trial, score
from .verification_points import worst_of_grids

_MOST = 8
"""Conditions that join at once, those with the largest errors."""
_KEPT = 0.95
"""Part of its limits that a mechanism fitted with these may use up."""


def checked(context: Context, stages: Sequence[Stage], *, refit: bool) -> Iterator[Stage]:
    """The last stage that keeps the limits also where the very last one exceeds them; none where it does so nowhere.

    Where no stage does, what the source's ranking gives with these conditions.

    Parameters
    ----------
    context : Context
        Whose task has the conditions of the last stage.
    stages : sequence of Stage
        All of them.
    refit : bool
        Whether rate constants are fitted at the wider set of conditions.
    """
    last = stages[-1]
    context.report("checking between the conditions", last.candidate)
    check = context.check(last.candidate)
    over = [point.condition for point in worst_of_grids(check.conditions) if point.error > 1]
    dark = [point.condition for point in check.flames if point.error > 1 and point.condition not in last.flames]
    more = [condition for condition in over if condition not in last.added][:_MOST]
    if not more and not dark:
        return
    added, flames = (*last.added, *more), (*last.flames, *dark)
    wider = context.with_points(added, flames)
    for number in reversed(range(len(stages))):
        found = _kept(wider.with_global_reactions(stages[number].global_reactions), stages[number], refit)
        if found is not None:
            yield replace(found, added=added, flames=flames, back=number)
            return
    whole = ranked(wider.with_global_reactions(()))
    if whole.candidate != last.candidate:
        yield replace(whole, step="check", added=added, flames=flames, back=SOURCE)


def _kept(context: Context, stage: Stage, refit: bool) -> Stage | None:
    """The stage at the conditions of the work; None if it cannot keep the limits there."""
    if not refit:
        fine = score(context.task, Trial(stage.candidate), context.task.numbers, 1.0) is not None
        return context.stage("check", stage.candidate, stage) if fine else None
    found = context.stage("check", refitted(context, stage.candidate)[0], stage)
    return found if found.error <= _KEPT else None
