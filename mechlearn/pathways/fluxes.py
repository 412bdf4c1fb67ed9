"""How many atoms of an element pass from one species to another: the element-flux graph.

The rule, in a reaction with rate of progress q: of the element's atoms that reactant A brings in, product B gets the
share that it holds of all such atoms among the products,

    flux(A → B) = q · (n_A E_A) (n_B E_B) / Σ n E,

with coefficients n, atoms per molecule E, and the sum over one side. Atoms are conserved, and scrambled: nothing is
assumed on which bonds break. Forward and reverse progress count apart. A species on both sides passes on only what it
loses or gains in net, as in Cantera's diagrams.

Where both sides have several carriers, scrambling shows ways that no bond takes: CH3 + CH2O → CH4 + HCO lets half of
CH2O's carbon pass to CH4. No rule that knows only compositions avoids all of these.

Cantera's ``ReactionPathDiagram`` gives the same numbers wherever at most one molecule on one of the two sides holds
the element. Elsewhere it guesses at the groups that stay together (two reactants, two products), or leaves the
reaction out (three and more); `ambiguous_reactions` lists those. It also leaves out negative rates of progress, which
duplicates with negative pre-exponential factors have; here they count.

References
----------
.. [1] J. Revel, J. C. Boettner, M. Cathonnet, J. S. Bachman, "Derivation of a global chemical kinetic mechanism for
   methane ignition and combustion", J. Chim. Phys. 91 (1994) 365. https://doi.org/10.1051/jcp/1994910365
.. [2] J. F. Grcar, M. S. Day, J. B. Bell, "A taxonomy of integral reaction path analysis", Combust. Theory Model. 10
   (2006) 559. https://doi.org/10.1080/13647830600551917
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..errors import StudyError
from .flux_species import FluxSpecies, Step
from .rates_of_progress import RatesOfProgress

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Sparse = sparse.csr_array[np.float64]

ROUND_OFF = 1e-9
"""Of the largest one-way flux: net fluxes that are all smaller are what the integration leaves at equilibrium."""


@dataclass(frozen=True, eq=False)
class Transfers:
    """Which atoms every reaction moves, for one element.

    Parameters
    ----------
    pairs : int array, shape (D, 2)
        Source and target species; every pair stands there in both directions.
    opposite : int array, shape (D,)
        Where the other direction of a pair stands.
    forward, reverse : sparse array, shape (D, R)
        Atoms moved per unit of forward and of reverse progress.
    """

    pairs: Indices
    opposite: Indices
    forward: Sparse
    reverse: Sparse

    def carried(self, forward: Floats, reverse: Floats) -> Sparse:
        """Atoms that pass between each pair by each reaction, shape (D, R), at progress of shape (R,)."""
        return sparse.csr_array(self.forward * forward + self.reverse * reverse)


def transfers(network: FluxSpecies, element: str) -> Transfers:
    """The moves of an element's atoms, reaction by reaction.

    Raises
    ------
    StudyError
        If the mechanism has no such element, or a species holds a negative number of it.
    """
    atoms = network.atoms_of(element)
    moves = [(a, b, i, n) for i, step in enumerate(network.reactions) for (a, b), n in _moves(step, atoms).items()]
    number = {way: d for d, way in enumerate(dict.fromkeys(each for a, b, *_ in moves for each in ((a, b), (b, a))))}
    opposite = np.array([number[b, a] for a, b in number], dtype=np.intp)
    rows, columns = [number[a, b] for a, b, *_ in moves], [i for *_, i, _ in moves]
    shape = (len(number), len(network.reactions))
    forward = sparse.csr_array((np.array([n for *_, n in moves]), (rows, columns)), shape=shape)
    pairs = np.array(list(number), dtype=np.intp).reshape(-1, 2)
    return Transfers(pairs, opposite, forward, forward[opposite])


def _moves(reaction: Step, atoms: Floats) -> dict[tuple[int, int], float]:
    """Atoms that pass from each reactant to each product per unit of progress."""
    net = reaction.net
    given = {j: -n * atoms[j] for j, n in net.items() if n < 0 and atoms[j]}
    taken = {j: n * atoms[j] for j, n in net.items() if n > 0 and atoms[j]}
    total = sum(given.values())
    return {(a, b): float(x * y / total) for a, x in given.items() for b, y in taken.items()}


def ambiguous_reactions(network: FluxSpecies, element: str) -> list[int]:
    """Reactions in which several molecules on either side hold the element, so that the rule has to scramble.

    Parameters
    ----------
    network : FluxSpecies
        That of a `History` or a `RatesOfProgress`.
    element : str
        ``C``, ``H``, ...

    Returns
    -------
    list of int
        Indices into ``network.reactions``.

    Raises
    ------
    StudyError
        If the mechanism has no such element.
    """
    atoms = network.atoms_of(element)
    found = []
    for i, reaction in enumerate(network.reactions):
        net = reaction.net
        holders = [sum(abs(n) for j, n in net.items() if atoms[j] and (n > 0) is side) for side in (True, False)]
        if min(holders) > 1:
            found.append(i)
    return found


def flux_graph(
    progress: RatesOfProgress, element: str, *, net: bool = False, normalise: str | None = None
) -> nx.DiGraph:
    """The graph of an element's way from species to species.

    Parameters
    ----------
    progress : RatesOfProgress
        At a state, or integrated: from `History.at` or `History.over`.
    element : str
        ``C``, ``H``, ...
    net : bool
        Between two species only the difference of the two directions, as one edge; else both, as two edges.
    normalise : str, optional
        Fluxes as parts of the largest one (``"max"``), of the sum of all (``"total"``), or of the consumption of a
        species (its name).

    Returns
    -------
    networkx.DiGraph
        Nodes are the species that hold the element: ``kind``, ``label``, ``composition``, ``atoms`` (of the element),
        ``concentration`` [kmol/m³], ``production`` (net, counted in atoms, in the unit of the fluxes).
        Edges: ``flux``; ``forward`` (atoms from source to target) and ``reverse`` (atoms back), whose difference is
        ``flux`` where net; ``fraction`` of what leaves the source; ``reactions``, a JSON list of
        [number, equation, share of the flux] from the largest share on.
        The graph: ``name``, ``element``, ``unit`` (kmol/m3/s of atoms at a state, kmol/m3 integrated, 1 normalised),
        ``net``, ``integrated``, ``from_time``, ``to_time`` [s], ``temperature`` [K], ``pressure`` [Pa], ``scale`` (by
        which the fluxes were divided), ``equilibrium``: True where the net fluxes are round-off of the one-way ones,
        so that shares and paths of them say nothing.

    Raises
    ------
    StudyError
        If the mechanism has no such element, or nothing flows by which to normalise.

    Examples
    --------
    >>> from mechlearn import Study, simulate
    >>> from mechlearn.pathways.recording import progress_history
    >>> source = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> runs = simulate(Study(source={**source, "times": {"end": "30 us", "count": 31}}))
    >>> graph = flux_graph(progress_history("h2o2.yaml", runs).over(), "O", net=True, normalise="max")
    >>> max(graph.edges, key=lambda edge: graph.edges[edge]["flux"])
    ('OH', 'H2O')
    """
    moves = transfers(progress.network, element)
    directed, gross = _directed(moves, progress)
    parts = sparse.csr_array(directed - directed[moves.opposite]) if net else directed
    back = gross[moves.opposite]
    flux: Floats = parts.sum(axis=1)
    equilibrium = net and is_round_off(flux, gross)
    kept = np.flatnonzero(flux > 0)
    outflow = np.bincount(moves.pairs[kept, 0], flux[kept], len(progress.network.species)).astype(float)
    scale = _scale(progress.network, element, normalise, flux[kept], outflow)
    graph = _carriers(progress, element, scale)
    graph.graph |= {"unit": "1" if normalise else progress.unit, "net": net, "equilibrium": equilibrium}
    names, equations = progress.network.species, [reaction.equation for reaction in progress.network.reactions]
    for d in kept:
        a, b = moves.pairs[d]
        own = slice(parts.indptr[d], parts.indptr[d + 1])
        graph.add_edge(
            names[a],
            names[b],
            flux=float(flux[d] / scale),
            forward=float(gross[d] / scale),
            reverse=float(back[d] / scale),
            fraction=float(flux[d] / outflow[a]),
            reactions=_shares(parts.indices[own], parts.data[own] / flux[d], equations),
        )
    return graph


def is_round_off(net: Floats, one_way: Floats) -> bool:
    """Whether differences of opposite fluxes are all below a billionth of the largest one: the gas is in equilibrium.

    Examples
    --------
    >>> is_round_off(np.array([1e-10, -1e-10]), np.array([12.0, 12.0]))
    True
    >>> is_round_off(np.zeros(2), np.zeros(2))
    False
    """
    largest = float(np.abs(one_way).max(initial=0.0))
    return largest > 0 and float(np.abs(net).max(initial=0.0)) < ROUND_OFF * largest


def _directed(moves: Transfers, progress: RatesOfProgress) -> tuple[Sparse, Floats]:
    """Atoms that pass between each pair by each reaction, and their sums; what would be negative flows back."""
    directed = moves.carried(progress.forward, progress.reverse)
    negative = directed.sum(axis=1) < 0
    if np.any(negative):
        backward = sparse.csr_array(directed * negative[:, None])
        directed = sparse.csr_array(directed - backward - backward[moves.opposite])
    return directed, directed.sum(axis=1)


def _scale(network: FluxSpecies, element: str, normalise: str | None, flux: Floats, outflow: Floats) -> float:
    if normalise is None:
        return 1.0
    sums = {"max": flux.max(initial=0.0), "total": flux.sum()}
    scale = float(sums[normalise] if normalise in sums else outflow[network.index(normalise)])
    if not scale > 0:
        where = "" if normalise in sums else f" out of {normalise}"
        what = f"No {element} flows{where}, so that there is nothing to normalise by"
        raise StudyError(f"{what}. Name another state or another species.")
    return scale


def _carriers(progress: RatesOfProgress, element: str, scale: float) -> nx.DiGraph:
    """The graph with its nodes, still without edges."""
    network, atoms = progress.network, progress.network.atoms_of(element)
    when = {key: getattr(progress, key) for key in ("integrated", "from_time", "to_time", "temperature", "pressure")}
    graph = nx.DiGraph(name=network.name, element=element, **when, scale=scale)
    for j in np.flatnonzero(atoms):
        graph.add_node(
            network.species[j],
            kind="species",
            label=network.species[j],
            composition=", ".join(f"{name}:{count:g}" for name, count in network.composition(int(j)).items()),
            atoms=float(atoms[j]),
            concentration=float(progress.concentrations[j]),
            production=float(atoms[j] * progress.production[j] / scale),
        )
    return graph


def _shares(reactions: NDArray[np.integer], shares: Floats, equations: list[str]) -> str:
    order = np.lexsort((reactions, -np.abs(shares)))
    return json.dumps([[int(reactions[k]) + 1, equations[reactions[k]], float(shares[k])] for k in order if shares[k]])
