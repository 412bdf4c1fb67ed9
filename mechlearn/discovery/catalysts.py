"""Species on both sides: where they are asked for, where the data demand them, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..chemistry.one_way import Complex, OneWayReaction, complex_text
from ..data.balances.balances import Balances
from .candidates.network.every_complex import solution_from_every_complex, solution_that_needs_catalysts
from .candidates.network.solution import Solution
from .candidates.network.stoichiometry import Stoichiometry
from .fit.scaling import Scaled
from .settings import Adam, Search


def solution_with_catalysts(
    problem: Scaled, stoichiometry: Stoichiometry, search: Search
) -> tuple[Solution | None, tuple[Complex, ...]]:
    """Reactions with catalysts where these are asked for or needed, and the complexes that show the need.

    None where they are not, or the states do not determine what every complex makes.
    """
    if search.method == "candidates" or isinstance(search.optimizer, Adam):
        return None, ()
    if search.catalysts:
        return solution_from_every_complex(problem, replace(stoichiometry, catalysts=True), search), ()
    return solution_that_needs_catalysts(problem, stoichiometry, search) or (None, ())


NOT_LOOKED_FOR = (
    " With catalysts nothing was found: these states do not distinguish all complexes of two or three molecules, or "
    "reactions of such complexes do not explain them. Bring states in which all concentrations differ independently."
)


def reason_text(solution: Solution, needed: tuple[Complex, ...], balances: Balances) -> str:
    """What the data show that no reactions without catalysts can do."""
    names = [s.name for s in balances.species]
    parts = []
    for y in needed:
        own = [d for d in solution.fit.directions if d.reactants == y]
        equations = "; ".join(d.equation(names) for d in own)
        kept = [
            s.name
            for s, a, *ps in zip(balances.species, y, *(d.products for d in own), strict=True)
            if a and any(p >= a for p in ps)
        ]
        part = f"is in the rate of {equations} but not used up" if kept else "is used up more slowly than its rate says"
        parts.append(f"{' and '.join(kept) or complex_text(y, names)} {part}")
    return "; ".join(parts)


def same_rate_law_text(solution: Solution, balances: Balances) -> str:
    """Reactions with a catalyst that can be written without it, at a smaller rate constant."""
    names = [s.name for s in balances.species]
    texts = []
    for d in solution.fit.directions:
        net = np.subtract(d.products, d.reactants)
        twice = d.reactants + 2 * net
        if np.any(np.minimum(d.reactants, d.products)) and np.all(twice >= 0):
            other = OneWayReaction(d.reactants, tuple(int(c) for c in twice))
            texts.append(
                f" {d.equation(names)} has the smallest whole change; {other.equation(names)} at "
                "half its rate constant is the same law."
            )
    return "".join(texts)
