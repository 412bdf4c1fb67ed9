"""The library of candidates: what it lists, what its laws and fits obey, and hydrogen combustion learnt back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cantera as ct
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

import mechlearn as ml
from mechlearn.conservation import element_matrix
from mechlearn.kinetics import progress
from mechlearn.library.candidates import candidate_reactions
from mechlearn.library.fitting import Errors, errors_left, fit_laws
from mechlearn.library.laws import Law, Surroundings, Term
from mechlearn.library.mixtures import collider_groups, columns, gram, non_negative
from mechlearn.library.readout import reactions_of
from mechlearn.library.selection import mix
from mechlearn.library.simplifying import without_idle_limit
from mechlearn.library.states import Flux, States, driving, states_of
from mechlearn.simulation import find_mechanism

COMBUSTION = ml.Search(reverse="thermo", third_bodies=True)


@cache
def hydrogen() -> ml.Mechanism:
    return ml.read_mechanism(find_mechanism("h2o2.yaml"), "ohmech")


@cache
def states_of_hydrogen(count: int, seed: int) -> ml.Balances:
    """Random mixtures of all species at 1000 to 2500 K and 1 to 10 atm, with Cantera's own rates."""
    gas = ct.Solution("h2o2.yaml", "ohmech")
    generator = np.random.default_rng(seed)
    temperature = generator.uniform(1000, 2500, count)
    pressure = ct.one_atm * 10 ** generator.uniform(0, 1, count)
    concentrations, rates = np.zeros((count, gas.n_species)), np.zeros((count, gas.n_species))
    for i in range(count):
        gas.TPX = temperature[i], pressure[i], 10 ** generator.uniform(-3, 0, gas.n_species)
        concentrations[i], rates[i] = gas.concentrations, gas.net_production_rates
    return balances(hydrogen().species, concentrations, temperature, rates)


def balances(
    species: tuple[ml.Species, ...], concentrations: np.ndarray, temperature: np.ndarray, rates: np.ndarray
) -> ml.Balances:
    identity = sp.eye_array(len(temperature), format="csr")
    pressure = np.full(len(temperature), np.nan)
    return ml.Balances(species, concentrations, temperature, pressure, identity, rates, np.zeros_like(rates))


def ignition(
    gas: ct.Solution, temperature: float, pressure: float, phi: float, count: int = 20
) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Temperature, concentrations and rates at steps of an adiabatic course of hydrogen and air."""
    gas.TP = temperature, pressure
    gas.set_equivalence_ratio(phi, "H2", "O2:1, N2:3.76")
    network = ct.ReactorNet([ct.IdealGasConstPressureReactor(gas, clone=False)])
    network.rtol, network.atol = 1e-10, 1e-20
    rows = []
    while network.time < 5e-3:
        network.step()
        rows.append((gas.T, gas.concentrations, gas.net_production_rates))
    return [rows[i] for i in np.linspace(0, len(rows) - 1, count).astype(int)]


def small_states(count: int = 60, seed: int = 3) -> States:
    generator = np.random.default_rng(seed)
    shape = (count, 3)
    return States(generator.uniform(0.1, 1, shape), generator.uniform(900, 1800, count), generator.normal(size=shape))


def test_candidates_balance_and_have_no_species_on_both_sides() -> None:
    species = hydrogen().species
    net = candidate_reactions(species)
    atoms = element_matrix(species)[1]
    assert np.all(net @ atoms.T == 0)
    assert len(net) == 30
    assert {tuple(row) for row in net}.isdisjoint({tuple(-row) for row in net})


def test_candidates_hold_all_reactions_of_the_mechanism() -> None:
    listed = {frozenset([tuple(row), tuple(-row)]) for row in candidate_reactions(hydrogen().species)}
    known = {frozenset([tuple(row), tuple(-row)]) for row in hydrogen().net.astype(int)}
    assert len(known) == 20
    assert known <= listed


def test_more_molecules_give_more_candidates() -> None:
    species = hydrogen().species
    two, three = candidate_reactions(species), candidate_reactions(species, 2, 3)
    assert {tuple(row) for row in two} < {tuple(row) for row in three}


def test_candidates_need_compositions() -> None:
    with pytest.raises(ml.DataError, match="composition of X is unknown"):
        candidate_reactions([ml.Species("X"), ml.Species("H", {"H": 1})])


def test_driving_forces_vanish_at_equilibrium() -> None:
    gas = ct.Solution("h2o2.yaml", "ohmech")
    gas.TPX = 1800, ct.one_atm, "H2:2, O2:1, N2:3"
    gas.equilibrate("TP")
    at = balances(hydrogen().species, gas.concentrations[None], np.array([gas.T]), gas.net_production_rates[None])
    forces = driving(states_of(at, thermo=True), candidate_reactions(hydrogen().species))
    assert np.all(np.abs(forces.difference) <= 1e-6 * forces.total)


@pytest.mark.parametrize(
    "term",
    [
        Term(np.array([2.0, 1.0, 0.5])),
        Term(np.array([2.0, 1.0, 0.5]), (0, 2), np.array([1.0, 0.3])),
        Term(np.array([3.0, 1.0, 0.5]), (0, 1), np.array([1.0, 2.0]), np.array([2.0, 0.2, 0.1])),
        Term(
            np.array([3.0, 1.0, 0.5]),
            (0, 1),
            np.array([1.0, 2.0]),
            np.array([2.0, 0.2, 0.1]),
            np.array([0.7, -2.0, 0.3, 1.2]),
        ),
    ],
    ids=["arrhenius", "third body", "lindemann", "troe"],
)
def test_derivatives_of_rate_laws_agree_with_differences(term: Term) -> None:
    around = Surroundings.of(small_states(), [np.array([j]) for j in range(3)])
    law = Law(0, (term, Term(np.array([-1.0, 0.2, 0.3]))))
    start, slopes = law.parameters(), law.evaluate(around)[1]
    for i in range(len(start)):
        step = 1e-6 * np.eye(len(start))[i]
        up, down = (law.with_parameters(start + s).evaluate(around)[0] for s in (step, -step))
        assert slopes[:, i] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("high", "idle"), [(40.0, True), (5.0, False)])
def test_a_falloff_far_below_its_high_pressure_limit_is_a_third_body(high: float, idle: bool) -> None:
    around = Surroundings.of(small_states(), [np.array([j]) for j in range(3)])
    term = Term(np.array([3.0, 1.0, 0.5]), (0, 1), np.array([1.0, 2.0]), np.array([high, 0.2, 0.1]))
    plain = without_idle_limit(term, around)
    assert (plain.high is None) == idle
    assert plain.evaluate(around)[0] == pytest.approx(term.evaluate(around)[0], rel=1e-4)


@pytest.mark.parametrize("centre", [None, np.array([0.7, -2.0, 0.3, 1.2])], ids=["lindemann", "troe"])
def test_a_law_read_out_has_the_rate_constant_of_the_fit(centre: np.ndarray | None) -> None:
    species = hydrogen().species
    data = states_of(states_of_hydrogen(40, 1), thermo=True)
    groups = [np.array([j]) for j in range(len(species))]
    names = tuple(s.name for s in species)
    net = np.zeros(len(species), dtype=int)
    net[names.index("OH")], net[names.index("H2O2")] = -2, 1
    efficiency = np.linspace(1.0, 2.0, len(species))
    term = Term(np.array([9.0, 0.3, -1.0]), tuple(range(len(species))), efficiency, np.array([12.0, 0.1, 0.5]), centre)
    law = Law(0, (term,))
    reactions = reactions_of(law, net, names, groups, data.reference, thermo=True)
    forward, _ = progress(ml.Mechanism(species, reactions), data.concentrations, data.temperature)
    expected = law.evaluate(Surroundings.of(data, groups))[0] * data.concentrations[:, names.index("OH")] ** 2
    assert forward.sum(axis=1) == pytest.approx(expected, rel=1e-9)


def test_weights_of_a_mixture_are_not_negative_and_solve_their_problem() -> None:
    data = states_of_hydrogen(150, 2)
    states = states_of(data, thermo=True)
    reactions = driving(states, candidate_reactions(data.species))
    laws = columns(states, reactions, collider_groups(states, 3), 3.0)
    mixture = mix(laws, states, np.ones(len(laws.reaction), dtype=bool))
    normal = gram(laws, states.target, mixture.scales)
    weights = normal.solve(np.ones(len(laws.reaction), dtype=bool))
    assert np.all(weights >= 0)
    slope = normal.matrix @ (weights * normal.size) - normal.right
    assert slope.min() > -1e-6
    assert np.abs(slope[weights > 0]).max() < 1e-6


def test_columns_that_are_not_used_have_no_weight() -> None:
    states = replace(small_states(), target=np.zeros((60, 3)))
    laws = columns(states, driving(states, np.array([[-1, 1, 0]])), [], third=False)
    assert not gram(laws, states.target, np.ones((60, 3))).solve(np.zeros(len(laws.reaction), dtype=bool)).any()


@pytest.mark.parametrize(("noise", "law"), [(1e-2, 1e-4), (1e-4, 1e-2), (3e-2, 3e-3)])
def test_noise_and_error_of_the_laws_are_told_apart(noise: float, law: float) -> None:
    generator = np.random.default_rng(0)
    net = 10 ** generator.uniform(-2, 2, (3000, 2))
    production = net * generator.uniform(-1, 1, net.shape) ** 5
    normal = generator.normal(size=(2, *net.shape))
    target = production * (1 + noise * normal[0]) + law * net * normal[1]
    found = errors_left(target, Flux(production, net, net))
    assert found.law == pytest.approx(law, rel=0.35)
    assert found.noise == pytest.approx(noise, rel=0.35, abs=0.3 * law)


def test_a_fit_finds_the_parameters_that_made_the_data() -> None:
    states = small_states(200)
    around = Surroundings.of(states, [np.array([2])])
    reactions = driving(states, np.array([[-1, 1, 0], [0, -1, 1]]))
    truth = (Law(0, (Term(np.array([1.0, 2.0, 0.5])),)), Law(2, (Term(np.array([0.5, -1.0, 0.0])),)))
    made = fit_laws(states, reactions, around, truth, np.ones_like(states.target), iterations=0).flux.production
    start = tuple(Law(law.reaction, (Term(np.zeros(3)),)) for law in truth)
    fit = fit_laws(
        replace(states, target=made),
        reactions,
        around,
        start,
        Errors(0.0, 1e-3).weights(Flux(made, made**2 + 1, made**2 + 1)),
    )
    for found, law in zip(fit.laws, truth, strict=True):
        assert found.parameters() == pytest.approx(law.parameters(), abs=1e-5)


def test_hydrogen_combustion_is_learnt_back() -> None:
    found = ml.discover(states_of_hydrogen(500, 0), COMBUSTION)
    comparison = ml.compare(found.mechanism, hydrogen(), stoichiometry=True)
    assert (comparison.missing, comparison.spurious) == ((), ())
    fresh = states_of_hydrogen(200, 77)
    forward, reverse = progress(found.mechanism, fresh.concentrations, fresh.temperature)
    gross = (forward + reverse) @ np.abs(found.mechanism.net)
    made = (forward - reverse) @ found.mechanism.net
    error = np.abs(made - fresh.accumulation) / np.maximum(gross, 1e-300)
    assert np.quantile(error[gross > 0], 0.99) < 0.02
    falloff = next(r for r in found.mechanism.reactions if r.falloff is not None)
    assert falloff.equation == "2 OH (+M) <=> H2O2 (+M)"


def test_ignitions_alone_over_pressures_give_all_reactions_and_no_other() -> None:
    gas = ct.Solution("h2o2.yaml", "ohmech")
    rows = [
        row
        for temperature in (1020.0, 1190.0, 1380.0)
        for pressure in (ct.one_atm, 10 * ct.one_atm)
        for phi in (0.55, 1.0, 1.8)
        for row in ignition(gas, temperature, pressure, phi)
    ]
    kelvin, concentrations, rates = (np.array(each) for each in zip(*rows, strict=True))
    found = ml.discover(balances(hydrogen().species, concentrations, kelvin, rates), COMBUSTION)
    comparison = ml.compare(found.mechanism, hydrogen(), stoichiometry=True)
    assert (comparison.missing, comparison.spurious) == ((), ())


def test_noise_hides_no_reaction_that_carries_something_and_makes_none() -> None:
    clean = states_of_hydrogen(500, 0)
    generator = np.random.default_rng(1)
    noisy = replace(
        clean, accumulation=clean.accumulation * (1 + 0.01 * generator.normal(size=clean.accumulation.shape))
    )
    found = ml.discover(noisy, COMBUSTION)
    comparison = ml.compare(found.mechanism, hydrogen(), stoichiometry=True)
    assert comparison.spurious == ()
    assert comparison.missing == ()
    assert found.noise == pytest.approx(0.01, rel=0.2)
    assert found.status == "approximated"


def test_rates_that_no_reaction_makes_are_not_explained() -> None:
    clean = states_of_hydrogen(300, 0)
    shuffled = np.random.default_rng(2).permutation(clean.accumulation)
    found = ml.discover(replace(clean, accumulation=shuffled), COMBUSTION)
    assert found.status == "no-reactions"


def test_the_library_finds_what_the_network_finds() -> None:
    species = tuple(ml.Species(name, {"C": 1}) for name in "FRP")
    generator = np.random.default_rng(4)
    u = generator.uniform(0, 1, (200, 3))
    slow, fast = u[:, 0] - u[:, 1], 1e3 * (u[:, 1] - u[:, 2])
    rates = np.stack([-slow, slow - fast, fast], axis=1)
    data = balances(species, u, np.full(200, 300.0), rates)
    found = ml.discover(data)
    assert found.status == "recovered"
    assert len(found.reactions) == 2
    assert [set(each.found_by) for each in found.reactions] == [{"network", "library"}] * 2
    alone = ml.discover(data, ml.Search(method="library"))
    assert sorted(alone.mechanism.equations) == sorted(found.mechanism.equations)
    assert alone.status == "recovered", alone.message


def test_the_active_sets_agree_with_scipy_and_end_where_a_column_is_needed_for_nothing() -> None:
    tied = non_negative(np.array([[1.0, 1.0], [1.0, 2.0]]), np.ones(2), np.ones(2, dtype=bool), np.zeros(2))
    np.testing.assert_array_equal(tied, [1.0, 0.0])
    generator = np.random.default_rng(5)
    for _ in range(20):
        values, target = generator.normal(size=(40, 30)), generator.normal(size=40)
        used = generator.random(30) < 0.8
        found = non_negative(values.T @ values, values.T @ target, used, np.zeros(30))
        best = np.zeros(30)
        best[used] = nnls(values[:, used], target)[0]
        np.testing.assert_allclose(found, best, atol=1e-8)


def test_the_active_sets_end_at_the_least_from_any_start() -> None:
    generator = np.random.default_rng(6)
    values, target = np.abs(generator.normal(size=(60, 80))), generator.normal(size=60)
    matrix = values.T @ values + 1e-9 * np.eye(80)
    best = non_negative(matrix, values.T @ target, np.ones(80, dtype=bool), np.zeros(80))
    slope = values.T @ target - matrix @ best
    assert np.all(best >= 0)
    np.testing.assert_allclose(slope[best > 0], 0, atol=1e-9 * np.abs(values.T @ target).max())
    assert np.all(slope[best == 0] <= 1e-9 * np.abs(values.T @ target).max())
    for _ in range(5):
        start = np.where(generator.random(80) < 0.5, np.abs(generator.normal(size=80)), 0.0)
        np.testing.assert_allclose(
            non_negative(matrix, values.T @ target, np.ones(80, dtype=bool), start), best, atol=1e-7
        )
