"""Is a wrong mechanism ever called ``recovered``? Learning from data of all kinds that invite it.

    python tools/confident_wrong.py                        every case, 5 seeds each
    python tools/confident_wrong.py --cases "few rows" --seeds 20
    python tools/confident_wrong.py -o wrong.jsonl         keeps each search; run again, and only missing ones are added

Cases: noise up to 20 %, too few runs, too few reactions offered, a missing species, a wrong reactor (one that dilutes,
and Cantera's at constant pressure, both read as constant volume), a wrong unit, catalysts switched off, rate laws that
are not of mass action, and random walks. Each seed draws its own data and search. An answer is
wrong and confident if its status is ``recovered`` and a reaction is missing or spurious; where the truth cannot be
learnt, as from random walks, every ``recovered`` is.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
import torch

import mechlearn as ml
from mechlearn.conditions import Sample
from mechlearn.sampling import check_sampling
from mechlearn.study import example_studies

EXAMPLES = ("fuel-radical-product", "michaelis-menten", "hydrogen-oxidation", "crnn-case1")
Data = tuple[ml.Trajectories, ml.Mechanism | None, dict[str, Any]]


def simulated(example: str, seed: int, runs: int = 30) -> tuple[ml.Trajectories, ml.Mechanism]:
    """Runs of an example with first states of their own, and the truth."""
    study = ml.load_study(example_studies()[example])
    source = study.source
    assert source is not None
    assert isinstance(source.initial, Sample)
    drawn = replace(source, seed=2000 + seed, initial=replace(source.initial, runs=runs))
    return ml.simulate(replace(study, source=drawn)), ml.read_mechanism(study.folder / source.mechanism)


def with_rates(runs: ml.Trajectories, rule: Callable[[ml.Trajectory], np.ndarray]) -> ml.Trajectories:
    """The same states with other production rates."""
    return runs.select([replace(run, rates=rule(run)) for run in runs.runs])


def noisy(example: str, seed: int, level: float, runs: int = 30) -> Data:
    """Every rate multiplied by 1 + level · N(0, 1)."""
    data, truth = simulated(example, seed, runs)
    generator = np.random.default_rng(seed)

    def rule(run: ml.Trajectory) -> np.ndarray:
        assert run.rates is not None
        return np.asarray(run.rates * (1 + level * generator.normal(size=run.rates.shape)))

    return with_rates(data, rule), truth, {}


def few_rows(example: str, seed: int) -> Data:
    """One reaction less offered than there are."""
    data, truth = simulated(example, seed)
    count = len({frozenset((frozenset(r.reactants.items()), frozenset(r.products.items()))) for r in truth.reactions})
    return data, truth, {"reactions": count - 1, "conserve": "none"}


def missing_species(example: str, seed: int) -> Data:
    """The last species is not in the table; the truth is what is left of the reactions, if it does not react itself."""
    data, truth = simulated(example, seed)
    gone = data.species[-1].name
    keep = np.arange(len(data.species) - 1)
    runs = [
        replace(run, concentrations=run.concentrations[:, keep], rates=run.rates[:, keep])
        for run in data.runs
        if run.rates is not None
    ]
    species = tuple(replace(data.species[i], composition={}) for i in keep)
    reacts = any(gone in r.reactants or (r.reverse_rate is not None and gone in r.products) for r in truth.reactions)
    left = [replace(r, products={n: c for n, c in r.products.items() if n != gone}) for r in truth.reactions]
    known = None if reacts else ml.Mechanism(species, tuple(left))
    return ml.Trajectories(species, tuple(runs)), known, {}


def diluting(example: str, seed: int) -> Data:
    """A vessel whose volume grows, as at constant pressure, taken for one that does not: all are diluted."""
    data, _ = simulated(example, seed)

    def rule(run: ml.Trajectory) -> np.ndarray:
        assert run.rates is not None
        speed = run.rates.sum(axis=1, keepdims=True) / np.maximum(run.concentrations.sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(run.rates - run.concentrations * (0.3 + speed))

    return with_rates(data, rule), None, {}


def at_constant_pressure(example: str, seed: int) -> Data:
    """Cantera's isothermal reactor at constant pressure, its dc/dt taken for production at constant volume."""
    data, truth = simulated(example, seed)
    gas = ml.to_cantera(truth)
    runs = []
    for run in data.runs:
        gas.TDX = run.temperature[0], 1.0, run.concentrations[0]
        gas.TP = run.temperature[0], ct.gas_constant * run.temperature[0] * run.concentrations[0].sum()
        reactor = ct.IdealGasConstPressureReactor(gas, energy="off", clone=False)
        net, states, rates = ct.ReactorNet([reactor]), [], []
        net.rtol, net.atol = 1e-10, 1e-16
        for moment in run.time:
            if moment > 0:
                net.advance(moment)
            made, there = gas.net_production_rates, gas.concentrations
            states.append(there)
            rates.append(made - there * made.sum() / there.sum())
        runs.append(replace(run, concentrations=np.array(states), rates=np.array(rates)))
    swells = any(sum(r.reactants.values()) != sum(r.products.values()) for r in truth.reactions)
    return data.select(runs), None if swells else truth, {}


def wrong_unit(example: str, seed: int) -> Data:
    """Concentrations and rates a thousand times too large, beside the right pressure and temperature."""
    data, _ = simulated(example, seed)
    runs = [
        replace(run, concentrations=1e3 * run.concentrations, rates=1e3 * run.rates)
        for run in data.runs
        if run.rates is not None
    ]
    return data.select(runs), None, {}


def saturating(example: str, seed: int) -> Data:
    """The first species turns into the second at c/(K + c), which is not of mass action."""
    data, _ = simulated(example, seed)

    def rule(run: ml.Trajectory) -> np.ndarray:
        rates = np.zeros_like(run.concentrations)
        rates[:, 1] = run.concentrations[:, 0] / (0.3 + run.concentrations[:, 0])
        rates[:, 0] = -rates[:, 1]
        return rates

    return with_rates(data, rule), None, {}


def autocatalysis(example: str, seed: int) -> Data:
    """A + B => 2 B, with catalysts switched off."""
    data, _ = simulated(example, seed)

    def rule(run: ml.Trajectory) -> np.ndarray:
        rates = np.zeros_like(run.concentrations)
        rates[:, 1] = run.concentrations[:, 0] * run.concentrations[:, 1]
        rates[:, 0] = -rates[:, 1]
        return rates

    return with_rates(data, rule), None, {"catalysts": False}


def random_walk(example: str, seed: int) -> Data:
    """Rates that wander without a law."""
    data, _ = simulated(example, seed)
    generator = np.random.default_rng(seed)
    return with_rates(data, lambda run: np.cumsum(generator.normal(size=run.concentrations.shape), axis=0)), None, {}


CASES: dict[str, Callable[[str, int], Data]] = {
    "noise 1 %": lambda example, seed: noisy(example, seed, 0.01),
    "noise 5 %": lambda example, seed: noisy(example, seed, 0.05),
    "noise 10 %": lambda example, seed: noisy(example, seed, 0.1),
    "noise 20 %": lambda example, seed: noisy(example, seed, 0.2),
    "one run": lambda example, seed: noisy(example, seed, 0.0, runs=1),
    "three runs": lambda example, seed: noisy(example, seed, 0.0, runs=3),
    "three runs, noise 5 %": lambda example, seed: noisy(example, seed, 0.05, runs=3),
    "few rows": few_rows,
    "missing species": missing_species,
    "wrong reactor": diluting,
    "constant pressure": at_constant_pressure,
    "wrong unit": wrong_unit,
    "not mass action": saturating,
    "catalysts off": autocatalysis,
    "random walks": random_walk,
}


def main() -> None:
    """Search what is missing, then count statuses case by case, and name every confident wrong answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, help="file of JSON lines")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES), metavar="CASE")
    parser.add_argument("--examples", nargs="+", default=EXAMPLES, choices=EXAMPLES, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="longest search")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    output: Path | None = arguments.output
    kept = output.read_text(encoding="utf-8").splitlines() if output and output.is_file() else []
    done = {(each["case"], each["seed"], each["example"]): each for each in map(json.loads, kept)}
    print("| case | searches | right | statuses | recovered and wrong |\n|---|---|---|---|---|")
    every: list[dict[str, Any]] = []
    for case in arguments.cases:
        mine = []
        for seed in range(arguments.seeds):
            for example in arguments.examples:
                if (case, seed, example) in done:
                    mine.append(done[case, seed, example])
                    continue
                mine.append(searched(case, example, seed, arguments.seconds))
                if output:
                    with output.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(mine[-1]) + "\n")
        statuses = Counter(each["status"] for each in mine)
        told = ", ".join(f"{status} {count}" for status, count in statuses.most_common())
        wrong = [each for each in mine if each["status"] == "recovered" and not each["exact"]]
        print(f"| {case} | {len(mine)} | {sum(each['exact'] for each in mine)} | {told} | {len(wrong)} |", flush=True)
        every += wrong
    print(f"\nRecovered and wrong: {len(every)}")
    for each in every:
        print(f"- {each['case']}, {each['example']}, seed {each['seed']}: {', '.join(each['equations'])}")


def searched(case: str, example: str, seed: int, seconds: float, rounds: int = 40) -> dict[str, Any]:
    """One search of so many rounds at most, as `run` would judge it, and whether it is right."""
    runs, truth, keys = CASES[case](example, seed)
    asked: dict[str, Any] = {"seed": seed, "seconds": seconds, "optimizer": ml.LevenbergMarquardt(rounds=rounds)}
    search = ml.Search(**(asked | keys))
    balances = ml.differential_balances(runs)
    started = time.process_time()
    found = ml.discover(balances, search)
    spent = time.process_time() - started
    status = found.status
    if status == "recovered" and ml.find_alternatives(found.mechanism, balances, search).as_small:
        status = "ambiguous"
    if any(each.kind == "unit" for each in check_sampling(runs).findings):
        status = "unit flagged"
    return {
        "case": case,
        "seed": seed,
        "example": example,
        "status": status,
        "exact": truth is not None and bool(found.reactions) and ml.compare(found.mechanism, truth).exact,
        "equations": found.mechanism.equations,
        "seconds": spent,
    }


if __name__ == "__main__":
    main()
