"""The search for rows: many restarts fitted side by side, each frozen and redrawn on its own when it stalls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ....chemistry.arrays import Integers
from ....chemistry.one_way import undirected
from ....data.noise.rate_noise import RateNoise
from ....data.progress import Progress
from ...fit.scaling import Scaled, choose_samples
from ...settings import LevenbergMarquardt, Search
from ..enumeration import whole_tuples
from .freezing import rows_to_freeze
from .noisy_solution import significant_rates, solution_under_noise
from .restarts import Restarts
from .row_search import Round, RowSearch
from .signed_network import LARGEST_LOG_RATE, SignedNetwork
from .solution import Solution, directions_of, solution_from_network, solution_from_pool, whole_halves
from .stoichiometry import Stoichiometry

STATES_OF_SEARCH = 250
"""States in which the search for rows looks; rate constants and the final check use all."""
PROMISING_LOSS = 1e-9
"""Loss (1 for an empty network) below which a stalled restart is read out and checked against all data."""
LARGEST_POOL = 40
"""Complexes seen most often that are tried together against the data."""
PROPOSAL_DISTANCE = 0.35
"""Distance to whole numbers within which the side of a row is proposed as a complex; the data decide on it."""
WEIGHT_FLOORS = (1.0, 0.3, 0.1, 0.03)
THAWING_PROBABILITY = 0.25


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
    rows = species + 2 if search.reactions == "auto" else search.reactions
    if not noise.slight:
        return [SearchStage(rows, floor) for floor in WEIGHT_FLOORS] * min(rounds, 2)
    if search.reactions == "auto":
        return [SearchStage(rows), SearchStage(2 * rows), SearchStage(3 * rows, 0.1)] * 2
    return [SearchStage(rows), SearchStage(rows, 0.1)] * 2


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
    training = _Training(problem, stoichiometry, search, optimizer, enough)
    try:
        training.run(progress)
    except KeyboardInterrupt:
        training.found.interrupted = True
    return training.found


@dataclass(eq=False)
class _Training:
    """One search: what it needs, and what it has come to."""

    problem: Scaled
    stoichiometry: Stoichiometry
    search: Search
    optimizer: LevenbergMarquardt
    enough: Callable[[RowSearch], bool] | None
    found: RowSearch = field(default_factory=RowSearch)
    started: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> bool:
        """Whether all that was asked for is found, or the time is over."""
        return self.found.enough or self.found.solution is not None or self.seconds > self.search.seconds

    @property
    def seconds(self) -> float:
        """Since the search began."""
        return time.monotonic() - self.started

    def run(self, progress: Progress) -> None:
        """Stage after stage."""
        problem, found = self.problem, self.found
        torch_generator = torch.Generator().manual_seed(self.search.seed)
        numpy_generator = np.random.default_rng(self.search.seed)
        plan = stages(self.search, problem.concentrations.shape[1], problem.noise, self.optimizer.rounds)
        for number, stage in enumerate(plan):
            chosen = choose_samples(problem, STATES_OF_SEARCH, numpy_generator)
            network = SignedNetwork(
                problem.concentrations[chosen],
                problem.production[chosen],
                problem.weights(stage.floor)[chosen],
                self.stoichiometry.basis,
            )
            restarts = Restarts(network, stage.rows, self.search, torch_generator)
            if found.votes and not problem.noise.exact:
                self._begin_with_known(restarts)

            def report(part: float, number: int = number, stage: SearchStage = stage) -> None:
                passed = max((number + part) / len(plan), self.seconds / self.search.seconds)
                progress(min(passed, 1.0), f"{stage.rows} rows offered, {len(found.votes)} ever frozen")

            self._run_stage(restarts, chosen, report)
            if self.ended:
                break

    def _begin_with_known(self, restarts: Restarts) -> None:
        """Freeze in every second restart the rows found so far that matter, at the rate constants that fit best."""
        directions = directions_of(np.array(sorted(self.found.votes), dtype=float))
        fit = significant_rates(self.problem, directions, self.search)
        if fit is None:
            return
        logs: dict[tuple[int, ...], list[float]] = {}
        for direction, constant in zip(fit.directions, fit.constants, strict=True):
            row = np.subtract(direction.products, direction.reactants)
            key = undirected(row)
            logs.setdefault(key, [-LARGEST_LOG_RATE] * 2)[0 if tuple(row) == key else 1] = float(np.log(constant))
        known = list(logs)[: restarts.frozen.shape[1] - 1]
        coordinates = restarts.network.coordinates(torch.tensor(known, dtype=torch.float64)[None])[0]
        rates = torch.tensor([logs[key] for key in known], dtype=torch.float64)
        restarts.parameters[::2, : len(known)] = torch.cat([coordinates, rates], dim=1)
        restarts.frozen[::2, : len(known)] = True
        restarts.redraw(torch.arange(len(restarts.frozen)) % 2 == 0)

    def _run_stage(self, restarts: Restarts, chosen: Integers, report: Callable[[float], None]) -> None:
        """Step until a restart explains all data, or each has stalled ``optimizer.rounds`` times on average."""
        stalls, most, next_attempt = 0, self.optimizer.rounds * self.search.restarts, 0.0
        found = self.found
        while stalls < most and not self.ended:
            restarts.step(self.optimizer)
            found.iterations += 1
            best = int(restarts.at.loss.argmin())
            if not found.descent or restarts.at.loss[best] < found.descent[-1].loss:
                found.descent.append(self._round(restarts, best))
            self._read_out_promising(restarts)
            if found.solution is not None:
                return
            stalled = restarts.stalled(self.optimizer)
            rounded = stalled & (restarts.rounding > 0)
            if rounded.any():
                restarts.sharpen(rounded)
                stalled &= ~rounded
            if not stalled.any():
                continue
            stalls += int(stalled.sum())
            complexes, rows = len(found.complexes), len(found.votes)
            self._freeze(restarts, stalled)
            if self.enough is not None:
                found.enough = len(found.votes) > rows and self.enough(found)
            elif self.search.freeze_within > 0 and len(found.complexes) > complexes and stalls >= next_attempt:
                found.solution = self._solution_from_all(chosen)
                next_attempt = 1.1 * stalls
            if found.enough or found.solution is not None:
                return
            restarts.redraw(stalled)
            report(stalls / most)

    def _read_out_promising(self, restarts: Restarts) -> None:
        """The solution of a restart that has come down to round-off, if there is one."""
        loss = restarts.at.loss
        still = (restarts.still >= 1) | (loss < 1e-16)
        promising = self.problem.noise.exact & (loss < PROMISING_LOSS) & (restarts.rounding == 0) & still
        for b in torch.nonzero(promising).flatten().tolist():
            amplitude = restarts.network.amplitude(restarts.at)[b].numpy()
            rows = restarts.at.rows[b].numpy()
            solution = solution_from_network(self.problem, rows, amplitude, self.stoichiometry, self.search)
            if solution is not None:
                self.found.solution = solution
                self.found.history.append(self._round(restarts, b))
                return

    def _solution_from_all(self, chosen: Integers) -> Solution | None:
        """What the complexes seen most often in all restarts together explain."""
        seen = self.found.complexes
        pool = sorted(seen, key=lambda y: (-seen[y], y))[:LARGEST_POOL]
        if self.problem.noise.exact:
            return solution_from_pool(self.problem, chosen, pool, self.stoichiometry, self.search)
        return solution_under_noise(self.problem, pool, self.stoichiometry, self.search)

    def _freeze(self, restarts: Restarts, stalled: Tensor) -> None:
        """Freeze what is whole in the stalled restarts; now and then thaw one that found nothing new."""
        amplitude = restarts.network.amplitude(restarts.at).numpy()
        for b in torch.nonzero(stalled).flatten().tolist():
            frozen = restarts.frozen[b].numpy()
            rows = restarts.at.rows[b].numpy()
            self.found.complexes.update(whole_halves(rows, amplitude[b], self.search, PROPOSAL_DISTANCE))
            within = self.search.freeze_within
            decision = rows_to_freeze(rows, frozen, amplitude[b].max(axis=1), self.stoichiometry, within)
            self.found.vote_for(decision.integers[decision.new])
            if decision.new.any():
                restarts.freeze(b, decision)
            self.found.history.append(self._round(restarts, b))
            thaws = torch.rand((), generator=restarts.generator).item() < THAWING_PROBABILITY
            if restarts.frozen[b].all():
                restarts.frozen[b] &= torch.rand(len(frozen), generator=restarts.generator) < 0.5
            elif not decision.new.any() and frozen.any() and thaws:
                restarts.frozen[b] = False

    def _round(self, restarts: Restarts, restart: int) -> Round:
        matrix = restarts.at.rows[restart].numpy().copy()
        return Round(
            seconds=self.seconds,
            restart=restart,
            iterations=self.found.iterations,
            loss=float(restarts.at.loss[restart]),
            rows=len(matrix),
            frozen=whole_tuples(matrix[restarts.frozen[restart].numpy()]),
            matrix=matrix,
            log_rates=restarts.parameters[restart, :, -2:].numpy().copy(),
        )
