"""A study → the runs of its source."""

from __future__ import annotations

import logging
from pathlib import Path

from ..data.progress import Progress, silent
from ..data.trajectories import Trajectories
from ..errors import SimulationError, StudyError
from ..simulation.reactors import simulate_source
from .schema import Study, load_study


def simulate(study: Study | str | Path, *, progress: Progress = silent) -> Trajectories:
    """Trajectories of a study's source; runs that fail are left out, each with a warning in the log.

    Parameters
    ----------
    study : Study, str or Path
        A study, or the path of its file.
    progress : callable, optional
        Called with the share done and what is being done.

    Returns
    -------
    Trajectories
        Every state with temperature, pressure, concentrations and Cantera's own net production rates; with
        ``noise``, as a measurement would have given them.

    Raises
    ------
    StudyError, FormatError
        If the study asks for what the mechanism does not have, or Cantera refuses the mechanism.
    SimulationError
        If every run fails.

    Examples
    --------
    >>> from mechlearn.study.schema import Study
    >>> source = {"mechanism": "h2o2.yaml", "temperature": 1500, "pressure": "1 atm", "initial": {"X": "H2:2, O2:1"}}
    >>> simulate(Study(source={**source, "times": {"end": "10 us", "count": 5}})).runs[0].concentrations.shape
    (5, 10)
    """
    runs, failures = simulate_runs(study, progress=progress)
    for name, reason in failures.items():
        logging.getLogger("mechlearn").warning("Run %s is left out: %s", name, reason)
    return runs


def simulate_runs(study: Study | str | Path, *, progress: Progress = silent) -> tuple[Trajectories, dict[str, str]]:
    """As `simulate`, with the reasons of the runs that failed, by name."""
    study = study if isinstance(study, Study) else load_study(study)
    where = f"{study.path}: " if study.path is not None else ""
    if study.source is None:
        raise StudyError(f"{where}nothing to simulate: the study has `data:` and no `source:`.")
    try:
        return simulate_source(study.source, study.folder, progress=progress)
    except (StudyError, SimulationError) as error:
        raise type(error)(f"{where}{error}") from None
