"""How a table is written does not change what is read: delimiter, decimal sign, units, order, gaps, parts."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mechlearn as ml
from mechlearn.data.trajectories import Trajectories
from mechlearn.errors import DataError
from mechlearn.formats.tables.runs_file import inspect_runs, read_runs
from mechlearn.formats.tables.table import Basis
from mechlearn.units import factor

from ..runs import Table, assert_same

REUSED = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

value = st.floats(1e-6, 1e6).map(lambda x: float(f"{x:.6g}"))
rows = st.lists(st.tuples(value, value), min_size=2, max_size=5)
blocks = st.lists(rows, min_size=1, max_size=3)


def text_of(
    parts: list[list[tuple[float, float]]],
    header: tuple[str, str, str] = ("time [s]", "A [M]", "B [M]"),
    *,
    delimiter: str = ",",
    decimal: str = ".",
    line_end: str = "\n",
    scale: tuple[float, float] = (1.0, 1.0),
) -> str:
    lines = [delimiter.join(header)]
    for part in parts:
        for time, (a, b) in enumerate(part):
            cells = (float(time) / scale[0], a / scale[1], b / scale[1])
            lines.append(delimiter.join(repr(cell).replace(".", decimal) for cell in cells))
    return line_end.join([*lines, ""])


@REUSED
@given(
    parts=blocks,
    delimiter=st.sampled_from([",", ";", "\t", " ", "   "]),
    decimal=st.sampled_from([".", ","]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
    remark=st.sampled_from(["", "# measured on Monday; by hand, twice\n", "% a\n! b\n"]),
)
def test_signs_between_and_in_numbers_do_not_matter(
    table: Table,
    parts: list[list[tuple[float, float]]],
    delimiter: str,
    decimal: str,
    line_end: str,
    mark: str,
    remark: str,
) -> None:
    if delimiter == "," and decimal == ",":
        decimal = "."
    written = text_of(parts, delimiter=delimiter, decimal=decimal, line_end=line_end)
    name = "runs.txt"
    plain = ml.read_csv(table(text_of(parts), name))
    assert_same(ml.read_csv(table(mark + remark + written, name)), plain)
    assert len(plain) == len(parts)


@REUSED
@given(
    parts=blocks,
    time=st.sampled_from(["s", "ms", "us", "min", "h", "sec"]),
    amount=st.sampled_from(["kmol/m^3", "mol/L", "mM", "µmol/L", "mol/cm3", "mol m^-3", "molecules/cm3"]),
    form=st.sampled_from(["{} [{}]", "{} ({})", "{} / {}", "{}[{}]"]),
)
def test_units_give_the_same_runs(
    table: Table, parts: list[list[tuple[float, float]]], time: str, amount: str, form: str
) -> None:
    header = (form.format("t", time), form.format("A", amount), form.format("B", amount))
    scale = (factor(time, "time")[0], factor(amount, "concentration")[0])
    assert_close(ml.read_csv(table(text_of(parts, header, scale=scale))), ml.read_csv(table(text_of(parts))))


@REUSED
@given(
    part=st.lists(st.tuples(st.floats(1e-6, 0.4), st.floats(1e-6, 0.4)), min_size=1, max_size=5),
    temperature=st.floats(200, 3000),
    pressure=st.floats(1e3, 1e7),
    unit=st.sampled_from(["mole fraction", "mol%", "ppmv", "ppbv"]),
)
def test_fractions_and_concentrations_give_the_same_runs(
    table: Table, part: list[tuple[float, float]], temperature: float, pressure: float, unit: str
) -> None:
    scale = {"mole fraction": 1.0, "mol%": 1e-2, "ppmv": 1e-6, "ppbv": 1e-9}[unit]
    total = pressure / (8314.46261815324 * temperature)
    fractions = text_of([part], ("time [s]", f"A [{unit}]", f"B [{unit}]"), scale=(1.0, scale))
    read = ml.read_csv(table(fractions), temperature=temperature, pressure=f"{pressure!r} Pa")
    amounts = np.array(part) * total
    np.testing.assert_allclose(read.runs[0].concentrations, amounts, rtol=1e-12)


@REUSED
@given(parts=blocks, order=st.permutations(range(4)), header_again=st.booleans())
def test_runs_by_column_by_block_and_by_restart_are_the_same(
    table: Table, parts: list[list[tuple[float, float]]], order: list[int], header_again: bool
) -> None:
    labels = [f"run{number}" for number in range(1, len(parts) + 1)]
    cells = [["run", "time [s]", "A [M]", "B [M]"]]
    for label, part in zip(labels, parts, strict=True):
        cells += [[label, str(time), repr(a), repr(b)] for time, (a, b) in enumerate(part)]
    by_column = ml.read_csv(table("\n".join(",".join(row[i] for i in order) for row in cells)))
    one, *others = [text_of([part]) for part in parts]
    again = one + "\n".join(other if header_again else other.partition("\n")[2] for other in others)
    assert_close(by_column, ml.read_csv(table(again)))


def assert_close(left: Trajectories, right: Trajectories) -> None:
    assert [run.name for run in left.runs] == [run.name for run in right.runs]
    column = [left.species_names.index(name) for name in right.species_names]
    for a, b in zip(left.runs, right.runs, strict=True):
        np.testing.assert_allclose(a.time, b.time, rtol=1e-14)
        np.testing.assert_allclose(a.concentrations[:, column], b.concentrations, rtol=1e-14)


@REUSED
@given(gaps=st.lists(st.booleans(), min_size=6, max_size=6), sign=st.sampled_from(["", "nan", "NaN", "NA", "-"]))
def test_gaps_are_kept_as_missing(table: Table, gaps: list[bool], sign: str) -> None:
    cells = [sign if gap else "1.5" for gap in gaps]
    lines = [f"{time},{a},{b}" for time, (a, b) in enumerate(zip(cells[:3], cells[3:], strict=True))]
    runs = ml.read_csv(table("\n".join(["time [s],A [M],B [M]", *lines])))
    assert np.isnan(runs.runs[0].concentrations).T.ravel().tolist() == gaps
    assert runs.missing == sum(gaps)
    for ending in ("csv", "h5"):
        path = table("", f"again.{ending}")
        path.unlink()
        (ml.write_csv if ending == "csv" else ml.write_hdf5)(runs, path)
        assert_same(read_runs(path), runs)


junk = st.one_of(
    st.binary(max_size=200),
    st.text("019.,;: \t\n\"#-eE[]()/ATtMns'", max_size=120).map(str.encode),
    st.lists(st.text('09,;. [s]AM"-e', max_size=12), max_size=6).map(
        lambda lines: "\n".join(["time [s],A [M]", *lines]).encode()
    ),
)


@pytest.mark.parametrize("ending", ["csv", "txt", "ckcsv", "yaml", "h5"])
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=junk, basis=st.sampled_from([None, "concentration", "mole-fraction"]))
def test_no_input_gives_anything_but_runs_or_one_message(
    tmp_path: Path, ending: str, content: bytes, basis: Basis | None
) -> None:
    path = tmp_path / f"junk.{ending}"
    path.write_bytes(content)
    problem = ""
    try:
        read_runs(path, basis=basis)
    except DataError as error:
        problem = str(error)
    assert not problem or str(path) in problem
    with suppress(DataError):
        assert inspect_runs(path, basis=basis).problem == problem


def test_comments_among_the_rows_and_a_header_in_a_comment(table: Table) -> None:
    plain = ml.read_csv(table("t [s] A [M]\n0 1\n1 2\n", "a.txt"))
    for text in ("# t [s] A [M]\n0 1\n1 2\n", "% a remark\n% t [s] A [M]\n0 1\n# so far\n1 2\n"):
        assert_same(ml.read_csv(table(text, "a.txt")), plain)
    with pytest.raises(DataError, match="line 1: the first line holds numbers only"):
        ml.read_csv(table("0 1\n1 2\n", "a.txt"))


def test_rows_of_many_runs_are_distinguished_by_restarts(table: Table) -> None:
    rows = "".join(f"{time},{run}\n" for run, time in product(range(12), range(2)))
    runs = ml.read_csv(table("time [s],A [M]\n" + rows))
    assert [run.name for run in runs.runs] == [f"run{number:02d}" for number in range(1, 13)]


@pytest.mark.parametrize("labelled", [False, True])
def test_large_tables_are_read_as_small_ones_are(table: Table, monkeypatch: pytest.MonkeyPatch, labelled: bool) -> None:
    random = np.random.default_rng(0)
    head = "run,time [s],A [mM],B [M]\n" if labelled else "time [s],A [mM],B [M]\n"
    lines = [
        (f'"run {i // 5}, the first",' if labelled else "") + f"{i % 5},{random.random()!r},{random.random():.6e}\n"
        for i in range(40)
    ]
    path = table(head + "".join(lines))
    slow = ml.read_csv(path)
    monkeypatch.setattr("mechlearn.formats.tables.csv_bulk.SMALLEST", 1)
    monkeypatch.setattr("mechlearn.formats.tables.csv_cells._split", only_the_header)
    assert_same(ml.read_csv(path), slow)


def only_the_header(
    lines: list[str], delimiter: str, path: Path, first: int, ours: bool
) -> list[tuple[int, list[str]]]:
    assert isinstance(lines, list)
    return [(first, lines[0].strip().split(delimiter))]


@pytest.mark.parametrize(
    "odd",
    [
        "5,1,2,3\n",
        "5,x,2\n",
        "5,,2\n",
        "5,1,\n",
        ",1,2\n",
        ",,\n",
        "5,nan,\n",
        "# so far\n",
        "\n",
        "time [s],A [M],B [M]\n",
        '5,"1,5",2\n',
    ],
)
def test_large_tables_with_odd_lines_are_read_as_small_ones_are(
    table: Table, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    path = table("time [s],A [M],B [M]\n0,1,2\n1,1,2\n" + odd + "6,1,2\n")

    def outcome() -> list[object]:
        try:
            return [run.concentrations.tolist() for run in ml.read_csv(path).runs]
        except DataError as error:
            return [str(error)]

    slow = outcome()
    monkeypatch.setattr("mechlearn.formats.tables.csv_bulk.SMALLEST", 1)
    assert repr(outcome()) == repr(slow)


def test_units_may_stand_in_a_line_of_their_own(table: Table) -> None:
    plain = ml.read_csv(table("time [ms],A [mM],B [M]\n0,1,2\n1,1,2\n"))
    for units in ("(ms),(mM),(M)", "[ms],[mM],[M]"):
        assert_same(ml.read_csv(table(f"time,A,B\n{units}\n0,1,2\n1,1,2\n")), plain)


def test_columns_of_uncertainties_are_no_species(table: Table) -> None:
    names = ["sigma(A)", "A_err", "err_A", "A std", "± A", "uncertainty [A]"]
    header = ",".join(["time [s]", "A [M]", *(f"{name} [M]" for name in names), "std [M]"])
    runs = ml.read_csv(table(f"{header}\n0,1{',0.1' * 7}\n"))
    assert runs.species_names == ("A", "std")
