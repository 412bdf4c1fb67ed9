"""What a reduction ends with: the mechanism file, how it does, the curve, the report and the summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isinf
from pathlib import Path
from typing import Any

from ..chemistry.mechanism import Mechanism
from ..data.progress import Stages
from ..errors import MechlearnError, listed
from ..files import write_json, write_text
from ..formats.chemkin import write_chemkin
from ..formats.records import plain
from ..pathways.recording import progress_history
from ..reduction.assessment import (
    Assessment,
    FlameAssessment,
    Unignited,
    assessed,
    assessed_flames,
    grid_error,
    summary,
)
from ..reduction.conditions import ReductionRequest, conditions_of, flame_conditions, longest_of
from ..reduction.context import Context, Stage
from ..reduction.reduction_files import csv_text, curve_rows, removed_rows, stage_mechanism, write_reduced
from ..reduction.settings import Envelope
from ..report.figures.curve import curve_figure
from ..report.pages.reduction_report import report_page
from ..simulation.reactors import simulate_source
from ..simulation.settings import MoleFractions, Perturb, Times
from .draw import draw_difference
from .workspace import Workspace, versions

_TIMES = 300
_KINDS = {"in_sample": "conditions of the study", "held_out": "held out", "extrapolation": "beyond the edges"}
MOST_NAMED = 3
"""Conditions that a sentence names."""


@dataclass(frozen=True, eq=False)
class Reduction:
    """A finished reduction.

    Parameters
    ----------
    mechanism : Mechanism
        The smallest that was found.
    stages : tuple of Stage
        Each smaller than the one before, or with better rate constants.
    summary : dict
        The content of ``summary.json``.
    """

    mechanism: Mechanism
    stages: tuple[Stage, ...]
    summary: dict[str, Any]

    @property
    def held(self) -> bool:
        """Whether all limits are kept at the study's conditions."""
        return bool(self.summary["status"] == "held")


def finished(
    request: ReductionRequest,
    context: Context,
    mechanism: Mechanism,
    stages: list[Stage],
    place: Workspace,
    seconds: Callable[[], dict[str, float]],
    left_out: list[str],
    parts: Stages,
    interrupted: bool,
) -> Reduction:
    """Write the last stage as the result, assess the file, draw, and sum up."""
    last, name, folder = stages[-1], request.source.mechanism, place.folder
    final = stage_mechanism(mechanism, last)
    context = context.with_global_reactions(last.global_reactions)
    write_reduced(mechanism, name, last, folder / "reduced.yaml")
    write_text(folder / "curve.csv", csv_text(curve_rows(stages, context)))
    write_text(folder / "removed.csv", csv_text(removed_rows(stages, context.source.names)))
    write_text(folder / "curve.svg", curve_figure(stages, context.source.whole().size))
    with_transport = all("transport" in (species.definition or {}) for species in final.species)
    obstacles = {"chemkin": write_chemkin(folder / "reduced.yaml", folder / "chemkin", transport=with_transport)}
    kinds, every, validating = ("in_sample", "held_out", "extrapolation"), {}, parts("validating")
    for number, kind in enumerate(kinds):
        validating(number / len(kinds), _KINDS[kind])
        every[kind] = _assessed(request, context, folder / "reduced.yaml", kind)
    assessments = {kind: found for kind, (found, _) in every.items()}
    quiet = [each for kind in kinds[:2] for each in every[kind][1]]
    flames = _assessed_flames(request, context, folder / "reduced.yaml")
    parts("reporting")
    try:
        _draw_difference_from_source(request, context, folder)
    except MechlearnError as error:
        obstacles["difference"] = str(error)
    checks = _verification(context.with_points(last.added, last.flames), last, now=not interrupted)
    early = [each for each in quiet if context.task.too_early(each.delay) > 1]
    violations = (
        last.error > 1,
        any(abs(each.error) > context.task.flame_limit for each in flames.get("in_sample", ())),
        checks.get("error_over_limit", 0.0) > 1,
        any(abs(each.delay_error) > context.task.limits[0] for each in assessments["held_out"]),
        bool(early),
    )
    status = "interrupted" if interrupted else "outside-limits" if any(violations) else "held"
    learnt = [context.source.reactions[j].equation for j in last.candidate.reactions if j >= context.source.own]
    content = {
        "status": status,
        "message": _message(status, last, context, assessments)
        + _quiet_message(context, quiet, early)
        + _check_message(checks)
        + _flame_message(flames),
        "species": last.candidate.size[0],
        "reactions": last.candidate.size[1],
        "source": {"mechanism": name, "species": len(context.source.names), "reactions": context.source.own},
        "error_over_limit": last.error,
        "verification_points": checks,
        "changed_rates": len(last.candidate.changes),
        "global_reactions": learnt,
        "limits": dict(zip(("ignition_delay", "temperature", "species"), context.task.limits, strict=True)),
        **{kind: summary(found) for kind, found in assessments.items()},
        "conditions": {kind: _rows(found) for kind, found in assessments.items()},
        **({"flames": _flame_content(context, flames, folder / "reduced.yaml")} if flames else {}),
        "without_ignition": left_out,
        "false_ignition": [{"condition": each.condition.name, "delay": each.delay} for each in early],
        "not_written": {what: why for what, why in obstacles.items() if why},
        "seconds": seconds(),
        "cores": context.workers.cores,
        "versions": versions(),
    }
    write_text(folder / "report.html", report_page(content, request, stages, context, assessments, flames, folder))
    kept = sorted(path.relative_to(folder).as_posix() for path in (folder / "stages").iterdir())
    content["files"] = [*(path for path in place.present() if path != "summary.json"), *kept, "summary.json"]
    write_json(content, folder / "summary.json")
    return Reduction(final, tuple(stages), content)


def _assessed(
    request: ReductionRequest, context: Context, mechanism: Path, kind: str
) -> tuple[list[Assessment], list[Unignited]]:
    """How the file itself does: at the study's conditions, held out, or beyond the edges."""
    if kind == "in_sample":
        task = context.task
    else:
        envelope: Envelope | None = getattr(request.reduce, kind)
        if envelope is None:
            return [], []
        conditions = conditions_of(context.source.gas, request.source, (envelope,), None)
        task = replace(context.task, conditions=tuple(conditions), references=(), quiet=())
    return assessed(context.workers, task, mechanism, longest_of(request.source))


def _assessed_flames(request: ReductionRequest, context: Context, mechanism: Path) -> dict[str, list[FlameAssessment]]:
    """How its flames do: at the study's equivalence ratios, and at those held out."""
    target = request.reduce.targets.flame_speed
    if target is None:
        return {}
    apart = flame_conditions(context.source.gas, request.source, target, target.held_out)
    return {
        kind: assessed_flames(context.workers, context.task, mechanism, conditions)
        for kind, conditions in (("in_sample", context.task.flame_conditions), ("held_out", apart))
    }


def _verification(context: Context, last: Stage, *, now: bool) -> dict[str, Any]:
    """How the result does between the study's conditions; nothing if that is not known and not wanted now."""
    check = context.check(last.candidate, now=now)
    points = (*check.conditions, *check.flames)
    if not points:
        return {}
    largest = max(points, key=lambda each: each.error)
    return {
        "conditions": len(check.conditions),
        "flames": len(check.flames),
        "added": [each.name for each in last.added],
        "added_flames": [each.name for each in last.flames],
        "error_over_limit": largest.error,
        "worst": largest.condition.name,
    }


def _check_message(checks: dict[str, Any]) -> str:
    """What the check between the study's conditions adds to the message."""
    if not checks:
        return ""
    flames = f" and {checks['flames']} flames" if checks["flames"] else ""
    count = len(checks["added"]) + len(checks["added_flames"])
    added = f" ({count} of an earlier check joined these)" if count else ""
    error = checks["error_over_limit"]
    text = "one has no response" if isinf(error) else f"the largest error is {error:.2f} of its limit"
    return f" At {checks['conditions']} conditions{flames} between those of the study{added}, {text}."


def _rows(assessments: Sequence[Assessment | FlameAssessment]) -> list[dict[str, Any]]:
    return [plain(each) | {"condition": each.condition.name} for each in assessments]


def _flame_content(context: Context, flames: dict[str, list[FlameAssessment]], mechanism: Path) -> dict[str, Any]:
    return {
        "limit": context.task.flame_limit,
        "transport": context.task.transport,
        "grid_error": grid_error(context.task, mechanism),
        **{f"max_error_{kind}": max((abs(a.error) for a in found), default=None) for kind, found in flames.items()},
        **{kind: _rows(found) for kind, found in flames.items()},
    }


def _flame_message(flames: dict[str, list[FlameAssessment]]) -> str:
    """What the flames add to the message."""
    parts = []
    for kind, where in (("in_sample", "of the study"), ("held_out", "held out")):
        if flames.get(kind):
            worst = max(flames[kind], key=lambda each: abs(each.error))
            error = 100 * abs(worst.error)
            text = "no flame is found" if isinf(error) else f"the largest error is {error:.1f} %"
            parts.append(f"at those {where} {text} ({worst.condition.name})")
    return f" Flame speeds: {'; '.join(parts)}." if parts else ""


def _message(status: str, last: Stage, context: Context, assessments: dict[str, list[Assessment]]) -> str:
    species, reactions = last.candidate.size
    whole = context.source.whole().size
    kept = "within all limits" if last.error <= 1 else "but not within the limits"
    learnt = sum(j >= context.source.own for j in last.candidate.reactions)
    replacing = f" with {learnt} global reaction{'s' if learnt > 1 else ''}" if learnt else ""
    left = f"{species} of {whole[0]} species and {reactions - learnt} of {whole[1]} reactions are left{replacing}"
    where = f"at {len(context.task.conditions)} conditions"
    text = f"{left}, {kept} {where}: the largest error is {last.error:.2f} of its limit."
    for kind, where in (("held_out", "Held out"), ("extrapolation", "Beyond the edges")):
        if assessments[kind]:
            found = summary(assessments[kind])
            error = 100 * found["max_delay_error"]
            how = "it does not ignite" if isinf(error) else f"the largest error of a delay is {error:.1f} %"
            text += f" {where}, {how} (at {found['worst']})."
    if not assessments["held_out"]:
        text += " No condition was held out for a check that the work has not seen; give reduce.held_out."
    return f"Interrupted: {text}" if status == "interrupted" else text


def _quiet_message(context: Context, quiet: Sequence[Unignited], early: Sequence[Unignited]) -> str:
    """What the conditions add at which the source does not ignite."""
    if not quiet:
        return ""
    where = listed([each.condition.name for each in quiet], MOST_NAMED)
    text = f" The source does not ignite within {context.task.longest:g} s at {where}"
    if not early:
        return f"{text}, and neither does the result."
    worst = min(early, key=lambda each: each.delay)
    return f"{text}, but the result does, after {worst.delay:.3g} s at {worst.condition.name}: a false ignition."


def _draw_difference_from_source(request: ReductionRequest, context: Context, folder: Path) -> None:
    """The reduced mechanism's fluxes less the source's, along a run of the source to twice its ignition delay."""
    middle = len(context.task.conditions) // 2
    condition, delay = context.task.conditions[middle], context.task.references[middle].response.delay
    source = replace(
        request.source,
        mechanism=context.task.mechanism,
        temperature=(condition.temperature,),
        pressure=(condition.pressure,),
        initial=MoleFractions(X=dict(condition.mixture)),
        times=Times(end=2 * delay, count=_TIMES, spacing="solver"),
        species=None,
        perturb=Perturb(),
    )
    runs = simulate_source(source)[0]
    whole = progress_history(context.task.mechanism, runs, phase=context.task.phase or None)
    draw_difference(progress_history(folder / "reduced.yaml", runs, leave_out=True), whole, folder)
