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
import csv
import io
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
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cantera as ct
import h5py

import mechlearn as ml
from mechlearn.errors import MechlearnError
from mechlearn.formats.tables.runs_file import read_inspected, write_runs
from mechlearn.study.schema import example_studies

MEMORY = 6 * 1024**3
"""Address space of a process that reads or learns [B]."""
LONGEST = 60.0
"""After which an input counts as one that hangs [s]."""
STUDY = """\
source:
  mechanism: {mechanism}
  initial: {{sample: uniform, low: 0, high: 1, runs: 4}}
  times: {{end: 1.0, count: 8}}
"""
CHEMKIN = """\
Time_(msec), Temperature_(K), Pressure_(atm), Volume_(cm3), Mole_fraction_H2_(), Mole_fraction_OH_(), Q_(erg/sec),
0.0, 1000.0, 1.0, 2.0, 1.0E-01, 0.0, 3.0,
0.5, 1100.0, 1.1, 2.0, 9.0E-02, 1.0E-12, 3.0,
0.9, 1150.0, 1.1, 2.0, 8.0E-02, 1.0E-11, 3.0,
"""
SOLUTIONS = """\
Time_Soln#1, (msec), 0, 1, 2
Temperature_Soln#1, (K), 1000, 1000, 1000
Pressure_Soln#1, (bar), 1, 1, 1
Mole_fraction_H2_Soln#1, (), 0.1, 0.05, 0.02
"""
RMG = """\
Time (s),Volume (m^3),H2(1),O2(2),"dln[H2(1)]/dln[k3]: H(3)+O2(2)=O(4)+OH(5)"
0,2.0,0.5,0.25,0
1,2.0,0.4,0.2,0.1
2,2.0,0.3,0.15,0.1
"""
OPENSMOKE = """\
t[s](1)     T[K](2)     P[Pa](3)    rho[kg/m3](4)  MW[kg/kmol](5) H2_x(6)     OH_x(7) H2_w(8)
0.000e+00   1.000e+03   101325.     0.3            28.            1.000e-02   0.          1.e-3
1.000e-03   1.000e+03   101325.     0.3            28.            5.000e-03   1.0e-9      5.e-4
2.000e-03   1.000e+03   101325.     0.3            28.            3.000e-03   1.0e-8      4.e-4
"""
CHEMKED = """\
file-authors: [{name: A. Person}]
experiment-type: species profile
common-properties:
  pressure: [1.5 atm]
datapoints:
- temperature: [1450 K, {uncertainty-type: relative, uncertainty: 0.01}]
  concentration-profiles:
  - species-name: OH
    quantity: {units: mole fraction}
    time: {units: us}
    values: [[0.0, 0.0], [10.0, 1.0e-5, 1.0e-6], [20.0, 3.0e-5]]
  - species-name: H
    quantity: {units: mol/cm^3}
    time: {units: us}
    values:
    - [10.0, 1.0e-9]
- temperature: [1500 K]
  concentration-profiles:
  - {species-name: OH, quantity: {units: ppmv}, time: {units: ms}, values: [[0, 5], [1, 6]]}
"""
WORDS = """\
nan NaN inf -inf text 1e300 -1e300 1e308 1e-320 1e999 -1 0 -0.0 1,5 0x10 1_000 é ١ # " ' [ { } &a *a null true ~ .nan
.inf !!python/object:a 2026-01-01 12:30:45 run
"""
CELLS = ["", "9" * 400, "\t", "\n", "\0", "\ufeff", "time [s]", "1e4 K", "-5 K", *WORDS.split()]
TOKEN = re.compile(r"[^\s,;:\[\]{}]+")


@dataclass(frozen=True)
class Seed:
    """A file that is read as it is, and the options that it needs; ``kind`` is table, study or mechanism."""

    name: str
    content: bytes
    options: dict[str, str] = field(default_factory=dict)
    kind: str = "table"


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


def all_seeds(folder: Path) -> list[Seed]:
    """Small files of every kind, most of them written by the package and by Cantera."""
    runs = {}
    for name in ("fuel-radical-product", "michaelis-menten"):
        study = folder / f"{name}.study.yaml"
        study.write_text(STUDY.format(mechanism=f"{name}.yaml"))
        runs[name] = ml.simulate(ml.load_study(study))
    paths = [folder / "rates.csv", folder / "concentrations.csv", folder / "runs.h5"]
    write_runs(runs["fuel-radical-product"], paths[0])
    write_runs(runs["michaelis-menten"], paths[2])
    rows = list(csv.reader(line for line in paths[0].read_text().splitlines() if not line.startswith("#")))
    kept = [column for column, header in enumerate(rows[0]) if not header.startswith("d(")]
    paths[1].write_text("\n".join(",".join(row[column] for column in kept) for row in rows) + "\n")
    seeds = [Seed(path.name, path.read_bytes()) for path in paths]
    seeds += [Seed(path.name, path.read_bytes(), {"mechanism": "h2o2.yaml"}) for path in _cantera_files(folder)]
    for name, text in (
        ("oh.yaml", CHEMKED),
        ("chemkin.csv", CHEMKIN),
        ("soln.ckcsv", SOLUTIONS),
        ("opensmoke.out", OPENSMOKE),
    ):
        seeds.append(Seed(name, text.encode()))
    seeds.append(Seed("rmg.csv", RMG.encode(), {"basis": "moles"}))
    studies = ("fuel-radical-product", "h2o2-ignition", "h2o2-trajectories", "methane-reduction", "alpha-pinene")
    for name in studies:
        seeds.append(Seed(f"{name}.study.yaml", example_studies()[name].read_bytes(), kind="study"))
    for name in ("fuel-radical-product", "hydrogen-oxidation"):
        content = (example_studies()[name].parent / f"{name}.yaml").read_bytes()
        seeds.append(Seed(f"{name}.yaml", content, kind="mechanism"))
    written = folder / "written.yaml"
    ml.write_mechanism(ml.read_mechanism("h2o2.yaml"), written)
    return [*seeds, Seed("h2o2.yaml", written.read_bytes(), kind="mechanism")]


def _cantera_files(folder: Path) -> list[Path]:
    """One ignition, as Cantera saves its states in three forms."""
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = 1200.0, 2e5, "H2:2, O2:1, AR:4"
    network = ct.ReactorNet([ct.IdealGasReactor(gas, clone=False)])
    states: Any = ct.SolutionArray(gas, extra=["t"])
    for moment in (1e-6, 1e-5, 3e-5, 1e-4, 1e-3):
        network.advance(moment)
        states.append(gas.state, t=moment)
    paths = [folder / "states.csv", folder / "states.yaml", folder / "states.h5"]
    for path in paths:
        states.save(str(path), **({} if path.suffix == ".csv" else {"name": "a"}))
    return paths


def mutated(draws: random.Random, seed: Seed) -> tuple[str, bytes]:
    """One input and how it was made: by bytes or by cells, and of some tables odd content as well."""
    ways = ["bytes", "cells", *(["odd content"] if seed.name in ("rates.csv", "concentrations.csv") else [])]
    way = draws.choice(ways)
    if way == "bytes":
        return way, _by_bytes(draws, seed.content)
    if way == "odd content":
        return way, _odd(draws, seed.content.decode()).encode()
    if seed.name.endswith(".h5"):
        return way, _by_datasets(draws, seed.content)
    return way, _by_cells(draws, seed.content.decode()).encode()


def _by_bytes(draws: random.Random, content: bytes) -> bytes:
    """Some bytes changed, deleted, doubled, swapped or put in."""
    changed = bytearray(content)
    for _ in range(draws.choice((1, 1, 2, 5, 20))):
        start = draws.randrange(len(changed) + 1)
        size = draws.choice((1, 1, 2, 8, 64, 512))
        piece = changed[start : start + size]
        other = draws.randrange(len(changed) + 1)
        match draws.randrange(6):
            case 0:
                changed[start : start + size] = draws.randbytes(len(piece))
            case 1:
                del changed[start : start + size]
            case 2:
                changed[start:start] = piece
            case 3:
                changed[start : start + size], changed[other : other + size] = changed[other : other + size], piece
            case 4:
                changed[start:start] = draws.randbytes(size)
            case _:
                if draws.random() < 0.1:
                    del changed[start:]
    return bytes(changed)


def _by_cells(draws: random.Random, text: str) -> str:
    """Some cells, or words of YAML, or lines deleted, doubled, swapped or replaced."""
    for _ in range(draws.choice((1, 1, 1, 2, 4, 10))):
        by_line = draws.random() < 0.2
        spans = [match.span() for match in re.finditer(r"[^\n]*\n", text)] if by_line else []
        spans = spans or [match.span() for match in TOKEN.finditer(text)]
        if not spans:
            return text
        (start, end), (first, last) = draws.choice(spans), draws.choice(spans)
        match draws.randrange(5):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + draws.choice(("", " ", ",")) * (not by_line) + text[start:end] + text[end:]
            case 2:
                low, high = sorted(((start, end), (first, last)))
                if low[1] <= high[0]:
                    between = text[low[1] : high[0]]
                    text = text[: low[0]] + text[slice(*high)] + between + text[slice(*low)] + text[high[1] :]
            case _:
                text = text[:start] + draws.choice(CELLS) + text[end:]
    return text


def _by_datasets(draws: random.Random, content: bytes) -> bytes:
    """Some data sets or attributes of an HDF5 file deleted, cut, replaced, or with other values."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        for _ in range(draws.choice((1, 1, 2, 4))):
            names: list[str] = []
            file.visit(names.append)
            if not names:
                break
            name = draws.choice(sorted(names))
            place = file[name]
            if draws.random() < 0.3 and len(place.attrs):
                key = draws.choice(sorted(place.attrs))
                place.attrs.pop(key)
                if draws.random() < 0.7:
                    place.attrs[key] = draws.choice(("text", -1, 1e300, math.nan, [1, 2], b"\xff", ""))
                continue
            values = place[()] if isinstance(place, h5py.Dataset) else None
            if values is None or draws.random() < 0.2:
                del file[name]
                continue
            if getattr(values, "ndim", 0) and values.size and draws.random() < 0.5 and values.dtype.kind in "fi":
                fill = draws.choice((math.nan, math.inf, -1.0, 0.0, 1e300, -1e300, 1e-320))
                values = values.astype(float)
                values.flat[draws.randrange(values.size)] = fill
            elif getattr(values, "ndim", 0) and len(values):
                values = draws.choice((values[:0], values[:-1], values[::-1], [*values, *values], values[:1] * 2))
            else:
                values = draws.choice(("text", -1, math.nan, 1e300, [[1.0]], b"\xff"))
            del file[name]
            try:
                file[name] = values
            except (TypeError, ValueError):
                file[name] = "text"
    return memory.getvalue()


Rows = list[list[str]]


def _odd(draws: random.Random, text: str) -> str:
    """A table of runs, times and numbers whose form is kept and whose content is not."""
    notes = [line for line in text.splitlines() if line.startswith("#")]
    header, *rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    at = {name: header.index(name) for name in header}
    run, clock = at.get("run", 0), next(column for name, column in at.items() if name.startswith("time"))
    species = [column for name, column in at.items() if name.endswith(("[kmol/m^3]", "[kmol/m^3/s]"))]
    changes: Sequence[Callable[[random.Random, Rows, int, int, list[int]], Rows]] = (
        *(_constant, _scaled, _few_rows, _gaps, _ties, _one_run, _doubled_runs, _rounded, _noisy, _times_scaled),
    )
    for change in draws.sample(changes, draws.choice((1, 1, 2, 3))):
        rows = change(draws, rows, run, clock, species)
    if draws.random() < 0.2:
        kept = {draws.choice([column for column in species if not header[column].startswith("d(")])}
        kept |= {at[name] for name in header if name == f"d({header[min(kept)].split()[0]})/dt [kmol/m^3/s]"}
        kept |= set(range(len(header))) - set(species)
        header = [header[column] for column in sorted(kept)]
        rows = [[row[column] for column in sorted(kept)] for row in rows]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *rows])
    return "".join(f"{note}\n" for note in notes) + written.getvalue()


def _each(rows: Rows, columns: Sequence[int], new: Callable[[str], str]) -> Rows:
    return [[new(cell) if column in columns else cell for column, cell in enumerate(row)] for row in rows]


def _number(cell: str, new: Callable[[float], float]) -> str:
    return repr(new(float(cell))) if cell else cell


def _constant(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    value = draws.choice(("0", "1", "1e-300", "5e300", "0.1"))
    return _each(rows, draws.sample(species, draws.randint(1, len(species))), lambda cell: value)


def _scaled(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    factor = draws.choice((1e300, 1e-300, 1e150, 1e-150, 1e20, 1e-20, -1.0, 0.0))
    columns = draws.choice((species, [draws.choice(species)]))
    return _each(rows, columns, lambda cell: _number(cell, lambda value: value * factor))


def _few_rows(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return sorted(draws.sample(rows, draws.randint(1, min(4, len(rows)))), key=rows.index)


def _gaps(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    share = draws.choice((0.1, 0.5, 0.9, 1.0))
    columns = draws.choice((species, [draws.choice(species)]))
    return _each(rows, columns, lambda cell: "" if draws.random() < share else cell)


def _ties(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    digits = draws.choice((0, 1, 17))
    return _each(rows, [clock], lambda cell: _number(cell, lambda value: round(value, digits) + 1e-16 * (digits == 17)))


def _one_run(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return [row for row in rows if row[run] == rows[0][run]]


def _doubled_runs(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return [*rows, *(_each(rows, [run], lambda cell: f"{cell}again"))]


def _rounded(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    digits = draws.choice((0, 1, 2))
    return _each(rows, species, lambda cell: _number(cell, lambda value: round(value, digits)))


def _noisy(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return _each(rows, species, lambda cell: _number(cell, lambda value: abs(value + draws.gauss(0, 1))))


def _times_scaled(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    factor, shift = draws.choice((1e300, 1e-300, 1e12, 1e-12, 1.0)), draws.choice((0.0, 0.0, 1e9, -0.5))
    return _each(rows, [clock], lambda cell: _number(cell, lambda value: value * factor + shift))


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
