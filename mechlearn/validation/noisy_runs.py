"""What noise in the data allows, and where noisy runs start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..chemistry.arrays import Array
from ..data.noise.concentration_noise import Noise
from ..data.trajectories import Trajectory
from ..errors import listed

ALLOWED_DEVIATIONS = 5.0
"""Standard deviations of the noise by which data may miss the truth."""
NAMED_VALUES = 3
"""Values that a sentence names."""
CHI2_LIMIT = 1.5
"""χ² per datum above which more than noise is left."""


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
    left_out : tuple of str, optional
        Values that stand alone beyond all their neighbours and were not compared, in words.
    """

    noise: Noise
    initial_states: Mapping[str, Array]
    chi2: float
    left_out: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was taken off the errors, for a message."""
        alone = f"; left out, since alone: {listed(self.left_out, NAMED_VALUES)}" if self.left_out else ""
        deviations = f"beyond {ALLOWED_DEVIATIONS:g} standard deviations of noise"
        return f", {deviations} ({self.noise.text}; χ² per datum {self.chi2:.2f}{alone})"

    def start(self, run: Trajectory) -> Trajectory:
        """The run with its initial state everywhere: all that a simulation needs."""
        first = np.broadcast_to(self.initial_states[run.name], run.concentrations.shape)
        return replace(run, concentrations=first, rates=None)

    def allowance(self, simulated: Trajectory) -> Array:
        """By how much each value may be off, shape (T, S)."""
        return ALLOWED_DEVIATIONS * self.noise.deviation(simulated.concentrations)
