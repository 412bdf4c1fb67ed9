"""Fluxes against Cantera: what flows in less what flows out is what Cantera produces, and its diagrams agree."""

import json
from dataclasses import replace
from pathlib import Path

import cantera as ct
import networkx as nx
import numpy as np
import pytest

from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.errors import DataError, StudyError
from mechlearn.pathways.flux_request import Request, answer
from mechlearn.pathways.flux_species import flux_species_of
from mechlearn.pathways.fluxes import ambiguous_reactions, flux_graph
from mechlearn.pathways.paths import main_chain, strongest_paths
from mechlearn.pathways.production import production_table, progress_graph
from mechlearn.pathways.rates_of_progress import RatesOfProgress
from mechlearn.pathways.recording import progress_history, refined_run

from ..pathway_runs import SHIPPED, all_present, at_ignition, history_of, progress_of, runs_of

EVERY_RATE = """
units: {length: cm, quantity: mol, activation-energy: cal/mol}
phases:
- {name: gas, thermo: ideal-gas, kinetics: gas, elements: [O, H, Ar, N],
   species: [{h2o2.yaml/species: all}], state: {T: 1500, P: 10 atm}}
reactions:
- {equation: 2 OH (+M) <=> H2O2 (+M), type: falloff, Troe: {A: 0.7, T3: 94, T1: 1756, T2: 5182},
   high-P-rate-constant: {A: 7.4e13, b: -0.4, Ea: 0}, low-P-rate-constant: {A: 2.3e18, b: -0.9, Ea: -1700}}
- {equation: H + O2 + M <=> HO2 + M, type: three-body, rate-constant: {A: 2.8e18, b: -0.9, Ea: 0},
   efficiencies: {AR: 0, H2O: 5}}
- {equation: H2 + O <=> H + OH, type: Chebyshev, temperature-range: [300, 2500], pressure-range: [0.01 atm, 100 atm],
   data: [[8.2, -1.2, -0.1], [1.9, 0.9, 0.2], [-0.3, 0.1, 0.0]]}
- {equation: H + O2 <=> O + OH, type: pressure-dependent-Arrhenius,
   rate-constants: [{P: 0.1 atm, A: 1e14, b: 0, Ea: 15000}, {P: 100 atm, A: 3e14, b: 0, Ea: 15500}]}
- {equation: HO2 + H => H2O + O, rate-constant: {A: 4e12, b: 0, Ea: 700}, orders: {HO2: 0.5, H: 1.25}}
- {equation: HO2 + OH <=> H2O + O2, rate-constant: {A: 1e13, b: 0, Ea: 0}, duplicate: true}
- {equation: HO2 + OH <=> H2O + O2, rate-constant: {A: -2e12, b: 0, Ea: 0}, duplicate: true, negative-A: true}
"""


def imbalance(progress: RatesOfProgress, element: str, *, net: bool = False) -> float:
    """The largest of in less out less net production, as part of the production.

    Where that is less than 1e-5 of what passes both ways, or 1e-9 of the largest production, rounding shows; the part
    is then of the latter number.
    """
    graph, both = flux_graph(progress, element, net=net), flux_graph(progress, element)
    least = 1e-9 * float(np.abs(progress.production).max())
    worst = 0.0
    for node, production in graph.nodes(data="production"):
        inward, outward = graph.in_degree(node, weight="flux"), graph.out_degree(node, weight="flux")
        scale = max(abs(production), least, 1e-5 * both.degree(node, weight="flux"))
        if scale > 0:
            worst = max(worst, abs(inward - outward - production) / scale)
    return worst


@pytest.mark.parametrize("mechanism", ["h2o2.yaml", "gri30.yaml"])
@pytest.mark.parametrize("net", [False, True])
def test_in_less_out_is_the_net_production_at_every_state(mechanism: str, net: bool) -> None:
    history = history_of(mechanism)
    states = range(0, len(history.run.time), 10 if mechanism == "gri30.yaml" else 1)
    for element in history.network.elements:
        assert max(imbalance(history.at(state=k), element, net=net) for k in states) < 1e-8


@pytest.mark.parametrize("mechanism", ["h2o2.yaml", "gri30.yaml"])
@pytest.mark.parametrize("net", [False, True])
def test_integrated_in_less_out_is_the_integrated_net_production(mechanism: str, net: bool) -> None:
    history = history_of(mechanism)
    half = 0.5 * float(history.run.time[-1])
    for element in history.network.elements:
        for part in (history.over(), history.over(0.3 * half, half)):
            assert imbalance(part, element, net=net) < 1e-8


@pytest.mark.filterwarnings("ignore:NasaPoly2")
@pytest.mark.parametrize("mechanism", [*SHIPPED, "example_data/n-hexane-NUIG-2015.yaml"])
def test_the_law_holds_where_every_species_is_there(mechanism: str) -> None:
    progress = progress_of(all_present(mechanism, 1), mechanism)
    assert max(imbalance(progress, element) for element in progress.network.elements) < 1e-8


def test_every_rate_type_is_cantera_s_own(tmp_path: Path) -> None:
    path = tmp_path / "every.yaml"
    path.write_text(EVERY_RATE)
    gas = all_present(str(path), 2)
    progress = progress_of(gas, str(path))
    assert max(imbalance(progress, element, net=net) for element in "HO" for net in (False, True)) < 1e-8
    assert {r.type for r in progress.network.reactions} >= {"Chebyshev", "pressure-dependent-Arrhenius", "falloff-Troe"}
    assert all(r.rate for r in progress.network.reactions)


def test_what_is_integrated_is_the_change_of_the_amounts() -> None:
    history = history_of("h2o2.yaml")
    change = history.run.concentrations[-1] - history.run.concentrations[0]
    np.testing.assert_allclose(history.over().production, change, atol=0.02 * np.abs(change).max())


def test_a_refined_run_makes_what_its_concentrations_say() -> None:
    coarse = runs_of("h2o2.yaml")
    fine = refined_run("h2o2.yaml", coarse, tolerance=1e-4)
    assert set(coarse.runs[0].time) <= set(fine.runs[0].time)
    history = progress_history("h2o2.yaml", fine)
    change = history.run.concentrations[-1] - history.run.concentrations[0]
    np.testing.assert_allclose(history.over().production, change, atol=1e-4 * np.abs(change).max())
    assert history.closures().sum() < 1e-4 < history_of("h2o2.yaml").closures().sum()


def cantera_fluxes(gas: ct.Solution, element: str) -> dict[tuple[str, str], float]:
    lines = ct.ReactionPathDiagram(gas, element).get_data().strip().splitlines()[1:]
    fluxes = {}
    for source, target, forward, back in (line.split() for line in lines):
        fluxes[source, target], fluxes[target, source] = float(forward), -float(back)
    return fluxes


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("mechanism", SHIPPED)
def test_cantera_s_diagram_agrees_to_its_digits_where_it_is_not_ambiguous(mechanism: str, seed: int) -> None:
    gas = all_present(mechanism, seed, temperature=(1100.0, 1900.0)[seed], pressure=(1e5, 2e6)[seed])
    network = flux_species_of(gas, mechanism)
    negative = {int(i) for i in np.flatnonzero(np.minimum(gas.forward_rates_of_progress, 0))}
    for element in network.elements:
        gas.set_multiplier(1.0)
        for i in {*ambiguous_reactions(network, element), *negative}:
            gas.set_multiplier(0.0, i)
        theirs = {edge: flux for edge, flux in cantera_fluxes(gas, element).items() if flux > 0}
        ours = {(a, b): flux for a, b, flux in flux_graph(progress_of(gas, mechanism), element).edges(data="flux")}
        assert set(theirs) <= set(ours)
        np.testing.assert_allclose(
            [ours[edge] for edge in theirs], list(theirs.values()), rtol=2e-5 / 2, err_msg=f"{mechanism} {element}"
        )
        assert max([0.0, *(ours[edge] for edge in set(ours) - set(theirs))]) <= 1e-290


def test_the_ambiguous_reactions_of_hydrogen_are_known() -> None:
    network = history_of("h2o2.yaml").network
    equations = {network.reactions[i].equation for i in ambiguous_reactions(network, "O")}
    assert {"HO2 + O <=> O2 + OH", "2 OH <=> H2O + O", "2 HO2 <=> H2O2 + O2"} <= equations
    assert "H + O2 <=> O + OH" not in equations
    assert ambiguous_reactions(network, "N") == []


def test_shares_of_the_reactions_add_up_and_name_their_equations() -> None:
    progress = at_ignition()
    graph = flux_graph(progress, "C", net=True)
    for _, _, data in graph.edges(data=True):
        shares = json.loads(data["reactions"])
        assert sum(share for *_, share in shares) == pytest.approx(1.0, rel=1e-9)
        assert [abs(s) for *_, s in shares] == sorted((abs(s) for *_, s in shares), reverse=True)
        assert all(progress.network.reactions[number - 1].equation == equation for number, equation, _ in shares)
    assert json.loads(graph.edges["CH4", "CH3"]["reactions"])[0][:2] == [98, "CH4 + OH <=> CH3 + H2O"]


def test_net_is_the_difference_of_the_two_directions() -> None:
    both, net = (flux_graph(at_ignition(), "C", net=net) for net in (False, True))
    for a, b, data in net.edges(data=True):
        assert (b, a) not in net.edges
        back = both.edges[b, a]["flux"] if both.has_edge(b, a) else 0.0
        assert data["flux"] == pytest.approx(both.edges[a, b]["flux"] - back, rel=1e-9, abs=1e-13 * data["forward"])
        assert (data["forward"], data["reverse"]) == pytest.approx((both.edges[a, b]["flux"], back))


def test_fractions_of_what_leaves_a_species_add_up() -> None:
    graph = flux_graph(at_ignition(), "C", net=True)
    left = {node for node, edges in graph.out_degree() if edges}
    assert {"CH4", "CH3", "CO"} <= left
    for node in left:
        assert graph.out_degree(node, weight="fraction") == pytest.approx(1.0)


def test_normalised_as_asked() -> None:
    progress = at_ignition()
    plain = flux_graph(progress, "C", net=True)
    largest, total = max(f for *_, f in plain.edges(data="flux")), plain.size(weight="flux")
    for normalise, scale in (("max", largest), ("total", total), ("CH4", plain.out_degree("CH4", weight="flux"))):
        graph = flux_graph(progress, "C", net=True, normalise=normalise)
        assert graph.graph["unit"] == "1"
        assert graph.graph["scale"] == pytest.approx(scale)
        assert graph.edges["CH4", "CH3"]["flux"] == pytest.approx(plain.edges["CH4", "CH3"]["flux"] / scale)
        assert graph.nodes["CO"]["production"] == pytest.approx(plain.nodes["CO"]["production"] / scale)


def test_permuting_the_species_leaves_the_graph() -> None:
    gas = all_present("h2o2.yaml", 4)
    names = gas.species_names[::-1]
    other = ct.Solution(
        thermo="ideal-gas", kinetics="gas", species=[gas.species(n) for n in names], reactions=gas.reactions()
    )
    other.TP = gas.TP
    other.concentrations = gas.concentrations[::-1]
    for element in "HO":
        one, two = (flux_graph(progress_of(g, "h2o2.yaml"), element) for g in (gas, other))
        assert set(one.edges) == set(two.edges)
        for edge in one.edges:
            assert one.edges[edge]["flux"] == pytest.approx(two.edges[edge]["flux"], rel=1e-9)


def test_parts_of_a_run_add_up_and_states_lie_on_straight_lines() -> None:
    history = history_of("h2o2.yaml")
    time = history.run.time
    middle = float(0.3 * time[7] + 0.7 * time[8])
    parts = [history.over(to_time=middle), history.over(from_time=middle)]
    np.testing.assert_allclose(sum(p.forward for p in parts), history.over().forward, rtol=1e-12)
    between = history.at(time=middle)
    np.testing.assert_allclose(between.forward, 0.3 * history.forward[7] + 0.7 * history.forward[8], rtol=1e-9)
    assert (between.unit, history.over().unit, parts[0].to_time) == ("kmol/m3/s", "kmol/m3", middle)
    for k in (0, 5, -1):
        np.testing.assert_array_equal(history.at(state=k).forward, history.at(time=float(time[k])).forward)


def test_integrated_from_one_conversion_to_another() -> None:
    history = history_of("gri30.yaml")
    part = history.over(conversion=("CH4", 0.1, 0.9))
    times = [history.time_of("CH4", share) for share in (0.1, 0.9)]
    assert [part.from_time, part.to_time] == times
    np.testing.assert_array_equal(part.forward, history.over(*times).forward)
    column = history.network.index("CH4")
    assert -part.production[column] == pytest.approx(0.8 * history.run.concentrations[0, column], rel=1e-2)
    with pytest.raises(StudyError, match="Give one of the two"):
        history.over(0.0, conversion=("CH4", 0.1, 0.9))


def test_conversion_finds_its_time() -> None:
    history = history_of("gri30.yaml")
    assert history.conversion("CH4")[0] == 0
    time = history.time_of("CH4", 0.5)
    assert np.interp(time, history.run.time, history.conversion("CH4")) == pytest.approx(0.5)
    assert at_ignition().from_time == time
    with pytest.raises(StudyError, match=r"converts 0\.\d+ of N2 at most, never 0\.5\. Name a smaller conversion"):
        history.time_of("N2", 0.5)
    with pytest.raises(StudyError, match="starts without CO2"):
        history.conversion("CO2")


def test_progress_graph_has_the_rates_of_the_state() -> None:
    progress = history_of("h2o2.yaml").at(state=20)
    graph = progress_graph(progress)
    production = {node: data["production"] for node, data in graph.nodes(data=True) if data["kind"] == "species"}
    assert {"H2", "O2", "H2O", "OH"} <= set(production)
    for node, expected in production.items():
        rate = graph.in_degree(node, weight="rate") - graph.out_degree(node, weight="rate")
        assert rate == pytest.approx(expected, rel=1e-8, abs=1e-9)
    assert graph.graph["temperature"] == progress.temperature
    assert nx.is_bipartite(graph)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "Which state is meant"),
        ({"state": 1, "time": 0.0}, "Which state is meant"),
        ({"state": 999}, "has 41 states; there is no state 999"),
        ({"time": 1.0}, r"goes from 0 s to 0\.0002 s; 1 s is outside it"),
        ({"conversion": ("XX", 0.5)}, "h2o2.yaml has no species 'XX'"),
        ({"conversion": ("h2", 0.5)}, "Did you mean 'H2'"),
    ],
)
def test_states_that_are_not_there_are_refused(how: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        history_of("h2o2.yaml").at(**how)  # type: ignore[arg-type]


def test_what_cannot_be_computed_is_refused() -> None:
    runs = runs_of("h2o2.yaml")
    history = history_of("h2o2.yaml")
    with pytest.raises(StudyError, match=r"has no element 'C', so nothing of it can flow\. Name one of"):
        flux_graph(history.over(), "C")
    with pytest.raises(StudyError, match="is no span of time"):
        history.over(1e-4, 1e-4)
    with pytest.raises(StudyError, match=r"no run 'x' among 1. Name one of run001"):
        progress_history("h2o2.yaml", runs, run="x")
    with pytest.raises(StudyError, match="No N flows, so that there is nothing to normalise by"):
        flux_graph(history.over(), "N", normalise="max")
    with pytest.raises(StudyError, match="There is no mechanism"):
        progress_history("nowhere.yaml", runs)
    with pytest.raises(DataError, match=r"lacks .*CH4.*Give the mechanism of these runs"):
        progress_history("h2o2.yaml", runs_of("gri30.yaml"))
    with pytest.raises(DataError, match=r"species make up .* add the diluent"):
        progress_history("h2o2.yaml", runs.select([replace(runs.runs[0], pressure=2 * runs.runs[0].pressure)]))
    with pytest.raises(DataError, match="has no temperature at"):
        progress_history("h2o2.yaml", runs.select([replace(runs.runs[0], temperature=np.full(41, np.nan))]))
    states = progress_history("h2o2.yaml", runs.select([replace(runs.runs[0], parent="run000")]))
    with pytest.raises(DataError, match="no time history"):
        states.over()


def test_a_reduced_mechanism_takes_the_states_of_the_full_one() -> None:
    history = progress_history("h2o2.yaml", runs_of("gri30.yaml"), leave_out=True)
    assert imbalance(history.over(), "O") < 1e-8


def test_electrons_are_no_atoms_to_count() -> None:
    network = flux_species_of(ct.Solution("gri30_ion.yaml", transport_model=None), "gri30_ion.yaml")
    with pytest.raises(StudyError, match=r"negative number of E, so that its flux is no count of atoms"):
        network.atoms_of("E")


def test_an_unseen_diluent_matters_only_where_rates_depend_on_pressure(tmp_path: Path) -> None:
    runs = runs_of("h2o2.yaml")
    kept = [j for j, name in enumerate(runs.species_names) if name not in ("AR", "N2")]
    run = runs.runs[0]
    part = replace(run, concentrations=run.concentrations[:, kept], pressure=run.pressure * 3, rates=None)
    seen = Trajectories(tuple(runs.species[j] for j in kept), (part,))
    with pytest.raises(DataError, match="add the diluent as a column"):
        progress_history("h2o2.yaml", seen)
    plain = tmp_path / "plain.yaml"
    gas = ct.Solution("h2o2.yaml")
    step = [each for each in gas.reactions() if each.equation == "H2 + O <=> H + OH"]
    ct.Solution(thermo="ideal-gas", kinetics="gas", species=gas.species(), reactions=step).write_yaml(plain)
    assert progress_history(plain, seen).forward.shape == (len(run.time), 1)


def at_equilibrium() -> RatesOfProgress:
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = 1500, ct.one_atm, "H2:2, O2:1, AR:4"
    gas.equilibrate("TP", rtol=1e-13)
    return progress_of(gas, "h2o2.yaml")


def test_net_fluxes_of_equilibrium_are_no_pathways() -> None:
    progress = at_equilibrium()
    graph = flux_graph(progress, "H", net=True)
    assert graph.graph["equilibrium"]
    with pytest.raises(StudyError, match="in equilibrium"):
        strongest_paths(graph, "H2", "H2O")
    with pytest.raises(StudyError, match="in equilibrium"):
        main_chain(graph, "H2")
    assert not flux_graph(progress, "H").graph["equilibrium"]
    assert not flux_graph(at_ignition(), "C", net=True).graph["equilibrium"]
    rows = production_table(progress, "OH")
    assert all(np.isnan(row.share) for row in rows)
    assert min(row.reverse for row in rows) < 0


def test_paths_at_equilibrium_are_refused_with_what_to_do() -> None:
    progress = at_equilibrium()
    time, both = np.array([0.0, 1.0]), np.tile(progress.concentrations, (2, 1))
    run = Trajectory(time, both, np.full(2, progress.temperature), np.full(2, progress.pressure), None, "isothermal")
    runs = replace(runs_of("h2o2.yaml"), runs=(run,))
    assert runs.species_names == progress.network.species
    request = Request(element="H", source="H2", targets=("H2O",), net=True, paths=3, time=1.0)
    with pytest.raises(StudyError, match="in equilibrium"):
        answer("h2o2.yaml", runs, request)
    assert answer("h2o2.yaml", runs, replace(request, net=False)).paths
