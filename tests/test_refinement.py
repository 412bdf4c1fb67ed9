"""Learning from concentrations alone: the integrator, rates that fit trajectories, and which reactions they need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mechlearn.balances import weak_balances
from mechlearn.cantera_yaml import read_mechanism
from mechlearn.comparison import compare
from mechlearn.conditions import Sample, Times
from mechlearn.discovery import Discovery, discover
from mechlearn.errors import DataError, FormatError, StudyError
from mechlearn.flow import learn_runs
from mechlearn.kinetics import production_rates
from mechlearn.learning.polynomial import polynomial_of
from mechlearn.measurement import Noise
from mechlearn.measurement import measured as add_noise
from mechlearn.mechanism import Arrhenius, Mechanism, Reaction, ThirdBody
from mechlearn.refinement import chosen_balances, refine
from mechlearn.refinement.mass_action import MassAction
from mechlearn.refinement.measured import measured
from mechlearn.refinement.radau import Steps, integrate, sensitivities
from mechlearn.refinement.refine import problem_of
from mechlearn.search import Adam, Search
from mechlearn.simulation import find_mechanism, simulate
from mechlearn.study import Study, example_studies, load_study
from mechlearn.trajectories import Trajectories

from .helpers import BANK

EXAMPLES = {
    "fuel-radical-product": ("fuel-radical-product", Times(end=5.0, count=61, spacing="log", start=5e-6)),
    "michaelis-menten": ("michaelis-menten", Times(end=2.0, count=61, spacing="log", start=1e-8)),
    "crnn-case-1": ("crnn-case1", Times(end=39.6, count=100)),
    "hydrogen-oxidation": ("hydrogen-oxidation", Times(end=1.0, count=61, spacing="log", start=3e-7)),
}


def runs_of(name: str, count: int, noise: float = 0.0, *, seed: int = 0) -> Trajectories:
    """Simulated by CVODES, without rates, with relative noise on every value."""
    example, times = EXAMPLES[name]
    study = load_study(example_studies()[example])
    assert study.source is not None
    assert isinstance(study.source.initial, Sample)
    source = replace(study.source, seed=seed, times=times, initial=replace(study.source.initial, runs=count))
    made = simulate(replace(study, source=source))
    draw = np.random.default_rng([seed, 99])
    return made.select(
        [
            replace(
                run,
                concentrations=run.concentrations * (1 + noise * draw.standard_normal(run.concentrations.shape)),
                rates=None,
            )
            for run in made.runs
        ]
    )


def in_order(mechanism: Mechanism, runs: Trajectories) -> Mechanism:
    """The mechanism with its species as in the runs."""
    by_name = {species.name: species for species in mechanism.species}
    return replace(mechanism, species=tuple(by_name[name] for name in runs.species_names))


def scaled(mechanism: Mechanism, factor: float) -> Mechanism:
    """All rate constants multiplied."""
    return replace(
        mechanism,
        reactions=tuple(
            replace(
                r,
                rate=None if r.rate is None else replace(r.rate, A=r.rate.A * factor),
                reverse_rate=None if r.reverse_rate is None else replace(r.reverse_rate, A=r.reverse_rate.A / factor),
            )
            for r in mechanism.reactions
        ),
    )


def reactions_of(mechanism: Mechanism) -> tuple[MassAction, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """One-way reactions and their constants."""
    runs = runs_of("michaelis-menten", 1) if "ES" in mechanism.species_names else None
    assert runs is not None
    spread = weak_balances(runs).courses
    assert spread is not None
    problem, theta = problem_of(in_order(mechanism, runs), measured(runs), spread.spread)
    return problem.reactions, problem.constants(theta)[0]


def test_production_is_that_of_kinetics_and_the_jacobian_its_derivative() -> None:
    mechanism = BANK["michaelis-menten"]
    reactions, constants = reactions_of(mechanism)
    states = np.random.default_rng(0).random((5, 4)) + 0.1
    names = runs_of("michaelis-menten", 1).species_names
    columns = [names.index(name) for name in mechanism.species_names]
    expected = production_rates(mechanism, states[:, columns], 300.0)
    np.testing.assert_allclose(reactions.production(states, constants)[:, columns], expected, rtol=1e-12)
    slopes = reactions.jacobian(states, constants)
    for j in range(4):
        step = np.zeros(4)
        step[j] = 1e-6
        change = reactions.production(states + step, constants) - reactions.production(states - step, constants)
        np.testing.assert_allclose(slopes[..., j], change / 2e-6, rtol=1e-6, atol=1e-3)


def test_the_integrator_is_of_fifth_order() -> None:
    reactions, constants = reactions_of(BANK["michaelis-menten"])
    constants = constants * np.where(constants > 100, 1e-3, 1.0)
    first, time = np.array([[0.4, 0.9, 0.1, 0.2]]), np.array([[0.0, 0.01]])
    ends = []
    for halvings in range(7):
        steps = Steps.one_each(1)
        for _ in range(halvings):
            steps = steps.halved(np.ones(len(steps.end), dtype=bool))
        course = integrate(reactions, constants[None], first, time, steps)
        assert course is not None
        ends.append(course.nodes[-1, 0])
    errors = [float(np.abs(end - ends[-1]).max()) for end in ends[1:4]]
    assert np.log2(errors[0] / errors[2]) / 2 > 4.5


def test_sensitivities_are_the_derivatives_of_the_discrete_solution() -> None:
    reactions, constants = reactions_of(BANK["michaelis-menten"])
    first, time = np.array([[0.4, 0.9, 0.1, 0.2]]), np.array([[0.0, *np.geomspace(1e-7, 1.0, 20)]])
    steps = Steps.one_each(20)

    def samples(
        k: np.ndarray[tuple[int], np.dtype[np.float64]], u: object
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        course = integrate(reactions, k[None], np.asarray(u), time, steps)
        assert course is not None
        return course.nodes[:, 0]

    course = integrate(reactions, constants[None], first, time, steps)
    assert course is not None
    by_rate, by_first = sensitivities(reactions, constants[None], course, time, steps)
    for r in range(len(constants)):
        factor = np.ones_like(constants)
        factor[r] = np.exp(1e-5)
        difference = (samples(constants * factor, first) - samples(constants / factor, first)) / 2e-5
        np.testing.assert_allclose(by_rate[0, ..., r], difference, atol=1e-6)
    for j in range(4):
        step = np.zeros((1, 4))
        step[0, j] = 1e-6
        difference = (samples(constants, first + step) - samples(constants, first - step)) / 2e-6
        np.testing.assert_allclose(by_first[0, ..., j], difference, atol=1e-5)


@pytest.mark.parametrize("name", ["michaelis-menten", "crnn-case-1"])
def test_refined_rates_are_those_of_the_source_from_a_start_far_away(name: str) -> None:
    runs = runs_of(name, 5)
    refined = refine(scaled(BANK[name], 1.5), runs)
    error = compare(refined.mechanism, BANK[name]).max_relative_rate_error
    assert error is not None
    assert error < 1e-4
    assert set(refined.first) == {run.name for run in runs.runs}


def test_noise_is_in_the_standard_errors_and_first_states_are_freed_of_it() -> None:
    clean, noisy = runs_of("crnn-case-1", 6), runs_of("crnn-case-1", 6, 0.05)
    refined = refine(BANK["crnn-case-1"], noisy, noise="relative")
    assert refined.chi2 / refined.data == pytest.approx(1.0, abs=0.3)
    for reaction, (error, _) in zip(refined.mechanism.reactions, refined.std_error_log_k, strict=True):
        truth = next(r for r in BANK["crnn-case-1"].reactions if r.equation == reaction.equation)
        assert reaction.rate is not None
        assert truth.rate is not None
        assert abs(np.log(reaction.rate.A / truth.rate.A)) < 5 * error
        assert error < 0.1
    truth_first = np.array([run.concentrations[0] for run in clean.runs])
    better = np.array([refined.first[run.name] for run in clean.runs]) - truth_first
    measured_first = np.array([run.concentrations[0] for run in noisy.runs]) - truth_first
    assert np.linalg.norm(better) < 0.5 * np.linalg.norm(measured_first)


def test_missing_values_cost_nothing_but_their_own_weight() -> None:
    runs = runs_of("crnn-case-1", 4)
    gaps = np.random.default_rng(0).random(runs.runs[0].concentrations.shape) < 0.3
    holed = [replace(run, concentrations=np.where(gaps, np.nan, run.concentrations)) for run in runs.runs]
    refined = refine(scaled(BANK["crnn-case-1"], 1.2), runs.select(holed))
    error = compare(refined.mechanism, BANK["crnn-case-1"]).max_relative_rate_error
    assert error is not None
    assert error < 1e-4


def test_outliers_are_listed_and_do_not_pull_the_rates() -> None:
    runs = runs_of("crnn-case-1", 6, 0.01)
    values = runs.runs[2].concentrations.copy()
    values[40, 1] *= 2
    spoilt = runs.select([replace(r, concentrations=values) if i == 2 else r for i, r in enumerate(runs.runs)])
    refined = refine(BANK["crnn-case-1"], spoilt)
    assert [(each.run, each.species) for each in refined.outliers][:1] == [("run003", runs.species_names[1])]
    error = compare(refined.mechanism, BANK["crnn-case-1"]).max_relative_rate_error
    assert error is not None
    assert error < 0.02


def test_a_wrong_network_does_not_fit() -> None:
    runs = runs_of("crnn-case-1", 2, 0.01)
    wrong = replace(BANK["crnn-case-1"], reactions=BANK["crnn-case-1"].reactions[:3])
    refined = refine(wrong, runs)
    assert refined.chi2 / refined.data > 10


def test_reactions_that_are_not_mass_action_and_runs_that_are_not_isothermal_are_refused() -> None:
    runs = runs_of("crnn-case-1", 2)
    mechanism = BANK["crnn-case-1"]
    body = replace(mechanism.reactions[0], third_body=ThirdBody())
    with pytest.raises(FormatError, match="third body"):
        refine(replace(mechanism, reactions=(body,)), runs)
    adiabatic = runs.select([replace(run, reactor="constant-volume") for run in runs.runs])
    with pytest.raises(DataError, match="adiabatic"):
        refine(mechanism, adiabatic)
    with pytest.raises(DataError, match="do not have the same species"):
        refine(BANK["michaelis-menten"], runs)
    with pytest.raises(DataError, match="no reaction"):
        refine(replace(mechanism, reactions=()), runs)


def found(name: str, noise: float, seed: int, count: int = 30) -> tuple[Discovery, bool]:
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


def test_noisy_concentrations_give_the_exact_reactions() -> None:
    discovery, exact = found("michaelis-menten", 0.05, seed=2)
    assert exact
    assert discovery.status in ("recovered", "ambiguous")
    assert discovery.courses is not None
    assert discovery.courses.spread.relative == pytest.approx(0.05, rel=0.2)


def test_what_noise_hides_is_said_with_the_networks_that_fit_as_well() -> None:
    discovery, exact = found("fuel-radical-product", 0.05, seed=3, count=15)
    assert discovery.status == "ambiguous"
    assert discovery.courses is not None
    truth = {"F => R", "R => F", "R => P", "P => R"}
    names = discovery.mechanism.species_names
    networks = [{d.equation(names) for d in each.directions} for each in discovery.courses.alternatives]
    assert exact or truth in networks
    assert "in place of" in discovery.message


def test_a_table_without_rates_is_learnt_exported_and_validated_within_its_noise(tmp_path: Path) -> None:
    runs = runs_of("michaelis-menten", 12, 0.02)
    bare = [replace(run, temperature=np.full(len(run.time), np.nan), reactor="") for run in runs.runs]
    outcome = learn_runs(runs.select(bare), Study(data=("runs.csv",)), tmp_path / "learned.yaml")
    assert outcome.status == "recovered"
    assert outcome.validation is not None
    assert outcome.validation.passed
    assert "trajectories best" in outcome.summary["balances"]
    assert outcome.summary["concentrations"]["noise"]["kind"] == "relative"
    assert all(r["interval"]["forward"]["text"].startswith("±") for r in outcome.summary["reactions"])
    assert compare(read_mechanism(tmp_path / "learned.yaml"), BANK["michaelis-menten"]).exact


def test_runs_that_miss_the_fast_reactions_are_never_called_recovered() -> None:
    study = load_study(example_studies()["michaelis-menten"])
    assert study.source is not None
    assert isinstance(study.source.initial, Sample)
    source = replace(study.source, times=Times(end=1.0, count=11), initial=replace(study.source.initial, runs=8))
    made = simulate(replace(study, source=source))
    discovery = discover(weak_balances(made.select([replace(run, rates=None) for run in made.runs])))
    assert discovery.status == "undersampled"
    assert "before the second sample" in discovery.message
    slow = next(r.reaction for r in discovery.reactions if set(r.reaction.products) == {"E", "P"})
    assert slow.rate is not None
    assert pytest.approx(10.0, rel=1e-3) == slow.rate.A


def test_fast_rate_constants_between_coarse_samples_have_bounds_on_one_side_that_hold() -> None:
    study = load_study(example_studies()["michaelis-menten"])
    assert study.source is not None
    assert isinstance(study.source.initial, Sample)
    source = replace(study.source, times=Times(end=1.0, count=11), initial=replace(study.source.initial, runs=4))
    made = simulate(replace(study, source=source))
    noisy = add_noise(made.select([replace(run, rates=None) for run in made.runs]), Noise(relative=0.01), 0)
    refined = refine(in_order(BANK["michaelis-menten"], noisy), noisy)
    binding, release = refined.bounds
    for limits, true in zip(binding, (1e6, 1e3), strict=True):
        assert limits is not None
        assert limits[0] is not None
        assert 1e-4 * true < limits[0] < true
        assert limits[1] is None
    assert release == (None, None)
    slow = refined.mechanism.reactions[1].rate
    assert slow is not None
    assert pytest.approx(10.0, rel=0.01) == slow.A


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
    balances, told = chosen_balances(runs_of(name, 12, noise, seed=3), Search(method="network"))
    discovery = discover(balances, Search(method="network"))
    assert "weak, for the network" in told
    assert compare(discovery.mechanism, BANK[name]).exact
    assert {finder for each in discovery.reactions for finder in each.found_by} == {"network"}
    assert discovery.status == "recovered"
    assert "the network froze" in discovery.message
    assert len(discovery.history) > 1


def test_a_polynomial_of_weak_balances_follows_the_rates_and_is_explained_by_the_true_reactions_alone() -> None:
    runs = runs_of("crnn-case-1", 10, 0.01)
    truth = in_order(BANK["crnn-case-1"], runs)
    polynomial = polynomial_of(weak_balances(runs), np.eye(len(runs.species)))
    rates = production_rates(truth, polynomial.rows.states, 300.0)
    error = np.abs(polynomial.production - rates) / np.sqrt(np.mean(rates**2, axis=0))
    assert np.median(error) < 0.02
    problem, _ = problem_of(truth, measured(runs), polynomial.rows.balances.courses.spread)  # type: ignore[union-attr]
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
    for search in (Search(), Search(balances="weak")):
        with pytest.raises(DataError, match=r"The runs are at 300 to 400 K; .* learnt at one temperature"):
            discover(chosen_balances(runs.select(warmer), search)[0], search)


def test_a_reverse_rate_from_thermodynamics_keeps_to_it() -> None:
    runs = runs_of("hydrogen-oxidation", 2)
    reaction = Reaction({"H2": 1}, {"H": 2}, Arrhenius(1.0), reversible=True)
    with pytest.raises(FormatError, match="thermodynamics"):
        refine(in_order(Mechanism(BANK["hydrogen-oxidation"].species, (reaction,)), runs), runs)


def test_hydrogen_combustion_comes_back_from_noisy_concentrations_with_reverse_rates_from_thermodynamics() -> None:
    study = load_study(example_studies()["h2o2-courses"])
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


def test_a_parameter_of_two_directions_has_the_sum_of_their_sensitivities() -> None:
    reactions, constants = reactions_of(BANK["michaelis-menten"])
    first, time = np.array([[0.4, 0.9, 0.1, 0.2]]), np.array([[0.0, *np.geomspace(1e-7, 1.0, 20)]])
    steps = Steps.one_each(20)
    course = integrate(reactions, constants[None], first, time, steps)
    assert course is not None
    alone, by_first = sensitivities(reactions, constants[None], course, time, steps)
    slopes, parameter = 2 * constants[None], np.array([0, 0, 1])
    together, by_first_too = sensitivities(reactions, constants[None], course, time, steps, slopes, parameter)
    np.testing.assert_allclose(together[..., 0], 2 * (alone[..., 0] + alone[..., 1]), atol=1e-12)
    np.testing.assert_allclose(together[..., 1], 2 * alone[..., 2], atol=1e-12)
    np.testing.assert_array_equal(by_first_too, by_first)


def test_reverse_rates_from_thermodynamics_need_it_and_a_temperature() -> None:
    runs = runs_of("crnn-case-1", 2)
    bare = replace(runs, species=tuple(replace(species, thermo=None) for species in runs.species))
    with pytest.raises(DataError, match="thermodynamics of all species"):
        discover(weak_balances(bare), Search(reverse="thermo"))
    cold = [replace(run, temperature=np.full(len(run.time), np.nan)) for run in runs.runs]
    with pytest.raises(DataError, match="temperature of the runs"):
        discover(weak_balances(runs.select(cold)), Search(reverse="thermo"))
