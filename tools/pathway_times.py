"""Times of pathway graphs for mechanisms of every size: built, written, read back by networkx with nothing lost.

    python tools/pathway_times.py [MECHANISM ...]

The states are ten mixtures of all species over some decades, so that no edge is zero: the most that a graph can hold.
The first number is the processor time of all: the rates, the graphs of fluxes and of species and reactions, and both
written to and read from GraphML, GEXF and JSON. The parts follow, and what else can be asked for.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import cantera as ct
import networkx as nx
import numpy as np

from mechlearn import (
    Species,
    Trajectories,
    Trajectory,
    drg_coefficients,
    drgep_coefficients,
    flux_graph,
    progress_graph,
    progress_history,
    strongest_paths,
    threshold,
    viewer_content,
    write_flux_graph,
)

T = TypeVar("T")

MECHANISMS = {
    "h2o2.yaml": ("", "H", "H2", "H2O"),
    "gri30.yaml": ("", "C", "CH4", "CO2"),
    "nDodecane_Reitz.yaml": ("nDodecane_IG", "C", "c12h26", "co2"),
    "example_data/ammonia-CO-H2-Alzueta-2023.yaml": ("", "N", "NH3", "N2"),
    "example_data/n-hexane-NUIG-2015.yaml": ("", "C", "NC6H14", "CO2"),
}
STATES = 10


def mixtures(mechanism: str, phase: str, seed: int = 0) -> Trajectories:
    """States in which every species is there."""
    gas = ct.Solution(mechanism, phase, transport_model=None)
    generator = np.random.default_rng(seed)
    temperature = np.linspace(900.0, 1800.0, STATES)
    concentrations = np.empty((STATES, gas.n_species))
    for state, kelvin in enumerate(temperature):
        gas.TPX = kelvin, 1e6, generator.random(gas.n_species) ** 6
        concentrations[state] = gas.concentrations
    run = Trajectory(np.linspace(0.0, 1e-3, STATES), concentrations, temperature, np.full(STATES, 1e6), name="mixtures")
    return Trajectories(tuple(Species(name) for name in gas.species_names), (run,), mechanism, phase)


def content(graph: nx.DiGraph) -> tuple[object, object]:
    """Nodes and edges with their attributes; GEXF numbers its edges, which is not ours."""
    edges = {(a, b): {k: v for k, v in data.items() if k != "id"} for a, b, data in graph.edges(data=True)}
    return dict(graph.nodes(data=True)), edges


def read(path: Path) -> nx.DiGraph:
    """A graph from a file, by networkx."""
    if path.suffix == ".json":
        return nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges")
    return nx.read_graphml(path) if path.suffix == ".graphml" else nx.read_gexf(path)


def timed(seconds: dict[str, float], name: str, work: Callable[[], T]) -> T:
    """Do some work and note the processor time that it took, which does not depend on who else computes."""
    started = time.process_time()
    result = work()
    seconds[name] = seconds.get(name, 0.0) + time.process_time() - started
    return result


def measure(mechanism: str, folder: Path) -> None:
    """Print one mechanism's line."""
    phase, element, source, target = MECHANISMS.get(mechanism, ("", "", "", ""))
    runs = mixtures(mechanism, phase)
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    history = timed(seconds, "rates", lambda: progress_history(mechanism, runs))
    element = element or history.network.elements[0]
    whole = history.over()
    graph = timed(seconds, "graph", lambda: flux_graph(whole, element))
    net = timed(seconds, "graph", lambda: flux_graph(whole, element, net=True))
    both = timed(seconds, "graph", lambda: progress_graph(whole))
    for name, each in (("flux", graph), ("bipartite", both)):
        for ending in ("graphml", "gexf", "json"):
            path = folder / f"{name}.{ending}"
            timed(seconds, ending, partial(write_flux_graph, each, path))
            again = timed(seconds, ending, partial(read, path))
            assert content(again) == content(each), f"{path} does not hold what was written"
    total, wall = sum(seconds.values()), time.perf_counter() - started
    ways = timed(seconds, "ways", lambda: strongest_paths(net, source, target, 5) if source else ())
    picture = threshold(net, relative=0.01)
    timed(seconds, "svg", lambda: write_flux_graph(picture, folder / "a.svg", source=source or None))
    timed(seconds, "viewer", lambda: json.dumps(viewer_content(history, fuel=source or None)))
    timed(seconds, "drg", lambda: drg_coefficients(whole))
    timed(seconds, "drgep", lambda: drgep_coefficients(whole, source or history.network.species[0]))
    network = history.network
    size = f"{len(network.species):5d} species {len(network.reactions):5d} reactions {graph.size():6d} edges"
    parts = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
    best = f"; {ways[0]}" if ways else ""
    print(f"{mechanism:46s} {size}  {total:5.2f} s ({wall:.2f} s by the clock)\n    {parts}{best}")


def main() -> None:
    """Time the mechanisms named, or all five."""
    warnings.filterwarnings("ignore", message="NasaPoly2")
    for mechanism in sys.argv[1:] or MECHANISMS:
        with tempfile.TemporaryDirectory() as folder:
            measure(mechanism, Path(folder))


if __name__ == "__main__":
    main()
