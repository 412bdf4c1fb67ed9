"""The exceptions that mechlearn raises, each with a sentence on when, and the lists in their messages."""

from __future__ import annotations

from collections.abc import Sequence


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
