"""What ``run`` writes: every file of the contract, the keys of the summary, and a folder that nobody spoils."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import cantera as ct
import networkx as nx
import pytest

import mechlearn as ml

from .studies import command, content_of, summary_of

FILES = {
    "learned.yaml",
    "study.yaml",
    "runs.h5",
    "summary.json",
    "graph.graphml",
    "graph.svg",
    "validation.svg",
    "pathways.html",
    "report.html",
}
KEYS = {
    "status",
    "message",
    "reactions",
    "n_reactions",
    "loss",
    "relative_error",
    "seconds",
    "seed",
    "validation",
    "files",
    "versions",
}
VALIDATION_KEYS = {
    "passed",
    "held_out",
    "max_relative_error",
    "per_species",
    "per_run",
    "ignition_delay",
    "conservation",
}
REACTION_KEYS = {"equation", "reactants", "products", "forward", "reverse", "std_error_log_k", "contribution"}


def test_run_writes_the_files_of_the_contract_and_names_them(done: Path) -> None:
    written = content_of(done / "results")
    assert set(written) >= FILES
    assert set(summary_of(done / "results")["files"]) == set(written)
    mechanisms = [name for name in written if name.endswith(".yaml") and b"reactions:" in written[name]]
    assert mechanisms == ["learned.yaml"]


def test_every_file_can_be_read_by_what_it_is_for(done: Path) -> None:
    results = done / "results"
    assert ct.Solution(str(results / "learned.yaml")).n_reactions == 4
    assert ml.load_study(results / "study.yaml").source is not None
    assert len(ml.read_hdf5(results / "runs.h5")) == 10
    assert {"F", "R", "P"} <= set(nx.read_graphml(results / "graph.graphml"))
    for picture in ("graph.svg", "validation.svg"):
        assert ElementTree.parse(results / picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    for page in ("pathways.html", "report.html"):
        text = (results / page).read_text(encoding="utf-8")
        assert text.lower().startswith("<!doctype html>")
        assert text.rstrip().endswith("</html>")


def test_the_summary_has_its_keys(done: Path) -> None:
    summary = summary_of(done / "results")
    assert set(summary) >= KEYS
    assert set(summary["validation"]) >= VALIDATION_KEYS
    assert {"training", "held_out"} <= set(summary["relative_error"])
    assert (summary["status"], summary["n_reactions"], summary["seed"]) == ("recovered", 2, 0)
    assert (summary["validation"]["passed"], summary["validation"]["held_out"]) == (True, True)
    assert set(summary["validation"]["per_species"]) == {"F", "R", "P"}
    assert len(summary["validation"]["per_run"]) == 2
    assert "mechlearn" in summary["versions"]
    assert all(value >= 0 for value in summary["seconds"].values())
    for reaction in summary["reactions"]:
        assert set(reaction) >= REACTION_KEYS
        assert set(reaction["forward"]) == set(reaction["reverse"]) == {"A", "b", "Ea"}
        assert 0 < reaction["contribution"] <= 1
    constants = sorted(reaction[way]["A"] for reaction in summary["reactions"] for way in ("forward", "reverse"))
    assert constants == pytest.approx([1.0, 1.0, 1e3, 1e3], rel=1e-9)


def test_learn_says_in_json_what_run_keeps(done: Path, tmp_path: Path) -> None:
    line = f"learn {done}/runs.h5 -o learned.yaml --study {done}/study.yaml --json learned.json"
    assert command(tmp_path, line).status == 0
    learnt, kept = json.loads((tmp_path / "learned.json").read_text()), summary_of(done / "results")
    assert set(learnt) >= KEYS
    for key in ("status", "n_reactions", "loss", "seed", "relative_error"):
        assert learnt[key] == kept[key]
    assert (tmp_path / "learned.yaml").read_bytes() == (done / "results" / "learned.yaml").read_bytes()


def test_another_study_replaces_results_only_if_told_to(done: Path, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text((done / "study.yaml").read_text().replace("seed: 0", "seed: 121"))
    shutil.copytree(done / "results", tmp_path / "out")
    before = content_of(tmp_path / "out")
    refused = command(tmp_path, "run other.yaml -o out")
    assert (refused.status, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "--overwrite" in refused.err
    assert content_of(tmp_path / "out") == before
    assert command(tmp_path, "run other.yaml -o out --overwrite").status == 0
    assert summary_of(tmp_path / "out")["status"] == "recovered"
    assert (tmp_path / "out" / "runs.h5").read_bytes() != before["runs.h5"]


def test_a_study_of_data_names_its_files_from_the_results(done: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "runs.csv").write_bytes((done / "runs.csv").read_bytes())
    (tmp_path / "in" / "study.yaml").write_text("data: runs.csv\n")
    assert command(tmp_path, "run in/study.yaml -o out").status == 0
    assert ml.load_study(tmp_path / "out" / "study.yaml").data == ("../in/runs.csv",)
    (tmp_path / "elsewhere").mkdir()
    assert command(tmp_path / "elsewhere", "run ../out/study.yaml -o again").status == 0
    learnt = [ml.read_mechanism(tmp_path / p / "learned.yaml") for p in ("out", "elsewhere/again")]
    assert ml.compare(*learnt).exact
