"""Runs for tests of tables, and what it means that two sets of runs are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mechlearn.chemistry.mechanism import Species
from mechlearn.data.trajectories import Reactor, Trajectories, Trajectory


class Table(Protocol):
    """Writes a text table into the test's folder."""

    def __call__(self, text: str, name: str = ...) -> Path: ...


def trajectory(
    name: str = "a",
    *,
    species: int = 2,
    times: int = 3,
    rates: bool = False,
    reactor: Reactor = "",
    parent: str = "",
    state: float = np.nan,
    seed: int = 0,
) -> Trajectory:
    random = np.random.default_rng(seed)
    return Trajectory(
        time=np.cumsum(random.random(times)),
        concentrations=random.random((times, species)),
        temperature=np.full(times, state),
        pressure=np.full(times, 100 * state),
        rates=random.normal(size=(times, species)) if rates else None,
        reactor=reactor,
        name=name,
        parent=parent,
    )


def of(*runs: Trajectory, names: tuple[str, ...] = ("A", "B")) -> Trajectories:
    return Trajectories(tuple(Species(name) for name in names), runs)


def bits(array: NDArray[np.float64] | None) -> bytes | None:
    return None if array is None else np.ascontiguousarray(array).tobytes()


def assert_same(left: Trajectories, right: Trajectories) -> None:
    """Equal in every bit (NaN equals NaN) and every word."""
    assert left.species == right.species
    assert (left.mechanism, left.phase, left.atomic_weights) == (right.mechanism, right.phase, right.atomic_weights)
    assert [run.name for run in left.runs] == [run.name for run in right.runs]
    for a, b in zip(left.runs, right.runs, strict=True):
        assert (a.reactor, a.parent) == (b.reactor, b.parent)
        for key in ("time", "concentrations", "rates"):
            assert bits(getattr(a, key)) == bits(getattr(b, key)), key
        np.testing.assert_array_equal(a.temperature, b.temperature)
        np.testing.assert_array_equal(a.pressure, b.pressure)
