"""Tasks on several cores: the same results in the same order as on one; a process that dies takes one task along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Result = TypeVar("Result")


class Workers:
    """Calls functions of picklable arguments, in this process or in several others.

    Parameters
    ----------
    cores : int
        Processes at work, all cores where it is below 1; with 1 it is this process.
    executor : concurrent.futures.Executor, optional
        Works in place of processes of our own, such as that of a Dask cluster; whoever made it ends it.

    Examples
    --------
    >>> with Workers(1) as workers:
    ...     workers.map(pow, [(2, 3), (3, 2)])
    [8, 9]
    """

    def __init__(self, cores: int, executor: Executor | None = None) -> None:
        self.cores = cores if cores > 0 else os.cpu_count() or 1
        self._given = executor
        self._pool = executor
        self._tether: Connection | None = None
        self._seconds: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """Spent by the processors, in this process and in the others [s]."""
        return time.process_time() + sum(self._seconds.values())

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and self._tether is not None:
            self._tether.close()
        self._stop()

    def map(self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]) -> list[Result | None]:
        """Results in order; None for a call whose process died."""
        return [result for _, result in sorted(self.as_completed(function, arguments), key=lambda each: each[0])]

    def until(
        self,
        function: Callable[..., Result],
        arguments: Iterable[Sequence[Any]],
        enough: Callable[[Result | None], bool],
    ) -> list[Result | None]:
        """Results in order up to the first that is enough; on one core the later calls are never made."""
        found: list[Result | None] = []
        calls = list(arguments)
        results = (function(*each) for each in calls) if self._here else self.map(function, calls)
        for result in results:
            found.append(result)
            if enough(result):
                break
        return found

    def as_completed(
        self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]
    ) -> Iterator[tuple[int, Result | None]]:
        """The number of each call and its result, as they come; None for a call whose process died.

        Calls that were at work beside one whose process died are made again, each alone.
        """
        calls = dict(enumerate(arguments))
        if self._here:
            yield from ((number, function(*call)) for number, call in calls.items())
            return
        try:
            for number, result in self._submitted(function, calls):
                del calls[number]
                yield number, result
        except BrokenProcessPool:
            self._stop()
            for number, call in calls.items():
                yield number, self._alone(function, call)

    @property
    def _here(self) -> bool:
        return self.cores == 1 and self._given is None

    def _submitted(
        self, function: Callable[..., Result], calls: dict[int, Sequence[Any]]
    ) -> Iterator[tuple[int, Result]]:
        if self._pool is None:
            self._pool, self._tether = _started(self.cores)
        numbers = {self._pool.submit(_clocked, function, *call): number for number, call in calls.items()}
        try:
            for future in as_completed(numbers):
                result, process, seconds = future.result()
                self._seconds[process] = max(seconds, self._seconds.get(process, 0.0))
                yield numbers[future], result
        finally:
            for future in numbers:
                future.cancel()

    def _alone(self, function: Callable[..., Result], call: Sequence[Any]) -> Result | None:
        try:
            return next(self._submitted(function, {0: call}))[1]
        except BrokenProcessPool:
            self._stop()
            return None

    def _stop(self) -> None:
        if self._pool is not None and self._tether is not None:
            self._pool.shutdown(cancel_futures=True)
            self._tether.close()
            self._pool = self._tether = None


def _clocked(function: Callable[..., Result], *arguments: Any) -> tuple[Result, int, float]:
    """A result, the process that found it, and the seconds that this one has spent so far."""
    return function(*arguments), os.getpid(), time.process_time()


def _started(cores: int) -> tuple[ProcessPoolExecutor, Connection]:
    """Processes that leave Ctrl-C, which reaches all of a terminal, to the one that gives out the work.

    They inherit that SIGINT is ignored, so that it cannot hit one that is still starting. They end, whatever they do,
    when the connection beside them is closed, be it because this process was killed.
    """
    context = multiprocessing.get_context("spawn")
    receiver, tether = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(cores, mp_context=context, initializer=_end_with, initargs=(receiver,))
    if threading.current_thread() is not threading.main_thread():
        return pool, tether
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(cores):
            pool.submit(int)
    finally:
        signal.signal(signal.SIGINT, before)
    return pool, tether


def _end_with(receiver: Connection) -> None:
    def watch() -> None:
        receiver.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
