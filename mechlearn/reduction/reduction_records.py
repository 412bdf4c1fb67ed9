"""The nouns of a reduction: conditions, candidates, what a candidate answers, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..chemistry.mechanism import Arrhenius, Reaction
from ..formats.records import plain

Vector = NDArray[np.float64]
Change = tuple[float, float, float]
UNCHANGED: Change = (0.0, 0.0, 0.0)
REFERENCE_TEMPERATURE = 1500.0
"""Where a change of b or Ea leaves a rate constant as it is [K]."""


@dataclass(frozen=True)
class Condition:
    """An initial state, and whether profiles are compared there.

    Parameters
    ----------
    temperature, pressure : float
        [K], [Pa]
    phi : float or None
        Equivalence ratio, where the study gives one.
    mixture : tuple of (str, float)
        Mole fractions by species.
    constant_pressure : bool
        Else constant volume; adiabatic both.
    profiled : bool
    """

    temperature: float
    pressure: float
    phi: float | None
    mixture: tuple[tuple[str, float], ...]
    constant_pressure: bool = False
    profiled: bool = False

    @property
    def name(self) -> str:
        """As reports name it."""
        ratio = "" if self.phi is None else f", phi {self.phi:g}"
        return f"{self.temperature:g} K, {self.pressure / 101325.0:.4g} atm{ratio}"


@dataclass(frozen=True)
class Candidate:
    """A part of the source mechanism, its rate constants changed or not.

    Parameters
    ----------
    species, reactions : tuple of int
        Numbers in the source, from 0 on, in its order.
    changes : tuple of (int, Change)
        Reactions whose rate constants are changed: ln k += a + b ln(T/1500 K) − e (1500 K/T − 1).
    """

    species: tuple[int, ...]
    reactions: tuple[int, ...]
    changes: tuple[tuple[int, Change], ...] = ()

    def without(self, reactions: Iterable[int]) -> Candidate:
        """The candidate less some reactions."""
        gone = set(reactions)
        left = tuple(j for j in self.reactions if j not in gone)
        return replace(self, reactions=left, changes=tuple(item for item in self.changes if item[0] not in gone))

    def places(self, reactions: Iterable[int]) -> list[int]:
        """Where some reactions stand among those of the candidate."""
        place = {j: i for i, j in enumerate(self.reactions)}
        return [place[j] for j in reactions]

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of species and reactions."""
        return len(self.species), len(self.reactions)


@dataclass(frozen=True)
class GlobalReaction:
    """A learnt reaction that the source does not have, one-way.

    Parameters
    ----------
    reactants, products : tuple of (str, float)
        Stoichiometric coefficients.
    rate : tuple of float
        A [kmol, m³, s], b, Ea [J/kmol].
    """

    reactants: tuple[tuple[str, float], ...]
    products: tuple[tuple[str, float], ...]
    rate: Change

    @classmethod
    def of(cls, reaction: Reaction) -> GlobalReaction:
        """A learnt reaction without a third body."""
        assert reaction.rate is not None
        rate = (reaction.rate.A, reaction.rate.b, reaction.rate.Ea)
        return cls(tuple(reaction.reactants.items()), tuple(reaction.products.items()), rate)

    @property
    def reaction(self) -> Reaction:
        """As a record."""
        return Reaction(dict(self.reactants), dict(self.products), Arrhenius(*self.rate), note="learnt")

    @property
    def definition(self) -> dict[str, Any]:
        """As Cantera defines it."""
        return {"equation": self.reaction.equation, "rate-constant": plain(Arrhenius(*self.rate))}


@dataclass(frozen=True, eq=False)
class Response:
    """What a mechanism does at one condition.

    Parameters
    ----------
    delay : float
        [s]
    profile : array, shape (times, 1 + species)
        Temperature [K] and mole fractions at ignition and later; no rows where none is compared.
    """

    delay: float
    profile: Vector


@dataclass(frozen=True, eq=False)
class Reference:
    """The source's response, with what errors are scaled by.

    Parameters
    ----------
    response : Response
    largest : array, shape (species,)
        The largest mole fraction of each compared species in the time history.
    """

    response: Response
    largest: Vector


@dataclass(frozen=True, eq=False)
class Flame:
    """A free flat flame on its grid.

    Parameters
    ----------
    grid, temperature, velocity : array, shape (points,)
        [m], [K], [m/s]
    fractions : array, shape (S, points)
        Mass fractions.
    anchor : float
        The temperature that stays at its place [K].
    """

    grid: Vector
    temperature: Vector
    velocity: Vector
    fractions: NDArray[np.float64]
    anchor: float

    @property
    def speed(self) -> float:
        """Of the unburnt gas [m/s]."""
        return float(self.velocity[0])


@dataclass(frozen=True, eq=False)
class Task:
    """What is asked of every candidate; small enough to travel to another process.

    Parameters
    ----------
    mechanism, phase : str
        The source.
    rise : float
        The delay ends where the temperature has risen by this [K].
    limits : tuple of float
        Largest relative errors: of delays, of the temperature in profiles, of species in them.
    species : tuple of str
        Compared in profiles.
    after : tuple of float
        Times of profiles after ignition, times the pressure in atm [s].
    conditions : tuple of Condition
    references : tuple of Reference
        One for each condition; none before they are computed.
    flame_limit : float
        Largest relative error of flame speeds.
    transport : str
        Cantera's name of the transport model in flames.
    flame_conditions : tuple of Condition
        Of the unburnt gas; their numbers follow those of the conditions.
    flames : tuple of Flame
        The source's, one for each; none before they are computed.
    global_reactions : tuple of GlobalReaction
        Learnt reactions; their numbers follow those of the source.
    quiet : tuple of Condition
        At which the source does not ignite, so that no candidate may; their numbers follow those of the flames.
    longest : float
        Time [s] within which that holds.
    """

    mechanism: str
    phase: str
    rise: float
    limits: Change
    species: tuple[str, ...]
    after: tuple[float, ...]
    conditions: tuple[Condition, ...]
    references: tuple[Reference, ...] = ()
    flame_limit: float = inf
    transport: str = "mixture-averaged"
    flame_conditions: tuple[Condition, ...] = ()
    flames: tuple[Flame, ...] = ()
    global_reactions: tuple[GlobalReaction, ...] = ()
    quiet: tuple[Condition, ...] = ()
    longest: float = inf

    @property
    def numbers(self) -> range:
        """Of the conditions, then of the flames, then of the conditions without ignition."""
        return range(len(self.conditions) + len(self.flame_conditions) + len(self.quiet))

    def joined_by(
        self, conditions: Iterable[tuple[Condition, Reference | None]], flames: Iterable[tuple[Condition, Flame | None]]
    ) -> Task:
        """With further conditions and flames after its own, those of flames that the source does not have left out."""
        asked = list(conditions)
        known = [(condition, answer) for condition, answer in asked if answer is not None]
        burnt = [(condition, flame) for condition, flame in flames if flame is not None]
        return replace(
            self,
            conditions=(*self.conditions, *(condition for condition, _ in known)),
            references=(*self.references, *(answer for _, answer in known)),
            flame_conditions=(*self.flame_conditions, *(condition for condition, _ in burnt)),
            flames=(*self.flames, *(flame for _, flame in burnt)),
            quiet=(*self.quiet, *(condition for condition, answer in asked if answer is None)),
        )

    def flame_of(self, number: int) -> tuple[Condition, Flame] | None:
        """The unburnt gas and the source's flame, where the number is that of a flame."""
        place = number - len(self.conditions)
        return (self.flame_conditions[place], self.flames[place]) if 0 <= place < len(self.flames) else None

    def quiet_of(self, number: int) -> Condition | None:
        """The condition, where the number is that of one at which the source does not ignite."""
        place = number - len(self.conditions) - len(self.flame_conditions)
        return None if place < 0 else self.quiet[place]

    def too_early(self, delay: float) -> float:
        """Error, relative to its limit, of an ignition after ``delay`` [s] where the source has none."""
        return max(0.0, (self.longest / delay - 1) / self.limits[0])

    def speed_residuals(self, flame: Flame, speed: float) -> Vector:
        """Signed errors at a flame as `residuals`: no delay, whose error is 0, then the speed [m/s]."""
        return np.array([0.0, (speed / flame.speed - 1) / self.flame_limit])

    def times_after(self, condition: Condition) -> tuple[float, ...]:
        """Times after ignition at which profiles are compared [s], ignition itself first."""
        return (0.0, *(t / (condition.pressure / 101325.0) for t in self.after)) if condition.profiled else ()

    def residuals(self, number: int, response: Response) -> Vector:
        """Signed errors at one condition, each divided by its limit: 1 is just allowed.

        The delay first, then time by time the temperature and the species of the profile.
        """
        reference, (delay, temperature, species) = self.references[number], self.limits
        found, known = response.profile, reference.response.profile
        warmth = (found[:, :1] / known[:, :1] - 1) / temperature
        amounts = (found[:, 1:] - known[:, 1:]) / reference.largest / species
        late = (response.delay / reference.response.delay - 1) / delay
        return np.concatenate([[late], np.hstack([warmth, amounts]).ravel()])


def worst(residuals: Vector | None) -> float:
    """The largest error at a condition; infinite without a response."""
    return inf if residuals is None else float(np.abs(residuals).max())
