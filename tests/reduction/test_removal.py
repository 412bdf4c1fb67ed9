"""What goes together: members of a sum of rates."""

from __future__ import annotations

from pathlib import Path

import cantera as ct
import pytest
from ruamel.yaml import YAML

import mechlearn as ml
from mechlearn.reduction.candidate_phases import source_of

SPLIT = ("H2 + O <=> H + OH", "H + O2 <=> O + OH", "2 HO2 <=> H2O2 + O2")
STUDY = """
source:
  mechanism: sums.yaml
  reactor: constant-volume
  temperature: [1000, 1500]
  pressure: 1 atm
  initial: {fuel: H2, oxidizer: "O2:1, N2:3.76", phi: 1}
  times: none
reduce:
  targets: {ignition_delay: {limit: 0.1}}
  rates: keep
  verification_points: 0
"""


def equation(text: str) -> str:
    sides = [" + ".join(sorted(side.strip().split(" + "))) for side in text.split("<=>")]
    return " <=> ".join(sides)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """h2o2.yaml with some rates written as 1.2 times themselves less a fifth."""
    place = tmp_path_factory.mktemp("sums")
    ct.Solution("h2o2.yaml", "ohmech").write_yaml(place / "sums.yaml")
    yaml = YAML()
    content = yaml.load(place / "sums.yaml")
    reactions = []
    for entry in content["reactions"]:
        if equation(entry["equation"]) in SPLIT and "type" not in entry:
            for factor in (1.2, -0.2):
                rate = dict(entry["rate-constant"]) | {"A": factor * entry["rate-constant"]["A"]}
                reactions.append(dict(entry) | {"rate-constant": rate, "duplicate": True, "negative-A": True})
        else:
            reactions.append(entry)
    content["reactions"] = reactions
    yaml.dump(content, place / "sums.yaml")
    (place / "a.study.yaml").write_text(STUDY)
    return place


def test_members_of_a_sum_are_those_of_one_equation(folder: Path) -> None:
    source = source_of(str(folder / "sums.yaml"), "")
    sizes = {source.reactions[j].equation: len(members) for j, members in enumerate(source.sums)}
    assert {sizes[each] for each in sizes if equation(each) in SPLIT[:2]} == {2}
    assert max(len(members) for members in source.sums) == 4
    assert all(j in members for j, members in enumerate(source.sums))


def test_members_of_a_sum_stay_or_go_together(folder: Path) -> None:
    reduction = ml.reduce_study(ml.load_study(folder / "a.study.yaml"), folder / "out", cores=1)
    assert reduction.held

    def sums(path: Path) -> dict[str, float]:
        gas, found = ct.Solution(str(path)), dict[str, float]()
        gas.TP = 1400.0, ct.one_atm
        for reaction, constant in zip(gas.reactions(), gas.forward_rate_constants, strict=True):
            found[reaction.equation] = found.get(reaction.equation, 0.0) + float(constant)
        return found

    source, kept = sums(folder / "sums.yaml"), sums(folder / "out" / "reduced.yaml")
    split = [each for each in kept if equation(each) in SPLIT]
    assert split
    for each in split:
        assert kept[each] == pytest.approx(source[each], rel=1e-9)
