"""Balances → reactions, from the library of all candidates that the elements allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..chemistry.one_way import OneWayReaction
from ..data.balances.balances import Balances
from ..data.progress import Progress
from .candidates.enumeration import candidate_reactions
from .fit.candidate_result import CandidateFit, CandidateReaction
from .fit.production_states import ProductionStates, driving, states_of
from .fit.rate_fit import RateLawFit
from .fit.rate_law_readout import reactions_of
from .fit.rate_law_terms import Surroundings
from .fit.rate_mixtures import collider_groups, columns
from .select.backward_elimination import pruned_laws, restored_laws
from .select.candidate_selection import eliminate, enriched, first_laws, fitted, mix, split
from .select.forward_selection import with_slow_reactions
from .select.rate_law_reduction import reduced_laws
from .settings import Search

Array = NDArray[np.float64]
MANY = 80
"""Candidates above which a coarse fit sorts out most before the fine one."""
COARSE = 4.0
SORTED_OUT = 1e-5
"""Share of every species' gross flux below which the coarse fit drops a candidate."""
COLLIDERS = 12
PASSES = 1
"""Times that rate laws are made richer and simpler in turn."""
LEVELS_PER_DECADE = 4
MOST_STATES = 3000
"""States that are fitted; of more, so many drawn at random."""


def candidate_fit(
    balances: Balances, search: Search, progress: Progress, net: NDArray[np.int64] | None = None
) -> CandidateFit:
    """The fewest candidates that explain the balances, with their rate laws.

    Parameters
    ----------
    balances : Balances
        Of species with compositions; with thermodynamics where ``search.reverse`` is ``thermo``.
    search : Search
        ``reverse``, ``third_bodies``, ``molecularity`` and ``seed`` count here.
    progress : callable
        Called with the share done and a word.
    net : array of int, shape (R, S), optional
        Candidates; all that the elements allow if absent.

    Raises
    ------
    DataError
        If compositions are unknown or there are too many candidates.

    Notes
    -----
    A non-negative mixture of fixed laws is fitted for all candidates at once, a convex problem without local minima;
    the smallest contributors are dropped while data held back are explained as well without them; then each rate law
    gets its own parameters, and a second term, colliders of their own or falloff where data held back ask for it. Only
    where these laws miss less than the mixture did are reactions judged by them once more.
    """
    thermo = search.reverse == "thermo"
    states = _some_of(states_of(balances, thermo=thermo), search.seed)
    if net is None:
        net = candidate_reactions(balances.species, 2, search.molecularity)
    candidates = len(net)
    groups = collider_groups(states, COLLIDERS)
    train = split(len(states.target), search.seed)
    progress(0.1, f"{candidates} candidate reactions")
    reactions = driving(states, net)
    if len(reactions.net) > MANY:
        total = [np.arange(len(balances.species))]
        coarse = columns(states, reactions, total, COARSE, search.third_bodies, falloff=False)
        first = mix(coarse, states, np.ones(len(coarse.reaction), dtype=bool))
        reactions = reactions.select(np.flatnonzero(first.shares(coarse, len(reactions.net)) > SORTED_OUT))
    progress(0.3, f"{len(reactions.net)} candidates left")
    if not len(reactions.net):
        return CandidateFit((), candidates, 0.0, 1.0, 1.0)
    laws = columns(states, reactions, groups, 1.0, search.third_bodies)
    mixture = mix(laws, states, np.ones(len(laws.reaction), dtype=bool))
    kept = eliminate(laws, states.target, mixture, len(reactions.net), train)
    progress(0.7, f"{int(kept.sum())} reactions")
    if not kept.any():
        return CandidateFit((), candidates, mixture.errors.noise, mixture.errors.law, 1.0)
    around = Surroundings.of(states, groups)
    mixture = mix(laws, states, kept[laws.reaction])
    start = first_laws(laws, mixture, reactions, around, kept)
    third = search.third_bodies
    fit, errors = enriched(states, reactions, around, start, mixture.errors, train, third=third)
    if errors.noisy or errors.law <= mixture.errors.law:
        left = pruned_laws(states, reactions, around, fit, errors, train)
        fit, errors = fitted(states, reactions, around, left, errors)
        if errors.noisy:
            fit, errors = with_slow_reactions(states, reactions, around, fit, errors, third=third)
        else:
            left = restored_laws(states, reactions, around, fit, errors, train, third=third)
            fit, errors = fitted(states, reactions, around, left, errors)
    for _ in range(PASSES):
        fit, errors = enriched(states, reactions, around, fit.laws, errors, train, third=third)
        left = reduced_laws(states, reactions, around, fit, errors, train)
        fit, errors = fitted(states, reactions, around, left, errors)
    inverse = fit.flux.inverse
    names = tuple(s.name for s in balances.species)
    found = []
    for law, deviation in zip(fit.laws, _deviations(fit), strict=True):
        row = reactions.net[law.reaction]
        flux = states.observe(law.evaluate(around)[0] * reactions.difference[:, law.reaction])
        parts = reactions_of(law, row, names, groups, states.reference, thermo=thermo)
        found.append(CandidateReaction(tuple(int(n) for n in row), parts, _contribution(flux, row, inverse), deviation))
    found.sort(key=lambda each: -each.contribution)
    misfit = float(np.sqrt(np.mean(((fit.flux.production - states.target) * inverse) ** 2)))
    return CandidateFit(tuple(found), candidates, errors.noise, errors.law, misfit)


def _some_of(states: ProductionStates, seed: int) -> ProductionStates:
    """At most `MOST_STATES`, drawn so that every decade of the rates has its share."""
    count = len(states.target)
    if states.operator is not None or count <= MOST_STATES:
        return states
    rate = np.abs(states.target).max(axis=1) / np.maximum(states.concentrations.sum(axis=1), 1e-300)
    level = np.log10(np.maximum(rate, 1e-12 * rate.max()))
    level = np.floor(LEVELS_PER_DECADE * level).astype(int)
    order = np.random.default_rng([seed, 6]).permutation(count)
    place = np.zeros(count, dtype=int)
    for each in np.unique(level):
        members = order[level[order] == each]
        place[members] = np.arange(len(members))
    chosen = np.zeros(count, dtype=bool)
    chosen[np.argsort(place, kind="stable")[:MOST_STATES]] = True
    return states.rows(chosen)


def candidate_directions(balances: Balances, search: Search) -> tuple[OneWayReaction, ...]:
    """One-way reactions of the library that explain production rates at one temperature, without colliders."""
    states = _some_of(states_of(balances, thermo=False), search.seed)
    reactions = driving(states, candidate_reactions(balances.species, 2, search.molecularity))
    laws = columns(states, reactions, [], 1.0, third=False)
    mixture = mix(laws, states, np.ones(len(laws.reaction), dtype=bool))
    kept = eliminate(laws, states.target, mixture, len(reactions.net), split(len(states.target), search.seed))
    return tuple(
        OneWayReaction(tuple(int(n) for n in np.maximum(-row, 0)), tuple(int(n) for n in np.maximum(row, 0)))
        for row in reactions.net[kept]
    )


def _contribution(flux: Array, net: NDArray[np.int64], inverse: Array) -> float:
    return float(np.quantile(np.abs(flux)[:, None] * np.abs(net) * inverse, 0.95, axis=0).max())


def _deviations(fit: RateLawFit) -> list[float]:
    """Standard errors of the first coefficient of each law, residuals being as large as the fit left them."""
    size = np.sqrt(np.maximum(np.diag(fit.normal), 1e-300))
    inverse = np.linalg.pinv(fit.normal / np.outer(size, size), rcond=1e-14, hermitian=True)
    count = max(int(np.sum(fit.flux.net > 0)) - len(size), 1)
    deviation = np.sqrt(np.maximum(np.diag(inverse), 0.0) * fit.loss / count) / size
    starts = np.cumsum([0] + [len(law.parameters()) for law in fit.laws])[:-1]
    return [float(deviation[i]) for i in starts]
