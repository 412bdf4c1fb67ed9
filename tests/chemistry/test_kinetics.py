from dataclasses import replace

import cantera as ct
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlearn.chemistry.kinetics import (
    falloff_factor,
    log_equilibrium_constants,
    production_rates,
    progress,
    rate_constants,
)
from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Reaction, Species, ThirdBody
from mechlearn.errors import DataError, FormatError
from mechlearn.formats.cantera_yaml.export import to_cantera
from mechlearn.formats.cantera_yaml.mechanism_reading import read_mechanism

from ..helpers import BANK, HYDROGEN_OXIDATION, mechanisms, network, one_way


def states(mechanism: Mechanism, count: int = 5, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.asarray(10.0 ** np.random.default_rng(seed).uniform(-3, 0, (count, len(mechanism.species))))


def assert_rates_of(gas: ct.Solution, mechanism: Mechanism, temperatures: list[float], rtol: float = 1e-10) -> None:
    concentrations = states(mechanism, len(temperatures))
    found = production_rates(mechanism, concentrations, temperatures)
    forward, reverse = progress(mechanism, concentrations, temperatures)
    gross = (np.abs(forward) + np.abs(reverse)) @ (mechanism.reactants + mechanism.products)
    for i, temperature in enumerate(temperatures):
        gas.TP = temperature, ct.one_atm
        gas.concentrations = concentrations[i]
        assert np.all(np.abs(found[i] - gas.net_production_rates) <= rtol * gross[i])


@pytest.mark.parametrize(("file", "modelled"), [("h2o2.yaml", 29), ("gri30.yaml", 325), ("air.yaml", 8)])
def test_rates_and_reverse_constants_equal_those_of_cantera(file: str, modelled: int) -> None:
    mechanism = read_mechanism(file)
    assert sum(reaction.rate is not None for reaction in mechanism.reactions) == modelled
    gas = ct.Solution(file, transport_model=None)
    assert_rates_of(gas, mechanism, [700.0, 1000.0, 1500.0, 2500.0])
    gas.TP = 1500.0, 10 * ct.one_atm
    forward, reverse = rate_constants(mechanism, 1500.0)
    factor = np.ones(len(forward))
    for i, reaction in enumerate(mechanism.reactions):
        if reaction.falloff is not None:
            factor[i] = falloff_factor(reaction.falloff, forward[i], 1500.0, gas.third_body_concentrations[i])
    np.testing.assert_allclose(forward * factor, gas.forward_rate_constants, rtol=1e-10)
    np.testing.assert_allclose(reverse * factor, gas.reverse_rate_constants, rtol=1e-10)
    np.testing.assert_allclose(np.exp(log_equilibrium_constants(mechanism, 1500.0)), gas.equilibrium_constants, 1e-9)


@pytest.mark.parametrize("file", ["h2o2.yaml", "gri30.yaml"])
def test_rates_equal_those_of_cantera_from_a_tenth_to_a_hundred_atmospheres(file: str) -> None:
    mechanism, gas = read_mechanism(file), ct.Solution(file, transport_model=None)
    generator = np.random.default_rng(1)
    temperatures = generator.uniform(800.0, 2500.0, 40)
    pressures = ct.one_atm * 10.0 ** generator.uniform(-1.0, 2.0, 40)
    concentrations, theirs, gross = (np.empty((40, gas.n_species)) for _ in range(3))
    for i in range(40):
        gas.TPX = temperatures[i], pressures[i], generator.dirichlet(np.full(gas.n_species, 0.3))
        concentrations[i], theirs[i] = gas.concentrations, gas.net_production_rates
        gross[i] = gas.creation_rates + gas.destruction_rates
    found = production_rates(mechanism, concentrations, temperatures)
    assert np.all(np.abs(found - theirs) <= 1e-10 * gross)


@pytest.mark.parametrize("name", list(BANK))
def test_rates_of_the_bank_equal_those_of_cantera(name: str) -> None:
    assert_rates_of(to_cantera(BANK[name]), BANK[name], [300.0, 900.0])


@settings(max_examples=25, deadline=None)
@given(mechanisms())
def test_rates_equal_those_of_cantera(mechanism: Mechanism) -> None:
    assert_rates_of(to_cantera(mechanism), mechanism, [mechanism.temperature, 800.0])


@settings(max_examples=25, deadline=None)
@given(mechanisms(), st.integers(0, 100))
def test_orders_of_species_and_reactions_do_not_matter(mechanism: Mechanism, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(mechanism.species))
    species = tuple(mechanism.species[i] for i in order)
    shuffled = replace(mechanism, species=species, reactions=mechanism.reactions[::-1])
    concentrations = states(mechanism)
    straight = production_rates(mechanism, concentrations, 900.0)
    turned = production_rates(shuffled, concentrations[:, order], 900.0)
    scale = np.abs(straight).max()
    np.testing.assert_allclose(turned, straight[:, order], rtol=1e-12, atol=1e-12 * scale)


@settings(max_examples=25, deadline=None)
@given(mechanisms())
def test_production_conserves_the_element(mechanism: Mechanism) -> None:
    atoms = np.array([species.composition["C"] for species in mechanism.species])
    rates = production_rates(mechanism, states(mechanism), 700.0)
    assert np.abs(rates @ atoms).max() <= 1e-12 * max(np.abs(rates).max() * atoms.sum(), 1e-300)


def test_a_rate_has_no_factorials_and_follows_its_orders() -> None:
    pairing = network("A B", one_way("2 A => B", 3.0))
    assert production_rates(pairing, [[2.0, 0.0]], 300.0).tolist() == [[-24.0, 12.0]]
    fitted = replace(pairing, reactions=(Reaction({"A": 2}, {"B": 1}, Arrhenius(3.0), orders={"A": 0.5, "B": 1.0}),))
    assert production_rates(fitted, [[4.0, 5.0]], 300.0).tolist() == [[-60.0, 30.0]]


def test_a_third_body_multiplies_both_directions() -> None:
    body = ThirdBody({"B": 3.0}, default=0.5)
    reaction = Reaction({"A": 1}, {"B": 1}, Arrhenius(2.0), reverse_rate=Arrhenius(1.0), third_body=body)
    mechanism = Mechanism((Species("A"), Species("B")), (reaction,))
    collisions = 0.5 * 4.0 + 3.0 * 2.0
    assert production_rates(mechanism, [[4.0, 2.0]], 300.0)[0, 1] == (2.0 * 4.0 - 1.0 * 2.0) * collisions


def test_hydrogen_oxidation_is_at_rest_in_equilibrium() -> None:
    gas = to_cantera(HYDROGEN_OXIDATION)
    gas.TP = 1000.0, ct.one_atm
    gas.concentrations = [0.5] * 6
    reactor = ct.IdealGasMoleReactor(gas, energy="off", clone=False)
    net = ct.ReactorNet([reactor])
    net.rtol, net.atol = 1e-12, 1e-22
    net.advance(1e3)
    forward, _ = progress(HYDROGEN_OXIDATION, [gas.concentrations], 1000.0)
    rates = production_rates(HYDROGEN_OXIDATION, [gas.concentrations], 1000.0)
    assert np.abs(rates).max() < 1e-7 * forward.max()


def test_a_rate_type_that_is_not_modelled_is_refused() -> None:
    plog = Reaction({"A": 1}, {"B": 1}, None, definition={"equation": "A => B", "type": "pressure-dependent-Arrhenius"})
    with pytest.raises(FormatError, match=r"A => B has a rate of type 'pressure-dependent-Arrhenius'.*does not model"):
        rate_constants(network("A B", plog), 1000.0)


def test_a_reverse_rate_without_thermodynamics_is_refused() -> None:
    mechanism = network("A B", Reaction({"A": 1}, {"B": 1}, Arrhenius(1.0), reversible=True))
    with pytest.raises(FormatError, match=r"A <=> B takes its reverse rate constant from thermodynamics.* A, B is unk"):
        rate_constants(mechanism, 1000.0)


def test_concentrations_of_another_number_of_species_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(1, 2\), but the mechanism has 3 species"):
        production_rates(BANK["fuel-radical-product"], [[1.0, 2.0]], 300.0)
