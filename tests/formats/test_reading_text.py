from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechlearn.errors import DataError
from mechlearn.formats.tables.csv import read_csv, write_csv
from mechlearn.formats.tables.runs_file import inspect_runs

from ..runs import Table, bits, of, trajectory


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


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("t [s],A [µM]\n0,1e6\n1,5e5\n", "cp1252"),
        ("t [s]\tA [µM]\r\n0\t1e6\r\n1\t5e5\r\n", "utf-16"),
        ("sep=;\nt [s];A [M]\n0;1,0\n1;0,5\n", "utf-8"),
        ("t [s],A [M]\n0,1,\n1,0.5,\n", "utf-8"),
        ("Time,A\ns,mol/L\n0,1\n1,0.5\n", "utf-8"),
        ("Time,A\n(s),(mol/L)\n0,1\n1,0.5\n", "utf-8"),
        ("time/s,[A]/mol dm-3\n0,1\n1,0.5\n", "utf-8"),
        ("Time(s) A(mol/L)\n0 1\n1 0.5\n", "utf-8"),
        ("t [s],T5 (K),T [K],vol [m3],A [M]\n0,9,300,1,1\n1,9,300,1,0.5\n", "utf-8"),
        ("t [s] A [M]\n0 1.0D0\n1 5.0d-01\n", "utf-8"),
        ("Experiment,t [s],A [M]\n7,0,1\n7,1,0.5\n", "utf-8"),
        ("t [s],T [C],P [mm Hg],A [mol-%]\n0,0,760,100\n1,0,760,50\n", "utf-8"),
    ],
)
def test_what_instruments_and_people_write_is_read(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "runs.csv").write_bytes(text.encode(encoding))
    runs = read_csv(tmp_path / "runs.csv")
    scale = 101325 / (8314.462618 * 273.15) if "mol-%" in text else 1.0
    assert runs.species_names == ("A",)
    assert runs.runs[0].time.tolist() == [0, 1]
    assert runs.runs[0].concentrations[:, 0] == pytest.approx([scale, scale / 2], rel=1e-6)


def test_blocks_may_each_have_their_header_and_their_units(table: Table) -> None:
    runs = read_csv(table("Time,A\n(s),(mM)\n0,1\n1,2\nTime,A\n(s),(mM)\n5,3\n6,4\n"))
    assert [run.concentrations[:, 0].tolist() for run in runs.runs] == [[1e-3, 2e-3], [3e-3, 4e-3]]


def test_a_species_in_parentheses_is_no_unit(table: Table) -> None:
    runs = read_csv(table("t [s],CH2(S),H2(1)\n0,1,2\n"), basis="concentration")
    assert runs.species_names == ("CH2(S)", "H2(1)")


def test_a_baseline_that_scatters_about_zero_is_noise(table: Table) -> None:
    draw = np.random.default_rng(5).standard_normal(30)
    runs = read_csv(table("t [s],A [M],B [M]\n" + "".join(f"{k},1,{1e-3 * x}\n" for k, x in enumerate(draw))))
    assert (runs.runs[0].concentrations[:, 1] < 0).sum() > 5


def test_text_that_is_not_utf_8_and_times_below_zero_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("t [s],A [µM]\n-1,1\n1,2\n".encode("cp1252"))
    notes = " ".join(inspect_runs(tmp_path / "a.csv").notes)
    assert "read as Windows-1252" in notes
    assert "go on from the first sample, at -1 s" in notes


def test_species_are_distinguished_from_states_by_their_unit(table: Table) -> None:
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


def test_amounts_near_the_largest_number_are_read(table: Table) -> None:
    rows = "".join(f"{i},{'5e307' if i % 2 else '0'}\n" for i in range(14))
    (run,) = read_csv(table(f"time [s],A [kmol/m^3]\n{rows}")).runs
    assert run.concentrations[:, 0].tolist() == [0.0, 5e307] * 7


def test_a_header_in_a_comment_is_read_where_lines_end_in_a_sign(table: Table) -> None:
    runs = read_csv(table("# Time\tA\tB\t\n0\t1.0\t0.0\t\n1\t0.5\t0.5\t\n", "a.txt"), basis="concentration")
    assert runs.species_names == ("A", "B")
    assert runs.runs[0].concentrations.tolist() == [[1.0, 0.0], [0.5, 0.5]]
    with pytest.raises(DataError, match="the first line holds numbers only"):
        read_csv(table("0.005,300.0,0.04,\n0.01,301.0,0.05,\n"))


@pytest.mark.parametrize("header", ["name,time,value", "time,observableId,measurement"])
def test_one_value_a_row_is_refused_with_the_way_to_turn_it(table: Table, header: str) -> None:
    with pytest.raises(DataError, match=r"one value a row .* frame\.pivot\(index='time'"):
        read_csv(table(f"{header}\nA,0,1.0\nA,1,0.5\n"))


def test_a_measurement_table_of_petab_is_named(table: Table) -> None:
    text = "observableId\tsimulationConditionId\tmeasurement\ttime\nobs\tcond1\t1.0\t0\nobs\tcond1\t0.6\t1\n"
    with pytest.raises(DataError, match=r"table of PEtab.*index=\['simulationConditionId', 'time'\].* 'run', and add"):
        read_csv(table(text, "a.tsv"))


def test_a_unit_that_does_not_fit_names_its_column_once(table: Table) -> None:
    for header in ("F [K]", "d(F)/dt [mM]"):
        with pytest.raises(DataError, match="is not understood with this name") as refused:
            read_csv(table(f"time [s],{header},A [mM]\n0,1,1\n1,0.5,0.5\n"))
        assert str(refused.value).count(f"({header!r})") == 1
        assert str(refused.value).count(header.split()[0]) == 1


def test_sigmas_and_first_amounts_are_no_species_and_noisy_sums_are_read(table: Table) -> None:
    assert read_csv(table("time [s],A [M],σ_A [M],[A]_0 [M]\n0,1,0.1,1\n1,0.5,0.1,1\n")).species_names == ("A",)
    text = "time [s],T [K],P [bar],A [mol/mol],B [mol/mol]\n0,1000,1,0.5,{}\n1,1000,1,0.4,0.6\n"
    assert read_csv(table(text.format(0.53))).species_names == ("A", "B")
    with pytest.raises(DataError, match="which is over 1"):
        read_csv(table(text.format(0.6)))
