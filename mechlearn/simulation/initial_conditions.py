"""The states at which runs start: mixtures, given concentrations, and random draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cantera as ct
import numpy as np
from numpy.typing import NDArray

from ..chemistry.thermo import GAS_CONSTANT
from ..data.designed_states import designed_states
from ..data.trajectories import Trajectory
from ..errors import StudyError, listed, meant
from ..formats.cantera_species import first_sentence
from .settings import Concentrations, Designed, Mixture, MoleFractions, Sample, Source

_INERT = ("AR", "HE", "NE", "KR", "XE", "N2")
"""Diluents of designed states, the first that the phase has."""


@dataclass(frozen=True, eq=False)
class InitialState:
    """A state: temperature [K], pressure [Pa] and amounts, shape (S,), of all the phase's species.

    Amounts are mole fractions, or concentrations [kmol/m³] with no pressure, which then follows.
    """

    temperature: float
    pressure: float | None
    amounts: NDArray[np.float64]


_COUNTED = ("C", "H", "S", "O")
"""Elements that burn, or are burnt with, in Cantera's equivalence ratio."""
_INERT_ELEMENTS = ("N", "He", "Ne", "Ar", "Kr", "Xe", "E")


def columns_of(gas: ct.Solution, names: tuple[str, ...], key: str) -> NDArray[np.intp]:
    """Columns of species in the phase."""
    known = gas.species_names
    for name in names:
        if name not in known:
            raise StudyError(
                f"source.{key} names {name!r}, which phase {gas.name!r} does not have. "
                f"{meant(name, known)}It has {', '.join(known[:12])}{', …' * (len(known) > 12)}."
            )
    return np.array([gas.species_index(name) for name in names], dtype=np.intp)


def _amounts(gas: ct.Solution, amounts: dict[str, float], key: str) -> NDArray[np.float64]:
    vector = np.zeros(gas.n_species)
    vector[columns_of(gas, tuple(amounts), key)] = list(amounts.values())
    return vector


def initial_states(gas: ct.Solution, source: Source) -> Iterator[InitialState]:
    """All initial states of a source: temperature by temperature, then pressure by pressure, then phi or draw."""
    rng, initial = np.random.default_rng(source.seed), source.initial
    temperatures, pressures = source.temperature or (gas.T,), source.pressure or (gas.P,)
    for temperature, pressure in product(temperatures, pressures):
        if isinstance(initial, Concentrations):
            yield InitialState(temperature, None, _amounts(gas, initial.concentrations, "initial.concentrations"))
        elif isinstance(initial, MoleFractions):
            yield InitialState(temperature, pressure, _amounts(gas, initial.X, "initial.X"))
        elif isinstance(initial, Mixture):
            for phi in initial.phi:
                yield InitialState(temperature, pressure, _mixture(gas, initial, phi))
        elif isinstance(initial, Sample):
            for amounts in _draws(gas, initial, rng):
                yield InitialState(temperature, pressure if initial.of == "mole-fractions" else None, amounts)


def _mixture(gas: ct.Solution, mixture: Mixture, phi: float) -> NDArray[np.float64]:
    fuel = _amounts(gas, mixture.fuel, "initial.fuel")
    oxidizer = _amounts(gas, mixture.oxidizer, "initial.oxidizer")
    _check_elements(gas, mixture)
    try:
        gas.set_equivalence_ratio(phi, fuel, oxidizer)
    except ct.CanteraError as error:
        raise StudyError(
            f"source.initial: Cantera finds no mixture at phi {phi:g}: {first_sentence(error)}. "
            "The fuel needs C, H or S, and the oxidizer O."
        ) from None
    return np.array(gas.X, dtype=float)


def _check_elements(gas: ct.Solution, mixture: Mixture) -> None:
    """Refuse an equivalence ratio that would leave out an element which takes or gives oxygen.

    An element that Cantera does not know, as a file may make up for a bath gas, counts as inert beside the oxidizer.
    """
    for role, amounts in (("fuel", mixture.fuel), ("oxidizer", mixture.oxidizer)):
        for name in (name for name, amount in amounts.items() if amount > 0):
            others = [each for each in gas.species(name).composition if each not in (*_COUNTED, *_INERT_ELEMENTS)]
            if role == "oxidizer":
                others = [each for each in others if each in (*ct.Element.element_symbols, "D", "Tr")]
            if others:
                species = ", ".join(f"{each}: …" for each in dict.fromkeys((*mixture.fuel, *mixture.oxidizer)))
                raise StudyError(
                    f"source.initial: phi cannot be had for the {role} {name}, which holds {listed(others)}: Cantera's "
                    f"equivalence ratio counts {listed(_COUNTED)} only, so that the mixture would be another one in "
                    f"silence. Give the mixture by mole fractions in place of fuel, oxidizer and phi: "
                    f"initial: {{X: {{{species}}}}}, with the oxygen that complete oxidation takes where phi is 1."
                )


def _draws(gas: ct.Solution, sample: Sample, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Amounts of all species, one state a draw; species are drawn in the phase's order."""
    diluent = _amounts(gas, sample.diluent, "initial.diluent")
    names = sample.drawn or tuple(name for name in gas.species_names if name not in sample.diluent)
    columns = np.sort(columns_of(gas, names, "initial"))
    low, high = np.array([sample.limits(gas.species_name(int(j))) for j in columns]).reshape(-1, 2).T
    if not np.any(high):
        raise StudyError("source.initial: high is zero for every species, so that the reactor is empty.")
    for _ in range(sample.runs):
        part = rng.random(len(columns))
        drawn = low + part * (high - low) if sample.sample == "uniform" else low ** (1 - part) * high**part
        if sample.of == "mole-fractions":
            drawn = drawn / drawn.sum() * (1 - diluent.sum())
        amounts = diluent.copy()
        amounts[columns] = drawn
        yield amounts


def set_state(gas: ct.Solution, state: InitialState) -> None:
    """Bring the phase to a state."""
    if state.pressure is not None:
        gas.TPX = state.temperature, state.pressure, state.amounts
    else:
        gas.TP = state.temperature, ct.one_atm
        gas.concentrations = state.amounts


def designed_runs(gas: ct.Solution, source: Source) -> Iterator[Trajectory]:
    """The states of a design at each temperature and pressure: the diluent alone, and a run of states around it."""
    if not isinstance(source.initial, Designed):
        return
    diluent = _amounts(gas, source.initial.diluent or _inert(gas), "initial.diluent")
    for number, (temperature, pressure) in enumerate(product(source.temperature, source.pressure), start=1):
        states = designed_states(diluent / diluent.sum() * pressure / (GAS_CONSTANT * temperature))
        name = f"run{number:03d}"
        for concentrations, label, parent in ((states[:1], name, ""), (states[1:], f"{name}-designed", name)):
            time, temperatures = np.arange(len(concentrations), dtype=float), np.full(len(concentrations), temperature)
            _, rates, pressures = evaluated(gas, temperatures, concentrations)
            yield Trajectory(time, concentrations, temperatures, pressures, rates, source.reactor, label, parent)


def evaluated(
    gas: ct.Solution, temperatures: NDArray[np.float64], concentrations: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What Cantera holds at states [K], [kmol/m³]: concentrations, production rates [kmol/m³/s] and pressures [Pa]."""
    held, rates, pressures = np.empty_like(concentrations), np.empty_like(concentrations), np.empty(len(temperatures))
    for i, (temperature, amounts) in enumerate(zip(temperatures, concentrations, strict=True)):
        set_state(gas, InitialState(float(temperature), None, amounts))
        held[i], rates[i], pressures[i] = gas.concentrations, gas.net_production_rates, gas.P
    return held, rates, pressures


def _inert(gas: ct.Solution) -> dict[str, float]:
    """The inert gas of a phase."""
    by_name = {name.upper(): name for name in reversed(gas.species_names)}
    for wanted in _INERT:
        if wanted in by_name:
            return {by_name[wanted]: 1.0}
    raise StudyError(
        f"source.initial: phase {gas.name!r} has none of {', '.join(_INERT)} to surround the others in designed "
        "states. Name a gas, as in diluent: {AR: 1}."
    )
