"""What drawings of graphs are made of: boxes, routed edges with heads, labels beside their edges, and a key.

Lengths are in inches, and the axes' coordinates are inches too, so that text and shapes keep their sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from numpy.typing import NDArray

from ..layout import Layers
from ..style import INK, text_width

Array = NDArray[np.float64]

NODE_SIZE, LABEL_SIZE, KEY_SIZE = 11, 7.5, 8.5
"""Sizes of text, in points."""
KEY_ROW = 0.3
"""Height of a row of the key [in]."""
CROWDED = 50
"""Cost of a label's place that is taken by something else."""


def inch_axes(low: Array, high: Array) -> tuple[Figure, Axes]:
    """A figure without a frame, and its coordinates from one corner to the other [in]."""
    figure = Figure(figsize=tuple(high - low), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.set_axis_off()
    return figure, axes


def species_half_sizes(names: Sequence[str]) -> Array:
    """Half width and half height of boxes that hold names, shape (N, 2) [in]."""
    return np.array([(0.5 * text_width(name, NODE_SIZE) + 0.13, 0.17) for name in names]).reshape(-1, 2)


def corners(layers: Layers) -> tuple[Array, Array]:
    """The lower left and the upper right corner of all nodes and edges [in]."""
    boxes = [layers.positions - layers.half_sizes, layers.positions + layers.half_sizes]
    points = np.concatenate([*layers.routes, *boxes, np.zeros((1, 2))])
    return points.min(axis=0), points.max(axis=0)


def draw_box(
    axes: Axes,
    text: str,
    centre: Array,
    half: Array,
    *,
    size: float = NODE_SIZE,
    face: str = "#F2F2F2",
    edge: str = INK,
    ink: str = INK,
    linewidth: float = 1.1,
) -> None:
    """A node: a rounded box with a text in its middle."""
    pad = float(min(0.08, *half))
    (left, low), (width, height) = centre - half + pad, 2 * (half - pad)
    box = FancyBboxPatch((left, low), width, height, boxstyle=f"round,pad={pad},rounding_size={1.2 * pad}")
    box.set(facecolor=face, edgecolor=edge, linewidth=linewidth, zorder=3)
    axes.add_patch(box)
    axes.text(centre[0], centre[1], text, size=size, ha="center", va="center_baseline", color=ink, zorder=4)


def draw_number(axes: Axes, number: int, centre: Array, half: Array, size: float) -> None:
    """A reaction: its number, light on dark."""
    draw_box(axes, str(number), centre, half, size=size, face=INK, ink="white")


def head_size(width: float) -> tuple[float, float]:
    """Length and half height of an arrow head [in] for a width in points."""
    return 0.06 + 0.016 * width, 0.03 + 0.0125 * width


def _curve(route: Array) -> Array:
    """Control points of cubic curves through a route, level at every point."""
    points = [route[0]]
    for (x0, y0), (x1, y1) in pairwise(route):
        middle = 0.5 * (x1 - x0)
        points += [np.array((x0 + middle, y0)), np.array((x1 - middle, y1)), np.array((x1, y1))]
    return np.array(points)


def draw_edge(axes: Axes, route: Array, colour: str, width: float, *, head: bool = True, order: float = 2.0) -> None:
    """A smooth line of some width in points along a route, with a head at its end."""
    route = route.copy()
    if head:
        (length, half), tip = head_size(width), route[-1].copy()
        sign = float(np.sign(route[-1, 0] - route[-2, 0]))
        route[-1, 0] -= sign * length
        points = np.array([tip, route[-1] + np.array((0.0, half)), route[-1] - np.array((0.0, half))])
        axes.add_patch(Polygon(points, closed=True, facecolor=colour, edgecolor="none", zorder=order + 0.1))
    curve = _curve(route)
    line = Path([tuple(point) for point in curve], [Path.MOVETO] + [Path.CURVE4] * (len(curve) - 1))
    axes.add_patch(PathPatch(line, facecolor="none", edgecolor=colour, linewidth=width, capstyle="butt", zorder=order))


def draw_labels(
    axes: Axes,
    layers: Layers,
    labels: Sequence[tuple[int, str]],
    widths: Array,
    *,
    at: float,
    kept: Callable[[int], bool],
) -> None:
    """Each label on its edge, where it is freest of nodes, other edges and labels.

    Parameters
    ----------
    axes : Axes
        From `inch_axes`.
    layers : Layers
        Of the drawing.
    labels : sequence of (int, str)
        Number of an edge and its text, the most important one first.
    widths : array, shape (E,)
        Of all edges, in points; a label covers a thin one rather than stand beside it.
    at : float
        Part of the edge, from its start, near which a label shall stand.
    kept : callable
        Whether the label of an edge is drawn although it has no free place.
    """
    taken = [(*position, *half) for position, half in zip(layers.positions, layers.half_sizes, strict=True)]
    traces = [_trace(route) for route in layers.routes]
    for i, text in labels:
        half = np.array((0.5 * text_width(text, LABEL_SIZE) + 0.02, 0.065))
        others = np.concatenate([np.zeros((0, 2)), *(trace for j, trace in enumerate(traces) if j != i)])
        cost, x, y = min(_places(traces[i][3:-5], half, widths[i], taken, others, at))
        if cost > CROWDED and not kept(i):
            continue
        taken.append((x, y, *half))
        box = {"boxstyle": "round,pad=0.08", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        axes.text(x, y, text, size=LABEL_SIZE, ha="center", va="center_baseline", color=INK, zorder=5, bbox=box)


def _places(
    middle: Array, half: Array, width: float, taken: list[tuple[float, ...]], others: Array, at: float
) -> list[tuple[float, float, float]]:
    """Cost and coordinates of the places for a label, on its edge and, where that is level, on both sides of it."""
    boxes, aside = np.array(taken), 0.5 * width / 72 + half[1]
    places = []
    for k, point in enumerate(middle):
        level = abs(middle[max(k - 3, 0), 1] - middle[min(k + 3, len(middle) - 1), 1]) < 0.03
        for shift in (0.0, aside, -aside) if level else (0.0,):
            place = point + np.array((0.0, shift))
            gap = (np.abs(boxes[:, :2] - place) - boxes[:, 2:] - half).max(axis=1)
            crossed = np.all(np.abs(others - place) < half, axis=1).sum()
            cost = 2 * CROWDED * np.sum(gap < 0.02) + 0.15 * crossed + 0.3 * abs(k / len(middle) - at)
            places.append((float(cost + (0.05 if shift else 0.12 * width)), float(place[0]), float(place[1])))
    return places


def _trace(route: Array) -> Array:
    """Points along a drawn edge, evenly spaced."""
    part = np.linspace(0, 1, 24)[:, None]
    curve = _curve(route)
    pieces = []
    for k in range(0, len(curve) - 1, 3):
        a, b, c, d = curve[k : k + 4]
        pieces.append((1 - part) ** 2 * ((1 - part) * a + 3 * part * b) + part**2 * (3 * (1 - part) * c + part * d))
    points = np.concatenate(pieces)
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    even = np.linspace(0.0, along[-1], max(int(along[-1] / 0.08), 12))
    return np.column_stack([np.interp(even, along, points[:, k]) for k in (0, 1)])


def draw_key(axes: Axes, x: float, y: float, entries: Sequence[tuple[str, float, str]]) -> None:
    """A row that explains lines: the colour of each, empty for none, its width in points, and what it means."""
    for colour, width, text in entries:
        if colour:
            axes.plot([x, x + 0.35], [y, y], color=colour, linewidth=width, solid_capstyle="butt")
            x += 0.42
        axes.text(x, y, text, size=KEY_SIZE, va="center", color=INK)
        x += text_width(text, KEY_SIZE) + 0.3
