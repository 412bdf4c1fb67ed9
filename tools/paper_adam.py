"""Tables 4.1, 4.3 and 4.4 and Figures 4.4 and 4.7: Adam as in Algorithm 1, beside our own search."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import paper_published as published
from numpy.typing import NDArray
from paper_cells import NAMES, TRUE_NUMBER, Cell, data, prediction_error, relative_error, search

import mechlearn as ml
from mechlearn.discovery.candidates.network.row_search import Round
from mechlearn.discovery.candidates.network.signed_network import CONCENTRATION_FLOOR
from mechlearn.discovery.fit.scaling import scaled

Array = NDArray[np.float64]

PAPER_EPOCHS = 1_000_000


@dataclass(frozen=True)
class Variant:
    """What one run of Adam changes: the share of its steps that it gets, learning rate and batch size."""

    name: str
    learning_rate: float = 1e-3
    batch_size: int | None = None
    share: float = 1.0


PLAIN = Variant("full batch, learning rate 1e-3")
VARIANTS = (
    Variant("batches of 80, learning rate 1e-3", batch_size=80, share=0.05),
    Variant("batches of 10, learning rate 1e-3", batch_size=10, share=0.01),
    Variant("full batch, learning rate 1e-4", learning_rate=1e-4),
    Variant("full batch, learning rate 1e-2", learning_rate=1e-2),
)
"""Example 4.1 without freezing; epochs with batches take as many times as long, and get so much fewer of them."""


def runs(example: str) -> Iterator[tuple[Cell, Variant]]:
    """With freezing and without; for example 4.1 also with other batches and learning rates."""
    cell = Cell(example, optimizer="adam", reactions=TRUE_NUMBER[example])
    yield cell, PLAIN
    for variant in (PLAIN, *(VARIANTS if example == "fuel-radical-product" else ())):
        yield replace(cell, freezing=False), variant


def adam_run(cell: Cell, epochs: int, variant: Variant) -> dict[str, Any]:
    """One run of Algorithm 1, its errors at every check, and what it came to."""
    epochs = int(epochs * variant.share)
    train, held, truth = data(cell, 0)
    balances, others = ml.differential_balances(train), ml.differential_balances(held)
    chosen = search(cell, 0)
    assert isinstance(chosen.optimizer, ml.Adam)
    adam = replace(
        chosen.optimizer,
        epochs=epochs,
        check_every=max(1, min(chosen.optimizer.check_every, epochs // 20)),
        learning_rate=variant.learning_rate,
        batch_size=variant.batch_size,
    )
    started = time.process_time()
    found = ml.discover(balances, replace(chosen, optimizer=adam))
    seconds = time.process_time() - started
    comparison = ml.compare(found.mechanism, truth)
    predicted = prediction_error(found.mechanism, cell, 0) if comparison.exact else None
    entries, last = found.history, found.history[-1]
    frozen = [len(entry.frozen) for entry in entries]
    matrix, rates = last.matrix.tolist(), np.exp(last.log_rates).tolist()
    if comparison.exact:
        matrix, rates = _rows_and_rates(found.mechanism)
    return asdict(cell) | {
        "seeds": 1,
        "exact": int(comparison.exact),
        "recovered": int(found.status == "recovered"),
        "confident_wrong": int(found.status == "recovered" and not comparison.exact),
        "worst_rate_error": dict.fromkeys(("median", "p05", "p95"), comparison.max_relative_rate_error),
        "prediction_error": None if predicted is None else {"median": predicted, "max": predicted},
        "seconds": {"median": seconds, "max": seconds},
        "seconds_per_epoch": seconds / last.iterations,
        "published": published.of_cell(cell.example, 0.0) if cell.freezing else "not found",
        "variant": variant.name,
        "status": found.status,
        "found": list(found.mechanism.equations),
        "epochs": [entry.iterations for entry in entries],
        "training": [_error(balances.concentrations, balances.accumulation, e.matrix, e.log_rates) for e in entries],
        "validation": [_error(others.concentrations, others.accumulation, e.matrix, e.log_rates) for e in entries],
        "rounds": [i for i, (now, before) in enumerate(zip(frozen, [0, *frozen], strict=False)) if now > before],
        "matrix": matrix,
        "rates": rates,
    }


def our_history(example: str) -> dict[str, Any]:
    """Errors of our own search: the best so far at each step, and those of each restart that stalled."""
    cell = Cell(example, reactions=TRUE_NUMBER[example])
    train, held, _ = data(cell, 0)
    balances, others = ml.differential_balances(train), ml.differential_balances(held)
    found = ml.discover(balances, search(cell, 0))
    unit = scaled(balances)
    concentrations, production = others.concentrations / unit.concentration_unit, others.accumulation
    descent = _errors(found.descent, unit.concentrations, unit.production)
    outside = _errors(found.descent, concentrations, production / unit.production_unit)
    stalled = _errors(found.history, unit.concentrations, unit.production)
    last = max(entry.iterations for entry in (*found.descent, *found.history))
    return {
        "epochs": [entry.iterations for entry in found.descent] + [last],
        "training": descent + descent[-1:],
        "validation": outside + outside[-1:],
        "stalls": [
            {"at": entry.iterations, "error": error, "froze": bool(entry.frozen)}
            for entry, error in zip(found.history, stalled, strict=True)
        ],
        "last": last,
        "table": _rows_and_rates(found.mechanism),
        "fitted": relative_error(found.mechanism, balances),
        "fitted_validation": relative_error(found.mechanism, others),
        "seconds": found.seconds,
    }


def _errors(entries: Iterable[Round], concentrations: Array, production: Array) -> list[float]:
    return [_error(concentrations, production, entry.matrix, entry.log_rates) for entry in entries]


def _error(concentrations: Array, production: Array, rows: Array, log_rates: Array) -> float:
    """‖production of the rows − production‖ / ‖production‖."""
    logs = np.log(np.maximum(concentrations, CONCENTRATION_FLOOR))
    forward = np.exp(logs @ np.maximum(-rows, 0).T + log_rates[:, 0])
    reverse = np.exp(logs @ np.maximum(rows, 0).T + log_rates[:, 1])
    return float(np.linalg.norm((forward - reverse) @ rows - production) / np.linalg.norm(production))


def parameter_table(example: str, runs: dict[bool, dict[str, Any]], ours: Any) -> list[dict[str, Any]]:
    """The learnt rows and rates: published, by Adam here, and by our search (matrix and rates)."""
    rows = []

    def add(source: str, matrix: Any, rates: Any) -> None:
        for number, (row, (forward, reverse)) in enumerate(zip(matrix, rates, strict=True), start=1):
            shown = "(" + ", ".join(f"{round(v, 3) + 0:g}" for v in row) + ")"
            rows.append(
                {
                    "result": source,
                    "row": number,
                    "V": shown,
                    "k forward": f"{forward:.4g}",
                    "k reverse": f"{reverse:.4g}",
                }
            )

    for freezing, word in ((True, "with freezing"), (False, "without")):
        table = published.PARAMETERS[(example, freezing)]
        add(f"published, {word}", [row for row, _, _ in table], [(f, r) for _, f, r in table])
        add(f"Adam here, {word}", runs[freezing]["matrix"], runs[freezing]["rates"])
    add("ours", *ours)
    return rows


def _rows_and_rates(mechanism: ml.Mechanism) -> tuple[list[list[float]], list[tuple[float, float]]]:
    reactions = mechanism.reactions
    names = mechanism.species_names
    matrix = [[r.products.get(name, 0.0) - r.reactants.get(name, 0.0) for name in names] for r in reactions]
    return matrix, [(r.rate.A if r.rate else 0.0, r.reverse_rate.A if r.reverse_rate else 0.0) for r in reactions]


def differences(runs: list[dict[str, Any]]) -> str:
    """Where Adam's runs of one example differ from the published ones, and why; and what other settings change."""
    plain = {run["freezing"]: run for run in reversed(runs) if run["variant"] == PLAIN.name}
    with_it, without = plain[True], plain[False]
    text = (
        f"Example {NAMES[with_it['example']]} by Adam as in Algorithm 1, {without['epochs'][-1]} epochs at most: with "
        f"freezing {'exact' if with_it['exact'] else 'not exact'} after {with_it['epochs'][-1]} (published: exact), "
        f"without it {'exact' if without['exact'] else 'not exact'} (published: not), at a training error of "
        f"{without['training'][-1]:.1e}. Rows and errors without freezing differ from the published ones because "
        "start, initial states and batches do (full batches here, as in the released code; 10 states in the text), and "
        "each run rests in a minimum of its own."
    )
    if with_it["epochs"][-1] >= without["epochs"][-1] and not with_it["exact"]:
        text += " With freezing the epochs ran out before every row was whole."
    others = [f"{run['variant']}: {run['training'][-1]:.1e}" for run in runs if run["variant"] != PLAIN.name]
    return text + (
        f" Smaller batches (as many steps, not epochs) and other learning rates, without freezing: {'; '.join(others)}."
        if others
        else ""
    )


def adam_row(run: dict[str, Any], seconds: float) -> dict[str, Any]:
    """One line of the table of all runs of Adam; ``seconds`` is the median time of our own search."""
    whole = run["seconds_per_epoch"] * PAPER_EPOCHS
    return {
        "example": NAMES[run["example"]],
        "freezing": run["freezing"],
        "setting": run["variant"],
        "epochs run": run["epochs"][-1],
        "status": run["status"],
        "exact": bool(run["exact"]),
        "found": "; ".join(run["found"]) or "nothing",
        "training error": f"{run['training'][-1]:.1e}",
        "validation error": f"{run['validation'][-1]:.1e}",
        "seconds": f"{run['seconds']['median']:.0f}",
        "seconds of 10⁶ epochs (extrapolated)": f"{whole:.0f}",
        "over ours": f"{whole / seconds:.0f}",
    }
