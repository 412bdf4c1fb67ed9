"""Balances → Discovery: the search for a mechanism, its outcome, and what the outcome may be called."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from .balances.record import Balances
from .errors import DataError, StudyError
from .kinetics import production_rates
from .learning.adam import search_rows_with_adam
from .learning.readout import LearnedReaction, learned_reactions
from .learning.scaling import Scaled, scaled
from .learning.solution import Solution, solution_from_rows
from .learning.stoichiometry import (
    Stoichiometry,
    conserving_rows,
    element_laws,
    free_rows,
    laws_in_data,
)
from .learning.training import Found, Round, search_rows
from .mechanism import Mechanism
from .search import Adam, Search

STATUS = {
    "recovered": "Every reaction is frozen and the data are explained to {level}.",
    "ambiguous": "The data are explained to {level}, but so they are by another network with as few reactions: "
    "{detail}. Give compositions (conserve: elements) or data from other states.",
    "unsettled": "The reactions found leave {detail} of the gross production unexplained. Offer more reactions, more "
    "restarts or more time; the cause may also be a rate law that this version does not know.",
    "undersampled": "{detail} Bring more runs or more times.",
    "no-reactions": "{detail}",
    "interrupted": "Interrupted; the best so far leaves {detail} of the gross production unexplained.",
}
"""Outcomes of a search, each with its sentence."""


@dataclass(frozen=True, eq=False)
class Discovery:
    """A learnt mechanism and how far it is to be believed.

    Parameters
    ----------
    mechanism : Mechanism
        May have no reaction.
    status : str
        A key of `STATUS`.
    message : str
        Its sentence, with what to do.
    loss : float
        Root mean square of residual over gross production, over all entries.
    noise : float
        Estimated noise of the production rates, as a share of the rates; 0 where they are exact.
    reactions : tuple of LearnedReaction
        The mechanism's reactions, in its order.
    history : tuple of Round
        One entry each time a restart stalled.
    search : Search
    seconds : float
        Time taken.
    """

    mechanism: Mechanism
    status: str
    message: str
    loss: float
    noise: float
    reactions: tuple[LearnedReaction, ...]
    history: tuple[Round, ...]
    search: Search
    seconds: float

    @property
    def interrupted(self) -> bool:
        """True if the user ended the search."""
        return self.status == "interrupted"

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` says of the search."""
        return {
            "status": self.status,
            "message": self.message,
            "reactions": [_reaction_dict(learned) for learned in self.reactions],
            "n_reactions": len(self.reactions),
            "loss": self.loss,
            "noise": self.noise,
            "seed": self.search.seed,
        }


def discover(
    balances: Balances, search: Search | None = None, *, progress: Callable[[float, str], None] | None = None
) -> Discovery:
    """Find the reactions and rate constants that explain the balances.

    Parameters
    ----------
    balances : Balances
        What the data say about production rates.
    search : Search, optional
        What to look for; all defaults if absent.
    progress : callable, optional
        Called with the share done, in [0, 1], and a word on the state.

    Returns
    -------
    Discovery
        Never an exception for a disappointing result: see its ``status``.

    Raises
    ------
    StudyError
        If the search asks for something that the data cannot give, as ``conserve: elements`` without compositions.
    DataError
        If the balances are not production rates at states, or the states are at more than one temperature.

    Notes
    -----
    The rows are found by Levenberg–Marquardt on the network of `mechlearn.learning.network`, several restarts side by
    side; rows near whole numbers are frozen when a restart stalls, the others drawn anew. A restart that fits to
    round-off is read out complex by complex (`mechlearn.learning.complexes`) and checked against all data. An interrupt
    (Ctrl-C) ends the search with the best so far. The matrices are small, so one thread is used: more are slower.

    References
    ----------
    .. [1] J. Huang, Y. Zhou, W.-A. Yong, "Data-driven discovery of multiscale chemical reactions governed by the law
       of mass action", J. Comput. Phys. 448, 110743 (2022). https://doi.org/10.1016/j.jcp.2021.110743

    Examples
    --------
    >>> discover(differential_balances(decay)).mechanism.equations
    ('A => B',)
    """
    search = search or Search()
    started = time.monotonic()
    _check(balances)
    stoichiometry = _stoichiometry(balances, search)
    if not np.any(balances.accumulation):
        return _nothing(balances, search, "No concentration changes in these data, so there is no reaction to find.")
    with threadpool_limits(limits=1):
        problem = scaled(balances)
        found = _search(balances, problem, stoichiometry, search, progress or _silent)
        solution = found.solution
        if solution is None and found.votes:
            solution = solution_from_rows(problem, np.array(list(found.votes), dtype=float), search)
    if solution is None:
        return _nothing(
            balances,
            search,
            "No row came near whole numbers. Offer another number of reactions, more restarts or more time.",
            found,
            started,
        )
    reactions = learned_reactions(solution.fit, problem, balances.species)
    noise = 0.0 if problem.noise.exact else problem.noise.relative
    status, message = _verdict(solution, found, balances, noise)
    return Discovery(
        mechanism=_mechanism(balances, reactions),
        status=status,
        message=message,
        loss=solution.fit.misfit,
        noise=noise,
        reactions=reactions,
        history=tuple(found.history),
        search=search,
        seconds=time.monotonic() - started,
    )


def relative_error(mechanism: Mechanism, balances: Balances) -> float:
    """Root of the summed squared residual of all entries over that of the accumulation, each species by its own size.

    Parameters
    ----------
    mechanism : Mechanism
        With the species of the balances in the same order.
    balances : Balances
        Those learnt from, or others.
    """
    production = production_rates(mechanism, balances.concentrations, balances.temperature)
    size = np.sqrt(np.mean(balances.accumulation**2, axis=0))
    size = np.where(size > 0, size, 1.0)
    residual = balances.residual(production) / size
    total = float(np.sqrt(np.sum((balances.accumulation / size) ** 2)))
    return float(np.sqrt(np.sum(residual**2))) / (total or 1.0)


def _silent(share: float, text: str) -> None:
    """Progress that nobody watches."""


def _check(balances: Balances) -> None:
    identity = sp.eye_array(balances.operator.shape[0], balances.operator.shape[1])
    if balances.operator.shape[0] != balances.operator.shape[1] or (balances.operator - identity).nnz:
        raise DataError("These balances are not production rates at states; this version learns from those only.")
    temperature = balances.temperature[np.isfinite(balances.temperature)]
    if temperature.size and np.ptp(temperature) > 1e-6 * temperature.max():
        raise DataError(
            f"The states are at {temperature.min():g} to {temperature.max():g} K, and this version learns rate "
            "constants at one temperature. Give runs at one constant temperature (reactor: isothermal)."
        )


def _stoichiometry(balances: Balances, search: Search) -> Stoichiometry:
    conserve = search.conserve
    if conserve == "auto":
        conserve = "elements" if all(s.composition for s in balances.species) else "none"
    limits = (search.max_coefficient, search.max_order)
    if conserve == "none":
        return free_rows(len(balances.species), *limits)
    laws = element_laws(balances.species) if conserve == "elements" else laws_in_data(balances.accumulation)
    return conserving_rows(laws, *limits) if len(laws) else free_rows(len(balances.species), *limits)


def _search(
    balances: Balances,
    problem: Scaled,
    stoichiometry: Stoichiometry,
    search: Search,
    progress: Callable[[float, str], None],
) -> Found:
    if isinstance(search.optimizer, Adam):
        if search.reactions == "auto":
            raise StudyError("optimizer: adam needs the number of reactions; set reactions: to a number.")
        return search_rows_with_adam(balances, stoichiometry, search, search.optimizer, search.reactions, progress)
    return search_rows(problem, stoichiometry, search, search.optimizer, progress)


def _verdict(solution: Solution, found: Found, balances: Balances, noise: float) -> tuple[str, str]:
    detail = f"{solution.fit.misfit:.2g}"
    if found.interrupted:
        status = "interrupted"
    elif len(balances.concentrations) < 2 * len(solution.fit.directions):
        status = "undersampled"
        detail = (
            f"{len(balances.concentrations)} states are too few to tell {len(solution.fit.directions)} one-way "
            "reactions from others."
        )
    elif not solution.complete:
        status = "unsettled"
    elif solution.ambiguous:
        status = "ambiguous"
        detail = "; ".join(_complex_text(y, balances) for y in solution.ambiguous) + " can react in more than one way"
    else:
        status = "recovered"
    level = "round-off" if noise == 0 else f"their noise, {100 * noise:.2g} % of the rates"
    return status, STATUS[status].format(detail=detail, level=level)


def _complex_text(complex_: tuple[int, ...], balances: Balances) -> str:
    parts = [
        f"{count} {s.name}" if count > 1 else s.name
        for count, s in zip(complex_, balances.species, strict=True)
        if count
    ]
    return " + ".join(parts)


def _mechanism(balances: Balances, reactions: tuple[LearnedReaction, ...]) -> Mechanism:
    finite = balances.temperature[np.isfinite(balances.temperature)]
    pressure = balances.pressure[np.isfinite(balances.pressure)]
    return Mechanism(
        species=balances.species,
        reactions=tuple(learned.reaction for learned in reactions),
        temperature=float(finite[0]) if finite.size else 300.0,
        pressure=float(pressure[0]) if pressure.size else 101325.0,
        atomic_weights=balances.atomic_weights,
    )


def _nothing(
    balances: Balances, search: Search, detail: str, found: Found | None = None, started: float | None = None
) -> Discovery:
    found = found or Found()
    status = "interrupted" if found.interrupted else "no-reactions"
    message = "Interrupted before any reaction was found." if found.interrupted else detail
    return Discovery(
        mechanism=_mechanism(balances, ()),
        status=status,
        message=message,
        loss=1.0,
        noise=0.0,
        reactions=(),
        history=tuple(found.history),
        search=search,
        seconds=0.0 if started is None else time.monotonic() - started,
    )


def _reaction_dict(learned: LearnedReaction) -> dict[str, Any]:
    reaction = learned.reaction

    def rate(value: Any) -> dict[str, float] | None:
        return None if value is None else {"A": value.A, "b": value.b, "Ea": value.Ea}

    return {
        "equation": reaction.equation,
        "reactants": dict(reaction.reactants),
        "products": dict(reaction.products),
        "forward": rate(reaction.rate),
        "reverse": rate(reaction.reverse_rate),
        "std_error_log_k": {"forward": learned.std_error_log_k[0], "reverse": learned.std_error_log_k[1]},
        "contribution": learned.contribution,
    }
