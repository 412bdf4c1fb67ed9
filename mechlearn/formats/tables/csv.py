"""Runs as a CSV table, one row per sample; every number comes back bit for bit."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Unpack

import numpy as np

from ...chemistry.arrays import Array
from ...data.trajectories import Trajectories, Trajectory
from ...errors import DataError
from ...files import atomic_path
from ...units import SI, Dimension
from .chemkin_pro import read_ckcsv
from .columns import chosen, understood
from .csv_cells import VERSION, read_table
from .table import OURS, Table
from .table_mechanism import check_names, written_mechanism
from .table_reading import Options, accepted, inspect_tables

_STATES: dict[str, Dimension] = {"time": "time", "T": "temperature", "P": "pressure"}


def read_csv(path: str | os.PathLike[str], **options: Unpack[Options]) -> Trajectories:
    """Runs from a text table, of mechlearn's own form or another's.

    The columns, in any order: a time; an amount of each species; optionally ``run`` (without it a time that starts
    again starts a run), temperature, pressure, density or volume, and net production rates (of all species or of
    none), as in ``run,time [s],T [K],P [Pa],H2 [kmol/m^3],d(H2)/dt [kmol/m^3/s]``. Any unit that pint converts will
    do. Also understood are tables of Cantera's SolutionArray, Chemkin-Pro (``.ckcsv`` too), RMG and OpenSMOKE++, and
    headers by hand such as ``t / s``, ``[A] / mM``, ``A (mol/L)``, ``OH [ppmv]``, ``x_OH``. Commas, semicolons, tabs or
    blanks separate the cells; decimals may have a comma; empty cells and ``nan`` are missing values. Comment lines may
    head the table: ``# mechanism: h2o2.yaml``, ``# phase: …``, ``# reactor: isothermal``, ``# basis: mole-fraction``,
    ``# temperature: 1000 K``, ``# pressure: 1 atm``.

    Parameters
    ----------
    path : path
        The file, UTF-8.
    mechanism : str, optional
        The Cantera file that gives compositions and thermo, in place of the one that the table names; empty for none.
    phase : str, optional
        Its phase, where it has several.
    reactor : str, optional
        ``isothermal``, ``constant-volume``, ``constant-pressure`` or ``given-temperature``, in place of what the table
        says.
    basis : str, optional
        What amounts are that do not say so: ``concentration``, ``mole-fraction``, ``mass-fraction`` or ``moles``. With
        it, numbers without a unit count as kmol, m³, s, K and Pa.
    temperature, pressure : float or str, optional
        Of all samples, where the table has no column: [K], [Pa], or text with a unit.

    Returns
    -------
    Trajectories
        Species in the order of their columns, runs in the order of their first rows; concentrations that were not
        measured are NaN.

    Raises
    ------
    DataError
        If the file is no such table, or leaves open what its numbers are; with file, line, column and run.

    Notes
    -----
    A negative concentration is kept if it is round-off of an integrator (not below −1e-9 of the species' largest value
    or −1e-12 of the largest value in the table) or, in tables without rates, noise (not below −10 % of the species'
    largest value). Others are refused.
    """
    path = Path(path)
    return accepted(*inspect_tables([text_table(path)], path, options))


def text_table(path: Path) -> Table:
    """The table in a text file, Chemkin's transposed form (``.ckcsv``) included.

    Raises
    ------
    DataError
        As `read_table`.
    """
    return read_ckcsv(path) if path.suffix.lower() == ".ckcsv" else read_table(path)


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
    header = ["run", *["parent"] * parent, *["reactor"] * differ]
    header += [f"{name} [{SI[quantity]}]" for name, quantity in _STATES.items()]
    header += [f"{name} [{SI['concentration']}]" for name in runs.species_names]
    if any(run.rates is not None for run in runs.runs):
        header += [f"d({name})/dt [{SI['concentration rate']}]" for name in runs.species_names]
    _check_header(header, runs.species_names)
    notes = {
        "mechanism": written_mechanism(runs, path),
        "phase": runs.phase,
        "reactor": "" if differ else runs.runs[0].reactor,
    }
    with atomic_path(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {OURS} {VERSION}\n")
        file.writelines(f"# {key}: {value}\n" for key, value in notes.items() if value)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for run in runs.runs:
            first = [run.name, *[run.parent] * parent, *[run.reactor] * differ]
            width = len(header) - len(first)
            writer.writerows([*first, *_blank_nan(sample)] for sample in _matrix(run, width).tolist())


def _matrix(run: Trajectory, width: int) -> Array:
    """Time, temperature, pressure, concentrations and rates side by side, NaN where unknown."""
    known = [run.time, run.temperature, run.pressure, run.concentrations]
    if run.rates is not None:
        known.append(run.rates)
    matrix = np.column_stack(known)
    return np.pad(matrix, ((0, 0), (0, width - matrix.shape[1])), constant_values=np.nan)


def _blank_nan(sample: list[float]) -> list[float | str]:
    return ["" if value != value else value for value in sample]


def _check_header(header: list[str], species: tuple[str, ...]) -> None:
    table = Table("The table", OURS, header, [()] * len(header), ())
    try:
        _, (columns,) = chosen(table, understood(table))
        read = tuple(columns.amounts)
    except DataError as error:
        raise DataError(f"Some species' name cannot be written as a column. {error}") from None
    if read != species:
        odd = next(name for name, back in zip(species, read, strict=True) if name != back)
        raise DataError(f"Species {odd!r} cannot be written as a column: it would be read back otherwise. Rename it.")
