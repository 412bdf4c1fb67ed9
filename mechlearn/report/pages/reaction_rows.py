"""The reactions as rows of a table: how fast, how well known, how much they matter, and what to beware of."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from ...chemistry.mechanism import Reaction
from ...units import number_text
from .subject import Subject

WEAK = 1e-3
"""A reaction that carries less of every species' flux is called weak."""
VAGUE = 0.3
"""A standard error of ln k from which a rate constant counts as vague."""
JOULES = 1e6
TOGETHER = "\u00a0"
"""A space at which no line ends."""


def reaction_rows(subject: Subject) -> list[dict[str, Any]]:
    """One row for each reaction.

    Its keys: ``number``, ``equation``, ``colliders``, ``forward`` and ``reverse`` (texts), ``contribution``,
    ``support`` and ``flags``.
    """
    reactions = subject.mechanism.reactions
    listed = subject.summary.get("reactions", [])
    several = any(len(each.get("found_by", ())) > 1 for each in listed)
    spurious = _spurious(subject.summary)
    return [
        {
            "number": number,
            "equation": entry["equation"],
            "colliders": "".join(each.collisions for each in reactions[number - 1 : number]),
            "forward": _rate_text(entry, "forward") or _kind(reactions[number - 1 : number]),
            "reverse": _reverse_text(entry, reactions[number - 1] if number <= len(reactions) else None),
            "contribution": _percentage(entry.get("contribution")),
            "support": _support(entry, subject.summary),
            "flags": _flags(entry, several, spurious),
        }
        for number, entry in enumerate(listed, start=1)
    ]


def _support(entry: dict[str, Any], summary: dict[str, Any]) -> str:
    """Which learners found it, and in how many random halves of the runs it came back."""
    text = " and ".join(entry.get("found_by", ()))
    if entry.get("support") is None:
        return text
    count = summary["bootstrap"]["resamples"]
    return f"{text}; in {round(entry['support'] * count)} of {count} halves of the runs"


def _rate_text(entry: dict[str, Any], part: str) -> str:
    rate = entry.get(part)
    if rate is None:
        return ""
    text = number_text(rate["A"])
    if rate["b"] or rate["Ea"]:
        power, energy = round(rate["b"], 4), round(-rate["Ea"] / JOULES, 3)
        text += f" T^{power:g}" if power else ""
        text += f" exp({energy:g}/RT)" if energy else ""
        text = text.replace("-", "−")
    known = re.sub(r"[\d.]+e[+-]\d+", lambda number: number_text(float(number[0])), _interval(entry, part))
    if known.startswith("±"):
        known = known.replace(" ", TOGETHER)
    return f"{text} ({known})" if known else text


def _kind(reactions: Sequence[Reaction]) -> str:
    """The kind of a rate that is not modelled."""
    return "".join(str((each.definition or {}).get("type", "")) for each in reactions)


def _reverse_text(entry: dict[str, Any], reaction: Reaction | None) -> str:
    if entry.get("reverse") is not None:
        return _rate_text(entry, "reverse")
    return "from thermo" if reaction is not None and reaction.reversible else "–"


def _interval(entry: dict[str, Any], part: str) -> str:
    """The interval of a rate constant, or what its standard error says, in short."""
    interval = (entry.get("interval") or {}).get(part)
    if interval is not None:
        return str(interval["text"])
    error = (entry.get("std_error_log_k") or {}).get(part)
    if error is None:
        return ""
    if not math.isfinite(error):
        return "not determined"
    return (
        "exact"
        if error < 1e-9
        else f"± {100 * error:.2g} %"
        if error < VAGUE
        else f"within a factor {math.exp(2 * error):.2g}"
    )


def _flags(entry: dict[str, Any], several: bool, spurious: set[str]) -> list[str]:
    flags = []
    for part in ("forward", "reverse"):
        text = _interval(entry, part)
        if text in ("open", "not determined"):
            flags.append(f"{part} rate not determined")
        elif text.startswith((">", "<")):
            flags.append(f"{part} rate bounded on one side")
        elif "…" in text or "factor" in text:
            flags.append(f"{part} rate vague")
    contribution = entry.get("contribution")
    if contribution is not None and contribution < WEAK:
        flags.append("weak")
    if several and len(entry.get("found_by", ())) == 1:
        flags.append(f"only the {entry['found_by'][0]} found it")
    if entry["equation"] in spurious:
        flags.append("not in the source")
    return flags


def _spurious(summary: dict[str, Any]) -> set[str]:
    known = summary.get("comparison") or {}
    return {str(each.get("equation", "") if isinstance(each, dict) else each) for each in known.get("spurious", [])}


def _percentage(value: float | None) -> str:
    if value is None:
        return ""
    return f"{100 * value:.0f} %" if value >= 0.1 else f"{number_text(float(f'{100 * value:.2g}'))} %"
