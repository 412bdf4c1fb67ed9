"""Fitted one-way reactions → a `Mechanism`: halves of a reversible reaction joined, the written direction chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...chemistry.mechanism import Arrhenius, Reaction, Species
from ...chemistry.one_way import Complex
from .rate_constants import RateFit
from .scaling import Scaled

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class LearnedReaction:
    """A reaction with what the fit says of it.

    Parameters
    ----------
    reaction : Reaction
    std_error_log_k : tuple of float or None
        Standard errors of ln k, forward and reverse.
    contribution : float
        Largest share of the gross flux of any species in any state that it carries.
    found_by : tuple of str
        Learners that found it.
    bounds : tuple
        Of the forward and the reverse rate constant, where the data do not determine it: its lower and its upper
        bound, None on a side without one; None where it is determined.
    """

    reaction: Reaction
    std_error_log_k: tuple[float, float | None]
    contribution: float
    found_by: tuple[str, ...] = ("network",)
    bounds: tuple[Bounds | None, Bounds | None] = (None, None)

    @property
    def std_error_of_ratio(self) -> float:
        """Standard error of ln (k_f/k_r)."""
        return float(np.hypot(self.std_error_log_k[0], self.std_error_log_k[1] or 0.0))


def learned_reactions(fit: RateFit, problem: Scaled, species: tuple[Species, ...]) -> tuple[LearnedReaction, ...]:
    """Reactions in the order of their contribution to the data, the larger rate constants first among equals.

    A pair of opposite directions becomes one reaction with a reverse rate constant of its own. It is written in the
    direction with the larger rate constant per (kmol/m³)^order, an irreversible one in its own.
    """
    orders = np.array([d.reactants for d in fit.directions], dtype=float)
    constants = problem.rate_constants(fit.constants, orders)
    index = {direction: i for i, direction in enumerate(fit.directions)}
    names = [s.name for s in species]
    done: set[int] = set()
    found = []
    for i in _ranked(fit, constants):
        if i in done or fit.constants[i] <= 0:
            continue
        direction = fit.directions[i]
        j = index.get(direction.reverse)
        opposite = j if j is not None and fit.constants[j] > 0 else None
        done |= {i} if opposite is None else {i, opposite}
        share = fit.contributions[i] if opposite is None else max(fit.contributions[i], fit.contributions[opposite])
        reaction = Reaction(
            reactants=_side(direction.reactants, names),
            products=_side(direction.products, names),
            rate=Arrhenius(float(constants[i])),
            reverse_rate=None if opposite is None else Arrhenius(float(constants[opposite])),
        )
        errors = (float(fit.errors[i]), None if opposite is None else float(fit.errors[opposite]))
        found.append(LearnedReaction(reaction, errors, float(share)))
    return tuple(found)


def _ranked(fit: RateFit, constants: NDArray[np.float64]) -> list[int]:
    """Fastest first, ties by the complexes themselves, so that the order does not hang on round-off."""
    keys = [
        (-round(float(np.log(max(k, 1e-300))), 6), d.reactants, d.products)
        for k, d in zip(constants, fit.directions, strict=True)
    ]
    return sorted(range(len(keys)), key=lambda i: keys[i])


def _side(complex_: Complex, names: list[str]) -> dict[str, float]:
    return {name: int(count) for name, count in zip(names, complex_, strict=True) if count}
