"""What the sampling shows, one question a function.

Letters in shapes: S species.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...chemistry.thermo import GAS_CONSTANT
from ..trajectories import Trajectories, Trajectory
from .diagnosis import Finding, count, listed, verb
from .estimates import CLEAN, FEW

Array = NDArray[np.float64]

_JUMP = 0.4
"""Share of a species' whole way in a run that one step may cover; a decay of 10 even steps to 1 % stays below."""
_SMALL = 0.05
"""A species that goes less of its range over all runs tells nothing of the time scale."""
_CONSTANT = 1e-6
_CLEAR = 5.0
"""In standard deviations of the noise: what is taken for a change."""
_DRIFT = 0.01
_UNITS = (1e3, 1e-3, 1e6, 1e-6)
"""Factors between units of concentration that are taken for each other."""
_NEAR = 0.05
"""Difference of logarithms within which a factor counts as such."""
_FIXED = 0.01
"""Part of the largest variation of initial states below which one does not count."""


def few_runs(runs: Sequence[Trajectory]) -> list[Finding]:
    """A single run."""
    if len(runs) > 1:
        return []
    advice = "Bring at least a second run with another initial state, so that the result can be checked on it."
    return [Finding("runs", f"There is one run, of {count(len(runs[0].time), 'state')}.", advice)]


def no_change(directions: int, histories: Sequence[Trajectory]) -> list[Finding]:
    """Time histories in which nothing moves."""
    if directions or not any(run.is_time_history for run in histories):
        return []
    advice = "Sample for longer, or start farther from equilibrium."
    return [Finding("variation", "No change of the concentrations stands out from the noise.", advice)]


def time_scales(runs: Trajectories, histories: Sequence[Trajectory], extent: Array, noise: float) -> list[Finding]:
    """Steps that cover a large part of a species' way: what is faster than the sampling shows as a jump."""
    jumps: dict[str, list[tuple[float, float]]] = {}
    at_start: dict[str, int] = {}
    with_histories = [run for run in histories if len(run.time) > 2]
    for run in with_histories:
        steps = np.abs(np.diff(_whole(run.concentrations), axis=0))
        way, level = steps.sum(axis=0), noise * np.nan_to_num(run.concentrations).max(axis=0)
        largest = steps.argmax(axis=0)
        for k in np.flatnonzero(
            (way > _SMALL * extent) & (steps.max(axis=0) > np.maximum(max(_JUMP, 2 / len(steps)) * way, _CLEAR * level))
        ):
            name, step = runs.species_names[k], int(largest[k])
            jumps.setdefault(name, []).append((float(run.time[step]), float(run.time[step + 1])))
            at_start[name] = at_start.get(name, 0) + (step == 0)
    if not jumps:
        return []
    name = max(jumps, key=lambda each: len(jumps[each]))
    begin, end = (float(np.median([pair[k] for pair in jumps[name]])) for k in (0, 1))
    others = sorted(set(jumps) - {name}, key=runs.species_names.index)
    text = (
        f"In {len(jumps[name])} of {count(len(with_histories), 'run')} {name} goes {100 * _JUMP:.0f} % of its way or "
        f"more in one step{f' (likewise {listed(others)})' if others else ''}: something is faster than the sampling, "
        "and its rate constant can hardly be told from the concentrations."
    )
    if all(run.rates is not None for run in histories):
        return [Finding("time-scales", f"{text} Production rates are given, and they tell it.")]
    if at_start[name] * 2 >= len(jumps[name]):
        width = end - begin
        advice = f"The first {width:.2g} s need about ten samples, log-spaced from {width / 1000:.1g} s on."
    else:
        advice = f"The time from {begin:.3g} to {end:.3g} s needs about ten samples."
    return [Finding("time-scales", text, advice)]


def _whole(values: Array) -> Array:
    """Concentrations with gaps bridged; a sample alone off both neighbours is an outlier, not a fast process."""
    rows = np.arange(len(values))
    filled = np.zeros_like(values)
    for k, column in enumerate(values.T):
        known = ~np.isnan(column)
        if known.any():
            filled[:, k] = np.interp(rows, rows[known], column[known])
    if len(values) > FEW:
        filled[1:-1] = np.median([filled[:-2], filled[1:-1], filled[2:]], axis=0)
    return filled


def constant_species(runs: Trajectories, extent: Array, noise: float) -> list[Finding]:
    """Species that do not vary beyond the noise: diluents, or something not measured well enough."""
    stacked = np.concatenate([run.concentrations for run in runs.runs])
    largest = np.nan_to_num(np.abs(stacked)).max(axis=0)
    spread = np.nan_to_num(np.nanstd(np.where(np.isnan(stacked).all(axis=0), 0.0, stacked), axis=0))
    still = (extent <= _CONSTANT * largest) | ((noise > 0) & (spread < 1.5 * noise * largest))
    named = [name for name, each in zip(runs.species_names, still & (largest > 0), strict=True) if each]
    absent = [name for name, each in zip(runs.species_names, largest == 0, strict=True) if each]
    found = []
    if named:
        found.append(
            Finding(
                "variation",
                f"{listed(named)} {verb(named, 'does', 'do')} not vary beyond {'noise' if noise else 'round-off'}. "
                "That is fine for a diluent.",
                f"If a rate may depend on {named[0]}, add a run with another amount of it.",
            )
        )
    if absent:
        found.append(Finding("variation", f"{listed(absent)} {verb(absent, 'is', 'are')} zero throughout."))
    return found


def initial_conditions(runs: Trajectories, histories: Sequence[Trajectory], extent: Array) -> tuple[int, list[Finding]]:
    """In how many independent directions the initial states differ, and which species always come together."""
    first = np.nan_to_num(np.array([run.concentrations[0] for run in histories]))
    present = np.flatnonzero((first > 1e-6 * np.maximum(extent, 1e-300)).any(axis=0) & (extent > 0))
    if len(histories) < 2 or not present.size:
        return 0, []
    scaled = first[:, present] / first[:, present].max(axis=0)
    values = np.linalg.svd(scaled - scaled.mean(axis=0), compute_uv=False)
    independent = int((values > _FIXED * max(values[0], np.sqrt(len(histories)) * _FIXED)).sum())
    if independent >= min(len(present), len(histories) - 1) and len(histories) > len(present):
        return independent, []
    names = [runs.species_names[k] for k in present]
    pair = _together(scaled, names)
    text = (
        f"The initial states of {count(len(histories), 'run')} differ in "
        f"{count(independent, 'independent direction')}, and {count(len(names), 'species', 'species')} "
        f"{verb(names, 'is', 'are')} there at the start"
        f"{f': {pair[0]} and {pair[1]} always stand in the same ratio' if pair else ''}. How rates depend on each "
        "can then be told from their time histories only."
    )
    if pair:
        advice = f"Add a run with another ratio of {pair[0]} to {pair[1]}, or without one of them."
    else:
        used = np.array([np.nan_to_num(run.concentrations[0] - run.concentrations[-1]) for run in histories])
        share = np.where(scaled.min(axis=0) > 0, (used[:, present] / extent[present]).mean(axis=0), -np.inf)
        without = names[int(share.argmax())]
        advice = f"Add a run without {without}." if share.max() > 0 else "Add runs with other initial states."
    return independent, [Finding("first-states", text, advice)]


def _together(scaled: Array, names: Sequence[str]) -> tuple[str, str] | None:
    """Two species whose first amounts are proportional in all runs."""
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            if np.abs(scaled[:, i] - scaled[:, j]).max() < _FIXED:
                return names[i], names[j]
    return None


def elements(runs: Trajectories, histories: Sequence[Trajectory], noise: float) -> list[Finding]:
    """Elements whose sum over the species drifts, so that something is not measured."""
    elements = sorted({element for species in runs.species for element in species.composition})
    if not elements or not all(species.composition for species in runs.species):
        return []
    atoms = np.array([[species.composition.get(element, 0.0) for element in elements] for species in runs.species])
    drift = np.zeros(len(elements))
    for run in histories:
        if run.is_time_history and run.reactor != "constant-pressure" and not np.isnan(run.concentrations).any():
            sums = run.concentrations @ atoms
            drift = np.maximum(drift, np.abs(sums - sums[0]).max(axis=0) / np.maximum(sums.max(axis=0), 1e-300))
    lost = [element for element, share in zip(elements, drift, strict=True) if share > max(_DRIFT, _CLEAR * noise)]
    if not lost:
        return []
    return [
        Finding(
            "elements",
            f"The sum of {listed(lost)} over the species changes by up to {100 * drift.max():.2g} %: a species that "
            "holds it is not in the table, or a column has another unit than the others.",
            "Measure it, look at the units, or name it under `complete:` in the study: the elements then give it.",
        )
    ]


def about_noise(histories: Sequence[Trajectory], noise: float | None, *, coarse: bool) -> list[Finding]:
    """How noisy the concentrations are; nothing where rates are given, which are learnt from then."""
    if all(run.rates is not None for run in histories):
        return []
    if noise is None:
        longest = max(len(run.time) for run in histories)
        text = f"No run has more than {count(longest, 'sample')}, so that the noise cannot be estimated."
        return [Finding("noise", text, f"Sample at least {FEW} times in each run.")]
    if not noise:
        return [
            Finding(
                "noise",
                f"No noise above {100 * CLEAN:.2g} % is seen: neighbouring samples follow a smooth time history.",
            )
        ]
    if coarse:
        text = f"Noise: at most {100 * noise:.2g} % of each concentration; coarse sampling cannot tell it from changes."
        return [Finding("noise", text)]
    return [Finding("noise", f"Noise: about {100 * noise:.2g} % of each concentration, by its neighbours in time.")]


def missing_values(runs: Trajectories) -> list[Finding]:
    """Gaps, and where they are most."""
    if not runs.missing:
        return []
    gaps = np.concatenate([np.isnan(run.concentrations) for run in runs.runs]).mean(axis=0)
    worst = int(gaps.argmax())
    return [
        Finding(
            "missing",
            f"{count(runs.missing, 'value')} missing, most often of {runs.species_names[worst]} "
            f"({100 * gaps[worst]:.2g} %); rows that they touch are left out.",
        )
    ]


def unknown_temperature(runs: Trajectories) -> list[Finding]:
    """States without a temperature."""
    if any(np.isnan(run.temperature).any() for run in runs.runs):
        return [Finding("temperature", "The temperature is unknown: rate constants hold at that of the data alone.")]
    return []


def amount_of_gas(runs: Trajectories) -> list[Finding]:
    """Concentrations that are off an ideal gas at their pressure by a factor that a unit makes, such as 1000."""
    ratios = []
    for run in runs.runs:
        total = run.concentrations.sum(axis=1)
        known = np.isfinite(total) & np.isfinite(run.pressure) & np.isfinite(run.temperature) & (total > 0)
        ratios.append(run.pressure[known] / (GAS_CONSTANT * run.temperature[known] * total[known]))
    every = np.concatenate(ratios) if ratios else np.zeros(0)
    if not every.size:
        return []
    ratio = float(np.median(every))
    for factor in _UNITS:
        if abs(np.log(ratio * factor)) < _NEAR and np.ptp(np.log(every)) < _NEAR:
            return [
                Finding(
                    "unit",
                    f"The concentrations add up to {1 / ratio:.3g} times what an ideal gas holds at the pressure and "
                    "temperature in the table: a unit is wrong, or (below 1) most of the gas is not in the table.",
                    f"Look at the units of concentrations and pressure; rate constants of order two and more would be "
                    f"off by powers of {max(factor, 1 / factor):g}.",
                )
            ]
    return []
