"""Drawing a reaction graph: species and numbered reactions as boxes, and beside them a table of the reactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

import networkx as nx
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...units import number_text
from ..layout import Array, layered
from ..style import BLUE, GRAPH_STYLE, INK, ORANGE, text_width
from .shapes import corners, draw_box, draw_edge, draw_key, draw_labels, inch_axes, species_half_sizes

MAX_REACTIONS = 60
"""Reactions beyond this number are not drawn."""
CONSUMED, FORMED = BLUE, ORANGE
"""Of edges to the left and to the right side of an equation."""
NUMBER_HALF_SIZE = (0.14, 0.13)
"""Half width and half height of a reaction's box [in]."""
ROW_HEIGHT = 0.24
"""Of the table [in]."""
LINE_WIDTH = 1.5
"""Of an edge, in points."""
EDGE_HEIGHT = 0.11
"""Height that an edge takes on the side of a box [in]."""


@dataclass(frozen=True)
class Row:
    """One line of the table: an equation with its rate constants as text."""

    equation: str
    forward: str
    reverse: str


@dataclass
class Mark:
    """One number of the drawing: the entries of the mechanism with the same species on the same two sides."""

    consumed: dict[str, float]
    formed: dict[str, float]
    reversible: bool
    rows: list[Row]


def draw_graph(graph: nx.DiGraph) -> Figure:
    """The graph of `mechlearn.pathways.graphs.reaction_graph` as a figure.

    Parameters
    ----------
    graph : networkx.DiGraph
        Nodes with ``kind`` and, for reactions, ``equation``, ``reversible`` and what is known of the rate; edges with
        ``coefficient``.

    Returns
    -------
    matplotlib.figure.Figure
        Two one-way halves of a reaction, and duplicates, share a number. Of more than 60 numbers the first 60 are
        drawn, and the title says so.
    """
    marks = merged_reactions(graph)
    drawn = marks[:MAX_REACTIONS]
    named = {name for mark in drawn for name in (*mark.consumed, *mark.formed)}
    names = [node for node, kind in graph.nodes(data="kind") if kind == "species" and node in named]
    with style.context(GRAPH_STYLE):
        return _figure(graph, drawn, names, _title(graph, len(drawn), len(marks)))


def merged_reactions(graph: nx.DiGraph) -> list[Mark]:
    """The reactions of the graph, with one-way halves of the same reaction and duplicates put together."""
    marks: list[Mark] = []
    for node, attributes in graph.nodes(data=True):
        if attributes["kind"] != "reaction":
            continue
        consumed = {source: data["coefficient"] for source, _, data in graph.in_edges(node, data=True)}
        formed = {target: data["coefficient"] for _, target, data in graph.out_edges(node, data=True)}
        row, reversible = _row(attributes), attributes["reversible"]
        sides = ((consumed, formed), (formed, consumed))
        mark = next((mark for mark in marks if (mark.consumed, mark.formed) in sides), None)
        if mark is None:
            marks.append(Mark(consumed, formed, reversible, [row]))
            continue
        opposite, first = (mark.consumed, mark.formed) != (consumed, formed), mark.rows[0]
        if opposite and not (mark.reversible or reversible) and len(mark.rows) == 1:
            mark.rows[0] = Row(first.equation.replace("→", "⇌"), first.forward, row.forward)
        else:
            mark.rows.append(row)
        mark.reversible |= reversible or opposite
    return marks


def _row(attributes: Mapping[str, str | float | bool]) -> Row:
    equation = str(attributes["equation"]).replace("<=>", "⇌").replace("=>", "→")
    if "rate_constant" not in attributes:
        return Row(equation, str(attributes["type"]), "")
    known = attributes.get("rate_constant_reverse")
    reverse = number_text(float(known)) if known is not None else "from thermo" if attributes["reversible"] else ""
    return Row(equation, number_text(float(attributes["rate_constant"])), reverse)


def _figure(graph: nx.DiGraph, marks: list[Mark], names: list[str], title: str) -> Figure:
    sides = [
        (names.index(name), len(names) + i, amount, side is mark.formed, mark.reversible)
        for i, mark in enumerate(marks)
        for side in (mark.consumed, mark.formed)
        for name, amount in side.items()
    ]
    edges = [(b, a) if formed else (a, b) for a, b, _, formed, _ in sides]
    half_sizes = np.concatenate([species_half_sizes(names), np.tile(NUMBER_HALF_SIZE, (len(marks), 1))])
    layers = layered(edges, np.ones(len(edges)), np.full(len(edges), EDGE_HEIGHT), half_sizes, space=0.7)
    rows = [(i, row) for i, mark in enumerate(marks, start=1) for row in mark.rows]
    columns = _column_widths([row for _, row in rows])
    low, high = corners(layers)
    table_height = ROW_HEIGHT * (len(rows) + 1.5)
    extent = np.maximum(high - low, (0.0, table_height))
    width = max(extent[0] + sum(columns) + 1.2, 1.15 * text_width(title, 13) + 0.6, 7.2)
    figure, axes = inch_axes(np.zeros(2), np.array((width, extent[1] + 1.45)))
    axes.text(0.3, extent[1] + 1.1, title, size=13, weight="bold", va="center", color=INK)
    meanings = [
        (CONSUMED, 2, "left side of the equation"),
        (FORMED, 2, "right side"),
        ("", 0, "heads point to what forms"),
    ]
    draw_key(axes, 0.3, extent[1] + 0.77, meanings)
    space = width - sum(columns) - 0.9
    shift = np.array((0.3 + 0.5 * space, 0.25 + 0.5 * extent[1])) - 0.5 * (low + high)
    routes = tuple(
        shift + (route if formed else route[::-1]) for route, (*_, formed, _) in zip(layers.routes, sides, strict=True)
    )
    layers = replace(layers, positions=layers.positions + shift, routes=routes)
    for route, (*_, formed, reversible) in zip(layers.routes, sides, strict=True):
        draw_edge(axes, route, FORMED if formed else CONSUMED, LINE_WIDTH, head=formed or reversible)
    for i, (centre, half) in enumerate(zip(layers.positions, layers.half_sizes, strict=True)):
        if i < len(names):
            draw_box(axes, names[i], centre, half)
        else:
            _draw_number(axes, i + 1 - len(names), centre, half, 8)
    labels = [(k, f"{amount:g}") for k, (_, _, amount, *_) in enumerate(sides) if amount != 1]
    draw_labels(axes, layers, labels, np.zeros(len(sides)), at=0.0, kept=lambda edge: True)
    _draw_table(axes, rows, (width - sum(columns) - 0.3, 0.25 + 0.5 * (extent[1] + table_height)), columns, graph)
    return figure


def _draw_number(axes: Axes, number: int, centre: Array, half: Array, size: float) -> None:
    draw_box(axes, str(number), centre, half, size=size, face=INK, ink="white")


def _title(graph: nx.DiGraph, drawn: int, total: int) -> str:
    species = [node for node, kind in graph.nodes(data="kind") if kind == "species"]
    entries = len(graph) - len(species)
    text = f"{graph.graph.get('name', 'mechanism')}: {len(species)} species, {total} reactions"
    if entries != total:
        text += f" ({entries} entries in the file)"
    if drawn < total:
        text += f", the first {drawn} drawn"
    idle = sum(graph.degree(node) == 0 for node in species)
    return text + (f"; {idle} species without a reaction not shown" if idle else "")


def _column_widths(rows: list[Row]) -> tuple[float, float, float, float]:
    texts = [astuple(row) for row in rows]
    equation, forward, reverse = (
        max([text_width(text[k], 9.5) for text in texts] + [least]) for k, least in enumerate((1.0, 0.7, 0.7))
    )
    return 0.3, equation + 0.3, forward + 0.3, reverse


def _draw_table(
    axes: Axes,
    rows: list[tuple[int, Row]],
    corner: tuple[float, float],
    columns: tuple[float, float, float, float],
    graph: nx.DiGraph,
) -> None:
    left = corner[0] + np.concatenate([[0.0], np.cumsum(columns)[:-1]])
    y = corner[1] - 0.5 * ROW_HEIGHT
    temperature = f"at {graph.graph['temperature']:g} K" if "temperature" in graph.graph else ""
    for x, text in zip(left[1:], ("reaction", "k forward", "k reverse"), strict=True):
        axes.text(x, y, text, size=9, va="center", color=INK, weight="bold")
    axes.plot([corner[0] - 0.1, corner[0] + sum(columns)], [y - 0.6 * ROW_HEIGHT] * 2, color=INK, linewidth=0.8)
    previous = 0
    for k, (number, row) in enumerate(rows):
        y = corner[1] - (k + 1.75) * ROW_HEIGHT
        if number != previous:
            _draw_number(axes, number, np.array((left[0] + 0.05, y)), np.array((0.13, 0.1)), 7)
        previous = number
        for x, text in zip(left[1:], astuple(row), strict=True):
            axes.text(x, y, text, size=9.5, va="center_baseline", color=INK)
    note = f"rate constants {temperature} in kmol, m³, s".replace("  ", " ")
    axes.text(left[1], y - 1.1 * ROW_HEIGHT, note, size=8, va="center", color="#555555")
