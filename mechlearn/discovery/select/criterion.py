"""Whether rate laws or reactions are needed: how data held back are compared with and without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...chemistry.arrays import Array, Mask
from ..fit.balance_errors import BalanceErrors
from ..fit.production_states import Flux
from ..fit.rate_fit import RateLawProblem, fit_laws
from ..fit.rate_law_terms import Law

HELD_BACK = 0.3
"""Part of the balances."""
NEEDED = 0.08
"""Rise of the score, per balance, at which a dropped reaction was needed."""
GAINED = 0.004
"""Fall of the score, per balance, for which an extended law is taken."""
SIGNIFICANT = 10.0
"""Change of χ² that noise does not make."""
SYSTEMATIC = 0.05
"""Change of χ², for each balance, that errors of the laws make: they are no noise."""
LEAST_SCALE = 1e-9


def split(count: int, seed: int) -> Mask:
    """True for the balances that are fitted, false for those held back."""
    return np.random.default_rng([seed, 5]).random(count) >= HELD_BACK


@dataclass(frozen=True)
class Criterion:
    """How data held back are compared with and without a reaction or an extended law.

    Where residuals are noise, a robust χ² decides by significance, beyond what the errors of the laws may change in it;
    where they are errors of the rate laws, which are no noise, the mean of a robust score must change noticeably.

    Parameters
    ----------
    scale : float
        Unit of the weighted residuals.
    width : float
        Residual in that unit beyond which more counts little.
    needed, gained : float
        Change of the sum at which a reaction was needed, or an extended law is taken.
    """

    scale: float
    width: float
    needed: float
    gained: float

    @classmethod
    def of(cls, errors: BalanceErrors, residual: Array, systematic: float = 0.0) -> Criterion:
        """For weighted residuals that are held back, of which so many are errors of the laws."""
        if errors.noisy:
            return cls(1.0, 3.0, SIGNIFICANT + SYSTEMATIC * systematic, SIGNIFICANT)
        scale = max(float(np.median(np.abs(residual))) if residual.size else 0.0, LEAST_SCALE)
        return cls(scale, 1.0, NEEDED * residual.size, GAINED * residual.size)

    def sum(self, residual: Array) -> float:
        """Sum of w² ln(1 + (residual/w)²)."""
        return float(self.width**2 * np.sum(np.log1p((residual / (self.scale * self.width)) ** 2)))


@dataclass(frozen=True, eq=False)
class HeldOutData:
    """Rate laws fitted to some of the balances and compared on the others.

    Parameters
    ----------
    problem, part : RateLawProblem
        All balances, and those that are fitted.
    train : array of bool, shape (M,)
        Which these are.
    weights : array, shape (M, S)
        Of all balances.
    """

    problem: RateLawProblem
    part: RateLawProblem
    train: Mask
    weights: Array

    @classmethod
    def of(cls, problem: RateLawProblem, train: Mask, weights: Array) -> HeldOutData:
        """Some balances for the fit, the others for the comparison."""
        return cls(problem, problem.part(train), train, weights)

    def residual(self, production: Array, target: Array | None = None) -> Array:
        """Weighted residuals that are held back, of all species."""
        target = self.problem.states.target if target is None else target
        return np.asarray(((production - target) * self.weights)[~self.train])

    def criterion(self, errors: BalanceErrors, production: Array, laws_of: Flux | None = None) -> Criterion:
        """The criterion at a production, beyond the errors of the laws of a flux where that is given."""
        systematic = 0.0 if laws_of is None else float(errors.cautious.of_laws(laws_of)[~self.train].sum())
        return Criterion.of(errors, self.residual(production)[self.weights[~self.train] > 0], systematic)

    def fitted_alone(self, law: Law, target: Array, iterations: int) -> tuple[Law, Array]:
        """A law fitted alone to a production, and the weighted residuals that are held back."""
        weights = self.weights[self.train] * (self.problem.net(law) != 0)
        fit = fit_laws(self.part.with_target(target[self.train]), (law,), weights, iterations=iterations)
        return fit.laws[0], self.residual(self.problem.production(fit.laws[0]), target)
