"""Many restarts of the network side by side, stepped together by Levenberg–Marquardt."""

from __future__ import annotations

import torch
from torch import Tensor

from ...settings import LevenbergMarquardt, Search
from .freezing import Freeze
from .signed_network import LARGEST_LOG_RATE, Evaluation, SignedNetwork

CORNER_WIDTH = 0.1
"""Width over which every second restart rounds the corner of max(−v, 0) until it stalls for the first time.

Where a coefficient sits on the corner the slope has two values, and a restart can stall there far from any solution.
"""
FIRST_DAMPING = 1e-2
STALLED_STEPS = 3
"""Steps that hardly lower the loss after which a restart has stalled."""
STALLED_DAMPING = 1e4
"""Damping beyond which a restart that takes no step has stalled."""


class Restarts:
    """Parameters of all restarts and where each of them stands."""

    def __init__(self, network: SignedNetwork, rows: int, search: Search, generator: torch.Generator) -> None:
        self.network = network
        self.generator = generator
        self.reversible = search.reverse != "none"
        self.parameters = network.draw(search.restarts, rows, generator, reverse=self.reversible)
        self.frozen = torch.zeros(search.restarts, rows, dtype=torch.bool)
        self.first_rounding = torch.zeros(search.restarts, dtype=torch.float64)
        self.first_rounding[::2] = CORNER_WIDTH
        self.rounding = self.first_rounding
        self.at = network.evaluate(self.parameters, self.rounding)
        self.damping = torch.full((search.restarts,), FIRST_DAMPING, dtype=torch.float64)
        self.still = torch.zeros(search.restarts)
        self.age = torch.zeros(search.restarts)

    def free(self) -> Tensor:
        """1 for each parameter that may move, 0 for the coordinates of frozen rows, shape of the parameters."""
        mask = torch.ones_like(self.parameters)
        mask[:, :, :-2] = (~self.frozen)[:, :, None].to(mask.dtype)
        if not self.reversible:
            mask[:, :, -1] = 0
        return mask

    def stalled(self, optimizer: LevenbergMarquardt) -> Tensor:
        """Which restarts no longer come down, or have taken all their steps."""
        worn_out = (self.damping > STALLED_DAMPING) | (self.age >= optimizer.iterations)
        return (self.still >= STALLED_STEPS) | worn_out

    def step(self, optimizer: LevenbergMarquardt) -> None:
        """One damped Gauss–Newton step of every restart, taken where it lowers the loss."""
        mask = self.free()
        flat = mask.reshape(len(mask), -1)
        hessian, gradient = self.network.normal_equations(self.at)
        hessian = hessian * flat[:, :, None] * flat[:, None]
        diagonal = torch.diagonal(hessian, dim1=1, dim2=2)
        diagonal = torch.maximum(diagonal, 1e-7 * diagonal.amax(1, keepdim=True) + 1e-300)
        damped = hessian + torch.diag_embed(self.damping[:, None] * diagonal + 1e-14 * diagonal + (1 - flat))
        factor, failed = torch.linalg.cholesky_ex(damped)
        change = -torch.cholesky_solve((gradient * flat)[..., None], factor)[..., 0]
        change = torch.nan_to_num(change, 0.0, 0.0, 0.0).clamp(-optimizer.longest_step, optimizer.longest_step)
        tried = self.parameters + change.reshape(self.parameters.shape) * mask
        tried[:, :, -2:].clamp_(-LARGEST_LOG_RATE, LARGEST_LOG_RATE)
        new = self.network.evaluate(tried, self.rounding)
        old_loss, new_loss = self.at.loss, torch.nan_to_num(new.loss, torch.inf)
        better = (new_loss < old_loss) & (failed == 0)
        decrease = torch.where(better, (old_loss - new_loss) / old_loss, 0.0)
        self._replace(better, tried, new)
        self.damping = torch.where(better, self.damping / 3, self.damping * 4).clamp(1e-12, 1e12)
        small = better & (decrease <= optimizer.tolerance)
        self.still = torch.where(small, self.still + 1, torch.where(better, 0.0, self.still))
        self.age += 1

    def freeze(self, restart: int, decision: Freeze) -> None:
        """Fix rows of one restart at their whole numbers."""
        new = torch.from_numpy(decision.new)
        coordinates = self.network.coordinates(torch.from_numpy(decision.integers)[None])[0]
        old = self.parameters[restart, :, :-2]
        self.parameters[restart, :, :-2] = torch.where(new[:, None], coordinates, old)
        self.frozen[restart] |= new

    def redraw(self, which: Tensor) -> None:
        """New random values for the rows that are not frozen, in the restarts marked true."""
        restarts, rows = self.frozen.shape
        drawn = self.network.draw(restarts, rows, self.generator, reverse=self.reversible)
        self.parameters = torch.where((which[:, None] & ~self.frozen)[..., None], drawn, self.parameters)
        self._restart(which, self.first_rounding)

    def sharpen(self, which: Tensor) -> None:
        """Corners as they are, from the same parameters on, in the restarts marked true."""
        self._restart(which, torch.zeros_like(self.rounding))

    def _restart(self, which: Tensor, rounding: Tensor) -> None:
        self.rounding = torch.where(which, rounding, self.rounding)
        self._replace(which, self.parameters, self.network.evaluate(self.parameters, self.rounding))
        self.damping[which] = FIRST_DAMPING
        self.still[which] = 0
        self.age[which] = 0

    def _replace(self, where: Tensor, parameters: Tensor, new: Evaluation) -> None:
        def chosen(after: Tensor, before: Tensor) -> Tensor:
            return torch.where(where.reshape(-1, *(1,) * (after.ndim - 1)), after, before)

        self.parameters = chosen(parameters, self.parameters)
        self.at = Evaluation(*map(chosen, new, self.at))
