import io
import itertools
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

from mechlearn.chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, Species, ThirdBody
from mechlearn.errors import FormatError
from mechlearn.pathways.graphs import reaction_graph
from mechlearn.report.figures.reaction_graph import draw_graph, merged_reactions
from mechlearn.report.figures.reaction_table import Row
from mechlearn.report.graph_files import FORMATS, TEXT_FORMATS, graph_text, write_graph
from mechlearn.report.layout import layered


def halves(left: dict[str, float], right: dict[str, float], forward: float, reverse: float) -> list[Reaction]:
    return [Reaction(left, right, Arrhenius(forward)), Reaction(right, left, Arrhenius(reverse))]


HYDROGEN = Mechanism(
    tuple(Species(name) for name in ("H2", "O2", "H2O", "H", "O", "OH")),
    (
        *halves({"H2": 1}, {"H": 2}, 2.0, 216.0),
        *halves({"O2": 1}, {"O": 2}, 1.0, 337.5),
        *halves({"H2O": 1}, {"H": 1, "OH": 1}, 1.0, 1400.0),
        *halves({"H2": 1, "O": 1}, {"H": 1, "OH": 1}, 1e3, 1.08e4),
        *halves({"O2": 1, "H": 1}, {"O": 1, "OH": 1}, 1e3, 3.375e4),
        *halves({"H2": 1, "O": 1}, {"H2O": 1}, 1e2, 0.7714),
    ),
    temperature=1000.0,
    name="hydrogen-oxidation",
)

AWKWARD = Mechanism(
    (
        Species('A "quoted" \\ <&>', {"C": 1, "H": 4}),
        Species("R1: B => B"),
        Species("B"),
        Species("$M$"),
        Species("Bystander"),
    ),
    (
        Reaction({"R1: B => B": 1}, {"R1: B => B": 2}, Arrhenius(2.0, 1.5, 3e7)),
        Reaction({"B": 1}, {"B": 1}, Arrhenius(1.0)),
        Reaction({'A "quoted" \\ <&>': 1, "B": 1}, {"$M$": 1.5, "B": 1}, Arrhenius(4.0), note="a catalyst"),
        Reaction({"B": 2}, {"$M$": 1}, Arrhenius(4.0), third_body=ThirdBody({"B": 2.5}), reversible=True),
        Reaction({"B": 2}, {"$M$": 1}, Arrhenius(4.0), reverse_rate=Arrhenius(3.0), orders={"B": 0.5}),
        Reaction({"B": 2}, {"$M$": 1}, Arrhenius(4.0), reverse_rate=Arrhenius(3.0)),
        Reaction(
            {"B": 1}, {"$M$": 1}, None, definition={"equation": "B => $M$", "type": "pressure-dependent-Arrhenius"}
        ),
        Reaction({"B": 1}, {"$M$": 1}, Arrhenius(1.0, 0.0, -1e12)),
        Reaction(
            {"B": 3},
            {"$M$": 1},
            Arrhenius(4.0),
            third_body=ThirdBody(),
            falloff=Falloff(Arrhenius(5.0, 1.0, 2e7), (0.5, 100.0, 1000.0)),
        ),
    ),
)

MECHANISMS = {"hydrogen": HYDROGEN, "awkward": AWKWARD, "no reactions": Mechanism((Species("A"),), ())}


@pytest.fixture(params=list(MECHANISMS))
def mechanism(request: pytest.FixtureRequest) -> Mechanism:
    return MECHANISMS[request.param]


def content(graph: nx.DiGraph) -> tuple[object, object]:
    """Nodes and edges with their attributes; GEXF numbers its edges, which is not ours."""
    edges = {(a, b): {k: v for k, v in data.items() if k != "id"} for a, b, data in graph.edges(data=True)}
    return dict(graph.nodes(data=True)), edges


def reaction_nodes(graph: nx.DiGraph) -> list[str]:
    return [node for node, kind in graph.nodes(data="kind") if kind == "reaction"]


def test_graph_is_bipartite_with_one_node_for_each_species_and_reaction(mechanism: Mechanism) -> None:
    graph = reaction_graph(mechanism)
    sides = nx.get_node_attributes(graph, "bipartite")
    assert sorted(sides.values()) == [0] * len(mechanism.species) + [1] * len(mechanism.reactions)
    assert all(sides[a] != sides[b] for a, b in graph.edges)
    assert {node for node in graph if sides[node] == 0} == set(mechanism.species_names)


def test_coefficients_out_less_in_give_the_net_matrix(mechanism: Mechanism) -> None:
    graph = reaction_graph(mechanism)
    net = np.array(
        [
            [
                graph.edges.get((node, name), {"coefficient": 0.0})["coefficient"]
                - graph.edges.get((name, node), {"coefficient": 0.0})["coefficient"]
                for name in mechanism.species_names
            ]
            for node in reaction_nodes(graph)
        ]
    ).reshape(mechanism.net.shape)
    np.testing.assert_array_equal(net, mechanism.net)


def test_permuting_species_and_reactions_leaves_the_graph() -> None:
    def reactions(graph: nx.DiGraph) -> list[tuple[object, ...]]:
        return sorted(
            (graph.nodes[node]["equation"], graph.nodes[node]["A"], sorted(graph.pred[node]), sorted(graph.succ[node]))
            for node in reaction_nodes(graph)
        )

    order = np.random.default_rng(3).permutation(12)
    permuted = Mechanism(HYDROGEN.species[::-1], tuple(HYDROGEN.reactions[i] for i in order))
    assert reactions(reaction_graph(permuted)) == reactions(reaction_graph(HYDROGEN))
    same_order = reaction_graph(Mechanism(HYDROGEN.species[::-1], HYDROGEN.reactions, temperature=1000.0))
    assert content(same_order) == content(reaction_graph(HYDROGEN))


def test_rate_constant_stands_at_the_mechanisms_temperature() -> None:
    rate = Arrhenius(2.0, 0.5, 4e7)
    one = Mechanism((Species("A"), Species("B")), (Reaction({"A": 1}, {"B": 1}, rate),), temperature=1200.0)
    attributes = reaction_graph(one).nodes["R1: A => B"]
    assert attributes["rate_constant"] == float(rate.at(1200.0))
    assert (attributes["A"], attributes["b"], attributes["Ea"]) == (2.0, 0.5, 4e7)


def test_attributes_tell_what_is_known_and_leave_out_the_rest() -> None:
    nodes = reaction_graph(AWKWARD).nodes
    reactions = [nodes[node] for node in reaction_nodes(reaction_graph(AWKWARD))]
    assert nodes['A "quoted" \\ <&>']["composition"] == "C:1, H:4"
    assert "composition" not in nodes["B"]
    assert [r["type"] for r in reactions[2:4]] == ["elementary", "three-body"]
    assert reactions[3]["third_body"] == "M:1, B:2.5"
    assert reactions[4]["rate_constant_reverse"] == 3.0
    assert reactions[4]["orders"] == "B:0.5"
    assert [r["reversible"] for r in reactions] == [False, False, False, True, True, True, *[False] * 3]
    assert reactions[6]["type"] == "pressure-dependent-Arrhenius"
    assert "A" not in reactions[6]
    falloff = reactions[8]
    assert (falloff["type"], falloff["equation"]) == ("falloff", "3 B (+M) => $M$ (+M)")
    assert (falloff["A"], falloff["b"], falloff["Ea"], falloff["rate_constant"]) == (4.0, 0.0, 0.0, 4.0)
    assert (falloff["A_low"], falloff["b_low"], falloff["Ea_low"]) == (5.0, 1.0, 2e7)
    assert (falloff["troe"], falloff["third_body"]) == ("A:0.5, T3:100, T1:1000", "M:1")
    assert "rate_constant" not in reactions[7], "a constant that overflows is no number that a file can hold"


def test_attributes_are_of_types_that_every_format_takes(mechanism: Mechanism) -> None:
    graph = reaction_graph(mechanism)
    records = (
        [data for _, data in graph.nodes(data=True)] + [data for *_, data in graph.edges(data=True)] + [graph.graph]
    )
    assert {type(value) for record in records for value in record.values()} <= {str, int, float, bool}


def test_graphml_round_trip(mechanism: Mechanism, tmp_path: Path) -> None:
    graph = reaction_graph(mechanism)
    write_graph(graph, tmp_path / "graph.graphml")
    read = nx.read_graphml(tmp_path / "graph.graphml")
    assert content(read) == content(graph)
    assert read.graph["temperature"] == mechanism.temperature


def test_gexf_round_trip(mechanism: Mechanism, tmp_path: Path) -> None:
    graph = reaction_graph(mechanism)
    write_graph(graph, tmp_path / "graph.gexf")
    assert content(nx.read_gexf(tmp_path / "graph.gexf")) == content(graph)


def test_json_round_trip(mechanism: Mechanism, tmp_path: Path) -> None:
    graph = reaction_graph(mechanism)
    write_graph(graph, tmp_path / "graph.json")
    read = nx.node_link_graph(json.loads((tmp_path / "graph.json").read_text("utf-8")), edges="edges")
    assert content(read) == content(graph)
    assert read.graph == graph.graph


def test_dot_quotes_every_name_and_has_every_node_and_edge(mechanism: Mechanism) -> None:
    graph = reaction_graph(mechanism)
    quoted = r'"((?:[^"\\]|\\.)*)"'
    text = graph_text(graph, "dot")
    nodes = re.findall(rf"^  {quoted} \[", text, flags=re.M)
    edges = re.findall(rf"^  {quoted} -> {quoted} \[", text, flags=re.M)

    def plain(name: str) -> str:
        return re.sub(r"\\(.)", r"\1", name)

    assert [plain(node) for node in nodes] == list(graph.nodes)
    assert [(plain(a), plain(b)) for a, b in edges] == list(graph.edges)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_the_dot_text(mechanism: Mechanism) -> None:
    text = graph_text(reaction_graph(mechanism), "dot")
    done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split()[0] for line in done.stdout.splitlines()]
    graph = reaction_graph(mechanism)
    assert (lines.count("node"), lines.count("edge")) == (len(graph), graph.size())


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_the_same_graph_gives_the_same_text_without_a_date(format: str) -> None:
    first, second = (graph_text(reaction_graph(HYDROGEN), format) for _ in range(2))
    assert first == second
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", first)


def test_svg_and_png_hold_the_drawing(mechanism: Mechanism, tmp_path: Path) -> None:
    graph = reaction_graph(mechanism)
    write_graph(graph, tmp_path / "graph.svg")
    root = ET.parse(tmp_path / "graph.svg").getroot()
    texts = {"".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")}
    active = {name for reaction in mechanism.reactions for name in (*reaction.reactants, *reaction.products)}
    assert active <= texts
    write_graph(graph, tmp_path / "graph.png")
    data = (tmp_path / "graph.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert min(struct.unpack(">II", data[16:24])) > 200


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw_graph(reaction_graph(HYDROGEN)).savefig(io.BytesIO())
    assert dict(matplotlib.rcParams) == before


def test_one_way_halves_and_duplicates_share_a_mark() -> None:
    marks = merged_reactions(reaction_graph(HYDROGEN))
    assert len(marks) == 6
    assert all(mark.reversible and len(mark.rows) == 1 for mark in marks)
    assert marks[0].rows == [Row("H2 ⇌ 2 H", ("2", "0", "0"), ("216", "0", "0"))]
    awkward = merged_reactions(reaction_graph(AWKWARD))
    assert [len(mark.rows) for mark in awkward] == [1, 1, 1, 3, 2, 2]


def drawn_texts(mechanism: Mechanism) -> list[str]:
    root = ET.fromstring(graph_text(reaction_graph(mechanism), "svg"))
    return ["".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_table_tells_entries_of_one_equation_apart() -> None:
    species = tuple(Species(name) for name in ("H", "O2", "HO2", "AR", "H2O"))
    sides = {"H": 1, "O2": 1}, {"HO2": 1}
    low = Falloff(Arrhenius(2e12, -0.9, -7.11e6), (0.73, 94.0, 1756.0))
    entries = (
        Reaction(*sides, Arrhenius(2.8e12, -0.86), third_body=ThirdBody({"H2O": 0, "AR": 0.7}), reversible=True),
        Reaction(*sides, Arrhenius(7e11, 0.5, 3e6), third_body=ThirdBody({"AR": 1}, default=0), reversible=True),
        Reaction(*sides, Arrhenius(4.0), third_body=ThirdBody({"H2O": 6.0}), falloff=low),
    )
    found = [each.replace("\u00a0", " ") for each in drawn_texts(Mechanism(species, entries))]
    heads = ["reaction", "A forward", "b", "Ea [kJ/mol]", "k reverse", "colliders"]
    start = found.index("reaction")
    assert found[start : start + 6] == heads
    table = [each for each in found[start + 6 :] if each]
    first = ["H + O2 + M ⇌ HO2 + M", "2.8 × 10¹²", "−0.86", "0", "from thermo", "M: H2O 0, AR 0.7, others 1"]
    assert table[:6] == first
    assert table[6:12] == ["H + O2 + M ⇌ HO2 + M", "7 × 10¹¹", "0.5", "3", "from thermo", "M = AR"]
    assert table[12:16] == ["H + O2 (+M) → HO2 (+M)", "4", "0", "0"]
    assert table[17:22] == ["low-pressure limit", "2 × 10¹²", "−0.9", "−7.11", "Troe: A 0.73, T3 94, T1 1756"]


def test_the_table_of_one_temperature_has_one_number_a_direction() -> None:
    found = drawn_texts(HYDROGEN)
    assert {"k forward", "k reverse", "rate constants at 1000 K in kmol, m³, s"} <= set(found)
    assert not {"b", "Ea [kJ/mol]", "colliders"} & set(found)


def test_beyond_sixty_reactions_the_title_says_how_many_are_drawn() -> None:
    names = [f"S{i}" for i in range(63)]
    chain = tuple(Reaction({a: 1}, {b: 1}, Arrhenius(1.0)) for a, b in itertools.pairwise(names))
    svg = graph_text(reaction_graph(Mechanism(tuple(Species(n) for n in names), chain)), "svg")
    assert "62 reactions, the first 60 drawn" in svg


@pytest.mark.parametrize("seed", range(3))
def test_layout_keeps_nodes_apart_and_edges_off_nodes(seed: int) -> None:
    generator = np.random.default_rng(seed)
    edges = [(i, int(generator.integers(i))) for i in range(1, 14)]
    half_sizes = generator.uniform(0.1, 0.35, size=(14, 2))
    layers = layered(edges, np.ones(13), np.full(13, 0.05), half_sizes, space=0.7)
    centres, sizes = layers.positions, layers.half_sizes
    gap = np.abs(centres[:, None] - centres[None, :]) - sizes[:, None] - sizes[None, :]
    assert gap.max(axis=2)[~np.eye(14, dtype=bool)].min() > 0.05
    for ends, route in zip(edges, layers.routes, strict=True):
        points = np.concatenate([np.linspace(a, b, 50) for a, b in itertools.pairwise(route)])
        inside = np.all(np.abs(points[:, None] - centres[None, :]) < sizes[None, :] - 1e-6, axis=2).any(axis=0)
        assert not [node for node in np.flatnonzero(inside) if node not in ends]


def test_layout_of_a_chain_is_a_straight_line_to_the_right() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (3, 4)]
    positions = layered(edges, np.ones(4), np.full(4, 0.05), np.full((5, 2), 0.15), space=0.7).positions
    assert np.all(np.diff(positions[:, 0]) > 0.5)
    np.testing.assert_allclose(positions[:, 1], 0.0, atol=1e-9)


@pytest.mark.parametrize("edges", [[(0, 1), (1, 0)], [(0, 1), (1, 2), (2, 3), (3, 0)]])
def test_layout_turns_an_edge_of_every_cycle(edges: list[tuple[int, int]]) -> None:
    count = len(edges)
    layers = layered(edges, np.ones(count), np.full(count, 0.05), np.full((count, 2), 0.15), space=0.7)
    assert 0 < sum(layers.backward) < count
    for (a, b), backward in zip(edges, layers.backward, strict=True):
        assert bool(layers.positions[a, 0] > layers.positions[b, 0]) is backward


@pytest.mark.parametrize("name", ["graph.xml", "graph", "graph.graphml.gz"])
def test_unknown_ending_is_refused_with_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=rf"{re.escape(name)}.*\.graphml, \.gexf, \.json, \.dot, \.svg, \.png"):
        write_graph(reaction_graph(HYDROGEN), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_unknown_text_format_is_refused() -> None:
    with pytest.raises(FormatError, match=r"'png' text is not known\. Take one of graphml"):
        graph_text(reaction_graph(HYDROGEN), "png")
    assert "png" in FORMATS


def test_ending_counts_in_any_case(tmp_path: Path) -> None:
    write_graph(reaction_graph(HYDROGEN), tmp_path / "graph.DOT")
    assert (tmp_path / "graph.DOT").read_text("utf-8") == graph_text(reaction_graph(HYDROGEN), "dot")
