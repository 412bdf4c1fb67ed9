"""Tasks on several cores: the same results in the same order as on one; a process that dies takes one task along.

The processes are started anew and import what their tasks need, but not the script that asked for them: a script needs
no ``if __name__ == "__main__":``, and can come from standard input.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, TypeVar

from ..errors import SimulationError

Result = TypeVar("Result")
_PR_SET_PDEATHSIG = 1
"""Of Linux's ``prctl``: the signal that a process gets when the one that started it ends."""


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

    def map(self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]) -> list[Result]:
        """Results in order.

        Raises
        ------
        SimulationError
            As in `as_completed`.
        """
        found = dict(self.as_completed(function, arguments))
        return [found[number] for number in sorted(found)]

    def map_surviving(self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]) -> list[Result | None]:
        """Results in order; None for a call whose process died, also when it was alone."""
        found = {number: result for number, result, _ in self._survivors(function, arguments)}
        return [found[number] for number in sorted(found)]

    def until(
        self,
        function: Callable[..., Result],
        arguments: Iterable[Sequence[Any]],
        enough: Callable[[Result | None], bool],
    ) -> list[Result | None]:
        """As `map_surviving`, up to the first result that is enough; on one core the later calls are never made."""
        found: list[Result | None] = []
        calls = list(arguments)
        results = (function(*each) for each in calls) if self._here else self.map_surviving(function, calls)
        for result in results:
            found.append(result)
            if enough(result):
                break
        return found

    def as_completed(
        self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]
    ) -> Iterator[tuple[int, Result]]:
        """The number of each call and its result, as they come.

        Raises
        ------
        SimulationError
            If the process of a call died, also when no other was at work beside it.
        """
        for number, result, alive in self._survivors(function, arguments):
            if not alive:
                raise SimulationError(
                    "A process at work died, and again when it was alone: the system ended it, perhaps for want of "
                    "memory. Free some memory, or use fewer cores."
                )
            yield number, result  # type: ignore[misc]

    def _survivors(
        self, function: Callable[..., Result], arguments: Iterable[Sequence[Any]]
    ) -> Iterator[tuple[int, Result | None, bool]]:
        """Number, result, and whether its process lived on; what was at work beside one that died is done again."""
        calls = dict(enumerate(arguments))
        if self._here:
            yield from ((number, function(*call), True) for number, call in calls.items())
            return
        try:
            for number, result in self._submitted(function, calls):
                del calls[number]
                yield number, result, True
        except BrokenProcessPool:
            self._stop()
            for number, call in calls.items():
                yield number, *self._alone(function, call)

    @property
    def _here(self) -> bool:
        return self.cores == 1 and self._given is None

    def _submitted(
        self, function: Callable[..., Result], calls: dict[int, Sequence[Any]]
    ) -> Iterator[tuple[int, Result]]:
        if self._pool is None:
            self._pool, self._tether = _started(self.cores)
        with _starting():
            numbers = {self._pool.submit(_clocked, function, *call): number for number, call in calls.items()}
        try:
            for future in as_completed(numbers):
                result, process, seconds = future.result()
                self._seconds[process] = max(seconds, self._seconds.get(process, 0.0))
                yield numbers[future], result
        finally:
            for future in numbers:
                future.cancel()

    def _alone(self, function: Callable[..., Result], call: Sequence[Any]) -> tuple[Result | None, bool]:
        try:
            return next(self._submitted(function, {0: call}))[1], True
        except BrokenProcessPool:
            self._stop()
            return None, False

    def _stop(self) -> None:
        if self._pool is not None and self._tether is not None:
            self._pool.shutdown(cancel_futures=True)
            self._tether.close()
            self._pool = self._tether = None


def _clocked(function: Callable[..., Result], *arguments: Any) -> tuple[Result, int, float]:
    """A result, the process that found it, and the seconds that this one has spent so far."""
    return function(*arguments), os.getpid(), time.process_time()


def _started(cores: int) -> tuple[ProcessPoolExecutor, Connection]:
    """Processes that end, whatever they do, when the connection beside them is closed or this process has ended."""
    context = multiprocessing.get_context("spawn")
    receiver, tether = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(cores, mp_context=context, initializer=_end_with, initargs=(receiver, os.getpid()))
    with _starting():
        for _ in range(cores):
            pool.submit(int)
    return pool, tether


@contextmanager
def _starting() -> Iterator[None]:
    """Processes that start within leave Ctrl-C to this one, and know nothing of its main module.

    Ctrl-C reaches all processes of a terminal. They inherit that it is held back, so that it cannot hit one that is
    still starting; here it comes through at the end. A process that imported the main module would run a script without
    ``if __name__ == "__main__":`` again.
    """
    main, held_back = sys.modules["__main__"], set()
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        if sys.platform != "win32":
            held_back = {signal.SIGINT} - signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        sys.modules["__main__"] = main
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, held_back)


def _end_with(receiver: Connection, parent: int) -> None:
    """A thread waits for the connection; where a long call keeps it from running, the kernel ends the process."""

    def watch() -> None:
        receiver.poll(None)
        os._exit(1)

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    threading.Thread(target=watch, daemon=True).start()
