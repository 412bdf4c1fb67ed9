"""Algorithm 1 of the paper: Adam on the mean squared error, in the data's own units, from a single start."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from ....chemistry.one_way import undirected
from ....data.balances.balances import Balances
from ....data.progress import Progress
from ...settings import Adam, Search
from .freezing import rows_to_freeze
from .signed_network import CONCENTRATION_FLOOR
from .stoichiometry import Stoichiometry
from .training import Round, RowSearch

UNIT_AMPLITUDE = 1.0


def search_rows_with_adam(
    balances: Balances, stoichiometry: Stoichiometry, search: Search, optimizer: Adam, rows: int, progress: Progress
) -> RowSearch:
    """Fit, freeze and redraw as the paper does; the rates are then fitted as for every other search.

    First weights are U(−0.5, 0.5), as in the paper's released code; redrawn ones U(−2, 2), as in its text. A row that
    rounds to zero, or to one that is frozen already, is redrawn.
    """
    found = RowSearch()
    started = time.monotonic()
    generator = torch.Generator().manual_seed(search.seed)
    basis = torch.from_numpy(stoichiometry.basis.copy())
    logs = torch.from_numpy(np.log(np.maximum(balances.concentrations, CONCENTRATION_FLOOR)))
    target = torch.from_numpy(balances.accumulation.copy())
    coordinates = (torch.rand((rows, len(basis)), dtype=torch.float64, generator=generator) - 0.5).requires_grad_()
    log_rates = (torch.rand((2, rows), dtype=torch.float64, generator=generator) - 0.5).requires_grad_()
    frozen = torch.zeros(rows, dtype=torch.bool)
    adam = torch.optim.Adam([coordinates, log_rates], lr=optimizer.learning_rate, fused=True)
    previous = np.inf
    try:
        for epoch in range(1, optimizer.epochs + 1):
            loss = _one_epoch(coordinates, log_rates, frozen, basis, logs, target, optimizer, adam, generator)
            if epoch % optimizer.check_every == 0:
                progress(epoch / optimizer.epochs, f"loss {loss:.3g}, {int(frozen.sum())} of {rows} rows frozen")
                if loss >= previous and search.freeze_within > 0:
                    _freeze_and_redraw(coordinates, frozen, basis, stoichiometry, search, found, generator)
                matrix = torch.round(coordinates.detach()[frozen] @ basis).numpy()
                kept = tuple(tuple(int(c) for c in row) for row in matrix)
                signed, logs_now = (coordinates @ basis).detach().numpy().copy(), log_rates.detach().numpy().T.copy()
                found.history.append(Round(time.monotonic() - started, 0, epoch, loss, rows, kept, signed, logs_now))
                if frozen.all() or time.monotonic() - started > search.seconds:
                    break
            previous = loss
    except KeyboardInterrupt:
        found.interrupted = True
    return found


def loss_and_gradients(rows: Tensor, log_rates: Tensor, logs: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Equation (3.2) without its regularisation, and its derivatives by rows and by log rates, in closed form.

    The loss is the mean over samples of the squared error summed over species.
    """
    forward = torch.exp(logs @ torch.clamp(-rows, min=0).T + log_rates[0])
    reverse = torch.exp(logs @ torch.clamp(rows, min=0).T + log_rates[1])
    net = forward - reverse
    error = net @ rows - target
    by_production = error * (2 / len(target))
    by_net = by_production @ rows.T
    by_forward, by_reverse = by_net * forward, -by_net * reverse
    by_rows = net.T @ by_production + (by_reverse.T @ logs) * (rows > 0) - (by_forward.T @ logs) * (rows < 0)
    return (error**2).sum() / len(target), by_rows, torch.stack([by_forward.sum(0), by_reverse.sum(0)])


@torch.no_grad()
def _one_epoch(
    coordinates: Tensor,
    log_rates: Tensor,
    frozen: Tensor,
    basis: Tensor,
    logs: Tensor,
    target: Tensor,
    optimizer: Adam,
    adam: torch.optim.Adam,
    generator: torch.Generator,
) -> float:
    """One pass over the data; returns the mean of the losses seen."""
    count = len(target)
    size = min(optimizer.batch_size or count, count)
    whole = size == count
    order = None if whole else torch.randperm(count, generator=generator)
    total = 0.0
    for start in range(0, count, size):
        chosen = slice(None) if order is None else order[start : start + size]
        rows = coordinates @ basis
        loss, by_rows, by_logs = loss_and_gradients(rows, log_rates, logs[chosen], target[chosen])
        by_rows += optimizer.regularization * (torch.sign(rows) + 2 * rows)
        coordinates.grad = (by_rows @ basis.T) * ~frozen[:, None]
        log_rates.grad = by_logs
        held = coordinates[frozen]
        adam.step()
        coordinates[frozen] = held
        penalty = optimizer.regularization * (rows.abs().sum() + (rows**2).sum())
        total += float(loss + penalty) * min(size, count - start)
    return total / count


def _freeze_and_redraw(
    coordinates: Tensor,
    frozen: Tensor,
    basis: Tensor,
    stoichiometry: Stoichiometry,
    search: Search,
    found: RowSearch,
    generator: torch.Generator,
) -> None:
    """Fix the rows that are whole and draw the others anew, in place."""
    with torch.no_grad():
        rows = (coordinates @ basis).numpy()
        amplitude = np.full(len(rows), UNIT_AMPLITUDE)
        decision = rows_to_freeze(rows, frozen.numpy(), amplitude, stoichiometry, search.freeze_within)
        new = torch.from_numpy(decision.new)
        coordinates[new] = torch.from_numpy(decision.integers[decision.new]) @ basis.T
        frozen |= new
        for row in decision.integers[decision.new]:
            key = undirected(row)
            found.votes[key] = found.votes.get(key, 0) + 1
        free = int((~frozen).sum())
        coordinates[~frozen] = torch.rand((free, len(basis)), dtype=torch.float64, generator=generator) * 4 - 2
