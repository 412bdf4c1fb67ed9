"""A finished study → its graph, its figures, the page of its pathways and its report."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..data.progress import Progress, silent
from ..data.trajectories import Trajectories
from ..discovery.candidates.network.row_search import Round
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from ..pathways.differences import run_difference
from ..pathways.graphs import reaction_graph
from ..pathways.rates_of_progress import History
from ..pathways.recording import progress_history
from ..report.figures.validation import validation_figure
from ..report.graph_files import write_flux_graph, write_graph
from ..report.pages.content import report_content
from ..report.pages.page import fingerprints
from ..report.pages.report_files import write_report
from ..report.pages.subject import Stall, Subject
from ..report.viewer.viewer_content import viewer_content
from ..report.viewer.viewer_page import write_viewer
from ..simulation.mechanisms import find_mechanism
from .assess import Outcome
from .schema import Study
from .workspace import REPORTS, Clock, Workspace


def draw(study: Study, outcome: Outcome, folder: Path, clock: Clock, progress: Progress = silent) -> None:
    """Write the graph, the figure of the validation and the pathways, as far as there are any."""
    progress(0.0, "the network")
    if outcome.written:
        graph = reaction_graph(outcome.discovery.mechanism)
        for name in ("graph.graphml", "graph.svg"):
            write_graph(graph, folder / name)
        clock.lap("graph")
    runs = outcome.assessed
    progress(0.3, "the validation")
    if outcome.validation is not None and outcome.validation.simulated:
        validation_figure(outcome.validation, runs, folder / "validation.svg")
        clock.lap("figure")
        if outcome.discovery.trajectory_fit is not None:  # fluxes without noise and gaps
            runs = runs.select(list(outcome.validation.simulated.values()))
    progress(0.8, "the fluxes")
    if outcome.written and runs.runs[0].is_time_history:
        history = progress_history(folder / "learned.yaml", runs)
        write_viewer(viewer_content(history), folder / "pathways.html")
        _draw_difference_from_source(study, history, runs, folder)
        clock.lap("pathways")


def _draw_difference_from_source(study: Study, learnt: History, runs: Trajectories, folder: Path) -> None:
    """The source's fluxes less the learnt mechanism's, where all species of the source are in the runs."""
    if study.source is None:
        return
    source, phase = find_mechanism(study.source.mechanism, study.folder), study.source.phase
    if {each.name for each in read_mechanism(source, phase or "").species} <= set(runs.species_names):
        draw_difference(learnt, progress_history(source, runs, phase=phase or None), folder)


def draw_difference(found: History, source: History, folder: Path) -> None:
    """A mechanism's fluxes less its source's as a graph, where they differ."""
    graph = run_difference(found, source)
    if graph is not None:
        for name in ("difference.graphml", "difference.svg"):
            write_flux_graph(graph, folder / name)


def write_reports(study: Study, outcome: Outcome, runs: Trajectories, place: Workspace) -> None:
    """Write the report on a study in all its forms."""
    content = report_content(_subject(study, outcome, runs, place))
    for name in REPORTS:
        write_report(content, place.folder / name)


def _subject(study: Study, outcome: Outcome, runs: Trajectories, place: Workspace) -> Subject:
    source, graph, discovery = study.source, place.folder / "graph.svg", outcome.discovery
    origin = Path(source.mechanism if source is not None else study.data[0])
    asked = {
        "Data": f"simulated with {origin.name}" if source is not None else f"read from {', '.join(study.data)}",
        "Method": study.learn.method,
        "Reactions looked for": str(study.learn.reactions),
        "Temperature dependence": study.learn.temperature_dependence,
        "Reverse rates": study.learn.reverse,
        "Runs held out": f"{100 * study.validate.hold_out:g} %",
    }
    if study.learn.temperature_dependence == "none":
        del asked["Temperature dependence"]
    return Subject(
        title=f"Learnt from {origin.stem}",
        summary=outcome.summary,
        mechanism=discovery.mechanism,
        runs=runs,
        assessed=outcome.assessed,
        validation=outcome.validation,
        asked=tuple(asked.items()),
        stalls=_moments(discovery.history),
        descent=_moments(discovery.descent),
        drawing=graph.read_text(encoding="utf-8") if graph.is_file() else "",
        settings=place.text.rstrip(),
        inputs={"study.yaml": hashlib.sha256(place.text.encode()).hexdigest(), **fingerprints(place.read)},
        command="mechlearn run study.yaml -o results",
    )


def _moments(rounds: tuple[Round, ...]) -> tuple[Stall, ...]:
    return tuple(Stall(each.iterations, each.loss, len(each.frozen)) for each in rounds)
