"""Files of runs in whatever form: which one it is, the ending says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...data.trajectories import Trajectories
from ...errors import DataError
from ..yaml_bounds import excess
from .cantera import yaml_tables
from .chemked import chemked_tables, is_chemked
from .csv import text_table, write_csv
from .hdf5 import hdf5_tables, write_hdf5
from .inspection import Inspection
from .table import Table
from .table_reading import Options, accepted, inspect_tables

_TEXT = (".csv", ".tsv", ".txt", ".dat", ".out", ".ckcsv")
_HDF5 = (".h5", ".hdf5")
_YAML = (".yaml", ".yml")
_RECOMMENDATIONS = {
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".7z"), "Unpack it."),
    **dict.fromkeys((".parquet", ".feather", ".pkl"), "Read it with pandas and give the data frame to from_dataframe."),
}


def read_runs(path: str | os.PathLike[str], **options: Unpack[Options]) -> Trajectories:
    """Runs from a file: a text table (``.csv .tsv .txt .dat .out .ckcsv``), HDF5 (``.h5 .hdf5``) or YAML.

    HDF5 is mechlearn's own or Cantera's SolutionArray; YAML is that, or ChemKED with concentration profiles.

    Parameters
    ----------
    path : path
        The file.
    **options
        As for `read_csv`.

    Raises
    ------
    DataError
        If the ending is another one, or as for `read_csv` and `read_hdf5`.
    """
    return accepted(*read_inspected(path, **options))


def inspect_runs(path: str | os.PathLike[str], **options: Unpack[Options]) -> Inspection:
    r"""What a file is taken for: its columns, how runs are distinguished, what is missing or open.

    Parameters
    ----------
    path : path
        The file.
    **options
        As for `read_csv`.

    Returns
    -------
    Inspection
        With ``problem`` where the columns are understood as far as they go, but no runs can be made of them.

    Raises
    ------
    DataError
        If the file cannot be read, or a header is not understood.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     size = path.write_text("t / min;[A] / mM\n0;1,5\n1;0,5\n")
    ...     found = inspect_runs(path)
    >>> [(column.name, column.unit, column.scale) for column in found.columns], found.decimal, found.states
    ([('time', 'min', 60.0), ('A', 'mM', 0.001)], ',', 2)
    """
    return read_inspected(path, **options)[1]


def read_inspected(path: str | os.PathLike[str], **options: Unpack[Options]) -> tuple[Trajectories | None, Inspection]:
    """Runs, or None, and what the file was taken for; see `read_runs` and `inspect_runs`."""
    return inspect_tables(_tables(Path(path)), Path(path), options)


def write_runs(runs: Trajectories, path: str | os.PathLike[str]) -> None:
    """Runs to a CSV file (``.csv``) or an HDF5 file (``.h5``, ``.hdf5``).

    Raises
    ------
    DataError
        If the ending is another one, or as for `write_csv`.
    FormatError
        If the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending not in (".csv", *_HDF5):
        raise DataError(
            f"{path}: runs are kept in files that end in .csv, .h5 or .hdf5, not in {ending or 'nothing'!r}."
        )
    write = write_csv if ending == ".csv" else write_hdf5
    write(runs, path)


def _tables(path: Path) -> list[Table]:
    ending = path.suffix.lower()
    if ending in _TEXT:
        return [text_table(path)]
    if ending in _HDF5:
        return hdf5_tables(path)
    if ending in _YAML:
        return _of_yaml(path)
    raise DataError(
        f"{path}: runs are read from files that end in {', '.join((*_TEXT, *_HDF5, *_YAML[:-1]))} or {_YAML[-1]}, not "
        f"in {ending or 'nothing'!r}. {_RECOMMENDATIONS.get(ending, 'Save a spreadsheet as CSV, or rename the file.')}"
    )


def _of_yaml(path: Path) -> list[Table]:
    try:
        text = path.read_text(encoding="utf-8")
        found = excess(text)
        if found:
            raise DataError(f"{path} is not read: {found}. Write it out, or check where it is from.")
        content = YAML(typ="safe").load(text)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
    except DataError:
        raise
    except (YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise DataError(f"{path} is not YAML in UTF-8 ({said[:200]}). Write it anew.") from None
    tables: list[Table] = []
    if isinstance(content, Mapping):
        tables = chemked_tables(path, content) if is_chemked(content) else yaml_tables(path, content)
    if not tables:
        raise DataError(
            f"{path} holds neither a SolutionArray that Cantera saved nor ChemKED datapoints. Give a file of runs; a "
            "mechanism is given with --mechanism."
        )
    return tables
