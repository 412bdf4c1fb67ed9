"""A reduction's files: mechanisms as Cantera YAML and Chemkin, what was removed, the curve of size against error."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from cantera import yaml2ck
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..cantera_yaml import write_mechanism
from ..cantera_yaml.entries import mechanism_text
from ..drawing import LOOKS, figure_svg
from ..files import write_text
from ..mechanism import Arrhenius, Falloff, Mechanism, Reaction
from ..page import INK
from .phases import changed
from .record import UNCHANGED, Change
from .work import Stage, Work

STEPS = {
    "ranking": "rank of the species",
    "species": "species, rates kept",
    "reactions": "reactions, rates kept",
    "refit": "rates refitted",
    "lumps": "learnt reactions for a species",
    "check": "conditions between added",
}
_COLOURS = dict(zip(STEPS, ("#999999", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#000000"), strict=True))
_MARKERS = dict(zip(STEPS, "os^DvP", strict=True))


def stage_mechanism(source: Mechanism, stage: Stage) -> Mechanism:
    """A stage's mechanism as a record.

    Parameters
    ----------
    source : Mechanism
        All of the source, in its order.
    stage : Stage
        Of that source.
    """
    candidate, changes = stage.candidate, dict(stage.candidate.changes)
    reactions = (*source.reactions, *(lump.reaction for lump in stage.lumps))
    return replace(
        source,
        species=tuple(source.species[i] for i in candidate.species),
        reactions=tuple(_changed(reactions[j], changes.get(j, UNCHANGED)) for j in candidate.reactions),
        metadata={},
    )


def _changed(reaction: Reaction, change: Change) -> Reaction:
    if change == UNCHANGED:
        return reaction
    if reaction.rate is None:
        return replace(reaction, definition=changed(dict(reaction.definition or {}), change))
    falloff = reaction.falloff
    if falloff is not None:
        falloff = Falloff(_scaled(falloff.low, change), falloff.troe)
    return replace(reaction, rate=_scaled(reaction.rate, change), falloff=falloff)


def _scaled(rate: Arrhenius, change: Change) -> Arrhenius:
    entry = changed({"rate-constant": {"A": rate.A, "b": rate.b, "Ea": rate.Ea}}, change)["rate-constant"]
    return Arrhenius(entry["A"], entry["b"], entry["Ea"])


def write_reduced(source: Mechanism, name: str, stage: Stage, path: Path, *, checked: bool = True) -> None:
    """Write a stage as a Cantera file; checked, Cantera reads it back and gives the rates that were meant.

    Parameters
    ----------
    source : Mechanism
        All of it.
    name : str
        Of the source, for the description.
    stage : Stage
        What to write.
    path : Path
        A file of that name is replaced.
    checked : bool
        Whether the file is read back.
    """
    mechanism = stage_mechanism(source, stage)
    species, reactions = stage.candidate.size
    description = f"{species} species and {reactions} reactions of {name}, by mechlearn reduce."
    about: dict[str, Any] = {
        "source": Path(name).name,
        "step": stage.step,
        "error": float(f"{stage.error:.4g}"),
        "changed-rates": len(stage.candidate.changes),
    }
    if checked:
        write_mechanism(mechanism, path, description=description, metadata=about)
    else:
        write_text(path, mechanism_text(mechanism, description=description, metadata=about))


def write_chemkin(mechanism: Path, folder: Path, *, transport: bool) -> str:
    """Write the mechanism in Chemkin's form by Cantera's yaml2ck, with its transport data if it has any.

    What hinders it is returned, else an empty text.
    """
    folder.mkdir(exist_ok=True)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yaml2ck.convert(
                mechanism,
                mechanism_path=folder / "chem.inp",
                thermo_path=folder / "therm.dat",
                transport_path=folder / "tran.dat" if transport else None,
                overwrite=True,
            )
    except Exception as error:
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ""


def curve_rows(stages: Sequence[Stage], work: Work) -> list[dict[str, Any]]:
    """One row a stage: size, and the largest error relative to its limit; that of the flames, if any, as well."""
    flames = [len(work.with_spots(stage.added, stage.flames).task.flames) for stage in stages]
    return [
        {
            "stage": number,
            "step": stage.step,
            "species": stage.candidate.size[0],
            "reactions": stage.candidate.size[1],
            "error_over_limit": float(f"{stage.error:.6g}"),
            **({"flame_speed_over_limit": float(f"{max(stage.errors[-count:]):.6g}")} if count else {}),
            "conditions": len(stage.errors),
            "changed_rates": len(stage.candidate.changes),
            "file": stage_name(number, stage),
        }
        for (number, stage), count in zip(enumerate(stages), flames, strict=True)
    ]


def stage_name(number: int, stage: Stage) -> str:
    """The file of a stage within ``stages``."""
    return f"{number:03d}-{stage.candidate.size[0]}-{stage.candidate.size[1]}.yaml"


def removed_rows(stages: Sequence[Stage], species_names: Sequence[str]) -> list[dict[str, Any]]:
    """What went, in order, and why: the step, and the error that the mechanism had without it."""
    species, lasting = set(species_names), way(stages)
    rows = [
        {
            "name": name,
            "kind": "species" if name in species else "reaction",
            "step": stage.step,
            "stage": number,
            "error_over_limit": float(f"{stage.error:.6g}"),
        }
        for number, stage in enumerate(stages)
        if number in lasting
        for name in stage.removed
    ]
    return [{"order": order, **row} for order, row in enumerate(rows, start=1)]


def way(stages: Sequence[Stage]) -> set[int]:
    """Numbers of the stages that lead to the last one; after the others the work went back."""
    found, number = set[int](), len(stages) - 1
    while number >= 0:
        found.add(number)
        back = stages[number].back
        number = number - 1 if back is None else back
    return found


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of the same keys as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def curve_figure(stages: Sequence[Stage], whole: tuple[int, int]) -> str:
    """The largest error relative to its limit against numbers of species and of reactions, as SVG."""
    with style.context(LOOKS):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for place, axis in enumerate(axes):
            draw_curve(axis, stages, place, whole)
        axes[0].set_ylabel("Largest error / its limit")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
        return figure_svg(figure)


def draw_curve(axis: Axes, stages: Sequence[Stage], place: int, whole: tuple[int, int]) -> None:
    """One point a stage: its number of species (place 0) or of reactions (1), and its largest error over the limit."""
    sizes = [stage.candidate.size[place] for stage in stages]
    axis.plot(sizes, [stage.error for stage in stages], color="#BBBBBB", linewidth=1, zorder=1)
    for step, label in STEPS.items():
        own = [stage for stage in stages if stage.step == step]
        if own:
            axis.plot(
                [stage.candidate.size[place] for stage in own],
                [stage.error for stage in own],
                _MARKERS[step],
                color=_COLOURS[step],
                markersize=5,
                label=label,
                zorder=2,
            )
    axis.axhline(1.0, color=INK, linewidth=1, linestyle="--")
    axis.set_xlabel(f"Number of {('species', 'reactions')[place]} (source: {whole[place]})", labelpad=1)
    axis.set_xlim(left=0)
    axis.set_ylim(0, max(1.1, *(1.05 * stage.error for stage in stages)))
