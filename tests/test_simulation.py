"""Cantera as the source: what it gives equals Cantera's and SciPy's own answers, and what it cannot do is said."""

import logging
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from mechlearn.cantera_species import atomic_weights, species_record
from mechlearn.conditions import Perturb, Sample
from mechlearn.errors import DataError, FormatError, SimulationError, StudyError
from mechlearn.simulation import find_mechanism, load_gas, resimulate, simulate, simulate_runs
from mechlearn.study import Study, example_studies, load_study
from mechlearn.trajectories import Trajectories


def draws(path: Path) -> bool:
    """Whether a study draws first states at random, and adds no noise."""
    source = load_study(path).source
    return source is not None and isinstance(source.initial, Sample) and source.noise is None


EXAMPLES = {name: path for name, path in example_studies().items() if draws(path)}
MECHANISMS = sorted(path for path in next(iter(EXAMPLES.values())).parent.glob("*.yaml") if ".study" not in path.name)
WITH_TIMES = [name for name in EXAMPLES if name not in ("air", "h2o2", "h2o2-1500K")]

OVERFLOWS_WHEN_COLD = """\
phases:
- {name: gas, thermo: ideal-gas, elements: [M], species: [A, B], kinetics: gas, state: {T: 300.0, P: 1 atm}}
elements:
- {symbol: M, atomic-weight: 1.0}
species:
- {name: A, composition: {M: 1}, thermo: {model: constant-cp, cp0: 2.0e+04}}
- {name: B, composition: {M: 1}, thermo: {model: constant-cp, cp0: 2.0e+04}}
reactions:
- {equation: A => B, rate-constant: {A: 1.0e-43, b: 0, Ea: -2.5e+09}}
"""


@cache
def data(name: str) -> Trajectories:
    """What an example's source gives."""
    return simulate(EXAMPLES[name])


def ignition(**changes: Any) -> Study:
    source = {
        "mechanism": "h2o2.yaml",
        "reactor": "constant-volume",
        "temperature": "1100 K",
        "pressure": "1 atm",
        "initial": {"fuel": "H2", "oxidizer": "O2:1, AR:3.76", "phi": [0.5, 1.0]},
        "times": {"end": "0.5 ms", "count": 9},
    }
    return Study(source={**source, **changes})  # type: ignore[arg-type]


def states(runs: Trajectories) -> NDArray[np.float64]:
    """All arrays of all runs, side by side."""
    parts = []
    for run in runs.runs:
        assert run.rates is not None
        columns = (run.time[:, None], run.temperature[:, None], run.pressure[:, None], run.concentrations, run.rates)
        parts.append(np.hstack(columns))
    return np.vstack(parts)


@pytest.mark.parametrize("path", MECHANISMS, ids=lambda path: path.stem)
def test_every_mechanism_loads_and_names_its_source(path: Path) -> None:
    gas = ct.Solution(str(path))
    assert gas.n_reactions > 0
    assert not any(reaction.reversible for reaction in gas.reactions())
    head = path.read_text(encoding="utf-8").split("units:")[0]
    for part in (r"doi:10\.\d{4}/\S+", "Why it is here: ", "Conserved: "):
        assert re.search(part, head)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_says_which_file_it_reads_and_has_that_many_runs(name: str) -> None:
    runs, failures = simulate_runs(EXAMPLES[name])
    assert not failures
    source = load_study(EXAMPLES[name]).source
    assert source is not None
    assert isinstance(source.initial, Sample)
    assert len(runs) == source.initial.runs * len(source.temperature) * max(len(source.pressure), 1)
    assert Path(runs.mechanism).name == Path(source.mechanism).name
    first = {run.time[0] for run in runs.runs}
    assert first == {0.0}


@pytest.mark.parametrize("name", EXAMPLES)
def test_rates_are_canteras_at_the_recorded_state_and_conserve_every_element(name: str) -> None:
    runs = data(name)
    gas = ct.Solution(runs.mechanism, runs.phase, transport_model=None)
    columns = [gas.species_index(species) for species in runs.species_names]
    atoms = np.array([[gas.n_atoms(int(j), e) for e in range(gas.n_elements)] for j in columns])
    rest = np.zeros(gas.n_species)
    if name == "h2o2-1500K":
        rest[gas.species_index("N2")] = 0.95 * 10 * ct.one_atm / (ct.gas_constant * 1500)
    for run in runs.runs[::7]:
        assert run.rates is not None
        for state, rates, temperature, pressure in zip(
            run.concentrations, run.rates, run.temperature, run.pressure, strict=True
        ):
            gas.TP = temperature, ct.one_atm
            rest[columns] = state
            gas.concentrations = rest
            gross = (gas.creation_rates + gas.destruction_rates)[columns]
            assert np.all(np.abs(gas.net_production_rates[columns] - rates) <= 1e-12 * gross)
            assert np.all(np.abs(rates @ atoms) <= 1e-12 * gross @ atoms)
            assert pressure == pytest.approx(gas.P, rel=1e-12)


def test_trajectories_agree_with_scipy() -> None:
    runs = data("hydrogen-oxidation")
    gas = ct.Solution(runs.mechanism)
    net = gas.product_stoich_coeffs - gas.reactant_stoich_coeffs
    gas.TP = 1000.0, ct.one_atm
    constants, orders = gas.forward_rate_constants, gas.reactant_stoich_coeffs

    def progress(c: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(constants * np.prod(np.maximum(c, 0)[:, None] ** orders, axis=0))

    def jacobian(_: float, c: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(net @ (progress(c)[:, None] * orders.T / np.maximum(c, 1e-30)))

    for run in runs.runs[:3]:
        solution = solve_ivp(
            lambda _, c: net @ progress(c),
            (0, 1),
            run.concentrations[0],
            method="Radau",
            t_eval=run.time,
            rtol=1e-10,
            atol=1e-14,
            jac=jacobian,
        )
        assert np.max(np.abs(solution.y.T - run.concentrations)) < 1e-8


def test_the_solver_needs_no_help_with_tiny_amounts() -> None:
    source = {
        "mechanism": str(EXAMPLES["michaelis-menten"].parent / "michaelis-menten.yaml"),
        "initial": {"concentrations": {"E": "1 nM", "S": "100 nM"}},
        "times": {"end": 1000.0, "count": 11},
    }
    runs = simulate(Study(source=source))  # type: ignore[arg-type]
    tight = resimulate(runs.mechanism, runs, rtol=1e-13, atol=1e-26)[0]["run001"]
    scale = np.ptp(tight.concentrations, axis=0)
    assert np.max(np.abs(runs.runs[0].concentrations - tight.concentrations) / scale) < 1e-7


@pytest.mark.parametrize("name", WITH_TIMES)
def test_the_source_simulated_again_gives_its_own_data(name: str) -> None:
    runs = data(name)
    again, failures = resimulate(runs.mechanism, runs)
    assert not failures
    assert list(again) == [run.name for run in runs.runs]
    for run in runs.runs:
        assert np.max(np.abs(again[run.name].concentrations - run.concentrations)) < 1e-8


@pytest.mark.parametrize("reactor", ["isothermal", "constant-volume", "constant-pressure"])
def test_each_reactor_holds_what_its_name_says(reactor: str) -> None:
    runs = simulate(ignition(reactor=reactor))
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    for run in runs.runs:
        energy, enthalpy, density = np.empty((3, len(run.time)))
        for i in range(len(run.time)):
            gas.TP = run.temperature[i], ct.one_atm
            gas.concentrations = run.concentrations[i]
            energy[i], enthalpy[i], density[i] = gas.int_energy_mass, gas.enthalpy_mass, gas.density
        held = {
            "isothermal": [run.temperature, density],
            "constant-volume": [energy, density],
            "constant-pressure": [enthalpy, run.pressure],
        }
        for values in held[reactor]:
            assert values == pytest.approx(np.full(len(run.time), values[0]), rel=1e-8)
        if reactor != "isothermal":
            assert run.temperature[-1] > run.temperature[0] + 1000


@pytest.mark.parametrize("reactor", ["constant-volume", "constant-pressure"])
def test_adiabatic_runs_simulated_again_give_their_own_data(reactor: str) -> None:
    runs = simulate(ignition(reactor=reactor))
    again, failures = resimulate("h2o2.yaml", runs)
    assert not failures
    for run in runs.runs:
        assert again[run.name].temperature == pytest.approx(run.temperature, rel=1e-7)
        assert np.max(np.abs(again[run.name].concentrations - run.concentrations)) < 1e-8


def test_mixtures_start_at_their_temperature_pressure_and_ratio_in_a_plain_order() -> None:
    runs = simulate(ignition(temperature=[1000, 1100], pressure=["1 atm", "2 atm"], times="none"))
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    assert [run.name for run in runs.runs] == [f"run{n:03d}" for n in range(1, 9)]
    conditions = [(t, p * 101325.0, phi) for t in (1000.0, 1100.0) for p in (1, 2) for phi in (0.5, 1.0)]
    for run, (temperature, pressure, phi) in zip(runs.runs, conditions, strict=True):
        gas.TP = temperature, pressure
        gas.set_equivalence_ratio(phi, "H2", "O2:1, AR:3.76")
        assert (run.temperature[0], run.pressure[0]) == pytest.approx((temperature, pressure))
        assert run.concentrations[0] == pytest.approx(gas.concentrations, rel=1e-12, abs=1e-30)
        assert not run.is_course


def test_mole_fractions_are_scaled_to_one() -> None:
    run = simulate(ignition(initial={"X": "H2:2, O2:1, AR:5"}, times="none", species=["AR", "H2"])).runs[0]
    total = 101325.0 / (ct.gas_constant * 1100.0)
    assert run.concentrations[0] == pytest.approx([5 / 8 * total, 2 / 8 * total])


def test_concentrations_are_taken_as_given_at_every_temperature() -> None:
    runs = simulate(ignition(initial={"concentrations": {"H2": "2 mM", "O2": 1e-3}}, temperature=[900, 1000]))
    for run, temperature in zip(runs.runs, (900.0, 1000.0), strict=True):
        assert run.concentrations[0, [0, 3]] == pytest.approx([2e-3, 1e-3])
        assert run.pressure[0] == pytest.approx(3e-3 * ct.gas_constant * temperature)


def test_draws_lie_between_low_and_high_and_the_others_are_zero() -> None:
    runs = data("crnn-case1")
    first = np.array([run.concentrations[0] for run in runs.runs])
    assert np.all((first[:, :2] >= 0.2) & (first[:, :2] <= 1.2))
    assert np.ptp(first[:, 0]) > 0.7
    assert not np.any(first[:, 2:])


def test_drawn_mole_fractions_fill_what_the_bath_leaves_over_the_decades_asked_for() -> None:
    runs = data("h2o2-1500K")
    first = np.array([run.concentrations[0] for run in runs.runs])
    total = 10 * 101325.0 / (ct.gas_constant * 1500.0)
    assert first.sum(axis=1) == pytest.approx(np.full(400, 0.05 * total), rel=1e-12)
    ratio = np.log10(first[:, 0] / first[:, 1])
    assert np.max(np.abs(ratio)) <= 3
    assert np.std(ratio) == pytest.approx(3 / 6**0.5, rel=0.1)


def test_the_order_in_which_drawn_species_are_named_does_not_matter() -> None:
    sample = {"sample": "uniform", "low": 0, "high": 1, "runs": 3}
    one, other = (
        simulate(ignition(initial={**sample, "species": names}, times="none")) for names in (["H2", "O2"], ["O2", "H2"])
    )
    assert np.array_equal(states(one), states(other))


def test_the_same_seed_gives_the_same_arrays_and_another_seed_others() -> None:
    study = load_study(EXAMPLES["hydrogen-oxidation"])
    assert study.source is not None
    perturbed = replace(study, source=replace(study.source, perturb=Perturb(copies=1)))
    one, two = simulate(perturbed), simulate(perturbed)
    assert np.array_equal(states(one), states(two))
    assert [run.name for run in one.runs] == [run.name for run in two.runs]
    other = simulate(replace(study, source=replace(study.source, seed=1)))
    assert not np.allclose(other.runs[0].concentrations[0], one.runs[0].concentrations[0])


def test_permuted_observed_species_give_permuted_columns() -> None:
    names = ["O2", "OH", "H2", "H2O"]
    full, some = simulate(ignition()), simulate(ignition(species=names))
    columns = [full.species_names.index(name) for name in names]
    assert some.species_names == tuple(names)
    for run, part in zip(full.runs, some.runs, strict=True):
        assert run.rates is not None
        assert part.rates is not None
        assert np.array_equal(part.concentrations, run.concentrations[:, columns])
        assert np.array_equal(part.rates, run.rates[:, columns])


def test_times_are_spaced_as_asked_for() -> None:
    log = simulate(ignition(times={"end": 1e-3, "count": 4, "spacing": "log", "start": 1e-5})).runs[0]
    assert log.time == pytest.approx([0, 1e-5, 1e-4, 1e-3])
    own = simulate(ignition(times={"end": 1e-3, "spacing": "solver"})).runs[0]
    assert len(own.time) > 500
    assert (own.time[0], own.time[-1]) == (0.0, 1e-3)
    thin = simulate(ignition(times={"end": 1e-3, "spacing": "solver", "count": 20})).runs[0]
    assert len(thin.time) == 20
    assert set(thin.time) <= set(own.time)
    assert (thin.time[0], thin.time[-1]) == (0.0, 1e-3)


def test_perturbed_copies_keep_zeros_and_temperature_and_know_their_parent() -> None:
    runs = simulate(ignition(perturb={"copies": 2, "decades": 1.5}, temperature=[1000, 1100]))
    families = [[run for run in runs.runs if (run.parent or run.name) == f"run{n:03d}"] for n in range(1, 5)]
    assert [len(family) for family in families] == [3, 3, 3, 3]
    gas = ct.Solution("h2o2.yaml", transport_model=None)
    shifts = []
    for parent, *copies in families:
        for copy in copies:
            assert copy.parent == parent.name
            assert np.array_equal(copy.time, parent.time)
            assert np.array_equal(copy.temperature, parent.temperature)
            present = parent.concentrations > 0
            assert np.array_equal(copy.concentrations > 0, present)
            shifts.append(np.log10(copy.concentrations[present] / parent.concentrations[present]))
            gas.TP = copy.temperature[-1], ct.one_atm
            gas.concentrations = copy.concentrations[-1]
            assert copy.rates is not None
            assert copy.rates[-1] == pytest.approx(gas.net_production_rates, rel=1e-9)
            assert copy.pressure[-1] == pytest.approx(gas.P)
    for one, two in pairwise(shifts):
        assert not np.array_equal(one, two)
    spread = np.concatenate(shifts)
    assert np.max(np.abs(spread)) <= 1.5 + 1e-12
    assert np.std(spread) == pytest.approx(1.5 / 3**0.5, rel=0.1)
    again, failures = resimulate("h2o2.yaml", runs)
    assert list(again) == ["run001", "run002", "run003", "run004"]
    assert not failures


@pytest.mark.parametrize("file", ["h2o2.yaml", "gri30.yaml"])
def test_thermo_of_the_records_is_canteras(file: str) -> None:
    gas = ct.Solution(file, transport_model=None)
    records = [species_record(species) for species in gas.species()]
    for temperature in (400.0, 1000.0, 2500.0):
        gas.TP = temperature, ct.one_atm
        ours = [float(record.thermo.gibbs_over_rt(temperature)) for record in records if record.thermo]
        assert ours == pytest.approx(gas.standard_gibbs_RT, rel=1e-12, abs=1e-12)
    assert records[0].definition is not None
    assert type(records[0].definition["thermo"]) is dict
    assert atomic_weights(gas) == {}


def test_weights_of_a_files_own_elements_ride_along() -> None:
    runs = data("michaelis-menten")
    assert runs.atomic_weights == {"Me": 1.0, "Ms": 1.0}
    assert runs.species[2].composition == {"Me": 1, "Ms": 1}


def test_a_run_that_fails_is_left_out_by_name_and_all_failing_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cold.yaml"
    path.write_text(OVERFLOWS_WHEN_COLD, encoding="utf-8")
    changes = {"mechanism": str(path), "initial": {"X": "A:1"}}
    runs, failures = simulate_runs(ignition(temperature=[300, 3000], **changes))
    assert [run.name for run in runs.runs] == ["run002"]
    assert list(failures) == ["run001"]
    assert re.match(r"CVodes error encountered.*right-hand side routine failed", failures["run001"])
    assert "\n" not in failures["run001"]
    with caplog.at_level(logging.WARNING, logger="mechlearn"):
        simulate(ignition(temperature=[300, 3000], **changes))
    assert "Run run001 is left out: CVodes" in caplog.text
    with pytest.raises(SimulationError, match=r"every run failed\. run001: CVodes error"):
        simulate(ignition(temperature=300, **changes))
    cold = replace(runs.runs[0], temperature=np.full(9, 300.0), pressure=np.full(9, np.nan), name="cold")
    again, failures = resimulate(path, runs.select([cold, *runs.runs]))
    assert (list(again), list(failures)) == (["run002"], ["cold"])


def test_progress_counts_every_run() -> None:
    counts: list[tuple[int, int]] = []
    runs = simulate(ignition(), progress=lambda done, total: counts.append((done, total)))
    resimulate("h2o2.yaml", runs, progress=lambda done, total: counts.append((done, total)))
    assert counts == [(1, 2), (2, 2)] * 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"species": ["H2", "O3"]}, "source.species names 'O3', which phase 'ohmech' does not have. Did you mean 'O'"),
        ({"initial": {"X": "CH4:1"}}, "source.initial.X names 'CH4'"),
        ({"initial": {"fuel": "CH4", "oxidizer": "O2", "phi": 1}}, "source.initial.fuel names 'CH4'"),
        ({"initial": {"concentrations": {"Q": 1}}}, "source.initial.concentrations names 'Q'"),
        ({"initial": {"fuel": "AR", "oxidizer": "N2", "phi": 1}}, "Cantera finds no mixture at phi 1"),
        ({"initial": {"sample": "uniform", "low": 0, "high": 0, "runs": 1}}, "high is zero for every species"),
        ({"initial": {"sample": "uniform", "low": {"Q": 0}, "high": 1, "runs": 1}}, "source.initial names 'Q'"),
        ({"mechanism": "nowhere.yaml"}, "nor 'nowhere.yaml' among Cantera's own data"),
    ],
)
def test_what_the_mechanism_does_not_have_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        simulate(ignition(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phase": "plasma"}, "h2o2.yaml has no phase 'plasma'"),
        ({"phase": "ohmech-RK"}, "phase 'ohmech-RK' is of the model Redlich-Kwong"),
        ({"mechanism": "ptcombust.yaml", "phase": "Pt_surf"}, "phase 'Pt_surf' is of the model ideal-surface"),
        ({"mechanism": "airNASA9.yaml"}, "phase 'airNASA9' has no reactions"),
    ],
)
def test_a_phase_that_is_no_reacting_ideal_gas_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        simulate(ignition(**changes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OVERFLOWS_WHEN_COLD.replace("A => B", "A => 2 B"), r"refuses .*: .*reaction is unbalanced:? A => 2 B"),
        (OVERFLOWS_WHEN_COLD.replace("A => B", "A => Z"), r"refuses .*: .*undeclared species: 'Z'"),
        (OVERFLOWS_WHEN_COLD[:-20], r"refuses .*: Error on line \d+"),
        ("", "refuses "),
    ],
)
def test_a_file_that_cantera_refuses_is_refused_in_its_words(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        load_gas(path)
    assert "****" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_chemkin_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Convert it first: ck2yaml"):
        load_gas(tmp_path / "chem.inp")


def test_a_study_of_data_has_nothing_to_simulate() -> None:
    with pytest.raises(StudyError, match="nothing to simulate"):
        simulate(Study(data="runs.csv"))  # type: ignore[arg-type]


def test_a_mechanism_is_looked_up_beside_the_study_first(tmp_path: Path) -> None:
    assert find_mechanism("h2o2.yaml", tmp_path) == Path("h2o2.yaml")
    (tmp_path / "h2o2.yaml").write_text(OVERFLOWS_WHEN_COLD, encoding="utf-8")
    assert find_mechanism("h2o2.yaml", tmp_path) == tmp_path / "h2o2.yaml"
    assert find_mechanism("crnn-case1.yaml", tmp_path).is_file()


def test_the_working_directory_does_not_hide_canteras_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "h2o2.yaml").write_text(OVERFLOWS_WHEN_COLD, encoding="utf-8")
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_gas(find_mechanism("h2o2.yaml", tmp_path / "study")).n_species == 10


def test_runs_that_cannot_be_simulated_again_are_refused_with_the_reason() -> None:
    runs = simulate(ignition())
    run = runs.runs[0]
    nowhere = np.full(len(run.time), np.nan)
    cases = [
        (replace(run, reactor=""), "does not say its reactor"),
        (replace(run, temperature=nowhere), "has no temperature at its first time"),
        (replace(run, concentrations=0 * run.concentrations), "starts with all concentrations at zero"),
    ]
    for case, message in cases:
        with pytest.raises(DataError, match=f"Run 'run001'.*{message}"):
            resimulate("h2o2.yaml", runs.select([case]))
    with pytest.raises(DataError, match=r"crnn-case1\.yaml lacks H2, H, .*which the runs hold"):
        resimulate("crnn-case1.yaml", runs)


def test_an_unobserved_diluent_matters_where_the_reactor_heats_up_and_not_where_it_does_not() -> None:
    observed = ["H2", "H", "O", "O2", "OH", "H2O", "HO2", "H2O2"]
    with pytest.raises(DataError, match=r"Run 'run001'.* make up .* add the diluent as a column"):
        resimulate("h2o2.yaml", simulate(ignition(species=observed)))
    runs = simulate(ignition(species=observed, reactor="isothermal"))
    again, failures = resimulate("h2o2.yaml", runs)
    assert len(again) == 2
    assert not failures
    unknown = replace(simulate(ignition()).runs[0], pressure=np.full(9, np.nan))
    assert len(resimulate("h2o2.yaml", simulate(ignition()).select([unknown]))[0]) == 1


def test_time_need_not_start_at_zero() -> None:
    runs = simulate(ignition())
    later = runs.select([replace(run, time=run.time + 5.0) for run in runs.runs])
    again, _ = resimulate("h2o2.yaml", later)
    for run in later.runs:
        assert np.array_equal(again[run.name].time, run.time)
        assert np.max(np.abs(again[run.name].concentrations - run.concentrations)) < 1e-8


@pytest.mark.parametrize("reactor", ["isothermal", "constant-volume", "constant-pressure"])
def test_the_solver_for_many_species_gives_the_same_course(monkeypatch: pytest.MonkeyPatch, reactor: str) -> None:
    source = {"mechanism": "h2o2.yaml", "reactor": reactor, "temperature": 1100, "pressure": "1 atm"}
    given = {**source, "initial": {"X": "H2:2, O2:1"}, "times": {"end": "1 ms", "count": 11}}
    dense = simulate(Study(source=given)).runs[0]  # type: ignore[arg-type]
    monkeypatch.setattr("mechlearn.simulation._MANY_SPECIES", 1)
    sparse = simulate(Study(source=given)).runs[0]  # type: ignore[arg-type]
    np.testing.assert_allclose(sparse.concentrations, dense.concentrations, atol=1e-8 * dense.concentrations.max())
    np.testing.assert_allclose(sparse.temperature, dense.temperature, rtol=1e-8)
