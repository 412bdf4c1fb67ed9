"""A column by its name and its unit: what it holds, and how it becomes kmol, m³, s, K and Pa."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ...errors import DataError
from ...units import SI, dimension_of, factor
from .table import UNITS_INSIDE, Column, Quantity, located
from .vocabulary import DEGREES, STATES, State, is_state, known_dimension, state_of

UNDERSTOOD = (
    "Understood are run, parent, reactor, time [s], T [K], P [Pa], H2 [kmol/m^3] for the concentration of H2 and "
    "d(H2)/dt [kmol/m^3/s] for its net production rate"
)
RATE = re.compile(r"d(?:\((.+)\)|\[(.+)\])/dt", re.DOTALL)


def by_dimension(column: Column, name: str, unit: str, where: str) -> Column:
    """The column with what its unit measures: the unit decides, as P may be a species.

    Raises
    ------
    DataError
        If the unit is unknown, or measures what the name does not stand for.
    """
    with located(where):
        dimension = dimension_of(unit)
    rate = RATE.fullmatch(name)
    scale, offset = factor(unit, dimension)
    found = replace(column, name=name, unit=unit, scale=scale, offset=offset)
    if dimension == "concentration rate" and rate:
        return replace(found, quantity="concentration rate", name=rate[1] or rate[2])
    if dimension == "concentration" and not rate:
        return replace(found, quantity="concentration")
    state = next((state for state in STATES if state == dimension), None)
    if state is not None and is_state(name, state):
        return replace(found, quantity=state, name=state)
    if dimension == "density" and not rate:
        return replace(found, quantity="mass concentration")
    if dimension == "amount" and not rate:
        return replace(found, quantity="moles")
    raise DataError(f"{where}: a unit of {dimension} is not understood with this name. {UNDERSTOOD}.")


def by_prefix(column: Column, label: str, prefixes: Mapping[str, Quantity]) -> Column | None:
    """The column as an amount in the unit inside, where its label begins with one of the prefixes.

    Examples
    --------
    >>> found = by_prefix(Column(0, "X_OH", "not used"), "X_OH", {"X_": "mole-fraction"})
    >>> found.quantity, found.name, found.unit
    ('mole-fraction', 'OH', '1')
    """
    prefix = next((each for each in prefixes if label.startswith(each) and label != each), None)
    if prefix is None:
        return None
    quantity = prefixes[prefix]
    return replace(column, quantity=quantity, name=label.removeprefix(prefix), unit=UNITS_INSIDE[quantity])


def with_degrees(column: Column, name: str, unit: str) -> tuple[Column, str]:
    """Degrees Celsius and Fahrenheit, where a temperature seems to be in coulomb or farad."""
    if unit in DEGREES and is_state(name, "temperature"):
        return replace(column, remark=f"{unit} taken for {DEGREES[unit]}"), DEGREES[unit]
    return column, unit


def misnamed(column: Column) -> State | None:
    """The state whose unit a column has that is not used, as its name is none of that state's.

    Examples
    --------
    >>> misnamed(Column(0, "T5 (K)", "not used", unit="K")), misnamed(Column(0, "T (K)", "temperature", unit="K"))
    ('temperature', None)
    """
    if column.quantity != "not used" or not column.unit:
        return None
    return next((state for state in STATES if state == known_dimension(column.unit)), None)


def without_unit(header: str, where: str) -> str:
    """The message on a column without a unit."""
    if "[" in header and header.endswith("]"):
        return f"{where}: a blank belongs before the unit in brackets, as in 'H2 [kmol/m^3]'."
    unit = SI["concentration rate" if RATE.fullmatch(header) else state_of(header) or "concentration"]
    return f"{where}: the unit is missing, and it is not guessed. Write '{header} [{unit}]', say. {UNDERSTOOD}."
