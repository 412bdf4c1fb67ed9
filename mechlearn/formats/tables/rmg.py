"""Tables of the Reaction Mechanism Generator: headers as by hand, amounts in moles without their unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .table import Column

FORM = "RMG"


def is_header(names: Sequence[str]) -> bool:
    """Whether RMG wrote these names of columns."""
    return "Time (s)" in names and "Volume (m^3)" in names


def with_moles(column: Column) -> Column:
    """A column of moles without a unit, in the unit that RMG counts in."""
    return replace(column, unit="mol", scale=1e-3, remark="no unit: mol, as RMG counts")
