"""Rate constants that fall off as collisions become rare: their laws, their files, and what is refused."""

from dataclasses import replace

import cantera as ct
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlearn.chemistry.kinetics import broadening, falloff_factor, production_rates
from mechlearn.chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, Species, ThirdBody
from mechlearn.errors import FormatError
from mechlearn.formats.cantera_yaml.export import check_export, to_cantera
from mechlearn.formats.cantera_yaml.mechanism_reading import parse_mechanism, read_mechanism
from mechlearn.formats.cantera_yaml.mechanism_text import mechanism_text

from ..helpers import assert_same_mechanism, assert_same_rates, network

HEAD = """
phases:
- {name: gas, thermo: ideal-gas, species: [A, B, C], kinetics: gas, state: {T: 1000.0, P: 2 atm}}
species:
- {name: A, composition: {H: 1}, thermo: {model: constant-cp, h0: 3 kcal/mol, cp0: 2 cal/mol/K}}
- {name: B, composition: {H: 1}, thermo: {model: constant-cp, s0: 3 cal/mol/K}}
- {name: C, composition: {H: 2}, thermo: {model: constant-cp}}
reactions:
"""
UNITS = "units: {length: cm, time: s, quantity: mol, activation-energy: cal/mol, pressure: atm}\n"
LIMITS = "type: falloff, low-P-rate-constant: {A: 1e15, b: 0, Ea: 500}, high-P-rate-constant: {A: 1e12, b: 0.3, Ea: 90}"
FALLOFFS = f"""
- {{equation: A + B (+M) <=> C (+M), {LIMITS}, efficiencies: {{C: 2.5}}, default-efficiency: 0.5}}
- {{equation: A <=> B, rate-constant: {{A: 1, b: 0, Ea: 0}}}}
- {{equation: A + A (+M) <=> C (+M), duplicate: true, {LIMITS}, Troe: {{A: 0.7, T3: 100, T1: 1000}}}}
- {{equation: A + A (+M) <=> C (+M), duplicate: true, {LIMITS}, Troe: {{A: 0.5, T3: 0, T1: 1000, T2: 5e3}}}}
- {{equation: A + A (+C) <=> C (+C), {LIMITS}}}
- {{equation: 2 B (+M) => C (+M), {LIMITS}, Troe: {{A: 0.7, T3: 97, T1: 1000}}, orders: {{B: 1.5}}, note: fit}}
"""
TROE = Falloff(Arrhenius(2e12, -0.9, -7e6), troe=(0.7346, 94.0, 1756.0, 5182.0))


@pytest.mark.parametrize("falloff", [replace(TROE, troe=()), TROE])
def test_a_falloff_rate_has_both_limits_and_lies_below_them(falloff: Falloff) -> None:
    high, low = 7e10, float(falloff.low.at(1000.0))
    colliders = np.logspace(-250, 250, 501) * high / low
    constant = high * falloff_factor(falloff, high, 1000.0, colliders)
    assert constant[0] == pytest.approx(low * colliders[0], rel=0.02)
    assert constant[-1] == pytest.approx(high, rel=0.02)
    assert np.all(constant <= np.minimum(low * colliders, high))
    assert np.all(np.diff(constant[:255]) > 0), "up to Pr = 1e4; Troe's form has F below one again far above"


def test_a_falloff_reaction_without_colliders_stands_still() -> None:
    body = ThirdBody({"C": 1.0}, default=0.0)
    reaction = Reaction({"A": 1}, {"B": 1}, Arrhenius(2.0), third_body=body, falloff=TROE)
    mechanism = Mechanism((Species("A"), Species("B"), Species("C")), (reaction,))
    assert reaction.equation == "A (+C) => B (+C)"
    assert production_rates(mechanism, [[4.0, 2.0, 0.0]], 300.0).tolist() == [[0.0, 0.0, 0.0]]
    assert production_rates(mechanism, [[4.0, 2.0, 1e-3]], 300.0)[0, 1] > 0


@given(st.floats(0.0, 1.0), st.floats(1.0, 1e4), st.floats(1.0, 1e4), st.floats(-30.0, 30.0))
def test_broadening_is_strongest_in_the_middle(share: float, t3: float, t1: float, log_pressure: float) -> None:
    falloff = Falloff(Arrhenius(1.0), troe=(share, t3, t1))
    centre = max((1 - share) * np.exp(-1000.0 / t3) + share * np.exp(-1000.0 / t1), 1e-300)
    middle = 10.0 ** (0.4 + 0.67 * np.log10(centre))
    assert broadening(falloff, 1000.0, middle) == pytest.approx(centre, rel=1e-9)
    assert centre * (1 - 1e-9) <= broadening(falloff, 1000.0, 10.0**log_pressure) <= 1.0


def test_the_centre_of_broadening_has_a_third_term_only_with_a_t2() -> None:
    three, four = (Falloff(Arrhenius(1.0), troe=(1.0, 0.0, 1000.0, *more)) for more in ((), (2000.0,)))
    for falloff, centre in ((three, np.exp(-1.0)), (four, np.exp(-1.0) + np.exp(-2.0))):
        middle = 10.0 ** (0.4 + 0.67 * np.log10(centre))
        assert broadening(falloff, 1000.0, middle) == pytest.approx(centre, rel=1e-12)


@pytest.mark.parametrize("troe", [(0.5,), (0.5, 1.0), (0.5, 1.0, 2.0, 3.0, 4.0)])
def test_broadening_of_another_number_of_parameters_is_refused(troe: tuple[float, ...]) -> None:
    with pytest.raises(FormatError, match=rf"has {len(troe)} parameters.* Give \(A, T3, T1\)"):
        Falloff(Arrhenius(1.0), troe=troe)


def test_broadening_with_a_t2_of_zero_is_refused() -> None:
    with pytest.raises(FormatError, match=r"has T2 = 0, which programs read in two ways\. Leave T2 out"):
        Falloff(Arrhenius(1.0), troe=(0.5, 1.0, 2.0, 0.0))


def test_a_falloff_reaction_lacking_a_part_is_refused() -> None:
    sides = {"A": 1.0}, {"B": 1.0}
    with pytest.raises(FormatError, match=r"A => B falls off, so it needs a rate.* and a third body\. Give both"):
        Reaction(*sides, Arrhenius(1.0), falloff=TROE)
    with pytest.raises(FormatError, match=r"A \(\+M\) => B \(\+M\) falls off, so it needs a rate"):
        Reaction(*sides, None, third_body=ThirdBody(), falloff=TROE)
    with pytest.raises(FormatError, match=r"its own reverse rate constant does not\. Take the reverse one from therm"):
        Reaction(*sides, Arrhenius(1.0), Arrhenius(1.0), ThirdBody(), falloff=TROE)


def test_falloff_reactions_are_modelled_and_come_back() -> None:
    original = ct.Solution(yaml=UNITS + HEAD + FALLOFFS)
    mechanism = parse_mechanism(UNITS + HEAD + FALLOFFS)
    falloffs = [reaction.falloff for reaction in mechanism.reactions]
    assert [None if falloff is None else len(falloff.troe) for falloff in falloffs] == [0, None, 3, 4, 0, 3]
    assert list(mechanism.equations) == original.reaction_equations()
    first = Falloff(Arrhenius(1e9, 0.0, 2.092e6))
    sides = {"A": 1.0, "B": 1.0}, {"C": 1.0}
    expected = Reaction(*sides, Arrhenius(1e9, 0.3, 376560.0), None, ThirdBody({"C": 2.5}, 0.5), True, falloff=first)
    assert_same_mechanism(
        replace(mechanism, reactions=mechanism.reactions[:1]), replace(mechanism, reactions=(expected,))
    )
    text = mechanism_text(mechanism)
    assert_same_rates(original, ct.Solution(yaml=text))
    assert check_export(mechanism, text) < 1e-10
    assert_same_mechanism(parse_mechanism(text), mechanism)
    assert mechanism_text(parse_mechanism(text)) == text


def test_a_t2_of_zero_is_left_out_as_cantera_does() -> None:
    line = f"- {{equation: 2 B (+M) => C (+M), {LIMITS}, Troe: {{A: 0.7, T3: 97, T1: 1000, T2: 0}}}}\n"
    (reaction,) = parse_mechanism(HEAD + line).reactions
    assert reaction.falloff is not None
    assert reaction.falloff.troe == pytest.approx((0.7, 97.0, 1000.0))


def test_a_falloff_reaction_looks_as_people_write_it() -> None:
    text = mechanism_text(parse_mechanism(HEAD + FALLOFFS))
    low, high = "{A: 1.0e+15, b: 0.0, Ea: 500.0}", "{A: 1.0e+12, b: 0.3, Ea: 90.0}"
    limits = f"  type: falloff\n  low-P-rate-constant: {low}\n  high-P-rate-constant: {high}\n"
    assert (
        f"- equation: A + B (+M) <=> C (+M)  # Reaction 1\n{limits}"
        "  efficiencies: {C: 2.5}\n  default-efficiency: 0.5\n"
    ) in text
    assert f"  duplicate: true\n{limits}  Troe: {{A: 0.7, T3: 100.0, T1: 1000.0}}\n- equation" in text
    assert f"- equation: 2 A (+C) <=> C (+C)  # Reaction 5\n{limits}- equation" in text


def test_a_falloff_reaction_keeps_the_efficiencies_of_species_that_are_there() -> None:
    mechanism = read_mechanism("h2o2.yaml")
    falloff = next(reaction for reaction in mechanism.reactions if reaction.falloff is not None)
    small = replace(
        mechanism, species=tuple(s for s in mechanism.species if s.name in ("OH", "H2O2", "H2O")), reactions=(falloff,)
    )
    text = mechanism_text(small)
    assert "  efficiencies: {H2O: 6.0}\n" in text
    assert check_export(small, text) < 1e-10
    lonely = replace(falloff, third_body=ThirdBody({"AR": 1.0}, 0.0))
    text = mechanism_text(replace(small, reactions=(lonely,)))
    assert "2 OH (+M) <=> H2O2 (+M)" in text
    assert "default-efficiency: 0.0" in text


def test_limits_of_opposite_sign_are_refused() -> None:
    falloff = Falloff(Arrhenius(1.0))
    reaction = Reaction({"A": 1}, {"B": 1}, Arrhenius(-1.0), third_body=ThirdBody(), falloff=falloff)
    with pytest.raises(FormatError, match="Cantera cannot load"):
        to_cantera(network("A B", reaction))
    both = replace(reaction, falloff=Falloff(Arrhenius(-2.0)))
    assert to_cantera(network("A B", both)).forward_rate_constants[0] < 0
