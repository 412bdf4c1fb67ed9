"""The mechanism that a table of runs names: where it is, and what it knows of the species."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...chemistry.mechanism import Species
from ...data.trajectories import Trajectories
from ...errors import DataError, MechlearnError, listed, meant
from ...files import shipped_folder
from ..cantera_species import species_of

_FORMULA = re.compile(r"\s*[=@+-].*\w\s*[(|!].*[)!]")
"""A call, or a program to start, after a sign of a formula."""


@dataclass(frozen=True)
class TableMechanism:
    """What a table says of its origin, as its author wrote it, and all species known there."""

    mechanism: str = ""
    phase: str = ""
    species: tuple[Species, ...] = ()
    atomic_weights: dict[str, float] = field(default_factory=dict)
    known: frozenset[str] = frozenset()


def source_of(
    names: Sequence[str], path: Path, *, noted: tuple[str, str], mechanism: str | None, phase: str | None
) -> TableMechanism:
    """Species records for a table's columns.

    Parameters
    ----------
    names : sequence of str
        Species of the table.
    path : Path
        The table; a mechanism that it names is looked up beside it first.
    noted : tuple of (str, str)
        Mechanism and phase that the table itself names.
    mechanism, phase : str, optional
        What the caller says instead; a mechanism is then looked up in the working folder first, and an empty one
        means that none is used.

    Raises
    ------
    DataError
        If the mechanism cannot be read, or lacks a species of the table.
    """
    given = noted[0] if mechanism is None else mechanism
    phase = phase if phase is not None else noted[1] if mechanism is None else ""
    if not given:
        return TableMechanism(species=tuple(Species(name) for name in names))
    beside, here = os.path.normpath(path.parent / given), os.path.normpath(given)
    places = (beside, here) if mechanism is None else (here, beside)
    shipped = str(shipped_folder() / given)
    found = next((place for place in (*places, shipped) if os.path.isfile(place)), given)
    try:
        known, weights = species_of(found, phase)
    except MechlearnError as error:
        raise DataError(f"{path}: {error} To read the table without compositions, give an empty name.") from None
    missing = [name for name in names if name not in known]
    if missing:
        near = next(filter(None, (meant(name, known) for name in missing)), "")
        raise DataError(
            f"{path}: {given} has no species {listed(missing)}, so the composition is unknown. {near}Rename or "
            "remove the column, or name the mechanism that the data come from."
        )
    return TableMechanism(found, phase, tuple(known[name] for name in names), weights, frozenset(known))


def written_mechanism(runs: Trajectories, path: str | os.PathLike[str]) -> str:
    """The runs' mechanism as a table at ``path`` names it: files by their path from there, shipped ones by name."""
    if Path(runs.mechanism).parent == shipped_folder():
        return Path(runs.mechanism).name
    if not os.path.isfile(runs.mechanism):
        return runs.mechanism
    return Path(os.path.relpath(runs.mechanism, Path(path).parent)).as_posix()


def check_names(runs: Trajectories) -> None:
    """Refuse names that a table cannot hold, or that a person cannot distinguish.

    Raises
    ------
    DataError
        If a run or a species has no name, one with line breaks or other characters that do not print, or one that a
        spreadsheet takes for a formula.
    """
    named = [("Run", name) for run in runs.runs for name in (run.name, run.parent or run.name)]
    named += [("Species", name) for name in runs.species_names]
    for kind, name in named:
        if not name.strip():
            raise DataError(f"{kind} {name!r} has no name that one can see, and a table goes by names. Give it one.")
        if not name.isprintable():
            raise DataError(f"{kind} {name!r} has a character in its name that does not print. Rename it.")
        if _FORMULA.match(name):
            raise DataError(
                f"{kind} {name!r} has a name that a spreadsheet runs as a formula when it opens a table. Rename it."
            )
    for key, value in (("mechanism", runs.mechanism), ("phase", runs.phase)):
        if not value.isprintable():
            raise DataError(f"The name of the {key}, {value!r}, has a character that does not print. Rename it.")
