"""The mechanisms and studies that come with mechlearn: whole, sourced, and what their papers say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import warnings
from dataclasses import replace
from pathlib import Path

import cantera as ct
import numpy as np
import pytest

import mechlearn as ml
from mechlearn.conditions import Designed, Mixture, Sample, Times
from mechlearn.simulation import find_mechanism
from mechlearn.study import example_studies
from mechlearn.study_data import study_runs

from .helpers import BANK, CATALYSED

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "mechanisms"
STUDIES = {path.name.removesuffix(".study.yaml"): path for path in sorted(FOLDER.glob("*.study.yaml"))}
MECHANISMS = sorted(set(FOLDER.glob("*.yaml")) - set(STUDIES.values()))
DOI = re.compile(r"doi:10\.\d{4,9}/\S+\w")

HUANG = "10.1016/j.jcp.2021.110743"
PAPERS: dict[str, tuple[str, dict[str, float]]] = {
    "fuel-radical-product": (HUANG, {"F => R": 1.0, "R => F": 1.0, "R => P": 1e3, "P => R": 1e3}),
    "michaelis-menten": (HUANG, {"E + S => ES": 1e6, "ES => E + S": 1e3, "ES => E + P": 10.0}),
    "hydrogen-oxidation": (
        HUANG,
        {
            "H2 => 2 H": 2.0,
            "2 H => H2": 216.0,
            "O2 => 2 O": 1.0,
            "2 O => O2": 337.5,
            "H2O => H + OH": 1.0,
            "H + OH => H2O": 1400.0,
            "H2 + O => H + OH": 1e3,
            "H + OH => H2 + O": 1.08e4,
            "H + O2 => O + OH": 1e3,
            "O + OH => H + O2": 3.375e4,
            "H2 + O => H2O": 1e2,
            "H2O => H2 + O": 0.7714285714285716,
        },
    ),
    "crnn-case1": (
        "10.1021/acs.jpca.0c09316",
        {"2 A => B": 0.1, "A => C": 0.2, "C => D": 0.13, "B + D => E": 0.3},
    ),
    "alpha-pinene": (
        "10.1002/9780470316757",
        {
            "pinene => dipentene": 5.926e-5,
            "pinene => alloocimene": 2.963e-5,
            "alloocimene => pyronene": 2.047e-5,
            "alloocimene => dimer": 2.745e-4,
            "dimer => alloocimene": 3.998e-5,
        },
    ),
    "robertson": ("10.1007/978-3-642-05221-7", {"A => B": 0.04, "2 B => B + C": 3e7, "B + C => A + C": 1e4}),
    "brusselator": (
        "10.1063/1.1668896",
        {"A => X": 1.0, "2 X + Y => 3 X": 1.0, "B + X => D + Y": 1.0, "X => E": 1.0},
    ),
    "lotka-volterra": ("10.1021/ja01453a010", {"A + X => 2 X": 1.0, "X + Y => 2 Y": 2.0, "Y => P": 0.5}),
}
"""Equations as Cantera writes them, with rate constants in kmol, m³ and s."""


@pytest.mark.parametrize("path", MECHANISMS, ids=lambda p: p.stem)
def test_mechanism_loads_in_cantera_without_a_word(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gas = ct.Solution(str(path))
    assert gas.n_reactions > 0
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.parametrize("path", MECHANISMS, ids=lambda p: p.stem)
def test_header_names_the_source_and_the_reason(path: Path) -> None:
    header = ct.Solution(str(path)).input_header["description"]
    assert re.search(r"^Source: .+", header, re.MULTILINE)
    assert DOI.search(header)
    assert re.search(r"^Why it is here: .+", header, re.MULTILINE)


def test_every_mechanism_is_checked_against_its_paper() -> None:
    assert {path.stem for path in MECHANISMS} == set(PAPERS)


@pytest.mark.parametrize("name", PAPERS)
def test_reactions_and_rate_constants_are_those_of_the_paper(name: str) -> None:
    doi, expected = PAPERS[name]
    gas = ct.Solution(str(FOLDER / f"{name}.yaml"))
    assert f"doi:{doi}" in gas.input_header["description"]
    found = {}
    for reaction in gas.reactions():
        rate = reaction.rate
        assert isinstance(rate, ct.ArrheniusRate)
        assert (rate.temperature_exponent, rate.activation_energy) == (0.0, 0.0)
        found[reaction.equation] = rate.pre_exponential_factor
    assert found == expected
    assert gas.n_reactions == len(expected)
    assert not any(reaction.orders or reaction.reversible for reaction in gas.reactions())


@pytest.mark.parametrize("name", sorted(set(PAPERS) - {"alpha-pinene"}))
def test_bank_of_the_tests_holds_the_same_mechanism(name: str) -> None:
    known = {**BANK, **CATALYSED}["crnn-case-1" if name == "crnn-case1" else name]
    comparison = ml.compare(ml.read_mechanism(FOLDER / f"{name}.yaml"), known)
    assert comparison.exact
    assert comparison.max_relative_rate_error == pytest.approx(0, abs=1e-12)


def has(path: Path, section: str) -> bool:
    return f"\n{section}:" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, path in STUDIES.items() if has(path, "data")])
def test_data_have_the_species_of_their_mechanism(name: str) -> None:
    runs, _ = study_runs(ml.load_study(STUDIES[name]))
    assert set(runs.species_names) == set(ct.Solution(runs.mechanism).species_names)


@pytest.mark.parametrize("name", [name for name, path in STUDIES.items() if not has(path, "data")])
def test_source_names_a_mechanism_that_exists(name: str) -> None:
    study = ml.load_study(STUDIES[name])
    assert study.source is not None
    found = find_mechanism(study.source.mechanism, study.folder)
    assert set(study.source.species or ()) <= set(ct.Solution(str(found), study.source.phase).species_names)


LEARNT = [name for name, path in STUDIES.items() if not has(path, "reduce") and not has(path, "data")]


@pytest.mark.parametrize("name", LEARNT)
def test_study_simulates_with_rates_or_noise(name: str) -> None:
    study = ml.load_study(STUDIES[name])
    assert study.source is not None
    first = study.source.initial
    assert isinstance(first, Sample | Designed | Mixture)
    runs = ml.simulate(STUDIES[name])
    conditions = len(study.source.temperature) * len(study.source.pressure or (0.0,))
    each = first.runs if isinstance(first, Sample) else len(first.phi) if isinstance(first, Mixture) else 2
    assert len(runs) == each * conditions
    for run in runs.runs:
        assert (run.rates is None) == (study.source.noise is not None)
        assert np.isfinite(run.concentrations).all()
        assert run.rates is None or isinstance(first, Designed) or np.abs(run.rates).max() > 0


@pytest.mark.parametrize("name", [name for name, (doi, _) in PAPERS.items() if doi == HUANG])
def test_study_draws_its_data_as_the_paper_does(name: str) -> None:
    study = ml.load_study(STUDIES[name])
    assert study.source is not None
    assert study.source.initial == Sample(sample="uniform", low=0, high=1, runs=100)
    assert study.source.times == Times(end=1.0, count=11)
    assert study.source.reactor == "isothermal"
    assert study.validate.hold_out == 0.2


@pytest.mark.parametrize("name", STUDIES)
def test_study_says_what_it_is_before_its_first_key(name: str) -> None:
    assert STUDIES[name].read_text(encoding="utf-8").startswith("# ")


def test_examples_are_those_of_the_folder() -> None:
    assert list(example_studies()) == list(STUDIES)


def test_examples_are_found_where_mechlearn_is_installed(tmp_path: Path) -> None:
    code = (
        "from mechlearn.study import example_studies as e; print(*e()); print(all(p.is_file() for p in e().values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{' '.join(STUDIES)}\nTrue\n"


def test_wheel_holds_the_folder() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tools["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"mechanisms": "mechlearn/mechanisms"}


def test_measured_pinene_gives_back_the_published_rate_constants() -> None:
    known = ml.read_mechanism(FOLDER / "alpha-pinene.yaml")
    runs, _ = study_runs(ml.load_study(STUDIES["alpha-pinene"]))
    rates = [reaction.rate.A for reaction in known.reactions if isinstance(reaction.rate, ml.Arrhenius)]
    wrong = [replace(r, rate=ml.Arrhenius(A=k * f)) for r, k, f in zip(known.reactions, rates, WRONG, strict=True)]
    percent = 0.01 * runs.runs[0].concentrations[0].sum()
    found = ml.refine(
        replace(known, reactions=tuple(wrong)),
        runs,
        spread=ml.Spread(0.0, np.full(5, 0.7 * percent)),
        first_states=False,
        robust=False,
    )
    fitted = [reaction.rate.A for reaction in found.mechanism.reactions if isinstance(reaction.rate, ml.Arrhenius)]
    np.testing.assert_allclose(fitted, rates, rtol=1e-3)
    squares = float(found.chi2) * 0.7**2
    assert squares == pytest.approx(19.87, rel=1e-3), "the least sum of squares of these steps"


WRONG = (3, 0.3, 3, 0.3, 2)


def test_measured_data_are_found_from_anywhere(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    copy.write_bytes(STUDIES["alpha-pinene"].read_bytes())
    runs, _ = study_runs(ml.load_study(copy))
    assert len(runs.runs[0].time) == 9
