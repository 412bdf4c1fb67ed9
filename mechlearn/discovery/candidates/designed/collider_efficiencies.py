"""How well each species works as collider, from how much it speeds up the decay of another, or of itself.

Letters in shapes: C conditions, G groups of colliders: the bath, then each species beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ....data.designed_states import Design
from ...fit.rate_law_terms import Law, Term
from .detectable import DetectableReactions
from .pressure_dependence import SURE, BathGas

Array = NDArray[np.float64]

ORDER = 0.05
"""Of a rate constant in the bath's density, above which efficiencies can be told."""
LARGEST, LEAST = 100.0, 1e-3
"""Efficiencies beyond which none is believed, and below which a species is no collider."""
SHARP = 1e-3
"""Standard deviation of ln k at which efficiencies are told best."""
MOST = 0.6
"""Of the range of 1/T, over which a temperature dependence must be seen."""
VARIES = 0.02
"""Change of an efficiency, over the conditions, at which a collider has a temperature dependence of its own."""


@dataclass(frozen=True, eq=False)
class _Alike:
    """Colliders whose efficiencies depend on temperature alike.

    Parameters
    ----------
    curve : array, shape (C,)
        ln of the efficiency, relative to the bath, of the first of them; NaN where it is not told.
    members : tuple of int
        Groups.
    factors : tuple of float
        Efficiency over that of the first.
    """

    curve: Array
    members: tuple[int, ...]
    factors: tuple[float, ...]

    def distance(self, curve: Array) -> tuple[float, float]:
        """By how much another curve varies over this one, and its factor."""
        both = curve - self.curve
        both = both[np.isfinite(both)]
        return (float(np.ptp(both)), float(np.exp(np.median(both)))) if len(both) else (np.inf, 1.0)

    def joined(self, group: int, factor: float) -> _Alike:
        """With one collider more."""
        return _Alike(self.curve, (*self.members, group), (*self.factors, factor))


def with_efficiencies(
    law: Law, net: NDArray[np.int64], shown: DetectableReactions, design: Design, bath: BathGas
) -> Law:
    """The law in the bath, with the efficiencies of all species beside the bath.

    Those that a design does not show are taken to be as efficient as most of the others. Without falloff, colliders
    whose efficiency changes with temperature get terms of their own.
    """
    ratio = _ratios(law, net, shown, design, bath)
    told = np.isfinite(ratio)
    middle = np.array([np.median(r[t]) if t.any() else np.nan for r, t in zip(ratio, told, strict=True)])
    bodies = [term for term in law.terms if term.members]
    parts = [_Alike(np.zeros(ratio.shape[1]), (0,), (1.0,))]
    free = len(bodies) == 1 and bodies[0].high is None
    for j in np.argsort(-told.sum(axis=1), kind="stable"):
        group = int(j) + 1
        if not told[j].any():
            continue
        if middle[j] < LEAST or not free:
            parts[0] = parts[0].joined(group, float(np.clip(middle[j], 0.0, LARGEST)) if middle[j] > LEAST else 0.0)
            continue
        curve = np.log(np.clip(ratio[j], LEAST, LARGEST))
        apart = [part.distance(curve) for part in parts]
        nearest = min(range(len(parts)), key=lambda i: apart[i][0])
        if apart[nearest][0] < VARIES or not _spread(told[j], bath):
            parts[nearest] = parts[nearest].joined(group, apart[nearest][1])
        else:
            parts.append(_Alike(curve, (group,), (1.0,)))
    most = max(range(len(parts)), key=lambda i: len(parts[i].members))
    usual = float(
        np.median(parts[most].factors[1:] if most == 0 and len(parts[0].factors) > 1 else parts[most].factors)
    )
    for j in np.flatnonzero(~told.any(axis=1)):
        parts[most] = parts[most].joined(int(j) + 1, usual)
    terms = [term for term in law.terms if not term.members]
    for term in bodies:
        terms += [_term(term, part, bath) for part in (parts if free else parts[:1])]
    return replace(law, terms=tuple(terms))


def _ratios(law: Law, net: NDArray[np.int64], shown: DetectableReactions, design: Design, bath: BathGas) -> Array:
    """Efficiency of each species at each condition, relative to the bath's, shape (G − 1, C); NaN if it is not told."""
    around = bath.around
    denser = law.evaluate(replace(around, colliders=around.colliders * (1 + 1e-5)))[0]
    order = np.log(denser / law.evaluate(around)[0]) / np.log1p(1e-5)
    found = np.full((len(design.species), len(order)), np.nan)
    for j in np.flatnonzero(np.abs(net) == 1).tolist():
        away = tuple(int(n) for n in (net if net[j] < 0 else -net))
        alone = next((c for c in shown.channels if c.reactants == (j,) and c.net == away), None)
        if alone is None:
            continue
        sure = (order > ORDER) & (alone.deviation < min(SURE, max(SHARP, 2 * float(alone.deviation.min()))))
        for place, other in enumerate(design.species):
            change = shown.faster.get(((j,), away, int(other)))
            if change is not None:
                new = np.where(sure, change / alone.constant * bath.density / np.where(sure, order, 1.0), np.nan)
                found[place] = np.where(np.isfinite(found[place]), found[place], new)
    return found


def _spread(told: NDArray[np.bool_], bath: BathGas) -> bool:
    """Whether there are temperatures enough for a law of its own."""
    inverse = 1 / bath.states.temperature
    enough = len(np.unique(inverse[told])) > bath.around.features.shape[1]
    return bool(enough and np.ptp(inverse[told]) > MOST * np.ptp(inverse))


def _term(term: Term, part: _Alike, bath: BathGas) -> Term:
    """The term of colliders that are alike."""
    told = np.isfinite(part.curve)
    features = bath.around.features
    low = term.low + np.linalg.lstsq(features[told], part.curve[told], rcond=None)[0]
    return replace(term, low=low, members=part.members, efficiency=np.array(part.factors))
