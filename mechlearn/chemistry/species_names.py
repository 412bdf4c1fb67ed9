"""Names of species: which of them an equation can hold."""

from __future__ import annotations

_RESERVED = ("M", "(+M)", "+", "=", "=>", "<=>")
"""Names that mean a collision partner or a sign in an equation."""


def fault_of_name(name: str) -> str:
    """Why a species of that name cannot stand in an equation, and what to do; empty where it can.

    Examples
    --------
    >>> fault_of_name("H2O"), fault_of_name("acetic acid")[-47:]
    ('', 'Give that species another name, as acetic-acid.')
    """
    if name in _RESERVED:
        what, better = "means a collision partner or an arrow", ""
    elif not name or any(letter.isspace() for letter in name):
        joined = "-".join(name.split())
        what, better = "holds white space" if name else "is empty", f", as {joined}" if joined else ""
    else:
        return ""
    return f"Species name {name!r} {what} in an equation. Give that species another name{better}."
