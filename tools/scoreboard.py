"""One table over all that the package promises, and what got better or worse against an earlier one.

    python tools/scoreboard.py -o NOW.json                          every cell, on two cores
    python tools/scoreboard.py --quick                              a few draws of each kind
    python tools/scoreboard.py --list                               the names of the cells
    python tools/scoreboard.py --against tools/scoreboard.json      exit status 1 where a success fell
    python tools/scoreboard.py --read NOW.json --against tools/scoreboard.json      the same without running anything
    python tools/scoreboard.py --cells "rates: *" --fresh           new draws of some cells

Each draw has a seed of its own, in a process with one thread; the seeds are none that tests use, ``--fresh`` takes
others and prints them, ``--fresh-seed N`` those from N on. Columns: draws that succeeded, and those with exactly the
true reactions; missing and false reactions in all draws; the worst rate error of all draws; the share of 95 % intervals
that hold the truth; who found how many reactions; statuses; seconds of the processor, child processes included. A draw
that raises is a failure with status ``error: …``, and so is one that takes too long.

Two tables are compared draw by draw where they share seeds, else by shares. What fell in few draws may be chance: draw
40 new ones, with the same N in both checkouts, and compare these; then a fall counts if it is significant by Fisher's
one-sided test at 5 %. A cell on which no seed bears has one draw, and its fall counts.

    python tools/scoreboard.py --cells "NAME" --draws 40 --fresh-seed N -o OLD.json      in the old checkout
    python tools/scoreboard.py --cells "NAME" --draws 40 --fresh-seed N -o NEW.json      in the new one
    python tools/scoreboard.py --read NEW.json --against OLD.json

Seconds mean something only between two checkouts run in turn on one machine: run each three times by turns and give
all files, ``--read NEW1.json NEW2.json NEW3.json --against OLD1.json OLD2.json OLD3.json``; the medians are compared,
and the first file of each side tells the rest.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import fisher_exact

FIRST_SEED = 7001
ENOUGH = 40
"""Draws on each side from which Fisher's test decides."""
LEVEL = 0.05
SAME = 0.01
"""Relative change of an error, or change of a share, that is not told."""
Row = dict[str, Any]
Board = dict[str, Row]
"""Rows by the names of their cells."""


@dataclass(frozen=True)
class Judgement:
    """Two boards side by side: a table, what changed in words, and whether a success fell."""

    table: str
    changes: tuple[str, ...]
    fell: bool


def main() -> int:
    """Run or read, print the table, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few draws of each kind, at most 4 minutes on two cores")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.json")
    parser.add_argument("--against", nargs="+", type=Path, metavar="FILE.json", help="what to compare with")
    parser.add_argument("--read", nargs="+", type=Path, metavar="FILE.json", help="these results instead of a run")
    parser.add_argument("--cells", nargs="+", metavar="PATTERN", help="names, or patterns with * (see --list)")
    parser.add_argument("--draws", type=int, help="of each cell, instead of its own number")
    parser.add_argument("--fresh", action="store_true", help="seeds that were not used before")
    parser.add_argument("--fresh-seed", type=int, metavar="N", help="seeds from N on")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--list", action="store_true", help="only the names of the cells")
    asked = parser.parse_args()
    if asked.list:
        from scoreboard_cells import cells

        print("\n".join(cells()))
        return 0
    before = [read(path) for path in asked.against or ()]
    if asked.read:
        now = [read(path) for path in asked.read]
    else:
        first_seed = secrets.randbelow(900_000) + 100_000 if asked.fresh else FIRST_SEED
        now = [ran(asked, asked.fresh_seed or first_seed)]
    if asked.output:
        write(now[0], asked.output)
    print(table(now[0]))
    if not before:
        return 0
    judgement = judged(now, before)
    print(f"\n{judgement.table}\n\n" + "\n".join(judgement.changes or ["Nothing changed but seconds."]))
    return int(judgement.fell)


def read(path: Path) -> Board:
    """The rows of a file."""
    board: Board = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return board


def write(board: Board, path: Path) -> None:
    """One line a cell, sorted by name."""
    versions = {name: version(name) for name in ("cantera", "numpy", "scipy", "torch")}
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(board[name], sort_keys=True)}" for name in sorted(board))
    text = f'{{"versions": {json.dumps(versions)},\n "cells": {{\n{rows}\n }}}}\n'
    path.write_text(text, encoding="utf-8")


def ran(asked: argparse.Namespace, first_seed: int) -> Board:
    """All draws, the longest first, on as many processes as asked for."""
    os.environ["OMP_NUM_THREADS"] = "1"
    from scoreboard_cells import cells, measured, start

    chosen = {
        name: cell
        for name, cell in cells().items()
        if (not asked.cells or any(fnmatch(name, each) for each in asked.cells))
        and (cell.quick or asked.cells or not asked.quick)
    }
    if not chosen:
        raise SystemExit("No cell has such a name; --list tells them.")
    tasks = []
    for name, cell in chosen.items():
        draws = asked.draws or (cell.quick if asked.quick else cell.draws)
        seeds = range(first_seed, first_seed + draws) if cell.drawn else range(1)
        tasks += [(cell.seconds, name, seed) for seed in seeds]
    tasks.sort(key=lambda task: -task[0])
    print(f"{len(tasks)} draws of {len(chosen)} cells, seeds from {first_seed} on", file=sys.stderr)
    done: dict[str, list[Row]] = {name: [] for name in chosen}
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.jobs, mp_context=context, initializer=start) as pool:
        futures = {pool.submit(measured, name, seed): (name, seed) for _, name, seed in tasks}
        for count, future in enumerate(as_completed(futures), start=1):
            name, seed = futures[future]
            error = future.exception()
            draw = {"success": False, "exact": False, "status": f"error: {error!r}"} if error else future.result()
            done[name].append(draw | {"seed": seed})
            said = f"{draw['status']} {draw.get('seconds', 0.0):.1f} s"
            print(f"{count}/{len(tasks)} {time.monotonic() - began:.0f} s: {name}, {seed}: {said}", file=sys.stderr)
    return {name: row(draws) for name, draws in done.items()}


def row(draws: Sequence[Row]) -> Row:
    """The draws of a cell, summed up; what says nothing is left out."""
    draws = sorted(draws, key=lambda draw: int(draw["seed"]))
    errors = [draw["rate_error"] for draw in draws if draw.get("rate_error") is not None]
    intervals = sum(draw.get("intervals", 0) for draw in draws)
    said: Row = {
        "draws": len(draws),
        "first_seed": draws[0]["seed"],
        "successes": sum(draw["success"] for draw in draws),
        "exact": sum(draw["exact"] for draw in draws),
        "failed": [draw["seed"] for draw in draws if not draw["success"]],
        "inexact": [draw["seed"] for draw in draws if not draw["exact"]],
        "missing": sum(draw.get("missing", 0) for draw in draws),
        "false": sum(draw.get("false", 0) for draw in draws),
        "statuses": dict(Counter(draw["status"] for draw in draws if draw["status"])),
        "found_by": dict(sum((Counter(draw.get("found_by", {})) for draw in draws), Counter())),
        "worst_rate_error": rounded(max(errors)) if errors else None,
        "coverage": rounded(sum(draw.get("hold", 0) for draw in draws) / intervals) if intervals else None,
        "intervals": intervals,
        "size": draws[0].get("size"),
        "seconds": rounded(sum(draw.get("seconds", 0.0) for draw in draws)),
    }
    return {key: value for key, value in said.items() if value not in (None, {}, []) and (value or key in COUNTS)}


COUNTS = ("draws", "first_seed", "successes", "exact", "seconds")
"""What a row always has."""


def rounded(value: float) -> float:
    """Four digits."""
    return float(f"{value:.4g}")


def table(board: Board) -> str:
    """All rows, and their seconds in total."""
    head = ("cell", "success", "exact", "missing", "false", "worst error", "coverage", "found by", "status", "s")
    rows: list[tuple[str, ...]] = [
        (
            name,
            f"{row['successes']}/{row['draws']}",
            f"{row['exact']}/{row['draws']}",
            str(row.get("missing", "")),
            str(row.get("false", "")),
            f"{row['worst_rate_error']:.2g}" if "worst_rate_error" in row else "",
            f"{row['coverage']:.3f}" if "coverage" in row else "",
            _counts(row.get("found_by") or row.get("size") or {}),
            _counts(row.get("statuses", {})),
            f"{row['seconds']:.1f}",
        )
        for name, row in board.items()
    ]
    total = sum(row["seconds"] for row in board.values())
    succeeded, draws = (sum(row[key] for row in board.values()) for key in ("successes", "draws"))
    return f"{_aligned([head, *rows])}\n\n{succeeded} of {draws} draws succeeded, in {total:.0f} s of the processor"


def judged(now: Sequence[Board], before: Sequence[Board]) -> Judgement:
    """Two sides, each one board or more: seconds are medians, the first tells the rest.

    Statuses are not compared, since the words for them change.
    """
    common = [name for name in now[0] if name in before[0]]
    if not common:
        raise SystemExit("The two have no cell in common.")
    rows: list[tuple[str, ...]] = [("cell", "success", "", "exact", "", "worst error", "", "s a draw", "", "ratio")]
    worse: list[str] = []
    better: list[str] = []
    total = np.zeros(2)
    fell = False
    for name in common:
        new, old = now[0][name], before[0][name]
        cost = np.array([_seconds(name, side) for side in (before, now)])
        total += cost * new["draws"]
        errors = [f"{side['worst_rate_error']:.2g}" if "worst_rate_error" in side else "" for side in (old, new)]
        shares = [f"{side[key]}/{side['draws']}" for key in ("successes", "exact") for side in (old, new)]
        ratio = f"{cost[1] / cost[0]:.2f}" if cost[0] else ""
        rows.append((name, *shares, *errors, *(f"{each:.2f}" for each in cost), ratio))
        for key, failures in (("successes", "failed"), ("exact", "inexact")):
            change, counts = compared(new, old, key, failures)
            if change:
                (better if change.startswith("more") else worse).append(f"{name}: {change}")
            fell |= counts
        for change, good in other_changes(new, old):
            (better if good else worse).append(f"{name}: {change}")
    text = _aligned(rows) + f"\n\nseconds of these draws: {total[0]:.0f} -> {total[1]:.0f}"
    text += f" ({total[1] / total[0]:.3f} of before)" if total[0] else ""
    left = len(before[0]) - len(common)
    text += f"\n{left} cells of before were not run" if left else ""
    changes = (*(f"better: {each}" for each in better), *(f"worse: {each}" for each in worse))
    return Judgement(text, changes, fell)


def compared(new: Row, old: Row, key: str, failures: str) -> tuple[str, bool]:
    """How a count of good draws changed, in words (empty where it did not), and whether that is a fall that counts."""
    seeds = set(_seeds(new)) & set(_seeds(old))
    good, bad = [], []
    for side in (new, old):
        bad.append(len([seed for seed in side.get(failures, ()) if not seeds or seed in seeds]))
        good.append((len(seeds) or side["draws"]) - bad[-1])
    shares = [g / (g + b) for g, b in zip(good, bad, strict=True)]
    if shares[0] == shares[1]:
        return "", False
    words = f"{key} {good[1]}/{good[1] + bad[1]} -> {good[0]}/{good[0] + bad[0]}"
    if shares[0] > shares[1]:
        return f"more {words}", False
    if min(good[0] + bad[0], good[1] + bad[1]) >= ENOUGH:
        probability = float(fisher_exact(np.array([good, bad]).T, alternative="less").pvalue)
        significant = probability < LEVEL
        return f"fewer {words}, p = {probability:.2g}" + ("" if significant else ": may be chance"), significant
    advice = "" if _seeds(new) == range(1) else f"; confirm it with --draws {ENOUGH} --fresh-seed N on both sides"
    return f"fewer {words}{advice}", True


def other_changes(new: Row, old: Row) -> Iterable[tuple[str, bool]]:
    """Of what is told beside successes, where both have the same draws; True with what is better."""
    if _seeds(new) != _seeds(old):
        return
    for key in ("missing", "false"):
        if new.get(key, 0) != old.get(key, 0):
            yield f"{key} {old.get(key, 0)} -> {new.get(key, 0)}", new.get(key, 0) < old.get(key, 0)
    error, was = new.get("worst_rate_error", 0.0), old.get("worst_rate_error", 0.0)
    if abs(error - was) > max(SAME * was, 1e-9):
        yield f"worst error {was:.3g} -> {error:.3g}", error < was
    share, was = new.get("coverage", 0.0), old.get("coverage", 0.0)
    if abs(share - was) > SAME:
        yield f"coverage {was:.3f} -> {share:.3f}", share > was
    for key, size in new.get("size", {}).items():
        was = old.get("size", {}).get(key, size)
        if size != was:
            yield f"{key} {was} -> {size}", size < was
    if new.get("found_by") != old.get("found_by"):
        found, was = (sum(side.get("found_by", {}).values()) for side in (new, old))
        yield f"found by {_counts(old.get('found_by', {}))} -> {_counts(new.get('found_by', {}))}", found >= was


def _seeds(row: Row) -> range:
    return range(row["first_seed"], row["first_seed"] + row["draws"])


def _seconds(name: str, boards: Sequence[Board]) -> float:
    """Of one draw: the median of the boards."""
    return float(np.median([each[name]["seconds"] / each[name]["draws"] for each in boards if name in each]))


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


if __name__ == "__main__":
    raise SystemExit(main())
