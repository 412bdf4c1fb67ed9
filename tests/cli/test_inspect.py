"""``mechlearn inspect`` and the options that answer what a table leaves open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.__main__ import main
from mechlearn.chemistry.thermo import GAS_CONSTANT
from mechlearn.formats.tables.inspection import inspection_text
from mechlearn.formats.tables.runs_file import inspect_runs
from mechlearn.study.runs import study_runs
from mechlearn.study.schema import example_studies, load_study

from ..runs import Table, of, trajectory

BARE = "t;T;A;B\n0;300;1;2\n1;300;0,5;\n0;300;2;1\n1;300;1;nan\n"


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    code = end.value.code
    return (code if isinstance(code, int) else 0, *capsys.readouterr())


def test_what_columns_are_taken_for_is_printed(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    path = table("t / ms;[A] / mM;OH (ppmv);Flow [L/min];T [degC]\n0;1,5;5;1;25\n1;;4;1;25\n0;1;2;1;25\n")
    status, out, err = called(capsys, "inspect", str(path), "--pressure", "1 bar")
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        f"{path}: by hand, cells separated by semicolon, decimal comma",
        "",
        "column taken for name unit factor remark",
        "t / ms time time ms 0.001 to s",
        "[A] / mM concentration A mM 0.001 to kmol/m^3",
        "OH (ppmv) mole-fraction OH ppmv 1e-06 to 1",
        "Flow [L/min] not used Flow L/min - L/min is the unit of nothing that is read",
        "T [degC] temperature temperature degC 1 and +273.15 to K",
        "",
        "Species: A, OH",
        "Runs: 2, distinguished where the time starts again",
        "run1: 2 states, 1 missing",
        "run2: 1 states",
        "States: 3",
        "Missing concentrations: 1",
        "Production rates: none",
        "Runs of a single state: 1 of 2.",
        "",
        "What the sampling shows:",
        f"Not read, since nothing that is learnt from has such a unit: column 4 ('Flow [L/min]') of {path}, line 1. If "
        "it holds a species, correct the unit: without a species that reacts, the reactions come out wrong. Else "
        "remove the column, or leave it so.",
        "The initial states of 2 runs differ in 1 independent direction, and 2 species are there at the start. How "
        "rates depend on each then follows from their time histories only. Add a run without OH.",
        "No run has more than 2 samples, so that the noise cannot be estimated. Sample at least 5 times in each run.",
        "1 value missing, most often of A (33 %); rows that they touch are left out.",
    ]


def test_json_holds_what_is_printed(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(BARE)
    status, out, err = called(capsys, "inspect", str(path), "--basis", "concentration", "--json", "-")
    content: dict[str, Any] = json.loads(out)
    assert status == 0
    assert "Species: A, B" in err
    assert content["columns"][0] == {
        "header": "t",
        "quantity": "time",
        "name": "time",
        "unit": "s",
        "factor": 1.0,
        "offset": 0.0,
        "part": None,
        "remark": "no unit: s",
    }
    assert content["runs"] == [
        {"name": "run1", "states": 2, "missing": 1},
        {"name": "run2", "states": 2, "missing": 1},
    ]
    assert (content["form"], content["delimiter"], content["decimal"]) == ("by hand", "semicolon", ",")
    assert (content["states"], content["missing"], content["rates"], content["problem"]) == (4, 2, False, None)
    assert content["runs_told_apart"] == "where the time starts again"


def test_what_is_open_is_asked_for_after_the_columns(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(BARE)
    status, out, err = called(capsys, "inspect", str(path), "--json", "-")
    assert status == 2
    assert "undecided" in err
    assert err.count("error:") == 1
    assert "column 1 ('t') (likewise 3 more): the unit is missing, and it is not guessed." in err
    assert json.loads(out)["problem"] in " ".join(err.split())
    assert called(capsys, "inspect", str(path), "--json", str(path.with_name("x.json")))[0] == 2
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(ml.DataError, match="--basis"):
        ml.read_csv(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--basis", "molar"], "the basis 'molar' is not one of concentration, mole-fraction, mass-fraction, moles"),
        (["--basis", "mass-fraction"], "the mass fractions of 2 species sum to 3, which is over 1"),
        (["--basis", "moles"], "moles need the volume. Add a column 'V [m^3]'"),
        (["--basis", "mole-fraction", "--pressure", "1 atm"], "sum to 3, which is over 1. Check their unit (percent?)"),
        (["--basis", "concentration", "--temperature", "300"], "has the column 'T', and a temperature is given beside"),
        (["--basis", "concentration", "--pressure", "hot"], "'hot' is not a pressure"),
        (["--basis", "concentration", "--pressure", "1 K"], "'K' is not a unit of pressure"),
        (["--basis", "concentration", "--pressure", "0"], "pressure 0 is not above zero"),
        (["--basis", "concentration", "--mechanism", "none.yaml"], "'none.yaml' cannot be read"),
    ],
)
def test_answers_that_do_not_fit_are_refused(
    table: Table, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    status, _, err = called(capsys, "inspect", str(table(BARE)), *options)
    assert status == 2
    assert err.lower().count("error:") == 1
    assert message in " ".join(err.split())


def test_options_that_there_are_not_are_refused_as_python_does(table: Table, tmp_path: Path) -> None:
    ml.write_hdf5(of(trajectory("a")), tmp_path / "runs.h5")
    wrong: Any = {"mechansim": "h2o2.yaml"}
    for read, path in ((ml.read_csv, table("t [s],A [M]\n0,1\n")), (ml.read_hdf5, tmp_path / "runs.h5")):
        with pytest.raises(TypeError, match="'mechansim' is no option of reading; there are mechanism, phase"):
            read(path, **wrong)
    with pytest.raises(ml.DataError, match="the pressure 0 is not above zero"):
        ml.read_csv(table("t [s],A [M]\n0,1\n"), pressure=0)


def test_what_was_taken_for_granted_is_logged(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    path = table("t,A,Flow [L/min]\n0,1,1\n")
    ml.read_csv(path, basis="concentration")
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: Column 't': no unit: s.",
        f"{path}: Column 'Flow [L/min]': L/min is the unit of nothing that is read.",
    ]
    caplog.clear()
    ml.read_csv(table("t [s],A [M]\n0,1\n"))
    assert not caplog.records


def test_a_basis_against_the_header_is_refused(table: Table) -> None:
    with pytest.raises(ml.DataError, match=r"no column is of the basis 'mass-fraction'; the header 'A \[M\]'"):
        ml.read_csv(table("time [s],A [M]\n0,1\n"), basis="mass-fraction")
    with pytest.raises(ml.DataError, match=r"'ppm' is the unit of a fraction, which contradicts the basis 'moles'"):
        ml.read_csv(table("time [s],A [ppm]\n0,1\n"), basis="moles")


def test_comments_answer_as_options_do(table: Table) -> None:
    head = "# basis: mole-fraction\n# temperature: 1000 K\n# pressure: 1 bar\n"
    (run,) = ml.read_csv(table(head + "t,A\n0,0.5\n1,0.25\n")).runs
    np.testing.assert_allclose(run.concentrations[:, 0], np.array([0.5, 0.25]) * 1e5 / GAS_CONSTANT / 1000)
    other = ml.read_csv(table(head + "t,A\n0,0.5\n1,0.25\n"), pressure="2 bar").runs[0]
    np.testing.assert_allclose(other.concentrations, 2 * run.concentrations)


def test_our_own_files_are_inspected_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = of(trajectory("a", rates=True), trajectory("b", times=2, seed=1))
    ml.write_hdf5(runs, tmp_path / "runs.h5")
    ml.write_csv(runs, tmp_path / "runs.csv")
    for name, states in (("runs.h5", 5), ("runs.csv", 5)):
        found = inspect_runs(tmp_path / name)
        assert (found.form, found.states, found.rates, found.species) == ("mechlearn runs", states, True, ("A", "B"))
        assert "Production rates: given" in inspection_text(found)
    with pytest.raises(ml.DataError, match="no column is of the basis 'moles'"):
        ml.read_hdf5(tmp_path / "runs.h5", basis="moles")
    given = ml.read_hdf5(tmp_path / "runs.h5", temperature="300 K")
    assert given.runs[0].temperature.tolist() == [300.0] * 3


def test_a_study_says_the_same(table: Table, tmp_path: Path) -> None:
    table("t,A\n0,0.5\n1,0.25\n")
    study = tmp_path / "study.yaml"
    study.write_text("data: runs.csv\nbasis: mole-fraction\ntemperature: 1000 K\npressure: 1 bar\n")
    checked = load_study(study)
    assert (checked.basis, checked.temperature, checked.pressure) == ("mole-fraction", 1000.0, 1e5)
    runs, _ = study_runs(checked)
    np.testing.assert_allclose(runs.runs[0].concentrations[0, 0], 0.5e5 / GAS_CONSTANT / 1000)
    example = example_studies()["michaelis-menten"]
    study.write_text(example.read_text(encoding="utf-8") + "\nbasis: moles\n")
    with pytest.raises(ml.StudyError, match="`basis:` beside `source:` has no effect"):
        load_study(study)


def test_learning_says_what_was_taken_for_granted_and_what_is_missing(
    table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table("t,A,B\n0,1,0\n1,0.5,0.5\n2,0.25,0.75\n0,2,0\n1,1,1\n")
    arguments = ["learn", str(path), "-o", str(tmp_path / "x.yaml"), "--basis", "concentration"]
    status, out, err = called(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "Column 't': no unit: s." in err
    assert "No run has 4 samples in which every species was measured" in err
    assert err.count("error:") == 1


def test_missing_values_are_refused_by_what_needs_them(table: Table) -> None:
    gap = ml.read_csv(table("time [s],T [K],A [M],d(A)/dt [M/s]\n0,300,1,0\n1,300,,0\n"), reactor="isothermal")
    message = r"Run 'run1': the concentration of (A|H2) is missing at time 1 s \(one of 1 missing values\)\. "
    with pytest.raises(ml.DataError, match=message):
        ml.differential_balances(gap)
    with pytest.raises(ml.DataError, match=message):
        ml.validate("h2o2.yaml", ml.read_csv(table("time [s],T [K],H2 [M]\n0,300,1\n1,300,\n"), reactor="isothermal"))


def test_the_column_that_tells_runs_apart_is_named_as_in_the_file(
    table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table("Experiment,time [s],A [mM]\n1,0,1\n1,1,0.5\n2,0,2\n2,1,1\n")
    assert "Runs: 2, distinguished by the column 'Experiment'" in called(capsys, "inspect", str(path))[1]
