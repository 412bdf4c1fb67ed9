"""Runs whose pathways the tests look at, simulated once."""

from functools import cache
from typing import Any

import cantera as ct
import numpy as np

from mechlearn.data.trajectories import Trajectories
from mechlearn.pathways.flux_species import flux_species_of
from mechlearn.pathways.rates_of_progress import History, RatesOfProgress
from mechlearn.pathways.recording import progress_history
from mechlearn.study.schema import Study
from mechlearn.study.simulate import simulate

SOURCES: dict[str, dict[str, Any]] = {
    "h2o2.yaml": {
        "temperature": 1200,
        "pressure": "1 atm",
        "initial": {"X": "H2:2, O2:1, AR:4"},
        "times": {"end": "0.2 ms", "count": 41},
    },
    "gri30.yaml": {
        "reactor": "constant-volume",
        "temperature": 1400,
        "pressure": "10 atm",
        "initial": {"fuel": "CH4", "oxidizer": "O2:1, N2:3.76", "phi": 1},
        "times": {"end": "1.5 ms", "count": 300, "spacing": "solver"},
    },
}
SHIPPED = ("h2o2.yaml", "gri30.yaml", "nDodecane_Reitz.yaml", "example_data/ammonia-CO-H2-Alzueta-2023.yaml")
PHASES = {"nDodecane_Reitz.yaml": "nDodecane_IG"}


@cache
def runs_of(mechanism: str) -> Trajectories:
    return simulate(Study(source={"mechanism": mechanism, **SOURCES[mechanism]}))  # type: ignore[arg-type]


@cache
def history_of(mechanism: str) -> History:
    return progress_history(mechanism, runs_of(mechanism))


def at_ignition() -> RatesOfProgress:
    """Methane and air in gri30 when half of the fuel is gone."""
    return history_of("gri30.yaml").at(conversion=("CH4", 0.5))


def progress_of(gas: ct.Solution, mechanism: str) -> RatesOfProgress:
    """The progress of the state in which Cantera's own object is."""
    return RatesOfProgress(
        flux_species_of(gas, mechanism),
        gas.forward_rates_of_progress,
        gas.reverse_rates_of_progress,
        gas.net_production_rates,
        gas.concentrations,
        gas.T,
        gas.P,
        0.0,
        0.0,
    )


def all_present(mechanism: str, seed: int, *, temperature: float = 1500.0, pressure: float = 1e6) -> ct.Solution:
    """A state in which every species is there, in amounts over some decades."""
    gas = ct.Solution(mechanism, PHASES.get(mechanism, ""), transport_model=None)
    gas.TPX = temperature, pressure, np.random.default_rng(seed).random(gas.n_species) ** 6
    return gas
