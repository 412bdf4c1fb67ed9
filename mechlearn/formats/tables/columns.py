"""Which columns of a table make up its runs: time, state, one amount for each species, and rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...errors import DataError
from ...units import SI
from . import rmg
from .column_units import UNDERSTOOD, misnamed
from .flow_reactors import INLET, parted
from .headers import BY_HAND, meaning
from .inspection import AS_GIVEN
from .table import BASES, UNITS_INSIDE, Basis, Column, Quantity, Table
from .vocabulary import is_state

AMOUNTS: tuple[Quantity, ...] = ("concentration", "mole-fraction", "mass-fraction", "mass concentration", "moles")
"""Of two columns for one species, the kind that stands first here is taken."""
_NO_UNIT = "the unit is missing"
NO_UNIT = "no unit"
"""How a remark begins on a column whose unit was taken for granted."""
_OF_NAMES = ("name", "species", "compound", "analyte", "substance", "variable", "observable", "observableid")
_OF_VALUES = ("value", "measurement", "concentration", "conc", "amount")
"""What columns of a table in the long form are called."""
_OF_RUNS_IN_PETAB = "simulationConditionId"
_STATES: tuple[Quantity, ...] = ("temperature", "pressure", "volume", "density")


@dataclass(frozen=True)
class Columns:
    """The columns that one set of runs is read from; amounts by species in the order of the file, rates and the inlets
    of a flow reactor likewise.
    """

    labels: dict[str, Column]
    time: Column
    states: dict[str, Column]
    amounts: dict[str, Column]
    rates: dict[str, Column]
    inlets: dict[str, Column] = field(default_factory=dict)


def understood(table: Table) -> list[Column]:
    """What each column holds, as far as the header says and the basis decides.

    The table's basis is what amounts are that do not say so; with it, numbers without a unit count as kmol, m³, s, K
    and Pa.

    Raises
    ------
    DataError
        If a header is not understood, or the basis is unknown or contradicts every column.
    """
    basis = table.comments.get("basis") or None
    if basis not in (None, *BASES):
        raise DataError(f"{table.where}: the basis {basis!r} is not one of {', '.join(BASES)}. Choose one of them.")
    _check_one_column_each(table)
    found = list(table.columns)
    for index, cell in enumerate(() if found else table.header):
        where = f"{table.head}, column {index + 1} ({cell.strip()!r})"
        if _is_left_over(table, index):
            found.append(Column(index, "", "not used", remark="no name, and empty or only counting rows"))
            continue
        column = meaning(cell, index, table.form, where)
        found.append(_decided(column, basis, where, table.form))
    _check_misnamed(table, found)
    amounts = {column.quantity for column in found} & set(AMOUNTS)
    if basis is not None and amounts and basis not in amounts:
        says = next(column.header for column in found if column.quantity in amounts)
        raise DataError(
            f"{table.head}: no column is of the basis {basis!r}; the header {says!r}, for one, says otherwise. Leave "
            "the basis out, or correct the header."
        )
    return found


def chosen(table: Table, found: Sequence[Column]) -> tuple[list[Column], list[Columns]]:
    """The columns to read, one set for each part of a solution; and all columns, with those left out marked.

    Raises
    ------
    DataError
        If something is given twice, is missing, or does not say what it is.
    """
    kept = _one_amount_each(table, found)
    groups = list(dict.fromkeys(column.group for column in kept if column.group and column.quantity in AMOUNTS)) or [""]
    _ask(table, kept)
    return kept, [_columns(table, [c for c in kept if c.group in ("", group)]) for group in groups]


def _check_one_column_each(table: Table) -> None:
    """Refuse a table in the long form, with one value a row."""
    heads = [cell.strip() for cell in table.header]
    name = next((head for head in heads if head.lower() in _OF_NAMES), None)
    value = next((head for head in heads if head.lower() in _OF_VALUES), None)
    if table.form != BY_HAND or name is None or value is None:
        return
    time = next((head for head in heads if is_state(head, "time")), "time")
    petab = _OF_RUNS_IN_PETAB in heads
    what = "this is a measurement table of PEtab, with" if petab else "the table seems to have"
    index = f"[{_OF_RUNS_IN_PETAB!r}, {time!r}]" if petab else repr(time)
    renamed = f"call {_OF_RUNS_IN_PETAB!r} 'run', and add" if petab else "and add"
    raise DataError(
        f"{table.head}: {what} one value a row ({name!r}, {value!r}), and one column for each species is read, as in "
        f"'time [s],A [mM],B [mM]'. Turn it around, in pandas by frame.pivot(index={index}, columns={name!r}, "
        f"values={value!r}).reset_index(), {renamed} units to the names."
    )


def _is_left_over(table: Table, index: int) -> bool:
    """A column without a name that spreadsheets (empty) or pandas (0, 1, 2, …) add."""
    if table.header[index].strip():
        return False
    cells = table.text(index)
    counts = index == 0 and all(cell.strip() == str(row) for row, cell in enumerate(cells))
    return counts or not any(cell.strip() for cell in cells)


def _check_misnamed(table: Table, found: Sequence[Column]) -> None:
    """Refuse to leave out the only column that has the unit of a time, a temperature or a pressure."""
    there = {column.quantity for column in found}
    for column in found:
        state = misnamed(column)
        if table.form == BY_HAND and state and state not in {*there, "volume"}:
            raise DataError(
                f"{table.head_of(column)}: a unit of {state} is not understood with this name. {UNDERSTOOD}. Call it "
                f"'{state} [{column.unit}]' if it is that of the samples, or remove it."
            )


def _decided(column: Column, basis: Basis | None, where: str, form: str) -> Column:
    """The column with its basis and its unit, where they are given."""
    if column.quantity == "undecided" and basis is not None:
        if column.unit and basis not in ("mole-fraction", "mass-fraction"):
            raise DataError(
                f"{where}: {column.unit!r} is the unit of a fraction, which contradicts the basis {basis!r}. Give "
                "mole-fraction or mass-fraction."
            )
        column = replace(column, quantity=basis, remark=AS_GIVEN)
    if column.unit or column.quantity in ("label", "not used", "undecided"):
        return column
    if basis is None:
        return replace(column, remark=_NO_UNIT)
    if form == rmg.FORM and column.quantity == "moles":
        return rmg.with_moles(column)
    unit = UNITS_INSIDE[column.quantity]
    return replace(column, unit=unit, remark=column.remark or f"{NO_UNIT}: {unit}")


def _ask(table: Table, found: Sequence[Column]) -> None:
    """Refuse what the header leaves open, with the option that decides it."""
    open_ones = [column for column in found if column.quantity == "undecided" or column.remark == _NO_UNIT]
    if not open_ones:
        return
    first = open_ones[0]
    others = f" (likewise {len(open_ones) - 1} more)" if len(open_ones) > 1 else ""
    where = f"{table.head_of(first)}{others}"
    if first.unit:
        raise DataError(
            f"{where}: [{first.unit}] may be a fraction of moles or of mass. Say which: --basis mole-fraction or "
            "--basis mass-fraction."
        )
    raise DataError(
        f"{where}: the unit is missing, and it is not guessed. Write '{first.header} "
        f"[{UNITS_INSIDE.get(first.quantity, SI['concentration'])}]', say, or give what the amounts are: --basis "
        f"{', '.join(BASES[:-1])} or {BASES[-1]}, with which numbers without a unit count as kmol, m^3, s, K and Pa."
    )


def _one_amount_each(table: Table, found: Sequence[Column]) -> list[Column]:
    """Of columns for the same species in several bases, one; what stands twice in the same sense is refused."""
    order = sorted(AMOUNTS, key=lambda quantity: quantity != table.comments.get("basis"))
    best: dict[tuple[str, ...], Column] = {}
    for column in sorted(found, key=lambda c: order.index(c.quantity) if c.quantity in order else 0):
        if column.quantity in ("not used", "undecided"):
            continue
        key = ("amount", column.name) if column.quantity in AMOUNTS else (column.quantity, column.name)
        first = best.setdefault((*key, column.group), column)
        if first is not column and first.quantity == column.quantity:
            first, second = sorted((first, column), key=lambda c: c.index)
            raise DataError(
                f"{table.head_of(second)}: it stands twice (the first is {first.header!r}). Remove one of them."
            )
    taken = {column.index: key for key, column in best.items()}
    kept = []
    for column in found:
        if column.index in taken or column.quantity in ("not used", "undecided"):
            kept.append(column)
            continue
        instead = best["amount", column.name, column.group].header
        kept.append(replace(column, quantity="not used", remark=f"{column.name} is taken from {instead}"))
    return kept


def _columns(table: Table, found: Sequence[Column]) -> Columns:
    def of(*quantities: Quantity) -> dict[str, Column]:
        return {column.name: column for column in found if column.quantity in quantities}

    time, amounts, rates = of("time").get("time"), of(*AMOUNTS), of("concentration rate")
    ignored = [column.header for column in found if column.quantity == "not used" and column.header]
    aside = f" Not understood: {', '.join(ignored[:5])}{', …' if len(ignored) > 5 else ''}." if ignored else ""
    if time is None:
        name = "residence time" if any(INLET.fullmatch(each) for each in amounts) else "time"
        raise DataError(f"{table.head}: there is no column of times. Add one with the header '{name} [s]'.{aside}")
    if not amounts:
        raise DataError(
            f"{table.head}: there is no column of concentrations, such as 'H2 [kmol/m^3]'. {UNDERSTOOD}.{aside}"
        )
    amounts, inlets = (amounts, {}) if table.of_ours or rates else parted(amounts, table.head)
    _check_rates(amounts, rates, table.head, aside)
    return Columns(of("label"), time, of(*_STATES), amounts, {name: rates[name] for name in amounts if rates}, inlets)


def _check_rates(amounts: dict[str, Column], rates: dict[str, Column], place: str, aside: str) -> None:
    missing = [name for name in amounts if name not in rates]
    if rates and missing:
        raise DataError(
            f"{place}: rates are given, but not of {', '.join(missing)}. Add d({missing[0]})/dt [kmol/m^3/s], "
            "or remove all columns of rates."
        )
    extra = [name for name in rates if name not in amounts]
    if extra:
        raise DataError(
            f"{place}: a rate is given for {', '.join(extra)}, but no concentration. Add the column "
            f"'{extra[0]} [kmol/m^3]', or remove the rate.{aside}"
        )
