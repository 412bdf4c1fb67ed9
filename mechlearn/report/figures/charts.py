"""Charts of a mechanism against its data, each readable alone at the width of a phone."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from ...data.noise.rate_noise import left_by_polynomials, nearest, structures_in
from ...data.trajectories import Trajectories, Trajectory
from ...validation.validation_result import Validation
from ..pages.subject import Stall
from ..style import COLOURS, INK, chart, series_style
from .validation import chosen_runs, chosen_species, draw_series, is_logarithmic, profile_panels, scale_axes

Array = NDArray[np.float64]

MAX_PARITY_POINTS = 1500
MAX_RESIDUAL = 5.0
"""Residual over noise that is drawn at most."""
MIN_LOSS = 1e-32
"""Smaller losses are drawn here."""


def profiles(validation: Validation, runs: Trajectories) -> list[dict[str, str]]:
    """Data, re-simulation and residuals of the worst, the median and the best run, a chart for each species."""
    data = {run.name: run for run in runs.runs}
    chosen = [data[name] for name in chosen_runs(validation)]
    panels = profile_panels(validation, runs, chosen) if chosen else []
    return [_profile(f"{name} [{unit}]", chosen, pairs, f"p{i}") for i, (name, unit, pairs) in enumerate(panels)]


def _profile(title: str, chosen: list[Trajectory], pairs: list[tuple[Array, Array]], name: str) -> dict[str, str]:
    logarithmic = is_logarithmic(chosen[0].time)

    def draw(figure: Figure) -> None:
        top = figure.add_axes((0.15, 0.41, 0.82, 0.47))
        below = figure.add_axes((0.15, 0.15, 0.82, 0.17))
        for k, (run, (data, ours)) in enumerate(zip(chosen, pairs, strict=True)):
            draw_series(top, k, run, data, ours, logarithmic=logarithmic, size=3.2)
            residual = np.where(run.time > 0, ours - data, np.nan) if logarithmic else ours - data
            below.plot(run.time, residual, markevery=max(1, -(-len(run.time) // 40)), **series_style(k, 2.4))
        below.axhline(0, color=INK, linewidth=0.5)
        for axes in (top, below):
            scale_axes(axes, logarithmic=logarithmic, ticks=4, fontsize=7)
            if logarithmic:
                axes.xaxis.set_minor_locator(NullLocator())
        below.yaxis.set_major_locator(MaxNLocator(2))
        top.tick_params(labelbottom=False)
        top.xaxis.get_offset_text().set_visible(False)
        below.set_xlabel("time [s]")
        below.set_ylabel("residual", fontsize=7)
        top.set_title(title, loc="center", fontsize=8.5, weight="bold", parse_math=False)

    return chart(name, f"{title}: data as points, re-simulation as lines, residuals below", draw)


def parity(validation: Validation, runs: Trajectories) -> dict[str, str]:
    """Re-simulated against measured concentrations, each species over its largest value."""
    histories = [run for run in runs.runs if run.name in validation.simulated]
    data = np.concatenate([run.concentrations for run in histories])
    ours = np.concatenate([validation.simulated[run.name].concentrations for run in histories])
    largest = np.nanmax(np.abs(data), axis=0, initial=0.0)
    names = [name for name in chosen_species(validation, runs) if largest[runs.species_names.index(name)] > 0]
    rows = np.unique(np.linspace(0, len(data) - 1, max(MAX_PARITY_POINTS // max(len(names), 1), 20)).astype(int))

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.14, 0.14, 0.58, 0.8))
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.6)
        for k, name in enumerate(names):
            column = runs.species_names.index(name)
            measured, simulated = (each[rows, column] / largest[column] for each in (data, ours))
            label = name.replace("$", r"\$")  # dollars begin no formula
            axes.plot(measured, simulated, label=label, **series_style(k, 3, "none"))
        axes.set_xlabel("data / largest")
        axes.set_ylabel("re-simulation / largest")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))

    return chart("parity", "Re-simulated over measured concentrations; exact ones lie on the line", draw)


def losses(stalls: tuple[Stall, ...], descent: tuple[Stall, ...]) -> dict[str, str]:
    """The least loss so far, each stall of a start, and how many rows were whole numbers by then."""
    falls = sorted({(each.iterations, each.loss) for each in (*descent, *stalls)})
    falls.append((falls[-1][0] + 1, falls[-1][1]))
    steps, frozen = [stall.iterations for stall in stalls], np.array([stall.frozen for stall in stalls])

    def draw(figure: Figure) -> None:
        top = figure.add_axes((0.15, 0.54, 0.82, 0.37))
        below = figure.add_axes((0.15, 0.15, 0.82, 0.24), sharex=top)
        top.plot(steps, [max(each.loss, MIN_LOSS) for each in stalls], **(series_style(1, 3) | {"marker": "o"}))
        least = np.minimum.accumulate([max(loss, MIN_LOSS) for _, loss in falls])
        top.step([step for step, _ in falls], least, where="post", color=COLOURS[1], linewidth=1.1)
        top.set_yscale("log")
        top.yaxis.set_minor_formatter(NullFormatter())
        top.set_title("loss", loc="left", fontsize=8)
        below.plot(steps, frozen, **(series_style(0, 3) | {"marker": "s"}))
        below.step(steps, np.maximum.accumulate(frozen), where="post", color=COLOURS[0], linewidth=1.1)
        below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        below.set_ylim(bottom=-0.3, top=max(float(frozen.max()), 1.0) + 0.3)
        below.set_title("rows frozen to whole numbers", loc="left", fontsize=8)
        below.set_xlabel("steps of the search")
        top.tick_params(labelbottom=False)

    return chart("loss", "The least loss so far as a line, points where a start stalled; below, rows frozen then", draw)


def delays(validation: Validation, runs: Trajectories) -> dict[str, str]:
    """Ignition delays over 1000 / T, by pressure."""
    firsts = {run.name: (1000 / run.temperature[0], float(f"{run.pressure[0] / 1e5:.3g}")) for run in runs.runs}
    pressures = sorted({firsts[name][1] for name in validation.ignition_delay})

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.17, 0.15, 0.8, 0.73))
        for k, pressure in enumerate(pressures):
            rows = [(firsts[n][0], d) for n, d in validation.ignition_delay.items() if firsts[n][1] == pressure]
            rows.sort(key=lambda row: row[0])
            label, colour = f"{pressure:g} bar", COLOURS[k % len(COLOURS)]
            axes.plot([x for x, _ in rows], [delay.data for _, delay in rows], label=label, **series_style(k))
            known = [(x, delay.simulated) for x, delay in rows if delay.simulated]
            axes.plot([x for x, _ in known], [y for _, y in known], "-x", color=colour, linewidth=1.0, markersize=3)
        axes.set_yscale("log")
        axes.set_xlabel("1000 K / T")
        axes.set_ylabel("ignition delay [s]")
        axes.legend(loc="lower left", bbox_to_anchor=(-0.05, 0.99), ncols=4)

    return chart("delays", "Ignition delays over inverse temperature: data as points, re-simulation as lines", draw)


def structure(runs: Trajectories) -> dict[str, str]:
    """What polynomials in the concentrations leave of a rate, each state beside its nearest neighbour.

    Of the species in which neighbours agree most. Noise alone makes a round cloud.
    """
    states = np.concatenate([run.concentrations for run in runs.runs])
    rates = np.concatenate([run.rates for run in runs.runs if run.rates is not None])
    states, rates = (each / (np.sqrt(np.mean(each**2)) or 1.0) for each in (states, rates))
    left, neighbour = left_by_polynomials(states, rates), nearest(states)
    column = int(structures_in(left, states).argmax())
    name = runs.species_names[column]
    rows = np.unique(np.linspace(0, len(left) - 1, MAX_PARITY_POINTS).astype(int))
    own, other = (left[chosen, column].clip(-MAX_RESIDUAL, MAX_RESIDUAL) for chosen in (rows, neighbour[rows]))

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.17, 0.15, 0.6, 0.8))
        axes.axhline(0, color=INK, linewidth=0.4)
        axes.axvline(0, color=INK, linewidth=0.4)
        axes.plot(own, other, **(series_style(1, 2.2, "none") | {"marker": "o"}))
        axes.set_xlabel(f"left of the rate of {name}, over its noise", parse_math=False)
        axes.set_ylabel("at the nearest other state")

    label = (
        f"What no polynomial of third order explains of the rate of {name}: each state against the nearest one. Noise "
        "alone would make a round cloud"
    )
    return chart("structure", label, draw)
