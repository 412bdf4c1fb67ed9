import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from mechlearn.cantera_yaml import read_mechanism
from mechlearn.conservation import (
    balanced_directions,
    conservation_laws,
    element_matrix,
    masses,
    null_space,
    unbalanced,
)
from mechlearn.errors import BalanceError
from mechlearn.mechanism import Arrhenius, Mechanism, Reaction, Species, ThirdBody

from .helpers import BANK, HYDROGEN_OXIDATION, network, one_way


@pytest.mark.parametrize(
    ("name", "laws"),
    [
        ("fuel-radical-product", [[1, 1, 1]]),
        ("michaelis-menten", [[1, 0, 1, 0], [0, 1, 1, 1]]),
        ("crnn-case-1", [[1, 2, 1, 1, 3]]),
        ("hydrogen-oxidation", [[2, 0, 2, 1, 0, 1], [0, 2, 1, 0, 1, 1]]),
    ],
)
def test_the_moieties_of_the_bank_are_found(name: str, laws: list[list[int]]) -> None:
    assert conservation_laws(BANK[name].net).tolist() == laws


def test_elements_are_found_from_reactions_alone() -> None:
    mechanism = read_mechanism("h2o2.yaml")
    elements, atoms = element_matrix(mechanism.species)
    found = {tuple(law) for law in conservation_laws(mechanism.net).tolist()}
    assert found == {tuple(row) for row in (atoms / np.gcd.reduce(atoms.astype(int), axis=1)[:, None]).tolist()}
    assert set(elements) == {"H", "O", "N", "Ar"}


def test_a_large_network_whose_rays_are_too_many_to_list_has_its_laws() -> None:
    mechanism = read_mechanism("gri30.yaml")
    laws = conservation_laws(mechanism.net)
    assert np.linalg.matrix_rank(laws) == len(laws) == 5
    assert not np.any(mechanism.net @ laws.T)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-2, 2), min_size=6, max_size=6), min_size=1, max_size=5),
    st.permutations(range(6)),
)
def test_laws_are_conserved_independent_and_free_of_the_order(rows: list[list[int]], order: list[int]) -> None:
    net = np.array(rows, dtype=float)
    laws = conservation_laws(net)
    assert np.all(laws >= 0)
    assert not np.any(net @ laws.T)
    assert len(laws) == (np.linalg.matrix_rank(laws) if laws.size else 0)
    shuffled = conservation_laws(net[::-1, order])
    assert len(shuffled) == len(laws)
    held = laws.sum(axis=0) > 0
    most = np.array([linprog(-unit, A_eq=net, b_eq=np.zeros(len(net)), bounds=(0, 1)).x for unit in np.eye(6)])
    np.testing.assert_array_equal(held, np.diag(most) > 1e-9)
    assert len(laws) == held.sum() - np.linalg.matrix_rank(np.where(held, net, 0.0))


def test_half_coefficients_give_whole_laws() -> None:
    assert conservation_laws([[-1.0, 0.5]]).tolist() == [[1, 2]]
    assert conservation_laws([[-1.0, 1 / 3]]).tolist() == [[1, 3]]


def test_a_species_without_reactions_has_a_law_of_its_own() -> None:
    mechanism = network("A N2 B", one_way("A => B", 1.0))
    assert conservation_laws(mechanism.net).tolist() == [[1, 0, 1], [0, 1, 0]]
    assert masses(mechanism).tolist() == [1, 1, 1]


def test_no_reactions_conserve_everything() -> None:
    assert conservation_laws(np.zeros((0, 2))).tolist() == [[1, 0], [0, 1]]


def test_masses_are_conserved_by_every_reaction() -> None:
    for mechanism in BANK.values():
        assert not np.any(mechanism.net @ masses(mechanism))
        assert np.all(masses(mechanism) > 0)


@pytest.mark.parametrize(
    ("mechanism", "match"),
    [
        (network("A", one_way("A => 2 A", 1.0)), r"^A => 2 A makes matter from nothing: no positive masses of A sat"),
        (network("A B", one_way("A => 2 B", 1.0), one_way("B => A", 1.0)), r"A => 2 B; B => A together make matter"),
        (
            network("A B C D", one_way("C => D", 1.0), one_way("A + B => B", 1.0)),
            r"^A \+ B => B makes matter from nothing: no positive masses of A satisfy.*Give compositions",
        ),
    ],
)
def test_matter_from_nothing_is_refused(mechanism: Mechanism, match: str) -> None:
    with pytest.raises(BalanceError, match=match):
        masses(mechanism)


def test_what_one_part_conserves_is_found_beside_a_part_that_conserves_nothing() -> None:
    assert conservation_laws(network("A C D", one_way("A => 2 A", 1.0), one_way("C => D", 1.0)).net).tolist() == [
        [0, 1, 1]
    ]


def test_unbalanced_reactions_are_named_with_their_elements() -> None:
    species = (Species("A", {"C": 2, "H": 1}), Species("B", {"C": 3, "H": 2}))
    good = Reaction({"A": 1}, {"A": 1}, Arrhenius(1.0))
    bad = Reaction({"A": 2}, {"B": 1}, Arrhenius(1.0))
    assert unbalanced(Mechanism(species, (good, bad))) == ["2 A => B does not conserve C (4 in, 3 out)"]


def test_a_third_body_does_not_hide_an_unbalanced_reaction() -> None:
    reaction = Reaction({"H": 2}, {"H2": 2}, Arrhenius(1.0), third_body=ThirdBody())
    found = unbalanced(Mechanism((Species("H", {"H": 1}), Species("H2", {"H": 2})), (reaction,)))
    assert found == ["2 H + M => 2 H2 + M does not conserve H (2 in, 4 out)"]


@pytest.mark.parametrize("file", ["h2o2.yaml", "gri30.yaml", "air.yaml"])
def test_mechanisms_of_cantera_are_balanced(file: str) -> None:
    assert unbalanced(read_mechanism(file)) == []


def test_nothing_is_unbalanced_where_no_composition_is_known() -> None:
    assert unbalanced(BANK["crnn-case-1"]) == []


def test_balanced_directions_are_those_that_conserve_every_element() -> None:
    directions = balanced_directions(HYDROGEN_OXIDATION.species)
    _, atoms = element_matrix(HYDROGEN_OXIDATION.species)
    assert directions.shape == (6, 4)
    np.testing.assert_allclose(atoms @ directions, 0.0, atol=1e-14)
    np.testing.assert_allclose(directions.T @ directions, np.eye(4), atol=1e-14)
    np.testing.assert_allclose(
        directions @ directions.T @ HYDROGEN_OXIDATION.net.T, HYDROGEN_OXIDATION.net.T, 1e-12, 1e-12
    )


def test_without_elements_every_direction_is_free() -> None:
    assert balanced_directions((Species("A"), Species("B"))).shape == (2, 2)
    assert null_space(np.zeros((3, 2))).shape == (2, 2)
    assert null_space(np.eye(2)).shape == (2, 0)
