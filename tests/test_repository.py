"""The repository itself: no stray files, no traces of a machine, every dependency pinned within its range."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
TOP = {"pyproject.toml", "README.md", "mechlearn", "tests", "mechanisms", "tools", ".ci", ".gitignore"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [
    Requirement(line)
    for line in (
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    )
]
CONSTRAINTS = (ROOT / "tools" / "constraints.txt").read_text(encoding="utf-8").splitlines()
MACHINE = re.compile(r"(?<![\w.])/(home|work|root|tmp|Users|mnt)/\w|(?<!\w)[A-Z]:\\{1,2}(?![nrt\\])\w")


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, so there is no list of files to check")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in map(ROOT.joinpath, listed.stdout.split("\0")[:-1]) if path.is_file()]


def test_top_level_holds_what_it_should() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} == TOP


def test_files_are_small_texts_in_utf_8() -> None:
    for path in tracked():
        assert path.stat().st_size < 1_000_000, path
        assert "\0" not in path.read_bytes().decode("utf-8"), path


def test_files_name_no_machine() -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE.search(line)
    ]
    assert not found


@pytest.mark.parametrize("text", ["/home/" + "a", "('/tmp/" + "a')", "C:" + "\\a", '"C:' + "\\\\a"])
def test_paths_of_machines_are_recognised(text: str) -> None:
    assert MACHINE.search(text)


@pytest.mark.parametrize("text", ["https://a.org/home/a", "../tmp/a", "a/work/b", "kmol/m", r"\d:\d", r"A:\n", "A:B"])
def test_other_texts_are_not(text: str) -> None:
    assert not MACHINE.search(text)


@pytest.mark.parametrize("line", CONSTRAINTS)
def test_constraint_is_one_exact_version(line: str) -> None:
    pin = Requirement(line)
    assert [spec.operator for spec in pin.specifier] == ["=="]
    assert "*" not in str(pin.specifier)


@pytest.mark.parametrize("wanted", REQUIREMENTS, ids=lambda r: str(r.name))
def test_dependency_is_pinned_within_its_range(wanted: Requirement) -> None:
    pins = [
        pin for pin in map(Requirement, CONSTRAINTS) if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
    ]
    assert len(pins) == 1
    assert wanted.specifier
    assert wanted.specifier.contains(next(iter(pins[0].specifier)).version)


def test_oldest_python_is_the_one_that_tools_check_for() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    oldest = tools["ruff"]["target-version"].removeprefix("py3")
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert allowed.contains(f"3.{oldest}")
    assert not allowed.contains(f"3.{int(oldest) - 1}")
