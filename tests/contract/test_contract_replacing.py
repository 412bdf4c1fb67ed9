"""No command replaces a file that it reads, writes two results to one file, or takes another's folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .studies import MECHANISMS, command, content_of, example

REDUCTION = """\
source:
  mechanism: h2o2.yaml
  reactor: constant-volume
  temperature: {from: 1000 K, to: 1400 K, count: 3}
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, AR:4", phi: 1}
  times: {end: 10 ms, count: 3}
reduce: {targets: {ignition_delay: {limit: 0.1}}, rates: keep}
"""
READ = (
    "learn named.csv -o m.yaml",
    "learn named.csv -o link.yaml",
    "learn named.csv -o s.yaml --study s.yaml",
    "learn named.csv -o x.yaml --json named.csv",
    "learn plain.csv -o other.yaml --study s.yaml",
    "simulate s.yaml -o x.csv --json other.yaml",
    "simulate s.yaml -o x.csv --json s.yaml",
    "graph m.yaml --runs named.csv -o named.csv",
    "graph m.yaml -o x.svg --json m.yaml",
    "graph other.yaml --runs named.csv -o x.svg --json m.yaml",
    "compare m.yaml other.yaml --json other.yaml",
    "validate other.yaml named.csv --json m.yaml",
    "validate other.yaml plain.csv --json plain.csv",
    "inspect named.csv --json named.csv",
    "inspect named.csv --json m.yaml",
    "run s.yaml -o out --json other.yaml",
    "run of-data.yaml -o out --json plain.csv",
    "reduce r.yaml -o out --json r.yaml",
)
TWICE = (
    "learn plain.csv -o x.yaml --json ./x.yaml",
    "simulate s.yaml -o x.csv --json x.csv",
    "init hydrogen-oxidation -o x.yaml --json x.yaml",
    "run s.yaml -o out --json out/learned.yaml",
    "reduce r.yaml -o out --json out/summary.json",
)


@pytest.fixture
def place(done: Path, tmp_path: Path) -> Path:
    """Runs with and without a mechanism that they name, and studies."""
    shutil.copy(MECHANISMS / "fuel-radical-product.yaml", tmp_path / "m.yaml")
    shutil.copy(tmp_path / "m.yaml", tmp_path / "other.yaml")
    (tmp_path / "link.yaml").symlink_to("m.yaml")
    lines = (done / "runs.csv").read_text().splitlines()
    plain = [line for line in lines if not line.startswith("#")]
    (tmp_path / "plain.csv").write_text("\n".join(plain) + "\n")
    (tmp_path / "named.csv").write_text("\n".join(["# mechanism: m.yaml", *plain]) + "\n")
    (tmp_path / "s.yaml").write_text(example("other", runs=2))
    (tmp_path / "of-data.yaml").write_text("data: plain.csv\n")
    (tmp_path / "r.yaml").write_text(REDUCTION)
    return tmp_path


@pytest.mark.parametrize("line", READ)
def test_what_is_read_is_not_replaced(place: Path, line: str) -> None:
    before = content_of(place)
    answer = command(place, line)
    assert answer.status == 2
    assert "is read by this command, which would replace it. Give another name" in answer.err
    assert content_of(place) == before


@pytest.mark.parametrize("line", TWICE)
def test_two_results_are_not_written_to_one_file(place: Path, line: str) -> None:
    (place / "out").mkdir()
    before = content_of(place)
    answer = command(place, line)
    assert answer.status == 2
    assert "would be written twice in this command. Give another name" in answer.err
    assert content_of(place) == before


def test_a_run_does_not_replace_the_mechanism_that_its_table_names(place: Path) -> None:
    (place / "out").mkdir()
    (place / "m.yaml").rename(place / "out" / "learned.yaml")
    table = place / "named.csv"
    table.write_text(table.read_text().replace("mechanism: m.yaml", "mechanism: out/learned.yaml"))
    (place / "of-data.yaml").write_text("data: named.csv\n")
    before = content_of(place)
    answer = command(place, "run of-data.yaml -o out --overwrite")
    assert answer.status == 2
    assert "learned.yaml is read by this study, and the results would replace it. Give another folder" in answer.err
    assert content_of(place) == before


@pytest.mark.parametrize("line", ["run s.yaml -o mine", "reduce r.yaml -o mine"])
def test_a_folder_with_files_of_unknown_origin_is_refused(place: Path, line: str) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "report.html").write_text("mine")
    before = content_of(place)
    answer = command(place, line)
    assert answer.status == 2
    assert "mine holds report.html of unknown origin. Give another folder, or --overwrite" in answer.err
    assert content_of(place) == before


def test_a_reduction_does_not_take_the_folder_of_a_run(done: Path, place: Path) -> None:
    shutil.copytree(done / "results", place / "results")
    before = content_of(place)
    answer = command(place, "reduce r.yaml -o results")
    assert answer.status == 2
    assert "results of another study" in answer.err
    assert content_of(place) == before


def test_the_second_of_two_in_one_folder_is_refused(place: Path) -> None:
    line = [sys.executable, "-m", "mechlearn", "reduce", "r.yaml", "-o", "two", "--cores", "1", "-q"]
    first = subprocess.Popen(line, cwd=place, stdout=subprocess.DEVNULL)
    try:
        while not (place / "two" / ".lock").exists():
            assert first.poll() is None
            time.sleep(0.01)
        (place / "r2.yaml").write_text(REDUCTION.replace("limit: 0.1", "limit: 0.4"))
        for other in ("reduce r2.yaml -o two", "reduce r2.yaml -o two --overwrite", "run s.yaml -o two --overwrite"):
            answer = command(place, other)
            assert answer.status == 2
            assert "Another run is writing its results into two. Wait until it is done" in answer.err
        assert first.poll() is None
    finally:
        first.kill()
        first.wait()
