"""The command ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import StudyError, listed
from .shell import JsonOption, QuietOption, app, check_files, give_json, say


@app.command(epilog="Example: mechlearn compare learned.yaml known.yaml --temperature 1000")
def compare(
    found: Annotated[Path, typer.Argument(help="The learnt mechanism.")],
    known: Annotated[Path, typer.Argument(help="The mechanism to compare with.")],
    temperature: Annotated[float | None, typer.Option(help="Where rates are compared [K].")] = None,
    stoichiometry: Annotated[bool, typer.Option("--stoichiometry", help="Net vectors only, up to sign.")] = False,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Matched, missing and spurious reactions, and rate errors."""
    from ..chemistry.comparison import compare as check
    from ..chemistry.comparison import comparison_text, same_but_for_case
    from ..formats.cantera_yaml.mechanism_reading import read_mechanism
    from ..simulation.mechanisms import find_mechanism

    if temperature is not None and not temperature > 0:
        raise StudyError(f"The temperature of the comparison is {temperature:g} K; it is above zero.")
    files = find_mechanism(str(found)), find_mechanism(str(known))
    check_files([json_file], files)
    one, other = map(read_mechanism, files)
    result = check(one, other, temperature=temperature, stoichiometry=stoichiometry)
    say(comparison_text(result), json_file)
    alike = same_but_for_case(one, other)
    if alike:
        pairs = listed([f"{left} and {right}" for left, right in alike])
        say(f"Names that differ in case only count as others: {pairs}.", json_file)
    give_json(result.as_dict(), json_file)
    raise typer.Exit(0 if result.exact else 1)
