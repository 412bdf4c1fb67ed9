"""Which reactions leave one set of reactants: the fewest that make what is produced there, at every condition.

Letters in shapes: K rows of data, S species, P candidates, L signed columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]

PRECISE = 1e-8
"""Share of an entry up to which it must be explained."""
ROUND_OFF = 1e-13
"""Share of what was subtracted to get an entry that is its round-off."""
ALIVE = 1e3
"""Round-off above which an entry is no round-off."""
GOOD = 30.0
"""Largest residual, in units of the deviations, that explains the data."""
NOTICED = 1e-6
"""Share of some species' production that a reaction must make at two conditions, or at the only one."""
LOOSER = 3.0
"""Rise of the largest residual at which a reaction is dropped."""


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
        return np.maximum(PRECISE * np.abs(self.made) + ROUND_OFF * self.size, 1e-300)

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Rows that are more than round-off, shape (K,)."""
        return np.asarray(np.any(np.abs(self.made) > np.maximum(ALIVE * ROUND_OFF * self.size, 1e-290), axis=1))

    def part(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> ChannelRows:
        """Some of the rows."""
        return ChannelRows(self.made[chosen], self.size[chosen])


@dataclass(frozen=True, eq=False)
class Slower:
    """Reactions of parts of the reactants, which the others may speed up or slow down as colliders.

    Parameters
    ----------
    net : array of int, shape (L, S)
    size : array, shape (K, L)
        By how much each may change [kmol/m³/s].
    """

    net: NDArray[np.int64]
    size: Array

    def could_be(self, net: NDArray[np.int64]) -> Array:
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

    chosen: NDArray[np.int64]
    rates: Array
    residual: float

    @property
    def complete(self) -> bool:
        """True if what is left is round-off."""
        return self.residual < GOOD


def explain(rows: ChannelRows, candidates: NDArray[np.int64], slower: Slower) -> tuple[Array, Array, float]:
    """Non-negative rates of candidates, changes of slower reactions, and the largest residual.

    Parameters
    ----------
    rows : ChannelRows
        What is to be explained.
    candidates : array of int, shape (P, S)
        Net vectors.
    slower : Slower
        Reactions that may come with either sign.

    Returns
    -------
    tuple of array of shape (K, P), array of shape (K, L), and float
    """
    many, others = len(candidates), len(slower.net)
    rates, changes, worst = np.zeros((len(rows.made), many)), np.zeros((len(rows.made), others)), 0.0
    touched = np.any(rows.made != 0, axis=0)
    touched |= np.any(candidates != 0, axis=0) | np.any(slower.net != 0, axis=0)
    columns, signed = candidates[:, touched].T.astype(float), slower.net[:, touched].T.astype(float)
    bounds = np.concatenate([np.zeros((others, many)), np.eye(others), -np.eye(others)], axis=1)
    for k, (made, deviation) in enumerate(zip(rows.made[:, touched], rows.deviation[:, touched], strict=True)):
        change = signed * slower.size[k]
        matrix = np.concatenate([np.concatenate([columns, change, -change], axis=1) / deviation[:, None], bounds])
        right = np.concatenate([made / deviation, np.zeros(others)])
        length = np.max(np.abs(matrix), axis=0, initial=1e-290)
        found = np.zeros(len(length))
        if len(length):
            found, _ = nnls(matrix / length, right, maxiter=30 * len(length) + 1000)
        rates[k] = (found / length)[:many]
        up, down = (found / length)[many:].reshape(2, others)
        changes[k] = (up - down) * slower.size[k]
        worst = max(worst, float(np.max(np.abs((matrix / length) @ found - right), initial=0.0)))
    return rates, changes, worst


def channels(rows: ChannelRows, candidates: NDArray[np.int64], tiers: NDArray[np.int64], slower: Slower) -> Channels:
    """The fewest candidates that explain the rows.

    Parameters
    ----------
    rows : ChannelRows
        Those that are alive.
    candidates : array of int, shape (P, S)
        Net vectors.
    tiers : array of int, shape (P,)
        How unusual each candidate is; a higher tier is looked at only where the lower ones do not explain the rows.
    slower : Slower
        As in `explain`.
    """
    usual = np.arange(0)
    residual = np.inf
    for tier in (-1, *np.unique(tiers)):
        usual = np.flatnonzero(tiers <= tier)
        rates, _, residual = explain(rows, candidates[usual], slower)
        if residual < GOOD:
            break
    seen = _importance(rows, candidates[usual], rates)
    often = np.sum(seen > NOTICED, axis=0) >= min(2, len(rows.made))
    kept, importance = usual[often], seen.max(axis=0, initial=0.0)[often]
    rates, _, residual = explain(rows, candidates[kept], slower)
    limit = max(LOOSER * residual, GOOD)
    for number in kept[np.lexsort((importance, -tiers[kept]))]:
        fewer = kept[kept != number]
        tried, _, left = explain(rows, candidates[fewer], slower)
        if left < limit:
            kept, rates, residual = fewer, tried, left
    return Channels(kept, rates, residual)


def _importance(rows: ChannelRows, candidates: NDArray[np.int64], rates: Array) -> Array:
    """The largest share of an entry's size that each candidate makes, shape (K, P)."""
    share = PRECISE / rows.deviation
    return np.stack(
        [
            np.max(rate[:, None] * np.abs(candidates) * weight, axis=1, initial=0.0)
            for rate, weight in zip(rates, share, strict=True)
        ]
    ).reshape(rates.shape)
