"""What rate laws are fitted to: states with their production, and the driving force of each candidate reaction there.

Letters in shapes: N states, M balances, S species, R reactions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from ...chemistry.arrays import Array, Integers, Mask
from ...chemistry.conservation import element_matrix
from ...chemistry.one_way import monomials
from ...chemistry.thermo import log_potential
from ...data.balances.balances import Balances

LARGEST_LOG = 600.0
LEAST_FLUX = 1e-8
ABOVE_MEDIAN = 2.0
"""Standard deviation of normal noise over its median size is 1.5; a little more is allowed."""
SAME_TEMPERATURE = 0.02
"""Range of the temperatures, relative to their mean, below which one rate constant serves all."""


@dataclass(frozen=True, eq=False)
class ProductionStates:
    """Concentrations, temperatures and what production must add up to.

    Parameters
    ----------
    concentrations : array, shape (N, S)
        [kmol/m³].
    temperature : array, shape (N,)
        [K].
    target : array, shape (M, S)
        Accumulation; production [kmol/m³/s] where ``operator`` is None.
    operator : sparse array, shape (M, N), optional
        Makes balances of production; None for the identity.
    potential : array, shape (N, S), optional
        ln(P°/RT) − g°/RT of each species, for reverse rates; None where reverse rates are not from thermodynamics.
    noise : float
        The most that each rate can be off by independent noise, relative to it.
    """

    concentrations: Array
    temperature: Array
    target: Array
    operator: sp.csr_array | None = None
    potential: Array | None = None
    noise: float = np.inf

    @property
    def reference(self) -> float:
        """Temperature about which rate constants are expanded [K]: the middle of 1/T."""
        return float(2 / (1 / self.temperature.min() + 1 / self.temperature.max()))

    @property
    def isothermal(self) -> bool:
        """True if the temperatures are too near each other for an activation energy."""
        return bool(np.ptp(self.temperature) <= SAME_TEMPERATURE * self.temperature.mean())

    def observe(self, values: Array) -> Array:
        """Balances of values at the states, shape (N, …) → (M, …)."""
        return values if self.operator is None else np.asarray(self.operator @ values)

    def rows(self, chosen: Mask) -> ProductionStates:
        """The balances marked true; of the states all, or where there is no operator those too."""
        if self.operator is not None:
            return replace(self, target=self.target[chosen], operator=self.operator[chosen])
        potential = None if self.potential is None else self.potential[chosen]
        return replace(
            self,
            concentrations=self.concentrations[chosen],
            temperature=self.temperature[chosen],
            target=self.target[chosen],
            potential=potential,
        )


def states_of(balances: Balances, *, thermo: bool) -> ProductionStates:
    """Balances as states; with ``thermo`` all species must have thermodynamics."""
    temperature = np.where(np.isfinite(balances.temperature), balances.temperature, 300.0)
    potential = None
    if thermo:
        columns = [log_potential(s.thermo, temperature) for s in balances.species if s.thermo is not None]
        potential = np.stack(columns, axis=1)
    operator = None if are_rates_at_states(balances) else balances.operator
    concentrations = np.maximum(balances.concentrations, 0.0)
    noise = most_noise(balances)
    return ProductionStates(concentrations, temperature, balances.accumulation, operator, potential, noise)


def are_rates_at_states(balances: Balances) -> bool:
    """Whether each balance is the production at one state."""
    rows, columns = balances.operator.shape
    return rows == columns and not (balances.operator - sp.eye_array(rows)).nnz


def most_noise(balances: Balances) -> float:
    """What noise of its own can be of each rate: what the elements do not add up by; without bound if unknown."""
    if not all(species.composition for species in balances.species):
        return np.inf
    atoms, rates = element_matrix(balances.species)[1], balances.accumulation
    size = np.sqrt(rates**2 @ (atoms**2).T)
    off = np.abs(rates @ atoms.T)[size > 0] / size[size > 0]
    return float(np.median(off)) * ABOVE_MEDIAN if len(off) else np.inf


@dataclass(frozen=True, eq=False)
class Driving:
    """Reactions with what drives them at each state: rates of progress per unit forward rate constant.

    Parameters
    ----------
    net : array of int, shape (R, S)
        Products less reactants, in the written direction.
    difference : array, shape (N, R)
        Forward less reverse [(kmol/m³)^order].
    total : array, shape (N, R)
        Forward plus reverse.
    """

    net: Integers
    difference: Array
    total: Array

    def select(self, chosen: Integers) -> Driving:
        """Some of the reactions."""
        return Driving(self.net[chosen], self.difference[:, chosen], self.total[:, chosen])

    def at(self, states: Mask) -> Driving:
        """All of them at some of the states."""
        return Driving(self.net, self.difference[states], self.total[states])


@dataclass(frozen=True, eq=False)
class Flux:
    """What reactions make of the species, each of shape (M, S).

    Parameters
    ----------
    production : array
        Contributions of all reactions, added.
    net : array
        The same without their signs.
    gross : array
        Forward and reverse rates of all reactions, without their signs.
    """

    production: Array
    net: Array
    gross: Array

    @property
    def inverse(self) -> Array:
        """One over ``net``; zero where hardly anything flows."""
        there = self.net > LEAST_FLUX * self.net.max(axis=0)
        return np.asarray(np.where(there, 1 / np.where(there, self.net, 1.0), 0.0))

    def contribution(self, progress: Array, net: Array) -> float:
        """95 % quantile of the largest contribution of a reaction, of balances of progress of shape (M,), to what a
        species gains and loses.
        """
        return float(np.quantile(np.abs(progress)[:, None] * np.abs(net) * self.inverse, 0.95, axis=0).max())


def driving(states: ProductionStates, net: Integers) -> Driving:
    """Reactions with their driving force.

    With thermodynamics each runs both ways, written in the direction in which its equilibrium lies; without, both
    directions are reactions of their own.
    """
    if states.potential is None:
        net = np.concatenate([net, -net])
        net = net[(net < 0).any(axis=1)]
        forward = monomials(states.concentrations, np.maximum(-net, 0))
        return Driving(net, forward, forward)
    middle = np.median(states.potential @ net.T, axis=0)
    net = np.where(middle[:, None] < 0, -net, net)
    equilibrium = states.potential @ net.T
    forward = monomials(states.concentrations, np.maximum(-net, 0))
    reverse = monomials(states.concentrations, np.maximum(net, 0)) * np.exp(np.minimum(-equilibrium, LARGEST_LOG))
    return Driving(net, forward - reverse, forward + reverse)
