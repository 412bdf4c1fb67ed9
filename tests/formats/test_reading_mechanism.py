from __future__ import annotations

import os
from pathlib import Path

import cantera as ct
import pytest

import mechlearn as ml
from mechlearn.chemistry.mechanism import Species
from mechlearn.data.trajectories import Trajectories
from mechlearn.errors import FormatError
from mechlearn.formats.tables.csv import read_csv
from mechlearn.formats.tables.runs_file import read_runs, write_runs
from mechlearn.study.schema import example_studies

from ..runs import Table, assert_same, trajectory


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


def test_tables_of_a_shipped_mechanism_can_be_moved(tmp_path: Path) -> None:
    runs = ml.simulate(ml.load_study(example_studies()["fuel-radical-product"]))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    ml.write_csv(runs, tmp_path / "runs.csv")
    assert "# mechanism: fuel-radical-product.yaml\n" in (tmp_path / "runs.csv").read_text(encoding="utf-8")
    moved = (tmp_path / "runs.csv").rename(tmp_path / "deep" / "er" / "runs.csv")
    assert ml.read_csv(moved).species == runs.species


def test_a_negative_rate_over_pressures_is_refused_in_one_sentence_with_what_to_do(tmp_path: Path) -> None:
    ct.Solution("h2o2.yaml", "ohmech").write_yaml(tmp_path / "m.yaml")
    negative = "{A: -1.0e+9, b: 0, Ea: 0}"
    entry = f"""
  - equation: H + HO2 <=> O + H2O
    type: pressure-dependent-Arrhenius
    rate-constants:
    - {negative.replace("A", "P: 0.1 atm, A", 1)}
    - {negative.replace("A", "P: 10 atm, A", 1)}
"""
    written, rest = (tmp_path / "m.yaml").read_text().split("input-files:")
    (tmp_path / "m.yaml").write_text(f"{written.rstrip()}{entry}input-files:{rest}")
    with pytest.raises(FormatError, match=r"at P = 10133, T = 300\.0 and 11 more .* put it and the rate") as refused:
        ml.read_mechanism(tmp_path / "m.yaml")
    assert str(refused.value).count("at P") == 1
