"""The command ``reduce``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .shell import JsonOption, QuietOption, app, check_files, give_json, progress_bar, say


@app.command(epilog="Example: mechlearn reduce methane-reduction.study.yaml -o results")
def reduce(
    study: Annotated[Path, typer.Argument(help="A study with source: and reduce:.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the results.")],
    cores: Annotated[int, typer.Option(min=0, help="Processes at work; 0 for all cores. The result is the same.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew, whatever the folder holds.")] = False,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """The smallest part of a mechanism that keeps a study's limits.

    Started again on the same folder, it goes on where it was cut off.
    """
    from ..study.reduce import reduce_study
    from ..study.schema import load_study
    from ..study.workspace import STAGES, inputs_of, results_in

    checked = load_study(study)
    check_files([json_file], [study, *inputs_of(checked)])
    check_files([*results_in(output, "reduce"), json_file], [])
    try:
        with progress_bar(quiet) as progress:
            found = reduce_study(checked, output, cores=cores, overwrite=overwrite, progress=progress)
    except KeyboardInterrupt:
        if not (output / STAGES).is_file():
            raise
        typer.echo(
            f"mechlearn: interrupted; {output / STAGES} is kept, and the same command goes on from there", err=True
        )
        raise typer.Exit(130) from None
    summary = found.summary
    say(summary["message"], json_file)
    for what, why in summary["not_written"].items():
        say(f"Not written: {what}: {why}", json_file)
    for name in summary["files"]:
        if not name.startswith("stages/"):
            say(f"Wrote {output / name}", json_file)
    say(f"Wrote {output / 'stages'}: {len(found.stages)} mechanisms", json_file)
    give_json(summary, json_file)
    raise typer.Exit(130 if summary["status"] == "interrupted" else 0 if found.held else 1)
