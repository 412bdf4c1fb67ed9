"""Units at the doors: what people write becomes kmol, m³, s, K and Pa; nothing inside converts."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from math import inf, isfinite
from numbers import Real
from typing import Literal

import pint

from .errors import DataError

Dimension = Literal[
    "temperature", "pressure", "time", "concentration", "concentration rate", "density", "volume", "amount"
]

SI: dict[Dimension, str] = {
    "temperature": "K",
    "pressure": "Pa",
    "time": "s",
    "concentration": "kmol/m^3",
    "concentration rate": "kmol/m^3/s",
    "density": "kg/m^3",
    "volume": "m^3",
    "amount": "kmol",
}
"""The unit inside of each dimension, as file headers write it."""

_EXAMPLES: dict[Dimension, str] = {
    "temperature": "'1000 K' or '800 degC'",
    "pressure": "'1 atm', '20 bar' or '101325 Pa'",
    "time": "'0.1 s', '10 ms' or '5 min'",
    "concentration": "'0.1 mol/L', '5 mM' or '1e-6 mol/cm^3'",
    "concentration rate": "'0.1 mol/L/s' or '2 mM/min'",
    "density": "'1.2 kg/m^3' or '0.8 g/L'",
    "volume": "'1 m^3' or '250 mL'",
    "amount": "'1 kmol' or '5 mmol'",
}

_NUMBER_AND_UNIT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_NUMBER_TO_A_POWER = re.compile(r"\d\s*(\*\*|\^)|\d{3}")
_SPELLINGS = {
    "degc": "degC",
    "celsius": "degC",
    "degf": "degF",
    "degk": "K",
    "°k": "K",
    "mmhg": "mmHg",
    "bara": "bar",
    "bar(a)": "bar",
    "psia": "psi",
}
"""Units as people write them, without blanks and points in small letters, and as pint does."""
_BARE_EXPONENT = re.compile(r"(?<=[A-Za-z])(-?[1-9])(?!\w)")


def to_si(value: float | str, dimension: Dimension) -> float:
    """A quantity in the unit that mechlearn uses inside: K, Pa, s, kmol/m³, kmol/m³/s, kg/m³, m³ or kmol.

    Parameters
    ----------
    value : float or str
        A number is in the unit inside already; text is a number with or without a unit, such as ``"10 ms"``.
    dimension : str
        ``temperature``, ``pressure``, ``time``, ``concentration``, ``concentration rate``, ``density``, ``volume`` or
        ``amount``.

    Raises
    ------
    DataError
        If the text is not a finite number with a unit of that dimension.

    Examples
    --------
    >>> to_si("800 degC", "temperature"), to_si("1 atm", "pressure"), to_si(0.5, "time")
    (1073.15, 101325.0, 0.5)
    """
    number: object = value
    unit = ""
    if isinstance(value, str):
        match = _NUMBER_AND_UNIT.fullmatch(value)
        number, unit = match.groups() if match else (None, "")
    if isinstance(number, bool) or not isinstance(number, (str, Real)):
        raise DataError(f"{value!r} is not a {dimension}. {_advice(dimension)}")
    try:
        result = float(number)
        if unit and isfinite(result):
            scale, offset = _exact_factor(unit, dimension)
            result = float((Fraction(str(number)) if result else 0) * scale + offset)
    except OverflowError:
        result = inf
    if not isfinite(result):
        raise DataError(f"{value!r} is not a finite {dimension}. {_advice(dimension)}")
    return result


def factor(unit: str, dimension: Dimension) -> tuple[float, float]:
    """Scale and offset of a unit: value in SI = scale · value + offset.

    Parameters
    ----------
    unit : str
        As people write it: ``mol/L``, ``kmol/m3``, ``mol cm-3``, ``µM``, ``degC``, …
    dimension : str
        As for `to_si`.

    Raises
    ------
    DataError
        If the unit is unknown or of another dimension.

    Examples
    --------
    >>> factor("degC", "temperature"), factor("µM", "concentration")
    ((1.0, 273.15), (1e-06, 0.0))
    """
    scale, offset = _exact_factor(unit, dimension)
    return float(scale), float(offset)


def dimension_of(unit: str) -> Dimension:
    """What a unit measures.

    Raises
    ------
    DataError
        If the unit is unknown, or measures nothing that mechlearn reads.

    Examples
    --------
    >>> dimension_of("mol/L/min")
    'concentration rate'
    """
    for dimension, inside in SI.items():
        if unit == inside:
            return dimension
    for dimension, inside in SI.items():
        if _parsed(unit).is_compatible_with(_parsed(inside)):
            return dimension
    raise DataError(f"{unit!r} measures none of {', '.join(SI)}. Use a unit such as {', '.join(SI.values())}.")


def is_unit(text: str) -> bool:
    """Whether the text is a unit, of whatever dimension.

    Examples
    --------
    >>> is_unit("W/m3"), is_unit("OH")
    (True, False)
    """
    try:
        _parsed(text)
    except DataError:
        return False
    return True


def _advice(dimension: Dimension) -> str:
    return f"Write a number in {SI[dimension]}, or a number with a unit, such as {_EXAMPLES[dimension]}."


@cache
def _registry() -> pint.UnitRegistry[Fraction]:
    """Fractions, so that 1 mol/L is 1 kmol/m³ and not 0.9999999999999999 kmol/m³."""
    return pint.UnitRegistry(non_int_type=Fraction)


@cache
def _parsed(unit: str) -> pint.Unit:
    """The unit as pint knows it; ``m3`` and ``cm-3`` count as ``m^3`` and ``cm^-3``."""
    try:
        if _NUMBER_TO_A_POWER.search(unit):  # pint would work out 9**9**9
            raise ValueError
        unit = _SPELLINGS.get(re.sub(r"[\s.]", "", unit).lower(), unit)
        return _registry().parse_units(_BARE_EXPONENT.sub(r"**\1", unit))
    except Exception:  # pint lets its tokenizer's AssertionError, TypeError and others through
        raise DataError(
            f"{unit!r} is not a known unit. Use one such as {', '.join(SI.values())}, mol/L, ms or degC."
        ) from None


@cache
def _exact_factor(unit: str, dimension: Dimension) -> tuple[Fraction, Fraction]:
    if unit == SI[dimension]:
        return Fraction(1), Fraction(0)
    given, inside = _parsed(unit), _parsed(SI[dimension])
    if not given.is_compatible_with(inside):
        raise DataError(f"{unit!r} is not a unit of {dimension}. {_advice(dimension)}")
    zero, one = (Fraction(_registry().convert(Fraction(n), given, inside)) for n in (0, 1))
    return one - zero, zero
