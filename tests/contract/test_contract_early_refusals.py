"""What can be known before the search is refused before it, and what fails after it does not throw it away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .studies import MECHANISMS, Run, command, content_of, example, summary_of, write_runs

TIMES = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])


def consecutive(start: float) -> Run:
    """A => B at 0.5/s and B => C at 0.1/s, exactly."""
    a = start * np.exp(-0.5 * TIMES)
    b = start * 0.5 / (0.1 - 0.5) * (np.exp(-0.5 * TIMES) - np.exp(-0.1 * TIMES))
    return Run(TIMES, np.column_stack([a, b, start - a - b]))


@pytest.mark.parametrize(("name", "said"), [("acetic acid", "another name, as acetic-acid"), ("M", "another name")])
def test_a_name_that_no_equation_can_hold(tmp_path: Path, name: str, said: str) -> None:
    write_runs(tmp_path / "runs.csv", [name, "B", "C"], [consecutive(start) for start in (1.0, 1.5)])
    (tmp_path / "s.yaml").write_text("data: runs.csv\n")
    inspected = command(tmp_path, "inspect runs.csv")
    assert inspected.status == 0
    assert f"Species name {name!r}" in inspected.out
    before = content_of(tmp_path)
    for line in ("learn runs.csv -o x.yaml", "run s.yaml -o out"):
        answer = command(tmp_path, line)
        assert answer.status == 2
        assert f"error: Species name {name!r}" in answer.err
        assert said in answer.err
        assert content_of(tmp_path) == before


def test_a_mechanism_in_another_encoding(done: Path, tmp_path: Path) -> None:
    text = (MECHANISMS / "fuel-radical-product.yaml").read_text()
    (tmp_path / "m.yaml").write_bytes(f"note: at 20 °C\n{text}".encode("latin-1"))
    (tmp_path / "s.yaml").write_text(example("m", runs=4))
    (tmp_path / "runs.csv").write_bytes((done / "runs.csv").read_bytes())
    before = content_of(tmp_path)
    for line in ("run s.yaml -o out", "simulate s.yaml -o x.csv", "learn runs.csv -o x.yaml --study s.yaml"):
        answer = command(tmp_path, line)
        assert answer.status == 2
        assert "cannot be read: it is not UTF-8 text" in answer.err
        assert content_of(tmp_path) == before


@pytest.mark.parametrize("quantity", ["description", "note"])
def test_a_species_in_another_encoding(done: Path, tmp_path: Path, quantity: str) -> None:
    text = (MECHANISMS / "fuel-radical-product.yaml").read_text()
    assert "- name: F\n" in text
    own = text.replace("- name: F\n", f"- name: F\n  {quantity}: at 20 °C\n")
    (tmp_path / "m.yaml").write_bytes(own.encode("latin-1"))
    lines = [line for line in (done / "runs.csv").read_text().splitlines() if not line.startswith("#")]
    (tmp_path / "runs.csv").write_text("\n".join(["# mechanism: m.yaml", *lines]) + "\n")
    for line in (
        "validate m.yaml runs.csv",
        "learn runs.csv -o x.yaml",
        "compare m.yaml m.yaml",
        "graph m.yaml -o x.svg",
    ):
        answer = command(tmp_path, line)
        assert answer.status == 2
        assert "it is not UTF-8 text" in answer.err


@pytest.mark.parametrize("source", ["none.yaml", "broken.yaml"])
def test_a_source_that_cannot_be_compared_with(done: Path, tmp_path: Path, source: str) -> None:
    (tmp_path / "broken.yaml").write_text("phases: [\n")
    (tmp_path / "s.yaml").write_text(example(source.removesuffix(".yaml"), runs=4))
    (tmp_path / "runs.csv").write_bytes((done / "runs.csv").read_bytes())
    before = content_of(tmp_path)
    answer = command(tmp_path, "learn runs.csv -o x.yaml --study s.yaml")
    assert answer.status == 2
    assert source in answer.err
    assert content_of(tmp_path) == before


def test_a_species_not_measured_in_the_run_held_out(tmp_path: Path) -> None:
    runs = {name: consecutive(start) for name, start in zip("abcde", (1.0, 1.5, 2.0, 0.7, 1.2), strict=True)}
    lines = ["# reactor: isothermal", "# temperature: 300 K", "run,time [s],A [mM],B [mM],C [mM]"]
    for name, run in runs.items():
        for time, (a, b, c) in zip(run.time, run.concentrations, strict=True):
            lines.append(f"{name},{time:g},{a:.6g},{'' if name == 'c' else f'{b:.6g}'},{c:.6g}")
    (tmp_path / "runs.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.yaml").write_text("data: runs.csv\n")
    answer = command(tmp_path, "run s.yaml -o out")
    assert answer.status in (0, 1)
    summary = summary_of(tmp_path / "out")
    assert {each["equation"] for each in summary["reactions"]} == {"A => B", "B => C"}
    assert summary["validation"]["held_out"]
    assert summary["relative_error"]["held_out"] is None
    assert "Of the runs held out, only time histories could be compared, not balances" in summary["message"]
    assert (tmp_path / "out" / "report.html").exists()
