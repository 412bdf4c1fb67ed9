"""Pairs of fitted rate constants that thermodynamics can hold: which become one reversible reaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .arrays import Array
from .conservation import conservation_laws
from .kinetics import log_equilibrium_constants, rate_constants
from .mechanism import Mechanism
from .thermo import GAS_CONSTANT, ConstantCp

STANDARD_ERRORS = 4.0
"""By which ln (k_f/k_r) of a pair may miss what thermodynamics gives."""
MINIMUM_LOG_ERROR = 1e-9
"""Of ln k: what two files that say the same may differ by."""


@dataclass(frozen=True, eq=False)
class Reversible:
    """A mechanism whose consistent pairs are reversible reactions, and the test of each.

    Parameters
    ----------
    mechanism : Mechanism
        Reverse rate constants follow from thermodynamics where the test allows it, else they stay as they were.
    deviations : array, shape (R,)
        Of ln (k_f/k_r) from thermodynamics, in standard errors; NaN for a reaction that is not a pair.
    """

    mechanism: Mechanism
    deviations: Array


def reversible_where_consistent(mechanism: Mechanism, std_error_log_k: Sequence[float]) -> Reversible:
    """Turn pairs of rate constants into reversible reactions where Wegscheider's conditions hold.

    The standard Gibbs energies of species without thermodynamics are fitted to all pairs by least squares; given ones
    stay as they are. A heat capacity alone says nothing: pairs with such species stay. The criterion is what is left
    around cycles of reactions or against given thermodynamics: while a pair misses by more than `STANDARD_ERRORS`, the
    worst one is left out as two one-way reactions. Fitted energies are entropies, with no heat of reaction, since rate
    constants at one temperature cannot separate the two.

    Parameters
    ----------
    mechanism : Mechanism
        At the temperature of its rate constants.
    std_error_log_k : sequence of float, length R
        Standard errors of ln (k_f/k_r).

    Returns
    -------
    Reversible

    References
    ----------
    .. [1] R. Wegscheider, "Über simultane Gleichgewichte und die Beziehungen zwischen Thermodynamik und
       Reactionskinetik homogener Systeme", Monatsh. Chem. 22 (1901) 849. https://doi.org/10.1007/BF01517498

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction, Species
    >>> decay = Reaction({"F": 1}, {"R": 1}, Arrhenius(1.0), reverse_rate=Arrhenius(2.0))
    >>> found = reversible_where_consistent(Mechanism((Species("F"), Species("R")), (decay,)), [0.01])
    >>> found.mechanism.reactions[0].reversible, round(float(found.mechanism.species[0].thermo.s0 / GAS_CONSTANT), 4)
    (True, 0.3466)
    """
    pairs = [i for i, r in enumerate(mechanism.reactions) if r.rate is not None and r.reverse_rate is not None]
    empty = {s.name for s in mechanism.species if isinstance(s.thermo, ConstantCp) and s.thermo.h0 == s.thermo.s0 == 0}
    pairs = [i for i in pairs if not mechanism.reactions[i].orders and not empty & set(mechanism.reactions[i].net)]
    deviations = np.full(len(mechanism.reactions), np.nan)
    energies = np.zeros(len(mechanism.species))
    while pairs:
        energies, missed = _fitted_energies(mechanism, pairs, np.asarray(std_error_log_k, dtype=float))
        deviations[pairs] = missed
        worst = int(np.abs(missed).argmax())
        if abs(missed[worst]) <= STANDARD_ERRORS:
            break
        pairs.pop(worst)
    if not pairs:
        return Reversible(mechanism, deviations)
    reactions = tuple(
        replace(r, reverse_rate=None, reversible=True) if i in pairs else r for i, r in enumerate(mechanism.reactions)
    )
    return Reversible(replace(_with_energies(mechanism, energies, pairs), reactions=reactions), deviations)


def _fitted_energies(mechanism: Mechanism, pairs: list[int], errors: Array) -> tuple[Array, Array]:
    """g°/RT of the species without thermodynamics, shape (S,), and what each pair misses in standard errors."""
    unknown = np.array([s.thermo is None for s in mechanism.species], dtype=bool)
    neutral = tuple(s if s.thermo else replace(s, thermo=ConstantCp()) for s in mechanism.species)
    part = Mechanism(neutral, tuple(mechanism.reactions[i] for i in pairs), temperature=mechanism.temperature)
    given = log_equilibrium_constants(part, mechanism.temperature)
    forward, reverse = rate_constants(part, mechanism.temperature)
    ratios = np.log(forward / reverse)
    weights = 1 / np.maximum(errors[pairs], MINIMUM_LOG_ERROR)
    matrix = -part.net[:, unknown] * weights[:, None]
    energies = np.zeros(len(unknown))
    energies[unknown] = np.linalg.lstsq(matrix, (ratios - given) * weights, rcond=1e-12)[0]
    return energies, np.asarray((ratios - given + part.net @ energies) * weights)


def _with_energies(mechanism: Mechanism, energies: Array, pairs: list[int]) -> Mechanism:
    """The mechanism with the fitted energies as entropies of the species without thermodynamics in these pairs."""
    touched = np.any(mechanism.net[pairs] != 0, axis=0)
    atoms = np.maximum(conservation_laws(mechanism.net).sum(axis=0), 1)
    species = []
    for one, energy, count, in_pair in zip(mechanism.species, energies, atoms, touched, strict=True):
        if one.thermo is None and in_pair:
            thermo = ConstantCp(mechanism.temperature, s0=-energy * GAS_CONSTANT, cp0=1.5 * GAS_CONSTANT * float(count))
            note = f"entropy fitted to k_f/k_r at {mechanism.temperature:g} K"
            one = replace(one, thermo=thermo, definition={**(one.definition or {}), "note": note})
        species.append(one)
    return replace(mechanism, species=tuple(species))
