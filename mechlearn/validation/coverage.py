"""Which runs start inside the conditions of those learnt from, and which reach beyond them."""

from __future__ import annotations

import numpy as np

from ..chemistry.arrays import Array
from ..data.trajectories import Trajectories, Trajectory

RANGE_MARGIN = 0.05
"""Part of the training's range by which a condition may lie outside and still counts as inside."""


def extrapolated_conditions(histories: list[Trajectory], training: Trajectories | None) -> dict[str, tuple[str, ...]]:
    """In what each run's initial state lies outside those of the runs learnt from; nothing where it interpolates.

    Temperature, pressure and the mole fractions of the species are each compared with their range, widened by a
    twentieth on either side. Empty where the training runs are not known.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Species
    >>> def run(temperature):
    ...     return Trajectory(np.zeros(1), np.ones((1, 1)), np.full(1, temperature), np.full(1, 1e5), name="run")
    >>> training = Trajectories((Species("A"),), (run(1000.0),))
    >>> extrapolated_conditions([run(1500.0)], training)
    {'run': ('temperature above',)}
    """
    if training is None:
        return {}
    labels = ("temperature", "pressure", *training.species_names)
    known = np.array([_conditions(run) for run in training.runs if not run.parent])
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(known), np.fmax.reduce(known)
    margin = RANGE_MARGIN * (high - low) + 1e-9 * np.abs(high)
    found = {}
    for run in histories:
        first = _conditions(run)
        sides = np.where(first < low - margin, "below", np.where(first > high + margin, "above", ""))
        found[run.name] = tuple(f"{label} {side}" for label, side in zip(labels, sides, strict=True) if side)
    return found


def _conditions(run: Trajectory) -> Array:
    """Temperature, pressure and mole fractions of the initial state, shape (2 + S,)."""
    total = run.concentrations[0].sum()
    return np.array([run.temperature[0], run.pressure[0], *(run.concentrations[0] / (total if total > 0 else 1.0))])
