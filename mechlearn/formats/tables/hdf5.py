"""Runs as an HDF5 file: the same content as the CSV table, for large data and for other programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from ...data.trajectories import Reactor, Trajectories, Trajectory
from ...errors import DataError
from ...files import atomic_path
from ...units import SI, Dimension, factor, to_si
from .cantera_files import hdf5_tables
from .inspection import Inspection, run_summaries
from .table import Column, Table
from .table_mechanism import check_names, source_of, written_mechanism
from .table_reading import Options, accepted, check_names_of, inspect_tables

_FORMAT = "mechlearn runs"
_VERSION = 1
_NUMBERS: dict[str, Dimension] = {
    "time": "time",
    "temperature": "temperature",
    "pressure": "pressure",
    "concentrations": "concentration",
    "rates": "concentration rate",
}
_TEXTS = ("species", "name", "parent", "reactor")


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
    texts = {
        "species": runs.species_names,
        "name": [run.name for run in all_runs],
        "parent": [run.parent for run in all_runs],
        "reactor": [run.reactor for run in all_runs],
    }
    with atomic_path(path) as unfinished, h5py.File(unfinished, "w") as file:
        file.attrs["format"] = _FORMAT
        file.attrs["version"] = _VERSION
        file.attrs["mechanism"] = written_mechanism(runs, path)
        file.attrs["phase"] = runs.phase
        group = file.create_group("runs")
        for key, values in texts.items():
            group.create_dataset(key, data=list(values), dtype=h5py.string_dtype())
        group.create_dataset("start", data=np.cumsum([0, *(len(run.time) for run in all_runs)], dtype=np.int64))
        group.create_dataset("has_rates", data=np.array([run.rates is not None for run in all_runs]))
        for key, array in numbers.items():
            group.create_dataset(key, data=array).attrs["units"] = SI[_NUMBERS[key]]


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
    return accepted(*read_inspected_hdf5(Path(path), options))


def read_inspected_hdf5(path: Path, options: Options) -> tuple[Trajectories | None, Inspection]:
    """Runs, or None, and what an HDF5 file was taken for."""
    check_names_of(options)
    if not _is_ours(path):
        return inspect_tables(_arrays(path), path, options)
    runs = _our_runs(path, options)
    columns = [Column(0, "time", "time", "time", "s"), Column(1, "temperature", "temperature", "temperature", "K")]
    columns.append(Column(2, "pressure", "pressure", "pressure", "Pa"))
    columns += [Column(0, name, "concentration", name, SI["concentration"]) for name in runs.species_names]
    return runs, Inspection(
        file=str(path),
        form=_FORMAT,
        columns=tuple(columns),
        species=runs.species_names,
        runs_told_apart="by their starts in the file" if len(runs) > 1 else "one run",
        runs=run_summaries(runs),
        rates=any(run.rates is not None for run in runs.runs),
    )


def _our_runs(path: Path, options: Options) -> Trajectories:
    basis, reactor = options.get("basis"), options.get("reactor")
    if basis not in (None, "concentration"):
        raise DataError(f"{path} holds concentrations, which contradicts the basis {basis!r}. Leave the basis out.")
    numbers, texts, noted = _content(path)
    _check_shapes(path, numbers, texts)
    for quantity, value in (("temperature", options.get("temperature")), ("pressure", options.get("pressure"))):
        if value is not None:
            if not np.isnan(numbers[quantity]).all():
                raise DataError(f"{path} holds a {quantity}, and one is given beside it. Leave the latter out.")
            numbers[quantity] = np.full_like(numbers[quantity], to_si(value, cast(Dimension, quantity)))
    start = numbers["start"]
    source = source_of(
        texts["species"], path, noted=noted, mechanism=options.get("mechanism"), phase=options.get("phase")
    )
    runs = tuple(
        Trajectory(
            time=numbers["time"][begin:end],
            concentrations=numbers["concentrations"][begin:end],
            temperature=numbers["temperature"][begin:end],
            pressure=numbers["pressure"][begin:end],
            rates=numbers["rates"][begin:end] if rated else None,
            reactor=cast(Reactor, own if reactor is None else reactor),
            name=name,
            parent=parent,
        )
        for begin, end, rated, own, name, parent in zip(
            start[:-1], start[1:], numbers["has_rates"], texts["reactor"], texts["name"], texts["parent"], strict=True
        )
    )
    return Trajectories(source.species, runs, source.mechanism, source.phase, source.atomic_weights)


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
    if not h5py.is_hdf5(path):
        raise DataError(f"{path} is not an HDF5 file. Write runs with write_hdf5, or name a CSV table .csv.")
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == _FORMAT)
    except (OSError, RuntimeError) as error:
        raise DataError(f"{path} is damaged or incomplete ({error}). Write it anew.") from None


def _arrays(path: Path) -> list[Table]:
    tables = hdf5_tables(path)
    if not tables:
        raise DataError(
            f"{path} is an HDF5 file, but not one of runs that mechlearn wrote, nor a SolutionArray that Cantera did."
        )
    return tables


def _content(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, list[str]], tuple[str, str]]:
    """Numbers in SI, texts, and the mechanism and phase that the file names."""
    try:
        with h5py.File(path, "r") as file:
            if file.attrs["version"] != _VERSION:
                raise DataError(
                    f"{path} has version {file.attrs['version']} of the form; this mechlearn reads version {_VERSION}. "
                    "Use a newer mechlearn."
                )
            group = file["runs"]
            numbers = {
                "start": np.array(group["start"], dtype=np.int64),
                "has_rates": np.array(group["has_rates"], bool),
            }
            for key, dimension in _NUMBERS.items():
                if key in group:
                    scale, offset = factor(group[key].attrs["units"], dimension)
                    values = np.array(group[key], dtype=float)
                    numbers[key] = values if (scale, offset) == (1, 0) else values * scale + offset
            texts = {key: [str(text) for text in group[key].asstr()[()]] for key in _TEXTS}
            return numbers, texts, (str(file.attrs["mechanism"]), str(file.attrs["phase"]))
    except DataError:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise DataError(f"{path} is damaged or incomplete ({error}). Write it anew.") from None


def _check_shapes(path: Path, numbers: dict[str, NDArray[Any]], texts: dict[str, list[str]]) -> None:
    samples, species, runs = numbers["start"].flat[-1:].sum(), len(texts["species"]), len(texts["name"])
    expected = {
        "start": (runs + 1,),
        "has_rates": (runs,),
        "parent": (runs,),
        "reactor": (runs,),
        "time": (samples,),
        "temperature": (samples,),
        "pressure": (samples,),
        "concentrations": (samples, species),
    }
    if numbers["has_rates"].any():
        expected["rates"] = (samples, species)
    found = {key: array.shape for key, array in numbers.items()} | {key: (len(text),) for key, text in texts.items()}
    for key, shape in expected.items():
        if found.get(key) != shape:
            raise DataError(f"{path} is damaged: {key} has shape {found.get(key)} in place of {shape}. Write it anew.")
    if numbers["start"][0] != 0 or np.any(np.diff(numbers["start"]) < 1):
        raise DataError(f"{path} is damaged: the starts of the runs do not increase from 0. Write it anew.")
