"""Which reactions the trajectories need: those without which they fit worse, and no others.

A reaction stays where leaving it out raises χ² by more than a threshold, P ln N + 2 ln M for N data, M candidates and
P parameters of each; an absent one comes in where a score test says that it would lower χ² by more. Networks that
differ in one reaction from the best and fit nearly as well are kept beside it: the data do not distinguish them.

Letters in shapes: R reactions kept, P candidates.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...chemistry.arrays import Array, Integers, Mask
from ...chemistry.one_way import OneWayReaction
from ..fit.scaled_matrices import inverse_of, solution_of
from ..fit.trajectory_fit import Information, fitted, information
from ..fit.trajectory_problem import FitState, TrajectoryProblem
from .reaction_set import ReactionSet
from .score_test import QuadraticModel, squared_scores

INDISTINCT = 10.0
"""Difference of χ², thresholds included, below which two networks count as indistinguishable."""
INTERVAL_RISES = (4.0, 6.0)
"""Rise of χ² beyond the 95 % interval of one rate constant: at one temperature, and with its activation energy."""
WEAK = 4.0
"""Squared score below which reactions are dropped in bulk."""
CERTAIN = 4.0
"""Thresholds above which the squared score of a reaction saves the trial without it."""
ROUNDS = 6
LOWERED = (0.0, 1.5, 3.0, 4.5, 6.0)
"""By how much ln k of a direction that may be fast is tried below where noise would hide its reactants."""
COLLINEAR = 0.02
"""Part of a reaction's own effect that another must leave for it not to be tried in its place."""
MOST_TRIALS = 24
MOST_NETWORKS = 12


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
    report : callable
        Called with what is going on.
    certain : float
        Thresholds above which the squared score of a reaction saves the trial without it. Scores are of a quadratic
        model, and far from the truth where only a ratio of rate constants is known.
    needed : frozenset of int
        Candidates that stay whatever the data say.
    deadline : float
        Time of the monotonic clock [s] after which the best so far is taken.
    """

    everything: TrajectoryProblem
    reversible: bool
    threshold: float
    scale: float
    report: Callable[[str], None]
    certain: float = CERTAIN
    needed: frozenset[int] = frozenset()
    deadline: float = np.inf

    @property
    def interval_rise(self) -> float:
        """Rise of χ², over the scale, that speaks for the other direction of a reaction."""
        return INTERVAL_RISES[self.everything.basis.count - 1]

    @property
    def is_over(self) -> bool:
        """Whether no more is to be tried, since time is over."""
        return time.monotonic() > self.deadline

    def network(
        self, kept: tuple[int, ...], theta: Array, first: Array, near: FitState, limit: float = np.inf
    ) -> ReactionSet | None:
        """Candidates fitted from starting values; None where they cannot be integrated; rough above a limit of cost."""
        problem = self.everything.only(np.array(kept, dtype=np.int64))
        return self.fitted_set(kept, problem.evaluate(theta, first, near.history), limit)

    def fitted_set(self, kept: tuple[int, ...], start: FitState | None, limit: float = np.inf) -> ReactionSet | None:
        """Candidates fitted from a state of theirs, each free parameter at its cost; None where there is no state."""
        if start is None:
            return None
        cost = self.threshold * len(start.theta)
        state = fitted(start, tolerance=0.02 * self.scale, hopeless=(limit - cost) * self.scale, deadline=self.deadline)
        return ReactionSet(kept, state, state.chi2 / self.scale + cost)

    def without(self, network: ReactionSet, places: Integers, info: Information) -> ReactionSet | None:
        """The network without some of its reactions, the others moved as the quadratic model says."""
        stay = np.setdiff1d(np.arange(len(network.kept)), places)
        if not len(stay):
            return None
        side = info.normal[np.ix_(stay, places)].sum(axis=1)
        change = solution_of(info.normal[np.ix_(stay, stay)], side, 1e-10)
        theta = network.state.theta[stay].copy()
        theta[:, 0] += np.clip(change, -0.5, 0.5)
        kept = tuple(network.kept[i] for i in stay)
        return self.network(kept, theta, network.state.first, network.state, network.cost + 2 * INDISTINCT)

    def reduced(self, network: ReactionSet) -> ReactionSet:
        """The network without what it does not need."""
        parts = 2
        while not self.is_over:
            info = information(network.state)
            score = squared_scores(info)
            weak = np.flatnonzero((score < WEAK * self.scale) & self._may_go(network))
            count = -(-len(weak) // parts)
            if not count:
                break
            places = weak[np.argsort(score[weak])[:count]]
            trial = self._if_better(network, self.without(network, places, info))
            if trial is not None:
                network = trial
            elif count == 1:
                break
            else:
                parts *= 2
        return self._one_by_one(network)

    def _may_go(self, network: ReactionSet) -> Mask:
        """Which of its reactions are not given."""
        return ~np.isin(network.kept, list(self.needed))

    def _one_by_one(self, network: ReactionSet) -> ReactionSet:
        needed: list[set[int]] = []
        while not self.is_over:
            info = information(network.state)
            for loss, places in self._groups(network, info):
                if loss > (self.certain - 1) * self.threshold * len(places):
                    return network
                gone = {network.kept[i] for i in places}
                if any(each <= gone for each in needed):
                    continue
                if self.is_over:
                    return network
                trial = self.without(network, places, info)
                if trial is not None and trial.state.chi2 / self.scale > network.cost:
                    needed.append(gone)  # no network without them is better
                better = self._if_better(network, trial)
                if better is not None:
                    network = better
                    break
            else:
                return network
        return network

    def _if_better(self, network: ReactionSet, trial: ReactionSet | None) -> ReactionSet | None:
        if trial is None or trial.cost >= network.cost:
            return None
        self.report(f"{len(trial.kept)} reactions")
        return trial

    def _groups(self, network: ReactionSet, info: Information) -> list[tuple[float, Integers]]:
        """Reactions and pairs of opposite ones, with what the cost would rise by without them, the least first."""
        directions = [] if self.reversible else network.problem.reactions.directions
        index = {direction: i for i, direction in enumerate(directions)}
        backs = [index.get(d.reverse) for d in directions]
        pairs = [[i, j] for i, j in enumerate(backs) if j is not None and i < j]
        covariance = info.covariance()
        groups = []
        may_go = self._may_go(network)
        for each in (*([i] for i in range(len(network.kept))), *pairs):
            if not may_go[each].all():
                continue
            block = covariance[np.ix_(each, each)]
            score = float(np.sum(inverse_of(block, 1e-9)))
            groups.append((score / self.scale - self.threshold * len(each), np.array(each)))
        return sorted(groups, key=lambda group: group[0])

    def extended(self, network: ReactionSet) -> ReactionSet | None:
        """The network with the absent candidate that improves it most, or None where none improves it."""
        model = self.model(network)
        gains = model.gains() / self.scale
        for place in np.argsort(-gains)[:3]:
            if gains[place] < self.threshold:
                break
            trial = self._if_better(network, self._with(network, model, int(place), model.amount(int(place))))
            if trial is not None:
                return trial
        return self._at_equilibrium(network, model)

    def _at_equilibrium(self, network: ReactionSet, model: QuadraticModel) -> ReactionSet | None:
        """The network with the other direction of a reaction that it needs, or None.

        Of a reaction that is fast both ways the slope where one way is absent says nothing: it starts near where the
        measured concentrations would be at equilibrium, or as much below as their noise may hide.
        """
        problem, state = network.problem, network.state
        there = {d: i for i, d in enumerate(problem.reactions.directions)}
        values = np.where(problem.data.known, problem.data.values, state.samples)
        values = np.maximum(values, problem.noise.deviation(values))
        for place in self.reverses(network, model):
            back = self.everything.reactions.directions[model.absent[place]]
            quotient = np.sum(np.log(values) * np.subtract(back.products, back.reactants), axis=-1)
            highest = state.theta[there[back.reverse]] + problem.basis.fitted(problem.data.temperature, quotient)
            kept = (*network.kept, model.absent[place])
            larger = self.everything.only(np.array(kept, dtype=np.int64))
            starts = [
                larger.evaluate(np.vstack([state.theta, highest - down * (np.arange(len(highest)) == 0)]), state.first)
                for down in LOWERED
            ]
            best = min((each for each in starts if each is not None), key=lambda each: each.chi2, default=None)
            if best is not None and best.chi2 < state.chi2 - self.threshold * self.scale:
                trial = self._if_better(network, self.network(kept, best.theta, best.first, best, network.cost))
                if trial is not None:
                    return trial
        return None

    def _with(
        self, network: ReactionSet, model: QuadraticModel, place: int, amount: float, instead_of: int | None = None
    ) -> ReactionSet | None:
        """The network with an absent candidate at a rate constant, in place of a kept one where that is given."""
        if amount <= 0:
            return None
        stay = [i for i in range(len(network.kept)) if i != instead_of]
        kept = (*(network.kept[i] for i in stay), model.absent[place])
        theta = np.vstack([network.state.theta[stay], model.law(place, amount)])
        return self.network(kept, theta, network.state.first, network.state, network.cost + 2 * INDISTINCT)

    def with_partners(self, network: ReactionSet, partners: dict[int, Array]) -> ReactionSet:
        """The network with more candidates at given parameters; itself where that cannot be integrated."""
        theta = np.vstack([network.state.theta, *partners.values()])
        return self.network((*network.kept, *partners), theta, network.state.first, network.state) or network

    def model(self, network: ReactionSet) -> QuadraticModel:
        """The network beside all absent candidates, each with the most promising trial law, as a quadratic model."""
        absent = tuple(sorted(set(range(int(self.everything.parameter[-1]) + 1)) - set(network.kept)))
        problem = self.everything.only(np.array(network.kept + absent, dtype=np.int64))
        mine = network.problem.all_of(network.state.theta)

        def tried(laws: Array) -> QuadraticModel:
            theta = np.vstack([mine, np.where(np.arange(laws.shape[1]) == 0, -np.inf, laws)])
            info = information(replace(network.state, problem=problem, theta=theta))
            return QuadraticModel(len(network.kept), absent, info, laws)

        trials = problem.basis.trials
        models = [tried(np.tile(law, (len(absent), 1))) for law in trials]
        if len(models) == 1:
            return models[0]
        best = np.argmax([each.gains() for each in models], axis=0)
        return tried(trials[best])

    def selected(self, network: ReactionSet) -> ReactionSet:
        """Drop what is not needed, test the absent ones, and again until nothing changes."""
        network = self.reduced(network)
        for _ in range(ROUNDS):
            if self.is_over:
                return network
            larger = self.extended(network)
            if larger is None:
                return network
            network = self.reduced(larger)
        return network

    def competing(self, best: ReactionSet) -> tuple[ReactionSet, list[ReactionSet]]:
        """The best network in the neighbourhood, and those that the data do not distinguish from it."""
        seen: dict[frozenset[int], ReactionSet | None] = {frozenset(best.kept): best}
        open_ = [best]
        while open_ and len(seen) < MOST_TRIALS and not self.is_over:
            network = open_.pop(0)
            if network.cost > best.cost + INDISTINCT:
                continue
            for trial in self._neighbours(network, seen):
                open_.append(trial)
                if trial.cost < best.cost:
                    best = trial
        near = [n for n in seen.values() if n is not None and n is not best and n.cost < best.cost + INDISTINCT]
        others = [n for n in near if not self._adds_nothing(n, best)]
        others += [n for n in self._with_reverses(best) if frozenset(n.kept) not in {frozenset(o.kept) for o in others}]
        return best, sorted(others, key=lambda n: n.cost)[:MOST_NETWORKS]

    def _adds_nothing(self, network: ReactionSet, best: ReactionSet) -> bool:
        """Whether a network is the best with more reactions, whose rates may as well be zero."""
        gain = (best.state.chi2 - network.state.chi2) / self.scale
        return set(network.kept) > set(best.kept) and gain < self.interval_rise

    def _with_reverses(self, best: ReactionSet) -> list[ReactionSet]:
        """The network with the other direction of one of its reactions, where an interval for its rate leaves out zero.

        Nearly every reaction has one, so that less speaks for it than for one that may be any.
        """
        model = self.model(best)
        gains = model.gains() / self.scale
        there = [place for place in self.reverses(best, model) if gains[place] > self.interval_rise]
        trials = [self._with(best, model, place, model.amount(place)) for place in there]
        return [
            each
            for each in trials
            if each is not None and each.state.chi2 < best.state.chi2 - self.interval_rise * self.scale
        ]

    def reverses(self, network: ReactionSet, model: QuadraticModel) -> list[int]:
        """Places among the absent candidates of the other directions of what is there."""
        if self.reversible:
            return []
        directions = self.everything.reactions.directions
        there = {directions[i].reverse for i in network.kept}
        return [place for place, i in enumerate(model.absent) if directions[i] in there]

    def upper_limits(self, network: ReactionSet) -> list[tuple[OneWayReaction, float]]:
        """Other directions of its reactions that are not there, and the rate constant below which they may be."""
        model = self.model(network)
        limits = model.limits(INTERVAL_RISES[0] * self.scale)
        directions = self.everything.reactions.directions
        return [(directions[model.absent[place]], float(limits[place])) for place in self.reverses(network, model)]

    def _neighbours(self, network: ReactionSet, seen: dict[frozenset[int], ReactionSet | None]) -> list[ReactionSet]:
        """Networks with one reaction exchanged, added or left out that may be as good."""
        model = self.model(network)
        trials: list[tuple[float, int | None, int | None]] = []
        alone, exchanges, may_go = model.without() / self.scale, model.exchanges(), self._may_go(network)
        for (kept, absent), (rise, _) in exchanges.items():
            if rise / self.scale < max(4 * INDISTINCT, COLLINEAR * alone[kept]):
                trials.append((rise / self.scale, kept, absent))
        trials += [(self.threshold - gain, None, q) for q, gain in enumerate(model.gains() / self.scale)]
        trials += [(loss - self.threshold, r, None) for r, loss in enumerate(alone)]
        found = []
        for loss, r, q in sorted(trials, key=lambda trial: trial[0]):
            if (r is not None and not may_go[r]) or ((r is None or q is None) and loss > 1.5 * INDISTINCT):
                continue
            left = set(network.kept) - (set() if r is None else {network.kept[r]})
            key = frozenset(left | (set() if q is None else {model.absent[q]}))
            if key in seen or len(seen) >= MOST_TRIALS or self.is_over:
                continue
            if q is None:
                trial = self.without(network, np.array([r]), model.info.of_first(model.count))
            else:
                amount = model.amount(q) if r is None else exchanges[r, q][1]
                trial = self._with(network, model, q, amount, r)
            seen[key] = trial
            if trial is not None:
                found.append(trial)
        return found
