"""Large text tables in which nothing is odd, read by NumPy at once."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from .headers import LABELS

Cells = list[Sequence[str] | NDArray[np.float64]]
SMALLEST = 1 << 20
"""Characters from which on it is worth while; below, messages have cells as they are written."""
_LONGEST_LABEL = 60


def bulk_columns(stream: StringIO, header: Sequence[str], delimiter: str) -> Cells | None:
    """The columns of all lines that are left, or None with the stream where it was.

    Parameters
    ----------
    stream : StringIO
        After the header.
    header : sequence of str
        Columns named in `LABELS` are texts, the others numbers.
    delimiter : str
        A blank stands for any number of them.

    Returns
    -------
    list of columns, or None
        None if a line is blank, a comment, or has another number of cells, or a cell is empty or no number.
    """
    start = stream.tell()
    body = stream.read()
    is_label = [cell.strip().lower() in LABELS for cell in header]
    dtype = [(str(k), f"U{_LONGEST_LABEL}" if label else "f8") for k, label in enumerate(is_label)]
    try:
        if len(body) < SMALLEST:
            raise ValueError
        sign = None if delimiter == " " else delimiter
        cells = np.loadtxt(StringIO(body), dtype=dtype, delimiter=sign, comments=None, quotechar='"', ndmin=1)
        if len(cells) != body.count("\n") + (not body.endswith("\n")):
            raise ValueError
    except ValueError:
        stream.seek(start)
        return None
    columns: Cells = []
    for k, label in enumerate(is_label):
        if not label:
            columns.append(np.ascontiguousarray(cells[str(k)]))
            continue
        texts = cells[str(k)].tolist()
        if max(map(len, texts)) >= _LONGEST_LABEL:
            stream.seek(start)
            return None
        columns.append(texts)
    return columns
