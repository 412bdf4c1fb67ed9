"""The search among all reactions that the elements allow, over temperatures and pressures."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ..chemistry.arrays import Integers
from ..chemistry.one_way import undirected
from ..data.balances.balances import Balances
from ..data.designed_states import design_of
from ..data.progress import Progress, silent
from .candidate_fit import candidate_fit
from .candidates.designed.designed_fit import designed_fit
from .candidates.network.proposals import proposed_reactions
from .fit.candidate_result import CandidateFit, CandidateReaction
from .fit.learned_reactions import LearnedReaction
from .result import Discovery, discovered, no_reactions
from .settings import Search
from .status import ROUND_OFF, STATUSES, hidden_by_noise, status_from_candidates

MOST_NAMED = 5
"""Sets of reactants that a message names."""
FIT_PROGRESS = 0.3
"""Part of the work that the fit of all candidates is, where the network looks as well."""
CLEARLY_MORE = 0.8
"""Ratio of what is left at which reactions that only the network proposes are taken."""
EXPLAINED = 1e-5
"""Error of the rate laws below which no reaction is missing that the data show, without noise."""


def from_candidates(balances: Balances, search: Search, progress: Progress) -> Discovery:
    """The fewest candidates that explain the data, with their rate laws."""
    started = time.monotonic()
    proposed: Integers | None = None
    fit: CandidateFit | None = None
    ended = True
    both = search.method == "both"
    try:
        design = design_of(balances.concentrations, balances.temperature)
        if design is not None and search.method != "network":
            fit = designed_fit(balances, design, search, progress)
        else:
            if search.method == "network":
                proposed = proposed_reactions(balances, search, progress)
            fit = candidate_fit(balances, search, _part(progress, 0.0, FIT_PROGRESS if both else 1.0), proposed)
            if both:
                enough = [each.net for each in fit.found]
                proposed = proposed_reactions(balances, search, _part(progress, FIT_PROGRESS, 1.0), enough)
                fit = _with_proposed(fit, proposed, balances, search)
    except KeyboardInterrupt:
        ended = False
    if fit is None or not (ended or fit.found):
        return no_reactions(balances, search, "", started, interrupted=True)
    if not fit.found:
        message = f"None of {fit.candidates} candidate reactions explains these data.{_unexplained(fit)}"
        if search.method == "network":
            message = "No row of the network came near whole numbers. Use method: candidates, or bring more states."
        return no_reactions(balances, search, message, started)
    reactions = tuple(
        LearnedReaction(reaction, (each.std_error_log_k, None), each.contribution, _finders(each, proposed, search))
        for each in fit.found
        for reaction in each.reactions
    )
    status, message = _status(fit, balances, ended=ended)
    message = f"{message} {_standing(fit, proposed, search)}{_unexplained(fit)}"
    return discovered(balances, search, status, message, started, reactions=reactions, loss=fit.misfit, noise=fit.noise)


def _part(progress: Progress, start: float, end: float) -> Progress:
    """Progress of a part of the work."""
    return lambda done, doing: progress(start + (end - start) * done, doing)


def _with_proposed(fit: CandidateFit, proposed: Integers, balances: Balances, search: Search) -> CandidateFit:
    """The fit with what the network found outside the candidates, where that explains clearly more."""
    outside = int(np.sum(_larger_side(proposed) > search.molecularity))
    if not outside or (fit.noise < ROUND_OFF and fit.law_error < EXPLAINED):
        return fit
    known = [each.net for each in fit.found if not _among(each, proposed)]
    together = np.concatenate([proposed, np.array(known, dtype=np.int64).reshape(-1, proposed.shape[1])])
    more = candidate_fit(balances, search, silent, together)
    return replace(more, candidates=fit.candidates + outside) if more.misfit < CLEARLY_MORE * fit.misfit else fit


def _larger_side(net: Integers) -> Integers:
    """Molecules on the side that has more, shape (..., S) → (...)."""
    return np.asarray(np.maximum(np.maximum(-net, 0).sum(axis=-1), np.maximum(net, 0).sum(axis=-1)))


def _finders(each: CandidateReaction, proposed: Integers | None, search: Search) -> tuple[str, ...]:
    """Which learner found a reaction."""
    if search.method == "network":
        return ("network",)
    if proposed is None or not _among(each, proposed):
        return ("candidates",)
    listed = _larger_side(np.array(each.net)) <= search.molecularity
    return ("network", "candidates") if listed else ("network",)


def _among(each: CandidateReaction, proposed: Integers) -> bool:
    return undirected(np.array(each.net)) in {undirected(row) for row in proposed}


def _standing(fit: CandidateFit, proposed: Integers | None, search: Search) -> str:
    if search.method == "network":
        return f"{len(fit.found)} of the {fit.candidates} reactions that the network proposes stand."
    text = f"{len(fit.found)} of {fit.candidates} candidate reactions stand."
    if proposed is None:
        return text
    finders = [_finders(each, proposed, search) for each in fit.found]
    alone = finders.count(("network",))
    both = sum("network" in each for each in finders)
    more = f"; {alone} of these are not among the candidates" if alone else " too"
    return f"{text} The network, which is given no candidates, finds {both} of them{more}."


def _unexplained(fit: CandidateFit) -> str:
    if not fit.unexplained:
        return ""
    named = ", ".join(fit.unexplained[:MOST_NAMED]) + ", …" * (len(fit.unexplained) > MOST_NAMED)
    return f" Not all that these make together is explained: {named}."


def _status(fit: CandidateFit, balances: Balances, *, ended: bool) -> tuple[str, str]:
    """The status and its sentence."""
    count, laws = len(balances.accumulation), len(fit.reactions)
    status = status_from_candidates(
        interrupted=not ended, balances=count, laws=laws, law_error=fit.law_error, noise=fit.noise
    )
    if status == "approximate-rate-laws" and hidden_by_noise(fit.law_error, fit.noise):
        return status, (
            f"The reactions found explain the data to their noise, {100 * fit.noise:.2g} % of the rates. Slower ones "
            "could not be seen in it."
        )
    detail = f"{fit.law_error if ended else fit.misfit:.2g}"
    if status == "undersampled":
        detail = f"{count} states are too few for {laws} rate laws."
    return status, STATUSES[status].format(detail=detail, level="round-off")
