from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlearn.errors import DataError
from mechlearn.units import SI, Dimension, dimension_of, factor, to_si


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("1000 K", "temperature", 1000.0),
        ("1000K", "temperature", 1000.0),
        ("800 degC", "temperature", 1073.15),
        ("800 °C", "temperature", 1073.15),
        ("0 degC", "temperature", 273.15),
        ("1 atm", "pressure", 101325.0),
        ("20 bar", "pressure", 2e6),
        ("2 kPa", "pressure", 2000.0),
        ("760 torr", "pressure", 101325.0),
        ("10 ms", "time", 0.01),
        ("7 us", "time", 7e-6),
        ("7 µs", "time", 7e-6),
        ("7 μs", "time", 7e-6),
        ("5 min", "time", 300.0),
        ("1.5 h", "time", 5400.0),
        ("0.1 mol/L", "concentration", 0.1),
        ("0.1 mol/l", "concentration", 0.1),
        ("0.3 M", "concentration", 0.3),
        ("5 mM", "concentration", 0.005),
        ("5 µM", "concentration", 5e-6),
        ("5 uM", "concentration", 5e-6),
        ("1e-6 mol/cm3", "concentration", 1e-3),
        ("1e-6 mol/cm^3", "concentration", 1e-3),
        ("1e-6 mol cm-3", "concentration", 1e-3),
        ("2 kmol/m3", "concentration", 2.0),
        ("2 kmol/m³", "concentration", 2.0),
        ("0.5 mM/min", "concentration rate", 0.5e-3 / 60),
        ("2 kmol m^-3 s^-1", "concentration rate", 2.0),
    ],
)
def test_a_quantity_is_what_its_unit_says_to_the_last_bit(text: str, dimension: Dimension, expected: float) -> None:
    assert to_si(text, dimension) == expected


def test_particles_per_volume_count_as_avogadro_says() -> None:
    assert to_si("6.02214076e23 molecules/cm^3", "concentration") == 1000.0


@pytest.mark.parametrize("dimension", list(SI))
@settings(max_examples=40, deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_and_numbers_in_the_unit_inside_pass_unchanged(dimension: Dimension, value: float) -> None:
    assert to_si(value, dimension) == value
    assert to_si(repr(value), dimension) == value
    assert to_si(f"{value!r} {SI[dimension]}", dimension) == value
    assert dimension_of(SI[dimension]) == dimension


@settings(max_examples=60, deadline=None)
@given(
    value=st.decimals(-1000, 1000, places=4),
    unit=st.sampled_from(["ms", "us", "min", "h", "day"]),
)
def test_decimal_text_is_converted_without_any_rounding_but_the_last(value: object, unit: str) -> None:
    scale = {
        "ms": Fraction(1, 1000),
        "us": Fraction(1, 10**6),
        "min": Fraction(60),
        "h": Fraction(3600),
        "day": Fraction(86400),
    }[unit]
    assert to_si(f"{value} {unit}", "time") == float(Fraction(str(value)) * scale)


@settings(max_examples=40, deadline=None)
@given(value=st.floats(1e-3, 1e4), unit=st.sampled_from(["K", "degC", "degF", "degR"]))
def test_a_whole_column_converts_as_each_of_its_values(value: float, unit: str) -> None:
    scale, offset = factor(unit, "temperature")
    np.testing.assert_allclose(scale * value + offset, to_si(f"{value!r} {unit}", "temperature"), rtol=4e-16)


def test_integers_and_numpy_numbers_are_numbers() -> None:
    assert to_si(1000, "temperature") == to_si(np.float64(1000), "temperature") == to_si(" 1000 ", "temperature")


@pytest.mark.parametrize(
    ("value", "dimension", "message"),
    [
        ("5 s", "temperature", r"'s' is not a unit of temperature\. Write a number in K, .*'800 degC'"),
        ("800 C", "temperature", r"'C' is not a unit of temperature\. .*'800 degC'"),
        ("1 foo", "pressure", r"'foo' is not a known unit\. Use one such as K, Pa"),
        ("hot", "temperature", r"'hot' is not a temperature\. Write"),
        ("", "time", r"'' is not a time\. Write a number in s"),
        ("1,5 s", "time", r"',5 s' is not a known unit"),
        ("5 ppm", "concentration", r"'ppm' is not a unit of concentration.*'0\.1 mol/L'"),
        ("1 mol/L/s", "concentration", r"'mol/L/s' is not a unit of concentration\."),
        ("1 mol/L", "concentration rate", r"'mol/L' is not a unit of concentration rate.*'2 mM/min'"),
        ("1e999 s", "time", r"'1e999 s' is not a finite time"),
        ("1e308 h", "time", r"'1e308 h' is not a finite time"),
        ("nan", "time", r"'nan' is not a time"),
        (float("nan"), "time", "nan is not a finite time"),
        (float("inf"), "pressure", "inf is not a finite pressure"),
        (10**400, "pressure", "is not a finite pressure"),
        (True, "temperature", r"True is not a temperature\."),
        (None, "temperature", r"None is not a temperature\."),
        ([1.0], "temperature", r"\[1\.0\] is not a temperature\."),
    ],
)
def test_what_is_no_such_quantity_is_refused_with_examples(value: float, dimension: Dimension, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_si(value, dimension)


@pytest.mark.parametrize(
    "unit",
    [
        "()",
        "s/",
        "/s",
        "1/0",
        "**",
        "9**9**9**9",
        "9⁹⁹⁹⁹⁹⁹⁹⁹ s",
        "(9)**(9)**(9)**(9) s",
        "1e9_9_9 s",
        "s**(9)",
        "s if s else s",
        "'s'",
        "é",
        "[s]",
        "2 s",
    ],
)
def test_text_that_is_no_unit_is_refused_whatever_pint_makes_of_it(unit: str) -> None:
    with pytest.raises(DataError, match="is not a known unit"):
        factor(unit, "time")
    with pytest.raises(DataError, match="is not a known unit"):
        dimension_of(unit)


@pytest.mark.parametrize("unit", ["m", "C", "ppm", "%", "1", "", "kg/s", "kg/m^2"])
def test_units_of_other_things_are_refused(unit: str) -> None:
    with pytest.raises(DataError, match="measures none of temperature, pressure, time"):
        dimension_of(unit)


def test_numbers_and_units_inside_need_no_registry() -> None:
    code = (
        "from mechlearn import units; units.to_si(3.0, 'time'); units.to_si('3 s', 'time'); "
        "units.dimension_of('kmol/m^3/s'); assert units._registry.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
