"""The search among all reactions that the elements allow, and the verdict on it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..data.balances.balances import Balances
from ..data.designed_states import design_of
from ..data.progress import Progress
from .candidate_fit import candidate_fit
from .candidates.designed.designed_fit import designed_fit
from .candidates.network.proposals import proposed_reactions
from .discovery_result import STATUS, Discovery, learnt_mechanism, no_reactions
from .fit.candidate_result import CandidateFit, CandidateReaction
from .fit.learned_reactions import LearnedReaction
from .settings import Search

ROUND_OFF = 1e-9
"""Share of the gross production that rate laws may miss and be called exact."""
BELOW_NOISE = 0.3
"""Error of the rate laws over the noise of the data below which noise is what is left."""
LEAST_NOISE = 1e-3
"""Below this, noise cannot be told from the errors of rate laws."""
NAMED = 5
"""Sets of reactants that a message names."""
LIBRARY = 0.3
"""Share of the work that the library is, where the network looks as well."""
MORE = 0.8
"""Ratio of what is left at which reactions that only the network proposes are taken."""
EXPLAINED = 1e-5
"""Error of the rate laws below which no reaction is missing that the data show, without noise."""
USEFUL = 0.02
"""Error of the rate laws up to which they are called approximate."""


def from_candidates(balances: Balances, search: Search, progress: Progress) -> Discovery:
    """The fewest candidates that explain the data, with their rate laws."""
    started = time.monotonic()
    proposed: NDArray[np.int64] | None = None
    fit: CandidateFit | None = None
    ended = True
    try:
        design = design_of(balances.concentrations, balances.temperature)
        if design is not None and search.method != "network":
            fit = designed_fit(balances, design, search, progress)
        else:
            if search.method == "network":
                proposed = proposed_reactions(balances, search, progress)
            fit = candidate_fit(
                balances, search, _part(progress, 0.0, LIBRARY if search.method == "both" else 1.0), proposed
            )
            if search.method == "both":
                looked = _part(progress, LIBRARY, 1.0)
                proposed = proposed_reactions(balances, search, looked, [each.net for each in fit.found])
                fit = _with_proposed(fit, proposed, balances, search)
    except KeyboardInterrupt:
        ended = False
    if fit is None or not (ended or fit.found):
        return _interrupted(balances, search, started)
    if not fit.found:
        message = f"None of {fit.candidates} candidate reactions explains these data.{_unexplained(fit)}"
        if search.method == "network":
            message = "No row of the network came near whole numbers. Use method: candidates, or bring more states."
        return no_reactions(balances, search, message, started=started)
    reactions = tuple(
        LearnedReaction(reaction, (each.std_error_log_k, None), each.contribution, _finders(each, proposed, search))
        for each in fit.found
        for reaction in each.reactions
    )
    status, message = _verdict(fit, balances, ended=ended)
    return Discovery(
        mechanism=learnt_mechanism(balances, fit.reactions),
        status=status,
        message=f"{message} {_standing(fit, proposed, search)}{_unexplained(fit)}",
        loss=fit.misfit,
        noise=fit.noise,
        reactions=reactions,
        history=(),
        search=search,
        seconds=time.monotonic() - started,
    )


def _part(progress: Progress, start: float, end: float) -> Progress:
    """Progress of a part of the work."""
    return lambda share, text: progress(start + (end - start) * share, text)


def _with_proposed(fit: CandidateFit, proposed: NDArray[np.int64], balances: Balances, search: Search) -> CandidateFit:
    """The fit with what the network found outside the library, where that explains clearly more."""
    outside = int(np.sum(_larger_side(proposed) > search.molecularity))
    if not outside or (fit.noise < ROUND_OFF and fit.law_error < EXPLAINED):
        return fit
    known = [each.net for each in fit.found if not _among(each, proposed)]
    together = np.concatenate([proposed, np.array(known, dtype=np.int64).reshape(-1, proposed.shape[1])])
    more = candidate_fit(balances, search, lambda share, text: None, together)
    return replace(more, candidates=fit.candidates + outside) if more.misfit < MORE * fit.misfit else fit


def _larger_side(net: NDArray[np.int64]) -> NDArray[np.int64]:
    """Molecules on the side that has more, shape (..., S) → (...)."""
    return np.asarray(np.maximum(np.maximum(-net, 0).sum(axis=-1), np.maximum(net, 0).sum(axis=-1)))


def _finders(each: CandidateReaction, proposed: NDArray[np.int64] | None, search: Search) -> tuple[str, ...]:
    """Which learner found a reaction."""
    if search.method == "network":
        return ("network",)
    if proposed is None or not _among(each, proposed):
        return ("candidates",)
    listed = _larger_side(np.array(each.net)) <= search.molecularity
    return ("network", "candidates") if listed else ("network",)


def _among(each: CandidateReaction, proposed: NDArray[np.int64]) -> bool:
    return bool(np.any([(proposed == net).all(axis=1) for net in (each.net, np.negative(each.net))]))


def _standing(fit: CandidateFit, proposed: NDArray[np.int64] | None, search: Search) -> str:
    if search.method == "network":
        return f"{len(fit.found)} of the {fit.candidates} reactions that the network proposes stand."
    text = f"{len(fit.found)} of {fit.candidates} candidate reactions stand."
    if proposed is None:
        return text
    finders = [_finders(each, proposed, search) for each in fit.found]
    alone = finders.count(("network",))
    both = sum("network" in each for each in finders)
    more = f"; {alone} of these the library does not list" if alone else " too"
    return f"{text} The network, which is given no candidates, finds {both} of them{more}."


def _unexplained(fit: CandidateFit) -> str:
    if not fit.unexplained:
        return ""
    named = ", ".join(fit.unexplained[:NAMED]) + ", …" * (len(fit.unexplained) > NAMED)
    return f" Not all that these make together is explained: {named}."


def _interrupted(balances: Balances, search: Search, started: float) -> Discovery:
    empty = no_reactions(balances, search, "", started=started)
    return Discovery(
        **{**vars(empty), "status": "interrupted", "message": "Interrupted before any reaction was found."}
    )


def _verdict(fit: CandidateFit, balances: Balances, *, ended: bool) -> tuple[str, str]:
    level, detail = "round-off", f"{fit.law_error:.2g}"
    if not ended:
        status, detail = "interrupted", f"{fit.misfit:.2g}"
    elif len(balances.accumulation) < 2 * len(fit.reactions):
        status = "undersampled"
        detail = f"{len(balances.accumulation)} states are too few for {len(fit.reactions)} rate laws."
    elif fit.law_error < ROUND_OFF and fit.noise < ROUND_OFF:
        status = "recovered"
    elif fit.noise > LEAST_NOISE and fit.law_error < BELOW_NOISE * fit.noise:
        return "approximate-rate-laws", (
            f"The reactions found explain the data to their noise, {100 * fit.noise:.2g} % of the rates. Slower ones "
            "could not be seen in it."
        )
    elif fit.law_error < USEFUL:
        status = "approximate-rate-laws"
    else:
        status = "unexplained-residual"
    return status, STATUS[status].format(detail=detail, level=level)
