"""Balances from rates: every true mechanism satisfies its own, and what they cannot be made of is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from mechlearn.balances import Balances, differential_balances
from mechlearn.discovery import relative_error
from mechlearn.errors import DataError
from mechlearn.kinetics import production_rates
from mechlearn.mechanism import Mechanism
from mechlearn.trajectories import Trajectories, Trajectory

from .helpers import BANK


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


def test_given_rates_are_used_even_where_they_contradict_the_course() -> None:
    runs = runs_of(BANK["fuel-radical-product"])
    strange = runs.select([replace(run, rates=np.full_like(run.concentrations, 7.0)) for run in runs.runs])
    assert np.all(differential_balances(strange).accumulation == 7.0)


@pytest.mark.parametrize("length", [1, 30])
def test_runs_without_rates_are_refused_with_the_way_out(length: int) -> None:
    with pytest.raises(DataError, match=r"1 of 1 runs carry no production rates \(first: 'run0'\).*mechlearn simulate"):
        differential_balances(runs_of(BANK["crnn-case-1"], (length,), rates=False))


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
