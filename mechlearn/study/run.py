"""What the commands `run` and `learn` do, without the terminal: data → mechanism → files → summary."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..data.progress import Progress, Stages, silent
from ..data.trajectories import Trajectories
from ..discovery.settings import Search
from ..errors import MechlearnError, SimulationError, StudyError
from ..files import write_json, write_text
from ..formats.tables.hdf5 import read_hdf5
from ..formats.tables.runs_file import write_runs
from ..uncertainty.bootstrap import Support, bootstrap_support
from .assess import Outcome, assess
from .draw import draw, write_reports
from .evidence import source_mechanism
from .learn import Learnt, learn
from .runs import study_runs, with_whole_elements
from .schema import Study
from .study_text import study_text
from .workspace import CHECKPOINT, REPORTS, Clock, Workspace

RUNS = f"{CHECKPOINT}/runs.json"
RESAMPLES = f"{CHECKPOINT}/resamples.json"
_STAGES = {"simulating": 1.0, "learning": 10.0, "checking": 2.0, "resampling": 40.0, "drawing": 2.0, "reporting": 1.5}
"""Parts of a run by the time that they take, as in the example `h2o2`: 0.3, 22, 4.6, -, 3.8 and 3.1 s; resamples where
they are asked for."""


def run_study(
    study: Study,
    folder: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    cores: int = 0,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Simulate or read, learn, export, draw, validate; write everything into ``folder``, the summary last.

    The folder is made, with those above it. Where the work fails before there is a result, they are removed again.
    What is finished is kept in the folder until all is, and with ``resume`` an interrupted run goes on from there.
    A bootstrap uses so many ``cores`` (0 for all), or the executor, such as that of a Dask cluster.

    Raises
    ------
    StudyError
        If the folder holds the results of another study or command or a file that this one reads, cannot be written
        to, or another run works in it; or if the study is one for `reduce`.
    """
    _refuse_reduction(study)
    place = Workspace.of(study, study_text(study, folder), folder, "run")
    with place.opened(overwrite=overwrite):
        with place.checkpoint(resume=resume):
            bootstrap = partial(bootstrap_support, jobs=cores, executor=executor)
            resampled = bool(study.uncertainty.bootstrap)
            stages = Stages(progress, {k: share for k, share in _STAGES.items() if k != "resampling" or resampled})
            outcome = _fill_folder(study, place, bootstrap, stages)
        if outcome.status != "interrupted":
            place.drop()
        return outcome


def _refuse_reduction(study: Study) -> None:
    """A study with ``reduce:`` whose ``learn:`` says nothing is one for the other command."""
    if study.reduce is not None and study.learn == Search():
        name = study.path or "STUDY"
        raise StudyError(
            f"{name} has `reduce:` and no `learn:`, so there is nothing to learn. `mechlearn reduce {name}` reduces "
            "its mechanism; to learn from what it simulates, give it a `learn:` section with a setting."
        )


def learn_runs(runs: Trajectories, study: Study, mechanism_file: Path, progress: Progress = silent) -> Outcome:
    """Only the learning: hold out, learn, export, validate the exported file.

    Raises
    ------
    FormatError
        If the study has a source, with which what was learnt would be compared, and it cannot be read.
    """
    source_mechanism(study)
    clock = Clock()
    runs = with_whole_elements(runs)
    stages = Stages(progress, {name: _STAGES[name] for name in ("learning", "checking")})
    learnt = learn(study, runs, stages("learning"))
    clock.lap("learn")
    outcome = assess(study, learnt, runs, mechanism_file, clock, stages("checking"))
    files = [str(mechanism_file)] if outcome.written else []
    return replace(outcome, summary=outcome.summary | {"files": files, "seconds": clock.seconds()})


def _fill_folder(study: Study, place: Workspace, bootstrap: Callable[..., Support], stages: Stages) -> Outcome:
    clock, folder = Clock(), place.folder
    runs, failures = _kept_runs(study, place, stages("simulating"))
    source_mechanism(study)
    place.refuse_to_replace([Path(runs.mechanism)] if runs.mechanism else [])
    clock.lap("simulate")
    learnt = learn(study, runs, stages("learning"), place)
    clock.lap("learn")
    place.clear()
    write_text(folder / "study.yaml", place.text)
    write_runs(runs, folder / "runs.h5")
    clock.lap("export")
    outcome = assess(study, learnt, runs, folder / "learned.yaml", clock, stages("checking"))
    changes: dict[str, Any] = {}
    try:
        changes = _support(study, outcome, learnt, place, bootstrap, stages)
        clock.lap("bootstrap")
        draw(study, outcome, folder, clock, stages("drawing"))
    except KeyboardInterrupt:
        changes |= {"status": "interrupted", "message": "Interrupted before all was drawn; the mechanism is complete."}
    except MechlearnError as error:
        if isinstance(error.__cause__, OSError):
            raise
        message = changes.get("message", outcome.summary["message"])
        changes |= {"message": f"{message} Its fluxes are not drawn: {error}"}
    whole = (outcome.written or not outcome.discovery.interrupted) and "status" not in changes
    files = [*place.present(), *(REPORTS if whole else ()), "summary.json"]
    summary = outcome.summary | changes | {"files": files, "failed_runs": failures}
    try:
        if whole:
            stages("reporting")
            write_reports(study, replace(outcome, summary=summary), runs, place)
            clock.lap("report")
    except KeyboardInterrupt:
        message = "Interrupted before the report was written; the mechanism is complete."
        summary |= {"status": "interrupted", "message": message, "files": [*place.present(), "summary.json"]}
    summary |= {"seconds": clock.seconds()}
    write_json(summary, folder / "summary.json")
    return replace(outcome, summary=summary)


def _support(
    study: Study,
    outcome: Outcome,
    learnt: Learnt,
    place: Workspace,
    bootstrap: Callable[..., Support],
    stages: Stages,
) -> dict[str, Any]:
    """What a bootstrap adds to the summary, where the study asks for one."""
    if not study.uncertainty.bootstrap or not outcome.written:
        return {}
    done = place.kept(RESAMPLES) or {}
    try:
        support = bootstrap(
            learnt.discovery.mechanism,
            learnt.train,
            study.learn,
            resamples=study.uncertainty.bootstrap,
            done={int(number): [(left, right) for left, right in found] for number, found in done.items()},
            keep=lambda found: place.keep(RESAMPLES, {str(number): sides for number, sides in found.items()}),
            progress=stages("resampling"),
        )
    except SimulationError as error:
        return {
            "message": f"{outcome.summary['message']} How often its reactions are found again is not known: {error}"
        }
    reactions = zip(outcome.summary["reactions"], support.reactions, strict=True)
    return {"reactions": [each | {"support": part} for each, part in reactions], "bootstrap": support.as_dict()}


def _kept_runs(study: Study, place: Workspace, progress: Progress) -> tuple[Trajectories, dict[str, str]]:
    """The runs of a study; simulated ones as they are read back, so that a run that goes on has the same bits."""
    if study.source is None:
        return study_runs(study, progress)
    file = place.folder / CHECKPOINT / "runs.h5"
    failures = place.kept(RUNS)
    if failures is None:
        runs, failures = study_runs(study, progress)
        write_runs(runs, file)
        place.keep(RUNS, failures)
    return read_hdf5(file), failures
