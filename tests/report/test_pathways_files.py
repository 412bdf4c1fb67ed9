"""Flux graphs in files and drawings, and what the viewer gets."""

import csv
import json
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from mechlearn.errors import FormatError, StudyError
from mechlearn.pathways.fluxes import flux_graph
from mechlearn.pathways.operations import difference, lump, threshold
from mechlearn.pathways.paths import strongest_paths
from mechlearn.pathways.production import production_table, progress_graph, write_production_table
from mechlearn.report.figures.flux_graph import draw_flux_graph
from mechlearn.report.graph_files import graph_text, write_flux_graph
from mechlearn.report.layout import layered
from mechlearn.report.viewer.viewer_content import viewer_content

from ..pathway_runs import SHIPPED, all_present, at_ignition, history_of, progress_of


def carbon() -> nx.DiGraph:
    return flux_graph(at_ignition(), "C", net=True)


def graphs() -> dict[str, nx.DiGraph]:
    later = flux_graph(history_of("gri30.yaml").at(conversion=("CH4", 0.95)), "C", net=True)
    return {
        "net": carbon(),
        "both directions": flux_graph(at_ignition(), "H"),
        "integrated": flux_graph(history_of("h2o2.yaml").over(), "O", normalise="max"),
        "lumped": lump(carbon()),
        "difference": difference(carbon(), later),
        "empty": flux_graph(history_of("h2o2.yaml").over(), "N"),
    }


@pytest.fixture(params=["net", "both directions", "integrated", "lumped", "difference", "empty"])
def graph(request: pytest.FixtureRequest) -> nx.DiGraph:
    return graphs()[request.param]


def content(graph: nx.DiGraph) -> tuple[object, object]:
    edges = {(a, b): {k: v for k, v in data.items() if k != "id"} for a, b, data in graph.edges(data=True)}
    return dict(graph.nodes(data=True)), edges


def read(path: Path) -> nx.DiGraph:
    if path.suffix == ".json":
        return nx.node_link_graph(json.loads(path.read_text("utf-8")), edges="edges")
    return nx.read_graphml(path) if path.suffix == ".graphml" else nx.read_gexf(path)


@pytest.mark.parametrize("ending", ["graphml", "gexf", "json"])
def test_what_is_written_is_read_back_by_networkx_with_nothing_lost(
    graph: nx.DiGraph, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"graph.{ending}"
    write_flux_graph(graph, path)
    assert content(read(path)) == content(graph)
    if ending != "gexf":  # which has no place for the graph's own attributes
        assert {**graph.graph, **read(path).graph} == read(path).graph


@pytest.mark.parametrize("mechanism", SHIPPED)
def test_shipped_mechanisms_are_read_back_with_nothing_lost(mechanism: str, tmp_path: Path) -> None:
    progress = progress_of(all_present(mechanism, 3), mechanism)
    for k, whole in enumerate((flux_graph(progress, "H"), progress_graph(progress))):
        write_flux_graph(whole, tmp_path / f"{k}.graphml")
        assert content(nx.read_graphml(tmp_path / f"{k}.graphml")) == content(whole)


@pytest.mark.parametrize("format", ["graphml", "gexf", "json", "dot", "svg"])
def test_the_same_graph_gives_the_same_text(format: str) -> None:
    first, second = (graph_text(threshold(carbon(), relative=0.05), format) for _ in range(2))
    assert first == second


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_the_dot_text(graph: nx.DiGraph) -> None:
    graph = threshold(graph, relative=0.05)
    text = graph_text(graph, "dot")
    done = subprocess.run(["dot", "-Tcanon"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(re.findall(r" -> ", text)) == graph.size()


@pytest.mark.parametrize("least", [0.0, 0.03])
def test_drawing_names_every_species_and_its_colours(least: float, tmp_path: Path) -> None:
    drawn = threshold(carbon(), relative=least or 0.02)
    write_flux_graph(drawn, tmp_path / "a.svg", source="CH4", targets=("CO2",))
    texts = {
        "".join(t.itertext()).strip() for t in ET.parse(tmp_path / "a.svg").iter("{http://www.w3.org/2000/svg}text")
    }
    assert set(drawn) <= texts
    assert {"strongest path from CH4 to CO2", "other fluxes", "Net flux of C in gri30.yaml"} <= texts
    assert any(re.fullmatch(r"100 %  \+OH, \+H", text) for text in texts)
    write_flux_graph(drawn, tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert min(struct.unpack(">II", data[16:24])) > 400


def test_of_many_fluxes_the_strongest_are_drawn_and_the_title_says_so() -> None:
    whole = flux_graph(at_ignition(), "H")
    texts = [text.get_text() for text in draw_flux_graph(whole).axes[0].texts]
    assert any(f"the 60 strongest of {whole.size()} fluxes drawn" in text for text in texts)
    assert draw_flux_graph(graphs()["empty"]).axes


def test_a_difference_is_drawn_in_the_colours_of_more_and_less() -> None:
    graph = graphs()["difference"]
    assert {flux > 0 for *_, flux in graph.edges(data="flux")} == {True, False}
    texts = [text.get_text() for text in draw_flux_graph(graph).axes[0].texts]
    assert {"more", "less", "Difference of the fluxes of C in gri30.yaml less gri30.yaml"} <= set(texts)
    assert any(re.fullmatch(r"[+-]\d+ %", text) for text in texts)


def test_of_a_difference_only_what_differs_is_drawn() -> None:
    texts = [text.get_text() for text in draw_flux_graph(difference(carbon(), carbon())).axes[0].texts]
    assert texts[0].startswith("Difference of the fluxes of C")
    assert "nowhere more than 0.1% of the largest flux" in texts[1]


def test_a_difference_of_two_spans_is_drawn_without_times_that_only_one_has() -> None:
    run = history_of("h2o2.yaml")
    spans = [flux_graph(run.over(to_time=end), "H", net=True) for end in (1e-4, 2e-4)]
    texts = [text.get_text() for text in draw_flux_graph(difference(*spans)).axes[0].texts]
    assert texts[0] == "Difference of the fluxes of H in h2o2.yaml less h2o2.yaml"
    assert "integrated" not in texts[1]


@pytest.mark.parametrize("least", [0.01, 0.03, 0.1])
def test_nodes_and_labels_of_a_drawing_do_not_overlap(least: float) -> None:
    figure = draw_flux_graph(threshold(carbon(), relative=least), source="CH4", targets=("CO2",))
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    hits = [
        (texts[i].get_text(), texts[j].get_text())
        for i in range(len(boxes))
        for j in range(i)
        if boxes[i].shrunk(0.9, 0.8).overlaps(boxes[j].shrunk(0.9, 0.8))
    ]
    assert not hits
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


@pytest.mark.parametrize("seed", range(4))
def test_layers_go_to_the_right_and_keep_nodes_apart(seed: int) -> None:
    generator = np.random.default_rng(seed)
    edges = list({(int(a), int(b)) for a, b in generator.integers(14, size=(30, 2)) if a != b})
    half_sizes = generator.uniform(0.1, 0.4, size=(14, 2))
    layers = layered(
        edges, generator.random(len(edges)) + 0.01, np.full(len(edges), 0.1), half_sizes, first=3, space=1.0
    )
    gap = np.abs(layers.positions[:, None] - layers.positions[None]) - layers.half_sizes[:, None] - layers.half_sizes
    assert gap.max(axis=2)[~np.eye(14, dtype=bool)].min() > 0.1
    for (a, b), route, back in zip(edges, layers.routes, layers.backward, strict=True):
        assert bool(layers.positions[a, 0] > layers.positions[b, 0]) is back
        assert np.all(np.diff(route[:, 0]) * (-1 if back else 1) > 0)
    assert all(back for (_, b), back in zip(edges, layers.backward, strict=True) if b == 3)


def test_production_table_as_csv(tmp_path: Path) -> None:
    rows = production_table(at_ignition(), ["CH3", "OH"])
    write_production_table(rows, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    assert [(row["species"], float(row["rate"])) for row in found] == [(row.species, row.rate) for row in rows]
    with pytest.raises(FormatError, match=r"written as CSV. Give a name that ends in \.csv"):
        write_production_table(rows, tmp_path / "t.txt")


@pytest.mark.parametrize("name", ["graph.xml", "graph"])
def test_unknown_endings_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"this one is not known. Use \.graphml"):
        write_flux_graph(carbon(), tmp_path / name)
    with pytest.raises(FormatError, match="'png' text is not known"):
        graph_text(carbon(), "png")


@pytest.mark.parametrize("mechanism", ["h2o2.yaml", "gri30.yaml"])
def test_viewer_content_is_whole_and_agrees_with_the_graphs(mechanism: str) -> None:
    history = history_of(mechanism)
    shown = viewer_content(history)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    frames = len(shown["frames"])
    assert frames <= 61
    assert [f["label"] for f in shown["frames"]].count("whole run") == 1
    assert shown["frames"][-1]["label"] == "whole run"
    assert shown["fuel"] == {"h2o2.yaml": "H2", "gri30.yaml": "CH4"}[mechanism]
    times = [frame["time"] for frame in shown["frames"][:-1]]
    assert times == sorted(times)
    lengths = {len(each["concentration"]) for each in shown["species"]}
    lengths |= {len(each[key]) for each in shown["reactions"] for key in ("forward", "reverse")}
    lengths |= {len(values) for pairs in shown["fluxes"].values() for _, _, values, _ in pairs}
    assert lengths == {frames}
    names = [each["name"] for each in shown["species"]]
    whole = flux_graph(history.over(), "O", net=True)
    for a, b, values, shares in shown["fluxes"]["O"][:20]:
        edge = whole.edges[names[a], names[b]]
        assert values[-1] == pytest.approx(edge["flux"], rel=1e-3)
        exact = {number - 1: share for number, _, share in json.loads(edge["reactions"])}
        assert [exact[i] for i, _ in shares] == pytest.approx([share for _, share in shares], rel=1e-3)
    biggest = max(whole.edges(data="flux"), key=lambda edge: edge[2])
    assert any((names[a], names[b]) == biggest[:2] for a, b, *_ in shown["fluxes"]["O"])


def test_viewer_content_refuses_what_is_no_history() -> None:
    with pytest.raises(StudyError, match="starts without CO2"):
        viewer_content(history_of("gri30.yaml"), fuel="CO2")
    with pytest.raises(StudyError, match="no species 'C8H18'"):
        viewer_content(history_of("gri30.yaml"), fuel="C8H18")


def test_strongest_ways_survive_a_file(tmp_path: Path) -> None:
    write_flux_graph(carbon(), tmp_path / "a.graphml")
    again = nx.read_graphml(tmp_path / "a.graphml")
    assert strongest_paths(again, "CH4", "CO2", 5) == strongest_paths(carbon(), "CH4", "CO2", 5)
