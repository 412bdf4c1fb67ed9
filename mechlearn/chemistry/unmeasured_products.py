"""Products that nobody measured: what reactions use up and do not give back, as species of their own in a file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from .arrays import Array
from .conservation import conservation_laws
from .mechanism import Mechanism, Species

NAME = "unmeasured"


def with_unmeasured_products(mechanism: Mechanism) -> Mechanism:
    """The mechanism with one more product in each reaction that uses up what its products cannot hold.

    Compositions are unknown; then any positive masses of the species will do under which no one-way reaction gains and
    no reversible one changes any, and as many others as possible lose none. No rate depends on the products added.

    Parameters
    ----------
    mechanism : Mechanism
        Returned as it is where it balances, a composition is known, or a reaction makes matter from nothing.

    Returns
    -------
    Mechanism
        With species ``unmeasured``, or ``unmeasured_1`` and so on, behind its own.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction
    >>> species = (Species("E"), Species("S"), Species("ES"))
    >>> binding = Reaction({"E": 1, "S": 1}, {"ES": 1}, Arrhenius(1e6), reverse_rate=Arrhenius(1e3))
    >>> release = Reaction({"ES": 1}, {"E": 1}, Arrhenius(10.0))
    >>> with_unmeasured_products(Mechanism(species, (binding, release))).equations
    ('E + S <=> ES', 'ES => E + unmeasured')
    """
    losing = losing_reactions(mechanism)
    if not losing:
        return mechanism
    taken = set(mechanism.species_names)
    numbered = [NAME] if len(losing) == 1 else [f"{NAME}_{i + 1}" for i in range(len(losing))]
    names = [name if name not in taken else f"{name}_product" for name in numbered]
    reactions = list(mechanism.reactions)
    for name, i in zip(names, losing, strict=True):
        reactions[i] = replace(reactions[i], products={**reactions[i].products, name: 1})
    species = (*mechanism.species, *(Species(name) for name in names))
    return replace(mechanism, species=species, reactions=tuple(reactions))


def losing_reactions(mechanism: Mechanism) -> tuple[int, ...]:
    """Numbers of the reactions whose products cannot hold all that they use up; empty where all balance or none can."""
    net = np.asarray(mechanism.net, dtype=float)
    if not len(net) or any(species.composition for species in mechanism.species):
        return ()
    if np.all(conservation_laws(net).sum(axis=0) > 0):
        return ()
    conserving = [i for i, r in enumerate(mechanism.reactions) if r.reversible or r.reverse_rate is not None]
    if not _masses_exist(net, conserving):
        return ()
    for i in range(len(net)):
        if i not in conserving and _masses_exist(net, [*conserving, i]):
            conserving.append(i)
    return tuple(i for i in range(len(net)) if i not in conserving)


def _masses_exist(net: Array, conserving: list[int]) -> bool:
    """Whether positive masses exist that no reaction gains and those in ``conserving`` conserve."""
    others = np.setdiff1d(np.arange(len(net)), conserving)
    limits, equal = (np.zeros(len(each)) for each in (others, conserving))
    answer = linprog(np.ones(net.shape[1]), net[others], limits, net[conserving], equal, bounds=(1.0, None))
    return answer.x is not None


def unmeasured_text(mechanism: Mechanism) -> str:
    """In a sentence what `with_unmeasured_products` adds; empty where that is nothing."""
    losing = losing_reactions(mechanism)
    if not losing:
        return ""
    equations = "; ".join(mechanism.reactions[i].equation.strip() for i in losing)
    use = "uses" if len(losing) == 1 else "use"
    return f"What {equations} {use} up becomes a product that was not measured, `{NAME}` in the mechanism file."
