"""Data that give no mechanism to rely on: a whole study ends in that status and reports evidence and advice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.conditions import Sample
from mechlearn.flow import run_study
from mechlearn.study import example_studies

COMPOSITIONS = "mechanism: hydrogen-oxidation.yaml\n"


def simulated(example: str, count: int) -> ml.Trajectories:
    study = ml.load_study(example_studies()[example])
    assert study.source is not None
    assert isinstance(study.source.initial, Sample)
    return ml.simulate(replace(study, source=replace(study.source, initial=replace(study.source.initial, runs=count))))


def in_another_unit(runs: ml.Trajectories, name: str) -> ml.Trajectories:
    """One species in mol where all others are in kmol."""
    factor = np.where(np.array(runs.species_names) == name, 1e3, 1.0)
    return runs.select(
        [
            replace(run, concentrations=run.concentrations * factor, rates=run.rates * factor)
            for run in runs.runs
            if run.rates is not None
        ]
    )


def first_states(runs: ml.Trajectories, count: int) -> ml.Trajectories:
    return runs.select(
        [
            replace(
                run,
                time=run.time[:count],
                concentrations=run.concentrations[:count],
                rates=run.rates[:count],
                temperature=run.temperature[:count],
                pressure=run.pressure[:count],
            )
            for run in runs.runs
            if run.rates is not None
        ]
    )


OUTCOMES: dict[str, tuple[Callable[[], ml.Trajectories], str, tuple[str, ...]]] = {
    "unbalanced-data": (
        lambda: in_another_unit(simulated("hydrogen-oxidation", 20), "OH"),
        COMPOSITIONS + "learn: {optimizer: {name: levenberg-marquardt, rounds: 1}, restarts: 2}\n",
        ("The sum of H and O over the species changes by up to", "another unit", "name it under `complete:`"),
    ),
    "undersampled": (
        lambda: first_states(simulated("hydrogen-oxidation", 4), 3),
        COMPOSITIONS + "learn: {optimizer: {name: levenberg-marquardt, rounds: 1}, restarts: 2}\n",
        ("9 states are too few to tell 12 one-way reactions", "Bring more runs or more times"),
    ),
    "needs-catalysts": (
        lambda: simulated("lotka-volterra", 10),
        "learn: {catalysts: false}\n",
        ("Y is in the rate of X + Y => 2 Y but not used up", "Learn with catalysts: true"),
    ),
    "unsettled": (
        lambda: simulated("fuel-radical-product", 10),
        "learn: {reactions: 1, optimizer: {name: levenberg-marquardt, rounds: 3}, restarts: 2}\n",
        ("of the gross production unexplained", "Offer more reactions"),
    ),
}


@pytest.mark.parametrize("status", OUTCOMES)
def test_a_study_that_fails_says_why_and_what_to_do(status: str, tmp_path: Path) -> None:
    data, text, told = OUTCOMES[status]
    ml.write_csv(data(), tmp_path / "runs.csv")
    (tmp_path / "study.yaml").write_text(f"data: runs.csv\n{text}")
    outcome = run_study(ml.load_study(tmp_path / "study.yaml"), tmp_path / "results")
    assert outcome.status == status, outcome.summary["message"]
    page = (tmp_path / "results" / "report.md").read_text(encoding="utf-8")
    for each in told:
        assert each in outcome.summary["message"]
        assert each in page
