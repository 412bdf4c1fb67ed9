"""Nothing unbalanced is frozen, proposed or written, whatever the species, the reactions and the numbers."""

from __future__ import annotations

import warnings
from dataclasses import replace

import cantera as ct
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

import mechlearn as ml
from mechlearn.cantera_yaml import mechanism_text
from mechlearn.learning.complexes import Vectors, split_into_directions
from mechlearn.learning.freezing import rows_to_freeze, undirected
from mechlearn.learning.stoichiometry import conserving_rows, free_rows
from mechlearn.mechanism import Arrhenius, Mechanism, Reaction, Species, ThirdBody

NAMES = ("A", "B", "C", "D")
atoms = arrays(np.int64, (2, 4), elements=st.integers(0, 3)).filter(lambda m: bool(np.all(np.any(m, axis=0))))
sides = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), min_size=1, max_size=3)


@st.composite
def reactions(draw: st.DrawFn) -> Reaction:
    """Any reaction, balanced or not, with or without a third body, one way or both."""
    back = Arrhenius(1.0) if draw(st.booleans()) else None
    return Reaction(
        draw(sides), draw(sides), Arrhenius(2.0), back, third_body=draw(st.sampled_from([None, ThirdBody()]))
    )


def masses_exist(mechanism: Mechanism) -> bool:
    """Whether a linear program finds masses of at least one that all reactions conserve."""
    count = len(mechanism.species)
    found = linprog(np.zeros(count), A_eq=mechanism.net, b_eq=np.zeros(len(mechanism.net)), bounds=(1.0, None))
    return bool(found.success)


def imbalance(gas: ct.Solution) -> float:
    """Largest change of any element by any reaction, by Cantera's own matrices."""
    net = np.asarray(gas.product_stoich_coeffs - gas.reactant_stoich_coeffs)
    elements = np.array([[gas.n_atoms(s, e) for s in gas.species_names] for e in gas.element_names])
    return float(np.abs(elements @ net).max(initial=0.0))


def smallest_reactions(compositions: np.ndarray) -> np.ndarray:
    """For each three of the four species the smallest whole row that conserves both elements, shape (4, 4)."""
    rows = np.zeros((4, 4), dtype=int)
    for absent in range(4):
        three = [j for j in range(4) if j != absent]
        row = np.cross(*compositions[:, three])
        rows[absent, three] = row // max(int(np.gcd.reduce(row)), 1)
    return rows


@settings(max_examples=60, deadline=None)
@given(
    atoms,
    arrays(np.int64, (2, 4), elements=st.integers(-3, 3)),
    arrays(np.float64, (6, 4), elements=st.floats(-0.9, 0.9)),
    st.floats(0.0, 0.49),
)
def test_the_balanced_rows_are_frozen_and_no_others(
    compositions: np.ndarray, others: np.ndarray, shifts: np.ndarray, within: float
) -> None:
    whole = np.vstack([smallest_reactions(compositions), others])
    rows = whole + within * shifts
    rows_admitted = conserving_rows(compositions.astype(float))
    decision = rows_to_freeze(rows, np.zeros(6, bool), np.ones(6), rows_admitted, within)
    expected = whole[free_rows(4).admits(whole.astype(float)) & ~np.any(whole @ compositions.T, axis=1)]
    assert {undirected(row) for row in decision.integers[decision.new]} == {undirected(row) for row in expected}
    balanced = rows @ rows_admitted.basis.T @ rows_admitted.basis
    np.testing.assert_allclose(balanced @ compositions.T, 0.0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    atoms.filter(lambda compositions: bool(smallest_reactions(compositions).any())),
    st.integers(0, 3),
    st.sampled_from([-1, 1]),
    arrays(np.float64, 4, elements=st.floats(-0.1, 0.1)),
    st.booleans(),
    st.booleans(),
)
def test_only_balanced_reactions_are_read_off_what_a_complex_makes(
    compositions: np.ndarray, which: int, sign: int, shift: np.ndarray, catalysts: bool, noisy: bool
) -> None:
    possible = smallest_reactions(compositions)
    possible = possible[possible.any(axis=1)]
    row = sign * possible[which % len(possible)]
    vector = 50.0 * row + (shift if noisy else 0.0)
    errors = np.full((1, 4), 0.3 if noisy else 1e-12)
    complex_ = tuple(int(c) for c in np.maximum(-row, 0))
    rows = replace(conserving_rows(compositions.astype(float)), catalysts=catalysts)
    split = split_into_directions(Vectors([complex_], vector[None], errors), set(), rows, noisy=noisy)
    assert bool(split.directions) == bool(rows.admits(row.astype(float)))
    for direction in split.directions:
        net = np.subtract(direction.products, direction.reactants)
        assert net.any()
        assert not np.any(compositions @ net)
        assert catalysts or not np.any(np.minimum(direction.products, direction.reactants))
    spoilt = split_into_directions(
        Vectors([complex_], vector[None] + [[50.0, 0, 0, 0]], errors), set(), rows, noisy=noisy
    )
    assert spoilt.unexplained == (complex_,)


@settings(max_examples=60, deadline=None)
@given(st.none() | atoms, st.lists(reactions(), min_size=1, max_size=3))
def test_what_is_written_is_balanced_and_what_is_not_is_refused(
    compositions: np.ndarray | None, listed: list[Reaction]
) -> None:
    """Without compositions a file is written where positive masses exist that all reactions conserve."""
    species = tuple(
        Species(
            name,
            {} if compositions is None else {e: int(n) for e, n in zip("HO", compositions[:, j], strict=True) if n},
        )
        for j, name in enumerate(NAMES)
    )
    mechanism = Mechanism(species, tuple(listed))
    if not (masses_exist(mechanism) if compositions is None else not np.any(mechanism.net @ compositions.T)):
        with pytest.raises(ml.BalanceError):
            mechanism_text(mechanism)
        return
    text = mechanism_text(mechanism)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gas = ct.Solution(yaml=text)
    assert imbalance(gas) == 0.0
    assert gas.molecular_weights.min() > 0.5
