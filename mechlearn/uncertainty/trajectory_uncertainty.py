"""Standard errors, correlations and intervals of rate constants that were fitted to whole trajectories."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import stdtrit

from ..chemistry.arrays import Array
from ..chemistry.mechanism import Mechanism
from ..chemistry.one_way import one_way_reactions
from ..chemistry.thermo import GAS_CONSTANT
from ..data.balances.balances import Balances
from ..discovery.fit.learned_reactions import FittedReaction
from ..discovery.fit.trajectory_result import TrajectoryFit
from .covariance import Covariance
from .identifiability import unidentified
from .profile_likelihood import MAXIMUM_CHANGE
from .uncertainty_result import RateInterval, Uncertainty


def trajectory_uncertainty(
    mechanism: Mechanism, fit: TrajectoryFit, balances: Balances, *, level: float = 0.95
) -> Uncertainty:
    """How well the trajectories determine the rate constants of a mechanism that was fitted to them.

    Parameters
    ----------
    mechanism : Mechanism
        R reactions, those of the fit.
    fit : TrajectoryFit
        What the trajectories need.
    balances : Balances
        The data that it was learnt from.
    level : float
        Of the intervals.

    Returns
    -------
    Uncertainty
        At the reference temperature of the fit; at several temperatures with activation energies.

    Notes
    -----
    The covariance is the inverse of the normal matrix of the fit, initial states and activation energies among the
    unknowns, times χ² per independent datum. Limits of rate constants that it leaves open are those at which χ², all
    else fitted anew, has risen by 4.
    """
    places = list(_places(mechanism, fit))
    count, of_each = len(fit.found), len(fit.covariance) // len(fit.found)
    full = np.array(fit.covariance)
    order = np.array([place for _, _, place in places])
    rows = np.concatenate([order + kind * count for kind in range(of_each)])
    covariance = full[np.ix_(rows, rows)]
    freedom = max(fit.data - len(full), 1)
    quantile = float(stdtrit(freedom, 0.5 + level / 2))
    rates = [_interval(i, part, fit.found[place], quantile) for i, part, place in places]
    to_file = _in_file_form(len(places), of_each, fit.temperature)
    errors, correlation = Covariance.of_covariance(covariance).of(to_file)
    of_rates = Covariance.of_covariance(covariance[: len(places), : len(places)])
    kinds = ("ln A", "Ea")[:of_each]
    labels = [_label(mechanism, i, part) for i, part, _ in places]
    values = [[np.log(fit.found[place].rate.A), fit.found[place].rate.Ea][:of_each] for *_, place in places]
    return Uncertainty(
        names=tuple(label.format(kind) for kind in kinds for label in labels),
        values=np.array(values).T.ravel(),
        std_errors=errors,
        correlation=correlation,
        rates=tuple(rates),
        rate_correlation=of_rates.of(np.eye(len(places)))[1],
        temperature=fit.temperature,
        level=level,
        misfit=float(np.sqrt(fit.misfit)),
        freedom=freedom,
        unidentified=unidentified(
            mechanism, rates, of_rates, np.eye(len(places)), balances.concentrations, balances.temperature
        ),
    )


def _places(mechanism: Mechanism, fit: TrajectoryFit) -> Iterator[tuple[int, str, int]]:
    """Number of each reaction, its part, and its place in the fit."""
    place = {each.direction: i for i, each in enumerate(fit.found)}
    for i, part, direction in one_way_reactions(mechanism):
        if direction in place:
            yield i, part, place[direction]


def _interval(reaction: int, part: str, found: FittedReaction, quantile: float) -> RateInterval:
    constant, change, profiled = found.constant, quantile * found.std_error_log_k, found.bounds is not None
    low, high = found.bounds or (None, None)
    if not profiled and change < MAXIMUM_CHANGE:
        low, high = float(constant * np.exp(-change)), float(constant * np.exp(change))
    return RateInterval((reaction,), part, constant, found.std_error_log_k, low, high, profiled)


def _in_file_form(count: int, of_each: int, temperature: float) -> Array:
    """From ln k, and activation energies, to ln A and these."""
    matrix = np.eye(count * of_each)
    if of_each == 2:
        matrix[:count, count:] = np.eye(count) / (GAS_CONSTANT * temperature)
    return matrix


def _label(mechanism: Mechanism, reaction: int, part: str) -> str:
    equation = mechanism.reactions[reaction].equation
    return f"{equation}: {{}}" + ("" if part == "forward" else f" ({part})")
