"""Which reactions the trajectories need: those without which they fit worse, and no others.

A reaction stays where leaving it out raises χ² by more than a threshold, ln N + 2 ln M for N data and M candidates; an
absent one comes in where a score test says that it would lower χ² by more. Networks that differ in one reaction from
the best and fit nearly as well are kept beside it: the data do not tell them apart.

Letters in shapes: R reactions kept, P candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...chemistry.one_way import OneWayReaction
from ..fit.trajectory_fit import FitState, Information, TrajectoryProblem, evaluate, fitted, information
from .score_test import QuadraticModel, scores_of

Array = NDArray[np.float64]

INDISTINCT = 10.0
"""Difference of χ², thresholds included, below which two networks count as indistinguishable."""
SHOWN = 4.0
"""Rise of χ² beyond the 95 % interval of one rate constant."""
WEAK = 4.0
"""Squared score below which reactions are dropped in bulk."""
SURE = 4.0
ROUNDS = 6
BELOW = (0.0, 1.5, 3.0, 4.5, 6.0)
"""By how much ln k of a direction that may be fast is tried below where noise would hide its reactants."""
COLLINEAR = 0.02
"""Share of a reaction's own effect that another must leave for it not to be tried in its place."""
MOST_TRIALS = 24
MOST_NETWORKS = 12


@dataclass(frozen=True, eq=False)
class ReactionSet:
    """A set of candidates, fitted.

    Parameters
    ----------
    kept : tuple of int
        Numbers of the candidates.
    problem : TrajectoryProblem
    state : FitState
    cost : float
        χ² over its scale, plus the threshold for each reaction.
    """

    kept: tuple[int, ...]
    problem: TrajectoryProblem
    state: FitState
    cost: float

    def freed(self) -> ReactionSet:
        """The same with a free parameter for each candidate."""
        state = replace(self.state, theta=self.problem.all_of(self.state.theta))
        return replace(self, problem=replace(self.problem, sums=None), state=state)


@dataclass(frozen=True, eq=False)
class Selector:
    """All candidates as one problem, and what a reaction costs.

    Parameters
    ----------
    everything : TrajectoryProblem
        All candidates, with the weights and steps of the fit.
    reversible : bool
        Whether candidates are reactions with both directions.
    threshold : float
    scale : float
        χ² per datum of a good fit, at least one.
    tell : callable
        Told what is going on.
    sure : float
        Thresholds above which the squared score of a reaction saves the trial without it. Scores are of a quadratic
        model, and far from the truth where only a ratio of rate constants is known.
    """

    everything: TrajectoryProblem
    reversible: bool
    threshold: float
    scale: float
    tell: Callable[[str], None]
    sure: float = SURE

    def network(
        self, kept: tuple[int, ...], theta: Array, first: Array, near: FitState, limit: float = np.inf
    ) -> ReactionSet | None:
        """Candidates fitted from starting values; None where they cannot be integrated; rough above a limit of cost."""
        problem = self.everything.only(np.array(kept, dtype=np.int64))
        start = evaluate(problem, theta, first, near.history)
        if start is None:
            return None
        hopeless = (limit - self.threshold * len(kept)) * self.scale
        state = fitted(problem, start, tolerance=0.02 * self.scale, hopeless=hopeless)
        return ReactionSet(kept, problem, state, state.chi2 / self.scale + self.threshold * len(kept))

    def without(self, network: ReactionSet, places: NDArray[np.int64], info: Information) -> ReactionSet | None:
        """The network without some of its reactions, the others moved as the quadratic model says."""
        stay = np.setdiff1d(np.arange(len(network.kept)), places)
        if not len(stay):
            return None
        block, side = info.normal[np.ix_(stay, stay)], info.normal[np.ix_(stay, places)].sum(axis=1)
        size = np.sqrt(np.maximum(np.diag(block), 1e-300))
        change = np.linalg.lstsq(block / np.outer(size, size), side / size, rcond=1e-10)[0] / size
        theta = network.state.theta[stay] + np.clip(change, -0.5, 0.5)
        kept = tuple(network.kept[i] for i in stay)
        return self.network(kept, theta, network.state.first, network.state, network.cost + 2 * INDISTINCT)

    def pruned(self, network: ReactionSet) -> ReactionSet:
        """The network without what it does not need."""
        share = 2
        while True:
            info = information(network.problem, network.state)
            score = scores_of(info)
            weak = np.flatnonzero(score < WEAK * self.scale)
            count = -(-len(weak) // share)
            if not count:
                break
            places = weak[np.argsort(score[weak])[:count]]
            trial = self.without(network, places, info)
            if trial is not None and trial.cost < network.cost:
                network = trial
                self.tell(f"{len(network.kept)} reactions")
            elif count == 1:
                break
            else:
                share *= 2
        return self._one_by_one(network)

    def _one_by_one(self, network: ReactionSet) -> ReactionSet:
        needed: list[set[int]] = []
        while True:
            info = information(network.problem, network.state)
            for loss, places in self._groups(network, info):
                if loss > (self.sure - 1) * self.threshold * len(places):
                    return network
                gone = {network.kept[i] for i in places}
                if any(each <= gone for each in needed):
                    continue
                trial = self.without(network, places, info)
                if trial is not None and trial.state.chi2 / self.scale > network.cost:
                    needed.append(gone)  # no network without them is better
                if trial is not None and trial.cost < network.cost:
                    network = trial
                    self.tell(f"{len(network.kept)} reactions")
                    break
            else:
                return network

    def _groups(self, network: ReactionSet, info: Information) -> list[tuple[float, NDArray[np.int64]]]:
        """Reactions and pairs of opposite ones, with what the cost would rise by without them, the least first."""
        directions = [] if self.reversible else network.problem.reactions.directions
        index = {direction: i for i, direction in enumerate(directions)}
        backs = [index.get(d.reverse) for d in directions]
        pairs = [[i, j] for i, j in enumerate(backs) if j is not None and i < j]
        covariance = info.covariance()
        groups = []
        for each in (*([i] for i in range(len(network.kept))), *pairs):
            block = covariance[np.ix_(each, each)]
            size = np.sqrt(np.maximum(np.diag(block), 1e-300))
            inverse = np.linalg.pinv(block / np.outer(size, size), rcond=1e-9, hermitian=True)
            score = float((1 / size) @ inverse @ (1 / size))
            groups.append((score / self.scale - self.threshold * len(each), np.array(each)))
        return sorted(groups, key=lambda group: group[0])

    def enriched(self, network: ReactionSet) -> ReactionSet | None:
        """The network with the absent candidate that improves it most, or None where none improves it."""
        wide = self.wide(network)
        gains = wide.gains() / self.scale
        for place in np.argsort(-gains)[:3]:
            if gains[place] < self.threshold:
                break
            trial = self._with(network, wide, int(place))
            if trial is not None and trial.cost < network.cost:
                self.tell(f"{len(trial.kept)} reactions")
                return trial
        return self._at_equilibrium(network, wide)

    def _at_equilibrium(self, network: ReactionSet, wide: QuadraticModel) -> ReactionSet | None:
        """The network with the other direction of a reaction that it needs, or None.

        Of a reaction that is fast both ways the slope where one way is absent says nothing: it starts near where the
        measured concentrations would be at equilibrium, or as much below as their noise may hide.
        """
        problem, state = network.problem, network.state
        there = {d: i for i, d in enumerate(problem.reactions.directions)}
        values = np.where(problem.data.known, problem.data.values, state.samples)
        values = np.maximum(values, problem.spread.deviation(values))
        for place in self.reverses(network, wide):
            back = self.everything.reactions.directions[wide.absent[place]]
            quotient = np.median(np.prod(values ** np.subtract(back.products, back.reactants), axis=-1))
            highest = state.theta[there[back.reverse]] + np.log(quotient)
            kept = (*network.kept, wide.absent[place])
            larger = self.everything.only(np.array(kept, dtype=np.int64))
            starts = [evaluate(larger, np.append(state.theta, highest - d), state.first) for d in BELOW]
            best = min((each for each in starts if each is not None), key=lambda each: each.chi2, default=None)
            if best is not None and best.chi2 < state.chi2 - self.threshold * self.scale:
                trial = self.network(kept, best.theta, best.first, best, network.cost)
                if trial is not None and trial.cost < network.cost:
                    self.tell(f"{len(trial.kept)} reactions")
                    return trial
        return None

    def _with(
        self, network: ReactionSet, wide: QuadraticModel, place: int, instead_of: int | None = None
    ) -> ReactionSet | None:
        """The network with an absent candidate, in place of a kept one where that is given."""
        amount = wide.amount(place, instead_of)
        if amount <= 0:
            return None
        stay = [i for i in range(len(network.kept)) if i != instead_of]
        kept = (*(network.kept[i] for i in stay), wide.absent[place])
        theta = np.append(network.state.theta[stay], np.log(amount))
        return self.network(kept, theta, network.state.first, network.state, network.cost + 2 * INDISTINCT)

    def beside(self, network: ReactionSet, partners: dict[int, float]) -> ReactionSet:
        """The network with more candidates; itself where that cannot be integrated."""
        theta = np.append(network.state.theta, np.log([each / 2 for each in partners.values()]))
        return self.network((*network.kept, *partners), theta, network.state.first, network.state) or network

    def wide(self, network: ReactionSet) -> QuadraticModel:
        """The network beside all absent candidates."""
        absent = tuple(sorted(set(range(int(self.everything.parameter[-1]) + 1)) - set(network.kept)))
        problem = self.everything.only(np.array(network.kept + absent, dtype=np.int64))
        theta = np.concatenate([network.problem.all_of(network.state.theta), np.full(len(absent), -np.inf)])
        state = FitState(theta, network.state.first, network.state.history, network.state.samples, network.state.chi2)
        info = information(problem, state)
        return QuadraticModel(len(network.kept), absent, info)

    def selected(self, network: ReactionSet) -> ReactionSet:
        """Prune, test the absent ones, and again until nothing changes."""
        network = self.pruned(network)
        for _ in range(ROUNDS):
            richer = self.enriched(network)
            if richer is None:
                return network
            network = self.pruned(richer)
        return network

    def rivals(self, best: ReactionSet) -> tuple[ReactionSet, list[ReactionSet]]:
        """The best network in the neighbourhood, and those that the data do not tell from it."""
        seen: dict[frozenset[int], ReactionSet | None] = {frozenset(best.kept): best}
        open_ = [best]
        while open_ and len(seen) < MOST_TRIALS:
            network = open_.pop(0)
            if network.cost > best.cost + INDISTINCT:
                continue
            for trial in self._neighbours(network, seen):
                open_.append(trial)
                if trial.cost < best.cost:
                    best = trial
        near = [n for n in seen.values() if n is not None and n is not best and n.cost < best.cost + INDISTINCT]
        near += [n for n in self._with_reverses(best) if frozenset(n.kept) not in {frozenset(o.kept) for o in near}]
        return best, sorted(near, key=lambda n: n.cost)[:MOST_NETWORKS]

    def _with_reverses(self, best: ReactionSet) -> list[ReactionSet]:
        """The network with the other direction of one of its reactions, where an interval for its rate leaves out zero.

        Nearly every reaction has one, so that less speaks for it than for one that may be any.
        """
        wide = self.wide(best)
        gains = wide.gains() / self.scale
        trials = [self._with(best, wide, place) for place in self.reverses(best, wide) if gains[place] > SHOWN]
        return [each for each in trials if each is not None and each.state.chi2 < best.state.chi2 - SHOWN * self.scale]

    def reverses(self, network: ReactionSet, wide: QuadraticModel) -> list[int]:
        """Places among the absent candidates of the other directions of what is there."""
        if self.reversible:
            return []
        directions = self.everything.reactions.directions
        there = {directions[i].reverse for i in network.kept}
        return [place for place, i in enumerate(wide.absent) if directions[i] in there]

    def upper_limits(self, network: ReactionSet) -> list[tuple[OneWayReaction, float]]:
        """Other directions of its reactions that are not there, and the rate constant below which they may be."""
        wide = self.wide(network)
        limits = wide.limits(SHOWN * self.scale)
        directions = self.everything.reactions.directions
        return [(directions[wide.absent[place]], float(limits[place])) for place in self.reverses(network, wide)]

    def _neighbours(self, network: ReactionSet, seen: dict[frozenset[int], ReactionSet | None]) -> list[ReactionSet]:
        """Networks with one reaction exchanged, added or left out that may be as good."""
        wide = self.wide(network)
        trials: list[tuple[float, int | None, int | None]] = []
        alone = wide.without()
        for kept, absent, loss in wide.exchanges():
            if loss / self.scale < max(4 * INDISTINCT, COLLINEAR * alone[kept] / self.scale):
                trials.append((loss / self.scale, kept, absent))
        gains = wide.gains() / self.scale
        trials += [(self.threshold - gain, None, q) for q, gain in enumerate(gains)]
        trials += [(loss / self.scale - self.threshold, r, None) for r, loss in enumerate(alone)]
        found = []
        info = Information(wide.info.normal[: wide.count, : wide.count], wide.info.gradient[: wide.count])
        for loss, r, q in sorted(trials, key=lambda trial: trial[0]):
            one_sided = r is None or q is None
            if one_sided and loss > 1.5 * INDISTINCT:
                continue
            left = set(network.kept) - ({network.kept[r]} if r is not None else set())
            key = frozenset(left | ({wide.absent[q]} if q is not None else set()))
            if key in seen or len(seen) >= MOST_TRIALS:
                continue
            trial = self.without(network, np.array([r]), info) if q is None else self._with(network, wide, q, r)
            seen[key] = trial
            if trial is not None:
                found.append(trial)
        return found
