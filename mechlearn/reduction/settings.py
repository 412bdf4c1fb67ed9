"""What a reduced mechanism must keep, and how closely: the keys under ``reduce:`` in a study file, as records."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, field_validator, model_validator
from pydantic.dataclasses import dataclass

from ..units import STRICT, Kelvin, Names, Pascal, Pressures, Ratios, Temperatures, to_si

_RISE = re.compile(r"T0\s*\+\s*(\d+(?:\.\d*)?)")
Limit = Annotated[float, Strict(), Field(gt=0, le=1)]


def _seconds(value: Any) -> tuple[float, ...]:
    times = tuple(to_si(item, "time") for item in (value if isinstance(value, list | tuple) else [value]))
    if any(later <= earlier for earlier, later in zip((0.0, *times), times, strict=False)):
        raise ValueError("the times are above zero, each later than the one before")
    return times


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DelayLimit:
    """The time until the temperature has risen by so much.

    Parameters
    ----------
    limit : float
        Largest relative error of any condition.
    definition : str
        ``T0+400``: until the temperature is 400 K above the first; any number.

    Examples
    --------
    >>> DelayLimit(definition="T0+200").rise
    200.0
    """

    limit: Limit = 0.05
    definition: str = "T0+400"

    @field_validator("definition")
    @classmethod
    def _known(cls, value: str) -> str:
        found = _RISE.fullmatch(value)
        if found is None or not float(found[1]) > 0:
            raise ValueError(f"{value!r} is not a definition of the delay; write T0+400, a rise of temperature in K")
        return value

    @property
    def rise(self) -> float:
        """The rise of temperature [K]."""
        return float(self.definition.partition("+")[2])


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TemperatureLimit:
    """Largest relative error of the temperature in the profiles."""

    limit: Limit = 0.02


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpeciesLimit:
    """Largest error of mole fractions in the profiles, relative to a species' largest one in the time history."""

    limit: Limit = 0.15
    names: Names


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FlameSpeed:
    """The speed of a free flat flame of the study's fuel and oxidizer.

    Parameters
    ----------
    limit : float
        Largest relative error.
    temperature, pressure : float
        Of the unburnt gas [K], [Pa].
    phi : tuple of float
        Equivalence ratios.
    held_out : tuple of float
        Further ones, simulated after all choices and reported.
    transport : str
        ``mixture-averaged``, or ``multicomponent`` with thermal diffusion, several times as slow.
    """

    limit: Limit = 0.1
    temperature: Kelvin = 300.0
    pressure: Pascal = 101325.0
    phi: Ratios = (0.7, 1.0, 1.4)
    held_out: Ratios = ()
    transport: Literal["mixture-averaged", "multicomponent"] = "mixture-averaged"

    @model_validator(mode="after")
    def _apart(self) -> FlameSpeed:
        both = set(self.phi) & set(self.held_out)
        if both:
            raise ValueError(f"phi {min(both):g} stands in held_out too, so that nothing is held out there")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Targets:
    """What is kept: ignition delays always; profiles and flame speeds where they are given."""

    ignition_delay: DelayLimit = field(default_factory=DelayLimit)
    temperature: TemperatureLimit | None = None
    species: SpeciesLimit | None = None
    flame_speed: FlameSpeed | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Profiles:
    """Where temperature and species are compared: at ignition and at times after it.

    Parameters
    ----------
    at : str
        ``corners`` of the product of temperature, pressure and phi (the first and the last value of each), or ``all``.
    after : tuple of float
        Times after ignition at 1 atm [s]; at other pressures they are divided by the pressure in atm.
    """

    at: Literal["all", "corners"] = "all"
    after: Annotated[tuple[float, ...], BeforeValidator(_seconds)] = (1e-3, 1e-2)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Envelope:
    """All combinations of temperatures, pressures and equivalence ratios; what is not given is as in the source."""

    temperature: Temperatures = ()
    pressure: Pressures = ()
    phi: Ratios = ()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Reduce:
    """How far a mechanism is reduced.

    Parameters
    ----------
    targets : Targets
    profiles : Profiles
    keep : tuple of str
        Species that stay whatever happens; those of the first mixture always do.
    conditions : tuple of Envelope
        Instead of all combinations in the source.
    between : bool
        Whether delays are kept as well halfway between neighbouring temperatures, pressures and equivalence ratios.
    verification_points : int
        The result is checked at so many conditions spread between those of the study, and in flames halfway between its
        equivalence ratios; those that exceed a limit join the study's, and the work goes on. 0 for none.
    rates : str
        ``keep``, or ``refit``: rate constants change within a factor of 2 near 1500 K.
    global_reactions : bool
        Whether reactions that the source does not have may be learnt in place of a species that cannot go otherwise.
    held_out, extrapolation : Envelope, optional
        Conditions inside and beyond the edges of the envelope, simulated after all choices and reported.

    Examples
    --------
    >>> Reduce(targets={"ignition_delay": {"limit": 0.1}}, keep=["N2"]).targets.ignition_delay.rise
    400.0
    """

    targets: Targets = field(default_factory=Targets)
    profiles: Profiles = field(default_factory=Profiles)
    keep: Names = ()
    conditions: tuple[Envelope, ...] = ()
    between: Annotated[bool, Strict()] = False
    verification_points: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 64
    rates: Literal["keep", "refit"] = "refit"
    global_reactions: Annotated[bool, Strict()] = False
    held_out: Envelope | None = None
    extrapolation: Envelope | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Reduce:
        if self.global_reactions and self.rates == "keep":
            raise ValueError(
                "global reactions are fitted, which `rates: keep` forbids; say `rates: refit`, or leave them out"
            )
        if self.profiles != Profiles() and not (self.targets.temperature or self.targets.species):
            raise ValueError("profiles has no effect without `temperature:` or `species:` under `targets:`")
        return self


SECTIONS: dict[tuple[str, ...], tuple[Any, ...]] = {
    ("reduce",): (Reduce,),
    ("reduce", "targets"): (Targets,),
    ("reduce", "targets", "ignition_delay"): (DelayLimit,),
    ("reduce", "targets", "temperature"): (TemperatureLimit,),
    ("reduce", "targets", "species"): (SpeciesLimit,),
    ("reduce", "targets", "flame_speed"): (FlameSpeed,),
    ("reduce", "profiles"): (Profiles,),
    ("reduce", "conditions"): (Envelope,),
    ("reduce", "held_out"): (Envelope,),
    ("reduce", "extrapolation"): (Envelope,),
}
"""The records that hold the keys of each section."""
