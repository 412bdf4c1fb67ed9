"""The words of headers that stand for a state or a unit, and where a header keeps its unit."""

from __future__ import annotations

import re

from ...errors import DataError
from ...units import Dimension, dimension_of, is_unit
from .table import Quantity

STATES: dict[Quantity, tuple[str, ...]] = {
    "time": ("t", "time", "tau", "residence time", "residence_time"),
    "temperature": ("T", "temperature", "temp"),
    "pressure": ("P", "p", "pressure"),
    "density": ("D", "rho", "ρ", "density"),
    "volume": ("V", "volume"),
}
STATE_UNITS: dict[Quantity, Dimension] = {
    "time": "time",
    "temperature": "temperature",
    "pressure": "pressure",
    "density": "density",
    "volume": "volume",
}
FRACTIONS: dict[str, tuple[Quantity, float]] = {
    "mol/mol": ("mole-fraction", 1.0),
    "molefraction": ("mole-fraction", 1.0),
    "molfraction": ("mole-fraction", 1.0),
    "molefrac": ("mole-fraction", 1.0),
    "molfrac": ("mole-fraction", 1.0),
    "mol%": ("mole-fraction", 1e-2),
    "mole%": ("mole-fraction", 1e-2),
    "molepercent": ("mole-fraction", 1e-2),
    "vol%": ("mole-fraction", 1e-2),
    "%v/v": ("mole-fraction", 1e-2),
    "ppmv": ("mole-fraction", 1e-6),
    "ppm(v)": ("mole-fraction", 1e-6),
    "ppbv": ("mole-fraction", 1e-9),
    "kg/kg": ("mass-fraction", 1.0),
    "g/g": ("mass-fraction", 1.0),
    "massfraction": ("mass-fraction", 1.0),
    "massfrac": ("mass-fraction", 1.0),
    "wt%": ("mass-fraction", 1e-2),
    "mass%": ("mass-fraction", 1e-2),
    "masspercent": ("mass-fraction", 1e-2),
    "-": ("undecided", 1.0),
    "1": ("undecided", 1.0),
    "": ("undecided", 1.0),
    "%": ("undecided", 1e-2),
    "percent": ("undecided", 1e-2),
    "ppm": ("undecided", 1e-6),
    "ppb": ("undecided", 1e-9),
}
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
    match = CLOSE_BRACKETS.fullmatch(header)
    if match and _is_read(match[2]):
        return match[1], match[2]
    match = _CLOSE_PARENTHESES.fullmatch(header)
    if match and _is_unit_of(match[1], match[2]):
        return match[1], match[2]
    return header, None


def _is_unit_of(name: str, text: str) -> bool:
    """Whether what stands in parentheses close to a name is a unit, as in time(s) and A(mM); not so in CH2(S)."""
    if plain_unit(text) in FRACTIONS:
        return len(text) > 1 or text == "%"
    state = state_of(name)
    if state == "temperature" and text in DEGREES:
        return True
    try:
        dimension = dimension_of(text)
    except DataError:
        return False
    return dimension == (STATE_UNITS[state] if state else "concentration") and (state is not None or len(text) > 1)


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


def _is_read(unit: str) -> bool:
    if plain_unit(unit) in FRACTIONS:
        return unit.strip() not in ("", "1", "-")
    try:
        dimension_of(unit)
    except DataError:
        return False
    return True


def state_of(name: str) -> Quantity | None:
    """The state that a name stands for, if any.

    Examples
    --------
    >>> state_of("T"), state_of("t"), state_of("A")
    ('temperature', 'time', None)
    """
    return next((quantity for quantity in STATES if is_state(name, quantity)), None)


def is_state(name: str, quantity: Quantity) -> bool:
    """Whether a name stands for a state: single letters as they are, as t is a time, words in any case.

    Examples
    --------
    >>> is_state("Time", "time"), is_state("T", "time")
    (True, False)
    """
    return name in STATES[quantity] or (len(name) > 1 and name.lower() in STATES[quantity])
