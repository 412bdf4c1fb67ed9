"""A table before its columns are understood: a header, and cells with their place in the file for messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...chemistry.arrays import Array
from ...errors import DataError
from ...units import SI

Basis = Literal["concentration", "mole-fraction", "mass-fraction", "moles"]
BASES: tuple[Basis, ...] = ("concentration", "mole-fraction", "mass-fraction", "moles")

Quantity = Literal[
    "time",
    "temperature",
    "pressure",
    "density",
    "volume",
    "concentration",
    "concentration rate",
    "mole-fraction",
    "mass-fraction",
    "mass concentration",
    "moles",
    "undecided",
    "label",
    "not used",
]
"""What a column holds; ``undecided`` is an amount of a species whose basis must be given."""

OURS = "mechlearn runs"
"""The form of the tables that mechlearn writes."""
UNITS_INSIDE: dict[str, str] = {
    **{str(dimension): unit for dimension, unit in SI.items()},
    "mole-fraction": "1",
    "mass-fraction": "1",
    "mass concentration": SI["density"],
    "moles": SI["amount"],
}
"""The unit inside of each quantity, as file headers write it."""

_FORTRAN = re.compile(r"([\d.])[dD]([+-]?\d)")
_MISSING = ("", "nan", "na", "n/a", "#n/a", "null", "none", "-", "--")


@contextmanager
def located(where: str) -> Iterator[None]:
    """Name the place in the message of a `DataError` that the block raises.

    Examples
    --------
    >>> with located("a.csv, line 1"):
    ...     raise DataError("no number")
    Traceback (most recent call last):
    mechlearn.errors.DataError: a.csv, line 1: no number
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


@dataclass(frozen=True)
class Column:
    """One column: what it holds, and value inside = scale · cell + offset.

    Parameters
    ----------
    index : int
        Where it stands, from 0.
    header : str
        As in the file, without blanks around it.
    quantity : str
        One of `Quantity`.
    name : str
        The species; else what the quantity is called.
    unit : str
        As in the header, or as taken for granted.
    scale, offset : float
        To kmol, m³, s, K, Pa and kg.
    group : str
        The part of a solution (``Soln#1``) that the column belongs to; each has its own times.
    remark : str
        What the header does not say: why the column is not used, or what was taken for granted.
    may_be_species : bool
        Whether it is not used, but may hold a species whose unit is wrong.
    """

    index: int
    header: str
    quantity: Quantity
    name: str = ""
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    group: str = ""
    remark: str = ""
    may_be_species: bool = False

    def in_si(self, values: Array) -> Array:
        """Values in the unit inside; those that are in it already keep every bit."""
        if self.scale == 1 and self.offset == 0:
            return values
        with np.errstate(over="ignore"):
            return np.asarray(values * self.scale + self.offset)


@dataclass(frozen=True, eq=False)
class Table:
    """Cells by column, each row with its place in the file.

    Parameters
    ----------
    where : str
        The file, for messages.
    form : str
        Which family of files it is of.
    header : sequence of str
    cells : sequence of columns
        Texts, or numbers as an array.
    lines : sequence of int
        Of each row.
    header_line : int
        0 where there is none in the file.
    comments : dict
        What lines such as ``# reactor: isothermal`` say, and in their place what the caller says.
    name : str
        Of the run, where the file names it.
    blocks : tuple of int
        Rows before which the header stands again.
    decimal, delimiter : str
        How numbers and cells are written; empty where that is no question.
    row_word : str
        ``line`` or ``row``.
    notes : tuple of str
        What was taken for granted as the file was read.
    columns : tuple of Column
        What its columns hold, where the file says so by other means than a header; else empty.
    """

    where: str
    form: str
    header: Sequence[str]
    cells: Sequence[Sequence[str] | Array]
    lines: Sequence[int]
    header_line: int = 0
    comments: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    blocks: tuple[int, ...] = ()
    decimal: str = ""
    delimiter: str = ""
    row_word: str = "line"
    notes: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def of_ours(self) -> bool:
        """Whether mechlearn wrote it, so that its columns mean what they say and nothing else."""
        return self.form == OURS

    @property
    def head(self) -> str:
        """File and line of the header, for messages."""
        return f"{self.where}, line {self.header_line}" if self.header_line else self.where

    def head_of(self, column: Column) -> str:
        """File, line and column of a header, for messages."""
        return f"{self.head}, column {column.index + 1} ({column.header!r})"

    def place(self, row: int, column: Column | None = None) -> str:
        """File, line, column and run of a cell, for messages."""
        where = f"{self.where}, {self.row_word} {self.lines[row]}"
        if column is not None:
            where += f", column {column.header!r}"
        label = next((i for i, cell in enumerate(self.header) if cell.strip().lower() == "run"), None)
        if label is not None:
            where += f" (run {self.text(label)[row]!r})"
        return where

    def text(self, index: int) -> Sequence[str]:
        """The cells of a column as texts; NaN is empty."""
        cells = self.cells[index]
        if isinstance(cells, np.ndarray):
            return ["" if cell != cell else f"{cell:.12g}" for cell in cells.tolist()]
        return cells

    def take(self, rows: NDArray[np.intp]) -> Table:
        """The same columns with some of the rows."""
        chosen = rows.tolist()
        cells = [each[rows] if isinstance(each, np.ndarray) else [each[i] for i in chosen] for each in self.cells]
        return replace(self, cells=cells, lines=[self.lines[i] for i in chosen], blocks=())

    def shown(self, row: int, column: Column) -> str:
        """A cell as the file has it."""
        return self.text(column.index)[row].strip()


def numbers(table: Table, column: Column, *, needed: bool = True) -> Array:
    """A column's values in the units inside, one per row; NaN for an empty cell, where it may be empty.

    Raises
    ------
    DataError
        If a cell is not a finite number.
    """
    cells = table.cells[column.index]
    if isinstance(cells, np.ndarray):
        values = cells
    else:
        if table.decimal == ",":
            cells = [cell.replace(",", ".") for cell in cells]
        try:
            values = np.array([float(cell) for cell in cells])
        except ValueError:
            values = np.array([_number(table, column, row, cell) for row, cell in enumerate(cells)])
    values = column.in_si(values)
    bad = np.flatnonzero(~np.isfinite(values) if needed else np.isinf(values))
    if bad.size:
        cell = table.shown(int(bad[0]), column)
        what = f"{cell!r} is not a finite number" if cell else "the cell is empty, and every sample needs a number here"
        raise DataError(f"{table.place(int(bad[0]), column)}: {what}. Fill it in, or remove the row.")
    return values


def _number(table: Table, column: Column, row: int, cell: str) -> float:
    if cell.strip().lower() in _MISSING:
        return float("nan")
    try:
        return float(_FORTRAN.sub(r"\1e\2", cell.replace("\N{MINUS SIGN}", "-")))
    except ValueError:
        shown = table.shown(row, column)
        limit = " (below a limit of detection that is 0, or empty)" if shown[:1] in "<≤" else ""
        raise DataError(
            f"{table.place(row, column)}: {shown!r} is not a number. Write one such as 1.5e-3, without a sign between "
            f"thousands, or leave the cell empty where nothing was measured{limit}."
        ) from None


@dataclass(frozen=True, eq=False)
class TableStates:
    """Temperature, pressure, density and volume of each row, in the units inside; NaN where unknown."""

    temperature: Array
    pressure: Array
    density: Array
    volume: Array
