"""Fewer rows where a table has more than learning needs: some runs, and in each the samples where most happens."""

from __future__ import annotations

import numpy as np

from ...chemistry.arrays import Array, Integers
from ..trajectories import Trajectories, Trajectory

MAXIMUM_ROWS = 6000
"""Rows of a table up to which all are used."""
MAXIMUM_SAMPLES = 120
"""Samples of a run that are used where there are more rows."""
EVEN_PART = 0.5
"""Part of the samples that is drawn evenly from those of a run; the others follow the changes."""


def thinned(runs: Trajectories, seed: int = 0) -> tuple[Trajectories, str]:
    """Runs of `MAXIMUM_ROWS` rows at most, and a sentence on what was drawn; empty where all are used.

    In each time history samples are chosen where concentrations change, and some in between; then whole runs are drawn.
    Values stay as measured: nothing is averaged.

    Parameters
    ----------
    runs : Trajectories
        T samples each.
    seed : int
        Of the draw of runs.

    Examples
    --------
    >>> thinned(decay)[1]
    ''
    """
    rows = sum(len(run.time) for run in runs.runs)
    if rows <= MAXIMUM_ROWS:
        return runs, ""
    shorter = [_fewer_samples(run) for run in runs.runs]
    order = np.random.default_rng(seed).permutation(len(shorter))
    total = np.cumsum([len(shorter[i].time) for i in order])
    drawn = order[: max(int((total <= MAXIMUM_ROWS).sum()), 1)]
    kept = [shorter[i] for i in sorted(drawn.tolist())]
    left = sum(len(run.time) for run in kept)
    return runs.select(kept), (
        f"Of {rows} rows in {len(runs)} runs, {left} in {len(kept)} runs were used: runs drawn at random, and of each "
        f"{MAXIMUM_SAMPLES} samples at most, more where concentrations change."
    )


def _fewer_samples(run: Trajectory) -> Trajectory:
    if len(run.time) <= MAXIMUM_SAMPLES or not run.is_time_history:
        return run
    return run.at_samples(chosen_samples(run.concentrations))


def chosen_samples(concentrations: Array, most: int = MAXIMUM_SAMPLES) -> Integers:
    """Numbers of at most so many samples of a run, shape (T, S), the first and the last among them.

    Examples
    --------
    >>> chosen_samples(np.minimum(np.arange(100.0), 10.0)[:, None], 9).tolist()
    [0, 3, 5, 7, 10, 25, 50, 75, 99]
    """
    filled = np.nan_to_num(concentrations)
    span = np.maximum(np.ptp(filled, axis=0), 1e-300)
    change = (np.abs(np.diff(filled, axis=0)) / span).max(axis=1)
    count = len(concentrations)
    density = EVEN_PART / (count - 1) + (1 - EVEN_PART) * change / max(float(change.sum()), 1e-300)
    place = np.concatenate([[0.0], np.cumsum(density)])
    chosen = np.searchsorted(place, np.linspace(0.0, place[-1], most) - 1e-12)
    return np.unique(np.clip(chosen, 0, count - 1))
