"""A table that `learn` reads is one that `validate` and `graph` read, with the same options."""

from pathlib import Path

import numpy as np

from .studies import command

DECAY = """\
phases:
- {name: gas, thermo: ideal-gas, elements: [X], species: [A, B], kinetics: gas, state: {T: 900.0, P: 1 bar}}
elements: [{symbol: X, atomic-weight: 10.0}]
species:
- {name: A, composition: {X: 1}, thermo: {model: constant-cp, T0: 300.0, h0: 0.0, s0: 0.0, cp0: 30000.0}}
- {name: B, composition: {X: 1}, thermo: {model: constant-cp, T0: 300.0, h0: 0.0, s0: 0.0, cp0: 30000.0}}
reactions: [{equation: A => B, rate-constant: {A: 2.0, b: 0.0, Ea: 0.0}}]
"""
TIMES = (0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5)
OPTIONS = "--basis mole-fraction --temperature 900K --pressure 1bar --reactor isothermal"


def test_the_options_of_a_table_are_those_of_learn(tmp_path: Path) -> None:
    rows = [
        f"{run},{time},{start * np.exp(-2 * time)},{1 - start * np.exp(-2 * time)}"
        for run, start in (("a", 1.0), ("b", 0.7), ("c", 0.4))
        for time in np.linspace(0, 1, 8)
    ]
    (tmp_path / "runs.csv").write_text("\n".join(["run,time [s],A,B", *rows]) + "\n")
    assert command(tmp_path, f"learn runs.csv -o m.yaml --quiet {OPTIONS}").status == 0
    assert command(tmp_path, "validate m.yaml runs.csv --quiet").status == 2
    checked = command(tmp_path, f"validate m.yaml runs.csv --quiet {OPTIONS}")
    assert checked.status == 0, checked.out + checked.err
    drawn = command(tmp_path, f"graph m.yaml --runs runs.csv -o fluxes.dot --quiet {OPTIONS}")
    assert drawn.status == 0, drawn.err
    assert (tmp_path / "fluxes.dot").stat().st_size > 0


def test_what_a_study_says_of_its_file_holds_for_every_command(tmp_path: Path) -> None:
    rows = [f"{t},{start * np.exp(-2 * t)},{1 - start * np.exp(-2 * t)}" for start in (1.0, 0.6) for t in TIMES]
    (tmp_path / "runs.csv").write_text("\n".join(["time [s],A,B", *rows]) + "\n")
    (tmp_path / "other.csv").write_text(
        "\n".join(["time [s],A [M],B [M],T [K]", *(f"{row},900" for row in rows)]) + "\n"
    )
    (tmp_path / "study.yaml").write_text(
        "data: runs.csv\nbasis: mole-fraction\ntemperature: 900 K\npressure: 1 bar\nreactor: isothermal\n"
        "validate: {tolerance: 1.0e-3}\n"
    )
    (tmp_path / "m.yaml").write_text(DECAY)
    assert command(tmp_path, "validate m.yaml runs.csv --quiet").status == 2
    for line in (
        "validate m.yaml runs.csv --study study.yaml",
        "validate m.yaml other.csv --study study.yaml --reactor isothermal",
        "graph m.yaml --study study.yaml --element X -o fluxes.dot",
        "learn runs.csv --study study.yaml -o learned.yaml",
    ):
        answer = command(tmp_path, f"{line} --quiet")
        assert answer.status in ((0, 1) if line.startswith("learn") else (0,)), answer.out + answer.err
    assert (tmp_path / "learned.yaml").is_file()


def test_fluxes_along_a_table_without_a_temperature_are_those_at_the_mechanisms(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("time [s],A [mM],B [mM]\n0,1,0\n1,0.1,0.9\n")
    (tmp_path / "m.yaml").write_text(DECAY)
    (tmp_path / "warm.yaml").write_text(DECAY.replace("Ea: 0.0", "Ea: 1.0e+07"))
    line = "--runs runs.csv --element X --json - --quiet"
    drawn = command(tmp_path, f"graph m.yaml -o a.dot {line}")
    given = command(tmp_path, f"graph m.yaml -o a.dot --temperature 900K {line}")
    assert (drawn.status, drawn.out) == (0, given.out)
    refused = command(tmp_path, f"graph warm.yaml -o a.dot {line}")
    assert refused.status == 2
    assert "--temperature" in refused.err


def test_options_of_a_table_without_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("")
    answer = command(tmp_path, "graph m.yaml --study none.yaml -o x.svg --basis moles")
    assert answer.status == 2
    assert "--runs" in answer.err
