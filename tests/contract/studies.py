"""Command lines, study files and tables of runs, written as a user would write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mechlearn as ml
from mechlearn.__main__ import main

MECHANISMS = Path(__file__).parents[2] / "mechanisms"


@dataclass(frozen=True)
class Answer:
    """What a command line gave: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """All of stdout, which must be one JSON object."""
        content: dict[str, Any] = json.loads(self.out)
        return content


def command(folder: Path, line: str) -> Answer:
    """Run a command line in a folder, in this process."""
    out, err = StringIO(), StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            main(line.split())
        except SystemExit as end:
            return Answer(int(end.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError(f"{line} did not end in an exit status")


def summary_of(folder: Path) -> dict[str, Any]:
    """The ``summary.json`` of a finished study."""
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return content


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path from there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def known(name: str) -> ml.Mechanism:
    """The mechanism of an example, with which its data are simulated."""
    return ml.read_mechanism(MECHANISMS / f"{name}.yaml")


def example(
    name: str,
    *,
    runs: int,
    seed: int = 0,
    times: str = "{end: 1.0, count: 11}",
    high: str = "1",
    temperature: str = "300 K",
    more: str = "",
) -> str:
    """The text of a study of an example: random first states at one temperature.

    ``more`` is what follows: further keys of ``source:``, indented by two, and other sections.
    """
    return (
        f"source:\n  mechanism: {name}.yaml\n  temperature: {temperature}\n"
        f"  initial: {{sample: uniform, low: 0, high: {high}, runs: {runs}}}\n  times: {times}\n  seed: {seed}\n{more}"
    )


def write_runs(path: Path, species: Sequence[str], runs: Sequence[Run], *, head: str = "") -> Path:
    """A CSV file in the form of the contract, without any help of the package."""
    names = [f"{name} [kmol/m^3]" for name in species]
    if runs[0].rates is not None:
        names += [f"d({name})/dt [kmol/m^3/s]" for name in species]
    lines = [f"{head}run,time [s],T [K]," + ",".join(names)]
    for number, run in enumerate(runs):
        parts = [run.time[:, None], np.full((len(run.time), 1), run.temperature), run.concentrations]
        parts += [] if run.rates is None else [run.rates]
        lines += [",".join([f"r{number:03d}", *(repr(float(x)) for x in row)]) for row in np.hstack(parts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Run:
    """Times (T,) [s], concentrations (T, S) [kmol/m³] and, where known, rates (T, S) [kmol/m³/s]."""

    time: NDArray[np.float64]
    concentrations: NDArray[np.float64]
    rates: NDArray[np.float64] | None = None
    temperature: float = 300.0
