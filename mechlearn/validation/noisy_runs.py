"""What noise in the data allows, and where noisy runs start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..chemistry.arrays import Array
from ..chemistry.mechanism import Mechanism
from ..data.noise.concentration_noise import Noise, estimate_noise, isolated_outliers, shows_noise
from ..data.temperature_history import is_steady, temperature_history
from ..data.trajectories import Trajectories, Trajectory
from ..discovery.fit.refine import refine
from ..errors import DataError, FormatError, listed

ALLOWED_DEVIATIONS = 5.0
"""Standard deviations of the noise by which data may miss the truth."""
NAMED_VALUES = 3
"""Values that a sentence names."""
LEAST_CHI2_LIMIT = 1.5
"""χ² per datum above which more than noise is left of any number of data: the noise itself is estimated."""


@dataclass(frozen=True, eq=False)
class NoisyRuns:
    """How noisy runs are, and where they start.

    Parameters
    ----------
    noise : Noise
        Of the concentrations.
    initial_states : mapping of str to array, shape (S,)
        Initial state of each run [kmol/m³], freed of noise as far as its whole time history allows.
    chi2 : float
        χ² per datum of the mechanism on these runs.
    data : int
        Number of measured values.
    left_out : tuple of str, optional
        Values that stand alone beyond all their neighbours and were not compared, in words.
    """

    noise: Noise
    initial_states: Mapping[str, Array]
    chi2: float
    data: int
    left_out: tuple[str, ...] = ()

    @property
    def chi2_limit(self) -> float:
        """χ² per datum above which more than noise is left."""
        return max(LEAST_CHI2_LIMIT, 1 + ALLOWED_DEVIATIONS * float(np.sqrt(2 / self.data)))

    @property
    def text(self) -> str:
        """What was taken off the errors, for a message."""
        alone = f"; left out, since alone: {listed(self.left_out, NAMED_VALUES)}" if self.left_out else ""
        deviations = f"beyond {ALLOWED_DEVIATIONS:g} standard deviations of noise"
        return f"{deviations} ({self.noise.text}; χ² per datum {self.chi2:.2f}{alone})"

    def start(self, run: Trajectory) -> Trajectory:
        """The run with its initial state everywhere: all that a simulation needs."""
        first = np.broadcast_to(self.initial_states[run.name], run.concentrations.shape)
        return replace(run, concentrations=first, rates=None)

    def allowance(self, simulated: Trajectory) -> Array:
        """By how much each value may be off, shape (T, S)."""
        return ALLOWED_DEVIATIONS * self.noise.deviation(simulated.concentrations)


def measured_runs(
    mechanism: Mechanism, runs: Trajectories, noise: Noise | None = None
) -> tuple[Trajectories, NoisyRuns | None]:
    """Runs of concentrations alone as they can be simulated again, their noise, and the initial states that fit best.

    Only the initial state of each run is fitted to its time history. Runs that do not say their reactor are at constant
    volume, at their temperatures or else at the mechanism's. Values that stand alone beyond all their neighbours count
    as not measured.

    Parameters
    ----------
    mechanism : Mechanism
        Its rate constants stay.
    runs : Trajectories
        In its species, with values that may be missing.
    noise : Noise, optional
        Where it is known; else what neighbouring samples show.

    Returns
    -------
    tuple of (Trajectories, NoisyRuns or None)
        None where the data show no noise, come with production rates, or are not of mass action at constant volume and
        given temperatures.
    """
    histories = [run for run in runs.runs if run.is_time_history]
    other = any(
        run.rates is not None or run.reactor not in ("", "isothermal", "given-temperature") for run in histories
    )
    if not histories or (other and noise is None):
        return runs, None
    runs = runs.select([_with_reactor(run, mechanism.temperature) for run in histories])
    known = noise or estimate_noise(runs)
    if noise is None and not shows_noise(runs, known):
        return runs, None
    alone = [isolated_outliers(run.concentrations, known) for run in runs.runs]
    left_out = tuple(
        f"{runs.species_names[column]} of {run.name} at {run.time[sample]:.4g} s"
        for run, out in zip(runs.runs, alone, strict=True)
        for sample, column in np.argwhere(out)
    )
    kept = [
        replace(run, concentrations=np.where(out, np.nan, run.concentrations))
        for run, out in zip(runs.runs, alone, strict=True)
    ]
    runs = runs.select(kept)
    try:
        fitted = refine(_of_species(mechanism, runs.species_names), runs, noise=known, rates=False)
    except (DataError, FormatError):
        if noise is not None:
            raise
        return runs, None
    chi2 = fitted.chi2 / fitted.data
    if noise is None and 0 < chi2 < 1:  # what is left is less than what neighbours, far apart, disagree by
        known, chi2 = known.scaled(float(np.sqrt(chi2))), 1.0
    return runs, NoisyRuns(known, fitted.first, chi2, fitted.data, left_out)


def _of_species(mechanism: Mechanism, names: tuple[str, ...]) -> Mechanism:
    """The mechanism without products that were not measured: no rate hangs on them."""
    reactions = tuple(
        replace(each, products={name: n for name, n in each.products.items() if name in names})
        for each in mechanism.reactions
    )
    return replace(mechanism, species=tuple(s for s in mechanism.species if s.name in names), reactions=reactions)


def _with_reactor(run: Trajectory, temperature: float) -> Trajectory:
    """The run with a reactor and all of its temperatures, where it does not say them."""
    if is_steady(run.temperature):
        known = np.where(np.isfinite(run.temperature), run.temperature, temperature)
        return replace(run, reactor=run.reactor or "isothermal", temperature=known)
    known = temperature_history(run.time, run.temperature)(run.time)
    return replace(run, reactor=run.reactor or "given-temperature", temperature=known)
