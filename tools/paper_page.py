"""What reproduce_paper.py writes from its results: results.json, tables.md and index.html, and the tables in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
import paper_adam as adam
from paper_cells import NAMES

Result = dict[str, Any]
Tables = dict[str, list[dict[str, Any]]]

KEYS = (
    *("example", "optimizer", "freezing", "reactions", "noise", "noise_law", "seeds", "exact", "confident_wrong"),
    *("worst_rate_error", "prediction_error", "seconds", "published"),
)
TELLING_APART = ("learn", "ratio", "states", "exponents", "learning_rate", "variant", "recovered")
"""Keys beyond those, where a cell has them: what else it changes, and how often it was called recovered."""
GOALS = {0.0: (100, 1e-6), 1e-3: (100, 2e-4), 1e-2: (100, 2e-3), 5e-2: (95, 1e-2)}
"""By noise: exact searches of 100, and the median of the worst rate error (without noise the largest)."""
GOAL_OF_PREDICTION = 1e-8


def record(result: Result) -> Result:
    """A cell as results.json has it; the prediction error is the largest of all seeds."""
    predicted = result["prediction_error"]
    named = {key: result[key] for key in KEYS} | {
        "prediction_error": predicted["max"] if predicted else None,
        "seconds": {"median": result["seconds"]["median"]},
    }
    return named | {key: result[key] for key in TELLING_APART if result.get(key) is not None}


def cell_row(result: Result) -> dict[str, Any]:
    """One line of the table of all cells."""
    error, prediction = result["worst_rate_error"], result["prediction_error"]
    return {
        "example": NAMES[result["example"]],
        "conditions": "paper's" if result["learn"] == "network" else "defaults",
        "freezing": "yes" if result["freezing"] else "no",
        "reactions": result["reactions"],
        "noise": f"{result['noise']:g} {result['noise_law']}" if result["noise"] else "none",
        "fast/slow": f"{1000 * result['ratio']:.0e}" if result["example"] == "fuel-radical-product" else "",
        "runs": result["states"],
        "exact": f"{result['exact']}/{result['seeds']}",
        "recovered": result["recovered"],
        "confident and wrong": result["confident_wrong"],
        "worst rate error (median, 5–95 %)": ", ".join("–" if v is None else f"{v:.1e}" for v in error.values()),
        "prediction error (median, largest)": (
            f"{prediction['median']:.1e}, {prediction['max']:.1e}" if prediction else "–"
        ),
        "seconds (median)": f"{result['seconds']['median']:.2f}",
        "published": result["published"] or "",
    }


def regression_row(result: Result) -> dict[str, Any]:
    """One line of the table of section 2."""
    adams = result["optimizer"] == "adam"
    return {
        "ratio": f"{result['ratio']:g}",
        "exponents": str(tuple(result["exponents"])),
        "method": f"Adam, learning rate {result['learning_rate']:g}" if adams else "Levenberg–Marquardt",
        "freezing": "yes" if result["freezing"] else "no",
        "found": f"{result['exact']}/{result['seeds']}",
        "steps of those (median)": "–" if result["steps"] is None else f"{result['steps']:.0f}",
        "seconds a start": f"{result['seconds']['median']:.2g}",
        "where others end: how many": "; ".join(result["stuck"]),
    }


def headline(cells: list[Result], runs: list[Result]) -> list[dict[str, Any]]:
    """Published, ours and time, under the paper's conditions with the number of reactions unknown."""
    rows = []
    for cell in cells:
        beyond = cell["ratio"] != 1 or cell["states"] != 100 or cell["learn"] != "network" or not cell["freezing"]
        if beyond or cell["reactions"] != "auto":
            continue
        rows.append(
            {
                "example": NAMES[cell["example"]],
                "noise": f"{cell['noise']:g} {cell['noise_law']}" if cell["noise"] else "none",
                "published": cell["published"] or "–",
                "ours: exact": f"{cell['exact']}/{cell['seeds']}",
                **{
                    name: "–" if value is None else f"{value:.1e}"
                    for name, value in (
                        ("worst rate error (median)", cell["worst_rate_error"]["median"]),
                        ("prediction error (largest)", (cell["prediction_error"] or {"max": None})["max"]),
                    )
                },
                "goal": _goal(cell),
                "seconds (median)": f"{cell['seconds']['median']:.2f}",
                "Adam's 10⁶ epochs over that": _times_as_long(cell, runs),
            }
        )
    return rows


def _goal(cell: Result) -> str:
    if cell["noise"] not in GOALS or not cell["exact"]:
        return "" if cell["exact"] else "missed"
    share, limit = GOALS[cell["noise"]]
    if cell["noise"]:
        error = cell["worst_rate_error"]["median"]
    else:
        error = max((run["rate_error"] for run in cell["runs"] if run["exact"]), default=1.0)
        limit = limit if cell["prediction_error"]["max"] <= GOAL_OF_PREDICTION else 0.0
    held = 100 * cell["exact"] >= share * cell["seeds"] and error <= limit and not cell["confident_wrong"]
    return f"≥ {share} %, ≤ {GOALS[cell['noise']][1]:g}: " + ("held" if held else "missed")


def _times_as_long(cell: Result, runs: list[Result]) -> str:
    whole = [
        r for r in runs if r["example"] == cell["example"] and not r["freezing"] and r["variant"] == adam.PLAIN.name
    ]
    if not whole:
        return "–"
    seconds = whole[0]["seconds_per_epoch"] * adam.PAPER_EPOCHS
    return f"{seconds / cell['seconds']['median']:.0f} ({seconds:.0f} s)"


def states_needed(cells: list[Result]) -> list[dict[str, Any]]:
    """How many runs, and states of the training set, the exact mechanism takes."""
    rows = []
    for cell in sorted(cells, key=lambda c: (NAMES[c["example"]], -c["states"])):
        plain = not cell["noise"] and cell["ratio"] == 1 and cell["learn"] == "network" and cell["freezing"]
        if plain and cell["reactions"] == "auto":
            rows.append(
                {
                    "example": NAMES[cell["example"]],
                    "runs": cell["states"],
                    "training states": training_states(cell),
                    "exact": f"{cell['exact']}/{cell['seeds']}",
                    "recovered": cell["recovered"],
                    "confident and wrong": cell["confident_wrong"],
                }
            )
    return rows


def training_states(cell: Result) -> int:
    """Eleven states a run, a fifth of the runs held out."""
    runs = int(cell["states"])
    return 11 * (runs - max(1, round(0.2 * runs)))


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The paper, reproduced</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;font-size:.82rem;display:block;overflow-x:auto}
td,th{padding:.25rem .6rem;border-bottom:1px solid #ccc;text-align:left;white-space:nowrap}
img{max-width:100%}figure{margin:1.5rem 0}figcaption{color:#555}
</style><h1>Multiscale chemical reactions from data: the paper, reproduced</h1>
<p>Huang, Zhou, Yong, J. Comput. Phys. 448, 110743 (2022),
<a href="https://doi.org/10.1016/j.jcp.2021.110743">doi:10.1016/j.jcp.2021.110743</a>.</p>
{% for note in notes %}<p>{{ note }}</p>{% endfor %}
{% for title, rows in tables.items() %}<h2>{{ title }}</h2><table><tr>
{% for key in rows[0] %}<th>{{ key }}</th>{% endfor %}
</tr>{% for row in rows %}<tr>{% for value in row.values() %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</table>
{% endfor %}<h2>Figures</h2>{% for name, caption in figures %}<figure><img src="{{ name }}.svg" alt="{{ caption }}">
<figcaption>{{ caption }}</figcaption></figure>{% endfor %}</html>
"""


def write_pages(
    folder: Path, results: list[Result], tables: Tables, figures: list[tuple[str, str]], notes: list[str]
) -> str:
    """results.json, tables.md and index.html; returns the sentence on confident wrong answers."""
    (folder / "results.json").write_text(json.dumps([record(r) for r in results], indent=1), encoding="utf-8")
    tables = {title: rows for title, rows in tables.items() if rows}
    lines = []
    for title, rows in tables.items():
        lines += [f"## {title}", "", "| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
        lines += ["| " + " | ".join(str(v) for v in row.values()) + " |" for row in rows] + [""]
    (folder / "tables.md").write_text("\n".join(lines), encoding="utf-8")
    wrong = sum(result["confident_wrong"] for result in results)
    said = f"{sum(r['seeds'] for r in results)} searches in all cells; {wrong} were called recovered and are wrong."
    page = jinja2.Environment(autoescape=True).from_string(PAGE)
    text = page.render(tables=tables, figures=figures, notes=[said, *notes])
    (folder / "index.html").write_text(text, encoding="utf-8")
    return said
