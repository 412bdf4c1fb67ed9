"""Runs of the examples without rates, for tests that learn from concentrations alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mechlearn.chemistry.mechanism import Mechanism
from mechlearn.data.trajectories import Trajectories
from mechlearn.simulation.settings import Sample, Times
from mechlearn.study.schema import example_studies, load_study
from mechlearn.study.simulate import simulate

EXAMPLES = {
    "fuel-radical-product": ("fuel-radical-product", Times(end=5.0, count=61, spacing="log", start=5e-6)),
    "michaelis-menten": ("michaelis-menten", Times(end=2.0, count=61, spacing="log", start=1e-8)),
    "fuel-radical-product, coarse": ("fuel-radical-product", Times(end=1.0, count=11)),
    "michaelis-menten, coarse": ("michaelis-menten", Times(end=1.0, count=11)),
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
