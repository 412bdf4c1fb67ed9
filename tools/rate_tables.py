"""Rate constants and efficiencies of colliders in a learnt mechanism, beside those of its source.

Letters in shapes: T temperatures, N states, S species, R stoichiometries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import mechlearn as ml
from mechlearn.chemistry.kinetics import progress
from mechlearn.chemistry.thermo import GAS_CONSTANT

Array = NDArray[np.float64]

TEMPERATURES = np.linspace(1000.0, 2500.0, 16)
PRESSURE = 3 * 101325.0
"""At which rate constants with colliders or falloff are compared [Pa]."""
CARRIES = 0.05
"""Mean share of its reaction's rate in the data above which a collider is compared."""
CLOSE, ALIKE = 0.05, 0.1
"""Errors of a rate constant and of an efficiency that are asked for."""
STEP = 1e-4


def rate_tables(found: ml.Mechanism, known: ml.Mechanism, balances: ml.Balances) -> dict[str, Any]:
    """k(T) of each reaction in the mean mixture of the data, and how well its colliders work in it.

    Parameters
    ----------
    found, known : Mechanism
        With the same species in the same order.
    balances : Balances
        The data learnt from.

    Returns
    -------
    dict
        ``k``: share of all reactions and temperatures within `CLOSE`, and by equation the largest error of each.
        ``efficiencies``: share within `ALIKE`, and the largest error of each collider that carries `CARRIES`.

    Notes
    -----
    All entries of a stoichiometry count together, so that duplicates, colliders written out and directions do not
    matter. The efficiency of a collider is the derivative of the rate constant with respect to its concentration over
    the mean of these derivatives in the mixture, so that falloff does not matter either.
    """
    shares = balances.concentrations / balances.concentrations.sum(axis=1, keepdims=True)
    density = PRESSURE / (GAS_CONSTANT * TEMPERATURES)
    mixtures = density[:, None] * shares.mean(axis=0)
    constants, efficiencies = {}, {}
    entries = [_by_stoichiometry(mechanism) for mechanism in (found, known)]
    for net in entries[1]:
        name = _name(net, known)
        if net not in entries[0]:
            continue
        each = [_constants(m, e[net], net, mixtures) for m, e in zip((found, known), entries, strict=True)]
        constants[name] = np.abs(each[0] / each[1] - 1)
        works = [_efficiencies(m, e[net], net, mixtures) for m, e in zip((found, known), entries, strict=True)]
        if works[1] is None:
            continue
        mean = works[1].mean(axis=0)
        carried = np.mean(shares * mean / np.maximum(shares @ mean, 1e-300)[:, None], axis=0)
        for j in np.flatnonzero(carried > CARRIES):
            other = works[0][:, j] if works[0] is not None else np.zeros(len(mixtures))
            efficiencies[f"{name}: {known.species[j].name}"] = float(np.abs(other / works[1][:, j] - 1).max())
    return {
        "k": {
            "within": float(np.mean([error <= CLOSE for error in constants.values()])),
            "worst": {name: float(error.max()) for name, error in constants.items()},
        },
        "efficiencies": {
            "within": float(np.mean([error <= ALIKE for error in efficiencies.values()])) if efficiencies else 1.0,
            "worst": efficiencies,
        },
    }


def text_of(tables: dict[str, Any]) -> str:
    """Both tables to read, the largest errors first."""
    lines = []
    for key, title, limit in (("k", "k(T)", CLOSE), ("efficiencies", "efficiencies", ALIKE)):
        lines.append(f"  {title}: {100 * tables[key]['within']:.3g} % within {100 * limit:g} %; largest error of each:")
        for name, error in sorted(tables[key]["worst"].items(), key=lambda item: -item[1]):
            lines.append(f"    {100 * error:9.3g} %  {name}")
    return "\n".join(lines)


def _by_stoichiometry(mechanism: ml.Mechanism) -> dict[tuple[int, ...], list[tuple[int, int, int]]]:
    """Entries of each net vector: number of the reaction, 1 or −1 for its direction, common factor."""
    found: dict[tuple[int, ...], list[tuple[int, int, int]]] = {}
    for i, row in enumerate(mechanism.net.astype(int)):
        factor = int(np.gcd.reduce(row)) or 1
        sign = 1 if row[np.flatnonzero(row)[0]] > 0 else -1
        found.setdefault(tuple((sign * row // factor).tolist()), []).append((i, sign, factor))
    return found


def _constants(
    mechanism: ml.Mechanism, entries: list[tuple[int, int, int]], net: tuple[int, ...], mixtures: Array
) -> Array:
    """Rate constant of all entries together, colliders included, shape (T,), in the direction that a net vector has."""
    forward, reverse = progress(mechanism, mixtures, TEMPERATURES)
    rate = sum((factor * (forward if sign > 0 else reverse)[:, i] for i, sign, factor in entries), np.zeros(1))
    return np.asarray(rate / np.prod(mixtures ** np.maximum(-np.array(net), 0), axis=1))


def _efficiencies(
    mechanism: ml.Mechanism, entries: list[tuple[int, int, int]], net: tuple[int, ...], mixtures: Array
) -> Array | None:
    """How well each species works as collider, shape (T, S); None where the rate constant has no colliders."""
    base = _constants(mechanism, entries, net, mixtures)
    slopes = np.zeros_like(mixtures)
    for j in range(mixtures.shape[1]):
        more = mixtures.copy()
        more[:, j] *= 1 + STEP
        slopes[:, j] = (_constants(mechanism, entries, net, more) - base) / (STEP * mixtures[:, j])
    mean = np.sum(slopes * mixtures, axis=1, keepdims=True) / mixtures.sum(axis=1, keepdims=True)
    if np.any(mean[:, 0] * mixtures.sum(axis=1) < 1e-6 * base):
        return None
    return np.asarray(slopes / mean)


def _name(net: tuple[int, ...], mechanism: ml.Mechanism) -> str:
    names = [s.name for s in mechanism.species]

    def side(sign: int) -> str:
        return " + ".join(
            name if abs(n) == 1 else f"{abs(n)} {name}" for name, n in zip(names, net, strict=True) if sign * n > 0
        )

    return f"{side(-1)} <=> {side(1)}"
