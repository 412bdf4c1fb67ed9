"""The command ``graph``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import StudyError
from .shell import (
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
    from ..formats.tables.table_reading import Options
    from ..pathways.flux_request import Request

Written = tuple[str, dict[str, Any]]
"""What is printed, and what the JSON file holds beside the names of files."""
GRAPHS = ("graphml", "gexf", "json", "dot", "svg", "png")


@app.command(epilog="Example: mechlearn graph gri30.yaml --runs runs.csv --element C --from CH4 --to CO2 -o carbon.svg")
def graph(
    mechanism: Annotated[Path, typer.Argument(help="A Cantera mechanism.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help=".graphml .gexf .json .dot .svg .png; fluxes: .csv .html")
    ],
    study: Annotated[Path | None, typer.Option(help="Rates along a run of a study, simulated or read.")] = None,
    runs: Annotated[Path | None, typer.Option(help="Rates along a run of a file, as learn reads them.")] = None,
    of_runs: MechanismOption = None,
    reactor: ReactorOption = None,
    basis: BasisOption = None,
    temperature: TemperatureOption = None,
    pressure: PressureOption = None,
    run: Annotated[str, typer.Option(help="Name of the run; else the first.")] = "",
    phase: Annotated[str, typer.Option(help="Of the mechanism, where it has several.")] = "",
    element: Annotated[str, typer.Option(help="Fluxes of this element between species.")] = "",
    source: Annotated[str, typer.Option("--from", help="Only what comes from this species.")] = "",
    targets: Annotated[list[str] | None, typer.Option("--to", help="Only what leads to it; may be repeated.")] = None,
    threshold: Annotated[float, typer.Option(help="Least flux, as a part of the largest.")] = 0.0,
    time: Annotated[float | None, typer.Option(help="At this time [s].")] = None,
    conversion: Annotated[str | None, typer.Option(help="At this conversion, as CH4=0.5, or over CH4=0.1:0.9.")] = None,
    integrated: Annotated[bool, typer.Option("--integrated", help="Over the whole run.")] = False,
    from_time: Annotated[float | None, typer.Option(help="Integrated from this time [s].")] = None,
    to_time: Annotated[float | None, typer.Option(help="Integrated to this time [s].")] = None,
    net: Annotated[bool, typer.Option("--net", help="Differences of the two directions.")] = False,
    paths: Annotated[int, typer.Option(help="Only so many strongest paths.")] = 0,
    isomers: Annotated[bool, typer.Option("--lump", help="Put isomers together.")] = False,
    normalise: Annotated[str | None, typer.Option(help="max, total, or a species that is consumed.")] = None,
    refine: Annotated[bool, typer.Option("--refine", help="Simulate the run again at close times.")] = False,
    against: Annotated[Path | None, typer.Option(help="How much more flows than in this mechanism.")] = None,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Species of the run that a mechanism lacks.")] = False,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """The network, or the fluxes along a run, as a graph or drawing.

    Fluxes need --study or --runs, and so does a page to look at them (.html).

    With a name that ends in .csv: a table of what forms and consumes the species of --from and --to.
    """
    from ..pathways.flux_request import Request, parse_conversion

    request = Request(
        element=element,
        source=source,
        targets=tuple(targets or ()),
        threshold=threshold,
        time=time,
        conversion=parse_conversion(conversion) if conversion else None,
        integrated=integrated,
        from_time=from_time,
        to_time=to_time,
        net=net,
        paths=paths,
        isomers=isomers,
        normalise=normalise,
        run=run,
        phase=phase,
        refine=refine,
        leave_out=leave_out,
    )
    check_files([output, json_file], [mechanism, study, runs, against, of_runs])
    if study is None and runs is None:
        text, content = _mechanism_graph(mechanism, output, plain=request == Request() and against is None)
    else:
        options = table_options(of_runs, reactor, basis, temperature, pressure)
        data = _checked_runs(mechanism, output, study, runs, against, options, quiet)
        check_files([output, json_file], [data.mechanism])
        write = {".html": _viewer, ".csv": _table}.get(output.suffix.lower(), _drawing)
        text, content = write(mechanism, output, data, request, against)
    say(text, json_file)
    give_json({"files": [str(output)], **content}, json_file)


def _checked_runs(
    mechanism: Path,
    output: Path,
    study: Path | None,
    runs: Path | None,
    against: Path | None,
    options: Options,
    quiet: bool,
) -> Trajectories:
    check_output(output, ".csv", ".html", *(f".{name}" for name in GRAPHS))
    if runs is None and any(value is not None for value in options.values()):
        raise StudyError(
            "--mechanism, --reactor, --basis, --temperature and --pressure are of a table. Name it: --runs."
        )
    from ..formats.cantera_yaml.mechanism_reading import read_mechanism
    from ..simulation.mechanisms import find_mechanism
    from ..study.runs import at_temperature_of, runs_of
    from ..study.schema import load_study

    if against is not None and output.suffix.lower() in (".html", ".csv"):
        raise StudyError(f"{output}: a difference is written as a graph or a drawing. Name one of {', '.join(GRAPHS)}.")
    with progress_bar(quiet) as progress:
        data = runs_of(load_study(study) if study is not None else None, runs, progress, options)
    return at_temperature_of(read_mechanism(find_mechanism(str(mechanism))), data)


def _mechanism_graph(mechanism: Path, output: Path, *, plain: bool) -> Written:
    from ..formats.cantera_yaml.mechanism_reading import read_mechanism
    from ..pathways.graphs import reaction_graph
    from ..report.graph_files import write_graph
    from ..simulation.mechanisms import find_mechanism

    if output.suffix.lower() in (".html", ".csv"):
        raise StudyError(f"{output} is of the fluxes along a run, and none is given. Name a study (--study) or --runs.")
    if not plain:
        raise StudyError("Fluxes are those of a run, and none is given. Name a study (--study) or its runs (--runs).")
    network = reaction_graph(read_mechanism(find_mechanism(str(mechanism))))
    write_graph(network, output)
    nodes = network.number_of_nodes()
    return f"Wrote {output}: {nodes} nodes, {network.number_of_edges()} edges", {"nodes": nodes}


def _viewer(mechanism: Path, output: Path, data: Trajectories, request: Request, against: Path | None) -> Written:
    from ..pathways.flux_request import requested_history
    from ..report.viewer.viewer_content import viewer_content
    from ..report.viewer.viewer_page import write_viewer

    content = viewer_content(requested_history(mechanism, data, request), fuel=request.source or None)
    write_viewer(content, output)
    text = f"Wrote {output}: {len(content['species'])} species, {len(content['reactions'])} reactions"
    return text, {"frames": len(content["frames"])}


def _table(mechanism: Path, output: Path, data: Trajectories, request: Request, against: Path | None) -> Written:
    from ..pathways.flux_request import requested_table
    from ..pathways.production import production_csv, write_production_table

    rows = requested_table(mechanism, data, request)
    write_production_table(rows, output)
    text = f"{production_csv(rows[:20]).rstrip()}\nWrote {output}: {len(rows)} rows"
    return text, {"rows": [asdict(row) for row in rows]}


def _drawing(mechanism: Path, output: Path, data: Trajectories, request: Request, against: Path | None) -> Written:
    from ..pathways.flux_request import answer
    from ..report.graph_files import write_flux_graph

    found = answer(mechanism, data, request, against=against)
    write_flux_graph(found.graph, output, source=request.source or None, targets=request.targets)
    text = f"{found.text()}\nWrote {output}: {len(found.graph)} nodes, {found.graph.size()} edges"
    return text, found.as_dict()
