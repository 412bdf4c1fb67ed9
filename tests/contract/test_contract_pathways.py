"""Fluxes of elements along a run: they balance what Cantera produces, lead where chemistry leads, and are written."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import cantera as ct
import networkx as nx
import numpy as np
import pytest

import mechlearn as ml

from .studies import command

STUDY = """\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: 1200 K
  pressure: 1 atm
  initial: {X: "H2:2, O2:1, AR:4"}
  times: {end: 0.2 ms, count: 41}
"""
STATES = (5, 15, 25, 40)


@pytest.fixture(scope="module")
def ignition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study of an ignition, and its run as ``runs.h5``."""
    folder = tmp_path_factory.mktemp("ignition")
    (folder / "study.yaml").write_text(STUDY)
    assert command(folder, "simulate study.yaml -o runs.h5").status == 0
    return folder


@pytest.mark.parametrize("element", ["H", "O"])
@pytest.mark.parametrize("net", [False, True])
def test_what_flows_in_less_what_flows_out_is_what_cantera_produces(ignition: Path, element: str, net: bool) -> None:
    runs = ml.read_hdf5(ignition / "runs.h5")
    history = ml.progress_history("h2o2.yaml", runs)
    gas, (run,) = ct.Solution("h2o2.yaml"), runs.runs
    for state in STATES:
        gas.TPX = run.temperature[state], run.pressure[state], run.concentrations[state]
        graph = ml.flux_graph(history.at(state=state), element, net=net)
        produced = {name: gas.n_atoms(name, element) * gas[name].net_production_rates[0] for name in gas.species_names}
        largest = max(abs(value) for value in produced.values())
        through = sum(flux for *_, flux in ml.flux_graph(history.at(state=state), element).edges(data="flux"))
        assert graph.number_of_edges() > 5
        for name in graph:
            change = graph.in_degree(name, weight="flux") - graph.out_degree(name, weight="flux")
            assert change == pytest.approx(produced[name], rel=1e-6, abs=1e-9 * largest + 1e-12 * through)


def test_net_fluxes_are_the_differences_of_both_ways_and_never_negative(ignition: Path) -> None:
    history = ml.progress_history("h2o2.yaml", ml.read_hdf5(ignition / "runs.h5"))
    both = ml.flux_graph(history.at(state=25), "H")
    net = ml.flux_graph(history.at(state=25), "H", net=True)
    for left, right, flux in net.edges(data="flux"):
        back = both.edges[right, left]["flux"] if both.has_edge(right, left) else 0.0
        forth = both.edges[left, right]["flux"]
        assert flux == pytest.approx(forth - back, abs=1e-9 * forth)
        assert flux > 0
        assert not net.has_edge(right, left)
    few = ml.threshold(net, relative=0.1)
    assert 0 < few.size() < net.size()
    fluxes = [flux for *_, flux in few.edges(data="flux")]
    assert min(fluxes) >= 0.1 * max(fluxes)


def test_paths_lead_from_fuel_to_product(ignition: Path) -> None:
    history = ml.progress_history("h2o2.yaml", ml.read_hdf5(ignition / "runs.h5"))
    graph = ml.flux_graph(history.at(conversion=("H2", 0.5)), "H", net=True)
    paths = ml.strongest_paths(graph, "H2", "H2O", k=3)
    assert len(paths) == 3
    assert all(path.species[0] == "H2" and path.species[-1] == "H2O" for path in paths)
    assert all(nx.is_path(graph, list(path.species)) for path in paths)
    assert [path.share for path in paths] == sorted((path.share for path in paths), reverse=True)
    assert 0 < sum(path.share for path in paths) <= 1


def test_a_mechanism_differs_in_no_flux_from_itself(ignition: Path) -> None:
    history = ml.progress_history("h2o2.yaml", ml.read_hdf5(ignition / "runs.h5"))
    graph = ml.flux_graph(history.at(state=20), "H", net=True)
    itself = ml.difference(graph, graph)
    assert itself.size() == graph.size()
    assert not np.any([flux for *_, flux in itself.edges(data="flux")])


def test_commands_write_fluxes_tables_and_the_page(ignition: Path, tmp_path: Path) -> None:
    runs = f"h2o2.yaml --runs {ignition}/runs.h5"
    drawn = command(tmp_path, f"graph {runs} --element H --time 1e-4 -o flux.graphml --json -")
    graph = nx.read_graphml(tmp_path / "flux.graphml")
    assert (drawn.status, drawn.json["nodes"], drawn.json["edges"]) == (0, len(graph), graph.size())
    found = command(tmp_path, f"graph {runs} --time 1e-4 --element H --net --from H2 --to H2O --paths 3 -o f.svg")
    assert (found.status, len(re.findall(r"%  H2 → .* → H2O$|%  H2 → H2O$", found.out, re.M))) == (0, 3)
    assert command(tmp_path, f"graph {runs} --time 1e-4 --from H2 -o table.csv").status == 0
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    (run,) = ml.read_hdf5(ignition / "runs.h5").runs
    (state,) = np.flatnonzero(np.isclose(run.time, 1e-4))
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = run.temperature[state], run.pressure[state], run.concentrations[state]
    assert sum(float(row["rate"]) for row in rows) == pytest.approx(gas["H2"].net_production_rates[0], rel=1e-6)
    assert command(tmp_path, f"graph {runs} -o page.html").status == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert 'src="http' not in page
