"""How the intervals between samples are cut into integration steps.

Letters in shapes: N runs, T samples, L steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...chemistry.arrays import Array

STAGES = np.array([(4 - np.sqrt(6)) / 10, (4 + np.sqrt(6)) / 10, 1.0])
"""Of Radau IIA of order five, as parts of a step."""
FIRST_HALVINGS = 27
"""Times that a first interval is cut in half where reactions end within it."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Where each step lies: its sample interval, and its end as a fraction of that interval, both of shape (L,)."""

    interval: NDArray[np.int64]
    end: Array

    @classmethod
    def one_each(cls, intervals: int) -> Steps:
        """One step an interval."""
        return cls(np.arange(intervals), np.ones(intervals))

    @classmethod
    def from_the_first(cls, intervals: int) -> Steps:
        """One step an interval, but steps that double in length in the first: any fast reaction is resolved there."""
        steps = cls.one_each(intervals)
        for _ in range(FIRST_HALVINGS):
            steps = steps.halved(np.arange(len(steps.end)) == 0)
        return steps

    @property
    def start(self) -> Array:
        """Where each step starts, as a fraction of its interval."""
        return np.where(np.diff(self.interval, prepend=-1) > 0, 0.0, np.concatenate([[0.0], self.end[:-1]]))

    def halved(self, chosen: NDArray[np.bool_]) -> Steps:
        """The same with some steps cut in the middle."""
        middle = (self.start + self.end)[chosen] / 2
        interval = np.concatenate([self.interval, self.interval[chosen]])
        end = np.concatenate([self.end, middle])
        order = np.lexsort((end, interval))
        return Steps(interval[order], end[order])

    def finer(self, times: int) -> Steps:
        """The same with all steps cut in the middle so many times."""
        return self if not times else self.halved(np.ones(len(self.end), dtype=bool)).finer(times - 1)

    def lengths(self, time: Array) -> Array:
        """Step lengths of each run, shape (L, N), for times of shape (N, T)."""
        return np.asarray((np.diff(time, axis=1)[:, self.interval] * (self.end - self.start)).T)

    def stage_times(self, time: Array) -> Array:
        """Times of the stages of each step, shape (L, N, 3), for samples at times of shape (N, T)."""
        begin = time[:, self.interval] + np.diff(time, axis=1)[:, self.interval] * self.start
        return np.asarray(begin.T[..., None] + self.lengths(time)[..., None] * STAGES)

    @property
    def samples(self) -> NDArray[np.int64]:
        """For each interval the number of its last step."""
        return np.flatnonzero(np.diff(self.interval, append=self.interval[-1] + 1) > 0)
