"""Mass-action kinetics: rate constants, rates of progress and net production rates of a mechanism.

Letters in shapes: N states, S species, R reactions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DataError, FormatError
from .mechanism import Mechanism, Reaction
from .thermo import GAS_CONSTANT

_LARGEST_LOG = 300 * np.log(10.0)


def log_equilibrium_constants(mechanism: Mechanism, temperature: ArrayLike) -> NDArray[np.float64]:
    """Logarithm of the equilibrium constants in concentrations, ln Kc = −Σ ν g°/RT + Σ ν ln(P°/RT).

    Parameters
    ----------
    mechanism : Mechanism
        R reactions of S species.
    temperature : array
        [K], any shape.

    Returns
    -------
    array, shape (*temperature.shape, R)
        Kc in (kmol/m³)^Σν; NaN for a reaction of a species whose thermodynamics is unknown.
    """
    t = np.asarray(temperature, dtype=float)
    potential = np.zeros((*t.shape, len(mechanism.species)))
    known = np.array([species.thermo is not None for species in mechanism.species], dtype=bool)
    for j, species in enumerate(mechanism.species):
        if species.thermo is not None:
            standard = np.log(species.thermo.reference_pressure / (GAS_CONSTANT * t))
            potential[..., j] = standard - species.thermo.gibbs_over_rt(t)
    logarithm = potential @ mechanism.net.T
    logarithm[..., (mechanism.net[:, ~known] != 0).any(axis=1)] = np.nan
    return np.asarray(logarithm)


def rate_constants(mechanism: Mechanism, temperature: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Forward and reverse rate constants, without the concentration of a third body.

    Parameters
    ----------
    mechanism : Mechanism
        R reactions of S species.
    temperature : array
        [K], any shape.

    Returns
    -------
    tuple of two arrays, each of shape (*temperature.shape, R)
        In kmol, m³ and s. The reverse one follows from thermodynamics where the reaction is ``reversible``, else it
        is the reaction's own, or zero.

    Raises
    ------
    FormatError
        If a rate type is not modelled, or thermodynamics that a reverse rate constant needs is unknown.

    Examples
    --------
    >>> from mechlearn.mechanism import Arrhenius, Species
    >>> decay = Reaction({"F": 1}, {"R": 1}, Arrhenius(1.0), reverse_rate=Arrhenius(2.0))
    >>> forward, reverse = rate_constants(Mechanism((Species("F"), Species("R")), (decay,)), 300.0)
    >>> forward.tolist(), reverse.tolist()
    ([1.0], [2.0])
    """
    t = np.asarray(temperature, dtype=float)
    forward = np.zeros((*t.shape, len(mechanism.reactions)))
    reverse = np.zeros_like(forward)
    equilibrium = log_equilibrium_constants(mechanism, t)
    for i, reaction in enumerate(mechanism.reactions):
        if reaction.rate is None:
            raise FormatError(_not_modelled(reaction))
        forward[..., i] = reaction.rate.at(t)
        if reaction.reverse_rate is not None:
            reverse[..., i] = reaction.reverse_rate.at(t)
        elif reaction.reversible:
            if np.isnan(equilibrium[..., i]).any():
                raise FormatError(_no_thermo(mechanism, reaction))
            reverse[..., i] = forward[..., i] * np.exp(np.minimum(-equilibrium[..., i], _LARGEST_LOG))
    return forward, reverse


def progress(
    mechanism: Mechanism, concentrations: ArrayLike, temperature: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Forward and reverse rates of progress, k Π cᵢ^orderᵢ, times [M] where a third body takes part.

    Parameters
    ----------
    mechanism : Mechanism
        R reactions of S species.
    concentrations : array, shape (N, S)
        [kmol/m³].
    temperature : array, shape (N,), or a number
        [K].

    Returns
    -------
    tuple of two arrays, each of shape (N, R)
        [kmol/m³/s].

    Raises
    ------
    DataError
        If the number of columns is not that of the species.
    FormatError
        As in `rate_constants`.
    """
    c = np.asarray(concentrations, dtype=float)
    if c.ndim != 2 or c.shape[1] != len(mechanism.species):
        raise DataError(
            f"Concentrations have shape {c.shape}, but the mechanism has {len(mechanism.species)} species: "
            "one row per state and one column per species are needed."
        )
    forward, reverse = rate_constants(mechanism, np.broadcast_to(np.asarray(temperature, dtype=float), c.shape[:1]))
    collisions = _third_bodies(mechanism, c)
    return forward * collisions * _powers(c, mechanism.orders), reverse * collisions * _powers(c, mechanism.products)


def production_rates(mechanism: Mechanism, concentrations: ArrayLike, temperature: ArrayLike) -> NDArray[np.float64]:
    """Net production rates of all species.

    Parameters
    ----------
    mechanism : Mechanism
        R reactions of S species.
    concentrations : array, shape (N, S)
        [kmol/m³].
    temperature : array, shape (N,), or a number
        [K].

    Returns
    -------
    array, shape (N, S)
        [kmol/m³/s].

    Raises
    ------
    DataError, FormatError
        As in `progress`.

    Examples
    --------
    >>> from mechlearn.mechanism import Arrhenius, Species
    >>> pairing = Mechanism((Species("A"), Species("B")), (Reaction({"A": 2}, {"B": 1}, Arrhenius(3.0)),))
    >>> production_rates(pairing, [[2.0, 0.0]], 300.0).tolist()
    [[-24.0, 12.0]]
    """
    forward, reverse = progress(mechanism, concentrations, temperature)
    return np.asarray((forward - reverse) @ mechanism.net)


def is_modelled(mechanism: Mechanism, reaction: Reaction) -> bool:
    """True if `rate_constants` can tell both rate constants of this reaction."""
    if reaction.rate is None:
        return False
    return not (reaction.reversible and _species_without_thermo(mechanism, reaction))


def _species_without_thermo(mechanism: Mechanism, reaction: Reaction) -> list[str]:
    return [s.name for s in mechanism.species if s.thermo is None and s.name in reaction.net]


def _powers(concentrations: NDArray[np.float64], orders: NDArray[np.float64]) -> NDArray[np.float64]:
    product = np.ones((len(concentrations), len(orders)))
    with np.errstate(divide="ignore"):  # a negative order at concentration zero: infinitely fast
        for i, j in np.argwhere(orders):
            product[:, i] *= concentrations[:, j] ** orders[i, j]
    return product


def _third_bodies(mechanism: Mechanism, concentrations: NDArray[np.float64]) -> NDArray[np.float64]:
    factor = np.ones((len(concentrations), len(mechanism.reactions)))
    for i, reaction in enumerate(mechanism.reactions):
        body = reaction.third_body
        if body is not None:
            weights = [body.efficiencies.get(name, body.default) for name in mechanism.species_names]
            factor[:, i] = concentrations @ np.array(weights)
    return factor


def _not_modelled(reaction: Reaction) -> str:
    kind = (reaction.definition or {}).get("type", "unknown")
    return (
        f"{reaction.equation} has a rate of type {kind!r}, which mechlearn carries along but does not model. "
        "Let Cantera compute the rates, or leave the reaction out."
    )


def _no_thermo(mechanism: Mechanism, reaction: Reaction) -> str:
    names = ", ".join(_species_without_thermo(mechanism, reaction))
    return (
        f"{reaction.equation} takes its reverse rate constant from thermodynamics, but that of {names} is unknown "
        "or of a model other than NASA7 and constant-cp. Give such thermo, or a reverse rate constant of its own."
    )
