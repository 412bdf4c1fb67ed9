"""The network of rows that the elements allow, over a range of temperatures."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import scipy.sparse as sp

import mechlearn as ml
from mechlearn.chemistry.conservation import element_matrix
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.discovery.candidates.network.range_network import RangeProblem, _normal, _residual, drawn, whole_rows
from mechlearn.discovery.fit.production_states import states_of
from mechlearn.errors import StudyError
from mechlearn.simulation.mechanisms import find_mechanism

NETWORK = ml.Search(method="network", reverse="thermo")


@cache
def chain() -> ml.Mechanism:
    """Four bimolecular reactions of hydrogen and oxygen by h2o2.yaml, and their six species."""
    whole = ml.read_mechanism(find_mechanism("h2o2.yaml"), "ohmech")
    names = {"H2", "H", "O", "O2", "OH", "H2O"}
    reactions = tuple(
        r
        for r in whole.reactions
        if set(r.reactants) | set(r.products) <= names
        and not set(r.reactants) & set(r.products)
        and r.third_body is None
    )
    return replace(whole, species=tuple(s for s in whole.species if s.name in names), reactions=reactions)


def balances(count: int = 120, seed: int = 0, mechanism: ml.Mechanism | None = None) -> ml.Balances:
    generator = np.random.default_rng(seed)
    temperature = generator.uniform(1000.0, 2500.0, count)
    shares = 10 ** generator.uniform(-3, 0, (count, 6))
    density = 10 ** generator.uniform(-2, -1, count)
    concentrations = density[:, None] * shares / shares.sum(axis=1, keepdims=True)
    rates = production_rates(mechanism or chain(), concentrations, temperature)
    identity = sp.eye_array(count, format="csr")
    return ml.Balances(
        chain().species, concentrations, temperature, np.full(count, np.nan), identity, rates, np.zeros_like(rates)
    )


def problem() -> RangeProblem:
    states = states_of(balances(20), thermo=True)
    weights = 1 / np.abs(states.target).max(axis=1, keepdims=True) * np.ones_like(states.target)
    return RangeProblem.of(states, np.asarray(element_matrix(chain().species)[1], dtype=float), states.target, weights)


def test_every_row_balances() -> None:
    given = problem()
    rows = drawn(given, 50, np.random.default_rng(0)).rows(given)
    assert np.abs(rows @ element_matrix(chain().species)[1].T).max() < 1e-12


@pytest.mark.parametrize("absorbed", [0, 5])
def test_the_gradient_agrees_with_differences(absorbed: int) -> None:
    given = problem()
    if absorbed:
        given = given.absorbing(np.random.default_rng(3).normal(size=(*given.target.shape, absorbed)))
    network = drawn(given, 3, np.random.default_rng(1))
    residual, _ = _residual(given, network)
    curvature, gradient = _normal(given, network, residual)
    slopes = []
    for number, (i, j) in enumerate(np.ndindex(network.free.shape)):
        step = np.zeros_like(network.free)
        step[i, j] = 1e-6
        ahead, back = (_residual(given, replace(network, free=network.free + sign * step)) for sign in (1, -1))
        assert gradient[number] == pytest.approx((ahead[1] - back[1]) / 4e-6, rel=1e-4, abs=1e-7)
        slopes.append((ahead[0] - back[0]).ravel() / 2e-6)
    count = len(slopes)
    assert curvature[:count, :count] == pytest.approx(np.array(slopes) @ np.array(slopes).T, rel=1e-4, abs=1e-6)


def test_what_known_reactions_could_make_by_other_laws_counts_for_nothing() -> None:
    given, generator = problem(), np.random.default_rng(4)
    changes = generator.normal(size=(*given.target.shape, 6))
    changes[:, :, 5] = changes[:, :, 0] - 2 * changes[:, :, 1]
    network = drawn(given, 2, generator)
    other = replace(given, target=given.target + changes @ generator.normal(size=6))
    assert given.absorbing(changes).absorbed is not None
    assert given.absorbing(changes).absorbed.shape[2] == 5  # type: ignore[union-attr]
    one, two = (_residual(each.absorbing(changes), network)[0] for each in (given, other))
    assert one == pytest.approx(two, abs=1e-9 * np.abs(_residual(given, network)[0]).max())
    assert _residual(other, network)[1] > _residual(other.absorbing(changes), network)[1]


def test_only_whole_rows_are_taken() -> None:
    given = problem()
    network = drawn(given, 2, np.random.default_rng(2))
    _, gradient = _normal(given, network, _residual(given, network)[0])
    flat = replace(network, loss=1.0, curvature=np.eye(len(gradient)))
    whole = np.array([s.name in {"H", "OH"} for s in chain().species]) - np.array(
        [s.name in {"H2", "O"} for s in chain().species], dtype=float
    )
    near = replace(flat, free=np.stack([whole @ given.basis + 0.01, whole @ given.basis + 0.3]))
    assert [row.tolist() for row, _ in whole_rows(given, near)] == [whole.tolist()]


def test_a_chain_is_found_without_a_list_of_candidates() -> None:
    found = ml.discover(balances(), replace(NETWORK, method="both"))
    comparison = ml.compare(found.mechanism, chain(), stoichiometry=True)
    assert (comparison.missing, comparison.spurious, len(comparison.matched)) == ((), (), 4)
    assert {learned.found_by for learned in found.reactions} == {("network", "candidates")}
    assert "The network, which is given no candidates, finds 4 of them too." in found.message
    fresh = balances(seed=7)
    made = production_rates(found.mechanism, fresh.concentrations, fresh.temperature)
    assert made == pytest.approx(fresh.accumulation, rel=1e-4, abs=1e-6 * np.abs(fresh.accumulation).max())


def test_the_network_adds_what_is_not_among_the_candidates() -> None:
    three = ml.Reaction({"H": 2, "O2": 1}, {"H2O": 1, "O": 1}, ml.Arrhenius(1e12), reversible=True)
    truth = replace(chain(), reactions=(*chain().reactions, three))
    given = balances(mechanism=truth)
    by_candidates = ml.discover(given, replace(NETWORK, method="candidates"))
    assert ml.compare(by_candidates.mechanism, truth, stoichiometry=True).missing
    found = ml.discover(given, replace(NETWORK, method="both"))
    comparison = ml.compare(found.mechanism, truth, stoichiometry=True)
    assert (comparison.missing, comparison.spurious, len(comparison.matched)) == ((), (), 5)
    alone = [learned.reaction.reactants for learned in found.reactions if learned.found_by == ("network",)]
    assert alone == [{"H": 2, "O2": 1}]
    assert "1 of these are not among the candidates." in found.message


def test_what_the_candidates_explain_stays_where_the_network_is_interrupted() -> None:
    shares = []

    def interrupt(share: float, text: str) -> None:
        shares.append(share)
        if share > 0.3:
            raise KeyboardInterrupt

    found = ml.discover(balances(), replace(NETWORK, method="both"), progress=interrupt)
    assert found.status == "interrupted"
    assert ml.compare(found.mechanism, chain(), stoichiometry=True).exact
    assert shares == sorted(shares)


def test_without_thermodynamics_the_network_keeps_to_one_temperature() -> None:
    with pytest.raises(StudyError, match="Use reverse: thermo"):
        ml.discover(balances(), replace(NETWORK, reverse="free"))
