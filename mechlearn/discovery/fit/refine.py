"""A mechanism → the same reactions with the rate constants that fit whole trajectories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from ...chemistry.arrays import Array
from ...chemistry.kinetics import rate_constants
from ...chemistry.mechanism import Arrhenius, Mechanism, Reaction
from ...chemistry.one_way import one_way_reactions
from ...data.noise.concentration_noise import Noise, estimate_noise
from ...data.trajectories import Trajectories
from ...errors import DataError, FormatError
from ...simulation.mass_action.mass_action_rates import MassAction
from ..candidates.trajectory_candidates import Candidates
from .learned_reactions import Bounds
from .outliers import Outlier, has_outliers, outliers
from .rate_bounds import UNDETERMINED, bounds
from .rate_prior import RatePrior
from .run_arrays import RunArrays, run_arrays
from .temperature_basis import LogOffset, TemperatureBasis
from .trajectory_fit import fitted, information
from .trajectory_problem import FitState, TrajectoryProblem

REWEIGHTED = 2


@dataclass(frozen=True, eq=False)
class Refinement:
    """A mechanism fitted to trajectories.

    Parameters
    ----------
    mechanism : Mechanism
        The same reactions; every A is multiplied by what the fit found, b and Ea stay.
    chi2 : float
        Sum of squared residuals over the variance of the noise; about ``data`` where the mechanism explains the runs.
    data : int
        Number of measured concentrations.
    std_error_log_k : tuple of (float, float or None)
        For each reaction standard errors of ln k, forward and reverse; None without a reverse one of its own.
    bounds : tuple of (bounds or None, bounds or None)
        Likewise, where the data do not determine a constant: lower and upper bound of k at the runs' temperature, None
        on a side without one.
    first : dict of str to array, shape (S,)
        Initial state of each run [kmol/m³], as fitted.
    noise : Noise
        Noise of the concentrations.
    outliers : tuple of Outlier
        Values that the fit misses by more than five standard deviations.
    """

    mechanism: Mechanism
    chi2: float
    data: int
    std_error_log_k: tuple[tuple[float, float | None], ...]
    bounds: tuple[tuple[Bounds | None, Bounds | None], ...]
    first: dict[str, Array]
    noise: Noise
    outliers: tuple[Outlier, ...]


def refine(
    mechanism: Mechanism,
    runs: Trajectories,
    *,
    noise: Noise | Literal["auto", "relative", "absolute", "combined"] = "auto",
    initial_states: bool = True,
    rates: bool = True,
    robust: bool | None = None,
) -> Refinement:
    """Fit rate constants, and the initial state of every run, to the trajectories.

    Parameters
    ----------
    mechanism : Mechanism
        Mass-action reactions; the species of the runs in any order. Where a reverse rate constant follows from
        thermodynamics it keeps to that.
    runs : Trajectories
        At constant volume, at any temperatures that are known; values may be missing.
    noise : Noise or str
        The noise, where it is known, or its kind, to be estimated: ``relative`` to each concentration, ``absolute``, or
        ``auto``, what neighbouring samples show.
    initial_states : bool
        Whether initial states are among the unknowns; else they are as measured.
    rates : bool
        Whether rate constants are; else only initial states are fitted.
    robust : bool, optional
        Whether residuals beyond three standard deviations count linearly (Huber's loss); by default where there are
        outliers.

    Returns
    -------
    Refinement

    Raises
    ------
    DataError
        If the species differ, the volume changes, every run is a single state, or the start cannot be integrated.
    FormatError
        If a reaction has a third body, falls off, or has orders or coefficients that are not mass action.

    Notes
    -----
    Radau IIA of order five for all runs side by side, with the exact sensitivities of the discrete solution;
    Levenberg–Marquardt in ln k, the initial states eliminated by a Schur complement. Steps are halved until their error
    is a twentieth of the noise.

    Examples
    --------
    >>> guess = Reaction({"A": 1}, {"B": 1}, Arrhenius(1.0))
    >>> refined = refine(Mechanism(decay.species, (guess,)), decay)
    >>> round(refined.mechanism.reactions[0].rate.A, 6)
    2.0
    """
    runs = _in_order(runs, mechanism)
    known = noise if isinstance(noise, Noise) else estimate_noise(runs, noise)
    with threadpool_limits(limits=1):
        problem, theta = problem_of(mechanism, run_arrays(runs), known)
        held = () if rates else tuple(range(len(theta)))
        problem = replace(problem, fixed_first=not initial_states, robust=bool(robust), held=held)
        return _record(mechanism, _minimum(problem, theta, robust), theta)


def _minimum(problem: TrajectoryProblem, theta: Array, robust: bool | None) -> FitState:
    state = problem.evaluate(theta, problem.data.first)
    if state is None:
        raise DataError(
            "The mechanism cannot be integrated from the initial states of these runs. Check its rate constants and "
            "the unit of the concentrations."
        )
    state = fitted(state.resolved()).resolved()
    for _ in range(REWEIGHTED):
        weighted = replace(state, problem=state.problem.with_weights(state.samples))
        if robust is None:
            weighted = replace(weighted, problem=replace(weighted.problem, robust=has_outliers(weighted)))
        again = state.under(weighted.problem)
        if again is None:
            break
        state = fitted(again, tolerance=1e-4)
    return state


def _record(mechanism: Mechanism, state: FitState, start: Array) -> Refinement:
    count, problem = len(start), state.problem
    scale = max(1.0, state.chi2 / max(problem.data.count, 1))
    deviations = np.zeros(count) if problem.held else np.sqrt(np.diag(information(state).covariance()) * scale)
    limits = [bounds(state, i, scale) if each > UNDETERMINED else None for i, each in enumerate(deviations)]
    reactions, errors, ranges = [], [], []
    places, factor = iter(range(count)), np.exp(state.theta - start)[:, 0]
    for reaction in mechanism.reactions:
        place, back = next(places), None if reaction.reverse_rate is None else next(places)
        reactions.append(_scaled(reaction, factor[place], None if back is None else factor[back]))
        errors.append((float(deviations[place]), None if back is None else float(deviations[back])))
        ranges.append((limits[place], None if back is None else limits[back]))
    return Refinement(
        mechanism=replace(mechanism, reactions=tuple(reactions)),
        chi2=state.chi2,
        data=problem.data.count,
        std_error_log_k=tuple(errors),
        bounds=tuple(ranges),
        first=dict(zip(problem.data.names, state.first, strict=True)),
        noise=problem.noise,
        outliers=outliers(state, mechanism.species_names),
    )


def _scaled(reaction: Reaction, forward: float, back: float | None) -> Reaction:
    def times(rate: Arrhenius | None, factor: float | None) -> Arrhenius | None:
        return None if rate is None or factor is None else replace(rate, A=float(rate.A * factor))

    return replace(reaction, rate=times(reaction.rate, forward), reverse_rate=times(reaction.reverse_rate, back))


def problem_of(mechanism: Mechanism, data: RunArrays, noise: Noise) -> tuple[TrajectoryProblem, Array]:
    """One-way reactions of a mechanism beside data, and ln of each rate constant of its own, which scales it."""
    for reaction in mechanism.reactions:
        if reaction.third_body is not None or reaction.rate is None or (reaction.orders and reaction.reversible):
            raise FormatError(
                f"{reaction.equation} is not plain mass action (a third body, orders of a reversible reaction, or "
                "another rate type), and only such rates can be refined. Refine a mechanism without it."
            )
        _require_whole(reaction)
    directions, places = [], []
    parameter: list[int] = []
    for i, part, direction in one_way_reactions(mechanism):
        directions.append(direction)
        places.append((int(part == "reverse"), i))
        has_own = part == "forward" or mechanism.reactions[i].reverse_rate is not None
        parameter.append((parameter[-1] if parameter else -1) + has_own)
    if not directions:
        raise DataError("The mechanism has no reaction, so that there is nothing to refine.")

    def log_constants(temperature: Array) -> Array:
        kelvin = np.where(np.isfinite(temperature), temperature, mechanism.temperature)
        both = np.array([k.T for k in rate_constants(mechanism, kelvin.ravel())])
        each = np.array([both[place] for place in places])
        return np.asarray(np.log(np.maximum(each, 1e-300)).T.reshape(*kelvin.shape, -1))

    numbers = np.array(parameter)
    own = np.flatnonzero(np.diff(numbers, prepend=-1))
    known = data.temperature[np.isfinite(data.temperature)]
    reference = float(np.median(known)) if known.size else mechanism.temperature
    theta = log_constants(np.array(reference))[own]
    offset = LogOffset(lambda temperature: log_constants(temperature) - theta[numbers])
    pool = Candidates(MassAction(tuple(directions)), numbers, offset)
    problem = TrajectoryProblem.of(pool, data, noise)
    basis = TemperatureBasis(reference)
    return replace(problem, basis=basis, prior=RatePrior.of(pool, basis)), theta[:, None]


def _require_whole(reaction: Reaction) -> None:
    numbers = [*reaction.reactants.values(), *reaction.products.values(), *(reaction.orders or {}).values()]
    if any(n != round(n) or n < 0 for n in numbers):
        raise FormatError(
            f"{reaction.equation} has coefficients or orders that are not whole, which cannot be refined."
        )


def _in_order(runs: Trajectories, mechanism: Mechanism) -> Trajectories:
    """The runs with columns in the order of the mechanism's species."""
    lacking = sorted(set(mechanism.species_names) ^ set(runs.species_names))
    if lacking:
        raise DataError(
            f"The mechanism and the runs do not have the same species ({', '.join(lacking)}). Give runs and a "
            "mechanism of the same species."
        )
    columns = [runs.species_names.index(name) for name in mechanism.species_names]
    parts = [replace(run, concentrations=run.concentrations[:, columns], rates=None) for run in runs.runs]
    return replace(runs, species=tuple(runs.species[j] for j in columns), runs=tuple(parts))
