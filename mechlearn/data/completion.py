"""Species that were not measured, worked out from what the elements leave for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.conservation import element_matrix
from ..chemistry.mechanism import Species
from ..errors import DataError, listed
from .trajectories import Trajectories, Trajectory

_UNEXPLAINED = 0.01
"""Part of an element that may stay unexplained, and that a species worked out may be below zero."""
_CLEAR_DEVIATIONS = 5.0
_SINGULAR = 1e-8


def completed(runs: Trajectories, missing: Sequence[Species], *, noise: float = 0.0) -> Trajectories:
    """The same runs with more species, so that every element keeps its sum.

    The missing species start at zero. With Eₘ and Eₒ the atoms in missing and observed species, their concentrations x
    solve Eₘ x = s Eₒ c(0) − Eₒ c(t) by least squares; s is 1 at constant volume, and at constant pressure, where the
    mixture expands, one more unknown.

    Parameters
    ----------
    runs : Trajectories
        All species with compositions; a value that is missing leaves its whole state open (NaN).
    missing : sequence of Species
        What is worked out, with compositions.
    noise : float
        Relative noise of the concentrations, which the elements' sums need not beat.

    Raises
    ------
    DataError
        If the elements do not determine the species, their sums show that others are missing, or a species would be
        below zero.

    Examples
    --------
    >>> water = Species("H2O", {"H": 2, "O": 1})
    >>> hydrogen, oxygen = Species("H2", {"H": 2}), Species("O2", {"O": 2})
    >>> run = Trajectory(np.arange(2), np.array([[2, 1], [1, 0.5]]), np.full(2, 900.0), np.full(2, 1e5))
    >>> completed(Trajectories((hydrogen, oxygen), (run,)), [water]).runs[0].concentrations.round(9).tolist()
    [[2.0, 1.0, 0.0], [1.0, 0.5, 1.0]]
    """
    names = [species.name for species in missing]
    _check(runs, missing)
    elements, atoms = element_matrix((*runs.species, *missing))
    observed, hidden = np.split(atoms, [len(runs.species)], axis=1)
    done = []
    for run in runs.runs:
        start = observed @ run.concentrations[0]
        if np.isnan(start).any():
            raise DataError(f"Run {run.name!r}: its initial state has gaps, and {listed(names)} is worked out from it.")
        expands = run.reactor == "constant-pressure"
        unknown = np.column_stack([hidden, -start]) if expands else hidden
        _check_determined(unknown, names, elements, expands)
        target = -observed @ run.concentrations.T + (0.0 if expands else start[:, None])
        scale = np.maximum(np.abs(start), np.abs(np.nan_to_num(target)).max(axis=1)).clip(1e-300)[:, None]
        found = _least_squares(unknown / scale, target / scale)
        allowed = max(_UNEXPLAINED, _CLEAR_DEVIATIONS * noise)
        _check_explained(run, np.abs(np.nan_to_num(unknown @ found - target)) / scale, allowed, elements, names)
        amounts = found[: len(names)].T
        _check_positive(run, amounts, allowed, names)
        amounts = amounts if noise else np.maximum(amounts, 0.0)
        rates = run.rates
        if rates is not None:
            rates = np.column_stack([rates, -(np.linalg.pinv(hidden) @ observed @ rates.T).T])
        done.append(replace(run, concentrations=np.column_stack([run.concentrations, amounts]), rates=rates))
    return replace(runs, species=(*runs.species, *missing), runs=tuple(done), worked_out=(*runs.worked_out, *names))


def _check(runs: Trajectories, missing: Sequence[Species]) -> None:
    there = [species.name for species in missing if species.name in runs.species_names]
    if there:
        raise DataError(f"{listed(there)} is measured, so that it need not be completed. Take it out of `complete:`.")
    unknown = [species.name for species in (*runs.species, *missing) if not species.composition]
    if unknown:
        raise DataError(
            f"To complete species, the elements of all must be known, and those of {listed(unknown)} are not. Name "
            "the Cantera file that has them (mechanism:)."
        )


def _check_determined(unknown: Array, names: Sequence[str], elements: Sequence[str], expands: bool) -> None:
    values = np.linalg.svd(unknown / np.abs(unknown).max(axis=0).clip(1e-300), compute_uv=False)
    if unknown.shape[1] > unknown.shape[0] or values[-1] <= _SINGULAR * values[0]:
        grows = ", as the volume changes at constant pressure" if expands else ""
        raise DataError(
            f"The sums of {listed(elements)} do not determine how much of {listed(names)} there is{grows}: other "
            "amounts would do as well. Complete fewer species, or measure one of them."
        )


def _least_squares(matrix: Array, target: Array) -> Array:
    """Amounts of the missing species, shape (number of them, T); NaN where a sample has gaps."""
    complete = ~np.isnan(target).any(axis=0)
    found = np.full((matrix.shape[1], target.shape[1]), np.nan)
    found[:, complete] = np.linalg.lstsq(matrix, target[:, complete], rcond=None)[0]
    return found


def _check_explained(
    run: Trajectory, left: Array, allowed: float, elements: Sequence[str], names: Sequence[str]
) -> None:
    if left.max() > allowed:
        element, sample = (int(i) for i in np.unravel_index(left.argmax(), left.shape))
        raise DataError(
            f"Run {run.name!r}, time {run.time[sample]:g} s: {100 * left.max():.2g} % of {elements[element]} is "
            f"neither in the measured species nor in {listed(names)}. Complete the species that holds it as well, or "
            "measure it."
        )


def _check_positive(run: Trajectory, amounts: Array, allowed: float, names: Sequence[str]) -> None:
    lowest = np.nan_to_num(amounts).min(axis=0)
    name = names[int(lowest.argmin())]
    if lowest.min() < -allowed * np.nan_to_num(run.concentrations).max():
        raise DataError(
            f"Run {run.name!r}: {name} would fall to {lowest.min():.3g} kmol/m^3, which is below zero: it is there at "
            f"the start, or another species holds its elements. Measure {name}."
        )
