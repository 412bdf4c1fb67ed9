import os
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cantera as ct
import numpy as np
import pytest
from hypothesis import given, settings
from ruamel.yaml.representer import RoundTripRepresenter

from mechlearn.chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, Species, ThirdBody
from mechlearn.chemistry.thermo import GAS_CONSTANT, ConstantCp, Nasa7
from mechlearn.errors import BalanceError, FormatError
from mechlearn.formats.cantera_yaml.export import check_export, to_cantera, write_mechanism
from mechlearn.formats.cantera_yaml.mechanism_reading import parse_mechanism, read_mechanism
from mechlearn.formats.cantera_yaml.mechanism_text import mechanism_text

from ..helpers import BANK, MICHAELIS_MENTEN, assert_same_mechanism, assert_same_rates, mechanisms, network, one_way

HEAD = """
phases:
- {name: gas, thermo: ideal-gas, species: [A, B, C], kinetics: gas, state: {T: 1000.0, P: 2 atm}}
species:
- {name: A, composition: {H: 1}, thermo: {model: constant-cp, h0: 3 kcal/mol, cp0: 2 cal/mol/K}, note: seen}
- name: B
  composition: {H: 1}
  thermo: {model: NASA7, temperature-ranges: [200, 3500], data: [[2, 1e-3, 0, 0, 0, 1, 1]]}
- {name: C, composition: {H: 2}, thermo: {model: constant-cp}}
reactions:
"""
UNITS = "units: {length: cm, time: s, quantity: mol, activation-energy: cal/mol, pressure: atm}\n"
KINDS = """
- equation: A <=> B
  type: pressure-dependent-Arrhenius
  rate-constants:
  - {P: 0.01, A: 1.2e16, b: -1, Ea: 1000}
  - {P: 10 atm, A: 1.2e17, b: -1, Ea: 1000}
- equation: A + B <=> C
  type: Chebyshev
  temperature-range: [300, 2000]
  pressure-range: [0.01, 100]
  data: [[8.2, -1, 0.1], [0.2, 0.3, 0.4]]
- equation: 2 B <=> C
  type: Blowers-Masel
  rate-constant: {A: 3.87e+04, b: 2.7, Ea0: 6260.0, w: 1e5}
- equation: A + A (+C) <=> C (+C)
  type: falloff
  low-P-rate-constant: {A: 1e15, b: 0, Ea: 500}
  high-P-rate-constant: {A: 1e12, b: 0, Ea: 0}
  SRI: {A: 1.1, B: 700.0, C: 1234.0, D: 56.0, E: 0.7}
- equation: A + B (+M) <=> C (+M)
  type: chemically-activated
  low-P-rate-constant: {A: 1e9, b: 0, Ea: 0}
  high-P-rate-constant: {A: 1e5, b: 0, Ea: 0}
  efficiencies: {A: 2}
- equation: A + A + M <=> C + M
  default-efficiency: 0.5
  rate-constant: {A: 1e15, b: 0, Ea: 0}
- equation: 1.5 A => 0.75 C
  rate-constant: {A: 1e4, b: 0, Ea: 0}
  orders: {A: 0.5, C: 1, B: -0.5}
  nonreactant-orders: true
  negative-orders: true
  note: fitted
- equation: A => B
  duplicate: true
  rate-constant: {A: 7, b: 0, Ea: 0}
- equation: A => B
  duplicate: true
  negative-A: true
  rate-constant: {A: -2, b: 0, Ea: 0}
"""


@pytest.mark.parametrize(
    ("file", "phase", "species", "reactions"),
    [
        ("h2o2.yaml", "ohmech", 10, 29),
        ("gri30.yaml", "gri30", 53, 325),
        ("air.yaml", "air", 8, 8),
        ("nDodecane_Reitz.yaml", "nDodecane_IG", 100, 553),
        ("example_data/ammonia-CO-H2-Alzueta-2023.yaml", "baseline", 42, 281),
    ],
)
def test_a_file_of_cantera_rewritten_has_the_same_rates(file: str, phase: str, species: int, reactions: int) -> None:
    mechanism = read_mechanism(file)
    assert (mechanism.name, len(mechanism.species), len(mechanism.reactions)) == (phase, species, reactions)
    text = mechanism_text(mechanism)
    original = ct.Solution(file, phase, transport_model=None)
    assert_same_rates(original, ct.Solution(yaml=text, transport_model=None))
    assert check_export(mechanism, text) < 1e-10
    assert mechanism_text(parse_mechanism(text)) == text


def test_rate_types_and_units_of_all_kinds_keep_their_rates() -> None:
    original = ct.Solution(yaml=UNITS + HEAD + KINDS)
    mechanism = parse_mechanism(UNITS + HEAD + KINDS)
    assert [reaction.rate is None for reaction in mechanism.reactions] == [True] * 5 + [False] * 4
    text = mechanism_text(mechanism)
    assert_same_rates(original, ct.Solution(yaml=text))
    assert_same_mechanism(parse_mechanism(text), mechanism)
    assert mechanism.temperature == 1000.0
    assert mechanism.pressure == 202650.0
    assert mechanism.reactions[6].note == "fitted"
    assert mechanism.species[0].definition is not None
    assert mechanism.species[0].definition["note"] == "seen"


def test_units_of_the_file_do_not_change_the_mechanism() -> None:
    body = "- equation: A + B => C\n  rate-constant: {A: %s, b: 0.5, Ea: %s}\n"
    mol = parse_mechanism(UNITS + HEAD + body % (2e13, 1000))
    kmol = parse_mechanism("units: {length: m, quantity: kmol}\n" + HEAD + body % (2e10, 4.184e6))
    assert_same_mechanism(mol, kmol)


@settings(max_examples=40, deadline=None)
@given(mechanisms())
def test_a_mechanism_comes_back_from_its_text(mechanism: Mechanism) -> None:
    text = mechanism_text(mechanism)
    back = parse_mechanism(text)
    assert_same_mechanism(back, mechanism)
    again = mechanism_text(back)
    assert mechanism_text(parse_mechanism(again)) == again
    assert check_export(mechanism, text) < 1e-10


@pytest.mark.parametrize("name", list(BANK))
def test_the_bank_comes_back_from_its_files(name: str, tmp_path: Path) -> None:
    path = write_mechanism(BANK[name], tmp_path / "learned.yaml")
    assert path == tmp_path / "learned.yaml"
    assert_same_mechanism(read_mechanism(path), BANK[name])
    assert abs(to_cantera(BANK[name]).T - BANK[name].temperature) < 1e-9
    assert list(tmp_path.iterdir()) == [path]


def test_a_three_body_reaction_with_a_named_collider_has_it_on_both_sides() -> None:
    third = "- equation: A + B + C <=> C + C\n  rate-constant: {A: 1, b: 0, Ea: 0}\n"
    reaction = parse_mechanism(HEAD + third).reactions[0]
    assert (reaction.reactants, reaction.products, reaction.third_body) == ({"A": 1, "B": 1, "C": 1}, {"C": 2}, None)
    text = mechanism_text(parse_mechanism(HEAD + third))
    assert "type: elementary" in text
    assert_same_rates(ct.Solution(yaml=HEAD + third), ct.Solution(yaml=text))


def test_a_collider_of_another_efficiency_keeps_it() -> None:
    third = "- {equation: A + B + M => C + M, efficiencies: {C: 2.5}, default-efficiency: 0, "
    third += "rate-constant: {A: 1, b: 0, Ea: 0}}\n"
    original = ct.Solution(yaml=HEAD + third)
    mechanism = parse_mechanism(HEAD + third)
    assert mechanism.reactions[0].third_body == ThirdBody({"C": 2.5}, 0.0)
    assert_same_rates(original, to_cantera(mechanism))


def test_the_text_looks_as_people_write_it() -> None:
    mechanism = replace(
        MICHAELIS_MENTEN, metadata={"description": "Enzyme kinetics\nfrom mm.csv", "source": "mm.csv", "loss": 1.25e-9}
    )
    text = mechanism_text(mechanism, date=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
    order = ["description: |-", "generator: mechlearn", "cantera-version:", "date: Wed, 02 Jan 2030 03:04:05 +0000"]
    order += ["mechlearn:", "units: {length: m, time: s, quantity: kmol, activation-energy: J/kmol}", "phases:"]
    order += ["  elements: [M1, M2]", "elements:", "species:", "reactions:"]
    places = [text.index(f"\n{line}" if i else line) for i, line in enumerate(order)]
    assert places == sorted(places)
    assert "  source: mm.csv\n  loss: 1.25e-09\n" in text
    assert "- equation: E + S => ES  # Reaction 1\n  rate-constant: {A: 1.0e+06, b: 0.0, Ea: 0.0}\n" in text
    assert "composition: {M1: 1, M2: 1}" in text
    assert all(line == line.rstrip() and len(line) <= 120 for line in text.splitlines())
    assert mechanism_text(mechanism) == mechanism_text(mechanism)
    assert "date:" not in mechanism_text(mechanism)


def test_metadata_and_description_come_back() -> None:
    mechanism = replace(MICHAELIS_MENTEN, metadata={"source": "mm.csv", "seed": 3, "loss": 1e-9, "files": ["a", "b"]})
    metadata = parse_mechanism(mechanism_text(mechanism, description="Found: by fit")).metadata
    expected = {"source": "mm.csv", "seed": 3, "loss": 1e-9, "files": ["a", "b"], "description": "Found: by fit"}
    assert expected.items() <= metadata.items()


def test_writing_leaves_the_shared_representers_alone() -> None:
    before = dict(RoundTripRepresenter.yaml_representers), dict(RoundTripRepresenter.yaml_multi_representers)
    mechanism_text(MICHAELIS_MENTEN, metadata={"loss": np.float64(0.5), "seed": np.int64(3)})
    after = dict(RoundTripRepresenter.yaml_representers), dict(RoundTripRepresenter.yaml_multi_representers)
    assert before == after


def test_transport_data_are_kept_and_used() -> None:
    mechanism = read_mechanism("h2o2.yaml")
    gas = to_cantera(replace(mechanism, reactions=mechanism.reactions[:3]))
    original = ct.Solution("h2o2.yaml")
    for phase in (gas, original):
        phase.TPX = 1200.0, 1e5, "H2:1, O2:1, AR:3"
    assert gas.thermal_conductivity == pytest.approx(original.thermal_conductivity, rel=1e-12)


def test_thermo_of_the_record_is_written_where_it_differs_from_the_definition() -> None:
    mechanism = read_mechanism("h2o2.yaml")
    shifted = ConstantCp(h0=1e7, s0=2e5, cp0=3e4)
    nasa = Nasa7((3.0, *[0.0] * 6), (3.0, *[0.0] * 6), 900.0)
    species = (replace(mechanism.species[0], thermo=shifted), replace(mechanism.species[1], thermo=nasa))
    small = Mechanism(species, (Reaction({"H2": 1}, {"H": 2}, Arrhenius(1.0), reversible=True),), temperature=500.0)
    assert_same_mechanism(parse_mechanism(mechanism_text(small)), small)
    assert check_export(small, mechanism_text(small)) < 1e-10


def test_species_without_thermo_get_a_heat_capacity_per_atom_at_the_common_reference_pressure() -> None:
    species = (Species("A", {"H": 2}), Species("B", {"H": 1}, ConstantCp(cp0=2e4, reference_pressure=1e5)))
    back = parse_mechanism(mechanism_text(Mechanism(species, (one_way("A => 2 B", 1.0),))))
    thermo = back.species[0].thermo
    assert isinstance(thermo, ConstantCp)
    assert thermo.cp0 == pytest.approx(3.0 * GAS_CONSTANT, rel=1e-14)
    assert thermo.reference_pressure == 1e5


def test_a_species_without_reactions_is_exported() -> None:
    back = parse_mechanism(mechanism_text(network("A N B", one_way("A => B", 1.0))))
    assert [dict(species.composition) for species in back.species] == [{"M1": 1}, {"M2": 1}, {"M1": 1}]
    assert back.atomic_weights == {"M1": 1.0, "M2": 1.0}


def test_no_reactions_can_be_written() -> None:
    assert parse_mechanism(mechanism_text(network("A B"))).reactions == ()


def falling(collider: str, troe: tuple[float, ...] = ()) -> Reaction:
    body = ThirdBody() if collider == "M" else ThirdBody({collider: 1.0}, 0.0)
    return replace(one_way("A => B", 3.0), third_body=body, falloff=Falloff(Arrhenius(2.0), troe))


@pytest.mark.parametrize(
    "reactions",
    [
        [one_way("A => B", 1.0), one_way("2 A => 2 B", 2.0)],
        [one_way("A => B", 1.0), one_way("A => B", 2.0), one_way("B => A", 3.0)],
        [one_way("A + E => B + E", 1.0, 2.0), one_way("A => B", 2.0)],
        [one_way("A => B", 1.0, 4.0), one_way("B => A", 2.0)],
        [one_way("A => B", 1.0), replace(one_way("A => B", 1.0), third_body=ThirdBody({"E": 2.0}))],
        [falling("M"), falling("M"), falling("M", (0.5, 100.0, 1000.0)), one_way("A => B", 1.0)],
        [falling("E"), falling("M")],
        [falling("E"), falling("A"), falling("B", (0.5, 100.0, 1000.0))],
    ],
)
def test_duplicates_are_flagged_where_cantera_wants_it(reactions: list[Reaction]) -> None:
    mechanism = network("A B E", *reactions)
    assert check_export(mechanism, mechanism_text(mechanism)) < 1e-12


def test_a_duplicate_left_alone_loses_its_flag() -> None:
    mechanism = read_mechanism("h2o2.yaml")
    assert mechanism_text(mechanism).count("duplicate: true") > 0
    halved = replace(mechanism, reactions=mechanism.reactions[:-1])
    assert check_export(halved, mechanism_text(halved)) < 1e-10


@pytest.mark.parametrize("name", ["NO", "null", "true", "123", "1E5", "A:B", "A,B", "C[1]", "CH2(S)", "O2^-", "é", "N"])
def test_names_that_yaml_might_misread_come_back(name: str) -> None:
    mechanism = Mechanism((Species(name), Species("A")), (Reaction({"A": 1}, {name: 1}, Arrhenius(1.0)),))
    assert_same_mechanism(parse_mechanism(mechanism_text(mechanism)), mechanism)


@pytest.mark.parametrize("name", ["A B", "", "M", "(+M)", "A\tB", "=>"])
def test_names_that_cannot_stand_in_an_equation_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match=r"Species name .* in an equation\. Give that species another name"):
        mechanism_text(Mechanism((Species(name),), ()))


def test_an_unbalanced_reaction_is_refused() -> None:
    species = (Species("A", {"C": 2}), Species("B", {"C": 3}))
    with pytest.raises(BalanceError, match=r"2 A => B does not conserve C \(4 in, 3 out\).*Correct the reactions"):
        mechanism_text(Mechanism(species, (one_way("2 A => B", 1.0),)))


def test_a_composition_that_is_missing_is_named() -> None:
    species = (Species("A", {"C": 2}), Species("B"))
    with pytest.raises(BalanceError, match=r"A => B does not conserve C \(2 in, 0 out\).*Give compositions of B too"):
        mechanism_text(Mechanism(species, (one_way("A => B", 1.0),)))


def test_matter_from_nothing_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BalanceError, match="A => 2 A makes matter from nothing"):
        write_mechanism(network("A", one_way("A => 2 A", 1.0)), tmp_path / "learned.yaml")
    assert list(tmp_path.iterdir()) == []


def test_an_element_without_weight_is_refused() -> None:
    with pytest.raises(FormatError, match=r"Element 'Xx' is not in the periodic table and has no weight"):
        mechanism_text(Mechanism((Species("A", {"Xx": 1}),), ()))


def test_a_failed_write_leaves_the_older_file(tmp_path: Path) -> None:
    path = write_mechanism(MICHAELIS_MENTEN, tmp_path / "learned.yaml")
    before = path.read_bytes()
    with pytest.raises(FormatError, match=r"Cantera cannot load"):
        write_mechanism(network("A B", replace(one_way("A => B", 1.0), orders={"A": 1.0, "X": 1.0})), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["learned.yaml"]


def test_a_file_with_another_rate_constant_is_not_the_mechanism(tmp_path: Path) -> None:
    text = mechanism_text(MICHAELIS_MENTEN).replace("A: 10.0", "A: 12.0")
    with pytest.raises(FormatError, match=r"another production rate of .*relative deviation"):
        check_export(MICHAELIS_MENTEN, text)
    path = tmp_path / "other.yaml"
    path.write_text(text.replace("A: 12.0", "A: 10.0"), encoding="utf-8")
    assert check_export(MICHAELIS_MENTEN, path.read_text()) < 1e-12


@pytest.mark.parametrize("rate", [Arrhenius(1e308, 5.0), Arrhenius(float("nan")), Arrhenius(float("inf"))])
def test_rates_that_overflow_are_refused(rate: Arrhenius, tmp_path: Path) -> None:
    mechanism = network("A B", Reaction({"A": 1}, {"B": 1}, rate))
    with pytest.raises(FormatError, match=r"Cantera cannot load|rates overflow"):
        write_mechanism(mechanism, tmp_path / "learned.yaml")


def test_a_file_with_another_reaction_is_not_the_mechanism() -> None:
    text = mechanism_text(replace(MICHAELIS_MENTEN, reactions=MICHAELIS_MENTEN.reactions[:1]))
    with pytest.raises(FormatError, match=r"4 species and 2 reactions, but 4 and 3 were written"):
        check_export(MICHAELIS_MENTEN, text)


def test_the_first_ideal_gas_with_kinetics_is_read(tmp_path: Path) -> None:
    assert read_mechanism("nDodecane_Reitz.yaml").name == "nDodecane_IG"
    assert read_mechanism("ptcombust.yaml").name == "gas"
    assert read_mechanism("example_data/ammonia-CO-H2-Alzueta-2023.yaml").name == "baseline"


@pytest.mark.parametrize(
    ("file", "phase", "match"),
    [
        (
            "ptcombust.yaml",
            "Pt_surf",
            r"'Pt_surf' of ptcombust.yaml is of type 'ideal-surface'.*Ideal gases in it: gas",
        ),
        ("h2o2.yaml", "ohmech-RK", r"'ohmech-RK' of h2o2.yaml is of type 'Redlich-Kwong'"),
        ("h2o2.yaml", "soup", r"h2o2.yaml has no phase 'soup'; it has ohmech, ohmech-RK"),
        ("graphite.yaml", "", r"holds no ideal gas, only graphite \(fixed-stoichiometry\)"),
        ("nowhere.yaml", "", r"nowhere.yaml is not there, neither as a path nor among the files that Cantera ships"),
        (".", "", r"is a folder"),
        ("nasa_gas.yaml", "", r"Cantera cannot load nasa_gas.yaml: .*Key 'phases' not found"),
    ],
)
def test_what_is_no_gas_mechanism_is_refused(file: str, phase: str, match: str) -> None:
    with pytest.raises(FormatError, match=match):
        read_mechanism(file, phase)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("gri.inp", b"ELEMENTS\nH O\nEND\n", r"gri.inp is a Chemkin file.*ck2yaml --input="),
        ("gri.mech", b"! comment\nELEM\nH O\nEND\n", r"gri.mech is a Chemkin file.*ck2yaml --input="),
        ("old.cti", b"units()", r"old.cti is an old Cantera file.*cti2yaml "),
        ("bad.yaml", b"phases: [a: {b\nspecies: 3", r"Cantera cannot load .*bad.yaml: .*end of map flow not found"),
        ("binary.yaml", b"\xff\xfe\x00\x01", r"binary.yaml cannot be read: it is not UTF-8 text"),
        ("empty.yaml", b"", r"Cantera cannot load .*empty.yaml"),
        ("list.yaml", b"phases: 3\n", r"Cantera cannot load .*list.yaml"),
        ("rate.yaml", (HEAD + "- {equation: A => D, rate-constant: {A: 1}}").encode(), r"Cantera cannot load .*rate"),
    ],
)
def test_files_that_are_not_cantera_yaml_are_refused(name: str, content: bytes, match: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=match) as refusal:
        read_mechanism(tmp_path / name)
    assert "***" not in str(refusal.value)


def test_reading_is_silent_where_cantera_warns_of_thermo(tmp_path: Path) -> None:
    rough = HEAD.replace(
        "temperature-ranges: [200, 3500], data: [[2,",
        "temperature-ranges: [200, 900, 3500], data: [[9, 0, 0, 0, 0, 0, 0], [2,",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(parse_mechanism(rough + "- {equation: A => B, rate-constant: {A: 1, b: 0, Ea: 0}}").species) == 3
