"""The commands: ``mechlearn run | init | simulate | learn | validate | compare | graph``.

Each imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import FormatError, MechlearnError, StudyError

if TYPE_CHECKING:
    from .flow import Outcome


class _Commands(typer.core.TyperGroup):
    """The commands; errors of ours become one message and exit status 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the line names."""
        try:
            return super().invoke(ctx)
        except MechlearnError as error:
            typer.echo(f"mechlearn: error: {error}", err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            typer.echo(f"mechlearn: error: {where}{error.strerror or error}", err=True)
        except KeyboardInterrupt:
            typer.echo("mechlearn: interrupted before there was a result", err=True)
            raise typer.Exit(130) from None
        raise typer.Exit(2)


class _Writable(Exception):
    """The file could be written."""


def _check_output(path: Path, *endings: str) -> None:
    """Refuse before the work what could not be written after it."""
    from .files import atomic_path

    if endings and path.suffix.lower() not in endings:
        raise FormatError(f"{path}: the ending says what to write; here it is {' or '.join(endings)}.")
    with suppress(_Writable), atomic_path(path):
        raise _Writable


def _json_target(json_file: str | None) -> str | None:
    if json_file not in (None, "-"):
        _check_output(Path(str(json_file)))
    return json_file


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turn concentration data into a small reaction mechanism that Cantera runs.",
)
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", callback=_json_target, help="Write the result as JSON; - for stdout."),
]
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
def _progress(quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr, where a person watches it and the work takes over a second."""
    import time

    from rich.console import Console
    from rich.progress import Progress

    if quiet or not sys.stderr.isatty():
        yield lambda share, text: None
        return
    started = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, visible=False)
        yield lambda share, text: bar.update(
            task, completed=share, description=text, visible=time.monotonic() - started > 1
        )


def _say(text: str, json_file: str | None) -> None:
    typer.echo(text, err=json_file == "-")


def _give_json(content: dict[str, Any], json_file: str | None) -> None:
    if json_file is None:
        return
    from .flow import json_text, write_json

    if json_file == "-":
        typer.echo(json_text(content), nl=False)
    elif json_file is not None:
        write_json(content, Path(json_file))
        typer.echo(f"Wrote {json_file}")


def _outcome_text(outcome: Outcome) -> str:
    from .comparison import comparison_text
    from .validation import validation_text

    def constant(rate: dict[str, float] | None) -> str:
        return "-" if rate is None else f"{rate['A']:.7g}"

    lines = []
    if outcome.summary["reactions"]:
        width = max(len(r["equation"]) for r in outcome.summary["reactions"])
        lines.append(f"{'reaction':{width}}  {'k forward':>14}  {'k reverse':>14}  {'contribution':>12}")
        for r in outcome.summary["reactions"]:
            lines.append(
                f"{r['equation']:{width}}  {constant(r['forward']):>14}  {constant(r['reverse']):>14}  "
                f"{r['contribution']:12.2g}"
            )
        lines.append("Rate constants in kmol, m^3 and s.\n")
    if outcome.validation is not None:
        lines.append(validation_text(outcome.validation))
    if outcome.comparison is not None:
        lines += ["", "Against the source mechanism:", comparison_text(outcome.comparison)]
    return "\n".join(lines)


def _finish(outcome: Outcome, json_file: str | None, folder: Path | None = None) -> None:
    _say(_outcome_text(outcome), json_file)
    for name in outcome.summary["files"]:
        _say(f"Wrote {folder / name if folder else name}", json_file)
    _give_json(outcome.summary, json_file)
    _say(f"{outcome.status}: {outcome.summary['message']}", json_file)
    raise typer.Exit({"recovered": 0, "interrupted": 130}.get(outcome.status, 1))


@app.command(epilog="Example: mechlearn run hydrogen-oxidation.study.yaml -o results")
def run(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another study's results.")] = False,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Simulate or read, learn, export, draw and validate: the main job."""
    from .study import load_study

    checked = load_study(study)  # before the heavy libraries, so that a mistake is answered at once
    from .flow import run_study

    with _progress(quiet) as progress:
        outcome = run_study(checked, output, overwrite=overwrite, progress=progress)
    _finish(outcome, json_file, output)


@app.command(epilog="Example: mechlearn init hydrogen-oxidation -o study.yaml")
def init(
    name: Annotated[str | None, typer.Argument(help="An example; without it they are listed.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    json_file: JsonOption = None,
) -> None:
    """Write a commented study to start from."""
    from .files import atomic_path
    from .study import example_studies

    examples = example_studies()
    if name is None:
        if output is not None:
            raise StudyError(f"Name the example to write to {output}. There are: {', '.join(examples)}.")
        for each in examples:
            _say(each, json_file)
        _give_json({"examples": list(examples)}, json_file)
        return
    if name not in examples:
        raise StudyError(f"There is no example {name!r}. There are: {', '.join(examples)}.")
    target = output or Path(f"{name}.study.yaml")
    if target.exists():
        raise StudyError(f"{target} exists already. Give another name with -o.")
    with atomic_path(target) as temporary:
        shutil.copyfile(examples[name], temporary)
    _say(f"Wrote {target}", json_file)
    _give_json({"files": [str(target)]}, json_file)


@app.command(epilog="Example: mechlearn simulate study.yaml -o runs.csv")
def simulate(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the runs: .csv or .h5.")],
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Only the source: trajectories with exact production rates."""
    from .study import load_study

    checked = load_study(study)
    if checked.source is None:
        raise StudyError(f"{study} has `data:`, so there is nothing to simulate. Give a study with `source:`.")
    _check_output(output, ".csv", ".h5", ".hdf5")
    from .simulation import simulate_runs
    from .tables import write_runs

    with _progress(quiet) as progress:
        runs, failures = simulate_runs(
            checked, progress=lambda done, total: progress(done / max(total, 1), "simulating")
        )
    write_runs(runs, output)
    for name, reason in failures.items():
        _say(f"Run {name} failed and is left out: {reason}", json_file)
    states = sum(len(r.time) for r in runs.runs)
    _say(f"Wrote {output}: {len(runs)} runs, {states} states, {len(runs.species)} species", json_file)
    _give_json({"files": [str(output)], "runs": len(runs), "states": states, "failed_runs": failures}, json_file)


@app.command(epilog="Example: mechlearn learn runs.csv -o learned.yaml --reactions auto")
def learn(
    runs: Annotated[Path, typer.Argument(help="Runs: .csv or .h5.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Mechanism file to write.")],
    study: Annotated[Path | None, typer.Option(help="A study whose learn: and validate: sections hold.")] = None,
    mechanism: Annotated[str | None, typer.Option(help="Cantera file with compositions and thermo.")] = None,
    reactor: Annotated[str | None, typer.Option(help="isothermal, constant-volume or constant-pressure.")] = None,
    reactions: Annotated[str | None, typer.Option(help="Number of reactions, or auto.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw.")] = None,
    conserve: Annotated[str | None, typer.Option(help="auto, elements, data or none.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="levenberg-marquardt or adam.")] = None,
    restarts: Annotated[int | None, typer.Option(help="Starting points fitted side by side.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Longest search.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Only the learning, from a file of runs."""
    from .study import Study, load_study, with_overrides

    given = {
        "reactions": int(reactions) if reactions and reactions.lstrip("-").isdigit() else reactions,
        "seed": seed,
        "conserve": conserve,
        "optimizer": optimizer,
        "restarts": restarts,
        "seconds": seconds,
    }
    _check_output(output, ".yaml", ".yml")
    base = load_study(study) if study is not None else Study(data=str(runs))  # type: ignore[arg-type]
    checked = with_overrides(base, {f"learn.{k}": v for k, v in given.items() if v is not None})
    from .tables import read_runs

    data = read_runs(runs, mechanism=mechanism, reactor=reactor)  # type: ignore[arg-type]
    from .flow import learn_runs

    with _progress(quiet) as progress:
        outcome = learn_runs(data, checked, output, progress)
    _finish(outcome, json_file)


@app.command(epilog="Example: mechlearn validate learned.yaml runs.csv --tolerance 1e-4")
def validate(
    mechanism: Annotated[Path, typer.Argument(help="A Cantera mechanism.")],
    runs: Annotated[Path, typer.Argument(help="Runs: .csv or .h5.")],
    tolerance: Annotated[float, typer.Option(help="Largest relative error that passes.")] = 1e-3,
    json_file: JsonOption = None,
) -> None:
    """Re-simulate every run with CVODES and compare."""
    from .tables import read_runs
    from .validation import validate as check
    from .validation import validation_text

    result = check(mechanism, read_runs(runs), tolerance=tolerance, held_out=False)
    _say(validation_text(result), json_file)
    _give_json(result.as_dict(), json_file)
    raise typer.Exit(0 if result.passed else 1)


@app.command(epilog="Example: mechlearn compare learned.yaml known.yaml --temperature 1000")
def compare(
    found: Annotated[Path, typer.Argument(help="The learnt mechanism.")],
    known: Annotated[Path, typer.Argument(help="The mechanism to compare with.")],
    temperature: Annotated[float | None, typer.Option(help="Where rates are compared [K].")] = None,
    stoichiometry: Annotated[bool, typer.Option("--stoichiometry", help="Net vectors only, up to sign.")] = False,
    json_file: JsonOption = None,
) -> None:
    """Matched, missing and spurious reactions, and rate errors."""
    from .cantera_yaml import read_mechanism
    from .comparison import compare as check
    from .comparison import comparison_text
    from .simulation import find_mechanism

    if temperature is not None and not temperature > 0:
        raise StudyError(f"The temperature of the comparison is {temperature:g} K; it is above zero.")
    result = check(
        read_mechanism(find_mechanism(str(found))),
        read_mechanism(find_mechanism(str(known))),
        temperature=temperature,
        stoichiometry=stoichiometry,
    )
    _say(comparison_text(result), json_file)
    _give_json(result.as_dict(), json_file)
    raise typer.Exit(0 if result.exact else 1)


@app.command(epilog="Example: mechlearn graph learned.yaml -o graph.svg")
def graph(
    mechanism: Annotated[Path, typer.Argument(help="A Cantera mechanism.")],
    output: Annotated[Path, typer.Option("-o", "--output", help=".graphml .gexf .json .dot .svg .png")],
    json_file: JsonOption = None,
) -> None:
    """Write the reaction network as a graph or a drawing."""
    from .cantera_yaml import read_mechanism
    from .graph import reaction_graph, write_graph
    from .simulation import find_mechanism

    network = reaction_graph(read_mechanism(find_mechanism(str(mechanism))))
    write_graph(network, output)
    _say(f"Wrote {output}: {network.number_of_nodes()} nodes, {network.number_of_edges()} edges", json_file)
    _give_json({"files": [str(output)], "nodes": network.number_of_nodes()}, json_file)


def main(arguments: list[str] | None = None) -> None:
    """Run the command that the arguments name, those of the process if absent, and exit."""
    logging.basicConfig(format="mechlearn: %(message)s", level=logging.WARNING)
    app(arguments, prog_name="mechlearn")


if __name__ == "__main__":
    main()
