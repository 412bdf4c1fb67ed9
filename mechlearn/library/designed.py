"""What a design of states shows → reactions with rate laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..balances.record import Balances
from ..design import Design
from ..search import Search
from .fitting import fit_laws
from .laws import Law, Surroundings, Term
from .picture import Channel, Complex, Picture, picture, visible
from .readout import reactions_of
from .record import LibraryFit, LibraryReaction
from .selection import expanded, richer
from .states import Driving, States, states_of

Array = NDArray[np.float64]

EXACT = 1e-7
"""Relative error of a rate constant that needs no richer law."""
MOST_WAYS = 2
"""Of direction and origin of the rate constants, that richer laws are tried for."""
BETTER = 0.3
"""Ratio of the errors at which a richer law is taken."""
MOST_SWEEPS = 3
AGREE = 1e-3
"""Difference of forward and reverse rate constants, as logarithms, at which thermodynamics joins them."""
SURE = 1e-2
"""Standard deviation of ln k above which a rate constant is not compared."""
FEW = 0.25
"""Share of the conditions at which both directions must be sure to disagree."""
PRESSED = 0.05
"""Order of a rate constant in the bath's density above which efficiencies can be told."""
LARGEST_EFFICIENCY = 100.0


@dataclass(frozen=True, eq=False)
class _Told:
    """ln k at each condition, and its standard deviation, shape (C,)."""

    log_constant: Array
    deviation: Array


@dataclass(frozen=True, eq=False)
class _Step:
    """A reaction written in one direction, with what each direction that is seen tells of its rate constant."""

    net: NDArray[np.int64]
    told: tuple[_Told, ...]
    share: float
    bystanders: Complex
    reversible: bool


@dataclass(frozen=True, eq=False)
class _Conditions:
    """The conditions of a design: temperature, bath, and ln(P°/RT) − g°/RT of the species, if known."""

    states: States
    around: Surroundings
    potential: Array | None

    @classmethod
    def of(cls, states: States, design: Design) -> _Conditions:
        bath = states.concentrations[design.alone][:, design.bath].sum(axis=1)
        temperature = states.temperature[design.alone]
        alone = States(bath[:, None], temperature, np.zeros((len(bath), 1)))
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
        return bool(np.ptp(pressure) > 0.1 * pressure.max())


def designed_fit(
    balances: Balances, design: Design, search: Search, progress: Callable[[float, str], None]
) -> LibraryFit:
    """The reactions that a design of states shows, with rate laws in its bath.

    Parameters
    ----------
    balances : Balances
        Production at the states of the design.
    design : Design
        Which samples are which states.
    search : Search
        ``reverse`` and ``molecularity`` count here.
    progress : callable
        Called with the share done and a word.

    Notes
    -----
    What A and B make together, less what each makes alone, comes from reactions of A with B only: a small problem for
    each pair. With thermodynamics the two directions of a reaction become one where their rate constants agree with
    the equilibrium constant. Rate constants hold for the bath and its densities; with several of these, colliders and
    falloff are told apart, and efficiencies follow from how much each species speeds up the decay of another.
    """
    states = states_of(balances, thermo=search.reverse == "thermo")
    shown = picture(
        balances.accumulation,
        design,
        balances.species,
        search.molecularity,
        lambda share: progress(0.7 * share, "reactants"),
    )
    conditions = _Conditions.of(states, design)
    names = tuple(s.name for s in balances.species)
    found, errors = [], []
    for step in _steps(shown, design, conditions):
        turned, law, error = _law(step, conditions)
        errors.append(error)
        found.append(_written(turned, law, shown, design, conditions, names))
    progress(1.0, f"{len(found)} reactions")
    found.sort(key=lambda one: -one.contribution)
    unexplained = tuple(" + ".join(names[j] for j in members) or "the bath" for members in shown.unexplained)
    error = float(np.quantile(errors, 0.95)) if errors else 1.0
    return LibraryFit(tuple(found), shown.candidates, 0.0, error, error, unexplained)


def _steps(shown: Picture, design: Design, conditions: _Conditions) -> list[_Step]:
    """Forward and reverse channels that thermodynamics joins become one reaction; the others stay one-way."""
    channels = {(channel.net, _bystanders(channel)): channel for channel in shown.channels}
    done: set[tuple[tuple[int, ...], Complex]] = set()
    steps = []
    for key, channel in sorted(channels.items(), key=lambda item: -item[1].share):
        if key in done:
            continue
        net, told = np.array(channel.net), _Told(_log(channel.constant), channel.deviation)
        step = _Step(net, (told,), channel.share, key[1], reversible=False)
        opposite = tuple(-n for n in channel.net), key[1]
        if conditions.potential is not None:
            equilibrium = conditions.potential @ net
            back = channels.get(opposite)
            if back is not None:
                step = _joined(step, _Told(_log(back.constant) + equilibrium, back.deviation))
                done |= {opposite} if step.reversible else set()
            else:
                reverse = np.exp(np.minimum(told.log_constant - equilibrium, 600.0))
                needed = tuple(np.repeat(np.arange(len(net)), np.maximum(net, 0)).tolist()) + key[1]
                step = replace(step, reversible=not visible(reverse, -net, needed, shown, design))
        steps.append(step)
    return steps


def _joined(step: _Step, back: _Told) -> _Step:
    """Both directions as one, where they agree."""
    told = step.told[0]
    sure = (told.deviation < SURE) & (back.deviation < SURE)
    apart = np.abs(told.log_constant - back.log_constant) / (AGREE + 10 * (told.deviation + back.deviation))
    if sure.mean() > FEW and np.median(apart[sure]) > 1:
        return step
    return replace(step, told=(told, back), reversible=True)


def _law(step: _Step, conditions: _Conditions) -> tuple[_Step, Law, float]:
    """The simplest law, written in whichever direction and told by whichever it fits best, and its relative error."""
    ways = [replace(step, told=(told,)) for told in step.told]
    if step.reversible and conditions.potential is not None:
        equilibrium = conditions.potential @ step.net
        turned = [_Told(told.log_constant - equilibrium, told.deviation) for told in step.told]
        ways += [replace(step, net=-step.net, told=(told,)) for told in turned]
    for most in (0, MOST_SWEEPS):
        found = [(way, *_fitted(way, conditions, most)) for way in ways]
        found.sort(key=lambda each: each[2])
        if found[0][2] < EXACT:
            break
        ways = [way for way, _, _ in found[:MOST_WAYS]]
    return found[0]


def _fitted(step: _Step, conditions: _Conditions, most: int) -> tuple[Law, float]:
    """A law with at most so many things more than Arrhenius parameters, and its largest relative error."""
    told = step.told[0]
    sure = told.deviation < max(SURE, 2 * float(told.deviation.min()))
    around, count = conditions.around, int(sure.sum())
    part = Surroundings(around.features[sure], around.colliders[sure], around.relative[sure])
    logs = told.log_constant[sure]
    shift = float(logs.max())
    states = replace(conditions.states.rows(sure), target=np.exp(logs - shift)[:, None])
    one = np.ones((count, 1))
    reactions = Driving(np.array([[1]]), one, one)
    weights = 1 / (states.target * np.maximum(told.deviation[sure], EXACT)[:, None])

    def judged(law: Law) -> float:
        return float(np.max(np.abs(law.evaluate(part)[0] / states.target[:, 0] - 1)))

    law = Law(0, (Term(expanded(states.target[:, 0], part)),))
    error = judged(law)
    changes = bool(step.net.sum()) and conditions.several
    for _ in range(most):
        if error < EXACT or count <= len(law.parameters()) + 1:
            break
        offers = [*richer(law, changes, part), *([_with_colliders(law, part)] if changes else [])]
        offers = [each for each in offers if len(each.parameters()) < count]
        tried = [fit_laws(states, reactions, part, (each,), weights, tolerance=1e-9).laws[0] for each in offers]
        best = min(tried, key=judged, default=law)
        if judged(best) > BETTER * error:
            break
        law, error = best, judged(best)
    return _shifted(law, shift), error


def _with_colliders(law: Law, around: Surroundings) -> Law:
    """The law with a term that is proportional to the bath's density."""
    low = expanded(law.evaluate(around)[0] / around.colliders.sum(axis=1), around)
    low[0] -= np.log(2.0)
    return replace(law, terms=(*law.terms, Term(low, (0,), np.ones(1))))


def _shifted(law: Law, shift: float) -> Law:
    """The law times exp(shift)."""

    def moved(coefficients: Array) -> Array:
        return np.asarray(coefficients + shift * np.eye(len(coefficients))[0])

    terms = [replace(t, low=moved(t.low), high=None if t.high is None else moved(t.high)) for t in law.terms]
    return replace(law, terms=tuple(terms))


def _written(
    step: _Step, law: Law, shown: Picture, design: Design, conditions: _Conditions, names: tuple[str, ...]
) -> LibraryReaction:
    """The reaction with its law, efficiencies and bystanders."""
    groups = [design.bath, *(np.array([j]) for j in design.species)]
    if any(term.members for term in law.terms):
        law = _with_efficiencies(step, law, shown, design, conditions)
    reference = conditions.states.reference
    reactions = reactions_of(law, step.net, names, groups, reference, thermo=step.reversible)
    for name in (names[j] for j in step.bystanders):
        reactions = tuple(
            replace(r, reactants={**r.reactants, name: 1}, products={**r.products, name: 1}) for r in reactions
        )
    deviation = float(step.told[0].deviation.min())
    return LibraryReaction(tuple(int(n) for n in step.net), reactions, min(step.share, 1.0), deviation)


def _with_efficiencies(step: _Step, law: Law, shown: Picture, design: Design, conditions: _Conditions) -> Law:
    """Colliders beside the bath, by how much each speeds up the direction that has one reactant."""
    around = conditions.around
    constant = law.evaluate(around)[0]
    denser = law.evaluate(replace(around, colliders=around.colliders * (1 + 1e-5)))[0]
    order = np.log(denser / constant) / np.log1p(1e-5)
    sides = [(j,) for j in np.flatnonzero(step.net).tolist() if abs(step.net[j]) == 1]
    found = np.full(len(design.species), np.nan)
    for side in sides:
        net = tuple(int(n) for n in (step.net if step.net[side[0]] < 0 else -step.net))
        alone = next((c for c in shown.channels if c.reactants == side and c.net == net), None)
        if alone is None:
            continue
        told = (order > PRESSED) & (alone.deviation < SURE)
        for place, j in enumerate(design.species):
            change = shown.faster.get((side, net, int(j)))
            if change is not None and np.isfinite(change[told]).any():
                found[place] = np.nanmedian((change / alone.constant * conditions.density / order)[told])
    usual = float(np.nanmedian(found)) if np.isfinite(found).any() else 1.0
    values = np.clip(np.where(np.isfinite(found), found, usual), 0.0, LARGEST_EFFICIENCY)
    efficiency = np.concatenate([[1.0], values])
    members = tuple(range(len(efficiency)))
    return replace(
        law,
        terms=tuple(replace(t, members=members, efficiency=efficiency) if t.members else t for t in law.terms),
    )


def _bystanders(one: Channel) -> Complex:
    """Reactants that are not used up: catalysts."""
    left = list(one.reactants)
    for j, n in enumerate(one.net):
        for _ in range(max(int(-n), 0)):
            if j in left:
                left.remove(j)
    return tuple(left)


def _log(constant: Array) -> Array:
    return np.asarray(np.log(np.maximum(constant, 1e-300)))
