"""Adam as in the paper: its loss, its frozen rows, and a small mechanism that it finds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

import mechlearn as ml
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.discovery.candidates.network.adam import loss_and_gradients, search_rows_with_adam
from mechlearn.discovery.candidates.network.row_search import RowSearch
from mechlearn.discovery.candidates.network.signed_network import SignedNetwork
from mechlearn.discovery.candidates.network.stoichiometry import Stoichiometry, conserving_rows, free_rows

from ..helpers import BANK, network, one_way

CHAIN = network("A B C", one_way("A => B", 1.0, 0.5), one_way("B => C", 2.0))
FREE = free_rows(3)


def balances_of(mechanism: ml.Mechanism, count: int = 60) -> ml.Balances:
    """Exact rates at random states."""
    concentrations = np.random.default_rng(0).random((count, len(mechanism.species)))
    temperature = np.full(count, mechanism.temperature)
    rates = production_rates(mechanism, concentrations, temperature)
    run = ml.Trajectory(
        np.arange(count, dtype=np.float64), concentrations, temperature, temperature, rates, name="states"
    )
    return ml.differential_balances(ml.Trajectories(mechanism.species, (run,)))


def fit(
    adam: ml.Adam, rows: int = 2, stoichiometry: Stoichiometry = FREE, seed: int = 1, freeze_within: float = 0.05
) -> RowSearch:
    search = ml.Search(seed=seed, freeze_within=freeze_within)
    return search_rows_with_adam(balances_of(CHAIN), stoichiometry, search, adam, rows, lambda share, text: None)


@pytest.mark.parametrize("name", BANK)
def test_its_loss_is_that_of_the_network_in_the_datas_own_units(name: str) -> None:
    balances = balances_of(BANK[name])
    production = balances.accumulation
    net = SignedNetwork(balances.concentrations, production, np.ones_like(production), np.eye(production.shape[1]))
    parameters = net.draw(1, 4, torch.Generator().manual_seed(0))
    expected = net.evaluate(parameters, torch.zeros(1, dtype=torch.float64)).loss[0] * production.shape[1]
    found, _, _ = loss_and_gradients(
        parameters[0, :, :-2], parameters[0, :, -2:].T, net.log_concentrations.T, torch.from_numpy(production.copy())
    )
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("name", BANK)
def test_its_gradients_are_those_of_automatic_differentiation(name: str) -> None:
    balances = balances_of(BANK[name])
    logs, target = torch.from_numpy(np.log(balances.concentrations)), torch.from_numpy(balances.accumulation.copy())
    generator = torch.Generator().manual_seed(3)
    rows = (torch.rand((4, target.shape[1]), dtype=torch.float64, generator=generator) - 0.5).requires_grad_()
    log_rates = torch.rand((2, 4), dtype=torch.float64, generator=generator).requires_grad_()
    loss, by_rows, by_logs = loss_and_gradients(rows, log_rates, logs, target)
    expected = torch.autograd.grad(loss, [rows, log_rates])
    torch.testing.assert_close((by_rows, by_logs), expected, rtol=1e-10, atol=1e-12)


def test_its_loss_vanishes_at_the_true_mechanism() -> None:
    balances = balances_of(CHAIN)
    logs = torch.tensor([[0.0, np.log(2.0)], [np.log(0.5), -100.0]], dtype=torch.float64)
    states = torch.from_numpy(np.log(balances.concentrations))
    target = torch.from_numpy(balances.accumulation.copy())
    loss, *_ = loss_and_gradients(torch.from_numpy(CHAIN.net.copy()), logs, states, target)
    assert 0 <= float(loss) < 1e-28


@pytest.mark.parametrize(("batch_size", "epochs"), [(10, 60), (None, 360), (1000, 360)])
def test_a_short_run_lowers_the_loss(batch_size: int | None, epochs: int) -> None:
    adam = ml.Adam(epochs=epochs, check_every=epochs // 6, batch_size=batch_size, learning_rate=1e-2)
    history = fit(adam, freeze_within=0.0).history
    assert [entry.iterations for entry in history] == [epochs // 6 * i for i in range(1, 7)]
    assert history[-1].loss < 0.5 * history[0].loss
    assert not any(entry.frozen for entry in history)


def test_a_batch_as_large_as_the_data_is_the_full_batch() -> None:
    runs = [fit(ml.Adam(epochs=20, check_every=10, batch_size=size)).history[-1] for size in (None, 60, 61)]
    for other in runs[1:]:
        np.testing.assert_array_equal(runs[0].matrix, other.matrix)
        assert runs[0].loss == other.loss


def test_the_same_seed_gives_the_same_fit_and_another_seed_another() -> None:
    adam = ml.Adam(epochs=20, check_every=10, batch_size=10)
    one, same, other = (fit(adam, seed=seed).history[-1].matrix for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("batch_size", [10, None])
def test_frozen_rows_stay_as_they_are(batch_size: int | None) -> None:
    """A wide reach and long steps freeze rows early; from then on only their rates may move."""
    adam = ml.Adam(epochs=200, check_every=1, batch_size=batch_size, learning_rate=0.3)
    found = fit(adam, rows=4, freeze_within=0.3)
    assert len(found.history[-1].frozen) >= 2
    moved = False
    for before, after in pairwise(found.history):
        assert set(before.frozen) <= set(after.frozen)
        for row in before.frozen:
            i = int(np.flatnonzero((before.matrix == np.array(row)).all(axis=1))[0])
            np.testing.assert_array_equal(after.matrix[i], before.matrix[i])
            moved |= bool(np.any(after.log_rates[i] != before.log_rates[i]))
    assert moved
    assert set(found.votes) == {max(row, tuple(-c for c in row)) for row in found.history[-1].frozen}


def test_rows_within_reach_are_frozen_at_their_whole_numbers_and_others_are_drawn_anew() -> None:
    adam = ml.Adam(epochs=200, check_every=1, batch_size=10, learning_rate=0.3)
    history = fit(adam, rows=4, freeze_within=0.3).history
    before, after = next((a, b) for a, b in pairwise(history) if len(b.frozen) > len(a.frozen))
    whole = [tuple(int(c) for c in row) for row in after.matrix if np.all(row == np.rint(row))]
    assert set(after.frozen) <= set(whole)
    free = [i for i, row in enumerate(after.matrix) if np.any(row != np.rint(row))]
    assert np.all(np.abs(after.matrix[free]) <= 2)
    assert np.abs(after.matrix[free] - before.matrix[free]).max() > 0.3


def test_rows_of_a_conserving_search_are_balanced_all_the_way() -> None:
    adam = ml.Adam(epochs=20, check_every=2, batch_size=10, learning_rate=0.1)
    for entry in fit(adam, rows=3, stoichiometry=conserving_rows(np.ones((1, 3)))).history:
        np.testing.assert_allclose(entry.matrix.sum(axis=1), 0.0, atol=1e-12)


def test_it_ends_when_all_rows_are_frozen() -> None:
    adam = ml.Adam(epochs=2000, check_every=10, batch_size=10, learning_rate=2e-2)
    found = fit(adam)
    assert len(found.history[-1].frozen) == 2
    assert found.history[-1].iterations < 2000


def test_regularization_draws_the_rows_to_zero() -> None:
    sizes = []
    for weight in (0.0, 10.0):
        adam = ml.Adam(epochs=300, check_every=300, batch_size=None, learning_rate=1e-2, regularization=weight)
        sizes.append(np.abs(fit(adam, freeze_within=0.0).history[-1].matrix).sum())
    assert sizes[1] < 0.1 * sizes[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_chain_of_two_reactions_is_found_with_its_rates(seed: int) -> None:
    adam = ml.Adam(epochs=400, check_every=10, batch_size=10, learning_rate=2e-2)
    search = ml.Search(optimizer=adam, reactions=2, seed=seed, conserve="none")
    found = ml.discover(balances_of(CHAIN), search)
    comparison = ml.compare(found.mechanism, CHAIN)
    assert comparison.exact
    assert comparison.max_relative_rate_error is not None
    assert comparison.max_relative_rate_error < 1e-9
    assert found.loss < 1e-12


def test_progress_is_told_at_every_look() -> None:
    told = []
    adam = ml.Adam(epochs=40, check_every=10, batch_size=None)
    ml.discover(
        balances_of(CHAIN),
        ml.Search(optimizer=adam, reactions=2),
        progress=lambda share, text: told.append((share, text)),
    )
    assert [share for share, _ in told] == [0.25, 0.5, 0.75, 1.0]
    assert all("of 2 rows frozen" in text for _, text in told)
