"""What must not matter: order of columns and runs, units, format and the moment; and what must stay: atoms, bytes."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cantera as ct
import numpy as np
import pandas as pd
import pytest

import mechlearn as ml

from .studies import command, content_of, example, known, summary_of

SECONDS_PER_MINUTE = 60.0


@pytest.fixture(scope="module")
def enzymes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``runs.csv`` of Michaelis–Menten, 12 runs."""
    folder = tmp_path_factory.mktemp("enzymes")
    (folder / "study.yaml").write_text(example("michaelis-menten", runs=12, seed=111))
    assert command(folder, "simulate study.yaml -o runs.csv").status == 0
    return folder


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """Comment lines, and the table with its header first."""
    lines = path.read_text().splitlines()
    return [line for line in lines if line.startswith("#")], list(
        csv.reader(line for line in lines if not line.startswith("#"))
    )


def write_rows(path: Path, comments: list[str], rows: list[list[str]]) -> None:
    path.write_text("\n".join([*comments, *(",".join(row) for row in rows)]) + "\n")


def turned(rows: list[list[str]]) -> list[list[str]]:
    order = np.random.default_rng(112).permutation(len(rows[0]))
    return [[row[i] for i in order] for row in rows]


def runs_shuffled(rows: list[list[str]]) -> list[list[str]]:
    names = sorted({row[0] for row in rows[1:]})
    order = np.random.default_rng(113).permutation(len(names))
    return [rows[0], *(row for i in order for row in rows[1:] if row[0] == names[i])]


def in_millimolar_and_minutes(rows: list[list[str]]) -> list[list[str]]:
    """mM for kmol/m³ and min for s, of rates too."""
    units = {"kmol/m^3/s": ("mM/min", 1e3 * SECONDS_PER_MINUTE), "kmol/m^3": ("mM", 1e3)}
    units["s"] = ("min", 1 / SECONDS_PER_MINUTE)
    return converted(rows, units)


def in_moles_per_litre(rows: list[list[str]]) -> list[list[str]]:
    """The same numbers, since 1 mol/L is 1 kmol/m³."""
    return converted(rows, {"kmol/m^3/s": ("mol/L/s", 1.0), "kmol/m^3": ("mol/L", 1.0)})


def converted(rows: list[list[str]], units: dict[str, tuple[str, float]]) -> list[list[str]]:
    head, factors = [], []
    for name in rows[0]:
        unit = name[name.find("[") + 1 : -1] if "[" in name else ""
        new, factor = units.get(unit, (unit, 1.0))
        head.append(name.replace(f"[{unit}]", f"[{new}]"))
        factors.append(factor if "[" in name else None)
    return [
        head,
        *(
            [cell if f is None else repr(f * float(cell)) for cell, f in zip(row, factors, strict=True)]
            for row in rows[1:]
        ),
    ]


@pytest.mark.parametrize("change", [turned, runs_shuffled, in_millimolar_and_minutes, in_moles_per_litre])
def test_order_and_units_of_a_table_do_not_matter(enzymes: Path, tmp_path: Path, change: object) -> None:
    comments, rows = rows_of(enzymes / "runs.csv")
    assert callable(change)
    changed = change(rows)
    assert changed != rows
    write_rows(tmp_path / "runs.csv", comments, changed)
    learnt = command(tmp_path, "learn runs.csv -o learned.yaml --json -")
    assert (learnt.status, learnt.json["status"]) == (0, "recovered"), learnt.json["message"]
    found = ml.compare(ml.read_mechanism(tmp_path / "learned.yaml"), known("michaelis-menten"))
    assert found.exact
    assert found.max_relative_rate_error is not None
    assert found.max_relative_rate_error < 1e-9


def test_the_same_seed_gives_the_same_bytes(enzymes: Path, done: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        assert command(tmp_path, f"learn {enzymes}/runs.csv -o {name}.yaml --seed 5").status == 0
        assert command(tmp_path, f"simulate {enzymes}/study.yaml -o {name}.h5").status == 0
    for ending in ("yaml", "h5"):
        assert (tmp_path / f"first.{ending}").read_bytes() == (tmp_path / f"second.{ending}").read_bytes()
    assert command(tmp_path, f"run {done}/study.yaml -o again").status == 0
    again, before = content_of(tmp_path / "again"), content_of(done / "results")
    assert again.keys() == before.keys()
    assert {name for name in before if again[name] != before[name]} <= {"summary.json"}
    one, other = summary_of(tmp_path / "again"), summary_of(done / "results")
    assert {**one, "seconds": None} == {**other, "seconds": None}


def test_another_seed_draws_other_data_and_finds_the_same(enzymes: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(example("michaelis-menten", runs=12, seed=114))
    assert command(tmp_path, "simulate study.yaml -o runs.csv").status == 0
    assert (tmp_path / "runs.csv").read_bytes() != (enzymes / "runs.csv").read_bytes()
    found = [ml.discover(ml.differential_balances(ml.read_csv(f / "runs.csv"))) for f in (enzymes, tmp_path)]
    assert ml.compare(found[0].mechanism, found[1].mechanism).exact


def test_runs_come_back_from_every_format(enzymes: Path, tmp_path: Path) -> None:
    runs = ml.read_csv(enzymes / "runs.csv")
    ml.write_hdf5(runs, tmp_path / "runs.h5")
    ml.write_csv(runs, tmp_path / "runs.csv")
    assert (tmp_path / "runs.csv").read_bytes() == (enzymes / "runs.csv").read_bytes()
    _, rows = rows_of(enzymes / "runs.csv")
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    frame = frame.assign(**{name: frame[name].astype(float) for name in rows[0][1:]})
    back = ml.from_dataframe(frame, mechanism=runs.mechanism, reactor="isothermal")
    for other in (ml.read_hdf5(tmp_path / "runs.h5"), back):
        assert other.species_names == runs.species_names
        assert [s.composition for s in other.species] == [s.composition for s in runs.species]
        assert [run.name for run in other.runs] == [run.name for run in runs.runs]
        for one, two in zip(runs.runs, other.runs, strict=True):
            for key in ("time", "temperature", "pressure", "concentrations", "rates"):
                np.testing.assert_array_equal(getattr(one, key), getattr(two, key))


def test_a_solution_array_gives_what_cantera_says(tmp_path: Path) -> None:
    gas = ct.Solution("h2o2.yaml")
    states = ct.SolutionArray(gas, 3)
    states.TPX = [1200.0, 1300.0, 1500.0], 2e5, "H2:2, O2:1, H:0.1, OH:0.1, AR:4"
    runs = ml.from_solution_array(states, [0.0, 0.5, 1.0], reactor="constant-volume")
    ml.write_csv(runs, tmp_path / "runs.csv")
    for each in (runs, ml.read_csv(tmp_path / "runs.csv")):
        (run,) = each.runs
        assert each.species_names == tuple(gas.species_names)
        np.testing.assert_allclose(run.concentrations, states.concentrations, rtol=1e-12)
        assert run.rates is not None
        for row, rates in enumerate(run.rates):
            gas.TPX = states.T[row], states.P[row], states.X[row]
            np.testing.assert_allclose(rates, gas.net_production_rates, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(run.temperature, states.T, rtol=1e-12)


@pytest.mark.parametrize("name", ["hydrogen-oxidation", "michaelis-menten"])
def test_every_learnt_reaction_and_every_simulated_run_conserves_the_elements(tmp_path: Path, name: str) -> None:
    temperature = "1000 K" if name == "hydrogen-oxidation" else "300 K"
    (tmp_path / "study.yaml").write_text(example(name, runs=12, seed=115, temperature=temperature))
    runs = ml.simulate(tmp_path / "study.yaml")
    mechanism = ml.discover(ml.differential_balances(runs), ml.Search(conserve="elements")).mechanism
    atoms = {s.name: dict(s.composition) for s in mechanism.species}
    elements = {element for composition in atoms.values() for element in composition}
    assert mechanism.reactions
    for reaction in mechanism.reactions:
        for element in elements:
            left, right = (
                sum(count * atoms[species].get(element, 0) for species, count in side.items())
                for side in (reaction.reactants, reaction.products)
            )
            assert left == right
    assert elements
    assert max(ml.validate(mechanism, runs).conservation.values()) < 1e-9


def test_the_file_makes_in_cantera_what_the_source_makes(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(example("hydrogen-oxidation", runs=10, seed=116, temperature="1000 K"))
    runs = ml.simulate(tmp_path / "study.yaml")
    mechanism = ml.discover(ml.differential_balances(runs)).mechanism
    ml.write_mechanism(mechanism, tmp_path / "learned.yaml")
    for gas in (ct.Solution(str(tmp_path / "learned.yaml")), ml.to_cantera(mechanism)):
        order = [gas.species_index(name) for name in runs.species_names]
        for run in runs.runs:
            assert run.rates is not None
            for row, rates in zip(run.concentrations, run.rates, strict=True):
                gas.TD = 1000.0, 1.0
                state = np.zeros(gas.n_species)
                state[order] = row
                gas.concentrations = state
                gross = np.abs(gas.creation_rates + gas.destruction_rates)[order]
                assert np.all(np.abs(gas.net_production_rates[order] - rates) <= 1e-9 * gross)


def test_runs_without_rates_are_runs_all_the_same(enzymes: Path, tmp_path: Path) -> None:
    runs = ml.read_csv(enzymes / "runs.csv")
    bare = runs.select([replace(run, rates=None) for run in runs.runs])
    ml.write_hdf5(bare, tmp_path / "bare.h5")
    assert all(run.rates is None for run in ml.read_hdf5(tmp_path / "bare.h5").runs)
    assert ml.validate(known("michaelis-menten"), bare, tolerance=1e-6).passed
