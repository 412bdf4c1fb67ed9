"""What the report on a study is about."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ..data.trajectories import Trajectories
from ..discovery.candidates.network.training import Round
from ..discovery.discovery_result import Discovery
from ..report.pages.page import fingerprints
from ..report.pages.subject import Stall, Subject
from ..simulation.mechanisms import find_mechanism
from ..validation.validation_record import Validation
from .schema import Study


def studied_subject(
    study: Study,
    text: str,
    *,
    folder: Path,
    summary: dict[str, Any],
    discovery: Discovery,
    runs: Trajectories,
    judged: Trajectories,
    validation: Validation | None,
) -> Subject:
    """The subject of a study that was learnt.

    Parameters
    ----------
    study, text
        What was asked, and the file that says so.
    folder : Path
        Of the results; its ``graph.svg`` is shown, where there is one.
    summary : dict
        For ``summary.json``.
    discovery, runs, judged, validation
        What was learnt, from which data, and how it was judged.
    """
    source, graph = study.source, folder / "graph.svg"
    mechanism = source.mechanism if source is not None else study.mechanism
    read = [*([find_mechanism(mechanism, study.folder)] if mechanism else []), *(study.folder / n for n in study.data)]
    whence = f"simulated with {Path(mechanism).name}" if source is not None else f"read from {', '.join(study.data)}"
    asked = [("Data", whence), ("Method", study.learn.method), ("Reactions looked for", str(study.learn.reactions))]
    if study.learn.temperature_dependence != "none":
        asked.append(("Temperature dependence", study.learn.temperature_dependence))
    asked += [("Reverse rates", study.learn.reverse), ("Runs held out", f"{100 * study.validate.hold_out:g} %")]
    return Subject(
        title=f"Learnt from {Path(mechanism if source is not None else study.data[0]).stem}",
        summary=summary,
        mechanism=discovery.mechanism,
        runs=runs,
        judged=judged,
        validation=validation,
        asked=tuple(asked),
        stalls=_moments(discovery.history),
        descent=_moments(discovery.descent),
        drawing=graph.read_text(encoding="utf-8") if graph.is_file() else "",
        settings=text.rstrip(),
        inputs={"study.yaml": hashlib.sha256(text.encode()).hexdigest(), **fingerprints(read)},
        command="mechlearn run study.yaml -o results",
    )


def _moments(rounds: tuple[Round, ...]) -> tuple[Stall, ...]:
    return tuple(Stall(each.iterations, each.loss, len(each.frozen)) for each in rounds)
