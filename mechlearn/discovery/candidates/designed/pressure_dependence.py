"""Rate constants of one reaction at every condition of a design → the simplest rate law in its bath.

Letters in shapes: C conditions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ....data.designed_states import Design
from ...fit.production_states import Driving, ProductionStates
from ...fit.rate_fit import fit_laws
from ...fit.rate_law_terms import Law, Surroundings, Term
from ...select.rate_law_extension import expanded, extended

Array = NDArray[np.float64]

EXACT = 1e-7
"""Relative error of a rate constant that needs no richer law."""
SURE = 1e-2
"""Standard deviation of ln k above which a rate constant is not compared."""
PRESSED = 1e-5
"""Change of ln k with the bath's density that is no error."""
BETTER = 0.3
"""Ratio of the errors at which a richer law is taken."""
MOST_SWEEPS = 3
ITERATIONS = 300
LEAST_DENSITIES = 0.1
"""Spread of the pressures, over the largest, at which density tells anything."""
CENTRES = [
    np.array([share, -2.3, *others]) for others in ((0.5, 1.5), (1.5, 3.0), (-1.5, 1.5)) for share in (0.6, 0.1, 0.9)
]
"""Where Troe's parameters start."""
WARM = (-1.5, -1.9)
"""ln T3/T₀ where Troe's law is begun again."""
TROE = 1e-4
"""Relative error of a Troe law up to which it is no sum of several."""
BROADER = 0.5
"""Of ln k of both limits, by which broadening hides them from Lindemann's form."""


@dataclass(frozen=True, eq=False)
class KnownConstants:
    """ln k at each condition, and its standard deviation, shape (C,)."""

    log_constant: Array
    deviation: Array

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Conditions that tell, shape (C,)."""
        return np.asarray(self.deviation < max(SURE, 2 * float(self.deviation.min())))


@dataclass(frozen=True, eq=False)
class BathGas:
    """The conditions of a design: temperature, bath, and ln(P°/RT) − g°/RT of the species, if known."""

    states: ProductionStates
    around: Surroundings
    potential: Array | None

    @classmethod
    def of(cls, states: ProductionStates, design: Design) -> BathGas:
        """The bath of a design, one state for each condition."""
        density = states.concentrations[design.alone][:, design.bath].sum(axis=1)
        temperature = states.temperature[design.alone]
        alone = ProductionStates(density[:, None], temperature, np.zeros((len(density), 1)))
        potential = None if states.potential is None else states.potential[design.alone]
        return cls(alone, Surroundings.of(alone, [np.array([0])]), potential)

    @property
    def density(self) -> Array:
        """Of the bath, shape (C,) [kmol/m³]."""
        return self.states.concentrations[:, 0]

    @property
    def several(self) -> bool:
        """Whether some temperature has baths of different densities."""
        pressure = self.density * self.states.temperature
        return bool(np.ptp(pressure) > LEAST_DENSITIES * pressure.max())

    def pressed(self, told: KnownConstants) -> bool:
        """Whether the rate constant depends on the density."""
        if not self.several:
            return False
        temperature = self.states.temperature[told.sure]
        logs, errors = told.log_constant[told.sure], told.deviation[told.sure]
        same = [temperature == t for t in np.unique(temperature)]
        return any(np.ptp(logs[each]) > PRESSED + 10 * errors[each].max() for each in same)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Rate constants at the conditions that tell, over the largest of them."""

    states: ProductionStates
    around: Surroundings
    weights: Array
    shift: float

    @classmethod
    def of(cls, told: KnownConstants, bath: BathGas) -> _Problem:
        sure, around = told.sure, bath.around
        logs = told.log_constant[sure]
        shift = float(logs.max())
        states = replace(bath.states.rows(sure), target=np.exp(logs - shift)[:, None])
        part = Surroundings(around.features[sure], around.colliders[sure], around.relative[sure])
        weights = 1 / (states.target * np.maximum(told.deviation[sure], EXACT)[:, None])
        return cls(states, part, weights, shift)

    @property
    def constant(self) -> Array:
        return self.states.target[:, 0]

    @property
    def density(self) -> Array:
        return self.around.colliders[:, 0]

    def fitted(self, law: Law, iterations: int = 40) -> Law:
        one = np.ones((len(self.constant), 1))
        reactions = Driving(np.array([[1]]), one, one)
        fit = fit_laws(self.states, reactions, self.around, (law,), self.weights, iterations=iterations, tolerance=1e-6)
        return fit.laws[0]

    def error(self, law: Law) -> float:
        """The largest, relative to the rate constant."""
        return float(np.max(np.abs(law.evaluate(self.around)[0] / self.constant - 1)))


_Offer = Callable[[_Problem], Law | None]


def law_in_bath(ways: list[KnownConstants], bath: BathGas) -> tuple[int, Law, float]:
    """The simplest law that fits any of several sets of rate constants best: which, the law, its relative error.

    Parameters
    ----------
    ways : list of KnownConstants
        Rate constants of a reaction and those of its reverse, which a law may follow better.
    bath : BathGas
        The conditions.

    Notes
    -----
    Laws are tried from simple to rich: Arrhenius; proportional to the density; both; Lindemann; Troe, begun with
    several broadenings; sums. Where a law depends on the density it begins with what a line through the rate constants
    at each temperature, or through one over them, tells of its limits.
    """
    problems = [_Problem.of(told, bath) for told in ways]
    best: tuple[int, Law, float] = (0, Law(0, ()), np.inf)
    offers: list[_Offer] = [_arrhenius]
    if any(bath.pressed(told) for told in ways):
        offers += [_third_body, _with_third_body, _lindemann, *(_troe(centre) for centre in CENTRES)]
    for offer in offers:
        for number, problem in enumerate(problems):
            best = _better(best, number, problem, offer(problem))
        if best[2] < EXACT:
            break
    for _ in range(MOST_SWEEPS):
        number, law, error = best
        if error < EXACT or (law.terms[-1].centre is not None and error < TROE):
            break
        for richer_law in [*_warmer(law), *extended(law, len(offers) > 1, problems[number].around)]:
            if 2 * len(richer_law.parameters()) < len(problems[number].constant) + 4:
                law = problems[number].fitted(richer_law, ITERATIONS)
                best = _better(best, number, problems[number], law)
        if best[2] == error:
            break
    number, law, error = best
    return number, _shifted(law, problems[number].shift), error


def _better(best: tuple[int, Law, float], number: int, problem: _Problem, law: Law | None) -> tuple[int, Law, float]:
    """The better of two laws; one with more parameters must be clearly better."""
    first = not best[1].terms
    if law is None or (not first and len(law.parameters()) >= len(problem.constant)):
        return best
    error, more = problem.error(law), not first and len(law.parameters()) > len(best[1].parameters())
    return (number, law, error) if error < (BETTER if more else 1.0) * best[2] else best


def _arrhenius(problem: _Problem) -> Law:
    return problem.fitted(Law(0, (Term(expanded(problem.constant, problem.around)),)))


def _third_body(problem: _Problem) -> Law:
    low = expanded(problem.constant / problem.density, problem.around)
    return problem.fitted(Law(0, (Term(low, (0,), np.ones(1)),)))


def _with_third_body(problem: _Problem) -> Law | None:
    lines = _lines(problem, problem.constant, problem.density)
    if lines is None:
        return None
    plain, low = lines
    return problem.fitted(Law(0, (Term(plain), Term(low, (0,), np.ones(1)))))


def _lindemann(problem: _Problem) -> Law | None:
    lines = _lines(problem, 1 / problem.constant, 1 / problem.density)
    if lines is None:
        return None
    high, low = lines
    return problem.fitted(Law(0, (Term(-low, (0,), np.ones(1), high=-high),)), ITERATIONS)


def _troe(centre: Array) -> _Offer:
    def offer(problem: _Problem) -> Law | None:
        lines = _lines(problem, 1 / problem.constant, 1 / problem.density)
        if lines is None:
            return None
        high, low = (BROADER * np.eye(len(limit))[0] - limit for limit in lines)
        return problem.fitted(Law(0, (Term(low, (0,), np.ones(1), high=high, centre=centre),)), ITERATIONS)

    return offer


def _warmer(law: Law) -> list[Law]:
    """Troe's law with another start where a broadening that ends at low temperatures may have gone too far."""
    return [
        replace(law, terms=(replace(term, centre=np.array([term.centre[0], warm, *term.centre[2:]])),))
        for term in law.terms
        if len(law.terms) == 1 and term.centre is not None
        for warm in WARM
    ]


def _lines(problem: _Problem, values: Array, against: Array) -> tuple[Array, Array] | None:
    """A line through the values at each temperature: coefficients of the logarithms of its intercept and its slope."""
    found = np.full((2, len(values)), np.nan)
    for temperature in np.unique(problem.states.temperature):
        same = problem.states.temperature == temperature
        if np.ptp(against[same]) == 0:
            continue
        columns = np.stack([np.ones(same.sum()), against[same]]) / values[same]
        line, _ = nnls(columns.T, np.ones(same.sum()))
        if line.min() > 0:
            found[:, same] = line[:, None]
    there = np.isfinite(found[0])
    features = problem.around.features[there]
    if len(np.unique(problem.states.temperature[there])) < features.shape[1]:
        return None
    low, high = (np.linalg.lstsq(features, np.log(each[there]), rcond=None)[0] for each in found)
    return low, high


def _shifted(law: Law, shift: float) -> Law:
    """The law times exp(shift)."""

    def moved(coefficients: Array) -> Array:
        return np.asarray(coefficients + shift * np.eye(len(coefficients))[0])

    terms = [replace(t, low=moved(t.low), high=None if t.high is None else moved(t.high)) for t in law.terms]
    return replace(law, terms=tuple(terms))
