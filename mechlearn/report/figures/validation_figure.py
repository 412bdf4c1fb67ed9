"""Figures: the runs as points, their re-simulation as lines."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...data.trajectories import Trajectories, Trajectory
from ...validation.validation_result import Validation
from ..style import COLOURS, MARKERS, STYLE, save

MOST_PANELS = 12
MOST_POINTS = 40
LEAST_ERROR = 1e-12
"""Smaller errors are drawn here."""


def validation_figure(validation: Validation, runs: Trajectories, path: str | Path) -> None:
    """Write a figure of the worst, the median and the best run: data as points, re-simulation as lines.

    Below the panels, one for each species (the twelve with the largest errors, where there are more), stands the error
    of every run and species against the tolerance.

    Parameters
    ----------
    validation : Validation
        The outcome for ``runs``.
    runs : Trajectories
        The data that the mechanism was compared with.
    path : str or Path
        Ends in ``.svg`` or ``.png``. A whole file appears, or none.

    Raises
    ------
    FormatError
        If the ending is another one.
    """
    with style.context(STYLE):
        figure = draw_validation(validation, runs)
    save(figure, path)


def draw_validation(validation: Validation, runs: Trajectories) -> Figure:
    """The figure that `validation_figure` writes."""
    data = {run.name: run for run in runs.runs}
    chosen = [data[name] for name in chosen_runs(validation)]
    if not chosen:
        figure = Figure(figsize=(8, 1.6), facecolor="white")
        figure.text(0.03, 0.5, validation.message, size=11, va="center", wrap=True)
        return figure
    species = chosen_species(validation, runs)
    adiabatic = any(run.reactor in ("constant-volume", "constant-pressure") for run in chosen)
    panels = len(species) + adiabatic
    columns = min(panels, 3 if panels <= 6 else 4)
    rows = math.ceil(panels / columns)
    height = 2.1 * rows + 3.3
    engine = ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08)
    figure = Figure(figsize=(max(2.9 * columns, 7.5), height), facecolor="white", layout=engine)
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[2.1 * rows + 1.1, 2.2]).ravel()
    top.suptitle(_wrapped(validation.message, 32 * max(columns, 2.6)), x=0.01, ha="left", size=11, weight="bold")
    grid = np.atleast_1d(top.subplots(rows, columns, squeeze=False)).ravel()
    logarithmic = is_logarithmic(chosen[0].time)
    for axes, name in zip(grid, species, strict=False):
        column = runs.species_names.index(name)
        pairs = [
            (run.concentrations[:, column], _simulated(validation, run).concentrations[:, column]) for run in chosen
        ]
        _draw_panel(axes, name, chosen, pairs, logarithmic)
    if adiabatic:
        pairs = [(run.temperature, _simulated(validation, run).temperature) for run in chosen]
        _draw_panel(grid[panels - 1], "temperature", chosen, pairs, logarithmic)
    for k, axes in enumerate(grid):
        axes.set_visible(k < panels)
        if k % columns == 0 and k < len(species):
            axes.set_ylabel("c [kmol/m³]")
        if k + columns >= panels:
            axes.set_xlabel("time [s]")
    if adiabatic:
        grid[panels - 1].set_ylabel("T [K]")
    top.legend(handles=_key(validation, chosen), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    _draw_errors(bottom.subplots(), validation, species)
    return figure


def _simulated(validation: Validation, run: Trajectory) -> Trajectory:
    return validation.simulated[run.name]


def chosen_runs(validation: Validation) -> list[str]:
    """The worst, the median and the best of the re-simulated runs, each once."""
    order = sorted(validation.per_run, key=lambda name: -validation.per_run[name])
    return list(dict.fromkeys([order[0], order[len(order) // 2], order[-1]])) if order else []


def chosen_species(validation: Validation, runs: Trajectories) -> list[str]:
    """The species that change, at most as many as there are panels: those with the largest errors."""
    data = np.concatenate([run.concentrations for run in runs.runs if run.is_time_history])
    changing = [name for name, span in zip(runs.species_names, np.ptp(data, axis=0), strict=True) if span > 0]
    candidates = changing or list(validation.species)
    worst = sorted(candidates, key=lambda name: -validation.per_species[name])[:MOST_PANELS]
    return [name for name in candidates if name in worst]


def is_logarithmic(time: NDArray[np.float64]) -> bool:
    """True if most of the times crowd at the beginning, as logarithmic ones and a solver's own do."""
    positive = time[time > 0]
    return bool(positive.size > 3 and positive[-1] > 10 * np.median(positive))


def _draw_panel(
    axes: Axes,
    name: str,
    chosen: list[Trajectory],
    pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    logarithmic: bool,
) -> None:
    for run, (data, simulated), colour, marker in zip(chosen, pairs, COLOURS, MARKERS, strict=False):
        shown = run.time > 0 if logarithmic else np.ones(len(run.time), dtype=bool)
        step = max(1, math.ceil(int(shown.sum()) / MOST_POINTS))
        axes.plot(run.time[shown], simulated[shown], color=colour, linewidth=1.4, zorder=2)
        axes.plot(
            run.time[shown][::step],
            data[shown][::step],
            marker,
            markersize=4,
            markerfacecolor="white",
            markeredgecolor=colour,
            zorder=3,
        )
    if logarithmic:
        axes.set_xscale("log")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_title(name, size=10, weight="bold", loc="left", parse_math=False)
    axes.ticklabel_format(axis="y", scilimits=(-2, 4), useMathText=True)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=8)
    axes.yaxis.get_offset_text().set_fontsize(8)
    axes.spines[["top", "right"]].set_visible(False)


def _key(validation: Validation, chosen: list[Trajectory]) -> list[Line2D]:
    words = {1: ["run"], 2: ["worst", "best"], 3: ["worst", "median", "best"]}[len(chosen)]
    handles = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor="white", label=f"{word}: {run.name} ({error:.1e})")
        for word, run, colour, marker in zip(words, chosen, COLOURS, MARKERS, strict=False)
        for error in [validation.per_run[run.name]]
    ]
    return [*handles, Line2D([], [], color="none", label="points: data, lines: simulated again")]


def _draw_errors(axes: Axes, validation: Validation, species: list[str]) -> None:
    """The error of every run for every species, on a logarithmic axis, with the tolerance."""
    done = np.array([name in validation.simulated for name in validation.runs])
    columns = [validation.species.index(name) for name in species]
    errors = np.maximum(validation.errors[done][:, columns], LEAST_ERROR)
    spread = np.random.default_rng(0).uniform(-0.18, 0.18, size=errors.shape)
    places = np.arange(len(species)) + spread
    axes.semilogy(places.ravel(), errors.ravel(), "o", markersize=3, color="#555555", alpha=0.6, markeredgewidth=0)
    axes.axhline(validation.tolerance, color=COLOURS[0], linewidth=1.2, linestyle="--")
    axes.set_xticks(range(len(species)), species, parse_math=False)
    axes.set_xlim(-0.6, len(species) - 0.4)
    axes.set_ylim(
        0.3 * min(float(errors.min()), validation.tolerance), 5 * max(float(errors.max()), validation.tolerance)
    )
    axes.set_ylabel("relative error")
    axes.set_title(
        f"Largest error of each run (dashed: the tolerance, {validation.tolerance:g})",
        size=10,
        weight="bold",
        loc="left",
    )
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _wrapped(text: str, width: float) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
