"""What every command owes: one message for bad input, JSON alone on stdout, silence, and files by their ending."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import mechlearn as ml
from mechlearn.__main__ import main

from .studies import Run, command, content_of, example, write_runs

HEAD = "run,time [s],T [K],F [kmol/m^3],R [kmol/m^3],d(F)/dt [kmol/m^3/s],d(R)/dt [kmol/m^3/s]\n"
ROWS = "a,0,300,1,0,-1,1\na,1,300,0.5,0.5,-0.5,0.5\nb,0,300,2,0,-2,2\nb,1,300,1,1,-1,1\n"
STUDY = example("fuel-radical-product", runs=4, more="learn: {restarts: 2}\n")
INPUTS = {
    "study.yaml": STUDY,
    "typo.yaml": STUDY.replace("restarts:", "restart:"),
    "unit.yaml": STUDY.replace("300 K", "300 kg"),
    "lost.yaml": STUDY.replace("fuel-radical", "fool-radical"),
    "refused.yaml": "phases:\n- {name: gas, thermo: ideal-gas, elements: [H], species: [H], kinetics: gas}\n"
    "species:\n- {name: H, composition: {H: 1}, thermo: {model: constant-cq}}\n",
    "runs.csv": HEAD + ROWS,
    "empty.csv": "",
    "no-time.csv": HEAD.replace("time [s],", "") + ROWS.replace(",0,300", ",300").replace(",1,300", ",300"),
    "nan-time.csv": HEAD + ROWS.replace("b,1,300", "b,nan,300"),
    "back.csv": HEAD + ROWS.replace("b,1,", "b,-1,"),
    "furlong.csv": HEAD.replace("F [kmol/m^3]", "F [furlong]") + ROWS,
    "text.csv": HEAD + ROWS.replace("0.5,0.5,-0.5", "half,0.5,-0.5"),
}
REFUSED = {
    "run typo.yaml -o out": ["typo.yaml, line 7", "restart", "did you mean", "restarts"],
    "run unit.yaml -o out": ["unit.yaml, line 3", "temperature", "kg"],
    "run lost.yaml -o out": ["fool-radical-product.yaml"],
    "run none.yaml -o out": ["none.yaml"],
    "simulate study.yaml -o runs.txt": ["runs.txt", ".csv"],
    "learn empty.csv -o x.yaml": ["empty.csv"],
    "learn no-time.csv -o x.yaml": ["no-time.csv", "time"],
    "learn nan-time.csv -o x.yaml": ["nan-time.csv", "line 5", "time"],
    "learn back.csv -o x.yaml": ["back.csv", "line 5", "time must increase"],
    "learn text.csv -o x.yaml": ["text.csv", "line 3", "half"],
    "learn furlong.csv -o x.yaml --mechanism fuel-radical-product.yaml": ["furlong"],
    "learn runs.csv -o x.yaml --mechanism refused.yaml": ["refused.yaml", "constant-cq"],
    "learn runs.csv -o x.yaml --reactions many": ["many"],
    "learn runs.csv -o x.yaml --reaction 2": ["--reaction"],
    "validate refused.yaml runs.csv": ["refused.yaml", "constant-cq"],
    "compare h2o2.yaml refused.yaml": ["refused.yaml", "constant-cq"],
    "graph h2o2.yaml -o x.pdf": ["x.pdf", ".graphml"],
    "reduce study.yaml -o out": ["reduce:"],
    "lern runs.csv": ["lern"],
}
NETWORKS = {
    "graphml": b"<?xml",
    "gexf": b"<?xml",
    "json": b"{",
    "dot": b"digraph",
    "svg": b"<?xml",
    "png": b"\x89PNG",
}


class Terminal(StringIO):
    """A stderr on which progress is drawn."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good and bad inputs, in which nothing is to be written."""
    folder = tmp_path_factory.mktemp("place")
    for name, text in INPUTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("line", REFUSED)
def test_bad_input_is_refused_in_one_message_and_nothing_is_written(place: Path, line: str) -> None:
    before = content_of(place)
    answer = command(place, line)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.lower().count("error") == 1
    assert "Traceback" not in answer.err
    message = " ".join(answer.err.split())
    for part in REFUSED[line]:
        assert part in message
    assert content_of(place) == before


def test_a_process_answers_2_without_a_traceback(place: Path) -> None:
    line = [sys.executable, "-m", "mechlearn", "learn", "back.csv", "-o", "x.yaml"]
    found = subprocess.run(line, cwd=place, capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)


def test_each_name_of_an_example_gives_a_study_that_works(tmp_path: Path) -> None:
    listed = command(tmp_path, "init")
    assert listed.status == 0
    assert {"hydrogen-oxidation", "fuel-radical-product", "h2o2"} <= set(listed.out.split())
    assert command(tmp_path, "init fuel-radical-product -o mine.yaml").status == 0
    assert command(tmp_path, "init fuel-radical-product -o mine.yaml").status == 2
    assert command(tmp_path, "simulate mine.yaml -o runs.csv").status == 0
    assert len(ml.read_csv(tmp_path / "runs.csv")) == 100


def test_json_stands_alone_on_stdout_and_files_are_named(done: Path, tmp_path: Path) -> None:
    learned = done / "results" / "learned.yaml"
    lines = {
        "init": [],
        "init crnn-case1 -o study.yaml": ["study.yaml"],
        f"simulate {done}/study.yaml -o runs.csv": ["runs.csv"],
        f"inspect {done}/runs.csv": [],
        f"learn {done}/runs.csv -o learned.yaml": ["learned.yaml"],
        f"validate {learned} {done}/runs.csv --report report.html": ["report.html"],
        f"compare {learned} fuel-radical-product.yaml": [],
        f"graph {learned} -o graph.svg": ["graph.svg"],
        f"run {done}/study.yaml -o out": ["out/learned.yaml", "out/summary.json"],
    }
    for line, files in lines.items():
        answer = command(tmp_path, f"{line} --json -")
        assert answer.status == 0
        said = json.dumps(answer.json)
        assert answer.err
        for name in files:
            assert (tmp_path / name).is_file()
            assert Path(name).name in said
            assert f"Wrote {name}" in answer.err
    written = command(tmp_path, f"compare {learned} {learned} --json compared.json")
    assert (written.status, "Wrote compared.json" in written.out) == (0, True)
    assert json.loads((tmp_path / "compared.json").read_text())["exact"] is True


def test_quiet_commands_draw_no_progress(tmp_path: Path) -> None:
    generator = np.random.default_rng(131)
    time = np.linspace(0.0, 1.0, 11)
    states = generator.uniform(0.05, 1.0, (30, 11, 3))
    runs = [Run(time, state, generator.normal(size=(11, 3))) for state in states]
    write_runs(tmp_path / "runs.csv", "ABC", runs, head="# reactor: isothermal\n")
    drawn = []
    for option in ("", " --quiet"):
        screen = Terminal()
        line = f"learn runs.csv -o learned.yaml --restarts 2 --seconds 2{option}"
        with chdir(tmp_path), redirect_stdout(StringIO()), redirect_stderr(screen), pytest.raises(SystemExit):
            main(line.split())
        drawn.append(screen.getvalue())
    assert drawn[0]
    assert not drawn[1]


@pytest.mark.parametrize("ending", NETWORKS)
def test_a_network_is_written_in_each_format(done: Path, tmp_path: Path, ending: str) -> None:
    answer = command(tmp_path, f"graph {done}/results/learned.yaml -o network.{ending} --json -")
    assert (answer.status, answer.json["nodes"]) == (0, 7)
    assert (tmp_path / f"network.{ending}").read_bytes().startswith(NETWORKS[ending])


def test_formats_of_a_network_hold_the_same(done: Path, tmp_path: Path) -> None:
    for ending in ("graphml", "gexf", "json"):
        command(tmp_path, f"graph {done}/results/learned.yaml -o network.{ending}")
    graphs = [nx.read_graphml(tmp_path / "network.graphml"), nx.read_gexf(tmp_path / "network.gexf")]
    content = json.loads((tmp_path / "network.json").read_text())
    (key,) = {"edges", "links"} & set(content)
    graphs.append(nx.node_link_graph(content, edges=key))
    graphs.append(ml.reaction_graph(ml.read_mechanism(done / "results" / "learned.yaml")))
    assert [set(graph) for graph in graphs] == [set(graphs[0])] * 4
    assert [set(graph.edges()) for graph in graphs] == [set(graphs[0].edges())] * 4
    assert (len(graphs[0]), graphs[0].size()) == (7, 8)


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    shown = command(tmp_path, "--version")
    assert (shown.status, shown.out) == (0, f"mechlearn {ml.__version__}\n")
