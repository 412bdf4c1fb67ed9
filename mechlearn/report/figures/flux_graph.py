"""Drawing a flux graph: from fuel on the left to products on the right, the width of an edge that of its flux."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...pathways.operations import threshold, with_edges
from ...pathways.paths import main_chain, strongest_paths
from ...units import number_text
from ..layout import Layers, layered
from ..style import BLUE, GRAPH_STYLE, INK, ORANGE, text_width, time_text
from . import shapes

Array = NDArray[np.float64]

MAIN, OTHER, BACK = BLUE, "#7BA7C7", ORANGE
"""The strongest path; other edges; edges back toward the fuel. Distinct without colour vision, and in grey."""

MAX_EDGES = 60
MIN_DIFFERENCE = 1e-3
"""Differences smaller than this part of the largest flux are not drawn."""
MAX_WIDTH, MIN_WIDTH = 8.0, 0.5
"""Of edges, in points: that of the largest flux, from which others go down with the square root, and the least one."""
MIN_CONTRIBUTION = 0.15
"""A partner that takes part in less of a flux is not named."""


@dataclass(frozen=True, eq=False)
class PlacedGraph:
    """The part of a graph that is drawn, with its layout; ``strength``, shape (E,), is the flux over the largest."""

    graph: nx.DiGraph
    edges: list[tuple[str, str]]
    strength: Array
    layers: Layers
    path: tuple[str, ...]

    @property
    def steps(self) -> set[tuple[str, str]]:
        """The edges of the strongest path."""
        return set(pairwise(self.path))


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
        Where the strongest path ends; where absent, at the species that gains most atoms.

    Returns
    -------
    matplotlib.figure.Figure
        On the edges: the part of what leaves the species that goes there, and with which partners.
    """
    with style.context(GRAPH_STYLE):
        return _figure(_placed(_strongest(graph), source, targets), graph)


def _strongest(graph: nx.DiGraph) -> nx.DiGraph:
    drawn = threshold(graph, absolute=MIN_DIFFERENCE * _largest(graph))
    if drawn.size() <= MAX_EDGES:
        return drawn
    order = sorted(drawn.edges(data="flux"), key=lambda edge: -abs(edge[2]))
    return with_edges(drawn, [(a, b) for a, b, _ in order[:MAX_EDGES]])


def _is_difference(graph: nx.DiGraph) -> bool:
    """Whether the edges are differences of two fluxes."""
    return any("first" in data for *_, data in graph.edges(data=True))


def _largest(graph: nx.DiGraph) -> float:
    """The largest flux of the two graphs that a difference is of; zero for other graphs."""
    both = [data.get(key, 0.0) for *_, data in graph.edges(data=True) for key in ("first", "second")]
    return float(np.abs(both).max(initial=0.0))


def _ends(graph: nx.DiGraph, source: str | None, targets: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Where the drawing begins, and where its strongest path ends."""
    inflow, outflow = graph.in_degree(weight="flux"), graph.out_degree(weight="flux")
    gain = {node: data.get("production", inflow[node] - outflow[node]) for node, data in graph.nodes(data=True)}
    ends = tuple(name for name in targets if name in graph)
    start = source if source is not None and source in graph else min(gain, key=lambda node: gain[node])
    return start, ends or (max(gain, key=lambda node: gain[node]),)


def _placed(graph: nx.DiGraph, source: str | None, targets: tuple[str, ...]) -> PlacedGraph:
    nodes, edges = list(graph), list(graph.edges)
    number = {node: i for i, node in enumerate(nodes)}
    flux = np.array([abs(graph.edges[edge]["flux"]) for edge in edges])
    strength = flux / max(flux.max(initial=0.0), _largest(graph), 1e-300)
    path: tuple[str, ...] = ()
    first = None
    if edges:
        start, goals = _ends(graph, source, targets)
        first = number[start]
        found = () if _is_difference(graph) else strongest_paths(graph, start, goals, 1)
        path = found[0].species if found else (() if targets else main_chain(graph, start).species)
    pulls = np.sqrt(strength) * np.where([edge in set(pairwise(path)) for edge in edges], 3.0, 1.0)
    thickness = np.array([2 * shapes.head_size(_width(each))[1] + 0.04 for each in strength])
    pairs, sizes = [(number[a], number[b]) for a, b in edges], shapes.species_half_sizes(nodes)
    layers = layered(pairs, np.maximum(pulls, 1e-3), thickness, sizes, first=first, space=1.25)
    return PlacedGraph(graph, edges, strength, layers, path if len(path) > 1 else ())


def _figure(placed: PlacedGraph, whole: nx.DiGraph) -> Figure:
    low, high = shapes.corners(placed.layers)
    low, high = low - np.array((0.3, 1.0)), high + np.array((0.3, 0.75))
    title, facts = _title(placed, whole)
    high[0] = max(high[0], low[0] + 0.6 + max(text_width(line, 12) for line in (title, facts)), low[0] + 8.6)
    figure, axes = shapes.inch_axes(low, high)
    axes.text(low[0] + 0.3, high[1] - 0.22, title, size=12, weight="bold", va="center", color=INK)
    axes.text(low[0] + 0.3, high[1] - 0.44, facts, size=9.5, va="center", color=INK)
    if not placed.edges:
        return figure
    colours, widths = [_colour(placed, i) for i in range(len(placed.edges))], np.array([*map(_width, placed.strength)])
    for i in np.argsort(placed.strength):
        shapes.draw_edge(axes, placed.layers.routes[i], colours[i], widths[i], order=2.5 if colours[i] == MAIN else 2.0)
    ends = (placed.path[0], placed.path[-1]) if placed.path else ()
    for node, centre, half in zip(placed.graph, placed.layers.positions, placed.layers.half_sizes, strict=True):
        edge, linewidth = (MAIN, 2.0) if node in ends else (INK, 1.0)
        shapes.draw_box(axes, node, centre, half, edge=edge, linewidth=linewidth)
    labels = [(int(i), _label(placed, int(i))) for i in np.argsort(-placed.strength)]
    shapes.draw_labels(axes, placed.layers, labels, widths, at=0.4, kept=lambda i: placed.edges[i] in placed.steps)
    _draw_keys(axes, placed, set(colours), float(low[0]) + 0.3, float(low[1]) + 0.25)
    return figure


def _title(placed: PlacedGraph, whole: nx.DiGraph) -> tuple[str, str]:
    facts = whole.graph
    different = _is_difference(whole)
    kind = "Difference of the fluxes" if different else "Net flux" if facts.get("net") else "Flux"
    head = f"{kind} of {facts.get('element', 'atoms')} in {facts.get('name', 'a mechanism')}"
    parts = []
    if facts.get("integrated"):
        if {"from_time", "to_time"} <= facts.keys():
            parts.append(f"integrated from {time_text(facts['from_time'])} to {time_text(facts['to_time'])}")
    elif "from_time" in facts:
        parts.append(f"at {time_text(facts['from_time'])}")
    if "temperature" in facts and not facts.get("integrated"):
        parts.append(f"{facts['temperature']:.0f} K, {facts['pressure'] / 1e5:.3g} bar")
    left = whole.size() - len(placed.edges)
    if different and not placed.edges:
        parts.append(f"nowhere more than {MIN_DIFFERENCE:.1%} of the largest flux")
    elif len(placed.edges) == MAX_EDGES and left:
        parts.append(f"the {len(placed.edges)} strongest of {whole.size()} fluxes drawn")
    return head, "; ".join(parts)


def _width(strength: float) -> float:
    return max(MAX_WIDTH * float(np.sqrt(strength)), MIN_WIDTH)


def _colour(placed: PlacedGraph, i: int) -> str:
    if _is_difference(placed.graph):
        return BACK if placed.graph.edges[placed.edges[i]]["flux"] < 0 else MAIN
    if placed.edges[i] in placed.steps:
        return MAIN
    return BACK if placed.layers.backward[i] else OTHER


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


def _label(placed: PlacedGraph, i: int) -> str:
    data = placed.graph.edges[placed.edges[i]]
    if "first" in data:
        return f"{100 * data['flux'] / abs(data['first']):+.0f} %" if data["first"] else "new"
    part = data.get("fraction")
    text = "" if part is None else "<1 %" if part < 0.01 else f"{100 * part:.0f} %"
    source = placed.edges[i][0]
    members = str(placed.graph.nodes[source].get("members", source)).split(", ")
    together: dict[str, float] = defaultdict(float)
    for _, equation, part in json.loads(data.get("reactions", "[]")):
        together[next(filter(None, (partners(equation, member) for member in members)), "")] += part
    named = sorted((-part, name) for name, part in together.items() if name and part > MIN_CONTRIBUTION)
    return text + "  " + ", ".join(f"+{name}" for _, name in named[:2])


def _draw_keys(axes: Axes, placed: PlacedGraph, used: set[str], x: float, y: float) -> None:
    """What widths, colours and numbers mean."""
    unit = placed.graph.graph.get("unit", "")
    largest = max(*(abs(flux) for *_, flux in placed.graph.edges(data="flux")), _largest(placed.graph), 0.0)
    scale = "of the scale" if unit == "1" else str(unit).replace("m3", "m³")
    strengths = [(OTHER, _width(part), f"{number_text(largest * part)} {scale}") for part in (1.0, 0.1, 0.01)]
    shapes.draw_key(axes, x, y + shapes.KEY_ROW, strengths)
    if _is_difference(placed.graph):
        meanings = {MAIN: "more", BACK: "less"}
    else:
        path = f"strongest path from {placed.path[0]} to {placed.path[-1]}" if placed.path else ""
        shares = "%: of what leaves the species, and its partners"
        meanings = {MAIN: path, OTHER: "other fluxes", BACK: "fluxes back", "": shares}
    shapes.draw_key(axes, x, y, [(colour, 4.0, text) for colour, text in meanings.items() if colour in {*used, ""}])
