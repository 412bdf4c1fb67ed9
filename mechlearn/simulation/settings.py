"""What is to be simulated: the keys under ``source:`` in a study file, as checked records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass

from ..units import (
    STRICT,
    Composition,
    HeatingRates,
    Names,
    Pressures,
    Ratios,
    Seconds,
    Temperatures,
    amounts_of,
    some_amounts,
)
from .synthetic_noise import SyntheticNoise


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Sample:
    """Initial states drawn at random.

    Parameters
    ----------
    sample : str
        ``uniform`` or ``log-uniform``, between ``low`` and ``high``.
    of : str
        ``concentrations`` [kmol/m³], or ``mole-fractions``, which are scaled to fill what ``diluent`` leaves.
    low, high : float or map of species to float
        One number for every species drawn, or one for each.
    runs : int
        Draws at each temperature and pressure.
    species : tuple of str, optional
        Species drawn; those that ``low`` or ``high`` name, or else all but the diluent. The others are at zero.
    diluent : map of species to float
        Mole fractions that are the same in every state.
    """

    sample: Literal["uniform", "log-uniform"]
    of: Literal["concentrations", "mole-fractions"] = "concentrations"
    low: float | dict[str, float]
    high: float | dict[str, float]
    runs: Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
    species: Names | None = None
    diluent: dict[str, float] = field(default_factory=dict)

    @field_validator("low", "high", mode="plain")
    @classmethod
    def _limit(cls, value: Any, info: ValidationInfo) -> float | dict[str, float]:
        concentrations = info.data.get("of", "concentrations") == "concentrations"
        if isinstance(value, Mapping):
            return amounts_of(value, concentrations=concentrations)
        return amounts_of({"limit": value}, concentrations=concentrations)["limit"]

    @field_validator("diluent", mode="plain")
    @classmethod
    def _part(cls, value: Any) -> dict[str, float]:
        diluent = amounts_of(value, concentrations=False) if value else {}
        if sum(diluent.values()) >= 1:
            raise ValueError(f"the mole fractions sum to {sum(diluent.values()):g}; nothing is left to draw below 1")
        return diluent

    @model_validator(mode="after")
    def _consistent(self) -> Sample:
        maps = [limit for limit in (self.low, self.high) if isinstance(limit, dict)]
        named = [set(limit) for limit in maps] + ([set(self.species)] if self.species else [])
        if any(names != named[0] for names in named):
            raise ValueError("low, high and species name different species; name the same ones in each")
        if self.diluent and self.of == "concentrations":
            raise ValueError(
                "diluent goes with `of: mole-fractions`; for a fixed concentration give equal low and high"
            )
        if named and named[0] & set(self.diluent):
            raise ValueError(f"{', '.join(sorted(named[0] & set(self.diluent)))} is both drawn and in the diluent")
        for name in named[0] if maps else [""]:
            low, high = self.limits(name)
            if low > high or (self.sample == "log-uniform" and low <= 0):
                rule = "0 < low ≤ high" if self.sample == "log-uniform" else "0 ≤ low ≤ high"
                raise ValueError(f"low is {low:g} and high is {high:g}{' for ' * bool(name)}{name}; need {rule}")
        return self

    @property
    def drawn(self) -> tuple[str, ...] | None:
        """Names of the species drawn; None for all but the diluent."""
        if self.species is not None:
            return self.species
        return next((tuple(limit) for limit in (self.low, self.high) if isinstance(limit, dict)), None)

    def limits(self, name: str) -> tuple[float, float]:
        """``low`` and ``high`` for one species."""
        low, high = (limit[name] if isinstance(limit, dict) else limit for limit in (self.low, self.high))
        return low, high


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Designed:
    """States that separate the reactions: each species alone in a diluent, and each pair, in traces.

    Parameters
    ----------
    sample : str
        ``designed``.
    diluent : map of species to float
        What surrounds them; an inert gas of the phase if absent.
    """

    sample: Literal["designed"]
    diluent: Annotated[dict[str, float], BeforeValidator(partial(some_amounts, concentrations=False))] = field(
        default_factory=dict
    )

    def mixtures(self, runs: int, diluent: Mapping[str, float]) -> Sample:
        """Random mixtures of all species in 99 % of the diluent."""
        parts = {name: 0.99 * amount / sum(diluent.values()) for name, amount in diluent.items()}
        return Sample(sample="log-uniform", of="mole-fractions", low=1e-3, high=1.0, runs=runs, diluent=parts)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Mixture:
    """Fuel and oxidizer at equivalence ratios ``phi`` [-]."""

    fuel: Composition
    oxidizer: Composition
    phi: Annotated[Ratios, Field(min_length=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MoleFractions:
    """One mixture by its mole fractions, which need not sum to 1."""

    X: Composition


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Concentrations:
    """One state by its concentrations [kmol/m³]; species not named are at zero."""

    concentrations: Annotated[dict[str, float], BeforeValidator(partial(some_amounts, concentrations=True))]


INITIAL_CONDITIONS = (Sample, Designed, Mixture, MoleFractions, Concentrations)
"""The records that ``initial:`` may be."""
_MOST_STATES = 100_000_000
_KINDS = {"sample": Sample, "fuel": Mixture, "oxidizer": Mixture, "X": MoleFractions, "concentrations": Concentrations}


def _times_kind(value: Any) -> str | None:
    if value == "none":
        return "none"
    return "Times" if isinstance(value, Mapping | Times) else None


def _kind(value: Any) -> str | None:
    if isinstance(value, Mapping):
        if value.get("sample") == "designed":
            return "Designed"
        return next((kind.__name__ for key, kind in _KINDS.items() if key in value), None)
    return type(value).__name__


Initial = Annotated[
    Annotated[Sample, Tag("Sample")]
    | Annotated[Designed, Tag("Designed")]
    | Annotated[Mixture, Tag("Mixture")]
    | Annotated[MoleFractions, Tag("MoleFractions")]
    | Annotated[Concentrations, Tag("Concentrations")],
    Discriminator(
        _kind,
        custom_error_type="initial",
        custom_error_message="Input should be a map with one of the keys sample, fuel, X or concentrations",
    ),
]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Times:
    """When states are recorded: at t = 0 and up to ``end`` [s].

    Parameters
    ----------
    end : float
        [s]
    count : int, optional
        Number of times, t = 0 among them; needed unless ``spacing`` is ``solver``, where it is the most to keep.
    spacing : str
        ``linear``, ``log`` (after t = 0 from ``start`` on) or ``solver`` (the solver's own steps).
    start : float, optional
        First time after t = 0 of ``log`` [s].
    """

    end: Seconds
    count: Annotated[int, Strict(), Field(ge=2, le=1_000_000)] | None = None
    spacing: Literal["linear", "log", "solver"] = "linear"
    start: Seconds | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Times:
        if self.count is None and self.spacing != "solver":
            raise ValueError("count is missing: the number of times, t = 0 among them")
        if (self.spacing == "log") != (self.start is not None):
            raise ValueError("`spacing: log` needs start, the first time after t = 0, and no other spacing takes it")
        if self.start is not None and not (self.start < self.end and (self.count or 0) > 2):
            raise ValueError("`spacing: log` needs start below end, and count of at least 3")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Perturb:
    """Extra states: ``copies`` of each, every species scaled by 10^U(−decades, decades)."""

    copies: Annotated[int, Strict(), Field(ge=0, le=10_000)] = 0
    decades: Annotated[float, Strict(), Field(gt=0, le=10)] = 1.0


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Source:
    """A mechanism and the conditions under which it is simulated.

    Parameters
    ----------
    mechanism : str
        A Cantera file, beside the study or among Cantera's own data.
    phase : str
        Name of the phase; empty for the first in the file.
    reactor : str
        ``isothermal`` (constant volume and temperature), ``constant-volume`` or ``constant-pressure`` (adiabatic), or
        ``given-temperature`` (constant volume, the temperature rises by ``heating_rate``).
    heating_rate : tuple of float
        Rates [K/s] of ``given-temperature``, such as ``[2 K/min, 10 K/min]``: a run at each.
    temperature, pressure : tuple of float
        [K], [Pa]; empty for the state in the mechanism file. Where the initial states are concentrations, the pressure
        follows from them.
    initial : Sample, Designed, Mixture, MoleFractions or Concentrations
    times : Times or 'none'
        ``none`` gives the initial states alone.
    perturb : Perturb
    species : tuple of str, optional
        Species observed; all if None.
    noise : SyntheticNoise, optional
        What a measurement adds; exact data with rates if None.
    seed : int
        Seed of every draw.

    Examples
    --------
    >>> Source(mechanism="h2o2.yaml", temperature="800 degC", initial={"concentrations": {"H2": "1 mM"}}, times="none")
    ... # doctest: +ELLIPSIS
    Source(mechanism='h2o2.yaml', ..., temperature=(1073.15,), ...)
    """

    mechanism: Annotated[str, Field(min_length=1)]
    phase: str = ""
    reactor: Literal["isothermal", "constant-volume", "constant-pressure", "given-temperature"] = "isothermal"
    heating_rate: HeatingRates = ()
    temperature: Temperatures = ()
    pressure: Pressures = ()
    initial: Initial
    times: Annotated[
        Annotated[Times, Tag("Times")] | Annotated[Literal["none"], Tag("none")],
        Discriminator(
            _times_kind,
            custom_error_type="times",
            custom_error_message="Input should be a map, as {end: 1.0, count: 11}, or the word none",
        ),
    ]
    perturb: Perturb = field(default_factory=Perturb)
    species: Names | None = None
    noise: SyntheticNoise | None = None
    seed: Annotated[int, Strict(), Field(ge=0)] = 0

    @model_validator(mode="after")
    def _not_too_large(self) -> Source:
        runs = len(self.temperature or (0,)) * len(self.pressure or (0,)) * len(self.heating_rate or (0,))
        runs *= self.initial.runs if isinstance(self.initial, Sample) else 1
        runs *= len(self.initial.phi) if isinstance(self.initial, Mixture) else 1
        times = (self.times.count or 1) if self.times != "none" else 1
        states = runs * times * (1 + self.perturb.copies)
        if states > _MOST_STATES:
            raise ValueError(
                f"{runs} runs of {times} times, each with {self.perturb.copies} copies, are {states} states, and more "
                f"than {_MOST_STATES} are not kept; ask for fewer of one of these"
            )
        return self

    @model_validator(mode="after")
    def _heated(self) -> Source:
        if bool(self.heating_rate) != (self.reactor == "given-temperature"):
            raise ValueError("heating_rate and `reactor: given-temperature` go together: give both, or none")
        if self.heating_rate and self.times == "none":
            raise ValueError("single states (`times: none`) are not heated; leave out heating_rate, or give times")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        if self.noise is not None and self.noise.rates == "drop" and (self.times == "none" or self.perturb.copies):
            raise ValueError("noise drops the rates, and without them single states say nothing; add `rates: keep`")
        first = self.initial
        dense = isinstance(first, Concentrations) or (isinstance(first, Sample) and first.of == "concentrations")
        if dense and len(self.pressure) > 1:
            raise ValueError("several pressures need mole fractions; with concentrations the pressure follows")
        if not dense and not (self.temperature and self.pressure):
            raise ValueError("mole fractions need temperature and pressure: they set the density")
        if isinstance(first, Designed) and (self.times != "none" or self.perturb.copies or self.species):
            raise ValueError(
                "designed states are states of all species and no time histories: `times: none`, without `perturb` "
                "and `species`"
            )
        return self
