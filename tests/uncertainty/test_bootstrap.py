"""Support of reactions in resamples: whole runs, the same whichever way it is computed, kept and gone on from."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import mechlearn as ml
from mechlearn.__main__ import main
from mechlearn.cli.shell import cluster_executor
from mechlearn.study.run import run_study
from mechlearn.uncertainty import bootstrap
from mechlearn.uncertainty.bootstrap import bootstrap_support, resampled

from ..discovery.test_discovery import data, with_noise
from ..helpers import network, one_way
from ..study.test_workspace import contents


def few_runs(noise: float = 0.0, count: int = 5) -> ml.Trajectories:
    runs, _ = data("fuel-radical-product")
    return with_noise(runs.select(runs.runs[:count]), noise)


def test_halves_of_whole_runs_are_drawn_and_copies_go_with_their_parents() -> None:
    runs = few_runs()
    copies = [replace(run, name=f"{run.name}-copy", parent=run.name) for run in runs.runs]
    drawn = resampled(runs.select([*runs.runs, *copies]), seed=3, number=1)
    roots = {run.name for run in drawn.runs if not run.parent}
    assert len(roots) == 3
    assert len(drawn) == 6
    assert {run.parent for run in drawn.runs if run.parent} == roots < {run.name for run in runs.runs}
    names = [[run.name for run in resampled(runs, 3, number).runs] for number in (1, 1, 2)]
    assert names[0] == names[1] != names[2]
    counts = Counter(run.name for number in range(200) for run in resampled(runs, 3, number).runs)
    assert all(90 <= count <= 150 for count in counts.values())


def test_support_of_true_and_of_false_reactions() -> None:
    runs = few_runs(0.01, 8)
    mechanism = network("F R P", one_way("F => R", 1.0, 1.0), one_way("P => R", 1e3, 1e3), one_way("F => P", 1.0))
    search = ml.Search(seed=1, conserve="none")
    kept: list[int] = []
    support = bootstrap_support(
        mechanism, runs, search, resamples=4, jobs=1, keep=lambda found: kept.append(len(found))
    )
    assert support.reactions == (1.0, 1.0, 0.0)
    assert support.others == ()
    assert kept == [1, 2, 3, 4]
    assert bootstrap_support(network("F R P"), runs, search, resamples=2, jobs=1).others == (
        ("F <=> R", 1.0),
        ("P <=> R", 1.0),
    )


@pytest.mark.parametrize(("name", "noise", "count"), [("hydrogen-oxidation", 0.01, 30), ("michaelis-menten", 0.3, 10)])
def test_clear_reactions_stand_in_all_halves_of_noisy_runs(name: str, noise: float, count: int) -> None:
    """Runs drawn twice would agree with themselves beyond noise; halves too few to show the noise know it from all."""
    runs, truth = data(name)
    runs = with_noise(runs.select(runs.runs[:count]), noise)
    support = bootstrap_support(truth, runs, ml.Search(seed=1), resamples=4, jobs=1)
    assert set(support.reactions) == {1.0}
    assert support.others == ()


def test_what_was_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("this resample was done before")

    monkeypatch.setattr(bootstrap, "_found_again", refuse)
    done = {0: [("F", "R")], 1: [("F", "P")]}
    mechanism = network("F R P", one_way("R => F", 1.0))
    support = bootstrap_support(mechanism, few_runs(), ml.Search(), resamples=2, jobs=1, done=done)
    assert support.reactions == (0.5,)
    assert support.others == (("F <=> P", 0.5),)


def test_a_bootstrap_asked_for_on_the_command_line_gives_support_and_is_repeated_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        "source:\n  mechanism: fuel-radical-product.yaml\n  temperature: 300 K\n"
        "  initial: {sample: uniform, low: 0, high: 1, runs: 8}\n  times: {end: 1.0, count: 11}\n"
    )
    with pytest.raises(SystemExit) as end:
        main(["run", str(path), "-o", str(tmp_path / "results"), "--bootstrap", "2", "--quiet"])
    assert end.value.code == 0
    first = contents(tmp_path / "results")
    summary = json.loads(first["summary.json"])
    assert [each["support"] for each in summary["reactions"]] == [1.0, 1.0]
    assert summary["bootstrap"] == {"resamples": 2, "others": []}
    run_study(ml.load_study(tmp_path / "results" / "study.yaml"), tmp_path / "results", cores=1)
    assert contents(tmp_path / "results") == first


def test_a_cluster_without_dask_or_without_a_scheduler_is_refused() -> None:
    with pytest.raises(ml.StudyError, match="Dask"), cluster_executor("tcp://127.0.0.1:9"):
        pass
