"""Rate laws with one thing more than a law has, and where their parameters start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...chemistry.arrays import Array, Mask
from ..fit.balance_errors import BalanceErrors
from ..fit.rate_fit import RateLawFit, RateLawProblem, fitted_with_errors
from ..fit.rate_law_terms import LARGEST_LOG, Law, Surroundings, Term
from .criterion import HeldOutData

NOTICEABLE = 0.01
"""Contribution to a reaction's rate above which a collider may get a law of its own."""
ALWAYS_SPLIT = 4
"""Colliders of one term that may always part."""
CENTRES = [(0.6, -2.3, 0.0, 1.0), (0.5, -2.3, 0.0, 4.0)]
"""Where Troe's parameters start."""
STEEPER = 6.0
ACCURATE = 1e-5
"""Error of the laws at which none is begun anew."""
CLEARLY_BETTER = 0.8
"""Ratio of the errors at which laws that were begun anew are taken."""
MOST_SWEEPS = 8


def expanded(constant: Array, around: Surroundings, worth: Array | None = None) -> Array:
    """Coefficients of ln k by least squares, each state weighted by what it is worth, shape (N,)."""
    there = constant > 0 if worth is None else (constant > 0) & (worth > 0)
    if not there.any():
        return np.zeros(around.features.shape[1]) - LARGEST_LOG
    weight = np.ones(int(there.sum())) if worth is None else worth[there]
    rows = around.features[there] * weight[:, None]
    return np.asarray(np.linalg.lstsq(rows, np.log(constant[there]) * weight, rcond=None)[0])


def extended(law: Law, changes: bool, around: Surroundings) -> list[Law]:
    """Laws with one thing more: a second Arrhenius term, a collider with a law of its own, falloff, its broadening."""
    offered = []
    constant = law.evaluate(around)[0]
    plain = [term for term in law.terms if not term.members]
    if len(plain) == len(law.terms) == 1:
        offered += _cold_and_hot(law, around)
    if len(plain) < 2 and around.features.shape[1] > 1:
        low = expanded(constant, around) - np.log(10.0) * np.eye(around.features.shape[1])[0]
        for change in (-STEEPER, 0.0, STEEPER):
            shifted = low.copy()
            shifted[1] += change
            offered.append(replace(law, terms=(*law.terms, Term(shifted))))
    if not changes:
        return offered
    total = around.colliders.sum(axis=1)
    if len(plain) == len(law.terms):
        members = tuple(range(around.colliders.shape[1]))
        offered.append(Law(law.reaction, (Term(expanded(constant / total, around), members, np.ones(len(members))),)))
    for number, term in enumerate(law.terms):
        if term.efficiency is None:
            continue
        others = law.terms[:number] + law.terms[number + 1 :]
        offered += [replace(law, terms=(*others, *parts)) for parts in _own_colliders(term, constant, around)]
        if term.high is None and len(term.members) == around.colliders.shape[1]:
            for excess in (0.0, 2.0):
                high = term.low.copy()
                high[0] += np.log(np.quantile(total, 0.9)) + excess
                offered.append(replace(law, terms=(*others, replace(term, high=high))))
        elif term.high is not None and term.centre is None:
            offered += [replace(law, terms=(*others, replace(term, centre=np.array(start)))) for start in CENTRES]
    return offered


def _cold_and_hot(law: Law, around: Surroundings) -> list[Law]:
    """Two Arrhenius terms that have the slopes of ln k at both ends of the temperatures; none if it bends down."""
    coefficients = expanded(law.evaluate(around)[0], around)
    if len(coefficients) < 3 or coefficients[2] <= 0:
        return []
    middle, slope, bend = coefficients
    terms = []
    for relative in (float(around.relative.min()), float(around.relative.max())):
        steep = slope + bend * relative
        here = middle + slope * (1 - 1 / relative) + bend * np.log(relative)
        terms.append(Term(np.array([here - steep * (1 - 1 / relative), steep, 0.0])))
    return [replace(law, terms=tuple(terms))]


def _own_colliders(term: Term, constant: Array, around: Surroundings) -> list[tuple[Term, ...]]:
    """The term without one noticeable collider, or without all of them, which get Arrhenius laws of their own."""
    if term.high is not None or term.efficiency is None or len(term.members) < 2:
        return []
    rate = np.exp(around.features @ term.low)
    each = rate[:, None] * term.efficiency * around.colliders[:, term.members]
    contributions = np.median(each / np.maximum(constant, 1e-300)[:, None], axis=0)
    split_all = len(term.members) <= ALWAYS_SPLIT
    noticeable = [place for place in range(len(term.members)) if split_all or contributions[place] > NOTICEABLE]
    groups = [[place] for place in noticeable] + ([noticeable] if len(noticeable) > 1 else [])
    found = []
    for places in groups:
        rest = [place for place in range(len(term.members)) if place not in places]
        own = tuple(_moved(term, [place]) for place in places)
        found.append((*([_moved(term, rest)] if rest else []), *own))
    return found


def _moved(term: Term, places: list[int]) -> Term:
    """The term with some of its colliders only."""
    assert term.efficiency is not None
    efficiency = np.maximum(term.efficiency[places], 1e-3)
    low = term.low.copy()
    low[0] += np.log(efficiency[0])
    return replace(term, low=low, members=tuple(term.members[p] for p in places), efficiency=efficiency / efficiency[0])


def with_extensions(
    problem: RateLawProblem, laws: tuple[Law, ...], errors: BalanceErrors, train: Mask, *, third: bool
) -> tuple[RateLawFit, BalanceErrors]:
    """Extend single rate laws as long as data held back ask for it; all parameters fitted together."""
    fit, errors = fitted_with_errors(problem, laws, errors)
    for _ in range(MOST_SWEEPS):
        data = HeldOutData.of(problem, train, errors.weights(fit.flux))
        extended_laws = tuple(_extended_where_asked(law, data, fit, errors, third=third) for law in fit.laws)
        if extended_laws != fit.laws:
            fit, errors = fitted_with_errors(problem, extended_laws, errors)
            continue
        again = _doubles_anew(fit.laws, problem.around)
        if errors.noisy or errors.law < ACCURATE or again == fit.laws:
            break
        tried, left = fitted_with_errors(problem, again, errors)
        if left.law > CLEARLY_BETTER * errors.law:
            break
        fit, errors = tried, left
    return fit, errors


def _extended_where_asked(law: Law, data: HeldOutData, fit: RateLawFit, errors: BalanceErrors, *, third: bool) -> Law:
    """The law itself, or the extension that data held back ask for most."""
    problem, criterion = data.problem, data.criterion(errors, fit.flux.production)
    target = problem.states.target - (fit.flux.production - problem.production(law))
    best = (criterion.sum(data.residual(fit.flux.production)) - criterion.gained, law)
    for offer in extended(law, third and bool(problem.net(law).sum()), problem.around):
        tried, residual = data.fitted_alone(offer, target, 25)
        best = min(best, (criterion.sum(residual), tried), key=lambda pair: pair[0])
    return best[1]


def _doubles_anew(laws: tuple[Law, ...], around: Surroundings) -> tuple[Law, ...]:
    """The laws, sums of two Arrhenius terms begun anew: gone astray together, several hold each other there."""
    double = [len(law.terms) == 2 and not any(term.members for term in law.terms) for law in laws]
    return tuple(
        next(iter(_cold_and_hot(law, around)), law) if two else law for law, two in zip(laws, double, strict=True)
    )
