"""Algorithm 1 of the paper: Adam on the mean squared error, in the data's own units, from a single start."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from ....chemistry.arrays import Array
from ....data.balances.balances import Balances
from ....data.progress import Progress
from ...settings import Adam, Search
from ..enumeration import whole_tuples
from .freezing import rows_to_freeze
from .row_search import Round, RowSearch
from .signed_network import CONCENTRATION_FLOOR
from .stoichiometry import Stoichiometry


def search_rows_with_adam(
    balances: Balances, stoichiometry: Stoichiometry, search: Search, optimizer: Adam, rows: int, progress: Progress
) -> RowSearch:
    """Fit, freeze and redraw as the paper does; the rates are then fitted as for every other search.

    First weights are U(−0.5, 0.5), as in the paper's released code; redrawn ones U(−2, 2), as in its text. A row that
    rounds to zero, or to one that is frozen already, is redrawn.
    """
    found = RowSearch()
    started = time.monotonic()
    network = _AdamNetwork(balances, stoichiometry, optimizer, rows, torch.Generator().manual_seed(search.seed))
    previous = np.inf
    try:
        for epoch in range(1, optimizer.epochs + 1):
            loss = network.one_epoch()
            if epoch % optimizer.check_every == 0:
                frozen = network.frozen.numpy()
                progress(epoch / optimizer.epochs, f"loss {loss:.3g}, {int(frozen.sum())} of {rows} rows frozen")
                if loss >= previous and search.freeze_within > 0:
                    found.vote_for(network.freeze_and_redraw(stoichiometry, search.freeze_within))
                matrix = network.rows().numpy().copy()
                kept = whole_tuples(matrix[frozen])
                logs = network.log_rates.detach().numpy().T.copy()
                found.history.append(Round(time.monotonic() - started, 0, epoch, loss, rows, kept, matrix, logs))
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


class _AdamNetwork:
    """Rows in the coordinates of a basis and log rates, with the data and the state of Adam."""

    def __init__(
        self, balances: Balances, stoichiometry: Stoichiometry, optimizer: Adam, rows: int, generator: torch.Generator
    ) -> None:
        self.optimizer = optimizer
        self.generator = generator
        self.basis = torch.from_numpy(stoichiometry.basis.copy())
        self.logs = torch.from_numpy(np.log(np.maximum(balances.concentrations, CONCENTRATION_FLOOR)))
        self.target = torch.from_numpy(balances.accumulation.copy())
        self.coordinates = (self._uniform(rows, len(self.basis)) - 0.5).requires_grad_()
        self.log_rates = (self._uniform(2, rows) - 0.5).requires_grad_()
        self.frozen = torch.zeros(rows, dtype=torch.bool)
        parameters = [self.coordinates, self.log_rates]
        self.adam = torch.optim.Adam(parameters, lr=optimizer.learning_rate, fused=True)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, dtype=torch.float64, generator=self.generator)

    @torch.no_grad()
    def rows(self) -> Tensor:
        """Signed rows, shape (R, S)."""
        return self.coordinates @ self.basis

    @torch.no_grad()
    def one_epoch(self) -> float:
        """One pass over the data; returns the mean of the losses seen."""
        count, weight = len(self.target), self.optimizer.regularization
        size = min(self.optimizer.batch_size or count, count)
        order = None if size == count else torch.randperm(count, generator=self.generator)
        total = 0.0
        for start in range(0, count, size):
            chosen = slice(None) if order is None else order[start : start + size]
            rows = self.rows()
            loss, by_rows, by_logs = loss_and_gradients(rows, self.log_rates, self.logs[chosen], self.target[chosen])
            by_rows += weight * (torch.sign(rows) + 2 * rows)
            self.coordinates.grad = (by_rows @ self.basis.T) * ~self.frozen[:, None]
            self.log_rates.grad = by_logs
            held = self.coordinates[self.frozen]
            self.adam.step()
            self.coordinates[self.frozen] = held
            penalty = weight * (rows.abs().sum() + (rows**2).sum())
            total += float(loss + penalty) * min(size, count - start)
        return total / count

    @torch.no_grad()
    def freeze_and_redraw(self, stoichiometry: Stoichiometry, within: float) -> Array:
        """Fix the rows that are whole, shape (new, S), and draw the others anew."""
        rows = self.rows().numpy()
        new, integers = rows_to_freeze(rows, self.frozen.numpy(), np.ones(len(rows)), stoichiometry, within)
        self.coordinates[torch.from_numpy(new)] = torch.from_numpy(integers[new]) @ self.basis.T
        self.frozen |= torch.from_numpy(new)
        free = int((~self.frozen).sum())
        self.coordinates[~self.frozen] = self._uniform(free, len(self.basis)) * 4 - 2
        return integers[new]
