"""The style of a mechanism file: sections, flow maps and numbers as people write them in Cantera's own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import LiteralScalarString

_WIDTH = 100
DIGITS = 15


def float_text(value: float) -> str:
    """A float as text: positional from 0.01 to 1e4, else scientific; fifteen digits at most.

    Examples
    --------
    >>> [float_text(value) for value in (0.0, 0.1, 1e6, 20000000000000.004, -1234.5)]
    ['0.0', '0.1', '1.0e+06', '2.0e+13', '-1234.5']
    """
    value = float(f"{value:.{DIGITS}g}")
    if np.isnan(value):
        return ".nan"
    if np.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    if value == 0.0:
        return "0.0"
    if 0.01 <= abs(value) < 1e4:
        return np.format_float_positional(value, trim="0")
    return np.format_float_scientific(value, trim="0")


def flow(value: Any) -> Any:
    """A map or list that will stand on one line, in braces or brackets, with all that is in it."""
    if isinstance(value, Mapping):
        one_line = CommentedMap({key: flow(item) for key, item in value.items()})
        one_line.fa.set_flow_style()
        return one_line
    if isinstance(value, Sequence) and not isinstance(value, str):
        row = CommentedSeq([flow(item) for item in value])
        row.fa.set_flow_style()
        return row
    return value


def flow_rows(value: Any) -> Any:
    """A list of rows or maps with each on a line of its own, and any other map or list on one line."""
    if isinstance(value, list) and value and isinstance(value[0], list | dict):
        return [flow(row) for row in value]
    return flow(value)


def commented(entry: Mapping[str, Any], comment: str) -> CommentedMap:
    """The entry with a comment at the end of its first line."""
    result = CommentedMap(entry)
    result.yaml_add_eol_comment(comment, next(iter(entry)))
    return result


def paragraph(text: str) -> str:
    """Text as a block of lines, where it can stand so."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    printable = all(line.isprintable() for line in lines)
    return LiteralScalarString("\n".join(lines)) if printable and any(lines) else text


def yaml_text(blocks: Sequence[Mapping[str, Any]]) -> str:
    """Blocks of top-level keys as one document, with a blank line between blocks."""
    writer = YAML()
    writer.Representer = _Representer
    writer.width = _WIDTH
    texts = []
    for block in blocks:
        buffer = StringIO()
        writer.dump(dict(block), buffer)
        texts.append("".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines()))
    return "\n".join(texts)


class _Representer(RoundTripRepresenter):
    """A representer of our own: Cantera's converters change the shared one while they are imported."""


def _represent_float(representer: RoundTripRepresenter, value: float) -> ScalarNode:
    return representer.represent_scalar("tag:yaml.org,2002:float", float_text(value))


def _represent_integer(representer: RoundTripRepresenter, value: int) -> ScalarNode:
    return representer.represent_scalar("tag:yaml.org,2002:int", str(int(value)))


_Representer.add_representer(float, _represent_float)
_Representer.add_multi_representer(np.floating, _represent_float)
_Representer.add_multi_representer(np.integer, _represent_integer)
