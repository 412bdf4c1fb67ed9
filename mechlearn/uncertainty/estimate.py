"""Standard errors, correlations and intervals of a mechanism's parameters, from what the fit leaves of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.stats import chi2, t

from ..chemistry.arrays import Array
from ..chemistry.kinetics import production_rates, progress
from ..chemistry.mechanism import Mechanism
from ..chemistry.thermo import GAS_CONSTANT
from ..data.balances.balances import Balances
from ..data.noise.rate_noise import noise_left
from ..errors import DataError
from .covariance import Covariance
from .identifiability import unidentified
from .profile_likelihood import MAXIMUM_CHANGE, profile_limits
from .rate_parameters import Parameter, in_file_form, parameters_of, slopes, with_changes
from .uncertainty_result import RateInterval, Uncertainty
from .weighted_balances import WeightedBalances, inverse, inverse_flux, weights_of_fit

NOT_QUADRATIC = 0.25
"""Standard error of ln k from which on limits are looked for along the likelihood itself."""
MAXIMUM_PROFILED = 40
"""Parameters beyond which that takes too long, and a large standard error is all that is said."""
ROUND_OFF = 1e-13
"""Residual over gross flux below which nothing is known better."""
ISOTHERMAL_RANGE = 1e-6
"""Relative range of temperatures up to which b and Ea do not show."""


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
    balance's error: as given with the balances, or estimated from the residual (a part relative to the rate and a
    constant one per species; at several temperatures parts relative to the rate and to what the reactions contribute).
    Where ln k has a standard error above 0.25, its limits are those at which the weighted sum of squares, all other
    parameters fitted anew, has risen by the quantile of χ²; a side without such a limit is open (of at most 40
    parameters; with more, only the curvature speaks).
    Residuals count as independent. Where rate laws are approximate, residuals are no noise and intervals too narrow.

    Examples
    --------
    >>> balances = differential_balances(decay)
    >>> estimate_uncertainty(discover(balances).mechanism, balances).rates[0].text
    'exact'
    """
    if not mechanism.reactions:
        raise DataError("The mechanism has no reaction, so there is no rate constant to know. Learn one first.")
    temperature = balances.temperature_or(mechanism.temperature)
    middle = float(np.median(temperature))
    thermal = bool(np.ptp(temperature) > ISOTHERMAL_RANGE * temperature.max())
    parameters = parameters_of(mechanism, middle, thermal=thermal)
    data = WeightedBalances(balances, temperature, _weights(mechanism, balances, temperature, thermal))
    fit = _Fit(mechanism, parameters, data, middle)
    best = np.zeros(len(parameters))
    freedom = max(int(np.count_nonzero(data.weights)) - len(parameters), 1)
    residual = fit.residual(best)
    misfit = float(np.sqrt(np.sum(residual**2) / freedom))
    scale = max(misfit, ROUND_OFF)
    covariance = Covariance.of_fit(fit.jacobian(best), residual, scale)
    rise, quantile = float(chi2.ppf(level, 1)) * scale**2, float(t.ppf(0.5 + level / 2, freedom))
    sums = _added(mechanism, parameters)
    combinations = np.array(list(sums.values()))
    rate_errors, rate_correlation = covariance.of(combinations)
    rates = tuple(
        _interval(fit, which, error, quantile, rise) for which, error in zip(sums, rate_errors.tolist(), strict=True)
    )
    to_file = in_file_form(parameters, middle)
    errors, correlation = covariance.of(to_file)
    return Uncertainty(
        names=tuple(_label(mechanism, each) for each in parameters),
        values=to_file @ [each.value for each in parameters],
        std_errors=errors,
        correlation=correlation,
        rates=rates,
        rate_correlation=rate_correlation,
        temperature=middle,
        level=level,
        misfit=misfit,
        freedom=freedom,
        unidentified=unidentified(mechanism, rates, covariance, combinations, balances.concentrations, temperature),
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Residuals over their errors, and their derivatives, at changes of the parameters."""

    mechanism: Mechanism
    parameters: tuple[Parameter, ...]
    data: WeightedBalances
    middle: float

    @property
    def reach(self) -> Array:
        """How far the parameters may go to either side, shape (P,)."""
        unit = [GAS_CONSTANT * self.middle if each.name == "Ea" else 1.0 for each in self.parameters]
        return 2 * MAXIMUM_CHANGE * np.array(unit)

    def residual(self, changes: Array) -> Array:
        """Shape (M S,)."""
        changed = with_changes(self.mechanism, self.parameters, changes, self.middle)
        return self.data.residual(production_rates(changed, self.data.balances.concentrations, self.data.temperature))

    def jacobian(self, changes: Array) -> Array:
        """Shape (M S, P)."""
        changed = with_changes(self.mechanism, self.parameters, changes, self.middle)
        states, kelvin = self.data.balances.concentrations, self.data.temperature
        return self.data.observed(slopes(changed, self.parameters, states, kelvin, self.middle))


def _weights(mechanism: Mechanism, balances: Balances, temperature: Array, thermal: bool) -> Array:
    """One over the error of each balance, shape (M, S); zero where it says nothing."""
    if np.any(balances.scale > 0):
        return inverse(balances.scale)
    shape = balances.operator.shape
    if thermal or shape[0] != shape[1] or (balances.operator - sp.eye_array(*shape)).nnz:
        return weights_of_fit(mechanism, balances, temperature)
    forward, reverse = progress(mechanism, balances.concentrations, temperature)
    production = (forward - reverse) @ mechanism.net
    noise = noise_left(balances.accumulation, production)
    if not noise.exact:
        return np.asarray(1 / np.maximum(noise.deviation(production), 1e-300))
    return inverse_flux((forward + reverse) @ np.abs(mechanism.net))


def _added(mechanism: Mechanism, parameters: tuple[Parameter, ...]) -> dict[tuple[int, ...], Array]:
    """Which ln k add up to one rate constant, as several terms of one reaction do, and their parts of it."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, each in enumerate(parameters):
        if each.name == "ln k":
            reaction = mechanism.reactions[each.reaction]
            left, right = (tuple(sorted(side.items())) for side in (reaction.reactants, reaction.products))
            sides = (right, left) if each.part == "reverse" else (left, right)
            alone = reaction.third_body is not None or reaction.orders is not None
            groups.setdefault((*sides, *((each.reaction, each.part) if alone else ())), []).append(i)
    found = {}
    for members in groups.values():
        parts = np.zeros(len(parameters))
        parts[members] = np.exp([parameters[i].value for i in members])
        found[tuple(members)] = parts / parts.sum()
    return found


def _interval(fit: _Fit, members: tuple[int, ...], error: float, quantile: float, rise: float) -> RateInterval:
    """Limits of one rate constant, from the curvature, or where that is no guide along the likelihood."""
    parameters = [fit.parameters[i] for i in members]
    value = float(np.sum(np.exp([each.value for each in parameters])))
    profiled = error > NOT_QUADRATIC and len(members) == 1 and len(fit.parameters) <= MAXIMUM_PROFILED
    if profiled:
        best = np.zeros(len(fit.parameters))
        changes = profile_limits(fit.residual, fit.jacobian, best, members[0], rise, fit.reach)
    else:
        change = quantile * error
        changes = (-change, change) if change < MAXIMUM_CHANGE else (None, None)
    low, high = (None if each is None else value * float(np.exp(each)) for each in changes)
    which = tuple(each.reaction for each in parameters)
    return RateInterval(which, parameters[0].part, value, error, low, high, profiled)


def _label(mechanism: Mechanism, parameter: Parameter) -> str:
    equation = mechanism.reactions[parameter.reaction].equation
    name = "ln A" if parameter.name == "ln k" else parameter.name
    if parameter.part == "efficiency":
        return f"{equation}: ln efficiency of {name}"
    return f"{equation}: {name}" + ("" if parameter.part == "forward" else f" ({parameter.part})")
