"""Tasks on several cores: processes that die, and the time that all of them take."""

from __future__ import annotations

import os

from mechlearn.simulation.process_pool import Workers


def test_workers_survive_a_process_that_dies() -> None:
    with Workers(2) as workers:
        assert workers.map(os._exit, [(1,)]) == [None]
        assert workers.map(pow, [(2, 3), (3, 2)]) == [8, 9]


def test_the_seconds_of_other_processes_count() -> None:
    with Workers(2) as workers:
        workers.map(sum, [(range(10),)] * 2)
        before = workers.seconds
        workers.map(sum, [(range(20_000_000),)] * 2)
        assert workers.seconds - before > 0.2
