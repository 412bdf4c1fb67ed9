"""What detailed balance says where noise leaves a choice.

At equilibrium each reaction is balanced by its own reverse. So one-way reactions cannot close a cycle (Gorban and
Yablonsky, 2011, doi:10.1016/j.ces.2011.07.054); and the equilibrium constant of a reaction that is a sum of reversible
ones is the product of theirs (Wegscheider, 1901, doi:10.1007/BF01517498), so that its reverse cannot be absent.

Letters in shapes: R one-way reactions, P pairs of opposite ones, S species.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from ...chemistry.arrays import Array
from ...chemistry.one_way import OneWayReaction
from ..fit.trajectory_fit import information
from .reaction_set import ReactionSet
from .trajectory_selection import INDISTINCT, Selector

INFEASIBLE = 2
"""Status of `linprog` where no solution exists."""
DEPENDENT = 1e-9
"""Relative distance from the sums of others within which a net change is such a sum."""


def possible(directions: Sequence[OneWayReaction]) -> bool:
    """Whether detailed balance can hold: no sum of one-way reactions is undone by reversible ones.

    Examples
    --------
    >>> a, b, c = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    >>> chain = [OneWayReaction(a, b), OneWayReaction(b, c)]
    >>> possible(chain), possible([*chain, OneWayReaction(c, a)])
    (True, False)
    """
    there = set(directions)
    net = np.array([np.subtract(d.products, d.reactants) for d in directions], dtype=float)
    one_way = np.array([d.reverse not in there for d in directions])
    if not one_way.any():
        return True
    limits = [(0, None) if each else (None, None) for each in one_way]
    closed, right = np.vstack([net.T, one_way]), np.eye(net.shape[1] + 1)[-1]
    cycle = linprog(np.zeros(len(net)), A_eq=closed, b_eq=right, bounds=limits)
    return bool(cycle.status == INFEASIBLE)


def from_detailed_balance(directions: Sequence[OneWayReaction], covariance: Array) -> dict[OneWayReaction, Array]:
    """Absent reverse directions whose rate constants follow from those of the reactions that are there.

    Parameters
    ----------
    directions : sequence of OneWayReaction
        R of them.
    covariance : array, shape (R, R)
        Of ln k: of several sums for one equilibrium constant the best known counts most.

    Returns
    -------
    dict of OneWayReaction to array, shape (R,)
        By what to multiply each ln k; the sum is ln k of the reverse.

    Examples
    --------
    >>> a, b, c = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    >>> pairs = [(a, b), (b, a), (b, c), (c, b), (a, c)]
    >>> there = [OneWayReaction(*pair) for pair in pairs]
    >>> found = from_detailed_balance(there, np.eye(5))
    >>> {d.equation(["A", "B", "C"]): factors.round(6).tolist() for d, factors in found.items()}
    {'C => A': [-1.0, 1.0, -1.0, 1.0, 1.0]}
    """
    place = {direction: i for i, direction in enumerate(directions)}
    backs = {i: place.get(direction.reverse) for direction, i in place.items()}
    pairs = [(i, j) for i, j in backs.items() if j is not None and i < j]
    if not pairs:
        return {}
    net = np.array([np.subtract(d.products, d.reactants) for d in directions], dtype=float)
    pair_rows = np.zeros((len(pairs), len(directions)))
    for row, (i, j) in enumerate(pairs):
        pair_rows[row, i], pair_rows[row, j] = 1.0, -1.0
    changes = net[[i for i, _ in pairs]]
    weight = np.linalg.pinv(pair_rows @ covariance @ pair_rows.T, rcond=1e-12, hermitian=True)
    to_pairs = weight @ changes @ np.linalg.pinv(changes.T @ weight @ changes, rcond=1e-9, hermitian=True)
    found = {}
    for i, back in backs.items():
        multiples = to_pairs @ net[i]
        if back is None and np.abs(multiples @ changes - net[i]).max() <= DEPENDENT * np.abs(net[i]).max():
            found[directions[i].reverse] = np.eye(len(directions))[i] - multiples @ pair_rows
    return found


def preferred(selector: Selector, networks: list[ReactionSet]) -> tuple[ReactionSet, list[ReactionSet]]:
    """Of networks that the data do not distinguish, the best for which detailed balance can hold, and the others.

    Reverse directions that follow from it come in; the networks without them stay among the others. The first of all
    where it can hold for none.
    """
    if selector.reversible:
        return networks[0], networks[1:]
    whole = _distinct([with_reverses_of_detailed_balance(selector, each) for each in networks])
    physical = [each for each in whole if possible(each.problem.reactions.directions)]
    chosen = _simplest(physical or networks, selector.interval_rise)
    others = _distinct([*networks, *whole])
    return chosen, [each for each in others if set(each.kept) != set(chosen.kept)]


def _simplest(networks: list[ReactionSet], rise: float) -> ReactionSet:
    """Of those that have as many reactions as the first and fit about as well, that of the lowest orders."""
    best = networks[0]
    equal = [n for n in networks if len(n.kept) == len(best.kept) and n.cost < best.cost + rise]
    return min(equal, key=lambda network: (int(network.problem.reactions.orders.sum()), network.cost))


def _distinct(networks: list[ReactionSet]) -> list[ReactionSet]:
    """One network for each set of reactions, the best first."""
    found: dict[frozenset[int], ReactionSet] = {}
    for network in sorted(networks, key=lambda each: each.cost):
        found.setdefault(frozenset(network.kept), network)
    return list(found.values())


def with_reverses_of_detailed_balance(selector: Selector, network: ReactionSet) -> ReactionSet:
    """The network with the absent reverse directions that follow from detailed balance and the data do not exclude.

    They come last, and their ln k are sums of the others.
    """
    numbers = {direction: i for i, direction in enumerate(selector.everything.reactions.directions)}
    covariance = information(network.state).covariance()
    best, sums = network, np.eye(len(network.kept))
    for direction, multipliers in from_detailed_balance(network.problem.reactions.directions, covariance).items():
        if direction in numbers:
            kept, more = (*best.kept, numbers[direction]), np.vstack([sums, multipliers])
            problem = replace(selector.everything.only(np.array(kept, dtype=np.int64)), sums=more)
            trial = selector.fitted_set(kept, best.state.under(problem))
            if trial is not None and trial.cost < network.cost + INDISTINCT:
                best, sums = trial, more
    return best
