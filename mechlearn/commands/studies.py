"""The commands on studies: ``run``, ``init``, ``simulate``, ``learn``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError, StudyError
from .shell import (
    BasisOption,
    JsonOption,
    MechanismOption,
    PressureOption,
    QuietOption,
    ReactorOption,
    TemperatureOption,
    app,
    check_output,
    give_json,
    progress_bar,
    say,
    workers,
)

if TYPE_CHECKING:
    from ..flow import Outcome

RUNS = "Runs: .csv, .h5, a table of another program, or YAML."


def _sampling_text(outcome: Outcome) -> list[str]:
    """What the sampling shows and what to measure next, where something is to be done."""
    findings = [each for each in outcome.summary["sampling"]["findings"] if each["advice"]]
    return ["The sampling:", *(f"  {each['text']} {each['advice']}" for each in findings), ""] if findings else []


def _outcome_text(outcome: Outcome) -> str:
    from ..comparison import comparison_text
    from ..validation import validation_text

    def constant(rate: dict[str, float] | None) -> str:
        return "-" if rate is None else f"{rate['A']:.7g}"

    def known(reaction: dict[str, Any], part: str) -> str:
        return str(reaction["interval"].get(part, {}).get("text", ""))

    lines = _sampling_text(outcome)
    if outcome.summary["reactions"]:
        width = max(len(r["equation"]) for r in outcome.summary["reactions"])
        heads = ("k forward", "95 %", "k reverse", "95 %", "contribution")
        supported = "  support" if "bootstrap" in outcome.summary else ""
        lines.append(
            f"{'reaction':{width}}  {heads[0]:>12} {heads[1]:>14}  {heads[2]:>12} {heads[3]:>14}  {heads[4]}{supported}"
        )
        for r in outcome.summary["reactions"]:
            lines.append(
                f"{r['equation']:{width}}  {constant(r['forward']):>12} {known(r, 'forward'):>14}  "
                f"{constant(r['reverse']):>12} {known(r, 'reverse'):>14}  {r['contribution']:12.2g}"
                + (f"  {100 * r['support']:5.0f} %" if supported else "")
            )
        lines.append("Rate constants in kmol, m^3 and s.\n")
    lines += _conserved_text(outcome.summary["conserved"])
    if outcome.summary["balances"]:
        lines += [outcome.summary["balances"], *_outlier_texts(outcome.summary["concentrations"]), ""]
    if outcome.validation is not None:
        lines.append(validation_text(outcome.validation))
    if outcome.comparison is not None:
        lines += ["", "Against the source mechanism:", comparison_text(outcome.comparison)]
    return "\n".join(lines)


def _conserved_text(found: dict[str, Any] | None) -> list[str]:
    """The laws that stand in for unknown compositions, and the test that decided on them."""
    if found is None:
        return []
    laws = ", ".join(f"{law['law']} ({law['change']:.2g})" for law in found["laws"]) or "nothing"
    return [
        f"Conserved in the data: {laws}. Change as a {found['measure']}, at most {found['limit']:.2g}; any other "
        f"combination changes by {found['next_change']:.2g} or more.\n"
    ]


def _outlier_texts(found: dict[str, Any] | None) -> list[str]:
    """The values that stand out of the noise, five at most."""
    values = found["outliers"] if found else []
    texts = [
        f"Outlier: {each['species']} of {each['run']} at {each['time']:.4g} s is {each['value']:.4g}, expected "
        f"{each['expected']:.4g} ({each['deviations']:.1f} standard deviations)."
        for each in values[:5]
    ]
    return texts + ([f"and {len(values) - 5} more outliers; the summary lists them."] if len(values) > 5 else [])


def _finish(outcome: Outcome, json_file: str | None, folder: Path | None = None) -> None:
    say(_outcome_text(outcome), json_file)
    for name in outcome.summary["files"]:
        say(f"Wrote {folder / name if folder else name}", json_file)
    give_json(outcome.summary, json_file)
    say(f"{outcome.status}: {outcome.summary['message']}", json_file)
    raise typer.Exit({"recovered": 0, "interrupted": 130}.get(outcome.status, 1))


@app.command(epilog="Example: mechlearn run hydrogen-oxidation.study.yaml -o results")
def run(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the results; that of a finished study's own file.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another study's results.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run of this study ended.")
    ] = False,
    bootstrap: Annotated[int | None, typer.Option(help="Resamples of whole runs, for each reaction's support.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Dask scheduler for them, as tcp://host:8786.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Simulate or read, learn, export, draw and validate: the main job."""
    from ..study import load_study, with_overrides

    checked = load_study(study)  # before the heavy libraries, so that a mistake is answered at once
    folder = output if output is not None else study.parent
    if output is None and not (folder / "summary.json").is_file():
        raise StudyError(f"{folder} holds no results of a finished study. Give a folder for them with -o.")
    if bootstrap is not None:
        checked = with_overrides(checked, {"uncertainty.bootstrap": bootstrap})
    from ..flow import run_study

    with progress_bar(quiet) as progress, workers(cluster) as backend:
        outcome = run_study(checked, folder, overwrite=overwrite, resume=resume, backend=backend, progress=progress)
    _finish(outcome, json_file, folder)


@app.command(epilog="Example: mechlearn init hydrogen-oxidation -o study.yaml")
def init(
    name: Annotated[str | None, typer.Argument(help="An example; without it they are listed.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    json_file: JsonOption = None,
) -> None:
    """Write a commented study to start from."""
    from ..files import atomic_path
    from ..study import example_studies

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
    with atomic_path(target) as temporary:
        shutil.copyfile(examples[name], temporary)
    say(f"Wrote {target}", json_file)
    give_json({"files": [str(target)]}, json_file)


@app.command(epilog="Example: mechlearn simulate study.yaml -o runs.csv")
def simulate(
    study: Annotated[Path, typer.Argument(help="The study file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the runs: .csv or .h5.")],
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Only the source: trajectories with exact production rates."""
    from ..study import load_study

    checked = load_study(study)
    if checked.source is None:
        raise StudyError(f"{study} has `data:`, so there is nothing to simulate. Give a study with `source:`.")
    check_output(output, ".csv", ".h5", ".hdf5")
    from ..simulation import simulate_runs
    from ..tables import write_runs

    with progress_bar(quiet) as progress:
        runs, failures = simulate_runs(
            checked, progress=lambda done, total: progress(done / max(total, 1), "simulating")
        )
    write_runs(runs, output)
    for name, reason in failures.items():
        say(f"Run {name} failed and is left out: {reason}", json_file)
    states = sum(len(r.time) for r in runs.runs)
    say(f"Wrote {output}: {len(runs)} runs, {states} states, {len(runs.species)} species", json_file)
    give_json({"files": [str(output)], "runs": len(runs), "states": states, "failed_runs": failures}, json_file)


@app.command(epilog="Example: mechlearn inspect runs.csv --basis mole-fraction --temperature 900K --pressure 1atm")
def inspect(
    runs: Annotated[Path, typer.Argument(help=RUNS)],
    basis: BasisOption = None,
    mechanism: MechanismOption = None,
    reactor: ReactorOption = None,
    temperature: TemperatureOption = None,
    pressure: PressureOption = None,
    json_file: JsonOption = None,
) -> None:
    """Print what each column of a file of runs is taken for, what is open, and what to measure next."""
    from ..sampling import check_sampling
    from ..tables import Options, inspection_text, read_inspected

    options = Options(basis=basis, mechanism=mechanism, reactor=reactor, temperature=temperature, pressure=pressure)  # type: ignore[typeddict-item]
    data, found = read_inspected(runs, **options)
    sampling = None if data is None else check_sampling(data)
    text = [inspection_text(found)]
    if sampling is not None and sampling.findings:
        text += ["", "What the sampling shows:", *(f"  {line}" for line in sampling.text.splitlines())]
    say("\n".join(text), json_file)
    give_json(found.as_dict() | {"sampling": None if sampling is None else sampling.as_dict()}, json_file)
    if found.problem:
        raise DataError(found.problem)


@app.command(epilog="Example: mechlearn learn runs.csv -o learned.yaml --reactions auto")
def learn(
    runs: Annotated[Path, typer.Argument(help=RUNS)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Mechanism file to write.")],
    study: Annotated[Path | None, typer.Option(help="A study whose learn: and validate: sections hold.")] = None,
    mechanism: MechanismOption = None,
    reactor: ReactorOption = None,
    basis: BasisOption = None,
    temperature: TemperatureOption = None,
    pressure: PressureOption = None,
    reactions: Annotated[str | None, typer.Option(help="Number of reactions, or auto.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw.")] = None,
    conserve: Annotated[str | None, typer.Option(help="auto, elements, data or none.")] = None,
    balances: Annotated[str | None, typer.Option(help="auto, derivative, integral or weak.")] = None,
    noise: Annotated[str | None, typer.Option(help="Of concentrations: auto, relative or absolute.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="levenberg-marquardt or adam.")] = None,
    restarts: Annotated[int | None, typer.Option(help="Starting points fitted side by side.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Longest search.")] = None,
    json_file: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Only the learning, from a file of runs."""
    from ..study import Study, load_study, with_overrides

    given = {
        "reactions": int(reactions) if reactions and reactions.lstrip("-").isdigit() else reactions,
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
    from ..tables import Options, read_inspected, remarks

    options = Options(mechanism=mechanism, reactor=reactor, basis=basis, temperature=temperature, pressure=pressure)  # type: ignore[typeddict-item]
    data, found = read_inspected(runs, **options)
    if data is None:
        raise DataError(found.problem)
    for line in remarks(found):
        typer.echo(line, err=True)
    from ..flow import learn_runs

    with progress_bar(quiet) as progress:
        outcome = learn_runs(data, checked, output, progress)
    _finish(outcome, json_file)
