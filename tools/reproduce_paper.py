"""Every table and figure of the paper from this package, and the same tables beyond the paper's settings.

    python tools/reproduce_paper.py -o results/paper --quick          under three minutes
    python tools/reproduce_paper.py -o results/paper                  all seeds, Adam's 10⁶ epochs; can be resumed
    python tools/reproduce_paper.py -o results/paper --section 2

Paper: J. Huang, Y. Zhou, W.-A. Yong, J. Comput. Phys. 448, 110743 (2022), https://doi.org/10.1016/j.jcp.2021.110743.
Writes results.json, tables.md, figures as SVG and PNG, and index.html. A cell that is done is kept in cells/ and not
computed again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import paper_adam as adam
import paper_figures as draw
import paper_regression as regression
from paper_cells import (
    NAMES,
    TRUE_NUMBER,
    Cell,
    cells,
    data,
    prediction_course,
    run_cell,
    search,
    with_noise,
)
from paper_published import BY_NUMBER, HISTORY_FIGURE, NOISY_RATES, NUMBER_FIGURE, PREDICTION, TABLE

import mechlearn as ml

Step = tuple[str, list[dict[str, Any]], list[tuple[str, str]]]
"""A section's title, its tables' rows, and its figures with their captions."""
Task = tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]
QUICK_EPOCHS = 20_000
EXAMPLES_OF = {"4.1": "fuel-radical-product", "4.2": "michaelis-menten", "4.3": "hydrogen-oxidation"}


def main() -> None:
    """Run what is asked for and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for everything")
    parser.add_argument("--quick", action="store_true", help="3 seeds, fewer settings, Adam for a part of its epochs")
    parser.add_argument("--section", choices=["2", *EXAMPLES_OF], help="only this one")
    parser.add_argument("--seeds", type=int, default=None, help="seeds of each cell (default 100, quick 3)")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--no-adam", action="store_true", help="leave out the runs of Adam")
    asked = parser.parse_args()
    folder: Path = asked.output
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    seeds = asked.seeds or (3 if asked.quick else 100)
    started = time.monotonic()
    results: list[dict[str, Any]] = []
    figures: list[tuple[str, str]] = []
    tables: dict[str, list[dict[str, Any]]] = {}
    if asked.section in (None, "2"):
        tables["Section 2: starts that find the exponents"] = section_2(folder, figures, asked.quick)
    wanted = [EXAMPLES_OF[asked.section]] if asked.section in EXAMPLES_OF else list(TRUE_NUMBER)
    if asked.section != "2":
        epochs = None if asked.no_adam else QUICK_EPOCHS if asked.quick else adam.PAPER_EPOCHS
        done = section_4(folder, wanted, seeds, epochs, asked.quick, asked.jobs)
        results = done["cells"] + done["adam"]
        tables["Section 4: Levenberg–Marquardt, all cells"] = [cell_row(r) for r in done["cells"]]
        for example in wanted:
            rows = [{k: v for k, v in r.items() if k != "example"} for r in done["numbers"] if r["example"] == example]
            title = f"Figure {NUMBER_FIGURE[example]} (example {NAMES[example]}): error against reactions offered"
            figures.append((draw.number_of_reactions(rows, title, f"fig-{NAMES[example]}-number", folder), title))
            tables[title] = rows
            ours = next(r for r in done["cells"] if r["example"] == example)
            runs = [r for r in done["adam"] if r["example"] == example]
            tables |= adam_tables(folder, runs, ours["seconds"]["median"], figures) if runs else {}
        if "hydrogen-oxidation" in wanted:
            tables["Table 4.5: rate constants with noise, relative errors"] = rates_with_noise()
            figures += prediction_figures(folder)
    write_pages(folder, results, tables, figures, time.monotonic() - started)


def section_2(folder: Path, figures: list[tuple[str, str]], quick: bool) -> list[dict[str, Any]]:
    """Figures 2.1 to 2.3 and the success over starts."""
    task = regression.problem()
    epochs = 12_000 if quick else 40_000
    rate = 1e-3 if quick else 1e-4
    starts = 10 if quick else 20
    plain = regression.adam(task, starts, epochs, freezing=False, rate=rate)
    frozen = regression.adam(task, starts, epochs, freezing=True, rate=rate)
    stuck = np.flatnonzero(frozen["found"] & ~plain["found"])
    best = int(stuck[0]) if len(stuck) else 0
    plain_one = regression.adam(task, starts, epochs, freezing=False, rate=rate, follow=best)
    frozen_one = regression.adam(task, starts, epochs, freezing=True, rate=rate, follow=best)
    caption = f"Figure 2.1: Adam, learning rate {rate:g}, one start: loss and exponents with freezing and without."
    figures.append((draw.regression_history(plain_one, frozen_one, folder), caption))
    minimum = regression.local_minimum(task)
    gradient = task.loss_and_gradient(np.array([minimum]))[1][0]
    figures.append(
        (
            draw.landscape(task, minimum, folder),
            "Figure 2.2: the loss over both exponents. The published local minimum is (3.8286, 1.9745); ours "
            f"({minimum[0]:.4f}, {minimum[1]:.4f}); there the gradient (2.3) is "
            f"({gradient[0]:.1e}, {gradient[1]:.1e}): "
            "θ₂, with the large coefficient, must be near 2 for it to vanish, θ₁ need not be near 1.",
        )
    )
    figures.append((draw.profiles(task, folder), "Figure 2.3: the loss over θ₁ at θ₂ = 1.99, 2 and 2.01."))
    rows = [
        {
            "ratio": 100.0,
            "exponents": "(1, 2)",
            "method": f"Adam, {epochs} epochs, learning rate {rate:g}",
            "starts": starts,
            "without freezing": int(plain["found"].sum()),
            "with freezing": int(frozen["found"].sum()),
        }
    ]
    for ratio in (1e2, 1e3, 1e4, 1e5):
        for theta in ((1, 2),) if quick else ((1, 2), (3, 1), (2, 5)):
            each = regression.problem(ratio, theta)
            found = [regression.levenberg_marquardt(each, 100, freezing=f) for f in (False, True)]
            rows.append(
                {
                    "ratio": ratio,
                    "exponents": str(theta),
                    "method": "Levenberg–Marquardt, redrawn when stuck",
                    "starts": 100,
                    "without freezing": int(found[0]["found"].sum()),
                    "with freezing": int(found[1]["found"].sum()),
                }
            )
    return rows


def section_4(
    folder: Path, wanted: list[str], seeds: int, epochs: int | None, quick: bool, jobs: int
) -> dict[str, list[dict[str, Any]]]:
    """Everything that section 4 needs, computed side by side, or taken from the folder where it is done already.

    Returns the results of the cells, of the runs of Adam (none where ``epochs`` is None), and by number of reactions.
    """
    tasks: dict[str, dict[str, Task]] = {"adam": {}, "numbers": {}, "cells": {}}
    for example in wanted:
        for cell, variant in adam.runs(example) if epochs else ():
            key = f"{cell.key}_{epochs}_{variant.batch_size}_{variant.learning_rate:g}"
            tasks["adam"][key] = (adam.adam_run, (cell, epochs, variant))
        for number in range(1, TRUE_NUMBER[example] + 3):
            tasks["numbers"][f"{example}_number_{number}"] = (with_number, (example, number, 2 if quick else 5))
    for cell in cells(quick):
        if cell.example in wanted:
            tasks["cells"][f"{cell.key}_{seeds}"] = (run_cell, (cell, seeds))
    paths = {key: folder / "cells" / f"{key}.json" for group in tasks.values() for key in group}
    todo = {key: task for group in tasks.values() for key, task in group.items() if not paths[key].exists()}
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(function, *given): key for key, (function, given) in todo.items()}
        for number, future in enumerate(as_completed(running), start=1):
            key = running[future]
            paths[key].write_text(json.dumps(future.result(), indent=1), encoding="utf-8")
            print(f"{number} of {len(running)}: {key}", flush=True)
    return {
        name: [json.loads(paths[key].read_text(encoding="utf-8")) for key in group] for name, group in tasks.items()
    }


def cell_row(result: dict[str, Any]) -> dict[str, Any]:
    """One line of the table."""
    error, prediction = result["worst_rate_error"], result["prediction_error"]
    return {
        "example": NAMES[result["example"]],
        "conditions": "paper's" if result["learn"] == "network" else "defaults",
        "freezing": result["freezing"],
        "reactions": result["reactions"],
        "noise": f"{result['noise']:g} {result['noise_law']}" if result["noise"] else "none",
        "fast/slow": f"{1000 * result['ratio']:.0e}" if result["example"] == "fuel-radical-product" else "",
        "runs": result["states"],
        "exact": f"{result['exact']}/{result['seeds']}",
        "recovered": result["recovered"],
        "confident and wrong": result["confident_wrong"],
        "worst rate error (median, 5–95 %)": ", ".join("–" if v is None else f"{v:.1e}" for v in error.values()),
        "prediction error (median)": f"{prediction['median']:.1e}" if prediction else "–",
        "seconds (median)": f"{result['seconds']['median']:.2f}",
        "published": result["published"] or "",
    }


def with_number(example: str, number: int, rounds: int) -> dict[str, Any]:
    """Table 4.2 and Figures 4.5, 4.6, 4.8: what so many reactions offered come to."""
    cell = Cell(example, reactions=number)
    train, held, truth = data(cell, 0)
    balances, others = ml.differential_balances(train), ml.differential_balances(held)
    found = ml.discover(balances, replace(search(cell, 0), optimizer=ml.LevenbergMarquardt(rounds=rounds)))
    return {
        "example": example,
        "reactions": number,
        "training": ml.relative_error(found.mechanism, balances),
        "validation": ml.relative_error(found.mechanism, others),
        "status": found.status,
        "exact": ml.compare(found.mechanism, truth).exact,
        "found": "; ".join(found.mechanism.equations),
    } | ({"published": BY_NUMBER[number]} if example == "fuel-radical-product" else {})


def adam_tables(
    folder: Path, runs: list[dict[str, Any]], seconds: float, figures: list[tuple[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """Tables 4.1, 4.3, 4.4 and Figures 4.4, 4.7 from the runs of one example; ``seconds`` is what ours took."""
    example = runs[0]["example"]
    number = NAMES[example]
    plain = {run["freezing"]: run for run in reversed(runs) if run["variant"] == adam.PLAIN.name}
    history = adam.our_history(example)
    title = f"Figure {HISTORY_FIGURE[example]} (example {number}): error of Adam (left) and of our search (right)"
    figures.append((draw.error_history(plain, history, title, f"fig-{number}-history", folder), title))
    return {
        f"Table {TABLE[example]} (example {number}): learnt parameters": adam.parameter_table(
            example, plain, history["mechanism"]
        ),
        f"Example {number}: Adam as in Algorithm 1": [adam.adam_row(run, seconds) for run in runs],
    }


def rates_with_noise() -> list[dict[str, Any]]:
    """Table 4.5: each rate constant with Gaussian noise, one seed, beside the published errors."""
    rows = []
    for level in (1e-3, 1e-4):
        cell = Cell("hydrogen-oxidation", noise=level)
        train, _, truth = data(cell, 0)
        found = ml.discover(ml.differential_balances(with_noise(train, cell, 0)), search(cell, 0))
        rows += [
            {
                "noise": level,
                "reaction": match.equation,
                "true": match.known_rate,
                "ours": match.found_rate,
                "our error": "" if match.error is None else f"{match.error:.1e}",
                "published error": f"{NOISY_RATES[match.equation][level]:.1e}",
            }
            for match in ml.compare(found.mechanism, truth).matched
        ]
    return rows


def prediction_figures(folder: Path) -> list[tuple[str, str]]:
    """Figure 4.9: the six concentrations over [0, 10] by the mechanisms learnt with noise."""
    figures = []
    for level in PREDICTION:
        times, true, learned, species, error = prediction_course(Cell("hydrogen-oxidation", noise=level), 0)
        title = f"Example 4.3, noise {level:g}: prediction error {error:.1e} (published {PREDICTION[level]:.1e})"
        name = draw.courses(times, true, learned, species, title, f"fig-4.9-courses-{level:g}", folder)
        figures.append((name, "Figure 4.9: " + title))
    return figures


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The paper, reproduced</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;font-size:.82rem;display:block;overflow-x:auto}
td,th{padding:.25rem .6rem;border-bottom:1px solid #ccc;text-align:left;white-space:nowrap}
img{max-width:100%}figure{margin:1.5rem 0}figcaption{color:#555}
</style><h1>Multiscale chemical reactions from data: the paper, reproduced</h1>
<p>Huang, Zhou, Yong, J. Comput. Phys. 448, 110743 (2022),
<a href="https://doi.org/10.1016/j.jcp.2021.110743">doi:10.1016/j.jcp.2021.110743</a>. {{ note }}</p>
{% for title, rows in tables.items() %}<h2>{{ title }}</h2><table><tr>
{% for key in rows[0] %}<th>{{ key }}</th>{% endfor %}
</tr>{% for row in rows %}<tr>{% for value in row.values() %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</table>
{% endfor %}<h2>Figures</h2>{% for name, caption in figures %}<figure><img src="{{ name }}.svg" alt="{{ caption }}">
<figcaption>{{ caption }}</figcaption></figure>{% endfor %}</html>
"""


def write_pages(
    folder: Path,
    results: list[dict[str, Any]],
    tables: dict[str, list[dict[str, Any]]],
    figures: list[tuple[str, str]],
    seconds: float,
) -> None:
    """results.json, tables.md and index.html."""
    short = [{k: v for k, v in result.items() if k != "runs"} for result in results]
    content = {"cells": short, "tables": tables, "seconds": seconds}
    (folder / "results.json").write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    lines = []
    for title, rows in tables.items():
        lines += [f"## {title}", "", "| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
        lines += ["| " + " | ".join(str(v) for v in row.values()) + " |" for row in rows] + [""]
    (folder / "tables.md").write_text("\n".join(lines), encoding="utf-8")
    wrong = sum(result["confident_wrong"] for result in results)
    note = f"{sum(r['seeds'] for r in results)} searches in all cells; {wrong} were called recovered and are wrong."
    page = jinja2.Environment(autoescape=True).from_string(PAGE).render(tables=tables, figures=figures, note=note)
    (folder / "index.html").write_text(page, encoding="utf-8")
    print(f"Wrote {folder}/index.html, tables.md, results.json in {seconds:.0f} s. {note}")


if __name__ == "__main__":
    main()
