"""What cannot be simulated is refused in words that say what to do."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mechlearn.errors import DataError, FormatError, StudyError
from mechlearn.simulation.mechanisms import find_mechanism, load_gas
from mechlearn.simulation.reactors import resimulate
from mechlearn.study.schema import Study, load_study
from mechlearn.study.simulate import simulate

from ..simulated import OVERFLOWS_WHEN_COLD, ignition


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"species": ["H2", "O3"]}, "source.species names 'O3', which phase 'ohmech' does not have. Did you mean 'O'"),
        ({"initial": {"X": "CH4:1"}}, "source.initial.X names 'CH4'"),
        ({"initial": {"fuel": "CH4", "oxidizer": "O2", "phi": 1}}, "source.initial.fuel names 'CH4'"),
        ({"initial": {"concentrations": {"Q": 1}}}, "source.initial.concentrations names 'Q'"),
        ({"initial": {"fuel": "AR", "oxidizer": "N2", "phi": 1}}, "Cantera finds no mixture at phi 1"),
        ({"initial": {"sample": "uniform", "low": 0, "high": 0, "runs": 1}}, "high is zero for every species"),
        ({"initial": {"sample": "uniform", "low": {"Q": 0}, "high": 1, "runs": 1}}, "source.initial names 'Q'"),
        ({"mechanism": "nowhere.yaml"}, "nor 'nowhere.yaml' among Cantera's own data"),
    ],
)
def test_what_the_mechanism_does_not_have_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        simulate(ignition(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phase": "plasma"}, "h2o2.yaml has no phase 'plasma'"),
        ({"phase": "ohmech-RK"}, "phase 'ohmech-RK' is of the model Redlich-Kwong"),
        ({"mechanism": "ptcombust.yaml", "phase": "Pt_surf"}, "phase 'Pt_surf' is of the model ideal-surface"),
        ({"mechanism": "airNASA9.yaml"}, "phase 'airNASA9' has no reactions"),
    ],
)
def test_a_phase_that_is_no_reacting_ideal_gas_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        simulate(ignition(**changes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OVERFLOWS_WHEN_COLD.replace("A => B", "A => 2 B"), r"refuses .*: .*reaction is unbalanced:? A => 2 B"),
        (OVERFLOWS_WHEN_COLD.replace("A => B", "A => Z"), r"refuses .*: .*undeclared species: 'Z'"),
        (OVERFLOWS_WHEN_COLD[:-20], r"refuses .*: Error on line \d+"),
        ("", "refuses "),
    ],
)
def test_a_file_that_cantera_refuses_is_refused_in_its_words(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        load_gas(path)
    assert "****" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_chemkin_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Convert it first: ck2yaml"):
        load_gas(tmp_path / "chem.inp")


def test_a_study_of_data_has_nothing_to_simulate() -> None:
    with pytest.raises(StudyError, match="nothing to simulate"):
        simulate(Study(data="runs.csv"))  # type: ignore[arg-type]


def test_a_mechanism_is_looked_up_beside_the_study_first(tmp_path: Path) -> None:
    assert find_mechanism("h2o2.yaml", tmp_path) == Path("h2o2.yaml")
    (tmp_path / "h2o2.yaml").write_text(OVERFLOWS_WHEN_COLD, encoding="utf-8")
    assert find_mechanism("h2o2.yaml", tmp_path) == tmp_path / "h2o2.yaml"
    assert find_mechanism("crnn-case1.yaml", tmp_path).is_file()


def test_the_working_directory_does_not_hide_canteras_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "h2o2.yaml").write_text(OVERFLOWS_WHEN_COLD, encoding="utf-8")
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_gas(find_mechanism("h2o2.yaml", tmp_path / "study")).n_species == 10


def test_runs_that_cannot_be_simulated_again_are_refused_with_the_reason() -> None:
    runs = simulate(ignition())
    run = runs.runs[0]
    nowhere = np.full(len(run.time), np.nan)
    cases = [
        (replace(run, reactor=""), "does not say its reactor"),
        (replace(run, temperature=nowhere), "has no temperature at its first time"),
        (replace(run, concentrations=0 * run.concentrations), "starts with all concentrations at zero"),
    ]
    for case, message in cases:
        with pytest.raises(DataError, match=f"Run 'run001'.*{message}"):
            resimulate("h2o2.yaml", runs.select([case]))
    with pytest.raises(DataError, match=r"crnn-case1\.yaml lacks H2, H, .*which the runs hold"):
        resimulate("crnn-case1.yaml", runs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": {"end": 1.0, "count": 2_000_000_000}}, "2000000000 is not less than or equal to 1000000"),
        ({"temperature": {"from": 300, "to": 400, "count": 200_000_000}}, "at most 10000"),
        ({"perturb": {"copies": 2_000_000_000}}, "2000000000 is not less than or equal to 10000"),
        ({"times": {"end": 1.0, "count": 1_000_000}, "perturb": {"copies": 100}}, "are 404000000 states"),
    ],
)
def test_sizes_without_an_end_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    text = {
        "mechanism": "h2o2.yaml",
        "temperature": [1000, 1100],
        "pressure": 1e5,
        "initial": {"fuel": "H2", "oxidizer": "O2", "phi": [0.5, 1]},
        "times": {"end": 1.0, "count": 3},
    }
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps({"source": text | changes}))
    with pytest.raises(StudyError, match=message):
        load_study(path)


def test_a_species_without_thermodynamic_data_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(OVERFLOWS_WHEN_COLD.replace(", thermo: {model: constant-cp, cp0: 2.0e+04}", "", 1))
    with pytest.raises(FormatError, match="A has no thermodynamic data"):
        load_gas(path)
