"""How delays and profiles depend on every rate constant: one adjoint pass backward over the steps of the solver.

The state is z, the moles of each species per mass; the temperature follows from it by conservation of energy, so that
no perturbation can break energy or elements. Perturbations obey dδ/dt = J δ + ∂f/∂p. Over a step of width h, J and
∂f/∂p are taken at its middle and exp(hJ) as the Padé approximant of degrees (1, 2), which damps fast modes; the adjoint
of this recursion is then exact. All functionals go back together, as columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from ..chemistry.thermo import GAS_CONSTANT
from .candidate_phases import scaled_temperature, source_of
from .flames import moved_flame, speed_slopes
from .reduction_records import UNCHANGED, Change, Condition, Flame, Task, Vector
from .response import SolverHistory, set_state
from .scoring import Trial, respond, without_ignition

Array = NDArray[np.float64]
_LEAST_FRACTION = 1e-25
_STRIDE = 4
"""Every so many steps of the solver one counts."""
_SHIFTED_FROM = 30.0
"""From this rise of temperature on [K] a shift in time is carried along to ignition."""


def linearised(task: Task, trial: Trial, number: int) -> tuple[Vector, Array] | None:
    """Residuals at a condition and their derivatives with respect to changes of the candidate's rate constants.

    Parameters
    ----------
    task : Task
        With references.
    trial : Trial
        The mechanism.
    number : int
        Of the condition.

    Returns
    -------
    tuple of array, shape (rows,), and array, shape (rows, reactions, 3)
        As `Task.residuals`; by reaction of the candidate and by a, b and e of its change. None without response.
    """
    quiet = task.quiet_of(number)
    if quiet is not None:
        error = without_ignition(task, trial, quiet)
        return (error, np.zeros((1, len(trial.candidate.reactions), 3))) if error[0] < 1 else None
    flame = task.flame_of(number)
    if flame is not None:
        return _linearised_flame(task, trial, *flame)
    history = respond(task, trial, number)
    if history is None:
        return None
    gas = source_of(task.mechanism, task.phase, task.global_reactions).build(trial.candidate)
    reference, condition = task.references[number], task.conditions[number]
    delay = history.response.delay
    ends = np.array([delay, *(delay + end for end in task.times_after(condition))])
    path = _Path(gas, history, ends)
    columns = [gas.species_index(name) if name in gas.species_names else -1 for name in task.species]
    scale = 1 / (reference.response.delay * task.limits[0])
    functionals = [(0, path.delay * scale)]
    for i in range(1, len(ends)):
        known = reference.response.profile[i - 1]
        functionals.append((i, path.temperatures[i] / known[0] / task.limits[1]))
        for j, largest in zip(columns, reference.largest, strict=True):
            functionals.append((i, path.mole_fraction(i, j) / largest / task.limits[2]))
    gradient = path.gradient(functionals)
    gradient[0] *= -delay * scale / (gradient[0, :, 0].sum() or -delay * scale)  # all reactions alike shorten it so
    return task.residuals(number, history.response), gradient


def _linearised_flame(task: Task, trial: Trial, condition: Condition, known: Flame) -> tuple[Vector, Array] | None:
    candidate, source = trial.candidate, source_of(task.mechanism, task.phase, task.global_reactions)
    flame = moved_flame(source.build(candidate), condition, task.transport, known, source.names)
    if flame is None:
        return None
    names, changes = frozenset(flame.gas.species_names), dict(candidate.changes)

    def changed(place: int, further: Change) -> ct.Reaction:
        j = candidate.reactions[place]
        a, b, e = (now + more for now, more in zip(changes.get(j, UNCHANGED), further, strict=True))
        return source.reaction(j, names, (a, b, e))

    speed = float(flame.velocity[0])
    slopes = speed_slopes(flame, changed, [source.changeable(j) for j in candidate.reactions])
    slopes *= speed / known.speed / task.flame_limit
    return task.speed_residuals(known, speed), np.stack([np.zeros_like(slopes), slopes])


def _colliders(gas: ct.Solution) -> tuple[Array, NDArray[np.bool_]]:
    """Efficiencies as third body, shape (reactions, species), and which reactions fall off."""
    table, falls = np.zeros((gas.n_reactions, gas.n_species)), np.zeros(gas.n_reactions, dtype=bool)
    for j, reaction in enumerate(gas.reactions()):
        if reaction.third_body is not None:
            table[j] = reaction.third_body.default_efficiency
            for name, value in reaction.third_body.efficiencies.items():
                if name in gas.species_names:
                    table[j, gas.species_index(name)] = value
            falls[j] = reaction.reaction_type.startswith(("falloff", "chemically-activated"))
    return table, falls


class _Path:
    """A candidate's time history, linearised at the middle of every step, and the functionals at their ends."""

    def __init__(self, gas: ct.Solution, history: SolverHistory, ends: Array) -> None:
        self._gas, self._constant_pressure, self._held = gas, history.constant_pressure, history.held
        self._net = np.asarray(gas.product_stoich_coeffs) - np.asarray(gas.reactant_stoich_coeffs)
        counted = np.arange(len(history.time)) % _STRIDE == 0
        times = np.unique(np.concatenate([history.time[counted & (history.time < ends.max())], ends]))
        states = np.array([np.interp(times, history.time, column) for column in history.states.T]).T
        self._places, self._width = np.searchsorted(times, ends), np.diff(times)
        self._moles = states[self._places, 1:] / gas.molecular_weights
        self.temperatures = [self._warmth(states[place]) for place in self._places]
        self._linearise((states[1:] + states[:-1]) / 2)
        self._slope = self._carried_slope(states)
        self.delay = -self.temperatures[0] / float(self.temperatures[0] @ self._slope)

    def _warmth(self, state: Vector) -> Vector:
        """Derivative of the temperature with respect to z, at constant energy."""
        gas = self._gas
        set_state(gas, state, self._held, self._constant_pressure)
        if self._constant_pressure:
            return np.asarray(-gas.partial_molar_enthalpies / gas.cp_mass)
        return np.asarray(-gas.partial_molar_int_energies / gas.cv_mass)

    def _linearise(self, states: Array) -> None:
        """Jacobians, rates of progress per mass, and propagators, at the middle of every step."""
        gas, count = self._gas, len(states)
        self._middle = states[:, 0]
        forward, reverse, body, order = np.empty((4, count, gas.n_reactions))
        concentrations, warmth, by_temperature, rates = np.empty((4, count, gas.n_species))
        volume = np.empty(count)
        for i, state in enumerate(states):
            state[1:] = np.maximum(state[1:], _LEAST_FRACTION)  # absent species have derivatives too
            warmth[i] = self._warmth(state)
            volume[i] = 1 / gas.density
            concentrations[i] = gas.concentrations
            forward[i], reverse[i] = gas.forward_rates_of_progress, gas.reverse_rates_of_progress
            body[i] = gas.third_body_concentrations
            constants = gas.forward_rate_constants
            order[i] = gas.forward_rate_constants_ddC / np.where(constants == 0, 1, constants)
            by_temperature[i], rates[i] = gas.net_production_rates_ddT, gas.net_production_rates
        self._progress = (forward - reverse) * volume[:, None]
        by_amount = self._by_amount(forward, reverse, body, order, concentrations)
        self._jacobians = by_amount + (volume[:, None] * by_temperature)[:, :, None] * warmth[:, None, :]
        if self._constant_pressure:
            swelling = (GAS_CONSTANT * self._middle / gas.P)[:, None] + (volume / self._middle)[:, None] * warmth
            thinning = np.einsum("sik,sk->si", by_amount, concentrations)
            self._jacobians += (rates - thinning)[:, :, None] * swelling[:, None, :]
        scaled = self._width[:, None, None] * self._jacobians.transpose(0, 2, 1)
        self._scaled, self._identity = scaled, np.eye(gas.n_species)
        self._solved = np.linalg.inv(self._identity - 2 / 3 * scaled + scaled @ scaled / 6)
        self._onward = self._solved @ (self._identity + scaled / 3)

    def _by_amount(self, forward: Array, reverse: Array, body: Array, order: Array, amounts: Array) -> Array:
        """∂(net production)/∂(concentration) at all states, shape (states, species, species)."""
        gas = self._gas
        reactants: Array = np.array(gas.reactant_stoich_coeffs)
        for j, reaction in enumerate(gas.reactions()):
            for name, exponent in reaction.orders.items():
                reactants[gas.species_index(name), j] = exponent
        products: Array = np.asarray(gas.product_stoich_coeffs)
        by = forward[:, :, None] * reactants.T - reverse[:, :, None] * products.T
        by = by / amounts[:, None, :]
        colliders, falls = _colliders(gas)
        power = np.where(falls, order * amounts.sum(axis=1)[:, None], 1.0)
        share = np.where(np.isnan(body), 0.0, power * (forward - reverse) / np.where(body > 0, body, 1.0))
        by += share[:, :, None] * colliders
        return np.asarray(self._net @ by)

    def _carried_slope(self, states: Array) -> Vector:
        """dz/dt at ignition, carried there as a perturbation is, so that a mere shift in time cancels exactly."""
        first = int(np.argmax(states[:, 0] > states[0, 0] + _SHIFTED_FROM))
        first = min(first, int(self._places[0]))
        set_state(self._gas, states[first], self._held, self._constant_pressure)
        slope = np.asarray(self._gas.net_production_rates) / self._gas.density
        for i in range(first, self._places[0]):
            slope = slope @ self._onward[i]
        return slope

    def mole_fraction(self, end: int, column: int) -> Vector:
        """Derivative of a species' mole fraction with respect to z at an end; zero for an absent species."""
        moles = self._moles[end]
        row = np.zeros(len(moles))
        if column >= 0:
            row -= moles[column] / moles.sum() ** 2
            row[column] += 1 / moles.sum()
        return row

    def gradient(self, functionals: Sequence[tuple[int, Vector]]) -> Array:
        """Derivatives of linear functionals of the state at the ends, shape (functionals, reactions, 3).

        The first functional is the delay; the others are at times that count from ignition.
        """
        weighing = self._width[:, None, None] * (self._solved @ (self._identity - self._scaled / 6))
        back = np.zeros((len(self._identity), len(functionals)))
        weights = np.empty((len(weighing), *back.shape))
        for i in reversed(range(len(weighing))):
            for column, (end, row) in enumerate(functionals):
                if end and self._places[end] == i + 1:
                    back[:, column] += row
            if self._places[0] == i + 1:  # later times count from ignition, so that what moves it moves them along
                back += np.outer(self.delay, self._slope @ back)
                back[:, 0] += functionals[0][1]
            weights[i] = weighing[i] @ back
            back = self._onward[i] @ back
        by_progress = np.einsum("sif,ir->sfr", weights, self._net, optimize=True) * self._progress[:, None, :]
        return np.asarray(np.einsum("sfr,sm->frm", by_progress, scaled_temperature(self._middle), optimize=True))
