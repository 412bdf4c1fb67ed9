"""Cantera YAML → Mechanism, through Cantera itself, so that units, references and defaults are its own."""

from __future__ import annotations

import os
import re
import warnings
from itertools import takewhile
from pathlib import Path
from typing import Any

import cantera as ct
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, ThirdBody
from ...errors import FormatError
from ..cantera_species import atomic_weights, first_sentence, species_record, whole_numbers
from ..records import plain
from ..yaml_bounds import check_mechanism_text

_FALLOFF = ("falloff-Lindemann", "falloff-Troe")
_MODELLED = ("Arrhenius", "three-body-Arrhenius", *_FALLOFF)
_GAS_KINETICS = ("gas", "bulk")
_CONVERTERS = {".inp": "ck2yaml", ".dat": "ck2yaml", ".txt": "ck2yaml", ".cti": "cti2yaml", ".xml": "ctml2yaml"}


def read_mechanism(path: str | os.PathLike[str], phase: str = "") -> Mechanism:
    """Read a gas-phase mechanism from a file that Cantera reads.

    Elementary and three-body Arrhenius reactions are modelled, and falloff reactions of Lindemann's and Troe's form. A
    reaction of any other rate type rides along with its equation and Cantera's own definition, in SI units. A named
    collider (``H + O2 + N2 <=> HO2 + N2``) becomes a species that stands on both sides, or, where the reaction falls
    off (``(+N2)``), a third body of that species alone.

    Parameters
    ----------
    path : path
        A file, or the name of one that Cantera ships.
    phase : str
        Which phase; if empty, the first ideal gas with kinetics.

    Returns
    -------
    Mechanism
        At the temperature and pressure of the phase's state.

    Raises
    ------
    FormatError
        If the file is not there, is not Cantera YAML, has no such phase, or the phase is not an ideal gas.

    Examples
    --------
    >>> hydrogen = read_mechanism("h2o2.yaml")
    >>> len(hydrogen.species), len(hydrogen.reactions), hydrogen.reactions[2].equation
    (10, 29, 'H2 + O <=> H + OH')
    """
    name = os.fspath(path)
    file = _find(name)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FormatError(f"Mechanism file {name} cannot be read: {reason}. Give a Cantera YAML file.") from None
    _refuse_chemkin(name, text)
    check_mechanism_text(str(file))
    chosen = _choose_phase(name, _phases(text), phase)
    return _record(_load(name, infile=str(file), name=chosen))


def parse_mechanism(text: str, phase: str = "") -> Mechanism:
    """As `read_mechanism`, from the text of such a file.

    Raises
    ------
    FormatError
        As `read_mechanism`.
    """
    chosen = _choose_phase("the text", _phases(text), phase)
    return _record(_load("the text", yaml=text, name=chosen))


def solution(text: str, *, transport: bool = False) -> ct.Solution:
    """The text of a mechanism file as Cantera loads it; FormatError with its sentence if it refuses."""
    return _load("the text", yaml=text, name="", transport=transport)


def _find(name: str) -> Path:
    for folder in (".", *ct.get_data_directories()):
        if Path(folder, name).is_file():
            return Path(folder, name)
    if Path(name).is_dir():
        raise FormatError(f"Mechanism file {name} is a folder. Give the name of a Cantera YAML file.")
    raise FormatError(
        f"Mechanism file {name} is not there, neither as a path nor among the files that Cantera ships. "
        "Check the spelling, and the folder that relative paths start from."
    )


def _refuse_chemkin(name: str, text: str) -> None:
    first = next((line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("!")), "")
    converter = _CONVERTERS.get(Path(name).suffix.lower(), "")
    if not converter and re.match(r"(ELEM|SPEC|THER|REAC)[A-Z]*(\s|$)", first, flags=re.IGNORECASE):
        converter = "ck2yaml"
    if converter:
        form = "a Chemkin file" if converter == "ck2yaml" else "an old Cantera file"
        flag = "--input=" if converter == "ck2yaml" else ""
        raise FormatError(
            f"{name} is {form}, and mechlearn reads Cantera YAML. Convert it: {converter} {flag}{name} "
            f"(see {converter} --help for thermo and transport files), then give the .yaml file."
        )


def _phases(text: str) -> list[dict[str, Any]]:
    """The entries under ``phases:``; empty where the text is not such YAML, which Cantera then says better."""
    start = re.search(r"^phases\s*:", text, flags=re.MULTILINE)
    if start is None:
        return []
    first, *rest = text[start.start() :].splitlines(keepends=True)
    section = first + "".join(takewhile(lambda line: line[0] in " \t#-\r\n", rest))
    try:
        entries = YAML(typ="safe").load(section)["phases"]
    except (YAMLError, ValueError, RecursionError):
        return []
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict) and "name" in entry]


def _choose_phase(where: str, phases: list[dict[str, Any]], asked: str) -> str:
    """The name of the phase to load; empty where Cantera shall say what is wrong with the file."""
    if not phases:
        return asked
    kinds = {str(entry["name"]): str(entry.get("thermo", "unknown")) for entry in phases}
    gases = [name for name, kind in kinds.items() if kind == "ideal-gas"]
    offer = f"Ideal gases in it: {', '.join(gases)}." if gases else "It holds no ideal gas; give a file that does."
    if asked and asked not in kinds:
        raise FormatError(f"{where} has no phase {asked!r}; it has {', '.join(kinds)}. {offer}")
    if asked and asked not in gases:
        raise FormatError(
            f"Phase {asked!r} of {where} is of type {kinds[asked]!r}; mechlearn needs an ideal gas. {offer}"
        )
    if asked:
        return asked
    if not gases:
        others = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
        raise FormatError(f"{where} holds no ideal gas, only {others}; mechlearn needs one. Give a gas-phase file.")
    kinetics = {str(entry["name"]): entry.get("kinetics") for entry in phases}
    return next((name for name in gases if kinetics[name] in _GAS_KINETICS), gases[0])


def _load(where: str, *, transport: bool = False, **source: str) -> ct.Solution:
    options: dict[str, Any] = dict(source) if transport else {**source, "transport_model": None}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gas = ct.Solution(**options)
    except (RuntimeError, ValueError) as error:
        sentence = first_sentence(error) if isinstance(error, RuntimeError) else str(error)
        raise FormatError(f"Cantera cannot load {where}: {sentence}. Correct that entry.") from None
    if gas.thermo_model != "ideal-gas":
        raise FormatError(
            f"Phase {gas.name!r} of {where} is of type {gas.thermo_model!r}; mechlearn needs an ideal gas."
        )
    return gas


def _record(gas: ct.Solution) -> Mechanism:
    header = plain(gas.input_header)
    metadata = header.get("mechlearn", {})
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    if header.get("description"):
        metadata["description"] = str(header["description"]).strip()
    names = set(gas.species_names)
    return Mechanism(
        species=tuple(species_record(species) for species in gas.species()),
        reactions=tuple(_reaction(reaction, names) for reaction in gas.reactions()),
        temperature=float(f"{gas.T:.12g}"),
        pressure=float(f"{gas.P:.12g}"),
        name=gas.name,
        atomic_weights=atomic_weights(gas),
        metadata=metadata,
    )


def _reaction(reaction: ct.Reaction, names: set[str]) -> Reaction:
    reactants, products = whole_numbers(reaction.reactants), whole_numbers(reaction.products)
    definition = plain(reaction.input_data)
    note = str(definition.pop("note", ""))
    if reaction.reaction_type not in _MODELLED:
        definition.setdefault("type", reaction.reaction_type)
        if "efficiencies" in definition:
            definition["efficiencies"] = {n: e for n, e in definition["efficiencies"].items() if n in names}
        return Reaction(reactants, products, None, reversible=reaction.reversible, note=note, definition=definition)
    third_body = None
    body = reaction.third_body
    if body is not None:
        efficiencies = {name: float(value) for name, value in body.efficiencies.items() if name in names}
        default = float(body.default_efficiency)
        alone = body.name in names and default == 0.0 and efficiencies == {body.name: 1.0}
        if alone and reaction.reaction_type not in _FALLOFF:
            reactants, products = _with_collider(reactants, body.name), _with_collider(products, body.name)
        else:
            third_body = ThirdBody(efficiencies, default)
    rate: Any = reaction.rate
    falloff = None
    if reaction.reaction_type in _FALLOFF:
        falloff = Falloff(_arrhenius(rate.low_rate), tuple(map(float, rate.falloff_coeffs)))
        rate = rate.high_rate
    reversible, orders = reaction.reversible, whole_numbers(reaction.orders) or None
    return Reaction(reactants, products, _arrhenius(rate), None, third_body, reversible, orders, note, falloff=falloff)


def _arrhenius(rate: Any) -> Arrhenius:
    return Arrhenius(*map(float, (rate.pre_exponential_factor, rate.temperature_exponent, rate.activation_energy)))


def _with_collider(side: dict[str, float], name: str) -> dict[str, float]:
    return dict(sorted({**side, name: side.get(name, 0) + 1}.items()))
