"""Drawing a flux graph: from fuel on the left to products on the right, edges as wide as their flux.

Lengths are in inches, as in `mechlearn.report.figures.reaction_graph`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from numpy.typing import NDArray

from ...pathways.operations import threshold, with_edges
from ...pathways.paths import main_chain, strongest_paths
from ...units import number_text
from ..layered_layout import Layers, layered
from ..style import INK, STYLE, text_width

Array = NDArray[np.float64]

MAIN, OTHER, BACK = "#0072B2", "#7BA7C7", "#E69F00"
"""The strongest way; other edges; edges back toward the fuel. Told apart without colour vision, and in grey."""

MOST_EDGES = 60
LEAST_DIFFERENCE = 1e-3
"""Differences smaller than this part of the largest flux are not drawn."""
WIDEST = 8.0
"""Width of the edge with the largest flux, in points; others go with the square root."""


@dataclass(frozen=True, eq=False)
class PlacedGraph:
    """What is drawn: the part of a graph with its layout."""

    graph: nx.DiGraph
    nodes: list[str]
    edges: list[tuple[str, str]]
    strength: Array
    layers: Layers
    way: set[tuple[str, str]]
    ends: tuple[str, str]


def draw_flux_graph(graph: nx.DiGraph, *, source: str | None = None, targets: tuple[str, ...] = ()) -> Figure:
    """A flux graph as a figure.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `flux_graph`, as a rule a net one after a `threshold`, or from `difference`. Of more than 60 edges the
        strongest 60 are drawn, and the title says so.
    source : str, optional
        The species on the left; where absent, that which loses most atoms.
    targets : tuple of str
        Where the strongest way ends; where absent, at the species that gains most atoms.

    Returns
    -------
    matplotlib.figure.Figure
        On the edges: the part of what leaves the species that goes there, and with which partners.
    """
    drawn = _strongest(graph)
    with style.context([*STYLE, {"text.parse_math": False}]):
        return _figure(_picture(drawn, source, targets), graph)


def _strongest(graph: nx.DiGraph) -> nx.DiGraph:
    drawn = threshold(graph, absolute=LEAST_DIFFERENCE * _largest(graph))
    if drawn.size() <= MOST_EDGES:
        return drawn
    order = sorted(drawn.edges(data="flux"), key=lambda edge: -abs(edge[2]))
    return with_edges(drawn, [(a, b) for a, b, _ in order[:MOST_EDGES]])


def _largest(graph: nx.DiGraph) -> float:
    """The largest flux of the two graphs that a difference is of; zero for other graphs."""
    return max(
        (max(abs(data.get("first", 0)), abs(data.get("second", 0))) for *_, data in graph.edges(data=True)), default=0.0
    )


def _ends(graph: nx.DiGraph, source: str | None, targets: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Where the drawing begins, and where its strongest way ends."""
    gain = {node: _gain(graph, node) for node in graph}
    if source not in graph:
        source = min(gain, key=lambda node: gain[node])
    ends = tuple(name for name in targets if name in graph)
    return str(source), ends or (max(gain, key=lambda node: gain[node]),)


def _gain(graph: nx.DiGraph, node: str) -> float:
    known = graph.nodes[node].get("production")
    drawn = graph.in_degree(node, weight="flux") - graph.out_degree(node, weight="flux")
    return float(drawn if known is None else known)


def _picture(graph: nx.DiGraph, source: str | None, targets: tuple[str, ...]) -> PlacedGraph:
    nodes, edges = list(graph), list(graph.edges)
    number = {node: i for i, node in enumerate(nodes)}
    flux = np.array([abs(graph.edges[edge]["flux"]) for edge in edges])
    strength = flux / max(flux.max(initial=0.0), _largest(graph), 1e-300)
    thickness = np.array([2 * _head(_width(each))[1] + 0.04 for each in strength])
    way: set[tuple[str, str]] = set()
    ends = ("", "")
    first = None
    if edges:
        start, goals = _ends(graph, source, targets)
        first = number[start]
        found = () if "first" in graph.edges[edges[0]] else strongest_paths(graph, start, goals, 1)
        chain = found[0].species if found else (() if targets else main_chain(graph, start).species)
        way = set(pairwise(chain))
        ends = (chain[0], chain[-1]) if way else ends
    pulls = np.sqrt(strength) * np.array([3.0 if edge in way else 1.0 for edge in edges])
    pairs = [(number[a], number[b]) for a, b in edges]
    half_sizes = np.array([(0.5 * text_width(node, 11) + 0.13, 0.17) for node in nodes]).reshape(-1, 2)
    layers = layered(pairs, np.maximum(pulls, 1e-3), thickness, half_sizes, first=first, space=1.25)
    return PlacedGraph(graph, nodes, edges, strength, layers, way, ends)


def _figure(picture: PlacedGraph, whole: nx.DiGraph) -> Figure:
    points = np.concatenate([*picture.layers.routes, *_corners(picture), np.zeros((1, 2))])
    low, high = points.min(axis=0) - np.array((0.3, 1.0)), points.max(axis=0) + np.array((0.3, 0.75))
    lines = _title(picture, whole)
    high[0] = max(high[0], low[0] + 0.6 + max(text_width(line, 12) for line in lines), low[0] + 8.6)
    figure = Figure(figsize=tuple(high - low))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.set_axis_off()
    axes.text(low[0] + 0.3, high[1] - 0.22, lines[0], size=12, weight="bold", va="center", color=INK)
    axes.text(low[0] + 0.3, high[1] - 0.44, lines[1], size=9.5, va="center", color=INK)
    if not picture.edges:
        return figure
    for i in np.argsort(picture.strength):
        _draw_edge(axes, picture, int(i))
    for node, (x, y), (dx, dy) in zip(picture.nodes, picture.layers.positions, picture.layers.half_sizes, strict=True):
        _draw_node(axes, node, x, y, dx, dy, node in picture.ends)
    _draw_labels(axes, picture)
    _draw_key(axes, picture, float(low[0]) + 0.3, float(low[1]))
    return figure


def _corners(picture: PlacedGraph) -> list[Array]:
    return [picture.layers.positions - picture.layers.half_sizes, picture.layers.positions + picture.layers.half_sizes]


def _title(picture: PlacedGraph, whole: nx.DiGraph) -> tuple[str, str]:
    facts = whole.graph
    different = any("first" in data for *_, data in whole.edges(data=True))
    kind = "Difference of the fluxes" if different else "Net flux" if facts.get("net") else "Flux"
    head = f"{kind} of {facts.get('element', 'atoms')} in {facts.get('name', 'a mechanism')}"
    parts = []
    if facts.get("integrated"):
        parts.append(f"integrated from {_time(facts['from_time'])} to {_time(facts['to_time'])}")
    elif "from_time" in facts:
        parts.append(f"at {_time(facts['from_time'])}")
    if "temperature" in facts and not facts.get("integrated"):
        parts.append(f"{facts['temperature']:.0f} K, {facts['pressure'] / 1e5:.3g} bar")
    left = whole.size() - len(picture.edges)
    if different and not picture.edges:
        parts.append(f"nowhere more than {LEAST_DIFFERENCE:.1%} of the largest flux")
    elif len(picture.edges) == MOST_EDGES and left:
        parts.append(f"the {len(picture.edges)} strongest of {whole.size()} fluxes drawn")
    return head, "; ".join(parts)


def _time(seconds: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if abs(seconds) >= factor:
            return f"{seconds / factor:.4g} {unit}"
    return f"{seconds:.3g} s"


def _is_difference(picture: PlacedGraph) -> bool:
    return bool(picture.edges) and "first" in picture.graph.edges[picture.edges[0]]


def _width(strength: float) -> float:
    return max(WIDEST * float(np.sqrt(strength)), 0.5)


def _head(width: float) -> tuple[float, float]:
    """Length and half height of an arrow head [in] for a width in points."""
    return 0.06 + 0.016 * width, 0.03 + 0.0125 * width


def _colour(picture: PlacedGraph, i: int) -> str:
    if _is_difference(picture):
        return BACK if picture.graph.edges[picture.edges[i]]["flux"] < 0 else MAIN
    if picture.edges[i] in picture.way:
        return MAIN
    return BACK if picture.layers.backward[i] else OTHER


def _curve(route: Array) -> Array:
    """Control points of cubic curves through a route, level at every point."""
    points = [route[0]]
    for (x0, y0), (x1, y1) in pairwise(route):
        middle = 0.5 * (x1 - x0)
        points += [np.array((x0 + middle, y0)), np.array((x1 - middle, y1)), np.array((x1, y1))]
    return np.array(points)


def _draw_edge(axes: Axes, picture: PlacedGraph, i: int) -> None:
    width, colour = _width(picture.strength[i]), _colour(picture, i)
    order = 2.5 if colour == MAIN else 2.0
    route = picture.layers.routes[i].copy()
    length, half = _head(width)
    tip, sign = route[-1].copy(), float(np.sign(route[-1, 0] - route[-2, 0]))
    route[-1, 0] -= sign * length
    curve = _curve(route)
    codes = [Path.MOVETO] + [Path.CURVE4] * (len(curve) - 1)
    line = Path([tuple(point) for point in curve], codes)
    axes.add_patch(PathPatch(line, facecolor="none", edgecolor=colour, linewidth=width, capstyle="butt", zorder=order))
    head = [tip, (tip[0] - sign * length, tip[1] + half), (tip[0] - sign * length, tip[1] - half)]
    axes.add_patch(Polygon(np.array(head), closed=True, facecolor=colour, edgecolor="none", zorder=order + 0.1))


def _draw_node(axes: Axes, node: str, x: float, y: float, dx: float, dy: float, bold: bool) -> None:
    box = FancyBboxPatch(
        (x - dx + 0.08, y - dy + 0.08), 2 * dx - 0.16, 2 * dy - 0.16, boxstyle="round,pad=0.08,rounding_size=0.1"
    )
    box.set(facecolor="#F2F2F2", edgecolor=MAIN if bold else INK, linewidth=2.0 if bold else 1.0, zorder=3)
    axes.add_patch(box)
    axes.text(x, y, node, size=11, ha="center", va="center_baseline", color=INK, zorder=4)


def partners(equation: str, source: str) -> str:
    """What a species reacts with in an equation, on whichever side it stands.

    Examples
    --------
    >>> partners("CH4 + OH <=> CH3 + H2O", "CH4"), partners("2 CH3 (+M) <=> C2H6 (+M)", "CH3"), partners("A => B", "A")
    ('OH', 'CH3', '')
    """
    for side in re.split(r"\s*<?=>\s*", equation):
        terms = re.sub(r"\s*\(\+\s*(.+?)\)", "", side).split(" + ")
        names = []
        for term in terms:
            count, _, name = term.strip().rpartition(" ")
            names += [name] * (int(count) if count.isdigit() else 1)
        if source in names:
            names.remove(source)
            return "+".join(names)
    return ""


def _label(picture: PlacedGraph, i: int) -> str:
    data = picture.graph.edges[picture.edges[i]]
    if "first" in data:
        return f"{100 * data['flux'] / abs(data['first']):+.0f} %" if data["first"] else "new"
    text = ""
    if "fraction" in data:
        text = "<1 %" if data["fraction"] < 0.01 else f"{100 * data['fraction']:.0f} %"
    source = picture.edges[i][0]
    members = str(picture.graph.nodes[source].get("members", source)).split(", ")
    with_whom: dict[str, float] = {}
    for _, equation, share in json.loads(data.get("reactions", "[]")):
        name = next(filter(None, (partners(equation, member) for member in members)), "")
        with_whom[name] = with_whom.get(name, 0.0) + share
    named = [name for name, share in sorted(with_whom.items(), key=lambda each: -each[1]) if share > 0.15 and name]
    return text + "  " + ", ".join(f"+{name}" for name in named[:2])


def _draw_labels(axes: Axes, picture: PlacedGraph) -> None:
    """Each label on its edge, where it is freest of nodes, other edges and labels."""
    taken = [
        (*position, *half) for position, half in zip(picture.layers.positions, picture.layers.half_sizes, strict=True)
    ]
    histories = [_history(route) for route in picture.layers.routes]
    for i in np.argsort(-picture.strength):
        text = _label(picture, int(i))
        half = np.array((0.5 * text_width(text, 7.5) + 0.02, 0.065))
        others = np.concatenate([np.zeros((0, 2)), *(history for j, history in enumerate(histories) if j != i)])
        aside = 0.5 * _width(picture.strength[i]) / 72 + half[1]
        best, x, y = np.inf, 0.0, 0.0
        middle = histories[i][3:-5]
        for k, point in enumerate(middle):
            level = abs(middle[max(k - 3, 0), 1] - middle[min(k + 3, len(middle) - 1), 1]) < 0.03
            for shift in (0.0, aside, -aside) if level else (0.0,):
                spot = point + np.array((0.0, shift))
                cost = _crowding(spot, half, taken, others) + 0.3 * abs(k / len(middle) - 0.4)
                cost += 0.05 if shift else 0.12 * _width(picture.strength[i])
                best, x, y = min((best, x, y), (cost, *spot))
        if best > 50 and picture.edges[i] not in picture.way:
            continue
        taken.append((x, y, *half))
        box = {"boxstyle": "round,pad=0.08", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        axes.text(x, y, text, size=7.5, ha="center", va="center_baseline", color=INK, zorder=5, bbox=box)


def _history(route: Array) -> Array:
    """Points along a drawn edge, evenly spaced."""
    share = np.linspace(0, 1, 24)[:, None]
    curve = _curve(route)
    parts = []
    for k in range(0, len(curve) - 1, 3):
        a, b, c, d = curve[k : k + 4]
        near, far = (1 - share) ** 2 * ((1 - share) * a + 3 * share * b), share**2 * (3 * (1 - share) * c + share * d)
        parts.append(near + far)
    points = np.concatenate(parts)
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    even = np.linspace(0.0, along[-1], max(int(along[-1] / 0.08), 12))
    return np.column_stack([np.interp(even, along, points[:, k]) for k in (0, 1)])


def _crowding(spot: Array, half: Array, taken: list[tuple[float, ...]], others: Array) -> float:
    boxes = np.array(taken)
    gap = (np.abs(boxes[:, :2] - spot) - boxes[:, 2:] - half).max(axis=1)
    hit = np.all(np.abs(others - spot) < half, axis=1).sum() if len(others) else 0
    return float(100.0 * np.sum(gap < 0.02) + 0.15 * hit)


def _draw_key(axes: Axes, picture: PlacedGraph, x: float, y: float) -> None:
    """What colours, widths and numbers mean."""
    unit = picture.graph.graph.get("unit", "")
    fluxes = (abs(picture.graph.edges[edge]["flux"]) for edge in picture.edges)
    largest = max(*fluxes, _largest(picture.graph), 0.0)
    scale = "of the scale" if unit == "1" else str(unit).replace("m3", "m³")
    start = x
    for strength in (1.0, 0.1, 0.01):
        axes.plot([x, x + 0.4], [y + 0.55] * 2, color=OTHER, linewidth=_width(strength), solid_capstyle="butt")
        text = f"{number_text(largest * strength)} {scale}"
        axes.text(x + 0.47, y + 0.55, text, size=8.5, va="center", color=INK)
        x += 0.75 + text_width(text, 8.5)
    x = start
    used = {_colour(picture, i) for i in range(len(picture.edges))}
    if _is_difference(picture):
        meanings = [(MAIN, "more"), (BACK, "less")]
    else:
        way = f"strongest way from {picture.ends[0]} to {picture.ends[1]}"
        meanings = [(MAIN, way), (OTHER, "other fluxes"), (BACK, "fluxes back")]
    meanings = [(colour, text) for colour, text in meanings if colour in used]
    if not _is_difference(picture):
        meanings.append(("", "%: of what leaves the species, and its partners"))
    for colour, text in meanings:
        if colour:
            axes.plot([x, x + 0.3], [y + 0.25] * 2, color=colour, linewidth=4, solid_capstyle="butt")
            x += 0.37
        axes.text(x, y + 0.25, text, size=8.5, va="center", color=INK)
        x += text_width(text, 8.5) + 0.3
