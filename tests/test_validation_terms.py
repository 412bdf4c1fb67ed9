"""Validation in the engineer's terms: ignition delays, heat, energy, noise, and where the data reach."""

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import cantera as ct
import numpy as np
import pytest

from mechlearn.errors import StudyError
from mechlearn.limits import DEFINITIONS, Definition, KnownNoise, Limits
from mechlearn.mechanism import Species
from mechlearn.simulation import simulate
from mechlearn.study import Study, load_study
from mechlearn.trajectories import Reactor, Trajectories, Trajectory
from mechlearn.validation import ignition_delay, validate, validation_text
from mechlearn.validation.coverage import beyond_training


def steep(time: np.ndarray, at: float = 0.4) -> Trajectory:
    """A run whose temperature and pressure are steepest, and whose OH is largest, at one time."""
    rise = 1 / (1 + np.exp(-(time - at) / 0.02))
    oh = np.exp(-(((time - at) / 0.05) ** 2))
    concentrations = np.column_stack([1 - rise, oh])
    return Trajectory(time, concentrations, 1000 + 1500 * rise, 1e5 * (1 + rise), reactor="constant-volume", name="a")


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_ignition_is_where_its_definition_says(definition: Definition) -> None:
    time = np.sort(np.random.default_rng(0).uniform(0, 1, 400))
    run = steep(time)
    exact = 0.4 - 0.02 * math.log(1100 / 400) if definition == "T0+400" else 0.4
    delay = ignition_delay(run, definition, ("H2", "OH"))
    assert delay is not None
    assert delay == pytest.approx(exact - time[0], abs=1e-3)
    later = replace(run, time=time + 3)
    assert ignition_delay(later, definition, ("H2", "OH")) == pytest.approx(delay, rel=1e-9)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_what_does_not_ignite_has_no_delay(definition: Definition) -> None:
    time = np.linspace(0, 1, 50)
    run = steep(time)
    tepid = replace(run, temperature=1000 + (run.temperature - 1000) * 0.05, pressure=run.pressure * 0 + 1e5)
    for each in (tepid, replace(run, reactor="isothermal"), replace(run, temperature=run.temperature * np.nan)):
        assert ignition_delay(each, definition, ("H2", "OH")) is None
    assert ignition_delay(run, "max OH", ("H2", "O2")) is None


@cache
def courses(reactor: Reactor, temperature: float = 1200.0) -> Trajectories:
    source = {
        "mechanism": "h2o2.yaml",
        "reactor": reactor,
        "temperature": [temperature, temperature + 100],
        "pressure": "2 atm",
        "initial": {"X": "H2:2, O2:1, N2:4"},
        "times": {"end": "0.5 ms", "count": 121},
    }
    return simulate(Study(source=source))  # type: ignore[arg-type]


def slower(path: Path) -> Path:
    """The mechanism with a third of its chain branching."""
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    reactions = gas.reactions()
    (branching,) = (each for each in reactions if each.equation == "H + O2 <=> O + OH")
    rate = branching.rate
    assert isinstance(rate, ct.ArrheniusRate)
    branching.rate = ct.ArrheniusRate(
        rate.pre_exponential_factor / 3, rate.temperature_exponent, rate.activation_energy
    )
    ct.Solution(thermo="ideal-gas", kinetics="gas", species=gas.species(), reactions=reactions).write_yaml(str(path))
    return path


@pytest.mark.parametrize("reactor", ["constant-volume", "constant-pressure"])
def test_the_true_mechanism_keeps_every_limit(reactor: Reactor) -> None:
    limits = Limits(
        ignition_delay=1e-6, temperature=1e-6, final_state=1e-6, heat_release=1e-6, elements=1e-9, energy=1e-7
    )
    runs = courses(reactor)
    for definition in ("T0+400", "max dT/dt", "max OH"):
        done = validate("h2o2.yaml", runs, ignition=definition, limits=limits, tolerance=1e-6)
        assert done.passed, done.message
        assert set(done.ignition_delay) == {"run001", "run002"}
    heat = done.heat_release["run001"].data
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    gas.TPX = 1200, 2 * ct.one_atm, "H2:2, O2:1, N2:4"
    before = gas.enthalpy_mass
    gas.TPY = 1200, ct.one_atm, np.clip(runs.runs[0].concentrations[-1], 0, None) * gas.molecular_weights
    assert heat == pytest.approx(before - gas.enthalpy_mass, rel=1e-6)


@pytest.mark.parametrize("definition", ["T0+400", "max dT/dt", "max OH"])
def test_the_delay_of_another_mechanism_is_resolved_by_times_of_its_own(definition: Definition, tmp_path: Path) -> None:
    source = {"mechanism": "h2o2.yaml", "reactor": "constant-volume", "temperature": 1200, "pressure": "2 atm"}
    mixture = {"initial": {"X": "H2:2, O2:1, N2:4"}}
    coarse = simulate(Study(source={**source, **mixture, "times": {"end": "0.5 ms", "count": 41}}))  # type: ignore[arg-type]
    wrong = slower(tmp_path / "slow.yaml")
    (delay,) = validate(wrong, coarse, ignition=definition).ignition_delay.values()
    own = Study(source={**source, **mixture, "mechanism": str(wrong), "times": {"end": "0.5 ms", "count": 5001}})  # type: ignore[arg-type]
    fine = simulate(own)
    exact = ignition_delay(fine.runs[0], definition, fine.species_names)
    assert exact is not None
    assert delay.simulated == pytest.approx(exact, rel=1e-3)
    (same,) = validate("h2o2.yaml", coarse, ignition=definition).ignition_delay.values()
    assert same.error < 1e-8


def test_pressure_counts_at_constant_volume() -> None:
    runs = courses("constant-volume")
    assert validate("h2o2.yaml", runs, limits=Limits(pressure=1e-6), ignition="max dP/dt").passed
    other = runs.select([replace(run, pressure=run.pressure * np.linspace(1, 1.2, 121)) for run in runs.runs])
    done = validate("h2o2.yaml", other, limits=Limits(pressure=1e-2))
    assert not done.passed
    assert "Beyond their limits: pressure" in done.message


def test_a_limit_of_its_own_is_broken_by_a_late_ignition_alone(tmp_path: Path) -> None:
    wrong, runs = slower(tmp_path / "slow.yaml"), courses("constant-volume")
    assert validate(wrong, runs, tolerance=10.0).passed
    done = validate(wrong, runs, tolerance=10.0, limits=Limits(ignition_delay=0.05))
    assert not done.passed
    assert min(delay.error for delay in done.ignition_delay.values()) > 0.5
    told = json.loads(json.dumps(done.as_dict(), allow_nan=False))
    (check,) = [each for each in told["checks"] if each["quantity"] == "ignition_delay"]
    assert check["passed"] is False
    assert check["value"] > 0.5
    assert told["ignition_definition"] == "T0+400"


def test_a_limit_of_what_cannot_be_told_does_not_pass() -> None:
    done = validate("h2o2.yaml", courses("isothermal"), limits=Limits(ignition_delay=0.1))
    assert not done.passed
    assert "ignition delay cannot be told here" in done.message


@pytest.mark.parametrize("seed", [0, 1])
def test_chi_squared_is_one_where_the_noise_is_as_told(seed: int) -> None:
    runs, rng = courses("constant-volume"), np.random.default_rng(seed)
    noise = KnownNoise(relative=0.02, absolute=1e-6)

    def measured(run: Trajectory) -> Trajectory:
        sigma = np.hypot(noise.relative * run.concentrations, noise.absolute)
        sigma[0] = 0.0
        return replace(run, concentrations=run.concentrations + sigma * rng.normal(size=sigma.shape), rates=None)

    noisy = runs.select([measured(run) for run in runs.runs])
    done = validate("h2o2.yaml", noisy, tolerance=10.0, noise=noise, limits=Limits(reduced_chi_squared=1.2))
    assert done.passed
    count = 240 * 10
    assert done.chi_squared == pytest.approx(1.0, abs=4 * math.sqrt(2 / count))
    half = KnownNoise(relative=0.01, absolute=5e-7)
    assert validate("h2o2.yaml", noisy, tolerance=10.0, noise=half).chi_squared == pytest.approx(
        4 * (done.chi_squared or 0), rel=1e-6
    )
    assert set(done.chi_squared_per_species) == set(runs.species_names)


def test_runs_beyond_the_training_are_told_apart() -> None:
    training, hotter = courses("constant-volume"), courses("constant-volume", 3000.0)
    assert set(beyond_training(list(training.runs), training).values()) == {()}
    assert all("temperature above" in why for why in beyond_training(list(hotter.runs), training).values())
    rich = Trajectory(np.zeros(1), np.full((1, 10), 0.1), np.full(1, 1200.0), np.full(1, 1e5), name="rich")
    (why,) = beyond_training([rich], training).values()
    assert "HO2 above" in why
    assert "pressure below" in why
    done = validate("h2o2.yaml", training, training=courses("constant-volume", 900.0))
    assert done.where(inside=False) + done.where(inside=True) == ["run001", "run002"]
    assert validate("h2o2.yaml", training).as_dict()["extrapolating"] is None
    text = validation_text(validate("h2o2.yaml", hotter, training=training, tolerance=10.0))
    assert "Runs beyond the conditions learnt from: 2" in text
    assert "Change of the energy along the runs" in text


def test_species_without_enthalpies_have_no_heat() -> None:
    time = np.linspace(0, 1, 5)
    run = Trajectory(time, np.ones((5, 1)), np.full(5, 300.0), np.full(5, 1e5), reactor="isothermal", name="a")
    runs = Trajectories((Species("H2"),), (run,))
    done = validate("h2o2.yaml", runs)
    assert (done.heat_release, done.energy, done.pressure_errors) == ({}, {}, {})


STUDY = """data: runs.csv
validate:
  ignition: {ignition}
  limits: {{ignition_delay: 0.05, energy: 1.0e-5}}
  noise: {{relative: 0.02, absolute: 1 mmol/m^3}}
"""


@pytest.mark.parametrize("written", ["T0+400", "T0 + 400 K", "max dT/dt", "MAX OH"])
def test_the_study_names_definition_limits_and_noise(written: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.format(ignition=written))
    terms = load_study(path).validate
    assert terms.ignition in DEFINITIONS
    assert (terms.limits.ignition_delay, terms.limits.energy, terms.limits.pressure) == (0.05, 1e-5, None)
    assert terms.noise == KnownNoise(relative=0.02, absolute=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ignition: max CO", r"line 2: validate\.ignition: 'max CO' is not 'T0\+400', 'max dT/dt'"),
        ("limits: {ignition: 0.1}", r"validate\.limits\.ignition: unknown key; it belongs under `validate:`"),
        ("limits: {energy: 0}", r"validate\.limits\.energy: 0 is not greater than 0"),
        ("limits: {reduced_chi_squared: 2}", "has no effect without `noise:`"),
        ("noise: {relative: 0}", "the noise is zero"),
    ],
)
def test_bad_terms_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"data: runs.csv\nvalidate: {{{text}}}\n")
    with pytest.raises(StudyError, match=message):
        load_study(path)
