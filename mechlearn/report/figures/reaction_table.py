"""The table beside a reaction graph: each reaction with its rate constants, and what collides."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from ...chemistry.mechanism import ThirdBody
from ...units import number_text
from ..style import INK, text_width
from .shapes import draw_number

ROW_HEIGHT = 0.24
"""[in]."""
TEXT_SIZE, REMARK_SIZE = 9.5, 8.0
"""In points."""
REMARK_LENGTH = 44
"""Letters of a line on what collides, which goes on in further lines."""
WITHIN_A_NAME = re.compile(r"(?<![,;:]) ")
"""A blank at which no line ends, as in ``H2O 6``."""
GAP = 0.3
"""Between two columns [in]."""

Attributes = Mapping[str, str | float | bool]


@dataclass(frozen=True)
class Row:
    """One line of the table: an equation with its rate constants as text.

    Parameters
    ----------
    equation : str
    forward, reverse : tuple of str
        A, b and Ea [kJ/mol]; of the reverse also one word on where it comes from, or nothing.
    remark : str
        What collides, orders, and the kind of a rate that is not modelled.
    """

    equation: str
    forward: tuple[str, ...]
    reverse: tuple[str, ...] = ()
    remark: str = ""


def rows_of(attributes: Attributes) -> list[Row]:
    """The lines of a reaction node of `mechlearn.pathways.graphs.reaction_graph`, the second for a falloff."""
    equation = str(attributes["equation"]).replace("<=>", "⇌").replace("=>", "→")
    reverse = _constants(attributes, "_reverse")
    if not any(reverse):
        reverse = ("from thermo",) if attributes["reversible"] else ()
    rows = [Row(equation, _constants(attributes, ""), reverse, _remark(attributes))]
    low = _constants(attributes, "_low")
    if any(low):
        troe = str(attributes.get("troe", "")).replace(":", " ")
        rows.append(Row("    low-pressure limit", low, (), f"Troe: {troe}" if troe else ""))
    return rows


def _constants(attributes: Attributes, suffix: str) -> tuple[str, ...]:
    values = [attributes.get(key + suffix) for key in ("A", "b", "Ea")]
    if values[0] is None:
        return ()
    factor, power, energy = (float(value or 0.0) for value in values)
    return number_text(factor), *(text.replace("-", "−") for text in (f"{power:.4g}", f"{energy / 1e6:.5g}"))


def _remark(attributes: Attributes) -> str:
    parts = []
    if "A" not in attributes:
        parts.append(str(attributes["type"]))
    if "third_body" in attributes:
        amounts = [each.rpartition(":") for each in str(attributes["third_body"]).split(", ")]
        default, *others = [(name, float(value)) for name, _, value in amounts]
        parts.append(ThirdBody(dict(others), default[1]).text)
    if "orders" in attributes:
        parts.append(f"orders: {str(attributes['orders']).replace(':', ' ')}")
    return "; ".join(filter(None, parts))


class ReactionTable:
    """The rows as cells in columns that are as wide as their texts.

    Parameters
    ----------
    rows : sequence of (int, Row)
        With the number of the reaction's mark.
    temperature : float, optional
        At which rate constants that have neither b nor Ea hold [K].
    """

    def __init__(self, rows: Sequence[tuple[int, Row]], temperature: float | None) -> None:
        every = [constants for _, row in rows for constants in (row.forward, row.reverse) if len(constants) == 3]
        depends = any(constants[1:] != ("0", "0") for constants in every)
        known = any(len(row.reverse) == 3 for _, row in rows)
        laws = ("A forward", "b", "Ea [kJ/mol]") if depends else ("k forward",)
        back = ("A reverse", "b", "Ea [kJ/mol]") if depends and known else ("k reverse",)
        remarks = any(row.remark for _, row in rows)
        self._heads = ("reaction", *laws, *back, *(("colliders",) if remarks else ()))
        numbers = [0, *(number for number, _ in rows)]
        self._lines = [
            (number if first and number != before else 0, cells)
            for before, (number, row) in zip(numbers, rows, strict=False)
            for first, cells in _lines(row, len(laws), len(back), remarks=remarks)
        ]
        at = "" if temperature is None else f" at {temperature:g} K"
        self._note = "k = A T^b exp(−Ea/RT) in kmol, m³, s, K" if depends else f"rate constants{at} in kmol, m³, s"
        self._widths = [
            max([text_width(head, TEXT_SIZE), *(text_width(cells[k], TEXT_SIZE) for _, cells in self._lines)])
            for k, head in enumerate(self._heads)
        ]

    @property
    def width(self) -> float:
        """[in]."""
        return GAP + sum(self._widths) + GAP * (len(self._widths) - 1)

    @property
    def height(self) -> float:
        """With its head and the note below [in]."""
        return ROW_HEIGHT * (len(self._lines) + 1.5)

    def draw(self, axes: Axes, corner: tuple[float, float]) -> None:
        """Draw it with its upper left corner at a place [in]."""
        left = corner[0] + GAP + np.concatenate([[0.0], np.cumsum(np.array(self._widths[:-1]) + GAP)])
        y = corner[1] - 0.5 * ROW_HEIGHT
        for x, text in zip(left, self._heads, strict=True):
            axes.text(x, y, text, size=9, va="center", color=INK, weight="bold")
        axes.plot([corner[0] - 0.1, corner[0] + self.width], [y - 0.6 * ROW_HEIGHT] * 2, color=INK, linewidth=0.8)
        for k, (number, cells) in enumerate(self._lines):
            y = corner[1] - (k + 1.75) * ROW_HEIGHT
            if number:
                draw_number(axes, number, np.array((corner[0] + 0.05, y)), np.array((0.13, 0.1)), 7)
            for column, (x, text) in enumerate(zip(left, cells, strict=True)):
                size = REMARK_SIZE if self._heads[column] == "colliders" else TEXT_SIZE
                axes.text(x, y, text, size=size, va="center_baseline", color=INK)
        axes.text(left[0], y - 1.1 * ROW_HEIGHT, self._note, size=8, va="center", color="#555555")


def _lines(row: Row, forward: int, reverse: int, *, remarks: bool) -> list[tuple[bool, tuple[str, ...]]]:
    """The cells of a row, and of the lines on which its remark goes on; whether a line is the first."""
    cells = (row.equation, *_padded(row.forward, forward), *_padded(row.reverse, reverse))
    if not remarks:
        return [(True, cells)]
    together = WITHIN_A_NAME.sub("\u00a0", row.remark)
    first, *more = textwrap.wrap(together, REMARK_LENGTH) or [""]
    empty = ("",) * len(cells)
    return [(True, (*cells, first)), *((False, (*empty, text)) for text in more)]


def _padded(cells: tuple[str, ...], count: int) -> tuple[str, ...]:
    return (*cells[:count], *("",) * (count - len(cells)))
