"""A table that `learn` reads is one that `validate` and `graph` read, with the same options."""

from pathlib import Path

import numpy as np

from .studies import command

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


def test_options_of_a_table_without_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("")
    answer = command(tmp_path, "graph m.yaml --study none.yaml -o x.svg --basis moles")
    assert answer.status == 2
    assert "--runs" in answer.err
