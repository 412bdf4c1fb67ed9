"""Where simulated runs start, and at which times they are sampled."""

from dataclasses import replace
from itertools import pairwise

import cantera as ct
import numpy as np
import pytest

from mechlearn.errors import StudyError
from mechlearn.simulation.initial_conditions import initial_states
from mechlearn.simulation.reactors import resimulate
from mechlearn.simulation.settings import Mixture, Perturb
from mechlearn.study.schema import load_study
from mechlearn.study.simulate import simulate

from ..simulated import EXAMPLES, data, ignition, states


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
        assert not run.is_time_history


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


@pytest.mark.parametrize(
    ("fuel", "mixture", "named"),
    [("SiH4", {"O2": 1, "Ar": 3.76}, "fuel SiH4, which holds Si"), ("H2", {"F2": 1}, "oxidizer F2, which holds F")],
)
def test_a_ratio_that_cantera_does_not_know_is_refused_with_the_way_out(
    fuel: str, mixture: dict[str, float], named: str
) -> None:
    listed = {each.name: each for each in ct.Species.list_from_file("nasa_gas.yaml")}
    gas = ct.Solution(thermo="ideal-gas", species=[listed[name] for name in ("SiH4", "H2", "O2", "F2", "Ar")])
    source = ignition().source
    assert source is not None
    source = replace(source, initial=Mixture(fuel={fuel: 1}, oxidizer=mixture, phi=(1.0,)))
    with pytest.raises(StudyError, match=f"{named}.*X: "):
        list(initial_states(gas, source))


def test_nitrogen_in_the_fuel_leaves_the_ratio_as_it_is() -> None:
    gas = ct.Solution(thermo="ideal-gas", species=ct.Species.list_from_file("gri30.yaml"))
    source = ignition().source
    assert source is not None
    source = replace(source, initial=Mixture(fuel={"NH3": 1}, oxidizer={"O2": 1, "N2": 3.76}, phi=(1.0,)))
    state = next(initial_states(gas, source))
    amounts = dict(zip(gas.species_names, state.amounts, strict=True))
    assert amounts["O2"] / amounts["NH3"] == pytest.approx(0.75)
