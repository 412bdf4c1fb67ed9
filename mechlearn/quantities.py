"""Values in a study file: numbers with and without units, ranges, mixtures and names of species."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from math import isfinite
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from .units import Dimension, to_si

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
        return finite(item) if dimension is None else to_si(item, dimension)

    if isinstance(value, Mapping):
        if set(value) != {"from", "to", "count"}:
            raise ValueError("a range has the keys from, to and count, as in {from: 900, to: 1500, count: 7}")
        count = value["count"]
        if isinstance(count, bool) or not isinstance(count, int) or count < 2:
            raise ValueError(f"count is {count!r}; a range has a whole number of values, at least 2")
        numbers = tuple(np.linspace(convert(value["from"]), convert(value["to"]), count).tolist())
    elif isinstance(value, list | tuple):
        numbers = tuple(convert(item) for item in value)
    else:
        numbers = (convert(value),)
    if not numbers and isinstance(value, list):
        raise ValueError("the list is empty; give at least one value, or remove the key")
    for number in numbers:
        if number <= 0:
            raise ValueError(f"{number:g} is not above zero")
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
Seconds = Annotated[float, BeforeValidator(partial(to_si, dimension="time")), Field(gt=0)]
Kelvin = Annotated[float, BeforeValidator(partial(to_si, dimension="temperature")), Field(gt=0)]
Pascal = Annotated[float, BeforeValidator(partial(to_si, dimension="pressure")), Field(gt=0)]
Molar = Annotated[float, BeforeValidator(partial(to_si, dimension="concentration")), Field(ge=0)]
Composition = Annotated[dict[str, float], BeforeValidator(composition_of)]
