"""Species and reactions of a mechanism as the flux analysis needs them: who is made of what, and who becomes whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from ..errors import StudyError, meant


@dataclass(frozen=True)
class Step:
    """One entry of the mechanism file.

    Parameters
    ----------
    equation : str
        As the file writes it.
    type : str
        Cantera's name of the rate type.
    rate : str
        The rate in a few words, in kmol, m³, s; activation energies in kJ/mol.
    reactants, products : mapping of int to float
        Stoichiometric coefficients by the species' index.
    """

    equation: str
    type: str
    rate: str
    reactants: Mapping[int, float]
    products: Mapping[int, float]

    @property
    def net(self) -> dict[int, float]:
        """Products less reactants, of the species that change."""
        change = {j: self.products.get(j, 0.0) - self.reactants.get(j, 0.0) for j in (*self.reactants, *self.products)}
        return {j: value for j, value in change.items() if value}


@dataclass(frozen=True, eq=False)
class FluxSpecies:
    """Species and reactions of one phase.

    Parameters
    ----------
    mechanism, phase : str
        The file and the phase that they come from.
    species : tuple of str
    elements : tuple of str
        Those that some species holds: carbon, hydrogen, then by the alphabet.
    atoms : array, shape (S, E)
        Atoms of each element in each species.
    molar_masses : array, shape (S,)
        [kg/kmol].
    reactions : tuple of Step
    """

    mechanism: str
    phase: str
    species: tuple[str, ...]
    elements: tuple[str, ...]
    atoms: NDArray[np.float64]
    molar_masses: NDArray[np.float64]
    reactions: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(self.mechanism).name

    def index(self, species: str) -> int:
        """Column of a species.

        Raises
        ------
        StudyError
            If there is none of that name.
        """
        if species not in self.species:
            hint = meant(species, self.species).strip() or f"It has {', '.join(self.species[:5])}, ..."
            raise StudyError(f"{self.name} has no species {species!r}, so its fluxes are not known. {hint}")
        return self.species.index(species)

    def atoms_of(self, element: str) -> NDArray[np.float64]:
        """Atoms of an element in each species, shape (S,).

        Raises
        ------
        StudyError
            If there is no such element, or some species has a negative number of it, as cations have of electrons.
        """
        if element not in self.elements:
            raise StudyError(
                f"{self.name} has no element {element!r}, so nothing of it can flow. "
                f"Name one of {', '.join(self.elements)}."
            )
        column = self.atoms[:, self.elements.index(element)]
        if np.any(column < 0):
            species = self.species[int(np.argmin(column))]
            raise StudyError(
                f"{species} holds a negative number of {element}, so that its flux is no count of atoms. "
                "Name another element."
            )
        return column

    def composition(self, species: int) -> dict[str, float]:
        """Elements of a species with their numbers of atoms."""
        return {name: float(n) for name, n in zip(self.elements, self.atoms[species], strict=True) if n}


def flux_species_of(gas: ct.Solution, mechanism: str | Path) -> FluxSpecies:
    """The network of a phase; ``mechanism`` is the file's name for the record."""
    column = {name: j for j, name in enumerate(gas.species_names)}

    def side(amounts: Mapping[str, float]) -> dict[int, float]:
        return {column[name]: float(value) for name, value in amounts.items() if value}

    reactions = tuple(
        Step(r.equation, str(r.reaction_type), _rate_text(r.input_data), side(r.reactants), side(r.products))
        for r in gas.reactions()
    )
    atoms = np.array([[gas.n_atoms(k, m) for m in range(gas.n_elements)] for k in range(gas.n_species)], dtype=float)
    held = [m for m in range(gas.n_elements) if np.any(atoms[:, m])]
    held.sort(key=lambda m: ({"C": 0, "H": 1}.get(gas.element_names[m], 2), gas.element_names[m]))
    elements = tuple(str(gas.element_names[m]) for m in held)
    names, masses = tuple(gas.species_names), np.array(gas.molecular_weights)
    return FluxSpecies(str(mechanism), gas.name, names, elements, atoms[:, held], masses, reactions)


def _arrhenius(rate: Mapping[str, Any]) -> str:
    text = f"A = {rate['A']:.4g}"
    if rate.get("b"):
        text += f", b = {rate['b']:.4g}"
    if rate.get("Ea"):
        text += f", Ea = {rate['Ea'] / 1e6:.4g} kJ/mol"
    return text


def _rate_text(entry: Mapping[str, Any]) -> str:
    """A rate in a few words, from Cantera's own entry of the reaction."""
    if "rate-constant" in entry and "A" in entry["rate-constant"]:
        return _arrhenius(entry["rate-constant"])
    if "high-P-rate-constant" in entry and "low-P-rate-constant" in entry:
        return f"high: {_arrhenius(entry['high-P-rate-constant'])}; low: {_arrhenius(entry['low-P-rate-constant'])}"
    if "rate-constants" in entry:
        return f"{len(entry['rate-constants'])} rate constants by pressure"
    if "data" in entry:
        return f"table of {len(entry['data'])} by {len(entry['data'][0])} coefficients"
    return str(entry.get("type", ""))
