"""Large text tables in which nothing is odd, read by NumPy at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from .headers import LABELS

Cells = list[Sequence[str] | NDArray[np.float64]]
SMALLEST = 1 << 20
"""Characters from which on it is worth while; below, messages have cells as they are written."""
_LONGEST_LABEL = 60
_PIECE = 1 << 22


def bulk_columns(stream: TextIO, header: Sequence[str], delimiter: str) -> Cells | None:
    """The columns of all lines that are left, or None with the stream where it was.

    Parameters
    ----------
    stream : text stream
        After the header.
    header : sequence of str
        Columns named in `LABELS` are texts, the others numbers.
    delimiter : str
        A blank stands for any number of them.

    Returns
    -------
    list of columns, or None
        None if a line is blank, a comment, or has another number of cells, or a cell is no number; an empty cell is
        NaN.
    """
    start = stream.tell()
    is_label = [cell.strip().lower() in LABELS for cell in header]
    dtype = [(str(k), f"U{_LONGEST_LABEL}" if label else "f8") for k, label in enumerate(is_label)]
    try:
        if len(stream.read(SMALLEST)) < SMALLEST:
            raise ValueError
        stream.seek(start)
        pieces = [_piece(lines, dtype, delimiter) for lines in iter(lambda: stream.readlines(_PIECE), [])]
    except ValueError:
        stream.seek(start)
        return None
    columns: Cells = []
    for k, label in enumerate(is_label):
        column = np.concatenate([piece[str(k)] for piece in pieces])
        if not label:
            columns.append(column)
            continue
        if np.strings.str_len(column).max() >= _LONGEST_LABEL:
            stream.seek(start)
            return None
        columns.append(column.tolist())
    return columns


def _piece(lines: list[str], dtype: list[tuple[str, str]], delimiter: str) -> NDArray[np.void]:
    """Some lines as records.

    Raises
    ------
    ValueError
        If something is odd.
    """
    if not all(line.strip(delimiter + " \r\n") for line in lines):
        raise ValueError
    sign = None if delimiter == " " else delimiter
    read: Any = partial(np.loadtxt, lines, dtype=dtype, delimiter=sign, comments=None, quotechar='"', ndmin=1)
    try:
        cells = read()
    except ValueError:
        cells = read(converters={k: _number for k, (_, kind) in enumerate(dtype) if kind == "f8"})
    if len(cells) != len(lines):
        raise ValueError
    return np.asarray(cells)


def _number(cell: str) -> float:
    return float(cell) if cell else math.nan
