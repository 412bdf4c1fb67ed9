"""Headers of OpenSMOKE++, each with its number in parentheses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .column_units import by_dimension
from .table import Column, Quantity
from .vocabulary import CLOSE_BRACKETS, state_of

FORM = "OpenSMOKE++"
_NUMBERED = re.compile(r"(.+)\(\d+\)")
_FRACTIONS: dict[str, Quantity] = {"_x": "mole-fraction", "_w": "mass-fraction"}


def is_header(names: Sequence[str]) -> bool:
    """Whether OpenSMOKE++ wrote these names of columns."""
    return any(name.startswith(("t[s](", "Tau[s](")) for name in names)


def column_of(column: Column, where: str) -> Column:
    """What a column holds: a state with its unit in brackets, or a fraction by the end of its name."""
    match = _NUMBERED.fullmatch(column.header)
    label = match[1].strip() if match else column.header
    bracketed = CLOSE_BRACKETS.fullmatch(label)
    if bracketed and state_of(bracketed[1]):
        return by_dimension(column, bracketed[1], bracketed[2], where)
    quantity = _FRACTIONS.get(label[-2:])
    if quantity and len(label) > 2:
        return replace(column, quantity=quantity, name=label[:-2], unit="1")
    return replace(column, name=label, remark="neither a state nor an amount of a species")
