"""One small file of each family of programs, read and turned into concentrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cantera as ct
import numpy as np
import pandas as pd
import pytest

import mechlearn as ml
from mechlearn.chemistry.thermo import GAS_CONSTANT
from mechlearn.data.sampling.check_sampling import check_sampling
from mechlearn.data.trajectories import Trajectories
from mechlearn.discovery.fit.run_arrays import run_arrays
from mechlearn.errors import DataError
from mechlearn.formats.tables.runs_file import read_runs

from ..runs import Table

MECHANISM = "h2o2.yaml"


def ignition(temperature: float = 1200.0) -> Any:
    """States of a hydrogen flame's ignition, with times, heat release and a column of texts."""
    gas = ct.Solution(MECHANISM)
    gas.TPX = temperature, 2e5, "H2:2, O2:1, N2:4"
    network = ct.ReactorNet([ct.IdealGasReactor(gas, clone=False)])
    states: Any = ct.SolutionArray(gas, extra=["t", "hrr", "label"])
    states.append(gas.state, t=0.0, hrr=0.0, label="first")
    for time in np.geomspace(1e-6, 1e-3, 12):
        network.advance(time)
        states.append(gas.state, t=time, hrr=gas.heat_release_rate, label="later")
    return states


def assert_read(runs: Trajectories, states: Any, *, digits: float, run: int = 0) -> None:
    """The states that Cantera had, within the digits that it wrote."""
    assert runs.species_names == tuple(states.species_names)
    read = runs.runs[run]
    np.testing.assert_allclose(read.time, states.t, rtol=digits)
    np.testing.assert_allclose(read.temperature, states.T, rtol=digits)
    np.testing.assert_allclose(read.pressure, states.P, rtol=10 * digits)
    np.testing.assert_allclose(read.concentrations, states.concentrations, rtol=10 * digits, atol=1e-25)
    assert read.rates is None


@pytest.mark.parametrize("basis", ["mass", "mole"])
def test_cantera_csv(tmp_path: Path, basis: str) -> None:
    states = ignition()
    states.save(str(tmp_path / "states.csv"), basis=basis)
    assert_read(ml.read_csv(tmp_path / "states.csv", mechanism=MECHANISM), states, digits=5e-9)


@pytest.mark.parametrize("ending", ["h5", "yaml"])
def test_cantera_hdf5_and_yaml_hold_one_run_for_each_array(tmp_path: Path, ending: str) -> None:
    first, second = ignition(1200.0), ignition(1300.0)
    path = tmp_path / f"states.{ending}"
    first.save(str(path), name="1200K")
    second.save(str(path), name="1300K")
    runs = read_runs(path, mechanism=MECHANISM, reactor="constant-volume")
    by_name = {run.name: k for k, run in enumerate(runs.runs)}
    assert set(by_name) == {"1200K", "1300K"}
    assert {run.reactor for run in runs.runs} == {"constant-volume"}
    assert_read(runs, first, digits=1e-14, run=by_name["1200K"])
    assert_read(runs, second, digits=1e-14, run=by_name["1300K"])


@pytest.mark.parametrize("ending", ["h5", "yaml"])
def test_a_single_state_of_cantera_is_a_run_of_one_state(tmp_path: Path, ending: str) -> None:
    gas = ct.Solution(MECHANISM)
    gas.TPX = 900.0, 1e5, "H2:2, O2:1"
    states = ct.SolutionArray(gas, 1, extra={"t": [0.0]})
    states.save(str(tmp_path / f"one.{ending}"), name="one")
    runs = read_runs(tmp_path / f"one.{ending}", mechanism=MECHANISM)
    assert len(runs.runs[0].time) == 1
    for name in ("H2", "O2"):
        read = runs.runs[0].concentrations[0, runs.species_names.index(name)]
        np.testing.assert_allclose(read, states(name).concentrations[0, 0], rtol=1e-6)


@pytest.mark.parametrize("ending", ["h5", "yaml"])
def test_cantera_files_without_times_say_how_to_save_them(tmp_path: Path, ending: str) -> None:
    states = ct.SolutionArray(ct.Solution(MECHANISM), 2)
    states.save(str(tmp_path / f"states.{ending}"), name="a")
    with pytest.raises(DataError, match=r"a: there is no column of times\. Save the array with one: .*extra=\['t'\]"):
        read_runs(tmp_path / f"states.{ending}", mechanism=MECHANISM)


def test_cantera_files_without_the_mechanism_ask_for_it(tmp_path: Path) -> None:
    ignition().save(str(tmp_path / "states.h5"), name="a")
    with pytest.raises(DataError, match=r"column .*'Y_H2'\): .*need molecular weights.*--mechanism"):
        ml.read_hdf5(tmp_path / "states.h5")
    with pytest.raises(DataError, match=r"gri30\.yaml has no species|has no species"):
        ml.read_hdf5(tmp_path / "states.h5", mechanism="crnn-case1.yaml")


def test_data_frames_of_cantera() -> None:
    states = ignition()
    assert_read(ml.from_dataframe(states.to_pandas(), mechanism=MECHANISM), states, digits=1e-12)
    runs = ml.from_dataframe(states.to_pandas(cols=("extra", "T", "P", "concentrations")))
    np.testing.assert_array_equal(runs.runs[0].concentrations, states.concentrations)


CHEMKIN = """\
Time_(msec), Temperature_(K), Pressure_(atm), Volume_(cm3), Mole_fraction_H2_(), Mole_fraction_CH2(S)_(), Q_(erg/sec),
0.0, 1000.0, 1.0, 2.0, 1.0E-01, 0.0, 3.0,
0.5, 1100.0, 1.1, 2.0, 9.0E-02, 1.0E-12, 3.0,
"""


def test_chemkin_pro(table: Table) -> None:
    runs = ml.read_csv(table(CHEMKIN))
    assert runs.species_names == ("H2", "CH2(S)")
    (run,) = runs.runs
    np.testing.assert_allclose(run.time, [0.0, 5e-4])
    np.testing.assert_allclose(run.pressure, [101325.0, 1.1 * 101325.0])
    np.testing.assert_allclose(
        run.concentrations[:, 0], [0.1 * 101325 / (GAS_CONSTANT * 1000), 0.09 * 1.1 * 101325 / (GAS_CONSTANT * 1100)]
    )


SOLUTIONS = """\
Time_Soln#1_(sec), Temperature_Soln#1_(K), Pressure_Soln#1_(bar), Mole_fraction_OH_Soln#1_(),\
 Time_Soln#2_(sec), Temperature_Soln#2_(K), Pressure_Soln#2_(bar), Mole_fraction_OH_Soln#2_(), Mole_fraction_H_Soln#2_()
0, 1000, 1, 0.1, 0, 1200, 2, 0.2, 0.3
1, 1000, 1, 0.2, , , , ,
"""


def test_each_solution_of_chemkin_is_a_run_with_its_own_times(table: Table) -> None:
    runs = ml.read_csv(table(SOLUTIONS))
    assert [run.name for run in runs.runs] == ["Soln#1", "Soln#2"]
    assert [len(run.time) for run in runs.runs] == [2, 1]
    assert runs.species_names == ("OH", "H")
    assert np.isnan(runs.runs[0].concentrations[:, 1]).all()
    assert runs.runs[1].temperature.tolist() == [1200.0]


def test_chemkins_transposed_form(table: Table) -> None:
    text = (
        "Time_Soln#1, (msec), 0, 1, 2\nTemperature_Soln#1, (K), 1000, 1000, 1000\nPressure_Soln#1, (bar), 1, 1, 1\n"
        "Mole_fraction_H2_Soln#1, (), 0.1, 0.05, 0.02\nA remark\n"
    )
    (run,) = ml.read_csv(table(text, "CKSoln.ckcsv")).runs
    assert run.time.tolist() == [0.0, 1e-3, 2e-3]
    np.testing.assert_allclose(run.concentrations[:, 0] * GAS_CONSTANT * 1000 / 1e5, [0.1, 0.05, 0.02])
    with pytest.raises(DataError, match="holds no line of the form"):
        ml.read_csv(table("nothing", "empty.ckcsv"))


RMG = """\
Time (s),Volume (m^3),H2(1),O2(2),"dln[H2(1)]/dln[k3]: H(3)+O2(2)=O(4)+OH(5)"
0,2.0,0.5,0.25,0
1,2.0,0.4,0.2,0.1
"""


def test_rmg_needs_the_basis(table: Table) -> None:
    path = table(RMG)
    with pytest.raises(DataError, match=r"column 3 \('H2\(1\)'\) \(likewise 1 more\): the unit is missing.*--basis"):
        ml.read_csv(path)
    moles = ml.read_csv(path, basis="moles")
    assert moles.species_names == ("H2(1)", "O2(2)")
    np.testing.assert_allclose(moles.runs[0].concentrations, [[2.5e-4, 1.25e-4], [2e-4, 1e-4]])
    with pytest.raises(DataError, match=r"mole fractions need temperature and pressure\. .*--temperature"):
        ml.read_csv(path, basis="mole-fraction")
    fractions = ml.read_csv(path, basis="mole-fraction", temperature="1000 K", pressure="1 bar")
    np.testing.assert_allclose(fractions.runs[0].concentrations[0], np.array([0.5, 0.25]) * 1e5 / GAS_CONSTANT / 1e3)
    assert fractions.runs[0].temperature.tolist() == [1000.0, 1000.0]


OPENSMOKE = """\
t[s](1)     T[K](2)     P[Pa](3)    rho[kg/m3](4)  QR[W/m3](5) MW[kg/kmol](6) H2_x(7)     CH2(S)_x(8) H2_w(9)
0.000e+00   1.000e+03   101325.     0.3            0.          28.            1.000e-02   0.          1.e-3
1.000e-03   1.000e+03   101325.     0.3            0.          28.            5.000e-03   1.0e-9      5.e-4
"""


def test_opensmoke(table: Table) -> None:
    runs = ml.read_csv(table(OPENSMOKE, "Output.out"))
    assert runs.species_names == ("H2", "CH2(S)")
    np.testing.assert_allclose(runs.runs[0].concentrations[:, 0], np.array([1e-2, 5e-3]) * 101325 / GAS_CONSTANT / 1e3)
    weighed = ml.read_csv(table(OPENSMOKE.replace("CH2(S)_x(8)", "O2_w(8)    "), "Output.out"), mechanism=MECHANISM)
    assert weighed.species_names == ("H2", "O2")


@pytest.mark.parametrize(
    ("header", "species"),
    [
        ("t / s,[A] / mM,B / (mmol/L)", ["A", "B"]),
        ("time [s],A [mM],B (mM)", ["A", "B"]),
        ("Time (s),[A] (mM),[B] [mM]", ["A", "B"]),
        ("t/s,c_A [mM],c(B) / mM", ["A", "B"]),
        ("t[s],A[mM],C_B[mM]", ["A", "B"]),
        ("TIME [s],conc_A [mmol/L],concentrations_B [mM]", ["A", "B"]),
        ("tau (s),CH2(S) (mM),H2(1) [mM]", ["CH2(S)", "H2(1)"]),
        ('t / s,"1,3-C4H6 / mM","C[1] [mM]"', ["1,3-C4H6", "C[1]"]),
    ],
)
def test_headers_by_hand(table: Table, header: str, species: list[str]) -> None:
    runs = ml.read_csv(table(f"{header}\n0,1,2\n1,0.5,3\n"))
    assert list(runs.species_names) == species
    assert runs.runs[0].concentrations.tolist() == [[1e-3, 2e-3], [5e-4, 3e-3]]


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("OH [ppmv]", 100.0, 1e-4),
        ("x_OH", 0.25, 0.25),
        ("X_OH [ppm]", 100.0, 1e-4),
        ("OH [mol%]", 5.0, 0.05),
        ("OH (mol/mol)", 0.5, 0.5),
    ],
)
def test_mole_fractions_by_hand(table: Table, header: str, value: float, expected: float) -> None:
    path = table(f"time [us],{header},T [degC],P [bar]\n0,{value},26.85,2\n")
    (run,) = ml.read_csv(path).runs
    np.testing.assert_allclose(run.concentrations, [[expected * 2e5 / (GAS_CONSTANT * 300)]])


def test_other_bases_by_hand(table: Table) -> None:
    gas = ct.Solution(MECHANISM)
    weights = dict(zip(*(gas.species_names, gas.molecular_weights), strict=True))
    mass = ml.read_csv(table("time [s],H2O [g/L],O2 [wt%],rho [kg/m3]\n0,18,50,2\n"), mechanism=MECHANISM)
    np.testing.assert_allclose(mass.runs[0].concentrations, [[18 / weights["H2O"], 1 / weights["O2"]]])
    whole = "time [s],H2 [wt%],O2 [wt%],T [K],P [Pa]\n0,25,75,500,1e5\n"
    (run,) = ml.read_csv(table(whole), mechanism=MECHANISM).runs
    np.testing.assert_allclose(run.concentrations.sum(), 1e5 / (GAS_CONSTANT * 500))
    np.testing.assert_allclose(run.concentrations[0, 0] * weights["H2"] * 3, run.concentrations[0, 1] * weights["O2"])
    moles = ml.read_csv(table("time [s],A [mmol],V [mL]\n0,1,2\n"))
    np.testing.assert_allclose(moles.runs[0].concentrations, [[0.5]])
    number = ml.read_csv(table("time [s],A [molecules/cm3]\n0,6.02214076e20\n"))
    np.testing.assert_allclose(number.runs[0].concentrations, [[1.0]])


CHEMKED = """\
file-authors: [{name: A. Person}]
experiment-type: species profile
common-properties:
  pressure: [1.5 atm]
datapoints:
- temperature: [1450 K, {uncertainty-type: relative, uncertainty: 0.01}]
  concentration-profiles:
  - species-name: OH
    quantity: {units: mole fraction}
    time: {units: us}
    values: [[0.0, 0.0], [10.0, 1.0e-5, 1.0e-6], [20.0, 3.0e-5]]
  - species-name: H
    quantity: {units: mol/cm^3}
    time: {units: us}
    values:
    - [10.0, 1.0e-9]
- temperature: [1500 K]
  concentration-profiles:
  - {species-name: OH, quantity: {units: ppmv}, time: {units: ms}, values: [[0, 5], [1, 6]]}
- temperature: [1500 K]
  ignition-delay: [100 us]
"""


def test_chemked_profiles(table: Table) -> None:
    runs = read_runs(table(CHEMKED, "oh.yaml"))
    assert [run.name for run in runs.runs] == ["datapoint 1", "datapoint 2"]
    assert runs.species_names == ("OH", "H")
    first, second = runs.runs
    total = 1.5 * 101325 / (GAS_CONSTANT * 1450)
    np.testing.assert_allclose(first.time, [0, 1e-5, 2e-5])
    np.testing.assert_allclose(first.concentrations, [[0, np.nan], [1e-5 * total, 1e-6], [3e-5 * total, np.nan]])
    np.testing.assert_allclose(second.time, [0, 1e-3])
    assert np.isnan(second.concentrations[:, 1]).all()
    assert second.temperature.tolist() == [1500.0, 1500.0]


def test_data_frames(tmp_path: Path) -> None:
    frame = pd.DataFrame({"run": ["a", "a", "b"], "t / min": [0, 1, 0], "[A] / mM": [5.0, np.nan, 4.0], "n": [1, 2, 3]})
    with pytest.raises(DataError, match=r"The data frame, column 4 \('n'\): the unit is missing"):
        ml.from_dataframe(frame)
    runs = ml.from_dataframe(frame.drop(columns="n"))
    assert [run.name for run in runs.runs] == ["a", "b"]
    np.testing.assert_array_equal(runs.runs[0].concentrations, [[5e-3], [np.nan]])
    assert runs.missing == 1
    indexed = ml.from_dataframe(frame.drop(columns="n").set_index(["run", "t / min"]))
    np.testing.assert_array_equal(indexed.runs[0].time, [0, 60])
    frame.drop(columns="n").to_csv(tmp_path / "frame.csv")
    assert ml.read_csv(tmp_path / "frame.csv").missing == 1
    with pytest.raises(DataError, match=r"The data frame, row 1, column 'A \[M\]': 'x' is not a number"):
        ml.from_dataframe(pd.DataFrame({"time [s]": [0, 1], "A [M]": ["1", "x"]}))
    nullable = frame.drop(columns="n").convert_dtypes().astype({"run": "category"})
    np.testing.assert_array_equal(ml.from_dataframe(nullable).runs[0].concentrations, [[5e-3], [np.nan]])
    objects = pd.DataFrame({"time [s]": [0, 1], "A [M]": [pd.NA, 1.5]}, dtype=object)
    np.testing.assert_array_equal(ml.from_dataframe(objects).runs[0].concentrations, [[np.nan], [1.5]])
    with pytest.raises(DataError, match="dict is not a pandas DataFrame"):
        ml.from_dataframe({"time [s]": [0]})
    with pytest.raises(DataError, match="The data frame has no rows"):
        ml.from_dataframe(frame.iloc[:0])


def test_a_volume_that_changes_within_a_run_is_known(table: Table) -> None:
    text = "Time (s),Volume (m^3),A(1),B(2)\n0,1.0,1,0\n1,1.5,0.33,0.67\n2,2.0,0,1\n"
    expanding = ml.read_csv(table(text), basis="mole-fraction", temperature="1000 K", pressure="1 bar")
    assert expanding.runs[0].expansion == 1.0
    with pytest.raises(DataError, match="the volume changes by 100 % within the run"):
        run_arrays(expanding)
    (said,) = (each for each in check_sampling(expanding).diagnostics if each.kind == "volume")
    assert "100 %" in said.text
    assert ml.read_csv(table(RMG), basis="moles").runs[0].expansion == 0
