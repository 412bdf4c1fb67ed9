"""From balances of runs without rates to the reactions and rate constants that their trajectories need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from ..chemistry.arrays import Array, Integers
from ..chemistry.mechanism import Arrhenius
from ..chemistry.one_way import OneWayReaction
from ..data.balances.balances import Balances
from ..data.balances.derivative import differential_balances
from ..data.balances.integral_forms import integral_balances, weak_balances
from ..data.noise.concentration_noise import Noise, estimate_noise
from ..data.progress import Progress, silent
from ..data.sampling.thinning import thinned
from ..data.trajectories import Trajectories
from ..errors import DataError
from .candidates.trajectory_candidates import Candidates, candidates
from .fit.energy_restarts import with_other_energies
from .fit.learned_reactions import Bounds, FittedReaction
from .fit.nnls import rates_by_rows
from .fit.noise_continuation import continued_in_noise, faint_rate, has_unresolved_start
from .fit.outliers import (
    OUTLIER,
    chi2_per_datum,
    chi2_without_reactions,
    has_outliers,
    noise_left,
    outliers,
    systematic_misfit,
)
from .fit.rate_bounds import UNDETERMINED, bounds, bounds_beside_all
from .fit.run_arrays import run_arrays
from .fit.trajectory_fit import fitted, full_information
from .fit.trajectory_problem import FitState, TrajectoryProblem
from .fit.trajectory_result import CompetingNetwork, TrajectoryFit
from .select.cycle_conditions import possible, preferred
from .select.reaction_set import ReactionSet
from .select.trajectory_selection import Selector
from .settings import Search
from .status import LARGEST_CHI2

FORMS = {"weak": weak_balances, "integral": integral_balances, "derivative": differential_balances}
REWEIGHTED = 2
FINER = 4
"""Times that all steps are halved where Newton's iteration fails at the rates that the balances give."""
WITHOUT_REACTIONS = 1.5
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
    noise = estimate_noise(runs, search.noise)
    form: str
    if search.balances != "auto":
        form, why = search.balances, "as asked for"
    elif search.method in ("network", "both"):
        form, why = "weak", "for the network"
    else:
        pool = candidates(runs, noise, search)
        histories = [run for run in runs.runs if run.is_time_history]
        some = runs.select(histories[:: -(-len(histories) // MOST_COMPARED)] if histories else runs.runs)
        misfits: dict[str, float] = {}
        for name, maker in FORMS.items():
            with threadpool_limits(limits=1):
                start = _start(maker(some, noise=noise), pool)
            misfits[name] = np.inf if start is None else start[0].chi2 / start[0].problem.data.count
        form = min(misfits, key=lambda name: misfits[name])
        listed = ", ".join(f"{name} {misfit:.3g}" for name, misfit in misfits.items())
        why = f"whose rates follow the trajectories best (χ² per datum: {listed})"
    return FORMS[form](runs, noise=noise), f"Balances: {form}, {why}. {drawn}".strip()


def fit_of_trajectories(
    balances: Balances, search: Search, report: Progress, pool: Candidates, deadline: float = np.inf
) -> TrajectoryFit | None:
    """Candidates by the balances, rates by the trajectories, and only the reactions that those need.

    ``pool`` holds the reactions to choose from; after the ``deadline`` of the monotonic clock [s] the best so far is
    taken. None where runs in which nothing reacts explain the data as well.

    Raises
    ------
    DataError
        If the rates that the balances give cannot be integrated.
    """
    origin = balances.trajectories
    assert origin is not None
    data = run_arrays(origin.runs)
    continued = None
    if has_unresolved_start(data, origin.noise):
        continued = continued_in_noise(pool.select(pool.simplest), data, origin.noise, search.noise, deadline)
    started = None if continued is None else (continued, pool.simplest)
    if continued is None or _misfit(continued, origin.noise) > LARGEST_CHI2:
        by_balances = _start(balances, pool, deadline)
        if started is None or (by_balances and by_balances[0].chi2 < data.count * _misfit(started[0], origin.noise)):
            continued, started = None, by_balances
    if started is None:
        if chi2_without_reactions(TrajectoryProblem.of(pool, data, origin.noise)) < WITHOUT_REACTIONS * data.count:
            return None
        raise DataError(
            "The rates that the balances give cannot be integrated: the samples are too far apart for the fastest "
            "reactions, or a species that reacts is missing or in a wrong unit. Bring more samples near the start of "
            "the runs, and look at what `mechlearn inspect` says of the columns."
        )
    report(0.1, f"{len(started[1])} of {len(pool)} candidates")
    selector, network, misfit = with_competitors(pool, *started, origin.runs, search, report, deadline)
    if continued is not None:
        selector = replace(selector, certain=np.inf)
    before = network.state
    network = selector.selected(network)
    if continued is None and not selector.is_over:
        # noise as these reactions leave it, which are fewer than those of the start
        kept = np.array(network.kept)
        selector, network, misfit = with_competitors(pool, network.state, kept, origin.runs, search, report, deadline)
        before = network.state
    if misfit <= LARGEST_CHI2 and chi2_without_reactions(network.problem) / selector.scale <= network.cost:
        return None
    report(0.8, "looking for other networks")
    best, others = selector.competing(network)
    chosen, others = preferred(selector, [best, *others])
    fit = _result(chosen, others, pool, origin.runs, misfit * chosen.state.chi2 / before.chi2, deadline)
    found = _with_bounds(fit.found, chosen, selector, continued is not None, report)
    limits = tuple(selector.upper_limits(chosen))
    rivals = tuple(each for each in fit.alternatives if not _hidden_by_speed(found, each))
    return replace(
        fit,
        found=found,
        alternatives=rivals,
        unresolved=continued is not None,
        upper_limits=limits,
        closes_cycle=not (pool.reversible or possible(chosen.problem.reactions.directions)),
    )


def with_competitors(
    pool: Candidates,
    state: FitState,
    support: Integers,
    runs: Trajectories,
    search: Search,
    report: Progress,
    deadline: float = np.inf,
) -> tuple[Selector, ReactionSet, float]:
    """All candidates beside those that the state holds, both with weights that belong to the fit of these.

    Returns
    -------
    tuple of (Selector, ReactionSet, float)
        And χ² per datum with the noise found in the data alone.
    """
    state, misfit = _weighted(state, runs, search, deadline)
    problem = state.problem
    everything = TrajectoryProblem.of(pool, problem.data, problem.noise, deadline)
    everything = replace(everything, inverse=problem.inverse, steps=problem.steps, robust=problem.robust)
    threshold = float(problem.basis.count * np.log(problem.data.count) + 2 * np.log(len(pool)))
    scale = chi2_per_datum(state)
    needed = frozenset(pool.given)
    selector = Selector(
        everything, pool.reversible, threshold, scale, lambda text: report(0.5, text), needed=needed, deadline=deadline
    )
    network = ReactionSet(tuple(support.tolist()), state, state.chi2 / scale + threshold * len(support))
    return selector, network, misfit


def _start(balances: Balances, pool: Candidates, deadline: float = np.inf) -> tuple[FitState, Integers] | None:
    """The candidates that carry flux in the balances, integrated with the rates found there."""
    origin = balances.trajectories
    assert origin is not None
    theta, basis = rates_by_rows(balances, pool)
    data = run_arrays(origin.runs)
    for number, given in pool.given.items():
        if given.rate is not None or not np.isfinite(theta[number, 0]):
            theta[number] = basis.theta(given.rate or faint_rate(pool.written[number], data))
    support = np.flatnonzero(np.isfinite(theta[:, 0]))
    if not len(support):
        return None
    problem = TrajectoryProblem.of(pool.select(support), data, origin.noise)
    laws = [basis.law(each) for each in theta[support]]
    parameters = np.array([problem.basis.theta(each) for each in laws])
    state = problem.evaluate(parameters, data.first)
    if state is None:
        problem = replace(problem, steps=problem.steps.finer(FINER))
        state = problem.evaluate(parameters, data.first)
    return None if state is None else (replace(state, problem=replace(problem, deadline=deadline)), support)


def _weighted(state: FitState, runs: Trajectories, search: Search, deadline: float) -> tuple[FitState, float]:
    """Rates, steps and weights that belong together, and χ² per datum with the noise found in the data alone."""
    state = fitted(state.resolved(), tolerance=1.0, iterations=10, deadline=deadline).resolved()
    if state.problem.basis.count > 1:
        state = with_other_energies(state, deadline).resolved()
    misfit = np.inf
    for _ in range(REWEIGHTED):
        problem = state.problem.with_weights(state.samples, noise_left(state, search.noise))
        robust = search.loss == "huber" or (search.loss == "auto" and has_outliers(replace(state, problem=problem)))
        state = replace(state, problem=replace(problem, robust=robust))
        again = state.under(state.problem)
        if again is None:
            break
        state = fitted(again, tolerance=1.0, iterations=10, deadline=deadline)
        misfit = _misfit(state, estimate_noise(runs, problem.noise.kind))
    return state, misfit


def _misfit(state: FitState, noise: Noise) -> float:
    """χ² per datum of a state by the noise of the data; outliers count as little as they may."""
    scores = np.abs(replace(state, problem=state.problem.with_weights(state.samples, noise)).scores)
    return float(np.sum(np.minimum(scores, OUTLIER) ** 2)) / state.problem.data.count


def _result(
    best: ReactionSet, others: list[ReactionSet], pool: Candidates, runs: Trajectories, misfit: float, deadline: float
) -> TrajectoryFit:
    state = fitted(best.state.resolved(), tolerance=1e-4, deadline=deadline)
    problem, data = state.problem, state.problem.data
    free = np.eye(len(state.theta)) if problem.sums is None else problem.sums
    sums = np.asarray(np.kron(np.diag(problem.basis.scales), free), dtype=float)
    covariance = sums @ full_information(state).covariance() @ sums.T * chi2_per_datum(state)
    theta, every = problem.all_of(state.theta), pool.written
    columns = np.exp(theta[:, 0]), np.sqrt(np.diag(covariance)[: len(theta)]), _contributions(state)
    laws = [problem.basis.law(each) for each in theta]
    written = [every[candidate] for candidate in best.kept]
    found = [
        FittedReaction(direction, law, float(constant), float(error), None, float(contribution))
        for direction, law, constant, error, contribution in zip(written, laws, *columns, strict=True)
    ]
    left = ((state.samples - data.values) / np.maximum(data.span, 1e-300))[data.known]
    return TrajectoryFit(
        found=tuple(found),
        covariance=tuple(map(tuple, covariance.tolist())),
        temperature=problem.basis.reference,
        alternatives=tuple(each.as_competing for each in others),
        candidates=len(pool),
        reversible=pool.reversible,
        misfit=misfit,
        loss=float(np.sqrt(np.mean(left**2))),
        noise=problem.noise if misfit <= LARGEST_CHI2 else estimate_noise(runs, problem.noise.kind),
        outliers=outliers(state, runs.species_names),
        robust=problem.robust,
        data=data.count,
        systematic=systematic_misfit(state),
        unresolved=False,
        from_detailed_balance=tuple(written[len(state.theta) :]),
    )


def _with_bounds(
    found: tuple[FittedReaction, ...], network: ReactionSet, selector: Selector, unresolved: bool, report: Progress
) -> tuple[FittedReaction, ...]:
    """The reactions with bounds where they are unknown, or where other candidates may do part of what they do."""
    free = len(network.state.theta)
    known = [place >= free or each.std_error_log_k < UNDETERMINED for place, each in enumerate(found)]
    network = network.freed()
    limits: list[Bounds | None] = [None] * len(found)
    partners: dict[int, Array] = {}
    if unresolved:
        model = selector.model(network)
        for place in np.flatnonzero(known[:free]).tolist():
            constant, error = found[place].constant, found[place].std_error_log_k
            limits[place] = bounds_beside_all(model, place, constant, error, selector.scale)
            if limits[place] is not None:
                partners |= model.partners(place, selector.scale)
    if not all(known) and not selector.is_over:
        report(0.9, "bounding rate constants")
        larger = selector.with_partners(network, partners) if partners else network
        state = fitted(larger.state.resolved(), tolerance=1e-4)
        for place in np.flatnonzero(~np.array(known)).tolist():
            limits[place] = bounds(state, place, chi2_per_datum(state))
    return tuple(replace(each, bounds=limit) for each, limit in zip(found, limits, strict=True))


def _hidden_by_speed(found: tuple[FittedReaction, ...], other: CompetingNetwork) -> bool:
    """Whether a network differs only in the order of reactions that are too fast for the data to limit their rates."""
    mine, theirs = {each.direction: each for each in found}, set(other.directions)
    gone = [each for direction, each in mine.items() if direction not in theirs]
    changes = [sorted(each.rate_law[1] for each in some) for some in ([e.direction for e in gone], theirs - set(mine))]
    return changes[0] == changes[1] and all(each.bounds is not None and each.bounds[1] is None for each in gone)


def competing_networks(
    rates: Mapping[OneWayReaction, Arrhenius], balances: Balances, search: Search
) -> tuple[CompetingNetwork, ...] | None:
    """Networks one reaction away from a given one, whose trajectories explain the data as well.

    Parameters
    ----------
    rates : mapping of OneWayReaction to Arrhenius
        The one-way reactions and their rate constants, near those that fit best.
    balances : Balances
        Of concentrations alone.
    search : Search
        Which reactions count.

    Returns
    -------
    tuple of CompetingNetwork or None
        None where a reaction is not among those that are looked at, or the rates cannot be integrated.
    """
    origin = balances.trajectories
    assert origin is not None
    pool = candidates(origin.runs, origin.noise, search)
    support = np.array([i for i, each in enumerate(pool.written) if each in rates], dtype=np.int64)
    held = {pool.reactions.directions[i] for i in np.flatnonzero(np.isin(pool.parameter, support))}
    if not len(support) or not rates.keys() <= held:
        return None
    data = run_arrays(origin.runs)
    with threadpool_limits(limits=1):
        problem = TrajectoryProblem.of(pool.select(support), data, origin.noise)
        theta = np.array([problem.basis.theta(rates[pool.written[i]]) for i in support])
        state = problem.evaluate(theta, data.first)
        if state is None:
            return None
        selector, network, _ = with_competitors(pool, state, support, origin.runs, search, silent)
        state = network.state
        mine = selector.network(network.kept, state.theta, state.first, state) or network
        best, others = selector.competing(mine)
    return tuple(each.as_competing for each in (best, *others) if each is not mine)


def _contributions(state: FitState) -> Array:
    """Largest contribution of each candidate to what any species gains and loses in any sample, shape (Q,)."""
    problem, size = state.problem, np.abs(state.problem.reactions.net)
    constants = problem.constants_at(state.theta, problem.data.temperature)
    flux = problem.reactions.monomials(state.samples) * constants
    gross = flux @ size
    gross = np.maximum(gross, 1e-9 * gross.max(axis=(0, 1)) + 1e-300)
    each = flux[..., None] * size / gross[..., None, :]
    starts = np.flatnonzero(np.diff(problem.parameter, prepend=-1))
    return np.asarray(np.maximum.reduceat(each.max(axis=(0, 1, 3)), starts))
