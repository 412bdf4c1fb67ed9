"""Mechanism files: where they are, and their ideal-gas phases as Cantera loads them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import cantera as ct

from ..errors import FormatError, StudyError, listed, meant
from ..files import shipped_folder
from ..formats.cantera_species import first_sentence
from ..formats.yaml_bounds import check_mechanism_text


def find_mechanism(name: str, beside: Path | None = None) -> Path:
    """The mechanism file of that name: in a folder, among Cantera's own data, or shipped with mechlearn.

    Raises
    ------
    StudyError
        If there is none.

    Examples
    --------
    >>> find_mechanism("h2o2.yaml")
    PosixPath('h2o2.yaml')
    """
    folder = beside or Path()
    if (folder / name).is_file():
        return folder / name
    for data in (Path(other) for other in ct.get_data_directories() if other != "."):
        if (data / name).is_file():  # Cantera itself looks into the working directory first
            return data / name if Path(name).is_file() else Path(name)
    if (shipped_folder() / name).is_file():
        return shipped_folder() / name
    near = meant(Path(name).name, _known_names(folder / Path(name).parent))
    raise StudyError(
        f"There is no mechanism {os.path.abspath(folder / name)}, nor {name!r} among Cantera's own data. {near}"
        + ("Write its path relative to the study file." if beside else "Give its path from this folder.")
    )


def _known_names(folder: Path) -> list[str]:
    """Files beside that could be meant, and those of Cantera and mechlearn."""
    return sorted(
        path.name
        for place in (folder, *map(Path, ct.get_data_directories()), shipped_folder())
        if place.is_dir()
        for path in place.glob("*.y*ml")
        if not path.name.endswith(".study.yaml")
    )


def load_gas(mechanism: str | Path, phase: str = "") -> ct.Solution:
    """An ideal-gas phase with reactions, without transport properties.

    Raises
    ------
    FormatError
        If the file is not UTF-8, Cantera refuses it, or the phase is no ideal gas, or has no reactions.
    """
    if Path(mechanism).suffix.lower() in (".inp", ".dat", ".cti", ".xml"):
        raise FormatError(f"{mechanism} is not a YAML file. Convert it first: ck2yaml for Chemkin, cti2yaml for CTI.")
    check_mechanism_text(str(mechanism))
    try:
        with warnings.catch_warnings():  # jumps of 0.1 % in some species' thermodynamics, as published
            warnings.filterwarnings("ignore", message="NasaPoly2")
            gas = ct.Solution(str(mechanism), phase, transport_model=None)
    except (RuntimeError, ValueError, OSError) as error:  # RuntimeError is the base of CanteraError
        reason = first_sentence(error)
        if phase and "'name'" in reason:
            raise FormatError(f"{mechanism} has no phase {phase!r}. Its phases stand under `phases:`.") from None
        raise FormatError(f"Cantera refuses {mechanism}: {reason}. Check that it is a mechanism file.") from None
    if gas.thermo_model != "ideal-gas":
        raise FormatError(
            f"{mechanism}: phase {gas.name!r} is of the model {gas.thermo_model}; reactors here hold an ideal gas. "
            "Name an ideal-gas phase of the file with `phase:`."
        )
    _check_thermo(gas, str(mechanism))
    if not gas.n_reactions:
        raise FormatError(
            f"{mechanism}: phase {gas.name!r} has no reactions, so that nothing would change. "
            "Name a phase that has some."
        )
    return gas


def _check_thermo(gas: ct.Solution, mechanism: str) -> None:
    """Refuse species without thermodynamic data, which Cantera loads and then cannot simulate."""
    lacking = [each.name for each in gas.species() if each.thermo is None]
    if lacking:
        raise FormatError(
            f"{mechanism}: {listed(lacking)} has no thermodynamic data, without which Cantera simulates no gas. "
            "Give it a `thermo:` entry, if only `model: constant-cp`."
        )
