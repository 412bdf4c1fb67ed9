"""Amounts in whatever basis → concentrations: by pressure and temperature, density, volume and molecular weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...chemistry.arrays import Array
from ...chemistry.thermo import GAS_CONSTANT
from ...errors import DataError
from ...units import DOUBTFUL_KELVIN, stated_temperature, to_si
from ..cantera_species import molecular_weight
from .columns import NO_UNIT, Columns
from .table import Column, Table, TableStates, located, numbers
from .table_mechanism import TableMechanism
from .vocabulary import State

_STATES: tuple[State, ...] = ("temperature", "pressure", "density", "volume")
_SUM = 0.01
"""How far fractions may be from a sum of 1 where the sum matters."""
_NOISY_SUM = 0.05
"""How far above 1 the noise of analyses may bring it."""


def read_states(table: Table, columns: Columns) -> TableStates:
    """What a table, or else the caller, says of each row's state.

    Raises
    ------
    DataError
        If a value is not above zero, or both the columns and the comments or the caller give one.
    """
    read: dict[str, Array] = {}
    for quantity in _STATES:
        column, given = columns.states.get(quantity), table.comments.get(quantity)
        values = np.full(len(table.lines), np.nan) if column is None else numbers(table, column, needed=False)
        if given not in (None, ""):
            if column is not None and not np.isnan(values).all():
                raise DataError(
                    f"{table.head}: the table has the column {column.header!r}, and a {quantity} is given beside it. "
                    "Leave one of them out."
                )
            with located(f"{table.where}: {quantity}"):
                value = stated_temperature(given) if quantity == "temperature" else to_si(given, quantity)
                values = np.full_like(values, value)
        bad = np.flatnonzero(values <= 0)
        if bad.size:
            row = int(bad[0])
            what = f"{table.where}: the {quantity} {values[row]:g}"
            if column is not None:
                what = f"{table.place(row, column)}: {table.shown(row, column)}"
            raise DataError(f"{what} is not above zero. Check the value and its unit.")
        if quantity == "temperature" and column is not None and column.remark.startswith(NO_UNIT):
            _check_kelvin(table, column, values)
        read[quantity] = values
    return TableStates(**read)


def _check_kelvin(table: Table, column: Column, values: Array) -> None:
    """Ask for the unit of a column whose numbers would be very cold in kelvin."""
    cold = np.flatnonzero(values < DOUBTFUL_KELVIN)
    if cold.size:
        row = int(cold[0])
        raise DataError(
            f"{table.place(row, column)}: {table.shown(row, column)} is a temperature without a unit. In kelvin it "
            f"would be very cold; it looks like degrees Celsius. Call the column '{column.header} [degC]', or "
            f"'{column.header} [K]' if it is right."
        )


def concentrations(table: Table, columns: Columns, states: TableStates, source: TableMechanism) -> Array:
    """Concentrations [kmol/m³] of all species, shape (rows, S); NaN where nothing was measured.

    Raises
    ------
    DataError
        If something that the basis needs is unknown, or fractions cannot be fractions.
    """
    values = {name: numbers(table, column, needed=False) for name, column in columns.amounts.items()}
    for quantity in dict.fromkeys(column.quantity for column in columns.amounts.values()):
        if quantity == "concentration":
            continue
        of_block = {name: column for name, column in columns.amounts.items() if column.quantity == quantity}
        block = np.column_stack([values[name] for name in of_block])
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            converted = block * _Amounts(table, list(of_block.values()), block, states, source).factors()
        _check_finite(table, list(of_block.values()), block, converted)
        values |= dict(zip(of_block, converted.T, strict=True))
    return np.column_stack(list(values.values()))


def _check_finite(table: Table, columns: Sequence[Column], given: Array, converted: Array) -> None:
    """Refuse what has become infinite, as a temperature next to zero or a volume of next to nothing makes it."""
    bad = np.argwhere(np.isfinite(given) & ~np.isfinite(converted))
    if bad.size:
        row, column = (int(i) for i in bad[0])
        raise DataError(
            f"{table.place(row, columns[column])}: {table.shown(row, columns[column])} becomes no finite concentration "
            "with the temperature, pressure, density or volume of its row. Check them and their units."
        )


@dataclass(frozen=True, eq=False)
class _Amounts:
    """The columns of one quantity, their values of shape (rows, columns), and what is known of each row."""

    table: Table
    columns: Sequence[Column]
    values: Array
    states: TableStates
    source: TableMechanism

    def factors(self) -> Array:
        """Concentrations relative to the values, of a shape that broadcasts to that of the values."""
        match self.columns[0].quantity:
            case "moles":
                self._need(self.states.volume, "moles need the volume. Add a column 'V [m^3]'")
                return np.asarray(1 / self.states.volume[:, None])
            case "mass concentration":
                return 1 / self._weights()
            case "mole-fraction":
                return self._of_mole_fractions()[:, None]
            case _:
                sums, weights = self._sums("mass fractions"), self._weights()
                return np.asarray(self._density(sums, weights)[:, None] / weights)

    def _of_mole_fractions(self) -> Array:
        states, sums = self.states, self._sums("mole fractions")
        if not np.isnan(states.pressure).all() or np.isnan(states.density).all():
            need = "mole fractions need temperature and pressure. Add a column of the one that is missing, such as"
            self._need(states.temperature, f"{need} 'T [K]', or give it (--temperature '1000 K')")
            self._need(states.pressure, f"{need} 'P [Pa]', or give it (--pressure '1 atm')")
            return np.asarray(states.pressure / (GAS_CONSTANT * states.temperature))
        self._need(states.density, "mole fractions without a pressure need the density. Fill it in")
        weights = self._weights()
        self._need_all_species(sums, "mole fractions with the density")
        return np.asarray(states.density / (np.nan_to_num(self.values) @ weights))

    def _density(self, sums: Array, weights: Array) -> Array:
        states = self.states
        if not np.isnan(states.density).all():
            self._need(states.density, "mass fractions need the density. Fill it in")
            return states.density
        need = "mass fractions need the density, or temperature and pressure. Add columns, such as"
        self._need(states.temperature, f"{need} 'rho [kg/m^3]' or 'T [K]'")
        self._need(states.pressure, f"{need} 'rho [kg/m^3]' or 'P [Pa]'")
        self._need_all_species(sums, "mass fractions with temperature and pressure")
        moles = np.nan_to_num(self.values) @ (1 / weights)
        return np.asarray(states.pressure / (GAS_CONSTANT * states.temperature * moles))

    def _need(self, values: Array, need: str) -> None:
        unknown = np.flatnonzero(np.isnan(values))
        if unknown.size:
            where = self.table.place(int(unknown[0]), self.columns[0])
            raise DataError(f"{where}: to become a concentration, {need}.")

    def _weights(self) -> Array:
        records = {species.name: species for species in self.source.species}
        lacking = next((column for column in self.columns if not records[column.name].composition), None)
        if lacking is not None:
            raise DataError(
                f"{self.table.head_of(lacking)}: to become a concentration, {lacking.quantity}s need molecular "
                f"weights, and the composition of {lacking.name} is unknown. Name the Cantera file of these species "
                "(--mechanism)."
            )
        return np.array([molecular_weight(records[c.name], self.source.atomic_weights) for c in self.columns])

    def _sums(self, what: str) -> Array:
        sums = np.asarray(np.nansum(self.values, axis=1))
        over = np.flatnonzero(sums > 1 + _NOISY_SUM)
        if over.size:
            raise DataError(
                f"{self.table.place(int(over[0]))}: the {what} of {len(self.columns)} species sum to "
                f"{sums[over[0]]:.4g}, which is over 1. Check their unit (percent?) and their basis."
            )
        return sums

    def _need_all_species(self, sums: Array, what: str) -> None:
        short = np.flatnonzero(~(np.abs(sums - 1) <= _SUM))
        if short.size:
            raise DataError(
                f"{self.table.place(int(short[0]))}: {what} become concentrations only if all species are there, but "
                f"they sum to {sums[short[0]]:.4g}. Add the others, or give the pressure."
            )
