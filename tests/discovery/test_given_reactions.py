"""Known and forbidden reactions in concentrations alone."""

from __future__ import annotations

import pytest

from mechlearn.chemistry.comparison import compare
from mechlearn.chemistry.one_way import OneWayReaction
from mechlearn.data.balances.integral_forms import weak_balances
from mechlearn.discovery.discover import discover
from mechlearn.discovery.reaction_patterns import ReactionPattern
from mechlearn.discovery.settings import KnownReaction, Search
from mechlearn.errors import StudyError

from ..helpers import BANK
from ..histories import runs_of

TRUE = {"2 A => B": 0.1, "A => C": 0.2, "C => D": 0.13, "B + D => E": 0.3}


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ("* => 3 *", {"2 A => 3 B"}),
        ("A + A => *", {"2 A => B", "2 A => 3 B"}),
        ("A + * => *", {"2 A => B", "2 A => 3 B", "A => B"}),
        ("B <=> *", {"B => A", "A => B", "2 A => B"}),
        ("* <=> *", {"2 A => B", "2 A => 3 B", "A => B", "B => A"}),
    ],
)
def test_a_pattern_matches_what_it_says_and_nothing_else(text: str, matching: set[str]) -> None:
    sides = [((2, 0), (0, 1)), ((2, 0), (0, 3)), ((1, 0), (0, 1)), ((0, 1), (1, 0))]
    every = [OneWayReaction(*pair) for pair in sides]
    pattern = ReactionPattern.of(text, ["A", "B"])
    assert {each.equation(["A", "B"]) for each in every if pattern.matches(each)} == matching


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"forbid": ("A + X => *",)}, r"names 'X', which is not among the species"),
        ({"forbid": ("A and B",)}, r"is not a reaction"),
        ({"known": (KnownReaction("A => *"),)}, r"leaves open what reacts"),
        ({"known": (KnownReaction("A <=> C"),)}, r"written both ways"),
        ({"known": (KnownReaction("A => C"),), "forbid": ("A => *",)}, r"is forbidden too"),
    ],
)
def test_what_cannot_be_given_is_refused(settings: dict[str, object], message: str) -> None:
    balances = weak_balances(runs_of("crnn-case-1", 2))
    with pytest.raises(StudyError, match=message):
        discover(balances, Search(**settings))  # type: ignore[arg-type]


def test_a_rate_known_within_a_factor_of_two_is_a_prior_and_a_fixed_one_stays() -> None:
    balances = weak_balances(runs_of("crnn-case-1", 4, 0.02))
    for factor, given in ((2.0, 0.25), (1.0, 0.2)):
        found = discover(balances, Search(known=(KnownReaction("A => C", A=given, factor=factor),)))
        assert compare(found.mechanism, BANK["crnn-case-1"]).exact
        known = next(each for each in found.reactions if each.reaction.equation == "A => C")
        assert known.found_by == ("known",)
        assert known.reaction.rate is not None
        assert pytest.approx(0.2, rel=0.02 if factor > 1 else 1e-6) == known.reaction.rate.A
        assert known.std_error_log_k[0] < (0.02 if factor > 1 else 1e-5)


def test_a_known_rate_that_the_data_exclude_is_said() -> None:
    balances = weak_balances(runs_of("crnn-case-1", 4, 0.02))
    found = discover(balances, Search(known=(KnownReaction("A => C", A=2.0, factor=1.5),)))
    assert "The data ask for 0.1 times the given rate constant of A => C, beyond its factor of 1.5" in found.message


def test_a_known_reaction_stays_though_the_data_show_nothing_of_it() -> None:
    balances = weak_balances(runs_of("crnn-case-1", 4, 0.02))
    found = discover(balances, Search(known=(KnownReaction("E => A", A=1e-9),)))
    assert {each.reaction.equation for each in found.reactions} == {*TRUE, "E => A"}
    constants = {each.reaction.equation: each.reaction.rate.A for each in found.reactions if each.reaction.rate}
    assert constants["E => A"] == pytest.approx(1e-9, rel=0.5)


def test_without_a_forbidden_reaction_the_data_are_not_explained() -> None:
    balances = weak_balances(runs_of("crnn-case-1", 4, 0.02))
    found = discover(balances, Search(forbid=("2 A => *",), seconds=4, molecularity=3))
    assert not any(each.reaction.equation.startswith("2 A =>") for each in found.reactions)
    assert found.status != "recovered"
