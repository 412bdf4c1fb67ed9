"""The search for other networks: those with the same dynamics, and those that the data cannot tell apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..balances.record import Balances
from ..kinetics import rate_constants
from ..learning.complexes import Complex, Direction
from ..learning.rates import RateFit, fit_rates
from ..learning.scaling import Scaled, scaled
from ..learning.stoichiometry import Stoichiometry, conserving_rows, element_laws, free_rows
from ..mechanism import Arrhenius, Mechanism, Reaction
from ..search import Search
from .deciding import most_different_state
from .equivalent import mixtures
from .indistinct import candidate_directions, substitutes, undetermined
from .record import Alternative, Alternatives

Array = NDArray[np.float64]

MOST_OF_ONE = 2
"""Mixtures that are named for one reaction; the others are counted."""
MOST_MORE = 3
"""Reactions that an alternative which agrees on the data may have more, to be named."""
EQUIVALENT = "networks with the same dynamics, up to {coefficient} molecules of a species and {order} on a side"
ON_DATA = "; networks of reactions of at most two molecules on a side that agree on the data"
SPREAD = 1e-6


def find_alternatives(mechanism: Mechanism, balances: Balances, search: Search | None = None) -> Alternatives:
    """Other sets of reactions that explain the data as well as a learnt mechanism.

    Parameters
    ----------
    mechanism : Mechanism
        Learnt from the balances, its species in the same order.
    balances : Balances
        Production rates at states.
    search : Search, optional
        With which it was learnt: ``conserve`` and the largest coefficients say which reactions count.

    Returns
    -------
    Alternatives

    Notes
    -----
    First, for each one-way reaction with its own rate constant, mixtures of others with the same reactants that make
    the same of every state. Then, at one temperature, it is tested whether the data determine what each reactant
    complex makes: its monomial must differ from all mixtures of monomials up to order 2. Where it does not, all
    candidates together are fitted without the reaction, and what is left after dropping those that are not needed is
    an alternative if it explains the data as well. Elements of known compositions exclude reactions, unless
    ``conserve`` is ``none`` or ``data``; laws that are found in the data do not, as a network with the same dynamics
    obeys them too.
    """
    search = search or Search()
    elements = element_laws(balances.species) if all(s.composition for s in balances.species) else None
    limits = (search.max_coefficient, search.max_order)
    bound = elements is not None and search.conserve in ("auto", "elements")
    stoichiometry = (
        conserving_rows(elements, *limits)
        if elements is not None and bound
        else free_rows(len(balances.species), *limits)
    )
    looked_at = EQUIVALENT.format(coefficient=search.max_coefficient, order=search.max_order)
    found: list[Alternative] = []
    further = 0
    mine = one_way(mechanism)
    present = {direction for direction, _ in mine}
    for direction, constant in mine:
        listed = mixtures(direction, stoichiometry)
        further += max(len(listed) - MOST_OF_ONE, 0)
        for mixture in listed[:MOST_OF_ONE]:
            by = [(Direction(direction.reactants, products), constant * share) for products, share in mixture]
            found.append(
                Alternative(
                    (_reaction(direction, constant, mechanism),),
                    tuple(_reaction(each, k, mechanism) for each, k in by),
                    more=sum(each not in present for each, _ in by) - 1,
                    everywhere=True,
                    unbalanced=elements is not None and not all(_balanced(each, elements) for each, _ in by),
                )
            )
    open_: tuple[Complex, ...] | None = None
    if _one_temperature(balances) and _all_one_way(mechanism):
        problem = scaled(balances)
        directions = tuple(direction for direction, _ in one_way(mechanism))
        fit = fit_rates(problem, directions, search.rate_fit)
        open_ = undetermined(problem, fit)
        for direction in fit.directions if open_ else ():
            if open_ and direction.reactants in open_:
                other = _on_data(problem, fit, direction, stoichiometry, mechanism)
                if other is not None and other.more <= MOST_MORE:
                    found.append(other)
                further += other is not None and other.more > MOST_MORE
    return Alternatives(
        found=tuple(sorted(_distinct(found), key=lambda each: (each.unbalanced, each.more, not each.everywhere))),
        more=further,
        undetermined=tuple(_side_text(y, mechanism) for y in open_ or ()),
        looked_at=looked_at if open_ is None else looked_at + ON_DATA,
    )


def one_way(mechanism: Mechanism) -> list[tuple[Direction, float]]:
    """Directions with a rate constant of their own at the mechanism's temperature, and the constant."""
    forward, reverse = rate_constants(mechanism, mechanism.temperature)
    found = []
    for i, reaction in enumerate(mechanism.reactions):
        if reaction.reversible or reaction.third_body is not None or reaction.orders is not None:
            continue
        left = tuple(int(n) for n in mechanism.reactants[i])
        right = tuple(int(n) for n in mechanism.products[i])
        found.append((Direction(left, right), float(forward[i])))
        if reaction.reverse_rate is not None:
            found.append((Direction(right, left), float(reverse[i])))
    return found


def _all_one_way(mechanism: Mechanism) -> bool:
    return bool(mechanism.reactions) and not any(
        r.reversible or r.third_body is not None or r.orders is not None for r in mechanism.reactions
    )


def _one_temperature(balances: Balances) -> bool:
    temperature = balances.temperature[np.isfinite(balances.temperature)]
    square = balances.operator.shape[0] == balances.operator.shape[1]
    return square and (not temperature.size or bool(np.ptp(temperature) <= SPREAD * temperature.max()))


def _on_data(
    problem: Scaled, fit: RateFit, direction: Direction, stoichiometry: Stoichiometry, mechanism: Mechanism
) -> Alternative | None:
    """A network without this direction that agrees on the data, as what it has less and more than the mechanism."""
    candidates = candidate_directions(problem.concentrations.shape[1], stoichiometry)
    other = substitutes(problem, fit, direction, candidates)
    if other is None:
        return None
    state, difference = most_different_state((fit.directions, fit.constants), other, problem.concentrations)
    constants = dict(zip(fit.directions, _physical(problem, fit.directions, fit.constants), strict=True))
    others = dict(zip(other[0], _physical(problem, *other), strict=True))
    replaced = tuple(_reaction(d, k, mechanism) for d, k in constants.items() if d not in others)
    by = tuple(_reaction(d, k, mechanism) for d, k in others.items() if d not in constants)
    return Alternative(
        replaced,
        by,
        more=len(by) - len(replaced),
        everywhere=False,
        difference=difference,
        state={
            name: float(value * problem.concentration_unit)
            for name, value in zip(mechanism.species_names, state, strict=True)
        },
    )


def _physical(problem: Scaled, directions: tuple[Direction, ...], constants: Array) -> list[float]:
    orders = np.array([d.reactants for d in directions], dtype=float)
    return [float(k) for k in problem.rate_constants(constants, orders)]


def _distinct(found: list[Alternative]) -> list[Alternative]:
    seen: dict[tuple[tuple[str, ...], tuple[str, ...]], Alternative] = {}
    for each in found:
        key = tuple(sorted(r.equation for r in each.replaced)), tuple(sorted(r.equation for r in each.by))
        seen.setdefault(key, each)
    return list(seen.values())


def _balanced(direction: Direction, elements: Array) -> bool:
    return bool(np.abs(elements @ np.subtract(direction.products, direction.reactants)).max() < 1e-6)


def _reaction(direction: Direction, constant: float, mechanism: Mechanism) -> Reaction:
    left, right = (
        {name: n for name, n in zip(mechanism.species_names, side, strict=True) if n}
        for side in (direction.reactants, direction.products)
    )
    return Reaction(left, right, Arrhenius(constant))


def _side_text(complex_: Complex, mechanism: Mechanism) -> str:
    counts = zip(complex_, mechanism.species_names, strict=True)
    return " + ".join(name if count == 1 else f"{count} {name}" for count, name in counts if count)
