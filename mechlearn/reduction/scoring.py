"""Tasks that a process of its own can do: a candidate's errors, the source's reference, with what ranks its species."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from .candidate_phases import SourceMechanism, source_of
from .flames import SEARCHED, free_flame, moved_flame
from .ranking import flame_coefficients, sample_coefficients
from .reduction_records import Candidate, Condition, Flame, Reference, Task, Vector
from .response import SolverHistory, ignite

_GIVEN_UP = 3.0
"""A candidate that has not ignited after this many delays of the reference has no response."""
_REFERENCE, _CHECK = (1e-9, 1e-18), (1e-7, 1e-16)
"""Tolerances of CVODES for the source."""


@dataclass(frozen=True)
class Trial:
    """A candidate with some of its reactions switched off.

    Parameters
    ----------
    candidate : Candidate
    off : tuple of int
        Numbers of reactions in the source.
    """

    candidate: Candidate
    off: tuple[int, ...] = ()


def refer(task: Task, number: int, longest: float, targets: tuple[str, ...]) -> tuple[Reference, Vector] | None:
    """The source's response at one condition, and how much each species matters there; None without ignition.

    Parameters
    ----------
    task : Task
        What the response is.
    number : int
        Of the condition.
    longest : float
        When a gas that has not ignited is given up [s].
    targets : tuple of str
        Of the ranking.
    """
    source, condition = source_of(task.mechanism, task.phase), task.conditions[number]
    history = _history_of_source(task, condition, longest, _REFERENCE, whole=True)
    if history is None:
        return None
    return _reference(source, task, history), sample_coefficients(source, condition, history, targets)


def reference(task: Task, number: int, longest: float) -> Reference | None:
    """The source's response at one condition, good enough for a check; None without ignition."""
    history = _history_of_source(task, task.conditions[number], longest, _CHECK)
    return None if history is None else _reference(source_of(task.mechanism, task.phase), task, history)


def _history_of_source(
    task: Task, condition: Condition, longest: float, tolerances: tuple[float, float], *, whole: bool = False
) -> SolverHistory | None:
    """To the last of its profiles; of the whole time history also where it has none."""
    source, (rtol, atol) = source_of(task.mechanism, task.phase), tolerances
    tail = max(task.times_after(replace(condition, profiled=condition.profiled or whole)), default=0.0)
    return ignite(source.gas, task, condition, longest=longest, rtol=rtol, atol=atol, until=tail)


def _reference(source: SourceMechanism, task: Task, history: SolverHistory) -> Reference:
    moles = history.fractions / source.gas.molecular_weights
    moles /= moles.sum(axis=1, keepdims=True)
    columns = [source.names.index(name) for name in task.species]
    return Reference(history.response, np.maximum(moles[:, columns].max(axis=0), 1e-300))


def refer_flame(
    task: Task, number: int, targets: tuple[str, ...], first: frozenset[int]
) -> tuple[Flame, Vector] | None:
    """The source's flame, and how much each species matters in it; None where the solver finds none.

    Parameters
    ----------
    task : Task
        What is asked.
    number : int
        Of the flame's conditions, from 0 on.
    targets : tuple of str
        Of the ranking.
    first : frozenset of int
        Species whose flame, found in a third of the time, is where the source's starts.
    """
    source, condition = source_of(task.mechanism, task.phase), task.flame_conditions[number]
    part = source.part(first)
    start = None if part == source.whole() else free_flame(source.build(part), condition, task.transport, SEARCHED)
    if start is not None:
        fractions = np.zeros((len(source.names), len(start.grid)))
        fractions[list(part.species)] = start.fractions
        start = replace(start, fractions=fractions)
    flame = free_flame(source.gas, condition, task.transport, SEARCHED, start)
    if flame is None and start is not None:
        flame = free_flame(source.gas, condition, task.transport, SEARCHED)
    return None if flame is None else (flame, flame_coefficients(source, condition, flame, targets))


def respond(task: Task, trial: Trial, number: int, patience: float = _GIVEN_UP) -> SolverHistory | None:
    """What a candidate does at one condition."""
    source = source_of(task.mechanism, task.phase, task.global_reactions)
    gas = source.build(trial.candidate)
    with _Off(source, trial):
        longest = patience * task.references[number].response.delay
        return ignite(gas, task, task.conditions[number], longest=longest)


def residuals(task: Task, trial: Trial, numbers: Sequence[int]) -> list[Vector | None]:
    """Signed errors relative to their limits, as `Task.residuals`, condition by condition; None without response."""
    return [_residuals(task, trial, number, _GIVEN_UP) for number in numbers]


def _residuals(task: Task, trial: Trial, number: int, patience: float) -> Vector | None:
    flame = task.flame_of(number)
    if flame is None:
        history = respond(task, trial, number, patience)
        return None if history is None else task.residuals(number, history.response)
    source = source_of(task.mechanism, task.phase, task.global_reactions)
    with _Off(source, trial):
        found = moved_flame(source.build(trial.candidate), flame[0], task.transport, flame[1], source.names)
    return None if found is None else task.speed_residuals(flame[1], float(found.velocity[0]))


@dataclass(frozen=True)
class Score:
    """The largest error of a candidate relative to its limit.

    Parameters
    ----------
    error : float
        Infinite as soon as it reaches the bound.
    killer : int or None
        The condition at which it did.
    errors : tuple of float
        The largest error of each condition, by its number; empty where not all are known.
    """

    error: float
    killer: int | None
    errors: tuple[float, ...] = ()


def score(task: Task, trial: Trial, order: Sequence[int], bound: float) -> Score:
    """The largest error, or the condition at which it reached the bound.

    Parameters
    ----------
    task : Task
        With references.
    trial : Trial
        The mechanism.
    order : sequence of int
        All conditions, the most telling first; flames, which take longest, come last whatever is said.
    bound : float
        From which on the candidate is of no interest.
    """
    errors, patience = {}, min(_GIVEN_UP, 1 + bound * task.limits[0])
    for number in sorted(order, key=lambda each: each >= len(task.conditions)):
        found = _residuals(task, trial, number, patience)
        if found is None:
            return Score(inf, number)
        errors[number] = float(np.abs(found).max())
        if not errors[number] < bound:
            return Score(inf, number)
    return Score(max(errors.values()), None, tuple(errors[number] for number in sorted(errors)))


class _Off:
    """Reactions of a trial are off within the block."""

    def __init__(self, source: SourceMechanism, trial: Trial) -> None:
        self._gas = source.build(trial.candidate)
        place = {j: i for i, j in enumerate(trial.candidate.reactions)}
        self._rows = [place[j] for j in trial.off]

    def __enter__(self) -> None:
        for row in self._rows:
            self._gas.set_multiplier(0.0, row)

    def __exit__(self, *error: object) -> None:
        for row in self._rows:
            self._gas.set_multiplier(1.0, row)
