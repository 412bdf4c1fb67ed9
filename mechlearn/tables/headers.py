"""What the header of one column says, in the words of each family of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import DataError
from ..units import SI, Dimension, dimension_of, factor, is_unit
from .table import Column, Quantity

LABELS = ("run", "parent", "reactor")

_STATES: dict[Quantity, tuple[str, ...]] = {
    "time": ("t", "time", "tau", "residence time", "residence_time"),
    "temperature": ("T", "temperature", "temp"),
    "pressure": ("P", "p", "pressure"),
    "density": ("D", "rho", "ρ", "density"),
    "volume": ("V", "volume"),
}
_UNITS: dict[Quantity, Dimension] = {
    "time": "time",
    "temperature": "temperature",
    "pressure": "pressure",
    "density": "density",
    "volume": "volume",
}
_FRACTIONS: dict[str, tuple[Quantity, float]] = {
    "mol/mol": ("mole-fraction", 1.0),
    "mole fraction": ("mole-fraction", 1.0),
    "mol%": ("mole-fraction", 1e-2),
    "mole percent": ("mole-fraction", 1e-2),
    "vol%": ("mole-fraction", 1e-2),
    "ppmv": ("mole-fraction", 1e-6),
    "ppbv": ("mole-fraction", 1e-9),
    "kg/kg": ("mass-fraction", 1.0),
    "g/g": ("mass-fraction", 1.0),
    "mass fraction": ("mass-fraction", 1.0),
    "wt%": ("mass-fraction", 1e-2),
    "mass percent": ("mass-fraction", 1e-2),
    "-": ("undecided", 1.0),
    "1": ("undecided", 1.0),
    "": ("undecided", 1.0),
    "%": ("undecided", 1e-2),
    "percent": ("undecided", 1e-2),
    "ppm": ("undecided", 1e-6),
    "ppb": ("undecided", 1e-9),
}
"""Units of fractions; of moles or of mass where they say so."""

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

_BRACKETS = re.compile(r"(.*\S)\s+\[([^\[\]]*)\]", re.DOTALL)
_CLOSE_BRACKETS = re.compile(r"(.*\S)\[([^\[\]]*)\]", re.DOTALL)
_PARENTHESES = re.compile(r"(.*[^\s/])\s+\(((?:[^()]|\([^()]*\))*)\)", re.DOTALL)
_SLASH = re.compile(r"(.*\S)\s+/\s+(\S.*)", re.DOTALL)
_CLOSE_SLASH = re.compile(r"(t|T|p|P|time)/(\S+)")
_RATE = re.compile(r"d(?:\((.+)\)|\[(.+)\])/dt", re.DOTALL)
_CONCENTRATION = re.compile(r"\[(.+)\]|[cC]_(.+)|conc_(.+)|[cC]\((.+)\)", re.DOTALL)
_CHEMKIN = re.compile(r"(.+?)_\(([^()]*)\)")
_CHEMKIN_PART = re.compile(r"_(Soln#\d+|P[FS]RC\d+|C\d+(?:_R\d+)?)$")
_CHEMKIN_AMOUNTS: dict[str, Quantity] = {"Mole_fraction_": "mole-fraction", "Mass_fraction_": "mass-fraction"}
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
    if not header:
        raise DataError(f"{where}: the column has no name. Give it one, or remove it.")
    return _GRAMMARS[form](Column(index, header, "not used"), where)


def _ours(column: Column, where: str) -> Column:
    match = _BRACKETS.fullmatch(column.header)
    if match is None:
        raise DataError(without_unit(column.header, where))
    return _by_dimension(column, match[1], match[2], where)


def _by_hand(column: Column, where: str) -> Column:
    name, unit = _name_and_unit(column.header)
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix) and len(name) > len(prefix)), None)
    if _SENSITIVITY.match(name):
        return replace(column, remark="a sensitivity")
    if _UNCERTAINTY.fullmatch(name):
        return replace(column, name=name, unit=unit or "", remark="the uncertainty of another column")
    if unit is None:
        return _bare(column, name, prefix, where)
    if unit.strip().lower() in _FRACTIONS:
        quantity, scale = _FRACTIONS[unit.strip().lower()]
        if len(name) > 1:
            _refuse_state(name, unit, where)
        if prefix is not None and quantity in ("undecided", _PREFIXES[prefix]):
            quantity, name = _PREFIXES[prefix], name.removeprefix(prefix)
        return replace(column, quantity=quantity, name=name, unit=unit or "-", scale=scale)
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
    return _by_dimension(column, name, unit, where)


def _refuse_state(name: str, unit: str, where: str) -> None:
    """A temperature in coulomb is a mistake, not a column to pass over."""
    state = next((quantity for quantity in _STATES if _is_state(name, quantity)), None)
    if state is not None:
        try:
            factor(unit, _UNITS[state])
        except DataError as error:
            raise DataError(f"{where}: {error}") from None


def _bare(column: Column, name: str, prefix: str | None, where: str) -> Column:
    """A header without a unit."""
    state = next((quantity for quantity in _STATES if _is_state(name, quantity) and name != "D"), None)
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
    state = next((quantity for quantity in _STATES if _is_state(name, quantity)), None)
    if state is None:
        return replace(column, remark="an extra column of Cantera's")
    told = "no unit: s, as Cantera's reactor networks count" if state == "time" else ""
    return replace(column, quantity=state, name=state, unit=SI[_UNITS[state]], remark=told)


def _chemked(column: Column, where: str) -> Column:
    match = _BRACKETS.fullmatch(column.header)
    if match is None:
        raise DataError(without_unit(column.header, where))
    fraction = _FRACTIONS.get(match[2].lower())
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
    state = next((quantity for quantity in _STATES if label.lower() == quantity), None)
    if state is None:
        return replace(column, name=label, unit=unit, remark="neither a state nor an amount of a species")
    return _by_dimension(column, label, unit, where)


def _opensmoke(column: Column, where: str) -> Column:
    match = _NUMBERED.fullmatch(column.header)
    label = match[1].strip() if match else column.header
    bracketed = _CLOSE_BRACKETS.fullmatch(label)
    if bracketed and any(_is_state(bracketed[1], quantity) for quantity in _STATES):
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


def _name_and_unit(header: str) -> tuple[str, str | None]:
    for pattern in (_BRACKETS, _PARENTHESES, _SLASH, _CLOSE_SLASH):
        match = pattern.fullmatch(header)
        if match:
            unit = match[2].strip()
            return match[1], unit[1:-1] if unit.startswith("(") and unit.endswith(")") else unit
    match = _CLOSE_BRACKETS.fullmatch(header)
    if match and _is_read(match[2]):
        return match[1], match[2]
    return header, None


def _is_read(unit: str) -> bool:
    if unit.strip().lower() in _FRACTIONS:
        return unit.strip() not in ("", "1", "-")
    try:
        dimension_of(unit)
    except DataError:
        return False
    return True


def _is_state(name: str, quantity: Quantity) -> bool:
    """Single letters as they are, as t is a time and T a temperature; words in any case."""
    return name in _STATES[quantity] or (len(name) > 1 and name.lower() in _STATES[quantity])


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
    state = next((quantity for quantity, measured in _UNITS.items() if measured == dimension), None)
    if state is not None and _is_state(name, state):
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
    state = next((quantity for quantity in _STATES if _is_state(header, quantity)), None)
    unit = SI["concentration rate"] if _RATE.fullmatch(header) else SI[_UNITS[state]] if state else SI["concentration"]
    return f"{where}: the unit is missing, and it is not guessed. Write '{header} [{unit}]', say. {UNDERSTOOD}."
