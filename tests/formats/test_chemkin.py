from pathlib import Path

import cantera as ct
import pytest
from cantera import ck2yaml

from mechlearn.formats.chemkin import write_chemkin

HEAD = """
units: {length: cm, time: s, quantity: mol, activation-energy: cal/mol}
phases:
- {name: gas, thermo: ideal-gas, elements: [O, H, C, Ar], species: [{gri30.yaml/species: [H2, H, O, OH, CO, CH2O, AR]}],
   kinetics: gas, state: {T: 300 K, P: 1 atm}}
reactions:
- {equation: O + H2 <=> H + OH, rate-constant: {A: 3.87e+04, b: 2.7, Ea: 6260.0}}
"""
OTHERS = {
    "pressures beside a species on both sides": (
        """
- equation: CH2O + H <=> CO + H2 + H
  type: pressure-dependent-Arrhenius
  rate-constants: [{P: 0.04 atm, A: 7.2e+08, b: 1.903, Ea: 11733}, {P: 1.0 atm, A: 5.1e+07, b: 2.182, Ea: 11524}]
""",
        "CH2O + H <=> CO + H2 + H",
    ),
    "colliders that do not count": (
        """
- equation: H + O + M <=> OH + M
  type: three-body
  rate-constant: {A: 5.0e+17, b: -1.0, Ea: 0.0}
  default-efficiency: 0
  efficiencies: {H2: 2.0, AR: 6.0}
""",
        "H + O + M <=> OH + M",
    ),
    "a rate law that Chemkin does not have": (
        """
- {equation: H2 + OH <=> H + H + OH, type: Blowers-Masel, rate-constant: {A: 3.87e+04, b: 2.7, Ea0: 6260.0, w: 3e5}}
""",
        "Blowers",
    ),
}


def written(mechanism: Path, folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path != mechanism]


@pytest.mark.parametrize("kind", list(OTHERS))
def test_what_chemkin_cannot_hold_is_not_written(tmp_path: Path, kind: str) -> None:
    reaction, named = OTHERS[kind]
    mechanism = tmp_path / "m.yaml"
    mechanism.write_text(HEAD + reaction)
    assert named in write_chemkin(mechanism, tmp_path / "chemkin", transport=False)
    assert not written(mechanism, tmp_path)


def test_thermodynamic_data_at_another_pressure_are_not_written(tmp_path: Path) -> None:
    mechanism = tmp_path / "m.yaml"
    gas = ct.Solution("h2o2.yaml")
    gas.write_yaml(mechanism, header=False)
    mechanism.write_text(mechanism.read_text().replace("model: NASA7", "model: NASA7\n      reference-pressure: 1 bar"))
    assert "thermodynamic data of H2" in write_chemkin(mechanism, tmp_path / "chemkin", transport=False)
    assert not written(mechanism, tmp_path)


def test_what_stood_there_before_goes(tmp_path: Path) -> None:
    mechanism, folder = tmp_path / "m.yaml", tmp_path / "chemkin"
    mechanism.write_text(HEAD)
    assert not write_chemkin(mechanism, folder, transport=False)
    mechanism.write_text(HEAD + OTHERS["colliders that do not count"][0])
    assert write_chemkin(mechanism, folder, transport=False)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["h2o2.yaml", "gri30.yaml"])
def test_a_mechanism_that_chemkin_can_hold_is_written_with_the_same_bytes_each_time(tmp_path: Path, name: str) -> None:
    mechanism = Path(ct.__file__).parent / "data" / name
    for folder in ("first", "second"):
        assert not write_chemkin(mechanism, tmp_path / folder, transport=True)
    files = [tmp_path / "first" / each for each in ("chem.inp", "therm.dat", "tran.dat")]
    assert all(path.read_bytes() == (tmp_path / "second" / path.name).read_bytes() for path in files)
    assert not any("! date" in path.read_text() for path in files)
    ck2yaml.convert(*files, out_name=tmp_path / "back.yaml", quiet=True)
    assert ct.Solution(tmp_path / "back.yaml").n_reactions == ct.Solution(name).n_reactions


def test_charged_species_are_not_written(tmp_path: Path) -> None:
    mechanism = Path(ct.__file__).parent / "data" / "gri30_ion.yaml"
    assert "cannot read the files back" in write_chemkin(mechanism, tmp_path / "chemkin", transport=False)
    assert not list(tmp_path.iterdir())


def test_a_collider_may_be_read_back_as_a_species_on_both_sides(tmp_path: Path) -> None:
    mechanism = tmp_path / "m.yaml"
    mechanism.write_text(HEAD + "- {equation: H + 2 O <=> OH + O, rate-constant: {A: 1e+16, b: -1, Ea: 0}}\n")
    assert not write_chemkin(mechanism, tmp_path / "chemkin", transport=False)
