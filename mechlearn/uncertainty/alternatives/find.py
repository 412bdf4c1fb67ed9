"""The search for other networks: those with the same dynamics, and those that the data cannot discriminate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...chemistry.arrays import Array
from ...chemistry.kinetics import rate_constants
from ...chemistry.mechanism import Arrhenius, Mechanism, Reaction
from ...chemistry.one_way import Complex, OneWayReaction, complex_text, one_way_reactions
from ...data.balances.balances import Balances
from ...discovery.candidates.network.stoichiometry import Stoichiometry, conserving_rows, element_laws, free_rows
from ...discovery.fit.rate_constants import fit_rates
from ...discovery.fit.scaling import Scaled, scaled
from ...discovery.fit.temperature_basis import TemperatureBasis
from ...discovery.fit.trajectory_result import CompetingNetwork
from ...discovery.settings import Search
from ...discovery.trajectory_learner import competing_networks
from ..experiment_design import most_different_state
from .alternatives_result import Alternative, Alternatives
from .equivalent import mixtures
from .exchange import exchanges
from .indistinguishable import candidate_directions, substitutes, undetermined

MAXIMUM_PER_REACTION = 2
"""Mixtures that are named for one reaction; the others are counted."""
MAXIMUM_MORE = 3
"""Reactions that an alternative which agrees on the data may have more, to be named."""
EQUIVALENT = "networks with the same dynamics, up to {coefficient} molecules of a species and {order} on a side"
ON_TRAJECTORIES = "; networks one reaction away, of all that are possible, whose trajectories explain the data as well"
EXCHANGED = "; one reaction in place of another, of all that the elements allow, at all temperatures of the data"
ON_DATA = "; networks of reactions of at most two molecules on a side that agree on the data"
ISOTHERMAL_RANGE = 1e-6


def find_alternatives(
    mechanism: Mechanism,
    balances: Balances,
    search: Search | None = None,
    *,
    neighbouring: tuple[CompetingNetwork, ...] | None = None,
) -> Alternatives:
    """Competing sets of reactions that explain the data as well as a learnt mechanism.

    Parameters
    ----------
    mechanism : Mechanism
        Learnt from the balances, its species in the same order.
    balances : Balances
        Production rates at states, or balances of concentrations alone.
    search : Search, optional
        With which it was learnt: ``conserve`` and the largest coefficients say which reactions count.
    neighbouring : tuple of CompetingNetwork, optional
        For concentrations alone: networks that are known to explain them as well
        (``discovery.trajectory_fit.alternatives``, which saves time); by default they are looked for.

    Returns
    -------
    Alternatives

    Notes
    -----
    First, for each one-way reaction with its own rate constant, mixtures of others with the same reactants that make
    the same of every state. Then, at one temperature, it is tested whether the data determine what each reactant
    complex makes: its monomial must differ from all mixtures of monomials up to order 2. Where it does not, all
    candidates together are fitted without the reaction, and what is left after dropping those that are not needed is
    an alternative if it explains the data as well. At several temperatures, with reverse rates from thermodynamics or
    with third bodies, and with known compositions, each reaction in turn is exchanged for each absent candidate, while
    the rate laws of all others adapt. Elements of known compositions exclude reactions, unless ``conserve`` is
    ``none`` or ``data``; laws that are found in the data do not, as a network with the same dynamics obeys them too.
    """
    search = search or Search()
    elements = element_laws(balances.species) if all(s.composition for s in balances.species) else None
    limits = (search.max_coefficient, search.max_order)
    if elements is not None and search.conserve in ("auto", "elements"):
        stoichiometry = conserving_rows(elements, *limits)
    else:
        stoichiometry = free_rows(len(balances.species), *limits)
    scope = EQUIVALENT.format(coefficient=search.max_coefficient, order=search.max_order)
    found, further = _same_dynamics(mechanism, stoichiometry, elements)
    if balances.trajectories is not None:
        if neighbouring is None:
            neighbouring = competing_networks(dict(one_way(mechanism, balances.temperature)), balances, search)
        mine, states, kelvin = (
            dict(one_way(mechanism, balances.temperature)),
            balances.concentrations,
            balances.temperature,
        )
        for each in neighbouring or ():
            others = dict(zip(each.directions, each.rates, strict=True))
            found.append(_competing(mechanism, mine, others, states, kelvin))
        return _sorted(found, further, (), scope + ON_TRAJECTORIES * (neighbouring is not None))
    if not (_one_temperature(balances) and _all_one_way(mechanism)):
        known = elements is not None and mechanism.reactions
        swapped = exchanges(mechanism, balances, search) if known else None
        exchanged, more = swapped or ([], 0)
        return _sorted(found + exchanged, further + more, (), scope + EXCHANGED * (swapped is not None))
    on_data, more, open_ = _on_data(mechanism, balances, search, stoichiometry)
    names = tuple(complex_text(y, mechanism.species_names) for y in open_ or ())
    return _sorted(found + on_data, further + more, names, scope if open_ is None else scope + ON_DATA)


def _same_dynamics(
    mechanism: Mechanism, stoichiometry: Stoichiometry, elements: Array | None
) -> tuple[list[Alternative], int]:
    """Mixtures that make the same of every state, and how many more there are."""
    found: list[Alternative] = []
    further = 0
    mine = one_way(mechanism)
    present = {direction for direction, _ in mine}
    for direction, rate in mine:
        listed = [] if direction.orders else mixtures(direction, stoichiometry)
        further += max(len(listed) - MAXIMUM_PER_REACTION, 0)
        for mixture in listed[:MAXIMUM_PER_REACTION]:
            by = {
                OneWayReaction(direction.reactants, products): replace(rate, A=rate.A * part)
                for products, part in mixture
            }
            found.append(
                Alternative(
                    _reactions({direction: rate}, mechanism),
                    _reactions(by, mechanism),
                    n_more=len(by.keys() - present) - 1,
                    structurally_equivalent=True,
                    unbalanced=elements is not None and not all(_balanced(each, elements) for each in by),
                )
            )
    return found, further


def _on_data(
    mechanism: Mechanism, balances: Balances, search: Search, stoichiometry: Stoichiometry
) -> tuple[list[Alternative], int, tuple[Complex, ...] | None]:
    """Networks that agree on rates at states, how many more there are, and the complexes that are left open."""
    problem = scaled(balances)
    fit = fit_rates(problem, tuple(direction for direction, _ in one_way(mechanism)), search.rate_fit)
    open_ = undetermined(problem, fit)
    candidates = candidate_directions(problem.concentrations.shape[1], stoichiometry)
    states = problem.concentrations * problem.concentration_unit
    kelvin = np.full(len(states), mechanism.temperature)
    found = []
    for direction in fit.directions if open_ else ():
        other = substitutes(problem, fit, direction, candidates) if direction.reactants in (open_ or ()) else None
        if other is not None:
            mine, others = (_constants(problem, *network) for network in ((fit.directions, fit.constants), other))
            found.append(_competing(mechanism, mine, others, states, kelvin))
    named = [other for other in found if other.n_more <= MAXIMUM_MORE]
    return named, len(found) - len(named), open_


def _constants(
    problem: Scaled, directions: tuple[OneWayReaction, ...], scaled: Array
) -> dict[OneWayReaction, Arrhenius]:
    """Rate constants in kmol, m³ and s, by the reaction, from scaled ones."""
    orders = np.array([each.reactants for each in directions], dtype=float)
    constants = problem.rate_constants(scaled, orders).tolist()
    return {direction: Arrhenius(constant) for direction, constant in zip(directions, constants, strict=True)}


def _sorted(found: list[Alternative], further: int, open_: tuple[str, ...], scope: str) -> Alternatives:
    distinct: dict[tuple[tuple[str, ...], ...], Alternative] = {}
    for each in found:
        sides = (each.replaced, each.replacement)
        distinct.setdefault(tuple(tuple(sorted(r.equation for r in side)) for side in sides), each)
    ordered = sorted(distinct.values(), key=lambda x: (x.unbalanced, x.n_more, not x.structurally_equivalent))
    return Alternatives(found=tuple(ordered), n_more=further, undetermined=open_, scope=scope)


def one_way(mechanism: Mechanism, temperature: Array | None = None) -> list[tuple[OneWayReaction, Arrhenius]]:
    """Directions with a rate constant of their own, and that.

    With the temperatures [K] of data also both directions of the reactions whose reverse one follows from
    thermodynamics, as an Arrhenius law there.
    """
    found = []
    for i, part, direction in one_way_reactions(mechanism):
        reaction = mechanism.reactions[i]
        rate = reaction.rate if part == "forward" else reaction.reverse_rate
        if reaction.third_body is not None or (reaction.reversible and temperature is None):
            continue
        if rate is None and temperature is not None:
            rate = _reverse_law(replace(mechanism, reactions=(reaction,)), temperature)
        if rate is not None:
            found.append((direction, rate))
    return found


def _reverse_law(mechanism: Mechanism, temperature: Array) -> Arrhenius:
    """The Arrhenius law nearest to the reverse rate constant of a mechanism's only reaction."""
    kelvin = np.unique(np.where(np.isfinite(temperature), temperature, mechanism.temperature))
    basis = TemperatureBasis.of(kelvin)
    return basis.law(basis.fitted(kelvin, np.log(rate_constants(mechanism, kelvin)[1].reshape(len(kelvin), -1)[:, 0])))


def _all_one_way(mechanism: Mechanism) -> bool:
    return bool(mechanism.reactions) and not any(
        r.reversible or r.third_body is not None or r.orders is not None for r in mechanism.reactions
    )


def _one_temperature(balances: Balances) -> bool:
    temperature = balances.temperature[np.isfinite(balances.temperature)]
    square = balances.operator.shape[0] == balances.operator.shape[1]
    return square and (not temperature.size or bool(np.ptp(temperature) <= ISOTHERMAL_RANGE * temperature.max()))


def _competing(
    mechanism: Mechanism,
    mine: Mapping[OneWayReaction, Arrhenius],
    others: Mapping[OneWayReaction, Arrhenius],
    concentrations: Array,
    temperature: Array,
) -> Alternative:
    """Another network with its rate constants, as what it has less and more, and the state that discriminates."""
    networks = [replace(mechanism, reactions=_reactions(rates, mechanism)) for rates in (mine, others)]
    replaced = _reactions({d: k for d, k in mine.items() if d not in others}, mechanism)
    by = _reactions({d: k for d, k in others.items() if d not in mine}, mechanism)
    state = most_different_state(networks[0], networks[1], concentrations, temperature)
    return Alternative(replaced, by, n_more=len(by) - len(replaced), structurally_equivalent=False, where=state)


def _balanced(direction: OneWayReaction, elements: Array) -> bool:
    return bool(np.abs(elements @ np.subtract(direction.products, direction.reactants)).max() < 1e-6)


def _reactions(rates: Mapping[OneWayReaction, Arrhenius], mechanism: Mechanism) -> tuple[Reaction, ...]:
    names = mechanism.species_names
    return tuple(each.with_rate(rate, names) for each, rate in rates.items())
