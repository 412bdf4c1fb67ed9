"""The state at which two networks differ most: what to measure next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize
from scipy.stats import qmc

from ..learning.complexes import Direction, monomials
from ..learning.rates import net_matrix

Array = NDArray[np.float64]
Network = tuple[tuple[Direction, ...], Array]

POINTS = 512
BEYOND = 3.0
"""Factor by which a state may lie outside the range of the data."""
LEAST = 1e-3
"""Of a species' largest concentration: the smallest that is tried."""


def most_different_state(one: Network, other: Network, concentrations: Array) -> tuple[Array, float]:
    """Concentrations, shape (S,), at which two networks differ most in the data's range, and by what share of a rate.

    Parameters
    ----------
    one, other : tuple
        Directions and their rate constants.
    concentrations : array, shape (N, S)
        Of the data, in the units of the rate constants.
    """
    highest = BEYOND * concentrations.max(axis=0)
    highest = np.where(highest > 0, highest, highest.max())
    low, high = np.log(LEAST * highest), np.log(highest)

    def difference(logs: Array) -> Array:
        states = np.exp(np.atleast_2d(logs))
        first, second = (_production(network, states) for network in (one, other))
        size = np.abs(first).max(axis=1) + np.abs(second).max(axis=1)
        return np.asarray(np.abs(first - second).max(axis=1) / np.maximum(size, 1e-300))

    points = qmc.scale(qmc.Sobol(len(low), seed=0).random(POINTS), low, high)
    start = points[int(np.argmax(difference(points)))]

    def likeness(logs: Array) -> float:
        return -float(difference(logs)[0])

    polished = minimize(likeness, start, method="Nelder-Mead", bounds=Bounds(low, high))
    best = max((start, np.asarray(polished.x)), key=lambda logs: float(difference(logs)[0]))
    return np.exp(best), float(difference(best)[0])


def _production(network: Network, states: Array) -> Array:
    directions, constants = network
    return np.asarray((monomials(states, [d.reactants for d in directions]) * constants) @ net_matrix(directions))
