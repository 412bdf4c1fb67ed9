"""Which rows of a table belong to which run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...chemistry.arrays import Array
from ...data.trajectories import REACTORS
from ...errors import DataError
from .columns import Columns
from .table import Column, Table

Members = dict[str, NDArray[np.intp]]


def members(table: Table, columns: Columns, time: Array) -> tuple[Members, str]:
    """Rows of each run in the order of the file, runs in the order of their first rows; and what distinguished them.

    A column ``run`` decides. Without it a run begins where the header stands again, and where the time goes back to,
    or before, the start of a run above.

    Raises
    ------
    DataError
        If a run has no name, or time goes back otherwise.
    """
    if "run" in columns.labels:
        found = _labelled(table, columns.labels["run"])
        for rows in found.values():
            _check_time(table, columns.time, time, rows)
        header = columns.labels["run"].header.strip()
        return found, f"by the column {header!r}"
    bounds = [*_starts(table, columns.time, time), len(time)]
    pieces = [np.arange(begin, end) for begin, end in pairwise(bounds)]
    for rows in pieces:
        _check_time(table, columns.time, time, rows)
    if len(pieces) > 1 and len(pieces) == len(time) and not table.blocks:
        raise DataError(
            f"{table.place(1, columns.time)}: the time falls from row to row, so that no run would have a second "
            "sample. Sort the table by time, or distinguish the runs by a column 'run'."
        )
    if len(pieces) == 1:
        return {table.name or "run1": pieces[0]}, "one run"
    width = len(str(len(pieces)))
    prefix = f"{table.name} " if table.name else "run"
    how = "where the header stands again" if table.blocks else "where the time starts again"
    return {f"{prefix}{number:0{width}d}": rows for number, rows in enumerate(pieces, start=1)}, how


def constant(table: Table, columns: Columns, key: str, found: Members, *, default: str) -> dict[str, str]:
    """The one text that each run has in a column of texts."""
    column = columns.labels.get(key)
    if column is None:
        return dict.fromkeys(found, default)
    cells = np.array(table.text(column.index), dtype=object)
    values: dict[str, str] = {}
    for name, rows in found.items():
        values[name] = cells[rows[0]]
        others = rows[cells[rows] != values[name]]
        if others.size:
            other = int(others[0])
            raise DataError(
                f"{table.place(other)}: {key} is {cells[other]!r}, but {values[name]!r} in {table.row_word} "
                f"{table.lines[rows[0]]}. A run has one; give the runs different names."
            )
        if key == "reactor" and values[name] not in ("", *REACTORS):
            raise DataError(f"{table.place(rows[0])}: reactor {values[name]!r} is not one of {', '.join(REACTORS)}.")
    return values


def _labelled(table: Table, column: Column) -> Members:
    cells = table.text(column.index)
    names = list(dict.fromkeys(cells))
    missing = next((name for name in names if not name.strip()), None)
    if missing is not None:
        where = f"{table.where}, {table.row_word} {table.lines[list(cells).index(missing)]}"
        raise DataError(f"{where}: the name of the run is missing. Fill it in.")
    number = {name: i for i, name in enumerate(names)}
    owners = np.array([number[cell] for cell in cells])
    bounds = np.cumsum(np.bincount(owners))[:-1]
    return dict(zip(names, np.split(np.argsort(owners, kind="stable"), bounds), strict=True))


def _starts(table: Table, column: Column, time: Array) -> list[int]:
    starts = [0]
    seen = {float(time[0])}
    for row in (np.flatnonzero(time[1:] < time[:-1]) + 1).tolist() + list(table.blocks):
        if row in table.blocks or time[row] <= time[starts[-1]] or float(time[row]) in seen:
            starts.append(row)
            seen.add(float(time[row]))
            continue
        raise DataError(
            f"{table.place(row, column)}: time must increase in a run, but {table.shown(row, column)} follows "
            f"{table.shown(row - 1, column)} of {table.row_word} {table.lines[row - 1]}, and is not where a run above "
            f"starts. Sort the table, or distinguish the runs by a column 'run'."
        )
    return sorted(set(starts))


def _check_time(table: Table, column: Column, time: Array, rows: NDArray[np.intp]) -> None:
    back = np.flatnonzero(time[rows[1:]] <= time[rows[:-1]])
    if back.size:
        before, after = (int(row) for row in (rows[back[0]], rows[back[0] + 1]))
        was, now = (table.shown(row, column) for row in (before, after))
        same = time[before] == time[after]
        raise DataError(
            f"{table.place(after, column)}: time must increase in a run, but {now} follows {was} of {table.row_word} "
            f"{table.lines[before]}. "
            + ("Average what was measured twice" if same else "Sort the table")
            + ", or split the run in two."
        )
