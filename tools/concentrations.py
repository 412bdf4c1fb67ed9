"""Learning from concentrations alone: exact sets and rate errors over fresh seeds.

    python tools/concentrations.py                                        every cell, 20 seeds
    python tools/concentrations.py --cases crnn-case1 --noise 0.05 --seeds 5 -o cells.json

Each seed draws 30 runs of its own: 61 log-spaced times from well below the fastest time scale (case 1: as published,
100 times, 0.4 s apart), no rates, normal noise on every value. A seed counts as exact where `mechlearn compare` finds
nothing missing and nothing spurious; as named where the status is ``ambiguous`` and the truth is among the networks
listed. Seconds are processor time of the learning.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import mechlearn as ml
from mechlearn.conditions import Sample, Times
from mechlearn.study import example_studies, load_study

TIMES = {
    "fuel-radical-product": Times(end=5.0, count=61, spacing="log", start=5e-6),
    "michaelis-menten": Times(end=2.0, count=61, spacing="log", start=1e-8),
    "hydrogen-oxidation": Times(end=1.0, count=61, spacing="log", start=3e-7),
    "crnn-case1": Times(end=39.6, count=100),
}


def exact_runs(case: str, seed: int, runs: int = 30) -> ml.Trajectories:
    """Runs without noise and without rates."""
    study = load_study(example_studies()[case])
    source = study.source
    assert source is not None
    assert isinstance(source.initial, Sample)
    source = replace(source, seed=seed, times=TIMES[case], initial=replace(source.initial, runs=runs))
    made = ml.simulate(replace(study, source=source))
    return made.select([replace(run, rates=None) for run in made.runs])


def noisy(runs: ml.Trajectories, level: float, seed: int, additive: bool = False) -> ml.Trajectories:
    """The same with normal noise on every value: relative, or as a share of the species' range."""
    draw = np.random.default_rng([seed, 99])
    span = np.ptp(np.concatenate([run.concentrations for run in runs.runs]), axis=0)
    size = [span if additive else run.concentrations for run in runs.runs]
    return runs.select(
        [
            replace(run, concentrations=run.concentrations + level * s * draw.standard_normal(run.concentrations.shape))
            for run, s in zip(runs.runs, size, strict=True)
        ]
    )
