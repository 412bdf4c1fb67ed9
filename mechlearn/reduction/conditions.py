"""The conditions of a study → what is asked of every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf
from pathlib import Path

import cantera as ct

from ..errors import StudyError
from ..simulation.initial_conditions import initial_states
from ..simulation.mechanisms import find_mechanism, load_gas
from ..simulation.settings import Mixture, MoleFractions, Source
from .condition_grid import LOGARITHMIC, RECIPROCAL, ConditionGrid, halfway
from .reduction_records import Condition, Task
from .settings import Envelope, FlameSpeed, Reduce, SpeciesLimit, TemperatureLimit

_ROUNDING = 1e-9
"""By which equal values may differ after conversion of units."""
_LONGEST = 100.0
"""A gas that has not ignited after this time [s] does not count, where the study has no times."""


@dataclass(frozen=True)
class ReductionRequest:
    """What a study asks of a reduction.

    Parameters
    ----------
    source : Source
        The mechanism and the conditions.
    reduce : Reduce
        What must be kept, and how closely.
    folder : Path
        Where the mechanism is looked for first.
    where : str
        Before messages: the study file, or nothing.
    """

    source: Source
    reduce: Reduce
    folder: Path = Path()
    where: str = ""


def task_of(request: ReductionRequest) -> Task:
    """What is asked of every candidate, without references yet.

    Raises
    ------
    StudyError
        If the source and what is to be kept do not fit together.
    """
    source, reduce, where = request.source, request.reduce, request.where
    if source.reactor == "isothermal":
        raise StudyError(
            f"{where}source.reactor is isothermal, where nothing ignites. Say constant-volume or constant-pressure."
        )
    if not isinstance(source.initial, Mixture | MoleFractions):
        raise StudyError(
            f"{where}source.initial: a reduction starts from a mixture: give fuel, oxidizer and phi, or X."
        )
    mechanism = str(find_mechanism(source.mechanism, request.folder))
    gas = load_gas(mechanism, source.phase)
    targets = reduce.targets
    species = targets.species.names if targets.species else ()
    for key, names in (("targets.species.names", species), ("keep", reduce.keep)):
        unknown = [name for name in names if name not in gas.species_names]
        if unknown:
            raise StudyError(f"{where}reduce.{key} names {unknown[0]!r}, which {source.mechanism} does not have.")
    profiled = bool(targets.temperature or targets.species)
    try:
        envelopes = reduce.conditions or (Envelope(),)
        conditions = conditions_of(gas, source, envelopes, reduce if profiled else None)
        if reduce.between:
            conditions += conditions_of(gas, source, [_between(source, each) for each in envelopes], None)
        if reduce.held_out is not None:
            _check_held_out(conditions_of(gas, source, (reduce.held_out,), None), conditions)
        speed = targets.flame_speed
        flames = flame_conditions(gas, source, speed, speed.phi) if speed else []
    except StudyError as error:
        raise StudyError(f"{where}{error}") from None
    return Task(
        mechanism=mechanism,
        phase=source.phase,
        rise=targets.ignition_delay.rise,
        limits=(targets.ignition_delay.limit, _limit_of(targets.temperature), _limit_of(targets.species)),
        species=species,
        after=reduce.profiles.after,
        conditions=tuple(conditions),
        flame_limit=_limit_of(speed),
        transport=(speed or FlameSpeed()).transport,
        flame_conditions=tuple(flames),
        longest=longest_of(source),
    )


def _limit_of(target: TemperatureLimit | SpeciesLimit | FlameSpeed | None) -> float:
    return inf if target is None else target.limit


def condition_grids(request: ReductionRequest, task: Task) -> tuple[ConditionGrid, ...]:
    """The boxes between the conditions."""
    source, reduce = request.source, request.reduce
    gas = load_gas(task.mechanism, task.phase)
    profiles = reduce if reduce.profiles.at == "all" and any(each.profiled for each in task.conditions) else None

    def condition(point: Envelope) -> Condition:
        return conditions_of(gas, source, (point,), profiles)[0]

    boxes = [_axes(source, envelope) for envelope in reduce.conditions or (Envelope(),)]
    return tuple(cells for box in boxes if (cells := ConditionGrid(box, condition)).varied)


def flames_between(request: ReductionRequest, flames: Sequence[Condition]) -> tuple[Condition, ...]:
    """Unburnt gas halfway between that of neighbouring flames; none where nothing is checked between conditions."""
    target = request.reduce.targets.flame_speed
    if target is None or not request.reduce.verification_points:
        return ()
    gas = load_gas(str(find_mechanism(request.source.mechanism, request.folder)), request.source.phase)
    ratios = halfway([each.phi for each in flames if each.phi is not None], LOGARITHMIC)
    return tuple(flame_conditions(gas, request.source, target, ratios))


def flame_conditions(
    gas: ct.Solution, source: Source, target: FlameSpeed, ratios: tuple[float, ...]
) -> list[Condition]:
    """The unburnt gas of flames at some equivalence ratios.

    Raises
    ------
    StudyError
        If the mechanism has no transport data, or the study no fuel and oxidizer.
    """
    lacking = [species.name for species in gas.species() if species.transport is None]
    if lacking:
        raise StudyError(
            f"reduce.targets.flame_speed needs transport data, which {source.mechanism} lacks for {lacking[0]} (of "
            f"{len(lacking)} species). Convert it anew with its transport file (ck2yaml --transport=FILE), or remove "
            "the target."
        )
    if not isinstance(source.initial, Mixture):
        raise StudyError("reduce.targets.flame_speed: source.initial is one mixture. Give fuel, oxidizer and phi.")
    if not ratios:
        return []
    unburnt = Envelope(temperature=(target.temperature,), pressure=(target.pressure,), phi=ratios)
    return [replace(each, constant_pressure=True) for each in conditions_of(gas, source, (unburnt,), None)]


def conditions_of(
    gas: ct.Solution, source: Source, envelopes: Sequence[Envelope], profiles: Reduce | None
) -> list[Condition]:
    """All conditions of some envelopes, those with profiles marked where there are any."""
    found: list[Condition] = []
    for envelope in envelopes:
        part = _within(source, envelope)
        axes = (part.temperature, part.pressure, part.initial.phi if isinstance(part.initial, Mixture) else (None,))
        corners = [{axis[0], axis[-1]} for axis in axes]
        for point, state in zip(product(*axes), initial_states(gas, part), strict=True):
            at_corner = all(value in corner for value, corner in zip(point, corners, strict=True))
            amounts = zip(gas.species_names, map(float, state.amounts), strict=True)
            mixture = tuple((name, x) for name, x in amounts if x > 0)
            profiled = profiles is not None and (at_corner or profiles.profiles.at == "all")
            found.append(Condition(*point, mixture, source.reactor == "constant-pressure", profiled))
    return list(dict.fromkeys(found))


def _check_held_out(held_out: Sequence[Condition], conditions: Sequence[Condition]) -> None:
    """Refuse conditions beyond the edges of the others, or among them."""
    used = {(each.temperature, each.pressure, each.mixture) for each in conditions}
    for each in held_out:
        outside = [axis for axis in ("temperature", "pressure", "phi") if not _between_some(axis, each, conditions)]
        if outside:
            raise StudyError(
                f"reduce.held_out: {each.name} lies outside the study's conditions by its {outside[0]}, so that its "
                f"error would not tell how good the result is between these. Put that {outside[0]} under "
                "reduce.extrapolation, or widen the study's."
            )
        if (each.temperature, each.pressure, each.mixture) in used:
            raise StudyError(
                f"reduce.held_out: {each.name} is a condition of the study too, so that nothing is held out there. "
                "Take values between the study's."
            )


def _between_some(axis: str, condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether one lies between the others in temperature, pressure or phi, up to rounding."""
    value = getattr(condition, axis)
    values = [getattr(each, axis) for each in others if getattr(each, axis) is not None]
    return value is None or min(values) * (1 - _ROUNDING) <= value <= max(values) * (1 + _ROUNDING)


def _within(source: Source, envelope: Envelope) -> Source:
    initial = source.initial
    if envelope.phi:
        if not isinstance(initial, Mixture):
            raise StudyError("source.initial is one mixture, so that phi cannot vary. Give fuel, oxidizer and phi.")
        initial = replace(initial, phi=envelope.phi)
    return replace(
        source,
        initial=initial,
        temperature=envelope.temperature or source.temperature,
        pressure=envelope.pressure or source.pressure,
    )


def _axes(source: Source, envelope: Envelope) -> Envelope:
    """With all values written out."""
    part = _within(source, envelope)
    ratios = part.initial.phi if isinstance(part.initial, Mixture) else ()
    return Envelope(temperature=part.temperature, pressure=part.pressure, phi=ratios)


def _between(source: Source, envelope: Envelope) -> Envelope:
    """The values halfway between neighbours."""
    axes = _axes(source, envelope)
    return Envelope(
        temperature=halfway(axes.temperature, RECIPROCAL) or axes.temperature,
        pressure=halfway(axes.pressure, LOGARITHMIC) or axes.pressure,
        phi=halfway(axes.phi, LOGARITHMIC) or axes.phi,
    )


def longest_of(source: Source) -> float:
    """When a gas that has not ignited is given up [s]."""
    return _LONGEST if source.times == "none" else source.times.end


def largest_rise(gas: ct.Solution, conditions: Sequence[Condition]) -> float:
    """How much warmer than at first the gas is in equilibrium, at the condition where it is most [K]."""
    rises = [0.0]
    for condition in conditions:
        gas.TPX = condition.temperature, condition.pressure, dict(condition.mixture)
        try:
            gas.equilibrate("HP" if condition.constant_pressure else "UV")
        except ct.CanteraError:  # no equilibrium is found, as with few species far from it
            continue
        rises.append(gas.T - condition.temperature)
    return max(rises)
