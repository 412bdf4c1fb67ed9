"""Balances over their whole covariance, in which the noise of the concentrations enters twice.

It is in the increments, and in the rates, through the Jacobian of the production. So a row over which a fast reaction
has come to equilibrium counts little. The Jacobian follows from what the rows before have shown: rows are taken in from
the start of the runs on, so that fast reactions are fixed first.

Letters in shapes: M rows, N samples, S species.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...chemistry.arrays import Array, Mask
from .balances import Balances

HORIZONS = (*np.arange(2, 12) / 12, 1.0, 1.0, 1.0, 1.0)
"""Parts of the runs, by number of samples, from which the rows of each pass are taken."""
QUADRATURE_NOISE = 3e-4
"""Noise that stands for the error of quadrature where data have none."""


@dataclass(frozen=True, eq=False)
class WhitenedRows:
    """Rows of balances of time histories, with what their covariance is made of.

    Parameters
    ----------
    balances : Balances
    states : array, shape (N, S)
        At least zero.
    variance : array, shape (N, S)
        Of the concentrations.
    end : array, shape (M,)
        Place in its run of the last sample of each row, from 0 to 1.
    exact : bool
        Whether the concentrations have no noise to speak of.
    """

    balances: Balances
    states: Array
    variance: Array
    end: Array
    exact: bool

    @classmethod
    def of(cls, balances: Balances) -> WhitenedRows:
        """The rows of balances that were made from concentrations."""
        histories = balances.trajectories
        assert histories is not None
        states = np.maximum(balances.concentrations, 0.0)
        noise = histories.noise
        exact = 0.0 < noise.relative < QUADRATURE_NOISE
        if exact:
            noise = noise.scaled(QUADRATURE_NOISE / noise.relative)
        pointers = balances.operator.indptr
        ends = [histories.place[balances.operator.indices[a:b]].max() for a, b in pairwise(pointers)]
        return cls(balances, states, noise.deviation(states) ** 2, np.array(ends), exact)

    def within(self, horizon: float) -> Mask:
        """The rows that end within that part of their run, or the first ones where none does, shape (M,)."""
        return np.asarray(self.end <= max(horizon, float(self.end.min())) + 1e-9)

    def whitening(self, chosen: Mask, jacobian: Array) -> Array:
        """What turns the species of some rows into values of unit covariance, shape (rows, S, S).

        ``jacobian`` holds the derivatives of the production by the concentrations at all samples, shape (N, S, S).
        """
        histories = self.balances.trajectories
        assert histories is not None
        operator, difference = self.balances.operator[chosen], histories.difference[chosen]
        count = self.states.shape[1]
        direct = np.einsum("ns,st->nst", self.variance, np.eye(count)).reshape(-1, count * count)
        once = jacobian * self.variance[:, None, :]
        twice = (once @ jacobian.transpose(0, 2, 1)).reshape(len(once), -1)
        cross = (once + once.transpose(0, 2, 1)).reshape(len(once), -1)
        total = difference.power(2) @ direct + operator.power(2) @ twice - (difference * operator) @ cross
        total = np.asarray(total).reshape(-1, count, count)
        ridge = 1e-12 * np.einsum("mii->m", total)[:, None, None] / count
        return _inverse_roots(total + ridge * np.eye(count))


def _inverse_roots(covariance: Array) -> Array:
    """Matrices W with W C Wᵀ = 1, shape (M, S, S); what cancels to less than round-off counts as that."""
    try:
        return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        least = np.maximum(np.finfo(float).eps * values.max(axis=1, keepdims=True), np.finfo(float).tiny)
        return np.asarray((vectors / np.sqrt(np.maximum(values, least))[:, None]).transpose(0, 2, 1))
