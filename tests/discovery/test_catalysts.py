"""Species on both sides of a reaction: found where asked for, named where needed, the same in Cantera."""

from __future__ import annotations

from dataclasses import replace

import cantera as ct
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mechlearn as ml
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.one_way import Complex, OneWayReaction
from mechlearn.discovery.candidates.network.complexes import Vectors, split_into_directions
from mechlearn.discovery.candidates.network.stoichiometry import conserving_rows, free_rows
from mechlearn.formats.cantera_yaml.export import check_export
from mechlearn.formats.cantera_yaml.mechanism_reading import parse_mechanism
from mechlearn.formats.cantera_yaml.mechanism_text import mechanism_text

from ..helpers import BANK, CATALYSED, assert_same_mechanism, network, one_way
from .test_discovery import data, learn, with_noise

UNCATALYSED = ("fuel-radical-product", "michaelis-menten", "hydrogen-oxidation", "crnn-case1")


def states_of(mechanism: ml.Mechanism, count: int = 200) -> ml.Balances:
    """Exact production at random states."""
    concentrations = np.random.default_rng(0).random((count, len(mechanism.species)))
    temperature = np.full(count, mechanism.temperature)
    runs = [
        ml.Trajectory(
            time=np.zeros(1),
            concentrations=row[None],
            temperature=temperature[:1],
            pressure=np.full(1, 1e5),
            rates=production_rates(mechanism, row[None], temperature[:1]),
            reactor="isothermal",
            name=f"state{i}",
        )
        for i, row in enumerate(concentrations)
    ]
    return ml.differential_balances(ml.Trajectories(mechanism.species, tuple(runs)))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("conserve", ["none", "auto"])
@pytest.mark.parametrize("name", CATALYSED)
def test_catalysed_networks_are_recovered_exactly(name: str, conserve: str, seed: int) -> None:
    runs, truth = data(name, seed)
    found = learn(runs, seed=seed, conserve=conserve, catalysts=True)
    comparison = ml.compare(found.mechanism, truth)
    assert found.status == "recovered", found.message
    assert comparison.exact
    assert comparison.max_relative_rate_error is not None
    assert comparison.max_relative_rate_error < 1e-9


@pytest.mark.parametrize("name", CATALYSED)
def test_catalysed_networks_are_recovered_from_noisy_rates(name: str) -> None:
    runs, truth = data(name)
    found = learn(with_noise(runs, 1e-2), catalysts=True)
    comparison = ml.compare(found.mechanism, truth)
    assert found.status == "recovered", found.message
    assert comparison.exact
    assert comparison.max_relative_rate_error is not None
    assert comparison.max_relative_rate_error < 1e-2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("robertson", "C is in the rate of B + C => A + C but not used up"),
        ("brusselator", "X is in the rate of 2 X + Y => 3 X but not used up"),
        ("lotka-volterra", "Y is in the rate of X + Y => 2 Y but not used up"),
    ],
)
@pytest.mark.parametrize("level", [0.0, 1e-2])
def test_the_need_of_a_catalyst_is_said_with_its_reason(name: str, reason: str, level: float) -> None:
    runs, truth = data(name)
    found = learn(with_noise(runs, level) if level else runs)
    assert found.status == "needs-catalysts"
    assert reason in found.message
    assert "catalysts: true" in found.message
    assert ml.compare(found.mechanism, truth).exact


@pytest.mark.parametrize("conserve", ["none", "auto"])
@pytest.mark.parametrize("name", UNCATALYSED)
def test_catalysts_that_are_allowed_but_not_there_are_not_found(name: str, conserve: str) -> None:
    runs, truth = data(name)
    found = learn(runs, catalysts=True, conserve=conserve)
    assert found.status == "recovered", found.message
    assert ml.compare(found.mechanism, truth).exact


@pytest.mark.parametrize(
    "mechanism",
    [
        network("E A B", one_way("E + A => E + B", 2.0, 0.5)),
        network("A X", one_way("A + X => 2 X", 3.0)),
        network("A B W Q", one_way("2 A + W => B + W", 1.0), one_way("2 A + Q => B + Q", 7.0)),
        network("E A B C", one_way("E + A => E + B", 2.0), one_way("A => C", 0.3), one_way("B + C => 2 C", 4.0)),
    ],
    ids=lambda m: "; ".join(m.equations),
)
def test_enzymes_autocatalysis_and_colliders_are_found(mechanism: ml.Mechanism) -> None:
    for keys in ({"catalysts": True}, {}):
        found = ml.discover(states_of(mechanism), ml.Search(**keys))  # type: ignore[arg-type]
        assert found.status == ("recovered" if keys else "needs-catalysts"), found.message
        assert ml.compare(found.mechanism, mechanism).exact


def test_the_same_law_in_other_words_is_said() -> None:
    found = ml.discover(states_of(network("B C", one_way("2 B => B + C", 3.0))), ml.Search(catalysts=True))
    assert found.mechanism.equations == ("2 B => B + C",)
    assert "2 B => 2 C at half its rate constant is the same law" in found.message


def test_matter_from_nothing_is_found_but_not_written() -> None:
    open_chain = network("X Y P", one_way("X => 2 X", 1.0), one_way("X + Y => 2 Y", 2.0), one_way("Y => P", 1.0))
    found = ml.discover(states_of(open_chain), ml.Search(catalysts=True))
    assert ml.compare(found.mechanism, open_chain).exact
    with pytest.raises(ml.BalanceError, match=r"X => 2 X.* matter from nothing"):
        ml.to_cantera(found.mechanism)


def test_catalysts_at_several_temperatures_are_refused() -> None:
    runs, _ = data("lotka-volterra")
    warmer = runs.select([replace(runs.runs[0], temperature=runs.runs[0].temperature + 100), *runs.runs[1:]])
    with pytest.raises(ml.StudyError, match="catalysts: true is for rate constants at one temperature"):
        learn(warmer, catalysts=True)


@pytest.mark.parametrize("name", CATALYSED)
def test_a_catalysed_mechanism_is_the_same_in_cantera(name: str) -> None:
    mechanism = CATALYSED[name]
    text = mechanism_text(mechanism)
    assert check_export(mechanism, text) < 1e-12
    gas = ct.Solution(yaml=text)
    for ours, theirs in zip(mechanism.reactions, gas.reactions(), strict=True):
        assert theirs.reaction_type == "Arrhenius"
        assert (theirs.reactants, theirs.products) == (dict(ours.reactants), dict(ours.products))


def test_three_molecules_with_a_catalyst_are_no_third_body_in_cantera() -> None:
    mechanism = network("A B C E", one_way("A + B + E => C + E", 2.0), one_way("C + E => A + B + E", 3.0))
    gas = ml.to_cantera(mechanism)
    assert [r.reaction_type for r in gas.reactions()] == ["Arrhenius", "Arrhenius"]
    assert_same_mechanism(replace(parse_mechanism(mechanism_text(mechanism)), species=mechanism.species), mechanism)


sides = st.lists(st.integers(0, 2), min_size=3, max_size=3).map(tuple).filter(lambda y: 0 < sum(y) <= 3)


@settings(max_examples=200, deadline=None)
@given(st.tuples(sides, sides).filter(lambda both: both[0] != both[1]), st.floats(1e-3, 1e3), st.booleans())
def test_one_reaction_with_or_without_a_catalyst_is_read_off_what_its_complex_makes(
    both: tuple[Complex, Complex], constant: float, conserving: bool
) -> None:
    reactants, products = both
    net = np.subtract(products, reactants)
    laws = np.array([[1.0, 1.0, 1.0]])
    rows = conserving_rows(laws) if conserving and not net.sum() else free_rows(3)
    vector = constant * net[None].astype(float)
    split = split_into_directions(Vectors([reactants], vector, 0 * vector), set(), replace(rows, catalysts=True))
    smallest = reactants + net // np.gcd.reduce(net)
    assert split.directions == (OneWayReaction(reactants, tuple(int(p) for p in smallest)),)
    assert not split.ambiguous


def test_no_reaction_without_matter_balance_comes_of_a_split() -> None:
    """What a complex makes beyond its laws is unexplained, with catalysts as without."""
    vectors = Vectors([(1, 1, 0)], np.array([[-1.0, 0.0, 2.0]]), np.zeros((1, 3)))
    for catalysts in (True, False):
        rows = replace(conserving_rows(np.ones((1, 3))), catalysts=catalysts)
        assert split_into_directions(vectors, set(), rows).unexplained == ((1, 1, 0),)


def test_bank_holds_no_catalyst() -> None:
    for mechanism in BANK.values():
        assert not np.any(np.minimum(mechanism.reactants, mechanism.products))
