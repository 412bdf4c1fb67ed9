"""Cantera as the source: what it gives equals Cantera's and SciPy's own answers, and what it cannot do is said."""

import logging
import re
from dataclasses import replace
from pathlib import Path

import cantera as ct
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from mechlearn.errors import DataError, SimulationError
from mechlearn.formats.cantera_species import atomic_weights, species_record
from mechlearn.simulation.reactors import resimulate
from mechlearn.simulation.settings import Sample
from mechlearn.study.schema import Study, load_study
from mechlearn.study.simulate import simulate, simulate_runs

from ..simulated import EXAMPLES, MECHANISMS, OVERFLOWS_WHEN_COLD, WITH_TIMES, data, ignition


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
    counts: list[tuple[float, str]] = []
    runs = simulate(ignition(), progress=lambda share, doing: counts.append((share, doing)))
    resimulate("h2o2.yaml", runs, progress=lambda share, doing: counts.append((share, doing)))
    assert counts == [(0.5, "simulating"), (1.0, "simulating"), (0.5, "simulating again"), (1.0, "simulating again")]


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
def test_the_solver_for_many_species_gives_the_same_history(monkeypatch: pytest.MonkeyPatch, reactor: str) -> None:
    source = {"mechanism": "h2o2.yaml", "reactor": reactor, "temperature": 1100, "pressure": "1 atm"}
    given = {**source, "initial": {"X": "H2:2, O2:1"}, "times": {"end": "1 ms", "count": 11}}
    dense = simulate(Study(source=given)).runs[0]  # type: ignore[arg-type]
    monkeypatch.setattr("mechlearn.simulation.reactors._MANY_SPECIES", 1)
    sparse = simulate(Study(source=given)).runs[0]  # type: ignore[arg-type]
    np.testing.assert_allclose(sparse.concentrations, dense.concentrations, atol=1e-8 * dense.concentrations.max())
    np.testing.assert_allclose(sparse.temperature, dense.temperature, rtol=1e-8)
