"""A CSV file cut into cells, each with its line in the file, so that a message can say where."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..trajectories import REACTORS
from .columns import Column, Columns, read_columns

if TYPE_CHECKING:
    from _csv import Reader

TITLE = "mechlearn runs"
VERSION = "1"


@dataclass(frozen=True)
class Table:
    """The text of a table: comments, columns, and the cells of each row with its line in the file."""

    path: Path
    comments: dict[str, str]
    columns: Columns
    rows: list[list[str]]
    lines: list[int]

    def place(self, row: int, column: Column | None = None) -> str:
        """File, line, column and run of a cell, for messages."""
        where = f"{self.path}, line {self.lines[row]}"
        if column is not None:
            where += f", column {column.header!r}"
        if "run" in self.columns.text:
            where += f" (run {self.rows[row][self.columns.text['run']]!r})"
        return where


def read_table(path: Path) -> Table:
    """The table in a file.

    Raises
    ------
    DataError
        If the file is not text, has no header or no rows, or a row has another number of cells than the header.
    """
    stream = io.StringIO(_text(path), newline="")
    comments: dict[str, str] = {}
    before, header = 0, ""
    for line in stream:
        if line.startswith(("#", '"#')):
            _note(comments, line, f"{path}, line {before + 1}")
        elif line.strip(" ,\t\r\n"):
            header = line
            break
        before += 1
    if not header:
        raise DataError(f"{path} holds no table. It needs a header such as 'run,time [s],H2 [kmol/m^3]', and rows.")
    rows, lines = _rows(csv.reader(chain([header], stream), strict=True), before, path)
    place = f"{path}, line {lines[0]}"
    if len(rows[0]) == 1 and (";" in header or "\t" in header):
        raise DataError(f"{place}: the columns are not separated by commas. Save the table as CSV with commas.")
    columns = read_columns(rows[0], place)
    for row, number in zip(rows, lines, strict=True):
        if len(row) != columns.count:
            raise DataError(
                f"{path}, line {number}: {len(row)} cells for {columns.count} columns. A cell is missing or too many; "
                'a name with a comma needs quotation marks, "a, b", and decimals a point.'
            )
    if len(rows) == 1:
        raise DataError(f"{path} has a header, but no rows. Add the samples, one per row.")
    return Table(path, comments, columns, rows[1:], lines[1:])


def _rows(reader: Reader, before: int, path: Path) -> tuple[list[list[str]], list[int]]:
    """Rows that are not blank, and the line where each begins."""
    rows: list[list[str]] = []
    lines: list[int] = []
    ends = before
    try:
        for row in reader:
            if any(cell and not cell.isspace() for cell in row):
                rows.append(row)
                lines.append(ends + 1)
            ends = before + reader.line_num
    except csv.Error as error:
        raise DataError(
            f"{path}, line {ends + 1}: the row cannot be taken apart ({error}). Check its quotation marks."
        ) from None
    return rows, lines


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
    if content.startswith(b"\x89HDF"):
        raise DataError(f"{path} is an HDF5 file. Name it .h5, or read it with read_hdf5.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {content[error.start]:#04x} is not UTF-8 text. Save the table as CSV in UTF-8."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}, line {line}: a zero byte, so it is not a text table. Save the table as CSV in UTF-8.")
    return text


def _note(comments: dict[str, str], line: str, place: str) -> None:
    """Take ``# key: value`` into the comments; spreadsheets may have put commas or quotation marks around it."""
    said = line.strip().rstrip(",").strip('"').lstrip("#").strip()
    if said.startswith(f"{TITLE} ") and said != f"{TITLE} {VERSION}":
        raise DataError(f"{place}: {said!r} is a form that this version does not read. Use a newer mechlearn.")
    key, colon, value = (part.strip() for part in said.partition(":"))
    if not colon or key not in ("mechanism", "phase", "reactor"):
        return
    if comments.get(key, value) != value:
        raise DataError(f"{place}: {key} is {value!r}, but {comments[key]!r} above. Keep one of the two lines.")
    if key == "reactor" and value not in ("", *REACTORS):
        raise DataError(f"{place}: reactor {value!r} is not one of {', '.join(REACTORS)}.")
    comments[key] = value


def numbers(table: Table, column: Column, *, needed: bool = True) -> NDArray[np.float64]:
    """A column's values in SI, one per row; NaN for an empty cell, where it may be empty.

    Raises
    ------
    DataError
        If a cell is not a finite number.
    """
    cells = [row[column.index] for row in table.rows]
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        values = np.array([_number(table, column, row, cell) for row, cell in enumerate(cells)])
    values = column.in_si(values)
    bad = np.flatnonzero(~np.isfinite(values) if needed else np.isinf(values))
    if bad.size:
        cell = cells[bad[0]].strip()
        what = f"{cell!r} is not a finite number" if cell else "the cell is empty, and every sample needs a number here"
        raise DataError(f"{table.place(bad[0], column)}: {what}. Fill it in, or remove the row.")
    return values


def _number(table: Table, column: Column, row: int, cell: str) -> float:
    try:
        return float(cell) if cell.strip() else float("nan")
    except ValueError:
        raise DataError(
            f"{table.place(row, column)}: {cell.strip()!r} is not a number. Write one such as 1.5e-3, or remove it."
        ) from None
