"""The command ``init``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from ..errors import StudyError
from .shell import JsonOption, QuietOption, app, check_files, give_json, say


@app.command(epilog="Example: mechlearn init hydrogen-oxidation -o study.yaml")
def init(
    name: Annotated[str | None, typer.Argument(help="An example; without it they are listed.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a commented study to start from."""
    from ..files import atomic_path
    from ..study.schema import example_studies

    examples = example_studies()
    if name is None:
        if output is not None:
            raise StudyError(f"Name the example to write to {output}. There are: {', '.join(examples)}.")
        for each in examples:
            say(each, json_file)
        give_json({"examples": list(examples)}, json_file)
        return
    if name not in examples:
        raise StudyError(f"There is no example {name!r}. There are: {', '.join(examples)}.")
    target = output or Path(f"{name}.study.yaml")
    if target.exists():
        raise StudyError(f"{target} exists already. Give another name with -o.")
    check_files([target, json_file], [])
    with atomic_path(target) as temporary:
        shutil.copyfile(examples[name], temporary)
    say(f"Wrote {target}", json_file)
    give_json({"files": [str(target)]}, json_file)
