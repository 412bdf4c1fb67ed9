"""How well rate constants are known: coverage, correlations, limits on one side only, and what is not determined."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import mechlearn as ml
from mechlearn.kinetics import production_rates
from mechlearn.thermo import GAS_CONSTANT
from mechlearn.uncertainty import Spread
from mechlearn.uncertainty.parameters import in_file_form, parameters_of, with_changes

from .helpers import HYDROGEN_OXIDATION, mechanisms, network, one_way


def balances_of(
    mechanism: ml.Mechanism, concentrations: np.ndarray, temperature: np.ndarray, noise: float = 0.0, seed: int = 0
) -> ml.Balances:
    """Exact production rates of a mechanism, or each multiplied by 1 + noise · N(0, 1)."""
    rates = production_rates(mechanism, concentrations, temperature)
    rates = rates * (1 + noise * np.random.default_rng(seed).normal(size=rates.shape))
    count = len(rates)
    return ml.Balances(
        species=mechanism.species,
        concentrations=concentrations,
        temperature=temperature,
        pressure=np.full(count, 101325.0),
        operator=sp.csr_array(sp.eye_array(count)),
        accumulation=rates,
        scale=np.zeros_like(rates),
    )


def states(species: int, count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.01, 1.0, (count, species))


def fitted_constant(mechanism: ml.Mechanism, balances: ml.Balances, noise: float) -> ml.Mechanism:
    """The one rate constant by weighted least squares."""
    unit = production_rates(mechanism, balances.concentrations, balances.temperature)
    factor = float(np.mean(balances.accumulation[unit != 0] / unit[unit != 0]))
    reaction = mechanism.reactions[0]
    assert reaction.rate is not None
    return replace(mechanism, reactions=(replace(reaction, rate=replace(reaction.rate, A=reaction.rate.A * factor)),))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth = network("A B C", one_way("A + B => C", 3.0))
    held = 0
    for seed in range(400):
        balances = balances_of(truth, states(3, 10, seed), np.full(10, 300.0), noise=0.05, seed=seed)
        found = fitted_constant(truth, balances, 0.05)
        interval = ml.estimate_uncertainty(found, balances).rates[0]
        assert interval.low is not None
        assert interval.high is not None
        held += interval.low <= 3.0 <= interval.high
    assert 0.92 < held / 400 < 0.98


def test_intervals_hold_the_truth_where_some_errors_are_larger_than_their_weights_say() -> None:
    generator = np.random.default_rng(5)
    held = {"as estimated": 0, "equal errors": 0}
    for _ in range(400):
        slope = generator.normal(size=(200, 2)) * np.where(np.arange(200) < 40, 3.0, 0.3)[:, None]
        error = generator.normal(size=200) * np.where(np.arange(200) < 40, 2.0, 0.5)
        change, rest, *_ = np.linalg.lstsq(slope, error)
        left = error - slope @ change
        scale = float(np.sqrt(rest[0] / 198))
        for name, residual in (("as estimated", left), ("equal errors", 0 * left)):
            limits = 2 * Spread.of_fit(slope, residual, scale).of(np.eye(2))[0]
            held[name] += int(np.sum(np.abs(change) < limits))
    assert 0.90 < held["as estimated"] / 800 < 0.98
    assert held["equal errors"] / 800 < 0.85


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_standard_errors_are_at_least_those_of_equal_errors(seed: int) -> None:
    generator = np.random.default_rng(seed)
    slope = generator.normal(size=(30, 3)) * 10.0 ** generator.integers(-3, 3, 3)
    residual = generator.normal(size=30) * 10.0 ** generator.uniform(-1, 1, 30)
    spread = Spread.of_fit(slope, residual, 1.0)
    covariance = np.linalg.inv(slope.T @ slope)
    combinations = generator.normal(size=(5, 3))
    least = np.sqrt(np.einsum("ij,jk,ik->i", combinations, covariance, combinations))
    assert np.all(spread.of(combinations)[0] >= least * (1 - 1e-6))
    np.testing.assert_allclose(Spread.of_fit(slope, 0 * residual, 1.0).of(combinations)[0], least, rtol=1e-6)


def test_interval_shrinks_with_the_square_root_of_the_data_and_grows_with_noise() -> None:
    truth = network("A B", one_way("A => B", 3.0))

    def error(count: int, noise: float) -> float:
        balances = balances_of(truth, states(2, count), np.full(count, 300.0), noise)
        return ml.estimate_uncertainty(truth, balances).rates[0].std_error

    assert error(100, 0.1) / error(10_000, 0.1) == pytest.approx(10, rel=0.3)
    assert error(1000, 0.1) / error(1000, 0.01) == pytest.approx(10, rel=0.01)
    assert error(1000, 0.0) < 1e-12


def test_arrhenius_parameters_are_less_certain_than_the_rate_constant_they_make() -> None:
    truth = network("A B", one_way("A => B", 1.0))
    truth = replace(truth, reactions=(replace(truth.reactions[0], rate=ml.Arrhenius(1e9, 0.5, 1e8)),))
    temperature = np.linspace(900.0, 1500.0, 200)
    found = ml.estimate_uncertainty(truth, balances_of(truth, states(2, 200), temperature, noise=0.02))
    assert [name.split(": ")[1] for name in found.names] == ["ln A", "b", "Ea"]
    np.testing.assert_allclose(found.values, [np.log(1e9), 0.5, 1e8])
    assert found.rates[0].std_error < 0.01
    assert found.std_errors[0] > 10 * found.rates[0].std_error
    assert abs(found.correlation[0, 2]) > 0.99
    gradient = np.array([1.0, np.log(found.temperature), -1 / (GAS_CONSTANT * found.temperature)])
    covariance = found.correlation * np.outer(found.std_errors, found.std_errors)
    assert np.sqrt(gradient @ covariance @ gradient) == pytest.approx(found.rates[0].std_error, rel=1e-3)


def test_one_temperature_tells_nothing_of_activation_energies() -> None:
    found = ml.estimate_uncertainty(
        HYDROGEN_OXIDATION, balances_of(HYDROGEN_OXIDATION, states(6, 100), np.full(100, 1000.0), noise=0.01)
    )
    assert len(found.names) == len(found.rates) == 12
    assert all("ln A" in name for name in found.names)
    assert {each.part for each in found.rates} == {"forward", "reverse"}
    assert found.of(3, "reverse") is not None
    assert found.of(3, "low") is None


def test_a_reaction_below_the_noise_is_known_from_above_only() -> None:
    truth = network("A B C", one_way("A => B", 1.0), one_way("A => C", 1e-6))
    balances = balances_of(truth, states(3, 50), np.full(50, 300.0))
    generator = np.random.default_rng(1)
    noisy = replace(
        balances,
        accumulation=balances.accumulation + 1e-3 * generator.normal(size=balances.accumulation.shape),
        scale=np.full_like(balances.accumulation, 1e-3),
    )
    slow = ml.estimate_uncertainty(truth, noisy).of(1)
    assert slow is not None
    assert slow.profiled
    assert slow.low is None
    assert slow.high is not None
    assert 1e-5 < slow.high < 1e-2
    assert slow.text.startswith("< ")


def test_a_fast_equilibrium_binds_its_two_rate_constants_to_each_other() -> None:
    truth = network("A B", one_way("A => B", 1e3, 2e3))
    a = np.linspace(0.1, 1.0, 60)
    near = np.stack([a, a / 2 * (1 + 1e-3 * np.sin(9 * a))], axis=1)
    balances = balances_of(truth, near, np.full(60, 300.0))
    found = ml.estimate_uncertainty(truth, replace(balances, scale=np.full_like(balances.accumulation, 0.1)))
    (first, second, correlation), *rest = found.bound
    assert not rest
    assert {first.part, second.part} == {"forward", "reverse"}
    assert correlation > 0.999


def test_of_a_pair_that_goes_together_the_ratio_is_told_and_a_state_that_parts_them() -> None:
    truth = network("A B", one_way("A => B", 1e3, 2e3))
    a = np.linspace(0.1, 1.0, 60)
    balances = balances_of(truth, np.stack([a, a / 2 * (1 + 1e-3 * np.sin(9 * a))], axis=1), np.full(60, 300.0))
    error = 3.0 * np.random.default_rng(2).normal(size=60)
    rates = balances.accumulation + np.stack([error, -error], axis=1)
    found = ml.estimate_uncertainty(truth, replace(balances, accumulation=rates, scale=np.full_like(rates, 3.0)))
    (pair,) = found.unidentified
    assert pair.interval.low is None
    ((_, slope, left),) = pair.along
    assert slope == pytest.approx(1.0, abs=0.02)
    assert left < 0.02
    assert {pair.equation, pair.along[0][0]} == {"A => B", "B => A"}
    assert "only their ratio is known" in pair.text
    assert pair.state.difference > 0.8
    state = pair.state.concentrations
    assert abs(np.log(state["A"] / (2 * state["B"]))) > 1
    assert state["A"] < 4


def test_rate_constants_with_limits_on_both_sides_are_identified() -> None:
    exact = balances_of(HYDROGEN_OXIDATION, states(6, 100), np.full(100, 1000.0))
    assert ml.estimate_uncertainty(HYDROGEN_OXIDATION, exact).unidentified == ()
    truth = network("A B C", one_way("A => B", 1.0, 3.0), one_way("A + B => C", 2.0))
    noisy = balances_of(truth, states(3, 100), np.full(100, 1000.0), noise=0.1)
    assert ml.estimate_uncertainty(truth, noisy).unidentified == ()


def test_what_no_state_shows_is_open() -> None:
    truth = network("A B C", one_way("A => B", 1.0), one_way("C => B", 5.0))
    without = states(3, 30) * [1.0, 1.0, 0.0]
    found = ml.estimate_uncertainty(truth, balances_of(truth, without, np.full(30, 300.0), noise=0.01))
    hidden = found.of(1)
    assert hidden is not None
    assert not np.isfinite(hidden.std_error)
    assert hidden.text == "open"
    (each,) = found.unidentified
    assert each.text == "The data set no limit to the rate constant of C => B."
    assert each.state.concentrations["C"] > 0.1
    assert each.as_dict()["text"].startswith(each.text)


def test_a_term_with_colliders_of_its_own_is_named_by_them() -> None:
    reaction = one_way("2 A => B", 1.0)
    bodies = (ml.ThirdBody({"X": 1.0, "B": 2.0}, default=0.0), ml.ThirdBody({"Y": 1.0, "Z": 3.0}, default=0.0))
    truth = network("A B X Y Z", *(replace(reaction, third_body=body) for body in bodies))
    without = states(5, 60) * [1.0, 1.0, 1.0, 0.0, 0.0]
    found = ml.estimate_uncertainty(truth, balances_of(truth, without, np.full(60, 300.0), noise=0.01))
    assert {each.equation for each in found.unidentified} == {"2 A + M => B + M (M = Y 1, Z 3)"}


def test_terms_of_one_reaction_are_known_together() -> None:
    truth = network("A B", one_way("A => B", 1.0), one_way("A => B", 2.0))
    found = ml.estimate_uncertainty(truth, balances_of(truth, states(2, 100), np.full(100, 300.0), noise=0.01))
    assert len(found.rates) == 1
    assert found.of(0) is found.of(1) is found.rates[0]
    assert found.rates[0].value == pytest.approx(3.0)
    assert found.rates[0].std_error < 2e-3
    assert not np.isfinite(found.std_errors).any()


def test_a_mechanism_without_reactions_has_no_intervals() -> None:
    balances = balances_of(network("A B", one_way("A => B", 1.0)), states(2, 5), np.full(5, 300.0))
    with pytest.raises(ml.DataError, match="no reaction"):
        ml.estimate_uncertainty(network("A B"), balances)


@settings(max_examples=30, deadline=None)
@given(mechanisms(), st.integers(0, 1000))
def test_changes_of_parameters_are_those_of_the_file(mechanism: ml.Mechanism, seed: int) -> None:
    middle = 1234.5
    parameters = parameters_of(mechanism, middle, thermal=True)
    changes = np.random.default_rng(seed).normal(size=len(parameters)) * 0.1
    changed = parameters_of(with_changes(mechanism, parameters, changes, middle), middle, thermal=True)
    expected = np.array([each.value for each in parameters]) + changes
    np.testing.assert_allclose([each.value for each in changed], expected, rtol=1e-9, atol=1e-9)
    in_file = in_file_form(parameters, middle) @ np.array([each.value for each in changed])
    constants = [
        (value, each.reaction)
        for value, each in zip(in_file, parameters, strict=True)
        if (each.part, each.name) == ("forward", "ln k")
    ]
    assert [reaction for _, reaction in constants] == list(range(len(mechanism.reactions)))
    for value, reaction in constants:
        rate = with_changes(mechanism, parameters, changes, middle).reactions[reaction].rate
        assert rate is not None
        assert value == pytest.approx(np.log(rate.A), abs=1e-6)
