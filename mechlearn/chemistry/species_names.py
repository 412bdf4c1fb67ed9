"""Names of species: which of them an equation can hold."""

from __future__ import annotations

_RESERVED = ("M", "(+M)", "+", "=", "=>", "<=>")
"""Names that mean a collision partner or a sign in an equation."""


def fault_of_name(name: str) -> str:
    """Why a species of that name cannot stand in an equation, and what to do; empty where it can.

    Examples
    --------
    >>> fault_of_name("H2O"), fault_of_name("acetic acid")[-29:]
    ('', 'Rename it, as in acetic-acid.')
    """
    if name in _RESERVED:
        return (
            f"Species name {name!r} means a collision partner or a sign in an equation. Give that species another name."
        )
    if not name:
        return "A species has an empty name, and an equation goes by names. Give it one."
    if any(letter.isspace() for letter in name):
        better = "-".join(name.split())
        what = f"Species name {name!r} holds white space, and an equation has it between species."
        return f"{what} Rename it, as in {better}."
    return ""
