"""Signs that a species is missing: columns that were not read, and amounts that come from nothing.

Letters in shapes: T samples, S species.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...chemistry.arrays import Array
from ...errors import listed
from ..trajectories import Trajectories
from .sampled_runs import CLEAR_DEVIATIONS, SampledRuns
from .sampling_result import Diagnostic, count

_HIDDEN_LOSS = 1e-3
"""Part of its largest amount by which a species may fall undetected where no noise is."""
_GAIN_FACTOR = 3.0
"""By which what is gained must exceed what may have been used up undetected."""


def columns_left_out(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Columns that may hold species and were not read."""
    left_out = sampled.runs.left_out
    if left_out:
        several = len(left_out) > 1
        text = f"Not read, since nothing that is learnt from has such a unit: {listed(left_out)}."
        recommendation = (
            f"If {'one of them' if several else 'it'} holds a species, correct the unit: without a species that "
            f"reacts, the reactions come out wrong. Else remove the column{'s' if several else ''}, or leave it so."
        )
        yield Diagnostic("columns", text, recommendation)


def _grows(values: Array, noise: float) -> bool:
    """Whether species of shape (T, S) gain more than all of them may have lost undetected."""
    values = values[:, ~np.isnan(values).all(axis=0)]
    if not values.size:
        return False
    low, high = (np.where(np.isnan(values), fill, values) for fill in (np.inf, -np.inf))
    fallen = (np.maximum.accumulate(high, axis=0) - low).max(axis=0)
    undetected = np.maximum(CLEAR_DEVIATIONS * noise, _HIDDEN_LOSS) * np.nanmax(np.abs(values), axis=0)
    still = np.nanmax(values, axis=0) - np.nanmin(values, axis=0) <= 2 * undetected
    clear = fallen > 2 * undetected
    lost = np.where(still, undetected, np.where(clear, fallen, np.maximum(fallen - undetected, 0.0)))
    risen = (high - np.minimum.accumulate(low, axis=0)).max(axis=0)
    gained = np.where(still, 0.0, risen).sum()
    return bool(gained > _GAIN_FACTOR * lost.sum())


def amounts_from_nothing(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Runs in which amounts are gained and none is used up."""
    growing = [run for run in sampled.histories if _grows(run.concentrations, sampled.noise_level)]
    if not growing:
        return
    names = sampled.runs.species_names
    every = len(growing) == len(sampled.histories)
    where = "In every run" if every else f"In {len(growing)} of {count(len(sampled.measured), 'run')}"
    text = (
        f"{where} amounts only grow: none of {listed(names)} is used up. What they are made from is not in the table."
        if len(names) > 1
        else f"{where} {names[0]} only grows. What it is made from is not in the table."
    )
    yield Diagnostic("growth", text, "Add a column for it: reactions are learnt from what they use up.")


def from_nothing(runs: Trajectories) -> str:
    """What to say where amounts only grow in all time histories, so that nothing can be learnt; empty elsewhere."""
    histories = [run for run in runs.runs if run.is_time_history]
    sampled = SampledRuns(runs.select(histories)) if histories else None
    if sampled is None or not all(_grows(run.concentrations, sampled.noise_level) for run in histories):
        return ""
    return next(amounts_from_nothing(sampled)).sentence
