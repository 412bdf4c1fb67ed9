"""What a measurement adds to exact data: noise, gaps, and the loss of production rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict, model_validator
from pydantic.dataclasses import dataclass

from ..data.trajectories import Trajectories
from ..units import STRICT, Molar

_Part = Annotated[float, Strict(), Field(ge=0, lt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SyntheticNoise:
    """How a measurement of simulated runs would have come out.

    Every concentration, that at t = 0 too, gets an error of its own, drawn from a normal distribution; its standard
    deviation is the root of the sum of the squares of the three parts.

    Parameters
    ----------
    relative : float
        Part of the value itself.
    of_range : float
        Part of the species' range over all runs.
    absolute : float
        [kmol/m³]
    missing : float
        Part of the concentrations that are lost.
    rates : str
        ``drop``, as nobody measures production rates, or ``keep`` (exact ones).
    seed : int
        Seed of the draw, beside that of the source.

    Examples
    --------
    >>> SyntheticNoise(relative=0.05).rates
    'drop'
    """

    relative: _Part = 0.0
    of_range: _Part = 0.0
    absolute: Molar = 0.0
    missing: _Part = 0.0
    rates: Literal["drop", "keep"] = "drop"
    seed: Annotated[int, Strict(), Field(ge=0)] = 0

    @model_validator(mode="after")
    def _something(self) -> SyntheticNoise:
        if not (self.relative or self.of_range or self.absolute or self.missing) and self.rates == "keep":
            raise ValueError("this changes nothing; give relative, of_range, absolute or missing, or remove the key")
        return self


def with_noise(runs: Trajectories, noise: SyntheticNoise, seed: int) -> Trajectories:
    """Runs as a measurement would have given them.

    Parameters
    ----------
    runs : Trajectories
        Exact ones.
    noise : SyntheticNoise
        What is added.
    seed : int
        Of the source.

    Returns
    -------
    Trajectories
        The same times and states; temperature and pressure stay exact.

    Examples
    --------
    >>> noisy = with_noise(decay, SyntheticNoise(relative=0.01), seed=0).runs[0]
    >>> noisy.rates is None, bool(abs(noisy.concentrations[0, 0] / decay.runs[0].concentrations[0, 0] - 1) < 0.05)
    (True, True)
    """
    rng = np.random.default_rng([seed, noise.seed, 1])  # the last number keeps it apart from draws by one seed
    part_of_range = noise.of_range * np.ptp(np.concatenate([run.concentrations for run in runs.runs]), axis=0)
    noisy = []
    for run in runs.runs:
        exact, rates = run.concentrations, run.rates if noise.rates == "keep" else None
        deviation = np.sqrt((noise.relative * exact) ** 2 + part_of_range**2 + noise.absolute**2)
        values = exact + deviation * rng.standard_normal(exact.shape)
        values[rng.random(exact.shape) < noise.missing] = np.nan
        noisy.append(replace(run, concentrations=values, rates=rates))
    return runs.select(noisy)
