"""Smaller mechanisms whose rate constants are fitted anew after each removal: species, then reactions, then species."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .context import Context, Stage, by_error
from .reduction_records import Candidate, Vector
from .refit import BOUNDS, RefitModel, best_step, fit_of, logarithmic, refitted
from .scoring import Trial, residuals

_SCREENED = 12
_BATCH = 1 / 6
_FORESEEN = 0.9
"""Units that go together are foreseen to leave this merit at most."""
_PROMISING = 5.0
"""No unit is tried after which a larger merit is foreseen; what is foreseen of large shifts is often too much."""
_SINGLES = 6
_SIMULATED = 16
"""Units that are tried by simulation, the most promising by first derivatives."""
_SMALL = 0.1
"""What shifts all errors by less than this part of their limits, by first derivatives, is not simulated."""
_NO_WORSE = 1.001

Unit = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Removal:
    """What is foreseen when a unit of reactions goes.

    Parameters
    ----------
    price : float
        After refitting.
    unit : tuple of int
    shift : array, shape (rows,)
        Of the errors, before refitting.
    """

    price: float
    unit: Unit
    shift: Vector


def refitted_once(context: Context, stage: Stage) -> Iterator[Stage]:
    """The same mechanism with better rate constants, if there are any."""
    candidate, _ = refitted(context, stage.candidate, goal=0.0)
    better = context.stage("refit", candidate, stage)
    if candidate != stage.candidate and better.error <= stage.error * _NO_WORSE:
        yield better


def eliminated(context: Context, stage: Stage, *, by_species: bool) -> Stage | None:
    """A species, or some reactions, less, within all limits; None if none is found."""
    candidate = stage.candidate
    numbers = _screened(context, stage)
    fit = fit_of(context, candidate, (*numbers, *context.task.numbers[len(context.task.conditions) :]))
    if fit is None:
        return None
    units = context.units(candidate, by_species=by_species)
    removals = _ranked(context, candidate, fit, units, numbers)
    batch = _batch(fit, removals, candidate, 1 if by_species else max(1, int(_BATCH * len(candidate.reactions))))
    groups = []
    while len(batch) > 1:
        groups.append(batch)
        batch = batch[: len(batch) // 2]
    for group in (*groups, *([removal.unit] for removal in removals[:_SINGLES])):
        left, merit = refitted(context, context.tidy(candidate.without(j for unit in group for j in unit)))
        if merit <= 1:
            return context.stage("refit", left, stage)
    return None


def _screened(context: Context, stage: Stage) -> tuple[int, ...]:
    """Conditions on which removals are tried: the worst, those with profiles, and some spread over the rest."""
    count = len(context.task.conditions)
    profiled = [i for i in range(count) if context.task.conditions[i].profiled]
    spread = [int(i) for i in np.linspace(0, count - 1, _SCREENED)]
    worst = [i for i in by_error(stage) if i < count][:3]
    several = list(dict.fromkeys([*worst, *profiled, *spread]))
    return tuple(sorted(several[: max(_SCREENED, min(len(profiled) + 3, 2 * _SCREENED))]))


def _ranked(
    context: Context, candidate: Candidate, fit: RefitModel, units: Sequence[Unit], numbers: tuple[int, ...]
) -> list[_Removal]:
    """Promising units, those first after whose removal refitting leaves the least."""
    if not units:
        return []
    rows = [candidate.places(unit) for unit in units]
    shifts = [-fit.slopes[:, row, 0].sum(axis=1) for row in rows]
    harm = _roughly(fit, np.array(shifts).T)
    order = [int(i) for i in np.argsort(harm, kind="stable")]
    small = [bool(np.abs(shift).max() < _SMALL) for shift in shifts]
    tried = [i for i in order if not small[i]][:_SIMULATED]
    context.report("screening", candidate)
    answers = context.workers.map_surviving(
        residuals, [(context.task, Trial(candidate, units[i]), numbers) for i in tried]
    )
    known = {i: shifts[i] for i in order if small[i]}
    for i, answer in zip(tried, answers, strict=True):
        found = [logarithmic(context.task, each) for each in answer or () if each is not None]
        if len(found) == len(numbers):
            errors = np.concatenate(found)
            known[i] = np.concatenate([errors - fit.values[: len(errors)], shifts[i][len(errors) :]])  # then flames
    ranked = []
    for i, shift in known.items():
        left = fit.without(rows[i], shift)
        after = left.moved(best_step(left))
        if after.merit() < _PROMISING:
            ranked.append(_Removal(after.price(), units[i], shift))
    return sorted(ranked, key=lambda each: (each.price, each.unit))


def _roughly(fit: RefitModel, shifts: Vector) -> Vector:
    """The largest error after each of some shifts and a fit of all rate constants by least squares."""
    matrix = (fit.slopes * (fit.free[:, None] * BOUNDS / 2)).reshape(len(fit.values), -1)
    left, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
    fitted = (left * (sizes**2 / (sizes**2 + 1.0))) @ left.T
    after = fit.values[:, None] + shifts
    return np.asarray(np.abs(after - fitted @ after).max(axis=0))


def _batch(fit: RefitModel, removals: Sequence[_Removal], candidate: Candidate, most: int) -> list[Unit]:
    """Units that are foreseen to keep the limits when they go together."""
    batch: list[Unit] = []
    shift = np.zeros(len(fit.values))
    for removal in removals[: 2 * most]:
        if len(batch) == most:
            break
        gone = candidate.places(j for unit in (*batch, removal.unit) for j in unit)
        left = fit.without(gone, shift + removal.shift)
        if left.moved(best_step(left)).merit() <= _FORESEEN:
            batch.append(removal.unit)
            shift = shift + removal.shift
    return batch
