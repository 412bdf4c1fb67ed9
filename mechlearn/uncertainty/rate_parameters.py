"""The numbers of a mechanism that data may determine: rate laws as a vector, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.kinetics import production_rates
from ..chemistry.mechanism import Arrhenius, Mechanism, Reaction
from ..chemistry.thermo import GAS_CONSTANT

STEP = 1e-5
"""Relative change of a rate constant for differences."""


@dataclass(frozen=True)
class Parameter:
    """One number of one reaction.

    Parameters
    ----------
    reaction : int
    part : str
        ``forward``, ``reverse``, ``low`` or ``efficiency``.
    name : str
        ``ln k``, ``b``, ``Ea``, or the collider.
    value : float
        ln k at the middle temperature, b, Ea [J/kmol] or the logarithm of an efficiency.
    """

    reaction: int
    part: str
    name: str
    value: float


def parameters_of(mechanism: Mechanism, middle: float, *, thermal: bool) -> tuple[Parameter, ...]:
    """All parameters, ln k at the middle temperature [K]; b and Ea only with ``thermal``, where they are not zero."""
    found: list[Parameter] = []
    for i, reaction in enumerate(mechanism.reactions):
        for part, rate in rates_of(reaction):
            if rate.A <= 0:
                continue
            found.append(Parameter(i, part, "ln k", float(np.log(rate.at(middle)))))
            found += [Parameter(i, part, n, v) for n, v in (("b", rate.b), ("Ea", rate.Ea)) if thermal and v]
        body = reaction.third_body
        efficiencies = [] if body is None else [(n, e) for n, e in body.efficiencies.items() if e > 0]
        if body is not None and body.default == 0.0:
            unit = next((n for n, e in efficiencies if e == 1.0), None)
            efficiencies = [(n, e) for n, e in efficiencies if n != unit]
        found += [Parameter(i, "efficiency", name, float(np.log(value))) for name, value in efficiencies]
    return tuple(found)


def rates_of(reaction: Reaction) -> Iterator[tuple[str, Arrhenius]]:
    """The reaction's rate constants with their part."""
    low = None if reaction.falloff is None else reaction.falloff.low
    for part, rate in (("forward", reaction.rate), ("reverse", reaction.reverse_rate), ("low", low)):
        if rate is not None:
            yield part, rate


def moved(reaction: Reaction, parameter: Parameter, change: float, middle: float) -> Reaction:
    """The reaction with one parameter changed by so much; b and Ea leave ln k at the middle temperature."""
    part, name = parameter.part, parameter.name
    if part == "efficiency":
        body = reaction.third_body
        assert body is not None
        efficiencies = dict(body.efficiencies) | {name: body.efficiencies[name] * np.exp(change)}
        return replace(reaction, third_body=replace(body, efficiencies=efficiencies))
    rate = _moved_rate(dict(rates_of(reaction))[part], name, change, middle)
    if part == "low":
        assert reaction.falloff is not None
        return replace(reaction, falloff=replace(reaction.falloff, low=rate))
    return replace(reaction, rate=rate) if part == "forward" else replace(reaction, reverse_rate=rate)


def _moved_rate(rate: Arrhenius, name: str, change: float, middle: float) -> Arrhenius:
    if name == "b":
        return replace(rate, A=float(rate.A * middle**-change), b=rate.b + change)
    if name == "Ea":
        return replace(rate, A=float(rate.A * np.exp(change / (GAS_CONSTANT * middle))), Ea=rate.Ea + change)
    return replace(rate, A=float(rate.A * np.exp(change)))


def with_changes(mechanism: Mechanism, parameters: tuple[Parameter, ...], changes: Array, middle: float) -> Mechanism:
    """The mechanism with all parameters changed."""
    reactions = list(mechanism.reactions)
    for parameter, change in zip(parameters, changes.tolist(), strict=True):
        if change:
            reactions[parameter.reaction] = moved(reactions[parameter.reaction], parameter, change, middle)
    return replace(mechanism, reactions=tuple(reactions))


def slopes(
    mechanism: Mechanism, parameters: tuple[Parameter, ...], concentrations: Array, temperature: Array, middle: float
) -> Array:
    """Derivatives of the production rates with respect to the parameters, shape (N, S, P), by central differences."""
    found = np.empty((*concentrations.shape, len(parameters)))
    for p, parameter in enumerate(parameters):
        step = STEP * (GAS_CONSTANT * middle if parameter.name == "Ea" else 1.0)
        reaction = mechanism.reactions[parameter.reaction]
        up, down = (replace(mechanism, reactions=(moved(reaction, parameter, h, middle),)) for h in (step, -step))
        rise = production_rates(up, concentrations, temperature) - production_rates(down, concentrations, temperature)
        found[:, :, p] = rise / (2 * step)
    return found


def in_file_form(parameters: tuple[Parameter, ...], middle: float) -> Array:
    """Matrix, shape (P, P), from these parameters to those of the file, where ln A takes the place of ln k."""
    matrix = np.eye(len(parameters))
    entries = {"b": -np.log(middle), "Ea": 1 / (GAS_CONSTANT * middle)}
    for (i, each), (j, other) in product(enumerate(parameters), repeat=2):
        same = (other.reaction, other.part) == (each.reaction, each.part)
        if same and each.name == "ln k" and other.name in entries:
            matrix[i, j] = entries[other.name]
    return matrix
