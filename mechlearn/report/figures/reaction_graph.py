"""Drawing the pathway graph: species as boxes, reactions as numbered dots, and beside them a table of the reactions.

Lengths are in inches, and the axes' coordinates are inches too, so that text and shapes keep their sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch
from numpy.typing import NDArray

from ...units import number_text
from ..spring_layout import node_positions
from ..style import CONSUMED, FORMED, INK, STYLE, text_width

MOST_REACTIONS = 60
"""Reactions beyond this number are not drawn."""

RADIUS = 0.13
ROW = 0.24


@dataclass(frozen=True)
class Row:
    """One line of the table: an equation with its rate constants as text."""

    equation: str
    forward: str
    reverse: str = ""


@dataclass
class Mark:
    """One dot of the drawing: the entries of the mechanism with the same species on the same two sides."""

    consumed: dict[str, float]
    formed: dict[str, float]
    reversible: bool
    rows: list[Row] = field(default_factory=list)

    @property
    def species(self) -> list[str]:
        """The species of both sides, each once."""
        return list(dict.fromkeys([*self.consumed, *self.formed]))


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
        Two one-way halves of a reaction, and duplicates, share a dot. Of more than 60 dots the first 60 are drawn, and
        the title says so.
    """
    marks = merged_reactions(graph)
    drawn = marks[:MOST_REACTIONS]
    names = list(dict.fromkeys(name for mark in drawn for name in mark.species))
    ordered = [node for node, kind in graph.nodes(data="kind") if kind == "species" and node in set(names)]
    with style.context([*STYLE, {"text.parse_math": False}]):
        return _figure(graph, drawn, ordered, len(marks))


def merged_reactions(graph: nx.DiGraph) -> list[Mark]:
    """The reactions of the graph, with one-way halves of the same reaction and duplicates put together."""
    marks: list[Mark] = []
    for node, attributes in graph.nodes(data=True):
        if attributes["kind"] != "reaction":
            continue
        consumed = {source: data["coefficient"] for source, _, data in graph.in_edges(node, data=True)}
        formed = {target: data["coefficient"] for _, target, data in graph.out_edges(node, data=True)}
        _add(marks, Mark(consumed, formed, attributes["reversible"], [_row(attributes)]))
    return marks


def _add(marks: list[Mark], new: Mark) -> None:
    row = new.rows[0]
    for mark in marks:
        if (mark.consumed, mark.formed) == (new.consumed, new.formed):
            mark.rows.append(row)
            mark.reversible |= new.reversible
            return
        if (mark.consumed, mark.formed) == (new.formed, new.consumed):
            first = mark.rows[0]
            if not (mark.reversible or new.reversible) and len(mark.rows) == 1:
                mark.rows[0] = Row(first.equation.replace("→", "⇌"), first.forward, row.forward)
            else:
                mark.rows.append(row)
            mark.reversible = True
            return
    marks.append(new)


def _row(attributes: Mapping[str, str | float | bool]) -> Row:
    equation = str(attributes["equation"]).replace("<=>", "⇌").replace("=>", "→")
    if "rate_constant" not in attributes:
        return Row(equation, str(attributes["type"]))
    reverse = ""
    if "rate_constant_reverse" in attributes:
        reverse = number_text(float(attributes["rate_constant_reverse"]))
    elif attributes["reversible"]:
        reverse = "from thermo"
    return Row(equation, number_text(float(attributes["rate_constant"])), reverse)


def _figure(graph: nx.DiGraph, marks: list[Mark], names: list[str], total: int) -> Figure:
    number = {name: i for i, name in enumerate(names)}
    edges = [(number[name], len(names) + i) for i, mark in enumerate(marks) for name in mark.consumed]
    edges += [(len(names) + i, number[name]) for i, mark in enumerate(marks) for name in mark.formed]
    half_sizes = np.array(
        [(0.5 * text_width(name, 11) + 0.13, 0.17) for name in names] + [(RADIUS, RADIUS)] * len(marks)
    ).reshape(-1, 2)
    spacing = 1.0 if len(marks) <= 12 else 1.25
    positions = node_positions(np.array(edges, dtype=int).reshape(-1, 2), half_sizes, spacing=spacing)
    rows = [(i, row) for i, mark in enumerate(marks, start=1) for row in mark.rows]
    low = (positions - half_sizes).min(axis=0) if len(positions) else np.zeros(2)
    high = (positions + half_sizes).max(axis=0) if len(positions) else np.zeros(2)
    columns = _column_widths([row for _, row in rows])
    title = _title(graph, len(marks), total)
    table_height = ROW * (len(rows) + 1.5)
    height = max(high[1] - low[1], table_height) + 1.45
    width = max(high[0] - low[0] + sum(columns) + 1.9, 1.15 * text_width(title, 13) + 0.6, 7.2)
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    axes.text(0.3, height - 0.35, title, size=13, weight="bold", va="center", color=INK)
    _draw_key(axes, height - 0.68)
    space = width - sum(columns) - 1.3
    centre = np.array([0.3 + space / 2, 0.25 + (height - 1.2) / 2])
    positions = positions + centre - (low + high) / 2
    _draw_network(axes, marks, names, positions, half_sizes)
    _draw_table(axes, rows, (width - sum(columns) - 0.3, 0.25 + (height - 1.2 + table_height) / 2), columns, graph)
    return figure


def _title(graph: nx.DiGraph, drawn: int, total: int) -> str:
    kinds = [kind for _, kind in graph.nodes(data="kind")]
    species, entries = kinds.count("species"), kinds.count("reaction")
    text = f"{graph.graph.get('name', 'mechanism')}: {species} species, {total} reactions"
    if entries != total:
        text += f" ({entries} entries in the file)"
    if drawn < total:
        text += f", the first {drawn} drawn"
    idle = sum(1 for node, kind in graph.nodes(data="kind") if kind == "species" and graph.degree(node) == 0)
    return text + (f"; {idle} species without a reaction not shown" if idle else "")


def _draw_key(axes: Axes, y: float) -> None:
    x = 0.3
    for colour, text in (
        (CONSUMED, "left side of the equation"),
        (FORMED, "right side"),
        ("", "heads point to what forms"),
    ):
        if colour:
            axes.plot([x, x + 0.35], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
            x += 0.42
        axes.text(x, y, text, size=9, va="center", color=INK)
        x += text_width(text, 9) + 0.3


def _draw_network(
    axes: Axes,
    marks: list[Mark],
    names: list[str],
    positions: NDArray[np.float64],
    half_sizes: NDArray[np.float64],
) -> None:
    boxes: dict[str, Patch] = {}
    for name, (x, y), (dx, dy) in zip(names, positions, half_sizes, strict=False):
        inside = ((x - dx + 0.08, y - dy + 0.08), 2 * dx - 0.16, 2 * dy - 0.16)
        box = FancyBboxPatch(*inside, boxstyle="round,pad=0.08,rounding_size=0.1", linewidth=1.1, zorder=3)
        box.set(facecolor="#F2F2F2", edgecolor=INK)
        boxes[name] = axes.add_patch(box)
        axes.text(x, y, name, size=11, ha="center", va="center_baseline", color=INK, zorder=4)
    places = dict(zip(names, positions, strict=False))
    centres = positions[len(names) :]
    segments = np.array(
        [(centre, places[name]) for centre, mark in zip(centres, marks, strict=True) for name in mark.species]
    )
    for number, (mark, centre) in enumerate(zip(marks, centres, strict=True), start=1):
        dot = axes.add_patch(Circle(tuple(centre), RADIUS, facecolor=INK, edgecolor="white", linewidth=0.8, zorder=3))
        axes.text(centre[0], centre[1], str(number), size=8, color="white", ha="center", va="center_baseline", zorder=4)
        for side, colour, bend in ((mark.consumed, CONSUMED, 0.25), (mark.formed, FORMED, -0.25)):
            head = mark.reversible or side is mark.formed
            for name, coefficient in side.items():
                both = name in mark.consumed and name in mark.formed
                arrow = FancyArrowPatch(
                    tuple(centre),
                    tuple(places[name]),
                    patchA=dot,
                    patchB=boxes[name],
                    shrinkA=0,
                    shrinkB=1,
                    arrowstyle="-|>,head_length=5,head_width=2.2" if head else "-",
                    connectionstyle=f"arc3,rad={bend if both else 0}",
                    color=colour,
                    linewidth=1.5,
                    zorder=2,
                )
                axes.add_artist(arrow)
                if coefficient != 1:
                    sideways = bend * 0.5 if both else 0.0
                    _draw_coefficient(axes, f"{coefficient:g}", centre, places[name], sideways, segments)


def _draw_coefficient(
    axes: Axes,
    text: str,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    sideways: float,
    segments: NDArray[np.float64],
) -> None:
    """The number on its edge, where it is farthest from the other edges."""
    along = end - start
    across = np.array([along[1], -along[0]])
    first = min((RADIUS + 0.12) / max(float(np.hypot(*along)), 1e-9), 0.45)
    last = max(1 - 0.55 / max(float(np.hypot(*along)), 1e-9), first)
    shares = np.linspace(first, min(last, 0.65), 13) if sideways == 0 else np.array([0.5])
    spots = start + shares[:, None] * along + sideways * across
    others = segments[~np.all(np.isclose(segments, [start, end]), axis=(1, 2))]
    free = np.full(len(spots), np.inf)
    for one, other in others:
        step = other - one
        share = np.clip((spots - one) @ step / max(step @ step, 1e-12), 0, 1)
        free = np.minimum(free, np.linalg.norm(spots - one - share[:, None] * step, axis=1))
    x, y = spots[int(np.argmax(np.minimum(free, 0.15) - 0.01 * np.abs(shares - 0.45)))]
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
    axes.text(x, y, text, size=8.5, ha="center", va="center_baseline", color=INK, zorder=5, bbox=box)


def _column_widths(rows: list[Row]) -> tuple[float, float, float, float]:
    equation = max([text_width(row.equation, 9.5) for row in rows] + [1.0])
    forward = max([text_width(row.forward, 9.5) for row in rows] + [0.7])
    reverse = max([text_width(row.reverse, 9.5) for row in rows] + [0.7])
    return 0.3, equation + 0.3, forward + 0.3, reverse


def _draw_table(
    axes: Axes,
    rows: list[tuple[int, Row]],
    corner: tuple[float, float],
    columns: tuple[float, float, float, float],
    graph: nx.DiGraph,
) -> None:
    left = corner[0] + np.concatenate([[0.0], np.cumsum(columns)[:-1]])
    y = corner[1] - 0.5 * ROW
    temperature = f"at {graph.graph['temperature']:g} K" if "temperature" in graph.graph else ""
    for x, text in zip(left[1:], ("reaction", "k forward", "k reverse"), strict=True):
        axes.text(x, y, text, size=9, va="center", color=INK, weight="bold")
    axes.plot([corner[0] - 0.1, corner[0] + sum(columns)], [y - 0.6 * ROW] * 2, color=INK, linewidth=0.8)
    previous = 0
    for k, (number, row) in enumerate(rows):
        y = corner[1] - (k + 1.75) * ROW
        if number != previous:
            axes.add_patch(Circle((left[0] + 0.05, y), 0.105, facecolor=INK, edgecolor="none"))
            axes.text(left[0] + 0.05, y, str(number), size=7, color="white", ha="center", va="center_baseline")
        previous = number
        for x, text in zip(left[1:], (row.equation, row.forward, row.reverse), strict=True):
            axes.text(x, y, text, size=9.5, va="center_baseline", color=INK)
    note = f"rate constants {temperature} in kmol, m³, s".replace("  ", " ")
    axes.text(left[1], y - 1.1 * ROW, note, size=8, va="center", color="#555555")
