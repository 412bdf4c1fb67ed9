"""The search in runs without production rates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..chemistry.arrays import Integers
from ..chemistry.one_way import OneWayReaction, undirected
from ..data.balances.balances import Balances, TrajectoryOrigin
from ..data.progress import Progress
from ..data.sampling.missing_species import from_nothing
from ..data.temperature_history import is_steady
from ..data.trajectories import Trajectories
from ..errors import DataError, StudyError
from .candidates.given import known_reactions
from .candidates.larger_pools import larger_pools, overall_reactions
from .candidates.network.row_search import RowSearch
from .candidates.other_orders import with_catalysts
from .candidates.trajectory_candidates import Candidates, candidates_of, possible_rows
from .contradictions import contradictions
from .fit.learned_reactions import joined
from .fit.trajectory_result import CompetingNetwork, TrajectoryFit
from .result import Discovery, discovered, no_reactions
from .settings import KnownReaction, Search
from .status import LARGEST_CHI2, VALUES_PER_REACTION, status_from_trajectories
from .trajectory_learner import competing_networks, fit_of_trajectories

MOST_NAMED = 4
"""Reactions that a sentence names."""
TRAJECTORY_SENTENCES = {
    "recovered": "The trajectories of the reactions found explain the concentrations to {level}, and no other network "
    "of the {pool} does nearly as well.{limits}",
    "ambiguous": "The data are explained to {level}, but {count} them as well: {others}. Bring samples where these "
    "differ, with less noise, or compositions (conserve: elements).{hidden}{limits}",
    "needs-catalysts": "The data are explained to {level}, but only by reactions with a species on both sides: "
    "{special}. Learn with catalysts: true to accept them.{limits}",
    "approximate-rate-laws": "The data are explained to {level} by overall reactions, whose orders are not their "
    "coefficients: {special}. Each stands for several elementary steps, of which the data show the slowest.{limits}",
    "one-way-cycle": "The data are explained to {level}, but by reactions that close a cycle one way, which detailed "
    "balance forbids: they stand for another rate law, as of a species that was not measured.{limits}",
    "unexplained-residual": "The reactions found miss the concentrations by {times} times their noise, {loss} of their "
    "range.{looked_for}{beside} A species that reacts may not be among those measured, or the rate law may be one that "
    "this version does not know. Measure what could be missing, or name it under `complete:`, with a mechanism that "
    "has the compositions, if the elements determine it and it is absent at the start.",
    "systematic": "The reactions found explain single values to {level}, but whole parts of runs are off "
    "together, by {times} times what noise makes of their means.{looked_for}{beside} The temperatures, the calibration "
    "of a species or the rate law of a reaction may be a little wrong. Check the temperatures of the runs first: rate "
    "constants follow them closely.",
    "undersampled": "The reactions found explain the data to {level}, but fast ones end before the second sample: "
    "their rate constants, and networks that differ by them, cannot be known. Bounds stand where other candidates may "
    "do part of what a reaction does; those of reactions too fast to be seen are for this network only. Bring some ten "
    "samples, evenly spaced in the logarithm of time, before the second one.{beside}{hidden} Bring more runs or more "
    "times.",
    "too-few-values": "{values} values are too few to distinguish {reactions} one-way reactions from others. Bring "
    "more runs or more times.",
}
"""What is said of trajectories, by status; "systematic", "one-way-cycle" and "too-few-values" where that has another
reason."""


def from_trajectories(balances: Balances, search: Search, progress: Progress) -> Discovery:
    """The fewest candidates whose trajectories explain the runs, of all or of what the network froze."""
    assert balances.trajectories is not None
    started = time.monotonic()
    deadline = started + search.seconds
    _check(search, balances.trajectories.runs)
    nothing_falls = from_nothing(balances.trajectories.runs)
    if nothing_falls:
        return discovered(balances, search, "unbalanced-data", nothing_falls, started)
    found, rows = RowSearch(), None
    try:
        if search.method in ("network", "both"):
            from .candidates.network.trajectory_rows import frozen_rows  # torch takes longer to load than many searches

            rows, found = frozen_rows(balances, search, lambda done, doing: progress(0.5 * done, doing))
            if found.interrupted:
                raise KeyboardInterrupt
            if not len(rows) and search.method == "network":
                message = "No row came near whole numbers. Use method: candidates, or bring samples with less noise."
                return no_reactions(balances, search, message, started, found=found)
        offered = _offered(balances.trajectories, search, rows)
        pool = _pool(offered.rows, balances.trajectories, search)
        fit, looked_for = fit_of_trajectories(balances, search, progress, pool, deadline), ""
        if fit is not None and search.method != "network" and not (fit.unresolved or _explains(fit)):
            fit, looked_for = _by_larger_pools(fit, balances, search, progress, deadline)
        pool_text = "" if fit is None else f"{fit.candidates} candidates"
        if fit is not None and search.method == "network":
            progress(0.95, "looking for other networks")
            others = competing_networks({each.direction: each.rate for each in fit.found}, balances, search)
            fit = _with_competing(fit, others or ())
            pool_text = f"{fit.candidates} reactions that the network froze"
            pool_text += "" if others is None else ", and none one reaction away of all that are possible,"
    except KeyboardInterrupt:
        return no_reactions(balances, search, "", started, interrupted=True)
    if fit is None:
        message = "The concentrations show nothing but noise, so there is no reaction to find. Bring longer runs."
        return no_reactions(balances, search, message, started)
    names = [s.name for s in balances.species]
    known = known_reactions(names, search)
    reactions = joined(fit.found, names, partial(_found_by, offered, known), reversible=fit.reversible)
    status, message = _status(fit, names, search, pool_text, looked_for)
    message += contradictions(fit, names, known)
    if time.monotonic() > deadline:
        status = "ambiguous" if status == "recovered" else status  # others were not looked for
        message = (
            f"Time was over after {search.seconds:g} s, so that this is the best so far. Give more seconds. {message}"
        )
    if search.method == "both":
        seen = sum("network" in each.found_by for each in reactions)
        message += f" The network, which is given no candidates, finds {seen} of the {len(reactions)} reactions too."
    return discovered(
        balances,
        search,
        status,
        message,
        started,
        reactions=reactions,
        loss=fit.loss,
        noise=fit.noise.relative,
        found=found,
        trajectory_fit=fit,
    )


def _pool(rows: Integers, origin: TrajectoryOrigin, search: Search) -> Candidates:
    """The reactions of net vectors, with catalysts where asked for.

    Where only an overall reaction goes along the line on which the data move, it comes with all orders.
    """
    catalysed = with_catalysts(rows) if search.catalysts else ()
    alone = len(rows) == 1 and search.reverse == "free"
    overall = overall_reactions(origin.runs, origin.noise) if alone else ()
    large = [each for each in overall if max(sum(each.reactants), sum(each.products)) > search.molecularity]
    return candidates_of(rows, origin.runs, search, (*catalysed, *large))


def _explains(fit: TrajectoryFit) -> bool:
    return fit.misfit <= LARGEST_CHI2


def _by_larger_pools(
    fit: TrajectoryFit, balances: Balances, search: Search, progress: Progress, deadline: float
) -> tuple[TrajectoryFit, str]:
    """The first larger pool's fit that explains the data; if none does, the simplest.

    And what was looked for, in words.
    """
    origin = balances.trajectories
    assert origin is not None
    looked_for, skipped = [], []
    for what, pool in larger_pools(origin.runs, origin.noise, search):
        if time.monotonic() > deadline:
            break
        if pool is None:
            skipped.append(what)
            continue
        try:
            found = fit_of_trajectories(balances, search, progress, pool, deadline)
        except (DataError, np.linalg.LinAlgError):  # what the balances give cannot be integrated
            found = None
        if found is not None and found.criterion < fit.criterion:
            if _explains(found):
                return found, ""
            if len(found.found) < len(fit.found):
                fit = found
        looked_for.append(what)
    text = f" {' and '.join(looked_for).capitalize()} do not explain them either." if looked_for else ""
    return fit, text + (f" Not looked for among so many species: {' and '.join(skipped)}." if skipped else "")


@dataclass(frozen=True, eq=False)
class _Offered:
    """Net vectors of the candidates, shape (R, S), and who offers each, up to its sign."""

    rows: Integers
    by: dict[tuple[int, ...], tuple[str, ...]]

    def finders(self, direction: OneWayReaction) -> tuple[str, ...]:
        return self.by.get(undirected(np.subtract(direction.products, direction.reactants)), ("candidates",))


def _offered(origin: TrajectoryOrigin, search: Search, frozen: Integers | None) -> _Offered:
    """All reactions that are possible, what the network froze, or both, but then no multiples of what is possible."""
    possible = np.zeros((0, len(origin.runs.species)), dtype=np.int64)
    if frozen is None or search.method == "both":
        possible = possible_rows(origin.runs, origin.noise, search)
    plain = {undirected(row) for row in possible}
    by: dict[tuple[int, ...], tuple[str, ...]] = {}
    rows: dict[tuple[int, ...], Integers] = {}
    for finder, offers in (("network", possible[:0] if frozen is None else frozen), ("candidates", possible)):
        for row in offers:
            key = undirected(row)
            if key in plain or undirected(row // np.gcd.reduce(row)) not in plain:
                rows.setdefault(key, row)
                by[key] = (*by.get(key, ()), finder)
    return _Offered(np.array(list(rows.values()), dtype=np.int64).reshape(-1, possible.shape[1]), by)


def _found_by(
    offered: _Offered, known: Mapping[OneWayReaction, KnownReaction], direction: OneWayReaction
) -> tuple[str, ...]:
    return ("known",) if direction in known or direction.reverse in known else offered.finders(direction)


def _with_competing(fit: TrajectoryFit, others: tuple[CompetingNetwork, ...]) -> TrajectoryFit:
    """What the network found, beside other networks among all that are possible."""
    every = {frozenset(each.directions): each for each in (*fit.alternatives, *others)}
    return replace(fit, alternatives=tuple(every.values()))


def _check(search: Search, runs: Trajectories) -> None:
    """Refuse what only runs with rates can give."""
    if search.third_bodies:
        raise StudyError(
            "Without production rates, this version learns no third bodies: leave out third_bodies, or bring runs "
            "with rates."
        )
    _check_temperatures(runs, search)
    if search.catalysts and search.reverse == "thermo":
        raise StudyError(
            "Without production rates, catalysts: true learns reactions with reverse rate constants of their own: "
            "leave out reverse: thermo."
        )
    if search.reverse == "none":
        raise StudyError(
            "reverse: none has no effect without production rates: there each direction of a reaction is looked at by "
            "itself, and stays only where the data need it. Leave it out."
        )


def _check_temperatures(runs: Trajectories, search: Search) -> None:
    """Refuse what the temperatures of the runs do not allow."""
    temperature = np.concatenate([run.temperature for run in runs.runs if run.is_time_history])
    known = temperature[np.isfinite(temperature)]
    if search.temperature_dependence == "arrhenius" and is_steady(known):
        raise DataError(
            "temperature_dependence: arrhenius needs runs at several temperatures, and these are at "
            f"{f'one, {known[0]:g} K' if known.size else 'none that is known'}. Bring runs at others, or leave it out."
        )
    if is_steady(known):
        return
    span = f"{known.min():g} to {known.max():g} K"
    if known.size < temperature.size and any(not np.isfinite(run.temperature).any() for run in runs.runs):
        raise DataError(
            f"Some runs are at {span} and the temperature of others is unknown, so that their rate constants cannot "
            "be told apart. Give the temperature of every run."
        )
    if search.temperature_dependence == "none":
        raise DataError(
            f"The runs are at {span}, and temperature_dependence: none asks for rate constants without it. Give runs "
            "at one temperature, or temperature_dependence: auto."
        )
    if search.method in ("network", "both"):
        raise StudyError(
            f"method: {search.method} learns from concentrations at one temperature, and these runs are at {span}. Use "
            "method: candidates or auto."
        )


def _status(fit: TrajectoryFit, names: list[str], search: Search, pool: str, looked_for: str) -> tuple[str, str]:
    """The status and its sentence."""
    limit, count = search.reactions, len(fit.alternatives)
    overall = [each.direction for each in fit.found if each.direction.orders]
    catalysed = [each.direction for each in fit.found if each.direction.has_catalyst]
    status = status_from_trajectories(
        values=fit.data,
        reactions=len(fit.found),
        unresolved=fit.unresolved,
        chi2_per_datum=fit.misfit,
        systematic=fit.systematic > 1,
        too_many=isinstance(limit, int) and len(fit.found) > 2 * limit,
        alternatives=count,
        needs_catalysts=bool(catalysed) and not search.catalysts,
        overall=bool(overall) or (fit.closes_cycle and not catalysed),
    )
    unexplained = status == "unexplained-residual"
    few = fit.data < VALUES_PER_REACTION * len(fit.found)
    together = unexplained and fit.misfit <= LARGEST_CHI2 and fit.systematic > 1
    cycle = status == "approximate-rate-laws" and not overall
    sentence = TRAJECTORY_SENTENCES[
        "too-few-values" if few else "systematic" if together else "one-way-cycle" if cycle else status
    ]
    others = "; or ".join(_difference(each.directions, fit, names) for each in fit.alternatives)
    return status, sentence.format(
        level=f"their noise, {fit.noise.text}",
        loss=f"{100 * fit.loss:.2g} %",
        times=f"{np.sqrt(fit.systematic if together else fit.misfit):.2g}",
        values=fit.data,
        reactions=len(fit.found),
        pool=pool,
        others=others,
        count=f"{count} other {'network explains' if count == 1 else 'networks explain'}",
        beside=f" These networks {'go as far' if unexplained else 'explain the data as well'}: {others}."
        if others
        else "",
        hidden=_hidden_text(fit, names),
        looked_for=looked_for,
        special="; ".join(each.equation(names) for each in overall or catalysed),
        limits=_limits_text(fit, names),
    )


def _hidden_text(fit: TrajectoryFit, names: list[str]) -> str:
    """Which reverse directions are there only since detailed balance asks for them."""
    if not fit.from_detailed_balance:
        return ""
    constants = {each.direction: each.constant for each in fit.found}
    listed = ", ".join(f"{each.equation(names)} {constants[each]:.2g}" for each in fit.from_detailed_balance)
    return f" Noise hides these; their rate constants are what detailed balance asks for with the others: {listed}."


def _limits_text(fit: TrajectoryFit, names: list[str]) -> str:
    """Which reactions may go the other way as well, and how fast at most, where noise may hide it."""
    if not fit.upper_limits or fit.noise.clean:
        return ""
    listed = ", ".join(f"{direction.equation(names)} {limit:.2g}" for direction, limit in fit.upper_limits[:MOST_NAMED])
    more = ", …" * (len(fit.upper_limits) > MOST_NAMED)
    return f" In this noise reactions may also go the other way, with rate constants of at most {listed}{more}."


def _difference(other: tuple[OneWayReaction, ...], fit: TrajectoryFit, names: list[str]) -> str:
    """What another network has in place of what."""
    mine, theirs = {each.direction for each in fit.found}, set(other)
    if fit.reversible:  # of each reaction the direction in which it is written here, if it is
        theirs = {d for d in theirs if d in mine or (d.reverse not in mine and d.reactants < d.products)}
    arrow = "<=>" if fit.reversible else "=>"
    gone, new = ([d.equation(names).replace("=>", arrow) for d in each] for each in (mine - theirs, theirs - mine))
    if not gone:
        return f"also {', '.join(sorted(new))}"
    return f"{', '.join(sorted(new)) or 'nothing'} in place of {', '.join(sorted(gone))}"
