"""Other networks that explain the data as well: found where there are any, excluded by balance, and discriminated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mechlearn as ml
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.one_way import OneWayReaction
from mechlearn.discovery.candidates.network.stoichiometry import free_rows
from mechlearn.discovery.fit.trajectory_result import CompetingNetwork
from mechlearn.simulation.mechanisms import find_mechanism
from mechlearn.uncertainty.alternatives.equivalent import mixtures

from ..discovery.test_discovery import data
from ..helpers import BANK, MICHAELIS_MENTEN, network, one_way
from ..study.test_final_status import chain
from .test_uncertainty import balances_of, states


def texts(found: ml.Alternatives) -> list[str]:
    return [each.text for each in found.found]


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_pair_of_craciun_and_pantea_is_named_where_balance_does_not_exclude_it(noise: float) -> None:
    truth = ml.read_mechanism(find_mechanism("michaelis-menten.yaml"))
    balances = balances_of(truth, states(4, 100), np.full(100, 300.0), noise)
    for conserve, named in (("none", True), ("auto", False)):
        others = ml.find_alternatives(truth, balances, ml.Search(conserve=conserve))  # type: ignore[arg-type]
        assert not others.as_small
        pair = [
            each
            for each in others.found
            if [r.equation for r in each.replaced] == ["ES => E + P"]
            and {r.equation for r in each.replacement} == {"ES => 2 P", "ES => 2 E"}
        ]
        assert bool(pair) == named
        assert bool(others.found) == named
        for each in pair:
            assert each.structurally_equivalent
            assert each.n_more == 1
            assert [r.rate.A for r in each.replacement if r.rate] == pytest.approx([5.0, 5.0], rel=10 * noise + 1e-9)


def test_without_compositions_no_concentrations_can_decide() -> None:
    balances = balances_of(MICHAELIS_MENTEN, states(4, 60), np.full(60, 300.0))
    others = ml.find_alternatives(MICHAELIS_MENTEN, balances)
    assert "no concentrations can discriminate" in others.found[0].discrimination
    assert not others.undetermined


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=2, max_size=2).filter(any), st.integers(0, 1000))
def test_what_replaces_a_reaction_makes_the_same_of_every_state(products: list[int], seed: int) -> None:
    names = "X A B"[: 2 * len(products) + 1]
    direction = OneWayReaction((1, *[0] * len(products)), (0, *products))
    c = states(len(products) + 1, 5, seed)
    for mixture in mixtures(direction, free_rows(len(products) + 1)):
        assert sum(share for _, share in mixture) == pytest.approx(1.0)
        mechanisms = [
            network(names, *(_reaction(names.split(), p, 3.0 * share) for p, share in parts))
            for parts in ([(direction.products, 1.0)], mixture)
        ]
        one, other = (production_rates(each, c, 300.0) for each in mechanisms)
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def _reaction(names: list[str], products: tuple[int, ...], k: float) -> ml.Reaction:
    return ml.Reaction({names[0]: 1}, {n: c for n, c in zip(names, products, strict=True) if c}, ml.Arrhenius(k))


def test_rate_laws_that_look_alike_on_the_data_are_reported_with_a_discriminating_state() -> None:
    truth = network("A B C D", one_way("A => B", 2.0), one_way("C => D", 1.0))
    c = states(4, 40)
    c[:, 0] = 0.5
    balances = balances_of(truth, c, np.full(40, 300.0))
    others = ml.find_alternatives(truth, balances)
    assert set(others.undetermined) == {"A", "C"}
    each = others.as_small[0]
    assert each.text == "A => B at 2 can be replaced by 2 A => 2 B at 2."
    assert not each.structurally_equivalent
    assert each.difference > 0.3
    assert each.where is not None
    assert abs(np.log(each.where.concentrations["A"] / 0.5)) > 1
    assert "Measure near A" in each.discrimination


def test_a_reaction_that_shares_another_one_s_products_has_an_alternative_as_small() -> None:
    truth = network("ES E P", one_way("ES => E + P", 10.0), one_way("ES => 2 E", 3.0))
    balances = balances_of(truth, states(3, 50), np.full(50, 300.0))
    others = ml.find_alternatives(truth, balances)
    assert [r.equation for r in others.as_small[0].replacement] == ["ES => 2 P", "ES => 2 E"]
    assert others.as_small[0].n_more == 0


@pytest.mark.parametrize("name", ["fuel-radical-product", "hydrogen-oxidation", "crnn-case-1"])
def test_states_in_plenty_determine_every_example(name: str) -> None:
    truth = BANK[name]
    count = len(truth.species)
    others = ml.find_alternatives(truth, balances_of(truth, states(count, 100), np.full(100, 300.0)))
    assert not others.found
    assert others.undetermined == ()


def test_a_single_history_leaves_open_what_reacts() -> None:
    runs, truth = data("fuel-radical-product")
    balances = ml.differential_balances(runs.select(runs.runs[:1]))
    assert set(ml.find_alternatives(truth, balances).undetermined) == {"F", "R", "P"}


def test_neighbours_of_one_learnt_from_concentrations_come_with_a_discriminating_state() -> None:
    truth = network("A B C", one_way("A => B", 2.0), one_way("B => C", 1.0))
    balances = ml.weak_balances(ml.Trajectories(truth.species, tuple(chain(2.0, i, with_fast=True) for i in range(3))))
    a_b, b_c, a_c = (
        OneWayReaction((1, 0, 0), (0, 1, 0)),
        OneWayReaction((0, 1, 0), (0, 0, 1)),
        OneWayReaction((1, 0, 0), (0, 0, 1)),
    )
    two, one, little = map(ml.Arrhenius, (2.0, 1.0, 0.01))
    other, wider = CompetingNetwork((a_c, b_c), (two, one)), CompetingNetwork((a_b, b_c, a_c), (two, one, little))
    neighbours = [
        each
        for each in ml.find_alternatives(truth, balances, neighbouring=(other, wider)).found
        if not each.structurally_equivalent
    ]
    texts = ["A => B at 2 can be replaced by A => C at 2.", "A => C at 0.01 may be there as well."]
    assert [each.text for each in neighbours] == texts
    assert [each.n_more for each in neighbours] == [0, 1]
    for each in neighbours:
        assert each.difference > 0
        assert "Measure near A" in each.discrimination


@pytest.mark.parametrize(("fast", "runs"), [(2.0, 1), (5.0, 10)])
def test_neighbours_of_one_learnt_from_concentrations_are_looked_for_by_themselves(fast: float, runs: int) -> None:
    truth = network("A B C", one_way("A => B", fast), one_way("B => C", 1.0))
    histories = [chain(fast, i, with_fast=i < 3) for i in range(runs)]
    balances, search = ml.weak_balances(ml.Trajectories(truth.species, tuple(histories))), ml.Search(noise="absolute")
    learnt = ml.discover(balances, search)
    assert learnt.trajectory_fit is not None
    assert ml.compare(learnt.mechanism, truth).exact
    known = ml.find_alternatives(learnt.mechanism, balances, search, neighbouring=learnt.trajectory_fit.alternatives)
    found = ml.find_alternatives(learnt.mechanism, balances, search)
    assert {each.replacement[0].equation for each in found.found} == {
        each.replacement[0].equation for each in known.found
    }
    assert bool(found.found) is (runs == 1)
    assert "trajectories" in found.scope


def test_a_network_outside_of_what_is_looked_at_has_no_neighbours_from_trajectories() -> None:
    catalysed = network("A B C", one_way("A + C => B + C", 2.0))
    balances = ml.weak_balances(ml.Trajectories(catalysed.species, (chain(2.0, 0, with_fast=True),)))
    found = ml.find_alternatives(catalysed, balances)
    assert [each.structurally_equivalent for each in found.found] == [True, True]
    assert "trajectories" not in found.scope


def isomers(along_a_line: bool, noise: float) -> tuple[ml.Mechanism, ml.Balances]:
    """A => B => C at ten temperatures, in states where B is half of A, or in any states."""
    rates = ml.Arrhenius(1e3, 0.0, 4e7), ml.Arrhenius(5e3, 0.0, 4e7)
    reactions = tuple(ml.Reaction({x: 1}, {y: 1}, k) for x, y, k in zip("AB", "BC", rates, strict=True))
    truth = ml.Mechanism(tuple(ml.Species(name, {"X": 1}) for name in "ABC"), reactions, temperature=1000.0)
    c = states(3, 200)
    if along_a_line:
        c[:, 1] = c[:, 0] / 2
    return truth, balances_of(truth, c, np.repeat(np.linspace(800.0, 1400.0, 10), 20), noise)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_at_several_temperatures_a_reaction_that_another_can_replace_is_named(noise: float) -> None:
    truth, balances = isomers(True, noise)
    (each,) = ml.find_alternatives(truth, balances).as_small
    assert [r.equation for r in each.replaced] == ["A => B"]
    assert [r.equation for r in each.replacement] == ["A => C"]
    middle = truth.reactions[0].rate
    assert middle is not None
    assert each.replacement[0].rate is not None
    assert pytest.approx(middle.at(1100.0), rel=0.2) == each.replacement[0].rate.A
    assert each.where is not None
    assert each.where.temperature is not None
    assert 800 <= each.where.temperature <= 1400
    assert each.where.difference > 0.3
    assert abs(np.log(2 * each.where.concentrations["B"] / each.where.concentrations["A"])) > 1
    assert "kmol/m^3 at" in each.discrimination
    assert each.as_dict()["temperature"] == each.where.temperature


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_at_several_temperatures_states_in_plenty_leave_no_other_reaction(noise: float) -> None:
    found = ml.find_alternatives(*isomers(False, noise))
    assert not found.found
    assert "all temperatures" in found.scope
