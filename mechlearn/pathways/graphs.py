"""The pathway graph of a mechanism: species and reactions as the two kinds of nodes, and the files that hold it.

A reaction node stands for one entry of the mechanism file, so a reversible reaction kept as two one-way halves is
two nodes. An edge from a species to a reaction means "consumes", one from a reaction to a species "forms"; a
catalyst has both. The numbers on nodes are in kmol, m³, s, K and J.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import networkx as nx
import numpy as np

from ..chemistry.mechanism import Arrhenius, Mechanism, Reaction, Species

Attribute = str | int | float | bool


def reaction_graph(mechanism: Mechanism) -> nx.DiGraph:
    """The bipartite graph of species and reactions.

    Parameters
    ----------
    mechanism : Mechanism
        Its rate types that are not modelled are reaction nodes too, without rate constants.

    Returns
    -------
    networkx.DiGraph
        Species nodes, under their names: ``bipartite`` 0, ``kind``, ``label``, ``composition``. Reaction nodes, under
        number and equation: ``bipartite`` 1, ``kind``, ``label``, ``equation``, ``type``, ``reversible``; where the
        rate is modelled ``A``, ``b``, ``Ea`` [kmol, m³, s, J] and ``rate_constant`` at the mechanism's temperature,
        the same with ``_reverse`` for a reverse rate constant of its own; of a falloff reaction those of the
        high-pressure limit, the same with ``_low`` for the other, and ``troe``; ``third_body`` (efficiencies),
        ``orders`` and ``note`` where there are any. Edges: ``coefficient``. The graph: ``name``, ``temperature`` [K],
        ``pressure`` [Pa]. What is unknown is left out: not every format has a word for it.

    Examples
    --------
    >>> a_to_b = Reaction({"A": 2}, {"B": 1}, Arrhenius(3.0))
    >>> graph = reaction_graph(Mechanism((Species("A"), Species("B")), (a_to_b,)))
    >>> list(graph.nodes)
    ['A', 'B', 'R1: 2 A => B']
    >>> graph.edges["A", "R1: 2 A => B"]
    {'coefficient': 2.0}
    """
    graph = nx.DiGraph(
        name=mechanism.name, temperature=float(mechanism.temperature), pressure=float(mechanism.pressure)
    )
    for species in mechanism.species:
        graph.add_node(species.name, **_species_attributes(species))
    for number, reaction in enumerate(mechanism.reactions, start=1):
        key = f"R{number}: {reaction.equation}"
        while key in graph:
            key += " (reaction)"
        graph.add_node(key, **_reaction_attributes(reaction, number, mechanism.temperature))
        consumed = [(name, key, amount) for name, amount in reaction.reactants.items()]
        formed = [(key, name, amount) for name, amount in reaction.products.items()]
        edges = [(a, b, float(amount)) for a, b, amount in (*consumed, *formed) if amount]
        graph.add_weighted_edges_from(edges, weight="coefficient")
    return graph


def _amounts(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{name}:{value:g}" for name, value in amounts.items())


def _species_attributes(species: Species) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {"bipartite": 0, "kind": "species", "label": species.name}
    if species.composition:
        attributes["composition"] = _amounts(species.composition)
    return attributes


def _reaction_attributes(reaction: Reaction, number: int, temperature: float) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {
        "bipartite": 1,
        "kind": "reaction",
        "label": f"R{number}",
        "equation": reaction.equation,
        "type": _rate_type(reaction),
        "reversible": bool(reaction.reversible or reaction.reverse_rate is not None),
    }
    falloff = reaction.falloff
    low = None if falloff is None else falloff.low
    for suffix, rate in (("", reaction.rate), ("_low", low), ("_reverse", reaction.reverse_rate)):
        if rate is not None:
            attributes |= _rate_attributes(rate, suffix, temperature)
    if falloff is not None and falloff.troe:
        attributes["troe"] = _amounts(dict(zip(("A", "T3", "T1", "T2"), falloff.troe, strict=False)))
    if reaction.third_body is not None:
        others = _amounts(reaction.third_body.efficiencies)
        attributes["third_body"] = f"M:{reaction.third_body.default:g}" + (f", {others}" if others else "")
    if reaction.orders:
        attributes["orders"] = _amounts(reaction.orders)
    if reaction.note:
        attributes["note"] = reaction.note
    return attributes


def _rate_type(reaction: Reaction) -> str:
    if reaction.rate is None:
        return str((reaction.definition or {}).get("type", "unknown"))
    if reaction.falloff is not None:
        return "falloff"
    return "elementary" if reaction.third_body is None else "three-body"


def _rate_attributes(rate: Arrhenius, suffix: str, temperature: float) -> dict[str, Attribute]:
    with np.errstate(all="ignore"):
        constant = float(rate.at(temperature))
    values = {"A": float(rate.A), "b": float(rate.b), "Ea": float(rate.Ea), "rate_constant": constant}
    return {key + suffix: value for key, value in values.items() if math.isfinite(value)}
