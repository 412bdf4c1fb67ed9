"""Rate laws in the bath of a design: those of GRI-Mech's falloff reactions come back from rate constants alone."""

from __future__ import annotations

from itertools import product

import cantera as ct
import numpy as np
import pytest

import mechlearn as ml
from mechlearn.chemistry.kinetics import progress
from mechlearn.chemistry.thermo import GAS_CONSTANT
from mechlearn.discovery.candidates.designed.pressure_dependence import BathGas, KnownConstants, law_in_bath
from mechlearn.discovery.fit.production_states import ProductionStates
from mechlearn.discovery.fit.rate_law_terms import Surroundings, reactions_of
from mechlearn.simulation.mechanisms import find_mechanism

CONDITIONS = list(product(np.linspace(1000.0, 2500.0, 7), (1.0, 3.0, 10.0)))


def rate_constants(equation: str) -> tuple[ml.Reaction, BathGas, KnownConstants]:
    """Of a reaction of gri30.yaml in argon, with what density and temperature they were taken at."""
    gri = ml.read_mechanism(find_mechanism("gri30.yaml"))
    number = gri.equations.index(equation)
    temperature, pressure = np.array(CONDITIONS).T
    density = pressure * ct.one_atm / (GAS_CONSTANT * temperature)
    names = [s.name for s in gri.species]
    concentrations = np.full((len(density), len(names)), 1e-12)
    concentrations[:, names.index("AR")] = density
    forward, _ = progress(gri, concentrations, temperature)
    constant = forward[:, number] / np.prod(concentrations ** gri.reactants[number], axis=1)
    states = ProductionStates(density[:, None], temperature, np.zeros((len(density), 1)))
    bath = BathGas(states, Surroundings.of(states, [np.array([0])]), None)
    return gri.reactions[number], bath, KnownConstants(np.log(constant), np.full(len(density), 1e-8))


@pytest.mark.parametrize(
    "equation",
    ["C2H5 + CH3 (+M) <=> C3H8 (+M)", "CH2(S) + H2O (+M) <=> CH3OH (+M)", "C2H2 + H (+M) <=> C2H3 (+M)"],
)
def test_falloff_comes_back_exactly(equation: str) -> None:
    reaction, bath, told = rate_constants(equation)
    _, law, error = law_in_bath([told], bath)
    assert error < 1e-7
    (found,) = reactions_of(law, np.array([-1, 1]), ("A", "B"), [np.array([0])], bath.states.reference, thermo=True)
    assert found.rate is not None
    assert reaction.rate is not None
    assert found.falloff is not None
    assert pytest.approx(reaction.rate.A, rel=1e-3) == found.rate.A
    assert found.rate.b == pytest.approx(reaction.rate.b, abs=1e-4)
    assert found.rate.Ea == pytest.approx(reaction.rate.Ea, rel=1e-4, abs=1e4)


def test_a_rate_constant_that_does_not_change_with_density_gets_no_colliders() -> None:
    _, bath, told = rate_constants("H + O2 <=> O + OH")
    _, law, error = law_in_bath([told], bath)
    assert error < 1e-7
    assert [term.members for term in law.terms] == [()]


def test_the_direction_whose_law_is_simple_is_chosen() -> None:
    _, bath, told = rate_constants("H + O2 <=> O + OH")
    bent = KnownConstants(told.log_constant + np.sin(bath.states.temperature / 300.0), told.deviation)
    number, _, _ = law_in_bath([bent, told], bath)
    assert number == 1
