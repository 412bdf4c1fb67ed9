"""The search in runs without production rates, and the verdict on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..chemistry.mechanism import Arrhenius, Reaction
from ..chemistry.one_way import Complex, OneWayReaction, undirected
from ..data.balances.balances import Balances, TrajectoryOrigin
from ..data.progress import Progress
from ..data.sampling.missing_species import from_nothing
from ..errors import StudyError
from .candidates.network.training import RowSearch
from .candidates.network.trajectory_rows import frozen_rows
from .candidates.trajectory_candidates import candidates_of, possible_rows
from .discovery_result import STATUS, Discovery, learnt_mechanism, no_reactions
from .fit.learned_reactions import LearnedReaction
from .fit.trajectory_result import CompetingNetwork, TrajectoryFit
from .select.neighbouring_networks import competing_networks
from .settings import Search
from .trajectory_learner import fit_of_trajectories

NAMED = 4
"""Reactions that a sentence names."""
ABOVE_NOISE = 1.5
"""χ² per datum, by the noise that neighbouring samples show, above which something is unexplained."""


def from_trajectories(balances: Balances, search: Search, progress: Progress) -> Discovery:
    """The fewest candidates whose trajectories explain the runs, of all or of what the network froze."""
    assert balances.trajectories is not None
    started = time.monotonic()
    _check(search)
    nothing_falls = from_nothing(balances.trajectories.runs)
    if nothing_falls:
        return replace(no_reactions(balances, search, nothing_falls, started=started), status="unbalanced-data")
    found, rows = RowSearch(), None
    try:
        if search.method in ("network", "both"):
            rows, found = frozen_rows(balances, search, lambda share, text: progress(0.5 * share, text))
            if found.interrupted:
                raise KeyboardInterrupt
            if not len(rows) and search.method == "network":
                message = "No row came near whole numbers. Use method: candidates, or bring samples with less noise."
                return no_reactions(balances, search, message, found, started)
        offered = _offered(balances.trajectories, search, rows)
        fit = fit_of_trajectories(
            balances, search, progress, candidates_of(offered.rows, balances.trajectories.runs, search)
        )
        near = None
        if fit is not None and search.method == "network":
            progress(0.95, "looking for other networks")
            near = competing_networks({each.direction: each.constant for each in fit.found}, balances, search)
            fit = _with_rivals(fit, near or ())
    except KeyboardInterrupt:
        return replace(
            no_reactions(balances, search, "", started=started),
            status="interrupted",
            message="Interrupted before any reaction was found.",
        )
    if fit is None:
        message = "The concentrations show nothing but noise, so there is no reaction to find. Bring longer runs."
        return no_reactions(balances, search, message, started=started)
    names = [s.name for s in balances.species]
    reactions = _joined(fit, names, offered)
    pool = f"{fit.candidates} candidates"
    if search.method == "network":
        pool = f"{fit.candidates} reactions that the network froze"
        pool += "" if near is None else ", and none one reaction away of all that are possible,"
    status, message = _verdict(fit, names, search, pool)
    if search.method == "both":
        seen = sum("network" in each.found_by for each in reactions)
        message += f" The network, which is given no candidates, finds {seen} of the {len(reactions)} reactions too."
    return Discovery(
        mechanism=learnt_mechanism(balances, tuple(each.reaction for each in reactions)),
        status=status,
        message=message,
        loss=fit.loss,
        noise=fit.noise.relative,
        reactions=reactions,
        history=tuple(found.history),
        descent=tuple(found.descent),
        search=search,
        seconds=time.monotonic() - started,
        trajectory_fit=fit,
    )


@dataclass(frozen=True, eq=False)
class _Offered:
    """Net vectors of the candidates, shape (R, S), and who offers each, up to its sign."""

    rows: NDArray[np.int64]
    by: dict[tuple[int, ...], tuple[str, ...]]

    def finders(self, direction: OneWayReaction) -> tuple[str, ...]:
        return self.by[undirected(np.subtract(direction.products, direction.reactants))]


def _offered(histories: TrajectoryOrigin, search: Search, frozen: NDArray[np.int64] | None) -> _Offered:
    """All reactions that are possible, what the network froze, or both, but then no multiples of what is possible."""
    possible = np.zeros((0, len(histories.runs.species)), dtype=np.int64)
    if frozen is None or search.method == "both":
        possible = possible_rows(histories.runs, histories.noise, search)
    plain = {undirected(row) for row in possible}
    by: dict[tuple[int, ...], tuple[str, ...]] = {}
    rows = []
    for finder, offers in (("network", possible[:0] if frozen is None else frozen), ("candidates", possible)):
        for row in offers:
            if undirected(row) not in plain and undirected(row // np.gcd.reduce(row)) in plain:
                continue
            key = undirected(row)
            if key not in by:
                rows.append(row)
            by[key] = (*by.get(key, ()), finder)
    return _Offered(np.array(rows, dtype=np.int64).reshape(-1, possible.shape[1]), by)


def _with_rivals(fit: TrajectoryFit, near: tuple[CompetingNetwork, ...]) -> TrajectoryFit:
    """What the network found, beside other networks among all that are possible."""
    others = {frozenset(each.directions): each for each in (*fit.alternatives, *near)}
    return replace(fit, alternatives=tuple(others.values()))


def _check(search: Search) -> None:
    """Refuse what only runs with rates can give."""
    if search.third_bodies or search.catalysts or search.temperature_dependence == "arrhenius":
        raise StudyError(
            "Without production rates, this version learns rate constants at one temperature: leave out third_bodies, "
            "catalysts and temperature_dependence, or bring runs with rates."
        )
    if search.reverse == "none":
        raise StudyError(
            "reverse: none has no effect without production rates: there each direction of a reaction is looked at by "
            "itself, and stays only where the data need it. Leave it out."
        )


def _joined(fit: TrajectoryFit, names: list[str], offered: _Offered) -> tuple[LearnedReaction, ...]:
    """Opposite directions as one reaction with a reverse rate constant of its own, in the direction of the larger."""
    by_direction = {each.direction: each for each in fit.found}
    done: set[OneWayReaction] = set()
    joined = []
    for each in sorted(fit.found, key=lambda found: (-found.constant, found.direction.reactants)):
        if each.direction in done:
            continue
        back = by_direction.get(each.direction.reverse)
        done |= {each.direction} | ({back.direction} if back else set())
        reaction = Reaction(
            _side(each.direction.reactants, names),
            _side(each.direction.products, names),
            Arrhenius(each.constant),
            reverse_rate=None if back is None else Arrhenius(back.constant),
            reversible=fit.reversible,
        )
        joined.append(
            LearnedReaction(
                reaction,
                (each.std_error_log_k, None if back is None else back.std_error_log_k),
                max(each.contribution, 0.0 if back is None else back.contribution),
                offered.finders(each.direction),
                (each.bounds, None if back is None else back.bounds),
            )
        )
    return tuple(joined)


def _verdict(fit: TrajectoryFit, names: list[str], search: Search, pool: str) -> tuple[str, str]:
    level = f"their noise, {fit.noise.text}"
    detail = f"{100 * fit.loss:.2g} %"
    limit = search.reactions
    others = "; or ".join(_difference(each.directions, fit, names) for each in fit.alternatives)
    beside = f" These networks explain the data as well: {others}." if others else ""
    if fit.data < 2 * len(fit.found):
        status = "undersampled"
        detail = f"{fit.data} values are too few to tell {len(fit.found)} one-way reactions from others."
    elif fit.unresolved:
        status = "undersampled"
        detail = (
            f"The reactions found explain the data to {level}, but fast ones end before the second sample: their rate "
            "constants, and networks that differ by them, cannot be told. Bounds stand where other candidates may do "
            "part of what a reaction does; those of reactions too fast to be seen are for this network only. Bring "
            "some ten samples, evenly spaced in the logarithm of time, before the second one."
            f"{beside}{_implied_text(fit, names)}"
        )
    elif fit.misfit > ABOVE_NOISE or (isinstance(limit, int) and len(fit.found) > 2 * limit):
        status = "unexplained-residual"
        return status, (
            f"The reactions found miss the concentrations by {np.sqrt(fit.misfit):.2g} times their noise, {detail} of "
            "their range. A species that reacts may not be among those measured, or the rate law may be one that this "
            "version does not know. Measure what could be missing, or name it under `complete:`, with a mechanism that "
            "has the compositions, if the elements determine it and it is absent at the start."
        )
    elif fit.alternatives:
        status = "ambiguous"
        return status, (
            f"The data are explained to {level}, but {len(fit.alternatives)} other "
            f"{'network explains' if len(fit.alternatives) == 1 else 'networks explain'} them as well: "
            f"{others}. Bring samples where these differ, with less noise, or compositions (conserve: elements)."
            f"{_implied_text(fit, names)}{_unseen_text(fit, names)}"
        )
    else:
        status = "recovered"
        return status, (
            f"The trajectories of the reactions found explain the concentrations to {level}, and no other network of "
            f"the {pool} does nearly as well.{_unseen_text(fit, names)}"
        )
    return status, STATUS[status].format(detail=detail, level=level)


def _implied_text(fit: TrajectoryFit, names: list[str]) -> str:
    """Which reverse directions are there only since detailed balance asks for them."""
    if not fit.from_detailed_balance:
        return ""
    constants = {each.direction: each.constant for each in fit.found}
    listed = ", ".join(f"{each.equation(names)} {constants[each]:.2g}" for each in fit.from_detailed_balance)
    return f" Noise hides these; their rate constants are what detailed balance asks for with the others: {listed}."


def _unseen_text(fit: TrajectoryFit, names: list[str]) -> str:
    """Which reactions may go the other way as well, and how fast at most, where noise may hide it."""
    if not fit.upper_limits or fit.noise.clean:
        return ""
    listed = ", ".join(f"{direction.equation(names)} {limit:.2g}" for direction, limit in fit.upper_limits[:NAMED])
    more = ", …" * (len(fit.upper_limits) > NAMED)
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


def _side(complex_: Complex, names: list[str]) -> dict[str, float]:
    return {name: int(count) for name, count in zip(names, complex_, strict=True) if count}
