"""A subject → everything that its report says, as plain texts, lists and charts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...units import number_text
from ..figures.charts import delays, losses, parity, profiles, structure
from ..style import inline_svg
from .page import span_text
from .reaction_rows import reaction_rows
from .subject import Subject
from .unknowns import what_is_unknown

GOOD = ("recovered", "passed")
PARTIAL = ("approximate-rate-laws", "not-validated", "ambiguous", "unidentifiable")

QUANTITIES = {
    "profiles": "Species profiles (with temperature, unless it has a limit of its own)",
    "ignition_delay": "Ignition delay",
    "temperature": "Temperature",
    "pressure": "Pressure",
    "final_state": "Final state",
    "heat_release": "Heat release",
    "elements": "Conservation of the elements",
    "energy": "Conservation of energy",
    "reduced_chi_squared": "Reduced chi squared",
}
MAX_DELAYS = 12


def report_content(subject: Subject) -> dict[str, Any]:
    """All that the report says.

    Parameters
    ----------
    subject : Subject
        A mechanism with its data and checks.

    Returns
    -------
    dict
        ``title``, ``status``, ``severity`` (``good``, ``partial`` or ``bad``), ``message``; ``asked``: pairs of words;
        ``checks``, ``delays``, ``reactions``: rows of tables; ``profiles`` and ``charts``: lists of charts (``name``,
        ``label``, ``svg``); ``drawing``: SVG text; ``unknown``, ``alternatives``: sentences; ``settings``,
        ``versions``, ``seed``, ``inputs``, ``command``.
    """
    summary, validation = subject.summary, subject.validation
    shown = validation is not None and bool(validation.simulated)
    status = summary["status"]
    return {
        "kind": "Report on a reaction mechanism",
        "title": subject.title,
        "status": status,
        "severity": "good" if status in GOOD else "partial" if status in PARTIAL else "bad",
        "message": summary["message"],
        "question": "What was asked, and of which data",
        "asked": [*subject.asked, *_data(subject)],
        "checks": _checks(subject),
        "ignition": None if validation is None else validation.ignition_definition,
        "delays": _delays(subject),
        "reactions": reaction_rows(subject),
        "learnt": any("contribution" in entry for entry in summary.get("reactions", [])),
        "rate_note": _rate_note(subject),
        "profiles": profiles(validation, subject.assessed) if shown and validation is not None else [],
        "charts": _charts(subject),
        "drawing": inline_svg(subject.drawing, "network", "The network") if subject.drawing else "",
        "unknown": what_is_unknown(subject),
        "alternatives": _alternatives(summary),
        "comparison": _comparison(summary),
        "settings": subject.settings,
        "versions": summary.get("versions", {}),
        "seed": summary.get("seed"),
        "inputs": subject.inputs,
        "command": subject.command,
        "files": [name for name in summary.get("files", []) if name.endswith((".yaml", ".svg", ".html", ".h5"))],
    }


def _data(subject: Subject) -> list[tuple[str, str]]:
    runs = subject.runs
    first = [run for run in runs.runs if not run.parent]
    states = sum(len(run.time) for run in runs.runs)
    reactors = dict.fromkeys(run.reactor or "not known" for run in first)
    names = ", ".join(runs.species_names[:40]) + (", …" if len(runs.species) > 40 else "")
    facts = [
        ("Runs", f"{len(first)}, {states} states"),
        ("Species", f"{len(runs.species)}: {names}"),
        ("Reactor", ", ".join(reactors)),
        ("First temperature", span_text(np.array([run.temperature[0] for run in first]), "K")),
        ("First pressure", span_text(np.array([run.pressure[0] for run in first]) / 1e5, "bar")),
    ]
    ends = np.array([run.time[-1] for run in first if run.is_time_history])
    if ends.size:
        facts.append(("Duration", span_text(ends, "s")))
    if "noise" in subject.summary:
        noise = subject.summary["noise"]
        of = "concentrations" if subject.summary.get("concentrations") else "rates"
        facts.append((f"Noise of the {of}", f"{100 * noise:.2g} %" if noise else "none found"))
    if subject.summary.get("balances"):
        facts.append(("Balances", str(subject.summary["balances"]).removeprefix("Balances: ")))
    return facts


def _checks(subject: Subject) -> list[dict[str, str | bool]]:
    """What was measured against the data, with a limit where there is one."""
    validation = subject.validation
    if validation is None or not validation.simulated:
        return []
    limited = {check.quantity: check for check in validation.checks}
    beyond = "" if validation.measured is None else validation.measured.text
    rows: list[dict[str, str | bool]] = []
    for name, value in validation.largest.items():
        check = limited.get(name)
        if check is None and value is None:
            continue
        rows.append(
            {
                "quantity": QUANTITIES[name] + (beyond if name == "profiles" else ""),
                "value": "not known" if value is None else _error(name, value),
                "limit": "" if check is None else number_text(check.limit),
                "outcome": "" if check is None else "holds" if check.passed else "broken",
            }
        )
    return rows


def _error(name: str, value: float) -> str:
    if np.isinf(value):
        return "does not ignite"
    return f"{value:.3g}" if name == "reduced_chi_squared" else number_text(float(f"{value:.2g}"))


def _delays(subject: Subject) -> list[dict[str, str]]:
    """Ignition delays, the worst ones first where there are many."""
    validation = subject.validation
    if validation is None:
        return []
    firsts = {run.name: run for run in subject.assessed.runs}
    ordered = sorted(validation.ignition_delay.items(), key=lambda item: -item[1].error)
    where = {name: "extrapolates" if why else "interpolates" for name, why in validation.extrapolated.items()}
    return [
        {
            "run": name,
            "temperature": f"{firsts[name].temperature[0]:.5g}",
            "pressure": f"{firsts[name].pressure[0] / 1e5:.4g}",
            "data": f"{delay.data:.4g}",
            "simulated": "none" if delay.simulated is None else f"{delay.simulated:.4g}",
            "error": "–" if delay.simulated is None else f"{100 * delay.error:.2g} %",
            "where": where.get(name, ""),
        }
        for name, delay in ordered[:MAX_DELAYS]
    ]


def _charts(subject: Subject) -> list[dict[str, str]]:
    charts, validation = [], subject.validation
    if validation is not None and validation.simulated:
        charts.append(parity(validation, subject.assessed))
        if validation.ignition_delay:
            charts.append(delays(validation, subject.assessed))
    if subject.stalls:
        charts.append(losses(subject.stalls, subject.descent))
    if subject.summary["status"] == "not-mass-action":
        charts.append(structure(subject.runs))
    return charts


def _rate_note(subject: Subject) -> str:
    text = "Rate constants in kmol, m³ and s; activation energies in kJ/mol."
    level = (subject.summary.get("uncertainty") or {}).get("level")
    if level is not None:
        kelvin = number_text(float(subject.summary["uncertainty"]["temperature"]))
        return f"{text} Intervals hold the rate constant at {kelvin} K in {100 * level:g} of 100 cases."
    if any(entry.get("interval") for entry in subject.summary.get("reactions", [])):
        return f"{text} In brackets: 95 % intervals."
    return text


def _alternatives(summary: dict[str, Any]) -> list[str]:
    others = summary.get("alternatives")
    if not others:
        return []
    sentences = [str(each["text"]) for each in others.get("found", [])]
    if others.get("n_more"):
        sentences.append(f"There are {others['n_more']} more such sets.")
    if not sentences:
        sentences.append(f"None was found. Looked at: {others['scope']}")
    return sentences


def _comparison(summary: dict[str, Any]) -> str:
    """Against the mechanism that the data were simulated with, where there is one; never part of the outcome."""
    known = summary.get("comparison")
    if not known:
        return ""
    counts = {key: len(known.get(key, [])) for key in ("matched", "missing", "spurious")}
    text = f"{counts['matched']} reactions are those of the source, {counts['missing']} of the source are missing, "
    return text + f"{counts['spurious']} are not in the source."
