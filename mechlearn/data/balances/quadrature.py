"""Integrals between samples as sums over samples, and the rows that integral and weak balances are made of.

Letters in shapes: T samples of a run, M rows, N samples of all runs, S species.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ...errors import DataError
from ..noise.concentration_noise import Noise, estimate_noise
from ..trajectories import Trajectories, Trajectory
from .balances_record import Balances, TrajectoryOrigin

Array = NDArray[np.float64]

FEWEST = 4
"""Samples that a cubic needs."""
UNITS = 40
"""Time units that are tried for the logarithm."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


def increments(time: Array) -> Array:
    """Weights of samples in the integrals over the intervals between them, shape (T − 1, T).

    The integrand is a cubic through the four nearest samples, in the coordinate that `place_of` gives.

    Examples
    --------
    >>> increments(np.array([0.0, 1.0, 2.0, 3.0])).sum(axis=1).round(12).tolist()
    [1.0, 1.0, 1.0]
    """
    place, unit = place_of(time)
    count = len(time)
    start = np.clip(np.arange(count - 1) - 1, 0, count - FEWEST)
    near = start[:, None] + np.arange(FEWEST)
    half = np.diff(place) / 2
    nodes = place[:-1, None] + half[:, None] * (_NODES + 1)
    values = np.ones((count - 1, len(_NODES), FEWEST))
    for i in range(FEWEST):
        for j in range(FEWEST):
            if i != j:
                own, other = place[near[:, i], None], place[near[:, j], None]
                values[:, :, i] *= (nodes - other) / (own - other)
    inner = unit * np.exp(nodes) * _WEIGHTS * half[:, None]
    matrix = np.zeros((count - 1, count))
    np.put_along_axis(matrix, near, np.einsum("lg,lgi->li", inner, values), axis=1)
    return matrix


def place_of(time: Array) -> tuple[Array, float]:
    """The coordinate ln(1 + t/τ), t from the start, in which samples are the most evenly spaced, and τ [s].

    For even times that is nearly the time itself, for log-spaced ones its logarithm: what such times resolve is smooth
    in it.

    Examples
    --------
    >>> place_of(np.array([0.0, 1e-3, 1e-2, 1e-1]))[1] < 0.01 < 10 < place_of(np.array([0.0, 1.0, 2.0, 3.0]))[1]
    True
    """
    since = time - time[0]
    best, least = np.log1p(since / since[1]), np.inf
    unit = float(since[1])
    for trial in np.geomspace(0.1 * since[1], 100 * since[-1], UNITS):
        place = np.log1p(since / trial)
        uneven = float(np.diff(place).max() / np.diff(place).min())
        if uneven < least:
            best, least, unit = place, uneven, float(trial)
    return best, unit


def rows_of_runs(runs: Trajectories, combine: Callable[[int], Array], spread: Noise | None) -> Balances:
    """Balances whose rows are combinations of the increments of each run.

    Parameters
    ----------
    runs : Trajectories
        Samples with a missing value are left out.
    combine : callable
        Gives for a number of intervals the combinations, shape (rows, intervals).
    spread : Noise, optional
        The noise; estimated where absent.

    Raises
    ------
    DataError
        If no run has four samples without a missing value.
    """
    spread = spread or estimate_noise(runs)
    histories = complete_time_histories(runs, FEWEST)
    operators, differences = [], []
    for run in histories:
        parts = combine(len(run.time) - 1)
        operators.append(sp.csr_array(parts @ increments(run.time)))
        differences.append(sp.csr_array(parts @ np.diff(np.eye(len(run.time)), axis=0)))
    return balances_of(runs, histories, operators, differences, spread)


def complete_time_histories(runs: Trajectories, fewest: int) -> list[Trajectory]:
    """The time histories without samples of which a value is missing, those with so many samples at least.

    Raises
    ------
    DataError
        If there is none.
    """
    histories = [_complete(run) for run in runs.runs if run.is_time_history]
    kept = [run for run in histories if len(run.time) >= fewest]
    if not kept:
        raise DataError(
            f"No run has {fewest} samples in which every species was measured, so that production cannot be told from "
            "concentrations. Bring more times, or leave out the species that were measured least."
        )
    return kept


def balances_of(
    runs: Trajectories,
    histories: list[Trajectory],
    operators: list[sp.csr_array],
    differences: list[sp.csr_array],
    spread: Noise,
) -> Balances:
    """Balances from the rows of each run."""
    concentrations = np.concatenate([run.concentrations for run in histories])
    operator, difference = sp.block_diag(operators, format="csr"), sp.block_diag(differences, format="csr")
    deviation = spread.deviation(concentrations)
    return Balances(
        species=runs.species,
        concentrations=concentrations,
        temperature=np.concatenate([run.temperature for run in histories]),
        pressure=np.concatenate([run.pressure for run in histories]),
        operator=sp.csr_array(operator),
        accumulation=np.asarray(difference @ concentrations),
        scale=np.sqrt(np.asarray(difference.power(2) @ deviation**2)),
        atomic_weights=runs.atomic_weights,
        trajectories=TrajectoryOrigin(
            runs=runs,
            spread=spread,
            place=np.concatenate([np.linspace(0.0, 1.0, len(run.time)) for run in histories]),
            difference=sp.csr_array(difference),
        ),
    )


def _complete(run: Trajectory) -> Trajectory:
    """The run without samples of which a value is missing."""
    kept = np.isfinite(run.concentrations).all(axis=1)
    if kept.all():
        return run
    columns = {key: getattr(run, key)[kept] for key in ("time", "concentrations", "temperature", "pressure")}
    return replace(run, rates=None, **columns)
