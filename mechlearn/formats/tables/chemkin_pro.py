"""Tables of Chemkin-Pro: headers such as ``Mole_fraction_H2_Soln#1_()``, and its transposed form ``.ckcsv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import DataError
from .column_units import by_dimension, by_prefix, with_degrees
from .csv_encoding import decoded
from .table import Column, Quantity, Table
from .vocabulary import STATES

FORM = "Chemkin-Pro"
_HEADER = re.compile(r"(.+?)_\(([^()]*)\)")
_PART = re.compile(r"_(Soln#\d+|P[FS]RC\d+|C\d+(?:_R\d+)?)$")
_FRACTIONS: dict[str, Quantity] = {"Mole_fraction_": "mole-fraction", "Mass_fraction_": "mass-fraction"}
_CONCENTRATION = re.compile(r"Mol(?:ar|e)_conc(?:entration)?_(.+)")


def is_header(names: Sequence[str]) -> bool:
    """Whether Chemkin-Pro wrote these names of columns."""
    return sum(bool(_HEADER.fullmatch(name)) for name in names) >= 2


def column_of(column: Column, where: str) -> Column:
    """What a column holds, and the part of a solution that it belongs to."""
    match = _HEADER.fullmatch(column.header)
    if match is None:
        return replace(column, remark="not in the form NAME_(UNIT)")
    label, unit = match.groups()
    parts: list[str] = []
    while part := _PART.search(label):
        parts.insert(0, part[1])
        label = label[: part.start()]
    column = replace(column, group=" ".join(parts))
    fraction = by_prefix(column, label, _FRACTIONS)
    if fraction is not None:
        return fraction
    concentration = _CONCENTRATION.fullmatch(label)
    if concentration:
        return by_dimension(column, concentration[1], unit, where)
    column, unit = with_degrees(column, label, unit)
    if label.lower() in STATES:
        return by_dimension(column, label, unit, where)
    return replace(column, name=label, unit=unit, remark="neither a state nor an amount of a species")


def read_ckcsv(path: Path) -> Table:
    """A table in the transposed form: each line a name, a unit in parentheses, and the values.

    Raises
    ------
    DataError
        If the file is not text, or no line is of that form.
    """
    try:
        lines = [[cell.strip() for cell in row] for row in csv.reader(decoded(path)[0], strict=True)]
    except csv.Error as error:
        raise DataError(f"{path}: the rows cannot be taken apart ({error}). Export it from Chemkin anew.") from None
    rows = [row for row in lines if len(row) > 2 and re.fullmatch(r"\([^()]*\)", row[1])]
    if not rows:
        raise DataError(f"{path} holds no line of the form 'Time_Soln#1, (sec), 0, 1, …'. Export it from Chemkin anew.")
    longest = max(len(row) for row in rows)
    header = [f"{row[0]}_{row[1]}" for row in rows]
    cells = [row[2:] + [""] * (longest - len(row)) for row in rows]
    values = range(1, longest - 1)
    return Table(str(path), FORM, header, cells, values, decimal=".", delimiter="comma", row_word="value")
