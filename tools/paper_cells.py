"""Section 4 of the paper as cells: one example at one setting, over many seeds of data and search each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import paper_published as published
from numpy.typing import NDArray

import mechlearn as ml
from mechlearn.conditions import Sample, Times
from mechlearn.kinetics import production_rates
from mechlearn.simulation import resimulate
from mechlearn.study import example_studies

Array = NDArray[np.float64]

TRUE_NUMBER = {"fuel-radical-product": 2, "michaelis-menten": 2, "hydrogen-oxidation": 6}
NAMES = {"fuel-radical-product": "4.1", "michaelis-menten": "4.2", "hydrogen-oxidation": "4.3"}
LARGEST_ADAM_SECONDS = 7200.0
FEW_ROUNDS = 1
"""Of searches that seldom succeed: without freezing, or from too few states (these with fewer restarts as well)."""
FEW_STATES = 6
FEW_RESTARTS = 2
LARGEST_SECONDS = 120.0
"""Of one search; beside other work a second of the clock is not a second of computing."""


@dataclass(frozen=True)
class Cell:
    """One setting.

    ``reactions`` is a number or auto; ``learn`` is ``network`` (the paper's conditions: no conservation) or
    ``defaults``; ``ratio`` multiplies the fast reaction of example 4.1; ``states`` are the runs in the data.
    """

    example: str
    optimizer: str = "levenberg-marquardt"
    freezing: bool = True
    reactions: int | str = "auto"
    learn: str = "network"
    noise: float = 0.0
    noise_law: str = "gaussian"
    ratio: float = 1.0
    states: int = 100

    @property
    def key(self) -> str:
        """A file name."""
        return "_".join(str(v).replace("/", "-") for v in asdict(self).values())


def cells(quick: bool) -> Iterator[Cell]:
    """All settings of the tables, and those beyond the paper."""
    for example, number in TRUE_NUMBER.items():
        for learn in ("network", "defaults"):
            for reactions in ("auto", number):
                yield Cell(example, reactions=reactions, learn=learn)
        for level in (1e-3, 1e-2) if quick else (1e-4, 1e-3, 1e-2, 5e-2, 1e-1):
            for law in ("gaussian",) if quick else ("gaussian", "uniform"):
                yield Cell(example, noise=level, noise_law=law)
                if level == 1e-2:
                    yield Cell(example, noise=level, noise_law=law, learn="defaults")
        for more in (1, 2):
            yield Cell(example, reactions=number + more)
        yield Cell(example, freezing=False, reactions=number)
        for states in (30, 10) if quick else (30, 10, 7, 5, 3):
            if states > FEW_STATES or number < 3:
                yield Cell(example, states=states)
    for power in (2, 6) if quick else (1, 2, 3, 4, 5, 6):
        yield Cell("fuel-radical-product", ratio=10.0**power)


def run_cell(cell: Cell, seeds: int) -> dict[str, Any]:
    """The cell over its seeds, summed up."""
    return summary(cell, [one_seed(cell, seed) for seed in range(seeds)])


def summary(cell: Cell, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the searches of a cell came to, with the keys of results.json; seconds are those of the processor."""
    errors = [run["rate_error"] for run in runs if run["exact"]]
    predictions = [run["prediction_error"] for run in runs if run["prediction_error"] is not None]
    seconds = [run["seconds"] for run in runs]
    quantiles = np.quantile(errors, [0.5, 0.05, 0.95]).tolist() if errors else [None] * 3
    return asdict(cell) | {
        "seeds": len(runs),
        "exact": sum(run["exact"] for run in runs),
        "recovered": sum(run["status"] == "recovered" for run in runs),
        "confident_wrong": sum(run["status"] == "recovered" and not run["exact"] for run in runs),
        "worst_rate_error": dict(zip(("median", "p05", "p95"), quantiles, strict=True)),
        "prediction_error": {"median": float(np.median(predictions)), "max": max(predictions)} if predictions else None,
        "seconds": {"median": float(np.median(seconds)), "max": max(seconds)},
        "published": _published(cell),
        "runs": runs,
    }


def _published(cell: Cell) -> str | None:
    """What the paper says of a setting, in a phrase; None where it says nothing."""
    beyond = cell.ratio != 1 or cell.states != 100 or cell.noise_law != "gaussian" or cell.learn != "network"
    if beyond:
        return None
    if not cell.freezing:
        return "not found"
    return published.of_cell(cell.example, cell.noise)


def searched(cell: Cell, seed: int) -> tuple[ml.Discovery, ml.Comparison, float]:
    """Data, search and comparison with one seed; seconds of the processor for the search."""
    train, _, truth = data(cell, seed)
    balances = ml.differential_balances(with_noise(train, cell, seed))
    started = time.process_time()
    found = ml.discover(balances, search(cell, seed))
    return found, ml.compare(found.mechanism, truth), time.process_time() - started


def one_seed(cell: Cell, seed: int) -> dict[str, Any]:
    """What a search with one seed came to."""
    found, comparison, seconds = searched(cell, seed)
    return {
        "seed": seed,
        "status": found.status,
        "exact": comparison.exact,
        "rate_error": comparison.max_relative_rate_error,
        "prediction_error": prediction_error(found.mechanism, cell, seed) if comparison.exact else None,
        "seconds": seconds,
    }


def search(cell: Cell, seed: int) -> ml.Search:
    """What a cell asks the learner for."""
    paper = {"method": "network", "conserve": "none"} if cell.learn == "network" else {}
    chosen = ml.Search(seed=seed, reactions=cell.reactions, seconds=LARGEST_SECONDS, **paper)  # type: ignore[arg-type]
    if cell.optimizer == "adam":
        chosen = replace(chosen, optimizer=ml.Adam(batch_size=None), seconds=LARGEST_ADAM_SECONDS)
    elif not cell.freezing or cell.states < FEW_STATES:
        chosen = replace(chosen, optimizer=ml.LevenbergMarquardt(rounds=FEW_ROUNDS))
    if cell.states < FEW_STATES:
        chosen = replace(chosen, restarts=FEW_RESTARTS)
    return chosen if cell.freezing else replace(chosen, freeze_within=0.0)


def data(cell: Cell, seed: int, times: Times | None = None) -> tuple[ml.Trajectories, ml.Trajectories, ml.Mechanism]:
    """Training runs, validation runs (4:1) and the mechanism that made them."""
    return _simulated(cell.example, cell.ratio, cell.states, seed, times)


@lru_cache(maxsize=500)
def _simulated(
    example: str, ratio: float, states: int, seed: int, times: Times | None
) -> tuple[ml.Trajectories, ml.Trajectories, ml.Mechanism]:
    study = ml.load_study(example_studies()[example])
    source = study.source
    assert source is not None
    assert isinstance(source.initial, Sample)
    truth = ml.read_mechanism(study.folder / source.mechanism)
    source = replace(source, seed=seed, initial=replace(source.initial, runs=states), times=times or source.times)
    with tempfile.TemporaryDirectory() as folder:
        if ratio != 1:
            truth = _faster(truth, ratio)
            path = Path(folder) / "mechanism.yaml"
            ml.write_mechanism(truth, path)
            source = replace(source, mechanism=str(path))
        train, held = ml.simulate(replace(study, source=source)).split(0.2, seed)
    assert held is not None
    return train, held, truth


def _faster(mechanism: ml.Mechanism, ratio: float) -> ml.Mechanism:
    """Reactions that are not the slowest, so many times as fast."""
    slowest = min(r.rate.A for r in mechanism.reactions if r.rate)

    def scaled(rate: ml.Arrhenius | None) -> ml.Arrhenius | None:
        return replace(rate, A=rate.A * ratio) if rate and slowest < rate.A else rate

    reactions = [replace(r, rate=scaled(r.rate), reverse_rate=scaled(r.reverse_rate)) for r in mechanism.reactions]
    return replace(mechanism, reactions=tuple(reactions))


def with_noise(runs: ml.Trajectories, cell: Cell, seed: int) -> ml.Trajectories:
    """Rates times 1 + ε N(0, 1), as the paper's text says, or 1 + ε U(−1, 1), as its released code does."""
    generator = np.random.default_rng([seed, 7])

    def disturbed(run: ml.Trajectory) -> ml.Trajectory:
        assert run.rates is not None
        shape = run.rates.shape
        gaussian = cell.noise_law == "gaussian"
        factor = generator.normal(size=shape) if gaussian else generator.uniform(-1, 1, size=shape)
        return replace(run, rates=run.rates * (1 + cell.noise * factor))

    return runs.select([disturbed(run) for run in runs.runs]) if cell.noise else runs


def relative_error(mechanism: ml.Mechanism, balances: ml.Balances) -> float:
    """‖production of the mechanism − production‖ / ‖production‖ over all entries, as the paper's figures show it."""
    production = production_rates(mechanism, balances.concentrations, balances.temperature)
    return float(np.linalg.norm(production - balances.accumulation) / np.linalg.norm(balances.accumulation))


def prediction_error(mechanism: ml.Mechanism, cell: Cell, seed: int) -> float:
    """‖c − c_true‖ / ‖c_true‖ over all species at 100 equal times in [0, 10], from a first state never used."""
    true, found = _courses(mechanism, cell, seed)
    return float(np.linalg.norm(found - true.concentrations) / np.linalg.norm(true.concentrations))


def prediction_course(cell: Cell, seed: int) -> tuple[Array, Array, Array, list[str], float]:
    """Times, true and learnt concentrations, names and the prediction error of what a cell learns."""
    train, _, _ = data(cell, seed)
    mechanism = ml.discover(ml.differential_balances(with_noise(train, cell, seed)), search(cell, seed)).mechanism
    true, found = _courses(mechanism, cell, seed)
    names = list(mechanism.species_names)
    return true.time, true.concentrations, found, names, prediction_error(mechanism, cell, seed)


def _courses(mechanism: ml.Mechanism, cell: Cell, seed: int) -> tuple[ml.Trajectory, Array]:
    runs = data(replace(cell, states=5), seed + 10_000, Times(end=10.0, count=100))[0]
    runs = runs.select(runs.runs[:1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "learned.yaml"
        ml.write_mechanism(mechanism, path)
        again, failed = resimulate(path, runs)
    true = runs.runs[0]
    return true, np.full_like(true.concentrations, np.inf) if failed else again[true.name].concentrations
