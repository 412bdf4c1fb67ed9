"""The names of headers that stand for a state or a unit, and where a header keeps its unit."""

from __future__ import annotations

import re
from typing import Literal

from ...errors import DataError
from ...units import Dimension, dimension_of, is_unit
from .table import Quantity

State = Literal["time", "temperature", "pressure", "density", "volume"]
STATES: dict[State, tuple[str, ...]] = {
    "time": ("t", "time", "tau", "residence time", "residence_time"),
    "temperature": ("T", "temperature", "temp"),
    "pressure": ("P", "p", "pressure"),
    "density": ("D", "rho", "ρ", "density"),
    "volume": ("V", "volume"),
}
_FRACTION_UNITS: tuple[tuple[Quantity, float, tuple[str, ...]], ...] = (
    ("mole-fraction", 1.0, ("mol/mol", "molefraction", "molfraction", "molefrac", "molfrac")),
    ("mole-fraction", 1e-2, ("mol%", "mole%", "molepercent", "vol%", "%v/v")),
    ("mole-fraction", 1e-6, ("ppmv", "ppm(v)")),
    ("mole-fraction", 1e-9, ("ppbv",)),
    ("mass-fraction", 1.0, ("kg/kg", "g/g", "massfraction", "massfrac")),
    ("mass-fraction", 1e-2, ("wt%", "mass%", "masspercent")),
    ("undecided", 1.0, ("-", "1", "")),
    ("undecided", 1e-2, ("%", "percent")),
    ("undecided", 1e-6, ("ppm",)),
    ("undecided", 1e-9, ("ppb",)),
)
FRACTIONS = {unit: (quantity, scale) for quantity, scale, units in _FRACTION_UNITS for unit in units}
"""Units of fractions, without blanks, points and hyphens; of moles or of mass where they say so."""
BRACKETS = re.compile(r"(.*\S)\s+\[([^\[\]]*)\]", re.DOTALL)
CLOSE_BRACKETS = re.compile(r"(.*\S)\[([^\[\]]*)\]", re.DOTALL)
_PARENTHESES = re.compile(r"(.*[^\s/])\s+\(((?:[^()]|\([^()]*\))*)\)", re.DOTALL)
_SLASH = re.compile(r"(.*\S)\s+/\s+(\S.*)", re.DOTALL)
_CLOSE_PARENTHESES = re.compile(r"(.*\S)\(([^()]+)\)", re.DOTALL)
_CLOSE_SLASH = re.compile(r"(t|T|p|P|time|Time)/(\S+)|(\[.+\]|[cC]_\S+|[cC]\(.+\))/(\S.*)", re.DOTALL)
DEGREES = {"C": "degC", "F": "degF"}


def name_and_unit(header: str) -> tuple[str, str | None]:
    """What a header by hand says before its unit, and the unit, None where there is none.

    Examples
    --------
    >>> name_and_unit("t / s"), name_and_unit("A(mM)"), name_and_unit("CH2(S)")
    (('t', 's'), ('A', 'mM'), ('CH2(S)', None))
    """
    for pattern in (BRACKETS, _PARENTHESES, _SLASH, _CLOSE_SLASH):
        match = pattern.fullmatch(header)
        if match:
            name, unit = (group.strip() for group in match.groups() if group is not None)
            return name, unit[1:-1] if unit.startswith("(") and unit.endswith(")") else unit
    for pattern, is_one in ((CLOSE_BRACKETS, _is_read), (_CLOSE_PARENTHESES, _is_unit_of)):
        match = pattern.fullmatch(header)
        if match and is_one(match[1], match[2]):
            return match[1], match[2]
    return header, None


def _is_read(name: str, text: str) -> bool:
    """Whether what stands in brackets close to a name is a unit."""
    if plain_unit(text) in FRACTIONS:
        return text.strip() not in ("", "1", "-")
    return known_dimension(text) is not None


def _is_unit_of(name: str, text: str) -> bool:
    """Whether what stands in parentheses close to a name is a unit, as in time(s) and A(mM); not so in CH2(S)."""
    if plain_unit(text) in FRACTIONS:
        return len(text) > 1 or text == "%"
    state = state_of(name)
    if state == "temperature" and text in DEGREES:
        return True
    return known_dimension(text) == (state or "concentration") and (state is not None or len(text) > 1)


def plain_unit(unit: str) -> str:
    """A unit of fractions as `FRACTIONS` has it.

    Examples
    --------
    >>> plain_unit("Vol.-%"), plain_unit("Mole fraction"), plain_unit("-")
    ('vol%', 'molefraction', '-')
    """
    return re.sub(r"[\s.-]", "", unit.lower()) or unit.strip()


def is_unit_of_a_column(text: str) -> bool:
    """Whether the text is a unit such as may stand below a header.

    Examples
    --------
    >>> is_unit_of_a_column("mol/L"), is_unit_of_a_column("-"), is_unit_of_a_column("n/a")
    (True, True, False)
    """
    return plain_unit(text) in FRACTIONS or is_unit(text)


def known_dimension(unit: str) -> Dimension | None:
    """What a unit measures; None where it is none, or measures nothing that is read.

    Examples
    --------
    >>> known_dimension("min"), known_dimension("W/m3"), known_dimension("OH")
    ('time', None, None)
    """
    try:
        return dimension_of(unit)
    except DataError:
        return None


def state_of(name: str) -> State | None:
    """The state that a name stands for, if any.

    Examples
    --------
    >>> state_of("T"), state_of("t"), state_of("A")
    ('temperature', 'time', None)
    """
    return next((state for state in STATES if is_state(name, state)), None)


def is_state(name: str, state: State) -> bool:
    """Whether a name stands for a state: single letters as they are, as t is a time, words in any case.

    Examples
    --------
    >>> is_state("Time", "time"), is_state("T", "time")
    (True, False)
    """
    return name in STATES[state] or (len(name) > 1 and name.lower() in STATES[state])
