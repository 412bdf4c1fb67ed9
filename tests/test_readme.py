"""The README's code runs, its output is real, and its links lead somewhere.

The two commands that install are run by ``.ci/run``.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mechlearn.study import load_study

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


def test_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert blocks("python")
    names: dict[str, object] = {}
    for text in blocks("python"):
        exec(compile(text, "README.md", "exec"), names)


def test_commands_run_and_print_what_is_shown(tmp_path: Path) -> None:
    output = ""
    lines = [line for text in blocks("console") for line in text.splitlines()]
    assert lines
    for line in lines:
        command = [sys.executable, "-m", *shlex.split(line)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        output += done.stdout
    shown = [line for text in blocks("text") for line in text.splitlines()]
    assert shown
    for line in shown:
        assert line.removesuffix("…").strip() in output


def test_studies_are_valid(tmp_path: Path) -> None:
    studies = blocks("yaml")
    assert studies
    for text in studies:
        for name in [YAML(typ="safe").load(text).get("data")]:
            (tmp_path / name).write_text("run,time [s],T [K],P [Pa],A [kmol/m^3]\nr,0,300,1e5,1\n", encoding="utf-8")
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        load_study(path)


def test_links_to_files_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert targets
    assert [t for t in targets if not (README.parent / t).exists()] == []


def test_both_installing_commands_use_the_tested_versions() -> None:
    commands = [line for text in blocks("sh") for line in text.splitlines()]
    assert len(commands) == 2
    assert all("-c tools/constraints.txt" in line for line in commands)
