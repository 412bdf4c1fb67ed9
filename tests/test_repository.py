"""The repository itself: public names, what loads when, the shipped mechanisms, pinned versions, no stray files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import warnings
from importlib.metadata import version
from pathlib import Path

import cantera as ct
import pytest

import mechlearn as ml
from mechlearn.study import example_studies

from .helpers import BANK

ROOT = Path(__file__).parent.parent
STUDIES = example_studies()
MECHANISMS = sorted(p for p in (ROOT / "mechanisms").glob("*.yaml") if not p.name.endswith(".study.yaml"))
TOP = {"pyproject.toml", "README.md", "mechlearn", "tests", "mechanisms", "tools", ".ci", ".gitignore"}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, so there is no list of files to check")
    return listed.stdout.splitlines()


@pytest.mark.parametrize("name", ml.__all__)
def test_public_names_are_there_and_explained(name: str) -> None:
    assert getattr(ml, name).__doc__
    assert name in dir(ml)


def test_names_that_are_not_there_are_refused() -> None:
    with pytest.raises(AttributeError, match="nothing_like_that"):
        _ = ml.nothing_like_that


def test_version_is_that_of_the_distribution() -> None:
    assert ml.__version__ == version("mechlearn")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, mechlearn; print([m for m in ('torch', 'cantera', 'matplotlib', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("path", MECHANISMS, ids=lambda p: p.stem)
def test_mechanisms_load_in_cantera_and_name_their_source(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ct.Solution(str(path))
    assert "doi" in path.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("fuel-radical-product", "fuel-radical-product"),
        ("michaelis-menten", "michaelis-menten"),
        ("crnn-case1", "crnn-case-1"),
        ("hydrogen-oxidation", "hydrogen-oxidation"),
    ],
)
def test_mechanisms_are_those_of_the_papers(file: str, known: str) -> None:
    comparison = ml.compare(ml.read_mechanism(ROOT / "mechanisms" / f"{file}.yaml"), BANK[known])
    assert comparison.exact
    assert comparison.max_relative_rate_error == pytest.approx(0, abs=1e-12)


def test_every_example_is_listed_and_simulates() -> None:
    assert set(STUDIES) == {p.name.removesuffix(".study.yaml") for p in (ROOT / "mechanisms").glob("*.study.yaml")}
    for path in STUDIES.values():
        assert len(ml.simulate(path)) > 1


def test_top_level_holds_what_it_should() -> None:
    assert {name.split("/")[0] for name in tracked()} == TOP


def test_files_name_no_machine() -> None:
    pattern = re.compile(r"(?<![\w.])/(home|work|root|tmp)/\w")
    for name in tracked():
        path = ROOT / name
        if path.exists():
            assert path.stat().st_size < 1_000_000, name
            assert not pattern.search(path.read_text(encoding="utf-8")), name


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {re.split(r"[<>=~!\[ ]", each)[0].lower().replace("_", "-") for each in wanted}
    lines = (ROOT / "tools" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    assert names <= pinned
