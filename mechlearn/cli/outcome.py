"""What ``run`` and ``learn`` print of an outcome, and the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .shell import give_json, say

if TYPE_CHECKING:
    from ..study.assess import Outcome


def finish(outcome: Outcome, json_file: str | None, folder: Path | None = None) -> None:
    """Print and write the outcome, then exit with its status."""
    say(_outcome_text(outcome), json_file)
    for name in outcome.summary["files"]:
        say(f"Wrote {folder / name if folder else name}", json_file)
    give_json(outcome.summary, json_file)
    say(f"{outcome.status}: {outcome.summary['message']}", json_file)
    raise typer.Exit({"recovered": 0, "interrupted": 130}.get(outcome.status, 1))


def _outcome_text(outcome: Outcome) -> str:
    from ..chemistry.comparison import comparison_text
    from ..validation.validation_text import validation_text

    lines = _sampling_text(outcome)
    if outcome.summary["reactions"]:
        lines += [*_reaction_texts(outcome.summary["reactions"]), "Rate constants in kmol, m^3 and s.\n"]
    lines += _conserved_text(outcome.summary["conserved"])
    if outcome.summary["balances"]:
        lines += [outcome.summary["balances"], *_outlier_texts(outcome.summary["concentrations"]), ""]
    if outcome.validation is not None:
        lines.append(validation_text(outcome.validation))
    if outcome.comparison is not None:
        lines += ["", "Against the source mechanism:", comparison_text(outcome.comparison)]
    return "\n".join(lines)


def _reaction_texts(reactions: list[dict[str, Any]]) -> list[str]:
    """A table of the reactions, with their support where a bootstrap found it."""
    width = max(len(reaction["equation"]) for reaction in reactions)
    supported = "support" in reactions[0]
    head = [f"{'reaction':{width}}", *(f"{f'k {part}':>12} {'95 %':>14}" for part in ("forward", "reverse"))]
    lines = ["  ".join([*head, "contribution", *["support"] * supported])]
    for reaction in reactions:
        row = [f"{reaction['equation']:{width}}"]
        for part in ("forward", "reverse"):
            constant = "-" if reaction[part] is None else f"{reaction[part]['A']:.7g}"
            row.append(f"{constant:>12} {reaction['interval'].get(part, {}).get('text', '')!s:>14}")
        row.append(f"{reaction['contribution']:12.2g}")
        if supported:
            row.append(f"{100 * reaction['support']:5.0f} %")
        lines.append("  ".join(row))
    return lines


def _sampling_text(outcome: Outcome) -> list[str]:
    """What the sampling shows and what to measure next, where something is to be done."""
    findings = [each for each in outcome.summary["sampling"]["findings"] if each["advice"]]
    return ["The sampling:", *(f"  {each['text']} {each['advice']}" for each in findings), ""] if findings else []


def _conserved_text(found: dict[str, Any] | None) -> list[str]:
    """The laws that stand in for unknown compositions, and the test that decided on them."""
    if found is None:
        return []
    laws = ", ".join(f"{law['law']} ({law['change']:.2g})" for law in found["laws"]) or "nothing"
    return [
        f"Conserved in the data: {laws}. Change as a {found['measure']}, at most {found['limit']:.2g}; any other "
        f"combination changes by {found['next_change']:.2g} or more.\n"
    ]


def _outlier_texts(found: dict[str, Any] | None) -> list[str]:
    """The values that stand out of the noise, five at most."""
    values = found["outliers"] if found else []
    texts = [
        f"Outlier: {each['species']} of {each['run']} at {each['time']:.4g} s is {each['value']:.4g}, expected "
        f"{each['expected']:.4g} ({each['deviations']:.1f} standard deviations)."
        for each in values[:5]
    ]
    return texts + ([f"and {len(values) - 5} more outliers; the summary lists them."] if len(values) > 5 else [])
