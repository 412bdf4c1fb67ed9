"""The command ``run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import StudyError
from .outcome import finish
from .shell import JsonOption, QuietOption, app, check_files, cluster_executor, progress_bar


@app.command(epilog="Example: mechlearn run hydrogen-oxidation.study.yaml -o results")
def run(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the results; that of a finished study's own file.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another study's results.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run of this study ended.")
    ] = False,
    bootstrap: Annotated[int | None, typer.Option(help="Resamples of whole runs, for each reaction's support.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Dask scheduler for them, as tcp://host:8786.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """The main job: simulate or read, learn, validate and draw."""
    from ..study.schema import load_study, with_overrides

    checked = load_study(study)  # before the heavy libraries, so that a mistake is answered at once
    folder = output if output is not None else study.parent
    if output is None and not (folder / "summary.json").is_file():
        raise StudyError(f"{folder} holds no results of a finished study. Give a folder for them with -o.")
    if bootstrap is not None:
        checked = with_overrides(checked, {"uncertainty.bootstrap": bootstrap})
    from ..study.workspace import inputs_of, results_in

    check_files([json_file], [study, *inputs_of(checked)])
    check_files([*results_in(folder, "run"), json_file], [])

    with progress_bar(quiet) as progress, cluster_executor(cluster) as executor:
        from ..study.run import run_study

        outcome = run_study(checked, folder, overwrite=overwrite, resume=resume, executor=executor, progress=progress)
    finish(outcome, json_file, folder)
