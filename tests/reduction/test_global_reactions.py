"""Learnt lumps in reductions: taken where they make a mechanism smaller, refused where they do not."""

from __future__ import annotations

import json
from pathlib import Path

import cantera as ct
import numpy as np
import pytest
import scipy.sparse as sp

import mechlearn as ml
from mechlearn.chemistry.mechanism import Species
from mechlearn.data.balances.balances import Balances
from mechlearn.discovery.candidate_fit import candidate_fit
from mechlearn.discovery.settings import Search
from mechlearn.errors import StudyError
from mechlearn.study.schema import load_study

CHAIN = """
phases:
- {name: gas, thermo: ideal-gas, elements: [C, N], species: [A, X, B, N2], kinetics: gas, state: {T: 300, P: 1 atm}}
units: {energy: J, quantity: kmol, activation-energy: J/kmol}
species:
- {name: A, composition: {C: 1}, thermo: {model: constant-cp, h0: 3.0e+8, s0: 1.5e+5, cp0: 4.0e+4}}
- {name: X, composition: {C: 1}, thermo: {model: constant-cp, h0: 2.9e+8, s0: 1.5e+5, cp0: 4.0e+4}}
- {name: B, composition: {C: 1}, thermo: {model: constant-cp, h0: 0.0, s0: 1.5e+5, cp0: 4.0e+4}}
- {name: N2, composition: {N: 2}, thermo: {model: constant-cp, h0: 0.0, s0: 1.9e+5, cp0: 3.0e+4}}
reactions:
- {equation: A => X, rate-constant: {A: 1.0e+9, b: 0, Ea: 1.5e+8}}
- {equation: X => B, rate-constant: {A: FAST, b: 0, Ea: 2.0e+7}}
"""
STUDY = """
source:
  mechanism: chain.yaml
  reactor: constant-volume
  temperature: [900, 1100]
  pressure: 1 atm
  initial: {X: "A:0.3, N2:0.7"}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.02}, temperature: {limit: 0.02}, species: {limit: 0.05, names: [A, B]}}
  rates: refit
  global_reactions: true
  held_out: {temperature: [1000]}
"""


def study(folder: Path, fast: str, text: str = STUDY) -> Path:
    (folder / "chain.yaml").write_text(CHAIN.replace("FAST", fast))
    (folder / "chain.study.yaml").write_text(text)
    return folder / "chain.study.yaml"


def test_a_fast_intermediate_makes_way_for_the_reaction_past_it(tmp_path: Path) -> None:
    path = study(tmp_path, "1.0e+9")
    found = ml.reduce_study(load_study(path), tmp_path / "results", cores=1)
    assert found.held
    assert [reaction.equation for reaction in found.mechanism.reactions] == ["A => B"]
    assert found.summary["global_reactions"] == ["A => B"]
    assert "3 of 4 species and 0 of 2 reactions are left with 1 global reaction, within" in found.summary["message"]
    assert "A =&gt; B (learnt)" in (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    assert found.summary["held_out"]["max_delay_error"] < 0.02
    gas, source = ct.Solution(str(tmp_path / "results" / "reduced.yaml")), ct.Solution(str(tmp_path / "chain.yaml"))
    assert set(gas.species_names) == {"A", "B", "N2"}
    for temperature in (900.0, 1300.0):
        gas.TP = source.TP = temperature, ct.one_atm
        assert gas.forward_rate_constants[0] == pytest.approx(source.forward_rate_constants[0], rel=0.02)
    saved = json.loads((tmp_path / "results" / "stages" / "stages.json").read_text())
    assert "global_reactions" in [stage["step"] for stage in saved["stages"]]
    saved["iteration"] = saved["stages"][-1]["iteration"]
    other = tmp_path / "again" / "stages"
    other.mkdir(parents=True)
    (other / "stages.json").write_text(json.dumps(saved))
    again = ml.reduce_study(load_study(path), tmp_path / "again", cores=2)
    assert again.stages == found.stages
    assert (tmp_path / "again" / "reduced.yaml").read_bytes() == (tmp_path / "results" / "reduced.yaml").read_bytes()


@pytest.mark.parametrize(("fast", "lumps"), [("1.0e+9", "false"), ("3.0e+3", "true")])
def test_nothing_is_lumped_unasked_or_past_a_slow_intermediate(tmp_path: Path, fast: str, lumps: str) -> None:
    path = study(tmp_path, fast, STUDY.replace("global_reactions: true", f"global_reactions: {lumps}"))
    found = ml.reduce_study(load_study(path), tmp_path / "results", cores=1)
    assert found.held
    assert [reaction.equation for reaction in found.mechanism.reactions] == ["A => X", "X => B"]
    assert found.summary["global_reactions"] == []


def test_lumps_with_rates_that_stay_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="global reactions are fitted, which `rates: keep` forbids"):
        load_study(study(tmp_path, "1e9", STUDY.replace("rates: refit", "rates: keep")))


def test_species_among_which_nothing_can_react_teach_nothing() -> None:
    balances = Balances(
        species=(Species("H2", {"H": 2}), Species("N2", {"N": 2})),
        concentrations=np.array([[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]]),
        temperature=np.array([1000.0, 1100.0, 1200.0]),
        pressure=np.full(3, 1e5),
        operator=sp.csr_array(sp.eye_array(3)),
        accumulation=np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]),
        scale=np.zeros((3, 2)),
    )
    found = candidate_fit(balances, Search(method="candidates", reverse="free"), lambda share, text: None)
    assert (found.found, found.candidates) == ((), 0)
