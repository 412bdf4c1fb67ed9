"""What Cantera's ``SolutionArray.save`` writes: headers of its CSV, and a table for each array in HDF5 or YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ...chemistry.arrays import Array
from ...errors import DataError
from .column_units import by_prefix
from .table import UNITS_INSIDE, Column, Quantity, Table
from .vocabulary import state_of

FORM = "Cantera SolutionArray"
_PREFIXES: dict[str, Quantity] = {"X_": "mole-fraction", "Y_": "mass-fraction", "concentrations_": "concentration"}
_STATES = ("T", "D", "P")
_FRACTIONS = {"mass-fractions": "Y", "mole-fractions": "X"}


def is_header(names: Sequence[str]) -> bool:
    """Whether Cantera wrote these names of columns."""
    return "T" in names and any(name.startswith(tuple(_PREFIXES)) for name in names)


def column_of(column: Column, where: str) -> Column:
    """What a column holds, in Cantera's own units."""
    amount = by_prefix(column, column.header, _PREFIXES)
    if amount is not None:
        return amount
    state = state_of(column.header)
    if state is None:
        return replace(column, remark="an extra column of Cantera's")
    remark = "no unit: s, as Cantera's reactor networks count" if state == "time" else ""
    return replace(column, quantity=state, name=state, unit=UNITS_INSIDE[state], remark=remark)


def array_tables(path: Path, file: h5py.File) -> list[Table]:
    """Tables of the arrays in an HDF5 file; none if there is none.

    Raises
    ------
    DataError
        If an array is incomplete.
    """
    return [_from_group(path, name, group["data"]) for name, group in file.items() if _is_array(group)]


def yaml_tables(path: Path, content: Mapping[str, Any]) -> list[Table]:
    """Tables of the arrays in a YAML file; none if there is none.

    Parameters
    ----------
    path : Path
        The file.
    content : mapping
        The file, parsed.

    Raises
    ------
    DataError
        If an array is incomplete.
    """
    return [
        _from_entry(path, str(name), entry["data"])
        for name, entry in content.items()
        if isinstance(entry, Mapping) and isinstance(entry.get("data"), Mapping) and _holds_states(entry["data"])
    ]


def _holds_states(data: Mapping[str, Any]) -> bool:
    return ("components" in data and any(key in data for key in _STATES)) or any(key in data for key in _FRACTIONS)


def _is_array(group: Any) -> bool:
    return isinstance(group, h5py.Group) and "data" in group and "components" in group["data"].attrs


def _from_group(path: Path, name: str, data: Any) -> Table:
    stored = {str(key): np.array(value, dtype=float) for key, value in data.items() if value.dtype.kind in "fiu"}
    basis = next((key for key in ("Y", "X") if key in stored and stored[key].ndim == 2), None)
    names = (name.decode() if isinstance(name, bytes) else str(name) for name in data.attrs["components"])
    species = [name for name in names if name not in data]
    if basis is None or stored[basis].shape[1] != len(species):
        raise DataError(f"{path}, group {name!r}: it holds no mass or mole fractions of its {len(species)} species.")
    columns = {key: values for key, values in stored.items() if values.ndim == 1}
    return _table(path, name, columns, {s: stored[basis][:, k] for k, s in enumerate(species)}, basis)


def _from_entry(path: Path, name: str, data: Mapping[str, Any]) -> Table:
    if "components" not in data:
        return _from_single_state(path, name, data)
    components = [str(component) for component in data["components"]]
    lacking = next((component for component in components if component not in data), None)
    if lacking is not None:
        raise DataError(f"{path}, {name}: the values of the component {lacking!r} are missing. Write it anew.")
    keys = [str(key) for key in data]
    initial_state = min(keys.index(key) for key in _STATES if key in keys)  # Cantera writes extras before states
    species = [key for key in components if keys.index(key) > initial_state and key not in _STATES]
    columns = {key: values for key in components if key not in species and (values := _values(data[key])) is not None}
    fractions = {key: values for key in species if (values := _values(data[key])) is not None}
    return _table(path, name, columns, fractions, "X" if data.get("basis") == "mole" else "Y")


def _from_single_state(path: Path, name: str, data: Mapping[str, Any]) -> Table:
    """An array of one state, for which Cantera leaves out fractions that are zero."""
    columns = {key: values for key in data if (values := _values(data[key])) is not None and key != "size"}
    for key, short in (("temperature", "T"), ("pressure", "P"), ("density", "D")):
        if key in columns:
            columns[short] = columns.pop(key)
    basis = next(key for key in _FRACTIONS if key in data)
    fractions = {str(species): np.array([float(value)]) for species, value in data[basis].items()}
    return _table(path, name, columns, fractions, _FRACTIONS[basis])


def _values(entry: Any) -> Array | None:
    """Numbers, one for each state; None for texts and the like."""
    try:
        values = np.atleast_1d(np.array(entry, dtype=float))
    except (TypeError, ValueError, OverflowError):
        return None
    return values if values.ndim == 1 else None


def _table(path: Path, name: str, columns: dict[str, Array], fractions: dict[str, Array], basis: str) -> Table:
    lengths = {len(values) for values in (*columns.values(), *fractions.values())}
    where = f"{path}, {name}"
    if len(lengths) != 1 or 0 in lengths:
        raise DataError(f"{where}: the columns have {sorted(lengths)} values. Write it anew, with one state at least.")
    if not {"t", "time"} & set(columns):
        raise DataError(
            f"{where}: there is no column of times. Save the array with one: ct.SolutionArray(gas, extra=['t'])."
        )
    header = [*columns, *(f"{basis}_{species}" for species in fractions)]
    cells = [*columns.values(), *fractions.values()]
    return Table(where, FORM, header, cells, range(lengths.pop()), name=name, row_word="state")
