"""How long a table of 10⁶ rows and 20 species takes to read and to learn from, and how much memory.

    python tools/large_table.py                   reading alone
    python tools/large_table.py --learn           and learning: reactions against the true ones

The species are what A, B, C, D and E join to, step by step, in 19 one-way reactions; initial states are random and the
table holds concentrations alone. Seconds are processor time, memory is the largest of the process so far.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import mechlearn as ml
from mechlearn.data.sampling.check_sampling import check_sampling
from mechlearn.study.run import learn_runs
from mechlearn.study.schema import Study

Array = NDArray[np.float64]

SPECIES = [
    "A",
    "B",
    "C",
    "D",
    "E",
    "AB",
    "BC",
    "CD",
    "DE",
    "AE",
    "ABC",
    "CDE",
    "ABCD",
    "ABCDE",
    "AA",
    "BB",
    "CC",
    "DD",
    "EE",
    "AAB",
]
REACTIONS = [
    "A + B => AB",
    "AB => A + B",
    "C + D => CD",
    "CD => C + D",
    "D + E => DE",
    "B + C => BC",
    "A + E => AE",
    "AB + C => ABC",
    "ABC => AB + C",
    "CD + E => CDE",
    "ABC + D => ABCD",
    "ABCD + E => ABCDE",
    "ABCDE => ABCD + E",
    "2 A => AA",
    "2 B => BB",
    "2 C => CC",
    "2 D => DD",
    "2 E => EE",
    "AA + B => AAB",
]
TIMES, END = 1000, 2.0


def sides(equation: str) -> tuple[Array, Array]:
    """Molecules of each species on the left and on the right."""
    found = []
    for side in equation.split(" => "):
        counts = np.zeros(len(SPECIES))
        for term in side.split(" + "):
            number, _, name = term.rpartition(" ")
            counts[SPECIES.index(name)] += float(number or 1)
        found.append(counts)
    return found[0], found[1]


def truth() -> ml.Mechanism:
    """The reactions with rate constants between 1 and 10."""
    rates = np.random.default_rng(1).uniform(1, 10, len(REACTIONS))
    reactions = []
    for equation, k in zip(REACTIONS, rates, strict=True):
        left, right = ({n: c for n, c in zip(SPECIES, side, strict=True) if c} for side in sides(equation))
        reactions.append(ml.Reaction(left, right, ml.Arrhenius(float(k))))
    return ml.Mechanism(tuple(ml.Species(name) for name in SPECIES), tuple(reactions))


def time_histories(runs: int) -> Array:
    """Concentrations of all runs at all times, shape (runs, times, species)."""
    known = truth()
    orders, net = known.reactants, known.net
    constants = np.array([r.rate.A for r in known.reactions if r.rate is not None])
    first = np.random.default_rng(0).uniform(0, 1, (runs, len(SPECIES)))

    def change(_: float, flat: Array) -> Array:
        states = flat.reshape(runs, -1)
        rates = constants * np.prod(states[:, None] ** orders, axis=2)
        return np.asarray(rates @ net).ravel()

    at = np.linspace(0, END, TIMES)
    made = solve_ivp(change, (0, END), first.ravel(), method="DOP853", t_eval=at, rtol=1e-10, atol=1e-12)
    return np.asarray(made.y.reshape(runs, -1, TIMES).transpose(0, 2, 1))


def write(path: Path, runs: int, gaps: float) -> None:
    """Courses with nine digits, some cells empty."""
    rng = np.random.default_rng(0)
    at = np.linspace(0, END, TIMES)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["run", "time [s]", "T [K]", *(f"{name} [mol/L]" for name in SPECIES)]) + "\n")
        for run, values in enumerate(time_histories(runs)):
            empty = rng.random(values.shape) < gaps
            for t, row, lost in zip(at, values, empty, strict=True):
                cells = ["" if gap else f"{value:.9g}" for value, gap in zip(row, lost, strict=True)]
                file.write(f"r{run},{t:.9g},1000,{','.join(cells)}\n")


def main() -> None:
    """Write, read, look at the sampling and learn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gaps", type=float, default=0.0, help="share of cells that are empty")
    parser.add_argument("--learn", action="store_true", help="learn from the table as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        write(path, max(options.rows // TIMES, 1), options.gaps)
        size, before = path.stat().st_size, _peak()
        start = time.process_time()
        runs = ml.read_csv(path)
        read = time.process_time()
        print(
            f"{len(runs) * TIMES} rows, {size / 1e6:.0f} MB: read in {read - start:.1f} s, {_peak():.2f} GB", flush=True
        )
        check_sampling(runs)
        looked = time.process_time()
        print(f"sampling looked at in {looked - read:.1f} s, {_peak():.2f} GB (writing: {before:.2f} GB)", flush=True)
        if options.learn:
            outcome = learn_runs(runs, Study(data=(str(path),)), Path(folder, "learned.yaml"))
            compared = ml.compare(outcome.discovery.mechanism, truth())
            print(f"learnt from and validated in {time.process_time() - looked:.1f} s, {_peak():.2f} GB")
            print(f"{outcome.status}; {len(compared.matched)} of {len(REACTIONS)} reactions, missing: ", end="")
            print(
                f"{list(compared.missing)}, false: {list(compared.spurious)}, rates: {compared.max_relative_rate_error}"
            )
            print(outcome.summary["balances"])


def _peak() -> float:
    """Largest memory of the process so far [GB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
