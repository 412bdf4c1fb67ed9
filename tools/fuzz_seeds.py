"""The files that fuzz.py starts from: small tables of all families, studies and mechanisms."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cantera as ct

import mechlearn as ml
from mechlearn.formats.tables.runs_file import write_runs
from mechlearn.study.schema import example_studies

STUDY = """\
source:
  mechanism: {mechanism}
  initial: {{sample: uniform, low: 0, high: 1, runs: 4}}
  times: {{end: 1.0, count: 8}}
"""
CHEMKIN = """\
Time_(msec), Temperature_(K), Pressure_(atm), Volume_(cm3), Mole_fraction_H2_(), Mole_fraction_OH_(), Q_(erg/sec),
0.0, 1000.0, 1.0, 2.0, 1.0E-01, 0.0, 3.0,
0.5, 1100.0, 1.1, 2.0, 9.0E-02, 1.0E-12, 3.0,
0.9, 1150.0, 1.1, 2.0, 8.0E-02, 1.0E-11, 3.0,
"""
SOLUTIONS = """\
Time_Soln#1, (msec), 0, 1, 2
Temperature_Soln#1, (K), 1000, 1000, 1000
Pressure_Soln#1, (bar), 1, 1, 1
Mole_fraction_H2_Soln#1, (), 0.1, 0.05, 0.02
"""
RMG = """\
Time (s),Volume (m^3),H2(1),O2(2),"dln[H2(1)]/dln[k3]: H(3)+O2(2)=O(4)+OH(5)"
0,2.0,0.5,0.25,0
1,2.0,0.4,0.2,0.1
2,2.0,0.3,0.15,0.1
"""
OPENSMOKE = """\
t[s](1)     T[K](2)     P[Pa](3)    rho[kg/m3](4)  MW[kg/kmol](5) H2_x(6)     OH_x(7) H2_w(8)
0.000e+00   1.000e+03   101325.     0.3            28.            1.000e-02   0.          1.e-3
1.000e-03   1.000e+03   101325.     0.3            28.            5.000e-03   1.0e-9      5.e-4
2.000e-03   1.000e+03   101325.     0.3            28.            3.000e-03   1.0e-8      4.e-4
"""
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
"""


@dataclass(frozen=True)
class Seed:
    """A file that is read as it is, and the options that it needs; ``kind`` is table, study or mechanism."""

    name: str
    content: bytes
    options: dict[str, str] = field(default_factory=dict)
    kind: str = "table"


def all_seeds(folder: Path) -> list[Seed]:
    """Small files of every kind, most of them written by the package and by Cantera."""
    runs = {}
    for name in ("fuel-radical-product", "michaelis-menten"):
        study = folder / f"{name}.study.yaml"
        study.write_text(STUDY.format(mechanism=f"{name}.yaml"))
        runs[name] = ml.simulate(ml.load_study(study))
    paths = [folder / "rates.csv", folder / "concentrations.csv", folder / "runs.h5"]
    write_runs(runs["fuel-radical-product"], paths[0])
    write_runs(runs["michaelis-menten"], paths[2])
    rows = list(csv.reader(line for line in paths[0].read_text().splitlines() if not line.startswith("#")))
    kept = [column for column, header in enumerate(rows[0]) if not header.startswith("d(")]
    paths[1].write_text("\n".join(",".join(row[column] for column in kept) for row in rows) + "\n")
    seeds = [Seed(path.name, path.read_bytes()) for path in paths]
    seeds += [Seed(path.name, path.read_bytes(), {"mechanism": "h2o2.yaml"}) for path in _cantera_files(folder)]
    for name, text in (
        ("oh.yaml", CHEMKED),
        ("chemkin.csv", CHEMKIN),
        ("soln.ckcsv", SOLUTIONS),
        ("opensmoke.out", OPENSMOKE),
    ):
        seeds.append(Seed(name, text.encode()))
    seeds.append(Seed("rmg.csv", RMG.encode(), {"basis": "moles"}))
    studies = ("fuel-radical-product", "h2o2-ignition", "h2o2-trajectories", "methane-reduction", "alpha-pinene")
    for name in studies:
        seeds.append(Seed(f"{name}.study.yaml", example_studies()[name].read_bytes(), kind="study"))
    for name in ("fuel-radical-product", "hydrogen-oxidation"):
        content = (example_studies()[name].parent / f"{name}.yaml").read_bytes()
        seeds.append(Seed(f"{name}.yaml", content, kind="mechanism"))
    written = folder / "written.yaml"
    ml.write_mechanism(ml.read_mechanism("h2o2.yaml"), written)
    return [*seeds, Seed("h2o2.yaml", written.read_bytes(), kind="mechanism")]


def _cantera_files(folder: Path) -> list[Path]:
    """One ignition, as Cantera saves its states in three forms."""
    gas = ct.Solution("h2o2.yaml")
    gas.TPX = 1200.0, 2e5, "H2:2, O2:1, AR:4"
    network = ct.ReactorNet([ct.IdealGasReactor(gas, clone=False)])
    states: Any = ct.SolutionArray(gas, extra=["t"])
    for moment in (1e-6, 1e-5, 3e-5, 1e-4, 1e-3):
        network.advance(moment)
        states.append(gas.state, t=moment)
    paths = [folder / "states.csv", folder / "states.yaml", folder / "states.h5"]
    for path in paths:
        states.save(str(path), **({} if path.suffix == ".csv" else {"name": "a"}))
    return paths
