"""From frozen rows to reactions where production rates are noisy: every step is weighed by the estimated noise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ....chemistry.one_way import Complex, OneWayReaction, monomials
from ....data.noise.rate_noise import all_complexes, structures_in
from ...fit.rate_constants import RateFit, fit_rates, matrix_of, net_matrix
from ...fit.scaling import Scaled
from ...settings import Search
from .complexes import COST_OF_NEW, COST_OF_REACTION, Split, Vectors, production_vectors, split_into_directions
from .solution import Solution, too_many
from .stoichiometry import Stoichiometry

Array = NDArray[np.float64]
Products = tuple[Complex, ...]

SIGNIFICANT = 5.0
"""Standard errors by which a production vector or rate constant must differ from zero."""
UNEXPECTED = 5.0
"""Standard score of an absent monomial in the residual above which it is missing."""
REWEIGHTINGS = 3
CLEARLY_WORSE = 12.0
"""Difference of χ² at which another split is no longer about as likely."""
MOST_IN_PAIRS = 10
"""Splits of each of two complexes that are tried together."""
STRUCTURED = 7.0
"""Standard score of neighbouring residuals' agreement above which they are not noise."""


def solution_under_noise(
    problem: Scaled, pool: list[Complex], stoichiometry: Stoichiometry, search: Search
) -> Solution | None:
    """Reactions whose residual is noise, from complexes that the search has shown; None if these cannot do it.

    Parameters
    ----------
    problem : Scaled
        All data.
    pool : list of tuple of int
        Complexes.
    stoichiometry : Stoichiometry
        Which net rows are admitted.
    search : Search
        Limits, and how rates are fitted.

    Notes
    -----
    Three tests stand between a fit and a solution: the sum of squared residuals over the estimated noise, the score of
    every monomial that is absent, and the agreement of neighbouring residuals.
    """
    found = significant_vectors(problem, pool)
    if found is None:
        return None
    split = split_into_directions(found, set(pool), stoichiometry, noisy=True)
    if split.unexplained or not split.directions:
        return None
    directions, ambiguous = _likeliest(problem, split, set(pool), _deviation(problem, found))
    fit = fit_rates(problem, directions, search.rate_fit)
    if np.any(fit.constants <= 0) or np.any(fit.errors * SIGNIFICANT > 1) or too_many(fit, search):
        return None
    used = monomials(problem.concentrations, sorted({d.reactants for d in fit.directions}))
    production = fit.production(problem)
    deviation = problem.noise.deviation(production)
    if not is_noise(problem, used, production, deviation):
        return None
    if structures_in((problem.production - production) / deviation, problem.concentrations).max() > STRUCTURED:
        return None
    return Solution(fit, ambiguous, complete=True)


def significant_vectors(problem: Scaled, pool: list[Complex]) -> Vectors | None:
    """What each complex makes, of those that make something; None where what they leave is not noise."""
    if not _could_be_noise(problem, pool):
        return None
    found = _significant(problem, pool)
    if not found.complexes:
        return None
    values = monomials(problem.concentrations, found.complexes)
    if not is_noise(problem, values, values @ found.vectors, _deviation(problem, found)):
        return None
    return found


def _deviation(problem: Scaled, found: Vectors) -> Array:
    return problem.noise.deviation(monomials(problem.concentrations, found.complexes) @ found.vectors)


def _likeliest(
    problem: Scaled, split: Split, shown: set[Complex], deviation: Array
) -> tuple[tuple[OneWayReaction, ...], tuple[Complex, ...]]:
    """The splits that fit best together, and the complexes where another with as few reactions fits about as well.

    One complex after the other takes its best split, then two at a time, as the errors of one can hide in another.
    """
    chi_square = _chi_square_of(problem, split, deviation)
    fixed = {y: sets[0] for y, sets in split.alternatives.items()}
    undecided = [y for y, sets in split.alternatives.items() if len(sets) > 1]

    def cost(chosen: dict[Complex, Products]) -> float:
        new = sum(p not in shown for products in chosen.values() for p in products)
        return chi_square(chosen) + COST_OF_NEW * new + COST_OF_REACTION * sum(map(len, chosen.values()))

    def choices(members: tuple[Complex, ...], most: int) -> list[tuple[float, dict[Complex, Products]]]:
        """All splits of these complexes, the others as chosen, the best first."""
        offered = product(*(ranked[y][:most] for y in members))
        tried = [fixed | dict(zip(members, each, strict=True)) for each in offered]
        return sorted(((cost(each), each) for each in tried), key=lambda pair: pair[0])

    ranked = dict(split.alternatives)
    for _ in range(2):
        for y in undecided:
            order = choices((y,), len(ranked[y]))
            ranked[y] = [chosen[y] for _, chosen in order]
            fixed = order[0][1]
    ambiguous: set[Complex] = set()
    for members in combinations(undecided, 2) if len(undecided) > 1 else [tuple(undecided)]:
        order = choices(members, MOST_IN_PAIRS)
        fixed = order[0][1]
        for worth, chosen in order:
            if worth < order[0][0] + CLEARLY_WORSE:
                ambiguous |= {y for y in members if set(chosen[y]) != set(fixed[y]) and len(chosen[y]) <= len(fixed[y])}
    directions = tuple(OneWayReaction(y, p) for y, products in fixed.items() for p in products)
    return directions, tuple(sorted(ambiguous))


def _chi_square_of(problem: Scaled, split: Split, deviation: Array) -> Callable[[dict[Complex, Products]], float]:
    """Sum of squared residuals over the deviation, at the best rate constants, as a function of what is chosen."""
    offered = {OneWayReaction(y, p) for y, sets in split.alternatives.items() for products in sets for p in products}
    directions = tuple(sorted(offered, key=lambda d: (d.reactants, d.products)))
    matrix = matrix_of(
        monomials(problem.concentrations, [d.reactants for d in directions]), net_matrix(directions), 1 / deviation
    )
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    weighted = np.column_stack([matrix / size, (problem.production / deviation).ravel()])
    triangle = np.asarray(np.linalg.qr(weighted, mode="r"))
    column = {direction: i for i, direction in enumerate(directions)}

    def chi_square(chosen: dict[Complex, Products]) -> float:
        columns = [column[OneWayReaction(y, p)] for y, products in chosen.items() for p in products]
        return float(nnls(triangle[:, columns], triangle[:, -1], maxiter=50 * len(columns))[1] ** 2)

    return chi_square


def significant_rates(problem: Scaled, directions: tuple[OneWayReaction, ...], search: Search) -> RateFit | None:
    """Those whose rate constants differ from zero by `SIGNIFICANT` errors when all are fitted; None if there are none.

    The weakest go first, since one may stand in for another.
    """
    while directions:
        fit = fit_rates(problem, directions, search.rate_fit)
        strength = np.where(fit.constants > 0, 1 / np.maximum(fit.errors, 1e-300), 0.0)
        weak = strength < min(SIGNIFICANT, 2 * float(strength.min()) + 1e-300)
        if not weak.any():
            return fit
        directions = fit.select(~weak)
    return None


def is_noise(problem: Scaled, values: Array, production: Array, deviation: Array) -> bool:
    """True if the residual of ``production`` is as small as the noise and no absent monomial stands out in it."""
    residual = (problem.production - production) / deviation
    states, species = residual.shape
    freedom = states - values.shape[1] / species
    if not _small(residual, freedom):
        return False
    absent = monomials(problem.concentrations, all_complexes(species, 2))
    for k in range(species):
        columns = values / deviation[:, k, None]
        basis = np.linalg.qr(columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300))[0]
        other = absent / deviation[:, k, None]
        size = np.linalg.norm(other, axis=0)
        other = other / np.maximum(size, 1e-300)
        other = other - basis @ (basis.T @ other)
        left = np.linalg.norm(other, axis=0)
        score = np.divide(np.abs(other.T @ residual[:, k]), left, out=np.zeros_like(left), where=left > 1e-3)
        if score.max(initial=0.0) > UNEXPECTED:
            return False
    return True


def _small(residual: Array, freedom: float) -> bool:
    """True if residuals over their deviation have the sum of squares, species by species, that noise would have."""
    square = np.sum(np.clip(residual, -6, 6) ** 2, axis=0)
    return bool(np.all(square <= freedom + 6 * np.sqrt(2 * freedom)))


def _could_be_noise(problem: Scaled, complexes: list[Complex]) -> bool:
    """False if all complexes together leave more than noise of the data."""
    values = monomials(problem.concentrations, complexes)
    deviation = problem.noise.deviation(problem.production)
    for _ in range(REWEIGHTINGS):
        production = values @ production_vectors(values, problem.production, 1 / deviation)[0]
        deviation = problem.noise.deviation(production)
    return _small((problem.production - production) / deviation, len(values) - len(complexes) / len(deviation[0]))


def _significant(problem: Scaled, complexes: list[Complex]) -> Vectors:
    """Complexes whose production vectors differ from zero."""
    deviation = problem.noise.deviation(problem.production)
    vectors = errors = np.zeros((0, problem.production.shape[1]))
    while complexes:
        values = monomials(problem.concentrations, complexes)
        for _ in range(REWEIGHTINGS):
            vectors, errors = production_vectors(values, problem.production, 1 / deviation, least_misfit=1.0)
            deviation = problem.noise.deviation(values @ vectors)
        strength = np.max(np.abs(vectors) / np.maximum(errors, 1e-300), axis=1)
        weak = strength < min(SIGNIFICANT, 2 * strength.min())
        if not weak.any():
            break
        complexes = [y for y, w in zip(complexes, weak, strict=True) if not w]
    return Vectors(complexes, vectors, errors)
