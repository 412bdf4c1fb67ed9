"""The page on a reduction: what is left, how good it is where, what went and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .flame_judging import FlameVerdict
from .judging import Verdict
from .work import Stage, Work
from .writing import STEPS

_KINDS = {
    "in_sample": "At the study's conditions",
    "held_out": "Held out: no choice rests on these",
    "beyond": "Beyond the edges: no choice rests on these",
}


def report_page(
    content: dict[str, Any],
    stages: Sequence[Stage],
    work: Work,
    verdicts: dict[str, list[Verdict]],
    flames: dict[str, list[FlameVerdict]],
    curve: str,
) -> str:
    """One page of HTML that needs no other file.

    Parameters
    ----------
    content : dict
        That of ``summary.json``.
    stages : sequence of Stage
        All of them.
    work : Work
        Where they were made.
    verdicts : dict of str to list of Verdict
        By kind of conditions.
    flames : dict of str to list of FlameVerdict
        Likewise; empty without flames.
    curve : str
        The figure of size and error, as SVG.
    """
    environment = Environment(
        loader=PackageLoader("mechlearn.reduction"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    last = stages[-1].candidate
    changes = dict(last.changes)
    return environment.get_template("report.html.jinja").render(
        content=content,
        curve=Markup(curve[curve.index("<svg") :]),  # drawn here
        steps=STEPS,
        stages=list(enumerate(stages)),
        flames=[(_KINDS[kind], found) for kind, found in flames.items() if found],
        kinds=[(_KINDS[kind], content[kind], found) for kind, found in verdicts.items() if found],
        species=[work.source.names[i] for i in last.species],
        reactions=[(work.source.reactions[j].equation, changes.get(j)) for j in last.reactions],
    )
