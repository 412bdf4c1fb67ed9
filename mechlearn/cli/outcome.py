"""What ``run`` and ``learn`` print of an outcome, and the exit status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .shell import give_json, say

if TYPE_CHECKING:
    from ..chemistry.mechanism import Reaction
    from ..study.assess import Outcome

PARTS = ("forward", "reverse")


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
        lines += _reaction_texts(outcome.summary["reactions"], outcome.discovery.to_write.reactions)
    lines += _conserved_text(outcome.summary["conserved"])
    if outcome.summary["balances"]:
        lines += [outcome.summary["balances"], *_outlier_texts(outcome.summary["concentrations"]), ""]
    if outcome.validation is not None:
        lines.append(validation_text(outcome.validation))
    if outcome.comparison is not None:
        lines += ["", "Against the source mechanism:", comparison_text(outcome.comparison)]
    return "\n".join(lines)


def _reaction_texts(reactions: list[dict[str, Any]], written: Sequence[Reaction]) -> list[str]:
    """A table of the reactions with its units, and their support where a bootstrap found it."""
    rates = [entry[part] for entry in reactions for part in PARTS if entry[part] is not None]
    depends = any(rate["b"] or rate["Ea"] for rate in rates)
    width = max(len(entry["equation"]) for entry in reactions)
    columns = [[f"{text:{width}}" for text in ("reaction", *(entry["equation"] for entry in reactions))]]
    for part in PARTS:
        columns += _rate_columns([entry[part] for entry in reactions], part, depends=depends)
        known = [str(entry["interval"].get(part, {}).get("text", "")) for entry in reactions]
        columns.append(_right("95 %", known, 14))
    columns.append(_right("contribution", [f"{entry['contribution']:.2g}" for entry in reactions], 12))
    if "support" in reactions[0]:
        columns.append(_right("support", [f"{100 * entry['support']:.0f} %" for entry in reactions], 7))
    colliders = [reaction.collisions for reaction in written]
    if any(colliders):
        columns.append(["colliders", *colliders])
    units = "Rate constants in kmol, m^3 and s"
    law = "; they are A T^b exp(-Ea/RT), with T in K" if depends else ""
    return [*("  ".join(row).rstrip() for row in zip(*columns, strict=True)), f"{units}{law}.\n"]


def _rate_columns(rates: list[dict[str, float] | None], part: str, *, depends: bool) -> list[list[str]]:
    """The rate constants of one direction: k, or where they depend on the temperature A, b and Ea."""
    heads = {"A": (f"A {part}" if depends else f"k {part}", 1.0, ".7g", 12)}
    if depends:
        heads |= {"b": ("b", 1.0, ".4g", 7), "Ea": ("Ea [kJ/mol]", 1e-6, ".5g", 11)}
    return [
        _right(head, ["-" if rate is None else f"{rate[key] * factor:{form}}" for rate in rates], width)
        for key, (head, factor, form, width) in heads.items()
    ]


def _right(head: str, cells: list[str], width: int) -> list[str]:
    width = max(width, *(len(cell) for cell in cells))
    return [f"{cell:>{width}}" for cell in (head, *cells)]


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
