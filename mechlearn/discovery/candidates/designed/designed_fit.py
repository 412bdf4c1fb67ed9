"""What a design of states shows → reactions with rate laws."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ....data.balances.balances import Balances
from ....data.designed_states import Design
from ....data.progress import Progress
from ...fit.candidate_result import CandidateFit, CandidateReaction
from ...fit.production_states import states_of
from ...fit.rate_law_readout import reactions_of
from ...fit.rate_law_terms import Law
from ...settings import Search
from .collider_efficiencies import with_efficiencies
from .detectable import Channel, DetectableReactions, ReactantSet, detectable_reactions, is_detectable
from .pressure_dependence import SURE, BathGas, KnownConstants, law_in_bath

Array = NDArray[np.float64]

AGREE = 1e-3
"""Difference of forward and reverse rate constants, as logarithms, at which thermodynamics joins them."""
FEW = 0.25
"""Share of the conditions at which both directions must be sure to disagree."""


@dataclass(frozen=True, eq=False)
class _FitStep:
    """A reaction written in one direction, with what each direction that is seen tells of its rate constant."""

    net: NDArray[np.int64]
    told: tuple[KnownConstants, ...]
    share: float
    bystanders: ReactantSet
    reversible: bool


def designed_fit(balances: Balances, design: Design, search: Search, progress: Progress) -> CandidateFit:
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
    shown = detectable_reactions(
        balances.accumulation,
        design,
        balances.species,
        search.molecularity,
        lambda share: progress(0.7 * share, "reactants"),
    )
    bath = BathGas.of(states, design)
    names = tuple(s.name for s in balances.species)
    found, errors = [], []
    for step in _steps(shown, design, bath):
        turned, law, error = _law(step, bath)
        errors.append(error)
        found.append(_written(turned, law, shown, design, bath, names))
    progress(1.0, f"{len(found)} reactions")
    found.sort(key=lambda one: -one.contribution)
    unexplained = tuple(" + ".join(names[j] for j in members) or "the bath" for members in shown.unexplained)
    error = max(errors, default=1.0)
    return CandidateFit(tuple(found), shown.candidates, 0.0, error, error, unexplained)


def _steps(shown: DetectableReactions, design: Design, bath: BathGas) -> list[_FitStep]:
    """Forward and reverse channels that thermodynamics joins become one reaction; the others stay one-way."""
    channels = {(channel.net, _bystanders(channel)): channel for channel in shown.channels}
    done: set[tuple[tuple[int, ...], ReactantSet]] = set()
    steps = []
    for key, channel in sorted(channels.items(), key=lambda item: -item[1].share):
        if key in done:
            continue
        net, told = np.array(channel.net), KnownConstants(_log(channel.constant), channel.deviation)
        step = _FitStep(net, (told,), channel.share, key[1], reversible=False)
        opposite = tuple(-n for n in channel.net), key[1]
        if bath.potential is not None:
            equilibrium = bath.potential @ net
            back = channels.get(opposite)
            if back is not None:
                step = _joined(step, KnownConstants(_log(back.constant) + equilibrium, back.deviation))
                done |= {opposite} if step.reversible else set()
            else:
                reverse = np.exp(np.minimum(told.log_constant - equilibrium, 600.0))
                needed = tuple(np.repeat(np.arange(len(net)), np.maximum(net, 0)).tolist()) + key[1]
                step = replace(step, reversible=not is_detectable(reverse, -net, needed, shown, design))
        steps.append(step)
    return steps


def _joined(step: _FitStep, back: KnownConstants) -> _FitStep:
    """Both directions as one, where they agree."""
    told = step.told[0]
    sure = (told.deviation < SURE) & (back.deviation < SURE)
    apart = np.abs(told.log_constant - back.log_constant) / (AGREE + 10 * (told.deviation + back.deviation))
    if sure.mean() > FEW and np.median(apart[sure]) > 1:
        return step
    return replace(step, told=(told, back), reversible=True)


def _law(step: _FitStep, bath: BathGas) -> tuple[_FitStep, Law, float]:
    """The simplest law, written in whichever direction it fits best, and its relative error."""
    told = min(step.told, key=lambda each: float(np.median(each.deviation)))
    ways = [replace(step, told=(told,))]
    if step.reversible and bath.potential is not None:
        turned = KnownConstants(told.log_constant - bath.potential @ step.net, told.deviation)
        ways.append(replace(step, net=-step.net, told=(turned,)))
    number, law, error = law_in_bath([way.told[0] for way in ways], bath)
    return ways[number], law, error


def _written(
    step: _FitStep, law: Law, shown: DetectableReactions, design: Design, bath: BathGas, names: tuple[str, ...]
) -> CandidateReaction:
    """The reaction with its law, efficiencies and bystanders."""
    groups = [design.bath, *(np.array([j]) for j in design.species)]
    if any(term.members for term in law.terms):
        law = with_efficiencies(law, step.net, shown, design, bath)
    reference = bath.states.reference
    reactions = reactions_of(law, step.net, names, groups, reference, thermo=step.reversible)
    for name in (names[j] for j in step.bystanders):
        reactions = tuple(
            replace(r, reactants={**r.reactants, name: 1}, products={**r.products, name: 1}) for r in reactions
        )
    deviation = float(step.told[0].deviation.min())
    return CandidateReaction(tuple(int(n) for n in step.net), reactions, min(step.share, 1.0), deviation)


def _bystanders(one: Channel) -> ReactantSet:
    """Reactants that are not used up: catalysts."""
    left = list(one.reactants)
    for j, n in enumerate(one.net):
        for _ in range(max(int(-n), 0)):
            if j in left:
                left.remove(j)
    return tuple(left)


def _log(constant: Array) -> Array:
    return np.asarray(np.log(np.maximum(constant, 1e-300)))
