"""The exceptions that mechlearn raises, each with a sentence on when."""


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
