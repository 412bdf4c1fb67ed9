"""The README's code runs, its output is real, and what it names is there.

Blocks of code are found by their language: ``python`` is executed; lines of ``console``, ``bash`` or ``sh`` that start
with ``mechlearn`` are run, and must exit 0 unless ``<!-- exit N -->`` stands before the block; ``text`` that follows
such a block as the next one is its output, where ``…`` stands for anything; ``yaml`` with ``source:`` or ``data:`` is a
study. Blocks with ``pip install`` are left out here, because ``.ci/run`` runs them, each in a fresh environment.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mechlearn.cli.shell import app
from mechlearn.simulation.mechanisms import find_mechanism
from mechlearn.study.schema import load_study

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (ROOT / "README.md", ROOT / "tools" / "measured.md")
FENCE = re.compile(r"(?:^<!-- exit (\d+) -->\n+)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELLS = ("console", "bash", "sh")
VARIES = re.compile(r"\d ?s\b|\d seconds?\b|(?:^|\s)\.{0,2}/\w|\w/[\w/-]+\.\w")
"""Times and paths, which differ from one run and one machine to another."""


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int
    status: int = 0

    @property
    def commands(self) -> list[str]:
        if self.language not in SHELLS or "pip install" in self.text:
            return []
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in (each.removeprefix("$ ") for each in lines) if line.startswith("mechlearn ")]


def blocks_of(text: str) -> list[Block]:
    return [
        Block(match[2], match[3], text[: match.start(3)].count("\n") + 1, int(match[1] or 0))
        for match in FENCE.finditer(text)
    ]


def missing_lines(shown: str, output: str) -> list[str]:
    """Lines shown that the output does not have, in this order; ``…`` stands for anything."""
    real, missing = [" ".join(line.split()) for line in output.splitlines()], []
    for line in (" ".join(each.split()) for each in shown.splitlines()):
        if not line.strip("… ") or VARIES.search(line):
            continue
        pattern = re.compile(".*".join(re.escape(part.strip()) for part in line.split("…")))
        at = next((i for i, each in enumerate(real) if pattern.fullmatch(each)), None)
        if at is None:
            missing.append(line)
        else:
            real = real[at + 1 :]
    return missing


BLOCKS = blocks_of(README)
STUDIES = [b for b in BLOCKS if b.language == "yaml" and {"source", "data"} & set(YAML(typ="safe").load(b.text))]
SHOWN = [(before, after) for before, after in pairwise(BLOCKS) if after.language == "text"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[Block, list[subprocess.CompletedProcess[str]]]:
    """All commands of the README, run one after another in one folder."""
    folder = tmp_path_factory.mktemp("readme")
    return {
        block: [
            subprocess.run(
                [sys.executable, "-m", *shlex.split(line, comments=True)],
                cwd=folder,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            for line in block.commands
        ]
        for block in BLOCKS
        if block.commands
    }


def test_every_fence_is_closed_and_has_a_language() -> None:
    assert README.count("\n```") == 2 * len(BLOCKS)


def test_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = [block for block in BLOCKS if block.language == "python"]
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile("\n" * (block.line - 1) + block.text, "README.md", "exec"), names)


def test_commands_exit_as_they_should(ran: dict[Block, list[subprocess.CompletedProcess[str]]]) -> None:
    assert ran
    for block, results in ran.items():
        for line, done in zip(block.commands, results, strict=True):
            assert done.returncode == block.status, f"{line}\n{done.stdout}{done.stderr}"


def test_commands_print_what_is_shown(ran: dict[Block, list[subprocess.CompletedProcess[str]]]) -> None:
    assert SHOWN
    for before, after in SHOWN:
        assert before in ran, f"README.md:{after.line}: this text follows no command"
        assert not missing_lines(after.text, "".join(done.stdout for done in ran[before]))


@pytest.mark.parametrize("block", STUDIES, ids=lambda b: f"line {b.line}")
def test_study_is_valid(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(block.text, encoding="utf-8")
    study = load_study(path)
    assert study.data or (study.source is not None and find_mechanism(study.source.mechanism, tmp_path))


def test_a_study_is_shown() -> None:
    assert STUDIES


def test_ci_runs_the_two_commands_that_install() -> None:
    commands = [line for block in BLOCKS if block.language in SHELLS for line in block.text.splitlines()]
    installing = [line for line in commands if "pip install" in line]
    assert installing == [line for line in README.splitlines() if "pip install" in line]  # what .ci/run finds by grep
    assert len(installing) == 2
    assert all("-c tools/constraints.txt" in line for line in installing)
    assert "grep 'pip install' README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The fragments that lead to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_images_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)[^)]*\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    inside = [target.partition("#") for target in targets if not re.match(r"[a-z]+:", target)]
    assert inside
    for name, _, fragment in inside:
        target = (page.parent / name) if name else page
        assert target.is_file(), name
        assert target.stat().st_size, name
        assert not fragment or fragment in anchors(target), f"{name}#{fragment}"


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "mechlearn" / "README.md"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_files_of_the_repository_that_are_named_exist(page: Path) -> None:
    names = re.findall(r"`(?:python\s)?([\w./-]+(?:\.py\b|/(?=`)))", page.read_text(encoding="utf-8"))
    assert names
    assert [name for name in names if not ((ROOT / name).exists() or [*(ROOT / "mechlearn").rglob(name)])] == []


def test_every_command_is_listed() -> None:
    known = {str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands}
    assert set(re.findall(r"^\| `mechlearn (\w+)", README, re.MULTILINE)) == known


def test_blocks_are_read_with_status_and_continued_lines() -> None:
    text = "<!-- exit 1 -->\n\n```console\n$ mechlearn a \\\n  b\nls\n```\n```sh\npip install x\nmechlearn c\n```\n"
    one, other = blocks_of(text)
    assert (one.status, one.line, [shlex.split(line) for line in one.commands]) == (1, 4, [["mechlearn", "a", "b"]])
    assert (other.status, other.commands) == (0, [])


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        ("a   b\n…\nd 3", []),
        ("a … b\nd 3", []),
        ("b", ["b"]),
        ("a", ["a"]),
        ("d 3\na b", ["a b"]),
        ("took 12 s\n/x/y\nwrote r/s.svg", []),
    ],
)
def test_output_is_compared_line_by_line_in_order(shown: str, missing: list[str]) -> None:
    assert missing_lines(shown, "a  b\nc\nd  3\n") == missing
