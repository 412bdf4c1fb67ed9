"""The commands as a person types them: what they write, print and answer, and their exit statuses."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
import pytest

import mechlearn as ml
from mechlearn.__main__ import main
from mechlearn.files import shipped_folder
from mechlearn.study.schema import example_studies

from ..processes import interruptible

Call = Callable[..., tuple[int, str, str]]

SMALL = """\
source:
  mechanism: fuel-radical-product.yaml
  temperature: 300 K
  initial: {sample: uniform, low: 0, high: 1, runs: 10}
  times: {end: 1.0, count: 5}
learn: {reactions: 2, restarts: 2}
validate: {tolerance: 1.0e-6}
"""
COMMANDS = ("run", "init", "simulate", "learn", "validate", "compare", "graph")
FILES = [
    "learned.yaml",
    "graph.graphml",
    "graph.svg",
    "pathways.html",
    "validation.svg",
    "runs.h5",
    "difference.graphml",
    "difference.svg",
    "study.yaml",
    "report.html",
    "report.md",
    "summary.json",
]
HEAVY = ("torch", "cantera", "numpy", "scipy", "matplotlib", "networkx", "h5py", "ruamel")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command line in an empty folder: exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run_command


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small study, its runs as tables, and a finished run in ``results``; nobody writes there."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "small.yaml").write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in ("simulate small.yaml -o runs.csv", "simulate small.yaml -o runs.h5", "run small.yaml -o results"):
            with pytest.raises(SystemExit) as end:
                main(line.split())
            assert not end.value.code
    return folder


def changed_runs(source: Path, target: Path, change: Callable[[ml.Trajectory], ml.Trajectory]) -> None:
    runs = ml.read_csv(source)
    ml.write_csv(runs.select([change(run) for run in runs.runs]), target)


def without_times(summary: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(summary.read_text())
    return {key: value for key, value in content.items() if key != "seconds"}


def test_init_writes_a_study_that_works_in_any_folder(call: Call, tmp_path: Path) -> None:
    status, out, err = call("init")
    head, *rows = out.splitlines()
    assert (status, err, head.split()) == (0, "", ["example", "for", "takes", "what", "it", "is"])
    assert [row.split()[0] for row in rows] == list(example_studies())
    assert {row.split()[1] for row in rows} == {"run", "reduce"}
    assert all(re.match(r"\S+ +\S+ +\d+ (s|min)  \S.{10,80}$", row) for row in rows)
    assert call("init", "michaelis-menten") == (0, "Wrote michaelis-menten.study.yaml\n", "")
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    status, out, _ = call("simulate", "../michaelis-menten.study.yaml", "-o", "runs.csv")
    assert (status, out.split(":")[0]) == (0, "Wrote runs.csv")
    assert ml.read_csv("runs.csv").species_names == ("E", "S", "ES", "P")


def test_the_list_of_commands_has_whole_sentences(call: Call) -> None:
    listed = call("--help")[1].split("Commands:\n")[1].splitlines()
    assert {*COMMANDS, "inspect", "reduce"} == {line.split()[0] for line in listed}
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("mechlearn gr", ["graph"]),
        ("mechlearn init hydrogen-", ["hydrogen-oxidation", "hydrogen-reduction"]),
        ("mechlearn learn --me", ["--mechanism", "--method"]),
    ],
)
def test_a_shell_can_complete_commands_options_and_examples(words: str, found: list[str]) -> None:
    asked = {"_MECHLEARN_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    answer = subprocess.run(
        [sys.executable, "-m", "mechlearn"], env={**os.environ, **asked}, capture_output=True, text=True
    )
    assert answer.stdout.split() == found


def test_run_writes_its_files_and_says_so_in_the_summary(done: Path) -> None:
    results = done / "results"
    assert sorted(path.name for path in results.iterdir()) == sorted(FILES)
    summary = json.loads((results / "summary.json").read_text())
    keys = "status message reactions n_reactions loss relative_error seconds seed validation files versions"
    assert set(keys.split()) <= set(summary)
    assert (summary["status"], summary["n_reactions"], summary["seed"], summary["files"]) == ("recovered", 2, 0, FILES)
    assert set(summary["relative_error"]) == {"training", "held_out"}
    keys = "passed held_out max_relative_error per_species per_run ignition_delay conservation"
    assert set(keys.split()) <= set(summary["validation"])
    keys = (
        "equation reactants products forward reverse reverse_from_thermo std_error_log_k contribution found_by interval"
    )
    assert all(set(reaction) == set(keys.split()) for reaction in summary["reactions"])
    assert ml.read_mechanism(results / "learned.yaml").metadata["source"] == "fuel-radical-product.yaml"
    gas = ct.Solution(str(results / "learned.yaml"))
    assert dict(zip(gas.reaction_equations(), gas.forward_rate_constants, strict=True)) == pytest.approx(
        {"F => R": 1.0, "R => F": 1.0, "R => P": 1e3, "P => R": 1e3}, rel=1e-12
    )


def test_the_study_in_the_results_gives_the_same_results_to_the_byte(call: Call, done: Path, tmp_path: Path) -> None:
    status, out, err = call("run", done / "results" / "study.yaml", "-o", "again")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1].startswith("recovered: ")
    assert re.findall(r"^Wrote (.*)", out, re.M) == [f"again/{name}" for name in FILES]
    for name in FILES[:-1]:
        assert (tmp_path / "again" / name).read_bytes() == (done / "results" / name).read_bytes(), name
    assert without_times(tmp_path / "again/summary.json") == without_times(done / "results/summary.json")


def test_results_of_another_study_stay_unless_overwritten(call: Call, done: Path, tmp_path: Path) -> None:
    assert call("run", done / "small.yaml", "-o", "new/out")[0] == 0
    results = tmp_path / "new" / "out"
    before = {path.name: path.read_bytes() for path in results.iterdir()}
    changed_runs(done / "runs.csv", Path("still.csv"), lambda run: replace(run, rates=np.zeros((5, 3))))
    Path("other.yaml").write_text("data: still.csv\n")
    status, _, err = call("run", "other.yaml", "-o", "new/out")
    assert (status, err.count("\n")) == (2, 1)
    assert "new/out holds the results of another study" in err
    assert {path.name: path.read_bytes() for path in results.iterdir()} == before
    status, out, _ = call("run", "other.yaml", "-o", "new/out", "--overwrite")
    assert (status, "no-reactions: No concentration changes" in out) == (1, True)
    left = {"report.html", "report.md", "runs.h5", "study.yaml", "summary.json"}
    assert {path.name for path in results.iterdir()} == left


def test_files_hold_the_runs_so_exactly_that_the_same_is_learnt_from_them(call: Call, done: Path) -> None:
    for name in ("runs.csv", "runs.h5"):
        status, out, _ = call("learn", done / name, "-o", "learned.yaml", "--study", done / "small.yaml")
        assert (status, "\nWrote learned.yaml\nrecovered: " in out) == (0, True)
        assert Path("learned.yaml").read_bytes() == (done / "results" / "learned.yaml").read_bytes()


def test_learn_takes_its_settings_from_the_command_line(call: Call, done: Path) -> None:
    quick = ("--restarts", 2, "--json", "-")
    for options in (["--reactions", 4], ["--reactions", "auto", "--conserve", "data", "--seed", 3]):
        status, out, _ = call("learn", done / "runs.csv", "-o", "learned.yaml", *options, *quick)
        summary = json.loads(out)
        assert (status, summary["seed"], summary["files"]) == (0, 3 if "--seed" in options else 0, ["learned.yaml"])
        assert call("compare", "learned.yaml", "fuel-radical-product.yaml")[0] == 0
    one_row = ("--reactions", 1, "--restarts", 1, "--json", "-")
    status, out, _ = call("learn", done / "runs.csv", "-o", "one.yaml", *one_row)
    assert (status, json.loads(out)["status"], json.loads(out)["n_reactions"]) == (1, "unexplained-residual", 1)
    assert ct.Solution("one.yaml").n_reactions == 2
    status, out, _ = call("learn", done / "runs.csv", "-o", "none.yaml", *one_row, "--seconds", 1e-6)
    assert (status, json.loads(out)["status"]) == (1, "no-reactions")


def test_learn_from_data_without_change_or_reactor_says_so_and_answers_1(call: Call, done: Path) -> None:
    changed_runs(done / "runs.csv", Path("still.csv"), lambda run: replace(run, rates=np.zeros((5, 3))))
    status, out, err = call("learn", "still.csv", "-o", "none.yaml", "--json", "none.json")
    assert (status, err, Path("none.yaml").exists()) == (1, "", False)
    assert out.splitlines()[-1].startswith("no-reactions: No concentration changes")
    assert json.loads(Path("none.json").read_text())["files"] == []
    changed_runs(done / "runs.csv", Path("anon.csv"), lambda run: replace(run, reactor=""))
    status, out, _ = call("learn", "anon.csv", "-o", "anon.yaml", "--reactions", 2)
    assert (status, ct.Solution("anon.yaml").n_reactions) == (1, 4)
    assert "not-validated: The mechanism is written, but not validated: Run " in out
    assert call("learn", "anon.csv", "-o", "anon.yaml", "--reactions", 2, "--reactor", "isothermal")[0] == 0


def test_reactions_that_no_masses_allow_are_named_and_not_written(call: Call) -> None:
    rng = np.random.default_rng(0)
    species = tuple(ml.Species(name) for name in "ABC")
    states = [
        ml.Trajectory(np.zeros(1), c[None], np.full(1, np.nan), np.full(1, np.nan), np.array([rates]), name=f"s{i}")
        for i, c in enumerate(rng.uniform(0, 1, (40, 3)))
        for ab, cab, bc in [(c[0], c[2], c[1])]  # A => B, C => A + B, B => C
        for rates in [(cab - ab, ab + cab - bc, bc - cab)]
    ]
    ml.write_csv(ml.Trajectories(species, tuple(states)), "states.csv")
    status, out, _ = call("learn", "states.csv", "-o", "x.yaml", "--reactions", 3, "--json", "-")
    summary = json.loads(out)
    assert (status, summary["status"], summary["n_reactions"], summary["files"]) == (1, "unbalanced", 3, [])
    assert "together make matter from nothing" in summary["message"]
    assert not Path("x.yaml").exists()


def test_a_study_finds_its_data_and_mechanism_beside_itself(call: Call, done: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "tables").mkdir(parents=True)
    text = example_studies()["fuel-radical-product"].with_name("fuel-radical-product.yaml").read_text()
    part = "{name: part, thermo: ideal-gas, species: [F, R], kinetics: gas, reactions: declared-species}"
    Path("in/own.yaml").write_text(text.replace("- name: gas", f"- {part}\n- name: vapour"))
    table = (done / "runs.csv").read_text().splitlines(keepends=True)
    Path("in/tables/runs.csv").write_text("".join(line for line in table if not line.startswith("# mechanism")))
    Path("in/study.yaml").write_text(
        "data: tables/runs.csv\nmechanism: own.yaml\nphase: vapour\nlearn: {reactions: 2, conserve: elements}\n"
    )
    assert call("run", "in/study.yaml", "-o", "out")[0] == 0
    assert "data: ../in/tables/runs.csv\nmechanism: ../in/own.yaml" in Path("out/study.yaml").read_text()
    assert call("run", "out/study.yaml", "-o", "out")[0] == 0


def test_validate_answers_1_for_runs_of_another_rate_constant(call: Call, done: Path) -> None:
    learned = (done / "results" / "learned.yaml").read_text()
    Path("wrong.yaml").write_text(learned.replace("A: 1000.0", "A: 1200.0", 1))
    status, out, _ = call("validate", done / "results" / "learned.yaml", done / "runs.h5", "--tolerance", 1e-8)
    assert (status, "Passed: 10 of 10 runs (none held out" in out) == (0, True)
    status, out, _ = call("validate", "wrong.yaml", done / "runs.h5")
    assert (status, "Failed: 10 of 10 runs (none held out" in out) == (1, True)


def test_compare_answers_0_for_the_same_reactions_only(call: Call, done: Path) -> None:
    learned = done / "results" / "learned.yaml"
    text = learned.read_text()
    Path("three.yaml").write_text(text[: text.rindex("- equation")])
    Path("faster.yaml").write_text(text.replace("A: 1000.0", "A: 1500.0", 1))
    assert call("compare", learned, "fuel-radical-product.yaml")[0] == 0
    status, out, _ = call("compare", "three.yaml", learned, "--json", "-")
    assert (status, len(json.loads(out)["missing"]), json.loads(out)["exact"]) == (1, 1, False)
    assert call("compare", "three.yaml", learned, "--stoichiometry")[0] == 0
    status, out, _ = call("compare", "faster.yaml", learned, "--temperature", 500, "--json", "-")
    assert json.loads(out)["max_relative_rate_error"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        ("graphml", b"<?xml"),
        ("gexf", b"<?xml"),
        ("json", b"{"),
        ("dot", b"digraph"),
        ("svg", b"<?xml"),
        ("png", b"\x89PNG"),
    ],
)
def test_graph_writes_what_the_ending_names(call: Call, done: Path, ending: str, start: bytes) -> None:
    status, out, _ = call("graph", done / "results" / "learned.yaml", "-o", f"g.{ending}")
    assert (status, out) == (0, f"Wrote g.{ending}: 7 nodes, 8 edges\n")
    assert Path(f"g.{ending}").read_bytes().startswith(start)


def test_json_goes_to_a_file_or_alone_to_stdout(call: Call, done: Path) -> None:
    learned = done / "results" / "learned.yaml"
    lines: list[list[object]] = [
        ["init"],
        ["init", "crnn-case1", "-o"],
        ["simulate", done / "small.yaml", "-o"],
        ["validate", learned, done / "runs.csv"],
        ["compare", learned, learned],
        ["graph", learned, "-o"],
    ]
    for number, line in enumerate(lines):
        ending = "json" if line[0] == "graph" else "csv"
        first, second = ([*line, f"{number}{k}.{ending}"] if line[-1] == "-o" else line for k in "ab")
        status, out, err = call(*first, "--json", "-")
        assert (status, bool(err)) == (0, True)
        said = json.loads(out)
        status, out, err = call(*second, "--json", f"{number}.summary")
        assert (status, err) == (0, "")
        assert f"Wrote {number}.summary\n" in out
        written = json.loads(Path(f"{number}.summary").read_text())
        assert {k: v for k, v in said.items() if k != "files"} == {k: v for k, v in written.items() if k != "files"}


def test_help_and_version_load_no_heavy_library() -> None:
    code = (
        "import sys\nfrom mechlearn.__main__ import main\n"
        "for line in (['--version'], ['--help'], *([name, '--help'] for name in sys.argv[1:])):\n"
        "    try:\n        main(line)\n    except SystemExit as end:\n        assert not end.code\n"
        "print('loaded:', *{name.split('.')[0] for name in sys.modules})\n"
    )
    found = subprocess.run([sys.executable, "-c", code, *COMMANDS], capture_output=True, text=True, check=True)
    text, _, loaded = found.stdout.partition("loaded: ")
    assert text.startswith(f"mechlearn {ml.__version__}\n")
    assert not set(loaded.split()) & set(HEAVY)
    for name in COMMANDS:
        assert f"Example: mechlearn {name} " in text


def interrupt(line: list[str], marker: str, folder: Path) -> tuple[int, str, str]:
    """Start a command whose stderr is a terminal and press Ctrl-C once the terminal shows the marker."""
    import pty

    terminal, end = pty.openpty()
    env = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    command = [sys.executable, "-m", "mechlearn", *line]
    seen = b""
    with interruptible():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env=env, cwd=folder)
    with process:
        os.close(end)
        pressed = False
        while part := _read(terminal):
            seen += part
            if not pressed and re.search(marker.encode(), seen):
                process.send_signal(signal.SIGINT)
                pressed = True
        os.close(terminal)
        assert process.stdout is not None
        out = process.stdout.read().decode()
    assert pressed, f"ended before it showed {marker!r}: {seen.decode()} {out}"
    return process.returncode, out, seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # what Linux says once the other end is closed
        return b""


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_an_interrupted_search_writes_the_best_so_far(tmp_path: Path) -> None:
    study = ml.load_study(example_studies()["hydrogen-oxidation"])
    rng = np.random.default_rng(0)
    runs = ml.simulate(study)
    balances = ml.differential_balances(runs)
    noisy = [
        replace(run, rates=rates * rng.lognormal(0, 0.3, rates.shape))
        for run, rates in zip(runs.runs[:40], np.split(balances.accumulation, len(runs)), strict=False)
    ]
    ml.write_csv(runs.select(noisy), tmp_path / "noisy.csv")
    (tmp_path / "study.yaml").write_text("data: noisy.csv\n")
    status, out, _ = interrupt(["run", "study.yaml", "-o", "out"], r"[1-9]\d* ever frozen", tmp_path)
    assert status == 130
    assert out.splitlines()[-1].startswith("interrupted: Interrupted; the best so far leaves ")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["status"], "learned.yaml" in summary["files"]) == ("interrupted", summary["n_reactions"] > 0)
    assert ct.Solution(str(tmp_path / "out" / "learned.yaml")).n_reactions >= summary["n_reactions"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_an_interrupted_simulation_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(SMALL.replace("runs: 10", "runs: 200_000"))
    status, out, err = interrupt(["run", "long.yaml", "-o", "out"], "simulating", tmp_path)
    assert (status, out) == (130, "")
    assert "mechlearn: interrupted before there was a result" in err
    assert [path.name for path in tmp_path.iterdir()] == ["long.yaml"]


def test_names_that_differ_in_case_only_are_said(call: Call, tmp_path: Path) -> None:
    first = shipped_folder() / "michaelis-menten.yaml"
    second = tmp_path / "b.yaml"
    second.write_text(re.sub(r"\bES\b", "Es", first.read_text(encoding="utf-8")), encoding="utf-8")
    status, out, _ = call("compare", str(first), str(second))
    assert status == 1
    assert "differ in case only count as others: ES and Es." in out
