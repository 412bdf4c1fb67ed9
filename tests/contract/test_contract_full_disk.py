"""What commands do when a file cannot be finished: one sentence, no part of a file, and the work is not lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .studies import content_of

LIMITED = """\
import resource, sys
from mechlearn.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
main(sys.argv[2:])
"""


def command(folder: Path, line: str, size: int) -> tuple[int, str]:
    """Status and stderr of a command that can write files of so many bytes."""
    arguments = [sys.executable, "-c", LIMITED, str(size), *line.split()]
    found = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=120)
    return found.returncode, found.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files cannot be limited there")
@pytest.mark.parametrize("name", ["runs.h5", "runs.csv"])
def test_a_file_that_does_not_fit(done: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "study.yaml").write_bytes((done / "study.yaml").read_bytes())
    before = content_of(tmp_path)
    status, said = command(tmp_path, f"simulate study.yaml -o {name} -q", 1000)
    assert (status, said) == (2, f"mechlearn: error: Cannot write {name}: File too large.\n")
    assert content_of(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files cannot be limited there")
def test_a_run_whose_last_files_do_not_fit_goes_on_later(done: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_bytes((done / "study.yaml").read_bytes())
    status, said = command(tmp_path, "run study.yaml -o out -q", 60_000)
    assert status == 2
    assert said.count("\n") == 1
    assert "File too large. What is finished is kept in out; --resume goes on from there." in said
    kept = content_of(tmp_path / "out")
    assert {"learned.yaml", "study.yaml", "runs.h5", ".checkpoint/discovery.json"} <= kept.keys()
    assert not [name for name in kept if ".mechlearn-" in name]
    assert "summary.json" not in kept
    status, said = command(tmp_path, "run study.yaml -o out -q --resume", -1)
    assert (status, said) == (0, "")
    after, expected = content_of(tmp_path / "out"), content_of(done / "results")
    assert after.keys() == expected.keys()
    assert after["learned.yaml"] == expected["learned.yaml"]
