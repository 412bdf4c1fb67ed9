"""Tables of any form → runs, and a record of what they were taken for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from ...chemistry.arrays import Array
from ...chemistry.species_names import fault_of_name
from ...chemistry.thermo import GAS_CONSTANT
from ...data.trajectories import Reactor, Trajectories, Trajectory
from ...errors import DataError
from ...units import SI
from .amounts import concentrations, read_states
from .columns import Columns, chosen, understood
from .flow_reactors import FEEDS, Feed, feed_names, steady_runs
from .inspection import Inspection, inspected, remarks, run_summaries
from .run_rows import constant, members
from .table import Basis, Column, Table, TableStates, numbers
from .table_mechanism import TableMechanism, source_of

_ROUND_OFF = 1e-9
_NOISE = 0.1
"""How far below zero a concentration may be, relative to the species' largest: of an integrator, of an instrument."""


_SCATTER = 6.0
"""The same in standard deviations of a species' noise, where there are `_ENOUGH` values to estimate it."""
_ENOUGH = 12


class Options(TypedDict, total=False):
    """What a caller says beside the file; each takes the place of what the file says."""

    mechanism: str | None
    phase: str | None
    reactor: Reactor | Feed | None
    basis: Basis | None
    temperature: float | str | None
    pressure: float | str | None


def inspect_tables(tables: Sequence[Table], path: Path, options: Options) -> tuple[Trajectories | None, Inspection]:
    """Runs and what they were read from; without runs, the inspection has the problem.

    Raises
    ------
    DataError
        If not even the columns can be understood.
    TypeError
        If there is no such option, as of a function with named ones.
    """
    unknown = sorted(set(options) - set(Options.__annotations__))
    if unknown:
        raise TypeError(f"{unknown[0]!r} is no option of reading; there are {', '.join(Options.__annotations__)}.")
    given = {key: value for key, value in options.items() if value is not None and key not in ("mechanism", "phase")}
    tables = [replace(table, comments={**table.comments, **given}) for table in tables]
    columns = [understood(table) for table in tables]
    found = inspected(path, tables, [column for part in columns for column in part])
    try:
        return _assembled(tables, columns, path, options)
    except DataError as error:
        return None, replace(found, problem=str(error))


def accepted(runs: Trajectories | None, found: Inspection) -> Trajectories:
    """The runs of one file; what was taken for granted or left out is logged.

    Raises
    ------
    DataError
        If there are none.
    """
    if runs is None:
        raise DataError(found.problem)
    for remark in remarks(found):
        logging.getLogger("mechlearn").warning("%s: %s", found.file, remark)
    return runs


@dataclass(frozen=True, eq=False)
class _Part:
    """The runs of one table, or of one part of a solution in it, before all get the same species."""

    species: tuple[str, ...]
    runs: tuple[Trajectory, ...]
    how: str
    notes: tuple[str, ...]


def _assembled(
    tables: Sequence[Table], columns: Sequence[Sequence[Column]], path: Path, options: Options
) -> tuple[Trajectories, Inspection]:
    kept: list[Column] = []
    sets: list[tuple[Table, Columns]] = []
    for table, part in zip(tables, columns, strict=True):
        all_columns, groups = chosen(table, part)
        kept += all_columns
        sets += [(_of_group(table, group), group) for group in groups]
    names = tuple(dict.fromkeys(name for _, group in sets for name in group.amounts))
    noted = (tables[0].comments.get("mechanism", ""), tables[0].comments.get("phase", ""))
    source = source_of(names, path, noted=noted, mechanism=options.get("mechanism"), phase=options.get("phase"))
    left_out = _left_out(tables, columns, source)
    parts = [_part(table, group, source, options.get("reactor")) for table, group in sets]
    runs = tuple(_with_species(run, part.species, names) for part in parts for run in part.runs)
    read = Trajectories(source.species, runs, source.mechanism, source.phase, source.atomic_weights, left_out=left_out)
    return read, replace(
        inspected(path, tables, kept),
        species=names,
        distinguished=parts[0].how if len(parts) == 1 else "by the parts of the file",
        runs=run_summaries(read),
        rates=any(run.rates is not None for run in runs),
        notes=tuple(dict.fromkeys([*(note for part in parts for note in part.notes), *_faults_of(names)])),
    )


def _faults_of(names: Sequence[str]) -> list[str]:
    """Names with which runs can be read, but nothing learnt."""
    return [fault for fault in map(fault_of_name, names) if fault]


def _left_out(tables: Sequence[Table], columns: Sequence[Sequence[Column]], source: TableMechanism) -> tuple[str, ...]:
    """Columns that are not read, but may hold species; refused where the mechanism has a species of that name."""
    said = []
    for table, part in zip(tables, columns, strict=True):
        for column in (each for each in part if each.may_be_species):
            if column.name in source.known:
                raise DataError(
                    f"{table.head_of(column)}: {column.remark}, and {column.name} is a species of "
                    f"{Path(source.mechanism).name}. Give it a unit of concentration or of a fraction, as in "
                    f"'{column.name} [{SI['concentration']}]', or rename the column if it is none."
                )
            said.append(f"column {column.index + 1} ({column.header!r}) of {table.head}")
    return tuple(said)


def _of_group(table: Table, columns: Columns) -> Table:
    """One part of a solution: rows where it has a time."""
    if not columns.time.group:
        return table
    rows = np.flatnonzero(~np.isnan(numbers(table, columns.time, needed=False)))
    if not rows.size:
        raise DataError(
            f"{table.head_of(columns.time)}: {columns.time.group} has no time in any row. Remove its columns, or fill "
            "the times in."
        )
    return replace(table.take(rows), name=columns.time.group)


def _part(table: Table, columns: Columns, source: TableMechanism, reactor: str | None) -> _Part:
    time = numbers(table, columns.time)
    states = read_states(table, columns)
    amounts = concentrations(table, columns, states, source)
    rates = None
    if columns.rates:
        rates = np.column_stack([numbers(table, column, needed=False) for column in columns.rates.values()])
    notes = [*table.notes]
    if not table.columns:
        notes += _check_negative(table, columns, amounts, measured=rates is None)
    if (time < 0).any() and rates is None:
        notes.append(f"Times below zero: the reactions are taken to go on from the first sample, at {time.min():g} s.")
    states, worked_out = _with_pressure(columns, states, amounts)
    species, kind = tuple(columns.amounts), table.comments.get("reactor", "")
    if columns.inlets:
        fed = concentrations(table, replace(columns, amounts=columns.inlets), states, source)
        steady, said = steady_runs(table, columns.time, time, fed, amounts, states, kind)
        return _Part(species, tuple(steady), feed_names(steady, kind), (*notes, *worked_out, said))
    if kind in FEEDS:
        raise DataError(
            f"{table.head}: a {kind} reactor needs what goes in. Add columns such as '{species[0]} in [kmol/m^3]', and "
            "a residence time."
        )
    found, how = members(table, columns, time)
    reactors = constant(table, columns, "reactor", found, default=kind)
    if reactor is not None:
        reactors = dict.fromkeys(found, reactor)
    parents = constant(table, columns, "parent", found, default="")
    runs = []
    for name, rows in found.items():
        temperature, pressure = states.temperature[rows], states.pressure[rows]
        own, own_rates = cast(Reactor, reactors[name]), _rates(table, columns, rates, rows)
        run = Trajectory(time[rows], amounts[rows], temperature, pressure, own_rates, own, name, parents[name])
        runs.append(replace(run, expansion=_expansion(states, rows)))
    short = sum(len(rows) == 1 for rows in found.values())
    if short and how != "one run" and not table.columns:
        worked_out.append(f"Runs of a single state: {short} of {len(found)}.")
    return _Part(species, tuple(runs), how, (*notes, *worked_out))


def _expansion(states: TableStates, rows: NDArray[np.intp]) -> float:
    """Part by which the volume differs within a run, by its column or that of the density; 0 where unknown."""
    for values in (states.volume[rows], states.density[rows]):
        known = values[np.isfinite(values)]
        if len(known) > 1:
            with np.errstate(over="ignore"):
                return float(known.max() / known.min() - 1)
    return 0.0


def _with_species(run: Trajectory, own: tuple[str, ...], names: tuple[str, ...]) -> Trajectory:
    """A run with the species of all runs, NaN for those that its part of the file lacks."""
    if own == names:
        return run
    amounts = np.full((len(run.time), len(names)), np.nan)
    amounts[:, [names.index(name) for name in own]] = run.concentrations
    return replace(run, concentrations=amounts, rates=None)


def _with_pressure(columns: Columns, states: TableStates, amounts: Array) -> tuple[TableStates, list[str]]:
    """The pressure by the ideal-gas law, where density and all fractions are there and it is not."""
    fractions = {column.quantity for column in columns.amounts.values()} in ({"mass-fraction"}, {"mole-fraction"})
    unknown = np.isnan(states.pressure).all() and not np.isnan(states.temperature).any()
    if not fractions or not unknown or np.isnan(states.density).any() or np.isnan(amounts).any():
        return states, []
    with np.errstate(over="ignore"):
        pressure = GAS_CONSTANT * states.temperature * amounts.sum(axis=1)
    if not np.isfinite(pressure).all():
        return states, []
    return replace(states, pressure=pressure), [
        "Pressure by the ideal-gas law from density, temperature and fractions."
    ]


def _check_negative(table: Table, columns: Columns, amounts: Array, *, measured: bool) -> list[str]:
    filled = np.nan_to_num(amounts)
    largest = filled.max(axis=0)
    round_off = np.maximum(_ROUND_OFF * largest, 1e-12 * largest.max())
    allowed = round_off
    if measured:
        allowed = np.maximum(_NOISE * largest, 1e-12 * largest.max())
        with np.errstate(over="ignore"):
            allowed = np.maximum(allowed, _SCATTER * _scatter(amounts))
    bad = np.argwhere(filled < -allowed)
    if bad.size:
        row, species = (int(i) for i in bad[0])
        column = list(columns.amounts.values())[species]
        raise DataError(
            f"{table.place(row, column)}: the concentration {table.shown(row, column)} is negative, more so than "
            f"{'noise' if measured else 'round-off'}. Mass action needs concentrations of at least 0: remove the "
            "sample or the species, or set it to what you know."
        )
    noisy = int((filled < -round_off).sum())
    return [f"Concentrations below zero, as noise makes them: {noisy}."] if noisy else []


def _scatter(amounts: Array) -> Array:
    """Noise of each species by the second differences of neighbouring rows, zero where these are few."""
    scatter = np.zeros(amounts.shape[1])
    for k, column in enumerate(amounts.T):
        known = column[~np.isnan(column)]
        if len(known) >= _ENOUGH:
            with np.errstate(over="ignore", invalid="ignore"):
                scatter[k] = np.nan_to_num(np.median(np.abs(np.diff(known, 2)))) / 0.6745 / np.sqrt(6)
    return scatter


def _rates(table: Table, columns: Columns, rates: Array | None, rows: NDArray[np.intp]) -> Array | None:
    """Rates of one run; None where all its cells are empty."""
    if rates is None:
        return None
    empty = np.isnan(rates[rows])
    if empty.all():
        return None
    if empty.any():
        row, species = (int(i) for i in np.argwhere(empty)[0])
        column = list(columns.rates.values())[species]
        raise DataError(
            f"{table.place(int(rows[row]), column)}: the rate is missing, though other rates of the run are there. "
            "Fill it in, or empty all rates of the run."
        )
    return np.asarray(rates[rows])
