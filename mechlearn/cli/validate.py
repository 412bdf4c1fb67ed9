"""The command ``validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .shell import (
    RUNS,
    BasisOption,
    JsonOption,
    MechanismOption,
    PressureOption,
    QuietOption,
    ReactorOption,
    TemperatureOption,
    app,
    check_files,
    check_output,
    give_json,
    progress_bar,
    say,
    table_options,
)

if TYPE_CHECKING:
    from ..data.trajectories import Trajectories
    from ..validation.validation_result import Validation


@app.command(epilog="Example: mechlearn validate learned.yaml runs.csv --tolerance 1e-4")
def validate(
    mechanism: Annotated[Path, typer.Argument(help="A Cantera mechanism.")],
    runs: Annotated[Path, typer.Argument(help=RUNS)],
    tolerance: Annotated[float | None, typer.Option(help="Largest relative error that passes; 1e-3.")] = None,
    study: Annotated[
        Path | None, typer.Option(help="A study whose validate: section holds, and what it says of this file.")
    ] = None,
    ignition: Annotated[
        str | None, typer.Option(help="T0+400 (any rise in K), max dT/dt, max OH or max dP/dt.")
    ] = None,
    of_runs: MechanismOption = None,
    reactor: ReactorOption = None,
    basis: BasisOption = None,
    temperature: TemperatureOption = None,
    pressure: PressureOption = None,
    report: Annotated[Path | None, typer.Option(help="Write a report there: .html or .md.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Re-simulate every run with CVODES and compare."""
    from ..study.schema import Study, load_study, with_overrides

    given = {"tolerance": tolerance, "ignition": ignition}
    base = load_study(study) if study is not None else Study(data=str(runs))  # type: ignore[arg-type]
    if report is not None:
        check_output(report, ".html", ".md")
    terms = with_overrides(base, {f"validate.{k}": v for k, v in given.items() if v is not None}).validate
    from ..formats.tables.runs_file import read_runs
    from ..study.runs import options_with_study
    from ..validation.validate import validate
    from ..validation.validation_text import validation_text

    inputs = [mechanism, runs, study, of_runs]
    check_files([report, json_file], inputs)
    options = options_with_study(base, runs, table_options(of_runs, reactor, basis, temperature, pressure))
    data = read_runs(runs, **options)
    check_files([report, json_file], [*inputs, data.mechanism])
    with progress_bar(quiet) as progress:
        result = validate(mechanism, data, held_out=False, progress=progress, **terms.options)
    say(validation_text(result), json_file)
    if report is not None:
        _report(report, mechanism, runs, data, result)
        say(f"Wrote {report}", json_file)
    give_json(result.as_dict() | {"files": [] if report is None else [str(report)]}, json_file)
    raise typer.Exit(0 if result.passed else 1)


def _report(report: Path, mechanism: Path, runs: Path, data: Trajectories, result: Validation) -> None:
    from ..formats.cantera_yaml.mechanism_reading import read_mechanism
    from ..pathways.graphs import reaction_graph
    from ..report.graph_files import graph_text
    from ..report.pages.content import report_content
    from ..report.pages.page import fingerprints
    from ..report.pages.report_files import write_report
    from ..report.pages.subject import validated_subject
    from ..simulation.mechanisms import find_mechanism

    path = find_mechanism(str(mechanism))
    known = read_mechanism(path)
    subject = validated_subject(
        known,
        data,
        result,
        title=mechanism.name,
        inputs=fingerprints([path, runs]),
        command=f"mechlearn validate {mechanism.name} {runs.name} --report {report.name}",
        drawing=graph_text(reaction_graph(known), "svg"),
    )
    write_report(report_content(subject), report)
