"""How long a table of 10⁶ rows and 20 species takes to read, and how much memory: ``python tools/large_table.py``."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

import mechlearn as ml
from mechlearn.sampling import check_sampling

SPECIES, TIMES = 20, 1000


def write(path: Path, runs: int, gaps: float) -> None:
    """Decays at 20 rates from random first states, nine digits, some cells empty."""
    rng = np.random.default_rng(0)
    time_s, rates = np.linspace(0, 1, TIMES), rng.uniform(0.1, 10, SPECIES)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["run", "time [s]", "T [K]", *(f"S{k} [mol/L]" for k in range(SPECIES))]) + "\n")
        for run in range(runs):
            values = rng.uniform(0, 1, SPECIES) * np.exp(-rates * time_s[:, None])
            empty = rng.random(values.shape) < gaps
            for t, row, lost in zip(time_s, values, empty, strict=True):
                cells = ["" if gap else f"{value:.9g}" for value, gap in zip(row, lost, strict=True)]
                file.write(f"r{run},{t:.9g},1000,{','.join(cells)}\n")


def main() -> None:
    """Write, read and look at the sampling."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gaps", type=float, default=0.0, help="share of cells that are empty")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        write(path, max(options.rows // TIMES, 1), options.gaps)
        size, start = path.stat().st_size, time.process_time()
        runs = ml.read_csv(path)
        read = time.process_time()
        check_sampling(runs)
        looked = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(runs) * TIMES} rows, {size / 1e6:.0f} MB: read in {read - start:.1f} s of processor time, sampling")
    print(f"looked at in {looked - read:.1f} s; at most {peak:.2f} GB of memory")


if __name__ == "__main__":
    main()
