from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mechlearn as ml
from mechlearn.errors import StudyError
from mechlearn.simulation.settings import Source
from mechlearn.simulation.synthetic_noise import SyntheticNoise, with_noise

SOURCE: dict[str, Any] = {
    "mechanism": "michaelis-menten.yaml",
    "temperature": 300,
    "initial": {"sample": "uniform", "low": 0.1, "high": 1, "runs": 20},
    "times": {"end": 1.0, "count": 51},
}


def simulated(**noise: Any) -> ml.Trajectories:
    keys: dict[str, Any] = {**SOURCE, "noise": noise or None}
    return ml.simulate(ml.Study(source=Source(**keys)))


def errors(noisy: ml.Trajectories, exact: ml.Trajectories) -> np.ndarray[Any, np.dtype[np.float64]]:
    pairs = zip(noisy.runs, exact.runs, strict=True)
    return np.concatenate([a.concentrations - b.concentrations for a, b in pairs])


def test_the_spread_of_the_errors_is_as_the_study_says() -> None:
    exact = simulated()
    values = np.concatenate([run.concentrations for run in exact.runs])
    extent = np.ptp(values, axis=0)
    for noise, expected in (
        ({"relative": 0.05}, 0.05 * values),
        ({"of_range": 0.01}, np.broadcast_to(0.01 * extent, values.shape)),
        ({"absolute": "2 mM"}, np.full(values.shape, 2e-3)),
        ({"relative": 0.03, "absolute": 0.01}, np.hypot(0.03 * values, 0.01)),
    ):
        scaled = errors(simulated(**noise), exact) / expected
        assert abs(scaled.mean()) < 0.06
        assert 0.96 < scaled.std() < 1.04
        assert abs(scaled[::51].std() - 1) < 0.25, "the first times have errors too"
        assert abs(np.corrcoef(scaled[:-1, 0], scaled[1:, 0])[0, 1]) < 0.1, "errors are independent"


def test_rates_are_lost_unless_kept_and_times_and_states_stay() -> None:
    exact, dropped, kept = simulated(), simulated(relative=0.1), simulated(relative=0.1, rates="keep")
    for a, b, c in zip(exact.runs, dropped.runs, kept.runs, strict=True):
        assert b.rates is None
        np.testing.assert_array_equal(a.rates, c.rates)
        np.testing.assert_array_equal(b.concentrations, c.concentrations)
        for key in ("time", "temperature", "pressure"):
            np.testing.assert_array_equal(getattr(a, key), getattr(b, key))


def test_the_same_seed_gives_the_same_errors_and_another_other_ones() -> None:
    exact = simulated()
    first, again, other = (errors(simulated(relative=0.1, seed=seed), exact) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1
    assert not np.array_equal(errors(with_noise(exact, SyntheticNoise(relative=0.1), 5), exact), first)


def test_lost_values_are_gaps_that_tables_keep(tmp_path: Path) -> None:
    runs = simulated(relative=0.01, missing=0.1)
    assert 0.08 < runs.missing / (20 * 51 * 4) < 0.12
    for ending in ("csv", "h5"):
        path = tmp_path / f"runs.{ending}"
        (ml.write_csv if ending == "csv" else ml.write_hdf5)(runs, path)
        back = ml.read_csv(path) if ending == "csv" else ml.read_hdf5(path)
        for a, b in zip(runs.runs, back.runs, strict=True):
            np.testing.assert_array_equal(a.concentrations, b.concentrations)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ("{relativ: 0.1}", "line 5: source.noise.relativ: unknown key; did you mean `relative`"),
        ("{relative: 1.5}", r"source\.noise\.relative: 1\.5 is not less than 1"),
        ("{absolute: 1 K}", "source.noise.absolute: 'K' is not a unit of concentration"),
        ("{absolute: -1 mM}", "source.noise.absolute: '-1 mM' is not greater than or equal to 0"),
        ("{rates: keep}", "source.noise: this changes nothing; give relative"),
        ("{rates: lost}", "source.noise.rates: 'lost' is not 'drop' or 'keep'"),
        (
            "{relative: 0.1}\n  perturb: {copies: 1}",
            "noise drops the rates, and without them single states say nothing",
        ),
    ],
)
def test_noise_that_cannot_be_is_refused_with_its_line(tmp_path: Path, noise: str, message: str) -> None:
    path = tmp_path / "a.study.yaml"
    path.write_text(
        "source:\n  mechanism: michaelis-menten.yaml\n  initial: {concentrations: {E: 1, S: 1}}\n"
        f"  times: {{end: 1, count: 3}}\n  noise: {noise}\n",
        encoding="utf-8",
    )
    with pytest.raises(StudyError, match=message):
        ml.load_study(path)
