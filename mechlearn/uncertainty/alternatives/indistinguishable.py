"""Networks that differ, but not on these data: rate laws that look the same at the states that were measured."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from ...chemistry.arrays import Array, Integers
from ...chemistry.one_way import Complex, OneWayReaction, monomials
from ...data.noise.rate_noise import all_complexes
from ...discovery.candidates.network.stoichiometry import Stoichiometry
from ...discovery.fit.rate_constants import RateFit, matrix_of, net_matrix
from ...discovery.fit.scaling import Scaled
from ..weighted_balances import inverse_flux
from .exchange import CHI2_RISE

MAXIMUM_MONOMIALS = 150
"""Monomials up to order 2, beyond which the data are not searched."""
MAXIMUM_DIRECTIONS = 3000
EXACT_DISTANCE = 1e-8
"""Part of its size by which a monomial must differ from all mixtures of others, in data without noise."""
DETECTED_DEVIATIONS = 5.0
"""Standard errors by which it must do so in noisy data."""
EXACT_MISFIT = 1e-9
"""Part of the gross flux that another network may miss in data without noise."""


def undetermined(problem: Scaled, fit: RateFit) -> tuple[Complex, ...] | None:
    """Reactant complexes of a fit of which the data leave open what they make; None where there are too many to look.

    The production of a species is a sum over monomials; the part of one is known if no mixture of the others follows
    it within the errors.
    """
    mine = sorted({d.reactants for d in fit.directions})
    species = problem.concentrations.shape[1]
    others = [y for y in all_complexes(species, 2) if y not in mine]
    if len(mine) + len(others) > MAXIMUM_MONOMIALS:
        return None
    values = monomials(problem.concentrations, mine + others)
    weights = error_weights(problem, fit)
    open_ = np.ones(len(mine), dtype=bool)
    made = _production_vectors(fit, mine)
    for k in range(species):
        columns = values * weights[:, k, None]
        size = np.linalg.norm(columns, axis=0)
        size[size == 0] = 1.0
        distance = _distances(columns / size, len(mine)) * size[: len(mine)]
        noisy = DETECTED_DEVIATIONS / np.maximum(np.abs(made[:, k]), 1e-300)
        needed = EXACT_DISTANCE * size[: len(mine)] if problem.noise.exact else noisy
        open_ &= (made[:, k] == 0) | (distance < needed)
    return tuple(y for y, is_open in zip(mine, open_, strict=True) if is_open)


def error_weights(problem: Scaled, fit: RateFit) -> Array:
    """One over the noise of each rate, or over the gross flux where there is none, shape (N, S)."""
    if not problem.noise.exact:
        return 1 / problem.noise.deviation(fit.production(problem))
    values = monomials(problem.concentrations, [d.reactants for d in fit.directions])
    return inverse_flux((values * fit.constants) @ np.abs(net_matrix(fit.directions)))


def _production_vectors(fit: RateFit, complexes: list[Complex]) -> Array:
    made = np.zeros((len(complexes), len(complexes[0])))
    for direction, constant, row in zip(fit.directions, fit.constants, net_matrix(fit.directions), strict=True):
        made[complexes.index(direction.reactants)] += constant * row
    return made


def _distances(columns: Array, count: int) -> Array:
    """Distance of each of the first columns, of unit length, from the space of all others."""
    triangle = np.asarray(np.linalg.qr(columns, mode="r"))
    found = np.empty(count)
    for j in range(count):
        others = np.delete(triangle, j, axis=1)
        left, spectrum, _ = np.linalg.svd(others, full_matrices=False)
        basis = left[:, spectrum > 1e-13 * spectrum.max(initial=1e-300)]
        found[j] = np.linalg.norm(triangle[:, j] - basis @ (basis.T @ triangle[:, j]))
    return found


def candidate_directions(species: int, stoichiometry: Stoichiometry) -> tuple[OneWayReaction, ...]:
    """One-way reactions between complexes of at most two molecules, without a species on both sides."""
    complexes = all_complexes(species, 2)
    rows = np.array(complexes)
    found: list[OneWayReaction] = []
    for reactants, y in zip(complexes, rows, strict=True):
        apart = ~((rows > 0) & (y > 0)).any(axis=1)
        admitted = apart & stoichiometry.admits((rows - y).astype(float))
        found += [OneWayReaction(reactants, complexes[i]) for i in np.flatnonzero(admitted)]
    return tuple(found)


def substitutes(
    problem: Scaled, fit: RateFit, without: OneWayReaction, candidates: tuple[OneWayReaction, ...]
) -> tuple[tuple[OneWayReaction, ...], Array] | None:
    """A small network without one direction that explains the data as well, with scaled rate constants.

    Non-negative least squares over all candidates, then one after the other dropped while the data are explained as
    well, those that the fit has not first, and of them the smallest.
    """
    offered = tuple(d for d in dict.fromkeys([*fit.directions, *candidates]) if d != without)
    if not 0 < len(offered) <= MAXIMUM_DIRECTIONS:
        return None
    weights = error_weights(problem, fit)
    values = monomials(problem.concentrations, [d.reactants for d in offered])
    matrix = matrix_of(values, net_matrix(offered), weights)
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    matrix = matrix / size
    target = (problem.production * weights).ravel()
    mine = float(np.linalg.norm((fit.production(problem) - problem.production) * weights))
    limit = EXACT_MISFIT * np.sqrt(len(target)) if problem.noise.exact else np.sqrt(mine**2 + CHI2_RISE)

    def solve(columns: Integers) -> tuple[Array, float]:
        solution, left = nnls(matrix[:, columns], target, maxiter=50 * len(columns) + 100)
        return solution, float(left)

    mine_too = np.array([d in fit.directions for d in offered])
    kept = np.arange(len(offered))
    solution, left = solve(kept)
    if left > limit:
        return None
    kept = kept[(solution > 0) | mine_too]
    while len(kept) > 1:
        solution, _ = solve(kept)
        order = np.lexsort((solution, mine_too[kept]))
        shorter = next((short for i in order if solve(short := np.delete(kept, i))[1] <= limit), None)
        if shorter is None:
            break
        kept = shorter
    solution, _ = solve(kept)
    return tuple(offered[i] for i in kept), solution / size[kept]
