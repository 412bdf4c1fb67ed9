"""Designed states: what they are, and whole mechanisms learnt back from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import cantera as ct
import numpy as np
import pytest
import scipy.sparse as sp

import mechlearn as ml
from mechlearn.design import Design, design_of, designed_states
from mechlearn.errors import StudyError
from mechlearn.kinetics import production_rates, progress
from mechlearn.simulation import find_mechanism
from mechlearn.study import Study, with_overrides
from mechlearn.thermo import GAS_CONSTANT

Rates = Callable[[float, float, np.ndarray], np.ndarray]

SEARCH = ml.Search(reverse="thermo", third_bodies=True, molecularity=3)
TEMPERATURES = [1000.0, 1300.0, 1700.0, 2200.0, 2500.0]
SEARCH_FREE = ml.Search(third_bodies=True)


def asked(
    species: tuple[ml.Species, ...],
    rates: Rates,
    bath: str,
    temperatures: list[float],
    pressures: tuple[float, ...] = (5.0,),
) -> ml.Balances:
    """Production at designed states from any function of temperature, pressure [atm] and concentrations."""
    names = [s.name for s in species]
    states, made, of = [], [], []
    for temperature, pressure in product(temperatures, pressures):
        around = np.zeros(len(species))
        around[names.index(bath)] = pressure * ct.one_atm / (GAS_CONSTANT * temperature)
        for state in designed_states(around):
            states.append(state)
            of.append(temperature)
            made.append(rates(temperature, GAS_CONSTANT * temperature * state.sum(), state))
    count = len(states)
    identity = sp.eye_array(count, format="csr")
    zeros = np.zeros((count, len(species)))
    return ml.Balances(species, np.array(states), np.array(of), np.full(count, np.nan), identity, np.array(made), zeros)


def study_of(mechanism: str, phase: str = "", **source: object) -> Study:
    plain = {"mechanism": mechanism, "phase": phase, "temperature": [1000, 1500, 2000, 2500], "pressure": ["5 atm"]}
    return Study(source={**plain, "initial": {"sample": "designed"}, "times": "none", **source})  # type: ignore[arg-type]


def learnt(study: Study, search: ml.Search = SEARCH) -> tuple[ml.Discovery, ml.Comparison]:
    found = ml.discover(ml.differential_balances(ml.simulate(study)), search)
    assert study.source is not None
    known = ml.read_mechanism(find_mechanism(study.source.mechanism), study.source.phase)
    return found, ml.compare(found.mechanism, known, stoichiometry=True)


def design(count: int) -> tuple[np.ndarray, np.ndarray]:
    states = np.concatenate([designed_states([0.0] * count + [m]) for m in (1.0, 2.0)])
    return states, np.repeat([1000.0, 1200.0], len(states) // 2)


def test_a_design_has_each_species_alone_twice_and_each_pair_once() -> None:
    states, temperature = design(4)
    extra = (states[: len(states) // 2, :4] > 0).sum(axis=1)
    assert np.bincount(extra).tolist() == [1, 8, 6]
    order = np.random.default_rng(0).permutation(len(states))
    found = design_of(states[order], temperature[order])
    assert isinstance(found, Design)
    assert found.bath.tolist() == [4]
    assert found.species.tolist() == [0, 1, 2, 3]
    for c, (i, j) in ((0, (0, 3)), (1, (2, 1))):
        row = states[order][found.pair[c, i, j]]
        assert np.flatnonzero(row[:4]).tolist() == sorted([i, j])
        assert row[4] == found.around[c, 0]
    assert found.amount_of((0, 3, 4)).tolist() == (found.amount[:, 0] * found.amount[:, 3] * [1.0, 2.0]).tolist()


def test_other_states_are_no_design() -> None:
    states, temperature = design(3)
    assert design_of(states[1:], temperature[1:]) is None
    assert design_of(np.where(np.arange(len(states))[:, None] == 7, 1.1 * states, states), temperature) is None
    assert design_of(np.random.default_rng(0).uniform(0, 1, (50, 3)), np.full(50, 300.0)) is None


def test_a_bare_function_is_learnt() -> None:
    atoms = {"AR": {"Ar": 1}, "H": {"H": 1}, "H2": {"H": 2}, "O": {"O": 1}, "OH": {"O": 1, "H": 1}, "O2": {"O": 2}}
    species = tuple(ml.Species(name, composition) for name, composition in atoms.items())

    def rates(temperature: float, pressure: float, c: np.ndarray) -> np.ndarray:
        _, h, h2, o, oh, o2 = c
        density = pressure / (GAS_CONSTANT * temperature)
        branching = 2e11 * np.exp(-8000 / temperature) * h * o2 - 1e10 * o * oh
        transfer = 4e1 * temperature**2.7 * np.exp(-3000 / temperature) * o * h2
        joining = 1e12 / temperature * h**2 * density
        made = [0, -branching + transfer - 2 * joining, joining - transfer]
        return np.array([*made, branching - transfer, branching + transfer, -branching])

    found = ml.discover(asked(species, rates, "AR", TEMPERATURES), ml.Search())
    assert sorted(found.mechanism.equations) == [
        "2 H => H2",
        "H + O2 => O + OH",
        "H2 + O => H + OH",
        "O + OH => H + O2",
    ]
    constant = {r.equation: r.rate for r in found.mechanism.reactions}
    assert constant["H2 + O => H + OH"].b == pytest.approx(2.7, abs=1e-6)  # type: ignore[union-attr]
    assert pytest.approx(1e10, rel=1e-6) == constant["O + OH => H + O2"].A  # type: ignore[union-attr]
    assert found.status == "recovered"


def test_rates_that_no_reactions_make_are_said_to_be_unexplained() -> None:
    species = (ml.Species("AR", {"Ar": 1}), ml.Species("H", {"H": 1}), ml.Species("H2", {"H": 2}))
    found = ml.discover(asked(species, lambda t, p, c: np.array([0.0, -(c[1] ** 2), c[1] ** 2]), "AR", [900.0, 1000.0]))
    assert "Not all that these make together is explained: H." in found.message


@pytest.mark.parametrize(("mechanism", "phase", "count"), [("air.yaml", "", 8), ("ohn.yaml", "", 60)])
def test_whole_mechanisms_come_back(mechanism: str, phase: str, count: int) -> None:
    _, comparison = learnt(study_of(mechanism, phase))
    assert (comparison.missing, comparison.spurious, len(comparison.matched)) == ((), (), count)


def test_gri30_comes_back() -> None:
    _, comparison = learnt(study_of("gri30.yaml"))
    assert (comparison.missing, comparison.spurious, len(comparison.matched)) == ((), (), 309)


def test_three_products_are_missed_where_two_are_asked_for() -> None:
    _, comparison = learnt(study_of("gri30.yaml", temperature=[1200, 2000]), replace(SEARCH, molecularity=2))
    assert len(comparison.matched) >= 284
    assert len(comparison.spurious) <= 6


def test_rates_colliders_and_falloff_of_hydrogen_combustion_come_back() -> None:
    pressures = ["1 atm", "3 atm", "10 atm"]
    found, comparison = learnt(
        study_of("h2o2.yaml", "ohmech", temperature=[1000, 1250, 1500, 2000, 2500], pressure=pressures)
    )
    assert (comparison.missing, comparison.spurious, len(comparison.matched)) == ((), (), 20)
    reactions = {r.equation: r for r in found.mechanism.reactions}
    branching = reactions["H + O2 <=> O + OH"].rate
    assert branching is not None
    assert branching.at(1500.0) == pytest.approx(
        2.65e13 * 1500**-0.6707 * np.exp(-17041 * 4184e3 / 1e3 / 8314.46 / 1500), rel=1e-4
    )
    body = reactions["2 OH (+M) <=> H2O2 (+M)"].third_body
    assert body is not None
    assert [body.efficiencies[name] for name in ("AR", "H2", "H2O")] == pytest.approx([0.7, 2.0, 6.0], rel=5e-3)
    gas = ct.Solution("h2o2.yaml", "ohmech")
    generator = np.random.default_rng(0)
    for _ in range(50):
        shares = 10 ** generator.uniform(-3, 0, gas.n_species)
        shares *= 0.01 / shares.sum()
        shares[gas.species_index("AR")] += 0.99
        gas.TPX = generator.uniform(1000, 2500), 3 * ct.one_atm, shares
        forward, reverse = progress(found.mechanism, gas.concentrations[None], np.array([gas.T]))
        gross = gas.creation_rates + gas.destruction_rates
        made = (forward - reverse)[0] @ found.mechanism.net
        assert np.abs(made - gas.net_production_rates).max() < 0.01 * gross.max()


def test_a_design_is_held_out_whole() -> None:
    runs = ml.simulate(study_of("air.yaml"))
    assert len(runs) == 8
    train, held = runs.split(0.25, 0)
    assert held is not None
    assert design_of(*_samples(train)) is not None
    assert design_of(*_samples(held)) is not None


def _samples(runs: ml.Trajectories) -> tuple[np.ndarray, np.ndarray]:
    balances = ml.differential_balances(runs)
    return balances.concentrations, balances.temperature


def test_a_phase_without_an_inert_gas_is_told_to_name_one() -> None:
    study = study_of("hydrogen-oxidation.yaml")
    with pytest.raises(StudyError, match=r"none of AR, HE, NE, KR, XE, N2 .* Name a gas, as in bath: \{AR: 1\}"):
        ml.simulate(study)
    named = with_overrides(study, {"source.initial": {"sample": "designed", "bath": {"H2": 1}}})
    assert len(ml.simulate(named)) == 8


def test_colliders_of_an_isomerisation_with_temperature_dependences_of_their_own() -> None:
    atoms = {"AR": {"Ar": 1}, "S": {"C": 1, "H": 2}, "T": {"C": 1, "H": 2}, "N2": {"N": 2}, "O": {"O": 1}}
    species = tuple(ml.Species(name, composition) for name, composition in atoms.items())

    def rates(temperature: float, pressure: float, c: np.ndarray) -> np.ndarray:
        argon, singlet, _, nitrogen, oxygen = c
        made = (9e9 * np.exp(-300 / temperature) * argon + 3e10 * nitrogen + 2e7 * temperature * oxygen) * singlet
        return np.array([0.0, -made, made, 0.0, 0.0])

    found = ml.discover(asked(species, rates, "AR", TEMPERATURES, (1.0, 10.0)), SEARCH_FREE)
    generator = np.random.default_rng(0)
    states = generator.uniform(0.0, 0.02, (50, 5)) * [1, 1, 0, 1, 1]
    temperature = generator.uniform(1000.0, 2500.0, 50)
    known = np.array([rates(t, 0.0, c) for t, c in zip(temperature, states, strict=True)])
    assert production_rates(found.mechanism, states, temperature) == pytest.approx(known, rel=1e-3, abs=1e-12)
