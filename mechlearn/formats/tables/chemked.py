"""ChemKED files with concentration profiles → tables, one for each datapoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...chemistry.arrays import Array
from ...errors import DataError
from .column_units import by_dimension, without_unit
from .table import Column, Table
from .vocabulary import BRACKETS, FRACTIONS, plain_unit

FORM = "ChemKED"
_PROFILES = "concentration-profiles"


def column_of(column: Column, where: str) -> Column:
    """What a column holds: each has its unit in brackets."""
    match = BRACKETS.fullmatch(column.header)
    if match is None:
        raise DataError(without_unit(column.header, where))
    fraction = FRACTIONS.get(plain_unit(match[2]))
    if fraction is None:
        return by_dimension(column, match[1], match[2], where)
    return replace(column, quantity=fraction[0], name=match[1], unit=match[2] or "-", scale=fraction[1])


def is_chemked(content: Mapping[str, Any]) -> bool:
    """Whether a YAML file has datapoints, as ChemKED files do."""
    return isinstance(content.get("datapoints"), Sequence)


def chemked_tables(path: Path, content: Mapping[str, Any]) -> list[Table]:
    """A table for each datapoint with concentration profiles; species measured at other times have gaps.

    Parameters
    ----------
    path : Path
        The file.
    content : mapping
        The file, parsed.

    Raises
    ------
    DataError
        If no datapoint has concentration profiles, or one is not as the schema says.
    """
    common = content.get("common-properties") or {}
    tables = []
    for number, point in enumerate(content["datapoints"], start=1):
        where = f"{path}, datapoint {number}"
        if not isinstance(point, Mapping):
            raise DataError(f"{where}: this is no datapoint. Write it as ChemKED's schema says.")
        if point.get(_PROFILES):
            tables.append(_table(where, f"datapoint {number}", {**common, **point}))
    if not tables:
        raise DataError(
            f"{path}: no datapoint has {_PROFILES}, and ignition delays and the like say nothing of single species "
            "over time. Give a file with profiles."
        )
    return tables


def _table(where: str, name: str, point: Mapping[str, Any]) -> Table:
    profiles: dict[str, tuple[Array, Array]] = {}
    headers, time_units = [], set()
    for profile in point[_PROFILES]:
        species, unit, time_unit, values = _profile(where, profile)
        if species in profiles:
            raise DataError(f"{where}: {species} has two profiles. Remove one of them.")
        profiles[species] = values
        headers.append(f"{species} [{unit}]")
        time_units.add(time_unit)
    if len(time_units) > 1:
        raise DataError(f"{where}: the profiles have times in {', '.join(sorted(time_units))}. Use one unit.")
    times = np.unique(np.concatenate([time for time, _ in profiles.values()]))
    cells = [times]
    for time, measured in profiles.values():
        column = np.full(len(times), np.nan)
        column[np.searchsorted(times, time)] = measured
        cells.append(column)
    comments = {key: _first(point[key]) for key in ("temperature", "pressure") if key in point}
    header = [f"time [{time_units.pop()}]", *headers]
    lines = range(1, len(times) + 1)
    return Table(where, FORM, header, cells, lines, comments=comments, name=name, row_word="time")


def _profile(where: str, profile: Any) -> tuple[str, str, str, tuple[Array, Array]]:
    try:
        species = str(profile["species-name"])
        quantity, time = profile["quantity"], profile["time"]
        unit, time_unit = str(quantity["units"]), str(time["units"])
        at = (int(time.get("column", 0)), int(quantity.get("column", 1)))
        columns = np.array([[float(row[k]) for k in at] for row in profile["values"]]).T.reshape(2, -1)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{where}: a profile is not of the form 'species-name, quantity: {{units}}, time: {{units}}, values: "
            f"[[t, x], …]' ({type(error).__name__}: {error}). Write it as ChemKED's schema says."
        ) from None
    order = np.argsort(columns[0], kind="stable")
    if not np.all(np.isfinite(columns[0])) or np.any(np.diff(columns[0][order]) == 0):
        raise DataError(f"{where}: the profile of {species} has a time twice, or one that is not a number. Remove it.")
    return species, unit, time_unit, (columns[0][order], columns[1][order])


def _first(value: Any) -> str:
    """``[1000 K, {uncertainty…}]`` or ``1000 K`` → text with a unit."""
    return str(value[0] if isinstance(value, list) and value else value)
