"""Tasks on several cores: processes that die, and the time that all of them take."""

from __future__ import annotations

import os
import time

from mechlearn.reduction.workers import Workers


def test_workers_survive_a_process_that_dies() -> None:
    with Workers(2) as workers:
        assert workers.map(os._exit, [(1,)]) == [None]
        assert workers.map(pow, [(2, 3), (3, 2)]) == [8, 9]


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
