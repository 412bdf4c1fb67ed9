"""Concentrations at several temperatures and on ramps: Arrhenius laws, and what wrong temperatures lead to."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from mechlearn.chemistry.comparison import compare
from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Species
from mechlearn.chemistry.thermo import GAS_CONSTANT, ConstantCp
from mechlearn.data.balances.integral_forms import weak_balances
from mechlearn.data.noise.concentration_noise import estimate_noise
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.discovery.candidates.trajectory_candidates import Candidates
from mechlearn.discovery.discover import discover
from mechlearn.discovery.fit.refine import problem_of
from mechlearn.discovery.fit.run_arrays import run_arrays
from mechlearn.discovery.fit.temperature_basis import LogOffset, TemperatureBasis
from mechlearn.discovery.fit.trajectory_problem import TrajectoryProblem
from mechlearn.discovery.result import Discovery
from mechlearn.discovery.settings import Search
from mechlearn.discovery.trajectory_learner import chosen_balances
from mechlearn.errors import DataError
from mechlearn.formats.cantera_yaml.export import write_mechanism
from mechlearn.simulation.mass_action.radau import sensitivities
from mechlearn.simulation.reactors import resimulate

from ..helpers import network, one_way

KJ = 1e6
ENERGIES = {"A => B": 80 * KJ, "B => C": 100 * KJ}
RAMPS = np.array([2.0, 5.0, 10.0]) / 60


def law(at_350: float, energy: float) -> Arrhenius:
    return Arrhenius(float(at_350 * np.exp(energy / (GAS_CONSTANT * 350.0))), Ea=energy)


CHAIN = network(
    "A B C",
    replace(one_way("A => B", 1.0), rate=law(0.02, ENERGIES["A => B"])),
    replace(one_way("B => C", 1.0), rate=law(0.005, ENERGIES["B => C"])),
)


def run(name: str, time: Any, kelvin: Any, first: list[float], reactor: Any = "isothermal") -> Trajectory:
    states, unknown = np.tile(first, (len(time), 1)), np.full(len(time), np.nan)
    return Trajectory(np.array(time), states, kelvin + 0.0 * np.array(time), unknown, None, reactor, name)


def simulated(mechanism: Mechanism, runs: list[Trajectory], folder: Any, noise: float = 0.0, floor: float = 0.0) -> Any:
    """By CVODES, with noise: relative, and relative to the largest amount."""
    path = folder.mktemp("truth") / "truth.yaml"
    write_mechanism(mechanism, path)
    made, failures = resimulate(path, Trajectories(mechanism.species, tuple(runs)))
    assert not failures
    draw, found = np.random.default_rng(11), []
    for each in runs:
        values = made[each.name].concentrations
        size = np.hypot(noise * values, floor * values.max())
        found.append(
            replace(made[each.name], concentrations=values + size * draw.standard_normal(values.shape), rates=None)
        )
    return Trajectories(mechanism.species, tuple(found))


def ramps() -> list[Trajectory]:
    seconds = [np.linspace(0.0, 80.0 / rate, 40) for rate in RAMPS]
    return [
        run(f"ramp{i}", time, 320.0 + rate * time, [1.0 + 0.2 * i, 0.0, 0.0], "given-temperature")
        for i, (time, rate) in enumerate(zip(seconds, RAMPS, strict=True))
    ]


@pytest.fixture(scope="module")
def exact_ramps(tmp_path_factory: pytest.TempPathFactory) -> Trajectories:
    made: Trajectories = simulated(CHAIN, ramps(), tmp_path_factory)
    return made


@pytest.fixture(scope="module")
def learnt_ramps(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    return discover(chosen_balances(simulated(CHAIN, ramps(), tmp_path_factory, 0.01, 1e-3), Search())[0])


def test_the_integrator_follows_a_ramp_as_cvodes_does(exact_ramps: Trajectories) -> None:
    problem, theta = problem_of(CHAIN, run_arrays(exact_ramps), estimate_noise(exact_ramps))
    state = problem.evaluate(theta, problem.data.first)
    assert state is not None
    np.testing.assert_allclose(state.resolved().samples, problem.data.values, atol=2e-7)


def test_sensitivities_by_ln_k_and_energy_are_those_of_the_discrete_solution(exact_ramps: Trajectories) -> None:
    problem, _ = problem_of(CHAIN, run_arrays(exact_ramps), estimate_noise(exact_ramps))
    pool = Candidates(problem.reactions, np.arange(2), LogOffset.none(2))
    problem = TrajectoryProblem.of(pool, problem.data, problem.noise)
    theta = np.array([problem.basis.theta(each.rate) for each in CHAIN.reactions if each.rate])
    state = problem.evaluate(theta, problem.data.first)
    assert state is not None
    by_rate, _ = sensitivities(
        problem.reactions,
        problem.constants(theta),
        state.history,
        problem.data.time,
        problem.steps,
        problem.slopes(theta),
        problem.parameter,
    )
    for place in np.ndindex(theta.shape):
        step = np.zeros_like(theta)
        step[place] = 1e-5
        up, down = problem.evaluate(theta + step, state.first), problem.evaluate(theta - step, state.first)
        assert up is not None
        assert down is not None
        difference = (up.samples - down.samples) / 2e-5
        np.testing.assert_allclose(by_rate[..., place[1], place[0]], difference, atol=1e-7)


def test_both_activation_energies_come_back_from_ramps_within_their_intervals(learnt_ramps: Discovery) -> None:
    assert learnt_ramps.mechanism.equations == tuple(ENERGIES)
    fit = learnt_ramps.trajectory_fit
    assert fit is not None
    deviations = np.sqrt(np.diag(np.array(fit.covariance)))[2:]
    energies = {each.direction.equation("ABC"): each.rate.Ea for each in fit.found}
    for (equation, energy), deviation in zip(energies.items(), deviations, strict=True):
        assert abs(energy - ENERGIES[equation]) < 3 * deviation
        assert deviation < 0.02 * energy


def test_reversible_pairs_at_several_temperatures_have_laws_of_their_own_or_those_of_thermodynamics(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    heat = {"A": 0.0, "B": -8 * KJ}
    species = tuple(Species(name, {"C": 1.0}, ConstantCp(298.15, h, 0.0, 3e4)) for name, h in heat.items())
    tied = replace(
        network("A B", replace(one_way("A => B", 1.0), rate=law(0.1, 60 * KJ), reversible=True)), species=species
    )
    seconds = np.array([0.0, *np.geomspace(0.1, 300.0, 25)])
    runs = [run(f"at{i}", seconds, 320.0 + 15.0 * i, [1.0 - 0.2 * i, 0.3 * i]) for i in range(4)]
    data = simulated(tied, runs, tmp_path_factory, 0.005)
    by_thermo = discover(weak_balances(data), Search(reverse="thermo"))
    assert by_thermo.status == "recovered"
    assert compare(by_thermo.mechanism, tied).exact
    assert by_thermo.reactions[0].reaction.rate is not None
    assert by_thermo.reactions[0].reaction.rate.Ea == pytest.approx(60 * KJ, rel=0.03)
    free = discover(weak_balances(data))
    assert [each.reaction.equation for each in free.reactions] == ["A <=> B"]
    back = free.reactions[0].reaction.reverse_rate
    assert back is not None
    assert back.Ea == pytest.approx(68 * KJ, rel=0.1)


def test_an_overall_reaction_of_first_order_comes_back_with_its_order_and_law(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    n2o5 = replace(one_way("2 A => 4 B + C", 1.0), rate=law(0.05, 103 * KJ), orders={"A": 1.0})
    truth = network("A B C", n2o5)
    runs = []
    for i, kelvin in enumerate((325.0, 335.0, 345.0, 355.0)):
        end = 1.5 / float(law(0.05, 103 * KJ).at(kelvin))
        runs.append(run(f"at{i}", np.linspace(0.0, end, 25), kelvin, [0.01 + 0.003 * i, 0.0, 0.0]))
    found = discover(weak_balances(simulated(truth, runs, tmp_path_factory, 0.02)))
    assert found.status == "approximate-rate-laws"
    assert [(each.reaction.equation, each.reaction.orders) for each in found.reactions] == [
        ("2 A => 4 B + C", {"A": 1})
    ]
    assert found.reactions[0].reaction.rate is not None
    assert found.reactions[0].reaction.rate.Ea == pytest.approx(103 * KJ, rel=0.03)


@cache
def _steady() -> tuple[Trajectory, ...]:
    seconds = np.linspace(0.0, 200.0, 30)
    draw = np.random.default_rng(5)
    return tuple(run(f"at{i}", seconds, draw.uniform(330, 360), [*draw.uniform(0.3, 1.5, 2), 0.0]) for i in range(8))


@pytest.mark.parametrize(("control", "recovered"), [("none", True), ("off", False), ("permuted", False)])
def test_wrong_temperatures_are_not_taken_for_noise(
    control: str, recovered: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = simulated(CHAIN, list(_steady()), tmp_path_factory, 0.03)
    draw, kelvin = np.random.default_rng(3), [each.temperature for each in data.runs]
    if control == "off":
        kelvin = [each + error for each, error in zip(kelvin, 0.15 * draw.standard_normal(8), strict=True)]
    if control == "permuted":
        kelvin = [kelvin[i] for i in draw.permutation(8)]
    wrong = data.select([replace(each, temperature=t) for each, t in zip(data.runs, kelvin, strict=True)])
    found = discover(weak_balances(wrong), Search(seconds=4 if control == "permuted" else 600))
    assert (found.status == "recovered") is recovered
    if control == "off":
        assert "whole parts of runs are off together" in found.message


def test_a_run_whose_temperature_or_volume_is_not_known_over_time_is_refused(exact_ramps: Trajectories) -> None:
    gone = [replace(each, temperature=np.full_like(each.time, np.nan)) for each in exact_ramps.runs]
    with pytest.raises(DataError, match=r"its temperature is not known over time"):
        discover(weak_balances(exact_ramps.select(gone)))
    gas = [replace(each, reactor="", pressure=np.full_like(each.time, 1e5)) for each in exact_ramps.runs]
    with pytest.raises(DataError, match=r"at a constant pressure\. A gas then expands"):
        discover(weak_balances(exact_ramps.select(gas)))


def test_the_basis_gives_laws_back_and_follows_data() -> None:
    kelvin = np.linspace(300.0, 400.0, 21)
    basis = TemperatureBasis.of(kelvin)
    rate = law(0.3, 70 * KJ)
    assert basis.law(basis.theta(rate)).Ea == pytest.approx(70 * KJ)
    again = basis.law(basis.fitted(kelvin, np.log(rate.at(kelvin))))
    assert float(again.at(350.0)) == pytest.approx(0.3, rel=1e-6)
    assert TemperatureBasis.of(np.full(3, 300.0)).count == 1
