"""What the sampling of runs shows, one question a function, and all of them in the order in which they are reported.

Letters in shapes: S species.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ...chemistry.arrays import Array
from ...chemistry.conservation import element_matrix
from ...chemistry.thermo import GAS_CONSTANT
from ...errors import listed
from ..trajectories import STEADY_VOLUME, Trajectories, Trajectory
from .missing_species import amounts_from_nothing, columns_left_out
from .sampled_runs import CLEAN_NOISE, CLEAR_DEVIATIONS, MINIMUM_SAMPLES, SampledRuns
from .sampling_result import Diagnostic, Sampling, count, verb

_JUMP = 0.4
"""Part of a species' whole change in a run that one step may cover; a decay of 10 even steps to 1 % stays below."""
_FOLLOWED = 0.3
"""Part of the largest step that the next one covers where both are of one decay, which is then resolved."""
_SMALL_CHANGE = 0.05
"""A species that covers less of its range over all runs shows nothing of the time scale."""
_CONSTANT = 1e-6
_DRIFT = 0.01
_WARMS = 0.05
"""Part of its temperature by which a run without a reactor must warm up to be taken for an adiabatic one."""
_UNIT_FACTORS = (1e3, 1e-3, 1e6, 1e-6)
"""Factors between units of concentration that are taken for each other."""
_LOG_TOLERANCE = 0.05
"""Difference of logarithms within which a factor counts as such."""
_SAME_RATIO = 0.01
"""Difference of scaled initial amounts below which two species always come together."""


def few_runs(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """A single run."""
    if len(sampled.measured) <= 1:
        text = f"There is one run, of {count(len(sampled.measured[0].time), 'state')}."
        recommendation = "Bring a second run at least, with another initial state, to check the result on it."
        yield Diagnostic("runs", text, recommendation)


def no_change(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Time histories in which nothing moves."""
    if sampled.histories and not sampled.directions:
        recommendation = "Sample for longer, or start farther from equilibrium."
        yield Diagnostic("variation", "No change of the concentrations stands out from the noise.", recommendation)


def time_scales(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Steps that cover a large part of a species' change: what is faster than the sampling shows as a jump."""
    jumps, runs = _jumps(sampled), len([run for run in sampled.measured if len(run.time) > 2])
    if not jumps:
        return
    name = max(jumps, key=lambda each: len(jumps[each]))
    begin, end, at_start = np.median(jumps[name], axis=0).tolist()
    others = sorted(set(jumps) - {name}, key=sampled.runs.species_names.index)
    text = (
        f"In {len(jumps[name])} of {count(runs, 'run')} {name} covers {100 * _JUMP:.0f} % of its change or "
        f"more in one step{f' (likewise {listed(others)})' if others else ''}: something is faster than the sampling, "
        "and its rate constant hardly follows from the concentrations."
    )
    if all(run.rates is not None for run in sampled.measured):
        yield Diagnostic("time-scales", f"{text} Production rates are given, and they show it.")
    elif at_start:
        span = end - begin
        recommendation = f"The first {span:.2g} s need about ten samples, log-spaced from {span / 1000:.1g} s on."
        yield Diagnostic("time-scales", text, recommendation)
    else:
        recommendation = f"The time from {begin:.3g} to {end:.3g} s needs about ten samples."
        yield Diagnostic("time-scales", text, recommendation)


def _jumps(sampled: SampledRuns) -> dict[str, list[tuple[float, float, bool]]]:
    """By species the steps that cover too much: begin and end [s], and whether it is the first of the run."""
    jumps: dict[str, list[tuple[float, float, bool]]] = {}
    for run in sampled.measured:
        if len(run.time) > 2:
            steps = np.abs(np.diff(_without_gaps(run.concentrations), axis=0))
            change = steps.sum(axis=0)
            level = CLEAR_DEVIATIONS * (sampled.noise_level * np.nan_to_num(run.concentrations).max(axis=0))
            large = steps.max(axis=0) > np.maximum(max(_JUMP, 2 / len(steps)) * change, level)
            for k in np.flatnonzero(large & (change > _SMALL_CHANGE * sampled.extent)):
                step = int(steps[:, k].argmax())
                beside = np.delete(steps[max(step - 1, 0) : step + 2, k], min(step, 1))
                if beside.max() > _FOLLOWED * steps[step, k]:
                    continue
                begin, end = run.time[step : step + 2].tolist()
                jumps.setdefault(sampled.runs.species_names[k], []).append((begin, end, step == 0))
    return jumps


def _without_gaps(values: Array) -> Array:
    """Concentrations with gaps bridged; a sample alone off both neighbours is an outlier, not a fast process."""
    rows = np.arange(len(values))
    filled = np.zeros_like(values)
    for k, column in enumerate(values.T):
        known = ~np.isnan(column)
        if known.any():
            filled[:, k] = np.interp(rows, rows[known], column[known])
    if len(values) > MINIMUM_SAMPLES:
        filled[1:-1] = np.median([filled[:-2], filled[1:-1], filled[2:]], axis=0)
    return filled


def constant_species(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Species that do not vary beyond the noise: diluents, or something not measured well enough."""
    noise, names = sampled.noise_level, np.array(sampled.runs.species_names)
    stacked = np.concatenate([run.concentrations for run in sampled.runs.runs])
    largest = np.nan_to_num(np.abs(stacked)).max(axis=0)
    relative = np.where(np.isnan(stacked).all(axis=0), 0.0, stacked) / np.where(largest > 0, largest, 1.0)
    deviation = np.nan_to_num(np.nanstd(relative, axis=0))
    still = (sampled.extent <= _CONSTANT * largest) | ((noise > 0) & (deviation < 1.5 * noise))
    named, absent = (names[which].tolist() for which in (still & (largest > 0), largest == 0))
    if named:
        yield Diagnostic(
            "variation",
            f"{listed(named)} {verb(named, 'does', 'do')} not vary beyond {'noise' if noise else 'round-off'}. "
            "That is fine for a diluent.",
            f"If a rate may depend on {named[0]}, add a run with another amount of it.",
        )
    if absent:
        yield Diagnostic("variation", f"{listed(absent)} {verb(absent, 'is', 'are')} zero throughout.")


def initial_conditions(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Initial states that differ in too few directions, and which species always come together."""
    runs, independent, present = sampled.measured, sampled.initial_directions, sampled.initially_present
    enough = independent >= min(len(present), len(runs) - 1) and len(runs) > len(present)
    if len(runs) < 2 or not present.size or enough:
        return
    names = [sampled.runs.species_names[k] for k in present]
    amounts = dict(zip(names, sampled.initial_amounts.T, strict=True))
    pairs = combinations(names, 2)
    pair = next((p for p in pairs if np.abs(amounts[p[0]] - amounts[p[1]]).max() < _SAME_RATIO), None)
    text = (
        f"The initial states of {count(len(runs), 'run')} differ in "
        f"{count(independent, 'independent direction')}, and {count(len(names), 'species', 'species')} "
        f"{verb(names, 'is', 'are')} there at the start"
        f"{f': {pair[0]} and {pair[1]} always stand in the same ratio' if pair else ''}. How rates depend on each "
        "then follows from their time histories only."
    )
    if len(names) == 1:
        recommendation = f"Add a run with another amount of {names[0]}."
    elif pair:
        recommendation = f"Add a run with another ratio of {pair[0]} to {pair[1]}, or without one of them."
    else:
        used = np.array([np.nan_to_num(run.concentrations[0] - run.concentrations[-1]) for run in runs])
        part = (used[:, present] / sampled.extent[present]).mean(axis=0)
        part = np.where(sampled.initial_amounts.min(axis=0) > 0, part, -np.inf)
        without = names[int(part.argmax())]
        recommendation = f"Add a run without {without}." if part.max() > 0 else "Add runs with other initial states."
    yield Diagnostic("first-states", text, recommendation)


def expansion(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """A volume that changes within a run that is not, nor seems to be, adiabatic at constant pressure."""
    steady = [run for run in sampled.histories if run.reactor != "constant-pressure" and not _warms(run)]
    part = max((run.expansion for run in steady), default=0.0)
    if part > STEADY_VOLUME:
        yield Diagnostic(
            "volume",
            f"The volume changes by {100 * part:.0f} % within a run, so that concentrations change without any "
            "reaction.",
            "Rate constants follow from concentrations only at constant volume: bring such runs, or production rates.",
        )


def _expands(run: Trajectory) -> bool:
    """Whether a run is, or seems to be, one of a gas that expands: it warms up at a constant pressure."""
    if run.reactor == "constant-pressure" or run.expansion > STEADY_VOLUME:
        return True
    steady = np.ptp(run.pressure) < STEADY_VOLUME * np.max(run.pressure)
    return bool(run.reactor == "" and _warms(run) and steady)


def _warms(run: Trajectory) -> bool:
    return bool(np.ptp(run.temperature) > _WARMS * np.max(run.temperature))


def gas_expands(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Runs without a reactor that look adiabatic at constant pressure."""
    found = [run for run in sampled.histories if run.reactor == "" and _expands(run) and run.rates is None]
    warm = [run for run in found if _warms(run)]
    if warm:
        low, high = warm[0].temperature.min(), warm[0].temperature.max()
        yield Diagnostic(
            "reactor",
            f"In {len(warm)} of {count(len(sampled.histories), 'run')} the temperature goes from {low:.4g} to "
            f"{high:.4g} K, and the gas expands: concentrations fall without any reaction.",
            "If it is an adiabatic reactor at constant pressure, say so: --reactor constant-pressure.",
        )


def elements(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Elements whose sum over the species drifts, so that something is not measured."""
    names, atoms = element_matrix(sampled.runs.species)
    if not names or not all(species.composition for species in sampled.runs.species):
        return
    drift = np.zeros(len(names))
    for run in sampled.histories:
        if not _expands(run) and not np.isnan(run.concentrations).any():
            sums = run.concentrations @ atoms.T
            drift = np.maximum(drift, np.abs(sums - sums[0]).max(axis=0) / np.maximum(sums.max(axis=0), 1e-300))
    lost = np.array(names)[drift > max(_DRIFT, CLEAR_DEVIATIONS * sampled.noise_level)].tolist()
    if lost:
        yield Diagnostic(
            "elements",
            f"The sum of {listed(lost)} over the species changes by up to {100 * drift.max():.2g} %: a species that "
            "holds it is not in the table, or a column has another unit than the others.",
            "Measure it, check the units, or name it under `complete:` in the study: the elements then give it.",
        )


def about_noise(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """How noisy the concentrations are; nothing where rates are given, which are learnt from then."""
    noise, recommendation = sampled.noise, ""
    if all(run.rates is not None for run in sampled.measured):
        return
    if noise is None:
        longest = max(len(run.time) for run in sampled.measured)
        text = f"No run has more than {count(longest, 'sample')}, so that the noise cannot be estimated."
        recommendation = f"Sample at least {MINIMUM_SAMPLES} times in each run."
    elif not noise:
        text = f"No noise above {100 * CLEAN_NOISE:.2g} % is seen: neighbouring samples follow a smooth time history."
    elif _jumps(sampled):
        text = f"Noise: at most {100 * noise:.2g} % of each concentration; in coarse samples it looks like changes."
    else:
        text = f"Noise: about {100 * noise:.2g} % of each concentration, by its neighbours in time."
    yield Diagnostic("noise", text, recommendation)


def missing_values(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Gaps, and where they are most."""
    runs = sampled.runs
    if runs.missing:
        gaps = np.concatenate([np.isnan(run.concentrations) for run in runs.runs]).mean(axis=0)
        worst = int(gaps.argmax())
        text = (
            f"{count(runs.missing, 'value')} missing, most often of {runs.species_names[worst]} "
            f"({100 * gaps[worst]:.2g} %); rows that they touch are left out."
        )
        yield Diagnostic("missing", text)


def unknown_temperature(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """States without a temperature."""
    if any(np.isnan(run.temperature).any() for run in sampled.runs.runs):
        text = "The temperature is unknown: rate constants hold at that of the data alone."
        yield Diagnostic("temperature", text)


def amount_of_gas(sampled: SampledRuns) -> Iterator[Diagnostic]:
    """Concentrations that are off an ideal gas at their pressure by a factor that a unit makes, such as 1000."""
    ratios = []
    for run in sampled.runs.runs:
        total = run.concentrations.sum(axis=1)
        known = np.isfinite(total) & np.isfinite(run.pressure) & np.isfinite(run.temperature) & (total > 0)
        ratios.append(run.pressure[known] / (GAS_CONSTANT * run.temperature[known] * total[known]))
    every = np.concatenate(ratios)
    if not every.size or np.ptp(np.log(every)) >= _LOG_TOLERANCE:
        return
    ratio = float(np.median(every))
    factor = next((each for each in _UNIT_FACTORS if abs(np.log(ratio * each)) < _LOG_TOLERANCE), None)
    if factor is not None:
        yield Diagnostic(
            "unit",
            f"The concentrations add up to {1 / ratio:.3g} times what an ideal gas holds at the pressure and "
            "temperature in the table: a unit is wrong, or (below 1) most of the gas is not in the table.",
            f"Check the units of concentrations and pressure; rate constants of order two and more would be "
            f"off by powers of {max(factor, 1 / factor):g}.",
        )


QUESTIONS = (
    columns_left_out,
    amounts_from_nothing,
    few_runs,
    no_change,
    time_scales,
    constant_species,
    initial_conditions,
    expansion,
    gas_expands,
    elements,
    about_noise,
    missing_values,
    unknown_temperature,
    amount_of_gas,
)


def check_sampling(runs: Trajectories) -> Sampling:
    """What the sampling of runs can show, and what to measure next.

    Parameters
    ----------
    runs : Trajectories
        Any; perturbed states count as states, not as runs.

    Notes
    -----
    Noise is the median fourth difference of neighbouring samples [1]_; it needs runs of five samples or more.

    References
    ----------
    .. [1] T. Gasser, L. Sroka, C. Jennen-Steinmetz, "Residual variance and residual pattern in nonlinear regression",
       Biometrika 73, 625 (1986). https://doi.org/10.1093/biomet/73.3.625

    Examples
    --------
    >>> found = check_sampling(decay)
    >>> found.directions, found.diagnostics[0].kind
    (1, 'runs')
    """
    sampled = SampledRuns(runs)
    return Sampling(
        runs=len(sampled.measured),
        states=sum(len(run.time) for run in runs.runs),
        noise=sampled.noise,
        directions=sampled.directions,
        first_directions=sampled.initial_directions,
        diagnostics=tuple(each for question in QUESTIONS for each in question(sampled)),
    )
