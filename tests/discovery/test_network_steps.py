"""The network and its steps: derivatives against autograd, freezing, noise, splits of complexes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Mechanism
from mechlearn.chemistry.one_way import monomials
from mechlearn.data.noise.rate_noise import all_complexes, estimate_rate_noise, structures_in
from mechlearn.discovery.candidates.network.complexes import Split, Vectors, production_vectors, split_into_directions
from mechlearn.discovery.candidates.network.freezing import rows_to_freeze
from mechlearn.discovery.candidates.network.restarts import Restarts
from mechlearn.discovery.candidates.network.signed_network import SignedNetwork
from mechlearn.discovery.candidates.network.stoichiometry import Stoichiometry, conserving_rows, free_rows
from mechlearn.discovery.settings import LevenbergMarquardt, Search

from ..helpers import BANK, network, one_way

LAWS = np.array([[1.0, 1.0, 2.0, 0.0], [0.0, 1.0, 1.0, 3.0]])
ROWS = {"free": free_rows(4), "conserving": conserving_rows(LAWS)}


def some_network(stoichiometry: Stoichiometry, *, equal_weights: bool) -> SignedNetwork:
    generator = np.random.default_rng(3)
    states = (30, 4)
    weights = np.broadcast_to(generator.random(4) + 0.1, states) if equal_weights else generator.random(states) + 0.1
    return SignedNetwork(generator.random(states), generator.normal(size=states), weights, stoichiometry.basis)


def states_of(mechanism: Mechanism, count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random concentrations and the production there."""
    concentrations = np.random.default_rng(seed).random((count, len(mechanism.species)))
    return concentrations, production_rates(mechanism, concentrations, np.full(count, mechanism.temperature))


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("rounding", [0.0, 0.1])
@pytest.mark.parametrize("equal_weights", [True, False])
def test_normal_equations_equal_those_of_automatic_differentiation(
    rows: str, rounding: float, equal_weights: bool
) -> None:
    net = some_network(ROWS[rows], equal_weights=equal_weights)
    parameters = net.draw(2, 5, torch.Generator().manual_seed(0))
    width = torch.full((2,), rounding, dtype=torch.float64)
    hessian, gradient = net.normal_equations(net.evaluate(parameters, width))

    def residual(one: torch.Tensor) -> torch.Tensor:
        return net.evaluate(one[None], width[:1]).residual[0].reshape(-1)

    for b in range(2):
        jacobian = torch.autograd.functional.jacobian(residual, parameters[b])  # type: ignore[no-untyped-call]
        jacobian = jacobian.reshape(len(residual(parameters[b])), -1).numpy()
        for found, expected in (
            (hessian[b].numpy(), jacobian.T @ jacobian),
            (gradient[b].numpy(), jacobian.T @ residual(parameters[b]).numpy()),
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * np.abs(found).max())


def test_steps_never_raise_the_loss() -> None:
    net = some_network(ROWS["free"], equal_weights=True)
    restarts = Restarts(net, 5, Search(restarts=4), torch.Generator().manual_seed(1))
    losses = []
    for _ in range(30):
        restarts.step(LevenbergMarquardt())
        losses.append(restarts.at.loss.clone())
    assert all(bool((after <= before).all()) for before, after in pairwise(losses))
    assert bool((losses[-1] < 0.9 * losses[0]).all())


def test_frozen_rows_do_not_move() -> None:
    net = some_network(ROWS["free"], equal_weights=True)
    restarts = Restarts(net, 3, Search(restarts=2), torch.Generator().manual_seed(1))
    restarts.frozen[:, 0] = True
    before = restarts.at.rows[:, 0].clone()
    for _ in range(10):
        restarts.step(LevenbergMarquardt())
    restarts.redraw(torch.tensor([True, True]))
    assert torch.equal(restarts.at.rows[:, 0], before)


def test_every_row_of_a_conserving_network_obeys_the_laws() -> None:
    net = some_network(ROWS["conserving"], equal_weights=True)
    rows = net.rows(net.draw(5, 7, torch.Generator().manual_seed(2)))
    assert float((rows @ torch.from_numpy(LAWS).T).abs().max()) < 1e-12


def test_network_makes_what_its_mechanism_makes() -> None:
    mechanism = BANK["hydrogen-oxidation"]
    concentrations, production = states_of(mechanism, 50)
    net = SignedNetwork(concentrations, production, np.ones_like(production), np.eye(6))
    rows = np.array([mechanism.net[i] for i in range(6)], dtype=float)
    logs = np.log([[r.rate.A, r.reverse_rate.A] for r in mechanism.reactions if r.rate and r.reverse_rate])
    at = net.evaluate(torch.from_numpy(np.hstack([rows, logs]))[None], torch.zeros(1, dtype=torch.float64))
    assert float(at.loss[0]) < 1e-20 * np.mean(production**2)


@pytest.mark.parametrize(
    ("row", "frozen"),
    [
        ([-1.04, 1.0, 0.0], True),
        ([-1.06, 1.0, 0.0], False),
        ([0.01, -0.01, 0.0], False),
        ([-5.0, 1.0, 0.0], False),
    ],
)
def test_rows_freeze_where_they_are_near_allowed_integers(row: list[float], frozen: bool) -> None:
    decision = rows_to_freeze(np.array([row]), np.zeros(1, bool), np.ones(1), free_rows(3), 0.05)
    assert decision.new.tolist() == [frozen]


def test_a_row_is_frozen_once_even_reversed() -> None:
    rows = np.array([[-1.0, 1.0], [1.01, -1.0], [-0.99, 1.0]])
    decision = rows_to_freeze(rows, np.array([True, False, False]), np.ones(3), free_rows(2), 0.05)
    assert not decision.new.any()


@pytest.mark.parametrize("name", BANK)
def test_production_of_the_true_complexes_splits_into_the_true_reactions(name: str) -> None:
    mechanism = BANK[name]
    concentrations, production = states_of(mechanism)
    names = mechanism.species_names

    def side(amounts: dict[str, float]) -> tuple[int, ...]:
        return tuple(int(amounts.get(n, 0)) for n in names)

    true = set()
    for r in mechanism.reactions:
        true.add((side(dict(r.reactants)), side(dict(r.products))))
        if r.reverse_rate is not None:
            true.add((side(dict(r.products)), side(dict(r.reactants))))
    complexes = sorted({y for y, _ in true})
    weights = np.broadcast_to(1 / np.sqrt(np.mean(production**2, axis=0)), production.shape)
    vectors, errors = production_vectors(monomials(concentrations, complexes), production, weights)
    split = split_into_directions(Vectors(complexes, vectors, errors), set(), free_rows(len(names)))
    assert {(d.reactants, d.products) for d in split.directions} == true
    assert not split.unexplained
    assert not split.ambiguous


def split_of(mechanism: Mechanism, complex_: tuple[int, ...]) -> Split:
    concentrations, production = states_of(mechanism)
    values = monomials(concentrations, [complex_])
    vectors, errors = production_vectors(values, production, np.ones_like(production))
    return split_into_directions(Vectors([complex_], vectors, errors), set(), free_rows(len(mechanism.species)))


def test_two_reactions_that_one_can_replace_become_one() -> None:
    split = split_of(network("A B C", one_way("A => 2 B", 1.0), one_way("A => 2 C", 1.0)), (1, 0, 0))
    assert [d.products for d in split.directions] == [(0, 1, 1)]


def test_a_complex_that_several_pairs_of_reactions_explain_is_ambiguous() -> None:
    split = split_of(network("A B C", one_way("A => 2 B", 2.0), one_way("A => 2 C", 1.0)), (1, 0, 0))
    assert split.ambiguous == ((1, 0, 0),)


@pytest.mark.parametrize("level", [1e-4, 1e-2, 0.1])
@pytest.mark.parametrize("name", BANK)
def test_noise_is_estimated_without_a_mechanism(name: str, level: float) -> None:
    concentrations, production = states_of(BANK[name], 800)
    noisy = production * (1 + level * np.random.default_rng(1).normal(size=production.shape))
    noise = estimate_rate_noise(concentrations, noisy)
    assert noise.relative == pytest.approx(level, rel=0.1)
    assert not noise.exact


@pytest.mark.parametrize("name", BANK)
def test_exact_rates_have_no_noise(name: str) -> None:
    assert estimate_rate_noise(*states_of(BANK[name])).exact


def test_neighbours_agree_where_a_rate_law_is_missing_and_not_where_there_is_noise() -> None:
    generator = np.random.default_rng(0)
    concentrations = generator.random((500, 2))
    smooth = np.sin(3 * concentrations[:, :1]) * np.ones((500, 2))
    assert structures_in(smooth, concentrations).max() > 8
    assert structures_in(generator.normal(size=(500, 2)), concentrations).max() < 5


def test_all_complexes_up_to_an_order_are_listed_once() -> None:
    complexes = all_complexes(3, 2)
    assert len(complexes) == len(set(complexes)) == 9
    assert all(1 <= sum(y) <= 2 for y in complexes)
