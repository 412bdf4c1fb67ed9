"""Two mechanisms along the same run: where a learnt or reduced one sends more, or less, than the detailed one."""

from __future__ import annotations

import networkx as nx

from .fluxes import flux_graph
from .operations import difference
from .rates_of_progress import History


def run_difference(learnt: History, source: History) -> nx.DiGraph | None:
    """How much more, or less, of an element passes between species in one mechanism than in another, over a whole run.

    Parameters
    ----------
    learnt, source : History
        Both from `progress_history`, along the same run.

    Returns
    -------
    networkx.DiGraph or None
        The `difference` of net fluxes of carbon; of hydrogen, or the first element of all, where a mechanism has none.
        None where the mechanisms share no element.

    Examples
    --------
    >>> from mechlearn import Study, simulate
    >>> from mechlearn.pathways.recording import progress_history
    >>> start = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> runs = simulate(Study(source={**start, "times": {"end": "30 us", "count": 4}}))
    >>> one, other = progress_history("h2o2.yaml", runs), progress_history("gri30.yaml", runs)
    >>> graph = run_difference(one, other)
    >>> graph.graph["element"], graph.has_node("H2O")
    ('H', True)
    """
    shared = [element for element in learnt.network.elements if element in source.network.elements]
    element = next((element for element in ("C", "H", *shared) if element in shared), None)
    if element is None:
        return None
    return difference(*(flux_graph(history.over(), element, net=True) for history in (source, learnt)))
