"""Operations on pathway graphs: graph → graph, so that they compose with each other and with networkx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import networkx as nx

from ..errors import StudyError

Direction = Literal["out", "in", "both"]


def check_node(graph: nx.DiGraph, name: str) -> None:
    """Refuse a name that is no node of the graph.

    Raises
    ------
    StudyError
        With the element that the graph follows.
    """
    if name not in graph:
        element = graph.graph.get("element")
        why = f": it is no species of the mechanism, or holds no {element}" if element else ""
        raise StudyError(f"The graph has no node {name!r}{why}. Name one of its {len(graph)} nodes.")


def neighbourhood(
    graph: nx.DiGraph, species: str | Iterable[str], radius: int = 1, direction: Direction = "both"
) -> nx.DiGraph:
    """What lies around some species.

    Parameters
    ----------
    graph : networkx.DiGraph
        A flux graph, or any other.
    species : str or iterable of str
        The centres.
    radius : int
        Largest number of edges from a centre.
    direction : str
        ``out`` (what forms from it), ``in`` (what it forms from) or ``both``.

    Returns
    -------
    networkx.DiGraph
        The nodes within the radius and all edges between them.

    Raises
    ------
    StudyError
        If a centre is no node of the graph, or the direction another one.

    Examples
    --------
    >>> chain = nx.path_graph(["A", "B", "C", "D"], create_using=nx.DiGraph)
    >>> sorted(neighbourhood(chain, "B", 1)), sorted(neighbourhood(chain, "B", 2, "out"))
    (['A', 'B', 'C'], ['B', 'C', 'D'])
    """
    centres = [species] if isinstance(species, str) else list(species)
    if direction not in ("out", "in", "both"):
        raise StudyError(f"The direction {direction!r} is not known. Take out, in or both.")
    for name in centres:
        check_node(graph, name)
    view = {"out": graph, "in": graph.reverse(copy=False), "both": graph.to_undirected(as_view=True)}[direction]
    reached = {node for name in centres for node in nx.single_source_shortest_path_length(view, name, cutoff=radius)}
    return nx.DiGraph(graph.subgraph([node for node in graph if node in reached]))


def threshold(graph: nx.DiGraph, *, absolute: float = 0.0, relative: float = 0.0) -> nx.DiGraph:
    """The edges that carry at least so much, and the nodes that they join.

    Parameters
    ----------
    graph : networkx.DiGraph
        Its edges have ``flux``; its absolute value counts.
    absolute : float
        Least flux, in the graph's unit.
    relative : float
        Least flux as a part of the largest.

    Raises
    ------
    StudyError
        If a threshold is negative, or the relative one above 1.

    Examples
    --------
    >>> graph = nx.DiGraph()
    >>> graph.add_weighted_edges_from([("A", "B", 10.0), ("B", "C", 0.5)], weight="flux")
    >>> list(threshold(graph, relative=0.1).edges)
    [('A', 'B')]
    """
    if absolute < 0 or not 0 <= relative <= 1:
        raise StudyError(
            f"Thresholds of {absolute:g} and {relative:g} of the largest: give none below 0, and parts up to 1."
        )
    largest = max((abs(flux) for *_, flux in graph.edges(data="flux")), default=0.0)
    least = max(absolute, relative * largest)
    return with_edges(graph, [(a, b) for a, b, flux in graph.edges(data="flux") if abs(flux) >= least])


def between(graph: nx.DiGraph, source: str | None, targets: Iterable[str]) -> nx.DiGraph:
    """The part of a graph on paths that begin at a source, where one is named, and end at a target, where any is.

    Raises
    ------
    StudyError
        If a name is no node, or no path leads from the source to any target.
    """
    ends, kept = list(targets), set(graph)
    for name in [*([source] if source else []), *ends]:
        check_node(graph, name)
    if source:
        kept &= {source, *nx.descendants(graph, source)}
    if ends:
        kept &= {name for end in ends for name in (end, *nx.ancestors(graph, end))}
    if source and source not in kept:
        raise StudyError(
            f"No path leads from {source} to {', '.join(ends)} in this graph. Lower the threshold, or name others."
        )
    return nx.DiGraph(graph.subgraph([node for node in graph if node in kept]))


def with_edges(graph: nx.DiGraph, edges: Iterable[tuple[str, str]]) -> nx.DiGraph:
    """Some edges of the graph and the nodes that they join, in the graph's order."""
    part = nx.DiGraph(graph.edge_subgraph(list(edges)))
    ordered = nx.DiGraph(**graph.graph)
    ordered.add_nodes_from((node, graph.nodes[node]) for node in graph if node in part)
    ordered.add_edges_from((a, b, data) for a, b, data in graph.edges(data=True) if part.has_edge(a, b))
    return ordered


def lump(graph: nx.DiGraph, groups: Mapping[str, Iterable[str]] | None = None) -> nx.DiGraph:
    """Species put together: isomers, or groups by name.

    Parameters
    ----------
    graph : networkx.DiGraph
        A flux graph.
    groups : mapping of str to iterable of str, optional
        Name of each group and its species; without it, species of equal ``composition`` are put together, under the
        names of up to three, or the formula and their number.

    Returns
    -------
    networkx.DiGraph
        Fluxes, concentrations and production of a group are the sums of its species'. What flows inside a group
        vanishes; where the graph is a net one, opposite fluxes of groups are subtracted. Groups have ``members``.

    Raises
    ------
    StudyError
        If a species is unknown or in two groups, or a group has the name of a species outside it.

    Examples
    --------
    >>> graph = nx.DiGraph(net=True)
    >>> graph.add_weighted_edges_from([("A", "B1", 3.0), ("A", "B2", 1.0), ("B1", "B2", 7.0)], weight="flux")
    >>> lump(graph, {"B": ["B1", "B2"]}).edges(data="flux")
    OutEdgeDataView([('A', 'B', 4.0)])
    """
    named = {name: list(members) for name, members in (_isomers(graph) if groups is None else groups).items()}
    home: dict[str, str] = {}
    for group, members in named.items():
        for name in members:
            check_node(graph, name)
            if home.setdefault(name, group) != group:
                raise StudyError(f"{name} is in the groups {home[name]} and {group}. A species belongs to one only.")
    for group, members in named.items():
        if group in graph and group not in members:
            raise StudyError(f"The group {group} has the name of a species outside it. Give it another name.")
    lumped = nx.DiGraph(**graph.graph)
    for node, data in graph.nodes(data=True):
        _add_member(lumped, home.get(node, node), node, data, named)
    for a, b, data in graph.edges(data=True):
        one, other = home.get(a, a), home.get(b, b)
        if one != other:
            _add_flux(lumped, one, other, data)
    if graph.graph.get("net"):
        _subtract_opposite(lumped)
    _finish(lumped)
    return lumped


def _isomers(graph: nx.DiGraph) -> dict[str, list[str]]:
    """Species of equal composition, two and more."""
    alike: dict[str, list[str]] = {}
    for node, composition in graph.nodes(data="composition"):
        if composition:
            alike.setdefault(composition, []).append(node)
    named = {}
    for composition, members in alike.items():
        formula = re.sub(r", ", "", re.sub(r":(\d+)", lambda m: "" if m[1] == "1" else m[1], composition))
        name = " + ".join(members) if len(members) <= 3 else f"{formula} ({len(members)} isomers)"
        if len(members) > 1:
            named[name] = members
    return named


def _add_member(
    lumped: nx.DiGraph, group: str, node: str, data: Mapping[str, Any], groups: Mapping[str, list[str]]
) -> None:
    if group not in lumped:
        lumped.add_node(group, **data)
        if group in groups:
            lumped.nodes[group].update(label=group, members=", ".join(groups[group]))
        return
    own = lumped.nodes[group]
    for key in ("concentration", "production"):
        if key in own:
            own[key] += data[key]
    if own.get("composition") != data.get("composition"):
        own.pop("composition", None)
        own.pop("atoms", None)


def _add_flux(lumped: nx.DiGraph, source: str, target: str, data: Mapping[str, Any]) -> None:
    """Add an edge's fluxes; its reactions are kept as what each carries until `_finish`."""
    if not lumped.has_edge(source, target):
        lumped.add_edge(source, target, flux=0.0, carried={})
    own = lumped.edges[source, target]
    own["flux"] += data["flux"]
    for key in ("forward", "reverse"):
        if key in data:
            own[key] = own.get(key, 0.0) + data[key]
    for number, equation, share in json.loads(data.get("reactions", "[]")):
        own["carried"][number, equation] = own["carried"].get((number, equation), 0.0) + share * data["flux"]


def _subtract_opposite(graph: nx.DiGraph) -> None:
    for a, b in [(a, b) for a, b in graph.edges if a < b and graph.has_edge(b, a)]:
        strong, weak = sorted([(a, b), (b, a)], key=lambda edge: -graph.edges[edge]["flux"])
        more, less = graph.edges[strong], graph.edges[weak]
        more["flux"] -= less["flux"]
        for key, other in (("forward", "reverse"), ("reverse", "forward")):
            if key in more:
                more[key] += less[other]
        for reaction, carried in less["carried"].items():
            more["carried"][reaction] = more["carried"].get(reaction, 0.0) - carried
        graph.remove_edge(*weak)
        if more["flux"] <= 0:
            graph.remove_edge(*strong)


def _finish(graph: nx.DiGraph) -> None:
    """Shares and fractions of the summed fluxes."""
    for node in graph:
        outflow = graph.out_degree(node, weight="flux")
        for _, _, data in graph.out_edges(node, data=True):
            carried = sorted(data.pop("carried").items(), key=lambda item: (-abs(item[1]), item[0]))
            data["fraction"] = data["flux"] / outflow
            data["reactions"] = json.dumps([[*reaction, part / data["flux"]] for reaction, part in carried if part])


def difference(first: nx.DiGraph, second: nx.DiGraph) -> nx.DiGraph:
    """What a second mechanism's flux graph has more, or less, than a first one's: of a learnt and a detailed one, say.

    Parameters
    ----------
    first, second : networkx.DiGraph
        Flux graphs of the same element, both net or both not, in the same unit: on the same run, at the same time.

    Returns
    -------
    networkx.DiGraph
        Nodes and edges of both. Edges: ``first``, ``second`` and ``flux`` = second − first; in net graphs an edge has
        the direction of the larger of the two fluxes, and a flux against it is negative.

    Raises
    ------
    StudyError
        If the graphs are of different elements, units or kinds.

    Examples
    --------
    >>> one, other = nx.DiGraph(net=True), nx.DiGraph(net=True)
    >>> one.add_edge("A", "B", flux=5.0)
    >>> other.add_edge("B", "A", flux=1.0)
    >>> difference(one, other).edges["A", "B"]
    {'flux': -6.0, 'first': 5.0, 'second': -1.0}
    """
    for key in ("element", "unit", "net", "integrated"):
        if first.graph.get(key) != second.graph.get(key):
            raise StudyError(
                f"Graphs whose {key} are {first.graph.get(key)!r} and {second.graph.get(key)!r} cannot be subtracted. "
                "Make both in the same way."
            )
    names = {key: first.graph[key] for key in first.graph if first.graph[key] == second.graph.get(key)}
    graph = nx.DiGraph(**names)
    if "name" in first.graph:
        graph.graph["name"] = f"{second.graph['name']} less {first.graph['name']}"
    for each in (first, second):
        for node, data in each.nodes(data=True):
            fixed = {key: data[key] for key in ("kind", "label", "composition", "atoms", "members") if key in data}
            graph.add_node(node, **fixed)
    net = bool(first.graph.get("net"))
    for a, b in dict.fromkeys([*first.edges, *second.edges]):
        if net and (graph.has_edge(a, b) or graph.has_edge(b, a)):
            continue
        one, other = _signed(first, a, b, net), _signed(second, a, b, net)
        if net and max(one, other, key=abs) < 0:
            a, b, one, other = b, a, -one, -other
        graph.add_edge(a, b, flux=other - one, first=one, second=other)
    return graph


def _signed(graph: nx.DiGraph, a: str, b: str, net: bool) -> float:
    flux = float(graph.edges[a, b]["flux"]) if graph.has_edge(a, b) else 0.0
    return flux - float(graph.edges[b, a]["flux"]) if net and graph.has_edge(b, a) else flux
