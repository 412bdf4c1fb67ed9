"""An interrupted run goes on where it ended, two runs in one folder do not mix, and results repeat byte for byte."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import mechlearn as ml
from mechlearn import flow
from mechlearn.checkpoint import FOLDER, Checkpoint, locked
from mechlearn.flow import run_study
from mechlearn.learning.readout import LearnedReaction
from mechlearn.records import plain, record
from mechlearn.study_copy import study_text

from .helpers import mechanisms

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
        patch.setattr(flow, "write_runs", killed)
        with pytest.raises(KeyboardInterrupt):
            run_study(study, tmp_path / "second")
    kept = {path.name for path in (tmp_path / "second" / FOLDER).iterdir()}
    assert kept == {"study.json", "runs.h5", "runs.json", "discovery.json"}
    with monkeypatch.context() as patch:
        patch.setattr(flow, "study_runs", refuse)
        patch.setattr(flow, "discover", refuse)
        run_study(study, tmp_path / "second", resume=True)
    assert contents(tmp_path / "second") == expected


def test_a_checkpoint_serves_no_other_study_and_no_changed_data(study: ml.Study, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    text = study_text(study, folder)
    assert Checkpoint.of(study, text, folder) == Checkpoint.of(study, text, folder)
    assert Checkpoint.of(study, text + "# other", folder) != Checkpoint.of(study, text, folder)
    runs = ml.simulate(study)
    ml.write_csv(runs, tmp_path / "runs.csv")
    (tmp_path / "data.yaml").write_text("data: runs.csv\n")
    of_data = ml.load_study(tmp_path / "data.yaml")
    before = Checkpoint.of(of_data, "", folder)
    ml.write_csv(runs.select(runs.runs[1:]), tmp_path / "runs.csv")
    assert Checkpoint.of(of_data, "", folder) != before


def test_what_is_broken_or_of_another_key_is_not_there(study: ml.Study, tmp_path: Path) -> None:
    done = Checkpoint(tmp_path / FOLDER, "key")
    done.start(resume=True)
    assert done.runs() is None
    runs = ml.simulate(study)
    done.keep_runs(runs, {"run9": "failed"})
    kept = done.runs()
    assert kept is not None
    assert kept[1] == {"run9": "failed"}
    np.testing.assert_array_equal(kept[0].runs[0].concentrations, runs.runs[0].concentrations)
    assert replace(done, key="other").runs() is None
    (tmp_path / FOLDER / "runs.json").write_text('{"key": "key", "content"')
    assert done.runs() is None
    done.start(resume=False)
    assert not (tmp_path / FOLDER / "runs.h5").exists()


def test_two_runs_in_one_folder_do_not_mix(study: ml.Study, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    left = folder / ".mechlearn-0123.yaml"
    left.write_text("unfinished")
    with locked(folder), pytest.raises(ml.StudyError, match="Another run is writing"):
        run_study(study, folder)
    assert list(folder.iterdir()) == []


def test_a_killed_run_leaves_no_broken_file_and_goes_on(
    study: ml.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert study.path is not None
    command = [sys.executable, "-m", "mechlearn", "run", str(study.path), "-o", str(tmp_path / "killed"), "-q"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (tmp_path / "killed" / FOLDER / "discovery.json").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "summary.json").exists()
    monkeypatch.setattr(flow, "_draw", lambda *_: None)
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
