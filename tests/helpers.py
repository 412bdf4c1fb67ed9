"""A bank of mechanisms whose reactions and rates are known, and what tests say about mechanisms."""

from collections.abc import Mapping
from dataclasses import replace

import cantera as ct
import numpy as np
import pytest
from hypothesis import strategies as st

from mechlearn.chemistry.mechanism import Arrhenius, Falloff, Mechanism, Reaction, Species, ThirdBody
from mechlearn.chemistry.thermo import ConstantCp


def parse_side(text: str) -> dict[str, float]:
    """``2 A + B`` as coefficients; a species named twice counts twice."""
    side: dict[str, float] = {}
    for term in text.split(" + "):
        amount, _, name = term.strip().rpartition(" ")
        side[name] = side.get(name, 0) + (float(amount) if amount else 1)
    return side


def one_way(text: str, k: float, back: float | None = None) -> Reaction:
    """A reaction from ``A + B => C``, with a constant rate constant and, where given, another one back."""
    reactants, products = (parse_side(side) for side in text.split(" => "))
    return Reaction(reactants, products, Arrhenius(k), reverse_rate=None if back is None else Arrhenius(back))


def network(names: str, *reactions: Reaction, temperature: float = 300.0) -> Mechanism:
    """Species without composition, and reactions."""
    return Mechanism(tuple(Species(name) for name in names.split()), reactions, temperature=temperature)


FUEL_RADICAL_PRODUCT = network("F R P", one_way("F => R", 1.0, 1.0), one_way("R => P", 1e3, 1e3))

MICHAELIS_MENTEN = network("E S ES P", one_way("E + S => ES", 1e6, 1e3), one_way("ES => E + P", 10.0))

CRNN_CASE_1 = network(
    "A B C D E",
    one_way("2 A => B", 0.1),
    one_way("A => C", 0.2),
    one_way("C => D", 0.13),
    one_way("B + D => E", 0.3),
)

HYDROGEN_OXIDATION = Mechanism(
    (
        Species("H2", {"H": 2}),
        Species("O2", {"O": 2}),
        Species("H2O", {"H": 2, "O": 1}),
        Species("H", {"H": 1}),
        Species("O", {"O": 1}),
        Species("OH", {"H": 1, "O": 1}),
    ),
    (
        one_way("H2 => 2 H", 2.0, 216.0),
        one_way("O2 => 2 O", 1.0, 337.5),
        one_way("H2O => H + OH", 1.0, 1400.0),
        one_way("H2 + O => H + OH", 1e3, 1.08e4),
        one_way("O2 + H => O + OH", 1e3, 3.375e4),
        one_way("H2 + O => H2O", 1e2, 0.7714285714285716),
    ),
    temperature=1000.0,
)

ROBERTSON = network("A B C", one_way("A => B", 0.04), one_way("2 B => B + C", 3e7), one_way("B + C => A + C", 1e4))

BRUSSELATOR = network(
    "A B D E X Y",
    one_way("A => X", 1.0),
    one_way("2 X + Y => 3 X", 1.0),
    one_way("B + X => D + Y", 1.0),
    one_way("X => E", 1.0),
)

LOTKA_VOLTERRA = network("A X Y P", one_way("A + X => 2 X", 1.0), one_way("X + Y => 2 Y", 2.0), one_way("Y => P", 0.5))

BANK: Mapping[str, Mechanism] = {
    "fuel-radical-product": FUEL_RADICAL_PRODUCT,
    "michaelis-menten": MICHAELIS_MENTEN,
    "crnn-case-1": CRNN_CASE_1,
    "hydrogen-oxidation": HYDROGEN_OXIDATION,
}
"""Without catalysts."""

CATALYSED: Mapping[str, Mechanism] = {
    "robertson": ROBERTSON,
    "brusselator": BRUSSELATOR,
    "lotka-volterra": LOTKA_VOLTERRA,
}
"""With species on both sides."""

_positive = st.floats(1e-3, 1e3)
_TROE = ((), (0.7346, 94.0, 1756.0, 5182.0), (0.5, 1e-30, 1e30), (1.0, 0.0, 500.0))


@st.composite
def mechanisms(draw: st.DrawFn) -> Mechanism:
    """Mechanisms of up to five species of one element and up to five reactions of all kinds that we model."""
    atoms = draw(st.lists(st.integers(1, 3), min_size=2, max_size=5))
    names = [f"S{i}" for i in range(len(atoms))]
    species = tuple(
        Species(name, {"C": count}, ConstantCp(h0=draw(st.floats(-1e6, 1e6)), s0=draw(st.floats(-1e3, 1e3)), cp0=2e4))
        for name, count in zip(names, atoms, strict=True)
    )
    reactions = draw(st.lists(_reactions(names, atoms), min_size=1, max_size=5))
    return Mechanism(species, tuple(reactions), temperature=draw(st.sampled_from([300.0, 1234.5])))


@st.composite
def _reactions(draw: st.DrawFn, names: list[str], atoms: list[int]) -> Reaction:
    """A balanced reaction: so many of one species for so many of another, perhaps with a catalyst."""
    i, j = draw(st.permutations(range(len(names))))[:2]
    divisor = int(np.gcd(atoms[i], atoms[j]))
    reactants: dict[str, float] = {names[i]: atoms[j] // divisor}
    products: dict[str, float] = {names[j]: atoms[i] // divisor}
    if draw(st.booleans()):
        catalyst = draw(st.sampled_from(names))
        reactants[catalyst] = reactants.get(catalyst, 0) + 1
        products[catalyst] = products.get(catalyst, 0) + 1
    rate = Arrhenius(draw(_positive), draw(st.sampled_from([0.0, 0.5, -1.25])), draw(st.integers(0, 10_000)) * 1e3)
    kind = draw(st.sampled_from(["one-way", "own reverse", "thermo", "third body", "falloff", "orders"]))
    if kind == "own reverse":
        return Reaction(reactants, products, rate, reverse_rate=Arrhenius(draw(_positive)))
    if kind == "orders":
        orders = {draw(st.sampled_from(names)): draw(st.sampled_from([0.5, 1.5, 2.0]))}
        return Reaction(reactants, products, rate, orders=orders, note="fitted: order")
    body = (
        ThirdBody({names[-1]: draw(st.floats(1.5, 50.0))}, draw(st.sampled_from([0.0, 1.0])))
        if kind in ("third body", "falloff")
        else None
    )
    low = Arrhenius(draw(_positive), draw(st.sampled_from([0.0, -1.25])))
    falloff = Falloff(low, draw(st.sampled_from(_TROE))) if kind == "falloff" else None
    return Reaction(reactants, products, rate, third_body=body, reversible=kind != "one-way", falloff=falloff)


def assert_same_mechanism(found: Mechanism, expected: Mechanism, *, rtol: float = 1e-12) -> None:
    """The same species, and the same reactions entry by entry, with numbers that agree to ``rtol``.

    An own reverse rate constant counts as an entry of its own, as it does in a file. Compositions and thermo are
    compared where they are expected.
    """
    assert found.species_names == expected.species_names
    assert np.isclose(found.temperature, expected.temperature, rtol=rtol)
    assert np.isclose(found.pressure, expected.pressure, rtol=rtol)
    for ours, theirs in zip(found.species, expected.species, strict=True):
        assert not theirs.composition or dict(ours.composition) == dict(theirs.composition)
        if theirs.thermo is not None:
            assert ours.thermo is not None
            temperatures = np.array([300.0, 1000.0, 2500.0])
            expected_g = theirs.thermo.gibbs_over_rt(temperatures)
            np.testing.assert_allclose(ours.thermo.gibbs_over_rt(temperatures), expected_g, rtol=1e-10, atol=1e-12)
    ours_split, theirs_split = _entries(found), _entries(expected)
    assert len(ours_split) == len(theirs_split)
    for one, other in zip(ours_split, theirs_split, strict=True):
        _assert_same_reaction(one, other, rtol)


def _entries(mechanism: Mechanism) -> list[Reaction]:
    entries = []
    for r in mechanism.reactions:
        entries.append(replace(r, reverse_rate=None))
        if r.reverse_rate is not None:
            entries.append(Reaction(r.products, r.reactants, r.reverse_rate, None, r.third_body, note=r.note))
    return entries


def _assert_same_reaction(one: Reaction, other: Reaction, rtol: float) -> None:
    assert dict(one.reactants) == dict(other.reactants)
    assert dict(one.products) == dict(other.products)
    assert one.reversible == other.reversible
    assert one.note == other.note
    assert (one.rate is None) == (other.rate is None)
    if one.rate is not None and other.rate is not None:
        numbers = [(rate.A, rate.b, rate.Ea) for rate in (one.rate, other.rate)]
        np.testing.assert_allclose(numbers[0], numbers[1], rtol=rtol)
    assert (one.falloff is None) == (other.falloff is None)
    if one.falloff is not None and other.falloff is not None:
        limits = [(k.low.A, k.low.b, k.low.Ea, *k.troe) for k in (one.falloff, other.falloff)]
        np.testing.assert_allclose(limits[0], limits[1], rtol=rtol)
    assert (one.third_body is None) == (other.third_body is None)
    if one.third_body is not None and other.third_body is not None:
        assert one.third_body.default == other.third_body.default
        assert one.third_body.efficiencies == pytest.approx(dict(other.third_body.efficiencies), rel=rtol)
    orders = [{**r.reactants, **(r.orders or {})} for r in (one, other)]
    assert orders[0] == orders[1]


def assert_same_rates(one: ct.Solution, other: ct.Solution, rtol: float = 1e-10) -> None:
    """The same net production rates at random states, relative to all that forms and uses up a species."""
    generator = np.random.default_rng(0)
    for temperature in (600.0, 1000.0, 2500.0):
        shares = generator.dirichlet(np.ones(one.n_species))
        for gas in (one, other):
            gas.TPX = temperature, 3e5, shares
        gross = one.creation_rates + one.destruction_rates
        assert np.all(np.abs(one.net_production_rates - other.net_production_rates) <= rtol * gross)
