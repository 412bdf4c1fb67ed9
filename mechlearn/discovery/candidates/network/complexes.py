"""From the complexes that the network found to reactions with whole coefficients on both sides.

What a production rate determines is, for every reactant complex y (the exponents of a monomial), one vector b_y: how
much of each species that complex makes per monomial. Reactions y → p with rate constants k_p must add up to it,
b_y = Σ_p k_p (p − y). The network ends at an exact fit with whole exponents but, where several reactions share a
complex, with any split of b_y among its rows; here the split with the fewest reactions is looked for. That the split
need not be unique is the theorem of Craciun and Pantea [1]_.

References
----------
.. [1] G. Craciun, C. Pantea, "Identifiability of chemical reaction networks", J. Math. Chem. 44, 244-259 (2008).
   https://doi.org/10.1007/s10910-007-9307-x
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from scipy.optimize import nnls

from ....chemistry.arrays import Array, Integers, Mask
from ....chemistry.one_way import Complex, OneWayReaction
from ....data.noise.rate_noise import all_complexes
from .stoichiometry import Stoichiometry

NEGLIGIBLE_CONTRIBUTION = 1e-8
"""A complex that makes no larger part of any entry is not there."""
MOST_PRODUCTS_IN_PAIRS, MOST_PRODUCTS_IN_TRIPLES = 400, 60
"""Product complexes that are tried together; beyond that only those that the network has shown."""
VECTOR_ROUND_OFF = 1e-10
"""Part of each entry of a production vector that is round-off, whatever its standard error."""
SMALLEST_BRANCH = 1e-12
"""Of the products of one complex, as a part of all."""
ERRORS_OF_ROUND_OFF, ERRORS_OF_NOISE = 10.0, 5.0
"""Standard errors by which a split may miss a production vector."""
COST_OF_REACTION = 16.0
"""What one more reaction costs a split, in units of χ²."""
COST_OF_NEW = 6.0
"""What a product complex that the network has not shown costs a split, in units of χ²."""
MOST_ALTERNATIVES = 20
"""Splits of one complex that are compared under noise."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """What each complex makes.

    Parameters
    ----------
    complexes : list of C complexes
    vectors, errors : array, shape (C, S)
        Production per monomial, and the standard errors.
    """

    complexes: list[Complex]
    vectors: Array
    errors: Array

    def select(self, kept: Mask) -> Vectors:
        """The complexes marked true."""
        chosen = [y for y, keep in zip(self.complexes, kept, strict=True) if keep]
        return Vectors(chosen, self.vectors[kept], self.errors[kept])


@dataclass(frozen=True, eq=False)
class Split:
    """The directions that explain the production of all complexes.

    Parameters
    ----------
    directions : tuple of OneWayReaction
    ambiguous : tuple of Complex
        Complexes for which another split with as few reactions fits as well.
    unexplained : tuple of Complex
        Complexes whose production no admitted reactions explain.
    alternatives : dict
        Of each explained complex, all sets of products that explain it, the best first.
    """

    directions: tuple[OneWayReaction, ...]
    ambiguous: tuple[Complex, ...]
    unexplained: tuple[Complex, ...]
    alternatives: dict[Complex, list[tuple[Complex, ...]]]


def production_vectors(
    values: Array, production: Array, weights: Array, *, least_misfit: float = 0.0
) -> tuple[Array, Array]:
    """Least squares for b, shape (complexes, S), and its standard errors, from monomials of shape (N, complexes).

    The errors follow from the residual that is left, in units of one over the weights; where these are the noise, a
    residual below 1 is no reason to believe in smaller ones.
    """
    vectors = np.zeros((values.shape[1], production.shape[1]))
    errors = np.zeros_like(vectors)
    relative = weights / np.maximum(weights.max(axis=0), 1e-300)
    for k in range(production.shape[1]):
        if k == 0 or not np.array_equal(relative[:, k], relative[:, k - 1]):
            columns = values * relative[:, k, None]
            size = np.linalg.norm(columns, axis=0)
            size[size == 0] = 1.0
            left, spectrum, right = np.linalg.svd(columns / size, full_matrices=False)
            inverse = np.divide(1.0, spectrum, out=np.zeros_like(spectrum), where=spectrum > 1e-13 * spectrum[0])
            per_noise = np.sqrt(np.sum((right.T * inverse) ** 2, axis=1)) / size
        unit = weights[:, k].max()
        target = production[:, k] * relative[:, k]
        solution = right.T @ (inverse * (left.T @ target))
        residual = (target - (columns / size) @ solution) * unit
        noise = max(np.sqrt(np.mean(residual**2)), least_misfit) + 1e-15 * unit * np.abs(target).max(initial=0.0)
        vectors[:, k] = solution / size
        errors[:, k] = noise * per_noise / unit
    return vectors, errors


def triangle_of(matrix: Array, target: Array) -> Array:
    """R of the QR decomposition of columns, each of unit length, and a target: all that least squares need of them."""
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    return np.asarray(np.linalg.qr(np.column_stack([matrix / size, target]), mode="r"))


def chi_square_left(triangle: Array, columns: list[int]) -> float:
    """Sum of squares that the best non-negative mixture of some columns leaves of the target (see `triangle_of`)."""
    return float(nnls(triangle[:, columns], triangle[:, -1], maxiter=50 * len(columns))[1] ** 2)


def split_into_directions(
    found: Vectors, shown: set[Complex], stoichiometry: Stoichiometry, *, noisy: bool = False
) -> Split:
    """Fewest one-way reactions for each complex, complexes already known being preferred as products.

    Parameters
    ----------
    found : Vectors
        Of the reactant complexes.
    shown : set of complexes
        Product complexes that the network has shown; tried first.
    stoichiometry : Stoichiometry
        Which net rows are admitted, and whether catalysts are.
    noisy : bool
        Every split within the errors of the complex alone is offered; all complexes together decide among them.
    """
    known = shown | set(found.complexes)
    directions: list[OneWayReaction] = []
    ambiguous, unexplained = [], []
    alternatives = {}
    for y, vector, error in zip(found.complexes, found.vectors, found.errors, strict=True):
        sets = _split_one(np.array(y), vector, error, known, stoichiometry, noisy)
        if not sets:
            unexplained.append(y)
            continue
        alternatives[y] = sets[:MOST_ALTERNATIVES]
        directions += [OneWayReaction(y, p) for p in sets[0]]
        if len(sets) > 1:
            ambiguous.append(y)
    return Split(tuple(directions), tuple(ambiguous), tuple(unexplained), alternatives)


def _split_one(
    y: Integers, vector: Array, error: Array, known: set[Complex], stoichiometry: Stoichiometry, noisy: bool
) -> list[tuple[Complex, ...]]:
    """Every equally good smallest set of products of ``y``, the best first; empty where there is none."""
    reach = ERRORS_OF_NOISE if noisy else ERRORS_OF_ROUND_OFF
    slack = reach * error + VECTOR_ROUND_OFF * np.abs(vector) + SMALLEST_BRANCH * np.abs(vector).max(initial=0.0)
    candidates = _products(y, vector, slack, stoichiometry)
    if noisy:
        more = _products(y, vector, slack, stoichiometry, hidden=True)
        candidates = more if len(more) <= MOST_PRODUCTS_IN_PAIRS else candidates
    shown = np.array([tuple(p) in known for p in candidates], dtype=bool)
    offered: list[tuple[float, tuple[Complex, ...]]] = []
    for count in (1, 2, 3):
        few = len(candidates) <= (MOST_PRODUCTS_IN_PAIRS if count < 3 else MOST_PRODUCTS_IN_TRIPLES)
        pool, marks = (candidates, shown) if few else (candidates[shown], shown[shown])
        sets, misfits = _mixtures(pool - y, count, vector, slack)
        cost = (count - marks[sets].sum(axis=1)).astype(float)
        if noisy:
            cost = COST_OF_NEW * cost + COST_OF_REACTION * count + misfits * reach**2
        before = bool(offered)
        products = [tuple(map(tuple, each)) for each in pool[sets].tolist()]
        offered += zip(cost.tolist(), products, strict=True)
        if before or (offered and not noisy):
            break
    offered.sort()
    return [products for c, products in offered if noisy or c == offered[0][0]]


def _products(
    y: Integers, vector: Array, slack: Array, stoichiometry: Stoichiometry, *, hidden: bool = False
) -> Integers:
    """Integer complexes that ``y`` may turn into, balanced against it: of the species that it makes and, with
    catalysts, of its own. With ``hidden`` it may also make what noise may hide.

    With catalysts the change is the smallest whole one: 2 B => 2 C has the same rate law as 2 B => B + C at twice the
    rate constant.
    """
    made = (vector > (-slack if hidden else slack)) & (y == 0)
    own = (y > 0) & (np.abs(vector) > slack) & stoichiometry.catalysts
    species = np.flatnonzero(made | own)
    choices = _choices(len(species), stoichiometry.max_coefficient, stoichiometry.max_order)
    whole = np.zeros((len(choices), len(y)), dtype=np.int64)
    if stoichiometry.catalysts:
        whole += np.where(own | (y == 0), 0, y)
    whole[:, species] = choices
    net = whole - y
    allowed = stoichiometry.admits(net.astype(float)) & (whole.sum(axis=1) <= stoichiometry.max_order)
    if stoichiometry.catalysts:
        allowed &= np.gcd.reduce(net, axis=1) == 1
    return np.asarray(whole[allowed])


@lru_cache
def _choices(count: int, largest: int, order: int) -> Integers:
    """Coefficients of ``count`` species up to ``largest``, no more than ``order`` molecules in all."""
    rows = np.array([(0,) * count, *all_complexes(count, order)], dtype=np.int64)
    return np.asarray(rows[rows.max(axis=1, initial=0) <= largest])


def _mixtures(changes: Integers, count: int, vector: Array, slack: Array) -> tuple[Integers, Array]:
    """Sets of ``count`` changes that add up to the vector, each at a rate above zero, shape (sets, count).

    With them the sum of squares of their misfit in units of the slack.
    """
    sets = np.array(list(combinations(range(len(changes)), count)), dtype=np.int64).reshape(-1, count)
    slack = np.maximum(slack, np.finfo(float).eps * (slack.max(initial=0.0) or 1.0))
    points = changes[sets] / slack
    goal = vector / slack
    gram = np.einsum("nis,njs->nij", points, points)
    right = np.einsum("nis,s->ni", points, goal)
    size = np.sqrt(np.einsum("nii->ni", gram))
    regular = np.abs(np.linalg.det(gram / (size[:, :, None] * size[:, None, :]))) > 1e-12
    rates = np.full((len(sets), count), -1.0)
    rates[regular] = np.linalg.solve(gram[regular], right[regular][..., None])[..., 0]
    left = np.einsum("nis,ni->ns", points, rates) - goal
    largest = rates.max(axis=1, initial=0.0)
    good = (rates.min(axis=1, initial=np.inf) > SMALLEST_BRANCH * largest) & (largest > 0)
    good &= np.abs(left).max(axis=1, initial=0.0) <= 1.0
    return sets[good], np.sum(left[good] ** 2, axis=1)
