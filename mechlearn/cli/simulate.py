"""The command ``simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import StudyError
from .shell import JsonOption, QuietOption, app, check_files, check_output, give_json, progress_bar, say


@app.command(epilog="Example: mechlearn simulate study.yaml -o runs.csv")
def simulate(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the runs: .csv or .h5.")],
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Only the source: trajectories with exact production rates."""
    from ..study.schema import load_study

    checked = load_study(study)
    if checked.source is None:
        raise StudyError(f"{study} has `data:`, so there is nothing to simulate. Give a study with `source:`.")
    check_output(output, ".csv", ".h5", ".hdf5")
    from ..formats.tables.runs_file import write_runs
    from ..study.simulate import simulate_runs
    from ..study.workspace import inputs_of

    check_files([output, json_file], [study, *inputs_of(checked)])

    with progress_bar(quiet) as progress:
        runs, failures = simulate_runs(checked, progress=progress)
    write_runs(runs, output)
    for name, reason in failures.items():
        say(f"Run {name} failed and is left out: {reason}", json_file)
    states = sum(len(r.time) for r in runs.runs)
    say(f"Wrote {output}: {len(runs)} runs, {states} states, {len(runs.species)} species", json_file)
    give_json({"files": [str(output)], "runs": len(runs), "states": states, "failed_runs": failures}, json_file)
