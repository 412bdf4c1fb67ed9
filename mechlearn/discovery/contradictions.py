"""What the data say against what the user knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..chemistry.one_way import OneWayReaction
from .fit.trajectory_result import TrajectoryFit
from .settings import KnownReaction

ROUNDING = 1 + 1e-6
"""Of a ratio of rate constants, by which a fixed one may differ from itself."""


def contradictions(fit: TrajectoryFit, names: Sequence[str], known: Mapping[OneWayReaction, KnownReaction]) -> str:
    """Where the data move a given rate constant beyond its factor, in words; empty where nowhere."""
    texts = []
    for each in fit.found:
        given = known.get(each.direction)
        if given is None or given.rate is None:
            continue
        ratio = each.constant / float(given.rate.at(fit.temperature))
        if max(ratio, 1 / ratio) > given.factor * ROUNDING:
            texts.append(
                f" The data ask for {ratio:.2g} times the given rate constant of {each.direction.equation(names)}, "
                f"beyond its factor of {given.factor:g}: one of them is wrong."
            )
    return "".join(texts)
