"""The runs of a study: simulated or read, put together, completed, and what their sampling shows."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..chemistry.mechanism import Mechanism, Species
from ..data.completion import completed
from ..data.progress import Progress, silent
from ..data.sampling.check_sampling import check_sampling
from ..data.trajectories import Trajectories, Trajectory, check_magnitudes
from ..errors import DataError, StudyError
from ..files import shipped_folder
from ..formats.cantera_species import species_of
from ..formats.tables.runs_file import read_runs
from ..formats.tables.table_reading import Options
from ..simulation.mechanisms import find_mechanism
from .schema import Study
from .simulate import simulate, simulate_runs


def study_runs(study: Study, progress: Progress = silent) -> tuple[Trajectories, dict[str, str]]:
    """The runs of a study, simulated or read, and the runs that failed with the reason.

    Parameters
    ----------
    study : Study
        Species that it wants completed are worked out from the elements.
    progress : callable
        Called with the share done and what is being done.

    Raises
    ------
    DataError
        If a file is no table of runs, files have different species, or species cannot be completed.
    """
    if study.source is not None:
        runs, failures = simulate_runs(study, progress=progress)
    else:
        runs, failures = _read(study), {}
    return with_whole_elements(_complete(study, runs) if study.complete else runs), failures


def with_whole_elements(runs: Trajectories) -> Trajectories:
    """The same runs, without compositions where the species measured do not hold all of the elements.

    A reaction whose product nobody measured does not balance, and learning would be kept from it.

    Raises
    ------
    DataError
        If numbers are so large or small that products of them are none.
    """
    check_magnitudes(runs)
    lost = [finding.text for finding in check_sampling(runs).diagnostics if finding.kind == "elements"]
    if not lost:
        return runs
    logging.getLogger("mechlearn").warning(
        "%s Compositions are left aside, so that reactions with unmeasured products can be found.", lost[0]
    )
    return replace(runs, species=tuple(Species(species.name) for species in runs.species))


def lost_elements(runs: Trajectories) -> str:
    """For which elements `with_whole_elements` left compositions aside, and what to do; empty where it did not."""
    if not runs.mechanism or any(species.composition for species in runs.species):
        return ""
    known, _ = species_of(runs.mechanism, runs.phase)
    if not set(runs.species_names) <= known.keys():
        return ""
    whole = replace(runs, species=tuple(known[name] for name in runs.species_names))
    return next((each.sentence for each in check_sampling(whole).diagnostics if each.kind == "elements"), "")


def _complete(study: Study, runs: Trajectories) -> Trajectories:
    known, _ = species_of(runs.mechanism, runs.phase) if runs.mechanism else ({}, {})
    unknown = [name for name in study.complete if name not in known]
    if unknown:
        raise DataError(
            f"{', '.join(unknown)} cannot be completed: {runs.mechanism or 'no mechanism is named, which'} has no such "
            "species. Name the Cantera file that has it (mechanism:), or take it out of `complete:`."
        )
    return completed(runs, [known[name] for name in study.complete], noise=check_sampling(runs).noise or 0.0)


def runs_of(
    study: Study | None, runs: Path | None, progress: Progress = silent, options: Options | None = None
) -> Trajectories:
    """The runs of a study, or of a file that is read with options.

    Raises
    ------
    StudyError
        If both or none are given.
    """
    if (study is None) == (runs is None):
        raise StudyError("Fluxes are those of one run. Give either --study or --runs, not both.")
    if runs is not None:
        return read_runs(runs, **(options or Options()))
    assert study is not None
    return simulate(study, progress=progress) if study.source is not None else study_runs(study)[0]


def at_temperature_of(mechanism: Mechanism, runs: Trajectories) -> Trajectories:
    """Runs that say no temperature at that of a mechanism with rate constants for one only; others as they are."""
    rates = [each.rate for each in mechanism.reactions]
    known = any(np.isfinite(run.temperature).any() for run in runs.runs)
    if known or any(rate is None or rate.b or rate.Ea for rate in rates):
        return runs
    logging.getLogger("mechlearn").warning(
        "The runs say no temperature; they are taken at %g K, that of the mechanism.", mechanism.temperature
    )
    temperatures = (np.full(len(run.time), mechanism.temperature) for run in runs.runs)
    return runs.select([replace(run, temperature=each) for run, each in zip(runs.runs, temperatures, strict=True)])


def options_with_study(study: Study, runs: Path, given: Options) -> Options:
    """Options of reading a file of runs; those that are not given are a study's, if it has the file under ``data:``."""
    if not any(os.path.realpath(_data_file(study, name)) == os.path.realpath(runs) for name in study.data):
        return given
    options = _options(study)
    for key, value in given.items():
        if value is not None:
            options[key] = value  # type: ignore[literal-required]
    return options


def _options(study: Study) -> Options:
    mechanism = str(find_mechanism(study.mechanism, study.folder)) if study.mechanism else None
    options = Options(mechanism=mechanism, phase=study.phase or None, reactor=study.reactor or None)
    return options | Options(basis=study.basis or None, temperature=study.temperature, pressure=study.pressure)


def _read(study: Study) -> Trajectories:
    options = _options(study)
    parts = [read_runs(_data_file(study, name), **options) for name in study.data]
    first = parts[0]
    for name, part in zip(study.data[1:], parts[1:], strict=True):
        lone = sorted(set(part.species_names) ^ set(first.species_names))
        if lone:
            where, lacks = (name, study.data[0]) if lone[0] in part.species_names else (study.data[0], name)
            raise DataError(
                f"{name} has other species than {study.data[0]}: {lone[0]} is in {where}, not in {lacks}. Give files "
                "with the same columns; where a species was not measured in some runs, one with empty cells."
            )
    runs: list[Trajectory] = []
    for name, part in zip(study.data, parts, strict=True):
        prefix = f"{Path(name).stem}:" if len(parts) > 1 else ""
        order = [part.species_names.index(each) for each in first.species_names]
        runs += [
            replace(
                run,
                name=prefix + run.name,
                parent=run.parent and prefix + run.parent,
                concentrations=run.concentrations[:, order],
                rates=None if run.rates is None else run.rates[:, order],
            )
            for run in part.runs
        ]
    left_out = tuple(dict.fromkeys(each for part in parts for each in part.left_out))
    return replace(first.select(runs), left_out=left_out)


def _data_file(study: Study, name: str) -> Path:
    """Beside the study, or among the data shipped with mechlearn."""
    beside, shipped = study.folder / name, shipped_folder() / name
    return shipped if not beside.exists() and shipped.is_file() else beside
