"""Laws of the operations on pathway graphs."""

import json

import networkx as nx
import numpy as np
import pytest

from mechlearn.errors import StudyError
from mechlearn.pathways.drg import drg_coefficients, drgep_coefficients, drgep_interactions
from mechlearn.pathways.fluxes import flux_graph
from mechlearn.pathways.operations import between, difference, lump, neighbourhood, threshold
from mechlearn.pathways.paths import cycles, main_chain, paths_graph, strongest_paths
from mechlearn.pathways.production import production_csv, production_table

from ..pathway_runs import at_ignition, history_of


def carbon(net: bool = True) -> nx.DiGraph:
    return flux_graph(at_ignition(), "C", net=net)


def abstract(*edges: tuple[str, str, float], net: bool = False) -> nx.DiGraph:
    graph = nx.DiGraph(net=net)
    graph.add_weighted_edges_from(edges, weight="flux")
    return graph


def produced(graph: nx.DiGraph, node: str) -> float:
    return float(graph.in_degree(node, weight="flux") - graph.out_degree(node, weight="flux"))


def test_the_strongest_ways_of_methane_in_air_are_those_of_the_textbooks() -> None:
    paths = strongest_paths(carbon(), "CH4", "CO2", 8)
    assert str(paths[0]) == "CH4 → CH3 → CH3O → CH2O → HCO → CO → CO2"
    assert paths[1].species == ("CH4", "CH3", "CH2O", "HCO", "CO", "CO2")
    assert all(path.species[:2] == ("CH4", "CH3") and path.species[-2:] == ("CO", "CO2") for path in paths)
    assert any(path.species[2:5] == ("C2H6", "C2H5", "C2H4") for path in paths)
    assert [path.share for path in paths] == sorted((path.share for path in paths), reverse=True)
    assert len({path.species for path in paths}) == 8
    assert main_chain(carbon(), "CH4", "CO2") == paths[0]


def test_strongest_ways_are_the_best_of_all_simple_ways() -> None:
    graph = threshold(carbon(), relative=0.02)
    fractions = nx.get_edge_attributes(graph, "fraction")
    every = [
        float(np.prod([fractions[step] for step in path])) for path in nx.all_simple_edge_paths(graph, "CH4", "CO2")
    ]
    assert len(every) > 10
    found = [path.share for path in strongest_paths(graph, "CH4", "CO2", 10)]
    np.testing.assert_allclose(found, sorted(every, reverse=True)[:10], rtol=1e-9)


def test_ways_end_at_the_first_target() -> None:
    paths = strongest_paths(carbon(), "CH4", ["CO", "CO2"], 20)
    assert len(paths) == 20
    assert all(path.species[-1] in ("CO", "CO2") and "CO" not in path.species[:-1] for path in paths)
    assert strongest_paths(abstract(("A", "B", 1.0), ("C", "A", 1.0)), "A", "C") == ()


def test_graph_of_the_ways_has_their_edges_only() -> None:
    paths = strongest_paths(carbon(), "CH4", "CO2", 2)
    graph = paths_graph(carbon(), paths)
    assert set(graph) == {name for path in paths for name in path.species}
    assert graph.edges["CH4", "CH3"] == carbon().edges["CH4", "CH3"]


def test_threshold_keeps_the_strong_edges_and_their_nodes() -> None:
    graph = carbon()
    largest = max(flux for *_, flux in graph.edges(data="flux"))
    kept = threshold(graph, relative=0.05)
    assert 0 < kept.size() < graph.size()
    assert set(kept.edges) == {(a, b) for a, b, flux in graph.edges(data="flux") if flux >= 0.05 * largest}
    assert not list(nx.isolates(kept))
    assert nx.utils.graphs_equal(kept, threshold(graph, absolute=0.05 * largest))
    assert nx.utils.graphs_equal(threshold(kept, relative=0.05), kept)
    assert kept.graph == graph.graph
    with pytest.raises(StudyError, match="Thresholds of -1 and 0"):
        threshold(graph, absolute=-1)


def test_neighbourhood_is_what_networkx_says() -> None:
    graph = threshold(carbon(), relative=0.01)
    for radius in (0, 1, 2):
        both = nx.ego_graph(graph, "CH2O", radius, undirected=True)
        assert nx.utils.graphs_equal(neighbourhood(graph, "CH2O", radius), both)
        assert set(neighbourhood(graph, "CH2O", radius, "out")) == set(nx.ego_graph(graph, "CH2O", radius))
    assert set(neighbourhood(graph, "CH4", 1, "in")) == {"CH4", *graph.pred["CH4"]}
    assert set(neighbourhood(graph, ["CH4", "CO2"], 0)) == {"CH4", "CO2"}
    with pytest.raises(StudyError, match="no node 'N2': it is no species of the mechanism, or holds no C"):
        neighbourhood(graph, "N2")
    with pytest.raises(StudyError, match="direction 'up' is not known"):
        neighbourhood(graph, "CH4", 1, "up")  # type: ignore[arg-type]


def test_between_keeps_what_lies_on_a_way() -> None:
    graph = abstract(("A", "B", 1.0), ("B", "C", 1.0), ("X", "B", 1.0), ("B", "Y", 1.0))
    assert set(between(graph, "A", ["C"])) == {"A", "B", "C"}
    assert set(between(graph, None, ["C"])) == {"A", "X", "B", "C"}
    with pytest.raises(StudyError, match="No path leads from C to A"):
        between(graph, "C", ["A"])


@pytest.mark.parametrize("net", [False, True])
def test_lumping_conserves_the_totals(net: bool) -> None:
    graph = carbon(net)
    groups = {"C2": [name for name in graph if name.startswith("C2H")], "oxides": ["CO", "CO2"]}
    lumped = lump(graph, groups)
    for group, members in groups.items():
        assert lumped.nodes[group]["production"] == pytest.approx(sum(graph.nodes[m]["production"] for m in members))
    for node, production in lumped.nodes(data="production"):
        assert produced(lumped, node) == pytest.approx(production, rel=1e-8, abs=1e-8)
    if net:
        assert not [(a, b) for a, b in lumped.edges if lumped.has_edge(b, a)]
    for _, _, data in lumped.edges(data=True):
        assert sum(share for *_, share in json.loads(data["reactions"])) == pytest.approx(1.0)
        assert data["flux"] == pytest.approx(data["forward"] - (data["reverse"] if net else 0), rel=1e-6, abs=1e-9)


def test_isomers_are_found_by_their_composition() -> None:
    lumped = lump(carbon())
    assert {"CH2 + CH2(S)", "CH2OH + CH3O", "HCNO + HOCN + HNCO"} <= set(lumped)
    assert lumped.nodes["CH2 + CH2(S)"]["members"] == "CH2, CH2(S)"
    assert lumped.nodes["CH2 + CH2(S)"]["composition"] == "C:1, H:2"
    assert nx.utils.graphs_equal(lump(lumped), lumped)


def test_groups_that_make_no_sense_are_refused() -> None:
    with pytest.raises(StudyError, match="CH3 is in the groups a and b"):
        lump(carbon(), {"a": ["CH3"], "b": ["CH3"]})
    with pytest.raises(StudyError, match="group CO2 has the name of a species outside it"):
        lump(carbon(), {"CO2": ["CH3"]})
    with pytest.raises(StudyError, match="no node 'H2'"):
        lump(carbon(), {"a": ["H2"]})


def test_cycles_are_cycles_the_strongest_first() -> None:
    graph = carbon()
    found = cycles(graph, 6)
    assert len(found) == 6
    for cycle in found:
        assert cycle.species[0] == cycle.species[-1]
        assert len(set(cycle.species)) == len(cycle.species) - 1 >= 3
        assert nx.is_path(graph, cycle.species)
    assert [cycle.flux for cycle in found] == sorted((cycle.flux for cycle in found), reverse=True)
    assert cycles(abstract(("A", "B", 1.0), ("B", "A", 1.0), ("B", "C", 1.0))) == ()


def test_strongest_cycle_has_the_largest_weakest_edge_of_all() -> None:
    graph = threshold(carbon(), relative=0.03)
    every = [
        min(graph.edges[a, b]["flux"] for a, b in zip(c, c[1:] + c[:1], strict=True)) for c in nx.simple_cycles(graph)
    ]
    assert cycles(graph, 1)[0].flux == max(every)


def test_main_chain_stops_at_dead_ends() -> None:
    graph = abstract(("A", "B", 2.0), ("B", "A", 5.0), ("B", "C", 1.0), ("C", "B", 1.0))
    assert main_chain(graph, "A").species == ("A", "B", "C")
    assert main_chain(graph, "A", "B").species == ("A", "B")
    assert main_chain(graph, "A").flux == 1.0


@pytest.mark.parametrize("net", [False, True])
def test_difference_with_itself_is_zero(net: bool) -> None:
    graph = difference(carbon(net), carbon(net))
    assert graph.size() == carbon(net).size()
    assert {flux for *_, flux in graph.edges(data="flux")} == {0.0}


def test_difference_is_antisymmetric_and_adds_up() -> None:
    history = history_of("gri30.yaml")
    one, other = (flux_graph(history.at(conversion=("CH4", x)), "C", net=True) for x in (0.3, 0.6))
    graph, back = difference(one, other), difference(other, one)
    for node in graph:
        change = other.nodes[node]["production"] - one.nodes[node]["production"]
        assert produced(graph, node) == pytest.approx(change, rel=1e-7, abs=1e-7)
        assert produced(back, node) == pytest.approx(-change, rel=1e-7, abs=1e-7)
    with pytest.raises(StudyError, match="whose net are True and False cannot be subtracted"):
        difference(one, carbon(net=False))


def test_production_table_adds_up_to_the_production() -> None:
    progress = at_ignition()
    rows = production_table(progress, ["CH3", "CO"])
    for name in ("CH3", "CO"):
        own = [row for row in rows if row.species == name]
        column = progress.network.index(name)
        assert sum(row.rate for row in own) == pytest.approx(progress.production[column], rel=1e-8)
        assert sum(row.share for row in own if row.rate > 0) == pytest.approx(1)
        assert sum(row.share for row in own if row.rate < 0) == pytest.approx(-1)
    assert rows[0].equation == "CH4 + OH <=> CH3 + H2O"
    assert [row.rate > 0 for row in rows[:2]] == [True, True]
    lines = production_csv(rows).splitlines()
    assert lines[0] == "species,reaction,equation,forward,reverse,rate,share"
    assert len(lines) == len(rows) + 1
    assert {row.share for row in production_table(history_of("h2o2.yaml").at(state=3), "N2")} == set()


def by_hand(errors: bool) -> np.ndarray:
    """The coefficients by their formula, with full matrices."""
    progress = at_ignition()
    count = len(progress.network.species)
    table = np.zeros((count, count))
    for a in range(count):
        parts = np.array([r.net.get(a, 0.0) for r in progress.network.reactions]) * progress.net
        below = max(parts.clip(0).sum(), -parts.clip(None, 0).sum()) if errors else np.abs(parts).sum()
        for b in range(count):
            takes = np.array([b in r.reactants or b in r.products for r in progress.network.reactions])
            above = abs(parts[takes].sum()) if errors else np.abs(parts[takes]).sum()
            table[a, b] = above / below if a != b and below > 0 else 0.0
    return table


def test_relation_graph_coefficients_follow_their_formulas() -> None:
    names = at_ignition().network.species
    for graph, errors in ((drg_coefficients(at_ignition()), False), (drgep_interactions(at_ignition()), True)):
        ours = nx.to_numpy_array(graph, nodelist=names, weight="coefficient")
        np.testing.assert_allclose(ours, by_hand(errors), rtol=1e-9, atol=1e-12)
        assert ours.max() <= 1 + 1e-9


def test_error_propagates_along_the_best_way() -> None:
    progress = at_ignition()
    overall = drgep_coefficients(progress, ["CH4", "O2"])
    graph = drgep_interactions(progress)
    lengths = nx.DiGraph()
    lengths.add_weighted_edges_from((a, b, -np.log(min(c, 1.0))) for a, b, c in graph.edges(data="coefficient"))
    nearest = nx.multi_source_dijkstra_path_length(lengths, {"CH4", "O2"})
    for name, value in overall.items():
        assert value == pytest.approx(np.exp(-nearest[name]) if name in nearest else 0.0, rel=1e-9)
    assert overall["CH4"] == overall["O2"] == 1.0
    with pytest.raises(StudyError, match="no node 'XX'"):
        drgep_coefficients(progress, "XX")
