"""Rates that fit trajectories: the integrator, its sensitivities, the fit, and bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mechlearn.chemistry.comparison import compare
from mechlearn.chemistry.kinetics import production_rates
from mechlearn.chemistry.mechanism import Arrhenius, Mechanism, Reaction, ThirdBody
from mechlearn.data.balances.integral_forms import weak_balances
from mechlearn.data.noise.concentration_noise import Noise
from mechlearn.discovery.fit.refine import problem_of, refine
from mechlearn.discovery.fit.run_arrays import run_arrays
from mechlearn.discovery.fit.trajectory_fit import fitted
from mechlearn.errors import DataError, FormatError
from mechlearn.simulation.mass_action.mass_action_rates import MassAction
from mechlearn.simulation.mass_action.radau import integrate, sensitivities
from mechlearn.simulation.mass_action.steps import Steps
from mechlearn.simulation.synthetic_noise import SyntheticNoise
from mechlearn.simulation.synthetic_noise import with_noise as add_noise

from ..helpers import BANK
from ..histories import in_order, runs_of


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
    origin = weak_balances(runs).trajectories
    assert origin is not None
    problem, theta = problem_of(in_order(mechanism, runs), run_arrays(runs), origin.noise)
    return problem.reactions, problem.constants(theta)[0, 0, 0]


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
        history = integrate(reactions, constants[None, None, None], first, time, steps)
        assert history is not None
        ends.append(history.nodes[-1, 0])
    errors = [float(np.abs(end - ends[-1]).max()) for end in ends[1:4]]
    assert np.log2(errors[0] / errors[2]) / 2 > 4.5


def test_sensitivities_are_the_derivatives_of_the_discrete_solution() -> None:
    reactions, constants = reactions_of(BANK["michaelis-menten"])
    first, time = np.array([[0.4, 0.9, 0.1, 0.2]]), np.array([[0.0, *np.geomspace(1e-7, 1.0, 20)]])
    steps = Steps.one_each(20)

    def samples(
        k: np.ndarray[tuple[int], np.dtype[np.float64]], u: object
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        history = integrate(reactions, k[None, None, None], np.asarray(u), time, steps)
        assert history is not None
        return history.nodes[:, 0]

    history = integrate(reactions, constants[None, None, None], first, time, steps)
    assert history is not None
    by_rate, by_first = sensitivities(reactions, constants[None, None, None], history, time, steps)
    for r in range(len(constants)):
        factor = np.ones_like(constants)
        factor[r] = np.exp(1e-5)
        difference = (samples(constants * factor, first) - samples(constants / factor, first)) / 2e-5
        np.testing.assert_allclose(by_rate[0, ..., 0, r], difference, atol=1e-6)
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


def test_noise_is_in_the_standard_errors_and_initial_states_are_freed_of_it() -> None:
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


def test_initial_states_that_noise_puts_at_zero_stay_there_and_all_others_fit_best() -> None:
    clean = runs_of("crnn-case-1", 4)
    draw = np.random.default_rng(5)
    noisy = [
        replace(run, concentrations=run.concentrations + 0.02 * draw.standard_normal(run.concentrations.shape))
        for run in clean.runs
    ]
    data = run_arrays(clean.select(noisy))
    problem, theta = problem_of(in_order(BANK["crnn-case-1"], clean), data, Noise(0.0, np.full(5, 0.02)))
    start = problem.evaluate(theta, data.first)
    assert start is not None
    best = fitted(start.resolved(), tolerance=1e-6)
    assert np.any(best.first == 0)
    for place in np.ndindex(best.first.shape):
        for change in (-1e-3, 1e-3):
            other = best.first.copy()
            other[place] = max(float(other[place]) + change, 0.0)
            moved = best.problem.evaluate(best.theta, other)
            assert moved is not None
            assert moved.chi2 > best.chi2 - 1e-6


def test_a_wrong_network_does_not_fit() -> None:
    runs = runs_of("crnn-case-1", 2, 0.01)
    wrong = replace(BANK["crnn-case-1"], reactions=BANK["crnn-case-1"].reactions[:3])
    refined = refine(wrong, runs)
    assert refined.chi2 / refined.data > 10


def test_reactions_that_are_not_mass_action_and_runs_whose_volume_changes_are_refused() -> None:
    runs = runs_of("crnn-case-1", 2)
    mechanism = BANK["crnn-case-1"]
    body = replace(mechanism.reactions[0], third_body=ThirdBody())
    with pytest.raises(FormatError, match="third body"):
        refine(replace(mechanism, reactions=(body,)), runs)
    expanding = runs.select([replace(run, reactor="constant-pressure") for run in runs.runs])
    with pytest.raises(DataError, match="whose volume changes"):
        refine(mechanism, expanding)
    with pytest.raises(DataError, match="do not have the same species"):
        refine(BANK["michaelis-menten"], runs)
    with pytest.raises(DataError, match="no reaction"):
        refine(replace(mechanism, reactions=()), runs)


def test_fast_rate_constants_between_coarse_samples_have_bounds_on_one_side_that_hold() -> None:
    noisy = add_noise(runs_of("michaelis-menten, coarse", 4), SyntheticNoise(relative=0.01), 0)
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


def test_a_reverse_rate_from_thermodynamics_keeps_to_it() -> None:
    runs = runs_of("hydrogen-oxidation", 2)
    reaction = Reaction({"H2": 1}, {"H": 2}, Arrhenius(1.0), reversible=True)
    with pytest.raises(FormatError, match="thermodynamics"):
        refine(in_order(Mechanism(BANK["hydrogen-oxidation"].species, (reaction,)), runs), runs)


def test_a_parameter_of_two_directions_has_the_sum_of_their_sensitivities() -> None:
    reactions, constants = reactions_of(BANK["michaelis-menten"])
    first, time = np.array([[0.4, 0.9, 0.1, 0.2]]), np.array([[0.0, *np.geomspace(1e-7, 1.0, 20)]])
    steps = Steps.one_each(20)
    history = integrate(reactions, constants[None, None, None], first, time, steps)
    assert history is not None
    alone, by_first = sensitivities(reactions, constants[None, None, None], history, time, steps)
    same = constants[None, None, None]
    slopes, parameter = 2 * same[..., None, :], np.array([0, 0, 1])
    together, by_first_too = sensitivities(reactions, same, history, time, steps, slopes, parameter)
    np.testing.assert_allclose(together[..., 0], 2 * (alone[..., 0] + alone[..., 1]), atol=1e-12)
    np.testing.assert_allclose(together[..., 1], 2 * alone[..., 2], atol=1e-12)
    np.testing.assert_array_equal(by_first_too, by_first)
