"""Mutated and odd files of every kind that mechlearn reads: does it read or refuse each, without a fault?

    python tools/fuzz.py --reading 10000 --learning 500
    python tools/fuzz.py --reading 1 --first 4711 --keep faults      input 4711 again, its file kept if it has a fault

Seeds are small tables of all families, studies and mechanisms. An input is one of them with some bytes changed, with
cells or lines deleted, doubled, swapped or replaced, or a table valid in form and odd in content. Reading inspects it
in a process of its own; learning is ``mechlearn learn`` for two seconds. A fault is any end but a result or a message
of mechlearn's own: another exception or exit status, a Python warning, a traceback, a hang, a file written at exit
status 2. The same ``--seed`` gives the same inputs. Exit status 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from fuzz_mutations import PLAIN_TABLES, mutated, odd
from fuzz_seeds import Seed, all_seeds

import mechlearn as ml
from mechlearn.errors import MechlearnError
from mechlearn.formats.tables.runs_file import read_inspected

MEMORY = 6 * 1024**3
"""Address space of a process that reads or learns [B]."""
ODD_TO_LEARN = 0.7
"""Part of the inputs to learn from that are odd in content only: others seldom come as far as the search."""
LONGEST = 60.0
"""After which an input counts as one that hangs [s]."""


@dataclass(frozen=True)
class Outcome:
    """``refused``, ``accepted`` or ``fault``, and what the fault was."""

    what: str
    fault: str = ""


def main() -> int:
    """Both parts, the table of what came out, and the faults."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reading", type=int, default=0, metavar="N", help="inputs to read and inspect")
    parser.add_argument("--learning", type=int, default=0, metavar="N", help="inputs to learn from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--longest", type=float, default=math.inf, help="no further inputs of a part after that [s]")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files with a fault are kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        seeds = all_seeds(Path(place))
        tables = [seed for seed in seeds if seed.kind == "table"]
        reader = Reader()
        faults = examine("reading", arguments.reading, seeds, reader, Path(place), arguments)
        reader.close()
        faults += examine("learning", arguments.learning, tables, learn, Path(place), arguments)
    print(f"{faults} faults")
    return int(faults > 0)


def examine(
    part: str,
    count: int,
    seeds: Sequence[Seed],
    judge: Callable[[Path, Seed], Outcome],
    place: Path,
    arguments: argparse.Namespace,
) -> int:
    """So many inputs of one part, printed as a table; the number of faults."""
    counts: Counter[tuple[str, str]] = Counter()
    started = time.monotonic()
    for number in range(arguments.first, arguments.first + count):
        if time.monotonic() - started > arguments.longest:
            break
        draws = random.Random(f"{arguments.seed} {part} {number}")
        seed = seeds[number % len(seeds)]
        if part == "learning" and draws.random() < ODD_TO_LEARN:
            seed = draws.choice([each for each in seeds if each.name in PLAIN_TABLES])
            way, content = odd(draws, seed)
        else:
            way, content = mutated(draws, seed)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            path = Path(folder, seed.name)
            path.write_bytes(content)
            outcome = judge(path, seed)
            if outcome.fault:
                again = f"--{part} 1 --first {number} --seed {arguments.seed}"
                print(f"fault in {seed.name}, {way} ({again}): {outcome.fault}", flush=True)
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, arguments.keep / f"{part}-{arguments.seed}-{number}-{path.name}")
        for name in (seed.name, way, "all"):
            counts[name, outcome.what] += 1
    if counts:
        print_table(part, counts)
    return counts["all", "fault"]


def print_table(part: str, counts: Counter[tuple[str, str]]) -> None:
    """Inputs by file and by mutation, and what became of them."""
    accepted = "read" if part == "reading" else "reached the search"
    print(f"\n| {part} | inputs | refused | {accepted} | faults |\n|---|---|---|---|---|")
    for name in [*sorted({name for name, _ in counts} - {"all"}), "all"]:
        each = [counts[name, what] for what in ("refused", "accepted", "fault")]
        print(f"| {name} | {sum(each)} | {each[0]} | {each[1]} | {each[2]} |")
    print(flush=True)


class Reader:
    """Reads inputs one by one in a process that is started anew where one ends it."""

    def __init__(self) -> None:
        """Nothing is started before the first input."""
        self._pool: ProcessPoolExecutor | None = None

    def __call__(self, path: Path, seed: Seed) -> Outcome:
        """What became of an input."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_limit_memory)
        work = self._pool.submit(read, path, seed)
        try:
            return work.result(LONGEST)
        except TimeoutError:
            fault = f"no end within {LONGEST:.0f} s"
        except BrokenProcessPool:
            fault = "the process died"
        self.close()
        return Outcome("fault", fault)

    def close(self) -> None:
        """End the process, even one that hangs."""
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):
                process.kill()
            self._pool.shutdown()
            self._pool = None


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def read(path: Path, seed: Seed) -> Outcome:
    """Read and inspect a file in this process."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            if seed.kind == "study":
                ml.load_study(path)
                problem: str | None = None
            elif seed.kind == "mechanism":
                ml.read_mechanism(path)
                problem = None
            else:
                problem = read_inspected(path, **seed.options)[1].problem  # type: ignore[arg-type]
        except MechlearnError as error:
            problem = str(error)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            return Outcome("fault", f"{type(error).__name__} at {where}: {str(error)[:200]!r}")
    if warned:
        return Outcome("fault", f"{warned[0].category.__name__}: {str(warned[0].message)[:200]!r}")
    return Outcome("refused" if problem else "accepted")


def learn(path: Path, seed: Seed) -> Outcome:
    """Learn from a file with the command, in a process of its own whose reports of crashes lie beside the file."""
    out = path.parent / "out"
    out.mkdir()
    options = [word for key, value in seed.options.items() for word in (f"--{key}", value)]
    command = [sys.executable, "-W", "default", "-m", "mechlearn", "learn", str(path), *options]
    process = subprocess.Popen(
        [*command, "-o", str(out / "learned.yaml"), "--seconds", "2", "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "TMPDIR": str(path.parent)},
        start_new_session=True,
        preexec_fn=_limit_memory,
    )
    try:
        said = process.communicate(timeout=LONGEST)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Outcome("fault", f"no end within {LONGEST:.0f} s")
    reports = [report.read_text() for report in path.parent.glob("mechlearn-crash-*.txt")]
    last = " | ".join("".join(reports or [said]).strip().splitlines()[-5:])
    if process.returncode not in (0, 1, 2, 130):
        return Outcome("fault", f"exit status {process.returncode}: {last}")
    if "Traceback" in said:
        return Outcome("fault", f"a traceback: {last}")
    if warned := re.search(r"^.*:\d+: \w*Warning: .*$", said, re.MULTILINE):
        return Outcome("fault", f"a warning: {warned[0]}")
    if process.returncode != 2:
        return Outcome("accepted")
    left = [file.name for file in out.iterdir()]
    return Outcome("fault", f"exit status 2, but {left[0]} is written") if left else Outcome("refused")


if __name__ == "__main__":
    sys.exit(main())
