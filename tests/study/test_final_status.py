"""What a study is called: determined or not, the only network or one of several; and on what that rests."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.discovery.result import no_reactions
from mechlearn.study.final_status import final_status
from mechlearn.study.run import run_study

from ..discovery.test_discovery import data
from ..helpers import network, one_way

NOISE = 0.02


def chain(fast: float, run: int, *, with_fast: bool) -> ml.Trajectory:
    """A => B at ``fast``, B => C at 1, from A or from B alone, sampled every 0.2 s with noise."""
    generator = np.random.default_rng(run)
    time, amount = np.linspace(0.0, 3.0, 16), generator.uniform(0.3, 1.0)
    a = amount * np.exp(-fast * time) if with_fast else 0.0 * time
    b = amount * (fast / (fast - 1) * (np.exp(-time) - np.exp(-fast * time)) if with_fast else np.exp(-time))
    states = np.stack([a, b, amount - a - b], axis=1)
    states = states + NOISE * generator.normal(size=states.shape)
    fixed = {"temperature": np.full(16, 300.0), "pressure": np.full(16, 1e5), "reactor": "isothermal"}
    return ml.Trajectory(time=time, concentrations=states, rates=None, name=f"run {run}", **fixed)  # type: ignore[arg-type]


@pytest.mark.parametrize(("fast", "status"), [(5.0, "recovered"), (1e3, "unidentifiable")])
def test_a_rate_constant_that_nothing_limits_makes_a_study_unidentifiable(
    fast: float, status: str, tmp_path: Path
) -> None:
    species = network("A B C", one_way("A => B", 1.0)).species
    runs = [chain(fast, i, with_fast=i < 3) for i in range(10)]
    ml.write_csv(ml.Trajectories(species, tuple(runs)), tmp_path / "runs.csv")
    study = tmp_path / "study.yaml"
    study.write_text("data: runs.csv\nlearn: {noise: absolute, balances: auto}\nvalidate: {tolerance: 0.2}\n")
    outcome = run_study(ml.load_study(study), tmp_path / "results")
    assert {each["equation"] for each in outcome.summary["reactions"]} == {"A => B", "B => C"}
    assert outcome.status == status
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    if status == "recovered":
        assert summary["unidentified"] == []
        return
    (unlimited,) = summary["unidentified"]
    assert (unlimited["equation"], unlimited["high"]) == ("A => B", None)
    assert 5 < unlimited["low"] < 1e3
    assert unlimited["state"]["concentrations"]["A"] > 0.3
    assert unlimited["time"] < 0.01
    assert unlimited["text"] in summary["message"]
    assert unlimited["text"] in (tmp_path / "results" / "report.md").read_text()


def test_an_approximate_mechanism_is_said_to_have_passed_or_missed() -> None:
    runs, truth = data("fuel-radical-product")
    few = runs.select(runs.runs[:2])
    nothing = no_reactions(ml.differential_balances(few), ml.Search(), "")
    found = replace(nothing, status="approximate-rate-laws", message="Rate laws are fitted.")
    slower = network("F R P", one_way("F => R", 0.5, 1.0), one_way("R => P", 1e3, 1e3))
    for mechanism, word in ((truth, "Passed"), (slower, "Failed")):
        validation = ml.validate(mechanism, few)
        assert final_status(found, validation, None, ()) == (
            "approximate-rate-laws",
            f"Rate laws are fitted. {validation.message}",
        )
        assert word in validation.message
