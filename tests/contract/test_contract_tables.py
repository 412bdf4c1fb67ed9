"""Tables of textbooks, and those that once got a wrong answer: what is accepted comes first, or is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .studies import Answer, command

TABLES = Path(__file__).parent / "tables"


def learnt(folder: Path, table: str | Path, more: str = "") -> Answer:
    return command(folder, f"learn {TABLES / table} -o learned.yaml --quiet --json - {more}")


def equations(answer: Answer) -> set[str]:
    return {each["equation"].strip() for each in answer.json["reactions"]}


def rate(answer: Answer, equation: str) -> float:
    found = {each["equation"].strip(): each["forward"]["A"] for each in answer.json["reactions"]}
    return float(found[equation])


@pytest.mark.parametrize(
    ("table", "equation", "loss", "status"),
    [
        ("bucl.csv", "C4H9Cl =>", 2.0e-3, "not-validated"),
        ("butadiene.csv", "2 C4H6 =>", 6.1e-2, "not-validated"),
        ("butadiene2.csv", "2 C4H6 => C8H12", 6.1e-2, "not-validated"),
        ("n2o5.csv", "N2O5 =>", 6.2e-4, "not-validated"),
        ("n2o5_full.csv", "2 N2O5 => 4 NO2 + O2", 6.2e-4, "approximate-rate-laws"),
        ("no2.csv", "2 NO2 => 2 NO + O2", 0.54, "unexplained-residual"),
        ("trityl.csv", "2 A =>", 2.1e-3, "not-validated"),
        ("trityl_full.csv", "A + MeOH => ether + HCl", 2.1e-3, "approximate-rate-laws"),
    ],
)
def test_a_textbook_table_gives_the_accepted_reaction_and_its_rate(
    table: str, equation: str, loss: float, status: str, tmp_path: Path
) -> None:
    answer = learnt(tmp_path, table)
    assert (answer.status, answer.json["status"]) == (1, status)
    coefficient, reactant = (
        (int(equation[0]), equation.split()[1]) if equation[0].isdigit() else (1, equation.split()[0])
    )
    assert coefficient * rate(answer, equation) == pytest.approx(loss, rel=0.02)
    assert f" order: -d[{reactant}]/dt = " in answer.json["message"]


def test_an_excess_is_named_as_hidden_in_the_rate_constant(tmp_path: Path) -> None:
    assert "MeOH is in excess" in learnt(tmp_path, "trityl_full.csv").json["message"]


def test_what_goes_as_far_is_named_where_no_network_explains_the_data(tmp_path: Path) -> None:
    answer = learnt(tmp_path, "toluene.csv")
    assert answer.json["status"] == "unexplained-residual"
    assert "toluene <=> methylcyclohexene" in equations(answer)
    assert "methylcyclohexene => methylcyclohexane in place of" in answer.json["message"]
    assert "do not explain them either" in answer.json["message"]


@pytest.mark.parametrize(("table", "equation"), [("02-second-order.csv", "2 A => 2 P"), ("onec.csv", "A =>")])
def test_a_reaction_is_distinguished_from_its_double(table: str, equation: str, tmp_path: Path) -> None:
    answer = learnt(tmp_path, table)
    assert (answer.json["status"], equations(answer)) == ("recovered", {equation})
    assert rate(answer, equation) == pytest.approx(0.5, rel=0.02)


def test_second_order_without_noise(tmp_path: Path) -> None:
    answer = learnt(tmp_path, "02c-second-order-clean.csv")
    assert (answer.json["status"], equations(answer)) == ("recovered", {"2 B => 2 C"})


def test_catalysts_are_named_where_nothing_else_explains_a_clean_run(tmp_path: Path) -> None:
    answer = learnt(tmp_path, "predator-prey.csv")
    assert answer.json["status"] == "needs-catalysts"
    constants = {"A => 2 A": 1, "A + B => 2 B": 1, "B =>": 1, "2 A =>": 0.1, "2 B =>": 0.1}
    assert equations(answer) == constants.keys()
    for equation, constant in constants.items():
        assert rate(answer, equation) == pytest.approx(constant, rel=1e-3)


def test_a_fast_intermediate_is_found_and_what_noise_hides_is_limited(tmp_path: Path) -> None:
    answer = learnt(tmp_path, "one-run-three-species.csv")
    assert equations(answer) == {"X1 => X2", "X3 => X1 + X2"}
    limits = {each["equation"]: each["below"] for each in answer.json["concentrations"]["upper_limits"]}
    assert limits["X1 + X2 => X3"] > 0.1
    assert answer.json["status"] == "ambiguous"


def test_digits_of_a_table_are_not_a_missing_reaction(tmp_path: Path) -> None:
    with (TABLES / "cstr.csv").open() as file:
        head, *rows = csv.reader(file)
    with (tmp_path / "cstr.csv").open("w") as file:
        csv.writer(file).writerows([[*head, "[C]in (mol/L)", "[D]in (mol/L)"], *([*row, "0", "0"] for row in rows)])
    answer = learnt(tmp_path, tmp_path / "cstr.csv", "--reactor stirred")
    assert equations(answer) == {"A + B <=> C", "C => D"}
    assert answer.json["status"] == "not-validated"  # single states cannot be simulated again
    assert rate(answer, "A + B <=> C") == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("table", ["lab.csv", "abc-noisy.csv"])
def test_learning_and_validating_judge_by_the_same_noise(table: str, tmp_path: Path) -> None:
    answer = learnt(tmp_path, table)
    assert answer.json["validation"]["passed"]
    assert 0.01 < answer.json["validation"]["max_relative_error"] < 0.1  # as it is, not less the noise
    assert answer.json["validation"]["max_error_beyond_noise"] == 0
    again = command(tmp_path, f"validate learned.yaml {TABLES / table} --json -")
    assert (again.status, again.json["passed"]) == (0, True)
