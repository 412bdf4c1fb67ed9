"""Production rates where only concentrations are known: the polynomial of second order that follows weak balances.

A mass-action mechanism makes production rates polynomials of the concentrations. Its coefficients are linear in the
balances, so that whitened rows give them, and with them the rates at every sample, without a guess at the reactions:
what the network learns from.

Letters in shapes: M rows, N samples, S species, C complexes, D independent combinations of species that may change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....chemistry.arrays import Array
from ....chemistry.one_way import Complex, OneWayReaction, monomials
from ....data.balances.balances import Balances
from ....data.balances.whitening import HORIZONS, WhitenedRows
from ....data.noise.rate_noise import SLIGHT_NOISE, RateNoise, all_complexes
from ....errors import DataError
from ...fit.rate_constants import net_matrix
from ...fit.scaled_matrices import inverse_of
from ...fit.scaling import Scaled
from .complexes import chi_square_left, triangle_of

POLYNOMIAL_ORDERS = (1, 2)
"""The one that explains the rows with fewer coefficients is taken."""
MOST_COEFFICIENTS = 1200
SMALLEST_EIGENVALUE = 1e-13
"""Of the normal matrix, over the largest, below which a combination of coefficients is left out."""
LARGEST_RELATIVE_ERROR = 0.3
"""Standard error of a rate, over it or a tenth of its root mean square, up to which a state is used."""
CHI_SQUARE_RATIO = {True: 100.0, False: 1.15}
"""χ² of reactions over that of the polynomial up to which they explain the rows, without noise and with it.

The polynomial adapts to the noise in the states as well, and its error without noise is that of quadrature. Without
noise, and without one of the reactions, the ratio is above 10⁴.
"""


@dataclass(frozen=True, eq=False)
class Polynomial:
    """A polynomial fitted to balances.

    Parameters
    ----------
    rows : WhitenedRows
    white : array, shape (M, S, S)
        Whitening of the rows.
    production, error : array, shape (N, S)
        Rates at the samples with their standard errors [kmol/m³/s].
    chi2 : float
        Sum of squared whitened residuals.
    coefficients : int
    """

    rows: WhitenedRows
    white: Array
    production: Array
    error: Array
    chi2: float
    coefficients: int

    @property
    def cost(self) -> float:
        """χ² with the price of the coefficients, by which orders are compared."""
        return self.chi2 + self.coefficients * float(np.log(self.white[..., 0].size))

    def problem(self) -> Scaled:
        """The rates as data to learn from, at the states at which they are known."""
        size = np.sqrt(np.mean(self.production**2, axis=0))
        known = (self.error < LARGEST_RELATIVE_ERROR * (np.abs(self.production) + 0.1 * size)).all(axis=1)
        if not known.any():
            raise DataError(
                "The concentrations do not show how fast any species is made, so that the network has nothing to "
                "learn from. Bring runs from other initial states, or samples with less noise."
            )
        states, production, error = self.rows.states[known], self.production[known], self.error[known]
        unit, rate_unit = (float(np.sqrt(np.mean(each**2))) or 1.0 for each in (states, production))
        relative = float(np.median(error / (np.abs(production) + 1e-3 * size + 1e-300)))
        absolute, round_off = np.median(error, axis=0) / rate_unit, 1e-12 * size / rate_unit
        noise = RateNoise(max(relative, SLIGHT_NOISE), absolute, round_off, exact=False)
        return Scaled(states / unit, production / rate_unit, unit, rate_unit, noise)

    def explained_by(self, directions: tuple[OneWayReaction, ...]) -> bool:
        """Whether one-way reactions at their best rate constants explain the rows as well."""
        values = monomials(self.rows.states, [d.reactants for d in directions])
        columns = np.asarray(self.rows.balances.operator @ values)
        design = (columns[:, None, :] * (self.white @ net_matrix(directions).T)).reshape(-1, len(directions))
        target = (self.white @ self.rows.balances.accumulation[..., None]).ravel()
        left = chi_square_left(triangle_of(design, target), list(range(len(directions))))
        return left < CHI_SQUARE_RATIO[self.rows.exact] * self.chi2


def polynomial_of(balances: Balances, basis: Array) -> Polynomial:
    """The polynomial whose rates the balances show.

    Parameters
    ----------
    balances : Balances
        Of runs without rates.
    basis : array, shape (D, S)
        What the production may be made of, with orthonormal rows.

    Raises
    ------
    DataError
        If there are too many species.
    """
    species = len(balances.species)
    rows = WhitenedRows.of(balances)
    pools = [all_complexes(species, order) for order in POLYNOMIAL_ORDERS]
    if len(pools[-1]) * len(basis) > MOST_COEFFICIENTS:
        raise DataError(
            f"Rates of {species} species as polynomials have {len(pools[-1]) * len(basis)} coefficients, more than "
            f"{MOST_COEFFICIENTS}, and from concentrations alone the network learns by those. Use method: candidates."
        )
    return min((_fitted(rows, pool, basis) for pool in pools), key=lambda each: each.cost)


def _fitted(rows: WhitenedRows, complexes: list[Complex], basis: Array) -> Polynomial:
    values, slopes = monomials(rows.states, complexes), _slopes(rows.states, complexes)
    vectors = np.zeros((len(complexes), len(rows.states[0])))
    for horizon in HORIZONS:
        chosen = rows.within(horizon)
        jacobian = np.einsum("ncj,ck->nkj", slopes, vectors)
        white = rows.whitening(chosen, jacobian)
        columns = rows.balances.operator[chosen] @ values
        design = (columns[:, None, :, None] * (white @ basis.T)[:, :, None, :]).reshape(-1, len(complexes) * len(basis))
        target = (white @ rows.balances.accumulation[chosen][..., None]).ravel()
        covariance = inverse_of(design.T @ design, SMALLEST_EIGENVALUE)
        solution = covariance @ (design.T @ target)
        vectors = solution.reshape(len(complexes), -1) @ basis
    chi2 = float(np.sum((design @ solution - target) ** 2))
    blocks = covariance.reshape(len(complexes), len(basis), len(complexes), len(basis))
    by_species = np.einsum("cdef,ds,fs->sce", blocks, basis, basis, optimize=True)
    variance = np.einsum("nc,sce,ne->ns", values, by_species, values, optimize=True)
    error = np.sqrt(np.maximum(variance, 0.0) * max(1.0, chi2 / len(target)))
    return Polynomial(rows, white, values @ vectors, error, chi2, len(solution))


def _slopes(states: Array, complexes: list[Complex]) -> Array:
    """Derivatives of the monomials by the concentrations, shape (N, C, S)."""
    orders = np.array(complexes)
    lower = np.maximum(orders[:, None] - np.eye(orders.shape[1], dtype=int), 0)
    return orders * monomials(states, lower.reshape(-1, orders.shape[1])).reshape(len(states), *orders.shape)
