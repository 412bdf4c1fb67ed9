"""What the header of one column says, as each family of files writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ...errors import DataError
from ...units import factor, is_unit
from . import cantera, chemked, chemkin_pro, opensmoke, rmg
from .column_units import RATE, by_dimension, with_degrees, without_unit
from .table import OURS, Column, Quantity, located
from .vocabulary import BRACKETS, FRACTIONS, STATES, known_dimension, name_and_unit, plain_unit, state_of

BY_HAND = "by hand"
LABELS = ("run", "parent", "reactor")
_RUNS = ("experiment", "exp", "experiment no", "run id", "run_id", "run no", "trial", "shot", "simulation")
"""What people call the column `run`."""

_PREFIXES: dict[str, Quantity] = {
    "X_": "mole-fraction",
    "x_": "mole-fraction",
    "Y_": "mass-fraction",
    "w_": "mass-fraction",
    "concentrations_": "concentration",
}
_CONCENTRATION = re.compile(r"\[(.+)\]|[cC]_(.+)|conc_(.+)|[cC]\((.+)\)", re.DOTALL)
_FRACTION_OF = re.compile(r"([XxYw])[(\[]([A-Za-z].*)[)\]]")
_ERROR = r"(?:sigma|σ|sd|std|stdev|err|error|uncertainty|±|\+/-)"
_UNCERTAINTY = re.compile(rf"{_ERROR}[\s_]*[\s_(\[].+|.+[\s_]{_ERROR}", re.IGNORECASE)
_INITIAL = re.compile(r"(?:initial|starting)[\s_](?:conc|amount|mole|mass).*|\[.+\]_?0", re.IGNORECASE)
_SENSITIVITY = re.compile(r"d?ln\[.+\]/d.+")


def family(header: Sequence[str]) -> str:
    """Which program, or a person's hand, wrote the header.

    Examples
    --------
    >>> family(["T", "D", "Y_H2", "t"]), family(["Time_(sec)", " Mole_fraction_H2_()"]), family(["t / s", "[A] / mM"])
    ('Cantera SolutionArray', 'Chemkin-Pro', 'by hand')
    """
    names = [cell.strip() for cell in header]
    return next((each.FORM for each in _BY_HEADER if each.is_header(names)), BY_HAND)


def meaning(cell: str, index: int, form: str, where: str) -> Column:
    """What one column holds.

    Parameters
    ----------
    cell : str
        Its header.
    index : int
        Where it stands.
    form : str
        ``mechlearn runs``, or what `family` says.
    where : str
        File, line and column, for messages.

    Raises
    ------
    DataError
        If the header cannot be understood.

    Examples
    --------
    >>> found = meaning("OH [ppmv]", 1, "by hand", "a.csv")
    >>> found.quantity, found.name, found.scale
    ('mole-fraction', 'OH', 1e-06)
    """
    header = cell.strip()
    if header.lower() in LABELS and (header in LABELS or form != OURS):
        return Column(index, header, "label", header.lower())
    if header.lower().rstrip(".") in _RUNS and form == BY_HAND:
        return Column(index, header, "label", "run", remark="taken for the column run")
    if not header:
        raise DataError(f"{where}: the column has no name. Give it one, or remove it.")
    return _GRAMMARS[form](Column(index, header, "not used"), where)


def _ours(column: Column, where: str) -> Column:
    match = BRACKETS.fullmatch(column.header)
    if match is None:
        raise DataError(without_unit(column.header, where))
    return by_dimension(column, match[1], match[2], where)


def _by_hand(column: Column, where: str) -> Column:
    name, unit = name_and_unit(column.header)
    fraction = _FRACTION_OF.fullmatch(name)
    if fraction:
        name = f"{fraction[1]}_{fraction[2]}"
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix) and len(name) > len(prefix)), None)
    if _SENSITIVITY.match(name):
        return replace(column, remark="a sensitivity")
    if _INITIAL.fullmatch(name):
        return replace(column, name=name, unit=unit or "", remark="an initial amount, which is no species: remove it")
    if _UNCERTAINTY.fullmatch(name):
        return replace(column, name=name, unit=unit or "", remark="the uncertainty of another column")
    if unit is None:
        return _bare(column, name, prefix, where)
    if plain_unit(unit) in FRACTIONS:
        quantity, scale = FRACTIONS[plain_unit(unit)]
        if len(name) > 1:
            _refuse_state(name, unit, where)
        if prefix is not None and quantity in ("undecided", _PREFIXES[prefix]):
            quantity, name = _PREFIXES[prefix], name.removeprefix(prefix)
        return replace(column, quantity=quantity, name=name, unit=unit or "-", scale=scale)
    column, unit = with_degrees(column, name, unit)
    dimension = known_dimension(unit)
    if dimension is None:
        if not is_unit(unit):
            return by_dimension(column, name, unit, where)
        _refuse_state(name, unit, where)
        remark = f"{unit} is the unit of nothing that is read"
        return replace(column, name=name, unit=unit, remark=remark, may_be_species=True)
    given = _CONCENTRATION.fullmatch(name)
    if dimension == "concentration" and given:
        name = next(filter(None, given.groups()))
    elif dimension == "concentration" and prefix == "concentrations_":
        name = name.removeprefix(prefix)
    other = dimension in STATES and dimension != "density" and not RATE.fullmatch(name)
    if other and state_of(name) is None:
        remark = f"a {dimension} that is called neither {_called(dimension)}"
        return replace(column, name=name, unit=unit, remark=remark)
    return by_dimension(column, name, unit, where)


def _refuse_state(name: str, unit: str, where: str) -> None:
    """A temperature in coulomb is a mistake, not a column to pass over."""
    state = state_of(name)
    if state is not None:
        with located(where):
            factor(unit, state)


def _bare(column: Column, name: str, prefix: str | None, where: str) -> Column:
    """A header without a unit."""
    state = state_of(name) if name != "D" else None
    if state is not None:
        return replace(column, quantity=state, name=state)
    if RATE.fullmatch(name):
        raise DataError(without_unit(name, where))
    if prefix is not None:
        quantity, name = _PREFIXES[prefix], name.removeprefix(prefix)
        return replace(column, quantity=quantity, name=name, unit="" if quantity == "concentration" else "1")
    given = _CONCENTRATION.fullmatch(name)
    if given:
        return replace(column, quantity="concentration", name=next(filter(None, given.groups())))
    return replace(column, quantity="undecided", name=name)


_BY_HEADER: tuple[Any, ...] = (chemkin_pro, opensmoke, cantera, rmg)
_GRAMMARS: dict[str, Callable[[Column, str], Column]] = {
    **{OURS: _ours, BY_HAND: _by_hand, rmg.FORM: _by_hand, chemkin_pro.FORM: chemkin_pro.column_of},
    **{opensmoke.FORM: opensmoke.column_of, cantera.FORM: cantera.column_of, chemked.FORM: chemked.column_of},
}


def _called(quantity: str) -> str:
    return " nor ".join(name for known, names in STATES.items() if known == quantity for name in names[:2])
