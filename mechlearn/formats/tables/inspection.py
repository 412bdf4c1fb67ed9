"""What a file of runs was taken for: each column, how runs were distinguished, what is missing, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...data.trajectories import Trajectories
from ..records import plain
from .table import UNITS_INSIDE, Column, Table

_SHOWN_RUNS = 10
_COLUMN_KEYS = ("header", "quantity", "name", "unit", "scale", "offset", "group", "remark")
_SHOWN_AS = {"scale": "factor", "group": "part"}
AS_GIVEN = "the basis as given"


@dataclass(frozen=True)
class RunSummary:
    """One run: its name, how many states it has, and how many of its concentrations are missing."""

    name: str
    states: int
    missing: int


@dataclass(frozen=True)
class Inspection:
    """What a file was taken for.

    Parameters
    ----------
    file : str
    form : str
        The family of files, such as ``Chemkin-Pro``.
    delimiter, decimal : str
        Of a text table; else empty.
    columns : tuple of Column
    species : tuple of str
    distinguished : str
        By what runs were distinguished.
    runs : tuple of RunSummary
    rates : bool
        Whether net production rates are there.
    notes : tuple of str
        What was taken for granted or worked out, in sentences.
    problem : str
        Why there are no runs; empty where there are.

    Examples
    --------
    >>> Inspection("a.csv", "by hand").as_dict()["runs"]
    []
    """

    file: str
    form: str
    delimiter: str = ""
    decimal: str = ""
    columns: tuple[Column, ...] = ()
    species: tuple[str, ...] = ()
    distinguished: str = ""
    runs: tuple[RunSummary, ...] = ()
    rates: bool = False
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def states(self) -> int:
        """Number of states in all runs."""
        return sum(run.states for run in self.runs)

    @property
    def missing(self) -> int:
        """Number of concentrations that were not measured."""
        return sum(run.missing for run in self.runs)

    def as_dict(self) -> dict[str, Any]:
        """The content of the JSON file."""
        content = {key: value if value != "" else None for key, value in plain(self).items()}
        content["columns"] = [
            {_SHOWN_AS.get(k, k): getattr(column, k) or (0.0 if k == "offset" else None) for k in _COLUMN_KEYS}
            for column in self.columns
        ]
        content["runs_told_apart"] = content.pop("distinguished") or ""
        return content | {"states": self.states, "missing": self.missing}


def run_summaries(runs: Trajectories) -> tuple[RunSummary, ...]:
    """Name, number of states and number of missing concentrations of each run."""
    return tuple(RunSummary(run.name, len(run.time), int(np.isnan(run.concentrations).sum())) for run in runs.runs)


def inspected(path: Path, tables: Sequence[Table], columns: Sequence[Column]) -> Inspection:
    """What is known once the headers are understood; columns of several tables count once."""
    first = tables[0]
    once = {(column.header, column.quantity, column.name): column for column in columns}
    return Inspection(str(path), first.form, first.delimiter, first.decimal, tuple(once.values()))


def inspection_text(inspection: Inspection) -> str:
    """A table of the columns, and lines on runs, missing values and what was taken for granted."""
    signs = f", cells separated by {inspection.delimiter}" if inspection.delimiter else ""
    signs += ", decimal comma" if inspection.decimal == "," else ""
    lines = [f"{inspection.file}: {inspection.form}{signs}", ""]
    head = ("column", "taken for", "name", "unit", "factor", "remark")
    rows = [head, *(_row(column) for column in inspection.columns)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append("")
    if inspection.runs:
        lines += _runs(inspection)
    lines += inspection.notes
    return "\n".join(lines)


def remarks(inspection: Inspection) -> list[str]:
    """What a person should know who did not ask: columns left out, and what was taken for granted."""
    said = [
        f"Column {column.header!r}: {column.remark}."
        for column in inspection.columns
        if column.remark and column.header and column.remark != AS_GIVEN
    ]
    return [*said, *inspection.notes]


def _row(column: Column) -> tuple[str, ...]:
    measured = column.quantity in UNITS_INSIDE and bool(column.unit)
    factor = f"{column.scale:.10g}" + (f" and {column.offset:+.10g}" if column.offset else "")
    inside = f" to {UNITS_INSIDE[column.quantity]}" if measured and column.unit != UNITS_INSIDE[column.quantity] else ""
    remark = "; ".join(filter(None, [column.group, column.remark]))
    unit = column.unit or "-"
    return (column.header or "''", column.quantity, column.name, unit, f"{factor}{inside}" if measured else "-", remark)


def _runs(inspection: Inspection) -> list[str]:
    count = len(inspection.runs)
    return [
        f"Species: {', '.join(inspection.species)}",
        f"Runs: {count}" + (f", distinguished {inspection.distinguished}" if count > 1 else ""),
        *(
            f"  {run.name}: {run.states} states" + (f", {run.missing} missing" if run.missing else "")
            for run in inspection.runs[:_SHOWN_RUNS]
        ),
        *([f"  and {count - _SHOWN_RUNS} more"] if count > _SHOWN_RUNS else []),
        f"States: {inspection.states}",
        f"Missing concentrations: {inspection.missing or 'none'}",
        f"Production rates: {'given' if inspection.rates else 'none'}",
    ]
