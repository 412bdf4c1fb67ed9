"""How noisy production rates are, before any mechanism is known.

A mass-action mechanism makes every production rate a polynomial of the concentrations. A polynomial with all monomials
up to an order follows it without knowing the reactions, and what is left is noise: a part relative to the rate itself
and a constant part per species. Where the rate law is no such polynomial, what is left is not random;
`structures_in` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement

import numpy as np
from scipy.spatial import KDTree

from ...chemistry.arrays import Array, Integers
from ...chemistry.one_way import monomials
from .concentration_noise import PER_MEDIAN

NOISE_FREE = 1e-9
"""Part of a species' root mean square rate below which noise counts as round-off."""
ROUND_OFF = 1e-12
WRITTEN = 1e-7
"""Relative noise of rates that are not exact, at least: what digits are written hangs on more than the rate."""
LOST_DIGITS = 1e-13
"""Part of the gross flux below which noise is what is left of it when fast reactions nearly cancel."""
SLIGHT_NOISE = 2e-3
STATES_PER_MONOMIAL = 4
FEWEST_PER_MONOMIAL = 2
"""The same where what is left is so little that the polynomials can only be right."""
ORDERS = (2, 3)
"""Of the polynomials."""


@dataclass(frozen=True, eq=False)
class RateNoise:
    """Standard deviations of production rates.

    Parameters
    ----------
    relative : float
        Relative to the rate itself.
    absolute : array, shape (S,)
        Constant part of each species, in the unit of the production.
    round_off : array, shape (S,)
        What no entry is known better than.
    exact : bool
        True if both are round-off.
    structure : array, shape (S,)
        How strongly neighbouring states agree in what polynomials of third order leave of each species' rates, as
        `structures_in` measures; zero where it was not looked at.
    """

    relative: float
    absolute: Array
    round_off: Array
    exact: bool
    structure: Array = field(default_factory=lambda: np.zeros(1))

    @property
    def slight(self) -> bool:
        """True if the noise is too small to hide a reaction from the search for rows."""
        return self.exact or self.relative < SLIGHT_NOISE

    def times(self, factor: float) -> RateNoise:
        """Of production in another unit."""
        return replace(self, absolute=self.absolute * factor, round_off=self.round_off * factor)

    def deviation(self, production: Array) -> Array:
        """Standard deviation of each entry of production of shape (N, S)."""
        size = np.sqrt((self.relative * production) ** 2 + self.absolute**2)
        return np.asarray(np.maximum(size, self.round_off))


def all_complexes(species: int, order: int) -> list[tuple[int, ...]]:
    """Every complex with one to ``order`` molecules."""
    return [
        tuple(members.count(j) for j in range(species))
        for count in range(1, order + 1)
        for members in combinations_with_replacement(range(species), count)
    ]


def estimate_rate_noise(concentrations: Array, production: Array, passes: int = 8) -> RateNoise:
    """Noise of production, shape (N, S), from what polynomials in the concentrations leave of it.

    Monomials up to order 2 are used where there are enough states, up to order 3 where those leave twice as much.
    """
    best: RateNoise | None = None
    for order in ORDERS:
        complexes = all_complexes(production.shape[1], order)
        enough = len(production) >= STATES_PER_MONOMIAL * len(complexes)
        if len(production) < (STATES_PER_MONOMIAL if best else FEWEST_PER_MONOMIAL) * len(complexes):
            break
        found = _left_by(complexes, concentrations, production, passes)[0]
        if not enough and not found.slight:
            break
        if best is None or _size(found, production) < 0.5 * _size(best, production):
            best = found
        if order == ORDERS[-1]:
            best = replace(best, structure=found.structure)
        if best.exact:
            break
    nothing = np.zeros(production.shape[1])
    best = best or RateNoise(0.0, nothing, nothing + ROUND_OFF, True)
    return best if best.exact else replace(best, relative=max(best.relative, WRITTEN))


def _size(noise: RateNoise, production: Array) -> float:
    """Noise of a typical rate, relative to it, of the species that is followed worst."""
    return noise.relative + float(np.max(noise.absolute / rms_of(production)))


def rms_of(production: Array) -> Array:
    """Root mean square of each species' rates, shape (S,); one where all are zero."""
    rms = np.sqrt(np.mean(production**2, axis=0))
    return np.where(rms > 0, rms, 1.0)


def left_by_polynomials(concentrations: Array, production: Array, passes: int = 8) -> Array:
    """What polynomials of third order in the concentrations leave of production, over its noise, shape (N, S)."""
    return _left_by(all_complexes(production.shape[1], ORDERS[-1]), concentrations, production, passes)[1]


def _left_by(
    complexes: list[tuple[int, ...]], concentrations: Array, production: Array, passes: int
) -> tuple[RateNoise, Array]:
    values = monomials(concentrations, complexes)
    states, species = production.shape
    deviation = np.broadcast_to(rms_of(production), production.shape)
    spare = np.sqrt(states / (states - values.shape[1]))
    for _ in range(passes):
        fit, gross = np.empty_like(production), np.empty_like(production)
        for k in range(species):
            columns = values / deviation[:, k, None]
            size = np.linalg.norm(columns, axis=0)
            columns /= np.where(size > 0, size, 1.0)
            weights = np.linalg.lstsq(columns, production[:, k] / deviation[:, k], rcond=1e-14)[0]
            fit[:, k] = columns @ weights * deviation[:, k]
            gross[:, k] = np.abs(columns) @ np.abs(weights) * deviation[:, k]
        noise = noise_left(production, fit, spare)
        deviation = noise.deviation(fit)
    lost = np.median(np.abs(production - fit) * spare / np.where(gross > 0, gross, 1.0), axis=0)
    left = (production - fit) / deviation
    structure = structures_in(left, concentrations)
    return replace(noise, exact=noise.exact or bool(np.all(lost < LOST_DIGITS)), structure=structure), left


def noise_left(production: Array, fit: Array, spare: float = 1.0) -> RateNoise:
    """The noise at which production differs from a fit of it, both of shape (N, S).

    The part relative to the rate follows from the larger half of each species' rates, the constant part from the
    smallest tenth; ``spare`` makes up for what the fit has adapted to.
    """
    rms = rms_of(production)
    left, amount = np.abs(production - fit) * spare, np.abs(fit)
    large = (amount >= np.median(amount, axis=0)) & (amount > 0)
    small = amount <= np.quantile(amount, 0.1, axis=0)
    relative = float(np.median(left[large] / amount[large])) * PER_MEDIAN if large.any() else 0.0
    absolute = np.array([np.median(left[small[:, k], k]) for k in range(production.shape[1])]) * PER_MEDIAN
    exact = relative < NOISE_FREE and bool(np.all(absolute < NOISE_FREE * rms))
    return RateNoise(relative, absolute, ROUND_OFF * rms, exact)


def structures_in(residual: Array, concentrations: Array) -> Array:
    """How strongly residuals over their deviation, shape (N, S), agree between neighbouring states, shape (S,).

    The standard score of the mean product of each state's residual with that of the `nearest`. Noise gives about 3 at
    most.
    """
    neighbour = nearest(concentrations)
    clipped = np.clip(residual, -4, 4)
    products = clipped * clipped[neighbour]
    size = np.sqrt(np.sum(products**2, axis=0))
    return np.asarray(np.abs(products.sum(axis=0)) / np.where(size > 0, size, 1.0))


def nearest(concentrations: Array) -> Integers:
    """The state nearest to each, by the logarithms of their concentrations, shape (N,)."""
    logs = np.log(np.maximum(concentrations, 1e-6 * concentrations.max(axis=0) + 1e-300))
    deviation = logs.std(axis=0)
    points = logs / np.where(deviation > 0, deviation, 1.0)
    return np.asarray(KDTree(points).query(points, k=2)[1])[:, 1]
