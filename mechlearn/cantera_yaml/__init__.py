"""Mechanism ⇄ Cantera YAML: reading any homogeneous gas file, writing one that looks hand-written."""

from .entries import mechanism_text
from .export import check_export, to_cantera, write_mechanism
from .reading import parse_mechanism, read_mechanism

__all__ = [
    "check_export",
    "mechanism_text",
    "parse_mechanism",
    "read_mechanism",
    "to_cantera",
    "write_mechanism",
]
