"""What a finished study is called, and what it rests on: how well rates are known, and which other networks fit."""

from __future__ import annotations

import math

import numpy as np

from ..chemistry.one_way import OneWayReaction
from ..data.balances.balances import Balances
from ..discovery.discovery_result import Discovery
from ..discovery.fit.trajectory_result import FittedReaction
from ..discovery.settings import Search
from ..uncertainty.alternatives.alternatives_result import Alternatives
from ..uncertainty.alternatives.find import find_alternatives
from ..uncertainty.covariance import Covariance
from ..uncertainty.estimate import estimate_uncertainty
from ..uncertainty.identifiability import Unidentified, unidentified
from ..uncertainty.uncertainty_result import RateInterval
from ..uncertainty.uncertainty_result import Uncertainty
from ..validation.validation_record import Validation
from .evidence import WIDTH

MOST_WORK = 1e8
"""Reactions times numbers in the data from which on the Jacobian of all rate constants would take minutes."""


def final_status(
    discovery: Discovery,
    validation: Validation | None,
    others: Alternatives | None,
    loose: tuple[Unidentified, ...],
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
    loose : tuple of Unidentified
        Rate constants that the data do not limit.
    obstacle : tuple of (str, str)
        Status and message of what went wrong on the way; empty where nothing did.
    """
    status, message = obstacle
    if discovery.status != "recovered" and status != "interrupted":
        told = discovery.message
        if discovery.status == "approximate-rate-laws" and others is not None and others.as_small:
            told = f"{told} As few other reactions do as well. {others.sentence}"
        if discovery.status == "approximate-rate-laws" and loose and not status:
            told = f"{told} {_loose_text(loose)}"
            if validation is not None and validation.passed:
                return "unidentifiable", f"{told} {validation.message}"
        if discovery.status == "approximate-rate-laws" and validation is not None and not status:
            told = f"{told} {validation.message}"
        if (
            discovery.status == "ambiguous"
            and others is not None
            and others.found
            and not others.found[0].structurally_equivalent
        ):
            told = f"{told} {others.found[0].discrimination}"
        return discovery.status, f"{told} {message}".strip()
    if status:
        return obstacle
    if validation is None or not validation.held_out:
        return "not-validated", "The data are explained, but no run was held out to check it on. Bring more runs."
    if not validation.passed:
        return "not-validated", f"The data are explained, but not the held-out runs: {validation.message}"
    if others is not None and others.as_small:
        return "ambiguous", f"As few other reactions explain the data as well. {others.sentence}"
    if loose:
        return "unidentifiable", f"{discovery.message} {_loose_text(loose)}"
    named = "" if others is None or not others.found else f" With more reactions: {others.sentence}"
    return "recovered", f"{discovery.message} {validation.message}{named}"


def _loose_text(loose: tuple[Unidentified, ...]) -> str:
    """The first of them, with what would tell, and how many there are."""
    first, more = loose[0], len(loose) - 1
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
    """How well the data determine the rate constants, where that can be told in time, and those that have no limit."""
    if not discovery.reactions:
        return None, ()
    if discovery.trajectory_fit is not None:
        return None, _in_histories(discovery, balances)
    if len(discovery.reactions) * balances.accumulation.size >= MOST_WORK:
        return None, ()
    known = estimate_uncertainty(discovery.mechanism, balances)
    return known, known.unidentified


def _in_histories(discovery: Discovery, balances: Balances) -> tuple[Unidentified, ...]:
    fit, mechanism = discovery.trajectory_fit, discovery.mechanism
    assert fit is not None
    place = {each.direction: i for i, each in enumerate(fit.found)}
    order, known = [], []
    for i, sides in enumerate(zip(mechanism.reactants.tolist(), mechanism.products.tolist(), strict=True)):
        left, right = (tuple(int(n) for n in side) for side in sides)
        for part, direction in (("forward", OneWayReaction(left, right)), ("reverse", OneWayReaction(right, left))):
            if direction in place:
                order.append(place[direction])
                known.append(_interval(i, part, fit.found[place[direction]]))
    spread = Covariance.of_covariance(np.array(fit.covariance))
    return unidentified(
        mechanism, known, spread, np.eye(len(place))[order], balances.concentrations, balances.temperature
    )


def _interval(reaction: int, part: str, found: FittedReaction) -> RateInterval:
    width = math.exp(WIDTH * found.std_error_log_k) if found.bounds is None else 1.0
    low, high = found.bounds or (found.constant / width, found.constant * width)
    return RateInterval((reaction,), part, found.constant, found.std_error_log_k, low, high, found.bounds is not None)
