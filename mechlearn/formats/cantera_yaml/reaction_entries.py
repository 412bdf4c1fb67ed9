"""Reactions → their entries in a Cantera YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from ...chemistry.mechanism import Arrhenius, Mechanism, Reaction, ThirdBody, side_text
from ..cantera_species import whole_numbers
from ..records import plain
from .yaml_style import DIGITS, flow, flow_rows


def reaction_entries(mechanism: Mechanism) -> list[dict[str, Any]]:
    """The mechanism's reactions as the file lists them, duplicates flagged where Cantera wants it."""
    parts = [part for reaction in mechanism.reactions for part in one_way_parts(reaction)]
    repeated = _duplicates(parts)
    names = set(mechanism.species_names)
    return [_reaction_entry(_among(part, names), i in repeated, names) for i, part in enumerate(parts)]


def one_way_parts(reaction: Reaction) -> tuple[Reaction, ...]:
    """The reactions that stand for this one in the file: two where the reverse rate constant is its own."""
    if reaction.reverse_rate is None:
        return (reaction,)
    forward = replace(reaction, reverse_rate=None)
    reverse = replace(
        forward, reactants=reaction.products, products=reaction.reactants, rate=reaction.reverse_rate, orders=None
    )
    return forward, reverse


def _duplicates(parts: list[Reaction]) -> set[int]:
    """Which entries Cantera takes for duplicates: the same sides up to a factor, of the same type."""
    ratios = [_in_ratio(part.reactants, part.products) for part in parts]
    groups: dict[Any, list[int]] = {}
    for i, part in enumerate(parts):
        sides = frozenset([ratios[i], _in_ratio(part.products, part.reactants)])
        groups.setdefault((sides, _type(part)), []).append(i)
    repeated: set[int] = set()
    for i, j in (pair for members in groups.values() for pair in combinations(members, 2)):
        if ratios[i] == ratios[j] or parts[i].reversible or parts[j].reversible:
            repeated |= {i, j}
    return repeated


def _among(part: Reaction, names: set[str]) -> Reaction:
    """The reaction without efficiencies of species that are not there."""
    body = part.third_body
    if body is None:
        return part
    efficiencies = {name: float(value) for name, value in body.efficiencies.items() if name in names}
    return replace(part, third_body=ThirdBody(efficiencies, float(body.default)))


def _in_ratio(reactants: Mapping[str, float], products: Mapping[str, float]) -> frozenset[tuple[str, str, float]]:
    largest = max((*reactants.values(), *products.values()), default=1.0)
    sides = (("in", reactants), ("out", products))
    return frozenset((side, name, round(n / largest, 9)) for side, amounts in sides for name, n in amounts.items())


def _type(part: Reaction) -> str:
    if part.rate is None:
        return str((part.definition or {}).get("type", ""))
    if part.falloff is not None:
        return "falloff-Troe" if part.falloff.troe else "falloff-Lindemann"
    return "elementary" if part.third_body is None else "three-body"


def _reaction_entry(part: Reaction, repeated: bool, names: set[str]) -> dict[str, Any]:
    note = {"note": part.note} if part.note else {}
    duplicate = {"duplicate": True} if repeated else {}
    if part.rate is None:
        return _carried_entry(part, duplicate, names) | note
    entry: dict[str, Any] = {"equation": _equation(part)} | duplicate | _rate_entry(part, part.rate)
    if part.rate.A < 0:
        entry["negative-A"] = True
    if part.third_body is not None and (part.falloff is None or part.third_body.name == "M"):
        if part.third_body.efficiencies:
            entry["efficiencies"] = flow(part.third_body.efficiencies)
        if part.third_body.default != 1.0:
            entry["default-efficiency"] = part.third_body.default
    if part.orders:
        entry["orders"] = flow(whole_numbers(part.orders))
        if set(part.orders) - set(part.reactants):
            entry["nonreactant-orders"] = True
        if min(part.orders.values()) < 0:
            entry["negative-orders"] = True
    return entry | note


def _rate_entry(part: Reaction, rate: Arrhenius) -> dict[str, Any]:
    if part.falloff is not None:
        limits = {"low": part.falloff.low, "high": rate}
        entry = {"type": "falloff"} | {f"{name}-P-rate-constant": flow(_arrhenius(k)) for name, k in limits.items()}
        troe = dict(zip(("A", "T3", "T1", "T2"), map(float, part.falloff.troe), strict=False))
        return entry | ({"Troe": flow(troe)} if troe else {})
    on_both_sides = set(part.reactants) & set(part.products)
    kind = "three-body" if part.third_body else "elementary" if on_both_sides else ""
    return ({"type": kind} if kind else {}) | {"rate-constant": flow(_arrhenius(rate))}


def _carried_entry(part: Reaction, duplicate: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Cantera's own definition, with efficiencies of species that are there only."""
    definition = {key: value for key, value in plain(part.definition or {}).items() if key not in ("duplicate", "note")}
    equation = str(definition.pop("equation", None) or _equation(part))
    if "efficiencies" in definition:
        definition["efficiencies"] = {n: e for n, e in definition["efficiencies"].items() if n in names}
    return {"equation": equation} | duplicate | {key: flow_rows(value) for key, value in definition.items()}


def _arrhenius(rate: Arrhenius) -> dict[str, float]:
    return {name: float(value) for name, value in plain(rate).items()}


def _equation(part: Reaction) -> str:
    sides = (side_text(side, DIGITS) + part.partner for side in (part.reactants, part.products))
    return (" <=> " if part.reversible else " => ").join(sides)
