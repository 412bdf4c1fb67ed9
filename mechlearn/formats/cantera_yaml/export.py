"""Mechanism → a file, only after Cantera has loaded it and gives the same production rates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np

from ...chemistry.kinetics import is_modelled, progress
from ...chemistry.mechanism import Mechanism
from ...errors import FormatError
from ...files import write_text
from .mechanism_reading import solution
from .mechanism_text import mechanism_text
from .reaction_entries import one_way_parts

_STATES = 6
_TOLERANCE = 1e-8
_SMALLEST_RATE = 1e-250


def write_mechanism(
    mechanism: Mechanism,
    path: str | os.PathLike[str],
    *,
    description: str = "",
    metadata: Mapping[str, Any] | None = None,
    date: datetime | None = None,
) -> Path:
    """Write the mechanism as a Cantera YAML file, after checking that Cantera reads the same kinetics from it.

    Parameters
    ----------
    mechanism : Mechanism
        What to write.
    path : path
        Where; an older file of that name stays whole until the new one is.
    description, metadata, date
        As in `mechanism_text`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BalanceError, FormatError
        As in `mechanism_text` and `check_export`, or if the file cannot be written.
    """
    text = mechanism_text(mechanism, description=description, metadata=metadata, date=date)
    check_export(mechanism, text)
    write_text(path, text)
    return Path(path)


def to_cantera(mechanism: Mechanism) -> ct.Solution:
    """The mechanism as a live Cantera phase, at the mechanism's temperature and pressure.

    Raises
    ------
    BalanceError, FormatError
        As in `mechanism_text`, or if Cantera refuses the mechanism.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction, Species
    >>> gas = to_cantera(Mechanism((Species("A"), Species("B")), (Reaction({"A": 1}, {"B": 1}, Arrhenius(3.0)),)))
    >>> gas.reaction_equations(), gas.forward_rate_constants.tolist()
    (['A => B'], [3.0])
    """
    return solution(mechanism_text(mechanism), transport=True)


def check_export(mechanism: Mechanism, text: str, *, seed: int = 0) -> float:
    """Compare Cantera's net production rates from a written mechanism with our own, at random states.

    Parameters
    ----------
    mechanism : Mechanism
        What was to be written.
    text : str
        The text of the file.
    seed : int
        Seed of the states: concentrations from 1e-3 to 1 kmol/m³, temperatures from once to twice the mechanism's.

    Returns
    -------
    float
        The largest deviation of any species, relative to its gross rate (all that forms it and uses it up). Reactions
        of rate types that we do not model are left out on both sides.

    Raises
    ------
    FormatError
        If Cantera refuses the file, its species or number of reactions differ, or the deviation exceeds 1e-8.
    """
    gas = solution(text)
    parts = [is_modelled(mechanism, reaction) for reaction in mechanism.reactions for _ in one_way_parts(reaction)]
    if tuple(gas.species_names) != mechanism.species_names or gas.n_reactions != len(parts):
        raise FormatError(
            f"Read back, the file has {gas.n_species} species and {gas.n_reactions} reactions, but "
            f"{len(mechanism.species)} and {len(parts)} were written. Do not use it."
        )
    modelled = replace(mechanism, reactions=tuple(r for r in mechanism.reactions if is_modelled(mechanism, r)))
    generator = np.random.default_rng(seed)
    concentrations = 10.0 ** generator.uniform(-3.0, 0.0, (_STATES, gas.n_species))
    temperature = mechanism.temperature * np.linspace(1.0, 2.0, _STATES)
    with np.errstate(over="ignore", invalid="ignore"):
        forward, reverse = progress(modelled, concentrations, temperature)
        ours = (forward - reverse) @ modelled.net
        gross = (np.abs(forward) + np.abs(reverse)) @ (modelled.reactants + modelled.products)
    net = np.asarray(gas.product_stoich_coeffs - gas.reactant_stoich_coeffs)[:, parts]
    theirs = np.empty_like(ours)
    for i in range(_STATES):
        gas.TP = temperature[i], ct.one_atm
        gas.concentrations = concentrations[i]
        theirs[i] = net @ gas.net_rates_of_progress[parts]
    if not np.all(np.isfinite(ours)):
        raise FormatError("Some rate constants are so large that rates overflow. Check A, b and Ea of the reactions.")
    deviation = np.abs(theirs - ours) / np.maximum(gross, _SMALLEST_RATE)
    worst = float(deviation.max(initial=0.0))
    if not worst <= _TOLERANCE:
        name = mechanism.species_names[int(np.unravel_index(deviation.argmax(), deviation.shape)[1])]
        raise FormatError(
            f"Read back by Cantera, the mechanism gives another production rate of {name}: relative deviation "
            f"{worst:.1e}. The file is not the mechanism; do not use it."
        )
    return worst
