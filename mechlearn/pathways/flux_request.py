"""What ``mechlearn graph`` is asked for: which part of which run, which element, which paths; and the files of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import networkx as nx

from ..data.trajectories import Trajectories
from ..errors import StudyError
from . import paths
from .fluxes import flux_graph
from .operations import between, check_node, difference, lump, threshold
from .paths import paths_graph, strongest_paths
from .production import ProductionRow, production_table, progress_graph
from .rates_of_progress import History, RatesOfProgress
from .recording import progress_history, refined_run

_LARGE_ERROR = 0.05


@dataclass(frozen=True)
class Request:
    """Which fluxes of a run are wanted.

    Parameters
    ----------
    element : str
        Empty for the graph of species and reactions.
    source : str
        Species at which the paths begin; empty for all.
    targets : tuple of str
        Species at which they end; empty for all.
    threshold : float
        Least flux, as a part of the largest.
    time : float, optional
        A state of the run [s].
    conversion : (str, float) or (str, float, float), optional
        A state of the run, by the converted part of a species; with two parts, integrated from the one to the other.
    integrated : bool
        The whole run, or from ``from_time`` to ``to_time``; so it is also where no time and no conversion is given.
    from_time, to_time : float, optional
        [s]
    net : bool
        The difference of the two directions between two species.
    paths : int
        Only the so many strongest paths from the source to the targets; 0 for all edges.
    isomers : bool
        Isomers put together.
    normalise : str, optional
        As in `flux_graph`.
    run : str
        Name of the run; empty for the first.
    phase : str
        Of the mechanism; empty for that of the runs, or the first.
    refine : bool
        The run simulated again by the mechanism, at times close enough to integrate.
    leave_out : bool
        Species of the run that the mechanism lacks are left aside.
    """

    element: str = ""
    source: str = ""
    targets: tuple[str, ...] = ()
    threshold: float = 0.0
    time: float | None = None
    conversion: tuple[str, float] | tuple[str, float, float] | None = None
    integrated: bool = False
    from_time: float | None = None
    to_time: float | None = None
    net: bool = False
    paths: int = 0
    isomers: bool = False
    normalise: str | None = None
    run: str = ""
    phase: str = ""
    refine: bool = False
    leave_out: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise StudyError(f"The threshold is {self.threshold:g}; it is a part of the largest flux, from 0 to 1.")
        if self.paths < 0:
            raise StudyError(f"{self.paths} paths: a number of paths is not negative.")
        if self.paths and not (self.element and self.source and self.targets):
            raise StudyError("Paths go from a species to another one. Name both (--from, --to), and --element.")
        if (self.time is not None) + (self.conversion is not None) + self.is_span > 1:
            raise StudyError("A time, a conversion and an integral are three things. Ask for one of them.")

    @property
    def named(self) -> tuple[str, ...]:
        """The source and the targets, those of them that are named."""
        return tuple(filter(None, (self.source, *self.targets)))

    @property
    def is_span(self) -> bool:
        """True if something is asked for over a span of time."""
        return self.integrated or self.from_time is not None or self.to_time is not None


@dataclass(frozen=True, eq=False)
class Answer:
    """What was asked for.

    Parameters
    ----------
    graph : networkx.DiGraph
    paths : tuple of Path
        The strongest ones, where they were asked for.
    progress : RatesOfProgress
    error : float
        What the run's times leave uncertain in an integral, see `History.closures`.
    """

    graph: nx.DiGraph
    paths: tuple[paths.Path, ...]
    progress: RatesOfProgress
    error: float

    def text(self) -> str:
        """For the terminal: which state, and the paths."""
        progress = self.progress
        span = f"{progress.from_time:.6g} s to {progress.to_time:.6g} s, integrated"
        lines = [span if progress.integrated else f"{progress.from_time:.6g} s, {progress.temperature:.1f} K"]
        if self.error > _LARGE_ERROR:
            lines.append(
                f"The run's times lie too far apart: the integral is wrong by {self.error:.2g} times the "
                "largest change. Integrate with --refine."
            )
        return "\n".join([*lines, *(f"{each.share:7.2%}  {each}" for each in self.paths)])

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and numbers, without the graph itself."""
        progress = self.progress
        return {
            "nodes": self.graph.number_of_nodes(),
            "edges": self.graph.number_of_edges(),
            "from_time": progress.from_time,
            "to_time": progress.to_time,
            "temperature": progress.temperature,
            "integration_error": self.error,
            "unit": self.graph.graph["unit"],
            "paths": [each.as_dict() for each in self.paths],
        }


def parse_conversion(text: str) -> tuple[str, float] | tuple[str, float, float]:
    """``CH4=0.5`` as species and converted part, ``CH4=0.1:0.9`` with two parts.

    Raises
    ------
    StudyError
        If it is written otherwise, or a part is not between 0 and 1.

    Examples
    --------
    >>> parse_conversion("CH4=0.5"), parse_conversion("CH4=0.1:0.9")
    (('CH4', 0.5), ('CH4', 0.1, 0.9))
    """
    species, _, parts = text.rpartition("=")
    try:
        values = tuple(float(part) for part in parts.split(":"))
    except ValueError:
        values = ()
    if not species or len(values) not in (1, 2) or not all(0 <= value <= 1 for value in values):
        raise StudyError(f"The conversion {text!r} is not understood. Write a species and a part, as CH4=0.5.")
    return (species, values[0]) if len(values) == 1 else (species, values[0], values[1])


def answer(mechanism: str | Path, runs: Trajectories, request: Request, *, against: str | Path | None = None) -> Answer:
    """The graph that a request asks for; with a mechanism to stand against, how much more flows than in that one.

    Raises
    ------
    MechlearnError
        As in `progress_history`, `History.at`, `flux_graph` and the operations on it.
    """
    runs, request = _refined(mechanism, runs, request)
    history = requested_history(mechanism, runs, request)
    progress = requested_progress(history, request)
    error = _error(history, progress)
    if not request.element:
        if request.named or request.threshold or request.net or request.isomers or against:
            raise StudyError("Fluxes between species are those of an element. Name one, as --element C.")
        return Answer(progress_graph(progress), (), progress, error)
    graph = _fluxes(progress, request)
    if against is not None:
        if request.paths:
            raise StudyError("Strongest paths are those of one mechanism. Leave out --paths, or --against.")
        known = requested_history(against, runs, replace(request, phase=""))
        graph = difference(_fluxes(requested_progress(known, request), request), graph)
    for name in request.named:
        progress.network.index(name)
    if request.isomers:
        request = _renamed(request, graph)
    for name in request.named:
        check_node(graph, name)
    found = strongest_paths(graph, request.source, request.targets, request.paths) if request.paths else ()
    if request.paths and not found:
        raise StudyError(f"No {request.element} goes from {request.source} to {', '.join(request.targets)} there.")
    graph = threshold(paths_graph(graph, found) if request.paths else graph, relative=request.threshold)
    lost = [name for name in request.named if name not in graph]
    if lost and not request.paths:
        raise StudyError(f"No flux of {', '.join(lost)} is above the threshold there. Lower the threshold.")
    if request.named and not request.paths:
        graph = between(graph, request.source or None, request.targets)
    return Answer(graph, found, progress, error)


def _fluxes(progress: RatesOfProgress, request: Request) -> nx.DiGraph:
    graph = flux_graph(progress, request.element, net=request.net, normalise=request.normalise)
    if graph.graph["equilibrium"]:
        raise StudyError(
            f"At {progress.to_time:.6g} s the gas is in equilibrium: between any two species as much {request.element} "
            "goes back as goes forth, to within a billionth, and the rest is round-off without a meaning. Ask for an "
            "earlier time or for the whole run, or leave out --net to see the one-way fluxes."
        )
    return lump(graph) if request.isomers else graph


def requested_history(mechanism: str | Path, runs: Trajectories, request: Request) -> History:
    """The run that is asked for, with the mechanism's rates along it."""
    runs, request = _refined(mechanism, runs, request)
    run, phase = request.run or 0, request.phase or None
    return progress_history(mechanism, runs, run=run, phase=phase, leave_out=request.leave_out)


def _refined(mechanism: str | Path, runs: Trajectories, request: Request) -> tuple[Trajectories, Request]:
    """The runs with times close enough to integrate, if so requested, and what is then left to request."""
    if not request.refine:
        return runs, request
    fine = refined_run(mechanism, runs, run=request.run or 0, phase=request.phase or None)
    return fine, replace(request, refine=False, run="")


def _error(history: History, progress: RatesOfProgress) -> float:
    """What the trapezoids of an integral may be wrong by; zero for a state."""
    time = history.run.time
    part = (time[1:] > progress.from_time) & (time[:-1] < progress.to_time)
    return float(history.closures()[part].sum()) if progress.integrated else 0.0


def _renamed(request: Request, graph: nx.DiGraph) -> Request:
    """The request with the groups in which its species now are."""
    group = {name: node for node, members in graph.nodes(data="members") if members for name in members.split(", ")}
    source, *targets = (group.get(name, name) for name in (request.source, *request.targets))
    return replace(request, source=source, targets=tuple(targets))


def requested_progress(history: History, request: Request) -> RatesOfProgress:
    """The part of a run that a request asks for: all of it, where it does not say."""
    if request.conversion is not None and len(request.conversion) == 3:
        return history.over(conversion=request.conversion)
    if request.conversion is not None or request.time is not None:
        return history.at(time=request.time, conversion=request.conversion)
    if request.is_span or history.run.is_time_history:
        return history.over(request.from_time, request.to_time)
    return history.at(state=0)


def requested_table(mechanism: str | Path, runs: Trajectories, request: Request) -> tuple[ProductionRow, ...]:
    """What forms and consumes the request's source and targets.

    Raises
    ------
    StudyError
        If it names no species, or as in `answer`.
    """
    if not request.named:
        raise StudyError("A table of production is that of a species. Name it, as --from CH4.")
    progress = requested_progress(requested_history(mechanism, runs, request), request)
    return production_table(progress, dict.fromkeys(request.named))
