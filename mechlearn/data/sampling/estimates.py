"""Extent, noise and rank of the changes of concentrations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..trajectories import Trajectory

Array = NDArray[np.float64]

CLEAN = 1e-4
"""Noise below is not told from what the time histories themselves do between samples."""
FEW = 5
"""Samples of a run from which on its noise can be estimated."""
_SEEN = 0.01
"""Share of a species' extent below which a concentration tells nothing of relative noise."""
_BLOCKS = 12
_SURELY = 1.3


def extent_of(runs: Sequence[Trajectory]) -> Array:
    """Largest minus smallest concentration of each species over all runs, shape (S,)."""
    stacked = np.concatenate([run.concentrations for run in runs])
    filled = [np.nan_to_num(stacked, nan=sign * np.inf) for sign in (-1, 1)]
    return np.asarray(np.maximum(filled[0].max(axis=0) - filled[1].min(axis=0), 0.0))


def noise_of(runs: Sequence[Trajectory], extent: Array) -> float | None:
    """Standard deviation of a concentration as a share of it; None where no run has enough samples."""
    parts = []
    for run in runs:
        if len(run.time) >= FEW:
            size = np.abs(run.concentrations[2:-2])
            seen = size > _SEEN * np.maximum(extent, 1e-300)
            parts.append(np.abs(np.diff(run.concentrations, 4, axis=0))[seen] / size[seen])
    differences = np.concatenate(parts) if parts else np.empty(0)
    differences = differences[~np.isnan(differences)]
    if not differences.size:
        return None
    noise = float(np.median(differences)) / 0.6745 / float(np.sqrt(70.0))
    return noise if noise > CLEAN else 0.0


def directions_of(runs: Sequence[Trajectory], extent: Array, noise: float) -> int:
    """Rank of the changes: singular values of what blocks of samples differ by from their run's mean.

    Each species is scaled by the noise of its block means, so that noise alone gives no more than √N + √S.
    """
    blocks, weights = [], []
    for run in runs:
        if run.is_time_history:
            values = np.nan_to_num(run.concentrations - np.nanmean(run.concentrations, axis=0))
            parts = np.array_split(np.arange(len(values)), min(_BLOCKS, len(values)))
            blocks.append(np.array([values[rows].mean(axis=0) for rows in parts]))
            weights.append(np.full(len(parts), len(values) / len(parts)))
    if not blocks or not extent.any():
        return 0
    means, width = np.concatenate(blocks), float(np.concatenate(weights).mean())
    if noise:
        size = np.sqrt(np.nanmean(np.concatenate([run.concentrations for run in runs]) ** 2, axis=0))
        values = np.linalg.svd(means / np.maximum(noise * size / np.sqrt(width), 1e-300), compute_uv=False)
        return int((values > _SURELY * (np.sqrt(len(means)) + np.sqrt(len(extent)))).sum())
    values = np.linalg.svd(means / np.where(extent > 0, extent, np.inf), compute_uv=False)
    return int((values > 1e-7 * values[0]).sum())
