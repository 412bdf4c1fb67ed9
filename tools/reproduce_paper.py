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

import numpy as np
import paper_adam as adam
import paper_figures as draw
import paper_page as page
import paper_regression as regression
import torch
from paper_cells import (
    NAMES,
    TRUE_NUMBER,
    Cell,
    cells,
    data,
    prediction_history,
    relative_error,
    run_cell,
    search,
    with_noise,
)
from paper_published import BY_NUMBER, HISTORY_FIGURE, NOISY_RATES, NUMBER_FIGURE, PREDICTION, TABLE

import mechlearn as ml

Result = dict[str, Any]
Figures = list[tuple[str, str]]
"""File names without ending, and captions."""
Task = tuple[Callable[..., Result], tuple[Any, ...]]
QUICK_EPOCHS = 10_000
EXAMPLES_OF = {"4.1": "fuel-radical-product", "4.2": "michaelis-menten", "4.3": "hydrogen-oxidation"}


def main() -> None:
    """Run what is asked for and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for everything")
    parser.add_argument("--quick", action="store_true", help="3 seeds, fewer settings, Adam for a part of its epochs")
    parser.add_argument("--section", choices=["2", *EXAMPLES_OF], help="only this one")
    parser.add_argument("--seeds", type=int, default=None, help="seeds of each cell (default 100, quick 3)")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--no-adam", action="store_true", help="leave out the runs of Adam in section 4")
    asked = parser.parse_args()
    folder: Path = asked.output
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    seeds = asked.seeds or (3 if asked.quick else 100)
    epochs = None if asked.no_adam else QUICK_EPOCHS if asked.quick else adam.PAPER_EPOCHS
    examples = [EXAMPLES_OF[asked.section]] if asked.section in EXAMPLES_OF else list(TRUE_NUMBER)
    tasks = section_4_tasks([] if asked.section == "2" else examples, seeds, epochs, asked.quick)
    if asked.section in (None, "2"):
        tasks = {"regression": regression_tasks(asked.quick)} | tasks
    done = compute(tasks, folder / "cells", asked.jobs)
    tables: page.Tables = {}
    figures: Figures = []
    notes: list[str] = []
    if done.get("regression"):
        section_2(done["regression"], folder, tables, figures)
    if asked.section != "2":
        section_4(done, examples, folder, tables, figures, notes)
    results = [result for name in ("regression", "cells", "adam") for result in done.get(name, [])]
    said = page.write_pages(folder, results, tables, figures, notes)
    print(f"Wrote {folder}/index.html, tables.md, results.json in {time.monotonic() - started:.0f} s. {said}")


def regression_tasks(quick: bool) -> dict[str, Task]:
    """Section 2: the paper's own problem by Adam, every ratio by Adam and ours, other exponents."""
    rate, few, many = (1e-3, 10, 100) if quick else (1e-4, 100, 100)
    settings = [(100.0, (1, 2), "adam", few)]
    if not quick:
        settings += [(ratio, (1, 2), "adam", few) for ratio in (1e3, 1e4, 1e5)]
        settings += [(100.0, theta, "adam", few) for theta in ((3, 1), (2, 5))]
    for ratio in (1e2, 1e3, 1e4, 1e5):
        settings += [(ratio, theta, "levenberg-marquardt", many) for theta in ((1, 2), (3, 1), (2, 5))]
    return {
        f"regression_{ratio:g}_{theta[0]}_{theta[1]}_{method}_{freezing}_{starts}_{rate:g}": (
            regression.success,
            (ratio, theta, method, freezing, starts, rate),
        )
        for ratio, theta, method, starts in settings
        for freezing in (True, False)
    }


def section_4_tasks(examples: list[str], seeds: int, epochs: int | None, quick: bool) -> dict[str, dict[str, Task]]:
    """Everything that section 4 needs: runs of Adam (none where ``epochs`` is None), numbers of reactions, cells."""
    tasks: dict[str, dict[str, Task]] = {"adam": {}, "numbers": {}, "histories": {}, "cells": {}}
    for example in examples:
        for cell, variant in adam.runs(example) if epochs else ():
            key = f"{cell.key}_{epochs}_{variant.batch_size}_{variant.learning_rate:g}"
            tasks["adam"][key] = (adam.adam_run, (cell, epochs, variant))
        for number in range(1, TRUE_NUMBER[example] + 3):
            tasks["numbers"][f"{example}_number_{number}"] = (with_number, (example, number, 2 if quick else 5))
        tasks["histories"][f"{example}_history"] = (adam.our_history, (example,))
    for cell in cells(quick):
        if cell.example in examples:
            tasks["cells"][f"{cell.key}_{seeds}"] = (run_cell, (cell, seeds))
    return tasks


def compute(tasks: dict[str, dict[str, Task]], folder: Path, jobs: int) -> dict[str, list[Result]]:
    """All results, computed side by side, or taken from the folder where they are done already."""
    paths = {key: folder / f"{key}.json" for group in tasks.values() for key in group}
    todo = {key: task for group in tasks.values() for key, task in group.items() if not paths[key].exists()}
    with ProcessPoolExecutor(jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        running = {pool.submit(function, *given): key for key, (function, given) in todo.items()}
        for number, future in enumerate(as_completed(running), start=1):
            path = paths[running[future]]
            part = path.with_suffix(".part")
            part.write_text(json.dumps(future.result(), indent=1), encoding="utf-8")
            part.replace(path)
            print(f"{number} of {len(running)}: {path.stem}", flush=True)
    return {
        name: [json.loads(paths[key].read_text(encoding="utf-8")) for key in group] for name, group in tasks.items()
    }


def section_2(results: list[Result], folder: Path, tables: page.Tables, figures: Figures) -> None:
    """Figures 2.1 to 2.3 and the success over starts."""
    task = regression.problem()
    frozen, plain = results[:2]
    stuck = np.flatnonzero(np.array(frozen["found"]) & ~np.array(plain["found"]))
    best = int(stuck[0]) if len(stuck) else 0
    histories = [np.array(result["history"][best]) for result in (plain, frozen)]
    figures.append(
        (
            draw.regression_history(histories[0], histories[1], folder),
            f"Figure 2.1: Adam, learning rate {plain['learning_rate']:g}, the first start that only freezing brings to "
            f"the exponents: without, it ends at ({histories[0][-1, 2]:.4f}, {histories[0][-1, 3]:.4f}), published "
            "(3.8286, 1.9745); with θ₂ frozen at 2, at "
            f"({histories[1][-1, 2]:.4f}, {histories[1][-1, 3]:.4f}).",
        )
    )
    minimum = regression.local_minimum(task)
    gradient = task.loss_and_gradient(np.array([minimum]))[1][0]
    figures.append(
        (
            draw.landscape(task, minimum, folder),
            "Figure 2.2: the loss over both exponents as a surface and as contours, log scale. The published local "
            f"minimum is (3.8286, 1.9745), ours ({minimum[0]:.4f}, {minimum[1]:.4f}) for our own draw of x; there the "
            f"gradient (2.3) is ({gradient[0]:.1e}, {gradient[1]:.1e}): θ₂, with the large coefficient, must be near 2 "
            "for it to vanish, θ₁ need not be near 1.",
        )
    )
    caption = "the loss over θ₁ at θ₂ = 1.99, 2 and 2.01: a hundredth of θ₂ moves the minimum over θ₁; at 2 it is at 1."
    figures.append((draw.profiles(task, folder), "Figure 2.3: " + caption))
    tables["Section 2: random starts that find the exponents"] = [page.regression_row(result) for result in results]


def section_4(
    done: dict[str, list[Result]],
    examples: list[str],
    folder: Path,
    tables: page.Tables,
    figures: Figures,
    notes: list[str],
) -> None:
    """Tables 4.1 to 4.5, Figures 4.4 to 4.9, and what is beyond them."""
    tables["Published, ours, time"] = page.headline(done["cells"], done["adam"])
    for example, history in zip(examples, done["histories"], strict=True):
        rows = [{k: v for k, v in r.items() if k != "example"} for r in done["numbers"] if r["example"] == example]
        figures.append(number_figure(example, rows, folder))
        tables[figures[-1][1].split(":")[0] + ": by number of reactions"] = [
            row | {key: f"{row[key]:.1e}" for key in ("training", "validation")} for row in rows
        ]
        runs = [run for run in done["adam"] if run["example"] == example]
        if runs:
            ours = next(cell for cell in done["cells"] if cell["example"] == example)
            tables |= adam_tables(runs, history, ours["seconds"]["median"], folder, figures)
            notes.append(adam.differences(runs))
    if "hydrogen-oxidation" in examples:
        tables["Table 4.5: rate constants with noise, relative errors"] = rates_with_noise()
        figures += prediction_figures(folder)
    caption = (
        "Beyond the paper: median and 5–95 % of the worst rate error against the noise, exact searches of each cell."
    )
    figures.append((draw.noise(done["cells"], "fig-beyond-noise", folder), caption))
    caption = "Beyond the paper: share of exact searches against the number of states learnt from, without noise."
    figures.append((draw.states(done["cells"], page.training_states, "fig-beyond-states", folder), caption))
    tables["How many training states are needed"] = page.states_needed(done["cells"])
    tables["Section 4: Levenberg–Marquardt, all cells"] = [page.cell_row(result) for result in done["cells"]]


def with_number(example: str, number: int, rounds: int) -> Result:
    """Table 4.2 and Figures 4.5, 4.6, 4.8: what so many reactions offered come to."""
    cell = Cell(example, reactions=number)
    train, held, truth = data(cell, 0)
    balances, others = ml.differential_balances(train), ml.differential_balances(held)
    found = ml.discover(balances, replace(search(cell, 0), optimizer=ml.LevenbergMarquardt(rounds=rounds)))
    constants = [
        f"{r.equation} ({', '.join(f'{rate.A:.4g}' for rate in (r.rate, r.reverse_rate) if rate)})"
        for r in found.mechanism.reactions
    ]
    return {
        "example": example,
        "reactions": number,
        "training": relative_error(found.mechanism, balances),
        "validation": relative_error(found.mechanism, others),
        "status": found.status,
        "exact": ml.compare(found.mechanism, truth).exact,
        "found (k)": "; ".join(constants),
    } | ({"published": BY_NUMBER[number]} if example == "fuel-radical-product" else {})


def number_figure(example: str, rows: list[Result], folder: Path) -> tuple[str, str]:
    """Figure 4.5, 4.6 or 4.8."""
    title = f"Figure {NUMBER_FIGURE[example]} (example {NAMES[example]})"
    true = TRUE_NUMBER[example]
    fewer, enough = rows[true - 2], rows[true - 1]
    caption = (
        f"{title}: relative error against reactions offered. It falls from {fewer['training']:.1e} with {true - 1} to "
        f"{enough['training']:.1e} with {true} and stays there, so {true} reactions suffice, as in the paper."
    )
    shown = f"example {NAMES[example]}: error by number of reactions"
    return draw.number_of_reactions(rows, shown, f"fig-{NAMES[example]}-number", folder), caption


def adam_tables(runs: list[Result], history: Result, seconds: float, folder: Path, figures: Figures) -> page.Tables:
    """Tables 4.1, 4.3, 4.4 and Figures 4.4, 4.7 from the runs of one example; ``seconds`` is what ours took."""
    example = runs[0]["example"]
    number = NAMES[example]
    plain = {run["freezing"]: run for run in reversed(runs) if run["variant"] == adam.PLAIN.name}
    title = f"Figure {HISTORY_FIGURE[example]} (example {number})"
    with_it, without = plain[True], plain[False]
    caption = (
        f"{title}: relative error of Adam (left) and of our search (right). Adam ends at {with_it['training'][-1]:.1e} "
        f"with freezing and {without['training'][-1]:.1e} without, after {with_it['epochs'][-1]} and "
        f"{without['epochs'][-1]} epochs; our search at {history['training'][-1]:.1e} after "
        f"{history['last']} iterations of eight restarts, and at {history['fitted']:.1e} once read out and fitted. "
        "Filled dots: a row is frozen."
    )
    figures.append((draw.error_history(plain, history, f"example {number}", f"fig-{number}-history", folder), caption))
    return {
        f"Table {TABLE[example]} (example {number}): learnt parameters": adam.parameter_table(
            example, plain, history["table"]
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
                "true": f"{match.known_rate:.4g}",
                "ours": f"{match.found_rate:.4g}",
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
        times, true, learned, species, error = prediction_history(Cell("hydrogen-oxidation", noise=level), 0)
        title = f"Example 4.3, noise {level:g}: prediction error {error:.1e} (published {PREDICTION[level]:.1e})"
        name = draw.time_histories(times, true, learned, species, title, f"fig-4.9-time-histories-{level:g}", folder)
        figures.append((name, f"Figure 4.9: {title}; lines are learnt, points exact, at 100 times in [0, 10]."))
    return figures


if __name__ == "__main__":
    main()
