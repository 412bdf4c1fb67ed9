"""Where the nodes of a pathway graph stand in a drawing: short edges, few crossings, no overlaps, flow to the right.

Positions come from stress majorization: the distance between two nodes on the page follows the number of edges
between them. Several starts and swaps of nodes lower the number of crossings; at last, nodes that are too near to
each other or to an edge are moved apart.

References
----------
.. [1] E. R. Gansner, Y. Koren, S. North, "Graph drawing by stress majorization", Graph Drawing (2004).
   https://doi.org/10.1007/978-3-540-31843-9_25
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.float64]
Edges = NDArray[np.intp]

CLEARANCE = 0.14
"""Least free space between two nodes, and between a node and an edge that passes it [in]."""


def node_positions(edges: Edges, half_sizes: Positions, *, spacing: float = 1.0, seed: int = 0) -> Positions:
    """Positions of nodes on the page.

    Parameters
    ----------
    edges : int array, shape (E, 2)
        Pairs of nodes; the first flows into the second.
    half_sizes : array, shape (N, 2)
        Half width and half height of each node [in].
    spacing : float
        Length of an edge [in].
    seed : int
        Seed of the starts; the same seed gives the same drawing.

    Returns
    -------
    array, shape (N, 2)
        Centres of the nodes [in].

    Examples
    --------
    >>> chain = node_positions(np.array([[0, 1], [1, 2]]), np.full((3, 2), 0.1))
    >>> bool(np.all(np.diff(chain[:, 0]) > 0.5))
    True
    """
    count = len(half_sizes)
    if count < 2:
        return np.zeros((count, 2))
    distances = _distances(edges, count)
    generator = np.random.default_rng(seed)
    starts = [_majorized(generator.normal(size=(count, 2)), distances) for _ in range(40 if count <= 40 else 8)]
    starts.sort(key=lambda positions: _cost(positions, edges, distances))
    best = starts[0]
    if count <= 40:
        refined = [
            _moved(_majorized(_swapped(positions, edges, distances), distances), edges, distances, generator)
            for positions in starts[: 8 if count <= 20 else 1]
        ]
        best = min(refined, key=lambda positions: _cost(positions, edges, distances))
        smooth = _majorized(best, distances, steps=2000)
        if _cost(smooth, edges, distances) < _cost(best, edges, distances) + 0.1:
            best = smooth
    return _apart(_oriented(best, edges) * spacing, edges, half_sizes)


def _distances(edges: Edges, count: int) -> NDArray[np.float64]:
    """Number of edges between every two nodes; unconnected ones stand a little further than the farthest."""
    distances = np.full((count, count), np.inf)
    np.fill_diagonal(distances, 0.0)
    distances[edges[:, 0], edges[:, 1]] = distances[edges[:, 1], edges[:, 0]] = 1.0
    for k in range(count):
        distances = np.minimum(distances, distances[:, k, None] + distances[None, k, :])
    finite = np.isfinite(distances)
    distances[~finite] = distances[finite].max() + 1.0
    return distances


def _majorized(positions: Positions, distances: NDArray[np.float64], steps: int = 200) -> Positions:
    """Positions of least stress Σ (|xᵢ − xⱼ| − dᵢⱼ)² / dᵢⱼ², from the ones given."""
    count = len(positions)
    weights = 1.0 / np.maximum(distances, 1e-9) ** 2
    np.fill_diagonal(weights, 0.0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.inv(laplacian + 1.0 / count) - 1.0 / count
    for _ in range(steps):
        separation = np.linalg.norm(positions[:, None] - positions[None, :], axis=2)
        pull = np.where(separation > 1e-9, weights * distances / np.maximum(separation, 1e-9), 0.0)
        positions = inverse @ ((np.diag(pull.sum(axis=1)) - pull) @ positions)
    return positions


def _crossings(positions: Positions, edges: Edges) -> int:
    start, end = positions[edges[:, 0]], positions[edges[:, 1]]

    def side(points: Positions) -> NDArray[np.float64]:
        along, to = (end - start)[:, None], points[None, :] - start[:, None]
        return np.asarray(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])

    one, other = side(start), side(end)
    apart = one * other < -1e-12
    return int(np.count_nonzero(apart & apart.T) // 2)


def _passing(positions: Positions, edges: Edges) -> tuple[NDArray[np.float64], Positions]:
    """Distance (E, N) from every edge to every node that is not its end, and the vectors (E, N, 2) edge → node."""
    start, end = positions[edges[:, 0]], positions[edges[:, 1]]
    along = end - start
    to = positions[None, :] - start[:, None]
    share = np.einsum("enk,ek->en", to, along) / np.maximum((along**2).sum(axis=1), 1e-12)[:, None]
    away = to - np.clip(share, 0.0, 1.0)[..., None] * along[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    away = np.where(np.abs(away).max(axis=2, keepdims=True) < 1e-6, 1e-6 * across[:, None], away)
    distance = np.linalg.norm(away, axis=2)
    rows = np.arange(len(edges))
    distance[rows, edges[:, 0]] = distance[rows, edges[:, 1]] = np.inf
    return distance, away


def _cost(positions: Positions, edges: Edges, distances: NDArray[np.float64]) -> float:
    """Crossings, and smoother terms for nodes near edges, crowded nodes and stress."""
    near = np.clip(0.4 - _passing(positions, edges)[0], 0.0, None).sum()
    separation = np.linalg.norm(positions[:, None] - positions[None, :], axis=2)
    crowded = np.clip(0.7 - separation, 0.0, None).sum() - 0.7 * len(positions)
    stress = (((separation - distances) / np.maximum(distances, 1.0)) ** 2).sum()
    return float(_crossings(positions, edges) + 6.0 * near + 3.0 * crowded + 0.3 * stress)


def _swapped(positions: Positions, edges: Edges, distances: NDArray[np.float64]) -> Positions:
    """The same places with nodes exchanged wherever that lowers the cost; one sweep."""
    positions, least = positions.copy(), _cost(positions, edges, distances)
    for i in range(len(positions)):
        for j in range(i):
            positions[[i, j]] = positions[[j, i]]
            value = _cost(positions, edges, distances)
            if value < least - 1e-9:
                least = value
            else:
                positions[[i, j]] = positions[[j, i]]
    return positions


def _moved(
    positions: Positions, edges: Edges, distances: NDArray[np.float64], generator: np.random.Generator
) -> Positions:
    """Each node moved at random, near and far, wherever that lowers the cost; three sweeps."""
    positions, least = positions.copy(), _cost(positions, edges, distances)
    for i in np.tile(np.arange(len(positions)), 3):
        for reach in (2.0, 1.0, 0.5, 0.25) * 4:
            before = positions[i].copy()
            positions[i] += reach * generator.normal(size=2)
            value = _cost(positions, edges, distances)
            if value < least - 1e-3:
                least = value
            else:
                positions[i] = before
    return positions


def _oriented(positions: Positions, edges: Edges) -> Positions:
    """Turned so that the drawing is wide and its edges flow to the right and, if anything, down."""
    positions = positions - positions.mean(axis=0)
    axes = np.linalg.svd(positions, full_matrices=False)[2]
    positions = positions @ axes.T
    if np.abs(positions[:, 1]).max() < 0.1:
        positions = positions * [1.0, 0.0]
    flow = (positions[edges[:, 1]] - positions[edges[:, 0]]).sum(axis=0)
    return np.asarray(positions * np.where(flow * [1, -1] < -1e-9, -1.0, 1.0))


def _apart(positions: Positions, edges: Edges, half_sizes: Positions, steps: int = 400) -> Positions:
    """Nodes moved until none overlaps another one or an edge that passes."""
    positions = positions.copy()
    reach = half_sizes[:, None] + half_sizes[None, :] + CLEARANCE
    for _ in range(steps):
        gap = positions[:, None] - positions[None, :]
        overlap = reach - np.abs(gap)
        hit = np.all(overlap > 0, axis=2)
        np.fill_diagonal(hit, False)
        axis = np.argmin(overlap, axis=2)
        shift = np.zeros_like(positions)
        for i, j in np.argwhere(hit):
            k = axis[i, j]
            shift[i, k] += 0.5 * overlap[i, j, k] * (1.0 if gap[i, j, k] > 0 or (gap[i, j, k] == 0 and i > j) else -1.0)
        distance, away = _passing(positions, edges)
        direction = away / np.maximum(distance, 1e-9)[..., None]
        radius = np.einsum("enk,nk->en", np.abs(direction), half_sizes)
        short = np.clip(radius + 0.7 * CLEARANCE - distance, 0.0, None)
        push = 0.3 * short[..., None] * direction
        shift += push.sum(axis=0)
        for column in (0, 1):
            np.add.at(shift, edges[:, column], -0.5 * push.sum(axis=1))
        if np.abs(shift).max() < 1e-4:
            break
        positions += np.clip(shift, -0.2, 0.2)
    return positions
