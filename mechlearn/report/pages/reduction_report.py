"""The page on a reduction: what is left, how good it is where, what went and why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...reduction.assessment import Assessment, FlameAssessment
from ...reduction.conditions import ReductionRequest
from ...reduction.context import Context, Stage
from ...reduction.reduction_files import STEPS
from ...reduction.reduction_records import Condition
from ...simulation.mechanisms import find_mechanism
from ..figures.curve import draw_curve
from ..style import INK, chart, series_style
from .page import fingerprints, page_html, span_text

KINDS = {"in_sample": "At the study’s conditions", "held_out": "Held out", "extrapolation": "Beyond the edges"}
SEVERITIES = {"held": "good", "interrupted": "partial"}


def report_page(
    content: dict[str, Any],
    request: ReductionRequest,
    stages: Sequence[Stage],
    context: Context,
    assessments: dict[str, list[Assessment]],
    flames: dict[str, list[FlameAssessment]],
    folder: Path,
) -> str:
    """One page of HTML that needs no other file.

    Parameters
    ----------
    content : dict
        That of ``summary.json``.
    request : ReductionRequest
        What was asked.
    stages : sequence of Stage
        All of them.
    context : Context
        Where they were made.
    assessments : dict of str to list of Assessment
        By kind of conditions.
    flames : dict of str to list of FlameAssessment
        Likewise; empty without flames.
    folder : Path
        Of the results, with ``study.yaml`` if the study was a file.
    """
    last, copy = stages[-1].candidate, folder / "study.yaml"
    text = copy.read_text(encoding="utf-8") if copy.is_file() else ""
    changes = dict(last.changes)
    kinds = [(KINDS[kind], content[kind], found) for kind, found in assessments.items() if found]
    name = Path(request.source.mechanism).stem
    page = {
        "kind": "Report on a reduced mechanism",
        "title": f"{name}: {content['species']} species, {content['reactions']} reactions",
        "status": content["status"],
        "severity": SEVERITIES.get(content["status"], "bad"),
        "message": content["message"],
        "question": "What was asked",
        "asked": _asked(content, request, context),
        "comparison": "",
        "content": content,
        "infinity": inf,
        "charts": [
            _errors({title: found for title, _, found in kinds}, context.task.limits[0]),
            *(_curve(stages, place, context.source.whole().size) for place in (0, 1)),
        ],
        "steps": STEPS,
        "stages": list(enumerate(stages)),
        "flames": [(KINDS[kind], found) for kind, found in flames.items() if found],
        "kinds": kinds,
        "species": [context.source.names[i] for i in last.species],
        "changes": bool(changes),
        "global_reactions": bool(content["global_reactions"]),
        "reactions": [
            (context.source.reactions[j].equation, changes.get(j), j >= context.source.own) for j in last.reactions
        ],
        "command": "mechlearn reduce study.yaml -o reduced",
        "versions": content["versions"],
        "seed": None,
        "inputs": {
            **({"study.yaml": hashlib.sha256(text.encode()).hexdigest()} if text else {}),
            **fingerprints([find_mechanism(request.source.mechanism, request.folder)]),
        },
        "settings": text.rstrip(),
        "files": [
            "reduced.yaml",
            *([] if "chemkin" in content["not_written"] else ["chemkin/chem.inp"]),
            *("curve.csv", "removed.csv", "difference.svg", "summary.json"),
        ],
    }
    return page_html(Path(__file__).parent / "reduction.html.jinja", page)


def _asked(content: dict[str, Any], request: ReductionRequest, context: Context) -> list[tuple[str, str]]:
    """What is to be kept, how closely and where."""
    source, conditions, task = content["source"], context.task.conditions, context.task
    targets = request.reduce.targets
    flames = f"within {100 * task.flame_limit:.3g} % at {len(task.flames)} mixtures"
    facts = {
        "Source": f"{source['mechanism']}: {source['species']} species, {source['reactions']} reactions",
        "Conditions": f"{len(conditions)}, at constant {'pressure' if conditions[0].constant_pressure else 'volume'}",
        **_spans(conditions),
        "Ignition delay": f"within {100 * task.limits[0]:.3g} %, until {task.rise:g} K are gained",
        "Temperature": f"within {100 * task.limits[1]:.3g} %" if targets.temperature else "",
        f"Species {', '.join(task.species)}": f"within {100 * task.limits[2]:.3g} %" if targets.species else "",
        "Flame speeds": flames if targets.flame_speed else "",
        "Rate constants": "refitted" if request.reduce.rates == "refit" else "as in the source",
        "Species that stay": ", ".join(request.reduce.keep),
    }
    return [(what, how) for what, how in facts.items() if how]


def _spans(conditions: Sequence[Condition]) -> dict[str, str]:
    """Ranges of what the conditions differ in."""
    ratios = np.array([each.phi for each in conditions if each.phi is not None])
    return {
        "First temperature": span_text(np.array([each.temperature for each in conditions]), "K"),
        "First pressure": span_text(np.array([each.pressure for each in conditions]) / 101325.0, "atm"),
        "Equivalence ratio": span_text(ratios, "").strip() if ratios.size else "",
    }


def _errors(assessments: dict[str, list[Assessment]], limit: float) -> dict[str, str]:
    """Errors of the delay over inverse temperature, by kind of condition; without ignition none is drawn."""

    def draw(axes: Axes) -> None:
        for edge in (-limit, limit):
            axes.axhline(100 * edge, color=INK, linewidth=0.6, linestyle="--")
        axes.axhline(0, color=INK, linewidth=0.4)
        for k, (title, found) in enumerate(assessments.items()):
            known = [each for each in found if isfinite(each.delay_error)]
            temperatures = [1000 / each.condition.temperature for each in known]
            axes.plot(temperatures, [100 * each.delay_error for each in known], label=title, **series_style(k))
        axes.set_xlabel("1000 K / T")
        axes.set_ylabel("error of the delay [%]")

    label = "Errors of the ignition delay over inverse temperature, each condition a point; dashed: the study’s limit"
    return _chart("delay-errors", label, draw)


def _curve(stages: Sequence[Stage], place: int, whole: tuple[int, int]) -> dict[str, str]:
    """Error against size."""

    def draw(axes: Axes) -> None:
        draw_curve(axes, stages, place, whole)
        axes.set_ylabel("largest error / its limit")

    size = ("species", "reactions")[place]
    label = f"Largest error over its limit against the number of {size}, each stage a point"
    return _chart(f"curve-{size}", label, draw)


def _chart(name: str, label: str, draw: Callable[[Axes], None]) -> dict[str, str]:
    """With its legend above."""

    def draw_all(figure: Figure) -> None:
        axes = figure.add_axes((0.15, 0.15, 0.82, 0.73))
        draw(axes)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.2, 0.98), ncols=2, fontsize=6.5, handletextpad=0, columnspacing=0.8
        )

    return chart(name, label, draw_all)
