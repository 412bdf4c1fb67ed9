"""Checks between the conditions of a reduction: where they are, what they find, and how the work goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cantera as ct
import numpy as np
import pytest

import mechlearn as ml
from mechlearn.errors import StudyError
from mechlearn.reduction.candidate_phases import file_of, source_of
from mechlearn.reduction.conditions import condition_grids, task_of
from mechlearn.reduction.reduction_records import Condition
from mechlearn.reduction.response import ignite
from mechlearn.reduction.verification_points import VerificationPoint, worst_of_grids
from mechlearn.study.reduce import request_of
from mechlearn.study.schema import load_study

HYDROGEN = """
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [950, 1300]
  pressure: [1 atm, 10 atm]
  initial: {fuel: H2, oxidizer: "O2:1, N2:3.76", phi: [0.5, 1]}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.05}}
  verification_points: 32
  rates: keep
"""


def written(folder: Path, text: str = HYDROGEN) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "hydrogen.yaml").write_text(text)
    return folder / "hydrogen.yaml"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ml.Reduction]:
    path = written(tmp_path_factory.mktemp("checked"))
    return path, path.parent / "results", ml.reduce_study(load_study(path), path.parent / "results", cores=1)


def test_points_fill_all_cells_and_stay_inside(tmp_path: Path) -> None:
    text = HYDROGEN.replace("[950, 1300]", "[950, 1000, 1300]").replace("[1 atm, 10 atm]", "[10 atm, 1 atm]")
    study = load_study(written(tmp_path, text))
    (cells,) = condition_grids(request_of(study), task_of(request_of(study)))
    places = cells.spread(32)
    counts = np.unique(np.array(places).astype(int), axis=0, return_counts=True)[1]
    assert counts == pytest.approx([16, 16], abs=2)
    for place in places[:8]:
        found = cells.at(place)
        assert 950 < found.temperature < 1300
        assert (found.temperature < 1000) == (place[0] < 1)
        assert 101325 < found.pressure < 1013250
        assert found.phi is not None
        assert 0.5 < found.phi < 1
        gas = ct.Solution("h2o2.yaml")
        gas.TPX = 300, 1e5, dict(found.mixture)
        assert gas.equivalence_ratio() == pytest.approx(found.phi)
        near = np.array(cells.neighbours(place, 0.6))
        assert np.all((near >= 0) & (near <= (2, 1, 1)))
    two = HYDROGEN.replace("  rates", "  conditions: [{temperature: 1000, pressure: 1 atm, phi: 1}]\n  rates")
    study = load_study(written(tmp_path, two))
    assert condition_grids(request_of(study), task_of(request_of(study))) == ()


def test_the_worst_of_each_cell_the_worst_first() -> None:
    at = Condition(1000.0, 1e5, None, ())
    points = [
        VerificationPoint(at, error, cell) for error, cell in ((0.2, (0,)), (1.5, (1,)), (0.9, (0,)), (1.2, (1,)))
    ]
    assert [(point.error, point.cell) for point in worst_of_grids(points)] == [(1.5, (1,)), (0.9, (0,))]


def test_what_errs_between_the_conditions_joins_them(checked: tuple[Path, Path, ml.Reduction], tmp_path: Path) -> None:
    path, folder, found = checked
    blind = ml.reduce_study(
        load_study(written(tmp_path, HYDROGEN.replace("verification_points: 32", "verification_points: 0"))),
        tmp_path / "results",
        cores=1,
    )
    assert blind.held
    assert blind.summary["verification_points"] == {}
    added = found.stages[-1].added
    assert added
    assert found.summary["verification_points"]["added"] == [condition.name for condition in added]
    assert found.summary["verification_points"]["error_over_limit"] <= 1
    task, source = task_of(request_of(load_study(path))), source_of("h2o2.yaml", "")
    worst = {}
    for name, gas in (
        ("blind", file_of(tmp_path / "results" / "reduced.yaml")),
        ("seen", file_of(folder / "reduced.yaml")),
    ):
        errors = []
        for condition in added:
            histories = [ignite(each, task, condition, longest=10.0) for each in (source.gas, gas)]
            delays = [history.response.delay for history in histories if history is not None]
            errors.append(abs(delays[1] / delays[0] - 1))
        worst[name] = max(errors)
    assert worst["blind"] > 0.05 > worst["seen"]
    rows = list(csv.DictReader((folder / "removed.csv").read_text().splitlines()))
    whole, last = source.gas, ct.Solution(str(folder / "reduced.yaml"))
    assert len(rows) == whole.n_species - last.n_species + whole.n_reactions - last.n_reactions
    rows = list(csv.DictReader((folder / "curve.csv").read_text().splitlines()))
    assert int(rows[-1]["conditions"]) == int(rows[0]["conditions"]) + len(added)


def test_a_reduction_cut_off_anywhere_goes_on_to_the_same(
    checked: tuple[Path, Path, ml.Reduction], tmp_path: Path
) -> None:
    path, folder, found = checked
    saved = json.loads((folder / "stages" / "stages.json").read_text())
    check = next(number for number, stage in enumerate(found.stages) if stage.step == "check")
    for left in (1, check, check + 1):
        other = tmp_path / str(left)
        (other / "stages").mkdir(parents=True)
        part = saved | {"stages": saved["stages"][:left], "iteration": saved["stages"][left - 1]["iteration"]}
        (other / "stages" / "stages.json").write_text(json.dumps(part))
        again = ml.reduce_study(load_study(path), other, cores=1 + left % 2)
        assert again.stages == found.stages
        assert (other / "reduced.yaml").read_bytes() == (folder / "reduced.yaml").read_bytes()


def test_a_number_of_points_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="verification_points"):
        load_study(written(tmp_path, HYDROGEN.replace("verification_points: 32", "verification_points: -1")))


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "gas.yaml"
    for name, species in (("h2o2.yaml", 10), ("gri30.yaml", 53)):
        path.write_text((Path(ct.__file__).parent / "data" / name).read_text())
        assert file_of(path).n_species == species
