"""Radau IIA of order five, for many runs side by side, with exact sensitivities of the discrete solution.

Each run has its own times; all take the same number of steps. A sample interval is cut at fractions of its length,
which `refined` chooses so that the local error stays below the noise. Rate constants may change along a step, as the
temperature does: they are given at its three stages.

Letters in shapes: N runs, T samples, L steps, S species, R one-way reactions, K stages, or 1 where rate constants do
not change, P parameters of a rate constant, Q rate constants.

References
----------
.. [1] E. Hairer, G. Wanner, "Solving Ordinary Differential Equations II", section IV.8, Springer 1996.
   https://doi.org/10.1007/978-3-642-05221-7
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from ...chemistry.arrays import Array, Mask
from .mass_action_rates import MassAction
from .steps import Steps

_ROOT = np.sqrt(6.0)
A = np.array(
    [
        [(88 - 7 * _ROOT) / 360, (296 - 169 * _ROOT) / 1800, (-2 + 3 * _ROOT) / 225],
        [(296 + 169 * _ROOT) / 1800, (88 + 7 * _ROOT) / 360, (-2 - 3 * _ROOT) / 225],
        [(16 - _ROOT) / 36, (16 + _ROOT) / 36, 1 / 9],
    ]
)
_INVERSE = np.linalg.inv(A)
_VALUES, _VECTORS = np.linalg.eig(_INVERSE)
_BACK = np.linalg.inv(_VECTORS)
_REAL, _COMPLEX = int(np.argmin(np.abs(_VALUES.imag))), int(np.argmax(_VALUES.imag))
MAXIMUM_ITERATIONS = 30
NEWTON_TOLERANCE = 1e-11
"""Relative change of the stages at which Newton's iteration has ended."""
ROUND_OFF_TOLERANCE = 1e-8
"""The same where it no longer becomes smaller."""
SHORTER_STEPS = 5
"""So many, each longer than the one before, from whose end a long one is tried."""
MAXIMUM_STEPS = 600
MAXIMUM_ELEMENTS = 4e6
"""Numbers in an array of one part of the sensitivities."""


@dataclass(frozen=True, eq=False)
class DiscreteSolution:
    """A discrete solution: states at the start of each step (L + 1, N, S), and stage states (L, N, 3, S)."""

    nodes: Array
    stages: Array


@np.errstate(over="ignore", invalid="ignore")  # an iteration that diverges, and says so
def advance(
    reactions: MassAction, constants: Array, start: Array, lengths: Array, guess: Array | None = None
) -> Array | None:
    """Stage states of one step, shape (N, 3, S), or None where Newton's iteration does not end for some run.

    Parameters
    ----------
    reactions : MassAction
        R of them.
    constants : array, shape (N, K, R)
        Rate constants.
    start : array, shape (N, S)
        States at the start [kmol/m³].
    lengths : array, shape (N,)
        Of the step [s].
    guess : array, shape (N, 3, S), optional
        First stage states; the start where absent.
    """
    try:
        return _stages(reactions, constants, start, lengths, guess)
    except np.linalg.LinAlgError:  # rate constants too far apart for the digits of a number
        return None


def _stages(reactions: MassAction, constants: Array, start: Array, lengths: Array, guess: Array | None) -> Array | None:
    stages = _with_one_jacobian(reactions, constants, start, lengths, guess)
    for left in range(1, SHORTER_STEPS + 1):
        open_ = np.flatnonzero(~np.isfinite(stages).all(axis=(1, 2)))
        if not len(open_):
            return stages
        k, u, h = constants[open_], start[open_], lengths[open_]
        nearer = None
        if left > 1:  # from the end of a shorter step
            part = _with_all_jacobians(reactions, k, u, h / 8 ** (left - 1), None)
            nearer = np.repeat(part[:, 2:], 3, axis=1)
        stages[open_] = _with_all_jacobians(reactions, k, u, h, nearer)
    return stages if np.isfinite(stages).all() else None


def _newton(
    start: Array, z: Array, change: Callable[[Array], Array], hopeless: Callable[[Mask, Array, Array], bool]
) -> Array:
    """Stage states at which no change is left, from differences z to the start on; NaN for runs that do not converge.

    ``hopeless`` takes which runs have converged, and the relative sizes of their last two changes.
    """
    scale = np.abs(start)[:, None] + (1e-6 * np.abs(start).max(axis=1) + 1e-300)[:, None, None]
    before, done = np.full(len(start), np.inf), np.zeros(len(start), dtype=bool)
    for _ in range(MAXIMUM_ITERATIONS):
        step = change(z)
        z = z + step
        size = np.max(np.abs(step) / scale, axis=(1, 2))
        done = (size < NEWTON_TOLERANCE) | ((size < ROUND_OFF_TOLERANCE) & (size > 0.5 * before))
        if done.all() or hopeless(done, size, before):
            break
        before = size
    z[~done] = np.nan
    return np.asarray(start[:, None] + z)


def _difference(start: Array, guess: Array | None) -> Array:
    return np.zeros((len(start), 3, start.shape[1])) if guess is None else guess - start[:, None]


def _with_one_jacobian(
    reactions: MassAction, constants: Array, start: Array, lengths: Array, guess: Array | None
) -> Array:
    """Stage states by simplified Newton steps."""
    middle = constants[:, constants.shape[1] // 2]
    jacobian = lengths[:, None, None] * reactions.jacobian(start if guess is None else guess[:, 1], middle)
    unit = np.eye(start.shape[1])
    real = np.linalg.inv(_VALUES[_REAL].real * unit - jacobian)
    other = np.linalg.inv(_VALUES[_COMPLEX] * unit - jacobian)

    def change(z: Array) -> Array:
        production = reactions.production(start[:, None] + z, constants)
        defect = lengths[:, None, None] * production - _INVERSE @ z
        w_real = (_BACK[_REAL].real @ defect)[:, :, None]
        w_other = (_BACK[_COMPLEX] @ defect)[:, :, None]
        step = _VECTORS[:, _REAL].real[:, None] * (real @ w_real)[:, None, :, 0]
        return np.asarray(step + 2.0 * (_VECTORS[:, _COMPLEX][:, None] * (other @ w_other)[:, None, :, 0]).real)

    def hopeless(done: Mask, size: Array, before: Array) -> bool:
        return not np.any(~done & (size < before))

    return _newton(start, _difference(start, guess), change, hopeless)


def _with_all_jacobians(
    reactions: MassAction, constants: Array, start: Array, lengths: Array, guess: Array | None
) -> Array:
    """Stage states by full Newton steps."""
    runs, species = start.shape

    def change(z: Array) -> Array:
        stages = start[:, None] + z
        slopes = reactions.jacobian(stages, constants) * lengths[:, None, None, None]
        system = -np.einsum("ab,nbij->naibj", A, slopes).reshape(runs, 3 * species, 3 * species)
        right = A @ (lengths[:, None, None] * reactions.production(stages, constants)) - z
        return np.linalg.solve(system + np.eye(3 * species), right.reshape(runs, -1, 1)).reshape(z.shape)

    return _newton(start, _difference(start, guess), change, lambda _done, size, _: not np.isfinite(size).all())


def integrate(
    reactions: MassAction,
    constants: Array,
    initial: Array,
    time: Array,
    steps: Steps,
    neighbour: DiscreteSolution | None = None,
    deadline: float = np.inf,
) -> DiscreteSolution | None:
    """The time history of every run from its initial state, or None where a step fails or time is over.

    Parameters
    ----------
    reactions : MassAction
        R of them.
    constants : array, shape (L or 1, N, K, R)
        Rate constants.
    initial : array, shape (N, S)
        Initial states [kmol/m³].
    time : array, shape (N, T)
        Of the samples [s].
    steps : Steps
        How the intervals between samples are cut.
    neighbour : DiscreteSolution, optional
        A time history of a neighbouring problem on the same steps, to start Newton's iteration from.
    deadline : float
        Time of the monotonic clock [s] after which no step begins.
    """
    lengths = steps.lengths(time)
    nodes = np.empty((len(lengths) + 1, *initial.shape))
    stages = np.empty((len(lengths), len(initial), 3, initial.shape[1]))
    nodes[0] = initial
    constants = np.broadcast_to(constants, (len(lengths), *constants.shape[1:]))
    for i, length in enumerate(lengths):
        if monotonic() > deadline:
            return None
        guess = None if neighbour is None else neighbour.stages[i] + (nodes[i] - neighbour.nodes[i])[:, None]
        reached = advance(reactions, constants[i], nodes[i], length, guess)
        if reached is None:
            return None
        stages[i], nodes[i + 1] = reached, reached[:, 2]
    return DiscreteSolution(nodes, stages)


def sensitivities(
    reactions: MassAction,
    constants: Array,
    history: DiscreteSolution,
    time: Array,
    steps: Steps,
    slopes: Array | None = None,
    parameter: NDArray[np.int64] | None = None,
) -> tuple[Array, Array]:
    """Derivatives of the states at the samples by parameters, shape (N, T, S, P, Q), and initial states, (N, T, S, S).

    They are those of the discrete solution, exact to round-off. ``constants`` has shape (L or 1, N, K, R). ``slopes``
    holds the derivative of each rate constant by its own parameters, shape (L or 1, N, K, P, R), ``parameter`` the
    number of the constant, in ascending order; by default the parameter is ln k.
    """
    lengths = steps.lengths(time)
    count, runs, _, species = history.stages.shape
    slopes = constants[..., None, :] if slopes is None else slopes
    numbers = np.arange(constants.shape[-1]) if parameter is None else parameter
    kinds, quantity = slopes.shape[-2], int(numbers[-1]) + 1
    constants = np.broadcast_to(constants, (count, *constants.shape[1:]))
    slopes = np.broadcast_to(slopes, (count, *slopes.shape[1:]))
    at_once = max(1, int(MAXIMUM_ELEMENTS // (runs * 3 * species * (4 * species + kinds * len(numbers)))))
    ends = set(steps.samples.tolist())
    by_initial = [np.broadcast_to(np.eye(species), (runs, species, species))]
    by_rate = [np.zeros((runs, species, kinds * quantity))]
    initial, rate = by_initial[0], by_rate[0]
    for begin in range(0, count, at_once):
        part = slice(begin, begin + at_once)
        along, driven = _transfers(
            reactions, constants[part], history.stages[part], lengths[part], slopes[part], numbers
        )
        for i in range(len(along)):
            initial, rate = along[i] @ initial, along[i] @ rate + driven[i]
            if begin + i in ends:
                by_initial.append(initial)
                by_rate.append(rate)
    rates = np.stack(by_rate, axis=1)
    return rates.reshape(*rates.shape[:-1], kinds, quantity), np.stack(by_initial, axis=1)


def _transfers(
    reactions: MassAction,
    constants: Array,
    stages: Array,
    lengths: Array,
    slopes: Array,
    parameter: NDArray[np.int64],
) -> tuple[Array, Array]:
    """Derivatives of the end of each step by its start, shape (L, N, S, S), and by the parameters, (L, N, S, P Q)."""
    count, runs, _, species = stages.shape
    jacobian = reactions.jacobian(stages, constants)
    system = -np.einsum("ab,lnbij->lnaibj", A, jacobian, optimize=True) * lengths[..., None, None, None, None]
    system = system.reshape(count, runs, 3 * species, 3 * species) + np.eye(3 * species)
    flux = reactions.monomials(stages)[..., None, :] * slopes * lengths[..., None, None, None]
    driven = (A @ flux.reshape(count, runs, 3, -1)).reshape(flux.shape)
    forcing = driven[..., None, :, :] * reactions.net.T[:, None]
    if parameter[-1] + 1 < len(parameter):
        forcing = np.add.reduceat(forcing, np.flatnonzero(np.diff(parameter, prepend=-1)), axis=-1)
    own = np.broadcast_to(np.tile(np.eye(species), (3, 1)), (count, runs, 3 * species, species))
    right = np.concatenate([own, forcing.reshape(count, runs, 3 * species, -1)], axis=-1)
    answer = np.linalg.solve(system, right)[:, :, 2 * species :]
    return answer[..., :species], answer[..., species:]


def refined(
    reactions: MassAction,
    constants: Callable[[Steps], Array],
    history: DiscreteSolution,
    time: Array,
    steps: Steps,
    allowed: Array,
) -> Steps:
    """The same steps, those cut in half whose local error is above ``allowed``, shape (N, S).

    ``constants`` gives the rate constants on any steps, shape (L or 1, N, K, R).
    """
    lengths = steps.lengths(time)
    count, runs = lengths.shape
    start = history.nodes[:-1].reshape(-1, history.nodes.shape[-1])
    halves = constants(steps.finer(1))
    halves = np.broadcast_to(halves, (2 * count, *halves.shape[1:])).reshape(count, 2, runs, *halves.shape[2:])
    for half in range(2):
        every = halves[:, half].reshape(count * runs, *halves.shape[3:])
        stages = advance(reactions, every, start, lengths.ravel() / 2)
        if stages is None:
            return steps.finer(1)
        start = stages[:, 2]
    error = np.abs(start.reshape(history.nodes[1:].shape) - history.nodes[1:])
    wrong = np.asarray((error > allowed).any(axis=(1, 2)))
    return steps if not wrong.any() or count + wrong.sum() > MAXIMUM_STEPS else steps.halved(wrong)
