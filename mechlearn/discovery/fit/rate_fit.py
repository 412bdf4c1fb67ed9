"""Least squares for the parameters of all rate laws together, and what each balance weighs in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from .production_states import Driving, Flux, ProductionStates
from .rate_law_terms import Law, Surroundings

Array = NDArray[np.float64]

FREEDOM = 5.0
"""Degrees of freedom of Student's t."""
OF_NORMAL = 1.16
"""Standard deviation of normal residuals over the width that Student's t gives them."""
PER_MEDIAN = 1 / 0.6745
LEAST_ERROR = 1e-9
FLOOR = 1e-4
"""Of what a species gains and loses, as a share of the most that any does in the state: below it little is asked."""
ROUND_OFF, LOST = 1e-12, 1e-10
"""Shares of forward and reverse rates below which their difference is round-off, and is not looked at."""
LONGEST_STEP = 2.0
LEAST_NOISE = 1e-4
"""Noise below which residuals are not called noise: rate laws are hardly fitted better."""
MUCH_NOISE = 5.0
"""Ratio of the noise to the error of the laws above which residuals are noise."""
HIDDEN = 4.0
"""How much larger the error of the laws may be than it seems beside noise."""


@dataclass(frozen=True, eq=False)
class BalanceErrors:
    """Standard deviations of the balances.

    Parameters
    ----------
    noise : float
        Share of the production itself.
    law : float
        Share of what the reactions contribute that the rate laws miss.
    """

    noise: float
    law: float

    @property
    def noisy(self) -> bool:
        """True where residuals are noise, false where they are errors of the rate laws."""
        return self.noise > max(MUCH_NOISE * self.law, LEAST_NOISE)

    def weights(self, flux: Flux) -> Array:
        """One over the deviation, shape (M, S).

        Near equilibrium the production is a small difference of large rates, and what is left of it is round-off.
        """
        law, rest = self._variances(flux)
        return np.asarray(np.where(flux.gross > 0, 1 / np.sqrt(np.maximum(law + rest, 1e-300)), 0.0))

    def of_laws(self, flux: Flux) -> Array:
        """Part of each balance's variance that is the error of the laws, shape (M, S)."""
        law, rest = self._variances(flux)
        return np.asarray(law / np.maximum(law + rest, 1e-300))

    @property
    def cautious(self) -> BalanceErrors:
        """With as large an error of the laws as noise may hide."""
        return replace(self, law=HIDDEN * self.law) if self.noisy else self

    def _variances(self, flux: Flux) -> tuple[Array, Array]:
        law = (max(self.law, LEAST_ERROR) * _floored(flux)) ** 2
        return law, (self.noise * flux.production) ** 2 + (ROUND_OFF * flux.gross) ** 2


def _floored(flux: Flux) -> Array:
    return np.asarray(flux.net + FLOOR * flux.net.max(axis=1, keepdims=True))


def errors_left(target: Array, flux: Flux, most: float = np.inf) -> BalanceErrors:
    """Noise, no more than ``most``, and error of the laws at which the residual of a fit is likeliest.

    A residual has the variance (noise · production)² + (law · contributions)²; Student's t with few degrees of freedom
    keeps single large residuals from deciding. Balances that are round-off tell nothing.
    """
    there = (flux.net > 0) & (np.abs(flux.production) > LOST * flux.gross)
    if not there.any():
        return BalanceErrors(0.0, LEAST_ERROR)
    left = np.abs((flux.production - target)[there])
    net, total = np.abs(flux.production[there]), _floored(flux)[there]
    every = max(float(np.median(left / total)) * PER_MEDIAN, LEAST_ERROR)

    least = np.log(LEAST_ERROR / 10)
    highest = np.array([np.clip(np.log(max(most / OF_NORMAL, 1e-300)), least, 5.0), 5.0])

    def unlikelihood(logs: Array) -> float:
        noise, law = np.exp(np.clip(logs, least, highest))
        variance = (noise * net) ** 2 + (law * total) ** 2
        return float(np.sum(0.5 * np.log(variance) + 0.5 * (FREEDOM + 1) * np.log1p(left**2 / (FREEDOM * variance))))

    starts = [np.log([every, 0.1 * every]), np.log([0.01 * every, every])]
    fits = [minimize(unlikelihood, start, method="Nelder-Mead", options={"maxiter": 120}) for start in starts]
    noise, law = OF_NORMAL * np.exp(np.minimum(min(fits, key=lambda fit: float(fit.fun)).x, highest))
    return BalanceErrors(float(noise), max(float(law), LEAST_ERROR))


@dataclass(frozen=True, eq=False)
class RateLawFit:
    """Laws with the parameters that fit best, their flux, and the normal equations."""

    laws: tuple[Law, ...]
    flux: Flux
    loss: float
    normal: Array


def fit_laws(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    laws: tuple[Law, ...],
    weights: Array,
    *,
    iterations: int = 40,
    tolerance: float = 1e-4,
) -> RateLawFit:
    """Levenberg–Marquardt on all parameters, by normal equations gathered species by species."""
    net = reactions.net[[law.reaction for law in laws]].astype(float)
    drive = reactions.difference[:, [law.reaction for law in laws]]

    def model(tried: tuple[Law, ...]) -> tuple[Array, list[Array]]:
        parts = [law.evaluate(around) for law in tried]
        fluxes = states.observe(np.stack([value for value, _ in parts], axis=1) * drive)
        return fluxes @ net, [slopes for _, slopes in parts]

    def loss_of(production: Array) -> float:
        return float(np.sum(((production - states.target) * weights) ** 2))

    sizes = [len(law.parameters()) for law in laws]
    owner = np.repeat(np.arange(len(laws)), sizes)
    ends = np.cumsum(sizes)[:-1]
    production, slopes = model(laws)
    loss, damping, stalls = loss_of(production), 1e-2, 0
    normal = np.zeros((len(owner), len(owner)))
    for _ in range(iterations):
        jacobian = states.observe(np.concatenate(slopes, axis=1) * drive[:, owner])
        normal = np.zeros((len(owner), len(owner)))
        gradient = np.zeros(len(owner))
        for k in np.flatnonzero(np.any(net != 0, axis=0)):
            touched = np.flatnonzero(net[owner, k])
            part = jacobian[:, touched] * (weights[:, k, None] * net[owner[touched], k])
            normal[np.ix_(touched, touched)] += part.T @ part
            gradient[touched] += part.T @ ((production[:, k] - states.target[:, k]) * weights[:, k])
        diagonal = np.maximum(np.diag(normal), 1e-9 * np.diag(normal).max(initial=1e-300))
        start = np.concatenate([law.parameters() for law in laws])
        while True:
            step = -_solve(normal + damping * np.diag(diagonal), gradient)
            moved = np.split(start + np.clip(step, -LONGEST_STEP, LONGEST_STEP), ends)
            tried = tuple(law.with_parameters(p) for law, p in zip(laws, moved, strict=True))
            after, new_slopes = model(tried)
            better = loss_of(after)
            if np.isfinite(better) and better < loss:
                damping = max(damping / 3, 1e-12)
                break
            damping *= 4
            if damping > 1e8:
                return _fit(states, reactions, around, laws, production, loss, normal)
        stalls = stalls + 1 if better > (1 - tolerance) * loss else 0
        laws, production, slopes, loss = tried, after, new_slopes, better
        if stalls >= 2:
            break
    return _fit(states, reactions, around, laws, production, loss, normal)


def _solve(matrix: Array, right: Array) -> Array:
    size = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(size, size)
    try:
        return np.asarray(np.linalg.solve(scaled, right / size) / size)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(scaled, right / size, rcond=1e-12)[0] / size)


def _fit(
    states: ProductionStates,
    reactions: Driving,
    around: Surroundings,
    laws: tuple[Law, ...],
    production: Array,
    loss: float,
    normal: Array,
) -> RateLawFit:
    return RateLawFit(laws, _flux(states, reactions, around, laws, production), loss, normal)


def _flux(
    states: ProductionStates, reactions: Driving, around: Surroundings, laws: tuple[Law, ...], production: Array
) -> Flux:
    chosen = [law.reaction for law in laws]
    constants = np.stack([law.evaluate(around)[0] for law in laws], axis=1)
    size = np.abs(reactions.net[chosen])
    net, gross = (
        states.observe(constants * drive[:, chosen]) for drive in (np.abs(reactions.difference), reactions.total)
    )
    return Flux(production, net @ size, gross @ size)
