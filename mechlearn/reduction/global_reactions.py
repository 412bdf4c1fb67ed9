"""Learnt reactions among the kept species in place of a species that cannot go otherwise.

What the species' reactions do to the others, along time histories of the mechanism, is a table of production rates as
any other; all reactions that the elements allow are fitted to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from ..chemistry.thermo import GAS_CONSTANT
from ..data.balances.balances import Balances
from ..data.progress import silent
from ..discovery.candidate_fit import candidate_fit
from ..discovery.settings import Search
from ..errors import MechlearnError
from ..formats.cantera_species import species_record
from .adjoint import Array
from .candidate_phases import source_of
from .context import Context, Stage
from .ranking import informative_states
from .reduction_records import Candidate, GlobalReaction, Task, Vector
from .refit import refitted
from .scoring import Trial, respond

_SPECIES = 6
"""So many species are tried, those with the fewest reactions first."""
_CONDITIONS = 12
_MOST = 4
"""Learnt reactions in place of a species, at most; always fewer than its own."""
_MOLECULES = 3
_TEMPERATURES = 20
_LEAST = 1e-4
"""A species whose production the lost reactions change by less, relative to the most at any state, is not asked."""


def with_learnt_reactions(context: Context, stage: Stage) -> Stage | None:
    """A species less, with a few learnt reactions in place of its own, within all limits; None if that cannot be.

    Parameters
    ----------
    context : Context
        Where it is done.
    stage : Stage
        From which nothing can be removed any more.
    """
    context = context.with_global_reactions(stage.global_reactions)
    tried = (_without(context, stage, i) for i in _promising(context, stage.candidate))
    return next(filter(None, tried), None)


def _promising(context: Context, candidate: Candidate) -> list[int]:
    """Species that may go, those with the fewest reactions first."""
    own = {i: len(context.reactions_of(i, candidate)) for i in candidate.species if i not in context.kept}
    return sorted((i for i in own if own[i]), key=lambda i: (own[i], context.rank[i], i))[:_SPECIES]


def _without(context: Context, stage: Stage, species: int) -> Stage | None:
    """The mechanism with learnt reactions in place of a species; None if it is no smaller or errs too much."""
    lost = context.reactions_of(species, stage.candidate)
    left = context.tidy(stage.candidate.without(lost))
    context.report(f"lumping {context.source.names[species]}", stage.candidate)
    learnt = _learnt(context, stage.candidate, left, lost)[: min(_MOST, len(lost) - 1)]
    first = context.source.own + len(context.task.global_reactions)
    while learnt:
        wider = context.with_global_reactions((*context.task.global_reactions, *learnt))
        tried = replace(left, reactions=(*left.reactions, *range(first, first + len(learnt))))
        candidate, merit = refitted(wider, tried)
        if merit <= 1:
            return wider.stage("global_reactions", candidate, stage)
        learnt = learnt[: len(learnt) // 2]
    return None


def _learnt(context: Context, whole: Candidate, left: Candidate, lost: Sequence[int]) -> list[GlobalReaction]:
    """Reactions among the species left that do what the lost ones did to them, those that do most first."""
    numbers = [int(i) for i in np.unique(np.linspace(0, len(context.task.conditions) - 1, _CONDITIONS).round())]
    calls = [(context.task, whole, tuple(lost), number) for number in numbers]
    tables = [each for each in context.workers.map(lost_production, calls) if each is not None]
    if not tables:
        return []
    states, amounts, production = (np.concatenate(each) for each in zip(*tables, strict=True))
    columns = np.searchsorted(whole.species, left.species)
    size = np.abs(production).max(axis=1, keepdims=True)
    share = np.abs(production[:, columns]) / np.maximum(size, 1e-300)
    asked = columns[share.max(axis=0) > _LEAST]
    rows = np.flatnonzero(size[:, 0] > 0)
    balances = Balances(
        species=tuple(species_record(context.source.species[whole.species[column]]) for column in asked),
        concentrations=amounts[np.ix_(rows, asked)],
        temperature=states[rows, 0],
        pressure=states[rows, 1],
        operator=sp.csr_array(sp.eye_array(len(rows))),
        accumulation=production[np.ix_(rows, asked)],
        scale=np.zeros((len(rows), len(asked))),
    )
    try:
        found = candidate_fit(balances, Search(method="candidates", reverse="free", molecularity=_MOLECULES), silent)
    except MechlearnError:
        return []
    learnt = [GlobalReaction.of(each) for each in found.reactions if each.rate is not None and each.rate.A > 0]
    return _merged(learnt, np.linspace(states[rows, 0].min(), states[rows, 0].max(), _TEMPERATURES))


def _merged(global_reactions: Sequence[GlobalReaction], temperatures: Vector) -> list[GlobalReaction]:
    """One reaction for each equation, its rate constant nearest to the sum of all terms at some temperatures.

    Examples
    --------
    >>> one = GlobalReaction((("A", 1.0),), (("B", 1.0),), (3.0, 0.5, 1e7))
    >>> (both,) = _merged([one, replace(one, rate=(1.0, 0.5, 1e7))], np.linspace(900.0, 1500.0, 9))
    >>> bool(abs(both.rate[0] / 4 - 1) < 1e-6)
    True
    """
    terms: dict[tuple[object, object], list[GlobalReaction]] = {}
    for reaction in global_reactions:
        terms.setdefault((reaction.reactants, reaction.products), []).append(reaction)
    basis = np.stack([np.ones_like(temperatures), np.log(temperatures), -1 / (GAS_CONSTANT * temperatures)], axis=1)
    found = []
    for group in terms.values():
        if len(group) > 1:
            k = np.sum(
                [np.exp(basis @ (np.log(a), b, energy)) for a, b, energy in (each.rate for each in group)], axis=0
            )
            size = np.abs(basis).max(axis=0)
            a, b, energy = np.linalg.lstsq(basis / size, np.log(k), rcond=None)[0] / size
            group = [replace(group[0], rate=(float(np.exp(a)), float(b), float(energy)))]
        found += group
    return found


def lost_production(
    task: Task, candidate: Candidate, lost: tuple[int, ...], number: int
) -> tuple[Array, Array, Array] | None:
    """What some reactions do along a candidate's time history at a condition; None without ignition.

    Parameters
    ----------
    task : Task
        With references.
    candidate : Candidate
        The mechanism.
    lost : tuple of int
        Some of its reactions.
    number : int
        Of the condition.

    Returns
    -------
    tuple of array, shape (N, 2), (N, S) and (N, S)
        Temperature [K] and pressure [Pa]; concentrations [kmol/m³]; their production by these reactions [kmol/m³/s].
    """
    history = respond(task, Trial(candidate), number)
    if history is None:
        return None
    gas = source_of(task.mechanism, task.phase, task.global_reactions).build(candidate)
    places = candidate.places(lost)
    net = (np.asarray(gas.product_stoich_coeffs) - np.asarray(gas.reactant_stoich_coeffs))[:, places]
    states: list[Vector] = []
    amounts, production = [], []
    for i in informative_states(history):
        history.set(gas, i)
        states.append(np.array([gas.T, gas.P]))
        amounts.append(np.maximum(gas.concentrations, 0.0))
        production.append(net @ gas.net_rates_of_progress[places])
    return np.array(states), np.array(amounts), np.array(production)
