"""Rate constants of one reaction at every condition of a design → the simplest rate law in its bath gas.

Letters in shapes: C conditions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.optimize import nnls

from ....chemistry.arrays import Array, Mask
from ....data.designed_states import Design
from ...fit.production_states import Driving, ProductionStates
from ...fit.rate_fit import RateLawProblem, fit_laws
from ...fit.rate_law_terms import Law, Surroundings, Term
from ...select.rate_law_extension import expanded, extended

EXACT_ERROR = 1e-7
"""Relative error of a rate constant that needs no extended rate law."""
LARGEST_KNOWN_DEVIATION = 1e-2
"""Standard deviation of ln k above which a rate constant is not compared."""
DENSITY_EFFECT = 1e-5
"""Change of ln k with the density of the bath gas that is no error."""
BETTER_RATIO = 0.3
"""Ratio of the errors at which a rate law with more parameters is taken."""
MOST_EXTENSIONS = 3
FALLOFF_ITERATIONS = 300
SMALLEST_PRESSURE_RANGE = 0.1
"""Of the pressures, over the largest, at which density shows anything."""
FIRST_CENTRES = [
    np.array([hot, -2.3, *others]) for others in ((0.5, 1.5), (1.5, 3.0), (-1.5, 1.5)) for hot in (0.6, 0.1, 0.9)
]
"""Where Troe's parameters start."""
FIRST_LOG_T3 = (-1.5, -1.9)
"""Of T3/T₀, where Troe's rate law is begun again."""
TROE_ERROR = 1e-4
"""Relative error of a Troe rate law up to which it is no sum of several."""
LOG_BROADENING = 0.5
"""Of ln k of both limits, by which broadening hides them from Lindemann's form."""


@dataclass(frozen=True, eq=False)
class KnownConstants:
    """ln k at each condition, and its standard deviation, shape (C,)."""

    log_constant: Array
    deviation: Array

    @property
    def known(self) -> Mask:
        """Conditions at which it is known well enough to be compared, shape (C,)."""
        return np.asarray(self.deviation < max(LARGEST_KNOWN_DEVIATION, 2 * float(self.deviation.min())))


@dataclass(frozen=True, eq=False)
class BathGas:
    """The conditions of a design: temperature, bath gas, and ln(P°/RT) − g°/RT of the species, if known."""

    states: ProductionStates
    around: Surroundings
    potential: Array | None

    @classmethod
    def of(cls, states: ProductionStates, design: Design) -> BathGas:
        """The bath gas of a design, one state for each condition."""
        density = states.concentrations[design.alone][:, design.bath].sum(axis=1)
        temperature = states.temperature[design.alone]
        alone = ProductionStates(density[:, None], temperature, np.zeros((len(density), 1)))
        potential = None if states.potential is None else states.potential[design.alone]
        return cls(alone, Surroundings.of(alone, [np.array([0])]), potential)

    @property
    def density(self) -> Array:
        """Of the bath gas, shape (C,) [kmol/m³]."""
        return self.states.concentrations[:, 0]

    @property
    def several(self) -> bool:
        """Whether some temperature has bath gas of different densities."""
        pressure = self.density * self.states.temperature
        return bool(np.ptp(pressure) > SMALLEST_PRESSURE_RANGE * pressure.max())

    def changes(self, constants: KnownConstants) -> bool:
        """Whether the rate constant depends on the density."""
        if not self.several:
            return False
        temperature = self.states.temperature[constants.known]
        logs, errors = constants.log_constant[constants.known], constants.deviation[constants.known]
        same = [temperature == t for t in np.unique(temperature)]
        return any(np.ptp(logs[each]) > DENSITY_EFFECT + 10 * errors[each].max() for each in same)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Rate constants at the conditions where they are known, over the largest of them."""

    problem: RateLawProblem
    weights: Array
    shift: float

    @classmethod
    def of(cls, constants: KnownConstants, bath: BathGas) -> _Problem:
        logs = constants.log_constant[constants.known]
        shift = float(logs.max())
        states = replace(bath.states.rows(constants.known), target=np.exp(logs - shift)[:, None])
        one = np.ones((len(logs), 1))
        problem = RateLawProblem(states, Driving(np.array([[1]]), one, one), bath.around.at(constants.known))
        weights = 1 / (states.target * np.maximum(constants.deviation[constants.known], EXACT_ERROR)[:, None])
        return cls(problem, weights, shift)

    @property
    def around(self) -> Surroundings:
        return self.problem.around

    @property
    def constant(self) -> Array:
        return self.problem.states.target[:, 0]

    @property
    def density(self) -> Array:
        return self.around.colliders[:, 0]

    def fitted(self, *terms: Term, iterations: int = 40) -> Law:
        return fit_laws(self.problem, (Law(0, terms),), self.weights, iterations=iterations, tolerance=1e-6).laws[0]

    def error(self, law: Law) -> float:
        """The largest, relative to the rate constant."""
        return float(np.max(np.abs(law.evaluate(self.around)[0] / self.constant - 1)))


def law_in_bath(directions: list[KnownConstants], bath: BathGas) -> tuple[int, Law, float]:
    """The simplest rate law that fits any of several sets of rate constants best: which set, the law, its error.

    Parameters
    ----------
    directions : list of KnownConstants
        Rate constants of a reaction and those of its reverse, which a rate law may follow better.
    bath : BathGas
        The conditions.

    Notes
    -----
    Rate laws are tried from few parameters to many: Arrhenius; proportional to the density; both; Lindemann; Troe,
    begun with several broadenings; sums. Where a rate law depends on the density it begins with what a line through the
    rate constants at each temperature, or through one over them, shows of its limits.
    """
    problems = [_Problem.of(constants, bath) for constants in directions]
    best: tuple[int, Law, float] = (0, Law(0, ()), np.inf)
    changes = any(bath.changes(constants) for constants in directions)
    for form in _FORMS if changes else _FORMS[:1]:
        for number, problem in enumerate(problems):
            best = _better(best, number, problem, form(problem))
        if best[2] < EXACT_ERROR:
            break
    for _ in range(MOST_EXTENSIONS):
        number, law, error = best
        problem = problems[number]
        if error < EXACT_ERROR or (law.terms[-1].centre is not None and error < TROE_ERROR):
            break
        for more in [*_with_other_centres(law), *extended(law, changes, problem.around)]:
            if 2 * len(more.parameters()) < len(problem.constant) + 4:
                best = _better(best, number, problem, problem.fitted(*more.terms, iterations=FALLOFF_ITERATIONS))
        if best[2] == error:
            break
    number, law, error = best
    return number, _shifted(law, problems[number].shift), error


def _better(best: tuple[int, Law, float], number: int, problem: _Problem, law: Law | None) -> tuple[int, Law, float]:
    """The better of two rate laws; one with more parameters must be clearly better."""
    first = not best[1].terms
    if law is None or (not first and len(law.parameters()) >= len(problem.constant)):
        return best
    error, more = problem.error(law), not first and len(law.parameters()) > len(best[1].parameters())
    return (number, law, error) if error < (BETTER_RATIO if more else 1.0) * best[2] else best


def _arrhenius(problem: _Problem) -> Law:
    return problem.fitted(Term(expanded(problem.constant, problem.around)))


def _third_body(problem: _Problem) -> Law:
    return problem.fitted(_body(expanded(problem.constant / problem.density, problem.around)))


def _with_third_body(problem: _Problem) -> Law | None:
    lines = _lines(problem, problem.constant, problem.density)
    return lines and problem.fitted(Term(lines[0]), _body(lines[1]))


def _falloff(problem: _Problem, centre: Array | None = None) -> Law | None:
    """Lindemann's form, or Troe's from a centre on."""
    lines = _lines(problem, 1 / problem.constant, 1 / problem.density)
    if lines is None:
        return None
    raised = 0.0 if centre is None else LOG_BROADENING
    high, low = (raised * np.eye(len(limit))[0] - limit for limit in lines)
    return problem.fitted(replace(_body(low), high=high, centre=centre), iterations=FALLOFF_ITERATIONS)


_FORMS: list[Callable[[_Problem], Law | None]] = [_arrhenius, _third_body, _with_third_body]
_FORMS += [partial(_falloff, centre=centre) for centre in (None, *FIRST_CENTRES)]


def _body(low: Array) -> Term:
    """A term that is proportional to the density of the bath gas."""
    return Term(low, (0,), np.ones(1))


def _with_other_centres(law: Law) -> list[Law]:
    """Troe's rate law with another start where a broadening that ends at low temperatures may have gone too far."""
    term = law.terms[0]
    if len(law.terms) > 1 or term.centre is None:
        return []
    centres = [np.array([term.centre[0], t3, *term.centre[2:]]) for t3 in FIRST_LOG_T3]
    return [replace(law, terms=(replace(term, centre=centre),)) for centre in centres]


def _lines(problem: _Problem, values: Array, against: Array) -> tuple[Array, Array] | None:
    """A line through the values at each temperature: coefficients of the logarithms of its intercept and its slope."""
    temperature, found = problem.problem.states.temperature, np.full((2, len(values)), np.nan)
    for t in np.unique(temperature):
        same = temperature == t
        if np.ptp(against[same]) == 0:
            continue
        columns = np.stack([np.ones(same.sum()), against[same]]) / values[same]
        line, _ = nnls(columns.T, np.ones(same.sum()))
        if line.min() > 0:
            found[:, same] = line[:, None]
    there = np.isfinite(found[0])
    features = problem.around.features[there]
    if len(np.unique(temperature[there])) < features.shape[1]:
        return None
    low, high = (np.linalg.lstsq(features, np.log(each[there]), rcond=None)[0] for each in found)
    return low, high


def _shifted(law: Law, shift: float) -> Law:
    """The rate law times exp(shift)."""

    def moved(coefficients: Array) -> Array:
        return np.concatenate([coefficients[:1] + shift, coefficients[1:]])

    terms = [replace(t, low=moved(t.low), high=None if t.high is None else moved(t.high)) for t in law.terms]
    return replace(law, terms=tuple(terms))
