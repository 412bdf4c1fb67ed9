"""Discovery: the exact mechanism from the examples' data, what must not matter, and what must not be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch

import mechlearn as ml
from mechlearn.study import example_studies

from .helpers import BANK

EXAMPLES = ("fuel-radical-product", "michaelis-menten", "hydrogen-oxidation", "crnn-case1")


@lru_cache
def data(name: str, seed: int = 0) -> tuple[ml.Trajectories, ml.Mechanism]:
    study = ml.load_study(example_studies()[name])
    assert study.source is not None
    runs, _ = ml.simulate(replace(study, source=replace(study.source, seed=seed))).split(0.2, seed)
    return runs, ml.read_mechanism(study.folder / study.source.mechanism)


def with_noise(runs: ml.Trajectories, level: float, seed: int = 0) -> ml.Trajectories:
    """Every production rate multiplied by 1 + level · N(0, 1)."""
    generator = np.random.default_rng(seed)
    assert all(run.rates is not None for run in runs.runs)
    return runs.select(
        [
            replace(run, rates=run.rates * (1 + level * generator.normal(size=run.rates.shape)))
            for run in runs.runs
            if run.rates is not None
        ]
    )


def scaled(runs: ml.Trajectories, concentration: float, time: float) -> ml.Trajectories:
    """The same runs in units in which numbers are so many times as large."""
    return runs.select(
        [
            replace(
                run,
                time=run.time * time,
                concentrations=run.concentrations * concentration,
                rates=None if run.rates is None else run.rates * concentration / time,
            )
            for run in runs.runs
        ]
    )


def learn(runs: ml.Trajectories, **search: object) -> ml.Discovery:
    return ml.discover(ml.differential_balances(runs), ml.Search(**search))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("conserve", ["none", "auto"])
@pytest.mark.parametrize("number", [True, False], ids=["true number", "auto"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_recovered_exactly(name: str, number: bool, conserve: str, seed: int) -> None:
    runs, truth = data(name, seed)
    reactions = len(truth.reactions) if number else "auto"
    found = learn(runs, seed=seed, conserve=conserve, reactions=reactions)
    comparison = ml.compare(found.mechanism, truth)
    assert found.status == "recovered", found.message
    assert comparison.exact
    assert comparison.max_relative_rate_error is not None
    assert comparison.max_relative_rate_error < 1e-6


@pytest.mark.parametrize(("level", "worst"), [(1e-3, 1e-3), (1e-2, 1e-2)])
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_recovered_from_noisy_rates(name: str, level: float, worst: float) -> None:
    runs, truth = data(name)
    found = learn(with_noise(runs, level), conserve="none")
    comparison = ml.compare(found.mechanism, truth)
    assert found.status == "recovered", found.message
    assert comparison.exact
    assert comparison.max_relative_rate_error is not None
    assert comparison.max_relative_rate_error < worst


def test_standard_errors_cover_the_errors_that_noise_makes() -> None:
    runs, truth = data("fuel-radical-product")
    scores = []
    for seed in range(10):
        found = learn(with_noise(runs, 1e-2, seed), conserve="none")
        for learned in found.reactions:
            known = next(r for r in truth.reactions if dict(r.reactants) == dict(learned.reaction.reactants))
            assert known.rate is not None
            assert learned.reaction.rate is not None
            scores.append(np.log(learned.reaction.rate.A / known.rate.A) / learned.std_error_log_k[0])
    assert 0.5 < np.sqrt(np.mean(np.square(scores))) < 2.0


def test_order_of_species_does_not_matter() -> None:
    runs, truth = data("michaelis-menten")
    order = [3, 1, 0, 2]
    turned = ml.Trajectories(
        tuple(runs.species[i] for i in order),
        tuple(
            replace(run, concentrations=run.concentrations[:, order], rates=run.rates[:, order])
            for run in runs.runs
            if run.rates is not None
        ),
    )
    assert ml.compare(learn(turned).mechanism, truth).exact


def test_order_of_states_does_not_matter() -> None:
    runs, truth = data("hydrogen-oxidation")
    assert ml.compare(learn(runs.select(runs.runs[::-1])).mechanism, truth).exact


@pytest.mark.parametrize(("concentration", "time"), [(1e3, 1.0), (1.0, 1e-6), (1e-4, 60.0)])
def test_rate_constants_follow_the_units(concentration: float, time: float) -> None:
    runs, truth = data("michaelis-menten")
    found = learn(scaled(runs, concentration, time), conserve="none").mechanism
    assert len(found.reactions) == 2
    for reaction in found.reactions:
        sides = (dict(reaction.reactants), dict(reaction.products))
        known = next(r for r in truth.reactions if (dict(r.reactants), dict(r.products)) == sides)
        order = sum(known.reactants.values())
        assert reaction.rate is not None
        assert known.rate is not None
        expected = known.rate.A * concentration ** (1 - order) / time
        assert np.isclose(reaction.rate.A, expected, rtol=1e-6)


def test_same_seed_same_numbers_whatever_the_threads() -> None:
    runs, _ = data("hydrogen-oxidation")
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 1):
            torch.set_num_threads(count)
            found.append([(r.equation, r.rate, r.reverse_rate) for r in learn(runs, seed=5).mechanism.reactions])
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_data_without_change_hold_no_reaction() -> None:
    runs, _ = data("fuel-radical-product")
    still = runs.select([replace(r, rates=0 * r.concentrations) for r in runs.runs])
    found = learn(still)
    assert found.status == "no-reactions"
    assert not found.reactions


def test_random_rates_are_not_recovered() -> None:
    runs, _ = data("fuel-radical-product")
    generator = np.random.default_rng(0)
    noise = runs.select([replace(r, rates=generator.normal(size=r.concentrations.shape)) for r in runs.runs])
    assert learn(noise, optimizer=ml.LevenbergMarquardt(rounds=3)).status != "recovered"


RATIONAL: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Michaelis-Menten": lambda c: c[:, 0] / (0.3 + c[:, 0]),
    "Hill": lambda c: c[:, 0] ** 2 / (0.25 + c[:, 0] ** 2),
    "competition": lambda c: c[:, 0] / (0.3 + c[:, 0] + c[:, 2]),
    "square root": lambda c: np.sqrt(c[:, 0]),
}


@pytest.mark.parametrize(("level", "catalysts"), [(0.0, False), (1e-2, True)])
@pytest.mark.parametrize("name", RATIONAL)
def test_rates_that_are_not_of_mass_action_are_called_so(name: str, catalysts: bool, level: float) -> None:
    runs, _ = data("fuel-radical-product")

    def rates(concentrations: np.ndarray) -> np.ndarray:
        speed = RATIONAL[name](concentrations)
        return np.stack([-speed, speed, 0 * speed], axis=1)

    other = with_noise(runs.select([replace(r, rates=rates(r.concentrations)) for r in runs.runs]), level)
    found = learn(other, catalysts=catalysts, restarts=1)
    assert found.status == "not-mass-action", found.message
    assert "in F, R neighbouring states agree" in found.message


@pytest.mark.parametrize("catalysts", [True, False])
@pytest.mark.parametrize(("seed", "status"), [(0, "no-reactions"), (1, "unsettled")])
def test_random_walks_are_not_recovered(seed: int, status: str, catalysts: bool) -> None:
    """Concentrations that wander, with the rates of their steps: nothing in the state tells the next step."""
    runs, _ = data("fuel-radical-product")
    generator = np.random.default_rng(seed)
    steps = [generator.normal(size=r.concentrations.shape) for r in runs.runs]
    walks = [
        replace(r, concentrations=np.abs(np.cumsum(0.1 * s, axis=0)), rates=s)
        for r, s in zip(runs.runs, steps, strict=True)
    ]
    found = learn(runs.select(walks), catalysts=catalysts, optimizer=ml.LevenbergMarquardt(rounds=1), restarts=1)
    assert found.status == status, found.message


def test_few_states_are_said_to_be_too_few() -> None:
    runs, _ = data("hydrogen-oxidation")
    run = runs.runs[0]
    assert run.rates is not None
    few = replace(
        run,
        time=run.time[:8],
        concentrations=run.concentrations[:8],
        temperature=run.temperature[:8],
        pressure=run.pressure[:8],
        rates=run.rates[:8],
    )
    found = learn(runs.select([few]), optimizer=ml.LevenbergMarquardt(rounds=1), restarts=2)
    assert found.status == "undersampled"
    assert "8 states are too few to tell 12 one-way reactions from others" in found.message


def test_what_temperatures_that_differ_need_is_said() -> None:
    runs, _ = data("fuel-radical-product")
    hot = replace(runs.runs[0], temperature=runs.runs[0].temperature + 100)
    warmer = runs.select([hot, *runs.runs[1:]])
    with pytest.raises(ml.DataError, match="at one temperature, or temperature_dependence: auto"):
        learn(warmer, temperature_dependence="none")
    with pytest.raises(ml.StudyError, match="Use reverse: thermo"):
        learn(warmer, method="network")
    bare = ml.Trajectories(tuple(ml.Species(s.name) for s in warmer.species), warmer.runs)
    with pytest.raises(ml.DataError, match="composition of F is unknown"):
        learn(bare)
    with pytest.raises(ml.DataError, match="thermodynamics"):
        learn(ml.Trajectories(tuple(replace(s, thermo=None) for s in warmer.species), warmer.runs), reverse="thermo")


def test_elements_without_compositions_are_refused() -> None:
    runs, _ = data("fuel-radical-product")
    bare = ml.Trajectories(tuple(ml.Species(s.name) for s in runs.species), runs.runs)
    with pytest.raises(ml.StudyError, match="composition"):
        learn(bare, conserve="elements")


def test_adam_needs_a_number_of_reactions() -> None:
    runs, _ = data("fuel-radical-product")
    with pytest.raises(ml.StudyError, match="number of reactions"):
        learn(runs, optimizer=ml.Adam(epochs=1))


@pytest.mark.parametrize("batch_size", [10, None])
def test_adam_lowers_its_loss_and_tells_of_it(batch_size: int | None) -> None:
    runs, _ = data("fuel-radical-product")
    few = runs.select(runs.runs[:10])
    epochs = 60 if batch_size else 600
    adam = ml.Adam(epochs=epochs, check_every=epochs // 3, batch_size=batch_size, learning_rate=1e-2)
    found = learn(few, optimizer=adam, reactions=2, conserve="none")
    losses = [entry.loss for entry in found.history]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    assert found.status == "no-reactions"


def test_bank_and_mechanism_files_agree() -> None:
    for name, other in (("hydrogen-oxidation", "hydrogen-oxidation"), ("michaelis-menten", "michaelis-menten")):
        assert ml.compare(BANK[other], data(name)[1]).exact
