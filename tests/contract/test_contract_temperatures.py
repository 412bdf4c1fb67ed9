"""Several temperatures: Arrhenius laws whose reverse follows from thermodynamics, from random and designed states."""

from __future__ import annotations

from pathlib import Path

import pytest

import mechlearn as ml

from .studies import command, summary_of
from .words import APPROXIMATE_RATE_LAWS, CANDIDATES, DILUENT

HYDROGEN = """\
units: {length: cm, time: s, quantity: mol, activation-energy: cal/mol}
phases:
- {name: gas, thermo: ideal-gas, elements: [H, O, N], kinetics: gas, state: {T: 1500.0, P: 1 atm},
   species: [{h2o2.yaml/species: [H2, H, O, O2, OH, H2O, N2]}]}
reactions:
- {equation: O + H2 <=> H + OH, rate-constant: {A: 3.87e+04, b: 2.7, Ea: 6260.0}}
- {equation: H + O2 <=> O + OH, rate-constant: {A: 2.65e+16, b: -0.6707, Ea: 1.7041e+04}}
- {equation: OH + H2 <=> H + H2O, rate-constant: {A: 2.16e+08, b: 1.51, Ea: 3430.0}}
- {equation: 2 OH <=> O + H2O, rate-constant: {A: 3.57e+04, b: 2.4, Ea: -2110.0}}
"""
STUDY = """\
source:
  mechanism: hydrogen.yaml
  reactor: isothermal
  temperature: {{from: 1000 K, to: 2500 K, count: 7}}
  pressure: 1 atm
  initial: {initial}
  times: none
  seed: {seed}
learn: {{method: {method}, reverse: thermo, temperature_dependence: arrhenius}}
"""
RANDOM = "{sample: log-uniform, of: mole-fractions, low: 1.0e-3, high: 1, runs: 24}"
DESIGNED = f"{{sample: designed, {DILUENT}: {{N2: 1}}}}"


def written(folder: Path, initial: str, method: str, seed: int = 0) -> Path:
    (folder / "hydrogen.yaml").write_text(HYDROGEN)
    (folder / "study.yaml").write_text(STUDY.format(initial=initial, method=method, seed=seed))
    return folder


def assert_same_laws(folder: Path, found: str) -> None:
    """The same reactions, with the same rate constants both ways at every temperature."""
    known = ml.read_mechanism(folder / "hydrogen.yaml")
    for temperature in (900.0, 1500.0, 2600.0):
        comparison = ml.compare(ml.read_mechanism(folder / found), known, temperature=temperature)
        assert comparison.exact
        assert len(comparison.matched) == 8
        assert comparison.max_relative_rate_error is not None
        assert comparison.max_relative_rate_error < 1e-4


@pytest.mark.parametrize(("method", "seed"), [(CANDIDATES, 81), (CANDIDATES, 82), ("network", 83)])
def test_random_states_give_arrhenius_laws(tmp_path: Path, method: str, seed: int) -> None:
    written(tmp_path, RANDOM, method, seed)
    assert command(tmp_path, "simulate study.yaml -o runs.csv").status == 0
    learnt = command(tmp_path, "learn runs.csv -o learned.yaml --study study.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (1, APPROXIMATE_RATE_LAWS), learnt.json["message"]
    assert_same_laws(tmp_path, "learned.yaml")


def test_designed_states_give_arrhenius_laws_that_fresh_runs_confirm(tmp_path: Path) -> None:
    written(tmp_path, DESIGNED, CANDIDATES)
    assert command(tmp_path, "run study.yaml -o out").status == 0
    summary = summary_of(tmp_path / "out")
    assert (summary["status"], summary["n_reactions"]) == ("recovered", 4)
    assert (summary["validation"]["passed"], summary["validation"]["held_out"]) == (True, True)
    assert_same_laws(tmp_path, "out/learned.yaml")
