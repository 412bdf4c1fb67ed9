"""A pandas DataFrame → runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ...data.trajectories import Trajectories
from ...errors import DataError
from .headers import family
from .table import Table
from .table_reading import Options, accepted, inspect_tables

_WHERE = "The data frame"


def from_dataframe(frame: Any, **options: Unpack[Options]) -> Trajectories:
    """Runs from a data frame whose columns are named as in a table that `read_csv` reads.

    Parameters
    ----------
    frame : pandas.DataFrame
        Levels of the index that have a name count as columns. ``NaN`` is a missing value.
    **options
        As for `read_csv`: ``mechanism``, ``phase``, ``reactor``, ``basis``, ``temperature``, ``pressure``.

    Returns
    -------
    Trajectories
        As from `read_csv`; a column ``run``, or a time that starts again, distinguishes runs.

    Raises
    ------
    DataError
        As `read_csv`, with the row counted from 0.

    Examples
    --------
    >>> import pandas as pd
    >>> runs = from_dataframe(pd.DataFrame({"t / min": [0, 1, 0, 1], "[A] / mM": [5.0, 2.5, 4.0, 2.0]}))
    >>> len(runs), runs.species_names, runs.runs[1].time
    (2, ('A',), array([ 0., 60.]))
    """
    if not all(hasattr(frame, needed) for needed in ("columns", "index", "reset_index")):
        raise DataError(f"{type(frame).__name__} is not a pandas DataFrame. Use pandas.DataFrame(...) first.")
    named = [name for name in frame.index.names if name is not None]
    if named:
        frame = frame.reset_index(level=named)
    header = [str(name) for name in frame.columns]
    if not len(frame):
        raise DataError(f"{_WHERE} has no rows. Add the samples, one per row.")
    cells = [_cells(frame.iloc[:, k]) for k in range(len(header))]
    table = Table(_WHERE, family(header), header, cells, range(len(frame)), row_word="row")
    return accepted(*inspect_tables([table], Path(_WHERE), options))


def _cells(column: Any) -> Any:
    """Numbers as an array; texts, and numbers among texts, as texts."""
    if column.dtype.kind in "fiub":
        return column.to_numpy(dtype=float, na_value=np.nan)
    return ["" if gap else str(value) for value, gap in zip(column.tolist(), column.isna(), strict=True)]
