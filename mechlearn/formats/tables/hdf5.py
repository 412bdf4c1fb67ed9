"""Runs as an HDF5 file: the same content as the CSV table, for large data and for other programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, Unpack

import h5py
import numpy as np
from numpy.typing import NDArray

from ...data.trajectories import Trajectories
from ...errors import DataError
from ...files import write_bytes
from ...units import SI, factor
from .cantera import array_tables
from .hdf5_heaps import has_endless_heap
from .table import OURS, Column, Table
from .table_mechanism import check_names, written_mechanism
from .table_reading import Options, accepted, inspect_tables

_VERSION = 1
_MOST_VALUES = 200_000_000
_NUMBERS: dict[str, Literal["time", "temperature", "pressure", "concentration", "concentration rate"]] = {
    "time": "time",
    "temperature": "temperature",
    "pressure": "pressure",
    "concentrations": "concentration",
    "rates": "concentration rate",
}
_LABELS = {"run": "name", "parent": "parent", "reactor": "reactor"}
"""Columns of texts, and the datasets with one text for each run."""
_TEXTS = ("species", *_LABELS.values())


def write_hdf5(runs: Trajectories, path: str | os.PathLike[str]) -> None:
    """Runs to an HDF5 file; equal runs give equal bytes.

    The group ``runs`` holds all samples one after the other: ``time``, ``temperature``, ``pressure`` (N,),
    ``concentrations`` and, if some run has them, ``rates`` (N, S), each with its unit as the attribute ``units``. Run i
    has the samples ``start[i]`` to ``start[i + 1]``, and its ``name``, ``parent``, ``reactor`` and ``has_rates`` in
    datasets of these names; ``species`` (S,) names the columns. The file's attributes are ``format``, ``version``,
    ``mechanism`` and ``phase``.

    Raises
    ------
    DataError
        If a name cannot stand in a table.
    FormatError
        If the file cannot be written.
    """
    check_names(runs)
    all_runs = runs.runs
    numbers = {key: np.concatenate([getattr(run, key) for run in all_runs]) for key in _NUMBERS if key != "rates"}
    if any(run.rates is not None for run in all_runs):
        unknown = [np.full(run.concentrations.shape, np.nan) if run.rates is None else run.rates for run in all_runs]
        numbers["rates"] = np.concatenate(unknown)
    texts = {key: [getattr(run, key) for run in all_runs] for key in _LABELS.values()}
    texts["species"] = list(runs.species_names)
    content = BytesIO()  # a disk that is full while HDF5 writes to it ends the process
    with h5py.File(content, "w") as file:
        file.attrs["format"] = OURS
        file.attrs["version"] = _VERSION
        file.attrs["mechanism"] = written_mechanism(runs, path)
        file.attrs["phase"] = runs.phase
        group = file.create_group("runs")
        for key, values in texts.items():
            group.create_dataset(key, data=values, dtype=h5py.string_dtype())
        group.create_dataset("start", data=np.cumsum([0, *(len(run.time) for run in all_runs)], dtype=np.int64))
        group.create_dataset("has_rates", data=np.array([run.rates is not None for run in all_runs]))
        for key, array in numbers.items():
            group.create_dataset(key, data=array).attrs["units"] = SI[_NUMBERS[key]]
    write_bytes(path, content.getvalue())


def read_hdf5(path: str | os.PathLike[str], **options: Unpack[Options]) -> Trajectories:
    """Runs from an HDF5 file that `write_hdf5` or Cantera's ``SolutionArray.save`` wrote.

    Parameters
    ----------
    path : path
        The file.
    **options
        As for `read_csv`. Each of Cantera's arrays is a run, and needs an extra column ``t`` or ``time`` [s].

    Raises
    ------
    DataError
        If the file is no such file, or damaged.
    """
    return accepted(*inspect_tables(hdf5_tables(Path(path)), Path(path), options))


def hdf5_tables(path: Path) -> list[Table]:
    """The one table of mechlearn's own file, or a table for each of Cantera's arrays.

    Raises
    ------
    DataError
        If the file cannot be read, is neither, or is damaged.
    """
    with _opened(path) as file:
        _check_sizes(path, file)
        if file.attrs.get("format") == OURS:
            return [_our_table(path, file)]
        tables = array_tables(path, file)
    if not tables:
        raise DataError(
            f"{path} is an HDF5 file, but not one of runs that mechlearn wrote, nor a SolutionArray that Cantera did."
        )
    return tables


def _check_sizes(path: Path, file: h5py.File) -> None:
    """Refuse shapes that no memory holds; a file of a few bytes can declare them."""

    def check(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and (item.size or 0) > _MOST_VALUES:
            raise DataError(
                f"{path}: {name} is said to have the shape {item.shape}, which is more than the {_MOST_VALUES} values "
                "that are read. The file is damaged, or not one of runs; write it anew."
            )

    file.visititems(check)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
    if not h5py.is_hdf5(path):
        raise DataError(f"{path} is not an HDF5 file. Write runs with write_hdf5, or name a CSV table .csv.")
    if has_endless_heap(path):
        raise DataError(
            f"{path} is damaged: its texts lead nowhere, so that no reader comes to their end. Write it anew."
        )
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DataError:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise DataError(f"{path} is damaged or incomplete ({error}). Write it anew.") from None


def _our_table(path: Path, file: h5py.File) -> Table:
    version = file.attrs["version"]
    if version != _VERSION:
        raise DataError(
            f"{path} has version {version} of the form; this mechlearn reads version {_VERSION}. Use a newer mechlearn."
        )
    group = file["runs"]
    numbers = {key: np.array(group[key], dtype=float) for key in _NUMBERS if key in group}
    texts = {key: [str(text) for text in group[key].asstr()[()]] for key in _TEXTS}
    start = np.array(group["start"], dtype=np.int64)
    _check_shapes(path, {**numbers, "start": start, "has_rates": np.array(group["has_rates"], bool)}, texts)
    columns = [Column(k, key, "label", key) for k, key in enumerate(_LABELS)]
    owners = np.repeat(np.arange(len(texts["name"])), np.diff(start)).tolist()
    cells: list[Any] = [[texts[key][owner] for owner in owners] for key in _LABELS.values()]
    for key, values in numbers.items():
        unit = str(group[key].attrs["units"])
        scale, offset = factor(unit, _NUMBERS[key])
        names = [key] if values.ndim == 1 else texts["species"]
        for name, column in zip(names, values.T.reshape(len(names), -1), strict=True):
            header = f"d({name})/dt" if key == "rates" else name
            columns.append(Column(len(cells), header, _NUMBERS[key], name, unit, scale, offset))
            cells.append(column)
    headers, lines = [column.header for column in columns], range(1, len(numbers["time"]) + 1)
    comments = {key: str(file.attrs[key]) for key in ("mechanism", "phase")}
    for key, text in comments.items():
        if not text.isprintable():
            raise DataError(f"{path} is damaged: its {key} {text!r} is no text in UTF-8. Write it anew.")
    known = tuple(columns)
    return Table(str(path), OURS, headers, cells, lines, comments=comments, row_word="sample", columns=known)


def _check_shapes(path: Path, numbers: dict[str, NDArray[Any]], texts: dict[str, list[str]]) -> None:
    samples, species, runs = numbers["start"].flat[-1:].sum(), len(texts["species"]), len(texts["name"])
    expected: dict[str, tuple[int, ...]] = dict.fromkeys(("time", "temperature", "pressure"), (samples,))
    expected |= dict.fromkeys(("has_rates", "parent", "reactor"), (runs,))
    expected |= {"start": (runs + 1,), "concentrations": (samples, species)}
    if numbers["has_rates"].any():
        expected["rates"] = (samples, species)
    found = {key: array.shape for key, array in numbers.items()} | {key: (len(text),) for key, text in texts.items()}
    for key, shape in expected.items():
        if found.get(key) != shape:
            raise DataError(f"{path} is damaged: {key} has shape {found.get(key)} in place of {shape}. Write it anew.")
    if numbers["start"][0] != 0 or np.any(np.diff(numbers["start"]) < 1):
        raise DataError(f"{path} is damaged: the starts of the runs do not increase from 0. Write it anew.")
