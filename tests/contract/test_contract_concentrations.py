"""From concentrations alone: the reactions, the noise, what else fits, and rate constants fitted to trajectories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mechlearn as ml

from .studies import command, example, known

TIMES = {
    "michaelis-menten": "{end: 2.0, count: 41, spacing: log, start: 1.0e-8}",
    "crnn-case1": "{end: 39.6, count: 61}",
    "fuel-radical-product": "{end: 5.0, count: 41, spacing: log, start: 5.0e-6}",
}


def measured(folder: Path, name: str, *, runs: int, noise: float, seed: int) -> Path:
    """A table of concentrations without rates."""
    more = f"  noise: {{relative: {noise}}}\n"
    (folder / "study.yaml").write_text(example(name, runs=runs, seed=seed, times=TIMES[name], more=more))
    assert command(folder, "simulate study.yaml -o runs.csv").status == 0
    assert "d(" not in (folder / "runs.csv").read_text()
    return folder / "runs.csv"


@pytest.mark.parametrize(
    ("name", "runs", "noise", "seed"),
    [
        ("michaelis-menten", 12, 0.0, 51),
        *[
            (name, runs, 0.01, seed)
            for name, runs in (("michaelis-menten", 25), ("crnn-case1", 12))
            for seed in (51, 52, 53)
        ],
    ],
)
def test_concentrations_alone_give_the_same_reactions(
    tmp_path: Path, name: str, runs: int, noise: float, seed: int
) -> None:
    measured(tmp_path, name, runs=runs, noise=noise, seed=seed)
    learnt = command(tmp_path, "learn runs.csv -o learned.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (0, "recovered"), learnt.json["message"]
    found = ml.compare(ml.read_mechanism(tmp_path / "learned.yaml"), known(name))
    assert found.exact
    assert found.max_relative_rate_error is not None
    assert found.max_relative_rate_error < max(5 * noise, 1e-4)
    assert learnt.json["concentrations"]["noise"]["relative"] == pytest.approx(noise, rel=0.2, abs=1e-4)


def test_networks_that_noise_cannot_tell_apart_are_named(tmp_path: Path) -> None:
    measured(tmp_path, "fuel-radical-product", runs=8, noise=0.01, seed=54)
    learnt = command(tmp_path, "learn runs.csv -o learned.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (1, "ambiguous"), learnt.json["message"]
    assert "in place of" in learnt.json["message"]
    assert ml.read_mechanism(tmp_path / "learned.yaml").reactions


def test_rate_constants_are_fitted_to_trajectories_within_their_errors(tmp_path: Path) -> None:
    truth = known("crnn-case1")
    scores = []
    for seed in range(61, 67):
        runs = ml.read_csv(measured(tmp_path, "crnn-case1", runs=6, noise=0.02, seed=seed))
        start = [replace(r, rate=replace(r.rate, A=1.5 * r.rate.A)) for r in truth.reactions if r.rate is not None]
        fit = ml.refine(replace(truth, reactions=tuple(start)), runs)
        for fitted, true, error in zip(fit.mechanism.reactions, truth.reactions, fit.std_error_log_k, strict=True):
            assert fitted.rate is not None
            assert true.rate is not None
            scores.append(np.log(fitted.rate.A / true.rate.A) / error[0])
    assert len(scores) == 6 * len(truth.reactions)
    assert 0.6 < np.sqrt(np.mean(np.square(scores))) < 1.6
