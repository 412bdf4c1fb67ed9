"""The figure of a validation: runs as points, their re-simulation as lines, and the errors of all runs."""

from __future__ import annotations

import math
import textwrap
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
from ..style import COLOURS, STYLE, save, series_style

Array = NDArray[np.float64]

MAX_PANELS = 12
MAX_POINTS = 40
MIN_ERROR = 1e-12
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
    panels = profile_panels(validation, runs, chosen)
    logarithmic = is_logarithmic(chosen[0].time)
    count = len(panels)
    columns = min(count, 3 if count <= 6 else 4)
    rows = math.ceil(count / columns)
    height = 2.1 * rows + 3.3
    engine = ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08)
    figure = Figure(figsize=(max(2.9 * columns, 7.5), height), facecolor="white", layout=engine)
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[2.1 * rows + 1.1, 2.2]).ravel()
    message = textwrap.fill(validation.message, int(32 * max(columns, 2.6)), break_long_words=False)
    top.suptitle(message, x=0.01, ha="left", size=11, weight="bold")
    grid = top.subplots(rows, columns, squeeze=False).ravel()
    for k, axes in enumerate(grid):
        axes.set_visible(k < count)
        if k + columns >= count:
            axes.set_xlabel("time [s]")
    for k, ((name, unit, pairs), axes) in enumerate(zip(panels, grid, strict=False)):
        _draw_panel(axes, name, chosen, pairs, logarithmic)
        if k % columns == 0 or unit == "K":
            axes.set_ylabel("T [K]" if unit == "K" else f"c [{unit}]")
    top.legend(handles=_key(validation, chosen), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    _draw_errors(bottom.subplots(), validation, chosen_species(validation, runs))
    for axes in figure.axes:
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def profile_panels(
    validation: Validation, runs: Trajectories, chosen: list[Trajectory]
) -> list[tuple[str, str, list[tuple[Array, Array]]]]:
    """Of each species and the temperature: its name, its unit and, for every run, the data and their re-simulation."""
    simulated = [validation.simulated[run.name] for run in chosen]
    both = list(zip(chosen, simulated, strict=True))
    panels = []
    for name in chosen_species(validation, runs):
        column = runs.species_names.index(name)
        pairs = [(run.concentrations[:, column], ours.concentrations[:, column]) for run, ours in both]
        panels.append((name, "kmol/m³", pairs))
    if any(run.reactor in ("constant-volume", "constant-pressure") for run in chosen):
        panels.append(("temperature", "K", [(run.temperature, ours.temperature) for run, ours in both]))
    return panels


def chosen_runs(validation: Validation) -> list[str]:
    """The worst, the median and the best of the re-simulated runs, each once."""
    order = sorted(validation.per_run, key=lambda name: -validation.per_run[name])
    return list(dict.fromkeys([order[0], order[len(order) // 2], order[-1]])) if order else []


def chosen_species(validation: Validation, runs: Trajectories) -> list[str]:
    """The species that change, at most as many as there are panels: those with the largest errors."""
    data = np.concatenate([run.concentrations for run in runs.runs if run.is_time_history])
    changing = [name for name, span in zip(runs.species_names, np.ptp(data, axis=0), strict=True) if span > 0]
    candidates = changing or list(validation.species)
    worst = sorted(candidates, key=lambda name: -validation.per_species[name])[:MAX_PANELS]
    return [name for name in candidates if name in worst]


def is_logarithmic(time: Array) -> bool:
    """True if most of the times crowd at the beginning, as logarithmic ones and a solver's own do."""
    positive = time[time > 0]
    return bool(positive.size > 3 and positive[-1] > 10 * np.median(positive))


def draw_series(
    axes: Axes, k: int, run: Trajectory, data: Array, ours: Array, *, logarithmic: bool, size: float
) -> None:
    """One run in one panel: its re-simulation as a line, and at most 40 of its data as points."""
    shown = run.time > 0 if logarithmic else np.ones(len(run.time), dtype=bool)
    step = max(1, math.ceil(int(shown.sum()) / MAX_POINTS))
    axes.plot(run.time[shown], ours[shown], color=COLOURS[k], linewidth=0.35 * size, zorder=2)
    axes.plot(run.time[shown][::step], data[shown][::step], **series_style(k, size), zorder=3)


def scale_axes(axes: Axes, *, logarithmic: bool, ticks: int, fontsize: float) -> None:
    """Ticks and powers of ten of a panel over time."""
    if logarithmic:
        axes.set_xscale("log")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(ticks))
        axes.ticklabel_format(axis="x", scilimits=(-2, 4), useMathText=True)
    axes.ticklabel_format(axis="y", scilimits=(-2, 4), useMathText=True)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_offset_text().set_fontsize(fontsize)


def _draw_panel(
    axes: Axes, name: str, chosen: list[Trajectory], pairs: list[tuple[Array, Array]], logarithmic: bool
) -> None:
    for k, (run, (data, ours)) in enumerate(zip(chosen, pairs, strict=True)):
        draw_series(axes, k, run, data, ours, logarithmic=logarithmic, size=4)
    scale_axes(axes, logarithmic=logarithmic, ticks=5, fontsize=8)
    axes.set_title(name, size=10, weight="bold", loc="left", parse_math=False)


def _key(validation: Validation, chosen: list[Trajectory]) -> list[Line2D]:
    ranks = {1: ["run"], 2: ["worst", "best"], 3: ["worst", "median", "best"]}[len(chosen)]
    handles = []
    for k, (rank, run) in enumerate(zip(ranks, chosen, strict=True)):
        label = f"{rank}: {run.name} ({validation.per_run[run.name]:.1e})"
        handles.append(Line2D([], [], color=COLOURS[k], label=label, **(series_style(k) | {"linestyle": "-"})))
    return [*handles, Line2D([], [], color="none", label="points: data, lines: simulated again")]


def _draw_errors(axes: Axes, validation: Validation, species: list[str]) -> None:
    """The error of every run for every species, on a logarithmic axis, with the tolerance."""
    done = np.array([name in validation.simulated for name in validation.runs])
    columns = [validation.species.index(name) for name in species]
    errors = np.maximum(validation.errors[done][:, columns], MIN_ERROR)
    places = np.arange(len(species)) + np.random.default_rng(0).uniform(-0.18, 0.18, size=errors.shape)
    axes.semilogy(places.ravel(), errors.ravel(), "o", markersize=3, color="#555555", alpha=0.6, markeredgewidth=0)
    axes.axhline(validation.tolerance, color=COLOURS[0], linewidth=1.2, linestyle="--")
    axes.set_xticks(range(len(species)), species, parse_math=False)
    axes.set_xlim(-0.6, len(species) - 0.4)
    axes.set_ylim(0.3 * min(errors.min(), validation.tolerance), 5 * max(errors.max(), validation.tolerance))
    axes.set_ylabel("relative error")
    title = f"Largest error of each run (dashed: the tolerance, {validation.tolerance:g})"
    axes.set_title(title, size=10, weight="bold", loc="left")
