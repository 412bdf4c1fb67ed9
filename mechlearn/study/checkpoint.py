"""What an interrupted study has done so far, kept in its folder until it is finished."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..data.balances.balances import Balances
from ..data.trajectories import Trajectories
from ..discovery.candidates.network.training import Round
from ..discovery.conservation_laws_in_data import Conserved
from ..discovery.discovery_result import Discovery, learnt_mechanism
from ..discovery.fit.learned_reactions import LearnedReaction
from ..discovery.fit.trajectory_result import TrajectoryFit
from ..discovery.settings import Search
from ..errors import StudyError
from ..files import write_text
from ..formats.records import plain, record
from ..formats.tables.hdf5 import read_hdf5
from ..formats.tables.runs_file import write_runs
from ..simulation.mechanisms import find_mechanism
from .schema import Study

FOLDER = ".checkpoint"
LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder for this process alone; a process that is killed holds it no longer.

    Raises
    ------
    StudyError
        If another process works in it.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StudyError(
            f"Another run is writing its results into {folder}. Wait until it is done, or give another folder."
        ) from None
    try:
        for left in folder.glob(".mechlearn-*"):
            left.unlink()
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True)
class Checkpoint:
    """The finished stages of one study in one folder.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    key : str
        Of the study, the files that it reads and this version: nothing else may go on from here.
    """

    folder: Path
    key: str

    @classmethod
    def of(cls, study: Study, text: str, folder: Path) -> Checkpoint:
        """For a study whose text, as written to the folder of its results, is given."""
        digest = hashlib.sha256(f"{version('mechlearn')}\n{text}".encode())
        mechanism = study.source.mechanism if study.source is not None else study.mechanism
        files = [study.folder / name for name in study.data]
        try:
            files += [find_mechanism(mechanism, study.folder)] if mechanism else []
        except StudyError as error:
            raise StudyError(f"{study.path}: {error}" if study.path is not None else str(error)) from None
        for path in files:
            if path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return cls(folder / FOLDER, digest.hexdigest())

    def start(self, *, resume: bool) -> None:
        """Begin; with ``resume`` keep what an interrupted run of the same study has done."""
        if not resume or self._read("study.json") is None:
            self.drop()
            self.folder.mkdir()
            self._write("study.json", {})

    @contextmanager
    def dropped_unless_interrupted(self) -> Iterator[None]:
        """Where the work fails, nothing is kept; where the user ends it, what is finished."""
        try:
            yield
        except KeyboardInterrupt:
            if self._read("runs.json") is None:
                self.drop()
            raise
        except Exception:
            self.drop()
            raise

    def drop(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep_runs(self, runs: Trajectories, failures: dict[str, str]) -> None:
        """Simulated runs, and why others failed."""
        write_runs(runs, self.folder / "runs.h5")
        self._write("runs.json", failures)

    def runs(self) -> tuple[Trajectories, dict[str, str]] | None:
        """What `keep_runs` kept; None if nothing."""
        failures = self._read("runs.json")
        return None if failures is None else (read_hdf5(self.folder / "runs.h5"), failures)

    def keep_discovery(self, discovery: Discovery) -> None:
        """The outcome of the search."""
        self._write("discovery.json", plain(_Found(**{name: getattr(discovery, name) for name in _KEPT})))

    def discovery(self, balances: Balances, search: Search) -> Discovery | None:
        """What `keep_discovery` kept of a search in these balances; None if nothing."""
        content = self._read("discovery.json")
        if content is None:
            return None
        found = record(_Found, content)
        mechanism = learnt_mechanism(balances, tuple(each.reaction for each in found.reactions))
        kept = {name: getattr(found, name) for name in _KEPT}
        return Discovery(mechanism=mechanism, search=search, **kept)

    def keep_resamples(self, found: dict[int, list[tuple[str, str]]]) -> None:
        """What was found in each resample of a bootstrap."""
        self._write("resamples.json", {str(number): reactions for number, reactions in found.items()})

    def resamples(self) -> dict[int, list[tuple[str, str]]]:
        """What `keep_resamples` kept; empty if nothing."""
        content = self._read("resamples.json") or {}
        return {int(number): [(left, right) for left, right in found] for number, found in content.items()}

    def _write(self, name: str, content: Any) -> None:
        write_text(self.folder / name, json.dumps({"key": self.key, "content": content}))

    def _read(self, name: str) -> Any:
        """Content of a whole file of this study; None where there is no such file."""
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found["content"] if isinstance(found, dict) and found.get("key") == self.key else None


@dataclass(frozen=True, eq=False)
class _Found:
    """What is kept of a `Discovery`; its mechanism follows from the reactions and the data."""

    status: str
    message: str
    loss: float
    noise: float
    reactions: tuple[LearnedReaction, ...]
    history: tuple[Round, ...]
    descent: tuple[Round, ...]
    seconds: float
    conserved: Conserved | None
    trajectory_fit: TrajectoryFit | None


_KEPT = tuple(item.name for item in fields(_Found))
