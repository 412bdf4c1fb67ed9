"""What else data can be assessed by: atoms that rates make or destroy."""

from dataclasses import replace

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.discovery.result import no_reactions
from mechlearn.study.evidence import unbalanced_elements

from ..helpers import HYDROGEN_OXIDATION, network, one_way
from ..uncertainty.test_uncertainty import balances_of, states


@pytest.mark.parametrize(("noise", "factor", "lost"), [(0.0, 1.0, False), (0.0, 1.01, True), (0.01, 1.0, False)])
def test_rates_that_make_atoms_are_reported(noise: float, factor: float, lost: bool) -> None:
    balances = balances_of(HYDROGEN_OXIDATION, states(6, 50), np.full(50, 1000.0), noise)
    column = np.ones(6)
    column[2] = factor
    off = replace(balances, accumulation=balances.accumulation * column)
    found = replace(no_reactions(off, ml.Search(), ""), noise=noise)
    assert bool(unbalanced_elements(found, off)) == lost


def test_without_compositions_nothing_is_said() -> None:
    truth = network("A B", one_way("A => B", 1.0))
    balances = balances_of(truth, states(2, 10), np.full(10, 300.0))
    off = replace(balances, accumulation=balances.accumulation * [1.0, 2.0])
    assert unbalanced_elements(no_reactions(off, ml.Search(), ""), off) == ""
