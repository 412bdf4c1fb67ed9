"""Signs that a species is missing: columns that were not read, and amounts that come from nothing.

Letters in shapes: T samples, S species.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..trajectories import Trajectories, Trajectory
from .diagnosis import Finding, count, listed
from .estimates import extent_of, noise_of

Array = NDArray[np.float64]

_CLEAR = 5.0
"""In standard deviations of the noise: what is taken for a change."""
_LEAST = 1e-3
"""Share of its largest amount by which a species may fall unseen where no noise is."""
_ABOVE = 3.0
"""Factor by which what is gained must exceed what may have been used up unseen."""


def columns_left_out(runs: Trajectories) -> list[Finding]:
    """Columns that may hold species and were not read."""
    if not runs.left_out:
        return []
    several = len(runs.left_out) > 1
    text = f"Not read, since nothing that is learnt from has such a unit: {listed(runs.left_out)}."
    advice = (
        f"If {'one of them' if several else 'it'} holds a species, correct the unit: without a species that reacts, "
        f"the reactions come out wrong. Else remove the column{'s' if several else ''}, or leave it at that."
    )
    return [Finding("columns", text, advice)]


def _grows(values: Array, noise: float) -> bool:
    """Whether species of shape (T, S) gain more than all of them may have lost unseen."""
    values = values[:, ~np.isnan(values).all(axis=0)]
    if not values.size:
        return False
    low, high = (np.where(np.isnan(values), fill, values) for fill in (np.inf, -np.inf))
    fallen = (np.maximum.accumulate(high, axis=0) - low).max(axis=0)
    unseen = np.maximum(_CLEAR * noise, _LEAST) * np.nanmax(np.abs(values), axis=0)
    still = np.nanmax(values, axis=0) - np.nanmin(values, axis=0) <= 2 * unseen
    hidden = np.where(still, unseen, np.maximum(fallen - unseen, 0.0))
    risen = (high - np.minimum.accumulate(low, axis=0)).max(axis=0)
    gained = np.where(still, 0.0, risen).sum()
    return bool(gained > _ABOVE * hidden.sum())


def amounts_from_nothing(runs: Trajectories, histories: Sequence[Trajectory], noise: float) -> list[Finding]:
    """Runs in which amounts are gained and none is used up."""
    growing = [run for run in histories if run.is_time_history and _grows(run.concentrations, noise)]
    if not growing:
        return []
    names = list(runs.species_names)
    every = len(growing) == len([run for run in histories if run.is_time_history])
    where = "In every run" if every else f"In {len(growing)} of {count(len(histories), 'run')}"
    text = (
        f"{where} amounts only grow: none of {listed(names)} is used up. What they are made from is not in the table."
        if len(names) > 1
        else f"{where} {names[0]} only grows. What it is made from is not in the table."
    )
    return [Finding("growth", text, "Add a column for it: reactions are learnt from what they use up.")]


def from_nothing(runs: Trajectories) -> str:
    """What to say where amounts only grow in all time histories, so that nothing can be learnt; empty elsewhere."""
    histories = [run for run in runs.runs if run.is_time_history]
    noise = (noise_of(histories, extent_of(histories)) if histories else None) or 0.0
    if not histories or not all(_grows(run.concentrations, noise) for run in histories):
        return ""
    return amounts_from_nothing(runs, histories, noise)[0].sentence
