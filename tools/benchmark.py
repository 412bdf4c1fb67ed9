"""Success and time of the learner over many seeds: each seed draws its own data and its own search.

    python tools/benchmark.py                          every example, 20 seeds, on one core
    python tools/benchmark.py --examples hydrogen-oxidation --seeds 5 -o benchmark.json
    python tools/benchmark.py --examples robertson brusselator lotka-volterra --settings 0 2
    python tools/benchmark.py --examples robertson brusselator lotka-volterra --settings 0 2 --without-catalysts

A run is a success where the status is ``recovered``, `mechlearn compare` finds nothing missing and nothing spurious,
and every rate constant is within 1e-6; with ``--without-catalysts`` where the status is ``needs-catalysts`` instead.
Times are the processor's for `discover` alone, and each is also given as a ratio to a
fixed piece of linear algebra timed in the same run, since machines differ.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mechlearn as ml
from mechlearn.study import example_studies, load_study

EXAMPLES = ("fuel-radical-product", "michaelis-menten", "hydrogen-oxidation", "crnn-case1")
CATALYSED = ("robertson", "brusselator", "lotka-volterra")
LARGEST_RATE_ERROR = 1e-6


@dataclass(frozen=True)
class Setting:
    """How the learner is asked."""

    name: str
    true_number: bool
    learn: dict[str, Any]


SETTINGS = (
    Setting("network, no conservation, auto", False, {"method": "network", "conserve": "none"}),
    Setting("network, no conservation, true number", True, {"method": "network", "conserve": "none"}),
    Setting("defaults, auto", False, {}),
    Setting("defaults, true number", True, {}),
)


def main() -> None:
    """Run what is asked for and print one line per cell."""
    arguments = parser().parse_args()
    torch.set_num_threads(1)
    unit = yardstick()
    print(f"yardstick: {unit:.4f} s\n")
    print(f"{'example':22} {'setting':38} {'success':>8} {'median s':>9} {'largest s':>9} {'median/yardstick':>17}")
    cells = []
    for example in arguments.examples:
        for number in arguments.settings:
            seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
            runs = [one_run(example, SETTINGS[number], seed, arguments) for seed in seeds]
            seconds = [run["seconds"] for run in runs]
            success = sum(run["success"] for run in runs)
            median = float(np.median(seconds))
            print(
                f"{example:22} {SETTINGS[number].name:38} {success:>5}/{len(runs)} {median:9.3f} {max(seconds):9.3f} "
                f"{median / unit:17.1f}",
                flush=True,
            )
            cells.append({"example": example, "setting": SETTINGS[number].name, "runs": runs})
    if arguments.output:
        arguments.output.write_text(json.dumps({"yardstick": unit, "cells": cells}, indent=1), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", nargs="+", default=EXAMPLES, choices=EXAMPLES + CATALYSED, metavar="NAME")
    options.add_argument("--settings", nargs="+", type=int, default=range(len(SETTINGS)), help="numbers from 0 to 3")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--first-seed", type=int, default=0)
    options.add_argument("--restarts", type=int, default=None)
    options.add_argument("--without-catalysts", action="store_true", help="learn with catalysts: false")
    options.add_argument("-o", "--output", type=Path, default=None, help="JSON file with every single run")
    return options


def one_run(example: str, setting: Setting, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Simulate, learn, compare with the truth."""
    study = load_study(example_studies()[example])
    source = study.source
    assert source is not None
    study = replace(study, source=replace(source, seed=seed))
    train, _ = ml.simulate(study).split(study.validate.hold_out, seed)
    truth = ml.read_mechanism(study.folder / source.mechanism)
    number = sum(1 for _ in truth.reactions)
    search = ml.Search(seed=seed, reactions=number if setting.true_number else "auto", **setting.learn)
    search = replace(search, catalysts=study.learn.catalysts and not asked.without_catalysts)
    if asked.restarts is not None:
        search = replace(search, restarts=asked.restarts)
    balances = ml.differential_balances(train)
    started = time.process_time()
    discovery = ml.discover(balances, search)
    seconds = time.process_time() - started
    comparison = ml.compare(discovery.mechanism, truth)
    error = comparison.max_relative_rate_error
    expected = "needs-catalysts" if asked.without_catalysts else "recovered"
    exact = discovery.status == expected and comparison.exact and error is not None and error < LARGEST_RATE_ERROR
    return {
        "seed": seed,
        "success": bool(exact),
        "status": discovery.status,
        "missing": [str(each) for each in comparison.missing],
        "spurious": [str(each) for each in comparison.spurious],
        "found_by": [list(each.found_by) for each in discovery.reactions],
        "rate_error": error,
        "seconds": seconds,
    }


def yardstick() -> float:
    """Seconds of a fixed batch of Cholesky factorisations, median of five."""
    matrices = torch.eye(60, dtype=torch.float64).repeat(200, 1, 1) * 2 + 0.01
    times = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(10):
            torch.linalg.cholesky(matrices)
        times.append(time.process_time() - started)
    return float(np.median(times))


if __name__ == "__main__":
    main()
