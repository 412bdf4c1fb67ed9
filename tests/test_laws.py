"""Conservation laws found in the data: all that the reactions keep, none that noise only hides, and their test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mechlearn as ml
from mechlearn.conservation import conservation_laws
from mechlearn.kinetics import production_rates
from mechlearn.learning.laws import conserved_in
from mechlearn.learning.noise import Noise, estimate_noise
from mechlearn.mechanism import Mechanism

from .helpers import BANK, CATALYSED, network, one_way
from .test_discovery import data, learn, with_noise

ALL = {**BANK, **CATALYSED}


def states_of(mechanism: Mechanism, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    concentrations = np.random.default_rng(0).random((count, len(mechanism.species)))
    return concentrations, production_rates(mechanism, concentrations, np.full(count, mechanism.temperature))


def exact(species: int) -> Noise:
    return Noise(0.0, np.zeros(species), np.zeros(species), True)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_exact_data_show_the_laws_of_their_reactions(name: str, scale: float) -> None:
    mechanism = ALL[name]
    found = conserved_in(scale * states_of(mechanism)[1], exact(len(mechanism.species)))
    np.testing.assert_array_equal(found.laws, conservation_laws(mechanism.net))
    assert np.all(found.changes < found.limit)
    assert found.next_change > 1e3 * found.limit


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-2, 2), min_size=5, max_size=5), min_size=1, max_size=5).filter(np.any))
def test_no_law_is_found_that_a_reaction_breaks_and_none_is_missed(rows: list[list[int]]) -> None:
    net = np.array(rows, dtype=float)
    rates = np.random.default_rng(0).random((40, len(net))) + 0.1
    found = conserved_in(rates @ net, exact(5))
    assert len(found.laws) == 5 - np.linalg.matrix_rank(net)
    none = np.zeros((1, 5))
    assert np.linalg.matrix_rank(np.vstack([none, found.laws])) == len(found.laws)
    np.testing.assert_allclose(found.laws @ net.T, 0.0, atol=1e-6 * np.abs(np.vstack([none, found.laws])).max())


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("level", [1e-3, 1e-2, 0.1])
def test_noise_makes_no_law_that_the_reactions_break(name: str, level: float) -> None:
    mechanism = ALL[name]
    concentrations, production = states_of(mechanism)
    noisy = production * (1 + level * np.random.default_rng(1).normal(size=production.shape))
    found = conserved_in(noisy, estimate_noise(concentrations, noisy))
    assert not np.any(found.laws @ mechanism.net.T)


@pytest.mark.parametrize("name", ["crnn-case1", "lotka-volterra", "brusselator"])
def test_laws_are_found_under_noise_where_no_other_would_pass(name: str) -> None:
    runs, truth = data(name)
    balances = ml.differential_balances(with_noise(runs, 1e-2))
    found = conserved_in(balances.accumulation, estimate_noise(balances.concentrations, balances.accumulation))
    np.testing.assert_array_equal(found.laws, conservation_laws(truth.net))
    assert found.changes.max() < found.limit < found.next_change


def test_rates_that_conserve_nothing_have_no_law() -> None:
    mechanism = network("X Y P", one_way("X => 2 X", 1.0), one_way("X + Y => 2 Y", 2.0), one_way("Y => P", 1.0))
    found = conserved_in(states_of(mechanism)[1], exact(3))
    assert not len(found.laws)
    assert found.next_change > 0.1


def test_a_species_that_never_changes_is_a_law_of_its_own() -> None:
    production = states_of(BANK["fuel-radical-product"])[1]
    found = conserved_in(np.column_stack([production, np.zeros(len(production))]), exact(4))
    assert found.laws.tolist() == [[1, 1, 1, 0], [0, 0, 0, 1]]


def test_too_few_states_show_no_law() -> None:
    production = states_of(BANK["hydrogen-oxidation"])[1]
    assert not len(conserved_in(production[:11], exact(6)).laws)
    assert len(conserved_in(production[:12], exact(6)).laws) == 2


@pytest.mark.parametrize("name", ["michaelis-menten", "hydrogen-oxidation"])
def test_species_without_composition_are_learnt_with_the_laws_of_the_data(name: str) -> None:
    runs, truth = data(name)
    bare = ml.Trajectories(tuple(ml.Species(s.name) for s in runs.species), runs.runs)
    found = learn(bare)
    assert found.status == "recovered", found.message
    assert ml.compare(found.mechanism, truth).exact
    assert found.conserved is not None
    laws = found.as_dict()["conserved"]["laws"]
    assert [law["law"] for law in laws][:1] == (["E + ES"] if name == "michaelis-menten" else ["2 H2 + 2 H2O + H + OH"])
    assert learn(runs).conserved is None


def test_the_test_of_the_laws_is_in_the_summary_and_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, _ = data("crnn-case1")
    ml.write_csv(ml.Trajectories(tuple(ml.Species(s.name) for s in runs.species), runs.runs), tmp_path / "runs.csv")
    from mechlearn.commands.shell import app

    with pytest.raises(SystemExit):
        app(["learn", str(tmp_path / "runs.csv"), "-o", str(tmp_path / "m.yaml"), "--json", str(tmp_path / "s.json")])
    assert "Conserved in the data: A + 2 B + C + D + 3 E (" in capsys.readouterr().out
    found = json.loads((tmp_path / "s.json").read_text())["conserved"]
    assert found["laws"][0]["change"] < found["limit"] < found["next_change"]
