"""Is a wrong network ever called ``recovered`` from concentrations alone? Tables whose truth is hard or impossible.

Each is learnt as `mechlearn learn` learns it: one run held out, validated, with its alternatives. ``right`` counts
the exact network (also where it comes with another status), where mass action has one.

    python tools/confident_wrong_tables.py --seeds 5
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import mechlearn as ml
from mechlearn.study.run import learn_runs

Array = NDArray[np.float64]
Law = Callable[[Array], list[float]]

TRUTHS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Law, tuple[str, ...]]] = {
    "second order": (("A", "P"), ("A", "P"), lambda c: [-(c[0] ** 2), c[0] ** 2], ("2 A => 2 P",)),
    "two second orders": (
        ("A", "B", "P"),
        ("A", "B", "P"),
        lambda c: [-(c[0] ** 2), c[0] ** 2 - 0.5 * c[1] ** 2, 0.5 * c[1] ** 2],
        ("2 A => 2 B", "2 B => 2 P"),
    ),
    "autocatalysis": (("A", "P"), ("A", "P"), lambda c: [-c[0] * c[1], c[0] * c[1]], ("A + P => 2 P",)),
    "hidden intermediate": (("A", "X", "P"), ("A", "P"), lambda c: [-c[0], c[0] - c[1], c[1]], ()),
    "hidden reactant": (("A", "B", "P"), ("A", "P"), lambda c: [-c[0] * c[1]] * 2 + [c[0] * c[1]], ()),
    "hidden catalyst": (
        ("A", "C", "P"),
        ("A", "P"),
        lambda c: [-c[0] * c[1], -0.7 * c[1], c[0] * c[1]],
        (),
    ),
    "saturating": (("A", "P"), ("A", "P"), lambda c: [-c[0] / (0.3 + c[0]), c[0] / (0.3 + c[0])], ()),
    "inhibited": (
        ("A", "P"),
        ("A", "P"),
        lambda c: [-c[0] / (1 + 4 * c[1]), c[0] / (1 + 4 * c[1])],
        (),
    ),
    "half order": (
        ("A", "P"),
        ("A", "P"),
        lambda c: [-np.sqrt(max(c[0], 0.0)), np.sqrt(max(c[0], 0.0))],
        (),
    ),
    "consecutive": (
        ("A", "B", "C"),
        ("A", "B", "C"),
        lambda c: [-c[0], c[0] - 0.6 * c[1], 0.6 * c[1]],
        ("A => B", "B => C"),
    ),
}
"""By name: species, those measured, their rates of change, and the network where mass action has one."""
AT_FIRST = {"A": 1.0, "B": 1.0, "P": 0.3, "C": 0.3}
"""What species there are at first: by what the amounts drawn anew for each run are multiplied."""


def table(case: str, seed: int, noise: float, runs: int, samples: int) -> ml.Trajectories:
    """Runs of a case from drawn initial states, with noise relative to each value."""
    species, measured, law, _ = TRUTHS[case]
    generator = np.random.default_rng(seed)
    time_points = np.linspace(0.0, 4.0, samples)
    histories = []
    for number in range(runs):
        first = [generator.uniform(0.3, 1.5) * AT_FIRST.get(name, 0.0) for name in species]
        solved = solve_ivp(
            lambda _, c: law(c), (0.0, 4.0), first, t_eval=time_points, rtol=1e-10, atol=1e-12, method="LSODA"
        )
        values = solved.y.T[:, [species.index(name) for name in measured]]
        values = values * (1 + noise * generator.standard_normal(values.shape))
        unknown = np.full(samples, np.nan)
        histories.append(ml.Trajectory(time_points, values, unknown, unknown, name=f"run{number + 1}"))
    return ml.Trajectories(tuple(ml.Species(name) for name in measured), tuple(histories))


def main() -> None:
    """Learn every case at every noise, count statuses, and name each confident wrong answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01, 0.05, 0.1])
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--samples", type=int, default=21)
    parser.add_argument("--cases", nargs="+", default=list(TRUTHS), choices=list(TRUTHS), metavar="CASE")
    arguments = parser.parse_args()
    print("| case | noise | searches | right | statuses | recovered and wrong | s |\n|---|---|---|---|---|---|---|")
    wrong: list[str] = []
    for case in arguments.cases:
        truth = set(TRUTHS[case][3])
        for noise in arguments.noise:
            statuses, right, started = Counter[str](), 0, time.process_time()
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
                runs = table(case, seed, noise, arguments.runs, arguments.samples)
                with tempfile.TemporaryDirectory() as folder:
                    outcome = learn_runs(runs, ml.Study(data=("table.csv",)), Path(folder) / "learned.yaml")
                found = set(outcome.discovery.mechanism.equations)
                statuses[outcome.status] += 1
                right += bool(truth) and found == truth
                if outcome.status == "recovered" and found != truth:
                    wrong.append(f"{case}, noise {noise:g}, seed {seed}: {', '.join(sorted(found))}")
            counted = ", ".join(f"{status} {count}" for status, count in statuses.most_common())
            here = sum(each.startswith(f"{case}, noise {noise:g},") for each in wrong)
            spent = (time.process_time() - started) / arguments.seeds
            print(
                f"| {case} | {noise:g} | {arguments.seeds} | {right} | {counted} | {here} | {spent:.1f} |", flush=True
            )
    print(f"\nRecovered and wrong: {len(wrong)}")
    for each in wrong:
        print(f"- {each}")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
