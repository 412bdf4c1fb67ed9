"""Candidates as live Cantera phases: a part of the source, efficiencies, colliders and changed rates kept correct."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from functools import lru_cache
from math import exp
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np

from ..formats.cantera_species import atomic_weights
from ..formats.records import plain
from ..simulation.mechanisms import load_gas
from .reduction_records import REFERENCE_TEMPERATURE, UNCHANGED, Candidate, Change, GlobalReaction

_KEPT_PHASES = 8
_ARRHENIUS = ("rate-constant", "low-P-rate-constant", "high-P-rate-constant")
_UNITS = {"length": "m", "time": "s", "quantity": "kmol", "activation-energy": "J/kmol"}


class SourceMechanism:
    """A mechanism as Cantera holds it, and the candidates built from it last.

    Parameters
    ----------
    mechanism, phase : str
        As in `load_gas`.
    global_reactions : tuple of GlobalReaction
        Reactions that candidates may have beside those of the mechanism, numbered after them.

    Its ``build`` gives a candidate as a phase, of which a few are kept.
    """

    def __init__(self, mechanism: str, phase: str, global_reactions: tuple[GlobalReaction, ...] = ()) -> None:
        self.gas = load_gas(mechanism, phase)
        self.species = self.gas.species()
        self.names = tuple(self.gas.species_names)
        self.weights = atomic_weights(self.gas)
        self.reactions = self.gas.reactions()
        self.own = len(self.reactions)
        self.reactions += [ct.Reaction.from_dict(reaction.definition, self.gas) for reaction in global_reactions]  # type: ignore[arg-type]
        self.participants = tuple(_participants(each, set(self.names)) for each in self.reactions)
        self.definitions = tuple(_definition(each) for each in self.reactions)
        self.sums = _sums(self.reactions)
        self.differences = tuple(
            members if any(self.definitions[i].get("negative-A") for i in members) else (j,)
            for j, members in enumerate(self.sums)
        )
        self._reactions: dict[Any, ct.Reaction] = {}
        self.build = lru_cache(maxsize=_KEPT_PHASES)(self._built)

    def whole(self) -> Candidate:
        """All of it, without global reactions."""
        return Candidate(tuple(range(len(self.species))), tuple(range(self.own)))

    def part(self, species: Iterable[int], of: Candidate | None = None) -> Candidate:
        """Some species of a candidate, and its reactions that need no other."""
        base = of or self.whole()
        kept = tuple(sorted(species))
        names = {self.names[i] for i in kept}
        lost = [j for j in base.reactions if not self.participants[j] <= names]
        return Candidate(kept, base.reactions, base.changes).without(lost)

    def changeable(self, reaction: int) -> bool:
        """Whether the rate constant of a reaction can be changed by a factor that depends on temperature."""
        definition = self.definitions[reaction]
        return any(key in definition for key in (*_ARRHENIUS, "rate-constants")) and definition.get("type") in (
            *(None, "elementary", "Arrhenius", "three-body", "three-body-Arrhenius", "falloff", "chemically-activated"),
            "pressure-dependent-Arrhenius",
        )

    def _built(self, candidate: Candidate) -> ct.Solution:
        names = frozenset(self.names[i] for i in candidate.species)
        changes = dict(candidate.changes)
        reactions = [self.reaction(j, names, changes.get(j, UNCHANGED)) for j in candidate.reactions]
        species = [self.species[i] for i in candidate.species]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _phase(species, reactions, self.weights)

    def reaction(self, number: int, names: frozenset[str], change: Change) -> ct.Reaction:
        """A reaction of the source among some species, its rate constant changed."""
        efficiencies = self.definitions[number].get("efficiencies", {})
        left = {name: value for name, value in efficiencies.items() if name in names}
        key = (number, frozenset(left), change)
        if key not in self._reactions:
            definition = changed(self.definitions[number], change)
            if efficiencies:
                definition["efficiencies"] = left
            self._reactions[key] = ct.Reaction.from_dict(definition, self.gas)  # type: ignore[arg-type]
        return self._reactions[key]


def _phase(species: list[ct.Species], reactions: list[ct.Reaction], weights: dict[str, float]) -> ct.Solution:
    """A gas of species and reactions; elements that the source declares itself, or weighs otherwise, as there."""
    if not weights:
        return ct.Solution(thermo="ideal-gas", kinetics="gas", species=species, reactions=reactions)
    first, *others = species
    elements = list(dict.fromkeys(element for each in species for element in each.composition))
    phase = {"name": "gas", "thermo": "ideal-gas", "kinetics": "gas", "elements": elements, "species": [first.name]}
    content = {
        "phases": [phase | {"reactions": "none"}],
        "elements": [{"symbol": symbol, "atomic-weight": weight} for symbol, weight in weights.items()],
        "species": [plain(first.input_data)],
    }
    gas = ct.Solution(yaml=json.dumps(content))
    for each in others:
        gas.add_species(each)
    for reaction in reactions:
        gas.add_reaction(reaction)
    return gas


@lru_cache(maxsize=4)
def source_of(mechanism: str, phase: str, global_reactions: tuple[GlobalReaction, ...] = ()) -> SourceMechanism:
    """The source of this process."""
    return SourceMechanism(mechanism, phase, global_reactions)


def file_of(path: Path) -> ct.Solution:
    """A mechanism file as it is now."""
    return _file(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _file(path: str, written: int) -> ct.Solution:
    return load_gas(path)


def changed(definition: dict[str, Any], change: Change) -> dict[str, Any]:
    """A reaction's definition with its rate constant changed; both limits alike where it falls off."""
    if change == UNCHANGED:
        return dict(definition)
    new: dict[str, Any] = {key: changed_arrhenius(definition[key], change) for key in _ARRHENIUS if key in definition}
    if "rate-constants" in definition:
        new["rate-constants"] = [changed_arrhenius(each, change) for each in definition["rate-constants"]]
    return definition | new


def changed_arrhenius(rate: dict[str, Any], change: Change) -> dict[str, Any]:
    """The parameters A, b and Ea changed."""
    a, b, e = change
    return rate | {
        "A": rate["A"] * exp(a + e) * REFERENCE_TEMPERATURE**-b,
        "b": rate["b"] + b,
        "Ea": rate["Ea"] + e * REFERENCE_TEMPERATURE * ct.gas_constant,
    }


def _sums(reactions: list[ct.Reaction]) -> tuple[tuple[int, ...], ...]:
    """For each reaction all that are added up to one rate with it, itself among them."""
    members: dict[str, list[int]] = {}
    for j, reaction in enumerate(reactions):
        members.setdefault(reaction.equation if reaction.duplicate else str(j), []).append(j)
    return tuple(tuple(members[each.equation if each.duplicate else str(j)]) for j, each in enumerate(reactions))


def _participants(reaction: ct.Reaction, names: set[str]) -> frozenset[str]:
    """Every species without which the reaction cannot stand, a collider of its own among them."""
    body = reaction.third_body
    colliders = {body.name} & names if body is not None else set()
    return frozenset({*reaction.reactants, *reaction.products, *reaction.orders, *colliders})


def _definition(reaction: ct.Reaction) -> dict[str, Any]:
    definition = plain(reaction.input_data)
    body = reaction.third_body
    if body is not None and "efficiencies" in definition and body.name not in ("M", "(+M)"):
        definition.pop("efficiencies")  # a collider of its own stands in the equation
    return dict(definition)


def scaled_temperature(temperature: Any) -> Any:
    """The three functions of temperature by which a change enters ln k, on a last axis."""
    t = np.asarray(temperature, dtype=float) / REFERENCE_TEMPERATURE
    return np.stack([np.ones_like(t), np.log(t), 1 - 1 / t], axis=-1)
