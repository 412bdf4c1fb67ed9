"""Which pairs of rate constants become one reversible reaction, with the reverse rate constant that was fitted."""

from __future__ import annotations

from dataclasses import replace

import cantera as ct
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mechlearn as ml
from mechlearn.chemistry.detailed_balance import reversible_where_consistent
from mechlearn.chemistry.kinetics import rate_constants
from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Reaction, Species
from mechlearn.chemistry.thermo import ConstantCp

from ..discovery.test_discovery import data, learn, with_noise
from ..helpers import BANK, HYDROGEN_OXIDATION, network, one_way


def arrows(mechanism: Mechanism) -> list[bool]:
    return [reaction.reversible for reaction in mechanism.reactions]


def assert_same_constants(found: Mechanism, expected: Mechanism, rtol: float) -> None:
    for ours, theirs in zip(*(rate_constants(m, expected.temperature) for m in (found, expected)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol)


def bare(mechanism: Mechanism) -> Mechanism:
    return replace(mechanism, species=tuple(Species(name) for name in mechanism.species_names))


def cycle(factor: float) -> Mechanism:
    """A <=> B <=> C <=> A, consistent where the factor is one."""
    return network(
        "A B C", one_way("A => B", 2.0, 1.0), one_way("B => C", 3.0, 1.0), one_way("C => A", factor / 6, 1.0)
    )


@pytest.mark.parametrize("name", BANK)
def test_consistent_pairs_become_reversible_with_the_same_constants(name: str) -> None:
    mechanism = bare(BANK[name])
    found = reversible_where_consistent(mechanism, [0.0] * len(mechanism.reactions))
    assert arrows(found.mechanism) == [r.reverse_rate is not None for r in mechanism.reactions]
    assert_same_constants(found.mechanism, mechanism, 1e-9)
    gas = ml.to_cantera(found.mechanism)
    assert gas.n_reactions == len(mechanism.reactions)
    _, reverse = rate_constants(mechanism, mechanism.temperature)
    np.testing.assert_allclose(gas.reverse_rate_constants, reverse, rtol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-20.0, 20.0), min_size=6, max_size=6), st.floats(-10.0, 10.0))
def test_any_energies_of_the_species_are_found_to_a_gauge(energies: list[float], log_rate: float) -> None:
    species = tuple(
        Species(s.name, thermo=ConstantCp(1000.0, s0=e * 8e3))
        for s, e in zip(HYDROGEN_OXIDATION.species, energies, strict=True)
    )
    forward = Arrhenius(float(np.exp(log_rate)))
    both = tuple(Reaction(r.reactants, r.products, forward, reversible=True) for r in HYDROGEN_OXIDATION.reactions)
    known = Mechanism(species, both, temperature=1000.0)
    _, reverse = rate_constants(known, 1000.0)
    pairs = tuple(
        replace(r, reversible=False, reverse_rate=Arrhenius(float(k))) for r, k in zip(both, reverse, strict=True)
    )
    found = reversible_where_consistent(bare(replace(known, reactions=pairs)), [0.0] * 6)
    assert all(arrows(found.mechanism))
    assert_same_constants(found.mechanism, known, 1e-8)


def test_a_cycle_that_thermodynamics_forbids_keeps_a_pair_of_one_way_reactions() -> None:
    found = reversible_where_consistent(cycle(1.1), [1e-3] * 3)
    assert sorted(arrows(found.mechanism)) == [False, True, True]
    assert np.nanmax(np.abs(found.deviations)) > 4
    assert_same_constants(found.mechanism, cycle(1.1), 1e-9)
    assert ml.to_cantera(found.mechanism).n_reactions == 4


@pytest.mark.parametrize(("factor", "error"), [(1.0, 0.0), (1.1, 0.1)])
def test_a_cycle_consistent_within_its_errors_is_reversible(factor: float, error: float) -> None:
    found = reversible_where_consistent(cycle(factor), [error] * 3)
    assert all(arrows(found.mechanism))
    assert np.abs(found.deviations).max() < 4


def test_thermodynamics_that_is_given_stays_and_decides() -> None:
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    gas.TP = 1500, ct.one_atm
    known = ml.read_mechanism("h2o2.yaml")
    chosen = [i for i, r in enumerate(known.reactions) if r.third_body is None][:8]
    wrong = 3
    constants = zip(gas.forward_rate_constants[chosen], gas.reverse_rate_constants[chosen], strict=True)
    reactions = tuple(
        Reaction(r.reactants, r.products, Arrhenius(float(kf)), Arrhenius(float(kr) * (1.05 if n == wrong else 1.0)))
        for n, (r, (kf, kr)) in enumerate(zip((known.reactions[i] for i in chosen), constants, strict=True))
    )
    pairs = replace(known, reactions=reactions, temperature=1500.0)
    found = reversible_where_consistent(pairs, [1e-4] * len(chosen))
    assert arrows(found.mechanism) == [n != wrong for n in range(len(chosen))]
    assert found.mechanism.species == pairs.species
    assert_same_constants(found.mechanism, pairs, 1e-9)


def test_one_way_reactions_and_no_reactions_stay_as_they_are() -> None:
    for mechanism in (BANK["crnn-case-1"], network("A B")):
        assert reversible_where_consistent(mechanism, [0.0] * len(mechanism.reactions)).mechanism == mechanism


@pytest.mark.parametrize("level", [0.0, 1e-2])
def test_data_without_thermodynamics_give_a_reversible_file(level: float) -> None:
    runs, truth = data("hydrogen-oxidation")
    runs = with_noise(runs, level) if level else runs
    found = learn(ml.Trajectories(tuple(Species(s.name) for s in runs.species), runs.runs))
    assert found.status == "recovered", found.message
    assert all(arrows(found.to_write))
    assert [entry["reverse_from_thermo"] for entry in found.as_dict()["reactions"]] == [True] * 6
    comparison = ml.compare(found.to_write, truth)
    assert comparison.exact
    assert comparison.max_relative_rate_error is not None
    assert comparison.max_relative_rate_error < (level or 1e-6)
    assert ml.to_cantera(found.to_write).n_reactions == 6


def test_a_heat_capacity_alone_is_no_thermodynamics() -> None:
    mechanism = BANK["fuel-radical-product"]
    placeholder = replace(mechanism, species=tuple(replace(s, thermo=ConstantCp(cp0=2e4)) for s in mechanism.species))
    assert not any(arrows(reversible_where_consistent(placeholder, [0.0] * 2).mechanism))
