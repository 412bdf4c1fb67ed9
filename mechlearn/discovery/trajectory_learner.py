"""From balances of runs without rates to the reactions and rate constants that their trajectories need."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..data.balances.balances import Balances
from ..data.balances.derivative import differential_balances
from ..data.balances.integral import integral_balances
from ..data.balances.weak import weak_balances
from ..data.noise.concentration_noise import estimate_noise
from ..data.progress import Progress
from ..data.sampling.thinning import thinned
from ..data.trajectories import Trajectories
from ..errors import DataError
from .candidates.trajectory_candidates import Candidates, candidates
from .fit.nnls import rates_by_rows
from .fit.noise_continuation import continued_in_noise, jumps
from .fit.outliers import FAR, chi2_of_still_runs, left_over, noise_left, outliers, scores
from .fit.rate_bounds import VAGUE, bounds, bounds_beside_all
from .fit.run_arrays import run_arrays
from .fit.step_resolution import resolved
from .fit.trajectory_fit import FitState, TrajectoryProblem, evaluate, fitted, information
from .fit.trajectory_result import CompetingNetwork, FittedReaction, TrajectoryFit
from .select.cycle_conditions import preferred
from .select.trajectory_selection import ReactionSet, Selector
from .settings import Search

Array = NDArray[np.float64]
Tell = Progress

MAKERS = {"weak": weak_balances, "integral": integral_balances, "derivative": differential_balances}
REWEIGHTED = 2
STILL = 1.5
"""χ² per datum up to which runs in which nothing changes explain the data."""
MOST_COMPARED = 6
"""Runs by which the forms of balances are compared."""


def chosen_balances(runs: Trajectories, search: Search) -> tuple[Balances, str]:
    """Balances of the form that is asked for; with ``auto``, of that whose rates follow the trajectories best.

    Returns
    -------
    tuple of (Balances, str)
        And what was chosen, and why, in a sentence.
    """
    runs, drawn = thinned(runs, search.seed)
    if search.balances != "auto" or search.method in ("network", "both"):
        form, why = (search.balances, "as asked for") if search.balances != "auto" else ("weak", "for the network")
        balances = MAKERS[form](runs, noise=estimate_noise(runs, search.noise))
        return balances, f"Balances: {form}, {why}. {drawn}".strip()
    spread = estimate_noise(runs, search.noise)
    pool = candidates(runs, spread, search)
    histories = [run for run in runs.runs if run.is_time_history]
    some = runs.select(histories[:: -(-len(histories) // MOST_COMPARED)] if histories else runs.runs)
    misfits: dict[str, float] = {}
    for name, maker in MAKERS.items():
        with threadpool_limits(limits=1):
            start = _start(maker(some, noise=spread), pool)
        misfits[name] = np.inf if start is None else start[1].chi2 / start[0].data.count
    best = min(misfits, key=lambda name: misfits[name])
    listed = ", ".join(f"{name} {misfit:.3g}" for name, misfit in misfits.items())
    return MAKERS[best](
        runs, noise=spread
    ), f"Balances: {best}, whose rates follow the trajectories best (χ² per datum: {listed}). {drawn}".strip()


def fit_of_trajectories(balances: Balances, search: Search, tell: Tell, pool: Candidates) -> TrajectoryFit | None:
    """Candidates by the balances, rates by the trajectories, and only the reactions that those need.

    ``pool`` holds the reactions to choose from. None where runs in which nothing reacts explain the data as well.

    Raises
    ------
    DataError
        If the rates that the balances give cannot be integrated.
    """
    histories = balances.trajectories
    assert histories is not None
    annealed_start = _after_a_jump(balances, pool, search)
    started = annealed_start or _start(balances, pool)
    if started is None:
        data = run_arrays(histories.runs)
        if chi2_of_still_runs(TrajectoryProblem.of(pool, data, histories.noise)) < STILL * data.count:
            return None
        raise DataError(
            "The rates that the balances give cannot be integrated: the samples are too far apart for the fastest "
            "reactions, or a species that reacts is missing or in a wrong unit. Bring more samples near the start of "
            "the runs, and look at what `mechlearn inspect` says of the columns."
        )
    problem, state, support = started
    tell(0.1, f"{len(support)} of {len(pool)} candidates")
    selector, network, misfit = with_competitors(pool, problem, state, support, histories.runs, search, tell)
    if annealed_start is not None:
        selector = replace(selector, sure=np.inf)
    state = network.state
    network = selector.selected(network)
    if annealed_start is None:  # noise as these reactions leave it, which are fewer than those of the start
        kept = np.array(network.kept)
        selector, network, misfit = with_competitors(
            pool, network.problem, network.state, kept, histories.runs, search, tell
        )
        state = network.state
    if chi2_of_still_runs(network.problem) / selector.scale <= network.cost:
        return None
    tell(0.8, "looking for other networks")
    best, near = selector.rivals(network)
    chosen, near = preferred(selector, [best, *near])
    fit = _told(chosen, near, pool, histories.runs, misfit * chosen.state.chi2 / state.chi2)
    found = _bounded(fit.found, chosen, selector, annealed_start is not None, tell)
    fit = replace(fit, found=found, unresolved=annealed_start is not None)
    return replace(fit, upper_limits=tuple(selector.upper_limits(chosen)))


def with_competitors(
    pool: Candidates,
    problem: TrajectoryProblem,
    state: FitState,
    support: NDArray[np.int64],
    runs: Trajectories,
    search: Search,
    tell: Tell,
) -> tuple[Selector, ReactionSet, float]:
    """All candidates beside those that the problem holds, both with weights that belong to the fit of these.

    Returns
    -------
    tuple of (Selector, Network, float)
        And χ² per datum with the noise found in the data alone.
    """
    problem, state, misfit = _settled(problem, state, runs, search)
    count = problem.data.count
    full = TrajectoryProblem.of(pool, problem.data, problem.spread)
    full = replace(full, inverse=problem.inverse, steps=problem.steps, robust=problem.robust)
    threshold = float(np.log(count) + 2 * np.log(len(pool)))
    scale = left_over(problem, state)
    selector = Selector(full, pool.reversible, threshold, scale, lambda text: tell(0.5, text))
    network = ReactionSet(tuple(support.tolist()), problem, state, state.chi2 / scale + threshold * len(support))
    return selector, network, misfit


def _after_a_jump(
    balances: Balances, pool: Candidates, search: Search
) -> tuple[TrajectoryProblem, FitState, NDArray[np.int64]] | None:
    """All candidates, annealed, where fast reactions end before the second sample."""
    histories = balances.trajectories
    assert histories is not None
    data = run_arrays(histories.runs)
    if not jumps(data, histories.noise):
        return None
    started = continued_in_noise(pool, data, histories.noise, search.noise)
    return None if started is None else (*started, np.arange(len(pool)))


def _start(balances: Balances, pool: Candidates) -> tuple[TrajectoryProblem, FitState, NDArray[np.int64]] | None:
    """The candidates that carry flux in the balances, integrated with the rates found there."""
    histories = balances.trajectories
    assert histories is not None
    constants = rates_by_rows(balances, pool)
    support = np.flatnonzero(constants > 0)
    if not len(support):
        return None
    data = run_arrays(histories.runs)
    problem = TrajectoryProblem.of(pool.select(support), data, histories.noise)
    state = evaluate(problem, np.log(constants[support]), data.first)
    return None if state is None else (problem, state, support)


def _settled(
    problem: TrajectoryProblem, state: FitState, runs: Trajectories, search: Search
) -> tuple[TrajectoryProblem, FitState, float]:
    """Rates, steps and weights that belong together, and χ² per datum with the noise found in the data alone."""
    problem, state = resolved(problem, state)
    state = fitted(problem, state, tolerance=1.0, iterations=10)
    problem, state = resolved(problem, state)
    misfit = np.inf
    for _ in range(REWEIGHTED):
        spread = noise_left(problem, state, search.noise)
        problem = problem.with_weights(state.samples, spread)
        far = np.abs(scores(problem, state)) > FAR
        problem = replace(problem, robust=search.loss == "huber" or (search.loss == "auto" and bool(far.any())))
        again = evaluate(problem, state.theta, state.first, state.history)
        if again is None:
            break
        state = fitted(problem, again, tolerance=1.0, iterations=10)
        alone = problem.with_weights(state.samples, estimate_noise(runs, spread.kind))
        misfit = float(np.sum(np.minimum(np.abs(scores(alone, state)), FAR) ** 2)) / problem.data.count
    return problem, state, misfit


def _told(
    best: ReactionSet,
    near: list[ReactionSet],
    pool: Candidates,
    runs: Trajectories,
    misfit: float,
) -> TrajectoryFit:
    problem, state = resolved(best.problem, best.state)
    state = fitted(problem, state, tolerance=1e-4)
    scale = left_over(problem, state)
    sums = np.eye(len(state.theta)) if problem.sums is None else problem.sums
    covariance = sums @ information(problem, state).covariance() @ sums.T * scale
    errors = np.sqrt(np.diag(covariance))
    constants = np.exp(problem.all_of(state.theta))
    shares = _contributions(problem, state)
    written = pool.written
    found = []
    for place, candidate in enumerate(best.kept):
        size, error, share = (float(each[place]) for each in (constants, errors, shares))
        found.append(FittedReaction(written[candidate], size, error, None, share))
    data = problem.data
    span = np.maximum(np.ptp(np.where(data.known, data.values, 0.0), axis=(0, 1)), 1e-300)
    left = ((state.samples - data.values) / span)[data.known]
    return TrajectoryFit(
        found=tuple(found),
        covariance=tuple(map(tuple, covariance.tolist())),
        alternatives=tuple(competing_network(each) for each in near),
        candidates=len(pool),
        reversible=pool.reversible,
        misfit=misfit,
        loss=float(np.sqrt(np.mean(left**2))),
        spread=problem.spread,
        outliers=outliers(problem, state, runs.species_names),
        robust=problem.robust,
        data=data.count,
        unresolved=False,
        from_detailed_balance=tuple(written[best.kept[place]] for place in range(len(state.theta), len(best.kept))),
    )


def _bounded(
    found: tuple[FittedReaction, ...], network: ReactionSet, selector: Selector, unresolved: bool, tell: Tell
) -> tuple[FittedReaction, ...]:
    """The reactions with bounds where they are vague, or where other candidates may do part of what they do."""
    free = len(network.state.theta)
    known = [place >= free or each.std_error_log_k < VAGUE for place, each in enumerate(found)]
    network = network.freed()
    limits: list[tuple[float | None, float | None] | None] = [None] * len(found)
    partners: dict[int, float] = {}
    if unresolved:
        wide = selector.wide(network)
        for place in np.flatnonzero(known[:free]):
            constant, error = found[place].constant, found[place].std_error_log_k
            limits[place] = bounds_beside_all(wide, int(place), constant, error, selector.scale)
            if limits[place] is not None:
                partners |= wide.partners(int(place), selector.scale)
    if not all(known):
        tell(0.9, "bounding rate constants")
        beside = selector.beside(network, partners) if partners else network
        problem, state = resolved(beside.problem, beside.state)
        state = fitted(problem, state, tolerance=1e-4)
        for place in np.flatnonzero(~np.array(known)):
            limits[place] = bounds(problem, state, int(place), left_over(problem, state))
    return tuple(replace(each, bounds=limit) for each, limit in zip(found, limits, strict=True))


def competing_network(network: ReactionSet) -> CompetingNetwork:
    """The one-way reactions of a network with their rate constants."""
    constants = network.problem.constants(network.state.theta)[0].tolist()
    return CompetingNetwork(network.problem.reactions.directions, tuple(constants))


def _contributions(problem: TrajectoryProblem, state: FitState) -> Array:
    """Largest share of each candidate in what any species gains and loses in any sample, shape (Q,)."""
    flux = problem.reactions.monomials(state.samples) * problem.constants(state.theta)[:, None]
    gross = flux @ np.abs(problem.reactions.net)
    gross = np.maximum(gross, 1e-9 * gross.max(axis=(0, 1)) + 1e-300)
    each = flux[..., None] * np.abs(problem.reactions.net) / gross[..., None, :]
    starts = np.flatnonzero(np.diff(problem.parameter, prepend=-1))
    return np.asarray(np.maximum.reduceat(each.max(axis=(0, 1, 3)), starts))
