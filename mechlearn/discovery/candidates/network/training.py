"""The search for rows: many restarts fitted side by side, each frozen and redrawn on its own when it stalls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ....chemistry.one_way import Complex, undirected
from ....data.noise.rate_noise import RateNoise
from ....data.progress import Progress
from ...fit.scaling import Scaled, choose_samples
from ...settings import LevenbergMarquardt, Search
from .freezing import rows_to_freeze
from .noisy_solution import significant_rates, solution_under_noise
from .restarts import Batch
from .signed_network import LARGEST_LOG_RATE, SignedNetwork
from .solution import Solution, directions_of, solution_from_network, solution_from_pool, whole_halves
from .stoichiometry import Stoichiometry

SAMPLES = 250
"""States in which the search for rows looks; rate constants and the final check use all."""
PROMISING = 1e-9
"""Loss (1 for an empty network) below which a stalled restart is read out and checked against all data."""
PATIENCE = 3
HOPELESS = 1e4
"""Damping beyond which a restart that takes no step has stalled."""
LARGEST_POOL = 40
"""Complexes seen most often that are tried together against the data."""
REACH = 0.35
"""Distance to whole numbers within which the side of a row is proposed as a complex; the data decide on it."""
FLOORS = (1.0, 0.3, 0.1, 0.03)
THAW = 0.25


@dataclass(frozen=True, eq=False)
class Round:
    """The state of the search after a restart stalled, or where the least loss so far fell.

    Parameters
    ----------
    seconds : float
        Since the search began.
    restart : int
        Which restart.
    iterations : int
        Steps of the search so far.
    loss : float
        Its weighted mean square residual, 1 for an empty network.
    rows : int
        Rows offered.
    frozen : tuple of tuple of int
        Integer rows fixed in it.
    matrix : array, shape (R, S)
        All its rows.
    log_rates : array, shape (R, 2)
        ln k forward and reverse, of concentrations and rates in the units that the search uses.
    """

    seconds: float
    restart: int
    iterations: int
    loss: float
    rows: int
    frozen: tuple[tuple[int, ...], ...]
    matrix: NDArray[np.float64]
    log_rates: NDArray[np.float64]


@dataclass(eq=False)
class RowSearch:
    """What a search has come to: a solution or none, every row ever frozen with its count, and the history.

    ``history`` has an entry for each restart that stalled, ``descent`` one for each step to the least loss so far;
    ``enough`` is true where the rows frozen are all that was asked for.
    """

    solution: Solution | None = None
    votes: dict[tuple[int, ...], int] = field(default_factory=dict)
    complexes: dict[Complex, int] = field(default_factory=dict)
    history: list[Round] = field(default_factory=list)
    descent: list[Round] = field(default_factory=list)
    iterations: int = 0
    interrupted: bool = False
    enough: bool = False


@dataclass(frozen=True)
class SearchStage:
    """One part of a search: how many rows are offered, and the floor of the weights (see `Scaled.weights`)."""

    rows: int
    floor: float | None = None


def stages(search: Search, species: int, noise: RateNoise, rounds: int) -> list[SearchStage]:
    """Few rows first, more when they do not suffice; absolute weights first, relative ones then.

    Noise hides slow reactions behind fast ones unless small rates weigh more; by how much is tried, twice where a stage
    may have several rounds.
    """
    if not noise.slight:
        rows = species + 2 if search.reactions == "auto" else search.reactions
        return [SearchStage(rows, floor) for floor in FLOORS] * min(rounds, 2)
    if search.reactions == "auto":
        first = species + 2
        return [SearchStage(first), SearchStage(2 * first), SearchStage(3 * first, 0.1)] * 2
    return [SearchStage(search.reactions), SearchStage(search.reactions, 0.1)] * 2


def search_rows(
    problem: Scaled,
    stoichiometry: Stoichiometry,
    search: Search,
    optimizer: LevenbergMarquardt,
    progress: Progress,
    enough: Callable[[RowSearch], bool] | None = None,
) -> RowSearch:
    """Run the stages until one explains all data, the time is over, or the user interrupts.

    With ``enough``, which is asked each time that a new row was frozen, nothing is read out but the frozen rows.
    """
    found = RowSearch()
    started = time.monotonic()
    torch_generator = torch.Generator().manual_seed(search.seed)
    numpy_generator = np.random.default_rng(search.seed)
    plan = stages(search, problem.concentrations.shape[1], problem.noise, optimizer.rounds)
    try:
        for number, stage in enumerate(plan):
            chosen = choose_samples(problem, SAMPLES, numpy_generator)
            network = SignedNetwork(
                problem.concentrations[chosen],
                problem.production[chosen],
                problem.weights(stage.floor)[chosen],
                stoichiometry.basis,
            )
            batch = Batch(network, stage.rows, search, torch_generator)
            if found.votes and not problem.noise.exact:
                _begin_with_known(batch, problem, found, search)

            def report(share: float, number: int = number, stage: SearchStage = stage) -> None:
                passed = max((number + share) / len(plan), (time.monotonic() - started) / search.seconds)
                progress(min(passed, 1.0), f"{stage.rows} rows offered, {len(found.votes)} ever frozen")

            _run_stage(batch, problem, chosen, stoichiometry, search, optimizer, found, started, report, enough)
            if found.enough or found.solution is not None or time.monotonic() - started > search.seconds:
                break
    except KeyboardInterrupt:
        found.interrupted = True
    return found


def _begin_with_known(batch: Batch, problem: Scaled, found: RowSearch, search: Search) -> None:
    """Freeze in every second restart the rows found so far that matter, at the rate constants that fit best."""
    fit = significant_rates(problem, directions_of(np.array(sorted(found.votes), dtype=float)), search)
    if fit is None:
        return
    logs: dict[tuple[int, ...], list[float]] = {}
    for direction, constant in zip(fit.directions, fit.constants, strict=True):
        row = np.subtract(direction.products, direction.reactants)
        key = undirected(row)
        logs.setdefault(key, [-LARGEST_LOG_RATE] * 2)[0 if tuple(row) == key else 1] = float(np.log(constant))
    known = list(logs)[: batch.frozen.shape[1] - 1]
    coordinates = batch.network.coordinates(torch.tensor(known, dtype=torch.float64)[None])[0]
    rates = torch.tensor([logs[key] for key in known], dtype=torch.float64)
    batch.parameters[::2, : len(known)] = torch.cat([coordinates, rates], dim=1)
    batch.frozen[::2, : len(known)] = True
    batch.redraw(torch.arange(len(batch.frozen)) % 2 == 0)


def _run_stage(
    batch: Batch,
    problem: Scaled,
    chosen: NDArray[np.int64],
    stoichiometry: Stoichiometry,
    search: Search,
    optimizer: LevenbergMarquardt,
    found: RowSearch,
    started: float,
    report: Callable[[float], None],
    enough: Callable[[RowSearch], bool] | None,
) -> None:
    """Step until a restart explains all data, or each has stalled ``optimizer.rounds`` times on average."""
    stalls, next_attempt = 0, 0.0
    least = min((each.loss for each in found.descent), default=np.inf)
    while stalls < optimizer.rounds * search.restarts and time.monotonic() - started < search.seconds:
        batch.step(optimizer)
        found.iterations += 1
        loss = batch.at.loss
        best = int(loss.argmin())
        if loss[best] < least:
            least = float(loss[best])
            found.descent.append(_round(batch, best, found.iterations, started))
        promising = (
            problem.noise.exact & (loss < PROMISING) & (batch.rounding == 0) & ((batch.still >= 1) | (loss < 1e-16))
        )
        if promising.any():
            amplitude = batch.network.amplitude(batch.at).numpy()
            for b in torch.nonzero(promising).flatten().tolist():
                rows = batch.at.rows[b].numpy()
                found.solution = solution_from_network(problem, rows, amplitude[b], stoichiometry, search)
                if found.solution is not None:
                    found.history.append(_round(batch, b, found.iterations, started))
                    return
        stalled = (batch.still >= PATIENCE) | (batch.damping > HOPELESS) | (batch.age >= optimizer.iterations)
        rounded = stalled & (batch.rounding > 0)
        if rounded.any():
            batch.sharpen(rounded)
            stalled &= ~rounded
        if stalled.any():
            stalls += int(stalled.sum())
            known, frozen = len(found.complexes), len(found.votes)
            _freeze(batch, stalled, stoichiometry, search, found, started)
            if enough is not None:
                found.enough = len(found.votes) > frozen and enough(found)
                if found.enough:
                    return
            elif search.freeze_within > 0 and len(found.complexes) > known and stalls >= next_attempt:
                found.solution = _solution_from_all(problem, chosen, stoichiometry, search, found)
                if found.solution is not None:
                    return
                next_attempt = 1.1 * stalls
            batch.redraw(stalled)
            report(stalls / (optimizer.rounds * search.restarts))


def _solution_from_all(
    problem: Scaled, chosen: NDArray[np.int64], stoichiometry: Stoichiometry, search: Search, found: RowSearch
) -> Solution | None:
    """What the complexes seen most often in all restarts together explain."""
    pool = sorted(found.complexes, key=lambda y: (-found.complexes[y], y))[:LARGEST_POOL]
    if problem.noise.exact:
        return solution_from_pool(problem, chosen, pool, stoichiometry, search)
    return solution_under_noise(problem, pool, stoichiometry, search)


def _freeze(
    batch: Batch,
    stalled: Tensor,
    stoichiometry: Stoichiometry,
    search: Search,
    found: RowSearch,
    started: float,
) -> None:
    """Freeze what is whole in the stalled restarts; now and then thaw one that found nothing new."""
    halves = batch.network.amplitude(batch.at).numpy()
    amplitude = halves.max(axis=2)
    for b in torch.nonzero(stalled).flatten().tolist():
        frozen = batch.frozen[b].numpy()
        rows = batch.at.rows[b].numpy()
        for side in whole_halves(rows, halves[b], search, REACH):
            found.complexes[side] = found.complexes.get(side, 0) + 1
        decision = rows_to_freeze(rows, frozen, amplitude[b], stoichiometry, search.freeze_within)
        for row in decision.integers[decision.new]:
            key = undirected(row)
            found.votes[key] = found.votes.get(key, 0) + 1
        if decision.new.any():
            whole = torch.from_numpy(decision.integers)[None]
            chosen = torch.from_numpy(decision.new)[:, None]
            coordinates = batch.network.coordinates(whole)[0]
            batch.parameters[b, :, :-2] = torch.where(chosen, coordinates, batch.parameters[b, :, :-2])
            batch.frozen[b] |= torch.from_numpy(decision.new)
        found.history.append(_round(batch, b, found.iterations, started))
        lucky = torch.rand((), generator=batch.generator).item()
        if batch.frozen[b].all():
            keep = torch.rand(len(frozen), generator=batch.generator) < 0.5
            batch.frozen[b] &= keep
        elif not decision.new.any() and frozen.any() and lucky < THAW:
            batch.frozen[b] = False


def _round(batch: Batch, restart: int, iterations: int, started: float) -> Round:
    rows: NDArray[np.float64] = np.rint(batch.at.rows[restart].numpy()[batch.frozen[restart].numpy()])
    return Round(
        seconds=time.monotonic() - started,
        restart=restart,
        iterations=iterations,
        loss=float(batch.at.loss[restart]),
        rows=batch.frozen.shape[1],
        frozen=tuple(tuple(int(c) for c in row) for row in rows),
        matrix=batch.at.rows[restart].numpy().copy(),
        log_rates=batch.parameters[restart, :, -2:].numpy().copy(),
    )
