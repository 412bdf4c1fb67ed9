"""The order of steps, and what is kept after each, so that a reduction goes on where it was cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from .checks import checked
from .context import Context, Stage
from .global_reactions import with_learnt_reactions
from .refitted_elimination import eliminated, refitted_once
from .removal import ranked, without_reactions, without_species, without_together
from .settings import Reduce

_KEPT_RATES = ("species", "species together", "reactions", "species together", "reactions together")
_CYCLE = ("refit species", "refit reactions")
_WITH_GLOBAL_REACTIONS = (*_CYCLE, "global_reactions")

Keep = Callable[[list[Stage], int], None]


@dataclass(frozen=True)
class Saved:
    """What an interrupted reduction has left.

    Parameters
    ----------
    stages : tuple of Stage
    iteration : int
        The step to go on with.
    seconds, processor : float
        Spent, by the clock and by all processors.
    """

    stages: tuple[Stage, ...] = ()
    iteration: int = 0
    seconds: float = 0.0
    processor: float = 0.0


def reduced(context: Context, reduce: Reduce, before: Saved, keep: Keep) -> list[Stage]:
    """All stages from the source's ranking to the smallest mechanism.

    Parameters
    ----------
    context : Context
        With references and the ranking.
    reduce : Reduce
        Whether rate constants may change, after all that goes without, and learnt reactions take a species' place.
    before : Saved
        What an earlier run has left; empty at first.
    keep : callable
        Takes the stages so far and the number of the step, after every stage and every step.
    """
    refit, cycle = reduce.rates == "refit", _WITH_GLOBAL_REACTIONS if reduce.global_reactions else _CYCLE
    stages, iteration = list(before.stages), before.iteration
    while (step := _step(iteration, refit, stages, cycle)) is not None:
        if stages:
            last = stages[-1]
            context = context.with_global_reactions(last.global_reactions).with_points(last.added, last.flames)
        for stage in _stages_of(context, step, stages, iteration, refit):
            if stages and stage.step != "check":
                stage = replace(stage, added=stages[-1].added, flames=stages[-1].flames)
            stages = [*stages, replace(stage, iteration=iteration)]
            keep(stages, iteration)
        iteration += 1
        keep(stages, iteration)
    return stages


def _step(iteration: int, refit: bool, stages: list[Stage], cycle: tuple[str, ...]) -> str | None:
    """The name of a step; None after the last.

    Steps with refitting go round until a whole round changes nothing; then errors are made least. At last the result is
    checked between the conditions, and where that adds conditions all goes round again.
    """
    begin = max((stage.iteration + 1 for stage in stages if stage.step == "check"), default=0)
    if begin > iteration:
        return "check"
    first: tuple[str, ...] = () if begin else ("ranking",)
    if not refit:
        steps = (*first, *_KEPT_RATES, "check")
        return steps[iteration - begin] if iteration - begin < len(steps) else None
    first = (*first, "species") if first else ()
    if iteration - begin < len(first):
        return first[iteration - begin]
    begin += len(first)
    if _idle(iteration - 2, begin, stages, len(cycle)):
        return None
    if _idle(iteration - 1, begin, stages, len(cycle)):
        return "check"
    return "refit" if _idle(iteration, begin, stages, len(cycle)) else cycle[(iteration - begin) % len(cycle)]


def _idle(iteration: int, begin: int, stages: list[Stage], round_of: int) -> bool:
    """Whether a whole round, the first of which began at some turn, has ended before a turn and changed nothing."""
    whole = iteration > begin and (iteration - begin) % round_of == 0
    return whole and not any(iteration - round_of <= stage.iteration < iteration for stage in stages)


def _stages_of(context: Context, step: str, stages: list[Stage], iteration: int, refit: bool) -> Iterator[Stage]:
    match step:
        case "check" | "refit" if stages[-1].iteration == iteration:
            return
        case "check":
            yield from checked(context, stages, refit=refit)
        case "ranking" if stages:
            return
        case "ranking":
            yield ranked(context)
        case "species":
            yield from without_species(context, stages[-1])
        case "species together" | "reactions together":
            by_species = step == "species together"
            yield from _repeated(partial(without_together, context, by_species=by_species), stages[-1])
        case "reactions":
            yield from without_reactions(context, stages, iteration)
        case "refit":
            yield from refitted_once(context, stages[-1])
        case "global_reactions":
            yield from _repeated(partial(with_learnt_reactions, context), stages[-1])
        case _:
            yield from _repeated(partial(eliminated, context, by_species=step == "refit species"), stages[-1])


def _repeated(step: Callable[[Stage], Stage | None], stage: Stage) -> Iterator[Stage]:
    """Stage by stage, until a step finds no smaller one."""
    while (smaller := step(stage)) is not None:
        stage = smaller
        yield stage
