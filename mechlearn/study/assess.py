"""What was learnt → the mechanism file, its validation, the status, and the summary."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..chemistry.comparison import Comparison
from ..chemistry.unmeasured_products import unmeasured_text
from ..data.progress import Progress, silent
from ..data.sampling.check_sampling import check_sampling
from ..data.trajectories import Trajectories
from ..discovery.discover import relative_error
from ..discovery.rate_equations import excess_text, rate_equations_text
from ..discovery.result import Discovery
from ..discovery.status import UNEXPLAINED
from ..errors import BalanceError, DataError, MechlearnError
from ..formats.cantera_yaml.export import write_mechanism
from ..validation.noisy_runs import measured_runs
from ..validation.validate import validate
from ..validation.validation_result import Validation
from .evidence import (
    against_source,
    fresh_trajectories,
    held_out_error,
    unbalanced_elements,
)
from .final_status import final_status, intervals, known_rates, other_networks
from .learn import Learnt
from .runs import lost_elements
from .schema import Study
from .workspace import Clock, versions

SIMULATING = 0.4
"""Part of the checks that the simulations take, by time."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished study: what was learnt, how it was assessed, and the summary to write.

    Parameters
    ----------
    discovery : Discovery
    validation : Validation or None
        None where no run can be simulated again, or nothing was learnt.
    assessed : Trajectories
        The runs to validate on.
    comparison : Comparison or None
        Against the source mechanism; the status does not hang on it.
    summary : dict
        The content of ``summary.json``.
    written : bool
        Whether there is a mechanism file.
    """

    discovery: Discovery
    validation: Validation | None
    assessed: Trajectories
    comparison: Comparison | None
    summary: dict[str, Any]
    written: bool

    @property
    def status(self) -> str:
        """``recovered`` only where held-out runs passed as well."""
        return str(self.summary["status"])


def assess(
    study: Study, learnt: Learnt, runs: Trajectories, mechanism_file: Path, clock: Clock, progress: Progress = silent
) -> Outcome:
    """Export and validate what was learnt from runs, and sum up."""
    discovery, assessed = learnt.discovery, learnt.held or learnt.train
    validation: Validation | None = None
    written, obstacle = False, ("", "")
    try:
        if discovery.reactions:
            write_mechanism(discovery.to_write, mechanism_file, metadata=_metadata(discovery, runs))
            written = True
            clock.lap("export")
            assessed, measured = fresh_trajectories(study, assessed), None
            if discovery.trajectory_fit is not None:
                assessed, measured = measured_runs(discovery.mechanism, assessed, discovery.trajectory_fit.noise)
            validation = validate(
                mechanism_file,
                assessed,
                held_out=learnt.held is not None,
                training=learnt.train,
                measured=measured,
                progress=lambda done, doing: progress(SIMULATING * done, doing),
                **study.validate.options,
            )
    except BalanceError as error:
        obstacle = ("unbalanced", f"The reactions found cannot stand in a mechanism file: {error}")
    except MechlearnError as error:
        if not written or isinstance(error.__cause__, OSError):
            raise
        obstacle = ("not-validated", f"The mechanism is written, but not validated: {error}")
    except KeyboardInterrupt:
        obstacle = ("interrupted", "Interrupted before the mechanism was validated.")
    clock.lap("validate")
    progress(SIMULATING, "intervals and other networks")
    source = against_source(study, discovery) if discovery.reactions else None
    summary = _summary(study, learnt, runs, validation, obstacle)
    summary["comparison"] = source and source.as_dict()
    return Outcome(discovery, validation, assessed, source, summary, written)


def _summary(
    study: Study, learnt: Learnt, runs: Trajectories, validation: Validation | None, obstacle: tuple[str, str]
) -> dict[str, Any]:
    discovery, balances = learnt.discovery, learnt.balances
    others = other_networks(discovery, balances, study.learn)
    known, unlimited = known_rates(discovery, balances)
    status, message = final_status(discovery, validation, others, unlimited, obstacle)
    sampling, lost_to = check_sampling(runs), unmeasured_text(discovery.mechanism)
    causes = sampling.warnings if lost_to or status != "recovered" else ()
    read = rate_equations_text(discovery.mechanism) if discovery.trajectory_fit and status != "recovered" else ""
    hidden = excess_text(discovery.mechanism, runs) if read else ""
    held_out, unchecked = _held_out_error(discovery, learnt.held)
    parts = (message, read, hidden, unchecked, lost_to, *(each for each in causes if each not in message))
    message = " ".join(filter(None, parts))
    lost = unbalanced_elements(discovery, balances)
    if discovery.status in UNEXPLAINED:
        lost = lost or lost_elements(runs)
    if lost:
        status, message = "unbalanced-data", f"{lost} {message}"
    summary = discovery.as_dict()
    for i, (entry, reaction) in enumerate(zip(summary["reactions"], discovery.reactions, strict=True)):
        entry["interval"] = known.of_reaction(i) if known else intervals(reaction)
    return summary | {
        "status": status,
        "message": message,
        "balances": learnt.remark,
        "sampling": sampling.as_dict(),
        "relative_error": {
            "training": relative_error(discovery.mechanism, balances),
            "held_out": held_out,
        },
        "validation": validation and validation.as_dict(),
        "comparison": None,
        "alternatives": others and others.as_dict(),
        "uncertainty": known and known.as_dict(),
        "unidentified": [each.as_dict() for each in unlimited],
        "versions": versions(),
    }


def _held_out_error(discovery: Discovery, held: Trajectories | None) -> tuple[float | None, str]:
    """None without runs held out, and where their balances cannot be made; then also why."""
    try:
        return (held_out_error(discovery, held) if held is not None else None), ""
    except DataError as error:
        return None, f"Of the runs held out, only time histories could be compared, not balances: {error}"


def _metadata(discovery: Discovery, runs: Trajectories) -> dict[str, Any]:
    """What a mechanism file says of where it comes from."""
    return {
        "version": version("mechlearn"),
        "source": Path(runs.mechanism).name or "data",
        "status": discovery.status,
        "seed": discovery.search.seed,
        "loss": float(f"{discovery.loss:.3g}"),
    }
