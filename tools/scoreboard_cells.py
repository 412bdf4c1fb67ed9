"""The cells of the scoreboard: what is promised, each as draws that succeed or fail. `scoreboard.py` runs them.

A draw calls the tool that measures the same thing at length, with a seed of its own. Names of cells stay whatever the
package calls things, since results of different times are compared by them.
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import benchmark
import cantera as ct
import concentrations
import confident_wrong
import coverage
import large_table
import numpy as np
import paper_cells
import pathway_times
import real_chemistry
import reduction_cases
import temperatures
import torch

import mechlearn as ml

LONGEST = 900
"""Processor seconds after which a draw is given up; three times as many of the clock, for its children."""
EXAMPLES = ("fuel-radical-product", "michaelis-menten", "hydrogen-oxidation", "crnn-case1")
NAMES_OF_KINDS = {"few rows": "a reaction fewer offered"}
PROGRAMS = {
    "mechlearn --help": "-m mechlearn --help",
    "import mechlearn": "-c 'import mechlearn'",
    "import what learns": "-c 'from mechlearn import discover, simulate, validate'",
}
STARTS = 5
FEW_ROUNDS = 2
"""Of a search that may find nothing, which would go on until its time is up, and that is no measure of speed."""
SUM_ERROR = 1e-8
"""Largest part of a species' net production by which the fluxes into and out of it may miss it."""


@dataclass(frozen=True)
class Draw:
    """What one draw came to.

    Parameters
    ----------
    success : bool
        Whether it did what is promised.
    exact : bool
        Whether the reactions are the true ones; as ``success`` where there are none.
    status : str
        What the package says; information only, since words change.
    missing, false : int
        Reactions.
    rate_error : float, optional
        The largest, relative.
    found_by : dict of str to int
        Reactions by who found them.
    intervals, hold : int
        Intervals of 95 %, and how many of them hold the truth.
    size : dict of str to int
        Of a reduced mechanism.
    seconds : float, optional
        Processor time, where it is not that of the whole draw.
    """

    success: bool
    exact: bool
    status: str = ""
    missing: int = 0
    false: int = 0
    rate_error: float | None = None
    found_by: dict[str, int] = field(default_factory=dict)
    intervals: int = 0
    hold: int = 0
    size: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Cell:
    """Draws of one kind.

    Parameters
    ----------
    draw : callable
        A seed to what it came to.
    draws, quick : int
        How many in the whole scoreboard, and in the quick one.
    seconds : float
        Of one draw, roughly; the longest start first.
    drawn : bool
        False where nothing hangs on the seed: there is one draw, of seed 0.
    """

    draw: Callable[[int], Draw]
    draws: int
    quick: int
    seconds: float
    drawn: bool = True


class OutOfTime(BaseException):
    """A draw takes longer than `LONGEST`; no error that the package might take for one of its own."""


def cells() -> dict[str, Cell]:
    """All cells by name, in the order of the table."""
    return dict([*_rates(), *_concentrations(), *_temperatures(), *_combustion(), *_trust(), *_the_rest()])


def start() -> None:
    """Prepare a worker process."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="NasaPoly2")
    for kind in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(kind, _give_up)


def measured(name: str, seed: int) -> dict[str, Any]:
    """One draw as a dictionary with its processor seconds, its children's included; a failure if it raises."""
    started = _seconds()
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    signal.setitimer(signal.ITIMER_REAL, 3 * LONGEST)
    try:
        done = cells()[name].draw(seed)
    except (Exception, SystemExit, OutOfTime) as error:
        done = Draw(False, False, f"error: {type(error).__name__}: {error}"[:200])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = _seconds() - started if done.seconds is None else done.seconds
    return asdict(done) | {"seconds": seconds, "seed": seed}


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise OutOfTime(f"more than {LONGEST} s of the processor, or {3 * LONGEST} s of the clock")


def _seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _finders(found: Iterable[Iterable[str]]) -> dict[str, int]:
    return dict(Counter(" and ".join(sorted(names)) for names in found))


def _learnt(result: dict[str, Any], success: bool | None = None) -> Draw:
    """Of a tool's dictionary."""
    exact = not result["missing"] and not result["spurious"]
    return Draw(
        exact if success is None else success,
        exact,
        result["status"],
        len(result["missing"]),
        len(result["spurious"]),
        result.get("rate_error"),
        _finders(result["found_by"]),
    )


def _rates() -> Iterator[tuple[str, Cell]]:
    """From exact and from noisy production rates."""
    for example in EXAMPLES:
        for learn in ("network", "defaults"):
            for noise in (0.0, 1e-2):
                cell = paper_cells.Cell(example, learn=learn, noise=noise)
                words = "network alone" if learn == "network" else "defaults"
                name = f"rates: {example}, {words}, noise {noise:g}"
                yield name, Cell(partial(_paper, cell), 20, 1 + (not noise), 0.5)
    asked = benchmark.parser().parse_args([])
    for example in benchmark.CATALYSED:
        for number, words in ((0, "network alone"), (2, "defaults")):
            setting = benchmark.SETTINGS[number]
            yield f"rates: {example}, {words}", Cell(partial(_benchmark, example, setting, asked), 20, 1, 0.2)


def _paper(cell: paper_cells.Cell, seed: int) -> Draw:
    found, compared, _ = paper_cells.searched(cell, seed)
    return Draw(
        compared.exact,
        compared.exact,
        found.status,
        len(compared.missing),
        len(compared.spurious),
        compared.max_relative_rate_error,
        _finders(each.found_by for each in found.reactions),
    )


def _benchmark(example: str, setting: benchmark.Setting, asked: argparse.Namespace, seed: int) -> Draw:
    result = benchmark.one_run(example, setting, seed, asked)
    return _learnt(result, result["success"])


def _concentrations() -> Iterator[tuple[str, Cell]]:
    """Without production rates; a success is exact, or has the truth among the networks that fit as well."""
    for example in EXAMPLES:
        for noise, additive, words in ((0.0, False, "0"), (0.01, False, "1 %"), (0.05, False, "5 %"), (0.01, True, "")):
            name = f"concentrations: {example}, noise {words or '1 % of the range'}"
            yield name, Cell(_of_concentrations(example, noise, additive, "fine"), 5, int(noise == 0.01), 5.0)
    for example in EXAMPLES[:3]:
        name = f"concentrations: {example}, coarse grid"
        yield name, Cell(_of_concentrations(example, 0.0, False, "coarse"), 2, int(example == EXAMPLES[1]), 20.0)
    for example, draws in ((EXAMPLES[0], 3), (EXAMPLES[2], 2)):
        name = f"concentrations: {example}, network, noise 1 %"
        yield name, Cell(_of_concentrations(example, 0.01, False, "fine", "network"), draws, 1, 5.0)


def _of_concentrations(
    example: str, noise: float, additive: bool, grid: str, method: str = "auto"
) -> Callable[[int], Draw]:
    def draw(seed: int) -> Draw:
        result = concentrations.one_seed(example, noise, seed, additive, grid, method)
        return _learnt(result, result["named"])

    return draw


def _temperatures() -> Iterator[tuple[str, Cell]]:
    """Arrhenius laws from concentrations; a success is exact."""
    for case, seconds in (("biodiesel", 5.0), ("ramp", 3.0), ("n2o5", 1.0), ("pairs", 2.0), ("pairs-thermo", 2.0)):
        yield f"temperatures: {case}", Cell(_of_temperatures(case), 5, 1, seconds)


def _of_temperatures(case: str) -> Callable[[int], Draw]:
    def draw(seed: int) -> Draw:
        result = temperatures.one_seed(case, seed, refit=False)
        scores = [e / d for e, d in zip(result.get("errors", ()), result.get("deviations", ()), strict=True)]
        return Draw(
            success=result["exact"],
            exact=result["exact"],
            status=result["status"],
            missing=len(result["missing"]),
            false=len(result["spurious"]),
            intervals=len(scores),
            hold=sum(abs(score) < 1.96 for score in scores),
            seconds=result["seconds"],
        )

    return draw


def _combustion() -> Iterator[tuple[str, Cell]]:
    """From production rates of Cantera's mechanisms: the worst error is that of net rates at fresh states (99 %)."""
    yield "combustion: h2o2, states", _states("", 3, 1, 13.0)
    yield "combustion: h2o2, states, noise 1e-2", _states("--noise 0.01", 3, 0, 9.0)
    yield "combustion: h2o2, ignitions at 5 atm", _states("--ignitions 5", 3, 1, 16.0)
    yield "combustion: h2o2, ignitions from 1 to 10 atm", _states("--ignitions 1 3 10", 2, 0, 45.0)
    yield "combustion: h2o2, network over the range", _states("--method network", 3, 1, 36.0)
    yield "combustion: air, states", _states("--mechanism air.yaml", 3, 1, 5.0)
    yield "combustion: ohn, designed states", _states("--mechanism ohn.yaml --designed", 1, 1, 2.0, drawn=False)
    yield (
        "combustion: gri30, designed states",
        _states("--mechanism gri30.yaml --designed --molecules 3", 1, 1, 20.0, drawn=False),
    )
    yield (
        "combustion: gri30, dense random states",
        _states("--mechanism gri30.yaml --temperatures 1500 --runs 100", 2, 1, 10.0, share=0.5),
    )


def _states(line: str, draws: int, quick: int, seconds: float, drawn: bool = True, share: float = 1.0) -> Cell:
    """With the options of tools/real_chemistry.py; ``share`` of the reactions must be found."""
    asked = real_chemistry.parser().parse_args(shlex.split(line))

    def draw(seed: int) -> Draw:
        result = real_chemistry.one_seed(asked, seed)
        result["rate_error"] = result["fresh_rate_error"]["q99"]
        found = result["matched"] >= share * (result["matched"] + len(result["missing"]))
        honest = result["status"] != "recovered"
        return _learnt(result, found and honest if share < 1 else None)

    return Cell(draw, draws, quick, seconds, drawn)


def _trust() -> Iterator[tuple[str, Cell]]:
    """Intervals that hold the truth, and whether a wrong answer is called recovered."""
    asked = coverage.parser().parse_args(["-o", "none"])
    for example in EXAMPLES:
        for noise in (1e-2, 5e-2):
            name = f"intervals: {example}, noise {noise:g}"
            yield name, Cell(_of_intervals(example, noise, asked), 20, 2 * (noise < 2e-2), 0.6)
    for kind in confident_wrong.CASES:
        name = f"no confident wrong answer: {NAMES_OF_KINDS.get(kind, kind)}"
        yield name, Cell(partial(_confident, kind), 4, int("run" in kind), 4.0)


def _of_intervals(example: str, noise: float, asked: argparse.Namespace) -> Callable[[int], Draw]:
    def draw(seed: int) -> Draw:
        line = coverage.one_set(example, noise, seed, asked)
        given = line["rates"] if line["exact"] else []
        hold = sum((each["low"] or 0) <= each["truth"] <= (each["high"] or np.inf) for each in given)
        found_by = _finders(line["found_by"])
        exact = line["exact"]
        return Draw(exact, exact, line["status"], found_by=found_by, intervals=len(given), hold=int(hold))

    return draw


def _confident(kind: str, seed: int) -> Draw:
    """Each seed takes one of the examples."""
    line = confident_wrong.searched(kind, EXAMPLES[seed % len(EXAMPLES)], seed, LONGEST, FEW_ROUNDS)
    return Draw(line["exact"] or line["status"] != "recovered", line["exact"], line["status"])


def _the_rest() -> Iterator[tuple[str, Cell]]:
    """Reductions, pathways, reading, and the commands."""
    yield "reduction: hydrogen", _reduction("hydrogen-refit", 1, 50.0)
    yield "reduction: methane, two conditions", _reduction("two-conditions-refit", 1, 15.0)
    yield "reduction: methane, rate constants kept", _reduction("methane-keep", 0, 80.0)
    yield "reduction: methane", _reduction("methane-refit", 0, 120.0)
    for mechanism in ("h2o2.yaml", "gri30.yaml"):
        yield f"pathway sums: {mechanism}", Cell(partial(_pathway_sums, mechanism), 3, 1, 2.0)
    yield "reading a table of 1e5 rows", Cell(partial(_reading, 100), 1, 1, 12.0, drawn=False)
    yield "reading a table of 1e6 rows", Cell(partial(_reading, 1000), 1, 0, 100.0, drawn=False)
    for name, line in PROGRAMS.items():
        yield f"start: {name}", Cell(partial(_program, line), 1, 1, 5.0, drawn=False)
    for example in EXAMPLES:
        quick = int(example == EXAMPLES[2])
        yield f"mechlearn run: {example}", Cell(partial(_command, example), 1, quick, 10.0, drawn=False)


def _reduction(case: str, quick: int, seconds: float) -> Cell:
    """The worst error is that of the delays held out, or in sample where none are."""

    def draw(_: int) -> Draw:
        with tempfile.TemporaryDirectory() as folder:
            summary = reduction_cases.reduced(case, Path(folder), 1)
        within = reduction_cases.within_limits(summary)
        errors = [summary[kind].get("max_delay_error") for kind in ("held_out", "in_sample")]
        error = next((each for each in errors if each is not None), None)
        size = {kind: summary[kind] for kind in ("species", "reactions")}
        return Draw(within, within, summary["status"], rate_error=error, size=size)

    return Cell(draw, 1, quick, seconds, drawn=False)


def _pathway_sums(mechanism: str, seed: int) -> Draw:
    """Fluxes into a species less those out of it are its net production; the worst error is in parts of it."""
    progress = ml.progress_history(mechanism, pathway_times.mixtures(mechanism, "", seed)).over()
    worst = 0.0
    for element in ct.Solution(mechanism, transport_model=None).element_names:
        graph = ml.flux_graph(progress, element)
        production = dict(graph.nodes(data="production"))
        least = 1e-9 * max((abs(each) for each in production.values()), default=0.0)
        for node, made in production.items():
            into, out = graph.in_degree(node, weight="flux"), graph.out_degree(node, weight="flux")
            scale = max(abs(made), least, 1e-5 * (into + out))
            worst = max(worst, abs(into - out - made) / scale if scale else 0.0)
    return Draw(worst < SUM_ERROR, worst < SUM_ERROR, rate_error=worst)


def _reading(runs: int, _: int) -> Draw:
    """A thousand rows a run; seconds of reading alone, and the largest error of a value is that of nine digits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        large_table.write(path, runs, 0.0)
        started = time.process_time()
        read = ml.read_csv(path)
        seconds = time.process_time() - started
    error = 0.0
    for run, values in zip(read.runs, large_table.time_histories(runs), strict=True):
        error = max(error, float(np.max(np.abs(run.concentrations - values) / np.maximum(np.abs(values), 1e-12))))
    return Draw(error < 1e-8, error < 1e-8, rate_error=error, seconds=seconds)


def _program(line: str, _: int) -> Draw:
    """Start Python some times; seconds are the median."""
    seconds, codes = [], []
    for _start in range(STARTS):
        started = _seconds()
        done = subprocess.run([sys.executable, *shlex.split(line)], stdout=subprocess.DEVNULL, check=False)
        seconds.append(_seconds() - started)
        codes.append(done.returncode)
    return Draw(not any(codes), not any(codes), seconds=float(np.median(seconds)))


def _command(example: str, _: int) -> Draw:
    """A study written by one command and run by another, as the README begins."""
    with tempfile.TemporaryDirectory() as folder:
        for line in (f"init {example} -o study.yaml", "run study.yaml -o results"):
            command = [sys.executable, "-m", "mechlearn", *line.split()]
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        summary = json.loads(Path(folder, "results", "summary.json").read_text(encoding="utf-8"))
    found_by = _finders(each["found_by"] for each in summary["reactions"])
    good = done.returncode == 0
    return Draw(good, good, summary["status"], rate_error=summary["relative_error"]["held_out"], found_by=found_by)
