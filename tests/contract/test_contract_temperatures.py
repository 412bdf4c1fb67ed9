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


CHAIN = """\
units: {length: m, quantity: kmol, activation-energy: kJ/mol}
phases:
- {name: chain, thermo: ideal-gas, species: [A, B, C], kinetics: gas, state: {T: 300.0, P: 1 atm}}
species:
- {name: A, composition: {C: 1}, thermo: {model: constant-cp, h0: 0 J/kmol}}
- {name: B, composition: {C: 1}, thermo: {model: constant-cp, h0: 0 J/kmol}}
- {name: C, composition: {C: 1}, thermo: {model: constant-cp, h0: 0 J/kmol}}
reactions:
- {equation: A => B, rate-constant: {A: 1.0e+10, b: 0, Ea: 80.0}}
- {equation: B => C, rate-constant: {A: 1.0e+12, b: 0, Ea: 100.0}}
"""
HEATED = """\
source:
  mechanism: chain.yaml
  reactor: given-temperature
  heating_rate: [2 K/min, 5 K/min, 10 K/min]
  temperature: 320 K
  initial: {sample: uniform, low: 0.5, high: 2.0, species: [A], runs: 2}
  times: {end: 10 min, count: 40}
  noise: {relative: 0.01, of_range: 0.001}
  seed: 4
learn: {seconds: 60}
"""


@pytest.fixture(scope="module")
def heated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heated")
    (folder / "chain.yaml").write_text(CHAIN)
    (folder / "study.yaml").write_text(HEATED)
    return folder


def test_heated_runs_give_activation_energies_that_cantera_confirms_along_the_same_ramps(heated: Path) -> None:
    answer = command(heated, "run study.yaml -o out")
    summary = summary_of(heated / "out")
    assert {each["equation"] for each in summary["reactions"]} == {"A => B", "B => C"}, answer.out
    for each, energy in zip(sorted(summary["reactions"], key=lambda r: r["equation"]), (80e6, 100e6), strict=True):
        assert each["forward"]["Ea"] == pytest.approx(energy, rel=0.05)
    assert (summary["validation"]["passed"], summary["validation"]["held_out"]) == (True, True)
    names = {each["name"] for each in summary["uncertainty"]["parameters"]}
    assert names == {f"{equation}: {part}" for equation in ("A => B", "B => C") for part in ("ln A", "Ea")}


def test_a_table_with_a_column_of_temperatures_that_rise_needs_no_word_for_its_reactor(heated: Path) -> None:
    assert command(heated, "simulate study.yaml -o runs.csv").status == 0
    table = (heated / "runs.csv").read_text().replace("# reactor: given-temperature\n", "").splitlines()
    head = next(i for i, line in enumerate(table) if line.startswith("run,"))
    places = [i for i, name in enumerate(table[head].split(",")) if not name.startswith("P")]
    rows = [",".join(line.split(",")[i] for i in places) for line in table[head:]]
    (heated / "mine.csv").write_text("\n".join(rows) + "\n")
    learnt = command(heated, "learn mine.csv -o mine.yaml --json -")
    assert {each["equation"] for each in learnt.json["reactions"]} == {"A => B", "B => C"}
    validated = command(heated, "validate mine.yaml mine.csv")
    assert (validated.status, "Passed" in validated.out) == (0, True), validated.out + validated.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("  heating_rate: [2 K/min, 5 K/min, 10 K/min]\n", ""), "heating_rate and `reactor: given-temperature`"),
        (("given-temperature", "isothermal"), "heating_rate and `reactor: given-temperature`"),
        (("2 K/min", "2 K"), "is not a unit of heating rate"),
        (("{end: 10 min, count: 40}", "none"), "single states"),
    ],
)
def test_heating_that_says_too_little_is_refused(heated: Path, change: tuple[str, str], message: str) -> None:
    (heated / "wrong.study.yaml").write_text(HEATED.replace(*change))
    answer = command(heated, "run wrong.study.yaml -o wrong")
    assert (answer.status, message in answer.err) == (2, True), answer.err
    assert not (heated / "wrong").exists()
