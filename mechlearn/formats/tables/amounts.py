"""Amounts in whatever basis → concentrations: by pressure and temperature, density, volume and molecular weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...chemistry.thermo import GAS_CONSTANT
from ...errors import DataError
from ..cantera_species import molecular_weight
from .columns import Columns
from .table import Column, Quantity, Table, numbers
from .table_mechanism import TableMechanism

_SUM = 0.01
"""How far fractions may be from a sum of 1 where the sum matters."""


@dataclass(frozen=True, eq=False)
class TableStates:
    """Temperature, pressure, density and volume of each row, in the units inside; NaN where unknown."""

    temperature: NDArray[np.float64]
    pressure: NDArray[np.float64]
    density: NDArray[np.float64]
    volume: NDArray[np.float64]


def read_states(
    table: Table, columns: Columns, *, temperature: float | None = None, pressure: float | None = None
) -> TableStates:
    """What a table, or else the caller, says of each row's state.

    Raises
    ------
    DataError
        If a value is not above zero, or both the table and the caller tell one.
    """
    told = {"temperature": temperature, "pressure": pressure, "density": None, "volume": None}
    read: dict[str, NDArray[np.float64]] = {}
    for quantity, value in told.items():
        column = columns.states.get(quantity)  # type: ignore[call-overload]
        if column is not None and value is not None:
            raise DataError(
                f"{table.head}: the table has the column {column.header!r}, and a {quantity} is given beside it. Leave "
                "one of them out."
            )
        if column is None:
            read[quantity] = np.full(len(table.lines), np.nan if value is None else value)
            continue
        read[quantity] = numbers(table, column, needed=False)
        bad = np.flatnonzero(read[quantity] <= 0)
        if bad.size:
            cell = table.shown(int(bad[0]), column)
            raise DataError(
                f"{table.place(int(bad[0]), column)}: {cell} is not above zero. Check the value and its unit."
            )
    return TableStates(**read)


def concentrations(table: Table, columns: Columns, states: TableStates, source: TableMechanism) -> NDArray[np.float64]:
    """Concentrations [kmol/m³] of all species, shape (rows, S); NaN where nothing was measured.

    Raises
    ------
    DataError
        If something that the basis needs is unknown, or fractions cannot be fractions.
    """
    values = {name: numbers(table, column, needed=False) for name, column in columns.amounts.items()}
    kinds: dict[Quantity, list[str]] = {}
    for name, column in columns.amounts.items():
        kinds.setdefault(column.quantity, []).append(name)
    for quantity, names in kinds.items():
        if quantity == "concentration":
            continue
        block = np.column_stack([values[name] for name in names])
        of_block = [columns.amounts[name] for name in names]
        per_amount = _FACTORS[quantity](table, of_block, block, states, source)
        for k, name in enumerate(names):
            values[name] = block[:, k] * (per_amount if per_amount.ndim == 1 else per_amount[:, k])
    return np.column_stack(list(values.values()))


def _of_moles(
    table: Table, columns: Sequence[Column], block: NDArray[np.float64], states: TableStates, source: TableMechanism
) -> NDArray[np.float64]:
    _known(table, columns[0], states.volume, "moles need the volume. Add a column 'V [m^3]'")
    return 1 / states.volume


def _of_mass_concentrations(
    table: Table, columns: Sequence[Column], block: NDArray[np.float64], states: TableStates, source: TableMechanism
) -> NDArray[np.float64]:
    return np.broadcast_to(1 / _weights(table, columns, source), block.shape)


def _of_mole_fractions(
    table: Table, columns: Sequence[Column], block: NDArray[np.float64], states: TableStates, source: TableMechanism
) -> NDArray[np.float64]:
    sums = _check_sum(table, columns, block, "mole fractions")
    if not np.isnan(states.pressure).all() or np.isnan(states.density).all():
        need = "mole fractions need temperature and pressure. Add a column of the one that is missing, such as"
        _known(table, columns[0], states.temperature, f"{need} 'T [K]', or give it (--temperature '1000 K')")
        _known(table, columns[0], states.pressure, f"{need} 'P [Pa]', or give it (--pressure '1 atm')")
        return np.asarray(states.pressure / (GAS_CONSTANT * states.temperature))
    _known(table, columns[0], states.density, "mole fractions without a pressure need the density. Fill it in")
    weights = _weights(table, columns, source)
    _check_whole(table, columns, sums, "mole fractions with the density")
    return np.asarray(states.density / (np.nan_to_num(block) @ weights))


def _of_mass_fractions(
    table: Table, columns: Sequence[Column], block: NDArray[np.float64], states: TableStates, source: TableMechanism
) -> NDArray[np.float64]:
    sums = _check_sum(table, columns, block, "mass fractions")
    weights = _weights(table, columns, source)
    if not np.isnan(states.density).all():
        _known(table, columns[0], states.density, "mass fractions need the density. Fill it in")
        density = states.density
    else:
        need = "mass fractions need the density, or temperature and pressure. Add columns, such as"
        _known(table, columns[0], states.temperature, f"{need} 'rho [kg/m^3]' or 'T [K]'")
        _known(table, columns[0], states.pressure, f"{need} 'rho [kg/m^3]' or 'P [Pa]'")
        _check_whole(table, columns, sums, "mass fractions with temperature and pressure")
        density = states.pressure / (GAS_CONSTANT * states.temperature * (np.nan_to_num(block) @ (1 / weights)))
    return np.asarray(density[:, None] / weights)


_FACTORS = {
    "moles": _of_moles,
    "mass concentration": _of_mass_concentrations,
    "mole-fraction": _of_mole_fractions,
    "mass-fraction": _of_mass_fractions,
}


def _known(table: Table, column: Column, values: NDArray[np.float64], need: str) -> None:
    unknown = np.flatnonzero(np.isnan(values))
    if unknown.size:
        where = table.place(int(unknown[0]), column)
        raise DataError(f"{where}: to become a concentration, {need}.")


def _weights(table: Table, columns: Sequence[Column], source: TableMechanism) -> NDArray[np.float64]:
    records = {species.name: species for species in source.species}
    lacking = [column for column in columns if not records[column.name].composition]
    if lacking:
        raise DataError(
            f"{table.head}, column {lacking[0].index + 1} ({lacking[0].header!r}): to become a concentration, "
            f"{lacking[0].quantity}s need molecular weights, and the composition of {lacking[0].name} is unknown. Name "
            "the Cantera file of these species (--mechanism)."
        )
    return np.array([molecular_weight(records[column.name], source.atomic_weights) for column in columns])


def _check_sum(table: Table, columns: Sequence[Column], block: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    sums = np.asarray(np.nansum(block, axis=1))
    over = np.flatnonzero(sums > 1 + _SUM)
    if over.size:
        raise DataError(
            f"{table.place(int(over[0]))}: the {what} of {len(columns)} species sum to {sums[over[0]]:.4g}, which is "
            "over 1. Check their unit (percent?) and their basis."
        )
    return sums


def _check_whole(table: Table, columns: Sequence[Column], sums: NDArray[np.float64], what: str) -> None:
    short = np.flatnonzero(~(np.abs(sums - 1) <= _SUM))
    if short.size:
        raise DataError(
            f"{table.place(int(short[0]))}: {what} become concentrations only if all species are there, but they sum "
            f"to {sums[short[0]]:.4g}. Add the others, or give the pressure."
        )
