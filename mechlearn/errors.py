"""The exceptions that mechlearn raises, each with a sentence on when; lists and near names in their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class MechlearnError(Exception):
    """Base of every error that mechlearn raises on purpose; the commands print it and exit with 2."""


class DataError(MechlearnError, ValueError):
    """Concentration data cannot be used as they are: a wrong unit, a missing column, NaN, time going back."""


class StudyError(MechlearnError, ValueError):
    """A study file, or a setting given in Python or on the command line, is wrong."""


class FormatError(MechlearnError, ValueError):
    """A mechanism file cannot be read or written."""


class BalanceError(MechlearnError, ValueError):
    """A reaction does not conserve elements, or no conserved quantity with positive masses exists."""


class SimulationError(MechlearnError, RuntimeError):
    """Cantera could not integrate any of the runs asked for."""


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names in a sentence of a message, so many of them at most, and how many more there are.

    Examples
    --------
    >>> listed(["H2", "O2", "H2O"]), listed(["H2", "O2", "H2O"], most=2)
    ('H2, O2 and H2O', 'H2, O2 and 1 more')
    """
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def meant(name: str, known: Iterable[str]) -> str:
    """A question with the known names that a wrong one may stand for, and a blank after it; empty where none is near.

    Parameters
    ----------
    name : str
        The wrong one.
    known : iterable of str
        Those that differ in capitals only come first, else those that go on where the name ends, else the nearest one.

    Examples
    --------
    >>> meant("h2", ["H2", "O2"]), meant("hydrogen", ["air", "hydrogen-oxidation"]), meant("CH4", ["H2", "O2"])
    ("Did you mean 'H2'? ", "Did you mean 'hydrogen-oxidation'? ", '')
    """
    known = list(known)
    near = [each for each in known if each.casefold() == name.casefold()]
    near = near or [each for each in known if len(name) > 2 and each.casefold().startswith(name.casefold())]
    near = near or get_close_matches(name, known, n=1)
    return f"Did you mean {' or '.join(map(repr, near[:3]))}? " if near else ""
