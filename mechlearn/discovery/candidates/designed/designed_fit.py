"""What a design of states shows → reactions with rate laws."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from ....chemistry.arrays import Integers
from ....data.balances.balances import Balances
from ....data.designed_states import Design
from ....data.progress import Progress
from ...fit.candidate_result import CandidateFit, CandidateReaction
from ...fit.production_states import states_of
from ...fit.rate_law_terms import Law, reactions_of
from ...settings import Search
from .collider_efficiencies import with_efficiencies
from .detectable import Channel, DetectableReactions, ReactantSet, detectable_reactions, is_detectable
from .pressure_dependence import LARGEST_KNOWN_DEVIATION, BathGas, KnownConstants, law_in_bath

LARGEST_DISAGREEMENT = 1e-3
"""Difference of forward and reverse rate constants, as logarithms, at which thermodynamics joins them."""
COMPARED_CONDITIONS = 0.25
"""Part of the conditions at which both directions must be known to disagree."""


@dataclass(frozen=True, eq=False)
class _Step:
    """A reaction written in one direction, with what each direction that is seen shows of its rate constant."""

    net: Integers
    constants: tuple[KnownConstants, ...]
    contribution: float
    bystanders: ReactantSet
    reversible: bool


def designed_fit(balances: Balances, design: Design, search: Search, progress: Progress) -> CandidateFit:
    """The reactions that a design of states shows, with rate laws in its bath gas.

    Parameters
    ----------
    balances : Balances
        Production at the states of the design.
    design : Design
        Which samples are which states.
    search : Search
        ``reverse`` and ``molecularity`` count here.
    progress : callable
        Called with the part done and a word.

    Notes
    -----
    What A and B make together, less what each makes alone, comes from reactions of A with B only: a small problem for
    each pair. With thermodynamics the two directions of a reaction become one where their rate constants agree with
    the equilibrium constant. Rate constants hold for the bath gas and its densities; with several of these, colliders
    and falloff are distinguished, and efficiencies follow from how much each species speeds up the decay of another.
    """
    states = states_of(balances, thermo=search.reverse == "thermo")
    shown = detectable_reactions(
        balances.accumulation,
        design,
        balances.species,
        search.molecularity,
        lambda part: progress(0.7 * part, "reactants"),
    )
    bath = BathGas.of(states, design)
    names = tuple(s.name for s in balances.species)
    found, errors = [], []
    for step in _steps(shown, design, bath):
        written, law, error = _law(step, bath)
        errors.append(error)
        found.append(_reaction(written, law, shown, design, bath, names))
    progress(1.0, f"{len(found)} reactions")
    found.sort(key=lambda one: -one.contribution)
    unexplained = tuple(" + ".join(names[j] for j in members) or "the bath gas" for members in shown.unexplained)
    error = max(errors, default=1.0)
    return CandidateFit(tuple(found), shown.candidates, 0.0, error, error, unexplained)


def _steps(shown: DetectableReactions, design: Design, bath: BathGas) -> list[_Step]:
    """Forward and reverse channels that thermodynamics joins become one reaction; the others stay one-way."""
    channels = {(channel.net, _bystanders(channel)): channel for channel in shown.channels}
    done: set[tuple[tuple[int, ...], ReactantSet]] = set()
    steps = []
    for key, channel in sorted(channels.items(), key=lambda item: -item[1].contribution):
        if key in done:
            continue
        net, known = np.array(channel.net), KnownConstants(channel.log_constant, channel.deviation)
        step = _Step(net, (known,), channel.contribution, key[1], reversible=False)
        opposite = tuple(-n for n in channel.net), key[1]
        if bath.potential is not None:
            equilibrium = bath.potential @ net
            back = channels.get(opposite)
            if back is not None:
                step = _joined(step, KnownConstants(back.log_constant + equilibrium, back.deviation))
                done |= {opposite} if step.reversible else set()
            else:
                reverse = np.exp(np.minimum(known.log_constant - equilibrium, 600.0))
                needed = tuple(np.repeat(np.arange(len(net)), np.maximum(net, 0)).tolist()) + key[1]
                step = replace(step, reversible=not is_detectable(reverse, -net, needed, shown, design))
        steps.append(step)
    return steps


def _joined(step: _Step, back: KnownConstants) -> _Step:
    """Both directions as one, where they agree."""
    ahead = step.constants[0]
    known = np.maximum(ahead.deviation, back.deviation) < LARGEST_KNOWN_DEVIATION
    allowed = LARGEST_DISAGREEMENT + 10 * (ahead.deviation + back.deviation)
    apart = np.abs(ahead.log_constant - back.log_constant) / allowed
    if known.mean() > COMPARED_CONDITIONS and np.median(apart[known]) > 1:
        return step
    return replace(step, constants=(ahead, back), reversible=True)


def _law(step: _Step, bath: BathGas) -> tuple[_Step, Law, float]:
    """The simplest rate law, written in whichever direction it fits best, and its relative error."""
    known = min(step.constants, key=lambda each: float(np.median(each.deviation)))
    directions = [replace(step, constants=(known,))]
    if step.reversible and bath.potential is not None:
        back = KnownConstants(known.log_constant - bath.potential @ step.net, known.deviation)
        directions.append(replace(step, net=-step.net, constants=(back,)))
    number, law, error = law_in_bath([each.constants[0] for each in directions], bath)
    return directions[number], law, error


def _reaction(
    step: _Step, law: Law, shown: DetectableReactions, design: Design, bath: BathGas, names: tuple[str, ...]
) -> CandidateReaction:
    """The reaction with its rate law, efficiencies and bystanders."""
    groups = [design.bath, *(np.array([j]) for j in design.species)]
    if any(term.members for term in law.terms):
        law = with_efficiencies(law, step.net, shown, design, bath)
    reactions = reactions_of(law, step.net, names, groups, bath.states.reference, thermo=step.reversible)
    beside = {names[j]: 1 for j in step.bystanders}
    reactions = tuple(
        replace(r, reactants={**r.reactants, **beside}, products={**r.products, **beside}) for r in reactions
    )
    deviation = float(step.constants[0].deviation.min())
    return CandidateReaction(tuple(step.net.tolist()), reactions, min(step.contribution, 1.0), deviation)


def _bystanders(one: Channel) -> ReactantSet:
    """Reactants that are not used up: catalysts."""
    used = Counter({j: -n for j, n in enumerate(one.net) if n < 0})
    return tuple((Counter(one.reactants) - used).elements())
