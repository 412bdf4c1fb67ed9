"""How much each species matters to the targets, at many states: directed relation graphs with error propagation.

The coefficients of one state are those of `mechlearn.pathways.drg.drgep_coefficients`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .candidate_phases import SourceMechanism
from .reduction_records import Condition, Flame, Vector
from .response import SolverHistory

_INDUCTION = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96)
_RISE = np.linspace(0.05, 0.99, 20)


def sample_coefficients(source: SourceMechanism, history: SolverHistory, targets: tuple[str, ...]) -> Vector:
    """The largest coefficient of each species over states of the induction time and of the temperature rise.

    Parameters
    ----------
    source : SourceMechanism
        Of the rates.
    history : SolverHistory
        Of the source.
    targets : tuple of str
        Whose error counts.

    Returns
    -------
    array, shape (S,)
        In [0, 1].
    """
    gas = source.gas
    progress = []
    for i in informative_states(history):
        history.set(gas, i)
        progress.append(gas.net_rates_of_progress)
    return _of_source(source, progress, targets)


def informative_states(history: SolverHistory) -> list[int]:
    """Places in a time history that stand for the induction time and for the temperature rise."""
    temperature = history.states[:, 0]
    levels = temperature[0] + _RISE * (temperature.max() - temperature[0])
    chosen = {int(np.searchsorted(history.time, part * history.response.delay)) for part in _INDUCTION}
    chosen |= {int(np.argmax(temperature >= level)) for level in levels}
    return sorted(chosen & set(range(len(history.time))))


def flame_coefficients(source: SourceMechanism, condition: Condition, flame: Flame, targets: tuple[str, ...]) -> Vector:
    """The same over states of a flame.

    Parameters
    ----------
    source : SourceMechanism
        Of the rates.
    condition : Condition
        Of the unburnt gas.
    flame : Flame
        Of the source.
    targets : tuple of str
        Whose error counts.

    Returns
    -------
    array, shape (S,)
        In [0, 1].
    """
    gas, t = source.gas, flame.temperature
    progress = []
    for i in sorted({int(np.argmax(t >= level)) for level in t[0] + _RISE * (t[-1] - t[0])}):
        gas.TPY = t[i], condition.pressure, np.maximum(flame.fractions[:, i], 0.0)
        progress.append(gas.net_rates_of_progress)
    return _of_source(source, progress, targets)


def _of_source(source: SourceMechanism, progress: list[Vector], targets: tuple[str, ...]) -> Vector:
    made, used = np.asarray(source.gas.product_stoich_coeffs), np.asarray(source.gas.reactant_stoich_coeffs)
    places = [source.names.index(name) for name in targets]
    return overall_coefficients(made - used, (made + used) > 0, np.array(progress), places)


def overall_coefficients(
    net: NDArray[np.float64], taking: NDArray[np.bool_], progress: NDArray[np.float64], targets: list[int]
) -> Vector:
    """The largest product of direct interaction coefficients over all ways from a target, and over states.

    Parameters
    ----------
    net : array, shape (S, R)
        Net stoichiometric coefficients.
    taking : array, shape (S, R)
        Which species take part in which reaction.
    progress : array, shape (N, R)
        Net rates of progress at the states.
    targets : list of int
        Numbers of species.
    """
    most = np.zeros(len(net))
    for rates in progress:
        change = net * rates
        formed, consumed = np.maximum(change, 0).sum(axis=1), np.maximum(-change, 0).sum(axis=1)
        above = np.abs(change @ taking.T.astype(float))
        direct = np.minimum(above / np.maximum(np.maximum(formed, consumed), 1e-300)[:, None], 1.0)
        reached = np.zeros(len(net))
        reached[targets] = 1.0
        while True:
            further = np.maximum(reached, (reached[:, None] * direct).max(axis=0))
            if np.array_equal(further, reached):
                break
            reached = further
        most = np.maximum(most, reached)
    return most
