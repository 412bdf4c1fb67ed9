"""What the quadratic model of χ² says of leaving out, adding and exchanging reactions, before anything is fitted.

Letters in shapes: P candidates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...chemistry.arrays import Array
from ..fit.nnls import non_negative
from ..fit.scaled_matrices import inverse_of, sizes_of
from ..fit.trajectory_fit import Information

HALVINGS = 12
"""Of an interval in which the end of a range lies."""


@dataclass(frozen=True, eq=False)
class QuadraticModel:
    """The quadratic model of χ²/2 around a network: kept reactions by ln k, absent ones by k.

    Parameters
    ----------
    count : int
        Reactions kept; they come first.
    absent : tuple of int
        Numbers of the absent candidates.
    info : Information
        Of all, shape (P, P).
    trials : array, shape (P − count, any)
        Parameters of the law with k = 1 at the reference temperature that each absent candidate is tried with.
    """

    count: int
    absent: tuple[int, ...]
    info: Information
    trials: Array

    def law(self, place: int, amount: float) -> Array:
        """Parameters of an absent candidate with a rate constant, shape (1, any)."""
        law = self.trials[place].copy()
        law[0] += np.log(amount)
        return np.asarray(law[None])

    def _reduced(self) -> tuple[Array, Array]:
        """Of the absent ones, the kept eliminated: curvature, not below round-off, and gradient."""
        count, normal, gradient = self.count, self.info.normal, self.info.gradient
        inverse, side, own = inverse_of(normal[:count, :count], 1e-12), normal[:count, count:], np.diag(normal)[count:]
        curvature = own - np.einsum("kq,kl,lq->q", side, inverse, side)
        return np.maximum(curvature, 1e-10 * own + 1e-300), gradient[count:] - side.T @ inverse @ gradient[:count]

    def gains(self) -> Array:
        """By how much each absent candidate would lower χ²."""
        curvature, gradient = self._reduced()
        return np.asarray(np.where(gradient < 0, gradient**2 / curvature, 0.0))

    def limits(self, rise: float) -> Array:
        """The rate constant of each absent candidate at which χ² is so much above its minimum."""
        curvature, gradient = self._reduced()
        least = np.maximum(-gradient / curvature, 0.0)
        slope = gradient + curvature * least
        with np.errstate(over="ignore", invalid="ignore"):  # of what runs away at once, which may not be at all
            return np.nan_to_num(least + rise / (np.sqrt(slope**2 + curvature * rise) + slope), nan=0.0)

    def span(self, place: int, rise: float) -> tuple[float | None, float | None]:
        """How far a kept rate constant may go, over what it is, if all candidates may take part; None without an end.

        The ends are where χ² is above that of the network by so much at least, all others fitted anew in the quadratic
        model, none below zero. Downwards the effect counts as linear in k, upwards in 1/k, as that of a fast reaction.
        """
        low, high = (self._end(place, sign, rise) for sign in (-1.0, 1.0))
        return None if low is None else 1.0 - low, None if high is None else 1.0 / (1.0 - high)

    def partners(self, place: int, rise: float) -> dict[int, Array]:
        """The absent candidates that take part at the ends of that range, with parameters of half of what they do."""
        found: dict[int, Array] = {}
        for sign in (-1.0, 1.0):
            end = self._end(place, sign, rise)
            _, amounts = self._beside(place, sign * (1.0 if end is None else end))
            taking_part = enumerate(zip(self.absent, amounts[self.count - 1 :].tolist(), strict=True))
            found |= {q: self.law(i, a / 2) for i, (q, a) in taking_part if a > 0}
        return found

    def _end(self, place: int, sign: float, rise: float) -> float | None:
        inside, outside = 0.0, 1.0
        if self._beside(place, sign)[0] <= rise:
            return None
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self._beside(place, sign * middle)[0] <= rise else (inside, middle)
        return outside

    def _beside(self, place: int, change: float) -> tuple[float, Array]:
        """Change of χ² with that of one kept rate constant, relative to it, and of all others."""
        others = np.arange(len(self.info.normal)) != place
        normal, gradient = self.info.normal[np.ix_(others, others)], self.info.gradient[others]
        gradient = gradient + self.info.normal[others, place] * change
        start = (np.arange(len(self.info.normal)) < self.count)[others].astype(float)
        size = sizes_of(normal)
        amount = non_negative(normal / np.outer(size, size), (normal @ start - gradient) / size) / size - start
        own = self.info.normal[place, place] * change**2 + 2 * self.info.gradient[place] * change
        return float(amount @ normal @ amount + 2 * gradient @ amount + own), amount

    def without(self) -> Array:
        """By how much χ² would rise without each kept reaction."""
        return squared_scores(self.info.of_first(self.count))

    def amount(self, place: int) -> float:
        """Rate constant of an absent candidate at the minimum of the model."""
        curvature, gradient = self._reduced()
        return float(-gradient[place] / curvature[place])

    def exchanges(self) -> dict[tuple[int, int], tuple[float, float]]:
        """By (kept, absent): the rise of χ² with an absent candidate in place of a kept one, and its rate constant."""
        found = {}
        normal, gradient = self.info.normal, self.info.gradient
        for r in range(self.count):
            others = [i for i in range(self.count) if i != r]
            free = [r, *range(self.count, len(normal))]
            side = normal[np.ix_(others, free)]
            eliminated = side.T @ inverse_of(normal[np.ix_(others, others)], 1e-12)
            reduced = normal[np.ix_(free, free)] - eliminated @ side
            slope = gradient[free] - eliminated @ gradient[others]
            for q in range(len(free) - 1):
                own, together = reduced[q + 1, q + 1], reduced[0, q + 1] - slope[q + 1]
                if own > 1e-300 and together > 0:
                    amount = together / own
                    rise = reduced[0, 0] - 2 * slope[0] - amount * together
                    found[r, q] = max(float(rise), 0.0), float(amount)
        return found


def squared_scores(info: Information) -> Array:
    """Squared ratio of each rate constant to its standard error."""
    return np.asarray(1.0 / np.maximum(np.diag(info.covariance()), 1e-300))
