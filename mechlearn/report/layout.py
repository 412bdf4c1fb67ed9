"""Where nodes and edges of a drawing stand: layers from left to right, few crossings, level edges, no overlaps.

The steps are those of Sugiyama, Tagawa and Toda [1]_: edges that lead to a lower level [3]_ are reversed, nodes get
layers of least total edge length, an edge over several layers gets a place in each, places in a layer are ordered by
the weighted middle of their neighbours, and heights of least bending are found by linear programming [2]_.

References
----------
.. [1] K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
   Trans. Syst. Man Cybern. 11 (1981) 109. https://doi.org/10.1109/TSMC.1981.4308636
.. [2] E. R. Gansner, E. Koutsofios, S. C. North, K.-P. Vo, "A technique for drawing directed graphs", IEEE Trans.
   Softw. Eng. 19 (1993) 214. https://doi.org/10.1109/32.221135
.. [3] R. S. MacKay, S. Johnson, B. Sansom, "How directed is a directed network?", R. Soc. Open Sci. 7 (2020) 201138.
   https://doi.org/10.1098/rsos.201138
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Edge = tuple[int, int]

SWEEPS = 12
STARTS = 6
NODE_GAP = 0.16
"""Least free height between two places in a layer [in]."""
NODE_MARGIN = 0.06
"""Height of a node above and below its outermost edges [in]."""


@dataclass(frozen=True, eq=False)
class Layers:
    """Where nodes stand and edges run.

    Parameters
    ----------
    positions : array, shape (N, 2)
        Centres of the nodes [in].
    half_sizes : array, shape (N, 2)
        Half width and half height of each node, as high as its edges need [in].
    routes : tuple of array, each shape (P, 2)
        From the first node of an edge to its second: the port where it leaves, both sides of each layer between, where
        it runs level, and the port where it arrives [in].
    backward : tuple of bool
        Whether an edge runs against the flow, to the left.
    """

    positions: Array
    half_sizes: Array
    routes: tuple[Array, ...]
    backward: tuple[bool, ...]


def layered(
    edges: list[Edge], weights: Array, thickness: Array, half_sizes: Array, *, first: int | None = None, space: float
) -> Layers:
    """Places for the nodes and edges of a directed graph.

    Parameters
    ----------
    edges : list of (int, int)
        Without loops; the first node flows into the second.
    weights : array, shape (E,)
        Positive: how much an edge counts.
    thickness : array, shape (E,)
        Height that an edge takes where it leaves and arrives [in].
    half_sizes : array, shape (N, 2)
        Half width and least half height of each node [in].
    first : int, optional
        A node to stand on the left.
    space : float
        Free width between two layers [in].

    Examples
    --------
    >>> chain = layered([(0, 1), (1, 2), (0, 2)], np.ones(3), np.full(3, 0.1), np.full((3, 2), 0.2), space=1)
    >>> np.round(np.diff(chain.positions[:, 0]), 6), chain.backward
    (array([1.4, 1.4]), (False, False, False))
    """
    count = len(half_sizes)
    order = _flow_order(edges, weights, count, first)
    backward = [bool(order[a] > order[b]) for a, b in edges]
    forward = [(b, a) if back else (a, b) for (a, b), back in zip(edges, backward, strict=True)]
    layer = _layers(forward, weights, count)
    half_sizes = _grown(forward, thickness, half_sizes)
    chains, links, link_weights, layer, heights = _with_places(forward, weights, thickness, layer, half_sizes)
    rows = _ordered(links, link_weights, layer)
    y = _heights(rows, links, link_weights, heights, count)
    x, widths = _columns(layer[:count], half_sizes, space)
    centres = np.column_stack([x[layer], y])
    routes = _routes(forward, chains, centres, widths[layer], thickness, half_sizes)
    turned = tuple(route[::-1] if back else route for route, back in zip(routes, backward, strict=True))
    return Layers(centres[:count], half_sizes, turned, tuple(backward))


def _grown(edges: list[Edge], thickness: Array, half_sizes: Array) -> Array:
    """Half sizes of nodes that are high enough for the edges on each of their sides."""
    sides, ends = np.zeros_like(half_sizes), np.array(edges, dtype=np.intp).reshape(-1, 2)
    np.add.at(sides[:, 0], ends[:, 0], thickness)
    np.add.at(sides[:, 1], ends[:, 1], thickness)
    return np.column_stack([half_sizes[:, 0], np.maximum(half_sizes[:, 1], 0.5 * sides.max(axis=1) + NODE_MARGIN)])


def _flow_order(edges: list[Edge], weights: Array, count: int, first: int | None) -> Indices:
    """Rank of each node by levels, from one to the next of which an edge leads in least squares; little flows down."""
    level = np.asarray(np.linalg.lstsq(-_differences(edges, count).toarray() * weights[:, None], weights)[0])
    if first is not None:
        level[first] = -np.inf
    return np.argsort(np.argsort(level, kind="stable"))


def _layers(edges: list[Edge], weights: Array, count: int) -> Indices:
    """Layers of least total weighted edge length, each edge at least one layer long."""
    if not edges:
        return np.zeros(count, dtype=np.intp)
    matrix = _differences(edges, count)
    return np.asarray(np.round(_least(1e-6 - matrix.T @ weights, matrix, -np.ones(len(edges)))), dtype=np.intp)


def _differences(pairs: list[Edge], count: int) -> sparse.csr_array:
    """A row for each pair: the value of its first member less that of its second."""
    columns = np.array(pairs, dtype=np.intp).ravel()
    values, starts = np.tile((1.0, -1.0), len(pairs)), np.arange(0, len(columns) + 1, 2)
    return sparse.csr_array((values, columns, starts), shape=(len(pairs), count))


def _least(cost: Array, matrix: sparse.csr_array, upper: Array) -> Array:
    """Non-negative values of least cost whose products with the matrix stay below bounds."""
    solved = linprog(cost, A_ub=matrix, b_ub=upper, bounds=(0, None))  # type: ignore[call-overload]
    return np.asarray(solved.x)


def _with_places(
    edges: list[Edge], weights: Array, thickness: Array, layer: Indices, half_sizes: Array
) -> tuple[list[list[int]], list[Edge], Array, Indices, Array]:
    """A place in each layer that a long edge crosses: chains of places, links between neighbours, their weights."""
    layers, heights = list(layer), list(half_sizes[:, 1])
    count = len(half_sizes)
    chains: list[list[int]] = []
    links: list[Edge] = []
    link_weights = []
    for (a, b), weight, thick in zip(edges, weights, thickness, strict=True):
        between = range(layer[a] + 1, layer[b])
        places = list(range(len(layers), len(layers) + len(between)))
        layers += between
        heights += [0.5 * thick] * len(between)
        chain = [a, *places, b]
        chains.append(chain)
        links += pairwise(chain)
        link_weights += [weight * (1, 2, 8)[(one >= count) + (other >= count)] for one, other in pairwise(chain)]
    return chains, links, np.array(link_weights, dtype=float), np.array(layers, dtype=np.intp), np.array(heights)


def _ordered(links: list[Edge], weights: Array, layer: Indices) -> list[Indices]:
    """The places of each layer from top to bottom, with few crossings of heavy links."""
    ends = np.array(links, dtype=np.intp).reshape(-1, 2)
    pull = sparse.coo_array((weights, ends.T), shape=(len(layer), len(layer))).toarray()
    pull += pull.T
    best, fewest = [], np.inf
    generator = np.random.default_rng(0)
    for start in range(STARTS):
        key = generator.random(len(layer)) if start else np.arange(len(layer))
        rows = [np.flatnonzero(layer == k) for k in range(layer.max(initial=-1) + 1)]
        rows = [row[np.argsort(key[row])] for row in rows]
        for sweep in range(SWEEPS):
            steps = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
            for k in steps:
                rows[k] = _by_neighbours(rows[k], rows[k - steps.step], pull)
            for k in range(len(rows)):
                rows[k] = _exchanged(rows[k], rows[max(k - 1, 0) : k] + rows[k + 1 : k + 2], pull)
            crossings = sum(np.triu(_crossings(a, b, pull), 1).sum() for a, b in pairwise(rows))
            if crossings < fewest:
                best, fewest = list(rows), crossings
    return best


def _by_neighbours(row: Indices, other: Indices, pull: Array) -> Indices:
    """A layer in the order of the weighted middles of its neighbours in another one."""
    here, there = (np.arange(len(each)) - 0.5 * (len(each) - 1) for each in (row, other))
    near = pull[np.ix_(row, other)]
    total = near.sum(axis=1)
    middle = np.where(total > 0, near @ there / np.maximum(total, 1e-300), here)
    return row[np.argsort(middle, kind="stable")]


def _exchanged(row: Indices, others: list[Indices], pull: Array) -> Indices:
    """A layer whose neighbours have changed places where that lowers the crossings."""
    cost = sum((_crossings(row, other, pull) for other in others), np.zeros((len(row), len(row))))
    order = list(range(len(row)))
    for i in range(len(row) - 1):
        a, b = order[i : i + 2]
        if cost[b, a] < cost[a, b]:
            order[i : i + 2] = b, a
    return row[order]


def _crossings(row: Indices, other: Indices, pull: Array) -> Array:
    """Weighted crossings of the links of each two places with another layer, if the first one stands above."""
    near = pull[np.ix_(row, other)]
    return np.asarray(near @ (np.cumsum(near, axis=1) - near).T)


def _heights(rows: list[Indices], links: list[Edge], weights: Array, heights: Array, count: int) -> Array:
    """Heights in the order of the layers, no two too close, at the least weighted sum of |Δy| over the links."""
    size, many = len(heights), len(links)
    if not many:
        y = np.zeros(size)
        for row in rows:
            y[row] = -np.cumsum(2 * heights[row] + NODE_GAP)
        return y
    above = [pair for row in rows for pair in pairwise(row)]
    gaps = [heights[a] + heights[b] + (1.5 if a < count and b < count else 1.0) * NODE_GAP for a, b in above]
    bends, lengths, apart = _differences(links, size), -sparse.eye_array(many), _differences(above, size)
    left = sparse.vstack([bends, -bends, apart])
    right = sparse.vstack([lengths, lengths, sparse.csr_array((len(above), many))])
    matrix = sparse.csr_array(sparse.hstack([left, right]))
    return _least(np.append(np.zeros(size), weights), matrix, np.append(np.zeros(2 * many), -np.array(gaps)))[:size]


def _columns(layer: Indices, half_sizes: Array, space: float) -> tuple[Array, Array]:
    """Centre and half width of each layer."""
    widths = np.zeros(int(layer.max(initial=0)) + 1)
    np.maximum.at(widths, layer, half_sizes[:, 0])
    return np.append(0.0, np.cumsum(widths[:-1] + widths[1:] + space)), widths


def _routes(
    edges: list[Edge], chains: list[list[int]], centres: Array, widths: Array, thickness: Array, half_sizes: Array
) -> list[Array]:
    """Routes of the edges: level through every layer, with ports spread over the nodes' sides in the edges' order."""
    ports = np.zeros((len(edges), 2))
    for end in (0, 1):
        for node in {edge[end] for edge in edges}:
            own = [i for i, edge in enumerate(edges) if edge[end] == node]
            own.sort(key=lambda i: centres[chains[i][1 if end == 0 else -2], 1])
            upper = np.cumsum(thickness[own])
            ports[own, end] = upper - 0.5 * (thickness[own] + upper[-1])
    routes = []
    for i, ((a, b), chain) in enumerate(zip(edges, chains, strict=True)):
        start = centres[a] + np.array((half_sizes[a, 0], ports[i, 0]))
        end = centres[b] + np.array((-half_sizes[b, 0], ports[i, 1]))
        route = [start, np.array((centres[a, 0] + widths[a], start[1]))]
        for place in chain[1:-1]:
            route += [centres[place] + np.array((side * widths[place], 0.0)) for side in (-1.0, 1.0)]
        route += [np.array((centres[b, 0] - widths[b], end[1])), end]
        kept = [point for point, after in pairwise(route) if after[0] > point[0] + 1e-9]
        routes.append(np.array([*kept, end]))
    return routes
