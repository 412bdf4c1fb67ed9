"""Progress of the commands: on a terminal a bar, elsewhere a line now and then, and nothing with --quiet."""

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mechlearn.__main__ import main
from mechlearn.cli.shell import progress_bar
from mechlearn.data.progress import Progress
from mechlearn.study.reduce import reduce_study
from mechlearn.study.run import run_study
from mechlearn.study.schema import load_study

STUDY = """\
source:
  mechanism: fuel-radical-product.yaml
  temperature: 300 K
  initial: {sample: uniform, low: 0, high: 1, runs: 3}
  times: {end: 1.0, count: 5}
"""
REDUCTION = """\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: [1100, 1500]
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.1}}
  rates: keep
  verification_points: 0
"""


class Watched:
    """What was told of the progress."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.stages: dict[str, float] = {}

    def __call__(self, share: float, doing: str, /) -> None:
        self.shares.append(share)
        self.stages.setdefault(doing.split(" (")[0], share)


def test_a_run_tells_its_stages_and_never_goes_back(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    watched = Watched()
    run_study(load_study(tmp_path / "study.yaml"), tmp_path / "out", progress=watched)
    assert list(watched.stages) == ["simulating", "learning", "checking", "drawing", "reporting"]
    assert watched.shares == sorted(watched.shares)
    assert 0.8 < watched.shares[-1] < 1.0


def test_a_reduction_tells_its_stages_and_does_not_jump_to_the_end(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(REDUCTION)
    watched = Watched()
    reduce_study(load_study(tmp_path / "study.yaml"), tmp_path / "out", cores=1, progress=watched)
    assert list(watched.stages) == ["simulating the source", "searching", "validating", "reporting"]
    assert watched.shares == sorted(watched.shares)
    steps = [after - before for before, after in zip([0.0, *watched.shares], [*watched.shares, 1.0], strict=True)]
    assert max(steps) < 0.35


def shown_on_a_terminal(folder: Path, line: str) -> tuple[int, bytes]:
    """Exit status of a command, and what it writes to stderr where that is a terminal of 80 columns."""
    screen, terminal = pty.openpty()
    words = [sys.executable, "-m", "mechlearn", *line.split()]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=terminal, env=environment)
    os.close(terminal)
    shown = b""
    try:
        while part := os.read(screen, 4096):
            shown += part
    except OSError:  # what Linux says where the other side is closed
        pass
    os.close(screen)
    return process.wait(), shown


def test_a_terminal_shows_a_bar_with_the_stage_and_the_time_and_takes_it_away(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    status, shown = shown_on_a_terminal(tmp_path, "run study.yaml -o out")
    assert status in (0, 1)
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"learning \(2 of 5\)|checking \(3 of 5\)|drawing \(4 of 5\)", frames)
    assert re.search(r"\d+% 0:00:\d\d", frames)
    assert shown.rstrip().endswith(b"\x1b[2K")


def test_a_terminal_gets_messages_broken_at_words(tmp_path: Path) -> None:
    status, shown = shown_on_a_terminal(tmp_path, "init nothing")
    lines = shown.decode().split("\r\n")
    assert (status, len(lines) > 3) == (2, True)
    assert all(len(line) <= 80 for line in lines)
    found = subprocess.run([sys.executable, "-m", "mechlearn", "init", "nothing"], capture_output=True, text=True)
    assert found.stderr.count("\n") == 1
    assert " ".join(lines).split() == found.stderr.split()


def test_progress_that_nobody_watches_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(False, seconds_a_line=0.02) as progress:
        progress(0.25, "fitting")
        time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 2
    assert set(lines) == {"0:00:00  25 % fitting"}
    for quiet, seconds in ((True, 0.01), (False, 60.0)):
        with progress_bar(quiet, seconds_a_line=seconds) as progress:
            progress(0.5, "fitting")
            time.sleep(0.05)
        assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("simulate", "simulate study.yaml -o again.csv"),
        ("validate", "validate fuel-radical-product.yaml runs.csv"),
        ("graph", "graph fuel-radical-product.yaml --study study.yaml -o x.dot"),
    ],
)
def test_commands_show_their_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(STUDY)
    with pytest.raises(SystemExit, match="0"):
        main(["simulate", "study.yaml", "-o", "runs.csv"])
    shares: list[float] = []

    @contextmanager
    def watched(quiet: bool) -> Iterator[Progress]:
        yield lambda share, doing: None if quiet else shares.append(share)

    monkeypatch.setattr(f"mechlearn.cli.{command}.progress_bar", watched)
    for quiet in ([], ["--quiet"]):
        with pytest.raises(SystemExit, match="0"):
            main([*line.split(), *quiet])
    assert shares.count(1.0) == 1
