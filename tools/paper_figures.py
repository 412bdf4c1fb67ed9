"""The figures of the paper, drawn from our own runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from paper_cells import NAMES
from paper_regression import Problem

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Array = NDArray[np.float64]
BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"


def save(figure: Figure, folder: Path, name: str) -> str:
    """Write SVG and PNG; returns the name without ending."""
    figure.savefig(folder / f"{name}.svg")
    figure.savefig(folder / f"{name}.png", dpi=130)
    plt.close(figure)
    return name


def regression_history(plain: Array, frozen: Array, folder: Path) -> str:
    """Figure 2.1: loss and both exponents over epochs, with freezing (solid) and without (dashed); columns of both."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    for column, title in enumerate(("loss", "θ₁ (true: 1)", "θ₂ (true: 2)"), start=1):
        ax = axes[column - 1]
        ax.plot(frozen[:, 0], frozen[:, column], color=BLUE, label="with freezing")
        ax.plot(plain[:, 0], plain[:, column], "--", color=ORANGE, label="without")
        ax.set(xlabel="epoch", title=title)
    axes[0].set_yscale("log")
    axes[0].legend()
    return save(figure, folder, "fig-2.1-history")


def landscape(task: Problem, minimum: tuple[float, float], folder: Path) -> str:
    """Figure 2.2: the loss over both exponents as a surface and as contours, both minima marked."""
    first, second = np.meshgrid(np.linspace(0, 5, 161), np.linspace(1.5, 2.5, 161))
    loss = np.concatenate([task.loss_and_gradient(row)[0] for row in np.stack([first, second], axis=-1)])
    logs = np.log10(np.maximum(loss, 1e-6).reshape(first.shape))
    figure = plt.figure(figsize=(11, 4.4), layout="constrained")
    surface: Any = figure.add_subplot(1, 2, 1, projection="3d")
    surface.plot_surface(first, second, logs, cmap="viridis", linewidth=0, rcount=160, ccount=160)
    for (x, y), color, marker in (((1, 2), "white", "*"), (minimum, ORANGE, "o")):
        surface.plot([x, x], [y, y], [-3, 2.6], color="black", linewidth=0.8, zorder=10)
        surface.plot(x, y, 2.6, marker, color=color, markeredgecolor="black", markersize=10, zorder=11)
    surface.view_init(elev=32, azim=-52)
    surface.set(xlabel="θ₁", ylabel="θ₂", zlabel="log₁₀ loss", title="loss surface")
    ax = figure.add_subplot(1, 2, 2)
    filled = ax.contourf(first, second, logs, levels=30, cmap="viridis")
    figure.colorbar(filled, ax=ax, label="log₁₀ loss")
    ax.plot(1, 2, "*", color="white", markersize=14, markeredgecolor="black", label="true minimum (1, 2)")
    label = f"local minimum ({minimum[0]:.4f}, {minimum[1]:.4f})"
    ax.plot(*minimum, "o", color=ORANGE, markeredgecolor="black", markersize=9, label=label)
    ax.set(xlabel="θ₁", ylabel="θ₂", title="contours")
    ax.legend(loc="upper right")
    return save(figure, folder, "fig-2.2-landscape")


def profiles(task: Problem, folder: Path) -> str:
    """Figure 2.3: the loss over θ₁ at three values of θ₂."""
    figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
    first = np.linspace(0, 6, 601)
    for value, color, style in ((1.99, ORANGE, "--"), (2.0, BLUE, "-"), (2.01, GREEN, "-.")):
        loss = task.loss_and_gradient(np.stack([first, np.full_like(first, value)], axis=1))[0]
        ax.semilogy(first, loss + 1e-12, style, color=color, label=f"θ₂ = {value:g}")
    ax.set(xlabel="θ₁", ylabel="loss", title="a small error of θ₂ moves the minimum over θ₁")
    ax.legend()
    return save(figure, folder, "fig-2.3-profiles")


def error_history(runs: dict[bool, Any], ours: dict[str, Any], title: str, name: str, folder: Path) -> str:
    """Figures 4.4 and 4.7: relative error over epochs, solid with freezing, dashed without; dots where rows froze.

    Beside it our own search: the best error so far, stalled restarts, and the error once read out and fitted.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", sharey=True)
    for freezing, style in ((True, "-"), (False, "--")):
        run, word = runs[freezing], "freezing" if freezing else "no freezing"
        for part, color in (("training", BLUE), ("validation", ORANGE)):
            left.semilogy(run["epochs"], run[part], style, color=color, label=f"{part}, {word}")
        _mark_rounds(left, run)
    for part, color, end in (("training", BLUE, "fitted"), ("validation", ORANGE, "fitted_validation")):
        right.semilogy(ours["epochs"], ours[part], color=color, label=f"{part}, best so far", drawstyle="steps-post")
        right.semilogy(ours["last"], ours[end], "*", color=color, markersize=10, label=f"{part}, read out")
    for froze, fill, label in ((False, "none", "a restart stalls"), (True, "full", "one with frozen rows")):
        stalls = [each for each in ours["stalls"] if each["froze"] is froze]
        at, errors = [each["at"] for each in stalls], [each["error"] for each in stalls]
        right.semilogy(at, errors, "o", color="black", markersize=4, fillstyle=fill, label=label if stalls else None)
    left.set(xlabel="epoch", ylabel="relative error", title="Adam")
    right.set(xlabel="iteration", title=f"Levenberg–Marquardt, eight restarts, {ours['seconds']:.2f} s")
    for ax in (left, right):
        ax.legend(fontsize=8)
    figure.suptitle(title)
    return save(figure, folder, name)


def _mark_rounds(ax: Axes, run: dict[str, Any]) -> None:
    rounds = run["rounds"]
    at = [run["epochs"][i] for i in rounds], [run["training"][i] for i in rounds]
    ax.semilogy(*at, "o", color="black", markersize=4, label="a row is frozen" if rounds else None)


def number_of_reactions(rows: list[dict[str, Any]], title: str, name: str, folder: Path) -> str:
    """Figures 4.5, 4.6 and 4.8: relative error against the number of rows offered."""
    figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
    numbers = [row["reactions"] for row in rows]
    ax.semilogy(numbers, [max(row["training"], 1e-17) for row in rows], "o-", color=BLUE, label="training")
    ax.semilogy(numbers, [max(row["validation"], 1e-17) for row in rows], "s--", color=ORANGE, label="validation")
    ax.set(xlabel="reactions offered", ylabel="relative error", title=title, xticks=numbers)
    ax.legend()
    return save(figure, folder, name)


def time_histories(time: Any, true: Any, learned: Any, species: list[str], title: str, name: str, folder: Path) -> str:
    """Figure 4.9: concentrations over time, exact (points) and learnt (lines)."""
    figure, axes = plt.subplots(2, 3, figsize=(10, 5), layout="constrained", sharex=True)
    for k, ax in enumerate(axes.flat):
        ax.plot(time, learned[:, k], color=BLUE, label="learnt")
        ax.plot(time, true[:, k], "o", color=ORANGE, markersize=3, markerfacecolor="none", label="exact")
        ax.set(title=species[k])
    for ax in axes[1]:
        ax.set_xlabel("time [s]")
    for ax in axes[:, 0]:
        ax.set_ylabel("c [kmol/m³]")
    axes[0, 0].legend()
    figure.suptitle(title)
    return save(figure, folder, name)


def noise(cells: list[dict[str, Any]], name: str, folder: Path) -> str:
    """Worst rate error against noise: medians with their 5 to 95 % range, both laws; the share exact at each point."""
    examples = [e for e in NAMES if any(c["example"] == e and c["noise"] for c in cells)]
    figure, axes = plt.subplots(
        1,
        len(examples),
        figsize=(3.8 * len(examples), 4),
        layout="constrained",
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for ax, example in zip(axes[0], examples, strict=True):
        for law, color, marker, shift in (("gaussian", BLUE, "o", 0.94), ("uniform", ORANGE, "s", 1.06)):
            shown = sorted(
                (c["noise"], c["worst_rate_error"], f"{c['exact']}/{c['seeds']}")
                for c in cells
                if c["example"] == example
                and c["noise_law"] == law
                and c["noise"]
                and c["learn"] == "network"
                and c["exact"]
            )
            levels = [level for level, _, _ in shown]
            median, low, high = (np.array([error[key] for _, error, _ in shown]) for key in ("median", "p05", "p95"))
            at = np.array(levels) * shift
            ax.errorbar(at, median, [median - low, high - median], fmt=marker, color=color, capsize=3, label=law)
            for x, y, text in zip(at, low if law == "uniform" else high, (t for _, _, t in shown), strict=True):
                offset = (0, -11) if law == "uniform" else (0, 5)
                ax.annotate(text, (x, y), offset, textcoords="offset points", ha="center", fontsize=6.5, color=color)
        ax.set(xscale="log", yscale="log", xlabel="noise of the rates, ε", title=f"example {NAMES[example]}")
        ax.margins(0.14)
    axes[0, 0].set_ylabel("worst relative rate error")
    if examples:
        axes[0, 0].legend(loc="upper left")
    return save(figure, folder, name)


def states(cells: list[dict[str, Any]], count: Callable[[dict[str, Any]], int], name: str, folder: Path) -> str:
    """Share of exact searches against the number of training states, without noise."""
    figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
    for (example, number), color, marker in zip(NAMES.items(), (BLUE, ORANGE, GREEN), "osD", strict=True):
        shown = sorted(
            (count(c), 100 * c["exact"] / c["seeds"])
            for c in cells
            if c["example"] == example and c["learn"] == "network" and c["reactions"] == "auto" and c["freezing"]
            if not c["noise"] and c["ratio"] == 1
        )
        if shown:
            ax.semilogx(
                *zip(*shown, strict=True), f"{marker}-", color=color, label=f"example {number}", fillstyle="none"
            )
    ax.set(xlabel="training states", ylabel="exact searches [%]", ylim=(-4, 104))
    ax.legend()
    return save(figure, folder, name)
