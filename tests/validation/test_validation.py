import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Reaction, Species
from mechlearn.data.trajectories import Reactor, Trajectories, Trajectory
from mechlearn.errors import MechlearnError, StudyError
from mechlearn.simulation.reactors import resimulate
from mechlearn.validation.validate import validate
from mechlearn.validation.validation_text import validation_text

ENZYME = [("E + S => ES", 10.0), ("ES => E + S", 1.0), ("ES => E + P", 2.0)]
TIMES = np.linspace(0.0, 1.0, 11)


def write_file(path: Path, names: str, reactions: list[tuple[str, float]]) -> Path:
    """A Cantera file of species without composition."""
    lines = [
        "phases:",
        f"- {{name: gas, thermo: ideal-gas, species: [{names}], kinetics: gas, state: {{T: 300.0, P: 1 atm}}}}",
        "species:",
        *(f"- {{name: {n}, composition: {{}}, thermo: {{model: constant-cp, cp0: 2e4}}}}" for n in names.split(", ")),
        "reactions:",
        *(
            f"- {{equation: {text}, type: elementary, rate-constant: {{A: {k!r}, b: 0, Ea: 0}}}}"
            for text, k in reactions
        ),
    ]
    path.write_text("units: {length: m, time: s, quantity: kmol}\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def initial_states(
    names: str,
    states: NDArray[np.float64],
    times: NDArray[np.float64] = TIMES,
    temperature: float = 300.0,
    reactor: Reactor = "isothermal",
) -> Trajectories:
    """Runs of which only the initial state means anything: what a re-simulation needs."""
    runs = []
    for i, state in enumerate(states):
        concentrations = np.zeros((len(times), len(state)))
        concentrations[0] = state
        constant = np.full(len(times), temperature)
        pressure = np.full(len(times), 8314.46261815324 * temperature * float(np.sum(state)))
        runs.append(Trajectory(times, concentrations, constant, pressure, reactor=reactor, name=f"run{i:02d}"))
    return Trajectories(tuple(Species(name) for name in names.split(", ")), tuple(runs))


def simulated(path: Path | str, runs: Trajectories) -> Trajectories:
    done, failed = resimulate(path, runs)
    assert not failed
    return runs.select([done[run.name] for run in runs.runs])


def enzyme_runs(path: Path, count: int = 5, scale: float = 1.0) -> Trajectories:
    states = np.random.default_rng(0).uniform(0.1, 1.0, size=(count, 4)) * scale
    return simulated(path, initial_states("E, S, ES, P", states))


@pytest.fixture
def true_file(tmp_path: Path) -> Path:
    return write_file(tmp_path / "true.yaml", "E, S, ES, P", ENZYME)


@pytest.fixture
def runs(true_file: Path) -> Trajectories:
    return enzyme_runs(true_file)


@pytest.fixture(scope="module")
def ignition() -> Trajectories:
    names = "H2, H, O, O2, OH, H2O, HO2, H2O2, AR, N2"
    states = np.zeros((2, 10))
    states[:, [0, 3, 9]] = [[2.0, 1.0, 4.0], [1.0, 1.0, 4.0]]
    states *= 101325.0 / (8314.46261815324 * 1100.0 * states.sum(axis=1, keepdims=True))
    times = np.concatenate([[0.0], np.geomspace(1e-6, 1e-3, 40)])
    return simulated("h2o2.yaml", initial_states(names, states, times, 1100.0, "constant-pressure"))


def test_true_mechanism_passes(true_file: Path, runs: Trajectories) -> None:
    validation = validate(true_file, runs, tolerance=1e-8)
    assert validation.passed
    assert validation.max_relative_error <= 1e-8
    assert validation.message.startswith("Passed: 5 of 5 held-out runs")
    assert set(validation.simulated) == {run.name for run in runs.runs}


def test_a_mechanism_in_memory_is_exported_and_validated_like_its_file(runs: Trajectories) -> None:
    mechanism = Mechanism(
        tuple(Species(name) for name in ("E", "S", "ES", "P")),
        (
            Reaction({"E": 1, "S": 1}, {"ES": 1}, Arrhenius(10.0)),
            Reaction({"ES": 1}, {"E": 1, "S": 1}, Arrhenius(1.0)),
            Reaction({"ES": 1}, {"E": 1, "P": 1}, Arrhenius(2.0)),
        ),
    )
    validation = validate(mechanism, runs, tolerance=1e-8)
    assert validation.passed
    assert all(drift < 1e-8 for drift in validation.conservation.values())
    assert len(validation.conservation) == 2


@pytest.mark.parametrize("changed", range(3))
def test_one_rate_constant_changed_by_a_fifth_fails(changed: int, runs: Trajectories, tmp_path: Path) -> None:
    reactions = [(text, k * (1.2 if i == changed else 1.0)) for i, (text, k) in enumerate(ENZYME)]
    validation = validate(write_file(tmp_path / "changed.yaml", "E, S, ES, P", reactions), runs)
    assert not validation.passed
    assert validation.message.startswith("Failed: 5 of 5")
    assert 1e-3 < validation.max_relative_error < 1.0


@pytest.mark.parametrize("removed", range(3))
def test_mechanism_without_one_of_its_reactions_fails(removed: int, runs: Trajectories, tmp_path: Path) -> None:
    reactions = [reaction for i, reaction in enumerate(ENZYME) if i != removed]
    assert not validate(write_file(tmp_path / "truncated.yaml", "E, S, ES, P", reactions), runs).passed


def test_error_is_the_largest_deviation_relative_to_the_range_over_all_runs(
    true_file: Path, runs: Trajectories
) -> None:
    span = np.ptp(np.concatenate([run.concentrations for run in runs.runs]), axis=0)
    shifted = runs.runs[2].concentrations.copy()
    shifted[4, 1] += 0.01 * span[1]
    changed = runs.select([*runs.runs[:2], replace(runs.runs[2], concentrations=shifted), *runs.runs[3:]])
    worst = validate(true_file, changed).worst(1)[0]
    assert (worst.run, worst.species, worst.time) == ("run02", "S", TIMES[4])
    assert worst.error == pytest.approx(0.01, rel=1e-4)


def test_a_species_that_hardly_varies_is_scaled_by_a_millionth_of_the_largest_range(
    true_file: Path, runs: Trajectories
) -> None:
    names = (*runs.species, Species("X"))
    extended = [
        replace(run, concentrations=np.column_stack([run.concentrations, 1e-30 * run.time]), rates=None)
        for run in runs.runs
    ]
    file = write_file(true_file.with_name("wider.yaml"), "E, S, ES, P, X", ENZYME)
    assert validate(file, replace(runs, species=names, runs=tuple(extended)), tolerance=1e-8).passed


def test_unit_of_concentration_does_not_change_the_errors(runs: Trajectories, tmp_path: Path) -> None:
    errors = []
    for scale in (1.0, 1e-3):
        rates = [10.0 / scale, 1.0, 2.0]
        texts = [text for text, _ in ENZYME]
        true = write_file(tmp_path / f"true{scale}.yaml", "E, S, ES, P", list(zip(texts, rates, strict=True)))
        rates[2] *= 1.2
        wrong = write_file(tmp_path / f"wrong{scale}.yaml", "E, S, ES, P", list(zip(texts, rates, strict=True)))
        errors.append(validate(wrong, enzyme_runs(true, scale=scale)).errors)
    np.testing.assert_allclose(errors[0], errors[1], rtol=1e-5, atol=1e-8)


def test_order_of_runs_and_species_does_not_matter(runs: Trajectories, tmp_path: Path) -> None:
    wrong = write_file(tmp_path / "wrong.yaml", "E, S, ES, P", [*ENZYME[:2], ("ES => E + P", 2.4)])
    columns = [2, 0, 3, 1]
    permuted = Trajectories(
        tuple(runs.species[j] for j in columns),
        tuple(replace(run, concentrations=run.concentrations[:, columns]) for run in runs.runs[::-1]),
    )
    one, other = validate(wrong, runs), validate(wrong, permuted)
    assert other.per_species == pytest.approx(one.per_species, rel=1e-9)
    assert other.per_run == pytest.approx(one.per_run, rel=1e-9)


def test_a_run_that_cannot_be_integrated_fails_by_name(tmp_path: Path) -> None:
    tame = simulated(
        write_file(tmp_path / "tame.yaml", "A", [("A => 2 A", 1e-6)]),
        initial_states("A", np.array([[0.1], [1.0]]), TIMES * 2),
    )
    explosive = write_file(tmp_path / "explosive.yaml", "A", [("2 A => 3 A", 1.0)])
    validation = validate(explosive, tame, tolerance=1e9)
    assert list(validation.failures) == ["run01"]
    assert set(validation.per_run) == {"run00"}
    assert not validation.passed
    assert "Not integrated: run01" in validation.message
    assert np.isnan(validation.errors[1]).all()
    json.dumps(validation.as_dict(), allow_nan=False)


def test_a_mechanism_without_an_observed_species_is_reported(runs: Trajectories, tmp_path: Path) -> None:
    validation = validate(write_file(tmp_path / "small.yaml", "E, S", [("E => S", 1.0)]), runs)
    assert not validation.passed
    assert "the mechanism has no species ES and P" in validation.message
    assert len(validation.failures) == 5
    summary = validation.as_dict()
    assert summary["max_relative_error"] is None
    json.dumps(summary, allow_nan=False)
    assert "run00, run01, run02, run03 and run04: the mechanism has no" in validation_text(validation)


def test_single_states_and_perturbed_copies_are_never_called_validated(true_file: Path, runs: Trajectories) -> None:
    run = runs.runs[0]
    state = Trajectory(run.time[:1], run.concentrations[:1], run.temperature[:1], run.pressure[:1], name="state")
    copy = replace(run, name="copy", parent="run00")
    validation = validate(true_file, runs.select([state, copy]))
    assert not validation.passed
    assert validation.message.startswith("Not validated: every run is a single state")
    assert math.isnan(validation.max_relative_error)
    assert validate(true_file, runs.select([*runs.runs, state, copy])).runs == tuple(r.name for r in runs.runs)


def test_runs_that_were_learnt_from_are_named_so(true_file: Path, runs: Trajectories) -> None:
    validation = validate(true_file, runs, held_out=False)
    assert validation.as_dict()["held_out"] is False
    assert "none held out" in validation.message


def test_summary_has_its_keys_and_the_ten_worst(true_file: Path, runs: Trajectories) -> None:
    summary = json.loads(json.dumps(validate(true_file, runs).as_dict(), allow_nan=False))
    keys = {"passed", "held_out", "max_relative_error", "per_species", "per_run", "ignition_delay", "conservation"}
    assert keys | {"tolerance", "failures", "worst"} <= set(summary)
    errors = [entry["relative_error"] for entry in summary["worst"]]
    assert len(errors) == 10
    assert errors == sorted(errors, reverse=True)
    assert summary["ignition_delay"] is None


def test_ignition_delay_is_where_the_temperature_passes_400_k_above_the_first(ignition: Trajectories) -> None:
    validation = validate("h2o2.yaml", ignition, tolerance=1e-8)
    assert validation.passed
    assert set(validation.ignition_delay) == set(validation.temperature_errors) == {"run00", "run01"}
    for run in ignition.runs:
        delay = validation.ignition_delay[run.name]
        assert np.interp(delay.data, run.time, run.temperature) == pytest.approx(1500.0, abs=1e-6)
        assert delay.error < 1e-8


def test_adiabatic_runs_conserve_elements_and_show_a_wrong_temperature(ignition: Trajectories) -> None:
    hotter = ignition.select(
        [replace(run, temperature=run.temperature + 100.0 * (run.time > 0)) for run in ignition.runs]
    )
    validation = validate("h2o2.yaml", hotter)
    assert set(validation.conservation) == {"H", "O", "N", "Ar"}
    assert max(validation.conservation.values()) < 1e-9
    assert not validation.passed
    span = np.ptp(np.concatenate([run.temperature for run in hotter.runs]))
    assert validation.temperature_errors["run00"] == pytest.approx(100.0 / span, rel=1e-4)


def test_text_shows_species_worst_deviations_and_outcome(ignition: Trajectories) -> None:
    validation = validate("h2o2.yaml", ignition)
    lines = validation_text(validation).splitlines()
    assert lines[-1] == validation.message
    for start in (*validation.species, "temperature", "run00", "Change of the elements"):
        assert any(line.startswith(start) for line in lines)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, math.nan])
def test_tolerance_that_is_not_above_zero_is_refused(tolerance: float, true_file: Path, runs: Trajectories) -> None:
    with pytest.raises(StudyError, match="tolerance of the validation is"):
        validate(true_file, runs, tolerance=tolerance)


def test_a_file_that_is_no_mechanism_is_refused(runs: Trajectories, tmp_path: Path) -> None:
    with pytest.raises(MechlearnError, match=r"missing\.yaml"):
        validate(tmp_path / "missing.yaml", runs)
