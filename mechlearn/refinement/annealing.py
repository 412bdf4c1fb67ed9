"""A start for runs whose fast reactions end before the second sample: the whole library, fitted ever more closely.

Balances say nothing there, since no interpolation reaches across the first interval; integration does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..balances import Spread
from .candidates import Candidates
from .fit import Problem, State, evaluate, fitted
from .measured import Measured
from .radau import Steps

Array = NDArray[np.float64]

JUMP = 0.03
"""Share of a species' range that the first interval may change in half of the runs and count as resolved."""
SUDDEN = 3.0
"""The same as a multiple of the change over the second interval."""
CERTAIN = 5.0
"""Standard deviations of the noise below which a change is none."""
FEWEST = 4
"""Samples of a run that it takes to tell."""
PACE = 3.0
"""Rate constants to start from, over the length of the runs, at the largest concentration."""
CLAIMED = (0.1, 0.01, 1e-3, 1e-4)
"""Noise, as a share of each species' range, with which the data are taken to be measured, one after the other."""


def jumps(data: Measured, spread: Spread) -> bool:
    """Whether much happens between the first two samples."""
    if data.time.shape[1] < FEWEST:
        return False
    known = data.known[:, :3].all(axis=1)
    span = np.ptp(np.where(data.known, data.values, 0.0), axis=(0, 1)) + 1e-300
    first, second = (np.abs(data.values[:, i + 1] - data.values[:, i]) for i in (0, 1))
    noise = np.sqrt(np.sum(spread.deviation(data.values[:, :2]) ** 2, axis=1))
    sudden = known & (first > CERTAIN * noise) & (first > SUDDEN * second)
    shares = np.where(sudden, first / span, 0.0)
    return bool((np.quantile(shares, 0.5, axis=0, method="lower") > JUMP).any())


def annealed(pool: Candidates, data: Measured, spread: Spread) -> tuple[Problem, State] | None:
    """All candidates fitted to the trajectories from one pace, under noise that is claimed to be large at first."""
    problem = replace(Problem.of(pool, data, spread), steps=Steps.from_the_first(data.time.shape[1] - 1))
    span = np.ptp(np.where(data.known, data.values, 0.0), axis=(0, 1)) + 1e-300
    order = np.array([sum(each.reactants) for each in pool.written])
    theta = np.log(PACE / data.time.max() / data.values.max() ** (order - 1.0))
    first, state = data.first, None
    least = float(np.median(spread.deviation(data.values) / span))
    for claimed in (*(each for each in CLAIMED if each > least), 0.0):
        claim = spread if claimed == 0.0 else Spread(0.0, claimed * span)
        problem = replace(problem, inverse=np.where(data.known, 1 / claim.deviation(data.values), 0.0))
        start = evaluate(problem, theta, first, None if state is None else state.course)
        if start is None:
            return None
        state = fitted(problem, start, tolerance=1.0, iterations=25)
        theta, first = state.theta, state.first
    return None if state is None else (problem, state)
