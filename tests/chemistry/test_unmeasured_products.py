"""Products that nobody measured: found all the same, and given a species in the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mechlearn.chemistry.comparison import compare
from mechlearn.chemistry.conservation import masses
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Reaction, Species
from mechlearn.chemistry.unmeasured_products import unmeasured_text, with_unmeasured_products
from mechlearn.data.completion import completed
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.discovery.discover import discover
from mechlearn.discovery.settings import Search
from mechlearn.discovery.trajectory_learner import chosen_balances
from mechlearn.errors import BalanceError
from mechlearn.formats.cantera_yaml.mechanism_reading import read_mechanism
from mechlearn.simulation.settings import Sample, Times
from mechlearn.simulation.synthetic_noise import SyntheticNoise, with_noise
from mechlearn.study.run import learn_runs
from mechlearn.study.schema import Study, example_studies, load_study
from mechlearn.study.simulate import simulate
from mechlearn.validation.noisy_runs import measured_runs

from ..helpers import BANK
from ..histories import runs_of


def mechanism(names: str, *reactions: Reaction) -> Mechanism:
    return Mechanism(tuple(Species(name) for name in names.split()), reactions)


BINDING = Reaction({"E": 1, "S": 1}, {"ES": 1}, Arrhenius(1e6), reverse_rate=Arrhenius(1e3))
RELEASE = Reaction({"ES": 1}, {"E": 1}, Arrhenius(10.0))


def test_what_is_lost_gets_a_product_and_all_else_stays() -> None:
    before = mechanism("E S ES B", BINDING, RELEASE, Reaction({"B": 2}, {"S": 1}, Arrhenius(1.0)))
    with pytest.raises(BalanceError):
        masses(before)
    after = with_unmeasured_products(before)
    assert after.equations == ("E + S <=> ES", "ES => E + unmeasured", "2 B => S")
    assert masses(after).min() > 0
    states = np.random.default_rng(0).random((5, 4))
    padded = np.column_stack([states, np.ones(5)])
    expected = production_rates(before, states, 300.0)
    np.testing.assert_allclose(production_rates(after, padded, 300.0)[:, :4], expected, rtol=1e-12)
    assert "ES => E uses up" in unmeasured_text(before)
    assert unmeasured_text(after) == ""


def test_several_losses_get_products_of_their_own_and_no_name_is_taken_twice() -> None:
    decay = [Reaction({name: 1}, {}, Arrhenius(1.0)) for name in ("A", "B")]
    assert with_unmeasured_products(mechanism("A B", *decay)).equations == ("A => unmeasured_1", "B => unmeasured_2")
    taken = mechanism("A unmeasured", decay[0])
    assert with_unmeasured_products(taken).equations == ("A => unmeasured_product",)


@pytest.mark.parametrize(
    "whole",
    [
        mechanism("E S ES P", BINDING, Reaction({"ES": 1}, {"E": 1, "P": 1}, Arrhenius(10.0))),
        mechanism("A", Reaction({"A": 1}, {"A": 2}, Arrhenius(1.0))),
        mechanism("A B", Reaction({"A": 1}, {"B": 1}, Arrhenius(1.0)), Reaction({"B": 1}, {"A": 2}, Arrhenius(1.0))),
        Mechanism((Species("A", {"H": 2}), Species("B", {"H": 1})), (Reaction({"A": 1}, {"B": 1}, Arrhenius(1.0)),)),
    ],
)
def test_what_balances_or_cannot_is_left_as_it_is(whole: Mechanism) -> None:
    assert with_unmeasured_products(whole) is whole


def without(runs: Trajectories, name: str) -> Trajectories:
    column = runs.species_names.index(name)
    species = tuple(one for one in runs.species if one.name != name)
    parts = [replace(run, concentrations=np.delete(run.concentrations, column, axis=1)) for run in runs.runs]
    return replace(runs, species=species, runs=tuple(parts))


def test_a_table_without_a_product_gives_the_right_reactions_and_a_file_that_is_validated(tmp_path: Path) -> None:
    runs = without(runs_of("michaelis-menten", 12, 0.01, seed=5), "P")
    outcome = learn_runs(runs, Study(data=("runs.csv",)), tmp_path / "learned.yaml")
    assert outcome.status == "recovered"
    assert outcome.validation is not None
    assert outcome.validation.passed
    found = outcome.discovery.mechanism
    assert sorted(found.equations) == ["E + S <=> ES", "ES => E"]
    assert pytest.approx(10.0, rel=0.01) == outcome.discovery.mechanism.reactions[1].rate.A  # type: ignore[union-attr]
    assert "ES => E uses up becomes a product that was not measured" in outcome.summary["message"]
    written = read_mechanism(tmp_path / "learned.yaml")
    assert "ES => E + unmeasured" in written.equations
    product = written.species[written.species_names.index("unmeasured")]
    assert product.composition == written.species[written.species_names.index("S")].composition


def test_a_species_that_turns_into_what_nobody_measured_is_found_beside_one_that_was() -> None:
    draw, time = np.random.default_rng(0), np.linspace(0.0, 3.0, 31)
    runs = []
    for i, (a, b) in enumerate(draw.random((6, 2)) + 0.2):
        left = a * np.exp(-1.5 * time)
        values = np.column_stack([left, b + (a - left) / 1.5])
        values *= 1 + 0.005 * draw.standard_normal(values.shape)
        runs.append(Trajectory(time, values, np.full(31, 300.0), np.full(31, 1e5), None, "isothermal", f"run{i}"))
    data = Trajectories((Species("A"), Species("B")), tuple(runs))
    discovery = discover(chosen_balances(data, Search())[0])
    found = discovery.mechanism
    assert len(found.reactions) == 2  # A => B and A => are as good as A => 2 B and A =>
    rates = production_rates(found, np.array([[1.0, 0.3]]), 300.0)
    np.testing.assert_allclose(rates, [[-1.5, 1.0]], rtol=0.01)
    assert any("unmeasured" in equation for equation in discovery.to_write.equations)
    assert masses(discovery.to_write).min() > 0


def test_a_hidden_intermediate_that_the_elements_determine_is_learnt_as_well_as_if_it_were_measured() -> None:
    study = load_study(example_studies()["michaelis-menten"])
    assert study.source is not None
    amounts = {"E": 1.0, "S": 1.0, "ES": 0.0, "P": 0.0}
    initial = Sample(sample="uniform", low={n: 0.1 * a for n, a in amounts.items()}, high=amounts, runs=12)
    times = Times(end=2.0, count=61, spacing="log", start=1e-8)
    runs = simulate(replace(study, source=replace(study.source, seed=1, times=times, initial=initial)))
    complex_ = next(one for one in runs.species if one.name == "ES")
    noisy = with_noise(
        without(runs.select([replace(run, rates=None) for run in runs.runs]), "ES"), SyntheticNoise(relative=0.01), 1
    )
    whole = completed(noisy, [complex_], noise=0.01)
    discovery = discover(chosen_balances(whole, Search())[0])
    assert sorted(discovery.mechanism.equations) == ["E + S <=> ES", "ES => E + P"]
    error = compare(discovery.mechanism, BANK["michaelis-menten"]).max_relative_rate_error
    assert error is not None
    assert error < 0.02
    assert discovery.trajectory_fit is not None
    assert discovery.trajectory_fit.data == 12 * 61 * 3
    _, measured = measured_runs(discovery.mechanism, whole, discovery.trajectory_fit.noise)
    assert measured is not None
    assert all(first[whole.species_names.index("ES")] == 0 for first in measured.initial_states.values())
    assert measured.chi2 < 1.3
