"""A tiny reduction: what is written ignites as the source does, and the exit status says whether the limits held."""

from __future__ import annotations

import csv
from pathlib import Path

import cantera as ct
import numpy as np
import pytest

import mechlearn as ml

from .studies import command, content_of, summary_of
from .words import OUTSIDE_LIMITS, VERIFICATION_POINTS

STUDY = f"""\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1200, 1500]
  pressure: 1 atm
  initial: {{fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}}
  times: none
reduce:
  targets: {{ignition_delay: {{limit: 0.05, definition: T0+400}}}}
  {VERIFICATION_POINTS}: 0
  rates: keep
  held_out: {{temperature: [1350]}}
"""
FILES = {"reduced.yaml", "chemkin/chem.inp", "report.html", "curve.csv", "curve.svg", "removed.csv", "summary.json"}


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study and, in ``results``, its reduction; nobody writes there."""
    folder = tmp_path_factory.mktemp("reduced")
    (folder / "study.yaml").write_text(STUDY)
    answer = command(folder, "reduce study.yaml -o results --cores 1 --quiet --json summary.json")
    assert (answer.status, answer.err) == (0, "")
    assert "Wrote results/reduced.yaml" in answer.out
    return folder


def delay(mechanism: Path | str, temperature: float) -> float:
    """Time until the temperature has risen by 400 K, at constant volume [s]."""
    gas = ct.Solution(str(mechanism))
    gas.set_equivalence_ratio(1.0, "H2", "O2:1, N2:3.76")
    gas.TP = temperature, ct.one_atm
    reactor = ct.IdealGasReactor(gas, clone=False)
    network = ct.ReactorNet([reactor])
    network.rtol, network.atol = 1e-9, 1e-18
    ignited = temperature + 400
    before = (0.0, temperature)
    while ignited > reactor.T:
        before = (network.time, reactor.T)
        network.step()
    part = (ignited - before[1]) / (reactor.T - before[1])
    return before[0] + part * (network.time - before[0])


def test_a_reduction_writes_its_files(reduced: Path) -> None:
    written = content_of(reduced / "results")
    assert set(written) >= FILES
    summary = summary_of(reduced / "results")
    assert summary["status"] == "held"
    assert (summary["source"]["species"], summary["source"]["reactions"]) == (10, 29)
    gas = ct.Solution(str(reduced / "results" / "reduced.yaml"))
    assert (gas.n_species, gas.n_reactions) == (summary["species"], summary["reactions"])
    assert 5 <= gas.n_species <= 9
    assert 4 <= gas.n_reactions <= 15
    curve = list(csv.DictReader((reduced / "results" / "curve.csv").read_text().splitlines()))
    assert len(curve) == len([name for name in written if name.startswith("stages/") and name.endswith(".yaml")])


@pytest.mark.parametrize("temperature", [1200.0, 1500.0])
def test_the_reduced_mechanism_ignites_within_the_limit(reduced: Path, temperature: float) -> None:
    ours, source = (delay(m, temperature) for m in (reduced / "results" / "reduced.yaml", "h2o2.yaml"))
    assert abs(np.log(ours / source)) < 0.052


def test_what_is_left_is_part_of_the_source_with_its_rates(reduced: Path) -> None:
    comparison = ml.compare(
        ml.read_mechanism(reduced / "results" / "reduced.yaml"), ml.read_mechanism("h2o2.yaml", "ohmech")
    )
    assert comparison.matched
    assert not comparison.spurious


def test_a_second_start_gives_the_same_and_another_study_is_refused(reduced: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "other.yaml").write_text(STUDY.replace("0.05", "0.04"))
    for _ in range(2):
        assert command(tmp_path, "reduce study.yaml -o results --cores 1").status == 0
        mechanism = (tmp_path / "results" / "reduced.yaml").read_bytes()
        assert mechanism == (reduced / "results" / "reduced.yaml").read_bytes()
    before = content_of(tmp_path / "results")
    refused = command(tmp_path, "reduce other.yaml -o results --cores 1")
    assert (refused.status, "--overwrite" in refused.err) == (2, True)
    assert content_of(tmp_path / "results") == before


def test_limits_that_cannot_be_kept_answer_1(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY.replace("limit: 0.05", "limit: 1.0e-9"))
    answer = command(tmp_path, "reduce study.yaml -o results --cores 1 --json -")
    assert (answer.status, answer.json["status"]) == (1, OUTSIDE_LIMITS)
    assert (tmp_path / "results" / "reduced.yaml").is_file()
    assert "not within the limits" in answer.json["message"]


LEFT_OUT = f"""\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [800, 1300, 1500]
  pressure: 1 atm
  initial: {{fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}}
  times: {{end: 1 s, spacing: solver}}
reduce:
  targets: {{ignition_delay: {{limit: 0.1, definition: T0+400}}}}
  {VERIFICATION_POINTS}: 16
  rates: keep
  held_out: {{temperature: [820, 1350]}}
"""


def test_where_the_source_does_not_ignite_no_result_may_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(LEFT_OUT)
    answer = command(tmp_path, "reduce study.yaml -o results --cores 1 --quiet")
    assert answer.status == 0, answer.err + answer.out
    summary = summary_of(tmp_path / "results")
    assert summary["status"] == "held"
    assert summary["without_ignition"] == ["800 K, 1 atm, phi 1"]
    where = "800 K, 1 atm, phi 1 and 820 K, 1 atm, phi 1"
    assert f"does not ignite within 1 s at {where}, and neither does the result" in summary["message"]
    assert summary["verification_points"]["error_over_limit"] <= 1
    assert delay(tmp_path / "results" / "reduced.yaml", 800.0) > 1.0
    assert len(summary["conditions"]["held_out"]) == 1
