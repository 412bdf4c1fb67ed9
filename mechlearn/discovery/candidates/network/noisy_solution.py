"""From frozen rows to reactions where production rates are noisy: every step is weighed by the estimated noise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product

import numpy as np

from ....chemistry.arrays import Array
from ....chemistry.one_way import Complex, OneWayReaction, monomials
from ....data.noise.rate_noise import all_complexes, structures_in
from ...fit.rate_constants import RateFit, fit_rates, matrix_of, net_matrix
from ...fit.scaling import Scaled
from ...settings import Search
from .complexes import (
    COST_OF_NEW,
    COST_OF_REACTION,
    Split,
    Vectors,
    chi_square_left,
    production_vectors,
    split_into_directions,
    triangle_of,
)
from .solution import Solution, too_many
from .stoichiometry import Stoichiometry

Products = tuple[Complex, ...]

SIGNIFICANT_ERRORS = 5.0
"""Standard errors by which a production vector or rate constant must differ from zero."""
MISSING_SCORE = 5.0
"""Standard score of an absent monomial in the residual above which it is missing."""
REWEIGHTINGS = 3
WORSE_CHI_SQUARE = 12.0
"""Difference at which another split is no longer about as likely."""
MOST_SPLITS_IN_PAIRS = 10
"""Splits of each of two complexes that are tried together."""
STRUCTURE_SCORE = 7.0
"""Standard score of neighbouring residuals' agreement above which they are not noise."""
LARGEST_RESIDUAL = 6.0
"""Standard deviations at which a residual is cut off, and by which a sum of squares may exceed its expectation."""


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
    made = monomials(problem.concentrations, found.complexes) @ found.vectors
    directions, ambiguous = _likeliest(problem, split, set(pool), problem.noise.deviation(made))
    fit = fit_rates(problem, directions, search.rate_fit)
    if np.any(fit.constants <= 0) or np.any(fit.errors * SIGNIFICANT_ERRORS > 1) or too_many(fit, search):
        return None
    used = monomials(problem.concentrations, sorted({d.reactants for d in fit.directions}))
    production = fit.production(problem)
    deviation = problem.noise.deviation(production)
    if not is_noise(problem, used, production, deviation):
        return None
    if structures_in((problem.production - production) / deviation, problem.concentrations).max() > STRUCTURE_SCORE:
        return None
    return Solution(fit, ambiguous, complete=True)


def significant_vectors(problem: Scaled, pool: list[Complex]) -> Vectors | None:
    """What each complex makes, of those that make something; None where what they leave is not noise."""
    complexes, deviation = pool, problem.noise.deviation(problem.production)
    while complexes:
        values = monomials(problem.concentrations, complexes)
        for _ in range(REWEIGHTINGS):
            vectors, errors = production_vectors(values, problem.production, 1 / deviation, least_misfit=1.0)
            production = values @ vectors
            deviation = problem.noise.deviation(production)
        if complexes is pool and not _is_small((problem.production - production) / deviation, len(pool)):
            return None
        strength = np.max(np.abs(vectors) / np.maximum(errors, 1e-300), axis=1)
        weak = strength < min(SIGNIFICANT_ERRORS, 2 * strength.min())
        if not weak.any():
            explained = is_noise(problem, values, production, deviation)
            return Vectors(complexes, vectors, errors) if explained else None
        complexes = [y for y, w in zip(complexes, weak, strict=True) if not w]
    return None


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
        order = choices(members, MOST_SPLITS_IN_PAIRS)
        fixed = order[0][1]
        for worth, chosen in order:
            if worth < order[0][0] + WORSE_CHI_SQUARE:
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
    triangle = triangle_of(matrix, (problem.production / deviation).ravel())
    column = {direction: i for i, direction in enumerate(directions)}

    def chi_square(chosen: dict[Complex, Products]) -> float:
        return chi_square_left(triangle, [column[OneWayReaction(y, p)] for y in chosen for p in chosen[y]])

    return chi_square


def significant_rates(problem: Scaled, directions: tuple[OneWayReaction, ...], search: Search) -> RateFit | None:
    """Those whose rate constants differ from zero by `SIGNIFICANT_ERRORS` when all are fitted; None if there are none.

    The weakest go first, since one may stand in for another.
    """
    while directions:
        fit = fit_rates(problem, directions, search.rate_fit)
        strength = np.where(fit.constants > 0, 1 / np.maximum(fit.errors, 1e-300), 0.0)
        weak = strength < min(SIGNIFICANT_ERRORS, 2 * float(strength.min()) + 1e-300)
        if not weak.any():
            return fit
        directions = fit.select(~weak)
    return None


def is_noise(problem: Scaled, values: Array, production: Array, deviation: Array) -> bool:
    """True if the residual of ``production`` is as small as the noise and no absent monomial stands out in it."""
    residual = (problem.production - production) / deviation
    if not _is_small(residual, values.shape[1]):
        return False
    absent = monomials(problem.concentrations, all_complexes(residual.shape[1], 2))
    for k in range(residual.shape[1]):
        columns = values / deviation[:, k, None]
        basis = np.linalg.qr(columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300))[0]
        other = absent / deviation[:, k, None]
        size = np.linalg.norm(other, axis=0)
        other = other / np.maximum(size, 1e-300)
        other = other - basis @ (basis.T @ other)
        left = np.linalg.norm(other, axis=0)
        score = np.divide(np.abs(other.T @ residual[:, k]), left, out=np.zeros_like(left), where=left > 1e-3)
        if score.max(initial=0.0) > MISSING_SCORE:
            return False
    return True


def _is_small(residual: Array, complexes: int) -> bool:
    """True if residuals over their deviation have the sum of squares, species by species, that noise would have."""
    freedom = len(residual) - complexes / residual.shape[1]
    square = np.sum(np.clip(residual, -LARGEST_RESIDUAL, LARGEST_RESIDUAL) ** 2, axis=0)
    return bool(np.all(square <= freedom + LARGEST_RESIDUAL * np.sqrt(2 * freedom)))
