"""Graphs in files: for networkx, Gephi, Cytoscape and Graphviz, and as drawings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import networkx as nx
from matplotlib.figure import Figure

from ..errors import FormatError
from ..files import write_text
from .figures.flux_graph import draw_flux_graph
from .figures.reaction_graph import draw_graph
from .style import figure_svg, save

TEXT_FORMATS = ("graphml", "gexf", "json", "dot", "svg")
FORMATS = (*TEXT_FORMATS, "png")
"""Endings that `write_graph` knows."""


def graph_text(graph: nx.DiGraph, format: str, *, source: str | None = None, targets: tuple[str, ...] = ()) -> str:
    """The graph as text; the same graph gives the same text.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `reaction_graph`, `flux_graph` or an operation on it.
    format : str
        ``graphml``, ``gexf`` (1.2), ``json`` (node-link), ``dot`` (Graphviz) or ``svg`` (a drawing).
    source : str, optional
        For a drawing of fluxes: the species on the left.
    targets : tuple of str
        For a drawing of fluxes: where the strongest path ends.

    Raises
    ------
    FormatError
        If the format is another one.

    References
    ----------
    .. [1] U. Brandes et al., "GraphML progress report", Graph Drawing (2002).
       https://doi.org/10.1007/3-540-45848-4_59

    Examples
    --------
    >>> graph = nx.DiGraph(name="A to B")
    >>> graph.add_edge("A", "B", flux=2.0)
    >>> print(graph_text(graph, "dot"))
    digraph "A to B" {
      rankdir=LR;
      node [shape=box, style=rounded];
      "A";
      "B";
      "A" -> "B" [penwidth="8", flux="2.0"];
    }
    """
    if format == "graphml":
        return _xml("\n".join(nx.generate_graphml(graph, named_key_ids=True)))
    if format == "gexf":
        text = "\n".join(nx.generate_gexf(graph))
        return _xml(re.sub(r'(<meta\b[^>]*?) lastmodifieddate="[^"]*"', r"\1", text, count=1))
    if format == "json":
        return json.dumps(nx.node_link_data(graph, edges="edges"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if format == "dot":
        return _dot(graph)
    if format == "svg":
        return figure_svg(_drawn(graph, source, targets))
    raise FormatError(
        f"A graph as {format!r} text is not known. Take one of {', '.join(TEXT_FORMATS)}; a file can be PNG."
    )


def write_graph(graph: nx.DiGraph, path: str | Path) -> None:
    """Write the graph in the format that the file's ending names.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `reaction_graph`.
    path : str or Path
        Ends in ``.graphml``, ``.gexf``, ``.json``, ``.dot``, ``.svg`` or ``.png``. A whole file appears, or none.

    Raises
    ------
    FormatError
        If the ending is another one, or the file cannot be written.
    """
    write_flux_graph(graph, path)


def write_flux_graph(
    graph: nx.DiGraph, path: str | Path, *, source: str | None = None, targets: tuple[str, ...] = ()
) -> None:
    """Write a graph of fluxes as `write_graph` does, its drawing from a species on the left to others on the right.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `flux_graph`, or an operation on it.
    path : str or Path
        As in `write_graph`.
    source : str, optional
        For a drawing: the species on the left.
    targets : tuple of str
        For a drawing: where the strongest path ends.

    Raises
    ------
    FormatError
        If the ending is another one, or the file cannot be written.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        endings = ", ".join(f".{name}" for name in FORMATS)
        raise FormatError(f"{path}: the ending says which format to write, and this one is not known. Use {endings}.")
    if ending in ("svg", "png"):
        save(_drawn(graph, source, targets), path)
    else:
        write_text(path, graph_text(graph, ending))


def _of_fluxes(graph: nx.DiGraph) -> bool:
    """Whether edges are fluxes between species, not the sides of reactions."""
    return "element" in graph.graph or any(kind is None for _, kind in graph.nodes(data="kind"))


def _drawn(graph: nx.DiGraph, source: str | None, targets: tuple[str, ...]) -> Figure:
    return draw_flux_graph(graph, source=source, targets=targets) if _of_fluxes(graph) else draw_graph(graph)


def _xml(body: str) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + body + "\n"


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _dot(graph: nx.DiGraph) -> str:
    """Graphviz source; the attributes of nodes and edges ride along under their own names."""
    fluxes = _of_fluxes(graph)
    largest = max((abs(flux) for *_, flux in graph.edges(data="flux", default=0.0)), default=0.0) or 1.0
    lines = [f"digraph {_quoted(graph.graph.get('name', 'graph'))} {{", "  rankdir=LR;"]
    lines += ["  node [shape=box, style=rounded];"] if fluxes else []
    for node, data in graph.nodes(data=True):
        if fluxes:
            look = {}
        elif data["kind"] == "species":
            look = {"shape": "box", "style": "rounded"}
        else:
            look = {"shape": "circle", "tooltip": node}
        lines.append(f"  {_quoted(node)}{_attributes({**look, **data})};")
    for a, b, data in graph.edges(data=True):
        if fluxes:
            look = {"penwidth": f"{max(8 * (abs(data['flux']) / largest) ** 0.5, 0.5):.3g}"}
            look |= {"label": f"{100 * data['fraction']:.0f} %"} if "fraction" in data else {}
        else:
            look = {} if data["coefficient"] == 1 else {"label": f"{data['coefficient']:g}"}
        lines.append(f"  {_quoted(a)} -> {_quoted(b)}{_attributes({**look, **data})};")
    return "\n".join([*lines, "}"]) + "\n"


def _attributes(data: Mapping[str, object]) -> str:
    return f" [{', '.join(f'{key}={_quoted(value)}' for key, value in data.items())}]" if data else ""
