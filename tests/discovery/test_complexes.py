"""From complexes to reactions: production vectors, their split, what is open about it, and rate constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Mechanism
from mechlearn.chemistry.one_way import Complex, OneWayReaction, monomials
from mechlearn.data.noise.rate_noise import RateNoise
from mechlearn.discovery.candidates.network.complexes import Split, Vectors, production_vectors, split_into_directions
from mechlearn.discovery.candidates.network.solution import (
    directions_of,
    solution_from_network,
    solution_from_pool,
    solution_from_rows,
    whole_halves,
)
from mechlearn.discovery.candidates.network.stoichiometry import Stoichiometry, conserving_rows, free_rows
from mechlearn.discovery.fit.rate_constants import fit_rates, net_matrix
from mechlearn.discovery.fit.scaling import Scaled
from mechlearn.discovery.settings import Search

from ..helpers import BANK, network, one_way

Array = NDArray[np.float64]


def problem_of(mechanism: Mechanism, count: int = 300, units: tuple[float, float] = (1.0, 1.0)) -> Scaled:
    """Exact production at random states, in these units of concentration and production."""
    concentrations = np.random.default_rng(0).random((count, len(mechanism.species)))
    production = production_rates(mechanism, concentrations, np.full(count, mechanism.temperature))
    nothing = np.zeros(production.shape[1])
    return Scaled(concentrations / units[0], production / units[1], *units, RateNoise(0.0, nothing, nothing, True))


def side(mechanism: Mechanism, amounts: object) -> Complex:
    assert hasattr(amounts, "get")
    return tuple(int(amounts.get(n, 0)) for n in mechanism.species_names)


def true_constants(mechanism: Mechanism) -> dict[OneWayReaction, float]:
    """Rate constant of each one-way reaction."""
    constants = {}
    for r in mechanism.reactions:
        left, right = side(mechanism, r.reactants), side(mechanism, r.products)
        assert r.rate is not None
        constants[OneWayReaction(left, right)] = r.rate.A
        if r.reverse_rate is not None:
            constants[OneWayReaction(right, left)] = r.reverse_rate.A
    return constants


def split_of(mechanism: Mechanism, rows: Stoichiometry, shown: set[Complex] | None = None) -> Split:
    """The split of all true reactant complexes, from exact data."""
    problem = problem_of(mechanism)
    complexes = sorted({d.reactants for d in true_constants(mechanism)})
    values = monomials(problem.concentrations, complexes)
    vectors, errors = production_vectors(values, problem.production, problem.weights())
    return split_into_directions(Vectors(complexes, vectors, errors), shown or set(), rows)


def active(mechanism: Mechanism) -> Array:
    """An amplitude of one for each direction that the mechanism has, shape (R, 2)."""
    return np.array([[1.0, float(r.reverse_rate is not None)] for r in mechanism.reactions])


@pytest.mark.parametrize("name", BANK)
def test_production_vectors_are_the_sums_over_the_reactions_of_a_complex(name: str) -> None:
    mechanism = BANK[name]
    problem = problem_of(mechanism)
    constants = true_constants(mechanism)
    complexes = sorted({d.reactants for d in constants} | {(2, *(0,) * (len(mechanism.species) - 1))})
    expected = np.zeros((len(complexes), len(mechanism.species)))
    for d, k in constants.items():
        expected[complexes.index(d.reactants)] += k * np.subtract(d.products, d.reactants)
    values = monomials(problem.concentrations, complexes)
    vectors, errors = production_vectors(values, problem.production, problem.weights())
    np.testing.assert_allclose(vectors, expected, rtol=1e-8, atol=1e-11 * np.abs(expected).max())
    assert np.all(np.abs(vectors - expected) <= 10 * errors + 1e-12 * np.abs(expected).max())


def test_standard_errors_of_production_vectors_cover_noise() -> None:
    problem = problem_of(network("A B", one_way("A => B", 2.0, 0.5)), 200)
    complexes = [(1, 0), (0, 1), (1, 1)]
    expected = np.array([[-2.0, 2.0], [0.5, -0.5], [0.0, 0.0]])
    values = monomials(problem.concentrations, complexes)
    generator = np.random.default_rng(1)
    scores = []
    for _ in range(50):
        noisy = problem.production + 0.1 * generator.normal(size=problem.production.shape)
        vectors, errors = production_vectors(values, noisy, np.ones_like(noisy))
        scores.append((vectors - expected) / errors)
    assert 0.8 < np.sqrt(np.mean(np.square(scores))) < 1.2


def test_a_column_that_repeats_another_does_not_spoil_the_vectors() -> None:
    problem = problem_of(network("A B", one_way("A => B", 2.0)))
    values = monomials(problem.concentrations, [(1, 0), (1, 0)])
    vectors, _ = production_vectors(values, problem.production, problem.weights())
    np.testing.assert_allclose(values @ vectors, problem.production, rtol=1e-10)


def test_conservation_settles_what_free_rows_leave_open() -> None:
    """A => B and A => C equal A => 2 B + C and A => nothing, unless matter is conserved."""
    mechanism = network("A B C", one_way("A => B", 2.0), one_way("A => C", 1.0))
    assert split_of(mechanism, free_rows(3)).ambiguous == ((1, 0, 0),)
    split = split_of(mechanism, conserving_rows(np.ones((1, 3))))
    assert set(split.directions) == set(true_constants(mechanism))
    assert not split.ambiguous


def test_conservation_does_not_settle_a_mixture_of_three_balanced_products() -> None:
    mechanism = network("A B C", one_way("A => 2 B", 2.0), one_way("A => 2 C", 1.0))
    split = split_of(mechanism, conserving_rows(np.array([[2.0, 1.0, 1.0]])))
    assert split.ambiguous == ((1, 0, 0),)
    pairs = {frozenset(pair) for pair in split.alternatives[1, 0, 0]}
    assert pairs == {frozenset({(0, 2, 0), (0, 0, 2)}), frozenset({(0, 2, 0), (0, 1, 1)})}


def test_products_that_the_network_has_shown_are_preferred() -> None:
    mechanism = network("A B C", one_way("A => 2 B", 2.0), one_way("A => 2 C", 1.0))
    split = split_of(mechanism, free_rows(3), shown={(0, 2, 0), (0, 0, 2)})
    assert set(split.directions) == set(true_constants(mechanism))
    assert not split.ambiguous


def test_enzyme_release_is_one_reaction_and_not_its_mixture_of_two() -> None:
    """ES => E + P at 10 equals ES => 2 E and ES => 2 P at 5 each; the split with fewer reactions wins."""
    mechanism = network("E P ES", one_way("ES => 2 E", 5.0), one_way("ES => 2 P", 5.0))
    split = split_of(mechanism, free_rows(3), shown={(2, 0, 0), (0, 2, 0)})
    assert split.directions == (OneWayReaction((0, 0, 1), (1, 1, 0)),)


def test_a_catalyst_is_unexplained() -> None:
    split = split_of(network("A B C", one_way("A + B => A + C", 1.0)), free_rows(3))
    assert split.unexplained == ((1, 1, 0),)
    assert not split.directions


def test_a_complex_that_takes_from_others_is_unexplained() -> None:
    vectors = np.array([[-1.0, -0.5, 1.0]])
    split = split_into_directions(Vectors([(1, 0, 0)], vectors, np.full((1, 3), 1e-12)), set(), free_rows(3))
    assert split.unexplained == ((1, 0, 0),)


@pytest.mark.parametrize("limit", [1, 2])
def test_products_beyond_the_largest_coefficient_are_not_proposed(limit: int) -> None:
    split = split_of(network("A B", one_way("A => 2 B", 1.0)), free_rows(2, max_coefficient=limit))
    assert bool(split.directions) == (limit == 2)


@pytest.mark.parametrize("how", ["log", "non-negative"])
@pytest.mark.parametrize("name", BANK)
def test_rate_constants_of_exact_data_are_true_in_any_units(name: str, how: str) -> None:
    constants = true_constants(BANK[name])
    directions = tuple(constants)
    for units in ((1.0, 1.0), (0.01, 1e4)):
        problem = problem_of(BANK[name], units=units)
        fit = fit_rates(problem, directions, how)  # type: ignore[arg-type]
        orders = np.array([d.reactants for d in directions], dtype=float)
        found = problem.rate_constants(fit.constants, orders)
        np.testing.assert_allclose(found, list(constants.values()), rtol=1e-9)
        assert fit.misfit < 1e-13
        assert np.all((fit.contributions > 0) & (fit.contributions <= 1 + 1e-12))
        assert np.all(fit.errors < 1e-9)


@pytest.mark.parametrize("name", BANK)
def test_order_of_the_directions_does_not_change_their_constants(name: str) -> None:
    problem = problem_of(BANK[name])
    directions = tuple(true_constants(BANK[name]))
    forward, backward = fit_rates(problem, directions), fit_rates(problem, directions[::-1])
    np.testing.assert_allclose(forward.constants, backward.constants[::-1], rtol=1e-9)


def test_a_direction_that_the_data_do_not_have_gets_no_rate() -> None:
    mechanism = BANK["crnn-case-1"]
    absent = OneWayReaction((0, 1, 0, 0, 0), (2, 0, 0, 0, 0))
    fit = fit_rates(problem_of(mechanism), (*true_constants(mechanism), absent), "non-negative")
    assert fit.constants[-1] < 1e-10 * fit.constants.min(initial=np.inf, where=fit.constants > 1e-6)


def test_production_of_a_fit_is_that_of_its_directions() -> None:
    problem = problem_of(BANK["michaelis-menten"])
    fit = fit_rates(problem, tuple(true_constants(BANK["michaelis-menten"])))
    np.testing.assert_allclose(
        fit.production(problem), problem.production, atol=1e-12 * np.abs(problem.production).max()
    )
    np.testing.assert_array_equal(net_matrix(fit.directions).sum(axis=1), [-1, 1, 1])


def test_directions_of_rows_are_both_halves_once_and_none_from_nothing() -> None:
    rows = np.array([[-1.0, 2.0], [1.0, -2.0], [0.0, 1.0]])
    assert set(directions_of(rows)) == {
        OneWayReaction((1, 0), (0, 2)),
        OneWayReaction((0, 2), (1, 0)),
        OneWayReaction((0, 1), (0, 0)),
    }


@pytest.mark.parametrize("name", BANK)
def test_a_network_at_the_solution_is_read_out_as_complete(name: str) -> None:
    mechanism = BANK[name]
    generator = np.random.default_rng(0)
    rows = mechanism.net + generator.uniform(-0.01, 0.01, mechanism.net.shape)
    solution = solution_from_network(
        problem_of(mechanism), rows, active(mechanism), free_rows(len(mechanism.species)), Search()
    )
    assert solution is not None
    assert solution.complete
    assert not solution.ambiguous
    assert set(solution.fit.directions) == set(true_constants(mechanism))


@pytest.mark.parametrize("name", BANK)
def test_a_network_without_one_of_the_reactions_is_no_solution(name: str) -> None:
    mechanism = BANK[name]
    rows, amplitude = mechanism.net[1:], active(mechanism)[1:]
    assert solution_from_network(problem_of(mechanism), rows, amplitude, free_rows(rows.shape[1]), Search()) is None


def test_an_active_row_that_is_not_whole_is_no_solution() -> None:
    mechanism = BANK["crnn-case-1"]
    rows = np.vstack([mechanism.net, [-0.5, 0.5, 0.0, 0.0, 0.0]])
    for share, solved in ((1.0, False), (1e-9, True)):
        amplitude = np.vstack([active(mechanism), [share, 0.0]])
        found = solution_from_network(problem_of(mechanism), rows, amplitude, free_rows(5), Search())
        assert (found is not None) == solved


def test_complexes_of_many_restarts_explain_together_what_none_does_alone() -> None:
    mechanism = BANK["hydrogen-oxidation"]
    problem, chosen = problem_of(mechanism), np.arange(100)
    pool = sorted({d.reactants for d in true_constants(mechanism)} | {(2, 0, 0, 0, 0, 0), (0, 0, 0, 1, 1, 0)})
    found = solution_from_pool(problem, chosen, pool, free_rows(6), Search())
    assert found is not None
    assert set(found.fit.directions) == set(true_constants(mechanism))
    assert solution_from_pool(problem, chosen, pool[3:], free_rows(6), Search()) is None


def test_more_reactions_than_asked_for_are_no_solution() -> None:
    mechanism = BANK["hydrogen-oxidation"]
    arguments = (problem_of(mechanism), mechanism.net, active(mechanism), free_rows(6))
    assert solution_from_network(*arguments, Search(reactions=6)) is not None
    assert solution_from_network(*arguments, Search(reactions=5)) is None


@pytest.mark.parametrize("name", BANK)
def test_spurious_rows_are_pruned_from_whole_rows(name: str) -> None:
    mechanism = BANK[name]
    extra = np.zeros((2, len(mechanism.species)))
    extra[0, :2], extra[1, -2:] = [-3, 1], [2, -1]
    solution = solution_from_rows(problem_of(mechanism), np.vstack([mechanism.net, extra]), Search())
    assert solution is not None
    assert set(solution.fit.directions) == set(true_constants(mechanism))
    assert solution.fit.misfit < 1e-12


def test_whole_rows_beyond_the_number_asked_for_are_left_out_weakest_first() -> None:
    mechanism = network("A B C D", one_way("A => B", 5.0), one_way("B => C", 3.0), one_way("C => D", 0.01))
    solution = solution_from_rows(problem_of(mechanism), mechanism.net, Search(reactions=2))
    assert solution is not None
    assert len({frozenset((d.reactants, d.products)) for d in solution.fit.directions}) == 2
    assert OneWayReaction((1, 0, 0, 0), (0, 1, 0, 0)) in solution.fit.directions


def test_no_rows_are_no_solution() -> None:
    assert solution_from_rows(problem_of(BANK["crnn-case-1"]), np.zeros((1, 5)), Search()) is None


def test_halves_are_the_whole_sides_of_rows_that_carry_flux() -> None:
    rows = np.array([[-1.02, 0.6, 1.0], [-1.0, 1.0, 0.0], [0.0, -2.0, 1.0]])
    amplitude = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    assert whole_halves(rows, amplitude, Search(), 0.05) == {(1, 0, 0), (0, 2, 0), (0, 0, 1)}


def test_a_state_where_nothing_reacts_changes_no_rate() -> None:
    problem = problem_of(BANK["fuel-radical-product"])
    still = replace(
        problem,
        concentrations=np.vstack([problem.concentrations, np.zeros((5, 3))]),
        production=np.vstack([problem.production, np.zeros((5, 3))]),
    )
    directions = tuple(true_constants(BANK["fuel-radical-product"]))
    np.testing.assert_allclose(fit_rates(still, directions).constants, [1.0, 1.0, 1e3, 1e3], rtol=1e-10)
