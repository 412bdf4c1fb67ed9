"""An interrupted run goes on where it ended, two runs in one folder do not mix, and results repeat byte for byte."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import cantera as ct
import pytest
from hypothesis import given, settings

import mechlearn as ml
from mechlearn.discovery.fit.learned_reactions import LearnedReaction
from mechlearn.formats.records import plain, record
from mechlearn.study import learn as learning
from mechlearn.study import run as flow
from mechlearn.study.run import RUNS, run_study
from mechlearn.study.study_text import study_text
from mechlearn.study.workspace import CHECKPOINT, STAGES, Workspace

from ..helpers import mechanisms

STUDY = """\
source:
  mechanism: fuel-radical-product.yaml
  temperature: 300 K
  initial: {sample: uniform, low: 0, high: 1, runs: 8}
  times: {end: 1.0, count: 11}
"""


@pytest.fixture
def study(tmp_path: Path) -> ml.Study:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return ml.load_study(path)


def contents(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    summary = json.loads(found["summary.json"])
    summary.pop("seconds")
    return found | {"summary.json": json.dumps(summary).encode()}


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("this stage was done before")


def test_a_finished_study_gives_the_same_bytes_again_and_an_interrupted_one_goes_on(
    study: ml.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(study, tmp_path / "first")
    expected = contents(tmp_path / "first")
    assert "summary.json" in expected
    assert not [name for name in expected if name.startswith(".")]
    run_study(ml.load_study(tmp_path / "first" / "study.yaml"), tmp_path / "first")
    assert contents(tmp_path / "first") == expected

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(flow, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            run_study(study, tmp_path / "second")
    kept = {path.name for path in (tmp_path / "second" / CHECKPOINT).iterdir()}
    assert kept == {"study.json", "runs.h5", "runs.json", "discovery.json"}
    with monkeypatch.context() as patch:
        patch.setattr(flow, "study_runs", refuse)
        patch.setattr(learning, "discover", refuse)
        run_study(study, tmp_path / "second", resume=True)
    assert contents(tmp_path / "second") == expected


def place_of(study: ml.Study, folder: Path, text: str = "", command: str = "run") -> Workspace:
    return Workspace.of(study, text or study_text(study, folder), folder, command)


def test_what_is_kept_serves_no_other_study_and_no_changed_data(study: ml.Study, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    assert place_of(study, folder) == place_of(study, folder)
    assert place_of(study, folder, "# other").fingerprint != place_of(study, folder).fingerprint
    runs = ml.simulate(study)
    ml.write_csv(runs, tmp_path / "runs.csv")
    (tmp_path / "data.yaml").write_text("data: runs.csv\n")
    of_data = ml.load_study(tmp_path / "data.yaml")
    before = place_of(of_data, folder)
    ml.write_csv(runs.select(runs.runs[1:]), tmp_path / "runs.csv")
    assert place_of(of_data, folder).fingerprint != before.fingerprint


def test_what_is_broken_or_of_another_study_is_not_there(study: ml.Study, tmp_path: Path) -> None:
    done = place_of(study, tmp_path)
    with suppress(KeyboardInterrupt), done.checkpoint(resume=True):
        assert done.kept(RUNS) is None
        done.keep(RUNS, {"run9": "failed"})
        raise KeyboardInterrupt
    assert done.kept(RUNS) == {"run9": "failed"}
    assert replace(done, fingerprint="other").kept(RUNS) is None
    with done.checkpoint(resume=True):
        assert done.kept(RUNS) is not None
        (tmp_path / RUNS).write_text((tmp_path / RUNS).read_text()[:-5])
        assert done.kept(RUNS) is None
    with done.checkpoint(resume=False):
        assert not (tmp_path / RUNS).exists()
    with pytest.raises(ml.DataError), done.checkpoint(resume=True):
        raise ml.DataError
    assert not (tmp_path / CHECKPOINT).exists()


def test_two_runs_in_one_folder_do_not_mix(study: ml.Study, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    (folder / "stages").mkdir(parents=True)
    for left in (folder / ".mechlearn-0123.yaml", folder / "stages" / ".mechlearn-0123.yaml"):
        left.write_text("unfinished")
    for command in ("run", "reduce"):
        first, second = (place_of(study, folder, command=each) for each in ("reduce", command))
        with first.opened(), pytest.raises(ml.StudyError, match="Another run is writing"), second.opened():
            pass
    assert [path.name for path in folder.rglob("*")] == ["stages"]


@pytest.mark.parametrize(
    ("command", "name", "other"), [("run", "reduced.yaml", "reduce"), ("reduce", "runs.h5", "run")]
)
def test_a_folder_is_that_of_one_command(command: str, name: str, other: str, study: ml.Study, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    place = place_of(study, folder, command=command)
    (folder / "study.yaml").write_text(place.text)
    (folder / name).touch()
    with (
        pytest.raises(ml.StudyError, match=f"holds {name} of `mechlearn {other}`. Give another folder, or --overwrite"),
        place.opened(),
    ):
        pass
    with place.opened(overwrite=True):
        place.clear()
    assert [path.name for path in folder.iterdir()] == ["study.yaml"]


def test_a_reduction_neither_replaces_what_it_reads_nor_goes_on_from_another(tmp_path: Path) -> None:
    source = "{mechanism: results/reduced.yaml, reactor: constant-volume, temperature: 1200 K, pressure: 1 atm, "
    path, folder = tmp_path / "study.yaml", tmp_path / "results"
    path.write_text(f"source: {source}initial: {{X: 'H2:2, O2:1'}}, times: {{end: 1 ms, count: 9}}}}\nreduce: {{}}\n")
    (folder / "stages").mkdir(parents=True)
    ct.Solution("h2o2.yaml").write_yaml(folder / "reduced.yaml")
    with pytest.raises(ml.StudyError, match=r"reduced\.yaml is read by this study"):
        ml.reduce_study(ml.load_study(path), folder)
    path.write_text(path.read_text().replace("results/reduced.yaml", "h2o2.yaml"))
    (folder / "reduced.yaml").unlink()
    (folder / STAGES).write_text('{"fingerprint": "of another"}')
    with pytest.raises(ml.StudyError, match=r"stages\.json is of another study, mechanism or version"):
        ml.reduce_study(ml.load_study(path), folder)
    (folder / STAGES).unlink()
    (folder / "learned.yaml").touch()
    with pytest.raises(ml.StudyError, match="of `mechlearn run`"):
        ml.reduce_study(ml.load_study(path), folder)


def test_a_killed_run_leaves_no_broken_file_and_goes_on(
    study: ml.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert study.path is not None
    command = [sys.executable, "-m", "mechlearn", "run", str(study.path), "-o", str(tmp_path / "killed"), "-q"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (tmp_path / "killed" / CHECKPOINT / "discovery.json").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "summary.json").exists()
    monkeypatch.setattr(flow, "draw", lambda *_: None)
    run_study(study, tmp_path / "killed", resume=True)
    run_study(study, tmp_path / "whole")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


@settings(max_examples=30, deadline=None)
@given(mechanisms())
def test_records_survive_as_plain_json(mechanism: ml.Mechanism) -> None:
    for reaction in mechanism.reactions:
        learned = LearnedReaction(reaction, (float("inf"), None), 0.5)
        text = json.dumps(plain(learned))
        assert record(LearnedReaction, json.loads(text)) == learned


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(ml.FormatError, match="Start anew"):
        record(ml.Arrhenius, {"A": 1.0})
    with pytest.raises(ml.FormatError, match="Start anew"):
        record(ml.Arrhenius, {"A": "1", "b": 0.0, "Ea": 0.0})


class Dying(Executor):
    """Processes that the system ends, as it does for want of memory."""

    def submit(self, *_: object, **__: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool())
        return future


def test_processes_that_die_in_a_bootstrap_take_nothing_else_along(study: ml.Study, tmp_path: Path) -> None:
    with_bootstrap = replace(study, uncertainty=replace(study.uncertainty, bootstrap=3))
    outcome = run_study(with_bootstrap, tmp_path / "results", executor=Dying())
    assert "How often its reactions are found again is not known: A process at work died" in outcome.summary["message"]
    assert outcome.status == json.loads((tmp_path / "results" / "summary.json").read_text())["status"] == "recovered"
    assert (tmp_path / "results" / "report.html").exists()
