"""From a stalled network to reactions with rate constants, and whether they explain all data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ....chemistry.one_way import Complex, OneWayReaction, monomials, undirected
from ...fit.rate_constants import RateFit, fit_rates, net_matrix
from ...fit.scaling import Scaled
from ...settings import Search
from .complexes import NEGLIGIBLE, Vectors, production_vectors, split_into_directions
from .stoichiometry import Stoichiometry

Array = NDArray[np.float64]

EXACT = 1e-10
"""Misfit (residual over gross flux) below which data without noise are explained to the last digits."""
WEAK = 1e-3
"""Directions that carry less than this share of the gross flux of every species are dropped from an inexact fit."""
LINEAR_EXACT = 1e-13
"""Weighted mean square residual of the linear fit above which complexes do not explain the data exactly."""
FAINT = 1e-5
"""Halves of rows with a smaller amplitude may have exponents that are not whole."""


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
    problem: Scaled, chosen: NDArray[np.int64], pool: list[Complex], stoichiometry: Stoichiometry, search: Search
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
    part = replace(problem, concentrations=problem.concentrations[chosen], production=problem.production[chosen])
    if not pool or _linear_fit(part, pool)[2] > LINEAR_EXACT:
        return None
    return solution_from_complexes(problem, pool, set(pool), stoichiometry, search)


def _linear_fit(problem: Scaled, complexes: list[Complex]) -> tuple[Array, Array, float, Array]:
    """Production vectors, their errors, the weighted mean square residual, and the largest share of each complex."""
    values = monomials(problem.concentrations, complexes)
    weights = problem.weights()
    vectors, errors = production_vectors(values, problem.production, weights)
    residual = (values @ vectors - problem.production) * weights
    size = np.array([np.max(np.abs(np.outer(values[:, i], vectors[i]) * weights)) for i in range(len(complexes))])
    return vectors, errors, float(np.mean(residual**2)), size


def exact_vectors(problem: Scaled, complexes: list[Complex]) -> Vectors | None:
    """What each complex makes, without those that make nothing; None where they leave more than round-off."""
    if not complexes:
        return None
    vectors, errors, loss, size = _linear_fit(problem, complexes)
    if loss > LINEAR_EXACT:
        return None
    live = (size > NEGLIGIBLE**2) & np.any(np.abs(vectors) > 10 * errors, axis=1)
    return Vectors([y for y, keep in zip(complexes, live, strict=True) if keep], vectors[live], errors[live])


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
    fit = pruned(problem, split.directions, search, weakest=EXACT)
    kept = {direction.reactants for direction in fit.directions}
    if fit.misfit >= EXACT or too_many(fit, search):
        return None
    return Solution(fit, tuple(y for y in split.ambiguous if y in kept), complete=True)


def solution_from_rows(problem: Scaled, rows: Array, search: Search) -> Solution | None:
    """The best that integer rows, shape (R, S), can do, both directions of each offered; None if there is no row."""
    directions = directions_of(rows)
    if not directions:
        return None
    fit = pruned(problem, directions, search, weakest=WEAK)
    if search.reactions != "auto" and too_many(fit, search):
        fit = pruned(problem, _strongest(problem, fit, search.reactions), search, weakest=WEAK)
    return Solution(fit, complete=problem.noise.exact and fit.misfit < EXACT)


def too_many(fit: RateFit, search: Search) -> bool:
    """True if a fit holds more reactions, reversible ones counted once, than were asked for."""
    rows = {undirected(row) for row in net_matrix(fit.directions)}
    return search.reactions != "auto" and len(rows) > search.reactions


def _strongest(problem: Scaled, fit: RateFit, count: int) -> tuple[OneWayReaction, ...]:
    """The directions of the rows that make most of the net production, each species by its own size."""
    weights = problem.weights()
    values = monomials(problem.concentrations, [d.reactants for d in fit.directions]) * fit.constants
    made: dict[tuple[int, ...], Array] = {}
    for row, flux in zip(net_matrix(fit.directions), values.T, strict=True):
        key = undirected(row)
        sign = 1.0 if tuple(row) == key else -1.0
        made[key] = made.get(key, np.zeros_like(flux)) + sign * flux
    sizes = {key: float(np.sum((np.outer(flux, key) * weights) ** 2)) for key, flux in made.items()}
    best = sorted(sizes, key=lambda key: (-sizes[key], key))[:count]
    rows = net_matrix(fit.directions)
    return tuple(d for d, row in zip(fit.directions, rows, strict=True) if undirected(row) in best)


def directions_of(rows: Array) -> tuple[OneWayReaction, ...]:
    """Both directions of integer rows, without those from nothing."""
    directions: dict[OneWayReaction, None] = {}
    for row in {undirected(r): r for r in rows}.values():
        left = tuple(int(c) for c in np.maximum(-row, 0))
        right = tuple(int(c) for c in np.maximum(row, 0))
        for reactants, products in ((left, right), (right, left)):
            if any(reactants):
                directions[OneWayReaction(reactants, products)] = None
    return tuple(directions)


def pruned(problem: Scaled, directions: tuple[OneWayReaction, ...], search: Search, *, weakest: float) -> RateFit:
    """Rate constants without the directions that carry no flux or whose rate constant the data leave open."""
    fit = fit_rates(problem, directions, search.rate_fit, noisy=False)
    while True:
        keep = (fit.constants > 0) & (fit.contributions > weakest) & (fit.errors < 0.5)
        if keep.all() or not keep.any():
            return fit
        fit = fit_rates(problem, fit.select(keep), search.rate_fit, noisy=False)


def whole_halves(rows: Array, amplitude: Array, search: Search, within: float) -> set[Complex]:
    """Both sides of rows where their coefficients are within reach of whole numbers and something flows."""
    halves: set[Complex] = set()
    for sign in (-1, 1):
        sides = np.maximum(sign * rows, 0.0)
        whole = np.rint(sides)
        near = (np.abs(sides - whole).max(axis=1) <= within) & (amplitude > NEGLIGIBLE).any(axis=1)
        near &= (whole.sum(axis=1) > 0) & (whole.sum(axis=1) <= search.max_order)
        near &= whole.max(axis=1) <= search.max_coefficient
        halves |= {tuple(int(c) for c in side) for side in whole[near]}
    return halves


def _whole_complexes(rows: Array, amplitude: Array, search: Search) -> list[Complex]:
    """Reactant complexes of the active directions; empty where an active one is not whole."""
    found: set[Complex] = set()
    for row, sizes in zip(rows, amplitude, strict=True):
        for sign, size in zip((-1, 1), sizes, strict=True):
            if size < NEGLIGIBLE:
                continue
            exponents = np.maximum(sign * row, 0.0)
            whole = np.rint(exponents)
            if np.abs(exponents - whole).max() > search.freeze_within:
                if size > FAINT:
                    return []
                continue
            if 0 < whole.sum() <= search.max_order and whole.max() <= search.max_coefficient:
                found.add(tuple(int(c) for c in whole))
    return sorted(found)


def _shown_products(rows: Array, amplitude: Array, search: Search) -> set[Complex]:
    """Sides of rows that are whole, active or not."""
    shown: set[Complex] = set()
    for row in rows[amplitude.max(axis=1) > NEGLIGIBLE]:
        for sign in (-1, 1):
            side = np.maximum(sign * row, 0.0)
            whole = np.rint(side)
            if whole.any() and np.abs(side - whole).max() <= search.freeze_within:
                shown.add(tuple(int(c) for c in whole))
    return shown
