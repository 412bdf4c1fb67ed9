"""From data with production rates to the reactions that made them: by commands, by each learner, and from Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest

import mechlearn as ml

from .studies import MECHANISMS, command, example, known
from .words import CANDIDATES

EXAMPLES = {
    "fuel-radical-product": {},
    "michaelis-menten": {},
    "crnn-case1": {"times": "{end: 40.0, count: 20}"},
    "hydrogen-oxidation": {"temperature": "1000 K"},
}


@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("name", EXAMPLES)
def test_four_commands_lead_from_a_study_to_the_same_reactions(tmp_path: Path, name: str, seed: int) -> None:
    (tmp_path / "study.yaml").write_text(example(name, runs=15, seed=seed, **EXAMPLES[name]))
    assert command(tmp_path, "simulate study.yaml -o runs.csv").status == 0
    learnt = command(tmp_path, f"learn runs.csv -o learned.yaml --seed {seed} --json -")
    assert (learnt.status, learnt.json["status"]) == (0, "recovered"), learnt.json["message"]
    checked = command(tmp_path, "validate learned.yaml runs.csv --tolerance 1e-6 --json -")
    assert (checked.status, checked.json["passed"]) == (0, True)
    compared = command(tmp_path, f"compare learned.yaml {MECHANISMS}/{name}.yaml --json -")
    assert (compared.status, compared.json["exact"]) == (0, True), compared.out
    assert compared.json["max_relative_rate_error"] < 1e-6


@pytest.mark.parametrize("method", ["network", CANDIDATES, "both"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_learner_finds_the_reactions_by_itself(tmp_path: Path, name: str, method: str) -> None:
    text = example(name, runs=20, seed=21, more=f"learn: {{method: {method}}}\n", **EXAMPLES[name])
    (tmp_path / "study.yaml").write_text(text)
    command(tmp_path, "simulate study.yaml -o runs.h5")
    learnt = command(tmp_path, "learn runs.h5 -o learned.yaml --study study.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (0, "recovered"), learnt.json["message"]
    found = ml.compare(ml.read_mechanism(tmp_path / "learned.yaml"), known(name))
    assert found.exact
    assert found.max_relative_rate_error is not None
    assert found.max_relative_rate_error < 1e-6


def test_the_number_of_reactions_may_be_given_or_not(done: Path, tmp_path: Path) -> None:
    for option in ("--reactions 2", "--reactions 5", "--reactions auto --conserve none", "--conserve data --seed 4"):
        learnt = command(tmp_path, f"learn {done}/runs.csv -o learned.yaml {option} --json -")
        assert (learnt.status, learnt.json["n_reactions"]) == (0, 2), option
        assert ml.compare(ml.read_mechanism(tmp_path / "learned.yaml"), known("fuel-radical-product")).exact


def test_the_lines_of_python_lead_from_a_study_to_a_validated_mechanism(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(example("michaelis-menten", runs=20, seed=31))
    train, held = ml.simulate(tmp_path / "study.yaml").split(hold_out=0.2, seed=0)
    assert held is not None
    discovery = ml.discover(ml.differential_balances(train), ml.Search(reactions="auto", seed=0))
    assert (discovery.status, len(train), len(held)) == ("recovered", 16, 4)
    ml.write_mechanism(discovery.mechanism, tmp_path / "learned.yaml")
    gas = ml.to_cantera(discovery.mechanism)
    assert gas.n_species == 4
    graph = ml.reaction_graph(discovery.mechanism)
    assert nx.is_bipartite(graph)
    assert {"E", "S", "ES", "P"} <= set(graph)
    assert ml.validate(discovery.mechanism, held, tolerance=1e-6).passed
    for mechanism in (discovery.mechanism, ml.read_mechanism(tmp_path / "learned.yaml")):
        assert ml.compare(mechanism, known("michaelis-menten")).exact


@pytest.mark.parametrize("form", ["differential_balances", "integral_balances", "weak_balances"])
def test_all_forms_of_balances_give_the_reactions_from_exact_concentrations(tmp_path: Path, form: str) -> None:
    (tmp_path / "study.yaml").write_text(example("crnn-case1", runs=8, seed=41, times="{end: 20.0, count: 81}"))
    runs = ml.simulate(tmp_path / "study.yaml")
    bare = runs.select([replace(run, rates=None) for run in runs.runs])
    discovery = ml.discover(getattr(ml, form)(bare))
    found = ml.compare(discovery.mechanism, known("crnn-case1"))
    assert found.exact, discovery.message
    assert found.max_relative_rate_error is not None
    assert found.max_relative_rate_error < 1e-3
