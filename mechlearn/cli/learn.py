"""The command ``learn``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import DataError
from .outcome import finish
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
    progress_bar,
    table_options,
)


@app.command(epilog="Example: mechlearn learn runs.csv -o learned.yaml --reactions auto")
def learn(
    runs: Annotated[Path, typer.Argument(help=RUNS)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Mechanism file to write.")],
    study: Annotated[
        Path | None,
        typer.Option(help="A study whose learn: and validate: sections hold, and what it says of this file."),
    ] = None,
    mechanism: MechanismOption = None,
    reactor: ReactorOption = None,
    basis: BasisOption = None,
    temperature: TemperatureOption = None,
    pressure: PressureOption = None,
    reactions: Annotated[str | None, typer.Option(help="Number of reactions, or auto.")] = None,
    method: Annotated[str | None, typer.Option(help="auto, network, candidates or both.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw.")] = None,
    conserve: Annotated[str | None, typer.Option(help="auto, elements, data or none.")] = None,
    balances: Annotated[str | None, typer.Option(help="auto, derivative, integral or weak.")] = None,
    noise: Annotated[str | None, typer.Option(help="Of concentrations: auto, relative, absolute or combined.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="levenberg-marquardt or adam.")] = None,
    restarts: Annotated[int | None, typer.Option(help="Starting points fitted side by side.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Longest search.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Only the learning, from a file of runs."""
    from ..study.schema import Study, load_study, with_overrides

    given = {
        "reactions": int(reactions) if reactions and reactions.lstrip("-").isdigit() else reactions,
        "method": method,
        "seed": seed,
        "conserve": conserve,
        "balances": balances,
        "noise": noise,
        "optimizer": optimizer,
        "restarts": restarts,
        "seconds": seconds,
    }
    check_output(output, ".yaml", ".yml")
    base = load_study(study) if study is not None else Study(data=str(runs))  # type: ignore[arg-type]
    checked = with_overrides(base, {f"learn.{k}": v for k, v in given.items() if v is not None})
    from ..formats.tables.inspection import remarks
    from ..formats.tables.runs_file import read_inspected
    from ..study.runs import options_with_study
    from ..study.workspace import inputs_of

    inputs = [runs, study, mechanism, *inputs_of(base)]
    check_files([output, json_file], inputs)
    options = options_with_study(base, runs, table_options(mechanism, reactor, basis, temperature, pressure))
    data, found = read_inspected(runs, **options)
    if data is None:
        raise DataError(found.problem)
    check_files([output, json_file], [*inputs, data.mechanism])
    for line in remarks(found):
        typer.echo(line, err=True)
    with progress_bar(quiet) as progress:
        from ..study.run import learn_runs

        outcome = learn_runs(data, checked, output, progress)
    finish(outcome, json_file)
