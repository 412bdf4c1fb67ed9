"""Which reactions leave one set of reactants: the fewest that make what is produced there, at every condition.

Letters in shapes: K rows of data, S species, P candidates, L signed columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from ....chemistry.arrays import Array, Integers, Mask

ENTRY_PRECISION = 1e-8
"""Part of an entry up to which it must be explained."""
DIFFERENCE_ROUND_OFF = 1e-13
"""Part of what was subtracted to get an entry that is its round-off."""
SMALLEST_SIGNAL = 1e3
"""Round-off above which an entry is no round-off."""
LARGEST_DEVIATION = 30.0
"""Largest residual, in units of the deviations, that explains the data."""
DETECTABLE_CONTRIBUTION = 1e-6
"""Part of some species' production that a reaction must make at two conditions, or at the only one."""
ALLOWED_RISE = 3.0
"""Of the largest residual, up to which a reaction is dropped."""


@dataclass(frozen=True, eq=False)
class ChannelRows:
    """What some reactants make of all species.

    Parameters
    ----------
    made : array, shape (K, S)
        Production [kmol/m³/s].
    size : array, shape (K, S)
        Of the numbers whose difference it is.
    """

    made: Array
    size: Array

    @property
    def deviation(self) -> Array:
        """How far each entry may be missed."""
        return np.maximum(ENTRY_PRECISION * np.abs(self.made) + DIFFERENCE_ROUND_OFF * self.size, 1e-300)

    @property
    def alive(self) -> Mask:
        """Rows that are more than round-off, shape (K,)."""
        least = np.maximum(SMALLEST_SIGNAL * DIFFERENCE_ROUND_OFF * self.size, 1e-290)
        return np.asarray(np.any(np.abs(self.made) > least, axis=1))

    def contribution(self, rate: Array, net: Integers) -> Array:
        """The largest part of an entry that a reaction makes at its rate in each row, shape (K,)."""
        parts = np.abs(rate[:, None] * net) * ENTRY_PRECISION / self.deviation
        return np.asarray(parts.max(axis=1, initial=0.0))

    def part(self, chosen: Mask | Integers | slice) -> ChannelRows:
        """Some of the rows."""
        return ChannelRows(self.made[chosen], self.size[chosen])


@dataclass(frozen=True, eq=False)
class ReactionsOfParts:
    """Reactions of a part of the reactants, which the others may speed up or slow down as colliders.

    Parameters
    ----------
    net : array of int, shape (L, S)
    size : array, shape (K, L)
        By how much each may change [kmol/m³/s].
    """

    net: Integers
    size: Array

    def part(self, chosen: Integers) -> ReactionsOfParts:
        """At some of the rows."""
        return ReactionsOfParts(self.net, self.size[chosen])

    def could_be(self, net: Integers) -> Array:
        """Largest rate of a reaction that changes of these may be instead, shape (K,) [kmol/m³/s]."""
        if not len(self.net):
            return np.zeros(len(self.size))
        parts = np.linalg.lstsq(self.net.T.astype(float), net.astype(float), rcond=None)[0]
        used = np.abs(parts) > 1e-9
        if np.abs(parts @ self.net - net).max() > 1e-9:
            return np.zeros(len(self.size))
        return np.asarray((self.size[:, used] / np.abs(parts[used])).min(axis=1))


@dataclass(frozen=True, eq=False)
class Channels:
    """Reactions that explain rows.

    Parameters
    ----------
    chosen : array of int
        Numbers of the candidates.
    rates : array, shape (K, len(chosen))
        Rate of each [kmol/m³/s].
    residual : float
        The largest, in units of the deviations.
    """

    chosen: Integers
    rates: Array
    residual: float

    @property
    def complete(self) -> bool:
        """True if what is left is round-off."""
        return self.residual < LARGEST_DEVIATION


def explain(rows: ChannelRows, candidates: Integers, parts: ReactionsOfParts) -> tuple[Array, Array, float]:
    """Non-negative rates of candidates, changes of the reactions of parts, and the largest residual.

    Parameters
    ----------
    rows : ChannelRows
        What is to be explained.
    candidates : array of int, shape (P, S)
        Net vectors.
    parts : ReactionsOfParts
        Reactions that may come with either sign.

    Returns
    -------
    tuple of array of shape (K, P), array of shape (K, L), and float
    """
    many, others = len(candidates), len(parts.net)
    rates, changes, worst = np.zeros((len(rows.made), many)), np.zeros((len(rows.made), others)), 0.0
    touched = np.any(np.concatenate([rows.made, candidates, parts.net]) != 0, axis=0)
    columns, signed = candidates[:, touched].T.astype(float), parts.net[:, touched].T.astype(float)
    bounds = np.concatenate([np.zeros((others, many)), np.eye(others), -np.eye(others)], axis=1)
    for k, (made, deviation) in enumerate(zip(rows.made[:, touched], rows.deviation[:, touched], strict=True)):
        change = signed * parts.size[k]
        matrix = np.concatenate([np.concatenate([columns, change, -change], axis=1) / deviation[:, None], bounds])
        right = np.concatenate([made / deviation, np.zeros(others)])
        length = np.max(np.abs(matrix), axis=0, initial=1e-290)
        found = np.zeros(len(length))
        if len(length):
            found, _ = nnls(matrix / length, right, maxiter=30 * len(length) + 1000)
        rates[k], up, down = np.split(found / length, [many, many + others])
        changes[k] = (up - down) * parts.size[k]
        worst = max(worst, float(np.max(np.abs((matrix / length) @ found - right), initial=0.0)))
    return rates, changes, worst


def channels(rows: ChannelRows, candidates: Integers, tiers: Integers, parts: ReactionsOfParts) -> Channels:
    """The fewest candidates that explain the rows.

    Parameters
    ----------
    rows : ChannelRows
        Those that are alive.
    candidates : array of int, shape (P, S)
        Net vectors.
    tiers : array of int, shape (P,)
        How unusual each candidate is; a higher tier is looked at only where the lower ones do not explain the rows.
    parts : ReactionsOfParts
        As in `explain`.
    """
    usual = np.arange(0)
    for tier in (-1, *np.unique(tiers)):
        usual = np.flatnonzero(tiers <= tier)
        rates, _, residual = explain(rows, candidates[usual], parts)
        if residual < LARGEST_DEVIATION:
            break
    seen = [rows.contribution(rate, net) for rate, net in zip(rates.T, candidates[usual], strict=True)]
    importance = np.array(seen).reshape(len(usual), len(rows.made))
    often = np.sum(importance > DETECTABLE_CONTRIBUTION, axis=1) >= min(2, len(rows.made))
    kept, importance = usual[often], importance.max(axis=1, initial=0.0)[often]
    rates, _, residual = explain(rows, candidates[kept], parts)
    limit = max(ALLOWED_RISE * residual, LARGEST_DEVIATION)
    for number in kept[np.lexsort((importance, -tiers[kept]))]:
        fewer = kept[kept != number]
        tried, _, left = explain(rows, candidates[fewer], parts)
        if left < limit:
            kept, rates, residual = fewer, tried, left
    return Channels(kept, rates, residual)
