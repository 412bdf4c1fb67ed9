"""Candidates that the network proposes, instead of all that the elements allow."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ....chemistry.conservation import element_matrix
from ....chemistry.one_way import undirected
from ....data.balances.balances import Balances
from ....data.progress import Progress
from ....errors import DataError
from ...fit.production_states import Driving, ProductionStates, driving, states_of
from ...fit.rate_fit import BalanceErrors, RateLawFit
from ...fit.rate_law_terms import Surroundings
from ...fit.rate_mixtures import collider_groups, columns
from ...select.candidate_selection import enriched, first_laws, mix, split
from ...settings import Search
from .range_network import RangeProblem, drawn, trained, whole_rows

Array = NDArray[np.float64]
Row = tuple[int, ...]
ROWS = 32
"""Free and frozen rows of the whole network."""
MOST_STATES = 400
ROUNDS, PATIENCE = 20, 4
"""Of the whole network: at most, and without a new reaction."""
FIRST_FLOOR = 1e-3
PEELS = 6
FEW_ROWS = (4, 6, 8)
"""Free rows that are fitted to what the reactions found leave."""
FEW_STATES = 200
STARTS, MOST_STARTS = 12, 36
"""Where something new is found, and at most."""
FEW_ITERATIONS = 80
COLLIDERS = 12
NOTHING_LEFT = 1e-5
"""Error of the laws at which no reaction can be missing."""
WIDE = 3.0
"""Residual, in units of the errors of the laws, beyond which more counts little."""


def proposed_reactions(
    balances: Balances, search: Search, progress: Progress, enough: Iterable[Row] = ()
) -> NDArray[np.int64]:
    """Net vectors of the reactions that the network finds, shape (R, S); some may not be needed.

    Parameters
    ----------
    balances : Balances
        Production at states, of species with compositions and thermodynamics.
    search : Search
        ``third_bodies`` and ``seed`` count here.
    progress : callable
        Called with the share done and a word.
    enough : iterable of tuple of int, optional
        Net vectors, in either direction; the search ends where all are found.

    Raises
    ------
    DataError
        If the balances are not production rates at states.

    Notes
    -----
    First all rows at once, those near whole numbers frozen and the others drawn anew; then, beside full rate laws of
    the reactions found so far, a few rows at a time on what these leave.
    """
    states = states_of(balances, thermo=True)
    if states.operator is not None:
        raise DataError(
            "method: network learns at several temperatures from production rates, and these balances are of another "
            "kind. Use balances: derivative, or method: candidates."
        )
    atoms = np.asarray(element_matrix(balances.species)[1], dtype=float)
    generator = np.random.default_rng([search.seed, 11])
    found = _whole_network(states, atoms, generator, progress)
    asked = {undirected(np.array(row)) for row in enough}
    for peel in range(PEELS if found else 0):
        if asked and asked <= {undirected(np.array(row)) for row in found}:
            break
        progress(0.6 + 0.4 * peel / PEELS, f"{len(found)} reactions")
        new = _peeled(states, atoms, found, search, generator)
        if not new:
            break
        found += new
    return np.array(found, dtype=np.int64).reshape(len(found), len(balances.species))


def _whole_network(
    states: ProductionStates, atoms: Array, generator: np.random.Generator, progress: Progress
) -> list[Row]:
    size = np.abs(states.target)
    weights = 1 / np.maximum(size + FIRST_FLOOR * size.max(axis=1, keepdims=True), 1e-300)
    problem = RangeProblem.of(states, atoms, states.target, weights).part(_some(states, generator))
    known: dict[Row, Array] = {}
    idle = 0
    for number in range(ROUNDS):
        progress(0.6 * number / ROUNDS, f"{len(known)} reactions")
        frozen = np.array(list(known), dtype=float).reshape(len(known), atoms.shape[1])
        logs = np.array(list(known.values())).reshape(len(known), problem.features.shape[1])
        network = trained(problem, drawn(problem, max(ROWS - len(known), 1), generator, frozen, logs))
        known = dict(zip(known, network.logs[len(network.free) :], strict=True))
        before = len(known)
        for row, coefficients in whole_rows(problem, network):
            _add(known, row, coefficients)
        idle = 0 if len(known) > before else idle + 1
        if idle > PATIENCE:
            break
    return list(known)


def _peeled(
    states: ProductionStates, atoms: Array, found: list[Row], search: Search, generator: np.random.Generator
) -> list[Row]:
    """Reactions in what those found leave."""
    groups = collider_groups(states, COLLIDERS)
    reactions = driving(states, np.array(found, dtype=np.int64))
    laws = columns(states, reactions, groups, 1.0, search.third_bodies)
    mixture = mix(laws, states, np.ones(len(laws.reaction), dtype=bool))
    around = Surroundings.of(states, groups)
    start = first_laws(laws, mixture, reactions, around, np.ones(len(reactions.net), dtype=bool))
    train = split(len(states.target), search.seed)
    fit, errors = enriched(states, reactions, around, start, mixture.errors, train, third=search.third_bodies)
    if errors.law < NOTHING_LEFT:
        return []
    problem = _left(states, atoms, reactions, around, fit, errors)
    new: dict[Row, Array] = {row: np.zeros(0) for row in found}
    for number in range(MOST_STARTS):
        if number >= STARTS and len(new) > len(found):
            break
        count = FEW_ROWS[number % len(FEW_ROWS)]
        network = trained(problem, drawn(problem, count, generator), FEW_ITERATIONS)
        for row, coefficients in whole_rows(problem, network) if network.curvature is not None else []:
            _add(new, row, coefficients)
    return list(new)[len(found) :]


def _left(
    states: ProductionStates,
    atoms: Array,
    reactions: Driving,
    around: Surroundings,
    fit: RateLawFit,
    errors: BalanceErrors,
) -> RangeProblem:
    """What the laws leave where they miss most, all that a change of their parameters could make counting for nothing.

    For the laws have taken over part of what is missing.
    """
    rest, weights = states.target - fit.flux.production, errors.weights(fit.flux)
    robust = weights / np.sqrt(1 + (rest * weights / WIDE) ** 2)
    worst = np.argsort(-np.abs(rest * robust).max(axis=1), kind="stable")[:FEW_STATES]
    slopes = [law.evaluate(around)[1] * reactions.difference[:, law.reaction, None] for law in fit.laws]
    owner = np.repeat([law.reaction for law in fit.laws], [each.shape[1] for each in slopes])
    changes = np.concatenate(slopes, axis=1)[worst, None] * reactions.net[owner].T
    return RangeProblem.of(states, atoms, rest, robust).part(worst).absorbing(changes)


def _some(states: ProductionStates, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.asarray(generator.permutation(len(states.target))[:MOST_STATES])


def _add(known: dict[Row, Array], row: NDArray[np.int64], coefficients: Array) -> None:
    """A row that is not there yet, in either direction."""
    key, opposite = tuple(row.tolist()), tuple((-row).tolist())
    if key not in known and opposite not in known:
        known[key] = coefficients
