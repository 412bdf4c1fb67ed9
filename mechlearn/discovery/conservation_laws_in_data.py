"""What the data conserve, where compositions are unknown: the laws, and the test of how many there are.

Letters in shapes: L laws, N states, S species.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.linalg import qr

from ..chemistry.arrays import Array
from ..chemistry.conservation import conservation_laws
from ..data.noise.rate_noise import RateNoise, rms_of

EXACT_LIMIT = 1e-9
"""Change of a combination of species, relative to its gross change, up to which exact data conserve it."""
STANDARD_ERRORS = 5.0
"""By which the change of a conserved combination may exceed what noise makes of it."""
CLEARLY_NOT = 3.0
"""Multiple of what noise makes by which a law with one coefficient altered must change."""
STATES_PER_SPECIES = 2
"""Fewer states show laws that are only lack of data."""
LARGEST_DENOMINATOR = 6
ALMOST_WHOLE = {True: 1e-5, False: 0.1}
"""Distance of a coefficient to a ratio of small whole numbers, in exact data and under noise."""


@dataclass(frozen=True, eq=False)
class Conserved:
    """Combinations of species that no state of the data changes.

    Parameters
    ----------
    laws : array, shape (L, S)
        Non-negative whole numbers where there are such laws.
    changes : array, shape (L,)
        Of exact data: root mean square change of each combination over that of all its terms without their signs. Of
        noisy data: over the change that noise makes of it.
    limit : float
        The largest change that passes.
    next_change : float
        The least change of any combination besides these.
    exact : bool
        Whether the data are exact.
    """

    laws: Array
    changes: Array
    limit: float
    next_change: float
    exact: bool

    def as_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What `summary.json` says of it."""
        laws = [{"law": _law_text(m, names), "change": float(c)} for m, c in zip(self.laws, self.changes, strict=True)]
        measure = "share of the gross change" if self.exact else "multiple of what noise makes"
        return {"laws": laws, "measure": measure, "limit": self.limit, "next_change": self.next_change}


def conserved_in(accumulation: Array, noise: RateNoise) -> Conserved:
    """The laws of production rates of shape (N, S), with the test of each.

    Notes
    -----
    Exact data: a singular value of the rates, each species scaled to unit size, counts as zero below `EXACT_LIMIT` of
    the largest. Noisy data: for each number of laws, the most first, the leading singular vectors are read as ratios of
    small whole numbers; all laws that follow must change by no more than noise makes them change, and each must fail
    clearly with any of its coefficients one higher or lower, so that what noise hides is not taken for a law.

    Examples
    --------
    >>> import numpy as np
    >>> from mechlearn.data.noise.rate_noise import RateNoise
    >>> rates = np.random.default_rng(0).random((20, 2)) @ [[-1, -1, 1, 0], [1, 0, -1, 1]]
    >>> found = conserved_in(rates, RateNoise(0.0, np.zeros(4), np.zeros(4), True))
    >>> [law["law"] for law in found.as_dict(("E", "S", "ES", "P"))["laws"]]
    ['E + ES', 'S + ES + P']
    """
    states, species = accumulation.shape
    size = rms_of(accumulation)
    _, values, directions = np.linalg.svd(accumulation / size, full_matrices=True)
    values = np.concatenate([values, np.zeros(species - len(values))]) / (values[0] or 1.0)
    if states < STATES_PER_SPECIES * species:
        return Conserved(np.zeros((0, species)), np.zeros(0), EXACT_LIMIT, float("nan"), noise.exact)
    if noise.exact:
        return _conserved_in_exact(accumulation, values, directions, size)
    deviation = noise.deviation(accumulation)
    limit = 1 + STANDARD_ERRORS / np.sqrt(2 * states)
    least = np.inf
    for rank in range(1, species):
        laws = _whole_laws(directions[:rank], size, exact=False)
        if len(laws) != species - rank:
            continue
        changes = _changes(laws, accumulation, deviation)
        others = _changes(_neighbours(laws), accumulation, deviation)
        if changes.max() <= limit and others.min() > CLEARLY_NOT:
            return Conserved(laws, changes, float(limit), float(min(least, others.min())), False)
        least = min(least, float(changes.max()))
    return Conserved(np.zeros((0, species)), np.zeros(0), float(limit), float(least), False)


def _conserved_in_exact(accumulation: Array, values: Array, directions: Array, size: Array) -> Conserved:
    rank = int(np.sum(values > EXACT_LIMIT))
    laws = _whole_laws(directions[:rank], size, exact=True)
    if len(laws) != len(values) - rank:
        laws = directions[rank:] / size
    gross = np.sqrt(np.mean((np.abs(accumulation) @ np.abs(laws).T) ** 2, axis=0))
    changes = np.sqrt(np.mean((accumulation @ laws.T) ** 2, axis=0)) / np.where(gross > 0, gross, 1.0)
    return Conserved(laws, changes, EXACT_LIMIT, float(values[rank - 1]), True)


def _changes(laws: Array, accumulation: Array, deviation: Array) -> Array:
    """Root mean square change of each law in units of what noise makes of it, shape (L,)."""
    noise = np.sqrt(deviation**2 @ (laws**2).T)
    return np.asarray(np.sqrt(np.mean((accumulation @ laws.T / noise) ** 2, axis=0)))


def _neighbours(laws: Array) -> Array:
    """Each law with one coefficient one higher or lower, but those that follow from the laws."""
    steps = np.concatenate([np.eye(laws.shape[1]), -np.eye(laws.shape[1])])
    others = (laws[:, None, :] + steps).reshape(-1, laws.shape[1])
    left = others - others @ np.linalg.pinv(laws) @ laws
    return np.asarray(others[np.abs(left).max(axis=1) > 1e-9])


def _whole_laws(directions: Array, size: Array, *, exact: bool) -> Array:
    """Non-negative whole laws of the rows that span these directions, read as ratios of small whole numbers."""
    rows = directions * size
    scale = np.abs(rows).max(axis=0)
    pivots = qr(rows / np.where(scale > 0, scale, 1.0), mode="r", pivoting=True)[1][: len(rows)]
    if np.linalg.matrix_rank(rows[:, pivots]) < len(rows):
        return rows[:0]
    rows = np.asarray(np.linalg.solve(rows[:, pivots], rows), dtype=float)
    whole = np.array([[float(Fraction(float(v)).limit_denominator(LARGEST_DENOMINATOR)) for v in row] for row in rows])
    if np.abs(whole - rows).max(initial=0.0) > ALMOST_WHOLE[exact]:
        return rows[:0]
    return conservation_laws(whole).astype(float)


def _law_text(law: Array, names: tuple[str, ...]) -> str:
    terms = [(value, name) for value, name in zip(law, names, strict=True) if abs(value) > 1e-9 * np.abs(law).max()]
    text = " + ".join(name if value == 1 else f"{value:.4g} {name}" for value, name in terms)
    return text.replace("+ -", "- ")
