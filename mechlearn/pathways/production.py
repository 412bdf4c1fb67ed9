"""The graph of species and reactions with the rates at which they run, and what forms and consumes a species."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import networkx as nx
import numpy as np

from ..errors import FormatError
from ..files import write_text
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from .fluxes import is_round_off
from .graphs import reaction_graph
from .rates_of_progress import RatesOfProgress


def progress_graph(progress: RatesOfProgress) -> nx.DiGraph:
    """The bipartite graph of `mechlearn.pathways.graphs.reaction_graph` with the progress of every reaction.

    Parameters
    ----------
    progress : RatesOfProgress
        At a state, or integrated.

    Returns
    -------
    networkx.DiGraph
        As from `reaction_graph`, with rate constants at the temperature of the progress. Reaction nodes also have
        ``forward``, ``reverse`` and ``progress`` (their difference); species nodes ``concentration`` [kmol/m³] and
        ``production``; edges ``rate``: coefficient times net progress, negative where the reaction runs backward. The
        graph names their ``unit``, ``from_time`` and ``to_time`` [s].

    Raises
    ------
    FormatError
        If the mechanism file has changed since the progress was computed.
    """
    network = progress.network
    mechanism = read_mechanism(network.mechanism, network.phase)
    if mechanism.species_names != network.species or len(mechanism.reactions) != len(network.reactions):
        raise FormatError(f"{network.mechanism} has changed since its rates were computed. Compute them again.")
    here = replace(mechanism, temperature=progress.temperature, pressure=progress.pressure)
    graph = reaction_graph(here)
    graph.graph |= {"unit": progress.unit, "from_time": progress.from_time, "to_time": progress.to_time}
    for j, name in enumerate(network.species):
        graph.nodes[name]["concentration"] = float(progress.concentrations[j])
        graph.nodes[name]["production"] = float(progress.production[j])
    reactions = [node for node, kind in graph.nodes(data="kind") if kind == "reaction"]
    for i, node in enumerate(reactions):
        net = float(progress.net[i])
        graph.nodes[node].update(forward=float(progress.forward[i]), reverse=float(progress.reverse[i]), progress=net)
        for edge in (*graph.in_edges(node), *graph.out_edges(node)):
            graph.edges[edge]["rate"] = graph.edges[edge]["coefficient"] * net
    return graph


@dataclass(frozen=True)
class ProductionRow:
    """What one reaction does to one species.

    Parameters
    ----------
    species : str
    reaction : int
        Number of the entry in the mechanism file, from 1 on.
    equation : str
    forward, reverse : float
        Formed by the forward and by the reverse progress, negative where consumed [kmol/m³/s, or kmol/m³ integrated].
    rate : float
        Their sum.
    share : float
        Of all that forms the species, where the rate is positive; of all that consumes it, negative, where it is
        negative. Forward and reverse of one entry are one contribution. NaN where the species is in equilibrium: all
        rates are round-off of what is formed and consumed.
    """

    species: str
    reaction: int
    equation: str
    forward: float
    reverse: float
    rate: float
    share: float


def production_table(progress: RatesOfProgress, species: str | Iterable[str]) -> tuple[ProductionRow, ...]:
    """Which reactions form and which consume a species, the largest first.

    Parameters
    ----------
    progress : RatesOfProgress
        At a state, or integrated.
    species : str or iterable of str
        One species or several.

    Returns
    -------
    tuple of ProductionRow
        Species by species: what forms it, then what consumes it. The rates of a species add up to its net production.

    Raises
    ------
    StudyError
        If the mechanism has no such species.
    """
    rows: list[ProductionRow] = []
    for name in [species] if isinstance(species, str) else species:
        column = progress.network.index(name)
        involved = [(i, r.net.get(column, 0.0)) for i, r in enumerate(progress.network.reactions)]
        parts = [(i, n * progress.forward[i], -n * progress.reverse[i]) for i, n in involved if n]
        formed = sum(max(forward + reverse, 0.0) for _, forward, reverse in parts) or 1.0
        consumed = sum(max(-forward - reverse, 0.0) for _, forward, reverse in parts) or 1.0
        one_way = np.array([part[1:] for part in parts]).reshape(-1, 2)
        if is_round_off(one_way.sum(axis=1), one_way):
            formed = consumed = math.nan
        own = []
        for i, forward, reverse in parts:
            rate, equation = float(forward + reverse), progress.network.reactions[i].equation
            share = float(rate / (formed if rate > 0 else consumed))
            own.append(ProductionRow(name, i + 1, equation, float(forward), float(reverse), rate, share))
        rows += sorted(own, key=lambda row: (row.rate <= 0, -abs(row.rate), row.reaction))
    return tuple(rows)


def production_csv(rows: Sequence[ProductionRow]) -> str:
    """A production table as CSV text, its columns named as the fields of `ProductionRow`.

    Examples
    --------
    >>> production_csv([ProductionRow("A", 1, "A => B", -2.0, 0.0, -2.0, -1.0)]).splitlines()
    ['species,reaction,equation,forward,reverse,rate,share', 'A,1,A => B,-2.0,0.0,-2.0,-1.0']
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([each.name for each in fields(ProductionRow)])
    writer.writerows(astuple(row) for row in rows)
    return stream.getvalue()


def write_production_table(rows: Sequence[ProductionRow], path: str | Path) -> None:
    """Write a production table as CSV; a whole file appears, or none.

    Raises
    ------
    FormatError
        If the ending is not ``.csv``, or the file cannot be written.
    """
    if Path(path).suffix.lower() != ".csv":
        raise FormatError(f"{path}: a production table is written as CSV. Give a name that ends in .csv.")
    write_text(path, production_csv(rows))
