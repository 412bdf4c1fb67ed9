"""Progress of the commands: on a terminal a bar, elsewhere a line now and then, and nothing with --quiet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mechlearn.__main__ import main
from mechlearn.cli.shell import progress_bar
from mechlearn.data.progress import Progress

STUDY = """\
source:
  mechanism: fuel-radical-product.yaml
  temperature: 300 K
  initial: {sample: uniform, low: 0, high: 1, runs: 3}
  times: {end: 1.0, count: 5}
"""


def test_progress_that_nobody_watches_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(False, seconds_a_line=0.02) as progress:
        progress(0.25, "fitting")
        time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 2
    assert set(lines) == {" 25 % fitting"}
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
