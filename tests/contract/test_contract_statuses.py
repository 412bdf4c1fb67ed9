"""Each status by a small case of its own: the exit status, the sentence, and what is written all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mechlearn as ml

from .studies import Run, command, example, write_runs
from .words import UNEXPLAINED_RESIDUAL

START = np.zeros(1)


def drawn(count: int, species: int, seed: int) -> list[np.ndarray]:
    return [row[None] for row in np.random.default_rng(seed).uniform(0.05, 1.0, (count, species))]


def simulated(folder: Path, name: str, **keys: object) -> str:
    (folder / "source.yaml").write_text(example(name, **keys))  # type: ignore[arg-type]
    assert command(folder, "simulate source.yaml -o runs.csv").status == 0
    return (folder / "runs.csv").read_text()


def no_run_held_out(folder: Path) -> None:
    simulated(folder, "michaelis-menten", runs=1, times="{end: 1.0, count: 60}")


def no_reactor(folder: Path) -> None:
    text = simulated(folder, "michaelis-menten", runs=10)
    assert "# reactor: isothermal\n" in text
    (folder / "runs.csv").write_text(text.replace("# reactor: isothermal\n", ""))


def two_networks(folder: Path) -> None:
    times = "{end: 5.0, count: 41, spacing: log, start: 5.0e-6}"
    simulated(folder, "fuel-radical-product", runs=8, seed=91, times=times, more="  noise: {relative: 0.02}\n")


def too_fast_to_see(folder: Path) -> None:
    """A => B within a thousandth of the first interval, B => C, with noise."""
    generator, runs = np.random.default_rng(92), []
    for number in range(10):
        time, amount = np.linspace(0.0, 3.0, 16), generator.uniform(0.3, 1.0)
        a = amount * np.exp(-1e3 * time) if number < 3 else 0 * time
        b = amount * (np.exp(-time) - np.exp(-1e3 * time)) * 1e3 / 999 if number < 3 else amount * np.exp(-time)
        states = np.stack([a, b, amount - a - b], axis=1)
        runs.append(Run(time, states + 0.02 * generator.normal(size=states.shape)))
    write_runs(folder / "runs.csv", "ABC", runs, head="# reactor: isothermal\n")
    (folder / "study.yaml").write_text("data: runs.csv\nlearn: {noise: absolute}\nvalidate: {tolerance: 0.2}\n")


def nothing_changes(folder: Path) -> None:
    still = [Run(np.linspace(0, 1, 5), np.ones((5, 2)) * k, np.zeros((5, 2))) for k in (1, 2)]
    write_runs(folder / "runs.csv", "AB", still)


def few_states(folder: Path) -> None:
    simulated(folder, "hydrogen-oxidation", runs=4, times="{end: 0.2, count: 3}", temperature="1000 K")


def one_column_in_another_unit(folder: Path) -> None:
    text = simulated(folder, "hydrogen-oxidation", runs=20, temperature="1000 K")
    (folder / "runs.csv").write_text(text.replace(",OH [k", ",OH [").replace("d(OH)/dt [k", "d(OH)/dt ["))


def saturation(folder: Path) -> None:
    states = [np.vstack(drawn(11, 2, seed)) for seed in range(100, 140)]
    speeds = [state[:, 0] ** 2 / (0.25 + state[:, 0] ** 2) for state in states]
    time = np.linspace(0.0, 1.0, 11)
    runs = [Run(time, state, np.stack([-v, v], axis=1)) for state, v in zip(states, speeds, strict=True)]
    write_runs(folder / "runs.csv", "FR", runs)


def one_row_for_two_reactions(folder: Path) -> None:
    simulated(folder, "fuel-radical-product", runs=10)


def matter_from_nothing(folder: Path) -> None:
    """A => B, C => A + B and B => C, which no masses allow."""
    runs = [
        Run(START, c, np.array([[c[0, 2] - c[0, 0], c[0, 0] + c[0, 2] - c[0, 1], c[0, 1] - c[0, 2]]]))
        for c in drawn(40, 3, 93)
    ]
    write_runs(folder / "runs.csv", "ABC", runs)


QUICK = "data: runs.csv\nlearn: {restarts: 1, optimizer: {name: levenberg-marquardt, rounds: 1}}\n"

CASES: dict[str, tuple[str, Callable[[Path], None], str, str, bool]] = {
    "one run": ("not-validated", no_run_held_out, "", "no run was held out", True),
    "no reactor": ("not-validated", no_reactor, "", "does not say its reactor", True),
    "two networks": ("ambiguous", two_networks, "", "explain them as well", True),
    "still": ("no-reactions", nothing_changes, "", "No concentration changes", False),
    "few states": ("undersampled", few_states, "--study quick.yaml", "9 states are too few", True),
    "another unit": ("unbalanced-data", one_column_in_another_unit, "--study quick.yaml", "another unit", False),
    "saturation": ("not-mass-action", saturation, "--study quick.yaml", "No polynomial", True),
    "one row": (UNEXPLAINED_RESIDUAL, one_row_for_two_reactions, "--study quick.yaml --reactions 1", "unexpl", True),
    "masses": ("unbalanced", matter_from_nothing, "--reactions 3", "matter from nothing", False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_recovered_says_why_and_answers_1(tmp_path: Path, case: str) -> None:
    status, data, options, reason, written = CASES[case]
    data(tmp_path)
    (tmp_path / "quick.yaml").write_text(QUICK)
    learnt = command(tmp_path, f"learn runs.csv -o learned.yaml {options} --json learned.json")
    summary = json.loads((tmp_path / "learned.json").read_text())
    assert (learnt.status, summary["status"]) == (1, status), summary["message"]
    assert reason in summary["message"]
    assert learnt.out.splitlines()[-1].startswith(f"{status}: ")
    assert summary["files"] == (["learned.yaml"] if written else [])
    assert (tmp_path / "learned.yaml").exists() == written


def test_a_rate_constant_without_a_limit_is_named_with_what_is_known(tmp_path: Path) -> None:
    too_fast_to_see(tmp_path)
    learnt = command(tmp_path, "learn runs.csv -o learned.yaml --study study.yaml --json -")
    summary = learnt.json
    assert (learnt.status, summary["status"], summary["files"]) == (1, "unidentifiable", ["learned.yaml"])
    assert {each["equation"] for each in summary["reactions"]} == {"A => B", "B => C"}
    (loose,) = summary["unidentified"]
    assert loose["text"] in summary["message"]
    assert (loose["equation"], loose["high"]) == ("A => B", None)
    assert 5 < loose["low"] < 1e3


def test_noise_alone_gives_no_reaction(tmp_path: Path) -> None:
    for seed in (94, 95, 96):
        generator = np.random.default_rng(seed)
        levels = generator.uniform(0.2, 1.0, (10, 1, 3))
        states = levels * (1 + 0.02 * generator.normal(size=(10, 21, 3)))
        runs = [Run(np.linspace(0, 1, 21), state) for state in states]
        write_runs(tmp_path / "runs.csv", "ABC", runs, head="# reactor: isothermal\n")
        learnt = command(tmp_path, "learn runs.csv -o learned.yaml --json -")
        assert (learnt.status, learnt.json["status"], learnt.json["reactions"]) == (1, "no-reactions", [])
        assert not (tmp_path / "learned.yaml").exists()


def test_rates_drawn_at_random_are_not_explained(tmp_path: Path) -> None:
    generator = np.random.default_rng(97)
    runs = [Run(START, state, generator.normal(size=(1, 2))) for state in drawn(200, 2, 98)]
    write_runs(tmp_path / "runs.csv", "AB", runs)
    (tmp_path / "quick.yaml").write_text(QUICK)
    learnt = command(tmp_path, "learn runs.csv -o learned.yaml --study quick.yaml --json -")
    assert learnt.status == 1
    assert learnt.json["loss"] > 0.5


@pytest.mark.parametrize("change", ["another rate constant", "one reaction less"])
def test_a_wrong_mechanism_fails_validation_and_comparison(done: Path, tmp_path: Path, change: str) -> None:
    right = ml.read_mechanism(done / "results" / "learned.yaml")
    text = (done / "results" / "learned.yaml").read_text()
    wrong = text.replace("A: 1000.0", "A: 1100.0", 1) if change.startswith("another") else text[: text.rindex("- equ")]
    (tmp_path / "wrong.yaml").write_text(wrong)
    checked = command(tmp_path, f"validate wrong.yaml {done}/runs.csv --json -")
    assert (checked.status, checked.json["passed"]) == (1, False)
    assert checked.json["max_relative_error"] > 0.01
    comparison = ml.compare(ml.read_mechanism(tmp_path / "wrong.yaml"), right)
    assert comparison.exact == change.startswith("another")
    assert comparison.max_relative_rate_error == pytest.approx(0.1 if comparison.exact else 0.0)
    assert command(tmp_path, f"compare wrong.yaml {done}/results/learned.yaml").status == int(not comparison.exact)
