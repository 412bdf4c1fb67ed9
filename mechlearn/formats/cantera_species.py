"""Species as Cantera holds them → our records; shared by the rooms that speak with Cantera."""

from __future__ import annotations

from collections.abc import Mapping

import cantera as ct

from ..chemistry.mechanism import Species
from ..chemistry.thermo import ConstantCp, Nasa7, Thermo
from ..errors import FormatError
from .records import plain
from .yaml_bounds import check_mechanism_text


def whole_numbers(amounts: Mapping[str, float]) -> dict[str, float]:
    """Amounts as Python's own numbers, an integer where one is whole, so that it is written without a point.

    Examples
    --------
    >>> whole_numbers({"H": 2.0, "O": 0.5})
    {'H': 2, 'O': 0.5}
    """
    return {name: int(value) if float(value).is_integer() else float(value) for name, value in amounts.items()}


def species_record(species: ct.Species) -> Species:
    """The record of a species of Cantera's: composition, thermo, and its own entry as ``definition``.

    Parameters
    ----------
    species : cantera.Species
        With a NASA polynomial of seven coefficients in up to two ranges, or a constant heat capacity; of any other
        thermo model only ``definition`` is kept, and ``thermo`` is None.

    Examples
    --------
    >>> hydrogen = ct.Species.from_dict({"name": "H2", "composition": {"H": 2}, "thermo": {"model": "constant-cp"}})
    >>> species_record(hydrogen).composition
    {'H': 2}
    """
    return Species(
        name=species.name,
        composition=whole_numbers(species.composition),
        thermo=_thermo(species.thermo),
        definition=plain(species.input_data),
    )


def species_of(mechanism: str, phase: str = "") -> tuple[dict[str, Species], dict[str, float]]:
    """The species of a Cantera file, by name, and the weights of its own elements.

    Parameters
    ----------
    mechanism : str
        A path, or the name of a file that Cantera ships.
    phase : str
        Which phase; the first one if empty.

    Returns
    -------
    tuple of (dict of str to Species, dict of str to float)
        Records by name, in the file's order, and `atomic_weights`.

    Raises
    ------
    FormatError
        If Cantera cannot read the file.

    Examples
    --------
    >>> species, weights = species_of("h2o2.yaml")
    >>> species["H2O"].composition, weights
    ({'H': 2, 'O': 1}, {})
    """
    check_mechanism_text(mechanism)
    try:
        gas = ct.Solution(mechanism, phase)
    except RuntimeError as error:  # the base of CanteraError; a folder gives a bare RuntimeError
        raise FormatError(
            f"Mechanism {mechanism!r} cannot be read: {first_sentence(error)}. Check its name, phase and content."
        ) from None
    return {species.name: species_record(species) for species in gas.species()}, atomic_weights(gas)


def first_sentence(error: Exception) -> str:
    r"""What Cantera complains of, without its frame of asterisks and its excerpt of the file.

    Examples
    --------
    >>> first_sentence(RuntimeError("\n****\nCanteraError thrown by f:\nNo such phase.\n|  Line |\n****\n"))
    'No such phase'
    """
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line.strip("*") and "thrown by" not in line]
    ends = (i for i, line in enumerate(said) if i and line.startswith(("|", "To fix", "Components with")))
    said = said[: next(ends, len(said))]
    states = [line for line in said if line.startswith("at P =")]
    if states:
        said = [line for line in said if line not in states[1:]] + [f"and {len(states) - 1} more"] * (len(states) > 1)
        said.append(
            "(a rate over pressures may not be negative by itself: put it and the rate that it is taken from under one "
            "reaction, each pressure twice)"
        )
    return " ".join(said).rstrip(". ")


def atomic_weights(gas: ct.Solution) -> dict[str, float]:
    """Weights [kg/kmol] of the elements that a file declares itself, or to which it gives another weight."""
    weights = {name: float(gas.atomic_weight(name)) for name in gas.element_names}
    return {name: weight for name, weight in weights.items() if weight_in_table(name) != weight}


def molecular_weight(species: Species, own_weights: Mapping[str, float]) -> float:
    """Molecular weight [kg/kmol] of a species.

    Parameters
    ----------
    species : Species
        With a composition.
    own_weights : mapping of str to float
        As from `atomic_weights`.

    Examples
    --------
    >>> round(molecular_weight(Species("H2O", {"H": 2, "O": 1}), {}), 3)
    18.015
    """
    return sum(
        count * (own_weights[element] if element in own_weights else weight_in_table(element) or 0.0)
        for element, count in species.composition.items()
    )


def weight_in_table(symbol: str) -> float | None:
    """Weight [kg/kmol] of an element of the periodic table; None for any other symbol."""
    try:
        return float(ct.Element(symbol).weight)
    except ct.CanteraError:
        return None


def _thermo(thermo: ct.SpeciesThermo | None) -> Thermo | None:
    if isinstance(thermo, ct.NasaPoly2):
        coefficients = [float(value) for value in thermo.coeffs]
        low, high = tuple(coefficients[8:15]), tuple(coefficients[1:8])
        return Nasa7(low, high, coefficients[0], float(thermo.reference_pressure))
    if isinstance(thermo, ct.ConstantCp):
        reference, enthalpy, entropy, heat_capacity = (float(value) for value in thermo.coeffs)
        return ConstantCp(reference, enthalpy, entropy, heat_capacity, float(thermo.reference_pressure))
    return None
