"""How well each species works as collider, from how much it speeds up the decay of another, or of itself.

Letters in shapes: C conditions, G groups of colliders: the bath gas, then each species beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....chemistry.arrays import Array, Integers, Mask
from ....data.designed_states import Design
from ...fit.rate_law_terms import Law, Term
from .detectable import DetectableReactions
from .pressure_dependence import LARGEST_KNOWN_DEVIATION, BathGas

SMALLEST_ORDER = 0.05
"""Of a rate constant in the density of the bath gas, above which efficiencies show."""
LARGEST_EFFICIENCY, SMALLEST_EFFICIENCY = 100.0, 1e-3
"""Efficiencies beyond which none is believed, and below which a species is no collider."""
SHARP_DEVIATION = 1e-3
"""Standard deviation of ln k at which efficiencies show best."""
SMALLEST_RANGE = 0.6
"""Of 1/T, over the whole range, in which a temperature dependence must be seen."""
SMALLEST_VARIATION = 0.02
"""Change of an efficiency, over the conditions, at which a collider has a temperature dependence of its own."""


@dataclass(frozen=True, eq=False)
class _Alike:
    """Colliders whose efficiencies depend on temperature alike.

    Parameters
    ----------
    curve : array, shape (C,)
        ln of the efficiency, relative to the bath gas, of the first of them; NaN where it is unknown.
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


def with_efficiencies(law: Law, net: Integers, shown: DetectableReactions, design: Design, bath: BathGas) -> Law:
    """The rate law in the bath gas, with the efficiencies of all species beside it.

    Those that a design does not show are taken to be as efficient as most of the others. Without falloff, colliders
    whose efficiency changes with temperature get terms of their own.
    """
    ratio = _ratios(law, net, shown, design, bath)
    known = np.isfinite(ratio)
    bodies = [term for term in law.terms if term.members]
    parts = [_Alike(np.zeros(ratio.shape[1]), (0,), (1.0,))]
    free = len(bodies) == 1 and bodies[0].high is None
    for j in np.argsort(-known.sum(axis=1), kind="stable"):
        if not known[j].any():
            continue
        middle, group = float(np.median(ratio[j, known[j]])), int(j) + 1
        if middle < SMALLEST_EFFICIENCY or not free:
            factor = min(middle, LARGEST_EFFICIENCY) if middle > SMALLEST_EFFICIENCY else 0.0
            parts[0] = parts[0].joined(group, factor)
            continue
        curve = np.log(np.clip(ratio[j], SMALLEST_EFFICIENCY, LARGEST_EFFICIENCY))
        apart = [part.distance(curve) for part in parts]
        nearest = min(range(len(parts)), key=lambda i: apart[i][0])
        if apart[nearest][0] < SMALLEST_VARIATION or not _shows_temperature_dependence(known[j], bath):
            parts[nearest] = parts[nearest].joined(group, apart[nearest][1])
        else:
            parts.append(_Alike(curve, (group,), (1.0,)))
    most = max(range(len(parts)), key=lambda i: len(parts[i].members))
    factors = parts[most].factors
    usual = float(np.median(factors[1:] if most == 0 and len(factors) > 1 else factors))
    for j in np.flatnonzero(~known.any(axis=1)):
        parts[most] = parts[most].joined(int(j) + 1, usual)
    terms = [term for term in law.terms if not term.members]
    terms += [_term(term, part, bath) for term in bodies for part in (parts if free else parts[:1])]
    return replace(law, terms=tuple(terms))


def _ratios(law: Law, net: Integers, shown: DetectableReactions, design: Design, bath: BathGas) -> Array:
    """Efficiency of each species at each condition, relative to the bath gas, shape (G − 1, C); NaN if unknown."""
    around = bath.around
    denser = law.evaluate(replace(around, colliders=around.colliders * (1 + 1e-5)))[0]
    order = np.log(denser / law.evaluate(around)[0]) / np.log1p(1e-5)
    found = np.full((len(design.species), len(order)), np.nan)
    for j in np.flatnonzero(np.abs(net) == 1).tolist():
        away = tuple(int(n) for n in (net if net[j] < 0 else -net))
        alone = next((c for c in shown.channels if c.reactants == (j,) and c.net == away), None)
        if alone is None:
            continue
        limit = min(LARGEST_KNOWN_DEVIATION, max(SHARP_DEVIATION, 2 * float(alone.deviation.min())))
        known = (order > SMALLEST_ORDER) & (alone.deviation < limit)
        for place, other in enumerate(design.species):
            change = shown.speed_up.get(((j,), away, int(other)))
            if change is not None:
                new = np.where(known, change / alone.constant * bath.density / np.where(known, order, 1.0), np.nan)
                found[place] = np.where(np.isfinite(found[place]), found[place], new)
    return found


def _shows_temperature_dependence(known: Mask, bath: BathGas) -> bool:
    """Whether there are temperatures enough for a dependence of its own."""
    inverse = 1 / bath.states.temperature
    enough = len(np.unique(inverse[known])) > bath.around.features.shape[1]
    return bool(enough and np.ptp(inverse[known]) > SMALLEST_RANGE * np.ptp(inverse))


def _term(term: Term, part: _Alike, bath: BathGas) -> Term:
    """The term of colliders that are alike."""
    known = np.isfinite(part.curve)
    low = term.low + np.linalg.lstsq(bath.around.features[known], part.curve[known], rcond=None)[0]
    return replace(term, low=low, members=part.members, efficiency=np.array(part.factors))
