import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from mechlearn.chemistry.comparison import compare, comparison_text
from mechlearn.chemistry.kinetics import broadening
from mechlearn.chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, ThirdBody
from mechlearn.formats.cantera_yaml.mechanism_reading import parse_mechanism, read_mechanism
from mechlearn.formats.cantera_yaml.mechanism_text import mechanism_text

from ..helpers import BANK, HYDROGEN_OXIDATION, MICHAELIS_MENTEN, mechanisms, network, one_way


def pair(*reactions: Reaction) -> Mechanism:
    return network("A B C D E", *reactions)


@settings(max_examples=25, deadline=None)
@given(mechanisms())
def test_a_mechanism_equals_itself_in_any_order(mechanism: Mechanism) -> None:
    shuffled = replace(mechanism, species=mechanism.species[::-1], reactions=mechanism.reactions[::-1])
    comparison = compare(shuffled, mechanism)
    assert comparison.exact
    assert comparison.max_relative_rate_error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", list(BANK))
def test_the_exported_file_equals_the_mechanism(name: str) -> None:
    comparison = compare(parse_mechanism(mechanism_text(BANK[name])), BANK[name])
    assert comparison.exact
    assert comparison.max_relative_rate_error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("file", ["h2o2.yaml", "gri30.yaml"])
def test_a_file_with_rates_of_several_types_equals_itself(file: str) -> None:
    mechanism = read_mechanism(file)
    comparison = compare(mechanism, mechanism, temperature=1500.0)
    assert comparison.exact
    assert comparison.max_relative_rate_error == 0.0
    assert all(match.error == 0.0 for match in comparison.matched)


def test_h2o2_has_twenty_stoichiometries() -> None:
    mechanism = read_mechanism("h2o2.yaml")
    assert len(compare(mechanism, mechanism, stoichiometry=True).matched) == 20


def test_one_rate_constant_a_fifth_too_large_is_an_error_of_a_fifth() -> None:
    wrong = replace(
        HYDROGEN_OXIDATION,
        reactions=(*HYDROGEN_OXIDATION.reactions[:5], one_way("H2 + O => H2O", 120.0, 0.7714285714285716)),
    )
    comparison = compare(wrong, HYDROGEN_OXIDATION)
    assert comparison.exact
    assert comparison.max_relative_rate_error == pytest.approx(0.2, rel=1e-12)
    worst = max(comparison.matched, key=lambda match: match.error or 0.0)
    assert (worst.equation, worst.found_rate, worst.known_rate, worst.direction) == (
        "H2 + O => H2O",
        120.0,
        100.0,
        "forward",
    )


def test_another_species_on_one_side_is_missing_and_spurious() -> None:
    wrong = replace(MICHAELIS_MENTEN, reactions=(MICHAELIS_MENTEN.reactions[0], one_way("ES => 2 P", 10.0)))
    comparison = compare(wrong, MICHAELIS_MENTEN)
    assert not comparison.exact
    assert comparison.missing == ("ES => E + P",)
    assert comparison.spurious == ("ES => 2 P",)
    assert [match.direction for match in comparison.matched] == ["forward", "reverse"]


def test_a_reversible_reaction_equals_its_halves() -> None:
    halves = pair(one_way("B => A", 3.0), one_way("A => B", 2.0))
    comparison = compare(pair(one_way("A => B", 2.0, 3.0)), halves)
    assert comparison.exact
    assert comparison.max_relative_rate_error == 0.0


def test_a_half_that_one_side_lacks_is_reported() -> None:
    both, ahead = pair(one_way("A => B", 2.0, 3.0)), pair(one_way("A => B", 2.0))
    assert compare(ahead, both).missing == ("B => A",)
    assert compare(both, ahead).spurious == ("B => A",)
    assert compare(pair(), both).missing == ("A <=> B",)
    assert compare(pair(one_way("A => B", 2.0, 0.0)), ahead).exact


def test_duplicates_merge_and_their_rate_constants_add() -> None:
    comparison = compare(pair(one_way("A => B", 5.0)), pair(one_way("A => B", 2.0), one_way("A => B", 3.0)))
    assert comparison.exact
    assert comparison.max_relative_rate_error == 0.0


def test_entries_that_differ_only_in_collider_merge() -> None:
    body = Reaction({"A": 1, "B": 1}, {"C": 1}, Arrhenius(2.0), third_body=ThirdBody({"A": 3.0}))
    named = [one_way("A + B + D => C + D", 3.0), one_way("A + 2 B => B + C", 4.0)]
    comparison = compare(pair(one_way("A + B + E => C + E", 9.0)), pair(body, *named))
    assert comparison.exact
    assert comparison.matched[0].equation == "A + B + M => C + M"
    assert comparison.max_relative_rate_error == 0.0


def test_a_reaction_without_collider_is_another_one() -> None:
    body = Reaction({"A": 1, "B": 1}, {"C": 1}, Arrhenius(2.0), third_body=ThirdBody())
    assert compare(pair(one_way("A + B => C", 2.0)), pair(body)).missing == ("A + B + M => C + M",)
    assert compare(pair(one_way("A + B => C", 2.0)), pair(body), stoichiometry=True).exact


def test_a_catalyst_belongs_to_the_reaction() -> None:
    comparison = compare(pair(one_way("A + E => B + E", 2.0)), pair(one_way("A + D => B + D", 2.0)))
    assert comparison.missing == ("A + D => B + D",)
    assert comparison.spurious == ("A + E => B + E",)


def test_a_multiple_is_another_reaction() -> None:
    single, double = pair(one_way("A => B", 2.0)), pair(one_way("2 A => 2 B", 2.0))
    assert not compare(double, single).exact
    assert not compare(double, single, stoichiometry=True).exact


def test_stoichiometry_is_compared_up_to_its_sign() -> None:
    comparison = compare(pair(one_way("B + E => A + E", 2.0)), pair(one_way("A => B", 7.0)), stoichiometry=True)
    assert comparison.exact
    assert comparison.max_relative_rate_error is None
    assert [match.equation for match in comparison.matched] == ["A <=> B"]


def test_other_orders_are_another_reaction() -> None:
    fitted = Reaction({"A": 1}, {"B": 1}, Arrhenius(2.0), orders={"A": 0.5})
    assert not compare(pair(fitted), pair(one_way("A => B", 2.0))).exact
    same = Reaction({"A": 1}, {"B": 1}, Arrhenius(2.0), orders={"A": 1.0})
    assert compare(pair(same), pair(one_way("A => B", 2.0))).exact


def test_mechanisms_of_different_species_are_compared() -> None:
    small = network("A B", one_way("A => B", 1.0))
    large = network("C B A", one_way("A => B", 1.0), one_way("B => C", 1.0))
    assert compare(small, large).missing == ("B => C",)
    assert compare(large, small).spurious == ("B => C",)


def test_rates_are_compared_at_the_temperature_asked_for() -> None:
    warm = pair(Reaction({"A": 1}, {"B": 1}, Arrhenius(1.0, b=1.0)))
    cold = pair(one_way("A => B", 300.0))
    assert compare(warm, cold).max_relative_rate_error == pytest.approx(0.0, abs=1e-14)
    assert compare(warm, cold, temperature=600.0).max_relative_rate_error == pytest.approx(1.0)
    assert compare(replace(warm, temperature=450.0), cold).max_relative_rate_error == pytest.approx(0.5)


def plog(rate: float) -> Reaction:
    kind = "pressure-dependent-Arrhenius"
    rates = [{"P": pressure, "A": rate, "b": 0.0, "Ea": 0.0} for pressure in (1e4, 1e6)]
    definition = {"equation": "A => B", "type": kind, "rate-constants": rates}
    return Reaction({"A": 1}, {"B": 1}, None, definition=definition)


def falling(high: float, low: float, troe: tuple[float, ...] = ()) -> Reaction:
    body = ThirdBody({"C": 2.0})
    return replace(one_way("A => B", high), third_body=body, falloff=Falloff(Arrhenius(low), troe))


def test_rates_of_types_that_are_not_modelled_match_without_an_error() -> None:
    comparison = compare(pair(one_way("A => B", 5.0)), pair(plog(5.0)))
    assert comparison.exact
    assert [(m.equation, m.found_rate, m.known_rate, m.error) for m in comparison.matched] == [
        ("A => B", 5.0, None, None)
    ]
    assert comparison.max_relative_rate_error is None


def test_a_rate_that_is_not_modelled_of_other_parameters_is_not_comparable() -> None:
    assert compare(pair(plog(5.0)), pair(plog(5.0))).max_relative_rate_error == 0.0
    comparison = compare(pair(plog(5.0)), pair(plog(6.0)))
    assert comparison.exact
    assert comparison.max_relative_rate_error is None


@pytest.mark.parametrize(("high", "low", "error"), [(2.0, 3.0, 0.0), (2.2, 3.0, 0.1), (2.2, 1.5, 0.5), (1.0, 3.0, 0.5)])
def test_falloff_reactions_are_compared_by_both_limits(high: float, low: float, error: float) -> None:
    comparison = compare(pair(falling(high, low)), pair(falling(2.0, 3.0)))
    assert comparison.exact
    (match,) = comparison.matched
    assert (match.equation, match.found_rate, match.known_rate) == ("A (+M) => B (+M)", high, 2.0)
    assert match.error == pytest.approx(error, abs=1e-12)


def test_another_broadening_is_an_error_halfway_between_the_limits() -> None:
    half = (1.0, 0.0, 1e300)
    assert compare(pair(falling(2.0, 3.0, half)), pair(falling(2.0, 3.0))).max_relative_rate_error == 0.0
    weak = (0.5, 1e-30, 1e30)
    error = compare(pair(falling(2.0, 3.0, weak)), pair(falling(2.0, 3.0))).max_relative_rate_error
    assert error == pytest.approx(1.0 - float(broadening(Falloff(Arrhenius(1.0), weak), 300.0, 1.0)))
    assert error is not None
    assert 0.4 < error < 0.5


def test_both_directions_of_a_falloff_reaction_are_compared() -> None:
    known = read_mechanism("h2o2.yaml")
    i = next(i for i, reaction in enumerate(known.reactions) if reaction.falloff is not None)
    other = replace(known.reactions[i], falloff=replace(known.reactions[i].falloff or Falloff(Arrhenius(1.0)), troe=()))
    reactions = (*known.reactions[:i], other, *known.reactions[i + 1 :])
    comparison = compare(replace(known, reactions=reactions), known, temperature=1500.0)
    assert comparison.exact
    assert [match.equation for match in comparison.matched if match.error] == [
        "2 OH (+M) => H2O2 (+M)",
        "H2O2 (+M) => 2 OH (+M)",
    ]


@pytest.mark.parametrize("body", [None, ThirdBody()])
def test_a_falloff_reaction_matches_its_limits_without_an_error(body: ThirdBody | None) -> None:
    plain, falloff = replace(one_way("A => B", 5.0), third_body=body), falling(2.0, 3.0)
    for found, known in ((plain, falloff), (falloff, plain)):
        comparison = compare(pair(found), pair(known))
        assert comparison.exact
        assert [(m.equation, m.error) for m in comparison.matched] == [(known.equation, None)]
        assert comparison.max_relative_rate_error is None
    other = compare(pair(falloff), pair(falloff, plain))
    assert other.missing == (plain.equation,)
    assert other.max_relative_rate_error == 0.0
    assert compare(pair(plain, falloff), pair(falloff)).spurious == (plain.equation,)


def test_both_limits_do_not_stand_for_one_falloff_reaction() -> None:
    low = replace(one_way("A => B", 3.0), third_body=ThirdBody())
    comparison = compare(pair(one_way("A => B", 2.0), low), pair(falling(2.0, 3.0)))
    assert comparison.spurious == ("A + M => B + M",)
    assert [match.error for match in comparison.matched] == [None]


def test_a_falloff_reaction_of_a_form_that_is_not_modelled_is_not_comparable() -> None:
    definition = {"equation": "A (+M) => B (+M)", "type": "falloff", "SRI": {"A": 1.1, "B": 700.0, "C": 1234.0}}
    comparison = compare(pair(falling(2.0, 3.0)), pair(Reaction({"A": 1}, {"B": 1}, None, definition=definition)))
    assert comparison.exact
    assert [(match.equation, match.error) for match in comparison.matched] == [("A (+M) => B (+M)", None)]


def test_the_comparison_is_json_and_text() -> None:
    comparison = compare(pair(one_way("A => B", 2.2), one_way("B => C", 1.0)), pair(one_way("A => B", 2.0, 1.0)))
    content = json.loads(json.dumps(comparison.as_dict()))
    assert {"matched", "missing", "spurious", "max_relative_rate_error", "exact"} <= set(content)
    assert content["missing"] == ["B => A"]
    text = comparison_text(comparison)
    assert "B => A    missing" in text
    assert "B => C    spurious" in text
    assert text.endswith(
        "Not the same reactions: 1 matched, 1 missing, 1 spurious; largest relative rate error 0.1 at 300 K."
    )
