"""How a mechanism is assessed: the keys under ``validate:`` in a study file, as checked records."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any

from pydantic import Field, Strict, model_validator
from pydantic.dataclasses import dataclass

from ..simulation.ignition import Ignition, IgnitionDefinition
from ..units import STRICT, Molar

Limit = Annotated[float, Strict(), Field(gt=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Criteria:
    """Largest errors that pass, for quantities that are assessed as well as the species.

    Parameters
    ----------
    ignition_delay : float, optional
        |simulated / data − 1|, in every run.
    temperature, pressure : float, optional
        Largest error along a run over the range in all runs. Without a limit of its own the temperature of adiabatic
        runs is held to ``tolerance``.
    final_state : float, optional
        Error of any species at a run's last time, relative to its range over all runs.
    heat_release : float, optional
        Largest error of the heat released along a run, over its range in all runs.
    elements, energy : float, optional
        Relative change along the simulated runs.
    reduced_chi_squared : float, optional
        Mean square of (simulated − data) / noise; needs ``noise``.
    """

    ignition_delay: Limit | None = None
    temperature: Limit | None = None
    pressure: Limit | None = None
    final_state: Limit | None = None
    heat_release: Limit | None = None
    elements: Limit | None = None
    energy: Limit | None = None
    reduced_chi_squared: Limit | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MeasurementNoise:
    """Standard error of measured concentrations: the root of the squares' sum of both parts.

    Parameters
    ----------
    relative : float
        Relative to the value.
    absolute : float
        [kmol/m³].
    """

    relative: Annotated[float, Strict(), Field(ge=0)] = 0.0
    absolute: Molar = 0.0

    @model_validator(mode="after")
    def _some(self) -> MeasurementNoise:
        if not (self.relative or self.absolute):
            raise ValueError("the noise is zero; give relative: or absolute:, or leave it out")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Validate:
    """How the learned mechanism is assessed.

    Parameters
    ----------
    hold_out : float
        Part of the whole runs kept from the learner, in [0, 1).
    tolerance : float
        Largest error, relative to a species' range, that passes.
    ignition : IgnitionDefinition
        What an ignition delay is: ``T0+400`` or any other rise in K, ``max dT/dt``, ``max OH`` or ``max dP/dt``.
    criteria : Criteria
        Of other quantities.
    noise : MeasurementNoise, optional
        Of the data, for the reduced chi squared.
    """

    hold_out: Annotated[float, Strict(), Field(ge=0, lt=1)] = 0.2
    tolerance: Annotated[float, Strict(), Field(gt=0)] = 1e-3
    ignition: Ignition = IgnitionDefinition()
    criteria: Criteria = field(default_factory=Criteria)
    noise: MeasurementNoise | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The keywords of `mechlearn.validate` that the section sets."""
        return {key: getattr(self, key) for key in ("tolerance", "ignition", "criteria", "noise")}

    @model_validator(mode="after")
    def _chi_squared_needs_noise(self) -> Validate:
        if self.criteria.reduced_chi_squared is not None and self.noise is None:
            raise ValueError("criteria.reduced_chi_squared has no effect without `noise:`; say how noisy the data are")
        return self
