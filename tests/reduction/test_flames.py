"""Flames in reductions: speeds on one grid, their derivatives, what is refused, and mechanisms that keep them."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import cantera as ct
import numpy as np
import pytest
from ruamel.yaml import YAML

import mechlearn as ml
from mechlearn.errors import StudyError
from mechlearn.reduction.adjoint import linearised
from mechlearn.reduction.candidate_phases import source_of
from mechlearn.reduction.conditions import flames_between, task_of
from mechlearn.reduction.flames import SEARCHED, free_flame, moved_flame
from mechlearn.reduction.reduction_records import Candidate, Task
from mechlearn.reduction.scoring import Trial, refer_flame, residuals
from mechlearn.study.reduce import request_of
from mechlearn.study.schema import load_study

HYDROGEN = """
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1100, 1500]
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.2}, flame_speed: {limit: 0.03, phi: [1], held_out: [0.8]}}
  rates: keep
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "hydrogen.yaml"
    path.write_text(HYDROGEN)
    return path


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    path = tmp_path_factory.mktemp("study") / "hydrogen.yaml"
    path.write_text(HYDROGEN)
    task = replace(task_of(request_of(load_study(path))), conditions=())
    answer = refer_flame(task, 0, ("H2", "O2"), frozenset({*range(8), 9}))
    assert answer is not None
    assert answer[1].max() == 1
    return replace(task, flames=(answer[0],))


def test_slopes_are_the_derivatives_of_the_speed(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    whole = replace(source.whole(), changes=((2, (0.3, -0.1, 0.2)),))
    answer = linearised(task, Trial(whole), 0)
    assert answer is not None
    values, slopes = answer
    assert values[0] == 0
    assert not slopes[0].any()
    for j, place in product({2, *np.argsort(-np.abs(slopes[1, :, 0]))[:2].tolist()}, range(3)):
        moved = []
        for size in (0.03, -0.03):
            changes = {2: [0.3, -0.1, 0.2]}
            changes.setdefault(j, [0.0, 0.0, 0.0])[place] += size
            other = replace(whole, changes=tuple((i, (a, b, e)) for i, (a, b, e) in changes.items()))
            found = residuals(task, Trial(other), [0])[0]
            assert found is not None
            moved.append(found[1])
        assert slopes[1, j, place] == pytest.approx((moved[0] - moved[1]) / 0.06, rel=0.03, abs=0.02)


def test_a_reaction_switched_off_in_a_flame_is_a_reaction_removed(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    whole = source.whole()
    off = tuple(j for j in whole.reactions if "H2O2" in source.participants[j])
    switched = residuals(task, Trial(whole, off), [0])[0]
    removed = residuals(task, Trial(source.part(i for i, name in enumerate(source.names) if name != "H2O2")), [0])[0]
    assert switched is not None
    assert removed is not None
    assert switched[1] == pytest.approx(removed[1], abs=0.02)
    again = residuals(task, Trial(whole), [0])[0]
    assert again is not None
    assert abs(again[1]) < 0.02


def test_what_does_not_burn_is_rejected(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    nothing = Candidate(source.whole().species, source.whole().reactions[:1])
    wild = replace(source.whole(), changes=((2, (700.0, 0.0, 0.0)),))
    assert residuals(task, Trial(nothing), [0]) == residuals(task, Trial(wild), [0]) == [None]


def test_on_one_grid_the_ratio_of_speeds_is_that_on_fine_grids(task: Task) -> None:
    source = source_of(task.mechanism, task.phase)
    gas = source.build(replace(source.whole(), changes=((2, (math.log(2), 0.0, 0.0)),)))
    (condition,) = task.flame_conditions
    ratios = []
    for criteria in (SEARCHED, (2.0, 0.04, 0.08)):
        known = free_flame(source.gas, condition, task.transport, criteria, task.flames[0])
        assert known is not None
        found = moved_flame(gas, condition, task.transport, known, source.names)
        assert found is not None
        ratios.append(found.velocity[0] / known.speed)
    assert abs(ratios[0] - 1) > 0.05
    assert ratios[0] == pytest.approx(ratios[1], abs=0.003)


def test_flames_are_checked_halfway_and_halfway_again_where_one_has_joined(study: Path) -> None:
    study.write_text(HYDROGEN.replace("phi: [1], held_out: [0.8]", "phi: [2, 0.5]"))
    loaded = load_study(study)
    first = task_of(request_of(loaded)).flame_conditions
    (between,) = flames_between(request_of(loaded), first)
    assert between.phi == pytest.approx(1)
    assert (between.temperature, between.pressure) == (300, ct.one_atm)
    again = flames_between(request_of(loaded), (*first, between))
    assert [each.phi for each in again] == pytest.approx([0.5**0.5, 2**0.5])
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = 300, ct.one_atm, dict(again[1].mixture)
    assert gas.equivalence_ratio() == pytest.approx(2**0.5)
    study.write_text(HYDROGEN.replace(", flame_speed: {limit: 0.03, phi: [1], held_out: [0.8]}", ""))
    assert flames_between(request_of(load_study(study)), ()) == ()


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ml.Reduction]:
    folder = tmp_path_factory.mktemp("reduced")
    path = folder / "hydrogen.yaml"
    path.write_text(HYDROGEN)
    return path, folder / "results", ml.reduce_study(load_study(path), folder / "results", cores=1)


def speed(mechanism: str) -> float:
    """Cantera's own way, on a grid of its own."""
    gas = ct.Solution(mechanism, transport_model="mixture-averaged")
    gas.set_equivalence_ratio(1, "H2", "O2:1, N2:3.76")
    gas.TP = 300, ct.one_atm
    flame = ct.FreeFlame(gas, width=0.02)
    flame.set_refine_criteria(ratio=3, slope=0.05, curve=0.1)
    flame.solve(loglevel=0, auto=True)
    return float(flame.velocity[0])


def test_a_mechanism_keeps_the_flame_speed_that_it_would_lose(
    reduced: tuple[Path, Path, ml.Reduction], tmp_path: Path
) -> None:
    _, folder, found = reduced
    summary = json.loads((folder / "summary.json").read_text())
    (assessment,) = summary["flames"]["in_sample"]
    assert found.held
    assert abs(assessment["error"]) < 0.03
    assert assessment["error"] == pytest.approx(speed(str(folder / "reduced.yaml")) / speed("h2o2.yaml") - 1, abs=0.015)
    assert [each["condition"] for each in summary["flames"]["held_out"]] == ["300 K, 1 atm, phi 0.8"]
    assert summary["flames"]["grid_error"]["errors"][1] == pytest.approx(assessment["error"], abs=1e-3)
    assert abs(summary["flames"]["grid_error"]["source_off_by"]) < 0.01
    assert "Flame speeds" in (folder / "report.html").read_text()
    rows = list(csv.DictReader((folder / "curve.csv").read_text().splitlines()))
    assert float(rows[-1]["flame_speed_over_limit"]) == pytest.approx(abs(assessment["error"]) / 0.03, abs=0.1)
    path = tmp_path / "without.yaml"
    path.write_text(HYDROGEN.replace(", flame_speed: {limit: 0.03, phi: [1], held_out: [0.8]}", ""))
    without = ml.reduce_study(load_study(path), tmp_path / "without", cores=1)
    assert abs(speed(str(tmp_path / "without" / "reduced.yaml")) / speed("h2o2.yaml") - 1) > 0.1
    assert len(without.mechanism.reactions) < len(found.mechanism.reactions)


def test_two_cores_find_the_same_flames_and_a_cut_off_run_goes_on(
    reduced: tuple[Path, Path, ml.Reduction], tmp_path: Path
) -> None:
    path, folder, found = reduced
    other = tmp_path / "again"
    (other / "stages").mkdir(parents=True)
    saved = json.loads((folder / "stages" / "stages.json").read_text())
    saved["stages"], saved["iteration"] = saved["stages"][:-2], saved["stages"][-3]["iteration"]
    (other / "stages" / "stages.json").write_text(json.dumps(saved))
    again = ml.reduce_study(load_study(path), other, cores=2)
    assert [stage.candidate for stage in again.stages] == [stage.candidate for stage in found.stages]
    assert again.summary["flames"] == found.summary["flames"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}', '{X: "H2:2, O2:1"}', "flame_speed: source.initial is one"),
        ("held_out: [0.8]", "held_out: [1]", "phi 1 stands in held_out too"),
        ("phi: [1]", "transport: ionized-gas", "reduce.targets.flame_speed.transport"),
        ("h2o2.yaml", "bare.yaml", "flame_speed needs transport data, which bare.yaml lacks for OH"),
    ],
)
def test_flames_that_cannot_be_are_refused(study: Path, old: str, new: str, message: str) -> None:
    content = YAML(typ="safe").load(Path(ct.__file__).parent / "data" / "h2o2.yaml")
    content["species"] = [
        {k: v for k, v in each.items() if k != "transport" or each["name"] != "OH"} for each in content["species"]
    ]
    content["phases"][0].pop("transport")
    YAML().dump(content, study.parent / "bare.yaml")
    study.write_text(HYDROGEN.replace(old, new))
    with pytest.raises(StudyError, match=message):
        task_of(request_of(load_study(study)))
