"""Tasks that a process of its own can do: a candidate's errors, the source's reference, with what ranks its species."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import cantera as ct
import numpy as np

from ..simulation.process_pool import Workers
from .candidate_phases import source_of
from .flames import SEARCHED, free_flame, moved_flame
from .ranking import flame_coefficients, sample_coefficients
from .reduction_records import Candidate, Condition, Flame, Reference, Task, Vector, worst
from .response import FINE, SolverHistory, ignite

_GIVEN_UP = 3.0
"""A candidate that has not ignited after this many delays of the reference has no response."""
_CHECK = (1e-7, 1e-16)
"""Tolerances of CVODES for the source where a candidate is checked."""


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
    tail = max(task.times_after(replace(condition, profiled=True)))
    history = ignite(source.gas, task, condition, longest=longest, tolerances=FINE, until=tail)
    if history is None:
        return None
    return reference_of(task, history), sample_coefficients(source, history, targets)


def reference(task: Task, number: int, longest: float) -> Reference | None:
    """The source's response at one condition, good enough for a check; None without ignition."""
    gas = source_of(task.mechanism, task.phase).gas
    history = ignite(gas, task, task.conditions[number], longest=longest, tolerances=_CHECK)
    return None if history is None else reference_of(task, history)


def reference_of(task: Task, history: SolverHistory) -> Reference:
    """The source's response and the largest mole fractions in its time history."""
    source = source_of(task.mechanism, task.phase)
    moles = history.states[:, 1:] / source.gas.molecular_weights
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
    flame = None
    if start is not None:
        fractions = np.zeros((len(source.names), len(start.grid)))
        fractions[list(part.species)] = start.fractions
        start = replace(start, fractions=fractions)
        flame = free_flame(source.gas, condition, task.transport, SEARCHED, start)
    flame = flame or free_flame(source.gas, condition, task.transport, SEARCHED)
    return None if flame is None else (flame, flame_coefficients(source, condition, flame, targets))


def respond(task: Task, trial: Trial, number: int, patience: float = _GIVEN_UP) -> SolverHistory | None:
    """What a candidate does at one condition."""
    with _phase(task, trial) as gas:
        longest = patience * task.references[number].response.delay
        return ignite(gas, task, task.conditions[number], longest=longest)


@contextmanager
def _phase(task: Task, trial: Trial) -> Iterator[ct.Solution]:
    """The candidate, its reactions off within the block."""
    gas = source_of(task.mechanism, task.phase, task.global_reactions).build(trial.candidate)
    for place in trial.candidate.places(trial.off):
        gas.set_multiplier(0.0, place)
    try:
        yield gas
    finally:
        gas.set_multiplier(1.0)


def spread_residuals(workers: Workers, task: Task, trial: Trial, numbers: Sequence[int]) -> list[Vector | None]:
    """`residuals`, spread over the workers."""
    parts = [numbers[i :: workers.cores] for i in range(workers.cores)]
    found: dict[int, Vector | None] = {}
    answers = workers.map_surviving(residuals, [(task, trial, part) for part in parts])
    for part, answer in zip(parts, answers, strict=True):
        found |= dict(zip(part, answer or [None] * len(part), strict=True))
    return [found[number] for number in numbers]


def residuals(task: Task, trial: Trial, numbers: Sequence[int]) -> list[Vector | None]:
    """Signed errors relative to their limits, as `Task.residuals`, condition by condition; None without response."""
    return [_residuals(task, trial, number, _GIVEN_UP) for number in numbers]


def without_ignition(task: Task, trial: Trial, condition: Condition) -> Vector:
    """The error, relative to its limit, at a condition at which the source does not ignite; zero without ignition."""
    with _phase(task, trial) as gas:
        history = ignite(gas, task, condition, longest=task.longest)
    return np.array([0.0 if history is None else task.too_early(history.response.delay)])


def _residuals(task: Task, trial: Trial, number: int, patience: float) -> Vector | None:
    quiet = task.quiet_of(number)
    if quiet is not None:
        return without_ignition(task, trial, quiet)
    flame = task.flame_of(number)
    if flame is None:
        history = respond(task, trial, number, patience)
        return None if history is None else task.residuals(number, history.response)
    names = source_of(task.mechanism, task.phase, task.global_reactions).names
    with _phase(task, trial) as gas:
        found = moved_flame(gas, flame[0], task.transport, flame[1], names)
    return None if found is None else task.speed_residuals(flame[1], float(found.velocity[0]))


def score(task: Task, trial: Trial, order: Sequence[int], bound: float) -> tuple[float, ...] | None:
    """The largest error of each condition relative to its limit, by number; None as soon as one reaches the bound.

    Parameters
    ----------
    task : Task
        With references.
    trial : Trial
        The mechanism.
    order : sequence of int
        All conditions, the most telling first; flames, which take longest, come last whatever is said, after those
        without ignition.
    bound : float
        From which on the candidate is of no interest.
    """
    errors, patience = dict[int, float](), min(_GIVEN_UP, 1 + bound * task.limits[0])
    for number in sorted(order, key=lambda each: task.flame_of(each) is not None):
        errors[number] = worst(_residuals(task, trial, number, patience))
        if not errors[number] < bound:
            return None
    return tuple(errors[number] for number in sorted(errors))
