"""What a finished study is called, and what it rests on: how well rates are known, and which other networks fit."""

from __future__ import annotations

import math
from typing import Any

from ..data.balances.balances import Balances
from ..discovery.fit.learned_reactions import Bounds, LearnedReaction
from ..discovery.result import Discovery
from ..discovery.settings import Search
from ..discovery.status import final_status_of
from ..uncertainty.alternatives.alternatives_result import Alternatives
from ..uncertainty.alternatives.find import find_alternatives
from ..uncertainty.estimate import estimate_uncertainty
from ..uncertainty.trajectory_uncertainty import trajectory_uncertainty
from ..uncertainty.uncertainty_result import RateInterval, Uncertainty, Unidentified
from ..validation.validation_result import Validation

WIDTH = 1.96
"""Standard errors on either side of a 95 % interval."""
LARGEST_JACOBIAN = 1e8
"""Reactions times numbers in the data from which on the Jacobian of all rate constants would take minutes."""


def final_status(
    discovery: Discovery,
    validation: Validation | None,
    others: Alternatives | None,
    unlimited: tuple[Unidentified, ...],
    obstacle: tuple[str, str] = ("", ""),
) -> tuple[str, str]:
    """The status and its sentence.

    Parameters
    ----------
    discovery : Discovery
        What was learnt.
    validation : Validation or None
        None where no run could be simulated again.
    others : Alternatives or None
        Other networks that explain the data.
    unlimited : tuple of Unidentified
        Rate constants that the data do not limit.
    obstacle : tuple of (str, str)
        Status and message of what went wrong on the way; empty where nothing did.
    """
    as_small = others is not None and others.as_small
    status = final_status_of(
        discovery.status,
        obstacle=obstacle[0],
        held_out=validation is not None and validation.held_out,
        passed=validation is not None and validation.passed,
        alternatives=bool(as_small),
        unlimited=bool(unlimited),
    )
    if discovery.status != "recovered" and obstacle[0] != "interrupted":
        return status, _unrecovered_text(discovery, validation, others, unlimited, obstacle)
    if obstacle[0]:
        return obstacle
    if validation is None or not validation.held_out:
        lacking = "But no run was held out to check it on: bring one with another initial state."
        return status, f"{discovery.message} {lacking}"
    if not validation.passed:
        return status, f"The data are explained, but not the held-out runs: {validation.message}"
    if others is not None and as_small:
        return status, f"As few other reactions explain the data as well. {others.sentence}"
    if unlimited:
        return status, f"{discovery.message} {_unlimited_text(unlimited)}"
    named = "" if others is None or not others.found else f" With more reactions: {others.sentence}"
    return status, f"{discovery.message} {validation.message}{named}"


def _unrecovered_text(
    discovery: Discovery,
    validation: Validation | None,
    others: Alternatives | None,
    unlimited: tuple[Unidentified, ...],
    obstacle: tuple[str, str],
) -> str:
    status, parts = discovery.status, [discovery.message]
    if status == "ambiguous" and others is not None and others.found and not others.found[0].structurally_equivalent:
        parts.append(others.found[0].discrimination)
    if status == "approximate-rate-laws":
        if others is not None and others.as_small:
            parts.append(f"As few other reactions do as well. {others.sentence}")
        if unlimited and not obstacle[0]:
            parts.append(_unlimited_text(unlimited))
        if validation is not None and not obstacle[0]:
            parts.append(validation.message)
    return " ".join([*parts, obstacle[1]]).strip()


def _unlimited_text(unlimited: tuple[Unidentified, ...]) -> str:
    """The first of them, with what would determine it, and how many there are."""
    first, more = unlimited[0], len(unlimited) - 1
    return f"But not every rate constant is determined. {first.text} {first.recommendation}" + (
        f" So it is with {more} more." if more else ""
    )


def other_networks(discovery: Discovery, balances: Balances, search: Search) -> Alternatives | None:
    """Other networks that explain the data as well; None where nothing was learnt."""
    if not discovery.reactions:
        return None
    near = () if discovery.trajectory_fit is None else discovery.trajectory_fit.alternatives
    return find_alternatives(discovery.mechanism, balances, search, neighbouring=near)


def known_rates(discovery: Discovery, balances: Balances) -> tuple[Uncertainty | None, tuple[Unidentified, ...]]:
    """How well the data determine the rate constants, where that takes no minutes, and those that have no limit."""
    if not discovery.reactions:
        return None, ()
    if discovery.trajectory_fit is not None:
        known = trajectory_uncertainty(discovery.mechanism, discovery.trajectory_fit, balances)
        return known, known.unidentified
    if len(discovery.reactions) * balances.accumulation.size >= LARGEST_JACOBIAN:
        return None, ()
    known = estimate_uncertainty(discovery.mechanism, balances)
    return known, known.unidentified


def intervals(learned: LearnedReaction) -> dict[str, Any]:
    """What is known of the rate constants of a reaction without a Jacobian of them all, as 95 % intervals."""
    rates = {"forward": learned.reaction.rate, "reverse": learned.reaction.reverse_rate}
    known = [
        _interval(0, part, rate.A, error, bounds)
        for (part, rate), error, bounds in zip(rates.items(), learned.std_error_log_k, learned.bounds, strict=True)
        if rate is not None and error is not None
    ]
    return {each.part: {"k": each.value, "low": each.low, "high": each.high, "text": each.text} for each in known}


def _interval(reaction: int, part: str, constant: float, error: float, bounds: Bounds | None) -> RateInterval:
    low, high = bounds or (constant * math.exp(-WIDTH * error), constant * math.exp(WIDTH * error))
    return RateInterval((reaction,), part, constant, error, low, high, profiled=bounds is not None)
