"""Which rows are frozen and which are admitted, and the laws that rows keep: pure decisions on small matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mechlearn.chemistry.mechanism import Species
from mechlearn.chemistry.one_way import undirected
from mechlearn.discovery.candidates.network.freezing import NEGLIGIBLE_AMPLITUDE, rows_to_freeze
from mechlearn.discovery.candidates.network.stoichiometry import conserving_rows, element_laws, free_rows
from mechlearn.errors import StudyError

from ..helpers import HYDROGEN_OXIDATION

ATOMS = element_laws(HYDROGEN_OXIDATION.species)
whole_rows = arrays(np.float64, 5, elements=st.integers(-3, 3).map(float))
matrices = arrays(np.float64, (4, 5), elements=st.floats(-3.2, 3.2))


@given(whole_rows)
def test_a_reaction_and_its_reverse_have_one_key(row: np.ndarray) -> None:
    key = undirected(row)
    assert key == undirected(-row) == undirected(np.array(key, dtype=float))
    assert key in {tuple(row.astype(int)), tuple((-row).astype(int))}


@given(matrices, st.lists(st.booleans(), min_size=4, max_size=4), st.floats(0.0, 0.49))
def test_what_is_frozen_is_near_whole_admitted_new_and_carries_flux(
    rows: np.ndarray, marks: list[bool], within: float
) -> None:
    frozen = np.array(marks)
    amplitude = np.array([1.0, 1.0, 0.5 * NEGLIGIBLE_AMPLITUDE, 2 * NEGLIGIBLE_AMPLITUDE])
    before = rows.copy(), frozen.copy(), amplitude.copy()
    decision = rows_to_freeze(rows, frozen, amplitude, free_rows(5), within)
    for old, now in zip(before, (rows, frozen, amplitude), strict=True):
        np.testing.assert_array_equal(old, now)
    assert not np.any(decision.new & (frozen | (amplitude < NEGLIGIBLE_AMPLITUDE)))
    assert np.all(np.abs(rows - decision.integers)[decision.new] <= within)
    assert np.all(free_rows(5).admits(decision.integers[decision.new]))
    fresh = [undirected(row) for row in decision.integers[decision.new]]
    assert len(set(fresh)) == len(fresh)
    assert not set(fresh) & {undirected(row) for row in decision.integers[frozen]}


@given(matrices, st.floats(0.0, 0.2), st.floats(0.0, 0.29))
def test_a_wider_reach_freezes_no_fewer_reactions(rows: np.ndarray, narrow: float, more: float) -> None:
    def keys(within: float) -> set[tuple[int, ...]]:
        decision = rows_to_freeze(rows, np.zeros(4, bool), np.ones(4), free_rows(5), within)
        return {undirected(row) for row in decision.integers[decision.new]}

    assert keys(narrow) <= keys(narrow + more)


def test_of_two_rows_near_the_same_reaction_the_first_is_frozen() -> None:
    rows = np.array([[0.3, 0.4], [1.0, -1.0], [-1.02, 1.0], [-2.0, 1.0]])
    decision = rows_to_freeze(rows, np.zeros(4, bool), np.ones(4), free_rows(2), 0.05)
    assert decision.new.tolist() == [False, True, False, True]


def test_a_reach_of_zero_freezes_only_what_is_whole_already() -> None:
    rows = np.array([[1.0, -1.0], [1.0, -2.0 + 1e-12]])
    decision = rows_to_freeze(rows, np.zeros(2, bool), np.ones(2), free_rows(2), 0.0)
    assert decision.new.tolist() == [True, False]


@pytest.mark.parametrize(
    ("row", "admitted"),
    [
        ([0, 0, 0], False),
        ([-1, 1, 0], True),
        ([-3, 1, 0], True),
        ([-4, 1, 0], False),
        ([-2, -2, 1], True),
        ([-3, -2, 1], False),
        ([1, -3, -2], False),
        ([-1, 3, 2], False),
        ([-1, 0, 0], True),
    ],
)
def test_free_rows_are_admitted_by_coefficient_and_order(row: list[float], admitted: bool) -> None:
    assert bool(free_rows(3, max_coefficient=3, max_order=4).admits(np.array(row, dtype=float))) is admitted


def test_limits_are_those_given() -> None:
    row = np.array([-2.0, 1.0])
    assert free_rows(2, max_coefficient=2, max_order=2).admits(row)
    assert not free_rows(2, max_coefficient=1, max_order=2).admits(row)
    assert not free_rows(2, max_coefficient=2, max_order=1).admits(row)


def test_conserving_rows_admit_every_true_reaction_and_none_that_is_not_balanced() -> None:
    rows = conserving_rows(ATOMS)
    assert rows.admits(HYDROGEN_OXIDATION.net).all()
    assert not rows.free
    generator = np.random.default_rng(0)
    random = generator.integers(-2, 3, size=(2000, 6)).astype(float)
    balanced = np.all(random @ ATOMS.T == 0, axis=1)
    free = free_rows(6).admits(random)
    np.testing.assert_array_equal(rows.admits(random), free & balanced)
    assert (free & balanced).any()
    assert (free & ~balanced).any()


def test_every_combination_of_the_basis_is_balanced_and_the_basis_is_orthonormal() -> None:
    basis = conserving_rows(ATOMS).basis
    assert basis.shape == (4, 6)
    np.testing.assert_allclose(basis @ basis.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(basis @ ATOMS.T, 0.0, atol=1e-12)
    np.testing.assert_allclose(HYDROGEN_OXIDATION.net @ basis.T @ basis, HYDROGEN_OXIDATION.net, atol=1e-12)


def test_laws_that_leave_no_reaction_are_refused() -> None:
    with pytest.raises(StudyError, match="leave no reaction possible"):
        conserving_rows(element_laws([Species("H2", {"H": 2}), Species("O2", {"O": 2})]))


def test_an_unknown_composition_is_named() -> None:
    with pytest.raises(StudyError, match="that of X, Y is unknown"):
        element_laws([Species("H2", {"H": 2}), Species("X"), Species("Y")])
