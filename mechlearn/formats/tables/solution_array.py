"""States that Cantera holds in memory → runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...data.trajectories import Reactor, Trajectories, Trajectory
from ...errors import DataError
from ..cantera_species import atomic_weights, species_record


def from_solution_array(states: Any, time: ArrayLike, *, reactor: Reactor = "", name: str = "run1") -> Trajectories:
    """One run from a live ``cantera.SolutionArray``: its states, with the net production rates that Cantera gives them.

    Parameters
    ----------
    states : cantera.SolutionArray
        Of shape (T,), of a homogeneous phase.
    time : array, shape (T,)
        [s], increasing.
    reactor : str
        ``isothermal``, ``constant-volume``, ``constant-pressure`` or ``given-temperature``; empty where unknown.
    name : str
        Name of the run.

    Raises
    ------
    DataError
        If the states are not one after the other, or their number is not that of the times.

    Examples
    --------
    >>> import cantera as ct
    >>> states = ct.SolutionArray(ct.Solution("h2o2.yaml"), 2)
    >>> states.TPX = [300.0, 400.0], 101325.0, "H2:2, O2:1"
    >>> runs = from_solution_array(states, [0.0, 1.0])
    >>> runs.runs[0].concentrations.shape, runs.mechanism
    ((2, 10), 'h2o2.yaml')
    """
    times = np.asarray(time, dtype=float)
    if len(states.shape) != 1 or times.shape != states.shape:
        raise DataError(
            f"Run {name!r}: states of shape {states.shape} and times of shape {times.shape}; both must have one entry "
            "per sample. Give one run at a time, each with its times."
        )
    phase = states._phase
    rates = states.net_production_rates
    run = Trajectory(times, states.concentrations, states.T, states.P, rates, reactor=reactor, name=name)
    species = tuple(species_record(each) for each in phase.species())
    mechanism = phase.source if phase.source.endswith((".yaml", ".yml")) else ""
    return Trajectories(species, (run,), mechanism, phase.name, atomic_weights(phase))
