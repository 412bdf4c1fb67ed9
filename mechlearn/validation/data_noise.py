"""What noise in the data allows, and where noisy runs start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..chemistry.arrays import Array
from ..data.noise.concentration_noise import Noise
from ..data.trajectories import Trajectory

DEVIATIONS = 5.0
"""Standard deviations of the noise by which data may miss the truth."""
NAMED = 3
"""Values that a sentence names."""
ABOVE_NOISE = 1.5
"""χ² per datum above which more than noise is left."""


@dataclass(frozen=True, eq=False)
class NoisyRuns:
    """How noisy runs are, and where they start.

    Parameters
    ----------
    spread : Noise
        Noise of the concentrations.
    first : mapping of str to array, shape (S,)
        Initial state of each run [kmol/m³], freed of noise as far as its whole time history allows.
    chi2 : float
        χ² per datum of the mechanism on these runs.
    left_out : tuple of str, optional
        Values that stand alone beyond all their neighbours and were not compared, in words.
    """

    spread: Noise
    first: Mapping[str, Array]
    chi2: float
    left_out: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was taken off the errors, for a message."""
        more = ", …" * (len(self.left_out) > NAMED)
        alone = f"; left out, since alone: {', '.join(self.left_out[:NAMED])}{more}" if self.left_out else ""
        return (
            f", beyond {DEVIATIONS:g} standard deviations of noise ({self.spread.text}; χ² per datum "
            f"{self.chi2:.2f}{alone})"
        )

    def start(self, run: Trajectory) -> Trajectory:
        """The run with its initial state everywhere: all that a simulation needs."""
        return replace(run, concentrations=np.broadcast_to(self.first[run.name], run.concentrations.shape), rates=None)

    def allowance(self, simulated: Trajectory) -> Array:
        """By how much each value may be off, shape (T, S)."""
        return DEVIATIONS * self.spread.deviation(simulated.concentrations)
