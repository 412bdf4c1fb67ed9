"""Rate equations of a small network, in a chemist's words, and what its data hide."""

from __future__ import annotations

import numpy as np

from ..chemistry.mechanism import Mechanism, Reaction
from ..chemistry.one_way import monomial_text
from ..data.trajectories import Trajectories
from ..errors import listed

MOST_EQUATIONS = 4
ORDERS = {1: "first", 2: "second", 3: "third"}
CONSTANT = 0.2
"""Part of its largest amount by which a reactant may change in all runs together and be in excess."""


def rate_equations_text(mechanism: Mechanism) -> str:
    """Each one-way reaction with its order and the rate at which its first reactant is lost; empty for many.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Species
    >>> dimerisation = Reaction({"A": 2}, {"B": 1}, Arrhenius(0.5))
    >>> rate_equations_text(Mechanism((Species("A"), Species("B")), (dimerisation,)))
    '2 A => B is of second order: -d[A]/dt = 1 [A]^2 (kmol, m^3, s).'
    """
    if not 0 < len(mechanism.reactions) <= MOST_EQUATIONS:
        return ""
    return " ".join(filter(None, map(_equation_text, mechanism.reactions)))


def _equation_text(reaction: Reaction) -> str:
    orders = {name: float(n) for name, n in {**reaction.reactants, **(reaction.orders or {})}.items() if n}
    order = sum(orders.values())
    lost = next((name for name, change in reaction.net.items() if change < 0), None)
    if reaction.rate is None or reaction.third_body is not None or lost is None or order not in ORDERS:
        return ""
    rate = -reaction.net[lost] * reaction.rate.A
    one_way = reaction.equation.replace("<=>", "=>").strip()
    equation = f"-d[{lost}]/dt = {rate:.3g} {monomial_text(orders)} (kmol, m^3, s)"
    return f"{one_way} is of {ORDERS[round(order)]} order: {equation}."


def excess_text(mechanism: Mechanism, runs: Trajectories) -> str:
    """Which reactants change too little for the data to show their order; empty where none."""
    used = {name for reaction in mechanism.reactions for name, change in reaction.net.items() if change < 0}
    hidden = [
        name
        for name, values in zip(
            runs.species_names, np.concatenate([r.concentrations for r in runs.runs]).T, strict=True
        )
        if name in used and np.nanmax(values) - np.nanmin(values) < CONSTANT * np.nanmax(values)
    ]
    if not hidden:
        return ""
    return (
        f"{listed(hidden)} {'is' if len(hidden) == 1 else 'are'} in excess and hardly "
        f"change{'s' if len(hidden) == 1 else ''}, so that the order in {'it' if len(hidden) == 1 else 'them'} is "
        "hidden in the rate constant: add a run with another amount."
    )
