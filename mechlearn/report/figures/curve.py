"""The curve of a reduction: error against size."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...reduction.context import Stage
from ...reduction.reduction_files import STEPS
from ..style import COLOURS, GREY, INK, MARKERS, STYLE, figure_svg

STEP_COLOURS = dict(zip(STEPS, (GREY, *COLOURS), strict=False))
STEP_MARKERS = dict(zip(STEPS, MARKERS, strict=True))


def curve_figure(stages: Sequence[Stage], whole: tuple[int, int]) -> str:
    """The largest error relative to its limit against numbers of species and of reactions, as SVG."""
    with style.context(STYLE):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for place, axis in enumerate(axes):
            draw_curve(axis, stages, place, whole)
        axes[0].set_ylabel("Largest error / its limit")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
        return figure_svg(figure)


def draw_curve(axis: Axes, stages: Sequence[Stage], place: int, whole: tuple[int, int]) -> None:
    """One point a stage: its number of species (place 0) or of reactions (1), and its largest error over the limit."""
    sizes = [stage.candidate.size[place] for stage in stages]
    axis.plot(sizes, [stage.error for stage in stages], color=GREY, linewidth=1, zorder=1)
    for step, label in STEPS.items():
        own = [stage for stage in stages if stage.step == step]
        if own:
            x, y = [stage.candidate.size[place] for stage in own], [stage.error for stage in own]
            axis.plot(x, y, STEP_MARKERS[step], color=STEP_COLOURS[step], markersize=5, label=label, zorder=2)
    axis.axhline(1.0, color=INK, linewidth=1, linestyle="--")
    axis.set_xlabel(f"Number of {('species', 'reactions')[place]} (source: {whole[place]})")
    axis.set_xlim(left=0)
    axis.set_ylim(0, max(1.1, *(1.05 * stage.error for stage in stages)))
