"""Learning from concentrations alone: which reactions the trajectories need, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm

from mechlearn.chemistry.comparison import compare
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Species
from mechlearn.chemistry.one_way import OneWayReaction
from mechlearn.data.balances.integral_forms import weak_balances
from mechlearn.data.noise.concentration_noise import Noise, estimate_noise, isolated_outliers
from mechlearn.data.progress import silent
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.discovery.candidates.network.polynomial import polynomial_of
from mechlearn.discovery.candidates.trajectory_candidates import candidates
from mechlearn.discovery.discover import discover
from mechlearn.discovery.fit.refine import problem_of
from mechlearn.discovery.fit.run_arrays import run_arrays
from mechlearn.discovery.fit.trajectory_problem import TrajectoryProblem
from mechlearn.discovery.result import Discovery
from mechlearn.discovery.settings import Adam, Search
from mechlearn.discovery.trajectory_learner import chosen_balances, with_competitors
from mechlearn.errors import DataError, StudyError
from mechlearn.formats.cantera_yaml.mechanism_reading import read_mechanism
from mechlearn.simulation.mechanisms import find_mechanism
from mechlearn.simulation.settings import Sample
from mechlearn.study.run import learn_runs
from mechlearn.study.schema import Study, example_studies, load_study
from mechlearn.study.simulate import simulate

from ..helpers import BANK
from ..histories import in_order, runs_of


def found(name: str, noise: float, seed: int, count: int) -> tuple[Discovery, bool]:
    runs = runs_of(name, count, noise, seed=seed)
    discovery = discover(weak_balances(runs))
    return discovery, compare(discovery.mechanism, BANK[name]).exact


@pytest.mark.parametrize("name", ["michaelis-menten", "hydrogen-oxidation"])
def test_exact_concentrations_give_the_exact_reactions(name: str) -> None:
    discovery, exact = found(name, 0.0, seed=1, count=12)
    assert exact
    assert discovery.status == "recovered"
    error = compare(discovery.mechanism, BANK[name]).max_relative_rate_error
    assert error is not None
    assert error < 1e-4


@pytest.mark.parametrize("seed", [0, 2])
def test_noisy_concentrations_give_the_exact_reactions(seed: int) -> None:
    discovery, exact = found("michaelis-menten", 0.05, seed, count=12)
    assert exact
    assert discovery.status == "recovered"
    assert discovery.trajectory_fit is not None
    assert discovery.trajectory_fit.noise.relative == pytest.approx(0.05, rel=0.2)


def networks_of(discovery: Discovery) -> list[set[str]]:
    """The one-way equations of the network found and of those named beside it."""
    assert discovery.trajectory_fit is not None
    mine = tuple(each.direction for each in discovery.trajectory_fit.found)
    every = (mine, *(each.directions for each in discovery.trajectory_fit.alternatives))
    names = discovery.mechanism.species_names
    return [{direction.equation(names) for direction in each} for each in every]


FUEL_RADICAL_PRODUCT = {"F => R", "R => F", "R => P", "P => R"}


@pytest.mark.parametrize("seed", [0, 3])
def test_the_truth_that_noise_hides_is_among_the_networks_that_are_said_to_fit_as_well(seed: int) -> None:
    discovery, exact = found("fuel-radical-product", 0.05, seed, count=8)
    assert not exact
    assert discovery.status == "ambiguous"
    assert FUEL_RADICAL_PRODUCT in networks_of(discovery)[1:]
    assert "in place of" in discovery.message


def bare(runs: Trajectories) -> Trajectories:
    """Runs as a table without temperatures and reactors gives them."""
    return runs.select([replace(run, temperature=np.full(len(run.time), np.nan), reactor="") for run in runs.runs])


def test_a_table_without_rates_is_learnt_exported_and_validated_within_its_noise(tmp_path: Path) -> None:
    runs = runs_of("michaelis-menten", 12, 0.02)
    outcome = learn_runs(bare(runs), Study(data=("runs.csv",)), tmp_path / "learned.yaml")
    assert outcome.status == "recovered"
    assert outcome.validation is not None
    assert outcome.validation.passed
    assert "trajectories best" in outcome.summary["balances"]
    assert outcome.summary["concentrations"]["noise"]["kind"] == "relative"
    assert all(r["interval"]["forward"]["text"].startswith("±") for r in outcome.summary["reactions"])
    assert compare(read_mechanism(tmp_path / "learned.yaml"), BANK["michaelis-menten"]).exact


def test_a_value_above_a_steep_rise_stands_alone() -> None:
    rise = np.array([0.126, 0.184, 0.29, 1.293, 0.639, 0.89, 1.166])[:, None]
    assert np.flatnonzero(isolated_outliers(rise, Noise(0.02, np.zeros(1)))).tolist() == [3]


def test_no_smooth_history_has_values_that_stand_alone() -> None:
    for name in ("michaelis-menten", "fuel-radical-product, coarse", "crnn-case-1"):
        for run in runs_of(name, 4).runs:
            assert not isolated_outliers(run.concentrations, Noise(1e-3, np.zeros(run.concentrations.shape[1]))).any()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_value_in_every_run_hides_no_reaction_and_fails_no_validation(seed: int, tmp_path: Path) -> None:
    runs = runs_of("crnn-case-1", 8, 0.02, seed=seed)
    wrong = []
    for i, run in enumerate(runs.runs):
        factor = np.ones_like(run.concentrations)
        factor[20 + 8 * i, i % 5] = 3.0
        wrong.append(replace(run, concentrations=run.concentrations * factor))
    outcome = learn_runs(bare(runs.select(wrong)), Study(data=("runs.csv",)), tmp_path / "learned.yaml")
    assert compare(read_mechanism(tmp_path / "learned.yaml"), BANK["crnn-case-1"]).exact
    assert outcome.validation is not None
    assert outcome.validation.passed
    assert outcome.validation.measured is not None
    assert len(outcome.validation.measured.left_out) == len(outcome.validation.runs) > 0
    assert "left out, since alone: " in outcome.validation.message


def test_runs_that_miss_the_fast_reactions_are_never_called_recovered() -> None:
    discovery = discover(weak_balances(runs_of("michaelis-menten, coarse", 8)))
    assert discovery.status == "undersampled"
    assert "before the second sample" in discovery.message
    slow = next(r.reaction for r in discovery.reactions if set(r.reaction.products) == {"E", "P"})
    assert slow.rate is not None
    assert pytest.approx(10.0, rel=1e-3) == slow.rate.A


def limits_of(discovery: Discovery) -> dict[str, tuple[float, float] | None]:
    """Bounds of every direction by its equation, zero and infinity where there is none on a side."""
    assert discovery.trajectory_fit is not None
    assert discovery.trajectory_fit.noise.kind == "relative"
    names = list(discovery.mechanism.species_names)
    return {
        each.direction.equation(names): each.bounds and (each.bounds[0] or 0.0, each.bounds[1] or np.inf)
        for each in discovery.trajectory_fit.found
    }


def test_a_slow_reaction_between_coarse_samples_may_be_shared_with_another() -> None:
    discovery = discover(weak_balances(runs_of("fuel-radical-product, coarse", 6, 0.01)))
    assert discovery.status == "undersampled"
    slow = {equation: limits for equation, limits in limits_of(discovery).items() if "F" in equation}
    assert len(slow) == 2
    for low, high in (limits or (1.0, 1.0) for limits in slow.values()):
        assert low == 0.0  # F <=> P does what F <=> R does, beside the fast R <=> P
        assert 1.0 < high < 1.05


def test_fast_reactions_between_coarse_samples_have_close_lower_bounds_under_noise() -> None:
    discovery = discover(weak_balances(runs_of("michaelis-menten, coarse", 8, 0.01)))
    assert discovery.status == "undersampled"
    assert compare(discovery.mechanism, BANK["michaelis-menten"]).exact
    limits = limits_of(discovery)
    assert limits["ES => E + P"] is None
    for fast, true in (("E + S => ES", 1e6), ("ES => E + S", 1e3)):
        low, high = limits[fast] or (1.0, 1.0)
        assert 1e-3 * true < low < true
        assert high == np.inf


def test_pure_noise_yields_no_reaction_called_recovered() -> None:
    runs = runs_of("michaelis-menten", 6)
    draw = np.random.default_rng(0)
    constant = runs.select(
        [
            replace(
                run,
                concentrations=run.concentrations[0] * (1 + 0.05 * draw.standard_normal(run.concentrations.shape)),
            )
            for run in runs.runs
        ]
    )
    discovery = discover(weak_balances(constant))
    assert discovery.status == "no-reactions"
    assert "nothing but noise" in discovery.message


@pytest.mark.parametrize(("name", "noise"), [("michaelis-menten", 0.0), ("crnn-case-1", 0.02)])
def test_the_network_finds_the_exact_reactions_in_concentrations(name: str, noise: float) -> None:
    balances, remark = chosen_balances(runs_of(name, 12, noise, seed=3), Search(method="network"))
    discovery = discover(balances, Search(method="network"))
    assert "weak, for the network" in remark
    assert compare(discovery.mechanism, BANK[name]).exact
    assert {finder for each in discovery.reactions for finder in each.found_by} == {"network"}
    assert discovery.status == "recovered"
    assert "the network froze" in discovery.message
    assert len(discovery.history) > 1


def test_both_learners_look_and_each_reaction_says_who_found_it() -> None:
    search = Search(method="both")
    balances, remark = chosen_balances(runs_of("crnn-case-1", 10, 0.02, seed=4), search)
    discovery = discover(balances, search)
    assert "weak, for the network" in remark
    assert compare(discovery.mechanism, BANK["crnn-case-1"]).exact
    assert {each.found_by for each in discovery.reactions} == {("network", "candidates")}
    assert discovery.message.endswith("which is given no candidates, finds 4 of the 4 reactions too.")


def test_competing_networks_are_looked_for_among_all_that_are_possible() -> None:
    search = Search(method="network")
    balances, _ = chosen_balances(runs_of("fuel-radical-product", 8, 0.05, seed=3), search)
    discovery = discover(balances, search)
    assert discovery.status == "ambiguous"
    assert FUEL_RADICAL_PRODUCT in networks_of(discovery)[1:]


BACK = OneWayReaction((0, 1), (1, 0))


def isomerisation(reverse: float, seed: int) -> Discovery:
    """A => B with a rate constant for B => A, learnt from two runs with additive noise of 0.02."""
    time = np.linspace(0, 8, 40)
    draw = np.random.default_rng(seed)
    runs = []
    for name, (a, b) in {"a": (1.0, 0.0), "b": (0.6, 0.1)}.items():
        share = (reverse + np.exp(-(1 + reverse) * time)) / (1 + reverse)
        left = a * share + b * reverse / (1 + reverse) * (1 - np.exp(-(1 + reverse) * time))
        values = np.column_stack([left, a + b - left]) + 0.02 * draw.standard_normal((40, 2))
        runs.append(Trajectory(time, values, np.full(40, 300.0), np.full(40, 1e5), name=name))
    return discover(weak_balances(Trajectories((Species("A"), Species("B")), tuple(runs))))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reverse", [0.0, 0.004])
def test_a_reverse_reaction_that_noise_hides_is_not_found_but_limited(reverse: float, seed: int) -> None:
    discovery = isomerisation(reverse, seed)
    assert discovery.trajectory_fit is not None
    assert [each.direction for each in discovery.trajectory_fit.found] == [OneWayReaction((1, 0), (0, 1))]
    limit = dict(discovery.trajectory_fit.upper_limits)[BACK]
    assert reverse < limit < 0.05
    assert f"the other way, with rate constants of at most B => A {limit:.2g}" in discovery.message


@pytest.mark.parametrize("seed", range(5))
def test_a_reverse_reaction_above_the_noise_is_found(seed: int) -> None:
    discovery = isomerisation(0.05, seed)
    assert discovery.trajectory_fit is not None
    constants = {each.direction: each.constant for each in discovery.trajectory_fit.found}
    assert constants[BACK] == pytest.approx(0.05, rel=0.5)


TRIANGLE = {"A => B": 2.0, "B => A": 0.5, "B => C": 3.0, "C => B": 0.3, "A => C": 0.8}


def triangle(reverse: float, noise: float, seed: int) -> Discovery:
    """A <=> B, B <=> C and A => C with a rate constant for C => A, learnt from time histories with additive noise."""
    rates = np.zeros((3, 3))
    for equation, constant in (TRIANGLE | {"C => A": reverse}).items():
        start, end = ("ABC".index(name) for name in equation.split(" => "))
        rates[start, start] -= constant
        rates[end, start] += constant
    time = np.concatenate([[0.0], np.geomspace(0.01, 3, 40)])
    steps = np.array([expm(rates * t) for t in time])
    draw = np.random.default_rng(seed)
    runs = []
    for first in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 0.3), (0.2, 0.1, 1.0)):
        values = steps @ np.array(first) + noise * draw.standard_normal((len(time), 3))
        runs.append(Trajectory(time, values, np.full(len(time), 300.0), np.full(len(time), 1e5), name=str(first)))
    return discover(weak_balances(Trajectories(tuple(Species(name) for name in "ABC"), tuple(runs))))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_reverse_direction_in_the_noise_has_the_rate_constant_of_detailed_balance(seed: int) -> None:
    reverse = 0.8 * (0.5 / 2.0) * (0.3 / 3.0)
    discovery = triangle(reverse, 0.02, seed)
    assert discovery.trajectory_fit is not None
    assert networks_of(discovery)[0] == {*TRIANGLE, "C => A"}
    assert set(TRIANGLE) in networks_of(discovery)[1:]
    assert discovery.status == "ambiguous"
    assert "what detailed balance asks for with the others: C => A 0.02" in discovery.message
    constants = {each.direction.equation("ABC"): each for each in discovery.trajectory_fit.found}
    assert constants["C => A"].constant == pytest.approx(reverse, rel=0.2)
    assert 0.01 < constants["C => A"].std_error_log_k < 0.3


def test_detailed_balance_adds_nothing_that_the_data_exclude() -> None:
    discovery = triangle(0.0, 0.001, seed=0)
    assert networks_of(discovery)[0] == set(TRIANGLE)
    assert discovery.trajectory_fit is not None
    assert not discovery.trajectory_fit.from_detailed_balance


def test_a_one_way_reaction_that_closes_a_cycle_is_named_where_noise_hides_that() -> None:
    discovery = triangle(0.0, 0.02, seed=2)
    assert discovery.status == "ambiguous"
    assert set(TRIANGLE) in networks_of(discovery)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_reverse_of_a_fast_reaction_is_found_where_the_slope_without_it_shows_nothing(seed: int) -> None:
    exact = runs_of("michaelis-menten", 8, seed=seed)
    draw = np.random.default_rng(seed)
    span = np.ptp(np.concatenate([run.concentrations for run in exact.runs]), axis=0)
    noisy = [run.concentrations + 0.01 * span * draw.standard_normal(run.concentrations.shape) for run in exact.runs]
    runs = exact.select([replace(run, concentrations=each) for run, each in zip(exact.runs, noisy, strict=True)])
    noise = estimate_noise(runs)
    pool = candidates(runs, noise, Search())
    equations = [direction.equation(runs.species_names) for direction in pool.written]
    start = {"E + S => ES": 1e6, "ES => E + P": 10.0}
    support = np.array([equations.index(each) for each in start])
    problem = TrajectoryProblem.of(pool.select(support), run_arrays(runs), noise)
    state = problem.evaluate(np.log(list(start.values()))[:, None], problem.data.first)
    assert state is not None
    selector, network, _ = with_competitors(pool, state, support, runs, Search(), silent)
    assert selector.model(network).gains().max() < selector.threshold
    found = {equations[i] for i in selector.selected(network).kept}
    assert found == {*start, "ES => E + S"}


def test_a_polynomial_of_weak_balances_follows_the_rates_and_is_explained_by_the_true_reactions_alone() -> None:
    runs = runs_of("crnn-case-1", 10, 0.01)
    truth = in_order(BANK["crnn-case-1"], runs)
    polynomial = polynomial_of(weak_balances(runs), np.eye(len(runs.species)))
    rates = production_rates(truth, polynomial.rows.states, 300.0)
    error = np.abs(polynomial.production - rates) / np.sqrt(np.mean(rates**2, axis=0))
    assert np.median(error) < 0.02
    problem, _ = problem_of(truth, run_arrays(runs), polynomial.rows.balances.trajectories.noise)  # type: ignore[union-attr]
    directions = problem.reactions.directions
    assert polynomial.explained_by(directions)
    for i in range(len(directions)):
        assert not polynomial.explained_by(directions[:i] + directions[i + 1 :])


def test_what_needs_rates_is_refused() -> None:
    runs = runs_of("crnn-case-1", 2)
    balances = weak_balances(runs)
    with pytest.raises(StudyError, match="adam learns from production rates"):
        discover(balances, Search(method="network", optimizer=Adam()))
    with pytest.raises(StudyError, match="Without production rates"):
        discover(balances, Search(third_bodies=True))
    with pytest.raises(StudyError, match="reverse: none has no effect"):
        discover(balances, Search(reverse="none"))
    warmer = [replace(run, temperature=run.temperature + 100.0 * i) for i, run in enumerate(runs.runs)]
    at_two = weak_balances(runs.select(warmer))
    with pytest.raises(DataError, match=r"The runs are at 300 to 400 K, and temperature_dependence: none"):
        discover(at_two, Search(temperature_dependence="none"))
    with pytest.raises(StudyError, match=r"method: network learns from concentrations at one temperature"):
        discover(at_two, Search(method="network"))
    with pytest.raises(DataError, match=r"needs runs at several temperatures, and these are at one, 300 K"):
        discover(balances, Search(temperature_dependence="arrhenius"))
    unknown = replace(runs.runs[0], name="other", temperature=np.full_like(runs.runs[0].time, np.nan))
    with pytest.raises(DataError, match=r"the temperature of others is unknown"):
        discover(weak_balances(runs.select([*warmer, unknown])), Search())


def test_hydrogen_combustion_comes_back_from_noisy_concentrations_with_reverse_rates_from_thermodynamics() -> None:
    study = load_study(example_studies()["h2o2-trajectories"])
    assert study.source is not None
    assert isinstance(study.source.initial, Sample)
    source = replace(study.source, seed=2, initial=replace(study.source.initial, runs=12))
    runs = simulate(replace(study, source=source))
    discovery = discover(weak_balances(runs), study.learn)
    assert discovery.status == "recovered"
    assert all(each.reaction.reversible and each.reaction.reverse_rate is None for each in discovery.reactions)
    known = read_mechanism(find_mechanism("h2o2.yaml", study.folder), "ohmech")
    comparison = compare(discovery.mechanism, known, stoichiometry=True)
    assert comparison.exact
    assert len(comparison.matched) == 20


def test_reverse_rates_from_thermodynamics_need_it_and_a_temperature() -> None:
    runs = runs_of("crnn-case-1", 2)
    bare = replace(runs, species=tuple(replace(species, thermo=None) for species in runs.species))
    with pytest.raises(DataError, match="thermodynamics of all species"):
        discover(weak_balances(bare), Search(reverse="thermo"))
    cold = [replace(run, temperature=np.full(len(run.time), np.nan)) for run in runs.runs]
    with pytest.raises(DataError, match="temperature of the runs"):
        discover(weak_balances(runs.select(cold)), Search(reverse="thermo"))
