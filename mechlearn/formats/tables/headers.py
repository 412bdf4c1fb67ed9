"""What the header of one column says, in the words of each family of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...errors import DataError
from ...units import SI, dimension_of, factor, is_unit
from .table import Column, Quantity
from .vocabulary import (
    BRACKETS,
    CLOSE_BRACKETS,
    DEGREES,
    FRACTIONS,
    STATE_UNITS,
    STATES,
    is_state,
    name_and_unit,
    plain_unit,
    state_of,
)

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
_CANTERA = tuple(prefix for prefix in _PREFIXES if prefix not in ("x_", "w_"))

UNDERSTOOD = (
    "Understood are run, parent, reactor, time [s], T [K], P [Pa], H2 [kmol/m^3] for the concentration of H2 and "
    "d(H2)/dt [kmol/m^3/s] for its net production rate"
)

_RATE = re.compile(r"d(?:\((.+)\)|\[(.+)\])/dt", re.DOTALL)
_CONCENTRATION = re.compile(r"\[(.+)\]|[cC]_(.+)|conc_(.+)|[cC]\((.+)\)", re.DOTALL)
_FRACTION_OF = re.compile(r"([XxYw])[(\[]([A-Za-z].*)[)\]]")
_CHEMKIN = re.compile(r"(.+?)_\(([^()]*)\)")
_CHEMKIN_PART = re.compile(r"_(Soln#\d+|P[FS]RC\d+|C\d+(?:_R\d+)?)$")
_CHEMKIN_AMOUNTS: dict[str, Quantity] = {"Mole_fraction_": "mole-fraction", "Mass_fraction_": "mass-fraction"}
_CHEMKIN_CONCENTRATION = re.compile(r"Mol(?:ar|e)_conc(?:entration)?_(.+)")
_NUMBERED = re.compile(r"(.+)\(\d+\)")
_ERROR = r"(?:sigma|sd|std|stdev|err|error|uncertainty|±|\+/-)"
_UNCERTAINTY = re.compile(rf"{_ERROR}[\s_]*[\s_(\[].+|.+[\s_]{_ERROR}", re.IGNORECASE)
_SENSITIVITY = re.compile(r"d?ln\[.+\]/d.+")


def family(header: Sequence[str]) -> str:
    """Which program, or a person's hand, wrote the header.

    Examples
    --------
    >>> family(["T", "D", "Y_H2", "t"]), family(["Time_(sec)", " Mole_fraction_H2_()"]), family(["t / s", "[A] / mM"])
    ('Cantera SolutionArray', 'Chemkin-Pro', 'by hand')
    """
    names = [cell.strip() for cell in header]
    if sum(bool(_CHEMKIN.fullmatch(name)) for name in names) >= 2:
        return "Chemkin-Pro"
    if any(name.startswith(("t[s](", "Tau[s](")) for name in names):
        return "OpenSMOKE++"
    if "T" in names and any(name.startswith(_CANTERA) for name in names):
        return "Cantera SolutionArray"
    if "Time (s)" in names and "Volume (m^3)" in names:
        return "RMG"
    return "by hand"


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
    if header.lower() in LABELS and (header in LABELS or form != "mechlearn runs"):
        return Column(index, header, "label", header.lower())
    if header.lower().rstrip(".") in _RUNS and form == "by hand":
        return Column(index, header, "label", "run", remark="taken for the column run")
    if not header:
        raise DataError(f"{where}: the column has no name. Give it one, or remove it.")
    return _GRAMMARS[form](Column(index, header, "not used"), where)


def _ours(column: Column, where: str) -> Column:
    match = BRACKETS.fullmatch(column.header)
    if match is None:
        raise DataError(without_unit(column.header, where))
    return _by_dimension(column, match[1], match[2], where)


def _by_hand(column: Column, where: str) -> Column:
    name, unit = name_and_unit(column.header)
    fraction = _FRACTION_OF.fullmatch(name)
    if fraction:
        name = f"{fraction[1]}_{fraction[2]}"
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix) and len(name) > len(prefix)), None)
    if _SENSITIVITY.match(name):
        return replace(column, remark="a sensitivity")
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
    column, unit = _with_degrees(column, name, unit)
    try:
        dimension = dimension_of(unit)
    except DataError as error:
        if not is_unit(unit):
            raise DataError(f"{where}: {error}") from None
        _refuse_state(name, unit, where)
        remark = f"{unit} is the unit of nothing that is read"
        return replace(column, name=name, unit=unit, remark=remark, doubtful=True)
    given = _CONCENTRATION.fullmatch(name)
    if dimension == "concentration" and given:
        name = next(filter(None, given.groups()))
    elif dimension == "concentration" and prefix == "concentrations_":
        name = name.removeprefix(prefix)
    other = dimension in STATE_UNITS.values() and dimension != "density" and not _RATE.fullmatch(name)
    if other and state_of(name) is None:
        remark = f"a {dimension} that is called neither {_called(dimension)}"
        return replace(column, name=name, unit=unit, remark=remark)
    return _by_dimension(column, name, unit, where)


def _with_degrees(column: Column, name: str, unit: str) -> tuple[Column, str]:
    """Degrees Celsius and Fahrenheit, where a temperature seems to be in coulomb or farad."""
    if unit in DEGREES and is_state(name, "temperature"):
        return replace(column, remark=f"{unit} taken for {DEGREES[unit]}"), DEGREES[unit]
    return column, unit


def _refuse_state(name: str, unit: str, where: str) -> None:
    """A temperature in coulomb is a mistake, not a column to pass over."""
    state = state_of(name)
    if state is not None:
        try:
            factor(unit, STATE_UNITS[state])
        except DataError as error:
            raise DataError(f"{where}: {error}") from None


def _bare(column: Column, name: str, prefix: str | None, where: str) -> Column:
    """A header without a unit."""
    state = state_of(name) if name != "D" else None
    if state is not None:
        return replace(column, quantity=state, name=state)
    if _RATE.fullmatch(name):
        raise DataError(without_unit(name, where))
    if prefix is not None:
        quantity, name = _PREFIXES[prefix], name.removeprefix(prefix)
        return replace(column, quantity=quantity, name=name, unit="" if quantity == "concentration" else "1")
    given = _CONCENTRATION.fullmatch(name)
    if given:
        return replace(column, quantity="concentration", name=next(filter(None, given.groups())))
    return replace(column, quantity="undecided", name=name)


def _cantera(column: Column, where: str) -> Column:
    name = column.header
    prefix = next((prefix for prefix in _CANTERA if name.startswith(prefix)), None)
    if prefix is not None:
        quantity = _PREFIXES[prefix]
        unit = SI["concentration"] if quantity == "concentration" else "1"
        return replace(column, quantity=quantity, name=name.removeprefix(prefix), unit=unit)
    state = state_of(name)
    if state is None:
        return replace(column, remark="an extra column of Cantera's")
    told = "no unit: s, as Cantera's reactor networks count" if state == "time" else ""
    return replace(column, quantity=state, name=state, unit=SI[STATE_UNITS[state]], remark=told)


def _chemked(column: Column, where: str) -> Column:
    match = BRACKETS.fullmatch(column.header)
    if match is None:
        raise DataError(without_unit(column.header, where))
    fraction = FRACTIONS.get(plain_unit(match[2]))
    if fraction is None:
        return _by_dimension(column, match[1], match[2], where)
    return replace(column, quantity=fraction[0], name=match[1], unit=match[2] or "-", scale=fraction[1])


def _chemkin(column: Column, where: str) -> Column:
    match = _CHEMKIN.fullmatch(column.header)
    if match is None:
        return replace(column, remark="not in the form NAME_(UNIT)")
    label, unit = match.groups()
    parts = []
    while part := _CHEMKIN_PART.search(label):
        parts.append(part[1])
        label = label[: part.start()]
    column = replace(column, group=" ".join(reversed(parts)))
    for start, quantity in _CHEMKIN_AMOUNTS.items():
        if label.startswith(start):
            return replace(column, quantity=quantity, name=label.removeprefix(start), unit="1")
    state = next((quantity for quantity in STATES if label.lower() == quantity), None)
    concentration = _CHEMKIN_CONCENTRATION.fullmatch(label)
    if concentration:
        return _by_dimension(column, concentration[1], unit, where)
    column, unit = _with_degrees(column, label, unit)
    if state is None:
        return replace(column, name=label, unit=unit, remark="neither a state nor an amount of a species")
    return _by_dimension(column, label, unit, where)


def _opensmoke(column: Column, where: str) -> Column:
    match = _NUMBERED.fullmatch(column.header)
    label = match[1].strip() if match else column.header
    bracketed = CLOSE_BRACKETS.fullmatch(label)
    if bracketed and any(is_state(bracketed[1], quantity) for quantity in STATES):
        return _by_dimension(column, bracketed[1], bracketed[2], where)
    endings: tuple[tuple[str, Quantity], ...] = (("_x", "mole-fraction"), ("_w", "mass-fraction"))
    for ending, quantity in endings:
        if label.endswith(ending) and len(label) > len(ending):
            return replace(column, quantity=quantity, name=label.removesuffix(ending), unit="1")
    return replace(column, name=label, remark="neither a state nor an amount of a species")


_GRAMMARS: dict[str, Callable[[Column, str], Column]] = {
    "mechlearn runs": _ours,
    "Cantera SolutionArray": _cantera,
    "Chemkin-Pro": _chemkin,
    "OpenSMOKE++": _opensmoke,
    "RMG": _by_hand,
    "ChemKED": _chemked,
    "by hand": _by_hand,
}


def _called(quantity: str) -> str:
    return " nor ".join(name for known, names in STATES.items() if known == quantity for name in names[:2])


def misnamed(column: Column) -> Quantity | None:
    """The state whose unit a column has that is not used, as its name is none of that state's.

    Examples
    --------
    >>> misnamed(meaning("T5 (K)", 0, "by hand", "a.csv")), misnamed(meaning("T (K)", 0, "by hand", "a.csv"))
    ('temperature', None)
    """
    if column.quantity != "not used" or not column.unit or not is_unit(column.unit):
        return None
    try:
        dimension = dimension_of(column.unit)
    except DataError:
        return None
    return next((quantity for quantity, measured in STATE_UNITS.items() if measured == dimension), None)


def _by_dimension(column: Column, name: str, unit: str, where: str) -> Column:
    """The unit decides, as P may be a species."""
    try:
        dimension = dimension_of(unit)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    rate = _RATE.fullmatch(name)
    scale, offset = factor(unit, dimension)
    found = replace(column, name=name, unit=unit, scale=scale, offset=offset)
    if dimension == "concentration rate" and rate:
        return replace(found, quantity="concentration rate", name=rate[1] or rate[2])
    if dimension == "concentration" and not rate:
        return replace(found, quantity="concentration")
    state = next((quantity for quantity, measured in STATE_UNITS.items() if measured == dimension), None)
    if state is not None and is_state(name, state):
        return replace(found, quantity=state, name=state)
    if dimension == "density" and not rate:
        return replace(found, quantity="mass concentration")
    if dimension == "amount" and not rate:
        return replace(found, quantity="moles")
    raise DataError(f"{where}: {name!r} with a unit of {dimension} is not understood. {UNDERSTOOD}.")


def without_unit(header: str, where: str) -> str:
    """The message on a column without a unit."""
    if "[" in header and header.endswith("]"):
        return f"{where}: a blank belongs before the unit in brackets, as in 'H2 [kmol/m^3]'."
    state = state_of(header)
    dimension = "concentration rate" if _RATE.fullmatch(header) else STATE_UNITS[state] if state else "concentration"
    unit = SI[dimension]
    return f"{where}: the unit is missing, and it is not guessed. Write '{header} [{unit}]', say. {UNDERSTOOD}."
