"""The command ``init``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ..errors import StudyError, meant
from .shell import JsonOption, QuietOption, app, check_files, check_output, give_json, say

SENTENCE = re.compile(r"\.(?= +[A-Z]| *$)")
"""Where the first sentence of an example's comment ends."""
TAKES = re.compile(r"^# Takes (.+) of one core\.$", re.MULTILINE)
"""The line of an example's comment that says how long it took."""


def _named(incomplete: str) -> list[str]:
    from ..files import example_studies

    return [name for name in example_studies() if name.startswith(incomplete)]


@app.command(epilog="Example: mechlearn init hydrogen-oxidation -o study.yaml")
def init(
    name: Annotated[str | None, typer.Argument(help="An example; none lists them.", autocompletion=_named)] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the JSON schema too, by which editors check studies.")
    ] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a commented study to start from.

    A study that is written together with the schema names it in its first line; put that line into your own.
    """
    from ..files import example_studies, write_json, write_text

    examples = example_studies()
    if name is None and schema is None:
        if output is not None:
            raise StudyError(f"Name the example to write to {output}. There are:\n{_table(examples)}")
        say(_table(examples), json_file)
        give_json({"examples": list(examples)}, json_file)
        return
    if name is not None and name not in examples:
        raise StudyError(
            f"There is no example {name!r}. {meant(name, examples)}There are {', '.join(examples)}; `mechlearn init` "
            "says what each is."
        )
    target = None if name is None else output or Path(f"{name}.study.yaml")
    if target is not None and target.exists():
        raise StudyError(f"{target} exists already. Give another name with -o.")
    check_files([target, schema, json_file], [])
    for path in filter(None, (target, schema)):
        check_output(path)
    if target is not None:
        write_text(target, _schema_line(target, schema) + examples[str(name)].read_text(encoding="utf-8"))
    if schema is not None:
        from ..study.study_schema import study_schema

        write_json(study_schema(), schema)
    written = [str(path) for path in (target, schema) if path is not None]
    for path_text in written:
        say(f"Wrote {path_text}", json_file)
    give_json({"files": written}, json_file)


def _schema_line(study: Path, schema: Path | None) -> str:
    """The comment by which the YAML extension of an editor finds the schema."""
    if schema is None:
        return ""
    return f"# yaml-language-server: $schema={Path(os.path.relpath(schema, study.parent)).as_posix()}\n"


def _table(examples: Mapping[str, Path]) -> str:
    """Each example with the command that it is for, its time and what it is, by the comment of its file."""
    rows = [(name, *_what_it_is(path)) for name, path in examples.items()]
    width = max(len(name) for name in examples)
    head = ("example", "for", "takes", "what it is")
    return "\n".join(f"{name:{width}}  {command:6}  {time:>6}  {text}" for name, command, time, text in (head, *rows))


def _what_it_is(path: Path) -> tuple[str, str, str]:
    """The command that an example is for, how long it takes on one core, and the first sentence of its comment."""
    content = path.read_text(encoding="utf-8")
    lines, takes = content.splitlines(), TAKES.search(content)
    comment = [line for line in lines[: lines.index("")] if line.startswith("#")]
    text = SENTENCE.split(" ".join(line.lstrip("# ") for line in comment))[0]
    command, time = "reduce" if "reduce:" in lines else "run", takes[1] if takes else ""
    return command, time, text
