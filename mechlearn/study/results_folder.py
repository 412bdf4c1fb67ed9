"""The folder of a study's results: what stands in it, and whether it may be written to."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from ..errors import StudyError
from .schema import Study

REPORTS = ("report.html", "report.md")
RESULTS = (
    "learned.yaml",
    "graph.graphml",
    "graph.svg",
    "pathways.html",
    "difference.graphml",
    "difference.svg",
    "validation.svg",
    "runs.h5",
    "study.yaml",
    *REPORTS,
    "summary.json",
)
"""What `mechlearn.study.run.run_study` writes into its folder; all but the summary stand there before it does."""


class Clock:
    """Seconds of each stage."""

    def __init__(self) -> None:
        self._laps: dict[str, float] = {}
        self._start = self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        """The time since the last lap is that of a stage."""
        now = time.monotonic()
        self._laps[stage] = self._laps.get(stage, 0.0) + now - self._last
        self._last = now

    def seconds(self) -> dict[str, float]:
        """Of each stage, and in total."""
        return {k: round(v, 3) for k, v in self._laps.items()} | {"total": round(time.monotonic() - self._start, 3)}


def check_folder(study: Study, folder: Path, text: str, overwrite: bool) -> None:
    """Refuse a folder in which the results of this study must not stand.

    Raises
    ------
    StudyError
        If the folder holds the results of another study or a file that this one reads, or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder} is a file; give a folder for the results.")
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise StudyError(f"Cannot make {folder}: {there} is a file. Give another folder for the results.")
    if not os.access(there, os.W_OK):
        raise StudyError(f"Cannot write into {folder}: writing is not permitted there. Choose another place.")
    results = {(folder / name).resolve() for name in RESULTS if name != "study.yaml"}
    read = [
        study.folder / name for name in (*study.data, study.mechanism, study.source.mechanism if study.source else "")
    ]
    lost = next((path for path in read if path.resolve() in results), None)
    if lost is not None:
        raise StudyError(f"{lost} is read by this study, and the results would replace it. Give another folder.")
    if overwrite:
        return
    other = folder / "study.yaml"
    if other.is_file() and other.read_bytes() != text.encode():
        raise StudyError(
            f"{folder} holds the results of another study ({other} differs). Give another folder, or --overwrite."
        )
    stray = [name for name in RESULTS if (folder / name).exists()]
    if stray and not other.is_file():
        raise StudyError(f"{folder} holds {stray[0]} of unknown origin. Give another folder, or --overwrite.")


def versions() -> dict[str, str]:
    """Of the package, the libraries that its numbers hang on, and Python."""
    names = ("mechlearn", "cantera", "numpy", "scipy", "torch")
    return {name: version(name) for name in names} | {"python": platform.python_version()}
