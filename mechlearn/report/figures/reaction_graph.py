"""Drawing a reaction graph: species and numbered reactions as boxes, and beside them a table of the reactions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from ..layout import layered
from ..style import BLUE, GRAPH_STYLE, INK, ORANGE, text_width
from .reaction_table import ReactionTable, Row, rows_of
from .shapes import corners, draw_box, draw_edge, draw_key, draw_labels, draw_number, inch_axes, species_half_sizes

MAX_REACTIONS = 60
"""Reactions beyond this number are not drawn."""
CONSUMED, FORMED = BLUE, ORANGE
"""Of edges to the left and to the right side of an equation."""
NUMBER_HALF_SIZE = (0.14, 0.13)
"""Half width and half height of a reaction's box [in]."""
LINE_WIDTH = 1.5
"""Of an edge, in points."""
EDGE_HEIGHT = 0.11
"""Height that an edge takes on the side of a box [in]."""


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
        rows, reversible = rows_of(attributes), attributes["reversible"]
        sides = ((consumed, formed), (formed, consumed))
        mark = next((mark for mark in marks if (mark.consumed, mark.formed) in sides), None)
        if mark is None:
            marks.append(Mark(consumed, formed, reversible, rows))
            continue
        opposite, first = (mark.consumed, mark.formed) != (consumed, formed), mark.rows[0]
        alone = len(mark.rows) == len(rows) == 1 and first.remark == rows[0].remark
        if opposite and alone and not (mark.reversible or reversible):
            mark.rows[0] = replace(first, equation=first.equation.replace("→", "⇌"), reverse=rows[0].forward)
        else:
            mark.rows += rows
        mark.reversible |= reversible or opposite
    return marks


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
    table = ReactionTable(rows, graph.graph.get("temperature"))
    low, high = corners(layers)
    extent = np.maximum(high - low, (0.0, table.height))
    width = max(extent[0] + table.width + 1.2, 1.15 * text_width(title, 13) + 0.6, 7.2)
    figure, axes = inch_axes(np.zeros(2), np.array((width, extent[1] + 1.45)))
    axes.text(0.3, extent[1] + 1.1, title, size=13, weight="bold", va="center", color=INK)
    meanings = [
        (CONSUMED, 2, "left side of the equation"),
        (FORMED, 2, "right side"),
        ("", 0, "heads point to what forms"),
    ]
    draw_key(axes, 0.3, extent[1] + 0.77, meanings)
    space = width - table.width - 0.9
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
            draw_number(axes, i + 1 - len(names), centre, half, 8)
    labels = [(k, f"{amount:g}") for k, (_, _, amount, *_) in enumerate(sides) if amount != 1]
    draw_labels(axes, layers, labels, np.zeros(len(sides)), at=0.0, kept=lambda edge: True)
    table.draw(axes, (width - table.width - 0.3, 0.25 + 0.5 * (extent[1] + table.height)))
    return figure


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
