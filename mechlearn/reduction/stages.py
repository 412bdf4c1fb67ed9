"""The order of steps, and what is kept after each, so that a reduction goes on where it was cut off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..errors import StudyError
from ..files import write_json
from .companions import without_together
from .elimination import eliminated, refitted_once
from .lumps import lumped
from .phases import Source
from .record import Candidate, Lump
from .removal import ranked, without_reactions, without_species
from .work import Stage, Work

_KEPT_RATES = ("ranking", "species", "species together", "reactions", "species together", "reactions together")
_FIRST = _KEPT_RATES[:2]
_CYCLE = ("refit species", "refit reactions")
_LUMPED = (*_CYCLE, "lumps")

Keep = Callable[[list[Stage], int], None]


def reduced(work: Work, *, refit: bool, stages: list[Stage], turn: int, keep: Keep, lumps: bool = False) -> list[Stage]:
    """All stages from the source's ranking to the smallest mechanism.

    Parameters
    ----------
    work : Work
        With references and the ranking.
    refit : bool
        Whether rate constants may change, after all that goes without.
    stages : list of Stage
        Those that an earlier run has left; empty at first.
    turn : int
        The number of the step to go on with.
    keep : callable
        Takes the stages so far and the number of the step, after every stage and every step.
    lumps : bool
        Whether learnt reactions may take a species' place.
    """
    while True:
        step = _step(turn, refit, stages, _LUMPED if lumps else _CYCLE)
        if step is None:
            return stages
        work = work.with_lumps(stages[-1].lumps) if stages else work
        for stage in _stages_of(work, step, stages, turn):
            stages = [*stages, replace(stage, turn=turn)]
            keep(stages, turn)
        turn += 1
        keep(stages, turn)


def _step(turn: int, refit: bool, stages: list[Stage], cycle: tuple[str, ...]) -> str | None:
    """The name of a step; None after the last.

    Steps with refitting go round until a whole round changes nothing; then errors are made least.
    """
    first = _FIRST if refit else _KEPT_RATES
    if turn < len(first):
        return first[turn]
    if not refit or _idle(turn - 1, stages, len(cycle)):
        return None
    return "refit" if _idle(turn, stages, len(cycle)) else cycle[(turn - len(first)) % len(cycle)]


def _idle(turn: int, stages: list[Stage], round_of: int) -> bool:
    """Whether a whole round has ended before a turn, and changed nothing."""
    place = turn - len(_FIRST)
    whole = place > 0 and place % round_of == 0
    return whole and not any(turn - round_of <= stage.turn < turn for stage in stages)


def _stages_of(work: Work, step: str, stages: list[Stage], turn: int) -> Iterator[Stage]:
    match step:
        case "ranking":
            yield ranked(work)
        case "species":
            yield from without_species(work, stages[-1])
        case "species together" | "reactions together":
            yield from without_together(work, stages[-1], by_species=step == "species together")
        case "reactions":
            yield from without_reactions(work, stages, turn)
        case "refit" if stages[-1].turn == turn:
            return
        case "refit":
            yield from refitted_once(work, stages[-1])
        case "lumps":
            yield from lumped(work, stages[-1])
        case _:
            yield from eliminated(work, stages[-1], by_species=step == "refit species")


def save_stages(path: Path, fingerprint: str, stages: list[Stage], turn: int, seconds: float, source: Source) -> None:
    """Write what `load_stages` reads."""
    write_json(
        {
            "fingerprint": fingerprint,
            "turn": turn,
            "seconds": seconds,
            "stages": [_as_dict(stage, source) for stage in stages],
        },
        path,
    )


def load_stages(path: Path, fingerprint: str, source: Source) -> tuple[list[Stage], int, float]:
    """Stages, the step to go on with and the seconds spent, of an earlier run of the same study; none without a file.

    Raises
    ------
    StudyError
        If the file is of another study, or damaged.
    """
    if not path.is_file():
        return [], 0, 0.0
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["fingerprint"] != fingerprint:
            raise StudyError(
                f"{path} is of another study, mechanism or version. Give another folder, or --overwrite to start anew."
            )
        stages = [_from_dict(each, source) for each in content["stages"]]
        return stages, int(content["turn"]), float(content["seconds"])
    except (OSError, KeyError, TypeError, IndexError, json.JSONDecodeError) as error:
        raise StudyError(f"{path} is damaged ({error}). Start anew with --overwrite.") from None


def _as_dict(stage: Stage, source: Source) -> dict[str, Any]:
    return {
        "step": stage.step,
        "turn": stage.turn,
        "species": [source.names[i] for i in stage.candidate.species],
        "reactions": [j + 1 for j in stage.candidate.reactions],
        "changes": {str(j + 1): list(change) for j, change in stage.candidate.changes},
        "errors": list(stage.errors),
        "removed": list(stage.removed),
        **({"lumps": [asdict(lump) for lump in stage.lumps]} if stage.lumps else {}),
    }


def _from_dict(content: dict[str, Any], source: Source) -> Stage:
    candidate = Candidate(
        species=tuple(source.names.index(name) for name in content["species"]),
        reactions=tuple(int(j) - 1 for j in content["reactions"]),
        changes=tuple((int(j) - 1, (a, b, e)) for j, (a, b, e) in content["changes"].items()),
    )
    lumps = tuple(
        Lump(tuple(map(tuple, each["reactants"])), tuple(map(tuple, each["products"])), tuple(each["rate"]))
        for each in content.get("lumps", ())
    )
    return Stage(
        content["step"],
        candidate,
        tuple(content["errors"]),
        tuple(content["removed"]),
        turn=int(content["turn"]),
        lumps=lumps,
    )
