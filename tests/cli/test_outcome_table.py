"""The table of reactions that `learn` and `run` print."""

from mechlearn.chemistry.mechanism import Arrhenius, Reaction, ThirdBody
from mechlearn.cli.outcome import _reaction_texts


def _entry(reaction: Reaction) -> dict[str, object]:
    rate = reaction.rate
    assert rate is not None
    forward = {"A": rate.A, "b": rate.b, "Ea": rate.Ea}
    known = {"forward": {"text": "± 0.1 %"}}
    return {
        "equation": reaction.equation,
        "forward": forward,
        "reverse": None,
        "interval": known,
        "contribution": 0.5,
    }


def _recombination(collider: str) -> Reaction:
    third_body = ThirdBody({collider: 1.0}, default=0.0)
    return Reaction({"H": 1, "O2": 1}, {"HO2": 1}, Arrhenius(2.8e12, -0.86), third_body=third_body)


def test_rate_constants_at_several_temperatures_are_shown_whole() -> None:
    exchange = Reaction({"HO2": 2}, {"O2": 1, "H2O2": 1}, Arrhenius(1.475671e-4, 3.58, -30.9e6))
    reactions = (exchange, _recombination("AR"), _recombination("H2O"))
    head, first, *both, units = _reaction_texts([_entry(each) for each in reactions], reactions)
    assert head.split("  ")[0] == "reaction"
    assert all(word in head for word in ("A forward", " b ", "Ea [kJ/mol]", "A reverse", "colliders"))
    assert all(word in first for word in ("0.0001475671", " 3.58 ", " -30.9 "))
    assert [line.rsplit("  ", 1)[1] for line in both] == ["M = AR", "M = H2O"]
    assert units == "Rate constants in kmol, m^3 and s; they are A T^b exp(-Ea/RT), with T in K.\n"


def test_rate_constants_at_one_temperature_are_numbers() -> None:
    decay = Reaction({"A": 1}, {"B": 1}, Arrhenius(2.5))
    head, row, units = _reaction_texts([_entry(decay)], (decay,))
    assert "k forward" in head
    assert "Ea" not in head
    assert "colliders" not in head
    assert row.split()[3] == "2.5"
    assert units == "Rate constants in kmol, m^3 and s.\n"
