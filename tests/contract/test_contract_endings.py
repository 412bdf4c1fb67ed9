"""How commands and scripts end that do not end by themselves: signals, crashes, and scripts without a main guard."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ..processes import interruptible
from .studies import command, example

REDUCTION = """\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1200, 1500]
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, AR:4", phi: 1}
  times: none
reduce: {targets: {ignition_delay: {limit: 0.1}}, rates: keep, verification_points: 0}
"""
SCRIPT = """\
import mechlearn as ml
print("begins", flush=True)
print(ml.reduce_study(ml.load_study("r.yaml"), __import__("pathlib").Path("out"), cores=2).summary["status"])
"""


def ended(folder: Path, line: str, there: str, number: signal.Signals) -> tuple[int, str]:
    """The status and stderr of a command that gets a signal once a file is there."""
    with interruptible():
        process = subprocess.Popen(
            [sys.executable, "-m", "mechlearn", *line.split()],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    while not (folder / there).exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_there_is_a_result(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "s.yaml").write_text(example("hydrogen-oxidation", runs=200))
    status, said = ended(tmp_path, "run s.yaml -o out -q", "out/.checkpoint/study.json", number)
    assert (status, said) == (130, "mechlearn: interrupted before there was a result\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_best_so_far(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "r.yaml").write_text(REDUCTION.replace("rates: keep", "rates: refit"))
    status, said = ended(tmp_path, "reduce r.yaml -o out --cores 2 -q", "out/stages/stages.json", number)
    assert (status, said) == (130, "")
    assert '"status": "interrupted"' in (tmp_path / "out" / "summary.json").read_text()
    assert not list((tmp_path / "out").rglob(".*"))


LOST = """\
import sys, time
from mechlearn import __main__ as process

class Slow:
    def __del__(self):
        print("begins", flush=True)
        time.sleep(10)

def work(*_, **__):
    one = Slow()
    del one
    time.sleep(30)

import mechlearn.cli
mechlearn.cli.app = work
process.main([])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_falls_into_a_destructor_is_not_lost(number: signal.Signals) -> None:
    with interruptible():
        process = subprocess.Popen(
            [sys.executable, "-c", LOST], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    process.send_signal(number)
    said = process.communicate(timeout=9)[1]
    assert (process.returncode, said) == (130, "mechlearn: interrupted before there was a result\n")


def test_a_script_needs_neither_a_main_guard_nor_a_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(REDUCTION)
    found = subprocess.run(
        [sys.executable, "-"], cwd=tmp_path, input=SCRIPT, capture_output=True, text=True, timeout=120
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "begins\nheld\n", "")


def test_a_crash_has_a_status_of_its_own_and_its_traceback_is_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr("mechlearn.formats.cantera_yaml.mechanism_reading.read_mechanism", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = command(tmp_path, "compare h2o2.yaml h2o2.yaml")
    assert (answer.status, answer.out) == (70, "")
    (told,) = tmp_path.glob("mechlearn-crash-*.txt")
    assert answer.err == (
        f"mechlearn: a fault in mechlearn itself, ZeroDivisionError. {told} says where; please report it with that "
        "file.\n"
    )
    content = told.read_text()
    assert "mechlearn compare h2o2.yaml h2o2.yaml\n" in content
    assert content.endswith("ZeroDivisionError: no such thing\n")


def test_no_library_writes_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "source:\n  mechanism: gri30.yaml\n  reactor: constant-volume\n  temperature: 12000 K\n  pressure: 1 atm\n"
        '  initial: {fuel: CH4, oxidizer: "O2:1, N2:3.76", phi: 1}\n  times: {end: 1.0, count: 5}\n'
    )
    for line, status in (("simulate s.yaml -o x.csv -q", 2), ("compare h2o2.yaml h2o2.yaml --temperature 1e-4", 0)):
        found = subprocess.run(
            [sys.executable, "-m", "mechlearn", *line.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert found.returncode == status
        assert "WARNING" not in found.stderr.upper()
        assert found.stderr.count("\n") == (status == 2)
