"""The folder of a study's results, for `run` and `reduce`: who may write there, and what has been done so far."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import MechlearnError, SimulationError, StudyError
from ..files import check_encoding, write_text
from ..simulation.mechanisms import find_mechanism
from .schema import Study

REPORTS = ("report.html", "report.md")
_CHEMKIN = ("chemkin/chem.inp", "chemkin/therm.dat", "chemkin/tran.dat")
_OWN = {
    "run": ("learned.yaml", "graph.graphml", "graph.svg", "pathways.html", "validation.svg", "runs.h5", "report.md"),
    "reduce": ("reduced.yaml", "curve.csv", "curve.svg", "removed.csv", *_CHEMKIN),
}
"""What one command alone writes into its folder."""
_SHARED = ("difference.graphml", "difference.svg", "report.html", "study.yaml", "summary.json")
CHECKPOINT = ".checkpoint"
LOCK = ".lock"
STAGES = "stages/stages.json"
"""What a reduction goes on from; it stays, beside the mechanism of each stage."""
_FINISHED = ("runs.json", "discovery.json", "resamples.json")
"""Of a run: parts of a checkpoint that need not be done again."""
_KEPT = {"run": f"{CHECKPOINT}/study.json", "reduce": STAGES}


class Clock:
    """Seconds of each stage.

    Parameters
    ----------
    earlier : float
        Seconds that an interrupted run has spent on stages, by their names.
    """

    def __init__(self, **earlier: float) -> None:
        self._laps = dict(earlier)
        self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        """The time since the last lap is that of a stage."""
        now = time.monotonic()
        self._laps[stage] = self._laps.get(stage, 0.0) + now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """Of all stages, and since the last lap [s]."""
        return sum(self._laps.values()) + time.monotonic() - self._last

    def seconds(self) -> dict[str, float]:
        """Of each stage, and in total."""
        return {name: round(value, 3) for name, value in (self._laps | {"total": self.total}).items()}


@dataclass(frozen=True)
class Workspace:
    """The folder in which a command writes the results of one study.

    Parameters
    ----------
    folder : Path
    command : str
        ``run`` or ``reduce``.
    text : str
        Of the study file as it stands in the folder; empty for a study that was made in Python.
    read : tuple of Path
        Files that the study reads.
    fingerprint : str
        Of the study, these files and the versions: nothing else goes on from what is kept here.
    """

    folder: Path
    command: str
    text: str
    read: tuple[Path, ...]
    fingerprint: str

    @classmethod
    def of(cls, study: Study, text: str, folder: Path, command: str) -> Workspace:
        """For a study whose text, as written to the folder of its results, is given.

        Raises
        ------
        StudyError
            If its mechanism is not found.
        """
        read = inputs_of(study)
        digest = hashlib.sha256("\n".join([version("mechlearn"), version("cantera"), text or repr(study)]).encode())
        for path in read:
            if path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return cls(folder, command, text, read, digest.hexdigest())

    @contextmanager
    def opened(self, *, overwrite: bool = False) -> Iterator[None]:
        """The folder for this process alone; a process that is killed holds it no longer.

        It is made, with those above it. Where nothing is written, they are removed again.

        Raises
        ------
        StudyError
            If the results of this study must not stand in the folder, or another process works in it.
        """
        self._check_place()
        self.refuse_to_replace(self.read)
        new = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._locked():
                if not overwrite:
                    self._check_content()
                self._remove_unfinished()
                yield
        finally:
            with suppress(OSError):
                for path in new:
                    path.rmdir()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StudyError(
                f"Another run is writing its results into {self.folder}. Wait until it is done, or give another folder."
            ) from None
        try:
            yield
        finally:
            (self.folder / LOCK).unlink(missing_ok=True)
            lock.release()

    def _remove_unfinished(self) -> None:
        """What a process that was killed had not yet given its name."""
        for place in {(self.folder / name).parent for name in (*_OWN[self.command], _KEPT[self.command])}:
            for unfinished in place.glob(".mechlearn-*"):
                unfinished.unlink()

    def _check_place(self) -> None:
        folder = self.folder
        check_encoding(folder)
        if folder.exists() and not folder.is_dir():
            raise StudyError(f"{folder} is a file; give a folder for the results.")
        if folder.is_symlink() and not folder.exists():
            raise StudyError(f"{folder} is a link to nothing. Remove it, or give another folder for the results.")
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        if not there.is_dir():
            raise StudyError(f"Cannot make {folder}: {there} is a file. Give another folder for the results.")
        if not os.access(there, os.W_OK):
            raise StudyError(f"Cannot write into {folder}: writing is not permitted there. Choose another place.")

    def refuse_to_replace(self, read: Iterable[Path]) -> None:
        """Refuse where a file that is read stands in the place of a result.

        Raises
        ------
        StudyError
            If so.
        """
        replaced = {path.resolve() for path in self._removable()}
        lost = next((path for path in read if path.resolve() in replaced), None)
        if lost is not None:
            raise StudyError(f"{lost} is read by this study, and the results would replace it. Give another folder.")

    def _check_content(self) -> None:
        folder, study = self.folder, self.folder / "study.yaml"
        if study.is_file() and study.read_bytes() != self.text.encode():
            raise StudyError(
                f"{folder} holds the results of another study ({study} differs). Give another folder, or --overwrite."
            )
        other = "reduce" if self.command == "run" else "run"
        foreign = self._there(*_OWN[other], _KEPT[other])
        if foreign:
            raise StudyError(
                f"{folder} holds {foreign[0]} of `mechlearn {other}`. Give another folder, or --overwrite."
            )
        if self.command == "reduce" and self._there(STAGES) and self.kept(STAGES) is None:
            raise StudyError(
                f"{folder / STAGES} is of another study, mechanism or version, or damaged. Give another folder, or "
                "--overwrite to start anew."
            )
        stray = self.present()
        if stray and not study.is_file() and self.kept(_KEPT[self.command]) is None:
            raise StudyError(f"{folder} holds {stray[0]} of unknown origin. Give another folder, or --overwrite.")

    def _there(self, *names: str) -> list[str]:
        return [name for name in names if (self.folder / name).is_file()]

    def present(self) -> list[str]:
        """The results that stand in the folder."""
        return self._there(*_OWN[self.command], *_SHARED)

    def _removable(self) -> list[Path]:
        names = {*_OWN["run"], *_OWN["reduce"], *_SHARED, STAGES} - {"study.yaml"}
        return [*(self.folder / name for name in names), *self.folder.glob("stages/[0-9]*.yaml")]

    def clear(self) -> None:
        """Remove what was written earlier, but for the study file."""
        for path in self._removable():
            path.unlink(missing_ok=True)

    def keep(self, name: str, content: dict[str, Any]) -> None:
        """Write what `kept` reads."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        write_text(self.folder / name, json.dumps({"fingerprint": self.fingerprint, **content}))

    def kept(self, name: str) -> dict[str, Any] | None:
        """Content of a whole file of this study; None where there is no such file."""
        try:
            content = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(content, dict) and content.pop("fingerprint", None) == self.fingerprint
        return content if known else None

    @contextmanager
    def checkpoint(self, *, resume: bool) -> Iterator[None]:
        """Begin a run; with ``resume`` from what an interrupted one of the same study has done.

        Where the study or its data cannot be used, nothing is kept; where the user ends it, or it fails for another
        reason such as a full disk, what is finished.
        """
        if not resume or self.kept(_KEPT["run"]) is None:
            self.drop()
            self.keep(_KEPT["run"], {})
        try:
            yield
        except BaseException as error:
            if not _may_pass(error) or not any((self.folder / CHECKPOINT / name).is_file() for name in _FINISHED):
                self.drop()
                raise
            if isinstance(error, MechlearnError):
                raise type(error)(
                    f"{error} What is finished is kept in {self.folder}; --resume goes on from there."
                ) from error
            raise

    def drop(self) -> None:
        """Remove the checkpoint."""
        shutil.rmtree(self.folder / CHECKPOINT, ignore_errors=True)


def _may_pass(error: BaseException) -> bool:
    """Whether the same study may get beyond an error later: not where it or its data cannot be used."""
    if isinstance(error, MechlearnError):
        return isinstance(error, SimulationError) or isinstance(error.__cause__, OSError)
    return True


def inputs_of(study: Study) -> tuple[Path, ...]:
    """The files that a study reads: its mechanism, and its data.

    Raises
    ------
    StudyError
        If its mechanism is not found.
    """
    mechanism = study.source.mechanism if study.source is not None else study.mechanism
    try:
        read = [find_mechanism(mechanism, study.folder)] if mechanism else []
    except StudyError as error:
        raise StudyError(f"{study.path}: {error}" if study.path is not None else str(error)) from None
    return (*read, *(study.folder / name for name in study.data))


def results_in(folder: Path, command: str) -> tuple[Path, ...]:
    """Where ``run`` or ``reduce`` writes its results."""
    return tuple(folder / name for name in (*_OWN[command], *_SHARED, STAGES))


def versions() -> dict[str, str]:
    """Of the package, the libraries that its numbers hang on, and Python."""
    names = ("mechlearn", "cantera", "numpy", "scipy", "torch")
    return {name: version(name) for name in names} | {"python": platform.python_version()}
