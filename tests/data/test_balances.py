"""Balances from rates: every true mechanism satisfies its own, and what they cannot be made of is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pytest
import scipy.sparse as sp

from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Mechanism, Species
from mechlearn.data.balances.balances import Balances
from mechlearn.data.balances.derivative import differential_balances
from mechlearn.data.balances.integral_forms import integral_balances, weak_balances
from mechlearn.data.noise.concentration_noise import Noise, estimate_noise
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.discovery.discover import relative_error
from mechlearn.errors import DataError

from ..helpers import BANK


class Maker(Protocol):
    """Balances from runs."""

    def __call__(self, runs: Trajectories, *, noise: Noise | None = None) -> Balances: ...


MAKERS: tuple[Maker, ...] = (differential_balances, integral_balances, weak_balances)


def runs_of(mechanism: Mechanism, lengths: tuple[int, ...] = (3, 1, 4), *, rates: bool = True) -> Trajectories:
    """Random states of so many times each."""
    generator = np.random.default_rng(0)
    runs = []
    for i, length in enumerate(lengths):
        concentrations = generator.random((length, len(mechanism.species)))
        temperature = np.full(length, mechanism.temperature)
        known = production_rates(mechanism, concentrations, temperature) if rates else None
        pressure = np.full(length, 1e5 + i)
        runs.append(
            Trajectory(
                np.arange(length, dtype=np.float64), concentrations, temperature, pressure, known, name=f"run{i}"
            )
        )
    return Trajectories(mechanism.species, tuple(runs), atomic_weights={"Zz": 3.0})


def shaped(**changes: Any) -> Balances:
    good: dict[str, Any] = {
        "species": BANK["fuel-radical-product"].species,
        "concentrations": np.zeros((4, 3)),
        "temperature": np.zeros(4),
        "pressure": np.zeros(4),
        "operator": sp.csr_array((2, 4)),
        "accumulation": np.zeros((2, 3)),
        "scale": np.zeros((2, 3)),
    }
    return Balances(**(good | changes))


@pytest.mark.parametrize("name", BANK)
def test_the_true_mechanism_satisfies_its_own_balances(name: str) -> None:
    mechanism = BANK[name]
    balances = differential_balances(runs_of(mechanism))
    made = production_rates(mechanism, balances.concentrations, balances.temperature)
    assert not balances.residual(made).any()
    assert relative_error(mechanism, balances) == 0.0
    assert relative_error(replace(mechanism, reactions=()), balances) == pytest.approx(1.0, rel=1e-12)
    assert balances.residual(np.zeros_like(made)) == pytest.approx(-balances.accumulation)


def test_states_of_all_runs_follow_each_other_with_their_rates() -> None:
    runs = runs_of(BANK["michaelis-menten"])
    balances = differential_balances(runs)
    starts = np.cumsum([0, *(len(run.time) for run in runs.runs)])
    assert balances.operator.shape == (8, 8)
    assert (balances.operator - sp.eye_array(8)).nnz == 0
    for run, start in zip(runs.runs, starts, strict=False):
        part = slice(start, start + len(run.time))
        assert run.rates is not None
        np.testing.assert_array_equal(balances.concentrations[part], run.concentrations)
        np.testing.assert_array_equal(balances.accumulation[part], run.rates)
        np.testing.assert_array_equal(balances.temperature[part], run.temperature)
        np.testing.assert_array_equal(balances.pressure[part], run.pressure)
    assert balances.species == runs.species
    assert balances.atomic_weights == {"Zz": 3.0}
    assert not balances.scale.any()


def test_given_rates_are_used_even_where_they_contradict_the_history() -> None:
    runs = runs_of(BANK["fuel-radical-product"])
    strange = runs.select([replace(run, rates=np.full_like(run.concentrations, 7.0)) for run in runs.runs])
    assert np.all(differential_balances(strange).accumulation == 7.0)


@pytest.mark.parametrize("maker", MAKERS)
def test_runs_too_short_to_estimate_rates_are_refused_with_the_way_out(maker: Maker) -> None:
    with pytest.raises(DataError, match=r"No run has \d samples in which every species was measured.*Bring more times"):
        maker(runs_of(BANK["crnn-case-1"], (3,), rates=False))


def decaying(count: int, *, even: bool) -> Trajectories:
    """A => B with k = 2 /s, without rates."""
    time = np.linspace(0, 1, count) if even else np.array([0.0, *np.geomspace(1e-4, 3.0, count - 1)])
    a = np.exp(-2 * time)
    state = np.full(count, 300.0)
    run = Trajectory(time, np.stack([a, 1 - a], axis=1), state, state, None, "isothermal", "run0")
    return Trajectories((Species("A"), Species("B")), (run,))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("even", [True, False])
def test_estimated_balances_hold_under_the_true_rates_the_closer_the_denser_the_samples(
    maker: Maker, even: bool
) -> None:
    errors = []
    for count in (21, 41, 81):
        balances = maker(decaying(count, even=even))
        a = balances.concentrations[:, :1]
        error = np.abs(balances.residual(np.hstack([-2 * a, 2 * a])))
        errors.append(float(error.max() / np.abs(balances.accumulation).max()))
        assert balances.trajectories is not None
        np.testing.assert_allclose(
            balances.trajectories.difference @ balances.concentrations, balances.accumulation, atol=1e-12
        )
    assert errors[2] < 2e-3
    if maker is not differential_balances:  # whose window depends on the noise
        assert np.log2(errors[0] / errors[2]) / 2 > 3


@pytest.mark.parametrize("maker", MAKERS)
def test_the_error_scale_of_estimated_balances_is_what_noise_does_to_them(maker: Maker) -> None:
    clean, generator = decaying(41, even=True), np.random.default_rng(0)
    noise = Noise(0.0, np.array([1e-2, 2e-2]))
    first = clean.runs[0]
    deviations = []
    for _ in range(100):
        errors = noise.absolute * generator.standard_normal(first.concentrations.shape)
        noisy = clean.select([replace(first, concentrations=first.concentrations + errors)])
        deviations.append(maker(noisy, noise=noise).accumulation)
    expected = maker(clean, noise=noise).scale
    ratio = np.std(deviations, axis=0) / np.where(expected > 0, expected, 1.0)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.08)


def test_samples_with_a_missing_value_are_left_out() -> None:
    run = decaying(21, even=True).runs[0]
    values = run.concentrations.copy()
    values[7, 1] = np.nan
    balances = weak_balances(decaying(21, even=True).select([replace(run, concentrations=values)]))
    assert len(balances.concentrations) == 20
    assert np.isfinite(balances.accumulation).all()


@pytest.mark.parametrize(("level", "additive"), [(0.01, False), (0.05, False), (0.02, True)])
def test_noise_is_estimated_in_size_and_kind(level: float, additive: bool) -> None:
    clean, generator = decaying(201, even=True), np.random.default_rng(1)
    run = clean.runs[0]
    size = 1.0 if additive else run.concentrations
    noisy = run.concentrations + level * size * generator.standard_normal(run.concentrations.shape)
    noise = estimate_noise(clean.select([replace(run, concentrations=noisy)]))
    assert noise.kind == ("absolute" if additive else "relative")
    found = noise.absolute.mean() if additive else noise.relative
    assert found == pytest.approx(level, rel=0.2)


def test_data_without_noise_show_next_to_none() -> None:
    assert estimate_noise(decaying(201, even=True)).deviation(np.ones(2)).max() < 2e-5


def test_a_species_that_is_zero_throughout_is_not_known_without_error() -> None:
    clean = decaying(21, even=True)
    none = clean.runs[0].concentrations * [1.0, 0.0]
    for values in (none, none + 0.01 * np.random.default_rng(0).standard_normal(none.shape) * [1.0, 0.0]):
        noise = estimate_noise(clean.select([replace(clean.runs[0], concentrations=values)]))
        assert 0 < noise.deviation(np.zeros(2))[1] < noise.deviation(np.ones(2))[0]


def test_runs_without_rates_among_others_are_counted_and_the_first_is_named() -> None:
    runs = runs_of(BANK["crnn-case-1"], (2, 2, 2, 2))
    some = runs.select([replace(run, rates=None) if i in (1, 3) else run for i, run in enumerate(runs.runs)])
    with pytest.raises(DataError, match=r"2 of 4 runs .*first: 'run1'"):
        differential_balances(some)


@pytest.mark.parametrize("key", ["concentrations", "temperature", "pressure", "operator", "accumulation", "scale"])
def test_shapes_that_disagree_are_refused_by_name(key: str) -> None:
    wrong = {
        "concentrations": np.zeros((4, 2)),
        "operator": sp.csr_array((2, 5)),
        "accumulation": np.zeros((2, 4)),
        "scale": np.zeros((3, 3)),
    }
    with pytest.raises(DataError, match=f"Balances: {key} has shape"):
        shaped(**{key: wrong.get(key, np.zeros(5))})
    shaped()


def test_residual_is_the_operator_on_the_production_less_the_accumulation() -> None:
    generator = np.random.default_rng(0)
    operator, production, accumulation = generator.random((2, 4)), generator.random((4, 3)), generator.random((2, 3))
    balances = shaped(operator=sp.csr_array(operator), accumulation=accumulation)
    np.testing.assert_allclose(balances.residual(production), operator @ production - accumulation, rtol=1e-14)


@pytest.mark.parametrize("size", [1e300, 1e-300, 1e120])
def test_numbers_whose_products_are_none_are_refused(size: float) -> None:
    values = size * np.exp(-np.arange(8.0))[:, None]
    run = Trajectory(np.arange(8.0), values, np.full(8, 300.0), np.full(8, 1e5), reactor="isothermal", name="a")
    for balances in (weak_balances, differential_balances):
        with pytest.raises(DataError, match=r"The largest concentration of .* overflows or vanishes"):
            balances(Trajectories((Species("A"),), (run,)))
