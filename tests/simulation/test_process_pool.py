"""Tasks on several cores: processes that die, the time that all of them take, and that none outlives its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mechlearn.errors import SimulationError
from mechlearn.simulation.process_pool import Workers


def test_workers_survive_a_process_that_dies() -> None:
    with Workers(2) as workers:
        assert workers.map_surviving(os._exit, [(1,)]) == [None]
        assert workers.map(pow, [(2, 3), (3, 2)]) == [8, 9]


def killed_as_for_memory(number: int) -> int:
    if number:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_process_that_is_killed_is_not_taken_for_an_answer() -> None:
    with Workers(2) as workers:
        assert workers.map_surviving(killed_as_for_memory, [(0,), (1,)]) == [0, None]
        with pytest.raises(SimulationError, match="died, and again when it was alone"):
            workers.map(killed_as_for_memory, [(0,), (1,)])


def holding_the_interpreter(folder: Path) -> None:
    """A long call into C during which no other Python code runs."""
    (folder / str(os.getpid())).touch()
    ctypes.PyDLL(None).sleep(60)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked to end processes on Linux alone")
def test_a_process_in_a_long_call_ends_with_its_parent(tmp_path: Path) -> None:
    lines = [
        "from pathlib import Path",
        "from mechlearn.simulation.process_pool import Workers",
        "from tests.simulation.test_process_pool import holding_the_interpreter",
        "with Workers(2) as workers:",
        f"    workers.map(holding_the_interpreter, [(Path({str(tmp_path)!r}),)] * 2)",
    ]
    process = subprocess.Popen([sys.executable, "-c", "\n".join(lines)], stderr=subprocess.DEVNULL)
    wait_for(2, tmp_path)
    process.kill()
    process.wait(30)
    killed = time.monotonic()
    wait_for(0, tmp_path)
    assert time.monotonic() - killed < 5


def processor_seconds_of_a_sum() -> float:
    before = time.process_time()
    sum(range(2_000_000))
    return time.process_time() - before


def test_the_seconds_of_other_processes_count() -> None:
    with Workers(2) as workers:
        workers.map(sum, [(range(10),)] * 2)
        before = workers.seconds
        spent = workers.map(processor_seconds_of_a_sum, [()] * 2)
        assert None not in spent
        assert workers.seconds - before >= sum(filter(None, spent)) > 0


def test_results_come_one_by_one_whoever_does_the_work() -> None:
    expected = [(0, 8), (1, 9)]
    with Workers(1) as here, Workers(2) as processes, ThreadPoolExecutor(2) as threads:
        for workers in (here, processes, Workers(1, threads)):
            assert sorted(workers.as_completed(pow, [(2, 3), (3, 2)])) == expected


def busy(folder: Path) -> None:
    """Work without end; how many files there are shows how many processes do it."""
    (folder / str(os.getpid())).touch()
    while True:
        pass


def working(folder: Path) -> list[int]:
    def runs(process: int) -> bool:
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
        except FileNotFoundError:
            return False

    return [int(path.name) for path in folder.iterdir() if runs(int(path.name))]


def wait_for(count: int, folder: Path) -> None:
    until = time.monotonic() + 60
    while len(working(folder)) != count:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_processes_end_when_their_parent_is_killed_or_interrupted(tmp_path: Path) -> None:
    lines = [
        "import signal",
        "from pathlib import Path",
        "from mechlearn.simulation.process_pool import Workers",
        "from tests.simulation.test_process_pool import busy",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "with Workers(2) as workers:",
        f"    workers.map(busy, [(Path({str(tmp_path)!r}),)] * 2)",
    ]
    for ending in (signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen([sys.executable, "-c", "\n".join(lines)], stderr=subprocess.DEVNULL)
        wait_for(2, tmp_path)
        process.send_signal(ending)
        process.wait(30)
        wait_for(0, tmp_path)
