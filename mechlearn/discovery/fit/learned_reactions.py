"""Fitted one-way reactions → a `Mechanism`: halves of a reversible reaction joined, the written direction chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.mechanism import Arrhenius, Reaction, Species
from ...chemistry.one_way import OneWayReaction
from .rate_constants import RateFit
from .scaling import Scaled

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class FittedReaction:
    """A reaction with its rate constant: one-way, or reversible by thermodynamics.

    Parameters
    ----------
    direction : OneWayReaction
    rate : Arrhenius
    constant : float
        Rate constant at the reference temperature of the fit.
    std_error_log_k : float
        Of its logarithm.
    bounds : tuple of float or None, optional
        Lower and upper bound where the constant is not determined; None where there is none on that side.
    contribution : float
        Largest contribution that it has to what any species gains and loses in any sample.
    """

    direction: OneWayReaction
    rate: Arrhenius
    constant: float
    std_error_log_k: float
    bounds: Bounds | None
    contribution: float


@dataclass(frozen=True)
class LearnedReaction:
    """A reaction with what the fit says of it.

    Parameters
    ----------
    reaction : Reaction
    std_error_log_k : tuple of float or None
        Standard errors of ln k, forward and reverse.
    contribution : float
        Largest contribution that it has to the gross flux of any species in any state.
    found_by : tuple of str
        Learners that found it.
    bounds : tuple
        Of the forward and the reverse rate constant, where the data do not determine it: its lower and its upper
        bound, None on a side without one; None where it is determined.
    """

    reaction: Reaction
    std_error_log_k: tuple[float, float | None]
    contribution: float
    found_by: tuple[str, ...] = ("network",)
    bounds: tuple[Bounds | None, Bounds | None] = (None, None)

    @property
    def std_error_of_ratio(self) -> float:
        """Standard error of ln (k_f/k_r)."""
        return float(np.hypot(self.std_error_log_k[0], self.std_error_log_k[1] or 0.0))


FoundBy = Callable[[OneWayReaction], tuple[str, ...]]


def learned_reactions(
    fit: RateFit, problem: Scaled, species: tuple[Species, ...], found_by: FoundBy = lambda direction: ("network",)
) -> tuple[LearnedReaction, ...]:
    """The reactions of a fit of rates that have a rate constant above zero, joined as `joined` does."""
    orders = np.array([d.reactants for d in fit.directions], dtype=float)
    columns = problem.rate_constants(fit.constants, orders), fit.errors, fit.contributions
    fitted = (
        FittedReaction(direction, Arrhenius(float(k)), float(k), float(error), None, float(contribution))
        for direction, k, error, contribution in zip(fit.directions, *columns, strict=True)
        if k > 0
    )
    return joined(fitted, [each.name for each in species], found_by)


def joined(
    fitted: Iterable[FittedReaction], names: list[str], found_by: FoundBy, *, reversible: bool = False
) -> tuple[LearnedReaction, ...]:
    """Reactions in the order of their rate constants, the largest first, ties by the complexes themselves.

    A pair of opposite directions becomes one reaction with a reverse rate constant of its own. It is written in the
    direction with the larger rate constant per (kmol/m³)^order, an irreversible one in its own.
    """
    left = {each.direction: each for each in sorted(fitted, key=_rank)}
    found = []
    while left:
        each = left.pop(next(iter(left)))
        back = None if each.direction.orders else left.pop(each.direction.reverse, None)
        reaction = each.direction.with_rate(each.rate, names)
        reverse = None if back is None else back.rate
        reaction = replace(reaction, reverse_rate=reverse, reversible=reversible)
        errors = each.std_error_log_k, None if back is None else back.std_error_log_k
        contribution = max(each.contribution, 0.0 if back is None else back.contribution)
        bounds = each.bounds, None if back is None else back.bounds
        found.append(LearnedReaction(reaction, errors, contribution, found_by(each.direction), bounds))
    return tuple(found)


def _rank(each: FittedReaction) -> tuple[object, ...]:
    """So that the order does not hang on round-off."""
    return -round(float(np.log(max(each.constant, 1e-300))), 6), each.direction.reactants, each.direction.products
