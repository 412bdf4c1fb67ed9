"""Runs as a CSV table, one row per sample; every number comes back bit for bit."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..files import atomic_path
from ..trajectories import REACTORS, Reactor, Trajectories, Trajectory
from .cells import TITLE, VERSION, Table, numbers, read_table
from .columns import Column, headers, read_columns
from .source import check_names, source_of, written_mechanism


def read_csv(
    path: str | os.PathLike[str],
    *,
    mechanism: str | None = None,
    phase: str | None = None,
    reactor: Reactor | None = None,
) -> Trajectories:
    """Runs from a CSV table.

    Comment lines may head it: ``# mechanism: h2o2.yaml``, ``# phase: …``, ``# reactor: isothermal``. The columns, in
    any order: ``run`` (without it the table is one run), ``time [s]``, ``T [K]``, ``P [Pa]`` (both may be absent or
    empty where unknown), ``H2 [kmol/m^3]`` for each species, and ``d(H2)/dt [kmol/m^3/s]`` for net production rates
    (of all species or of none). Any unit that pint converts may stand in the brackets.

    Parameters
    ----------
    path : path
        The file, UTF-8.
    mechanism : str, optional
        The Cantera file that gives compositions and thermo, in place of the one that the table names; empty for none.
    phase : str, optional
        Its phase, where it has several.
    reactor : str, optional
        ``isothermal``, ``constant-volume`` or ``constant-pressure``, in place of what the table says.

    Returns
    -------
    Trajectories
        Species in the order of their columns, runs in the order of their first rows.

    Raises
    ------
    DataError
        If the file is no such table, with the file's line, the column and the run.

    Notes
    -----
    A negative concentration is kept if it is round-off of an integrator: not below −1e-9 of the species' largest value
    or −1e-12 of the largest value in the table. Others are refused.
    """
    table = read_table(Path(path))
    columns = table.columns
    time = numbers(table, columns.time)
    temperature = _positive(table, columns.temperature)
    pressure = _positive(table, columns.pressure)
    concentrations = np.column_stack([numbers(table, column) for column in columns.concentrations.values()])
    _check_negative(table, concentrations)
    rates = None
    if columns.rates:
        rates = np.column_stack([numbers(table, column, needed=False) for column in columns.rates.values()])
    members = _members(table)
    _check_time(table, time, members)
    reactors = _constant(table, "reactor", members, default=table.comments.get("reactor", ""))
    parents = _constant(table, "parent", members, default="")
    source = source_of(
        list(columns.concentrations),
        table.path,
        noted=(table.comments.get("mechanism", ""), table.comments.get("phase", "")),
        mechanism=mechanism,
        phase=phase,
    )
    runs = tuple(
        Trajectory(
            time=time[rows],
            concentrations=concentrations[rows],
            temperature=temperature[rows],
            pressure=pressure[rows],
            rates=_rates(table, rates, rows),
            reactor=cast(Reactor, reactors[name]) if reactor is None else reactor,
            name=name,
            parent=parents[name],
        )
        for name, rows in members.items()
    )
    return Trajectories(source.species, runs, source.mechanism, source.phase, source.atomic_weights)


def write_csv(runs: Trajectories, path: str | os.PathLike[str]) -> None:
    """Runs to a CSV table in the form that `read_csv` reads; numbers have all their digits.

    Raises
    ------
    DataError
        If a name cannot stand in a table.
    FormatError
        If the file cannot be written.
    """
    check_names(runs)
    parent = any(run.parent for run in runs.runs)
    differ = len({run.reactor for run in runs.runs}) > 1
    header = headers(
        runs.species_names, rates=any(run.rates is not None for run in runs.runs), parent=parent, reactor=differ
    )
    _check_header(header, runs.species_names)
    notes = {
        "mechanism": written_mechanism(runs, path),
        "phase": runs.phase,
        "reactor": "" if differ else runs.runs[0].reactor,
    }
    with atomic_path(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {TITLE} {VERSION}\n")
        file.writelines(f"# {key}: {value}\n" for key, value in notes.items() if value)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for run in runs.runs:
            first = [run.name, *[run.parent] * parent, *[run.reactor] * differ]
            width = len(header) - len(first)
            writer.writerows([*first, *_blank_nan(sample)] for sample in _matrix(run, width).tolist())


def _matrix(run: Trajectory, width: int) -> NDArray[np.float64]:
    """Time, temperature, pressure, concentrations and rates side by side, NaN where unknown."""
    known = [run.time, run.temperature, run.pressure, run.concentrations]
    if run.rates is not None:
        known.append(run.rates)
    matrix = np.column_stack(known)
    return np.pad(matrix, ((0, 0), (0, width - matrix.shape[1])), constant_values=np.nan)


def _blank_nan(sample: list[float]) -> list[float | str]:
    return ["" if value != value else value for value in sample]


def _check_header(header: list[str], species: tuple[str, ...]) -> None:
    try:
        read = tuple(read_columns(header, "The table").concentrations)
    except DataError as error:
        raise DataError(f"Some species' name cannot be written as a column. {error}") from None
    if read != species:
        odd = next(name for name, back in zip(species, read, strict=True) if name != back)
        raise DataError(f"Species {odd!r} cannot be written as a column: it would be read back otherwise. Rename it.")


def _positive(table: Table, column: Column | None) -> NDArray[np.float64]:
    if column is None:
        return np.full(len(table.rows), np.nan)
    values = numbers(table, column, needed=False)
    bad = np.flatnonzero(values <= 0)
    if bad.size:
        cell = table.rows[bad[0]][column.index].strip()
        raise DataError(f"{table.place(bad[0], column)}: {cell} is not above zero. Check the value and its unit.")
    return values


def _check_negative(table: Table, concentrations: NDArray[np.float64]) -> None:
    largest = concentrations.max(axis=0)
    bad = np.argwhere(concentrations < -np.maximum(1e-9 * largest, 1e-12 * largest.max()))
    if bad.size:
        row, species = bad[0]
        column = list(table.columns.concentrations.values())[species]
        raise DataError(
            f"{table.place(row, column)}: the concentration {table.rows[row][column.index].strip()} is negative, more "
            "so than round-off. Mass action needs concentrations of at least 0: remove the sample or the species, or "
            "set it to what you know."
        )


def _members(table: Table) -> dict[str, NDArray[np.intp]]:
    """Rows of each run, in the order of the file; runs in the order of their first rows."""
    if "run" not in table.columns.text:
        return {"run1": np.arange(len(table.rows))}
    index = table.columns.text["run"]
    rows: dict[str, list[int]] = {}
    for number, row in enumerate(table.rows):
        rows.setdefault(row[index], []).append(number)
    nameless = next((members[0] for name, members in rows.items() if not name.strip()), None)
    if nameless is not None:
        raise DataError(f"{table.path}, line {table.lines[nameless]}: the name of the run is missing. Fill it in.")
    return {name: np.array(members) for name, members in rows.items()}


def _check_time(table: Table, time: NDArray[np.float64], members: dict[str, NDArray[np.intp]]) -> None:
    for rows in members.values():
        back = np.flatnonzero(np.diff(time[rows]) <= 0)
        if back.size:
            before, after = rows[back[0]], rows[back[0] + 1]
            column = table.columns.time
            was, now = (table.rows[row][column.index].strip() for row in (before, after))
            raise DataError(
                f"{table.place(after, column)}: time must increase in a run, but {now} follows {was} of line "
                f"{table.lines[before]}. Sort the table, or split the run in two."
            )


def _constant(table: Table, key: str, members: dict[str, NDArray[np.intp]], *, default: str) -> dict[str, str]:
    """The one text that each run has in a column of texts."""
    if key not in table.columns.text:
        return dict.fromkeys(members, default)
    index = table.columns.text[key]
    values: dict[str, str] = {}
    for name, rows in members.items():
        values[name] = table.rows[rows[0]][index]
        other = next((row for row in rows if table.rows[row][index] != values[name]), None)
        if other is not None:
            raise DataError(
                f"{table.place(other)}: {key} is {table.rows[other][index]!r}, but {values[name]!r} in line "
                f"{table.lines[rows[0]]}. A run has one; give the runs different names."
            )
        if key == "reactor" and values[name] not in ("", *REACTORS):
            raise DataError(f"{table.place(rows[0])}: reactor {values[name]!r} is not one of {', '.join(REACTORS)}.")
    return values


def _rates(table: Table, rates: NDArray[np.float64] | None, rows: NDArray[np.intp]) -> NDArray[np.float64] | None:
    """Rates of one run; None where all its cells are empty."""
    if rates is None:
        return None
    empty = np.isnan(rates[rows])
    if empty.all():
        return None
    if empty.any():
        row, species = np.argwhere(empty)[0]
        column = list(table.columns.rates.values())[species]
        raise DataError(
            f"{table.place(rows[row], column)}: the rate is missing, though other rates of the run are there. Fill it "
            "in, or empty all rates of the run."
        )
    return np.asarray(rates[rows])
