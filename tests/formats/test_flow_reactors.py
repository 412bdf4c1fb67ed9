"""Steady flow reactors: what goes in and out, and the residence time."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.errors import DataError
from mechlearn.formats.tables.flow_reactors import Feed

from ..runs import Table

STIRRED = """\
# reactor: stirred
residence time [min],A in [mM],A [mM],B in [mM],B [mM],T [K]
1,10,4,0,6,300
2,10,3,0,7,300
1,20,5,1,16,310
"""


def test_a_stirred_reactor_gives_rates_at_the_outlet(table: Table) -> None:
    runs = ml.read_csv(table(STIRRED))
    assert runs.species_names == ("A", "B")
    assert [run.name for run in runs.runs] == ["state1", "state2", "state3"]
    for run, outlet, rates in zip(
        runs.runs, [[4, 6], [3, 7], [5, 16]], [[-6 / 60, 6 / 60], [-7 / 120, 7 / 120], [-15 / 60, 15 / 60]], strict=True
    ):
        assert run.rates is not None
        np.testing.assert_allclose(run.concentrations, [np.multiply(1e-3, outlet)])
        np.testing.assert_allclose(run.rates, [np.multiply(1e-3, rates)])
    assert [run.temperature[0] for run in runs.runs] == [300, 300, 310]


@pytest.mark.parametrize("names", [("A_in", "A_out"), ("inlet A", "outlet A"), ("A inlet", "A")])
def test_inlets_and_outlets_go_by_several_names(table: Table, names: tuple[str, str]) -> None:
    text = f"tau [s],{names[0]} [M],{names[1]} [M]\n1,2,1\n"
    (run,) = ml.read_csv(table(text), reactor="stirred").runs
    assert run.rates is not None
    assert (run.concentrations.tolist(), run.rates.tolist()) == ([[1]], [[-1]])


def test_a_plug_flow_reactor_gives_a_history_for_each_inlet(table: Table) -> None:
    text = "tau [s],A in [M],A [M],T [K]\n2,1,0.3,300\n1,1,0.5,300\n1,2,0.9,300\n"
    first, second = ml.read_csv(table(text), reactor="plug-flow").runs
    assert (first.time.tolist(), first.concentrations[:, 0].tolist()) == ([0, 1, 2], [1, 0.5, 0.3])
    assert (second.time.tolist(), second.concentrations[:, 0].tolist()) == ([0, 1], [2, 0.9])
    assert first.rates is None
    assert first.reactor == "isothermal"


def test_a_stirred_reactors_states_are_learnt_from(table: Table) -> None:
    rng = np.random.default_rng(0)
    rows = ["residence time [s],A in [M],B in [M],A [M],B [M],C in [M],C [M],T [K]"]
    for tau, a, b, c in rng.uniform(0.1, 1, (40, 4)).tolist():
        extent = tau * 2.0 * a * b
        rows.append(f"{tau!r},{a + extent!r},{b + extent!r},{a!r},{b!r},{c!r},{c + extent!r},300")
    runs = ml.read_csv(table("\n".join(rows)), reactor="stirred")
    found = ml.discover(ml.differential_balances(runs), ml.Search(seed=0))
    (reaction,) = found.mechanism.reactions
    assert (dict(reaction.reactants), dict(reaction.products)) == ({"A": 1, "B": 1}, {"C": 1})
    assert isinstance(reaction.rate, ml.Arrhenius)
    assert pytest.approx(2.0, rel=1e-9) == reaction.rate.A


@pytest.mark.parametrize(
    ("text", "reactor", "message"),
    [
        (
            "tau [s],A in [M],A [M]\n1,2,1\n",
            None,
            "line 1: there are inlets and outlets.*--reactor stirred",
        ),
        ("tau [s],A in [M],A [M]\n1,2,1\n", "isothermal", "Say which: --reactor stirred or --reactor plug-flow"),
        ("tau [s],A in [M],A [M],B [M]\n1,2,1,1\n", "stirred", r"B has no inlet.*'B in \[kmol/m\^3\]', with 0 where"),
        ("tau [s],A in [M],B [M]\n1,2,1\n", "stirred", r"A has no outlet.*'A out \[kmol/m\^3\]'"),
        ("tau [s],A in [M],A [M]\n0,2,1\n", "stirred", r"line 2, column 'tau \[s\]': a residence time is above zero"),
        ("tau [s],A in [M],A [M]\n1,2,\n", "stirred", "line 2: a value is missing, so that this state gives no rates"),
        ("tau [s],A in [M],A [M]\n1,2,1\n1,2,1\n", "plug-flow", "line 3, .*stands twice for the same inlet"),
        ("tau [s],A [M]\n1,2\n", "stirred", r"a stirred reactor needs what goes in\. Add columns such as 'A in"),
    ],
)
def test_flow_tables_that_leave_something_open_are_refused(
    table: Table, text: str, reactor: Feed | Literal["isothermal"] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        ml.read_csv(table(text), reactor=reactor)
