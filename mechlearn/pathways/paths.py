"""Paths through a flux graph: the strongest ones from fuel to products, the main chain, and the cycles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import networkx as nx

from ..errors import StudyError
from .operations import check_node, with_edges


@dataclass(frozen=True)
class Path:
    """Species one after the other, each formed from the one before.

    Parameters
    ----------
    species : tuple of str
    share : float
        Product of the branching fractions: the part of the atoms leaving the first species that takes this path.
    flux : float
        The smallest flux on the path, in the graph's unit.
    """

    species: tuple[str, ...]
    share: float
    flux: float

    def __str__(self) -> str:
        return " → ".join(self.species)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and numbers."""
        return {"species": list(self.species), "share": self.share, "flux": self.flux}


def strongest_paths(graph: nx.DiGraph, source: str, targets: str | Iterable[str], k: int = 5) -> tuple[Path, ...]:
    """The k paths by which most of the source becomes a target.

    A path's strength is the product of the branching fractions on it: of the flux out of each species, the part that
    goes on along the path. The paths without repeated species are taken in order of that product, by Yen's method.

    Parameters
    ----------
    graph : networkx.DiGraph
        A flux graph; a net one, as a rule, since in others most atoms go back and forth. Where edges have a
        ``fraction`` it is that of the whole graph, also if weak edges have been taken out since.
    source : str
        Where the paths begin.
    targets : str or iterable of str
        Where they end; a path ends at the first target that it meets.
    k : int
        Number of paths, at most.

    Returns
    -------
    tuple of Path
        The strongest first; none where no path leads there.

    Raises
    ------
    StudyError
        If the source or a target is no node of the graph, or its net fluxes are those of a gas in equilibrium.

    References
    ----------
    .. [1] J. Y. Yen, "Finding the k shortest loopless paths in a network", Management Science 17 (1971) 712.
       https://doi.org/10.1287/mnsc.17.11.712

    Examples
    --------
    >>> graph = nx.DiGraph()
    >>> fluxes = [("A", "B", 3.0), ("A", "C", 1.0), ("B", "D", 2.0), ("B", "E", 1.0), ("C", "D", 1.0)]
    >>> graph.add_weighted_edges_from(fluxes, weight="flux")
    >>> [(str(path), path.share) for path in strongest_paths(graph, "A", "D")]
    [('A → B → D', 0.5), ('A → C → D', 0.25)]
    """
    _check_flows(graph)
    ends = [targets] if isinstance(targets, str) else list(targets)
    for name in (source, *ends):
        check_node(graph, name)
    fractions = branching_fractions(graph)
    lengths = nx.DiGraph()
    lengths.add_nodes_from(graph)
    for (a, b), fraction in fractions.items():
        if fraction > 0 and a not in ends and b != source:
            lengths.add_edge(a, b, length=max(-math.log(fraction), 0.0))
    goal = object()
    lengths.add_edges_from(((end, goal) for end in ends if end != source), length=0.0)
    if goal not in lengths or not nx.has_path(lengths, source, goal):
        return ()
    found = islice(nx.shortest_simple_paths(lengths, source, goal, weight="length"), k)
    return tuple(_path(graph, path[:-1], fractions) for path in found)


def _check_flows(graph: nx.DiGraph) -> None:
    if graph.graph.get("equilibrium"):
        raise StudyError(
            "The gas is in equilibrium there: the net fluxes are round-off, and paths of them say nothing. Take an "
            "earlier time, or the whole run."
        )


def branching_fractions(graph: nx.DiGraph) -> dict[tuple[str, str], float]:
    """Part of the flux out of its source that each edge carries; ``fraction`` of the edges where they have it."""
    outflow = dict(graph.out_degree(weight="flux"))
    return {
        (a, b): float(data.get("fraction", data["flux"] / outflow[a] if outflow[a] else 0.0))
        for a, b, data in graph.edges(data=True)
    }


def _path(graph: nx.DiGraph, species: Sequence[str], fractions: dict[tuple[str, str], float]) -> Path:
    steps = list(pairwise(species))
    share = math.prod(fractions[step] for step in steps)
    return Path(tuple(species), share, min((float(graph.edges[step]["flux"]) for step in steps), default=0.0))


def paths_graph(graph: nx.DiGraph, paths: Iterable[Path]) -> nx.DiGraph:
    """The edges of the graph that the paths take."""
    return with_edges(graph, {step for path in paths for step in pairwise(path.species)})


def main_chain(graph: nx.DiGraph, source: str, targets: str | Iterable[str] = ()) -> Path:
    """From a species always along the largest flux, until a target, a dead end, or only species already met.

    Parameters
    ----------
    graph : networkx.DiGraph
        A flux graph.
    source : str
        Where the chain begins.
    targets : str or iterable of str
        Where it ends at the latest.

    Raises
    ------
    StudyError
        If the source is no node of the graph, or its net fluxes are those of a gas in equilibrium.

    Examples
    --------
    >>> graph = nx.DiGraph()
    >>> fluxes = [("A", "B", 3.0), ("A", "C", 1.0), ("B", "A", 2.0), ("B", "D", 1.0)]
    >>> graph.add_weighted_edges_from(fluxes, weight="flux")
    >>> str(main_chain(graph, "A"))
    'A → B → D'
    """
    _check_flows(graph)
    check_node(graph, source)
    ends = {targets} if isinstance(targets, str) else set(targets)
    chain = [source]
    while chain[-1] not in ends:
        onward = [(data["flux"], b) for _, b, data in graph.out_edges(chain[-1], data=True) if b not in chain]
        if not onward or max(onward)[0] <= 0:
            break
        chain.append(max(onward)[1])
    return _path(graph, chain, branching_fractions(graph))


def cycles(graph: nx.DiGraph, k: int = 10) -> tuple[Path, ...]:
    """The k strongest cycles of three and more species, by their weakest edge.

    Edges are taken from the strongest on. Each one that closes a cycle with stronger ones names one: the shortest. To
    and fro between two species is no cycle.

    Parameters
    ----------
    graph : networkx.DiGraph
        A flux graph.
    k : int
        Number of cycles, at most.

    Returns
    -------
    tuple of Path
        Their first species stands at the end again.

    Examples
    --------
    >>> graph = nx.DiGraph()
    >>> fluxes = [("A", "B", 3.0), ("B", "C", 2.0), ("C", "A", 1.0), ("B", "A", 3.0)]
    >>> graph.add_weighted_edges_from(fluxes, weight="flux")
    >>> [(str(cycle), cycle.flux) for cycle in cycles(graph)]
    [('A → B → C → A', 1.0)]
    """
    fractions = branching_fractions(graph)
    found: list[Path] = []
    strong = nx.DiGraph()
    strong.add_nodes_from(graph)
    for a, b, flux in sorted(graph.edges(data="flux"), key=lambda edge: -edge[2]):
        if len(found) == k or flux <= 0:
            break
        back = strong.has_edge(b, a)
        if back:
            strong.remove_edge(b, a)
        if nx.has_path(strong, b, a):
            round_trip = nx.shortest_path(strong, b, a)
            first = min(range(len(round_trip)), key=lambda i: list(graph).index(round_trip[i]))
            ring = round_trip[first:] + round_trip[:first]
            found.append(_path(graph, [*ring, ring[0]], fractions))
        if back:
            strong.add_edge(b, a)
        strong.add_edge(a, b)
    return tuple(found)
