"""Bad command lines and bad inputs: one message that says what, where and what to do, status 2, and no file."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import mechlearn as ml
from mechlearn.__main__ import main
from mechlearn.study.schema import example_studies

STUDY = """\
source:
  mechanism: fuel-radical-product.yaml
  temperature: 300 K
  initial: {sample: uniform, low: 0, high: 1, runs: 4}
  times: {end: 1.0, count: 3}
learn: {reactions: 2, restarts: 2}
"""
HEAD = "run,time [s],T [K],F [kmol/m^3],R [kmol/m^3],d(F)/dt [kmol/m^3/s],d(R)/dt [kmol/m^3/s]\n"
ROWS = "a,0,300,1,0,-1,1\na,1,300,0.5,0.5,-0.5,0.5\nb,0,300,2,0,-2,2\nb,1,300,1,1,-1,1\n"
SURFACE = """\
phases:
- {name: surface, thermo: ideal-surface, elements: [H], species: [H(S)], site-density: 1.0e-08}
species:
- {name: H(S), composition: {H: 1}, thermo: {model: constant-cp}}
"""

INPUTS: Mapping[str, str] = {
    "study.yaml": STUDY,
    "typo.yaml": STUDY.replace("restarts:", "restart:"),
    "lost.yaml": STUDY.replace("fuel-radical", "fool-radical"),
    "phase.yaml": STUDY.replace("temperature:", "phase: liquid\n  temperature:"),
    "surface-study.yaml": STUDY.replace("fuel-radical-product", "surface"),
    "ideal.yaml": STUDY.replace("temperature:", "reactor: ideal\n  temperature:"),
    "data.yaml": "data: runs.csv\n",
    "reduction.yaml": example_studies()["hydrogen-reduction"].read_text(encoding="utf-8"),
    "circle.yaml": "data: out/runs.h5\n",
    "two-temperatures.yaml": STUDY.replace("300 K", "[300, 400]").replace(
        "reactions: 2", "temperature_dependence: none"
    ),
    "no-data.yaml": "data: none.csv\n",
    "list.yaml": "- source\n",
    "runs.csv": HEAD + ROWS,
    "empty.csv": "",
    "nan.csv": HEAD + ROWS.replace("a,1,300,0.5", "a,1,300,nan"),
    "back.csv": HEAD + ROWS.replace("b,1,", "b,-1,"),
    "no-unit.csv": HEAD.replace("R [kmol/m^3]", "R") + ROWS,
    "no-rates.csv": "run,time [s],F [kmol/m^3]\na,0,1\na,1,2\n",
    "two-temperatures.csv": HEAD + ROWS.replace("b,1,300", "b,1,400"),
    "text.h5": "run,time\n",
    "older-value.yaml": STUDY.replace("restarts: 2", "method: library"),
    "older-key.yaml": STUDY + "validate: {limits: {}}\n",
    "older-source.yaml": STUDY.replace("low: 0", "bath: {R: 0.5}, low: 0"),
    "capitals.yaml": STUDY.replace("fuel-radical-product", "H2O2"),
    "small-species.yaml": STUDY.replace("  times", "  species: [f]\n  times"),
    "two-values.yaml": STUDY.replace("300 K", "900-1500 K"),
    "unit.yaml": STUDY.replace("  times", "  pressure: 1 MPA\n  times"),
    "small.yaml": SURFACE.replace("ideal-surface", "ideal-gas")
    .replace("H(S)", "f")
    .replace(", site-density: 1.0e-08", ""),
    "surface.yaml": SURFACE,
    "refused.yaml": SURFACE.replace("ideal-surface", "ideal-gas").replace("constant-cp", "constant-cq"),
    "chemkin.inp": "ELEMENTS H O END\n",
    "a-file": "",
}

LINES = {
    "learn runs.csv -o x.yaml --reaction 3": ["No such option", "--reaction"],
    "lern runs.csv": ["No such command 'lern'"],
    "run study.yaml": ["holds no results of a finished study", "-o"],
    "simulate study.yaml -o": ["-o", "requires an argument"],
    "validate surface.yaml": ["Missing argument", "runs"],
    "run none.yaml -o out": ["none.yaml cannot be read", "No such file", "Give the path of a study file"],
    "run typo.yaml -o out": ["typo.yaml, line 6: learn.restart: unknown key", "did you mean `restarts`?"],
    "run older-value.yaml -o out": ["line 6: learn.method: 'library' is not", "did you mean 'candidates'?"],
    "run older-key.yaml -o out": ["line 7: validate.limits: unknown key; did you mean `criteria`?"],
    "run older-source.yaml -o out": ["line 4: source.initial.bath: unknown key; did you mean `diluent`?"],
    "run ideal.yaml -o out": ["ideal.yaml, line 3: source.reactor: 'ideal'", "'constant-volume'"],
    "run list.yaml -o out": ["list.yaml, line 1", "this is a list", "`mechlearn init`"],
    "run lost.yaml -o out": ["lost.yaml: There is no mechanism", "fool-radical-product.yaml"],
    "run phase.yaml -o out": ["has no phase 'liquid'", "phases:"],
    "run surface-study.yaml -o out": ["surface.yaml", "ideal-surface", "ideal gas"],
    "run two-temperatures.yaml -o out": ["300 to 400 K", "temperature_dependence: auto"],
    "run data.yaml -o a-file": ["a-file is a file", "give a folder"],
    "run study.yaml -o a-file/out": ["Cannot make a-file/out", "a-file is a file", "Give another folder"],
    "run two-temperatures.yaml -o missing/out": ["300 to 400 K", "temperature_dependence: auto"],
    "run no-data.yaml -o out": ["none.csv", "No such file"],
    "run circle.yaml -o out": ["out/runs.h5 is read by this study", "Give another folder"],
    "simulate data.yaml -o x.csv": ["data.yaml has `data:`", "Give a study with `source:`"],
    "simulate study.yaml -o x.txt": ["x.txt: the ending", ".csv or .h5"],
    "simulate study.yaml -o folder": ["folder: the ending", ".csv or .h5"],
    "simulate study.yaml -o folder.csv": ["folder.csv", "it is a folder", "Give the name of a file"],
    "simulate study.yaml -o missing/x.csv": ["missing/x.csv", "does not exist. Make it first."],
    "init nothing": ["no example 'nothing'", "fuel-radical-product"],
    "init hydrogen-oxidaton": ["no example 'hydrogen-oxidaton'", "Did you mean 'hydrogen-oxidation'?"],
    "init hydrogen": ["Did you mean 'hydrogen-oxidation' or 'hydrogen-reduction'?", "`mechlearn init` says what"],
    "init Robertson": ["Did you mean 'robertson'?"],
    "run capitals.yaml -o out": ["no mechanism", "Did you mean 'h2o2.yaml'?", "relative to the study file"],
    "run small-species.yaml -o out": ["source.species names 'f'", "Did you mean 'F'?"],
    "run two-values.yaml -o out": ["line 3", "'900-1500 K' is two values", "{from: 900 K, to: 1500 K, count: 7}"],
    "run unit.yaml -o out": ["'MPA' is not a known unit. Did you mean 'MPa'?"],
    "compare runs.csv h2o2.yaml": ["runs.csv is a table", "no mechanism"],
    "compare h202.yaml h2o2.yaml": ["Did you mean 'h2o2.yaml'?", "Give its path from this folder"],
    "learn runs.csv -o x.yaml --mechanism small.yaml": ["small.yaml has no species F and R", "Did you mean 'f'?"],
    "graph fuel-radical-product.yaml -o x.svg --study study.yaml --element M --from f": ["Did you mean 'F'?"],
    "run reduction.yaml -o out": ["nothing to learn", "mechlearn reduce reduction.yaml"],
    "reduce study.yaml -o out": ["`reduce:` is missing", "mechlearn run study.yaml"],
    "init fuel-radical-product -o study.yaml": ["study.yaml exists already", "-o"],
    "init fuel-radical-product -o missing/x.yaml": ["missing/x.yaml", "does not exist. Make it first."],
    "init -o x.yaml": ["Name the example to write to x.yaml", "fuel-radical-product"],
    "learn runs.csv -o x.yaml --reactions many": ["learn.reactions: 'many'", "valid integer", "'auto'"],
    "learn runs.csv -o x.yaml --reactions 0": ["learn.reactions: 0", "greater than or equal to 1"],
    "learn runs.csv -o x.yaml --seed -1": ["learn.seed: -1", "greater than or equal to 0"],
    "learn runs.csv -o x.yaml --seed x": ["--seed", "valid integer"],
    "learn runs.csv -o x.yaml --conserve elements": ["F, R", "composition"],
    "learn runs.csv -o x.yaml --conserve mass": ["learn.conserve: 'mass'", "'elements'"],
    "learn runs.csv -o x.yaml --optimizer adam": ["adam", "set reactions"],
    "learn runs.csv -o x.yaml --reactor stirred": ["a stirred reactor needs what goes in"],
    "learn runs.csv -o x.yaml --mechanism h2o2.yaml": ["h2o2.yaml has no species F"],
    "learn runs.csv -o x.yaml --mechanism refused.yaml": ["refused.yaml", "constant-cq"],
    "learn runs.csv -o x.yaml --mechanism surface.yaml": ["surface.yaml has no species F and R", "Rename"],
    "learn runs.csv -o x.yaml --study typo.yaml": ["typo.yaml, line 6"],
    "learn runs.csv -o x.csv": ["x.csv: the ending", ".yaml"],
    "learn runs.csv -o missing/x.yaml": ["missing/x.yaml", "does not exist. Make it first."],
    "learn runs.csv -o x.yaml --json missing/x.json": ["missing/x.json", "does not exist. Make it first."],
    "learn empty.csv -o x.yaml": ["empty.csv holds no table", "It needs a header"],
    "learn nan.csv -o x.yaml": ["Run 'a': the concentration of F is missing at time 1 s", "Fill them in, or remove"],
    "learn back.csv -o x.yaml": ["back.csv, line 5", "time must increase", "-1 follows 0 of line 4", "Sort"],
    "learn no-unit.csv -o x.yaml": ["no-unit.csv, line 1", "the unit is missing", "[kmol/m^3]"],
    "learn no-rates.csv -o x.yaml": ["No run has 4 samples", "Bring more times"],
    "learn two-temperatures.csv -o x.yaml": ["several temperatures", "composition of F is unknown", "--mechanism"],
    "learn text.h5 -o x.yaml": ["text.h5 is not an HDF5 file", ".csv"],
    "learn folder.csv -o x.yaml": ["Cannot read folder.csv", "Is a directory"],
    "learn none.csv -o x.yaml": ["Cannot read none.csv", "No such file"],
    "learn a-file -o x.yaml": ["a-file", ".csv", ".h5", "'nothing'"],
    "validate h2o2.yaml runs.csv --tolerance -1": ["tolerance", "-1", "greater than 0"],
    "validate none.yaml runs.csv": ["none.yaml"],
    "validate chemkin.inp runs.csv": ["chemkin.inp is a Chemkin file", "ck2yaml"],
    "compare h2o2.yaml surface.yaml": ["surface.yaml holds no ideal gas", "Give a gas-phase file"],
    "compare h2o2.yaml refused.yaml": ["refused.yaml", "constant-cq"],
    "compare h2o2.yaml h2o2.yaml --temperature -5": ["temperature", "-5", "above zero"],
    "graph h2o2.yaml -o x.pdf": ["x.pdf: the ending", ".graphml"],
    "graph h2o2.yaml -o missing/x.svg": ["missing/x.svg", "does not exist. Make it first."],
    "graph folder.csv -o x.svg": ["folder.csv"],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with good and bad inputs, where the commands run."""
    monkeypatch.chdir(tmp_path)
    for name, text in INPUTS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "folder").mkdir()
    return tmp_path


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.mark.parametrize("line", LINES)
def test_refused_in_one_message_without_a_trace(place: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    before = content(place)
    with pytest.raises(SystemExit) as end:
        main(line.split())
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert err.lower().count("error:") == 1
    assert "Traceback" not in err
    message = " ".join(err.split())
    for part in LINES[line]:
        assert part in message
    assert content(place) == before


def test_a_folder_without_write_permission_is_refused_before_the_work(place: Path) -> None:
    (place / "locked").mkdir(mode=0o555)
    if _can_write(place / "locked"):
        pytest.skip("this user may write everywhere")
    for line in ("run study.yaml -o locked/out", "run study.yaml -o locked", "simulate study.yaml -o locked/x.csv"):
        found = subprocess.run([sys.executable, "-m", "mechlearn", *line.split()], capture_output=True, text=True)
        assert (found.returncode, found.stdout) == (2, "")
        assert "not permitted" in found.stderr


def _can_write(folder: Path) -> bool:
    try:
        (folder / "x").touch()
    except PermissionError:
        return False
    return True


def test_results_of_unknown_origin_are_not_replaced(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "out").mkdir()
    (place / "out" / "learned.yaml").write_text("mine")
    with pytest.raises(SystemExit, match="2"):
        main(["run", "study.yaml", "-o", "out"])
    assert "out holds learned.yaml of unknown origin" in capsys.readouterr().err
    assert (place / "out" / "learned.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run typo.yaml -o out", "mechlearn: error: typo.yaml, line 6: "),
        ("learn back.csv -o x.yaml", "mechlearn: error: back.csv, line 5, "),
        ("learn runs.csv --no", "Usage: mechlearn learn "),
    ],
)
def test_the_process_answers_2_and_prints_only_on_stderr(place: Path, line: str, message: str) -> None:
    found = subprocess.run([sys.executable, "-m", "mechlearn", *line.split()], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith(message)
    assert "Traceback" not in found.stderr


def test_the_good_inputs_are_good(place: Path) -> None:
    assert ml.load_study("study.yaml").source is not None
    assert len(ml.read_csv("runs.csv")) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no folder in which a process is")
def test_a_folder_that_was_removed_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    removed = f"cd {tmp_path}/gone && rmdir {tmp_path}/gone && exec {sys.executable} -m mechlearn init"
    found = subprocess.run(["sh", "-c", removed], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (2, "")
    assert "The folder in which this runs was removed" in found.stderr


def test_a_home_that_cannot_be_written_to_is_no_remark(tmp_path: Path) -> None:
    environment = {
        k: v for k, v in os.environ.items() if k not in ("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    }
    (tmp_path / "home").write_text("a file, so that no folder can be made in it")
    environment |= {"HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-m", "mechlearn", "graph", "fuel-radical-product.yaml", "-o", "x.svg"]
    found = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
