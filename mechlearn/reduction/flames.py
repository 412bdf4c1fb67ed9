"""Free flat flames by Cantera: on a grid of their own, or on the grid of the source's flame, with sensitivities.

Candidates are solved on the grid that the source's flame has, so that most of the grid's error cancels in the ratio
of speeds. Each starts from the source's flame, never from another candidate's, so that no result depends on the order
of work. Effort is counted in Jacobians, not in seconds, so that it ends at the same place on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from .reduction_records import Change, Condition, Flame

Criteria = tuple[float, float, float]
SEARCHED: Criteria = (3.0, 0.15, 0.25)
"""Ratio, slope and curve of Cantera's refinement, where candidates are compared."""
ASSESSED: Criteria = (3.0, 0.06, 0.12)
"""Where the result is judged."""
TWICE_AS_FINE: Criteria = (2.0, 0.03, 0.06)
_WIDTH = 0.06
"""Of the first grid [m]; Cantera doubles it as long as the flame does not fit in."""
_MOST_ANEW, _MOST_MOVED = 2000.0, 30.0
"""Jacobians until a flame on a growing grid, and one on a given grid, is given up."""
_LEAST_RISE = 300.0
"""A flame that warms the gas by less is none [K]."""
_TELLING, _STEP = 0.01, 1e-4
"""Reactions to which the speed is less sensitive than this part of the most are not asked for b and e."""


class _GivenUpError(Exception):
    """The flame takes too long."""


def free_flame(
    gas: ct.Solution, condition: Condition, transport: str, criteria: Criteria, start: Flame | None = None
) -> Flame | None:
    """A flame on a grid refined by the criteria; None where the solver finds none.

    Parameters
    ----------
    gas : cantera.Solution
        Its transport model is changed.
    condition : Condition
        The unburnt gas.
    transport : str
        Cantera's name of the model.
    criteria : tuple of float
        Ratio, slope, curve.
    start : Flame, optional
        Of the same gas on a coarser grid.
    """
    flame = _solved(gas, condition, transport, start, criteria)
    if flame is None:
        return None
    return Flame(flame.grid.copy(), flame.T.copy(), flame.velocity.copy(), flame.Y.copy(), flame.fixed_temperature)


def moved_flame(
    gas: ct.Solution, condition: Condition, transport: str, start: Flame, names: Sequence[str]
) -> ct.FreeFlame | None:
    """The flame of a candidate on the grid of the source's flame; None where the solver finds none.

    Parameters
    ----------
    gas : cantera.Solution
        The candidate; its transport model is changed.
    condition : Condition
        The unburnt gas.
    transport : str
        Cantera's name of the model.
    start : Flame
        Of the source.
    names : sequence of str
        Species of the source.
    """
    rows = [names.index(name) for name in gas.species_names]
    own = replace(start, fractions=start.fractions[rows] / start.fractions[rows].sum(axis=0))
    return _solved(gas, condition, transport, own, None)


def speed_slopes(
    flame: ct.FreeFlame, changed: Callable[[int, Change], ct.Reaction], free: Sequence[bool]
) -> NDArray[np.float64]:
    """Derivatives of ln(speed) with respect to a, b and e of every reaction's change, by Cantera's adjoint.

    Parameters
    ----------
    flame : cantera.FreeFlame
        Solved.
    changed : callable
        Gives a reaction of the candidate with a further change.
    free : sequence of bool
        Which rate constants can change; of the others only a is asked.

    Returns
    -------
    array, shape (reactions, 3)
    """
    gas, count = flame.gas, flame.gas.n_reactions
    functional = np.zeros(sum(domain.n_components * domain.n_points for domain in flame.domains))
    functional[flame.inlet.n_components + flame.flame.component_index("velocity")] = 1 / flame.velocity[0]

    def scale(_: Any, j: int, size: float) -> None:
        gas.set_multiplier(1 + size, j)

    slopes = np.zeros((count, 3))
    solve: Any = flame.solve_adjoint  # which Cantera's stubs say returns nothing
    slopes[:, 0] = solve(scale, count, functional)
    least = _TELLING * np.abs(slopes[:, 0]).max()
    informative = [j for j in range(count) if free[j] and abs(slopes[j, 0]) > least]

    def change(_: Any, number: int, size: float) -> None:
        place, which = divmod(number, 2)
        step = (0.0, 0.0 if which else size, size if which else 0.0)
        gas.modify_reaction(informative[place], changed(informative[place], step))

    slopes[informative, 1:] = solve(change, 2 * len(informative), functional, dp=_STEP).reshape(-1, 2)
    return slopes


def _solved(
    gas: ct.Solution, condition: Condition, transport: str, start: Flame | None, criteria: Criteria | None
) -> ct.FreeFlame | None:
    """The flame, on a growing grid if there are criteria; None if the solver fails or is given up."""
    try:
        gas.transport_model = transport
        gas.TPX = condition.temperature, condition.pressure, dict(condition.mixture)
        flame = ct.FreeFlame(gas, **({"width": _WIDTH} if start is None else {"grid": start.grid}))
        flame.set_initial_guess()
        if start is not None:
            _begin(flame, start)
        if criteria is not None:
            flame.set_refine_criteria(*criteria)
        flame.set_interrupt(_limit(flame, _MOST_MOVED if criteria is None else _MOST_ANEW))
        flame.solve(loglevel=0, refine_grid=criteria is not None, auto=start is None)
        flame.set_interrupt(lambda _: 0.0)
    except (ct.CanteraError, _GivenUpError):
        return None
    burnt = np.all(np.isfinite(flame.T)) and flame.T[-1] > condition.temperature + _LEAST_RISE
    return flame if burnt and flame.velocity[0] > 0 else None


def _begin(flame: ct.FreeFlame, start: Flame) -> None:
    """Profiles of another solution on the same grid."""
    places = list((start.grid - start.grid[0]) / (start.grid[-1] - start.grid[0]))
    fractions = dict(zip(flame.gas.species_names, start.fractions, strict=True))
    for name, row in {"T": start.temperature, "velocity": start.velocity, **fractions}.items():
        flame.flame.set_profile(name, places, list(row))
    flame.fixed_temperature = start.anchor


def _limit(flame: ct.FreeFlame, left: float) -> Callable[[float], float]:
    """Counts the solver's evaluations, which Cantera announces, and ends it after so many Jacobians."""

    def count(_: float) -> float:
        nonlocal left
        left -= 1 / (flame.flame.n_points * flame.flame.n_components)
        if left < 0:
            raise _GivenUpError
        return 0.0

    return count
