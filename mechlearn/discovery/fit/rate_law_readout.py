"""Rate laws → reactions of a mechanism."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...chemistry.mechanism import Arrhenius, Falloff, Reaction, ThirdBody
from ...chemistry.thermo import GAS_CONSTANT
from .rate_law_terms import Law, Term

Array = NDArray[np.float64]

SAME_EFFICIENCY = 2e-3


def reactions_of(
    law: Law,
    net: NDArray[np.int64],
    names: tuple[str, ...],
    groups: list[NDArray[np.int64]],
    reference: float,
    *,
    thermo: bool,
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


def _third_body(term: Term, names: tuple[str, ...], groups: list[NDArray[np.int64]]) -> tuple[ThirdBody | None, float]:
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
