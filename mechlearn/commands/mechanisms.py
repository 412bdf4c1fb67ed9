"""The commands on mechanisms: ``validate``, ``compare``, ``graph``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import StudyError
from .shell import JsonOption, app, give_json, say


@app.command(epilog="Example: mechlearn validate learned.yaml runs.csv --tolerance 1e-4")
def validate(
    mechanism: Annotated[Path, typer.Argument(help="A Cantera mechanism.")],
    runs: Annotated[Path, typer.Argument(help="Runs: .csv or .h5.")],
    tolerance: Annotated[float, typer.Option(help="Largest relative error that passes.")] = 1e-3,
    json_file: JsonOption = None,
) -> None:
    """Re-simulate every run with CVODES and compare."""
    from ..tables import read_runs
    from ..validation import validate as check
    from ..validation import validation_text

    result = check(mechanism, read_runs(runs), tolerance=tolerance, held_out=False)
    say(validation_text(result), json_file)
    give_json(result.as_dict(), json_file)
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
    from ..cantera_yaml import read_mechanism
    from ..comparison import compare as check
    from ..comparison import comparison_text
    from ..simulation import find_mechanism

    if temperature is not None and not temperature > 0:
        raise StudyError(f"The temperature of the comparison is {temperature:g} K; it is above zero.")
    result = check(
        read_mechanism(find_mechanism(str(found))),
        read_mechanism(find_mechanism(str(known))),
        temperature=temperature,
        stoichiometry=stoichiometry,
    )
    say(comparison_text(result), json_file)
    give_json(result.as_dict(), json_file)
    raise typer.Exit(0 if result.exact else 1)


@app.command(epilog="Example: mechlearn graph learned.yaml -o graph.svg")
def graph(
    mechanism: Annotated[Path, typer.Argument(help="A Cantera mechanism.")],
    output: Annotated[Path, typer.Option("-o", "--output", help=".graphml .gexf .json .dot .svg .png")],
    json_file: JsonOption = None,
) -> None:
    """Write the reaction network as a graph or a drawing."""
    from ..cantera_yaml import read_mechanism
    from ..graph import reaction_graph, write_graph
    from ..simulation import find_mechanism

    network = reaction_graph(read_mechanism(find_mechanism(str(mechanism))))
    write_graph(network, output)
    say(f"Wrote {output}: {network.number_of_nodes()} nodes, {network.number_of_edges()} edges", json_file)
    give_json({"files": [str(output)], "nodes": network.number_of_nodes()}, json_file)
