"""From a stalled network to reactions with rate constants, and whether they explain all data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....chemistry.arrays import Array, Integers, Mask
from ....chemistry.one_way import Complex, OneWayReaction, monomials, undirected
from ...fit.rate_constants import RateFit, fit_rates, net_matrix
from ...fit.scaling import Scaled
from ...settings import Search
from ..enumeration import both_directions, whole_tuples
from .complexes import NEGLIGIBLE_CONTRIBUTION, Vectors, production_vectors, split_into_directions
from .stoichiometry import Stoichiometry

EXACT_MISFIT = 1e-10
"""Residual over gross flux below which data without noise are explained to the last digits."""
WEAK_CONTRIBUTION = 1e-3
"""Directions that carry less than this part of the gross flux of every species are dropped from an inexact fit."""
EXACT_LOSS = 1e-13
"""Weighted mean square residual of the linear fit above which complexes do not explain the data exactly."""
FAINT_AMPLITUDE = 1e-5
"""Halves of rows with a smaller amplitude may have exponents that are not whole."""
LARGEST_ERROR = 0.5
"""Standard error of ln k above which the data leave a rate constant open."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Reactions that explain the data, with what is left open.

    Parameters
    ----------
    fit : RateFit
    ambiguous : tuple of Complex
        See `Split`.
    complete : bool
        True if nothing but round-off or noise is left of the data.
    """

    fit: RateFit
    ambiguous: tuple[Complex, ...] = ()
    complete: bool = False


def solution_from_network(
    problem: Scaled, rows: Array, amplitude: Array, stoichiometry: Stoichiometry, search: Search
) -> Solution | None:
    """Reactions from the rows of one restart that fits well, or None if they do not explain all data exactly.

    Parameters
    ----------
    problem : Scaled
        All data.
    rows : array, shape (R, S)
        Signed rows, not necessarily whole.
    amplitude : array, shape (R, 2)
        Largest weighted contribution of the forward and the reverse direction.
    stoichiometry : Stoichiometry
        Which net rows are admitted.
    search : Search
        Limits, and how rates are fitted.
    """
    complexes = _whole_complexes(rows, amplitude, search)
    return solution_from_complexes(problem, complexes, _shown_products(rows, amplitude, search), stoichiometry, search)


def solution_from_pool(
    problem: Scaled, chosen: Integers, pool: list[Complex], stoichiometry: Stoichiometry, search: Search
) -> Solution | None:
    """Reactions from the complexes that any restart has shown, or None if they do not explain all data exactly.

    Parameters
    ----------
    problem : Scaled
        All data.
    chosen : array of int
        States on which the pool is tried first.
    pool : list of tuple of int
        Complexes.
    stoichiometry : Stoichiometry
        Which net rows are admitted.
    search : Search
        Limits, and how rates are fitted.
    """
    if exact_vectors(some_states(problem, chosen), pool) is None:
        return None
    return solution_from_complexes(problem, pool, set(pool), stoichiometry, search)


def some_states(problem: Scaled, chosen: Integers) -> Scaled:
    """The data at some of the states."""
    return replace(problem, concentrations=problem.concentrations[chosen], production=problem.production[chosen])


def exact_vectors(problem: Scaled, complexes: list[Complex]) -> Vectors | None:
    """What each complex makes, without those that make nothing; None where they leave more than round-off."""
    if not complexes:
        return None
    values = monomials(problem.concentrations, complexes)
    weights = problem.weights()
    vectors, errors = production_vectors(values, problem.production, weights)
    if np.mean(((values @ vectors - problem.production) * weights) ** 2) > EXACT_LOSS:
        return None
    size = np.array([np.max(np.abs(np.outer(*each) * weights)) for each in zip(values.T, vectors, strict=True)])
    live = (size > NEGLIGIBLE_CONTRIBUTION**2) & np.any(np.abs(vectors) > 10 * errors, axis=1)
    return Vectors(complexes, vectors, errors).select(live)


def solution_from_complexes(
    problem: Scaled, complexes: list[Complex], shown: set[Complex], stoichiometry: Stoichiometry, search: Search
) -> Solution | None:
    """Reactions of these complexes, or None if they do not explain all data exactly; ``shown`` as in `Split`."""
    found = exact_vectors(problem, complexes)
    if found is None:
        return None
    split = split_into_directions(found, shown, stoichiometry)
    if split.unexplained or not split.directions:
        return None
    fit = pruned(problem, split.directions, search, weakest=EXACT_MISFIT)
    kept = {direction.reactants for direction in fit.directions}
    if fit.misfit >= EXACT_MISFIT or too_many(fit, search):
        return None
    return Solution(fit, tuple(y for y in split.ambiguous if y in kept), complete=True)


def solution_from_rows(problem: Scaled, rows: Array, search: Search) -> Solution | None:
    """The best that integer rows, shape (R, S), can do, both directions of each offered; None if there is no row."""
    directions = directions_of(rows)
    if not directions:
        return None
    fit = pruned(problem, directions, search, weakest=WEAK_CONTRIBUTION)
    if search.reactions != "auto" and too_many(fit, search):
        fit = pruned(problem, _strongest(problem, fit, search.reactions), search, weakest=WEAK_CONTRIBUTION)
    return Solution(fit, complete=problem.noise.exact and fit.misfit < EXACT_MISFIT)


def too_many(fit: RateFit, search: Search) -> bool:
    """True if a fit holds more reactions, reversible ones counted once, than were asked for."""
    rows = {undirected(row) for row in net_matrix(fit.directions)}
    return search.reactions != "auto" and len(rows) > search.reactions


def _strongest(problem: Scaled, fit: RateFit, count: int) -> tuple[OneWayReaction, ...]:
    """The directions of the rows that make most of the net production, each species by its own size."""
    rows = net_matrix(fit.directions)
    keys = [undirected(row) for row in rows]
    fluxes = (monomials(problem.concentrations, [d.reactants for d in fit.directions]) * fit.constants).T
    made: dict[tuple[int, ...], Array] = {}
    for key, row, flux in zip(keys, rows, fluxes, strict=True):
        made[key] = made.get(key, 0.0) + (flux if tuple(row) == key else -flux)
    weights = problem.weights()
    sizes = {key: float(np.sum((np.outer(flux, key) * weights) ** 2)) for key, flux in made.items()}
    best = sorted(sizes, key=lambda key: (-sizes[key], key))[:count]
    return tuple(d for d, key in zip(fit.directions, keys, strict=True) if key in best)


def directions_of(rows: Array | Integers) -> tuple[OneWayReaction, ...]:
    """Both directions of integer rows, without those from nothing."""
    different = {undirected(row): row for row in rows}.values()
    return tuple(d for row in different for d in both_directions(row) if any(d.reactants))


def pruned(problem: Scaled, directions: tuple[OneWayReaction, ...], search: Search, *, weakest: float) -> RateFit:
    """Rate constants without the directions that carry no flux or whose rate constant the data leave open."""
    while True:
        fit = fit_rates(problem, directions, search.rate_fit, noisy=False)
        keep = (fit.constants > 0) & (fit.contributions > weakest) & (fit.errors < LARGEST_ERROR)
        if keep.all() or not keep.any():
            return fit
        directions = fit.select(keep)


def whole_halves(rows: Array, amplitude: Array, search: Search, within: float) -> set[Complex]:
    """Both sides of rows where their coefficients are within reach of whole numbers and something flows."""
    whole, distance = _sides(rows)
    flows = np.any(amplitude > NEGLIGIBLE_CONTRIBUTION, axis=1, keepdims=True)
    return set(whole_tuples(whole[(distance <= within) & flows & _small(whole, search)]))


def _whole_complexes(rows: Array, amplitude: Array, search: Search) -> list[Complex]:
    """Reactant complexes of the active directions; empty where an active one is not whole."""
    whole, distance = _sides(rows)
    far = distance > search.freeze_within
    if np.any(far & (amplitude > FAINT_AMPLITUDE)):
        return []
    active = amplitude >= NEGLIGIBLE_CONTRIBUTION
    return sorted(set(whole_tuples(whole[active & ~far & _small(whole, search)])))


def _shown_products(rows: Array, amplitude: Array, search: Search) -> set[Complex]:
    """Sides of rows that are whole, active or not."""
    whole, distance = _sides(rows[amplitude.max(axis=1) > NEGLIGIBLE_CONTRIBUTION])
    return set(whole_tuples(whole[(distance <= search.freeze_within) & (whole.sum(axis=2) > 0)]))


def _sides(rows: Array) -> tuple[Array, Array]:
    """The sides of signed rows in whole numbers, shape (R, 2, S), and how far they were from these, shape (R, 2)."""
    sides = np.maximum(np.stack([-rows, rows], axis=1), 0.0)
    whole: Array = np.asarray(np.rint(sides))
    return whole, np.asarray(np.abs(sides - whole).max(axis=2))


def _small(sides: Array, search: Search) -> Mask:
    """Which sides have molecules, and no more than may be frozen."""
    total = sides.sum(axis=-1)
    return np.asarray((total > 0) & (total <= search.max_order) & (sides.max(axis=-1) <= search.max_coefficient))
