import cantera as ct
import numpy as np
import pytest

from mechlearn.chemistry.thermo import GAS_CONSTANT, ConstantCp
from mechlearn.formats.cantera_species import species_record

TEMPERATURES = (250.0, 999.999, 1000.0, 1000.001, 2900.0)


@pytest.mark.parametrize("file", ["h2o2.yaml", "gri30.yaml"])
def test_gibbs_energies_equal_those_of_cantera(file: str) -> None:
    gas = ct.Solution(file, transport_model=None)
    records = [species_record(species) for species in gas.species()]
    for temperature in TEMPERATURES:
        gas.TP = temperature, gas.species(0).thermo.reference_pressure
        expected = gas.standard_gibbs_RT
        found = [float(r.thermo.gibbs_over_rt(temperature)) for r in records if r.thermo is not None]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        heats = [float(r.thermo.enthalpy_over_rt(temperature)) for r in records if r.thermo is not None]
        np.testing.assert_allclose(heats, gas.standard_enthalpies_RT, rtol=1e-12, atol=1e-12)


def test_gibbs_energy_of_a_constant_heat_capacity_equals_that_of_cantera() -> None:
    thermo = ConstantCp(T0=400.0, h0=-3e7, s0=1.5e5, cp0=3.1e4)
    theirs = ct.ConstantCp(200.0, 5000.0, 101325.0, [400.0, -3e7, 1.5e5, 3.1e4])
    for temperature in TEMPERATURES:
        expected = theirs.h(temperature) / (GAS_CONSTANT * temperature) - theirs.s(temperature) / GAS_CONSTANT
        assert float(thermo.gibbs_over_rt(temperature)) == pytest.approx(expected, rel=1e-12)


def test_gibbs_energies_keep_the_shape_of_the_temperatures() -> None:
    record = species_record(ct.Species.list_from_file("h2o2.yaml")[0])
    assert record.thermo is not None
    grid = np.linspace(300.0, 2000.0, 6).reshape(2, 3)
    assert record.thermo.gibbs_over_rt(grid).shape == (2, 3)
    assert record.thermo.gibbs_over_rt(grid)[1, 2] == record.thermo.gibbs_over_rt(2000.0)


def test_the_gas_constant_is_that_of_cantera() -> None:
    assert abs(GAS_CONSTANT / ct.gas_constant - 1.0) < 1e-15
