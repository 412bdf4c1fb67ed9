"""How much each species depends on each other one: the coefficients of directed relation graphs.

References
----------
.. [1] T. Lu, C. K. Law, "A directed relation graph method for mechanism reduction", Proc. Combust. Inst. 30 (2005)
   1333. https://doi.org/10.1016/j.proci.2004.08.145
.. [2] P. Pepiot-Desjardins, H. Pitsch, "An efficient error-propagation-based reduction method for large chemical
   kinetic mechanisms", Combust. Flame 154 (2008) 67. https://doi.org/10.1016/j.combustflame.2007.10.020
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .operations import check_node
from .rates_of_progress import RatesOfProgress

Sparse = sparse.csr_array[np.float64]


def drg_coefficients(progress: RatesOfProgress) -> nx.DiGraph:
    """Direct interaction coefficients of the directed relation graph [1]_.

    Parameters
    ----------
    progress : RatesOfProgress
        At a state, or integrated.

    Returns
    -------
    networkx.DiGraph
        All species; an edge A → B has ``coefficient`` Σᵢ |ν_Ai qᵢ δ_Bi| / Σᵢ |ν_Ai qᵢ|: of all that forms and
        consumes A, the part in which B takes part. ν is net, q the net rate of progress, and δ is 1 where B is a
        reactant or a product; a third body's efficiency does not count.

    Examples
    --------
    >>> from mechlearn import Study, simulate
    >>> from mechlearn.pathways.recording import progress_history
    >>> source = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> runs = simulate(Study(source={**source, "times": {"end": "30 us", "count": 31}}))
    >>> state = progress_history("h2o2.yaml", runs).at(state=20)
    >>> round(drg_coefficients(state).edges["H2", "OH"]["coefficient"], 1)
    0.7
    """
    changes, involved = _matrices(progress)
    return _graph(progress, abs(changes) @ involved, abs(changes).sum(axis=1))


def drgep_interactions(progress: RatesOfProgress) -> nx.DiGraph:
    """Direct interaction coefficients with error propagation [2]_.

    Parameters
    ----------
    progress : RatesOfProgress
        At a state, or integrated.

    Returns
    -------
    networkx.DiGraph
        As `drg_coefficients`, but with ``coefficient`` |Σᵢ ν_Ai qᵢ δ_Bi| / max(production of A, consumption of A).
    """
    changes, involved = _matrices(progress)
    formed: NDArray[np.float64] = changes.maximum(0).sum(axis=1)
    consumed: NDArray[np.float64] = (-changes).maximum(0).sum(axis=1)
    return _graph(progress, abs(changes @ involved), np.maximum(formed, consumed))


def drgep_coefficients(progress: RatesOfProgress, targets: str | Iterable[str]) -> dict[str, float]:
    """Overall interaction coefficients of every species with the targets [2]_.

    Parameters
    ----------
    progress : RatesOfProgress
        At a state, or integrated.
    targets : str or iterable of str
        The species whose error counts.

    Returns
    -------
    dict of str to float
        For each species the largest product of direct coefficients over all paths from a target to it; 1 for a target.

    Raises
    ------
    StudyError
        If a target is no species of the mechanism.
    """
    graph = drgep_interactions(progress)
    centres = {targets} if isinstance(targets, str) else set(targets)
    for target in centres:
        check_node(graph, target)
    for _, _, data in graph.edges(data=True):
        data["length"] = max(-math.log(data["coefficient"]), 0.0)
    lengths = nx.multi_source_dijkstra_path_length(graph, centres, weight="length") if centres else {}
    return {name: math.exp(-lengths.get(name, math.inf)) for name in graph}


def _matrices(progress: RatesOfProgress) -> tuple[Sparse, Sparse]:
    """Net change of each species by each reaction, shape (S, R), and which species take part, shape (R, S)."""
    reactions, count = progress.network.reactions, len(progress.network.species)
    changes, involved = sparse.lil_array((count, len(reactions))), sparse.lil_array((len(reactions), count))
    for i, (reaction, rate) in enumerate(zip(reactions, progress.net, strict=True)):
        for j, n in reaction.net.items():
            changes[j, i] = n * rate
        involved[i, [*reaction.reactants, *reaction.products]] = 1.0
    return changes.tocsr(), involved.tocsr()


def _graph(progress: RatesOfProgress, above: Sparse, below: NDArray[np.float64]) -> nx.DiGraph:
    graph = nx.DiGraph(name=progress.network.name, from_time=progress.from_time, to_time=progress.to_time)
    species = progress.network.species
    graph.add_nodes_from(species, kind="species")
    pairs = above.tocoo()
    for a, b, value in zip(pairs.row, pairs.col, pairs.data, strict=True):
        if a != b and value > 0:
            graph.add_edge(species[a], species[b], coefficient=float(value / below[a]))
    return graph
