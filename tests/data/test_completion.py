from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.chemistry.mechanism import Species
from mechlearn.data.completion import completed
from mechlearn.data.trajectories import Trajectories, Trajectory
from mechlearn.errors import DataError
from mechlearn.simulation.settings import Source
from mechlearn.simulation.synthetic_noise import SyntheticNoise, with_noise

MIXTURE = {"fuel": "H2", "oxidizer": "O2:1, AR:3.76", "phi": [0.7, 1]}


def ignition(reactor: Any) -> Trajectories:
    source: dict[str, Any] = {
        "mechanism": "h2o2.yaml",
        "reactor": reactor,
        "temperature": 1300,
        "pressure": "1 atm",
        "initial": MIXTURE,
        "times": {"end": "1 ms", "count": 9},
    }
    return ml.simulate(ml.Study(source=Source(**source)))


def split(runs: Trajectories, hidden: list[str]) -> tuple[Trajectories, list[Species], list[int]]:
    """The runs without some species, those species, and the columns of all in the order of a completed run."""
    names = runs.species_names
    kept = [k for k, name in enumerate(names) if name not in hidden]
    part = Trajectories(
        tuple(runs.species[k] for k in kept),
        tuple(
            Trajectory(
                run.time,
                run.concentrations[:, kept],
                run.temperature,
                run.pressure,
                None if run.rates is None else run.rates[:, kept],
                run.reactor,
                run.name,
            )
            for run in runs.runs
        ),
    )
    columns = [names.index(name) for name in hidden]
    return part, [runs.species[k] for k in columns], kept + columns


@pytest.mark.parametrize(
    ("reactor", "hidden"),
    [
        ("isothermal", ["H2O"]),
        ("constant-volume", ["H2O"]),
        ("constant-volume", ["H2O", "OH"]),
        ("constant-pressure", ["H2O"]),
    ],
)
def test_what_canteras_elements_leave_is_what_cantera_had(reactor: str, hidden: list[str]) -> None:
    runs = ignition(reactor)
    part, species, columns = split(runs, hidden)
    for full, done in zip(runs.runs, completed(part, species).runs, strict=True):
        scale = full.concentrations.max()
        np.testing.assert_allclose(done.concentrations, full.concentrations[:, columns], atol=1e-7 * scale)
        assert full.rates is not None
        assert done.rates is not None
        np.testing.assert_allclose(done.rates, full.rates[:, columns], atol=1e-9 * np.abs(full.rates).max())


def test_noise_goes_into_what_is_completed_and_gaps_stay_gaps() -> None:
    part, species, columns = split(ignition("constant-volume"), ["H2O"])
    noisy = with_noise(part, SyntheticNoise(relative=0.01, missing=0.05), 0)
    first = np.array([run.concentrations[0] for run in part.runs])
    kept = noisy.select(
        [
            Trajectory(
                run.time,
                np.vstack([start, run.concentrations[1:]]),
                run.temperature,
                run.pressure,
                None,
                run.reactor,
                run.name,
            )
            for run, start in zip(noisy.runs, first, strict=True)
        ]
    )
    for run, done in zip(kept.runs, completed(kept, species, noise=0.01).runs, strict=True):
        gaps = np.isnan(run.concentrations).any(axis=1)
        np.testing.assert_array_equal(np.isnan(done.concentrations[:, -1]), gaps)
    assert len(columns) == len(kept.species) + 1


def table(
    species: Mapping[str, Mapping[str, float]], *states: list[float], reactor: Any = "isothermal"
) -> Trajectories:
    count = len(states)
    run = Trajectory(
        np.arange(float(count)), np.array(states), np.full(count, 900.0), np.full(count, 1e5), None, reactor, "a"
    )
    return Trajectories(tuple(Species(name, dict(atoms)) for name, atoms in species.items()), (run,))


HYDROGEN = {"H2": {"H": 2}, "O2": {"O": 2}}
WATER = Species("H2O", {"H": 2, "O": 1})


@pytest.mark.parametrize(
    ("runs", "missing", "message"),
    [
        (table(HYDROGEN, [2, 1], [1, 0.5]), [Species("O2", {"O": 2})], "O2 is measured, so that it need not be"),
        (
            table(HYDROGEN, [2, 1], [1, 0.5]),
            [Species("X")],
            "the elements of all must be known, and those of X are not",
        ),
        (
            table(HYDROGEN, [2, 1], [1, 0.5]),
            [WATER, Species("OH", {"H": 1, "O": 1}), Species("H", {"H": 1})],
            "The sums of H and O do not determine how much of H2O, OH and H there is: other amounts would do as well",
        ),
        (
            table(HYDROGEN, [2, 1], [1, 0.5], reactor="constant-pressure"),
            [WATER, Species("OH", {"H": 1, "O": 1})],
            "as the volume changes at constant pressure",
        ),
        (table(HYDROGEN, [2, 1], [1, 0.9]), [WATER], "Run 'a', time 1 s: .* % of H is neither in the measured species"),
        (table(HYDROGEN, [2, 1], [3, 1.5]), [WATER], "H2O would fall to -1 kmol/m.3, which is below zero: it is there"),
        (table(HYDROGEN, [np.nan, 1], [1, 0.5]), [WATER], "Run 'a': its initial state has gaps, and H2O is worked out"),
    ],
)
def test_what_the_elements_do_not_determine_is_refused(
    runs: Trajectories, missing: list[Species], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        completed(runs, missing)
