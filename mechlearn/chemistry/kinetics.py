"""Mass-action kinetics: rate constants, rates of progress and net production rates of a mechanism.

Letters in shapes: N states, S species, R reactions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, FormatError
from .arrays import Array
from .mechanism import Falloff, Mechanism, Reaction
from .one_way import monomials
from .thermo import log_potential

_LARGEST_LOG = 300 * np.log(10.0)
_SMALLEST = 1e-300


def log_equilibrium_constants(mechanism: Mechanism, temperature: ArrayLike) -> Array:
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
            potential[..., j] = log_potential(species.thermo, t)
    logarithm = potential @ mechanism.net.T
    logarithm[..., (mechanism.net[:, ~known] != 0).any(axis=1)] = np.nan
    return np.asarray(logarithm)


def rate_constants(mechanism: Mechanism, temperature: ArrayLike) -> tuple[Array, Array]:
    """Forward and reverse rate constants, without the concentration of a third body.

    Those of a falloff reaction are its high-pressure limits: without colliders' concentrations there are no others.
    `progress` multiplies both by `falloff_factor`.

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
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Species
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


def progress(mechanism: Mechanism, concentrations: ArrayLike, temperature: ArrayLike) -> tuple[Array, Array]:
    """Forward and reverse rates of progress, k Π cᵢ^orderᵢ.

    Where a third body takes part they are multiplied by [M], or by `falloff_factor` where the reaction falls off.

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
    t = np.broadcast_to(np.asarray(temperature, dtype=float), c.shape[:1])
    forward, reverse = rate_constants(mechanism, t)
    factor = _collision_factors(mechanism, c, t, forward)
    return forward * factor * monomials(c, mechanism.orders), reverse * factor * monomials(c, mechanism.products)


def production_rates(mechanism: Mechanism, concentrations: ArrayLike, temperature: ArrayLike) -> Array:
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
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Species
    >>> pairing = Mechanism((Species("A"), Species("B")), (Reaction({"A": 2}, {"B": 1}, Arrhenius(3.0)),))
    >>> production_rates(pairing, [[2.0, 0.0]], 300.0).tolist()
    [[-24.0, 12.0]]
    """
    forward, reverse = progress(mechanism, concentrations, temperature)
    return np.asarray((forward - reverse) @ mechanism.net)


def falloff_factor(falloff: Falloff, high: ArrayLike, temperature: ArrayLike, colliders: ArrayLike) -> Array:
    """What a rate constant is, as a part of its high-pressure limit: Pr/(1 + Pr) F with Pr = k₀[M]/k∞.

    Parameters
    ----------
    falloff : Falloff
        Low-pressure limit k₀ and broadening.
    high : array
        High-pressure limit k∞ at those temperatures.
    temperature : array
        [K].
    colliders : array
        [M], in kmol/m³, efficiencies included.

    Returns
    -------
    array, of the shape to which the three broadcast
        Between 0 and 1 [-].

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius
    >>> falloff_factor(Falloff(Arrhenius(2.0)), high=4.0, temperature=300.0, colliders=[0.0, 2.0, 6.0]).tolist()
    [0.0, 0.5, 0.75]
    """
    reduced = np.asarray(colliders) * falloff.low.at(temperature) / (np.asarray(high) + _SMALLEST)
    return np.asarray(reduced / (1.0 + reduced) * broadening(falloff, temperature, reduced))


def broadening(falloff: Falloff, temperature: ArrayLike, reduced_pressure: ArrayLike) -> Array:
    """Factor F by which a rate constant lies below Lindemann's form, after Troe [1]_; one without ``troe``.

    With x = log₁₀ Pr − 0.4 − 0.67 log₁₀ Fc and n = 0.75 − 1.27 log₁₀ Fc, log₁₀ F = log₁₀ Fc / (1 + (x/(n − 0.14 x))²),
    where Fc = (1 − A) exp(−T/T3) + A exp(−T/T1) + exp(−T2/T), the last term only if there is a T2.

    Parameters
    ----------
    falloff : Falloff
        Whose ``troe`` counts.
    temperature : array
        [K].
    reduced_pressure : array
        Pr = k₀[M]/k∞ [-].

    Returns
    -------
    array, of the shape to which the two broadcast
        [-].

    References
    ----------
    .. [1] R. G. Gilbert, K. Luther, J. Troe, "Theory of thermal unimolecular reactions in the fall-off range. II",
       Ber. Bunsenges. Phys. Chem. 87 (1983) 169. https://doi.org/10.1002/bbpc.19830870218

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius
    >>> troe = Falloff(Arrhenius(1.0), troe=(0.6, 1e-30, 1e30))
    >>> [round(float(factor), 2) for factor in broadening(troe, 300.0, [1.0, 1e-9])]
    [0.62, 0.97]
    """
    t, reduced = np.broadcast_arrays(np.asarray(temperature, float), np.asarray(reduced_pressure, float))
    if not falloff.troe:
        return np.ones(reduced.shape)
    a, t3, t1, *t2 = falloff.troe
    with np.errstate(divide="ignore"):  # T3 or T1 of zero: a term that vanishes at any temperature
        centre = (1.0 - a) * np.exp(-t / np.float64(t3)) + a * np.exp(-t / np.float64(t1))
    if t2:
        centre = centre + np.exp(-t2[0] / t)
    log_centre = np.log10(np.maximum(centre, _SMALLEST))
    x = np.log10(np.maximum(reduced, _SMALLEST)) - 0.4 - 0.67 * log_centre
    width = 0.75 - 1.27 * log_centre - 0.14 * x
    return np.asarray(10.0 ** (log_centre * width**2 / (width**2 + x**2)))


def is_modelled(mechanism: Mechanism, reaction: Reaction) -> bool:
    """True if `rate_constants` can give both rate constants of this reaction."""
    lacks_thermo = reaction.reversible and _species_without_thermo(mechanism, reaction)
    return reaction.rate is not None and not lacks_thermo


def _species_without_thermo(mechanism: Mechanism, reaction: Reaction) -> list[str]:
    return [s.name for s in mechanism.species if s.thermo is None and s.name in reaction.net]


def _collision_factors(mechanism: Mechanism, concentrations: Array, temperature: Array, forward: Array) -> Array:
    """What third bodies multiply the high-pressure rates of progress by, shape (N, R)."""
    factor = np.ones((len(concentrations), len(mechanism.reactions)))
    for i, reaction in enumerate(mechanism.reactions):
        body, falloff = reaction.third_body, reaction.falloff
        if body is not None:
            weights = [body.efficiencies.get(name, body.default) for name in mechanism.species_names]
            factor[:, i] = concentrations @ np.array(weights)
        if falloff is not None:
            factor[:, i] = falloff_factor(falloff, forward[:, i], temperature, factor[:, i])
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
