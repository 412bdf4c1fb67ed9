"""Examples simulated by Cantera, and an ignition, for tests of the source."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechlearn.data.trajectories import Trajectories
from mechlearn.simulation.settings import Sample
from mechlearn.study.schema import Study, example_studies, load_study
from mechlearn.study.simulate import simulate


def draws(path: Path) -> bool:
    """Whether a study draws initial states at random, and adds no noise."""
    source = load_study(path).source
    return source is not None and isinstance(source.initial, Sample) and source.noise is None


EXAMPLES = {name: path for name, path in example_studies().items() if draws(path)}
MECHANISMS = sorted(path for path in next(iter(EXAMPLES.values())).parent.glob("*.yaml") if ".study" not in path.name)
WITH_TIMES = [name for name in EXAMPLES if name not in ("air", "h2o2", "h2o2-1500K")]

OVERFLOWS_WHEN_COLD = """\
phases:
- {name: gas, thermo: ideal-gas, elements: [M], species: [A, B], kinetics: gas, state: {T: 300.0, P: 1 atm}}
elements:
- {symbol: M, atomic-weight: 1.0}
species:
- {name: A, composition: {M: 1}, thermo: {model: constant-cp, cp0: 2.0e+04}}
- {name: B, composition: {M: 1}, thermo: {model: constant-cp, cp0: 2.0e+04}}
reactions:
- {equation: A => B, rate-constant: {A: 1.0e-43, b: 0, Ea: -2.5e+09}}
"""


@cache
def data(name: str) -> Trajectories:
    """What an example's source gives."""
    return simulate(EXAMPLES[name])


def ignition(**changes: Any) -> Study:
    source = {
        "mechanism": "h2o2.yaml",
        "reactor": "constant-volume",
        "temperature": "1100 K",
        "pressure": "1 atm",
        "initial": {"fuel": "H2", "oxidizer": "O2:1, AR:3.76", "phi": [0.5, 1.0]},
        "times": {"end": "0.5 ms", "count": 9},
    }
    return Study(source={**source, **changes})  # type: ignore[arg-type]


def states(runs: Trajectories) -> NDArray[np.float64]:
    """All arrays of all runs, side by side."""
    parts = []
    for run in runs.runs:
        assert run.rates is not None
        columns = (run.time[:, None], run.temperature[:, None], run.pressure[:, None], run.concentrations, run.rates)
        parts.append(np.hstack(columns))
    return np.vstack(parts)
