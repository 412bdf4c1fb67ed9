"""The command ``inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import DataError
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
    give_json,
    say,
    table_options,
)


@app.command(epilog="Example: mechlearn inspect runs.csv --basis mole-fraction --temperature 900K --pressure 1atm")
def inspect(
    runs: Annotated[Path, typer.Argument(help=RUNS)],
    basis: BasisOption = None,
    mechanism: MechanismOption = None,
    reactor: ReactorOption = None,
    temperature: TemperatureOption = None,
    pressure: PressureOption = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """What each column of a file is taken for, and what is open.

    It ends with what the sampling shows and what to measure next.
    """
    from ..data.sampling.check_sampling import check_sampling
    from ..formats.tables.inspection import inspection_text
    from ..formats.tables.runs_file import read_inspected

    check_files([json_file], [runs, mechanism])
    options = table_options(mechanism, reactor, basis, temperature, pressure)
    data, found = read_inspected(runs, **options)
    check_files([json_file], [data.mechanism if data is not None else None])
    sampling = None if data is None else check_sampling(data)
    text = [inspection_text(found)]
    if sampling is not None and sampling.diagnostics:
        text += ["", "What the sampling shows:", *(f"  {line}" for line in sampling.text.splitlines())]
    say("\n".join(text), json_file)
    content = found.as_dict() | {"sampling": None if sampling is None else sampling.as_dict()}
    give_json(content, json_file if json_file == "-" or not found.problem else None)
    if found.problem:
        raise DataError(found.problem)
