"""Mechanism → the text of a Cantera YAML file, laid out as Cantera's ck2yaml does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from importlib.metadata import version
from typing import Any

import cantera as ct

from ...chemistry.conservation import conservation_laws, masses, unbalanced
from ...chemistry.mechanism import Mechanism, Species
from ...chemistry.species_names import fault_of_name
from ...chemistry.thermo import GAS_CONSTANT, ConstantCp, Nasa7
from ...errors import BalanceError, FormatError
from ..cantera_species import species_record, weight_in_table, whole_numbers
from ..records import plain
from .reaction_entries import reaction_entries
from .yaml_style import commented, flow, flow_rows, paragraph, yaml_text

_UNITS = {"length": "m", "time": "s", "quantity": "kmol", "activation-energy": "J/kmol"}
_ATMOSPHERE = 101325.0


def mechanism_text(
    mechanism: Mechanism,
    *,
    description: str = "",
    metadata: Mapping[str, Any] | None = None,
    date: datetime | None = None,
) -> str:
    """The mechanism as the text of a Cantera YAML file.

    Species without composition get pseudo-elements M1, M2, …: the conservation laws of the reactions. Species without
    thermodynamics get a constant heat capacity of 1.5 R per atom. A reaction with a reverse rate constant of its own
    becomes two one-way reactions. Transport data are kept, real-gas parameters are not: the phase is an ideal gas.

    Parameters
    ----------
    mechanism : Mechanism
        What to write.
    description : str
        Text at the top; that of the mechanism's metadata if empty.
    metadata : mapping, optional
        Written under ``mechlearn:``; the mechanism's own if absent.
    date : datetime, optional
        Written only if given, so that the same mechanism gives the same bytes.

    Raises
    ------
    BalanceError
        If a reaction does not conserve elements, or compositions are unknown and nothing is conserved.
    FormatError
        If a name cannot stand in an equation, or an element has no known weight.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction
    >>> decay = Reaction({"F": 1}, {"R": 1}, Arrhenius(1.0), reverse_rate=Arrhenius(2.0))
    >>> print(mechanism_text(Mechanism((Species("F"), Species("R")), (decay,))).partition("reactions:")[2].strip())
    - equation: F => R  # Reaction 1
      rate-constant: {A: 1.0, b: 0.0, Ea: 0.0}
    - equation: R => F  # Reaction 2
      rate-constant: {A: 2.0, b: 0.0, Ea: 0.0}
    """
    _check_names(mechanism)
    whole = with_compositions(mechanism)
    _check_balance(whole)
    about = dict(whole.metadata if metadata is None else metadata)
    text = description or str(about.pop("description", "") or whole.metadata.get("description", ""))
    about.pop("description", None)
    head: dict[str, Any] = {"generator": "mechlearn", "cantera-version": ct.__version__}
    if date is not None:
        head["date"] = format_datetime(date)
    about = {"version": version("mechlearn"), **plain(about)}
    weights = [{"symbol": name, "atomic-weight": float(weight)} for name, weight in _own_weights(whole).items()]
    reactions = reaction_entries(whole)
    blocks: list[dict[str, Any]] = [
        {"description": paragraph(text)} if text else {},
        head,
        {"mechlearn": about},
        {"units": flow(_UNITS)},
        {"phases": [_phase_entry(whole)]},
        {"elements": weights} if weights else {},
        {"species": [_species_entry(species, whole) for species in whole.species]},
        {"reactions": [commented(entry, f"Reaction {i}") for i, entry in enumerate(reactions, 1)]} if reactions else {},
    ]
    return yaml_text([block for block in blocks if block])


def with_compositions(mechanism: Mechanism) -> Mechanism:
    """The mechanism, with pseudo-elements for compositions where no species has one.

    Raises
    ------
    BalanceError
        If the reactions conserve nothing.

    Examples
    --------
    >>> from mechlearn.chemistry.mechanism import Arrhenius, Reaction
    >>> pair = Mechanism((Species("A"), Species("B")), (Reaction({"A": 2}, {"B": 1}, Arrhenius(1.0)),))
    >>> [species.composition for species in with_compositions(pair).species]
    [{'M1': 1}, {'M1': 2}]
    """
    if any(species.composition for species in mechanism.species):
        return mechanism
    masses(mechanism)
    laws = conservation_laws(mechanism.net)
    symbols = [f"M{i + 1}" for i in range(len(laws))]
    species = tuple(
        replace(
            one,
            composition={s: int(m) for s, m in zip(symbols, column, strict=True) if m},
            definition={k: v for k, v in (one.definition or {}).items() if k != "transport"},
        )
        for one, column in zip(mechanism.species, laws.T, strict=True)
    )
    return replace(mechanism, species=species, atomic_weights=dict.fromkeys(symbols, 1.0))


def _check_names(mechanism: Mechanism) -> None:
    for name in mechanism.species_names:
        fault = fault_of_name(name)
        if fault:
            raise FormatError(fault)


def _check_balance(mechanism: Mechanism) -> None:
    wrong = unbalanced(mechanism)
    if wrong:
        bare = [species.name for species in mechanism.species if not species.composition]
        hint = f"Give compositions of {', '.join(bare)} too, or of no species" if bare else "Correct the reactions"
        more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
        raise BalanceError(
            f"{'; '.join(wrong[:5])}{more}: elements would appear or vanish. {hint}, or learn with conserve: elements."
        )


def _own_weights(mechanism: Mechanism) -> dict[str, float]:
    weights, elements = mechanism.atomic_weights, _elements(mechanism)
    for element in elements:
        if element not in weights and weight_in_table(element) is None:
            raise FormatError(
                f"Element {element!r} is not in the periodic table and has no weight in atomic_weights, so that no "
                "species with it has a mass. Give its atomic weight."
            )
    return {element: float(weights[element]) for element in elements if element in weights}


def _elements(mechanism: Mechanism) -> list[str]:
    return list(dict.fromkeys(element for species in mechanism.species for element in species.composition))


def _phase_entry(mechanism: Mechanism) -> dict[str, Any]:
    elements = _elements(mechanism)
    definitions = [species.definition or {} for species in mechanism.species]
    pressure = "1 atm" if mechanism.pressure == _ATMOSPHERE else float(mechanism.pressure)
    return {
        "name": mechanism.name,
        "thermo": "ideal-gas",
        **({"elements": flow(elements)} if elements else {}),
        "species": flow(list(mechanism.species_names)),
        "kinetics": "gas",
        **({} if mechanism.reactions else {"reactions": "none"}),
        **({"transport": "mixture-averaged"} if all("transport" in d for d in definitions) else {}),
        "state": flow({"T": float(mechanism.temperature), "P": pressure}),
    }


def _species_entry(species: Species, mechanism: Mechanism) -> dict[str, Any]:
    definition = plain(species.definition or {})
    entry: dict[str, Any] = {
        "name": species.name,
        "composition": flow(whole_numbers(species.composition)),
        "thermo": _thermo_entry(species, mechanism),
    }
    return entry | {key: definition[key] for key in ("transport", "note") if key in definition}


def _thermo_entry(species: Species, mechanism: Mechanism) -> dict[str, Any]:
    """The definition's own entry where it says the same as the record, else the record's."""
    kept = dict(plain((species.definition or {}).get("thermo", {})))
    if kept and (species.thermo is None or _same_thermo(species)):
        return {key: flow_rows(value) for key, value in kept.items()}
    match species.thermo:
        case Nasa7(low, high, middle, pressure):
            ranges = [min(200.0, middle), middle, max(6000.0, middle)]
            data = [list(low), list(high)]
            entry = {"model": "NASA7", "temperature-ranges": flow(ranges), "data": flow_rows(data)}
        case ConstantCp(reference, enthalpy, entropy, heat_capacity, pressure):
            entry = {"model": "constant-cp", "T0": reference, "h0": enthalpy, "s0": entropy, "cp0": heat_capacity}
        case _:
            pressure = _reference_pressure(mechanism)
            atoms = sum(abs(count) for count in species.composition.values()) or 1.0
            entry = {"model": "constant-cp", "cp0": 1.5 * GAS_CONSTANT * atoms}
    if pressure != _ATMOSPHERE:
        entry["reference-pressure"] = float(pressure)
    return entry | ({"note": kept["note"]} if "note" in kept else {})


def _same_thermo(species: Species) -> bool:
    bare: Any = {"name": species.name, "composition": {}, "thermo": (species.definition or {})["thermo"]}
    return bool(species_record(ct.Species.from_dict(bare)).thermo == species.thermo)


def _reference_pressure(mechanism: Mechanism) -> float:
    """That of the other species: Cantera wants the same for all."""
    for species in mechanism.species:
        if species.thermo is not None:
            return species.thermo.reference_pressure
        thermo = (species.definition or {}).get("thermo", {})
        if "reference-pressure" in thermo:
            return float(thermo["reference-pressure"])
    return _ATMOSPHERE
