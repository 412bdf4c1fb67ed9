"""The nouns of a reduction: conditions, candidates, what a candidate answers, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Change = tuple[float, float, float]
UNCHANGED: Change = (0.0, 0.0, 0.0)
REFERENCE_TEMPERATURE = 1500.0
"""Where a change of b or Ea leaves a rate constant as it is [K]."""


@dataclass(frozen=True)
class Condition:
    """A first state, and whether profiles are compared there.

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

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of species and reactions."""
        return len(self.species), len(self.reactions)


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
        The largest mole fraction of each compared species in the course.
    """

    response: Response
    largest: Vector


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
    """

    mechanism: str
    phase: str
    rise: float
    limits: Change
    species: tuple[str, ...]
    after: tuple[float, ...]
    conditions: tuple[Condition, ...]
    references: tuple[Reference, ...] = ()

    def times_after(self, condition: Condition) -> tuple[float, ...]:
        """Times after ignition at which profiles are compared [s], ignition itself first."""
        return (0.0, *(t / (condition.pressure / 101325.0) for t in self.after)) if condition.profiled else ()

    def residuals(self, number: int, response: Response) -> Vector:
        """Signed errors at one condition, each divided by its limit: 1 is just allowed.

        The delay first, then time by time the temperature and the species of the profile.
        """
        reference, (delay, temperature, species) = self.references[number], self.limits
        errors = [np.array([(response.delay / reference.response.delay - 1) / delay])]
        for found, known in zip(response.profile, reference.response.profile, strict=True):
            errors.append(np.array([(found[0] / known[0] - 1) / temperature]))
            errors.append((found[1:] - known[1:]) / reference.largest / species)
        return np.concatenate(errors)


def worst(residuals: Iterable[Vector | None]) -> float:
    """The largest error over all conditions; infinite where one has no response."""
    return max((inf if each is None else float(np.abs(each).max()) for each in residuals), default=0.0)
