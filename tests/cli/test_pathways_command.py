"""``mechlearn graph`` along a run: what it writes and says, and what it refuses."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import cantera as ct
import networkx as nx
import pytest

from mechlearn.__main__ import main
from mechlearn.formats.tables.csv import write_csv

from ..pathway_runs import at_ignition, runs_of

Call = Callable[..., tuple[int, str, str]]

STUDY = """
source:
  mechanism: h2o2.yaml
  temperature: 1200 K
  pressure: 1 atm
  initial: {X: "H2:2, O2:1, AR:4"}
  times: {end: 0.2 ms, count: 41}
"""


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    write_csv(runs_of("gri30.yaml"), "runs.csv")
    Path("study.yaml").write_text(STUDY)

    def run_command(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["mechlearn", *line.split()])
        with pytest.raises(SystemExit) as exit_:
            main()
        said = capsys.readouterr()
        return int(exit_.value.code or 0), said.out, said.err

    return run_command


def test_strongest_paths_are_named_and_written(call: Call) -> None:
    line = "graph gri30.yaml --runs runs.csv --element C --from CH4 --to CO2 --threshold 0.01 --net --paths 5"
    status, out, _ = call(f"{line} --conversion CH4=0.5 -o a.graphml --json a.json")
    assert (status, Path("a.graphml").is_file()) == (0, True)
    assert re.search(r"37\.\d\d%  CH4 → CH3 → CH3O → CH2O → HCO → CO → CO2", out)
    said = json.loads(Path("a.json").read_text())
    assert said["files"] == ["a.graphml"]
    assert said["paths"][0]["species"] == ["CH4", "CH3", "CH3O", "CH2O", "HCO", "CO", "CO2"]
    assert said["from_time"] == pytest.approx(at_ignition().from_time)
    graph = nx.read_graphml("a.graphml")
    assert (len(graph), graph.size()) == (said["nodes"], said["edges"])
    assert graph.edges["CH4", "CH3"]["fraction"] > 0.99


def test_a_study_is_simulated_and_the_whole_run_is_the_default(call: Call) -> None:
    status, out, _ = call("graph h2o2.yaml --study study.yaml --element O --net --threshold 0.001 -o a.svg")
    assert (status, "0 s to 0.0002 s, integrated" in out) == (0, True)
    assert "Net flux of O in h2o2.yaml" in Path("a.svg").read_text()
    assert call("graph h2o2.yaml --study study.yaml --element O --to-time 1e-4 --normalise max -o a.json")[0] == 0
    graph = nx.node_link_graph(json.loads(Path("a.json").read_text()), edges="edges")
    assert graph.graph["to_time"] == 1e-4
    assert max(flux for *_, flux in graph.edges(data="flux")) == 1.0


def test_without_an_element_species_and_reactions_have_their_rates(call: Call) -> None:
    assert call("graph h2o2.yaml --study study.yaml --time 4e-5 -o a.graphml")[0] == 0
    graph = nx.read_graphml("a.graphml")
    assert len(graph) == 39
    assert graph.nodes["R11: H + O2 <=> O + OH"]["progress"] > 0


def test_times_too_far_apart_are_named_and_refined(call: Call) -> None:
    Path("coarse.yaml").write_text(STUDY.replace("count: 41", "count: 4"))
    line = "graph h2o2.yaml --study coarse.yaml --element O --net -o a.json"
    assert "too far apart: the integral is wrong by" in call(line)[1]
    status, out, _ = call(f"{line} --refine --json b.json")
    assert (status, "too far apart" in out) == (0, False)
    assert json.loads(Path("b.json").read_text())["integration_error"] < 1e-3


def test_isomers_are_put_together(call: Call) -> None:
    line = "graph gri30.yaml --runs runs.csv --element C --lump --from CH4 --to CH2 --time 4.6e-4 --net -o a.json"
    assert call(line)[0] == 0
    assert "CH2 + CH2(S)" in nx.node_link_graph(json.loads(Path("a.json").read_text()), edges="edges")


def test_a_table_of_production(call: Call) -> None:
    status, out, _ = call("graph gri30.yaml --runs runs.csv --from CH3 --to CO --time 4.6e-4 -o a.csv --json -")
    assert status == 0
    with Path("a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["species"] for row in rows} == {"CH3", "CO"}
    assert [row["equation"] for row in json.loads(out)["rows"]] == [row["equation"] for row in rows]


GRI = "graph gri30.yaml --runs runs.csv -o a.json "
REFUSED = {
    "graph gri30.yaml --element C -o a.json": ["none is given. Name a study (--study) or its runs (--runs)"],
    "graph gri30.yaml --study study.yaml --runs runs.csv -o a.json": ["either --study or --runs, not both"],
    "graph gri30.yaml --runs runs.csv -o a.pdf": ["a.pdf: the ending", ".graphml"],
    "graph gri30.yaml --runs runs.csv -o a.csv": ["A table of production is that of a species"],
    "graph gri30.yaml --runs runs.csv --element C -o missing/a.json": ["missing", "does not exist. Make it first."],
    "graph h2o2.yaml --runs runs.csv -o a.json": ["h2o2.yaml lacks C, CH", "Give the mechanism of these runs"],
    "graph none.yaml --runs runs.csv -o a.json": ["There is no mechanism", "none.yaml"],
    GRI + "--element Xx": ["no element 'Xx'", "Name one of C, H"],
    GRI + "--element C --from CH5": ["no species 'CH5'"],
    GRI + "--element C --from ch4": ["Did you mean 'CH4'?"],
    GRI + "--element C --from N2": ["no node 'N2'", "holds no C"],
    GRI + "--element C --net --from CH4 --to CN --threshold 0.05": ["No flux of CN is above the threshold"],
    GRI + "--element C --threshold 2": ["The threshold is 2", "from 0 to 1"],
    GRI + "--element C --time 1": ["outside it. Name a time inside."],
    GRI + "--element C --conversion CH4": ["'CH4' is not understood", "as CH4=0.5"],
    GRI + "--element C --conversion CH4=0.1:0.2:0.3": ["is not understood"],
    GRI + "--element C --conversion CH4=0.9:0.1": ["is no span of time"],
    GRI + "--element C --conversion N2=0.5": ["of N2 at most, never 0.5"],
    GRI + "--element C --time 1e-4 --integrated": ["Ask for one of them."],
    GRI + "--element C --from-time 1e-3 --to-time 1e-4": ["is no span of time"],
    GRI + "--element C --paths 3": ["Name both (--from, --to)"],
    GRI + "--from CH4": ["Name one, as --element C"],
    GRI + "--element C --run x": ["no run 'x'"],
    GRI + "--element C --phase liquid": ["no phase 'liquid'"],
    GRI + "--element Ar --normalise max": ["No Ar flows"],
}


@pytest.mark.parametrize("line", list(REFUSED))
def test_bad_lines_get_one_message_and_no_file(call: Call, line: str) -> None:
    status, out, err = call(line)
    assert (status, out) == (2, "")
    assert err.startswith("mechlearn: error: ")
    assert len(err.splitlines()) == 1
    for part in REFUSED[line]:
        assert part in err
    assert not list(Path().glob("a.*"))


def test_a_mechanism_is_drawn_against_another(call: Call) -> None:
    gas = ct.Solution("gri30.yaml")
    fewer = [each for each in gas.reactions() if each.equation != "CH3 + O2 <=> CH3O + O"]
    ct.Solution(thermo="ideal-gas", kinetics="gas", species=gas.species(), reactions=fewer).write_yaml("fewer.yaml")
    line = "graph fewer.yaml --runs runs.csv --element C --net --conversion CH4=0.5"
    assert call(f"{line} --against gri30.yaml -o a.graphml")[0] == 0
    changed = {(a, b): each for a, b, each in nx.read_graphml("a.graphml").edges(data="flux") if abs(each) > 1e-9}
    assert list(changed) == [("CH3", "CH3O")]
    assert changed["CH3", "CH3O"] < 0
    for wrong in ("--against gri30.yaml -o a.html", "--against gri30.yaml --paths 2 --from CH4 --to CO2 -o a.svg"):
        assert call(f"{line} {wrong}")[0] == 2


def test_species_that_a_mechanism_lacks_are_left_out_where_that_is_asked(call: Call) -> None:
    line = "graph h2o2.yaml --runs runs.csv --element H --net --conversion CH4=0.5 -o a.svg"
    status, _, error = call(line)
    assert (status, "h2o2.yaml lacks C" in error) == (2, True)
    assert call(f"{line.replace(' --conversion CH4=0.5', ' --time 1e-4')} --leave-out")[0] == 0
