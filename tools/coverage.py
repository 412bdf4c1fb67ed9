"""Do 95 % intervals hold the truth as often as they say? Many synthetic data sets, each learnt from and judged.

    python tools/coverage.py -o coverage.jsonl                 1200 sets: four mechanisms, three noise levels, 100 each
    python tools/coverage.py -o coverage.jsonl --sets 25       fewer; run again with more, and only those are added
    python tools/coverage.py -o coverage.jsonl --table         only the table of what is there
    python tools/coverage.py -o given.jsonl --given            the same sets with the reactions given: 2 minutes
    python tools/coverage.py -o support.jsonl --support 20 --noise 0.1 0.3 --runs 10 --sets 5
                                                               support of true and of false reactions by a bootstrap

Each set draws its own first states and Gaussian noise, relative to each rate, and has its own search. Only sets whose
reactions are exactly the true ones tell of coverage; their share is given. Each line of the file is one set. With
``--given`` only the rate constants are fitted, as the search does in the end: where it finds the true reactions, the
intervals are the same.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mechlearn as ml
from mechlearn.alternatives.find import one_way
from mechlearn.conditions import Sample
from mechlearn.learning.rates import fit_rates
from mechlearn.learning.scaling import scaled
from mechlearn.study import example_studies

EXAMPLES = ("fuel-radical-product", "michaelis-menten", "hydrogen-oxidation", "crnn-case1")
LEVELS = (1e-3, 1e-2, 5e-2)


def main() -> None:
    """Add what is missing to the file, then print the table."""
    arguments = parser().parse_args()
    torch.set_num_threads(1)
    if not arguments.table:
        done = {(line["example"], line["noise"], line["seed"]) for line in lines_of(arguments.output)}
        with arguments.output.open("a", encoding="utf-8") as file:
            for seed in range(arguments.sets):
                for example in arguments.examples:
                    for noise in arguments.noise:
                        if (example, noise, seed) not in done:
                            line = one_set(example, noise, seed, arguments)
                            file.write(json.dumps(line) + "\n")
                            file.flush()
    print(table(list(lines_of(arguments.output))))


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("-o", "--output", type=Path, required=True, help="file of JSON lines")
    options.add_argument("--sets", type=int, default=100)
    options.add_argument("--examples", nargs="+", default=EXAMPLES, choices=EXAMPLES, metavar="NAME")
    options.add_argument("--noise", nargs="+", type=float, default=LEVELS)
    options.add_argument("--runs", type=int, default=30, help="runs of 11 states in each set")
    options.add_argument("--support", type=int, default=0, help="resamples of a bootstrap for each set")
    options.add_argument("--given", action="store_true", help="the true reactions are given")
    options.add_argument("--seconds", type=float, default=120, help="longest search, each of a bootstrap's as well")
    options.add_argument("--table", action="store_true", help="only the table")
    return options


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The sets done so far."""
    if path.is_file():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def one_set(example: str, noise: float, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Simulate, add noise, learn, and compare every interval with the truth."""
    study = ml.load_study(example_studies()[example])
    source = study.source
    assert source is not None
    assert isinstance(source.initial, Sample)
    drawn = replace(source, seed=1000 + seed, initial=replace(source.initial, runs=arguments.runs))
    data = noisy(ml.simulate(replace(study, source=drawn)), noise, seed)
    truth = ml.read_mechanism(study.folder / source.mechanism)
    started = time.process_time()
    search = ml.Search(seed=seed, seconds=arguments.seconds)
    balances = ml.differential_balances(data)
    if arguments.given:
        mechanism, status, exact = fitted(truth, balances), "given", True
        finders: list[list[str]] = []
    else:
        found = ml.discover(balances, search)
        mechanism, status = found.mechanism, found.status
        exact = bool(found.reactions) and ml.compare(mechanism, truth).exact
        finders = [list(each.found_by) for each in found.reactions]
    seconds = time.process_time() - started
    line = {
        "example": example,
        "noise": noise,
        "seed": seed,
        "status": status,
        "exact": exact,
        "found_by": finders,
        "seconds": seconds,
    }
    if arguments.support:
        support = ml.bootstrap_support(truth, data, search, resamples=arguments.support, backend="sequential")
        line |= {"true": support.reactions, "false": [share for _, share in support.others]}
    if not mechanism.reactions:
        return line | {"rates": []}
    known = dict(one_way_rates(truth))
    told = ml.estimate_uncertainty(mechanism, balances)
    rates = []
    for each in told.rates:
        reaction = mechanism.reactions[each.reactions[0]]
        sides = (dict(reaction.reactants), dict(reaction.products))
        key = sides_key(*(sides if each.part == "forward" else sides[::-1]))
        rates.append({"truth": known.get(key), "low": each.low, "high": each.high, "std_error": each.std_error})
    return line | {"rates": rates}


def fitted(truth: ml.Mechanism, balances: ml.Balances) -> ml.Mechanism:
    """The true reactions at the rate constants that fit best."""
    problem, directions = scaled(balances), tuple(direction for direction, _ in one_way(truth))
    fit = fit_rates(problem, directions)
    orders = np.array([each.reactants for each in directions])
    constants = iter(problem.rate_constants(fit.constants, orders).tolist())

    def next_rate(rate: ml.Arrhenius | None) -> ml.Arrhenius | None:
        return None if rate is None else ml.Arrhenius(next(constants))

    return replace(
        truth,
        reactions=tuple(
            replace(each, rate=next_rate(each.rate), reverse_rate=next_rate(each.reverse_rate))
            for each in truth.reactions
        ),
    )


def noisy(data: ml.Trajectories, noise: float, seed: int) -> ml.Trajectories:
    """Every production rate multiplied by 1 + noise · N(0, 1)."""
    generator = np.random.default_rng([seed, round(1e6 * noise)])
    return data.select(
        [
            replace(run, rates=run.rates * (1 + noise * generator.normal(size=run.rates.shape)))
            for run in data.runs
            if run.rates is not None
        ]
    )


def sides_key(reactants: dict[str, float], products: dict[str, float]) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Both sides, whatever their order."""
    return tuple(sorted(reactants.items())), tuple(sorted(products.items()))


def one_way_rates(mechanism: ml.Mechanism) -> Iterator[tuple[tuple[tuple[tuple[str, float], ...], ...], float]]:
    """Each one-way reaction with its rate constant."""
    for reaction in mechanism.reactions:
        sides = (dict(reaction.reactants), dict(reaction.products))
        if reaction.rate is not None:
            yield sides_key(*sides), reaction.rate.A
        if reaction.reverse_rate is not None:
            yield sides_key(*sides[::-1]), reaction.reverse_rate.A


def table(lines: list[dict[str, Any]]) -> str:
    """Sets, exact structures, intervals that hold the truth, cell by cell and pooled.

    The standard error counts sets, since the intervals of one set hold or miss together.
    """
    rows = ["| example | noise | sets | exact | intervals | hold the truth | with standard error |", "|---" * 7 + "|"]
    cells = sorted({(line["example"], line["noise"]) for line in lines})
    for example, noise in [*cells, ("all", None)]:
        mine = [each for each in lines if noise is None or (each["example"], each["noise"]) == (example, noise)]
        told = [each["rates"] for each in mine if each["exact"]]
        held = np.array([sum((r["low"] or 0) <= r["truth"] <= (r["high"] or math.inf) for r in each) for each in told])
        counts = np.array([len(each) for each in told])
        exact = sum(each["exact"] for each in mine)
        share = held.sum() / counts.sum() if told else math.nan
        error = math.sqrt(np.sum((held - share * counts) ** 2)) / counts.sum() if told else math.nan
        rows.append(
            f"| {example} | {'' if noise is None else f'{noise:g}'} | {len(mine)} | {exact} | {counts.sum()} | "
            f"{100 * share:.1f} % | {100 * error:.1f} % |"
        )
    rows += supports([each for each in lines if "true" in each])
    wrong = [each for each in lines if each["status"] == "recovered" and not each["exact"]]
    rows.append(f"\nCalled `recovered` and wrong: {len(wrong)} of {len(lines)} sets.")
    rows += [f"- {each['example']}, noise {each['noise']:g}, seed {each['seed']}" for each in wrong]
    return "\n".join(rows)


def supports(lines: list[dict[str, Any]]) -> list[str]:
    """Reactions by the share of resamples in which they stand, the true ones beside the false ones."""
    if not lines:
        return []
    edges = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.01)
    rows = ["", "| support | true reactions | false reactions |", "|---|---|---|"]
    counts = [np.histogram([share for each in lines for share in each[kind]], edges)[0] for kind in ("true", "false")]
    for low, high, true, false in zip(edges, edges[1:], *counts, strict=False):
        rows.append(f"| {100 * low:.0f} to {100 * min(high, 1):.0f} % | {true} | {false} |")
    return rows


if __name__ == "__main__":
    main()
