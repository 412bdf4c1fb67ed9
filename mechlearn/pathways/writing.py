"""Flux graphs in files: for networkx, Gephi, Cytoscape and Graphviz, and as drawings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import networkx as nx

from ..drawing import figure_png, figure_svg
from ..errors import FormatError
from ..files import atomic_path, write_text
from ..graph import FORMATS, TEXT_FORMATS, graph_text, write_graph
from .flux_drawing import draw_flux_graph


def flux_graph_text(graph: nx.DiGraph, format: str, *, source: str | None = None, targets: tuple[str, ...] = ()) -> str:
    """A flux graph as text; the same graph gives the same text.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `flux_graph`, or an operation on it.
    format : str
        ``graphml``, ``gexf`` (1.2), ``json`` (node-link), ``dot`` (Graphviz) or ``svg`` (a drawing).
    source : str, optional
        For a drawing: the species on the left.
    targets : tuple of str
        For a drawing: where the strongest way ends.

    Raises
    ------
    FormatError
        If the format is another one.

    Examples
    --------
    >>> graph = nx.DiGraph(name="A to B")
    >>> graph.add_edge("A", "B", flux=2.0)
    >>> print(flux_graph_text(graph, "dot"))
    digraph "A to B" {
      rankdir=LR;
      node [shape=box, style=rounded];
      "A";
      "B";
      "A" -> "B" [penwidth="8", flux="2.0"];
    }
    """
    if format == "dot":
        return _dot(graph)
    if format == "svg":
        return figure_svg(draw_flux_graph(graph, source=source, targets=targets))
    if format in TEXT_FORMATS:
        return graph_text(graph, format)
    raise FormatError(
        f"A graph as {format!r} text is not known. Take one of {', '.join(TEXT_FORMATS)}; a file can be PNG."
    )


def write_flux_graph(
    graph: nx.DiGraph, path: str | Path, *, source: str | None = None, targets: tuple[str, ...] = ()
) -> None:
    """Write a flux graph in the format that the file's ending names.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `flux_graph`, or an operation on it; one of species and reactions is left to `mechlearn.write_graph`.
    path : str or Path
        Ends in ``.graphml``, ``.gexf``, ``.json``, ``.dot``, ``.svg`` or ``.png``. A whole file appears, or none.
    source : str, optional
        For a drawing: the species on the left.
    targets : tuple of str
        For a drawing: where the strongest way ends.

    Raises
    ------
    FormatError
        If the ending is another one, or the file cannot be written.
    """
    if "element" not in graph.graph and any(kind == "reaction" for _, kind in graph.nodes(data="kind")):
        write_graph(graph, path)
        return
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        endings = ", ".join(f".{name}" for name in FORMATS)
        raise FormatError(f"{path}: the ending says which format to write, and this one is not known. Use {endings}.")
    if ending == "png":
        with atomic_path(path) as temporary:
            temporary.write_bytes(figure_png(draw_flux_graph(graph, source=source, targets=targets)))
    else:
        write_text(path, flux_graph_text(graph, ending, source=source, targets=targets))


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _dot(graph: nx.DiGraph) -> str:
    """Graphviz source; lines as wide as in the drawing, and the attributes of nodes and edges under their own names."""
    largest = max((abs(flux) for *_, flux in graph.edges(data="flux")), default=0.0) or 1.0
    lines = [
        f"digraph {_quoted(graph.graph.get('name', 'graph'))} {{",
        "  rankdir=LR;",
        "  node [shape=box, style=rounded];",
    ]
    lines += [f"  {_quoted(node)}{_attributes(data)};" for node, data in graph.nodes(data=True)]
    for a, b, data in graph.edges(data=True):
        looks = {"penwidth": f"{max(8 * (abs(data['flux']) / largest) ** 0.5, 0.5):.3g}"}
        if "fraction" in data:
            looks["label"] = f"{100 * data['fraction']:.0f} %"
        lines.append(f"  {_quoted(a)} -> {_quoted(b)}{_attributes({**looks, **data})};")
    return "\n".join([*lines, "}"]) + "\n"


def _attributes(data: Mapping[str, object]) -> str:
    return f" [{', '.join(f'{key}={_quoted(value)}' for key, value in data.items())}]" if data else ""
