"""How well rate constants are known, and which other networks fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mechlearn as ml

from .studies import example, known, summary_of
from .words import N_MORE, REPLACEMENT, STRUCTURALLY_EQUIVALENT


def with_noise(runs: ml.Trajectories, level: float, seed: int) -> ml.Trajectories:
    """Every production rate multiplied by 1 + level · N(0, 1)."""
    generator = np.random.default_rng(seed)
    return runs.select(
        [
            replace(run, rates=run.rates * (1 + level * generator.normal(size=run.rates.shape)))
            for run in runs.runs
            if run.rates is not None
        ]
    )


def constants(mechanism: ml.Mechanism) -> dict[tuple[int, str], tuple[frozenset[str], frozenset[str], float]]:
    """Reactants, products and rate constant of each reaction and direction."""
    found = {}
    for number, reaction in enumerate(mechanism.reactions):
        sides = frozenset(reaction.reactants), frozenset(reaction.products)
        if reaction.rate is not None:
            found[number, "forward"] = (*sides, reaction.rate.A)
        if reaction.reverse_rate is not None:
            found[number, "reverse"] = (*sides[::-1], reaction.reverse_rate.A)
    return found


def test_intervals_hold_the_truth_about_as_often_as_they_say(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(example("fuel-radical-product", runs=8, seed=101))
    runs = ml.simulate(tmp_path / "study.yaml")
    truth = {(left, right): value for left, right, value in constants(known("fuel-radical-product")).values()}
    held = []
    for seed in range(15):
        balances = ml.differential_balances(with_noise(runs, 0.02, seed))
        mechanism = ml.discover(balances).mechanism
        found = constants(mechanism)
        for interval in ml.estimate_uncertainty(mechanism, balances).rates:
            left, right, value = found[interval.reactions[0], interval.part]
            assert interval.low is not None
            assert interval.high is not None
            assert interval.low < value < interval.high
            held.append(interval.low <= truth[left, right] <= interval.high)
    assert len(held) == 60
    assert np.mean(held) > 0.85


def test_exact_data_give_exact_rate_constants(done: Path) -> None:
    runs = ml.read_csv(done / "runs.csv")
    balances = ml.differential_balances(runs)
    mechanism = ml.discover(balances).mechanism
    assert {each.text for each in ml.estimate_uncertainty(mechanism, balances).rates} == {"exact"}
    for reaction in summary_of(done / "results")["reactions"]:
        assert max(reaction["std_error_log_k"].values()) < 1e-9


def test_intervals_shrink_where_there_are_more_runs(tmp_path: Path) -> None:
    errors = []
    for count in (20, 80):
        (tmp_path / "study.yaml").write_text(example("michaelis-menten", runs=count, seed=102))
        runs = with_noise(ml.simulate(tmp_path / "study.yaml"), 0.05, 103)
        balances = ml.differential_balances(runs)
        errors.append([each.std_error for each in ml.estimate_uncertainty(known("michaelis-menten"), balances).rates])
    for few, many in zip(*errors, strict=True):
        assert 1.2 < few / many < 3.5


@pytest.mark.parametrize("conserve", ["none", "auto"])
def test_a_network_with_the_same_dynamics_is_named_unless_compositions_exclude_it(
    tmp_path: Path, conserve: str
) -> None:
    (tmp_path / "study.yaml").write_text(example("michaelis-menten", runs=10, seed=104))
    balances = ml.differential_balances(ml.simulate(tmp_path / "study.yaml"))
    others = ml.find_alternatives(known("michaelis-menten"), balances, ml.Search(conserve=conserve))  # type: ignore[arg-type]
    pairs = [
        each
        for each in others.found
        if [r.equation for r in each.replaced] == ["ES => E + P"]
        and {r.equation for r in getattr(each, REPLACEMENT)} == {"ES => 2 P", "ES => 2 E"}
    ]
    assert len(pairs) == (1 if conserve == "none" else 0)
    assert all(getattr(each, STRUCTURALLY_EQUIVALENT) and getattr(each, N_MORE) == 1 for each in pairs)
