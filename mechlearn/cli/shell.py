"""What every command shares: the application, its options, its errors, progress and JSON."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from ..data.progress import Progress, silent
from ..errors import FormatError, MechlearnError, StudyError

if TYPE_CHECKING:
    from ..formats.tables.table_reading import Options

SECONDS_BEFORE_BAR = 1.0
"""Shorter work shows no progress."""
SECONDS_A_LINE = 30.0
"""Between two lines of progress, where there is no terminal."""
RUNS = "Runs: .csv, .h5, a table of another program, or YAML."


class Commands(typer.core.TyperGroup):
    """The commands; errors of ours become one message and exit status 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the line names."""
        try:
            _check_folder()
            return super().invoke(ctx)
        except MechlearnError as error:
            typer.echo(_at_words(f"mechlearn: error: {error}", sys.stderr), err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            typer.echo(f"mechlearn: error: {where}{error.strerror or error}", err=True)
        except KeyboardInterrupt:
            typer.echo("mechlearn: interrupted before there was a result", err=True)
            raise typer.Exit(130) from None
        raise typer.Exit(2)


def _check_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        raise StudyError(
            "The folder in which this runs was removed. Change to one that is there, as with cd."
        ) from None


def check_output(path: Path, *endings: str) -> None:
    """Refuse before the work what could not be written after it."""
    from ..files import check_target

    if endings and path.suffix.lower() not in endings:
        raise FormatError(f"{path}: the ending says what to write; here it is {' or '.join(endings)}.")
    check_target(path)


def check_files(outputs: Iterable[Path | str | None], inputs: Iterable[Path | str | None]) -> None:
    """Refuse to replace a file that the command reads, or to write two results to one; ``-`` is stdout."""
    from ..files import check_targets

    check_targets([None if name == "-" else name for name in outputs], inputs)


def _json_target(json_file: str | None) -> str | None:
    if json_file not in (None, "-"):
        check_output(Path(str(json_file)))
    return json_file


app = typer.Typer(
    cls=Commands,
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turn concentration data into a small reaction mechanism that Cantera runs.",
)
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", callback=_json_target, help="Write the result as JSON; - for stdout."),
]
BasisOption = Annotated[
    str | None,
    typer.Option(help="What unnamed amounts are: concentration, mole-fraction, mass-fraction or moles."),
]
TemperatureOption = Annotated[str | None, typer.Option(help="Of all samples, as '1000 K'.")]
PressureOption = Annotated[str | None, typer.Option(help="Of all samples, as '1 atm'.")]
MechanismOption = Annotated[str | None, typer.Option("--mechanism", help="Cantera file with compositions and thermo.")]
ReactorOption = Annotated[
    str | None,
    typer.Option(
        help="isothermal, constant-volume, constant-pressure, given-temperature; of flow tables stirred or plug-flow."
    ),
]


def table_options(
    mechanism: str | None, reactor: str | None, basis: str | None, temperature: str | None, pressure: str | None
) -> Options:
    """What a command line says of a table beside the file, as options of reading."""
    from ..formats.tables.table_reading import Options

    return Options(mechanism=mechanism, reactor=reactor, basis=basis, temperature=temperature, pressure=pressure)  # type: ignore[typeddict-item]


QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mechlearn {version('mechlearn')}")
        raise typer.Exit


@app.callback()
def _options(
    show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


@contextmanager
def progress_bar(quiet: bool, *, seconds_a_line: float = SECONDS_A_LINE) -> Iterator[Progress]:
    """Progress on stderr: a bar on a terminal, once the work takes over a second, else a line every half minute."""
    if quiet:
        yield silent
    else:
        with _bar() if sys.stderr.isatty() else _lines(seconds_a_line) as progress:
            yield progress


@contextmanager
def _bar() -> Iterator[Progress]:
    """What is being done, a bar and the time spent; how much is left can rarely be known."""
    from threading import Timer

    from rich import progress
    from rich.console import Console
    from rich.table import Column

    doing = progress.TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1))
    columns = (progress.SpinnerColumn(), doing, progress.BarColumn(24), progress.TaskProgressColumn())
    console = Console(stderr=True)
    with progress.Progress(*columns, progress.TimeElapsedColumn(), console=console, transient=True, expand=True) as bar:
        task = bar.add_task("starting", total=1.0, visible=False)
        shown = Timer(SECONDS_BEFORE_BAR, bar.update, (task,), {"visible": True})
        shown.daemon = True
        shown.start()
        try:
            yield lambda share, doing: bar.update(task, completed=share, description=doing)
        finally:
            shown.cancel()


@contextmanager
def _lines(seconds_a_line: float) -> Iterator[Progress]:
    """Lines from a thread of their own, as some work says nothing of itself for minutes."""
    from threading import Event, Thread

    latest, done, started = ["starting"], Event(), time.monotonic()

    def print_lines() -> None:
        while not done.wait(seconds_a_line):
            typer.echo(f"{timedelta(seconds=round(time.monotonic() - started))} {latest[0]}", err=True)

    def report(share: float, doing: str, /) -> None:
        latest[0] = f"{100 * share:3.0f} % {doing}"

    thread = Thread(target=print_lines, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        done.set()
        thread.join()


@contextmanager
def cluster_executor(cluster: str | None) -> Iterator[Executor | None]:
    """Work given out to a Dask cluster that is joined for the while; none without a cluster."""
    if cluster is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise StudyError(
            "--cluster needs Dask, which is not installed. `pip install 'mechlearn[cluster]'` installs it, here and on "
            "the workers; without --cluster all cores of this machine are used."
        ) from None
    try:
        client = Client(cluster, timeout=10)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"There is no Dask scheduler at {cluster}: {error}. Start one, or leave --cluster out."
        ) from None
    with client:
        yield client.get_executor()


def say(text: str, json_file: str | None) -> None:
    """Print; to stderr where stdout holds the JSON."""
    typer.echo(_at_words(text, sys.stderr if json_file == "-" else sys.stdout), err=json_file == "-")


def _at_words(text: str, stream: TextIO) -> str:
    """Sentences broken at words where a terminal would break them anywhere; rows of a table stay as they are."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if "  " not in line else line
        for line in text.split("\n")
    )


def give_json(content: dict[str, Any], json_file: str | None) -> None:
    """Write what was asked for with ``--json``."""
    if json_file is None:
        return
    from ..files import json_text, write_json

    if json_file == "-":
        typer.echo(json_text(content), nl=False)
    elif json_file is not None:
        write_json(content, Path(json_file))
        typer.echo(f"Wrote {json_file}")
