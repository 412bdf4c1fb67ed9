from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cantera as ct
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import mechlearn as ml
from mechlearn.errors import DataError
from mechlearn.mechanism import Species
from mechlearn.study import example_studies
from mechlearn.tables import (
    from_solution_array,
    read_csv,
    read_hdf5,
    read_runs,
    write_csv,
    write_hdf5,
    write_runs,
)
from mechlearn.trajectories import Reactor, Trajectories, Trajectory

AWKWARD_SPECIES = ("CH2(S)", "C[1]", "1,3-C4H6", "P", "T", "time", "run", "[A]", 'say "A"', "α", "d(A)")


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


def test_the_hdf5_file_is_what_its_docstring_says(tmp_path: Path) -> None:
    write_hdf5(of(trajectory("a", rates=True), trajectory("b", times=1)), tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5") as file:
        assert dict(file.attrs) == {"format": "mechlearn runs", "version": 1, "mechanism": "", "phase": ""}
        group = file["runs"]
        assert group["start"][()].tolist() == [0, 3, 4]
        assert group["has_rates"][()].tolist() == [True, False]
        assert group["name"].asstr()[()].tolist() == ["a", "b"]
        assert {key: group[key].attrs["units"] for key in group if "units" in group[key].attrs} == {
            "time": "s",
            "temperature": "K",
            "pressure": "Pa",
            "concentrations": "kmol/m^3",
            "rates": "kmol/m^3/s",
        }


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(8)))
def test_the_order_of_columns_does_not_matter(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    folder = tmp_path_factory.mktemp("columns")
    runs = of(trajectory("a, b", rates=True, state=300.0), trajectory("c", rates=True, seed=1))
    write_csv(runs, folder / "runs.csv")
    with (folder / "runs.csv").open(encoding="utf-8", newline="") as file:
        title = file.readline()
        rows = list(csv.reader(file))
    with (folder / "permuted.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(title)
        csv.writer(file).writerows([row[i] for i in order] for row in rows)
    back = read_csv(folder / "permuted.csv")
    column = [back.species_names.index(name) for name in runs.species_names]
    for a, b in zip(runs.runs, back.runs, strict=True):
        assert bits(a.concentrations) == bits(b.concentrations[:, column])
        assert a.rates is not None
        assert b.rates is not None
        assert bits(a.rates) == bits(b.rates[:, column])
        np.testing.assert_array_equal(a.temperature, b.temperature)


def test_other_units_give_the_same_runs(tmp_path: Path) -> None:
    run = trajectory("a", rates=True, state=321.0)
    assert run.rates is not None
    header = "run,time [ms],T [degC],P [kPa],A [mM],B [mol/cm3],d(A)/dt [mM/min],d(B)/dt [mol/cm^3/s]"
    rows = [
        ["a", 1e3 * t, T - 273.15, P / 1e3, 1e3 * a, b / 1e3, 6e4 * da, db / 1e3]
        for t, T, P, (a, b), (da, db) in zip(
            *(x.tolist() for x in (run.time, run.temperature, run.pressure, run.concentrations, run.rates)), strict=True
        )
    ]
    text = "\n".join([header, *(",".join(map(str, row)) for row in rows)])
    (tmp_path / "runs.csv").write_text(text, encoding="utf-8")
    back = read_csv(tmp_path / "runs.csv").runs[0]
    for key in ("time", "temperature", "pressure", "concentrations", "rates"):
        np.testing.assert_allclose(getattr(back, key), getattr(run, key), rtol=1e-15, err_msg=key)


def test_hdf5_in_other_units_gives_the_same_runs(tmp_path: Path) -> None:
    runs = of(trajectory("a"))
    write_hdf5(runs, tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        file["runs/time"][()] = 1e3 * runs.runs[0].time
        file["runs/time"].attrs["units"] = "ms"
    np.testing.assert_allclose(read_hdf5(tmp_path / "runs.h5").runs[0].time, runs.runs[0].time, rtol=1e-15)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "runs.csv"
        path.write_bytes(text.encode())
        return path

    return write


Table = Callable[[str], Path]


def test_rows_of_different_runs_may_alternate(table: Table) -> None:
    runs = read_csv(table("run,time [s],A [M]\nz,0,1\na,0,3\nz,1,2\na,0.5,4\nz,2,0\n"))
    assert [run.name for run in runs.runs] == ["z", "a"]
    assert runs.runs[0].concentrations[:, 0].tolist() == [1, 2, 0]
    assert runs.runs[1].time.tolist() == [0, 0.5]


def test_the_least_table_is_one_run_with_unknown_state(table: Table) -> None:
    (run,) = read_csv(table("time [s],A [mol/L]\n0,1\n1,0.5\n")).runs
    assert (run.name, run.reactor, run.parent, run.rates) == ("run1", "", "", None)
    assert np.isnan(run.temperature).all()
    assert np.isnan(run.pressure).all()


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftime [s],A [M]\n0,1\n1,0.5\n",
        "time [s],A [M]\r\n0,1\r\n1,0.5\r\n",
        "time [s],A [M]\r0,1\r1,0.5\r",
        "time [s],A [M]\n0,1\n1,0.5",
        "\n# a remark: with a colon\n\ntime [s],A [M]\n\n0,1\n,\n1,0.5\n\n",
        "\ufeff# mechlearn runs 1,\n#, \n time [s] , A [M] \n 0 , 1 \n1 ,+.5\n",
        '"# mechlearn runs 1",\n"time [s]","A [M]"\n"0","1"\n"1","5e-1"\n',
    ],
    ids=["byte order mark", "CRLF", "CR", "no last line end", "blank lines", "spreadsheet", "quotation marks"],
)
def test_what_editors_and_spreadsheets_do_to_a_table_does_not_matter(table: Table, text: str) -> None:
    runs = read_csv(table(text))
    assert runs.species_names == ("A",)
    assert runs.runs[0].time.tolist() == [0, 1]
    assert runs.runs[0].concentrations.tolist() == [[1], [0.5]]


def test_species_are_told_from_states_by_their_unit(table: Table) -> None:
    runs = read_csv(table("time [s],T [K],P [bar],P [M],T [M],d(T)/dt [M/s],d(P)/dt [M/s]\n0,300,1,2,3,4,5\n"))
    assert runs.species_names == ("P", "T")
    (run,) = runs.runs
    assert run.pressure.tolist() == [1e5]
    assert run.concentrations.tolist() == [[2, 3]]
    assert run.rates is not None
    assert run.rates.tolist() == [[5, 4]]


def test_round_off_below_zero_is_kept(table: Table) -> None:
    runs = read_csv(table("time [s],A [M],B [M]\n0,1,-1e-13\n1,-1e-10,0\n"))
    assert runs.runs[0].concentrations.tolist() == [[1, -1e-13], [-1e-10, 0]]


def test_a_run_without_rates_may_stand_beside_one_with_rates(table: Table) -> None:
    runs = read_csv(table("run,time [s],A [M],d(A)/dt [M/s]\na,0,1,-1\nb,0,1,\n"))
    assert runs.runs[0].rates is not None
    assert runs.runs[1].rates is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"runs\.csv holds no table\. It needs a header"),
        ("# mechlearn runs 1\n\n", "holds no table"),
        ("# mechlearn runs 1\ntime [s],A [M]\n", "has a header, but no rows"),
        (
            "# mechlearn runs 2\ntime [s],A [M]\n0,1\n",
            "line 1: 'mechlearn runs 2' is a form that this version does not",
        ),
        ("time [s],A [M]\n0,1\n1\0,2\n", "line 3: a zero byte"),
        ("time [s];A [M]\n0;1\n", "line 1: the columns are not separated by commas"),
        ("# a\ntime [s],A\n0,1\n", r"line 2, column 2 \('A'\): the unit is missing.*Write 'A \[kmol/m\^3\]'"),
        ("time,A [M]\n0,1\n", r"line 1, column 1 \('time'\): the unit is missing.*Write 'time \[s\]'"),
        ("time [s],d(A)/dt,A [M]\n0,1,1\n", r"Write 'd\(A\)/dt \[kmol/m\^3/s\]'"),
        ("time [s],A[M]\n0,1\n", r"column 2 \('A\[M\]'\): a blank belongs before the unit"),
        ("time [s],A [M],\n0,1,\n", r"column 3 \(''\): the column has no name"),
        ("time [s],A [ppm]\n0,1\n", r"column 2 \('A \[ppm\]'\): 'ppm' measures none of temperature"),
        ("time [s],A [foo]\n0,1\n", r"column 2 \('A \[foo\]'\): 'foo' is not a known unit"),
        ("time [s],T5 [K],A [M]\n0,1,1\n", "'T5' with a unit of temperature is not understood. Understood are run"),
        ("time [s],A [M/s],A [M]\n0,1,1\n", "'A' with a unit of concentration rate is not understood"),
        ("time [s],d(A)/dt [M],A [M]\n0,1,1\n", r"'d\(A\)/dt' with a unit of concentration is not understood"),
        ("time [s],A [M],A [mM]\n0,1,1\n", r"column 3 \('A \[mM\]'\): it stands twice \(the first is 'A \[M\]'\)"),
        ("run,run,time [s],A [M]\na,a,0,1\n", "the column 'run' stands twice"),
        ("run,A [M]\na,1\n", "line 1: there is no column of times"),
        ("run,time [s]\na,1\n", "line 1: there is no column of concentrations"),
        ("time [s],A [M],B [M],d(A)/dt [M/s]\n0,1,1,1\n", r"rates are given, but not of B\. Add d\(B\)/dt"),
        ("time [s],A [M],d(A)/dt [M/s],d(C)/dt [M/s]\n0,1,1,1\n", "a rate is given for C, but no concentration"),
        ("# a\ntime [s],A [M]\n0,1\n1,1,1\n", "line 4: 3 cells for 2 columns"),
        ("time [s],A [M],B [M]\n0,1,2\n\n1,1\n", "line 4: 2 cells for 3 columns"),
        ('run,time [s],A [M]\n"a\nb",0,1\n"c,0,1\n', "line 4: the row cannot be taken apart"),
        ("run,time [s],A [M]\na,0,1\na,1,\n", r"line 3, column 'A \[M\]' \(run 'a'\): the cell is empty"),
        ("run,time [s],A [M]\na,0,1\na,1,x\n", r"line 3, column 'A \[M\]' \(run 'a'\): 'x' is not a number"),
        ("time [s],A [M]\n0,nan\n", r"line 2, column 'A \[M\]': 'nan' is not a finite number"),
        ("time [s],A [M]\ninf,1\n", r"line 2, column 'time \[s\]': 'inf' is not a finite number"),
        ("time [s],A [mol/cm^3]\n0,1e308\n", "line 2, .*'1e308' is not a finite number"),
        ("time [s],T [K],A [M]\n0,inf,1\n", r"line 2, column 'T \[K\]': 'inf' is not a finite number"),
        ("time [s],T [K],A [M]\n0,300,1\n1,0,1\n", r"line 3, column 'T \[K\]': 0 is not above zero"),
        ("time [s],P [bar],A [M]\n0,-1,1\n", r"line 2, column 'P \[bar\]': -1 is not above zero"),
        ("time [s],T [K],A [M]\n0,hot,1\n", r"line 2, column 'T \[K\]': 'hot' is not a number"),
        (
            "run,time [s],A [M]\na,0,1\nb,0,1\na,1,-1e-3\n",
            r"line 4, .*\(run 'a'\): the concentration -1e-3 is negative",
        ),
        (
            "run,time [s],A [M]\na,0,1\nb,5,1\n\na,0,1\n",
            r"line 5, .*\(run 'a'\): time must increase.* 0 follows 0 of line 2",
        ),
        ("run,time [s],A [M]\na,1.5,1\na,1.0,1\n", r"line 3, .* 1\.0 follows 1\.5 of line 2\. Sort the table"),
        ("run,time [s],A [M]\na,0,1\n ,0,1\n", "line 3: the name of the run is missing"),
        ("time [s],A [M],d(A)/dt [M/s]\n0,1,1\n1,1,\n", r"line 3, column 'd\(A\)/dt \[M/s\]': the rate is missing"),
        ("run,reactor,time [s],A [M]\na,batch,0,1\n", r"line 2 \(run 'a'\): reactor 'batch' is not one of isothermal"),
        ("run,parent,time [s],A [M]\na,,0,1\na,b,1,1\n", r"line 3 \(run 'a'\): parent is 'b', but '' in line 2"),
        ("# reactor: batch\ntime [s],A [M]\n0,1\n", "line 1: reactor 'batch' is not one of isothermal"),
        ("# phase: a\n# phase: b\ntime [s],A [M]\n0,1\n", "line 2: phase is 'b', but 'a' above"),
        ("# mechanism: h2o2.yaml\ntime [s],A [M],H2 [M]\n0,1,1\n", "h2o2.yaml has no species A, so its composition"),
        ("# mechanism: no.yaml\ntime [s],A [M]\n0,1\n", "'no.yaml' cannot be read: .* not found.* give an empty name"),
    ],
)
def test_a_table_that_is_not_one_is_refused_with_its_line(table: Table, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_csv(table(text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("time [s],ü [M]\n0,1\n".encode("latin-1"), "line 1: byte 0xfc is not UTF-8 text"),
        (b"time [s],A [M]\n0,1\n1,\xff\n", "line 3: byte 0xff is not UTF-8 text"),
        (
            "time [s],A [M]\n0,1\n".encode("utf-16"),
            "line 1: byte 0xff is not UTF-8 text. Save the table as CSV in UTF-8",
        ),
        (bytes(range(256)) * 20, "is not UTF-8 text|a zero byte"),
    ],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "runs.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_csv(tmp_path / "runs.csv")


def test_files_that_are_not_there_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    for name in ("no.csv", "no.h5"):
        with pytest.raises(DataError, match=rf"Cannot read .*{name}: No such file"):
            read_runs(tmp_path / name)
    with pytest.raises(DataError, match=r"Cannot read .*: Is a directory"):
        read_csv(tmp_path)
    with pytest.raises(
        DataError, match=r"runs\.xlsx: runs are kept in files that end in \.csv, \.h5 or \.hdf5, not in '\.xlsx'"
    ):
        read_runs(tmp_path / "runs.xlsx")
    with pytest.raises(DataError, match="not in 'nothing'"):
        write_runs(of(trajectory()), tmp_path / "runs")
    write_hdf5(of(trajectory()), tmp_path / "runs.h5")
    with pytest.raises(DataError, match=r"is an HDF5 file\. Name it \.h5"):
        read_csv(tmp_path / "runs.h5")


def test_an_hdf5_file_of_another_kind_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.h5"
    path.write_text("time [s],A [M]\n")
    with pytest.raises(DataError, match="is not an HDF5 file"):
        read_hdf5(path)
    with h5py.File(path, "w") as file:
        file["a"] = [1.0]
    with pytest.raises(DataError, match="not one of runs that mechlearn wrote"):
        read_hdf5(path)
    write_hdf5(of(trajectory(times=500)), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="is damaged or incomplete"):
        read_hdf5(path)


def _delete_times(file: h5py.File) -> None:
    del file["runs/time"]


def _newer(file: h5py.File) -> None:
    file.attrs["version"] = 2


def _other_unit(file: h5py.File) -> None:
    file["runs/time"].attrs["units"] = "K"


def _other_starts(file: h5py.File) -> None:
    file["runs/start"][()] = [0, 5, 3]


def _fewer_names(file: h5py.File) -> None:
    del file["runs/parent"]
    file["runs"].create_dataset("parent", data=["", "", ""], dtype=h5py.string_dtype())


def _numbers_for_names(file: h5py.File) -> None:
    del file["runs/name"]
    file["runs/name"] = [1.0, 2.0]


def _not_finite(file: h5py.File) -> None:
    file["runs/concentrations"][1, 0] = np.inf


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_delete_times, "is damaged: time has shape None in place of"),
        (_newer, "has version 2 of the form; this mechlearn reads version 1"),
        (_other_unit, "'K' is not a unit of time"),
        (_other_starts, "is damaged"),
        (_fewer_names, "is damaged"),
        (_numbers_for_names, "is damaged or incomplete"),
        (_not_finite, r"Run 'a': concentrations\[1, 0\] is not a number"),
    ],
)
def test_an_hdf5_file_with_wrong_content_is_refused(
    tmp_path: Path, spoil: Callable[[h5py.File], None], message: str
) -> None:
    write_hdf5(of(trajectory("a"), trajectory("b")), tmp_path / "runs.h5")
    with h5py.File(tmp_path / "runs.h5", "r+") as file:
        spoil(file)
    with pytest.raises(DataError, match=message):
        read_hdf5(tmp_path / "runs.h5")


@pytest.mark.parametrize("write", [write_csv, write_hdf5])
@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (of(trajectory("")), "Run '' has no name"),
        (of(trajectory("a\nb")), r"Run 'a\\nb' has a character in its name that does not print"),
        (of(trajectory(), names=("A", "B\0")), "Species 'B.x00' has a character"),
        (of(trajectory(), names=("A", "\ud800")), "Species .* does not print"),
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


def mechanism_file(folder: Path, composition: str) -> Path:
    path = folder / "toy.yaml"
    path.write_text(
        "phases: [{name: toy, thermo: ideal-gas, elements: [H, O], species: [A, B], kinetics: gas, reactions: none}]\n"
        "species:\n"
        + "".join(f"- {{name: {n}, composition: {composition}, thermo: {{model: constant-cp}}}}\n" for n in "AB")
    )
    return path


@pytest.mark.parametrize("ending", ["csv", "h5"])
def test_a_mechanism_file_is_found_from_the_table_wherever_both_are_moved(tmp_path: Path, ending: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "out").mkdir(parents=True)
    file = mechanism_file(here, "{H: 1}")
    runs = Trajectories((Species("A"), Species("B")), (trajectory(),), mechanism=str(file), phase="toy")
    write_runs(runs, here / "out" / f"runs.{ending}")
    os.rename(here, there)
    back = read_runs(there / "out" / f"runs.{ending}")
    assert back.mechanism == str(there / "toy.yaml")
    assert back.species[1].composition == {"H": 1}


@pytest.mark.parametrize("ending", ["csv", "h5"])
def test_a_mechanism_file_named_from_the_working_folder_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("sources").mkdir()
    mechanism_file(Path("sources"), "{H: 1}")
    write_runs(
        Trajectories((Species("A"), Species("B")), (trajectory(),), mechanism="sources/toy.yaml"), f"out/a.{ending}"
    )
    back = read_runs(f"out/a.{ending}")
    assert back.mechanism == "sources/toy.yaml"
    write_runs(back, f"b.{ending}")
    assert_same(read_runs(f"b.{ending}"), back)


def test_a_mechanism_that_the_caller_gives_takes_the_place_of_the_noted_one(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table("# mechanism: h2o2.yaml\n# phase: ohmech\ntime [s],A [M]\n0,1\n")
    other = tmp_path / "other"
    other.mkdir()
    mechanism_file(tmp_path, "{H: 1}")
    mechanism_file(other, "{O: 1}")
    assert read_csv(path, mechanism="toy.yaml").species[0].composition == {"H": 1}
    monkeypatch.chdir(other)
    assert read_csv(path, mechanism="toy.yaml").species[0].composition == {"O": 1}
    unknown = read_csv(path, mechanism="")
    assert (unknown.species, unknown.mechanism, unknown.phase) == ((Species("A"),), "", "")


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
        room = "tidy" if ending == "csv" else "binary"
        monkeypatch.setattr(f"mechlearn.tables.{room}.{name}", None)
        with pytest.raises(TypeError):
            write_runs(of(trajectory(seed=1)), path)
        assert path.read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 2


def test_tables_of_a_shipped_mechanism_can_be_moved(tmp_path: Path) -> None:
    runs = ml.simulate(ml.load_study(example_studies()["fuel-radical-product"]))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    ml.write_csv(runs, tmp_path / "runs.csv")
    assert "# mechanism: fuel-radical-product.yaml\n" in (tmp_path / "runs.csv").read_text(encoding="utf-8")
    moved = (tmp_path / "runs.csv").rename(tmp_path / "deep" / "er" / "runs.csv")
    assert ml.read_csv(moved).species == runs.species
