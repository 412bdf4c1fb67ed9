"""Marquardt's damping, for the loops of damped Gauss–Newton steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Trial = TypeVar("Trial")

LEAST_DAMPING = 1e-12


@dataclass(frozen=True)
class Damping:
    """How the damping changes from step to step.

    Parameters
    ----------
    raised : float
        Factor after a step that was no better.
    lowered : float
        Divisor after one that was.
    most : float
        Damping above which no step is tried.
    after_refusal : float
        The least after a step that was no better.
    """

    raised: float = 4.0
    lowered: float = 3.0
    most: float = 1e8
    after_refusal: float = 0.0

    def better_step(
        self,
        attempt: Callable[[float], Trial | None],
        is_better: Callable[[Trial], bool],
        damping: float,
        gives_up: Callable[[Trial | None, float], bool] = lambda trial, damping: False,
    ) -> tuple[Trial, float] | None:
        """The first step that is better, tried with more and more damping, and the damping to try the next one with.

        None where there is no such step, or the search for one gives up.
        """
        while True:
            trial = attempt(damping)
            if trial is not None and is_better(trial):
                return trial, max(damping / self.lowered, LEAST_DAMPING)
            damping = max(self.raised * damping, self.after_refusal)
            if damping > self.most or gives_up(trial, damping):
                return None
