"""Rate laws with parameters, their derivatives, and the reactions that they are in a mechanism.

Arrhenius laws, third bodies, falloff, and sums of them.

ln k(T) is expanded about a reference temperature T₀, in as many of 1, 1 − T₀/T, ln(T/T₀) as the data can distinguish.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Integers, Mask
from ...chemistry.mechanism import Arrhenius, Falloff, Reaction, ThirdBody
from ...chemistry.thermo import GAS_CONSTANT
from .production_states import ProductionStates

LARGEST_LOG = 80.0
LIMITS = np.array([LARGEST_LOG, 80.0, 40.0])
"""Of ln k at T₀ in kmol, m³ and s, of Ea/RT₀, and of b."""
LARGEST_EFFICIENCY = 1e3
STEP = 1e-6
"""Of ln Pr and ln F_cent, for central differences."""
SAME_EFFICIENCY = 2e-3
"""Relative difference up to which colliders have the default efficiency."""
TWO_PARAMETERS_BELOW = 1.35
"""Ratio of the highest to the lowest temperature below which b stays zero."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What rate laws see of the states: features of the temperature, shape (N, n), and colliders, shape (N, G)."""

    features: Array
    colliders: Array
    relative: Array

    @classmethod
    def of(cls, states: ProductionStates, groups: list[Integers]) -> Surroundings:
        """With one column of colliders for each group of species."""
        t, reference = states.temperature, states.reference
        every = np.stack([np.ones_like(t), 1 - reference / t, np.log(t / reference)], axis=1)
        count = 1 if states.isothermal else 2 if t.max() < TWO_PARAMETERS_BELOW * t.min() else 3
        colliders = np.stack([states.concentrations[:, g].sum(axis=1) for g in groups], axis=1)
        return cls(every[:, :count], colliders, t / reference)

    def at(self, states: Mask) -> Surroundings:
        """Some of the states."""
        return Surroundings(self.features[states], self.colliders[states], self.relative[states])


@dataclass(frozen=True, eq=False)
class Term:
    """One summand of a rate constant.

    Parameters
    ----------
    low : array, shape (n,)
        Coefficients of ln k; with colliders those of the low-pressure limit.
    members : tuple of int
        Groups of colliders; empty for none.
    efficiency : array, shape (len(members),)
        Of each group, the first being 1.
    high : array, shape (n,), optional
        Coefficients of the high-pressure limit, of a falloff.
    centre : array, shape (4,), optional
        Troe's A, ln T3/T₀, ln T1/T₀, ln T2/T₀; None for Lindemann's form.
    """

    low: Array
    members: tuple[int, ...] = ()
    efficiency: Array | None = None
    high: Array | None = None
    centre: Array | None = None

    def parameters(self) -> Array:
        """All free numbers in one array."""
        parts = [self.low, *([] if self.efficiency is None else [self.efficiency[1:]])]
        return np.concatenate([*parts, *(p for p in (self.high, self.centre) if p is not None)])

    def with_parameters(self, values: Array) -> Term:
        """The same form with other numbers, moved inside their limits."""
        n, m = len(self.low), max(len(self.members) - 1, 0)
        low, others, rest = np.clip(values[:n], -LIMITS[:n], LIMITS[:n]), values[n : n + m], values[n + m :]
        efficiency = None
        if self.efficiency is not None:
            efficiency = np.concatenate([[1.0], np.clip(others, 0.0, LARGEST_EFFICIENCY)])
        high = None if self.high is None else np.clip(rest[:n], -LIMITS[:n], LIMITS[:n])
        centre = None if self.centre is None else np.clip(rest[n:], [0.0, -5.0, -5.0, -5.0], [1.0, 5.0, 5.0, 5.0])
        return replace(self, low=low, efficiency=efficiency, high=high, centre=centre)

    def evaluate(self, around: Surroundings) -> tuple[Array, Array]:
        """Value at each state, shape (N,), and its derivatives with respect to the parameters, shape (N, P)."""
        constant = np.exp(np.minimum(around.features @ self.low, LARGEST_LOG))
        if self.efficiency is None:
            return constant, constant[:, None] * around.features
        bodies = around.colliders[:, self.members]
        slow = constant * (bodies @ self.efficiency)
        by_efficiency = constant[:, None] * bodies[:, 1:]
        if self.high is None:
            return slow, np.concatenate([slow[:, None] * around.features, by_efficiency], axis=1)
        fast = np.exp(np.minimum(around.features @ self.high, LARGEST_LOG))
        ratio = np.maximum(slow / fast, 1e-30)
        free = 1 / (1 + ratio)
        value, factor_slope, factor_centre = slow * free, np.zeros_like(ratio), None
        if self.centre is not None:
            log_centre, of_centre = _log_centre(self.centre, around.relative)
            factor, factor_slope, by_centre = _broadening(np.log(ratio), log_centre)
            value = value * factor
            factor_centre = (value * by_centre)[:, None] * of_centre
        by_slow = value * (free + factor_slope)
        by_fast = value * (1 - free - factor_slope)
        relative = by_slow / np.maximum(slow, 1e-300)
        limits = [by_slow[:, None] * around.features, relative[:, None] * by_efficiency]
        parts = [*limits, by_fast[:, None] * around.features, *([] if factor_centre is None else [factor_centre])]
        return value, np.concatenate(parts, axis=1)


def _log_centre(centre: Array, relative: Array) -> tuple[Array, Array]:
    """Ln F_cent and its derivatives with respect to A, ln T3, ln T1 and ln T2, shape (N, 4), at T/T₀."""
    weight = float(centre[0])
    cold, hot, late = np.exp(centre[1:])
    parts = np.exp(-relative / cold), np.exp(-relative / hot), np.exp(-late / relative)
    value = np.maximum((1 - weight) * parts[0] + weight * parts[1] + parts[2], 1e-3)
    slopes = [
        parts[1] - parts[0],
        (1 - weight) * parts[0] * relative / cold,
        weight * parts[1] * relative / hot,
        -parts[2] * late / relative,
    ]
    return np.minimum(np.log(value), -1e-9), np.stack(slopes, axis=1) / value[:, None]


def _broadening(log_ratio: Array, log_centre: Array) -> tuple[Array, Array, Array]:
    """Troe's F and the derivatives of ln F with respect to ln Pr and ln F_cent.

    References
    ----------
    .. [1] R. G. Gilbert, K. Luther, J. Troe, Ber. Bunsenges. Phys. Chem. 87, 169-177 (1983).
       https://doi.org/10.1002/bbpc.19830870218
    """

    def log_factor(pressure: Array, centre: Array) -> Array:
        decades, middle = pressure / np.log(10), centre / np.log(10)
        shifted = decades - 0.4 - 0.67 * middle
        bent = shifted / (0.75 - 1.27 * middle - 0.14 * shifted)
        return np.asarray(centre / (1 + bent**2))

    up, down = log_ratio + STEP, log_ratio - STEP
    slope = (log_factor(up, log_centre) - log_factor(down, log_centre)) / (2 * STEP)
    by_centre = (log_factor(log_ratio, log_centre + STEP) - log_factor(log_ratio, log_centre - STEP)) / (2 * STEP)
    return np.exp(log_factor(log_ratio, log_centre)), slope, by_centre


@dataclass(frozen=True, eq=False)
class Law:
    """The rate law of one reaction: its number among the candidates, and a sum of terms."""

    reaction: int
    terms: tuple[Term, ...]

    def parameters(self) -> Array:
        """Those of all terms."""
        return np.concatenate([term.parameters() for term in self.terms])

    def with_parameters(self, values: Array) -> Law:
        """The same form with other numbers."""
        ends = np.cumsum([len(term.parameters()) for term in self.terms])[:-1]
        parts = np.split(values, ends)
        return replace(self, terms=tuple(t.with_parameters(p) for t, p in zip(self.terms, parts, strict=True)))

    def evaluate(self, around: Surroundings) -> tuple[Array, Array]:
        """Rate constant, colliders included, shape (N,), and its derivatives, shape (N, P)."""
        parts = [term.evaluate(around) for term in self.terms]
        return sum((value for value, _ in parts), np.zeros(len(around.features))), np.concatenate(
            [slopes for _, slopes in parts], axis=1
        )


def reactions_of(
    law: Law, net: Integers, names: tuple[str, ...], groups: list[Integers], reference: float, *, thermo: bool
) -> tuple[Reaction, ...]:
    """One reaction for each term of the law, reversible where reverse rates follow from thermodynamics."""
    reactants = {name: int(-n) for name, n in zip(names, net, strict=True) if n < 0}
    products = {name: int(n) for name, n in zip(names, net, strict=True) if n > 0}
    found = []
    for term in law.terms:
        body, factor = _third_body(term, names, groups)
        low = arrhenius(term.low, reference, factor)
        falloff = None if term.high is None else Falloff(low, _troe(term.centre, reference))
        rate = low if term.high is None else arrhenius(term.high, reference)
        found.append(Reaction(reactants, products, rate, third_body=body, reversible=thermo, falloff=falloff))
    return tuple(found)


def arrhenius(coefficients: Array, reference: float, factor: float = 1.0) -> Arrhenius:
    """A, b, Ea of ln k = c₀ + c₁ (1 − T₀/T) + c₂ ln(T/T₀), times a factor."""
    a, c, b = (float(v) for v in np.concatenate([coefficients, np.zeros(3 - len(coefficients))]))
    return Arrhenius(float(factor * np.exp(a + c - b * np.log(reference))), b, c * reference * GAS_CONSTANT)


def _third_body(term: Term, names: tuple[str, ...], groups: list[Integers]) -> tuple[ThirdBody | None, float]:
    """The colliders, with the efficiency that most of them have as default, and the factor that makes it 1."""
    if term.efficiency is None:
        return None, 1.0
    efficiency = {names[j]: float(e) for g, e in zip(term.members, term.efficiency, strict=True) for j in groups[g]}
    if len(efficiency) < len(names):
        return ThirdBody(efficiency, default=0.0), 1.0
    values = np.array(list(efficiency.values()))
    distance = np.abs(np.log(np.maximum(values[:, None], 1e-6) / np.maximum(values, 1e-6)))
    usual = float(values[np.argmin(np.median(distance, axis=0))]) or 1.0
    others = {name: e / usual for name, e in efficiency.items() if abs(e / usual - 1) > SAME_EFFICIENCY}
    return ThirdBody(others), usual


def _troe(centre: Array | None, reference: float) -> tuple[float, ...]:
    """A, T3, T1, T2."""
    if centre is None:
        return ()
    return (float(centre[0]), *(reference * float(np.exp(value)) for value in centre[1:]))
