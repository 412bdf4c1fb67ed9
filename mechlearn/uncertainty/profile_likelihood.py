"""Limits from the likelihood itself: how far a parameter may go while the others make up for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

from ..chemistry.arrays import Array, Mask

Residual = Callable[[Array], Array]

MAXIMUM_CHANGE = 15.0
"""Of a logarithm, a factor of three million, beyond which a limit counts as none."""
FIRST_STEP = 0.1
GROWTH = 1.7
CLOSE = 0.01
EVALUATIONS = 25


def profile_limits(
    residual: Residual, jacobian: Residual, best: Array, which: int, rise: float, reach: Array | None = None
) -> tuple[float | None, float | None]:
    """How far parameter ``which`` may go in both directions before the sum of squares rises by ``rise``.

    At each value of it the other parameters are fitted anew, so that what they can make up for is no limit.

    Parameters
    ----------
    residual, jacobian : callable
        Residuals over their errors, shape (M,), and their derivatives, shape (M, P), at parameters of shape (P,).
    best : array, shape (P,)
        Where the sum of squares is smallest.
    which : int
        The parameter, the logarithm of something positive.
    rise : float
        For instance the 95 % quantile of χ² with one degree of freedom, 3.84.
    reach : array, shape (P,), optional
        How far each of the others may go to either side; 30 if absent, for logarithms.

    Returns
    -------
    tuple of two floats or None
        The lower and the upper limit; None where the data set none within a factor of three million.

    Examples
    --------
    What decays too fast for the first sample is known from below only:

    >>> import numpy as np
    >>> time = np.array([0.0, 1.0, 2.0])
    >>> def residual(p):
    ...     return (np.exp(-np.exp(p[0]) * time) - [1.0, 0.0, 0.0]) / 0.01
    >>> def jacobian(p):
    ...     return (-np.exp(p[0]) * time * np.exp(-np.exp(p[0]) * time) / 0.01)[:, None]
    >>> low, high = profile_limits(residual, jacobian, np.array([4.0]), 0, 3.84)
    >>> high is None, round(float(np.exp(low)), 1)
    (True, 3.9)

    References
    ----------
    .. [1] D. J. Venzon, S. H. Moolgavkar, "A method for computing profile-likelihood-based confidence intervals",
       J. R. Stat. Soc. C 37, 87-94 (1988). https://doi.org/10.2307/2347496
    """
    others = np.arange(len(best)) != which
    far = np.full(len(best), 2 * MAXIMUM_CHANGE) if reach is None else reach
    inside = best - far, best + far
    least = float(np.sum(residual(best) ** 2))

    def excess(change: float, start: Array) -> tuple[float, Array]:
        point = start.copy()
        point[which] = best[which] + change
        if others.any():
            point = _fitted_anew(residual, jacobian, point, others, inside)
        return float(np.sum(residual(point) ** 2)) - least - rise, point

    low, high = (_crossing(excess, best, sign) for sign in (-1.0, 1.0))
    return None if low is None else float(best[which] + low), None if high is None else float(best[which] + high)


def _fitted_anew(
    residual: Residual, jacobian: Residual, point: Array, free: Mask, inside: tuple[Array, Array]
) -> Array:
    """The point with its free parameters where the sum of squares is smallest."""

    def full(values: Array) -> Array:
        every = point.copy()
        every[free] = values
        return every

    def part(values: Array) -> Array:
        return residual(full(values))

    def slopes(values: Array) -> Array:
        return np.asarray(jacobian(full(values))[:, free])

    bounds = (inside[0][free], inside[1][free])
    fit = least_squares(part, point[free], jac=slopes, bounds=bounds, x_scale="jac", max_nfev=EVALUATIONS)
    return full(np.asarray(fit.x))


def _crossing(excess: Callable[[float, Array], tuple[float, Array]], best: Array, sign: float) -> float | None:
    """The change at which the excess passes zero: steps that grow, then halving."""
    inside, point, step = 0.0, best, FIRST_STEP
    while True:
        outside = inside + sign * step
        if abs(outside) > MAXIMUM_CHANGE:
            return None
        over, moved = excess(outside, point)
        if over > 0:
            break
        inside, point, step = outside, moved, step * GROWTH
    while abs(outside - inside) > CLOSE * max(abs(outside), FIRST_STEP):
        middle = 0.5 * (inside + outside)
        over, moved = excess(middle, point)
        if over > 0:
            outside = middle
        else:
            inside, point = middle, moved
    return 0.5 * (inside + outside)
