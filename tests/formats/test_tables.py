from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlearn.chemistry.mechanism import Species
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.errors import DataError
from mechlearn.formats.tables.csv import read_csv, write_csv
from mechlearn.formats.tables.hdf5 import read_hdf5, write_hdf5
from mechlearn.formats.tables.runs_file import read_runs, write_runs
from mechlearn.formats.tables.solution_array import from_solution_array

from ..runs import Table, assert_same, of, trajectory

AWKWARD_SPECIES = ("CH2(S)", "C[1]", "1,3-C4H6", "P", "T", "time", "run", "[A]", 'say "A"', "α", "d(A)")

finite = st.floats(allow_nan=False, allow_infinity=False)

amount = st.floats(0, allow_nan=False, allow_infinity=False)

state = st.one_of(st.just(float("nan")), st.floats(0, exclude_min=True, allow_nan=False, allow_infinity=False))

word = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)

title = st.one_of(
    word, st.tuples(word, word).map(" ".join), st.sampled_from(["a, b", '"', "#1", "'", "=1", "1", "NaN"])
)


@st.composite
def some_runs(draw: st.DrawFn) -> Trajectories:
    species = draw(st.lists(st.one_of(word, st.sampled_from(AWKWARD_SPECIES)), min_size=1, max_size=4, unique=True))
    names = draw(st.lists(title, min_size=1, max_size=4, unique=True))

    def block(elements: st.SearchStrategy[float], rows: int) -> list[list[float]]:
        row = st.lists(elements, min_size=len(species), max_size=len(species))
        return draw(st.lists(row, min_size=rows, max_size=rows))

    runs = []
    for name in names:
        time = sorted(draw(st.lists(finite, min_size=1, max_size=4, unique=True)))
        count = len(time)
        runs.append(
            Trajectory(
                time=np.array(time),
                concentrations=np.array(block(amount, count)),
                temperature=np.array(draw(st.lists(state, min_size=count, max_size=count))),
                pressure=np.array(draw(st.lists(state, min_size=count, max_size=count))),
                rates=np.array(block(finite, count)) if draw(st.booleans()) else None,
                reactor=draw(st.sampled_from(["", "isothermal", "constant-volume", "constant-pressure"])),
                name=name,
                parent=draw(st.sampled_from(["", *names])),
            )
        )
    return Trajectories(tuple(Species(name) for name in species), tuple(runs))


@pytest.mark.parametrize("ending", ["csv", "h5"])
@settings(max_examples=80, deadline=None)
@given(runs=some_runs())
def test_runs_come_back_bit_for_bit_and_equal_runs_give_equal_bytes(
    tmp_path_factory: pytest.TempPathFactory, ending: str, runs: Trajectories
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    first, second = folder / f"first.{ending}", folder / f"second.{ending}"
    write_runs(runs, first)
    back = read_runs(first)
    assert_same(back, runs)
    write_runs(back, second)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(folder.iterdir()) == [first, second]


@pytest.mark.parametrize("value", [5e-324, 2.2250738585072011e-308, 0.1, 1 / 3, 1.7976931348623157e308, -0.0, 1e22])
@pytest.mark.parametrize("ending", ["csv", "hdf5"])
def test_hard_floats_survive(tmp_path: Path, value: float, ending: str) -> None:
    run = Trajectory(
        np.zeros(1), np.array([[value]]), np.array([np.nan]), np.array([np.nan]), np.array([[-value]]), name="a"
    )
    write_runs(of(run, names=("A",)), tmp_path / f"runs.{ending}")
    assert_same(read_runs(tmp_path / f"runs.{ending}"), of(run, names=("A",)))


def test_csv_and_hdf5_hold_the_same(tmp_path: Path) -> None:
    runs = of(
        trajectory("a", rates=True, reactor="isothermal", state=300.0),
        trajectory("a, copy", times=1, reactor="constant-volume", parent="a", seed=1),
    )
    write_csv(runs, tmp_path / "runs.csv")
    write_hdf5(read_csv(tmp_path / "runs.csv"), tmp_path / "runs.h5")
    assert_same(read_hdf5(tmp_path / "runs.h5"), runs)


def test_the_csv_is_the_table_that_the_contract_describes(tmp_path: Path) -> None:
    run = Trajectory(
        np.array([0.0, 0.1]),
        np.array([[0.5, 1e-7], [0.25, 2.0]]),
        np.array([1000.0, np.nan]),
        np.array([101325.0, np.nan]),
        np.array([[-1.0, 1.0], [-0.5, 0.5]]),
        reactor="isothermal",
        name="run1",
    )
    write_csv(of(run, names=("H2", "CH2(S)")), tmp_path / "runs.csv")
    assert (tmp_path / "runs.csv").read_text(encoding="utf-8") == (
        "# mechlearn runs 1\n"
        "# reactor: isothermal\n"
        "run,time [s],T [K],P [Pa],H2 [kmol/m^3],CH2(S) [kmol/m^3],d(H2)/dt [kmol/m^3/s],d(CH2(S))/dt [kmol/m^3/s]\n"
        "run1,0.0,1000.0,101325.0,0.5,1e-07,-1.0,1.0\n"
        "run1,0.1,,,0.25,2.0,-0.5,0.5\n"
    )


@pytest.mark.parametrize("write", [write_csv, write_hdf5])
@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (of(trajectory("")), "Run '' has no name"),
        (of(trajectory("a\nb")), r"Run 'a\\nb' has a character in its name that does not print"),
        (of(trajectory(), names=("A", "B\0")), "Species 'B.x00' has a character"),
        (of(trajectory(), names=("A", "\ud800")), "Species .* does not print"),
        (of(trajectory("=cmd|'/C calc'!A0")), "Run .* that a spreadsheet runs as a formula"),
        (of(trajectory(), names=("A", "-2+3+cmd|' /C calc'!A0")), "Species .* that a spreadsheet runs as a formula"),
    ],
)
def test_names_that_a_table_cannot_hold_are_refused(
    tmp_path: Path, write: Callable[[Trajectories, Path], None], runs: Trajectories, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write(runs, tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [(" A", "Species ' A' cannot be written as a column"), ("d(A)/dt", "cannot be written as a column")],
)
def test_species_that_no_column_can_be_named_for_are_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        write_csv(of(trajectory(), names=(name, "B")), tmp_path / "runs.csv")


def ignition() -> tuple[Any, list[float]]:
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = 1200.0, 2e5, "H2:2, O2:1, N2:4"
    network = ct.ReactorNet([ct.IdealGasReactor(gas, clone=False)])
    states, times = ct.SolutionArray(gas), [0.0]
    states.append(gas.state)
    for _ in range(40):
        times.append(network.step())
        states.append(gas.state)
    return states, times


def test_a_solution_array_gives_canteras_own_states_and_rates(tmp_path: Path) -> None:
    states, times = ignition()
    runs = from_solution_array(states, times, reactor="constant-volume", name="ignition")
    (run,) = runs.runs
    gas = ct.Solution("h2o2.yaml")
    for i in (0, 20, 40):
        gas.TPX = run.temperature[i], run.pressure[i], run.concentrations[i]
        assert run.rates is not None
        np.testing.assert_allclose(run.concentrations[i], gas.concentrations, rtol=1e-12)
        np.testing.assert_allclose(run.rates[i], gas.net_production_rates, rtol=1e-6, atol=1e-12)
    assert (runs.mechanism, runs.phase, run.name, run.reactor) == ("h2o2.yaml", "ohmech", "ignition", "constant-volume")
    assert runs.species[5].composition == {"H": 2, "O": 1}
    for ending in ("csv", "h5"):
        write_runs(runs, tmp_path / f"runs.{ending}")
        assert_same(read_runs(tmp_path / f"runs.{ending}"), runs)


def test_a_solution_array_needs_one_time_per_state() -> None:
    states, times = ignition()
    with pytest.raises(DataError, match=r"states of shape \(41,\) and times of shape \(40,\)"):
        from_solution_array(states, times[1:])
    with pytest.raises(DataError, match=r"states of shape \(2, 2\)"):
        from_solution_array(ct.SolutionArray(ct.Solution("h2o2.yaml"), (2, 2)), np.zeros((2, 2)))
    with pytest.raises(DataError, match="Run 'run1': time must increase"):
        from_solution_array(states, times[::-1])


def test_the_callers_reactor_holds_for_all_runs(tmp_path: Path, table: Table) -> None:
    path = table("run,reactor,time [s],A [M]\na,isothermal,0,1\nb,,0,1\n")
    assert [run.reactor for run in read_csv(path).runs] == ["isothermal", ""]
    write_hdf5(read_csv(path), tmp_path / "runs.h5")
    for file in (path, tmp_path / "runs.h5"):
        runs = read_runs(file, reactor="constant-pressure").runs
        assert [run.reactor for run in runs] == ["constant-pressure", "constant-pressure"]
    with pytest.raises(DataError, match="reactor 'batch' is not one of"):
        read_csv(path, reactor="batch")  # type: ignore[arg-type]


def test_a_table_that_fails_half_way_leaves_the_old_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for ending, name in (("csv", "_blank_nan"), ("h5", "SI")):
        path = tmp_path / f"runs.{ending}"
        write_runs(of(trajectory()), path)
        old = path.read_bytes()
        module = "csv" if ending == "csv" else "hdf5"
        monkeypatch.setattr(f"mechlearn.formats.tables.{module}.{name}", None)
        with pytest.raises(TypeError):
            write_runs(of(trajectory(seed=1)), path)
        assert path.read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 2
