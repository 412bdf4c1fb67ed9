"""The network: production_k = Σ_i v_ik (F_i − R_i), with one signed row v_i for both sides of a reaction.

F_i = exp(lf_i + Σ_j max(−v_ij, 0) ln u_j) and R_i = exp(lr_i + Σ_j max(v_ij, 0) ln u_j) (equation 3.2 of the paper that
`mechlearn.discovery.settings.Adam` cites). The corner of max(−v, 0) can be rounded, to (√(v² + δ²) − v)/2, while rows
are looked for. Letters: B restarts, R rows, N samples, S species, D coordinates of a row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CONCENTRATION_FLOOR = 1e-6
"""Concentrations (in units of their root mean square) below this count as this, before the logarithm.

Only the search for the rows sees it: rate constants are fitted with the concentrations as they are.
"""
LARGEST_LOG_RATE = 100.0
LARGEST_FLUX = 1e30


class Evaluation(NamedTuple):
    """Rows, one-way rates of progress, weighted residuals and loss of each restart."""

    rows: Tensor  # (B, R, S)
    rounding: Tensor  # (B,)
    forward: Tensor  # (B, R, N)
    reverse: Tensor  # (B, R, N)
    residual: Tensor  # (B, N, S)
    loss: Tensor  # (B,)


class SignedNetwork:
    """Data in the form that the network needs, and the network on it.

    Parameters are a tensor of shape (B, R, D + 2): coordinates of the row, ln k forward, ln k reverse.

    Parameters
    ----------
    concentrations, production : array, shape (N, S)
        Scaled to order one.
    weights : array, shape (N, S)
        Weight of each entry. Where all states weigh the same the normal equations cost a fraction of the time.
    basis : array, shape (D, S)
        Rows are coordinates @ basis.
    """

    def __init__(
        self,
        concentrations: NDArray[np.float64],
        production: NDArray[np.float64],
        weights: NDArray[np.float64],
        basis: NDArray[np.float64],
    ) -> None:
        self.log_concentrations = torch.from_numpy(np.log(np.maximum(concentrations, CONCENTRATION_FLOOR)).T.copy())
        self.entry_weights = torch.from_numpy(weights.copy())
        self.weights = self.entry_weights / np.sqrt(production.size)
        self.groups = _groups(self.weights)
        self.target = torch.from_numpy(np.ascontiguousarray(production)) * self.weights
        self.basis = torch.from_numpy(np.ascontiguousarray(basis))
        self.free = basis.shape[0] == basis.shape[1]

    def rows(self, parameters: Tensor) -> Tensor:
        """Signed rows, shape (B, R, S)."""
        coordinates = parameters[:, :, :-2]
        return coordinates if self.free else coordinates @ self.basis

    def coordinates(self, rows: Tensor) -> Tensor:
        """Coordinates of rows that the basis spans; the basis is orthonormal."""
        return rows if self.free else rows @ self.basis.T

    def progress(
        self, rows: Tensor, rounding: Tensor, log_forward: Tensor, log_reverse: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One-way rates of progress, shape (B, R, N) each."""
        restarts, count, species = rows.shape
        size = torch.sqrt(rows**2 + rounding[:, None, None] ** 2)

        def one_way(orders: Tensor, log_rate: Tensor) -> Tensor:
            exponent = (orders.reshape(-1, species) @ self.log_concentrations).reshape(restarts, count, -1)
            return torch.exp(exponent + log_rate[:, :, None]).clamp(max=LARGEST_FLUX)

        return one_way((size - rows) / 2, log_forward), one_way((size + rows) / 2, log_reverse)

    def evaluate(self, parameters: Tensor, rounding: Tensor) -> Evaluation:
        """The network at parameters of shape (B, R, D + 2), corners rounded over a width of shape (B,)."""
        rows = self.rows(parameters)
        forward, reverse = self.progress(rows, rounding, parameters[:, :, -2], parameters[:, :, -1])
        residual = torch.bmm((forward - reverse).mT, rows) * self.weights - self.target
        return Evaluation(rows, rounding, forward, reverse, residual, (residual**2).sum((1, 2)))

    def normal_equations(self, at: Evaluation) -> tuple[Tensor, Tensor]:
        """JᵀJ, shape (B, P, P), and Jᵀr, shape (B, P), with P = R (D + 2), from the closed-form Jacobian.

        With order m(v) = (√(v² + δ²) − v)/2 and its slope m'(v) = (v/√(v² + δ²) − 1)/2:
        ∂f_k/∂v_ij = δ_kj (F_i − R_i) + v_ik ln u_j (F_i m'(v_ij) + R_i m'(−v_ij)), ∂f_k/∂lf_i = v_ik F_i,
        ∂f_k/∂lr_i = −v_ik R_i.
        """
        rows, rounding, forward, reverse, residual, _ = at
        restarts, count, species = rows.shape
        samples = forward.shape[2]
        size = torch.sqrt(rows**2 + rounding[:, None, None] ** 2)
        side = torch.where(size > 0, rows / size.clamp(min=1e-300), 0.0)
        left, right = torch.where(size > 0, (side - 1) / 2, 0.0), torch.where(size > 0, (side + 1) / 2, 0.0)
        parts = torch.empty(restarts, count, species + 3, samples, dtype=rows.dtype)
        slope, net = parts[:, :, : species + 2], parts[:, :, species + 2]
        inner = slope[:, :, :species]
        torch.mul(left[..., None], forward[:, :, None], out=inner)
        inner -= right[..., None] * reverse[:, :, None]
        inner *= self.log_concentrations
        slope[:, :, species] = forward
        slope[:, :, species + 1] = -reverse
        torch.sub(forward, reverse, out=net)

        hessian = torch.zeros(restarts, count, species + 2, count, species + 2, dtype=rows.dtype)
        for states, kinds in self.groups:
            self._add_products(hessian, parts * states, rows, kinds)
        moments = torch.bmm(parts.reshape(restarts, -1, samples), residual * self.weights)
        moments = moments.reshape(restarts, count, species + 3, species)
        gradient = (moments[:, :, :-1] * rows[:, :, None]).sum(3)
        gradient[:, :, :species] += moments[:, :, -1]
        if not self.free:
            hessian, gradient = self._along_basis(hessian, gradient)
        width = count * gradient.shape[2]
        return hessian.reshape(restarts, width, width), gradient.reshape(restarts, width)

    def _add_products(self, hessian: Tensor, parts: Tensor, rows: Tensor, kinds: Tensor) -> None:
        """Add the part of JᵀJ of the species whose weight in ``kinds``, shape (S,), is not zero."""
        restarts, count, _, samples = parts.shape
        species = len(kinds)
        flat = parts.reshape(restarts, -1, samples)
        products = torch.bmm(flat, flat.mT).reshape(restarts, count, species + 3, count, species + 3)
        weighted, squared = rows * kinds, rows * kinds**2
        hessian += torch.bmm(weighted, weighted.mT)[:, :, None, :, None] * products[:, :, :-1, :, :-1]
        own = torch.nonzero(kinds).flatten()
        mixed = squared[:, :, own].mT[:, None, :, :, None] * products[:, :, -1, :, :-1][:, :, None]
        hessian[:, :, own] += mixed
        hessian[..., own] += mixed.permute(0, 3, 4, 1, 2)
        hessian[:, :, own, :, own] += kinds[own, None, None, None] ** 2 * products[:, :, -1, :, -1]

    def _along_basis(self, hessian: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Derivatives to the coordinates of the rows, from derivatives to their entries."""
        dimension, species = self.basis.shape
        to_parameters = torch.zeros(dimension + 2, species + 2, dtype=torch.float64)
        to_parameters[:dimension, :species] = self.basis
        to_parameters[-2:, -2:] = torch.eye(2)
        return torch.einsum("bipjq,dp,eq->bidje", hessian, to_parameters, to_parameters), gradient @ to_parameters.T

    def amplitude(self, at: Evaluation) -> Tensor:
        """Largest weighted contribution of each direction of each row to any entry, shape (B, R, 2)."""
        size = (at.rows.abs()[..., None] * self.entry_weights.T).amax(2)
        return torch.stack([(size * at.forward).amax(2), (size * at.reverse).amax(2)], dim=2)

    def draw(self, restarts: int, count: int, generator: torch.Generator, *, reverse: bool = True) -> Tensor:
        """Random parameters: coordinates from U(−2, 2), rates such that no row starts with more than the data show."""
        dimension = len(self.basis)
        spread = 2.0 if self.free else 1.5
        unit = torch.rand((restarts, count, dimension), dtype=torch.float64, generator=generator)
        coordinates = (unit * 2 - 1) * spread
        parameters = torch.cat([coordinates, torch.zeros(restarts, count, 2, dtype=torch.float64)], dim=2)
        at = self.evaluate(parameters, torch.zeros(restarts, dtype=torch.float64))
        size = (at.rows.abs()[..., None] * self.entry_weights.T).amax(2)
        for column, flux in ((-2, at.forward), (-1, at.reverse)):
            typical = torch.quantile(torch.log(size * flux + 1e-300), 0.9, dim=2)
            lower = torch.rand((restarts, count), dtype=torch.float64, generator=generator) * 3 - 3
            parameters[:, :, column] = lower - typical
        if not reverse:
            parameters[:, :, -1] = -LARGEST_LOG_RATE
        return parameters


def _groups(weights: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Weights as a sum of products of a vector over states and one over species: one product where all states agree."""
    samples, species = weights.shape
    if bool((weights == weights[:1]).all()):
        return [(torch.ones(samples, dtype=torch.float64), weights[0])]
    return [(weights[:, k], torch.eye(species, dtype=torch.float64)[k]) for k in range(species)]
