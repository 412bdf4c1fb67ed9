"""One look for all drawings: colours, fonts, and figures as text or bytes."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from ..errors import FormatError
from ..files import atomic_path

STYLE: list[str | dict[str, object]] = [
    "default",
    {"svg.hashsalt": "mechlearn", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 10},
]
"""Style of every figure, whatever the user's own settings are."""
CONSUMED, FORMED, INK = "#0072B2", "#E69F00", "#222222"
"""Okabe and Ito's blue and orange, told apart without colour vision and in grey."""
COLOURS = ("#D55E00", "#0072B2", "#009E73")
"""Okabe and Ito's vermillion, blue and green: the worst, the median and the best run."""
MARKERS = ("o", "s", "^")


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


def text_width(text: str, size: float) -> float:
    """Width of text in points ``size`` [in]."""
    font = get_font(findfont("DejaVu Sans"))
    font.set_size(size, 72)
    font.set_text(text)
    return 1.04 * font.get_width_height()[0] / 64 / 72
