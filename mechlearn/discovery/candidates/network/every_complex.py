"""All complexes up to three molecules fitted at once: a linear problem, with no search.

The production rates of a mass-action mechanism are polynomials in the concentrations. With as many independent states
as it takes to determine every coefficient, what each complex makes is known without a guess at the reactions: whether a
species is in the rate of a reaction but not used up by it, a catalyst, is then a matter of reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ....chemistry.one_way import Complex, monomials
from ....data.noise.rate_noise import all_complexes
from ...fit.rate_constants import net_matrix
from ...fit.scaling import Scaled, choose_samples
from ...settings import Search
from .complexes import Vectors, split_into_directions
from .noisy_solution import significant_vectors, solution_under_noise
from .solution import Solution, exact_vectors, solution_from_complexes, some_states
from .stoichiometry import Stoichiometry

COMPLEX_ORDERS = (2, 3)
"""Most molecules of the complexes, the fewest tried first."""
MOST_COMPLEXES = 400
STATES_PER_COMPLEX_OF_EXACT_DATA, STATES_PER_COMPLEX_UNDER_NOISE = 2, 4
SMALLEST_SINGULAR_VALUE = 1e-11
"""Of the monomials, each of unit size, over the largest, at which they are independent."""


def solution_from_every_complex(problem: Scaled, stoichiometry: Stoichiometry, search: Search) -> Solution | None:
    """Reactions of whichever complexes the data show; None where they do not determine or explain them all.

    Parameters
    ----------
    problem : Scaled
        All data.
    stoichiometry : Stoichiometry
        Which net rows are admitted, and whether catalysts are.
    search : Search
        Limits, and how rates are fitted.
    """
    for complexes in _determined(problem, search):
        if problem.noise.exact:
            solution = solution_from_complexes(problem, complexes, set(), stoichiometry, search)
        else:
            solution = solution_under_noise(problem, complexes, stoichiometry, search)
        if solution is not None:
            return solution
    return None


def solution_that_needs_catalysts(
    problem: Scaled, stoichiometry: Stoichiometry, search: Search
) -> tuple[Solution, tuple[Complex, ...]] | None:
    """Reactions with catalysts where none without explain the data, and the complexes that show it.

    None where the data do not determine what every complex makes, or reactions without catalysts can make it.
    """
    for complexes in _determined(problem, search):
        if problem.noise.exact:
            count = (STATES_PER_COMPLEX_OF_EXACT_DATA + 1) * len(complexes)
            chosen = choose_samples(problem, count, np.random.default_rng(search.seed))
            found = exact_vectors(some_states(problem, chosen), complexes)
        else:
            found = significant_vectors(problem, complexes)
        if found is None:
            continue
        if not split_into_directions(found, set(), stoichiometry, noisy=not problem.noise.exact).unexplained:
            return None
        solution = solution_from_every_complex(problem, replace(stoichiometry, catalysts=True), search)
        if solution is None:
            return None
        need = _without_catalysts(solution, stoichiometry)
        return (solution, need) if need else None
    return None


def _without_catalysts(solution: Solution, stoichiometry: Stoichiometry) -> tuple[Complex, ...]:
    """Complexes of a solution whose production no reactions without catalysts make."""
    directions = solution.fit.directions
    net = net_matrix(directions) * solution.fit.constants[:, None]
    complexes = sorted({d.reactants for d in directions})
    vectors = np.array([net[[d.reactants == y for d in directions]].sum(axis=0) for y in complexes])
    errors = np.broadcast_to(1e-12 * np.abs(vectors).max(axis=1, keepdims=True), vectors.shape)
    return split_into_directions(Vectors(complexes, vectors, errors), set(), stoichiometry).unexplained


def _determined(problem: Scaled, search: Search) -> Iterator[list[Complex]]:
    """All complexes up to each order that the states distinguish."""
    states, species = problem.production.shape
    needed = STATES_PER_COMPLEX_OF_EXACT_DATA if problem.noise.exact else STATES_PER_COMPLEX_UNDER_NOISE
    for order in COMPLEX_ORDERS:
        complexes = all_complexes(species, order)
        if order > search.max_order or len(complexes) > MOST_COMPLEXES or states < needed * len(complexes):
            return
        chosen = choose_samples(problem, 3 * len(complexes), np.random.default_rng(search.seed))
        values = monomials(problem.concentrations[chosen], complexes)
        size = np.linalg.norm(values, axis=0)
        spectrum = np.linalg.svd(values / np.where(size > 0, size, 1.0), compute_uv=False)
        if spectrum[-1] < SMALLEST_SINGULAR_VALUE * spectrum[0]:
            return
        yield complexes
