"""What all steps share: the task, the processes that do it, the source, and a mechanism that has come so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..simulation.process_pool import Workers
from .adjoint import Array, linearised
from .candidate_phases import SourceMechanism, source_of
from .reduction_records import Candidate, Condition, GlobalReaction, Task, Vector, worst
from .scoring import Trial, score, spread_residuals
from .verification_points import Verification, VerificationPoints

_KEPT_LINES = 4
TOGETHER = 4
"""Candidates that are judged by the same bound, however many cores there are, so that results do not depend on them."""


SOURCE = -1
"""Number of the stage before the first."""

Line = tuple[Vector, Array]
"""Errors at a condition, shape (rows,), and their derivatives, shape (rows, reactions, 3)."""


@dataclass(frozen=True)
class Stage:
    """A mechanism that keeps all limits, on the way to a smaller one.

    Parameters
    ----------
    step : str
        What made it: ``ranking``, ``species``, ``reactions``, ``refit``, ``global_reactions``, ``check``.
    candidate : Candidate
    errors : tuple of float
        The largest error of each condition relative to its limit.
    removed : tuple of str
        Species and reactions that the stage before still had.
    iteration : int
        Number of the step in the reduction.
    global_reactions : tuple of GlobalReaction
        Learnt reactions that the candidate may have, numbered after those of the source.
    added, flames : tuple of Condition
        Verification points at which it is asked beside the study's conditions and flames.
    back : int or None
        The stage that it goes back to, where the one before did not pass its check; `SOURCE` for none of them.
    """

    step: str
    candidate: Candidate
    errors: tuple[float, ...]
    removed: tuple[str, ...] = ()
    iteration: int = 0
    global_reactions: tuple[GlobalReaction, ...] = ()
    added: tuple[Condition, ...] = ()
    flames: tuple[Condition, ...] = ()
    back: int | None = None

    @property
    def error(self) -> float:
        """The largest error relative to its limit."""
        return max(self.errors)


@dataclass(frozen=True, eq=False)
class Context:
    """Where a reduction is done.

    Parameters
    ----------
    task : Task
    source : SourceMechanism
        The mechanism in this process.
    workers : Workers
    kept : frozenset of int
        Species that stay.
    rank : array, shape (S,)
        How much each species of the source matters to the targets.
    report : callable
        Takes a text on what is being done and the size reached.
    points : VerificationPoints
        Where results are checked.
    rates_kept : bool
        Whether rate constants stay as they are in the source.
    """

    task: Task
    source: SourceMechanism
    workers: Workers
    kept: frozenset[int]
    rank: Vector
    report: Callable[[str, Candidate], None]
    points: VerificationPoints
    rates_kept: bool
    _lines: dict[Any, list[Line | None]] = field(default_factory=dict, repr=False)
    _checks: dict[Any, Verification] = field(default_factory=dict, repr=False)

    def check(self, candidate: Candidate, *, now: bool = True) -> Verification:
        """A candidate's errors between the study's conditions; none if they are neither known nor wanted now."""
        key = self._key(candidate)
        if key not in self._checks and now:
            self._checks[key] = self.points.check(candidate, self.task)
        return self._checks.get(key, Verification())

    def linearised(self, candidate: Candidate, numbers: Sequence[int] | None = None) -> list[Line] | None:
        """Errors and their derivatives at all or some conditions; None if one of these has no response.

        Of the last few candidates they are kept.
        """
        key = self._key(candidate)
        if key not in self._lines:
            calls = [(self.task, Trial(candidate), number) for number in self.task.numbers]
            answers = self.workers.map_surviving(linearised, calls)
            self._lines[key] = answers
            if len(self._lines) > _KEPT_LINES:
                del self._lines[next(iter(self._lines))]
        lines = [self._lines[key][number] for number in (self.task.numbers if numbers is None else numbers)]
        found = [line for line in lines if line is not None]
        return found if len(found) == len(lines) else None

    def stage(self, step: str, candidate: Candidate, before: Stage | None = None) -> Stage:
        """The candidate with its errors, and what it lacks."""
        known = self._lines.get(self._key(candidate))
        found = (
            spread_residuals(self.workers, self.task, Trial(candidate), self.task.numbers)
            if known is None
            else [line and line[0] for line in known]
        )
        errors = tuple(map(worst, found))
        removed = self.lacks(candidate, before.candidate if before else None)
        return Stage(step, candidate, errors, removed, global_reactions=self.task.global_reactions)

    def without(self, step: str, stage: Stage, reactions: Iterable[int], errors: tuple[float, ...]) -> Stage:
        """A stage less some reactions, and species that are in no other."""
        left = self.tidy(stage.candidate.without(reactions))
        return Stage(step, left, errors, self.lacks(left, stage.candidate))

    def first_below(
        self, bound: float, trials: Sequence[Trial], order: Sequence[int], doing: str
    ) -> tuple[Trial, tuple[float, ...]] | None:
        """The first trial whose errors are all below a bound, and these; None if there is none."""
        for start in range(0, len(trials), TOGETHER):
            some = trials[start : start + TOGETHER]
            self.report(doing, some[0].candidate)
            calls = [(self.task, trial, order, bound) for trial in some]
            answers = self.workers.until(score, calls, lambda errors: errors is not None)
            for trial, errors in zip(some, answers, strict=False):
                if errors is not None:
                    return trial, errors
        return None

    def _key(self, candidate: Candidate) -> Any:
        task = self.task
        return task.global_reactions, len(task.conditions), len(task.flame_conditions), len(task.quiet), candidate

    def with_points(self, added: tuple[Condition, ...], flames: tuple[Condition, ...]) -> Context:
        """The same with some verification points among its conditions."""
        return replace(self, task=self.points.added_to(self.task, added, flames)) if added or flames else self

    def with_global_reactions(self, global_reactions: tuple[GlobalReaction, ...]) -> Context:
        """The same with other learnt reactions to choose from."""
        source = source_of(self.task.mechanism, self.task.phase, global_reactions)
        return replace(self, task=replace(self.task, global_reactions=global_reactions), source=source)

    def lacks(self, candidate: Candidate, before: Candidate | None = None) -> tuple[str, ...]:
        """Names of what another candidate, or the source, has and this one does not: species, then reactions."""
        base = before or self.source.whole()
        species = sorted(set(base.species) - set(candidate.species), key=lambda i: (self.rank[i], i))
        reactions = sorted(set(base.reactions) - set(candidate.reactions))
        return (*(self.source.names[i] for i in species), *(self.source.reactions[j].equation for j in reactions))

    def tidy(self, candidate: Candidate) -> Candidate:
        """Without species in which no reaction is left, but for those that stay."""
        used = {name for j in candidate.reactions for name in self.source.participants[j]}
        species = tuple(i for i in candidate.species if i in self.kept or self.source.names[i] in used)
        return replace(candidate, species=species)

    def units(self, candidate: Candidate, *, by_species: bool) -> list[tuple[int, ...]]:
        """Reactions that can only go together: those of each species that may go, or each by itself."""
        if not by_species:
            return self.sums_of(candidate.reactions, candidate)
        units = (self.reactions_of(i, candidate) for i in candidate.species if i not in self.kept)
        return [unit for unit in dict.fromkeys(units) if unit]

    def sums_of(self, reactions: Iterable[int], candidate: Candidate) -> list[tuple[int, ...]]:
        """Reactions of a candidate, those together whose rate constants are added up to one; each once, in order.

        Where rate constants are refitted, only those that none can do without, since one is taken from another.
        """
        there, together = set(candidate.reactions), self.source.sums if self.rates_kept else self.source.differences
        return list(dict.fromkeys(tuple(i for i in together[j] if i in there) for j in reactions))

    def reactions_of(self, species: int, candidate: Candidate) -> tuple[int, ...]:
        """Reactions of a candidate that need a species."""
        name = self.source.names[species]
        return tuple(j for j in candidate.reactions if name in self.source.participants[j])


def by_error(stage: Stage) -> list[int]:
    """Conditions, the worst first."""
    return [int(i) for i in np.argsort([-error for error in stage.errors], kind="stable")]
