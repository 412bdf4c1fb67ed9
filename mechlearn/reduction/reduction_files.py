"""A reduction's files: mechanisms as Cantera YAML and Chemkin, what was removed, the curve of size against error."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction
from ..files import write_text
from ..formats.cantera_yaml.export import write_mechanism
from ..formats.cantera_yaml.mechanism_text import mechanism_text
from ..formats.records import plain
from .candidate_phases import changed, changed_arrhenius
from .context import Context, Stage
from .reduction_records import UNCHANGED, Change

STEPS = {
    "ranking": "rank of the species",
    "species": "species, rates kept",
    "reactions": "reactions, rates kept",
    "refit": "rates refitted",
    "global_reactions": "learnt reactions for a species",
    "check": "conditions between added",
}


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
    reactions = (*source.reactions, *(reaction.reaction for reaction in stage.global_reactions))
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
    return Arrhenius(**changed_arrhenius(plain(rate), change))


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
    count = f"{reactions} reaction{'' if reactions == 1 else 's'}"
    description = f"{species} species and {count} of {Path(name).name}, by mechlearn reduce."
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


def curve_rows(stages: Sequence[Stage], context: Context) -> list[dict[str, Any]]:
    """One row a stage: size, and the largest error relative to its limit; that of the flames, if any, as well."""
    flames = [len(context.with_points(stage.added, stage.flames).task.flames) for stage in stages]
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
    gone = [(name, n, stage) for n, stage in enumerate(stages) if n in lasting for name in stage.removed]
    return [
        {
            "order": order,
            "name": name,
            "kind": "species" if name in species else "reaction",
            "step": stage.step,
            "stage": number,
            "error_over_limit": float(f"{stage.error:.6g}"),
        }
        for order, (name, number, stage) in enumerate(gone, start=1)
    ]


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
