"""Species, reactions and the mechanism that they make: the nouns that everything else speaks of.

Units inside are kmol, m³, s, K, J and Pa. A rate of progress is k Π cᵢ^orderᵢ, without factorials, as in Cantera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import FormatError
from .arrays import Array
from .thermo import GAS_CONSTANT, Thermo


@dataclass(frozen=True)
class Species:
    """A chemical species.

    Parameters
    ----------
    name : str
        As it stands in equations and column headers.
    composition : mapping of str to float
        Atoms of each element; empty where unknown.
    thermo : Nasa7 or ConstantCp, optional
        Standard-state thermodynamics, None where unknown (or of another model: see ``definition``).
    definition : mapping, optional
        Cantera's own entry for the species (thermo, transport, note), carried to the exported file.
    """

    name: str
    composition: Mapping[str, float] = field(default_factory=dict)
    thermo: Thermo | None = None
    definition: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Arrhenius:
    """Rate constant k = A T^b exp(−Ea / RT).

    Parameters
    ----------
    A : float
        Pre-exponential factor [(m³/kmol)^(order − 1)/s].
    b : float
        Temperature exponent [-].
    Ea : float
        Activation energy [J/kmol].

    Examples
    --------
    >>> float(Arrhenius(2.0, b=1.0).at(300.0))
    600.0
    """

    A: float
    b: float = 0.0
    Ea: float = 0.0

    def at(self, temperature: ArrayLike) -> Array:
        """Rate constant at temperature [K], any shape."""
        t = np.asarray(temperature, dtype=float)
        return np.asarray(self.A * t**self.b * np.exp(-self.Ea / (GAS_CONSTANT * t)))


@dataclass(frozen=True)
class ThirdBody:
    """Collision partner M: its concentration is Σ efficiencyⱼ cⱼ, with ``default`` for species not named.

    Examples
    --------
    >>> ThirdBody({"H2O": 12.0}).name, ThirdBody({"H2O": 1.0}, default=0.0).name
    ('M', 'H2O')
    """

    efficiencies: Mapping[str, float] = field(default_factory=dict)
    default: float = 1.0

    @property
    def name(self) -> str:
        """``M``, or the one species that collides, if there is one only and its efficiency is one."""
        only = [*self.efficiencies.items()] if self.default == 0.0 else []
        return only[0][0] if len(only) == 1 and only[0][1] == 1.0 else "M"

    @property
    def text(self) -> str:
        """Which species M is, or how much more or less some count than the others; empty where all count alike.

        Examples
        --------
        >>> ThirdBody({"H2O": 12.0}).text, ThirdBody({"AR": 0.63, "N2": 1.0}, default=0.0).text
        ('M: H2O 12, others 1', 'M = AR 0.63, N2 1')
        """
        parts = [f"{name} {value:.3g}" for name, value in self.efficiencies.items()]
        if self.default:
            return f"M: {', '.join([*parts, f'others {self.default:g}'])}" if parts else ""
        return f"M = {' + '.join(self.efficiencies) if len(parts) == 1 else ', '.join(parts)}"


@dataclass(frozen=True)
class Falloff:
    """How a rate constant falls off from its high-pressure limit as collisions become rare.

    Parameters
    ----------
    low : Arrhenius
        Low-pressure limit; its order is that of the high-pressure limit and one more.
    troe : tuple of float
        Broadening (A [-], T3 [K], T1 [K]) or (A, T3, T1, T2 [K]) of Troe's form; empty for Lindemann's.

    Raises
    ------
    FormatError
        If ``troe`` has another length, or a T2 of zero: Cantera leaves that term out, Chemkin takes it for one.

    References
    ----------
    .. [1] R. G. Gilbert, K. Luther, J. Troe, "Theory of thermal unimolecular reactions in the fall-off range. II",
       Ber. Bunsenges. Phys. Chem. 87 (1983) 169. https://doi.org/10.1002/bbpc.19830870218
    """

    low: Arrhenius
    troe: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.troe) not in (0, 3, 4):
            raise FormatError(
                f"Troe's broadening has {len(self.troe)} parameters, which do not make a form. "
                "Give (A, T3, T1), (A, T3, T1, T2), or none for Lindemann's form."
            )
        if len(self.troe) == 4 and self.troe[3] == 0.0:
            raise FormatError(
                "Troe's broadening has T2 = 0, which programs read in two ways. Leave T2 out for no such term."
            )


def side_text(amounts: Mapping[str, float], digits: int = 6) -> str:
    """One side of a reaction as text.

    Examples
    --------
    >>> side_text({"H": 2, "AR": 1, "O": 0, "N": 0.5})
    '2 H + AR + 0.5 N'
    """
    return " + ".join(name if n == 1 else f"{n:.{digits}g} {name}" for name, n in amounts.items() if n)


@dataclass(frozen=True)
class Reaction:
    """One reaction; both sides are kept, the net change is derived.

    Parameters
    ----------
    reactants, products : mapping of str to float
        Stoichiometric coefficients; a species may stand on both sides (a catalyst).
    rate : Arrhenius or None
        Forward rate constant, of a falloff reaction its high-pressure limit; None for a rate type that mechlearn
        does not model, which then rides along in ``definition``.
    reverse_rate : Arrhenius, optional
        A reverse rate constant of its own, not from thermodynamics.
    third_body : ThirdBody, optional
        Multiplies the rate of progress of both directions by [M], or says what [M] is where the reaction falls off;
        not among reactants and products.
    reversible : bool
        True if the reverse rate constant follows from the species' thermodynamics.
    orders : mapping of str to float, optional
        Forward orders that differ from the reactants' coefficients.
    note : str
        Free text, written to the mechanism file.
    definition : mapping, optional
        Cantera's own entry, for rate types that are not modelled.
    falloff : Falloff, optional
        Low-pressure limit and broadening.

    Raises
    ------
    FormatError
        If there is no rate, there are two reverse rates, or ``falloff`` lacks a rate or a third body, or comes with
        a reverse rate constant of its own.

    Examples
    --------
    >>> Reaction({"H2": 1, "O": 1}, {"OH": 1, "H": 1}, Arrhenius(1e3)).equation
    'H2 + O => OH + H'
    >>> Reaction({"H": 2}, {"H2": 1}, Arrhenius(1.0), third_body=ThirdBody(), reversible=True).equation
    '2 H + M <=> H2 + M'
    >>> falloff = Falloff(Arrhenius(2e12, b=-0.9), troe=(0.7346, 94.0, 1756.0, 5182.0))
    >>> Reaction({"OH": 2}, {"H2O2": 1}, Arrhenius(7e10), third_body=ThirdBody(), falloff=falloff).equation
    '2 OH (+M) => H2O2 (+M)'
    """

    reactants: Mapping[str, float]
    products: Mapping[str, float]
    rate: Arrhenius | None
    reverse_rate: Arrhenius | None = None
    third_body: ThirdBody | None = None
    reversible: bool = False
    orders: Mapping[str, float] | None = None
    note: str = ""
    definition: Mapping[str, Any] | None = field(default=None, repr=False)
    falloff: Falloff | None = None

    def __post_init__(self) -> None:
        if self.falloff is not None and (self.rate is None or self.third_body is None):
            raise FormatError(
                f"{self.equation} falls off, so it needs a rate, the high-pressure limit, and a third body. "
                "Give both; third_body=ThirdBody() if all species collide alike."
            )
        if self.falloff is not None and self.reverse_rate is not None:
            raise FormatError(
                f"{self.equation} falls off, but its own reverse rate constant does not. "
                "Take the reverse one from thermodynamics, or write two one-way reactions."
            )
        if self.rate is None and self.definition is None:
            raise FormatError(f"{self.equation} has neither an Arrhenius rate nor a definition to carry along.")
        if self.reversible and self.reverse_rate is not None:
            raise FormatError(
                f"{self.equation} has a reverse rate constant of its own and one from thermodynamics; give one of them."
            )

    @property
    def equation(self) -> str:
        """The reaction as text; ``<=>`` where it runs both ways."""
        if self.definition is not None and "equation" in self.definition:
            return str(self.definition["equation"])
        arrow = " <=> " if self.reversible or self.reverse_rate is not None else " => "
        return side_text(self.reactants) + self.partner + arrow + side_text(self.products) + self.partner

    @property
    def partner(self) -> str:
        """What follows each side of the equation: `` + M``, `` (+M)`` where it falls off, or nothing."""
        if self.third_body is None:
            return ""
        return " + M" if self.falloff is None else f" (+{self.third_body.name})"

    @property
    def collisions(self) -> str:
        """What M is, with the low-pressure limit and its broadening where the rate falls off; empty without M.

        Examples
        --------
        >>> falloff = Falloff(Arrhenius(2e12, b=-0.9, Ea=-7e6))
        >>> Reaction({"OH": 2}, {"H2O2": 1}, Arrhenius(7e10), third_body=ThirdBody(), falloff=falloff).collisions
        'M: all alike; low pressure: A 2e+12, b -0.9, Ea -7 kJ/mol'
        """
        text = "" if self.third_body is None else self.third_body.text or "M: all alike"
        if self.falloff is None:
            return text
        low = self.falloff.low
        text += f"; low pressure: A {low.A:.7g}, b {low.b:.4g}, Ea {low.Ea / 1e6:.5g} kJ/mol"
        broadening = ", ".join(f"{value:.5g}" for value in self.falloff.troe)
        return f"{text}; Troe {broadening}" if broadening else text

    @property
    def net(self) -> dict[str, float]:
        """Products less reactants, of the species that change."""
        names = dict.fromkeys([*self.reactants, *self.products])
        change = {name: self.products.get(name, 0) - self.reactants.get(name, 0) for name in names}
        return {name: value for name, value in change.items() if value}


@dataclass(frozen=True)
class Mechanism:
    """Species and reactions, with the state at which the file that holds them stands.

    Parameters
    ----------
    species : tuple of Species
    reactions : tuple of Reaction
    temperature, pressure : float
        State of the phase [K], [Pa].
    name : str
        Name of the phase.
    atomic_weights : mapping of str to float
        Weights [kg/kmol] of elements that are not in the periodic table.
    metadata : mapping
        Where the mechanism comes from; written under ``mechlearn:`` and ``description``.

    Raises
    ------
    FormatError
        If a name stands twice or a reaction names a species that is not there.
    """

    species: tuple[Species, ...]
    reactions: tuple[Reaction, ...]
    temperature: float = 300.0
    pressure: float = 101325.0
    name: str = "gas"
    atomic_weights: Mapping[str, float] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        known = set(self.species_names)
        if len(known) < len(self.species):
            twice = sorted({n for n in known if self.species_names.count(n) > 1})
            raise FormatError(f"Species named more than once: {', '.join(twice)}. Each name stands for one species.")
        for reaction in self.reactions:
            unknown = [n for n in (*reaction.reactants, *reaction.products) if n not in known]
            if unknown:
                raise FormatError(
                    f"{reaction.equation} names {', '.join(unknown)}, which the mechanism does not list. "
                    "Add the species or remove the reaction."
                )

    @property
    def species_names(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(s.name for s in self.species)

    @property
    def equations(self) -> tuple[str, ...]:
        """Equations, in order."""
        return tuple(r.equation for r in self.reactions)

    @cached_property
    def reactants(self) -> Array:
        """Coefficients of the left side, shape (reactions, species)."""
        return self._matrix([r.reactants for r in self.reactions])

    @cached_property
    def products(self) -> Array:
        """Coefficients of the right side, shape (reactions, species)."""
        return self._matrix([r.products for r in self.reactions])

    @cached_property
    def net(self) -> Array:
        """Products less reactants, shape (reactions, species)."""
        return self.products - self.reactants

    @cached_property
    def orders(self) -> Array:
        """Forward orders, shape (reactions, species)."""
        return self._matrix([{**r.reactants, **(r.orders or {})} for r in self.reactions])

    def _matrix(self, sides: list[Mapping[str, float]]) -> Array:
        column = {name: j for j, name in enumerate(self.species_names)}
        matrix = np.zeros((len(sides), len(column)))
        for i, side in enumerate(sides):
            for name, value in side.items():
                if name in column:
                    matrix[i, column[name]] = value
        return matrix
