"""Learning from concentrations alone: exact sets and rate errors over fresh seeds.

    python tools/concentrations.py                                        every cell, 20 seeds
    python tools/concentrations.py --cases crnn-case1 --noise 0.05 --seeds 5 -o seeds.jsonl
    python tools/concentrations.py --grid coarse --noise 0 --seeds 5      the paper's grid, t = 0, 0.1, …, 1
    python tools/concentrations.py --method network                       by the signed-matrix network, or by both

With ``-o`` every seed is a line of that file, and those that are there are not done again.

Each seed draws 30 runs of its own: 61 log-spaced times from well below the fastest time scale (case 1: as published,
100 times, 0.4 s apart), no rates, normal noise on every value. A seed counts as exact where `mechlearn compare` finds
nothing missing and nothing spurious; as named where the truth is among the networks that ``ambiguous`` or
``undersampled`` lists. Seconds are processor time of the learning. Beside the rate errors stands the least that the
data allow.
On the coarse grid fast reactions end before the second sample: there the errors of ratios and of the rate constants
that are determined are given, how often the bounds of the others hold, and what share of a flux false reactions have.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import mechlearn as ml
from mechlearn.data.noise.concentration_noise import Noise
from mechlearn.discovery.fit.refine import problem_of
from mechlearn.discovery.fit.run_arrays import run_arrays
from mechlearn.discovery.fit.trajectory_fit import information
from mechlearn.discovery.fit.trajectory_result import TrajectoryFit
from mechlearn.simulation.mass_action.steps import Steps
from mechlearn.simulation.mechanisms import find_mechanism
from mechlearn.simulation.settings import Sample, Times
from mechlearn.study.schema import example_studies, load_study

TIMES = {
    "fuel-radical-product": Times(end=5.0, count=61, spacing="log", start=5e-6),
    "michaelis-menten": Times(end=2.0, count=61, spacing="log", start=1e-8),
    "hydrogen-oxidation": Times(end=1.0, count=61, spacing="log", start=3e-7),
    "crnn-case1": Times(end=39.6, count=100),
    "h2o2-trajectories": Times(end=0.1, count=61, spacing="log", start=5e-9),
}
COARSE = Times(end=1.0, count=11)
EXAMPLES = tuple(case for case in TIMES if case != "h2o2-trajectories")


def exact_runs(case: str, seed: int, runs: int = 30, times: Times | None = None) -> ml.Trajectories:
    """Runs without noise and without rates."""
    study = load_study(example_studies()[case])
    source = study.source
    assert source is not None
    assert isinstance(source.initial, Sample)
    source = replace(source, seed=seed, times=times or TIMES[case], initial=replace(source.initial, runs=runs))
    made = ml.simulate(replace(study, source=replace(source, noise=None)))
    return made.select([replace(run, rates=None) for run in made.runs])


def noisy(runs: ml.Trajectories, level: float, seed: int, additive: bool = False) -> ml.Trajectories:
    """The same with normal noise on every value: relative, or as a share of the species' range."""
    draw = np.random.default_rng([seed, 99])
    span = np.ptp(np.concatenate([run.concentrations for run in runs.runs]), axis=0)
    size = [span if additive else run.concentrations for run in runs.runs]
    return runs.select(
        [
            replace(run, concentrations=run.concentrations + level * s * draw.standard_normal(run.concentrations.shape))
            for run, s in zip(runs.runs, size, strict=True)
        ]
    )


def main() -> None:
    """Run what is asked for and print one line per cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=EXAMPLES, choices=list(TIMES), metavar="CASE")
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0, 0.01, 0.05, 0.1])
    parser.add_argument("--additive", action="store_true", help="noise as a share of the species' range")
    parser.add_argument("--grid", choices=["fine", "coarse"], default="fine", help="coarse: t = 0, 0.1, …, 1")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--method", choices=["auto", "network", "both"], default="auto")
    parser.add_argument("-o", "--output", type=Path, default=None, help="file of JSON lines, one a seed")
    parser.add_argument("--table", action="store_true", help="only the table of what is there")
    arguments = parser.parse_args()
    asked = {"additive": arguments.additive, "grid": arguments.grid, "method": arguments.method}
    cells = [(case, level) for case in arguments.cases for level in arguments.noise]
    done = [line for line in lines_of(arguments.output) if asked.items() <= line.items()]
    for seed in range(arguments.first_seed, arguments.first_seed + (0 if arguments.table else arguments.seeds)):
        for case, level in cells:
            if not any((line["case"], line["noise"], line["seed"]) == (case, level, seed) for line in done):
                line = {"case": case, "noise": level} | asked | one_seed(case, level, seed, **asked)
                done.append(line)
                if arguments.output:
                    with arguments.output.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")
    print(
        f"{'case':22} {'noise':>6} {'exact':>7} {'or named':>9} {'rate error, median':>19} {'largest':>9} {'least':>8} "
        f"{'wrong recovered':>16} {'s, median':>10} {'largest':>8}"
    )
    for case, level in cells:
        mine = [line for line in done if (line["case"], line["noise"]) == (case, level)]
        if mine:
            print(_line(case, level, mine))
            if arguments.grid == "coarse":
                print(_coarse_line([each["coarse"] for each in mine if each["coarse"]]))


def lines_of(path: Path | None) -> Iterator[dict[str, Any]]:
    """The seeds done so far."""
    if path is not None and path.is_file():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def least_error(truth: ml.Mechanism, exact: ml.Trajectories, level: float, additive: bool) -> float | None:
    """Median of the worst rate error that the data allow with the true network given, by the bound of Cramér and Rao.

    First states are unknown too, as in learning; no unbiased estimate of ln k has a smaller covariance. None without
    noise, and where rate laws are not those that can be fitted.
    """
    if not level or any(each.third_body or each.reversible for each in truth.reactions):
        return None
    by_name = {species.name: species for species in truth.species}
    truth = replace(truth, species=tuple(by_name[name] for name in exact.species_names))
    values = np.concatenate([run.concentrations for run in exact.runs])
    span = np.ptp(values, axis=0)
    noise = Noise(0.0, level * span) if additive else Noise(level, 1e-6 * level * values.max(axis=0))
    data = run_arrays(exact)
    problem, theta = problem_of(truth, data, noise)
    problem = replace(problem, steps=Steps.from_the_first(data.time.shape[1] - 1))
    state = problem.evaluate(theta, data.first)
    assert state is not None
    state = state.resolved()
    covariance = information(replace(state, problem=state.problem.with_weights(state.samples))).covariance()
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(len(theta)), covariance, size=2000)
    return float(np.median(np.abs(np.expm1(draws)).max(axis=1)))


def on_coarse_grid(found: TrajectoryFit, truth: ml.Mechanism, names: tuple[str, ...]) -> dict[str, Any]:
    """What is known of rate constants whose reactions end before the second sample."""
    known = {}
    for reaction in truth.reactions:
        forward, back = reaction.rate, reaction.reverse_rate
        known[_key((dict(reaction.reactants), dict(reaction.products)), names)] = forward.A if forward else 0.0
        if back is not None:
            known[_key((dict(reaction.products), dict(reaction.reactants)), names)] = back.A
    mine = {(each.direction.reactants, each.direction.products): each for each in found.found}
    there = {key: each for key, each in mine.items() if key in known}
    sure = [abs(each.constant / known[key] - 1) for key, each in there.items() if each.bounds is None]
    ratios = [
        abs(each.constant / there[key[::-1]].constant * known[key[::-1]] / known[key] - 1)
        for key, each in there.items()
        if key[::-1] in there
    ]
    limits = [(each.bounds, known[key]) for key, each in there.items() if each.bounds is not None]
    return {
        "determined": max(sure, default=0.0),
        "ratios": max(ratios, default=0.0),
        "bounded": len(limits),
        "bounds_hold": sum((low or 0.0) <= k <= (high or np.inf) for (low, high), k in limits),
        "one_sided": sum(None in each for each, _ in limits),
        "false_share": max((each.contribution for key, each in mine.items() if key not in known), default=0.0),
    }


def one_seed(case: str, level: float, seed: int, additive: bool, grid: str, method: Any) -> dict[str, Any]:
    """Learn from one draw and compare with the truth."""
    exact = exact_runs(case, seed, times=COARSE if grid == "coarse" else None)
    runs = noisy(exact, level, seed, additive)
    study = load_study(example_studies()[case])
    assert study.source is not None
    truth = ml.read_mechanism(find_mechanism(study.source.mechanism, study.folder), study.source.phase or "")
    started = time.process_time()
    search = replace(study.learn, method=method)
    balances, balances_text = ml.chosen_balances(runs, search)
    discovery = ml.discover(balances, search)
    seconds = time.process_time() - started
    plain = all(each.reverse_rate is not None or not each.reversible for each in truth.reactions)
    comparison = ml.compare(discovery.mechanism, truth, stoichiometry=not plain)
    found = discovery.trajectory_fit
    names = discovery.mechanism.species_names
    true_set = {_key(r, names) for r in _one_way(truth)}
    named = found is not None and any(
        {(d.reactants, d.products) for d in each.directions} == true_set for each in found.alternatives
    )
    return {
        "seed": seed,
        "exact": comparison.exact,
        "true": len(comparison.matched),
        "named": bool(comparison.exact or (discovery.status in ("ambiguous", "undersampled") and named)),
        "status": discovery.status,
        "coarse": on_coarse_grid(found, truth, names) if grid == "coarse" and found else None,
        "rate_error": comparison.max_relative_rate_error,
        "least_error": least_error(truth, exact, level, additive),
        "missing": [str(each) for each in comparison.missing],
        "spurious": [str(each) for each in comparison.spurious],
        "found_by": [list(each.found_by) for each in discovery.reactions],
        "balances": balances_text,
        "noise_found": discovery.noise,
        "seconds": seconds,
    }


def _one_way(mechanism: ml.Mechanism) -> list[tuple[dict[str, float], dict[str, float]]]:
    sides = []
    for reaction in mechanism.reactions:
        sides.append((dict(reaction.reactants), dict(reaction.products)))
        if reaction.reverse_rate is not None:
            sides.append((dict(reaction.products), dict(reaction.reactants)))
    return sides


def _key(sides: tuple[dict[str, float], dict[str, float]], names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(side.get(name, 0)) for name in names) for side in sides)


def _line(case: str, level: float, done: list[dict[str, Any]]) -> str:
    exact = [each for each in done if each["exact"]]
    errors = [np.nan if each["rate_error"] is None else each["rate_error"] for each in exact] or [np.nan]
    seconds = [each["seconds"] for each in done]
    least = np.median([each["least_error"] or 0.0 for each in done])
    wrong = sum(each["status"] == "recovered" and not each["exact"] for each in done)
    named = sum(each["named"] for each in done)
    return (
        f"{case:22} {level:6g} {len(exact):>4}/{len(done)} {named:>6}/{len(done)} {np.median(errors):19.2g} "
        f"{max(errors):9.2g} {least:8.2g} {wrong:16} {np.median(seconds):10.1f} {max(seconds):8.1f}"
    )


def _coarse_line(done: list[dict[str, Any]]) -> str:
    worst = {key: max((each[key] for each in done), default=np.nan) for key in ("ratios", "determined", "false_share")}
    bounded, hold, one_sided = (sum(each[key] for each in done) for key in ("bounded", "bounds_hold", "one_sided"))
    return (
        f"  ratios within {worst['ratios']:.1g}, determined rate constants within {worst['determined']:.1g}, false "
        f"ones {worst['false_share']:.1g} of a flux at most; {hold} of {bounded} bounds hold, {one_sided} on one side"
    )


if __name__ == "__main__":
    main()
