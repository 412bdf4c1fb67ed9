"""Rate laws beyond mass action of the net change: catalysts, autocatalysis, and orders of overall reactions."""

from __future__ import annotations

import numpy as np

from ...chemistry.arrays import Integers
from ...chemistry.one_way import Complex, OneWayReaction
from ...data.noise.rate_noise import all_complexes

MEETING = 2
"""Molecules that meet in an elementary step."""
MOST_MOLECULES = 3
"""On a side of a reaction with a catalyst, and in the order of an overall reaction."""


def with_catalysts(net: Integers) -> tuple[OneWayReaction, ...]:
    """Elementary steps with a species on both sides.

    Parameters
    ----------
    net : array of int, shape (R, S)
        Changes that are possible, each with its opposite; of multiples the smallest counts, as the others are the same
        rate law.

    Examples
    --------
    >>> [each.equation("AB") for each in with_catalysts(np.array([[-1, 1]]))]
    ['2 A => A + B', 'A + B => 2 B', 'A + B => 2 A', '2 B => A + B']
    """
    whole = net // np.gcd.reduce(net, axis=1)[:, None] if len(net) else net
    found = []
    for change in dict.fromkeys(map(tuple, np.concatenate([whole, -whole]).tolist())):
        for before in all_complexes(net.shape[1], MEETING):
            after = np.add(before, change)
            if np.all(after >= 0) and after.sum() <= MOST_MOLECULES and np.any(after * before):
                found.append(OneWayReaction(before, _complex(after)))
    return tuple(found)


def with_orders(change: Integers) -> tuple[OneWayReaction, ...]:
    """An overall reaction, of a net vector of shape (S,), with all orders in what it uses up.

    Examples
    --------
    >>> [each.equation("ABC") for each in with_orders(np.array([-2, 4, 1]))]
    ['2 A => 4 B + C (rate k [A])', '2 A => 4 B + C', '2 A => 4 B + C (rate k [A]^3)']
    """
    used, made = _complex(np.maximum(-change, 0)), _complex(np.maximum(change, 0))
    orders = (each for each in all_complexes(len(change), MOST_MOLECULES) if not np.any(np.array(each)[change >= 0]))
    return tuple(OneWayReaction(used, made, None if each == used else each) for each in orders)


def _complex(amounts: Integers) -> Complex:
    return tuple(amounts.tolist())
