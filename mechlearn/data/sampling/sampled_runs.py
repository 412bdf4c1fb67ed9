"""Runs with what is estimated of them before anything is learnt: extent, noise, and the rank of their changes.

Letters in shapes: S species.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...chemistry.arrays import Array, Integers
from ..noise.concentration_noise import FOURTH, PER_MEDIAN
from ..trajectories import Trajectories, Trajectory

CLEAN_NOISE = 1e-4
"""Relative noise below which neighbouring samples show only what the time histories themselves do."""
MINIMUM_SAMPLES = 5
"""Of a run, from which on its noise can be estimated."""
_INFORMATIVE = 0.01
"""Part of a species' extent below which a concentration shows nothing of relative noise."""
CLEAR_DEVIATIONS = 5.0
"""In standard deviations of the noise: what is taken for a change."""
_BLOCKS = 12
_RANK_MARGIN = 1.3
_INITIAL_VARIATION = 0.01
"""Part of the largest variation of initial states below which one does not count."""


@dataclass(frozen=True, eq=False)
class SampledRuns:
    """Runs, and estimates of what their sampling resolves.

    Parameters
    ----------
    runs : Trajectories
        Any; perturbed states count as states, not as runs.
    """

    runs: Trajectories

    @cached_property
    def measured(self) -> list[Trajectory]:
        """The runs without perturbed states."""
        return [run for run in self.runs.runs if not run.parent]

    @cached_property
    def histories(self) -> list[Trajectory]:
        """Those that follow time."""
        return [run for run in self.measured if run.is_time_history]

    @cached_property
    def extent(self) -> Array:
        """Largest minus smallest concentration of each species over all runs, shape (S,)."""
        stacked = np.concatenate([run.concentrations for run in self.runs.runs])
        filled = [np.nan_to_num(stacked, nan=sign * np.inf) for sign in (-1, 1)]
        return np.asarray(np.maximum(filled[0].max(axis=0) - filled[1].min(axis=0), 0.0))

    @cached_property
    def noise(self) -> float | None:
        """Standard deviation of a concentration relative to it; None where no run has enough samples."""
        parts = []
        for run in self.measured:
            if len(run.time) >= MINIMUM_SAMPLES:
                size = np.abs(run.concentrations[2:-2])
                large = size > _INFORMATIVE * np.maximum(self.extent, 1e-300)
                parts.append(np.abs(np.diff(run.concentrations, 4, axis=0))[large] / size[large])
        differences = np.concatenate(parts) if parts else np.empty(0)
        differences = differences[~np.isnan(differences)]
        if not differences.size:
            return None
        noise = float(np.median(differences) * PER_MEDIAN / FOURTH)
        return noise if noise > CLEAN_NOISE else 0.0

    @property
    def noise_level(self) -> float:
        """The same, zero where it is not known."""
        return self.noise or 0.0

    @cached_property
    def directions(self) -> int:
        """Rank of the changes: singular values of what blocks of samples differ by from their run's mean.

        Each species is scaled by the noise of its block means, so that noise alone gives no more than √N + √S.
        """
        blocks, weights = [], []
        for run in self.histories:
            known = np.maximum((~np.isnan(run.concentrations)).sum(axis=0), 1)
            values = np.nan_to_num(run.concentrations - np.nansum(run.concentrations, axis=0) / known)
            parts = np.array_split(values, min(_BLOCKS, len(values)))
            blocks.append(np.array([part.mean(axis=0) for part in parts]))
            weights.append(np.full(len(parts), len(values) / len(parts)))
        if not blocks or not self.extent.any():
            return 0
        means, samples = np.concatenate(blocks), float(np.concatenate(weights).mean())
        if self.noise:
            size = np.sqrt(np.nanmean(np.concatenate([run.concentrations for run in self.measured]) ** 2, axis=0))
            scaled = means / np.maximum(self.noise * size / np.sqrt(samples), 1e-300)
            least = _RANK_MARGIN * (np.sqrt(len(means)) + np.sqrt(len(self.extent)))
            return int((np.linalg.svd(scaled, compute_uv=False) > least).sum())
        values = np.linalg.svd(means / np.where(self.extent > 0, self.extent, np.inf), compute_uv=False)
        return int((values > 1e-7 * values[0]).sum())

    @cached_property
    def initially_present(self) -> Integers:
        """Numbers of the species that some run starts with and that change in any, shape (P,)."""
        first = np.nan_to_num(np.array([run.concentrations[0] for run in self.measured]))
        large = (first > 1e-6 * np.maximum(self.extent, 1e-300)).any(axis=0)
        return np.flatnonzero(large & (self.extent > 0))

    @cached_property
    def initial_amounts(self) -> Array:
        """Initial concentrations of these over the largest of each, shape (runs, P)."""
        first = np.nan_to_num(np.array([run.concentrations[0] for run in self.measured]))[:, self.initially_present]
        return np.asarray(first / first.max(axis=0))

    @cached_property
    def initial_directions(self) -> int:
        """Number of independent directions in which the initial states differ."""
        if len(self.measured) < 2 or not self.initially_present.size:
            return 0
        values = np.linalg.svd(self.initial_amounts - self.initial_amounts.mean(axis=0), compute_uv=False)
        least = max(values[0], np.sqrt(len(self.measured)) * _INITIAL_VARIATION)
        return int((values > _INITIAL_VARIATION * least).sum())
