"""Units at the doors: what people write becomes kmol, m³, s, K and Pa; nothing inside converts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from functools import cache, partial
from math import inf, isfinite
from numbers import Real
from typing import Annotated, Any, Literal

import numpy as np
import pint
from pydantic import BeforeValidator, ConfigDict, Field

from .errors import DataError, meant

Dimension = Literal[
    "temperature",
    "pressure",
    "time",
    "concentration",
    "concentration rate",
    "density",
    "volume",
    "amount",
    "heating rate",
]

_UNITS: dict[Dimension, tuple[str, str]] = {
    "temperature": ("K", "'1000 K' or '800 degC'"),
    "pressure": ("Pa", "'1 atm', '20 bar' or '101325 Pa'"),
    "time": ("s", "'0.1 s', '10 ms' or '5 min'"),
    "concentration": ("kmol/m^3", "'0.1 mol/L', '5 mM' or '1e-6 mol/cm^3'"),
    "concentration rate": ("kmol/m^3/s", "'0.1 mol/L/s' or '2 mM/min'"),
    "density": ("kg/m^3", "'1.2 kg/m^3' or '0.8 g/L'"),
    "volume": ("m^3", "'1 m^3' or '250 mL'"),
    "amount": ("kmol", "'1 kmol' or '5 mmol'"),
    "heating rate": ("K/s", "'10 K/min' or '0.5 K/s'"),
}
"""The unit inside of each dimension, as file headers write it, and examples for messages."""
SI: dict[Dimension, str] = {name: unit for name, (unit, _) in _UNITS.items() if name != "heating rate"}  # of columns

DOUBTFUL_KELVIN = 150.0
"""Below it a temperature without a unit is not taken for kelvin."""
_NUMBER_AND_UNIT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_WORKED_OUT = re.compile(r"[\d)]\s*(\*\*|\^)|\d[\d_]{2}|(\*\*|\^)\s*[-+]?\s*\(")
"""What pint would calculate, with 9**9**9 at the worst, where only a unit is meant."""
_LONGEST_UNIT = 60
_LONGEST_RANGE = 10_000
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
_USUAL = ("atm", "bar", "mbar", "kPa", "MPa", "torr", "psi", "degC", "degF", "mol/L", "mmol/L", "mM", "µM", "min", "ms")
"""Units that a misspelt one may stand for."""
_SECOND_VALUE = re.compile(r"(?:.*\s)?(?:-|–|\.\.\.?|to\b)\s*\d")
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
        if _SECOND_VALUE.match(unit) and not is_unit(unit):
            raise DataError(f"{value!r} is two values. Write a range as {{from: 900 K, to: 1500 K, count: 7}}")
    if isinstance(number, bool) or not isinstance(number, (str, Real)):
        raise DataError(f"{value!r} is not a {dimension}. {_recommendation(dimension)}")
    try:
        result = float(number)
        if unit and isfinite(result):
            scale, offset = _exact_factor(unit, dimension)
            result = float((Fraction(str(number)) if result else 0) * scale + offset)
    except OverflowError:
        result = inf
    if not isfinite(result):
        raise DataError(f"{value!r} is not a finite {dimension}. {_recommendation(dimension)}")
    return result


def stated_temperature(value: float | str) -> float:
    """A temperature [K] as people write it: a number without a unit that may be degrees Celsius is asked for.

    Parameters
    ----------
    value : float or str
        A text, or a whole number; a float has been through here and is in kelvin.

    Raises
    ------
    DataError
        As in `to_si`, or if the number has no unit and is below 150.

    Examples
    --------
    >>> stated_temperature("30 degC"), stated_temperature("30 K"), stated_temperature(300)
    (303.15, 30.0, 300.0)
    """
    kelvin = to_si(value, "temperature")
    match = _NUMBER_AND_UNIT.fullmatch(str(value))
    if 0 < kelvin < DOUBTFUL_KELVIN and not isinstance(value, float) and match is not None and not match[2]:
        raise DataError(
            f"the temperature {kelvin:g} has no unit; in kelvin it would be very cold, and it looks like degrees "
            f"Celsius. Write '{kelvin:g} degC', or '{kelvin:g} K' if that is right."
        )
    return kelvin


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


def _recommendation(dimension: Dimension) -> str:
    return f"Write a number in {_UNITS[dimension][0]}, or a number with a unit, such as {_UNITS[dimension][1]}."


@cache
def _registry() -> pint.UnitRegistry[Fraction]:
    """Fractions, so that 1 mol/L is 1 kmol/m³ and not 0.9999999999999999 kmol/m³."""
    return pint.UnitRegistry(non_int_type=Fraction)


@cache
def _parsed(unit: str) -> pint.Unit:
    """The unit as pint knows it; ``m3`` and ``cm-3`` count as ``m^3`` and ``cm^-3``."""
    try:
        if len(unit) > _LONGEST_UNIT or _WORKED_OUT.search(unicodedata.normalize("NFKC", unit)):
            raise ValueError
        unit = _SPELLINGS.get(re.sub(r"[\s.]", "", unit).lower(), unit)
        return _registry().parse_units(_BARE_EXPONENT.sub(r"**\1", unit))
    except Exception:  # pint lets its tokenizer's AssertionError, TypeError and others through
        raise DataError(
            f"{unit!r} is not a known unit. {meant(unit, _USUAL)}Use one such as {', '.join(SI.values())} or mol/L."
        ) from None


@cache
def _exact_factor(unit: str, dimension: Dimension) -> tuple[Fraction, Fraction]:
    if unit == _UNITS[dimension][0]:
        return Fraction(1), Fraction(0)
    given, inside = _parsed(unit), _parsed(_UNITS[dimension][0])
    if not given.is_compatible_with(inside):
        raise DataError(f"{unit!r} is not a unit of {dimension}. {_recommendation(dimension)}")
    zero, one = (Fraction(_registry().convert(Fraction(n), given, inside)) for n in (0, 1))
    return one - zero, zero


_SPECIES_AND_AMOUNT = re.compile(
    r"\s*([^\s:,;](?:[^:]*?[^\s:])?)\s*:\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?:[,;\s]|$)"
)


def finite(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def quantities(value: Any, dimension: Dimension | None = None) -> tuple[float, ...]:
    """A number, a text with a unit, a list of them, or a range, as numbers in SI."""

    def convert(item: Any) -> float:
        if dimension == "temperature" and not isinstance(value, tuple):  # a tuple has been through here
            return stated_temperature(str(item) if isinstance(item, float) else item)
        return finite(item) if dimension is None else to_si(item, dimension)

    if isinstance(value, Mapping):
        if set(value) != {"from", "to", "count"}:
            raise ValueError("a range has the keys from, to and count, as in {from: 900, to: 1500, count: 7}")
        count = value["count"]
        if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= _LONGEST_RANGE:
            raise ValueError(
                f"count is {count!r}; a range has a whole number of values, at least 2 and at most {_LONGEST_RANGE}"
            )
        numbers = tuple(np.linspace(convert(value["from"]), convert(value["to"]), count).tolist())
    elif isinstance(value, list | tuple):
        numbers = tuple(convert(item) for item in value)
    else:
        numbers = (convert(value),)
    if not numbers and isinstance(value, list):
        raise ValueError("the list is empty; give at least one value, or remove the key")
    if numbers and min(numbers) <= 0:
        raise ValueError(f"{min(numbers):g} is not above zero")
    if len(set(numbers)) < len(numbers):
        raise ValueError("a value stands twice, so that runs would be the same; give each value once")
    return numbers


def amounts_of(value: Any, *, concentrations: bool) -> dict[str, float]:
    """A map of species to numbers, or to concentrations with or without units, none below zero."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"{value!r} is not a map of species to amounts, as {{H2: 0.2, O2: 0.1}}")
    amounts = {}
    for name, amount in value.items():
        number = to_si(amount, "concentration") if concentrations else finite(amount)
        if number < 0:
            raise ValueError(f"{name} is {number:g}; an amount is at least zero")
        amounts[str(name)] = number
    return amounts


def some_amounts(value: Any, *, concentrations: bool) -> dict[str, float]:
    """As `amounts_of`, at least one above zero."""
    amounts = amounts_of(value, concentrations=concentrations)
    if not any(amounts.values()):
        raise ValueError("all amounts are zero; give at least one above zero")
    return amounts


def composition_of(value: Any) -> dict[str, float]:
    """Cantera's text ``"O2:1, N2:3.76"``, a bare name, or a map."""
    if not isinstance(value, str):
        return some_amounts(value, concentrations=False)
    text = value.strip()
    if text and ":" not in text and not re.search(r"[,;\s]", text):
        return {text: 1.0}
    parts = _SPECIES_AND_AMOUNT.findall(text)
    if not parts or _SPECIES_AND_AMOUNT.sub("", text).strip(" ,;"):
        raise ValueError(f'{value!r} is not a mixture; write it as "O2:1, N2:3.76"')
    names = [name for name, _ in parts]
    if len(set(names)) < len(names):
        raise ValueError(f"{value!r} names a species twice; give each amount once")
    return some_amounts({name: float(amount) for name, amount in parts}, concentrations=False)


def names_of(value: Any) -> Any:
    """Names of species, none twice."""
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"{value!r} is not a list of species, as [H2, O2]")
    if len(set(value)) < len(value):
        raise ValueError("a species stands twice; name each once")
    return tuple(value)


Names = Annotated[tuple[str, ...], BeforeValidator(names_of)]
Temperatures = Annotated[tuple[float, ...], BeforeValidator(partial(quantities, dimension="temperature"))]
Pressures = Annotated[tuple[float, ...], BeforeValidator(partial(quantities, dimension="pressure"))]
Ratios = Annotated[tuple[float, ...], BeforeValidator(quantities)]
HeatingRates = Annotated[tuple[float, ...], BeforeValidator(partial(quantities, dimension="heating rate"))]
Seconds = Annotated[float, BeforeValidator(partial(to_si, dimension="time")), Field(gt=0)]
Kelvin = Annotated[float, BeforeValidator(stated_temperature), Field(gt=0)]
Pascal = Annotated[float, BeforeValidator(partial(to_si, dimension="pressure")), Field(gt=0)]
Molar = Annotated[float, BeforeValidator(partial(to_si, dimension="concentration")), Field(ge=0)]
Composition = Annotated[dict[str, float], BeforeValidator(composition_of)]
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


def number_text(value: float) -> str:
    """A number for reading: three digits, with a power of ten where it is large or small.

    Examples
    --------
    >>> number_text(216.0), number_text(3.375e6), number_text(2e-5)
    ('216', '3.38 × 10⁶', '2 × 10⁻⁵')
    """
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{float(mantissa):g} × 10{power}"
