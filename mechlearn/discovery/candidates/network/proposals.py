"""Candidates that the network proposes, instead of all that the elements allow."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ....chemistry.arrays import Array, Integers
from ....chemistry.conservation import element_matrix
from ....chemistry.one_way import undirected
from ....data.balances.balances import Balances
from ....data.progress import Progress
from ....errors import DataError
from ...fit.balance_errors import BalanceErrors
from ...fit.production_states import ProductionStates, driving, states_of
from ...fit.rate_fit import RateLawFit, RateLawProblem
from ...fit.rate_law_terms import Surroundings
from ...fit.rate_mixtures import collider_groups, columns
from ...select.candidate_selection import first_laws, mix
from ...select.criterion import split
from ...select.rate_law_extension import with_extensions
from ...settings import Search
from .range_network import RangeProblem, drawn, trained, whole_rows

Row = tuple[int, ...]
MOST_ROWS = 32
"""Free and frozen rows of the whole network."""
MOST_STATES_OF_NETWORK = 400
MOST_ROUNDS, IDLE_ROUNDS = 20, 4
"""Of the whole network: at most, and without a new reaction."""
FLOOR_OF_WEIGHTS = 1e-3
MOST_PEELS = 6
ROWS_OF_RESIDUAL = (4, 6, 8)
"""Free rows that are fitted to what the reactions found leave."""
STATES_OF_RESIDUAL = 200
STARTS, MOST_STARTS = 12, 36
"""Where something new is found, and at most."""
ITERATIONS_ON_RESIDUAL = 80
COLLIDERS_OF_LAWS = 12
COMPLETE_LAW_ERROR = 1e-5
"""Error of the rate laws at which no reaction can be missing."""
ROBUST_RESIDUAL = 3.0
"""Residual, in units of the errors of the rate laws, beyond which more counts little."""


def proposed_reactions(balances: Balances, search: Search, progress: Progress, enough: Iterable[Row] = ()) -> Integers:
    """Net vectors of the reactions that the network finds, shape (R, S); some may not be needed.

    Parameters
    ----------
    balances : Balances
        Production at states, of species with compositions and thermodynamics.
    search : Search
        ``third_bodies`` and ``seed`` count here.
    progress : callable
        Called with the part done and a word.
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
    wanted = {undirected(np.array(row)) for row in enough}
    for peel in range(MOST_PEELS if found else 0):
        if wanted and wanted <= set(found):
            break
        progress(0.6 + 0.4 * peel / MOST_PEELS, f"{len(found)} reactions")
        new = _peeled(states, atoms, found, search, generator)
        if not new:
            break
        found += new
    return np.array(found, dtype=np.int64).reshape(len(found), len(balances.species))


def _whole_network(
    states: ProductionStates, atoms: Array, generator: np.random.Generator, progress: Progress
) -> list[Row]:
    size = np.abs(states.target)
    weights = 1 / np.maximum(size + FLOOR_OF_WEIGHTS * size.max(axis=1, keepdims=True), 1e-300)
    some = generator.permutation(len(size))[:MOST_STATES_OF_NETWORK]
    problem = RangeProblem.of(states, atoms, states.target, weights).part(some)
    known: dict[Row, Array] = {}
    idle = 0
    for number in range(MOST_ROUNDS):
        progress(0.6 * number / MOST_ROUNDS, f"{len(known)} reactions")
        frozen = np.array(list(known), dtype=float).reshape(len(known), atoms.shape[1])
        logs = np.array(list(known.values())).reshape(len(known), problem.features.shape[1])
        network = trained(problem, drawn(problem, max(MOST_ROWS - len(known), 1), generator, frozen, logs))
        known = dict(zip(known, network.logs[len(network.free) :], strict=True))
        before = len(known)
        for row, coefficients in whole_rows(problem, network):
            known.setdefault(undirected(row), coefficients)
        idle = 0 if len(known) > before else idle + 1
        if idle > IDLE_ROUNDS:
            break
    return list(known)


def _peeled(
    states: ProductionStates, atoms: Array, found: list[Row], search: Search, generator: np.random.Generator
) -> list[Row]:
    """Reactions in what those found leave."""
    groups = collider_groups(states, COLLIDERS_OF_LAWS)
    reactions = driving(states, np.array(found, dtype=np.int64))
    laws = RateLawProblem(states, reactions, Surroundings.of(states, groups))
    mixture = mix(columns(states, reactions, groups, 1.0, search.third_bodies), states)
    start = first_laws(mixture, laws, np.ones(len(reactions.net), dtype=bool))
    train = split(len(states.target), search.seed)
    fit, errors = with_extensions(laws, start, mixture.errors, train, third=search.third_bodies)
    if errors.law < COMPLETE_LAW_ERROR:
        return []
    problem = _left(laws, atoms, fit, errors)
    known = dict.fromkeys(found)
    for number in range(MOST_STARTS):
        if number >= STARTS and len(known) > len(found):
            break
        count = ROWS_OF_RESIDUAL[number % len(ROWS_OF_RESIDUAL)]
        network = trained(problem, drawn(problem, count, generator), ITERATIONS_ON_RESIDUAL)
        known |= dict.fromkeys(undirected(row) for row, _ in whole_rows(problem, network))
    return list(known)[len(found) :]


def _left(laws: RateLawProblem, atoms: Array, fit: RateLawFit, errors: BalanceErrors) -> RangeProblem:
    """What the rate laws leave where they miss most; what other parameters of theirs could make counts for nothing.

    For the rate laws have taken over part of what is missing.
    """
    rest, weights = laws.states.target - fit.flux.production, errors.weights(fit.flux)
    robust = weights / np.sqrt(1 + (rest * weights / ROBUST_RESIDUAL) ** 2)
    worst = np.argsort(-np.abs(rest * robust).max(axis=1), kind="stable")[:STATES_OF_RESIDUAL]
    slopes, owner = laws.slopes(fit.laws)
    changes = slopes[worst, None] * laws.reactions.net[owner].T
    return RangeProblem.of(laws.states, atoms, rest, robust).part(worst).absorbing(changes)
