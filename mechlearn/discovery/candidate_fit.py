"""Balances → reactions, from all candidates that the elements allow."""

from __future__ import annotations

import numpy as np

from ..chemistry.arrays import Integers
from ..chemistry.one_way import OneWayReaction
from ..data.balances.balances import Balances
from ..data.progress import Progress
from .candidates.enumeration import candidate_reactions
from .fit.candidate_result import CandidateFit, CandidateReaction
from .fit.production_states import ProductionStates, driving, states_of
from .fit.rate_fit import RateLawFit, RateLawProblem, fitted_with_errors
from .fit.rate_law_terms import Surroundings, reactions_of
from .fit.rate_mixtures import collider_groups, columns
from .fit.scaled_matrices import inverse_of
from .select.backward_elimination import needed_laws, restored_laws
from .select.candidate_selection import first_laws, mix, needed_reactions
from .select.criterion import split
from .select.forward_selection import with_slow_reactions
from .select.rate_law_extension import with_extensions
from .select.rate_law_reduction import reduced_laws
from .settings import Search

MOST_FINE = 80
"""Candidates above which a coarse fit sorts out most before the fine one."""
COARSE = 4.0
LEAST_CONTRIBUTION = 1e-5
"""To every species' gross flux, below which the coarse fit drops a candidate."""
COLLIDERS = 12
LEVELS_PER_DECADE = 4
MOST_STATES = 3000
"""States that are fitted; of more, so many drawn at random."""


def candidate_fit(balances: Balances, search: Search, progress: Progress, net: Integers | None = None) -> CandidateFit:
    """The fewest candidates that explain the balances, with their rate laws.

    Parameters
    ----------
    balances : Balances
        Of species with compositions; with thermodynamics where ``search.reverse`` is ``thermo``.
    search : Search
        ``reverse``, ``third_bodies``, ``molecularity`` and ``seed`` count here.
    progress : callable
        Called with the part done and a word.
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
    where these laws miss less than the mixture did are reactions assessed by them once more.
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
    if len(reactions.net) > MOST_FINE:
        total = [np.arange(len(balances.species))]
        coarse = mix(columns(states, reactions, total, COARSE, search.third_bodies, falloff=False), states)
        reactions = reactions.select(np.flatnonzero(coarse.contributions() > LEAST_CONTRIBUTION))
    progress(0.3, f"{len(reactions.net)} candidates left")
    if not len(reactions.net):
        return CandidateFit((), candidates, 0.0, 1.0, 1.0)
    third = search.third_bodies
    mixture = mix(columns(states, reactions, groups, 1.0, third), states)
    kept = needed_reactions(mixture, states.target, train)
    progress(0.7, f"{int(kept.sum())} reactions")
    if not kept.any():
        return CandidateFit((), candidates, mixture.errors.noise, mixture.errors.law, 1.0)
    problem = RateLawProblem(states, reactions, Surroundings.of(states, groups))
    mixture = mix(mixture.columns, states, kept)
    fit, errors = with_extensions(problem, first_laws(mixture, problem, kept), mixture.errors, train, third=third)
    if errors.noisy or errors.law <= mixture.errors.law:
        fit, errors = fitted_with_errors(problem, needed_laws(problem, fit, train), errors)
        if errors.noisy:
            fit, errors = with_slow_reactions(problem, fit, errors, third=third)
        else:
            restored = restored_laws(problem, fit, errors, train, third=third)
            fit, errors = fitted_with_errors(problem, restored, errors)
    fit, errors = with_extensions(problem, fit.laws, errors, train, third=third)
    fit, errors = fitted_with_errors(problem, reduced_laws(problem, fit, train), errors)
    names = tuple(s.name for s in balances.species)
    found = []
    for law, deviation in zip(fit.laws, _deviations(fit), strict=True):
        row = reactions.net[law.reaction]
        parts = reactions_of(law, row, names, groups, states.reference, thermo=thermo)
        found.append(CandidateReaction(tuple(row.tolist()), parts, problem.contribution(law, fit.flux), deviation))
    found.sort(key=lambda each: -each.contribution)
    misfit = float(np.sqrt(np.mean(((fit.flux.production - states.target) * fit.flux.inverse) ** 2)))
    return CandidateFit(tuple(found), candidates, errors.noise, errors.law, misfit)


def _some_of(states: ProductionStates, seed: int) -> ProductionStates:
    """At most `MOST_STATES`, drawn so that every decade of the rates is there."""
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
    """One-way candidates that explain production rates at one temperature, without colliders."""
    states = _some_of(states_of(balances, thermo=False), search.seed)
    reactions = driving(states, candidate_reactions(balances.species, 2, search.molecularity))
    mixture = mix(columns(states, reactions, [], 1.0, third=False), states)
    kept = needed_reactions(mixture, states.target, split(len(states.target), search.seed))
    return tuple(
        OneWayReaction(tuple(np.maximum(-row, 0).tolist()), tuple(np.maximum(row, 0).tolist()))
        for row in reactions.net[kept]
    )


def _deviations(fit: RateLawFit) -> list[float]:
    """Standard errors of the first coefficient of each law, residuals being as large as the fit left them."""
    sizes = [len(law.parameters()) for law in fit.laws]
    variance = np.maximum(np.diag(inverse_of(fit.normal, 1e-14)), 0.0)
    count = max(int(np.sum(fit.flux.net > 0)) - len(variance), 1)
    first = np.cumsum([0, *sizes[:-1]])
    return [float(each) for each in np.sqrt(variance * fit.loss / count)[first]]
