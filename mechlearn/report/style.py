"""One style for all drawings: colours, markers, fonts, charts for pages, and figures as text or files."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from ..errors import FormatError
from ..files import atomic_path

INK, PAPER, GREY = "#222222", "#fdfcfb", "#999999"
"""Text and lines, the ground, and what stands back; a page has its own ink and paper in their place."""
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Of Okabe and Ito, distinct without colour vision; a page has darker or lighter ones in their place."""
BLUE, ORANGE = COLOURS[1], COLOURS[4]
"""The two that stay distinct in grey as well."""
MARKERS = ("o", "s", "^", "D", "v", "P")

Style = list[str | dict[str, object]]
STYLE: Style = [
    "default",
    {"svg.hashsalt": "mechlearn", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 10},
]
"""Style of every figure, whatever the user's own settings are."""
GRAPH_STYLE: Style = [*STYLE, {"text.parse_math": False}]
CHART_STYLE: Style = [
    *STYLE,
    {
        "font.size": 8,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.labelpad": 1,
        "axes.linewidth": 0.6,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "legend.frameon": False,
        "legend.fontsize": 7,
        "legend.handletextpad": 0.2,
    },
]
CHART_SIZE = (3.4, 2.5)
"""Width and height of a chart on a page [in]."""


def series_style(k: int, size: float = 4.0, face: str = PAPER) -> dict[str, Any]:
    """Open markers without a line, their shape and colour those of the k-th series."""
    return {
        "linestyle": "none",
        "marker": MARKERS[(k + k // len(COLOURS)) % len(MARKERS)],
        "markersize": size,
        "markerfacecolor": face,
        "markeredgecolor": COLOURS[k % len(COLOURS)],
        "markeredgewidth": 0.2 * size,
    }


def figure_svg(figure: Figure) -> str:
    """The figure as SVG text, without a date and with the same identifiers every time."""
    stream = io.StringIO()
    with style.context(STYLE):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as SVG, or as PNG with 160 dots per inch, by the ending; a whole file appears, or none.

    Raises
    ------
    FormatError
        If the ending is another one, or the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if ending not in (".svg", ".png"):
        raise FormatError(f"{path}: the ending says which format to write, and a figure is .svg or .png.")
    with atomic_path(path) as unfinished, style.context(STYLE):
        if ending == ".svg":
            unfinished.write_bytes(figure_svg(figure).encode())
        else:
            figure.savefig(unfinished, format="png", dpi=160)


def inline_svg(text: str, name: str, label: str) -> str:
    """A drawing to stand in a page: identifiers of its own, the page's ink, and a text for those who do not see it."""
    body = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", body)
    body = body.replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    for colour in COLOURS:
        body = body.replace(colour.lower(), f"var(--c{colour[1:].lower()})")
    return re.sub(r"<svg\b", f'<svg role="img" aria-label="{html.escape(label)}"', body, count=1)


def chart(name: str, label: str, draw: Callable[[Figure], None]) -> dict[str, str]:
    """Its ``name``, ``label`` and ``svg``, from what is drawn into an empty figure: readable alone on a phone."""
    with style.context(CHART_STYLE):
        figure = Figure(figsize=CHART_SIZE)
        draw(figure)
        text = figure_svg(figure)
    return {"name": name, "label": label, "svg": inline_svg(text, name, label)}


def time_text(seconds: float) -> str:
    """A time in the largest unit from s down to ns of which it is at least one.

    Examples
    --------
    >>> time_text(2.5), time_text(3e-6), time_text(0.0)
    ('2.5 s', '3 µs', '0 s')
    """
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if abs(seconds) >= factor:
            return f"{seconds / factor:.4g} {unit}"
    return f"{seconds:.3g} s"


def text_width(text: str, size: float) -> float:
    """Width of text in points ``size`` [in]."""
    font = get_font(findfont("DejaVu Sans"))
    font.set_size(size, 72)
    font.set_text(text)
    return 1.04 * font.get_width_height()[0] / 64 / 72
