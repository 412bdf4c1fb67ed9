"""Frozen records ⇄ plain JSON, by the types of their fields: nothing in the text can name code to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..errors import FormatError

Record = TypeVar("Record")


def plain(value: Any) -> Any:
    """A record, or what stands in one, as maps, lists, numbers and text; Cantera's maps and NumPy's types likewise.

    Examples
    --------
    >>> plain(Arrhenius(1.0, Ea=2.0))
    {'A': 1.0, 'b': 0.0, 'Ea': 2.0}
    >>> plain({"A": np.float64(1.5), "b": (np.int64(2), np.array([0.0, 1.0]))})
    {'A': 1.5, 'b': [2, [0.0, 1.0]]}
    """
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def record(kind: type[Record], value: Any) -> Record:
    """The record of a kind that `plain` made the value of.

    Raises
    ------
    FormatError
        If the value does not fit the kind.

    Examples
    --------
    >>> record(Arrhenius, {"A": 1.0, "b": 0.0, "Ea": 2.0})
    Arrhenius(A=1.0, b=0.0, Ea=2.0)
    """
    found: Record = _made(kind, value)
    return found


def _made(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _dataclass(kind, value)
    if origin in (Union, UnionType):
        return _one_of(arguments, value)
    if origin is tuple and isinstance(value, list):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_made(each, one) for each, one in zip(kinds, value, strict=True))
    if origin is np.ndarray and isinstance(value, list):
        return np.array(value, dtype=get_args(arguments[1])[0])
    if origin is not None and issubclass(dict, origin) and isinstance(value, dict):
        return {key: _made(arguments[1], each) for key, each in value.items()}
    if kind is float and isinstance(value, float | int):
        return value
    if kind is Any or (origin is Literal and value in arguments) or (isinstance(kind, type) and type(value) is kind):
        return value
    raise FormatError(f"{value!r} is not {kind}; the file was not written by this version. Start anew.")


def _dataclass(kind: Any, value: Any) -> Any:
    hints = get_type_hints(kind)
    names = {item.name for item in fields(kind)}
    if not isinstance(value, dict) or set(value) != names:
        raise FormatError(f"This is no {kind.__name__}; the file was not written by this version. Start anew.")
    return kind(**{name: _made(hints[name], value[name]) for name in names})


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    for kind in kinds:
        if kind is not NoneType:
            try:
                return _made(kind, value)
            except FormatError:
                continue
    raise FormatError(f"{value!r} is none of {kinds}; the file was not written by this version. Start anew.")
