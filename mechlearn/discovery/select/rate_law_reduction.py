"""Colliders whose laws differ only in size share one law with efficiencies; what never falls off is no falloff."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from ...chemistry.arrays import Mask
from ..fit.balance_errors import errors_left
from ..fit.rate_fit import RateLawFit, RateLawProblem
from ..fit.rate_law_terms import Law, Surroundings, Term
from .criterion import Criterion, HeldOutData

ALLOWED_RISE = 0.2
"""Of the criterion's sum, relative to what an extended law must gain, at which a simpler law is taken."""
MOST_TRIALS = 24
NEVER_FALLS_OFF = 1e-4
"""Relative to the high-pressure limit, up to what the low one reaches in all states of what counts as a third body."""


def reduced_laws(problem: RateLawProblem, fit: RateLawFit, train: Mask) -> tuple[Law, ...]:
    """The laws with collider terms joined where data held back are explained as well."""
    around = problem.around
    errors = errors_left(problem.states.target, fit.flux, problem.states.noise)
    data = HeldOutData.of(problem, train, errors.weights(fit.flux))
    seen = np.any(data.weights[~train] > 0, axis=1)
    criterion = Criterion.of(errors, data.residual(fit.flux.production)[seen])
    laws = []
    for law in (replace(law, terms=tuple(without_idle_limit(t, around) for t in law.terms)) for law in fit.laws):
        production = problem.production(law)
        target = problem.states.target - (fit.flux.production - production)
        best = criterion.sum(data.residual(production, target))
        rejected: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
        for _ in range(MOST_TRIALS):
            pair = _most_alike(law, around, rejected)
            if pair is None:
                break
            tried, residual = data.fitted_alone(_joined(law, pair, around), target, 25)
            found = criterion.sum(residual)
            if found <= best + ALLOWED_RISE * criterion.gained:
                law, best = tried, min(best, found)
            else:
                rejected.add((law.terms[pair[0]].members, law.terms[pair[1]].members))
        laws.append(law)
    return tuple(laws)


def without_idle_limit(term: Term, around: Surroundings) -> Term:
    """A falloff as a third body where all states are far below its high-pressure limit."""
    if term.high is None or term.efficiency is None:
        return term
    low = around.features @ term.low + np.log(np.maximum(around.colliders[:, term.members] @ term.efficiency, 1e-300))
    idle = np.max(low - around.features @ term.high) < np.log(NEVER_FALLS_OFF)
    return replace(term, high=None, centre=None) if idle else term


def _most_alike(
    law: Law, around: Surroundings, rejected: set[tuple[tuple[int, ...], tuple[int, ...]]]
) -> tuple[int, int] | None:
    """Two collider terms that depend on temperature most alike; None if there are none."""
    open_ = [i for i, term in enumerate(law.terms) if term.members and term.high is None]
    found = []
    for i, j in combinations(open_, 2):
        if (law.terms[i].members, law.terms[j].members) not in rejected:
            difference = around.features @ (law.terms[i].low - law.terms[j].low)
            found.append((float(np.std(difference)), (i, j)))
    return min(found)[1] if found else None


def _joined(law: Law, pair: tuple[int, int], around: Surroundings) -> Law:
    """Two terms as one, with the temperature dependence of the one with more colliders."""
    first, second = sorted((law.terms[i] for i in pair), key=lambda term: -len(term.members))
    assert first.efficiency is not None
    assert second.efficiency is not None
    ratio = float(np.exp(np.clip(np.mean(around.features @ (second.low - first.low)), -20.0, 6.0)))
    efficiency = np.concatenate([first.efficiency, np.minimum(second.efficiency * ratio, 1e3)])
    both = Term(first.low, first.members + second.members, efficiency)
    return replace(law, terms=(*(t for i, t in enumerate(law.terms) if i not in pair), both))
