"""Tasks on several cores: the same results in the same order as on one; a process that dies takes one task along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Result = TypeVar("Result")


class Workers:
    """Calls functions of picklable arguments, in this process or in several others.

    Parameters
    ----------
    cores : int
        Processes at work; with 1 it is this one.

    Examples
    --------
    >>> with Workers(1) as workers:
    ...     workers.map(pow, [(2, 3), (3, 2)])
    [8, 9]
    """

    def __init__(self, cores: int) -> None:
        self.cores = max(1, cores)
        self._pool: ProcessPoolExecutor | None = None
        self._seconds: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """Spent by the processors, in this process and in the others [s]."""
        return time.process_time() + sum(self._seconds.values())

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def map(self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]) -> list[Result | None]:
        """Results in order; None for a call whose process died."""
        calls = list(arguments)
        if self.cores == 1:
            return [function(*each) for each in calls]
        try:
            return self._all(function, calls)
        except BrokenProcessPool:
            self._stop()
            return [self._alone(function, each) for each in calls]

    def until(
        self,
        function: Callable[..., Result],
        arguments: Iterable[Sequence[Any]],
        enough: Callable[[Result | None], bool],
    ) -> list[Result | None]:
        """Results in order up to the first that is enough; on one core the later calls are never made."""
        found: list[Result | None] = []
        calls = list(arguments)
        results = (function(*each) for each in calls) if self.cores == 1 else self.map(function, calls)
        for result in results:
            found.append(result)
            if enough(result):
                break
        return found

    def _all(self, function: Callable[..., Result], calls: list[Sequence[Any]]) -> list[Result | None]:
        if self._pool is None:
            self._pool = _started(self.cores)
        futures = [self._pool.submit(_clocked, function, *each) for each in calls]
        try:
            answers = [future.result() for future in futures]
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            raise
        for _, process, seconds in answers:
            self._seconds[process] = max(seconds, self._seconds.get(process, 0.0))
        return [answer for answer, _, _ in answers]

    def _alone(self, function: Callable[..., Result], call: Sequence[Any]) -> Result | None:
        try:
            return self._all(function, [call])[0]
        except BrokenProcessPool:
            self._stop()
            return None

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _clocked(function: Callable[..., Result], *arguments: Any) -> tuple[Result, int, float]:
    """A result, the process that found it, and the seconds that this one has spent so far."""
    return function(*arguments), os.getpid(), time.process_time()


def _started(cores: int) -> ProcessPoolExecutor:
    """Processes that leave Ctrl-C, which reaches all of a terminal, to the one that gives out the work.

    They inherit that SIGINT is ignored, so that it cannot hit one that is still starting.
    """
    pool = ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn"))
    if threading.current_thread() is not threading.main_thread():
        return pool
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(cores):
            pool.submit(int)
    finally:
        signal.signal(signal.SIGINT, before)
    return pool
