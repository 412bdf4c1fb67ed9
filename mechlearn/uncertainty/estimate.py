"""Standard errors, correlations and intervals of a mechanism's parameters, from what the fit leaves of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.stats import chi2, t

from ..chemistry.kinetics import production_rates, progress
from ..chemistry.mechanism import Mechanism
from ..chemistry.thermo import GAS_CONSTANT
from ..data.balances.balances import Balances
from ..data.noise.rate_noise import noise_left
from ..discovery.fit.production_states import Flux
from ..discovery.fit.rate_fit import errors_left
from ..errors import DataError
from .covariance import Covariance
from .identifiability import unidentified
from .profile_likelihood import FARTHEST, profile_limits
from .rate_interval import RateInterval
from .rate_parameters import Parameter, in_file_form, parameters_of, slopes, with_changes
from .uncertainty_record import Uncertainty

Array = NDArray[np.float64]

NOT_QUADRATIC = 0.25
"""Standard error of ln k from which on limits are looked for along the likelihood itself."""
MOST_PROFILED = 40
"""Parameters beyond which that takes too long, and a large standard error is all that is said."""
ROUND_OFF = 1e-13
"""Residual over gross flux below which nothing is known better."""
FLOOR = 1e-8
"""Of the gross flux, as a share of its largest value in the state."""
SPREAD = 1e-6
"""Relative spread of temperatures above which b and Ea show."""


def estimate_uncertainty(mechanism: Mechanism, balances: Balances, *, level: float = 0.95) -> Uncertainty:
    """How well the data determine the rate constants of a mechanism that was fitted to them.

    Parameters
    ----------
    mechanism : Mechanism
        R reactions, at least one; its parameters lie where the data are explained best.
    balances : Balances
        The data that it was learnt from, with the mechanism's species in the same order.
    level : float
        Of the intervals.

    Returns
    -------
    Uncertainty

    Raises
    ------
    DataError
        If the mechanism has no reaction.

    Notes
    -----
    The covariance of the parameters is (JᵀWJ)⁻¹ times the mean weighted square residual or, where that is larger, what
    the residuals themselves say of it (`Covariance.of_fit`), J by central differences, W one over the square of each
    balance's error: as given with the balances, or estimated from the residual (a share of the rate and a constant
    part per species; at several temperatures a share of the rate and one of what the reactions contribute). Where ln k
    has a standard error above 0.25, its limits are those at which the weighted sum of squares, all other parameters
    fitted anew, has risen by the quantile of χ²; a side without such a limit is open (of at most 40 parameters; with
    more, only the curvature speaks).
    Residuals count as independent. Where rate laws are approximate, residuals are no noise and intervals too narrow.

    Examples
    --------
    >>> balances = differential_balances(decay)
    >>> estimate_uncertainty(discover(balances).mechanism, balances).rates[0].text
    'exact'
    """
    if not mechanism.reactions:
        raise DataError("The mechanism has no reaction, so there is no rate constant to know. Learn one first.")
    temperature = np.where(np.isfinite(balances.temperature), balances.temperature, mechanism.temperature)
    middle = float(np.median(temperature))
    thermal = bool(np.ptp(temperature) > SPREAD * temperature.max())
    parameters = parameters_of(mechanism, middle, thermal=thermal)
    weights = _weights(mechanism, balances, temperature, thermal)
    fit = _Fit(mechanism, parameters, balances, temperature, middle, weights)
    best = np.zeros(len(parameters))
    freedom = max(int(np.count_nonzero(fit.weights)) - len(parameters), 1)
    residual = fit.residual(best)
    misfit = float(np.sqrt(np.sum(residual**2) / freedom))
    scale = max(misfit, ROUND_OFF)
    spread = Covariance.of_fit(fit.jacobian(best), residual, scale)
    rise = float(chi2.ppf(level, 1)) * scale**2
    width = float(t.ppf(0.5 + level / 2, freedom))
    sums = _added(mechanism, parameters)
    shares = np.array([each for _, each in sums])
    rate_errors, rate_correlation = spread.of(shares)
    rates = tuple(
        _interval(fit, which, float(error), width, rise) for (which, _), error in zip(sums, rate_errors, strict=True)
    )
    turn = in_file_form(parameters, middle)
    errors, correlation = spread.of(turn)
    return Uncertainty(
        names=tuple(_label(mechanism, each) for each in parameters),
        values=turn @ [each.value for each in parameters],
        std_errors=errors,
        correlation=correlation,
        rates=rates,
        rate_correlation=rate_correlation,
        temperature=middle,
        level=level,
        misfit=misfit,
        freedom=freedom,
        unidentified=unidentified(mechanism, rates, spread, shares, balances.concentrations, temperature),
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Residuals over their errors, and their derivatives, at changes of the parameters."""

    mechanism: Mechanism
    parameters: tuple[Parameter, ...]
    balances: Balances
    temperature: Array
    middle: float
    weights: Array

    @property
    def reach(self) -> Array:
        """How far the parameters may go to either side, shape (P,)."""
        unit = [GAS_CONSTANT * self.middle if each.name == "Ea" else 1.0 for each in self.parameters]
        return 2 * FARTHEST * np.array(unit)

    def residual(self, changes: Array) -> Array:
        """Shape (M S,)."""
        changed = with_changes(self.mechanism, self.parameters, changes, self.middle)
        production = production_rates(changed, self.balances.concentrations, self.temperature)
        return np.asarray((self.balances.residual(production) * self.weights).ravel())

    def jacobian(self, changes: Array) -> Array:
        """Shape (M S, P)."""
        changed = with_changes(self.mechanism, self.parameters, changes, self.middle)
        at = slopes(changed, self.parameters, self.balances.concentrations, self.temperature, self.middle)
        observed = self.balances.operator @ at.reshape(len(at), -1)
        return np.asarray(observed.reshape(-1, *at.shape[1:]) * self.weights[:, :, None]).reshape(-1, at.shape[2])


def _weights(mechanism: Mechanism, balances: Balances, temperature: Array, thermal: bool) -> Array:
    """One over the error of each balance, shape (M, S); zero where it tells nothing."""
    if np.any(balances.scale > 0):
        return np.asarray(np.where(balances.scale > 0, 1 / np.where(balances.scale > 0, balances.scale, 1.0), 0.0))
    forward, reverse = progress(mechanism, balances.concentrations, temperature)
    size, observe = np.abs(mechanism.net), balances.operator
    production = np.asarray(observe @ ((forward - reverse) @ mechanism.net))
    identity = sp.eye_array(observe.shape[0], observe.shape[1])
    if not thermal and observe.shape[0] == observe.shape[1] and not (observe - identity).nnz:
        noise = noise_left(balances.accumulation, production)
        if not noise.exact:
            return np.asarray(1 / np.maximum(noise.deviation(production), 1e-300))
        gross = (forward + reverse) @ size
        gross = gross + FLOOR * gross.max(axis=1, keepdims=True)
        return np.asarray(np.where(gross > 0, 1 / np.where(gross > 0, gross, 1.0), 0.0))
    net, gross = abs(observe) @ (np.abs(forward - reverse) @ size), abs(observe) @ ((forward + reverse) @ size)
    flux = Flux(production, np.asarray(net), np.asarray(gross))
    return errors_left(balances.accumulation, flux).weights(flux)


def _added(mechanism: Mechanism, parameters: tuple[Parameter, ...]) -> list[tuple[tuple[int, ...], Array]]:
    """Which ln k add up to one rate constant, as several terms of one reaction do, and their shares of it."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, each in enumerate(parameters):
        if each.name == "ln k":
            reaction = mechanism.reactions[each.reaction]
            sides = [tuple(sorted(side.items())) for side in (reaction.reactants, reaction.products)]
            if each.part == "reverse":
                sides.reverse()
            alone = reaction.third_body is not None or reaction.orders is not None
            groups.setdefault((*sides, each.reaction if alone else "", each.part if alone else ""), []).append(i)
    found = []
    for members in groups.values():
        shares = np.zeros(len(parameters))
        shares[members] = np.exp([parameters[i].value for i in members])
        found.append((tuple(members), shares / shares.sum()))
    return found


def _interval(fit: _Fit, members: tuple[int, ...], error: float, width: float, rise: float) -> RateInterval:
    """Limits of one rate constant, from the curvature, or where that is no guide along the likelihood."""
    parameters = [fit.parameters[i] for i in members]
    value = float(np.sum(np.exp([each.value for each in parameters])))
    profiled = error > NOT_QUADRATIC and len(members) == 1 and len(fit.parameters) <= MOST_PROFILED
    if profiled:
        found = profile_limits(fit.residual, fit.jacobian, np.zeros(len(fit.parameters)), members[0], rise, fit.reach)
        low, high = (None if each is None else value * float(np.exp(each)) for each in (found.low, found.high))
    else:
        spread = width * error
        low, high = (value * float(np.exp(s)) if spread < FARTHEST else None for s in (-spread, spread))
    which = tuple(each.reaction for each in parameters)
    return RateInterval(which, parameters[0].part, value, error, low, high, profiled)


def _label(mechanism: Mechanism, parameter: Parameter) -> str:
    equation = mechanism.reactions[parameter.reaction].equation
    name = "ln A" if parameter.name == "ln k" else parameter.name
    if parameter.part == "efficiency":
        return f"{equation}: ln efficiency of {name}"
    return f"{equation}: {name}" + ("" if parameter.part == "forward" else f" ({parameter.part})")
