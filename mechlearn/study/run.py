"""What the commands do, without the terminal: data → mechanism → files → summary."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..chemistry.comparison import Comparison
from ..chemistry.unmeasured_products import unmeasured_text
from ..data.balances.balances import Balances
from ..data.balances.derivative import differential_balances
from ..data.progress import Progress, silent
from ..data.sampling.check_sampling import check_sampling
from ..data.sampling.thinning import thinned
from ..data.trajectories import Trajectories
from ..discovery.discover import discover, has_rates, relative_error
from ..discovery.discovery_result import Discovery
from ..discovery.settings import Search
from ..discovery.trajectory_learner import chosen_balances
from ..errors import BalanceError, DataError, SimulationError
from ..files import write_json, write_text
from ..formats.cantera_yaml.export import write_mechanism
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from ..formats.tables.runs_file import write_runs
from ..pathways.differences import run_difference
from ..pathways.graphs import reaction_graph
from ..pathways.rates_of_progress import History
from ..pathways.recording import progress_history
from ..report.figures.validation_figure import validation_figure
from ..report.graph_files import write_flux_graph, write_graph
from ..report.pages.content import report_content
from ..report.pages.report_files import write_report
from ..report.viewer.viewer_content import viewer_content
from ..report.viewer.viewer_page import write_viewer
from ..simulation.mechanisms import find_mechanism
from ..uncertainty.bootstrap import bootstrap_support
from ..validation.resimulation import validate_by
from ..validation.validation_record import Validation
from .checkpoint import Checkpoint, locked
from .evidence import (
    UNEXPLAINED,
    against_source,
    fresh_trajectories,
    held_out_error,
    intervals,
    metadata,
    runs_with_noise,
    unbalanced_elements,
)
from .final_status import final_status, known_rates, other_networks
from .report_subject import studied_subject
from .results_folder import REPORTS, RESULTS, Clock, check_folder, versions
from .runs import lost_elements, study_runs, with_whole_elements
from .schema import Study
from .study_text import study_text


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished study: what was learnt, how it was judged, and the summary to write.

    Parameters
    ----------
    discovery : Discovery
    validation : Validation or None
        None where no run can be simulated again, or nothing was learnt.
    comparison : Comparison or None
        Against the source mechanism; never part of the verdict.
    summary : dict
        The content of ``summary.json``.
    written : bool
        Whether there is a mechanism file.
    """

    discovery: Discovery
    validation: Validation | None
    comparison: Comparison | None
    summary: dict[str, Any]
    written: bool

    @property
    def status(self) -> str:
        """``recovered`` only where held-out runs passed as well."""
        return str(self.summary["status"])


def run_study(
    study: Study,
    folder: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    backend: str = "loky",
    progress: Progress = silent,
) -> Outcome:
    """Simulate or read, learn, export, draw, validate; write everything into ``folder``, the summary last.

    The folder is made, with those above it. Where the work fails before there is a result, they are removed again.
    What is finished is kept in the folder until all is, and with ``resume`` an interrupted run goes on from there.
    ``backend`` is that of joblib, by which a bootstrap uses several processes.

    Raises
    ------
    StudyError
        If the folder holds the results of another study or a file that this one reads, cannot be written to, or
        another run works in it.
    """
    text = study_text(study, folder)
    check_folder(study, folder, text, overwrite)
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder):
            done = Checkpoint.of(study, text, folder)
            done.start(resume=resume)
            with done.dropped_unless_interrupted():
                outcome = _fill_folder(study, folder, text, done, backend, progress)
            if outcome.status != "interrupted":
                done.drop()
            return outcome
    finally:
        with suppress(OSError):
            for path in new:
                path.rmdir()


def learn_runs(runs: Trajectories, study: Study, mechanism_file: Path, progress: Progress = silent) -> Outcome:
    """Only the learning: hold out, learn, export, validate the exported file."""
    clock = Clock()
    runs = with_whole_elements(runs)
    learnt = _learn(study, runs, clock, progress)
    outcome, _ = _judge(study, learnt, runs, mechanism_file, clock)
    files = [str(mechanism_file)] if outcome.written else []
    return replace(outcome, summary=outcome.summary | {"files": files, "seconds": clock.seconds()})


@dataclass(frozen=True, eq=False)
class _Learnt:
    """What was learnt, from what, and the runs held out."""

    discovery: Discovery
    train: Trajectories
    balances: Balances
    held: Trajectories | None
    told: str


def _fill_folder(study: Study, folder: Path, text: str, done: Checkpoint, backend: str, progress: Progress) -> Outcome:
    clock = Clock()
    runs, failures = _kept_runs(study, done, progress)
    clock.lap("simulate")
    learnt = _learn(study, runs, clock, progress, done)
    for name in RESULTS:
        if name != "study.yaml":
            (folder / name).unlink(missing_ok=True)
    write_text(folder / "study.yaml", text)
    write_runs(runs, folder / "runs.h5")
    clock.lap("export")
    outcome, judged = _judge(study, learnt, runs, folder / "learned.yaml", clock)
    told: dict[str, Any] = {}
    try:
        told = _support(study, outcome, learnt, done, backend, progress)
        clock.lap("bootstrap")
        _draw(study, outcome, judged, folder, clock)
    except KeyboardInterrupt:
        told |= {"status": "interrupted", "message": "Interrupted before all was drawn; the mechanism is complete."}
    except (DataError, SimulationError) as error:
        told |= {"message": f"{outcome.summary['message']} Its fluxes are not drawn: {error}"}
    present = [name for name in RESULTS if (folder / name).is_file()]
    done_with = outcome.written or not outcome.discovery.interrupted
    reports = REPORTS if done_with and not told.get("status") else ()
    files = [*present, *reports, "summary.json"]
    summary = outcome.summary | told | {"files": files, "failed_runs": failures}
    try:
        if reports:
            _report(study, text, replace(outcome, summary=summary), runs, judged, folder)
            clock.lap("report")
    except KeyboardInterrupt:
        there = [name for name in files if name not in REPORTS or (folder / name).is_file()]
        message = "Interrupted before the report was written; the mechanism is complete."
        summary |= {"status": "interrupted", "message": message, "files": there}
    summary |= {"seconds": clock.seconds()}
    write_json(summary, folder / "summary.json")
    return replace(outcome, summary=summary)


def _support(
    study: Study, outcome: Outcome, learnt: _Learnt, done: Checkpoint, backend: str, progress: Progress
) -> dict[str, Any]:
    """What a bootstrap adds to the summary, where the study asks for one."""
    if not study.uncertainty.bootstrap or not outcome.written:
        return {}
    support = bootstrap_support(
        learnt.discovery.mechanism,
        learnt.train,
        study.learn,
        resamples=study.uncertainty.bootstrap,
        backend=backend,
        done=done.resamples(),
        keep=done.keep_resamples,
        progress=progress,
    )
    reactions = zip(outcome.summary["reactions"], support.reactions, strict=True)
    return {"reactions": [each | {"support": share} for each, share in reactions], "bootstrap": support.as_dict()}


def _kept_runs(study: Study, done: Checkpoint, progress: Progress) -> tuple[Trajectories, dict[str, str]]:
    """The runs of a study; simulated ones as they are read back, so that a run that goes on has the same bits."""
    if study.source is None:
        return study_runs(study, progress)
    kept = done.runs()
    if kept is None:
        done.keep_runs(*study_runs(study, progress))
        kept = done.runs()
    assert kept is not None
    return kept


def _draw(study: Study, outcome: Outcome, judged: Trajectories, folder: Path, clock: Clock) -> None:
    if outcome.written:
        graph = reaction_graph(outcome.discovery.mechanism)
        for name in ("graph.graphml", "graph.svg"):
            write_graph(graph, folder / name)
        clock.lap("graph")
    if outcome.validation is not None and outcome.validation.simulated:
        validation_figure(outcome.validation, judged, folder / "validation.svg")
        clock.lap("figure")
        if outcome.discovery.trajectory_fit is not None:  # fluxes without noise and gaps
            judged = judged.select(list(outcome.validation.simulated.values()))
    if outcome.written and judged.runs[0].is_time_history:
        history = progress_history(folder / "learned.yaml", judged)
        write_viewer(viewer_content(history), folder / "pathways.html")
        _draw_difference(study, history, judged, folder)
        clock.lap("pathways")


def _report(study: Study, text: str, outcome: Outcome, runs: Trajectories, judged: Trajectories, folder: Path) -> None:
    subject = studied_subject(
        study,
        text,
        folder=folder,
        summary=outcome.summary,
        discovery=outcome.discovery,
        runs=runs,
        judged=judged,
        validation=outcome.validation,
    )
    content = report_content(subject)
    for name in REPORTS:
        write_report(content, folder / name)


def _draw_difference(study: Study, learnt: History, judged: Trajectories, folder: Path) -> None:
    """The source's fluxes less the learnt mechanism's, where all species of the source are in the runs."""
    if study.source is None:
        return
    source = find_mechanism(study.source.mechanism, study.folder)
    if not {each.name for each in read_mechanism(source, study.source.phase or "").species} <= set(
        judged.species_names
    ):
        return
    graph = run_difference(learnt, progress_history(source, judged, phase=study.source.phase or None))
    if graph is not None:
        for name in ("difference.graphml", "difference.svg"):
            write_flux_graph(graph, folder / name)


def _learn(
    study: Study, runs: Trajectories, clock: Clock, progress: Progress, done: Checkpoint | None = None
) -> _Learnt:
    train, held = runs.split(study.validate.hold_out, study.learn.seed)
    if has_rates(runs, study.learn):
        runs.require_complete("Learning from production rates")
        balances, told = differential_balances(train), ""
    else:
        balances, told = chosen_balances(train, study.learn)
        if held is not None:
            held, drawn = thinned(held, study.learn.seed)
            told += drawn and f" Held out: {drawn}"
    found = done.discovery(balances, study.learn) if done else None
    if found is None:
        found = _discovered(balances, study.learn, runs, progress)
        if done and not found.interrupted:
            done.keep_discovery(found)
    clock.lap("learn")
    return _Learnt(found, train, balances, held, told)


def _discovered(balances: Balances, search: Search, runs: Trajectories, progress: Progress) -> Discovery:
    try:
        return discover(balances, search, progress=progress)
    except DataError as error:
        raise DataError(" ".join([str(error), *check_sampling(runs).warnings])) from None


def _judge(
    study: Study, learnt: _Learnt, runs: Trajectories, mechanism_file: Path, clock: Clock
) -> tuple[Outcome, Trajectories]:
    """Export and validate; the outcome, and the runs on which it was validated."""
    discovery, held = learnt.discovery, learnt.held
    judged = held or learnt.train
    validation: Validation | None = None
    written, obstacle = False, ("", "")
    try:
        if discovery.reactions:
            write_mechanism(discovery.to_write, mechanism_file, metadata=metadata(discovery, runs))
            written = True
            clock.lap("export")
            judged, measured = runs_with_noise(discovery, fresh_trajectories(study, judged))
            terms, train = study.validate, learnt.train
            validation = validate_by(
                terms, mechanism_file, judged, training=train, held_out=held is not None, measured=measured
            )
    except BalanceError as error:
        obstacle = ("unbalanced", f"The reactions found cannot stand in a mechanism file: {error}")
    except (DataError, SimulationError) as error:
        obstacle = ("not-validated", f"The mechanism is written, but not validated: {error}")
    except KeyboardInterrupt:
        obstacle = ("interrupted", "Interrupted before the mechanism was validated.")
    clock.lap("validate")
    source = against_source(study, discovery) if discovery.reactions else None
    others = other_networks(discovery, learnt.balances, study.learn)
    known_to, loose = known_rates(discovery, learnt.balances)
    status, message = final_status(discovery, validation, others, loose, obstacle)
    sampling, lost_to = check_sampling(runs), unmeasured_text(discovery.mechanism)
    causes = sampling.warnings if lost_to or status != "recovered" else ()
    message = " ".join(filter(None, (message, lost_to, *(each for each in causes if each not in message))))
    lost = unbalanced_elements(discovery, learnt.balances)
    if discovery.status in UNEXPLAINED:
        lost = lost or lost_elements(runs)
    if lost:
        status, message = "unbalanced-data", f"{lost} {message}"
    errors = {
        "training": relative_error(discovery.mechanism, learnt.balances),
        "held_out": None if held is None else held_out_error(discovery, held),
    }
    summary = discovery.as_dict()
    known = [known_to.of_reaction(i) if known_to else intervals(each) for i, each in enumerate(discovery.reactions)]
    summary["reactions"] = [r | {"interval": each} for r, each in zip(summary["reactions"], known, strict=True)]
    summary |= {
        "status": status,
        "message": message,
        "balances": learnt.told,
        "sampling": sampling.as_dict(),
        "relative_error": errors,
        "validation": None if validation is None else validation.as_dict(),
        "comparison": None if source is None else source.as_dict(),
        "alternatives": None if others is None else others.as_dict(),
        "uncertainty": None if known_to is None else known_to.as_dict(),
        "unidentified": [each.as_dict() for each in loose],
        "versions": versions(),
    }
    return Outcome(discovery, validation, source, summary, written), judged
