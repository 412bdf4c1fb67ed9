"""The network: its limits, its scale, its corners, and that it makes what the mechanism read out of it makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Mechanism
from mechlearn.data.noise.rate_noise import RateNoise
from mechlearn.discovery.candidates.network.restarts import Restarts
from mechlearn.discovery.candidates.network.signed_network import CONCENTRATION_FLOOR, LARGEST_LOG_RATE, SignedNetwork
from mechlearn.discovery.candidates.network.solution import directions_of
from mechlearn.discovery.candidates.network.stoichiometry import conserving_rows
from mechlearn.discovery.fit.learned_reactions import learned_reactions
from mechlearn.discovery.fit.rate_constants import fit_rates
from mechlearn.discovery.fit.scaling import Scaled
from mechlearn.discovery.settings import LevenbergMarquardt, Search

from ..helpers import BANK

Array = NDArray[np.float64]
SHARP = torch.zeros(1, dtype=torch.float64)


def random_states(mechanism: Mechanism, count: int = 40) -> tuple[Array, Array]:
    """Concentrations drawn from U(0, 1) and the production there."""
    concentrations = np.random.default_rng(0).random((count, len(mechanism.species)))
    return concentrations, production_rates(mechanism, concentrations, np.full(count, mechanism.temperature))


def parameters_of(mechanism: Mechanism) -> torch.Tensor:
    """The network that is the mechanism; a missing reverse rate is as small as the network has them."""
    logs = [
        [np.log(r.rate.A), np.log(r.reverse_rate.A) if r.reverse_rate else -LARGEST_LOG_RATE]
        for r in mechanism.reactions
        if r.rate
    ]
    return torch.from_numpy(np.hstack([mechanism.net, np.array(logs)]))[None]


def network_on(mechanism: Mechanism, count: int = 40) -> SignedNetwork:
    concentrations, production = random_states(mechanism, count)
    return SignedNetwork(concentrations, production, np.ones_like(production), np.eye(len(mechanism.species)))


def production_of(net: SignedNetwork, parameters: torch.Tensor, rounding: float = 0.0) -> Array:
    at = net.evaluate(parameters, torch.full((len(parameters),), rounding, dtype=torch.float64))
    return np.asarray(((at.residual + net.target) / net.weights)[0].numpy())


@pytest.mark.parametrize("name", BANK)
def test_network_of_a_mechanism_makes_what_the_mechanism_makes(name: str) -> None:
    net = network_on(BANK[name])
    _, expected = random_states(BANK[name])
    found = production_of(net, parameters_of(BANK[name]))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("name", BANK)
def test_mechanism_read_out_makes_what_the_rows_make(name: str) -> None:
    truth = BANK[name]
    concentrations, production = random_states(truth)
    units = (0.3, 7.0)
    nothing = np.zeros(len(truth.species))
    problem = Scaled(concentrations / units[0], production / units[1], *units, RateNoise(0.0, nothing, nothing, True))
    fit = fit_rates(problem, directions_of(truth.net))
    learned = learned_reactions(fit, problem, truth.species)
    found = Mechanism(truth.species, tuple(each.reaction for each in learned), temperature=truth.temperature)
    made = production_rates(found, concentrations, np.full(len(concentrations), truth.temperature))
    np.testing.assert_allclose(made, fit.production(problem) * units[1], rtol=1e-9, atol=1e-9 * np.abs(made).max())
    np.testing.assert_allclose(made, production, rtol=1e-6, atol=1e-9 * np.abs(made).max())


def test_rounded_corners_approach_the_network_with_the_square_of_the_width() -> None:
    net = network_on(BANK["crnn-case-1"])
    parameters = net.draw(1, 4, torch.Generator().manual_seed(0))
    sharp = production_of(net, parameters)
    errors = [np.abs(production_of(net, parameters, width) - sharp).max() for width in (1e-2, 1e-3, 1e-4)]
    assert errors[0] > 0
    orders = np.log10([errors[0] / errors[1], errors[1] / errors[2]])
    np.testing.assert_allclose(orders, 2.0, atol=0.2)


def test_rounding_of_whole_rows_acts_in_proportion_to_its_width() -> None:
    mechanism = BANK["hydrogen-oxidation"]
    net, parameters = network_on(mechanism), parameters_of(mechanism)
    sharp = production_of(net, parameters)
    errors = [np.abs(production_of(net, parameters, width) - sharp).max() for width in (1e-4, 1e-5, 1e-6)]
    assert errors[0] > 0
    np.testing.assert_allclose(np.log10([errors[0] / errors[1], errors[1] / errors[2]]), 1.0, atol=0.05)


def test_loss_of_an_empty_network_is_one() -> None:
    concentrations, production = random_states(BANK["hydrogen-oxidation"])
    weights = np.broadcast_to(1 / np.sqrt(np.mean(production**2, axis=0)), production.shape)
    net = SignedNetwork(concentrations, production, weights, np.eye(6))
    parameters = torch.zeros(1, 3, 8, dtype=torch.float64)
    assert float(net.evaluate(parameters, SHARP).loss[0]) == pytest.approx(1.0, rel=1e-12)


def test_restarts_do_not_know_of_each_other() -> None:
    net = network_on(BANK["michaelis-menten"])
    parameters = net.draw(3, 4, torch.Generator().manual_seed(0))
    width = torch.tensor([0.0, 0.1, 0.0], dtype=torch.float64)
    together = net.evaluate(parameters, width)
    hessian, gradient = net.normal_equations(together)
    for b in range(3):
        alone = net.evaluate(parameters[b : b + 1], width[b : b + 1])
        one_hessian, one_gradient = net.normal_equations(alone)
        torch.testing.assert_close(together.loss[b], alone.loss[0], rtol=1e-12, atol=0.0)
        torch.testing.assert_close(hessian[b], one_hessian[0], rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(gradient[b], one_gradient[0], rtol=1e-10, atol=1e-10)


def test_order_of_rows_and_species_does_not_change_the_loss() -> None:
    concentrations, production = random_states(BANK["crnn-case-1"])
    net = SignedNetwork(concentrations, production, np.ones_like(production), np.eye(5))
    parameters = net.draw(1, 4, torch.Generator().manual_seed(0))
    rows, columns = [2, 0, 3, 1], [4, 2, 0, 1, 3]
    turned = SignedNetwork(concentrations[:, columns], production[:, columns], np.ones_like(production), np.eye(5))
    same = turned.evaluate(parameters[:, rows][:, :, [*columns, 5, 6]], SHARP)
    torch.testing.assert_close(same.loss, net.evaluate(parameters, SHARP).loss, rtol=1e-12, atol=0.0)


def test_a_reaction_read_backwards_is_the_same_network() -> None:
    net = network_on(BANK["fuel-radical-product"])
    parameters = net.draw(1, 3, torch.Generator().manual_seed(0))
    turned = torch.cat([-parameters[:, :, :-2], parameters[:, :, [-1, -2]]], dim=2)
    np.testing.assert_allclose(production_of(net, turned), production_of(net, parameters), rtol=1e-12)


def test_derivatives_at_whole_rows_are_those_of_finite_differences() -> None:
    """At the corner of an entry that is zero there is no derivative; everywhere else there is."""
    mechanism = BANK["hydrogen-oxidation"]
    net = network_on(mechanism)
    parameters = parameters_of(mechanism)
    parameters[0, :, -2:] += 0.3
    _, gradient = net.normal_equations(net.evaluate(parameters, SHARP))
    assert bool(torch.isfinite(gradient).all())
    flat = parameters.flatten()
    smooth = torch.nonzero(flat).flatten()
    assert len(smooth) > 20
    for i in smooth.tolist():
        step = torch.zeros_like(flat)
        step[i] = 1e-6
        plus, minus = (net.evaluate((flat + s * step).reshape(parameters.shape), SHARP).loss[0] for s in (1, -1))
        expected = float(plus - minus) / (2 * 2e-6)
        assert float(gradient[0, i]) == pytest.approx(expected, rel=1e-5, abs=1e-7 * float(gradient.abs().max()))


def test_amplitude_is_the_largest_weighted_contribution() -> None:
    concentrations, production = random_states(BANK["crnn-case-1"])
    weights = np.random.default_rng(1).random(production.shape)
    net = SignedNetwork(concentrations, production, weights, np.eye(5))
    at = net.evaluate(net.draw(2, 3, torch.Generator().manual_seed(0)), torch.zeros(2, dtype=torch.float64))
    found = net.amplitude(at).numpy()
    for b in range(2):
        for i in range(3):
            for half, flux in enumerate((at.forward, at.reverse)):
                made = np.abs(np.outer(flux[b, i].numpy(), at.rows[b, i].numpy())) * weights
                assert found[b, i, half] == pytest.approx(made.max(), rel=1e-12)


def test_nothing_depends_on_the_floor_where_whole_rows_do_not_touch_it() -> None:
    mechanism = BANK["fuel-radical-product"]
    concentrations, _ = random_states(mechanism)
    concentrations[:, 0] = 0.0
    production = production_rates(mechanism, concentrations, np.full(len(concentrations), 300.0))
    net = SignedNetwork(concentrations, production, np.ones_like(production), np.eye(3))
    made = production_of(net, parameters_of(mechanism))
    np.testing.assert_allclose(made[:, 2], production[:, 2], rtol=1e-12)
    np.testing.assert_allclose(made, production, atol=1.01 * CONCENTRATION_FLOOR, rtol=1e-12)


def test_huge_rows_stay_finite() -> None:
    net = network_on(BANK["fuel-radical-product"])
    parameters = torch.full((1, 2, 5), 100.0, dtype=torch.float64)
    parameters[:, 1] = -100.0
    at = net.evaluate(parameters, SHARP)
    assert bool(torch.isfinite(at.residual).all())


@pytest.mark.parametrize("reverse", [True, False])
def test_drawn_rows_start_below_the_data_and_one_way_where_asked(reverse: bool) -> None:
    concentrations, production = random_states(BANK["hydrogen-oxidation"], 200)
    weights = np.broadcast_to(1 / np.sqrt(np.mean(production**2, axis=0)), production.shape)
    net = SignedNetwork(concentrations, production, weights, np.eye(6))
    parameters = net.draw(4, 8, torch.Generator().manual_seed(0), reverse=reverse)
    again = net.draw(4, 8, torch.Generator().manual_seed(0), reverse=reverse)
    assert torch.equal(parameters, again)
    assert bool((parameters[:, :, :-2].abs() <= 2).all())
    at = net.evaluate(parameters, torch.zeros(4, dtype=torch.float64))
    size = (at.rows.abs()[..., None] * net.entry_weights.T).amax(2)
    for flux in (at.forward, at.reverse):
        assert bool((torch.quantile(size * flux, 0.9, dim=2) <= 1.01).all())
    if not reverse:
        assert bool((at.reverse < 1e-30).all())


def test_coordinates_and_rows_are_inverse_on_conserving_rows() -> None:
    atoms = np.array([[s.composition.get(e, 0.0) for s in BANK["hydrogen-oxidation"].species] for e in "HO"])
    basis = conserving_rows(atoms).basis
    concentrations, production = random_states(BANK["hydrogen-oxidation"])
    net = SignedNetwork(concentrations, production, np.ones_like(production), basis)
    whole = torch.from_numpy(BANK["hydrogen-oxidation"].net.copy())
    parameters = torch.cat([net.coordinates(whole), torch.zeros(6, 2, dtype=torch.float64)], dim=1)
    torch.testing.assert_close(net.rows(parameters[None])[0], whole, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("name", BANK)
def test_steps_from_near_the_solution_end_at_round_off(name: str) -> None:
    mechanism = BANK[name]
    concentrations, production = random_states(mechanism)
    weights = np.broadcast_to(1 / np.sqrt(np.mean(production**2, axis=0)), production.shape)
    net = SignedNetwork(concentrations, production, weights, np.eye(len(mechanism.species)))
    restarts = Restarts(net, len(mechanism.reactions), Search(restarts=1), torch.Generator().manual_seed(0))
    off = 0.02 * torch.randn(parameters_of(mechanism).shape, dtype=torch.float64, generator=restarts.generator)
    off[:, :, :-2] = 0
    restarts.parameters = parameters_of(mechanism) + off
    restarts.frozen[:] = True
    restarts.sharpen(torch.tensor([True]))
    assert float(restarts.at.loss[0]) > 1e-8
    for _ in range(15):
        restarts.step(LevenbergMarquardt())
    assert float(restarts.at.loss[0]) < 1e-22
