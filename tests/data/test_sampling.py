from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.__main__ import main
from mechlearn.chemistry.mechanism import Species
from mechlearn.data.sampling.check_sampling import check_sampling
from mechlearn.data.sampling.sampling_result import Sampling
from mechlearn.data.sampling.thinning import thinned
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.simulation.settings import Source
from mechlearn.study.runs import study_runs, with_whole_elements

FINE = {"end": 1.0, "count": 61, "spacing": "log", "start": 1e-7}
COARSE = {"end": 1.0, "count": 11}


def simulated(mechanism: str, times: Any, runs: int = 12, **keys: Any) -> Trajectories:
    first = {"sample": "uniform", "low": 0, "high": 1, "runs": runs}
    source: dict[str, Any] = {"mechanism": mechanism, "temperature": 300, "initial": first, "times": times} | keys
    return ml.simulate(ml.Study(source=Source(**source)))


def without_rates(runs: Trajectories) -> Trajectories:
    return runs.select([replace(run, rates=None) for run in runs.runs])


def said(found: Sampling, kind: str) -> str:
    return " ".join(f"{each.text} {each.recommendation}" for each in found.diagnostics if each.kind == kind)


def written(*concentrations: Any, names: str = "AB", reactor: Any = "isothermal") -> Trajectories:
    runs = [
        Trajectory(
            np.arange(len(c), dtype=float),
            np.array(c),
            np.full(len(c), 300.0),
            np.full(len(c), 1e5),
            None,
            reactor,
            f"r{k}",
        )
        for k, c in enumerate(concentrations)
    ]
    return Trajectories(tuple(Species(name) for name in names), tuple(runs))


@pytest.mark.parametrize(
    ("mechanism", "directions"),
    [("fuel-radical-product.yaml", 2), ("michaelis-menten.yaml", 2), ("hydrogen-oxidation.yaml", 4)],
)
@pytest.mark.parametrize("noise", [None, {"relative": 0.01}, {"relative": 0.05}])
def test_noise_and_directions_are_those_of_the_source(mechanism: str, directions: int, noise: Any) -> None:
    found = check_sampling(simulated(mechanism, FINE, runs=30, noise=noise or {"rates": "drop"}))
    assert found.noise == pytest.approx(noise["relative"] if noise else 0.0, rel=0.05)
    if noise is None or mechanism != "fuel-radical-product.yaml":
        assert found.directions == directions
    assert not said(found, "time-scales")


def test_fast_processes_show_as_jumps_and_the_advice_resolves_them() -> None:
    coarse = check_sampling(without_rates(simulated("michaelis-menten.yaml", COARSE)))
    assert "something is faster than the sampling" in said(coarse, "time-scales")
    assert "The first 0.1 s need about ten samples, log-spaced from 0.0001 s on." in said(coarse, "time-scales")
    assert not said(check_sampling(without_rates(simulated("michaelis-menten.yaml", FINE))), "time-scales")
    with_rates = check_sampling(simulated("michaelis-menten.yaml", COARSE))
    assert "Production rates are given, and they show it." in said(with_rates, "time-scales")


def _decays(count: int, change: Any) -> Trajectories:
    time = np.linspace(0.0, 3.0, count)
    amounts = [change(np.exp(-time)[:, None] * (1.0 + k)) for k in range(3)]
    return Trajectories((Species("A"),), tuple(_history(time, values, f"run{k}") for k, values in enumerate(amounts)))


def _history(time: Any, values: Any, name: str) -> Trajectory:
    unknown = np.full(len(time), np.nan)
    return Trajectory(time=time, concentrations=values, temperature=unknown, pressure=unknown, name=name)


def _with(row: int, factor: float) -> Any:
    return lambda values: np.where(np.arange(len(values))[:, None] == row, factor * values, values)


@pytest.mark.parametrize(
    ("count", "change"),
    [(3, _with(0, 1.0)), (20, _with(4, 5.0)), (20, _with(4, np.nan))],
    ids=["three samples", "an outlier", "a gap"],
)
def test_few_samples_outliers_and_gaps_are_no_fast_processes(count: int, change: Any) -> None:
    assert "time-scales" not in [each.kind for each in check_sampling(_decays(count, change)).diagnostics]


def test_files_may_have_their_columns_in_another_order_but_not_other_species(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    (tmp_path / "a.csv").write_text("t [s],A [M],B [mM]\n0,1,2\n1,3,4\n")
    (tmp_path / "b.csv").write_text("B [M];t [min];A [mM]\n0,5;0;6\n0,7;1;8\n")
    study.write_text("data: [a.csv, b.csv]\n")
    runs, _ = study_runs(ml.load_study(study))
    assert runs.species_names == ("A", "B")
    assert runs.runs[1].concentrations == pytest.approx(np.array([[6e-3, 0.5], [8e-3, 0.7]]))
    (tmp_path / "b.csv").write_text("t [s],A [M],C [M]\n0,1,2\n")
    with pytest.raises(ml.DataError, match=r"B is in a\.csv, not in b\.csv.*one with empty cells"):
        study_runs(ml.load_study(study))


def test_a_late_jump_is_named_with_its_times() -> None:
    c = np.concatenate([np.linspace(1, 0.95, 6), np.linspace(0.1, 0.05, 6)])
    found = check_sampling(written(np.column_stack([c, 1 - c])))
    assert "The time from 5 to 6 s needs about ten samples." in said(found, "time-scales")


def test_species_that_do_not_vary_and_nothing_that_does() -> None:
    c = np.exp(-np.linspace(0, 3, 60))
    found = check_sampling(written(np.column_stack([c, np.full(60, 2.0), np.zeros(60)]), names="ANX"))
    assert "N does not vary beyond round-off. That is fine for a diluent." in said(found, "variation")
    assert "X is zero throughout." in said(found, "variation")
    noise = 1 + 0.01 * np.random.default_rng(0).standard_normal((20, 2))
    still = check_sampling(written(noise))
    assert still.directions == 0
    assert "No change of the concentrations stands out from the noise. Sample for longer" in said(still, "variation")


def test_initial_states_that_always_go_together_are_reported() -> None:
    history = np.exp(-np.linspace(0, 3, 10))[:, None]
    locked = written(*(scale * history * [1.0, 2.0] for scale in (0.3, 0.7, 1.0, 1.3)))
    found = check_sampling(locked)
    assert found.first_directions == 1
    assert "A and B always stand in the same ratio" in said(found, "first-states")
    assert "Add a run with another ratio of A to B, or without one of them." in said(found, "first-states")
    free = written(*(history * amounts for amounts in ([1, 0.2], [0.3, 1], [0.8, 0.8], [0.1, 0.5])))
    assert check_sampling(free).first_directions == 2
    assert not said(check_sampling(free), "first-states")
    two = written(*(history * amounts for amounts in ([1, 0.2], [0.3, 1])))
    assert "Add a run without" in said(check_sampling(two), "first-states")
    assert "There is one run" in said(check_sampling(free.select(free.runs[:1])), "runs")


def test_gaps_and_unknown_temperatures_are_reported() -> None:
    runs = written([[1.0, 0.0], [0.5, np.nan], [0.2, 0.8]])
    (run,) = runs.runs
    found = check_sampling(runs.select([replace(run, temperature=np.full(3, np.nan))]))
    assert "1 value missing, most often of B (33 %)" in said(found, "missing")
    assert "The temperature is unknown" in said(found, "temperature")
    assert found.noise is None
    assert "No run has more than 3 samples" in said(found, "noise")


def test_order_of_species_and_unit_of_amount_do_not_matter() -> None:
    runs = simulated("hydrogen-oxidation.yaml", FINE, noise={"relative": 0.02})
    plain = check_sampling(runs)
    turned = replace(
        runs,
        species=runs.species[::-1],
        runs=tuple(replace(run, concentrations=1e-3 * run.concentrations[:, ::-1]) for run in runs.runs),
    )
    other = check_sampling(turned)
    assert other.noise == pytest.approx(plain.noise)
    assert other.directions == plain.directions


def test_a_product_nobody_measured_is_noticed_and_its_elements_set_aside(caplog: pytest.LogCaptureFixture) -> None:
    whole = simulated("hydrogen-oxidation.yaml", FINE)
    assert with_whole_elements(whole) is whole
    part = simulated("hydrogen-oxidation.yaml", FINE, species=["H2", "O2", "H", "O", "OH"])
    assert "The sum of H and O over the species changes" in said(check_sampling(part), "elements")
    aside = with_whole_elements(part)
    assert not any(species.composition for species in aside.species)
    assert "Compositions are left aside" in caplog.text


def test_inspect_prints_it_and_json_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ml.write_csv(without_rates(simulated("michaelis-menten.yaml", COARSE, runs=3)), tmp_path / "runs.csv")
    with pytest.raises(SystemExit):
        main(["inspect", str(tmp_path / "runs.csv"), "--json", str(tmp_path / "a.json")])
    assert "The first 0.1 s need about ten samples" in capsys.readouterr().out
    assert '"kind": "time-scales"' in (tmp_path / "a.json").read_text()


def test_a_study_completes_what_the_elements_determine(tmp_path: Path) -> None:
    path = tmp_path / "a.study.yaml"
    path.write_text(
        "source:\n  mechanism: h2o2.yaml\n  reactor: constant-volume\n  temperature: 1300 K\n  pressure: 1 atm\n"
        "  initial: {fuel: H2, oxidizer: 'O2:1, AR:3.76', phi: [1]}\n  times: {end: 1 ms, count: 5}\n"
        "  species: [H2, O2, H, O, OH, HO2, H2O2, AR]\ncomplete: [H2O]\n"
    )
    runs, _ = study_runs(ml.load_study(path))
    text = path.read_text().replace("HO2, H2O2, AR]\ncomplete: [H2O]", "HO2, H2O2, AR, H2O]")
    path.write_text(text)
    exact, _ = study_runs(ml.load_study(path))
    assert runs.species_names == exact.species_names
    np.testing.assert_allclose(
        runs.runs[0].concentrations, exact.runs[0].concentrations, rtol=1e-6, atol=1e-10 * exact.runs[0].pressure[0]
    )
    path.write_text(text + "complete: [CH4]\n")
    with pytest.raises(ml.DataError, match=r"CH4 cannot be completed: h2o2\.yaml has no such species"):
        study_runs(ml.load_study(path))


@pytest.mark.parametrize(("factor", "shown"), [(1.0, ""), (1e3, "1e+03 times"), (1e-3, "0.001 times"), (30.0, "")])
def test_concentrations_in_a_wrong_unit_are_noticed_where_pressure_shows_it(factor: float, shown: str) -> None:
    runs = simulated(
        "h2o2.yaml",
        COARSE,
        runs=2,
        temperature=1000,
        pressure=101325,
        reactor="constant-pressure",
        initial={"X": "H2:2, O2:1, N2:4"},
    )
    off = runs.select([replace(run, rates=None, concentrations=run.concentrations * factor) for run in runs.runs])
    found = said(check_sampling(off), "unit")
    assert bool(found) == bool(shown)
    assert shown in found


def test_a_table_of_more_rows_than_are_needed_is_thinned_and_says_so() -> None:
    time = np.linspace(0, 10, 500)
    values = np.stack([np.exp(-20 * time), 1 - np.exp(-20 * time)], axis=1)
    runs = Trajectories(
        species=(Species("A"), Species("B")),
        runs=tuple(
            Trajectory(time, values, np.full(500, 300.0), np.full(500, np.nan), name=f"r{i}") for i in range(100)
        ),
    )
    fewer, sentence = thinned(runs, seed=1)
    assert sentence.startswith("Of 50000 rows in 100 runs, ")
    assert 1000 < sum(len(run.time) for run in fewer.runs) <= 6000
    assert {run.name for run in fewer.runs} < {run.name for run in runs.runs}
    for run in fewer.runs:
        assert run.time[[0, -1]].tolist() == [0.0, 10.0]
        assert np.all(np.isin(run.time, time))
        assert run.time[10] <= time[12]  # nearly all of the fast part, though it is a fiftieth of the run
        np.testing.assert_array_equal(run.concentrations, values[np.searchsorted(time, run.time)])
    assert [run.name for run in thinned(runs, seed=1)[0].runs] == [run.name for run in fewer.runs]
    assert thinned(fewer) == (fewer, "")


def test_amounts_that_only_grow_come_from_something_that_is_not_there() -> None:
    draw = np.random.default_rng(0)
    time = np.arange(12.0)
    made = 1 - np.exp(-time / 3)

    def noisy(*columns: Any) -> Any:
        values = np.column_stack([np.broadcast_to(each, time.shape) for each in columns])
        return values * (1 + 0.02 * draw.standard_normal(values.shape))

    for first in ((made, 2 * made), (made, 0.1)):  # all grow; or the others stay as they are
        found = check_sampling(written(noisy(*first), noisy(*first)))
        assert "In every run amounts only grow: none of A and B is used up" in said(found, "growth")
    for first in ((made, 1 - made), (0.01 * made, 10.0), (made * np.exp(-time / 5), 0.0)):
        assert not said(check_sampling(written(noisy(*first), noisy(*first))), "growth")
    mixed = check_sampling(written(noisy(made, 1 - made), noisy(made, 0.0)))
    assert "In 1 of 2 runs amounts only grow" in said(mixed, "growth")


@pytest.mark.parametrize("method", ["auto", "network"])
def test_nothing_is_learnt_from_amounts_that_only_grow_and_the_columns_left_out_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    time = np.linspace(0, 5, 20)
    rows = [
        f"{run},{t:.6g},{k * np.exp(-t):.6g},{k * (1 - np.exp(-t)):.6g}"
        for run, k in (("a", 1), ("b", 2))
        for t in time
    ]
    path, study = tmp_path / "runs.csv", tmp_path / "a.study.yaml"
    path.write_text("\n".join(["run,time [s],A [furlong],B [M]", *rows]) + "\n")
    study.write_text(f"data: runs.csv\nlearn: {{method: {method}}}\n")
    with pytest.raises(SystemExit) as end:
        main(["run", str(study), "-o", str(tmp_path / "out")])
    assert end.value.code == 1
    outcome = capsys.readouterr().out.splitlines()[-1]
    assert outcome.startswith("unbalanced-data: In every run B only grows. What it is made from is not in the table.")
    assert f"column 3 ('A [furlong]') of {path}, line 1. If it holds a species, correct the unit" in outcome
    assert outcome.count("only grows") == 1


def test_gas_that_expands_is_not_taken_for_a_species_that_is_missing() -> None:
    initial: Any = {"X": "H2:2, O2:1, AR:4"}
    source: dict[str, Any] = {"mechanism": "h2o2.yaml", "temperature": 1200, "pressure": "1 atm", "initial": initial}
    source |= {"times": {"end": "0.3 ms", "count": 40}, "reactor": "constant-pressure"}
    study = ml.Study(source=Source(**source))
    told = without_rates(ml.simulate(study))
    untold = told.select([replace(run, reactor="") for run in told.runs])
    assert not said(check_sampling(told), "reactor")
    assert "--reactor constant-pressure" in said(check_sampling(untold), "reactor")
    assert not said(check_sampling(untold), "elements")


def test_what_falls_to_nothing_is_used_up_though_two_come_of_it() -> None:
    rng = np.random.default_rng(1)
    left = np.exp(-np.linspace(0, 6, 40))
    runs = written(*(np.column_stack([a * left, 0.2 * a + a * (1 - left)]) for a in (1.0, 0.5)))
    noisy = [replace(r, concentrations=r.concentrations * (1 + 0.08 * rng.normal(size=(40, 2)))) for r in runs.runs]
    two = [replace(r, concentrations=np.column_stack([r.concentrations, r.concentrations[:, 1]])) for r in noisy]
    species = (*runs.species, Species("C"))
    assert not said(check_sampling(replace(runs, species=species, runs=tuple(two))), "growth")


def test_a_decay_sampled_twice_in_its_time_is_resolved() -> None:
    values = 4.17 * np.exp(-0.52 * np.arange(13.0))
    runs = written(*(np.column_stack([a * values, a * (4.17 - values)]) for a in (1.0, 0.7)))
    assert not said(check_sampling(runs), "time-scales")


def test_no_run_without_the_only_species_is_asked_for() -> None:
    values = np.exp(-np.arange(6.0))
    runs = written(*(np.column_stack([values, 1 - values]) for _ in "ab"))
    assert "Add a run with another amount of A." in said(check_sampling(runs), "first-states")
