"""Which form a file of runs has, by its ending."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from ..errors import DataError
from ..trajectories import Reactor, Trajectories
from .binary import read_hdf5, write_hdf5
from .tidy import read_csv, write_csv


def read_runs(
    path: str | os.PathLike[str],
    *,
    mechanism: str | None = None,
    phase: str | None = None,
    reactor: Reactor | None = None,
) -> Trajectories:
    """Runs from a CSV file (``.csv``) or an HDF5 file (``.h5``, ``.hdf5``).

    Parameters
    ----------
    path, mechanism, phase, reactor
        As for `read_csv`.

    Raises
    ------
    DataError
        If the ending is another one, or as for `read_csv` and `read_hdf5`.
    """
    read = read_csv if _form(path) == "csv" else read_hdf5
    return read(path, mechanism=mechanism, phase=phase, reactor=reactor)


def write_runs(runs: Trajectories, path: str | os.PathLike[str]) -> None:
    """Runs to a CSV file (``.csv``) or an HDF5 file (``.h5``, ``.hdf5``).

    Raises
    ------
    DataError
        If the ending is another one, or as for `write_csv`.
    FormatError
        If the file cannot be written.
    """
    write = write_csv if _form(path) == "csv" else write_hdf5
    write(runs, path)


def _form(path: str | os.PathLike[str]) -> Literal["csv", "hdf5"]:
    ending = Path(path).suffix.lower()
    if ending == ".csv":
        return "csv"
    if ending in (".h5", ".hdf5"):
        return "hdf5"
    raise DataError(f"{path}: runs are kept in files that end in .csv, .h5 or .hdf5, not in {ending or 'nothing'!r}.")
