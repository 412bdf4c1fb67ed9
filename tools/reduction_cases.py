"""Reductions of the studies in ``mechanisms``, one core each, as a table: sizes, errors, processor time.

    python tools/reduction_cases.py -o DIR                    all cases, one after the other (about half an hour)
    python tools/reduction_cases.py -o DIR hydrogen-refit     one case; without -o nothing is kept
    python tools/reduction_cases.py --list                    their names

Errors are the largest of the written mechanism's delays at the study's conditions, held out, and beyond the edges of
the envelope; ``inf`` where it does not ignite; then those of flame speeds. "All" is the largest error in sample of any
kind, relative to its limit. The time is that of all processors, with validation and all files. Started again with -o, a
case that was cut off goes on, and its time is that of all parts. Exit status 1 where limits are not kept.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mechlearn.study.schema import example_studies

KEEP = ("rates: refit", "rates: keep")
GLOBAL_REACTIONS = ("  rates: refit", "  global_reactions: true\n  rates: refit")
CASES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "hydrogen-refit": ("hydrogen-reduction", ()),
    "two-conditions-keep-10": ("methane-two-conditions", (KEEP, ("limit: 0.05", "limit: 0.1"))),
    "two-conditions-refit": ("methane-two-conditions", ()),
    "methane-keep": ("methane-reduction", (KEEP,)),
    "methane-refit": ("methane-reduction", ()),
    "methane-refit-1": ("methane-reduction", (("ignition_delay: {limit: 0.05", "ignition_delay: {limit: 0.01"),)),
    "methane-flames": ("methane-flame-reduction", ()),
    "methane-global-reactions": ("methane-reduction", (GLOBAL_REACTIONS,)),
    "hydrogen-global-reactions": ("hydrogen-reduction", (GLOBAL_REACTIONS,)),
    "ammonia-refit": ("ammonia-reduction", ()),
    "dodecane-refit": ("dodecane-reduction", ()),
}
"""By name: a study that comes with the package, and what its text has instead."""

HEAD = ("case", "source", "left", "all", "delays", "held out", "beyond", "flames", "flames held out", "time [s]")


def main() -> int:
    """Run the cases and print the table row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--cores", type=int, default=1)
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"{', '.join(sorted(unknown))}: the cases are {', '.join(CASES)}")
    if arguments.list:
        print("\n".join(CASES))
        return 0
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD), flush=True)
    held = True
    with tempfile.TemporaryDirectory() as place:
        for case in arguments.cases or CASES:
            summary = reduced(case, arguments.output or Path(place), arguments.cores)
            held &= within_limits(summary)
            print("| " + " | ".join(row(case, summary)) + " |", flush=True)
    return 0 if held else 1


def reduced(case: str, place: Path, cores: int) -> dict[str, Any]:
    """The summary of a case, in a process of its own."""
    name, changes = CASES[case]
    text = example_studies()[name].read_text()
    for old, new in changes:
        if old not in text:
            raise SystemExit(f"{name} has no {old!r} any more.")
        text = text.replace(old, new)
    place.mkdir(parents=True, exist_ok=True)
    study = place / f"{case}.study.yaml"
    study.write_text(text)
    command = ["reduce", str(study), "-o", str(place / case), "--cores", str(cores), "--quiet"]
    subprocess.run([sys.executable, "-m", "mechlearn", *command], check=False, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads((place / case / "summary.json").read_text())
    return found


def within_limits(summary: dict[str, Any]) -> bool:
    """Whether all limits are kept."""
    return bool(summary["status"] == "held")


def row(case: str, summary: dict[str, Any]) -> list[str]:
    """One row of the table."""
    source = summary["source"]
    errors = [summary[kind].get("max_delay_error") for kind in ("in_sample", "held_out", "extrapolation")]
    errors += [summary.get("flames", {}).get(f"max_error_{kind}") for kind in ("in_sample", "held_out")]
    return [
        case,
        f"{source['species']}, {source['reactions']}",
        f"{summary['species']}, {summary['reactions']}",
        f"{summary['error_over_limit']:.2f}",
        *("" if error is None else f"{100 * error:.2g} %" for error in errors),
        f"{summary['seconds']['processor']:.0f}",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
