"""What the columns of a table of runs mean: ``H2 [kmol/m^3]`` and its like ⇄ columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..units import SI, Dimension, dimension_of, factor

TEXT_COLUMNS = ("run", "parent", "reactor")
_STATE: dict[Dimension, str] = {"time": "time", "temperature": "T", "pressure": "P"}
_UNDERSTOOD = (
    "Understood are run, parent, reactor, time [s], T [K], P [Pa], H2 [kmol/m^3] for the concentration of H2 and "
    "d(H2)/dt [kmol/m^3/s] for its net production rate"
)

_NAME_AND_UNIT = re.compile(r"(.*\S)\s+\[([^\[\]]*)\]", re.DOTALL)
_RATE = re.compile(r"d\((.+)\)/dt", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """One column of numbers: where it stands, its header, and value in SI = scale · cell + offset."""

    index: int
    header: str
    scale: float
    offset: float

    def in_si(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values in the unit inside; those that are in it already keep every bit."""
        if self.scale == 1 and self.offset == 0:
            return values
        with np.errstate(over="ignore"):
            return np.asarray(values * self.scale + self.offset)


@dataclass(frozen=True)
class Columns:
    """The columns of a table; concentrations by species in the order of the file, rates likewise or empty."""

    text: dict[str, int]
    time: Column
    temperature: Column | None
    pressure: Column | None
    concentrations: dict[str, Column]
    rates: dict[str, Column]
    count: int


def headers(species: Sequence[str], *, rates: bool, parent: bool, reactor: bool) -> list[str]:
    """Names of the columns that we write.

    Examples
    --------
    >>> headers(["H2"], rates=True, parent=False, reactor=False)
    ['run', 'time [s]', 'T [K]', 'P [Pa]', 'H2 [kmol/m^3]', 'd(H2)/dt [kmol/m^3/s]']
    """
    written = ["run", *["parent"] * parent, *["reactor"] * reactor]
    written += [f"{name} [{SI[dimension]}]" for dimension, name in _STATE.items()]
    written += [f"{name} [{SI['concentration']}]" for name in species]
    if rates:
        written += [f"d({name})/dt [{SI['concentration rate']}]" for name in species]
    return written


def read_columns(cells: Sequence[str], place: str) -> Columns:
    """What each column holds.

    Parameters
    ----------
    cells : sequence of str
        The header, cell by cell.
    place : str
        File and line, for messages.

    Raises
    ------
    DataError
        If a column is not understood, stands twice or is missing.
    """
    text: dict[str, int] = {}
    found: dict[tuple[Dimension, str], Column] = {}
    for index, cell in enumerate(cells):
        header = cell.strip()
        if header in TEXT_COLUMNS:
            if header in text:
                raise DataError(f"{place}: the column {header!r} stands twice. Remove one of them.")
            text[header] = index
            continue
        where = f"{place}, column {index + 1} ({header!r})"
        kind, name, unit = _meaning(header, where)
        if (kind, name) in found:
            first = found[kind, name].header
            raise DataError(f"{where}: it stands twice (the first is {first!r}). Remove one of them.")
        found[kind, name] = Column(index, header, *factor(unit, kind))
    by_kind: dict[Dimension, dict[str, Column]] = {
        dimension: {name: column for (kind, name), column in found.items() if kind == dimension} for dimension in SI
    }
    concentrations, rates = by_kind["concentration"], by_kind["concentration rate"]
    if not by_kind["time"]:
        raise DataError(f"{place}: there is no column of times. Add one with the header 'time [s]'.")
    if not concentrations:
        raise DataError(f"{place}: there is no column of concentrations, such as 'H2 [kmol/m^3]'. {_UNDERSTOOD}.")
    _check_rates(concentrations, rates, place)
    return Columns(
        text=text,
        time=by_kind["time"]["time"],
        temperature=by_kind["temperature"].get("T"),
        pressure=by_kind["pressure"].get("P"),
        concentrations=concentrations,
        rates={name: rates[name] for name in concentrations} if rates else {},
        count=len(cells),
    )


def _meaning(header: str, where: str) -> tuple[Dimension, str, str]:
    """Dimension, name (of the species, or ``time``, ``T``, ``P``) and unit; the unit decides, as P may be a species."""
    match = _NAME_AND_UNIT.fullmatch(header)
    if match is None:
        raise DataError(_without_unit(header, where))
    name, unit = match.groups()
    try:
        dimension = dimension_of(unit)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    rate = _RATE.fullmatch(name)
    if dimension == "concentration rate" and rate:
        return dimension, rate[1], unit
    if dimension == "concentration" and not rate:
        return dimension, name, unit
    if _STATE.get(dimension) == name:
        return dimension, name, unit
    raise DataError(f"{where}: {name!r} with a unit of {dimension} is not understood. {_UNDERSTOOD}.")


def _without_unit(header: str, where: str) -> str:
    if not header:
        return f"{where}: the column has no name. Give it one, or remove it."
    if "[" in header and header.endswith("]"):
        return f"{where}: a blank belongs before the unit in brackets, as in 'H2 [kmol/m^3]'."
    units = {name: SI[dimension] for dimension, name in _STATE.items()}
    unit = SI["concentration rate"] if _RATE.fullmatch(header) else units.get(header, SI["concentration"])
    return f"{where}: the unit is missing, and it is not guessed. Write '{header} [{unit}]', say. {_UNDERSTOOD}."


def _check_rates(concentrations: dict[str, Column], rates: dict[str, Column], place: str) -> None:
    missing = [name for name in concentrations if name not in rates]
    if rates and missing:
        raise DataError(
            f"{place}: rates are given, but not of {', '.join(missing)}. Add d({missing[0]})/dt [kmol/m^3/s], "
            "or remove all columns of rates."
        )
    extra = [name for name in rates if name not in concentrations]
    if extra:
        raise DataError(
            f"{place}: a rate is given for {', '.join(extra)}, but no concentration. Add the column "
            f"'{extra[0]} [kmol/m^3]', or remove the rate."
        )
