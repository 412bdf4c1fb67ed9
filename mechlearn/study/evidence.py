"""What a learnt mechanism is assessed on: held-out runs, fresh ones, and what noise allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..chemistry.comparison import Comparison, compare
from ..chemistry.conservation import element_matrix
from ..chemistry.mechanism import Mechanism
from ..data.balances.balances import Balances
from ..data.balances.derivative import differential_balances
from ..data.balances.integral_forms import integral_balances
from ..data.trajectories import Trajectories
from ..discovery.discover import relative_error
from ..discovery.result import Discovery
from ..discovery.status import UNEXPLAINED
from ..formats.cantera_yaml.mechanism_reading import read_mechanism
from ..simulation.mechanisms import find_mechanism
from ..simulation.settings import Designed, Sample, Times
from .schema import Study
from .simulate import simulate_runs

LARGEST_IMBALANCE = 1e-6
"""Part of its atoms that move by which an element may change in data without noise."""
FRESH_RUNS = 5
FRESH_SEED = 1_000_003
"""Added to the study's seed for the runs on which states without a time history are validated."""


def held_out_error(discovery: Discovery, held: Trajectories) -> float:
    """Relative error of the balances of held-out runs: of their rates or, where those are not used, of integrals."""
    if discovery.trajectory_fit is None:
        return relative_error(discovery.mechanism, differential_balances(held))
    return relative_error(discovery.mechanism, integral_balances(held))


def source_mechanism(study: Study) -> Mechanism | None:
    """The mechanism that a study simulates; None where it reads data.

    Raises
    ------
    FormatError
        If it cannot be read.
    """
    source = study.source
    if source is None:
        return None
    return read_mechanism(find_mechanism(source.mechanism, study.folder), source.phase or "")


def against_source(study: Study, discovery: Discovery) -> Comparison | None:
    """The learnt mechanism against that which a study simulates; None where it reads data."""
    known = source_mechanism(study)
    if known is None:
        return None
    plain = all(r.rate is not None and r.third_body is None and not r.reversible for r in known.reactions)
    temperature = discovery.mechanism.temperature
    return compare(discovery.mechanism, known, temperature=temperature, stoichiometry=not plain)


def unbalanced_elements(discovery: Discovery, balances: Balances) -> str:
    """Where little is explained: elements that the rates make or destroy beyond their noise; empty where none."""
    if discovery.status not in UNEXPLAINED or discovery.trajectory_fit is not None:
        return ""
    if not all(species.composition for species in balances.species):
        return ""
    names, atoms = element_matrix(balances.species)
    made, size = balances.accumulation @ atoms.T, np.abs(balances.accumulation) @ atoms.T
    imbalance = np.linalg.norm(made, axis=0) / np.maximum(np.linalg.norm(size, axis=0), 1e-300)
    worst = int(np.argmax(imbalance))
    if imbalance[worst] < max(LARGEST_IMBALANCE, 5 * discovery.noise):
        return ""
    return (
        f"The rates do not conserve {names[worst]}: over all species its atoms change by "
        f"{100 * imbalance[worst]:.2g} % of what the reactions move. A species that holds it is not in the table, or a "
        "column has another unit than the others. Measure it, name it under `complete:`, or look at the units; "
        "conserve: none learns without elements."
    )


def fresh_trajectories(study: Study, assessed: Trajectories) -> Trajectories:
    """The runs to validate on: those given, or fresh time histories where the study has single states only."""
    source = study.source
    if source is None or any(run.is_time_history for run in assessed.runs):
        return assessed
    fresh = replace(source, seed=source.seed + FRESH_SEED)
    if isinstance(source.initial, Sample):
        fresh = replace(fresh, initial=replace(source.initial, runs=FRESH_RUNS))
    elif isinstance(source.initial, Designed):
        state = dict(zip(assessed.species_names, assessed.runs[0].concentrations[0].tolist(), strict=True))
        fresh = replace(fresh, initial=source.initial.mixtures(1, {n: c for n, c in state.items() if c > 0}))
        assessed = simulate_runs(replace(study, source=fresh))[0]
    balances = differential_balances(assessed)
    amount, change = balances.concentrations.sum(axis=1), np.abs(balances.accumulation).sum(axis=1)
    end = float(10 * np.median(amount[change > 0] / change[change > 0]))
    times = Times(end=end, count=21, spacing="log", start=end * 1e-4)
    return simulate_runs(replace(study, source=replace(fresh, times=times)))[0]
