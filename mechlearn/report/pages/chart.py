"""Small charts for a page: each readable alone at the width of a phone, in colours that the page can change."""

from __future__ import annotations

import re
from collections.abc import Callable

from matplotlib import style
from matplotlib.figure import Figure

from ..style import STYLE, figure_svg

SIZE = (3.4, 2.5)
INK, PAPER = "#010203", "#fdfcfb"
"""Colours that stand for the page's own ink and paper."""
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Of Okabe and Ito, which colour-blind readers tell apart; the page has darker or lighter ones in their place."""
MARKERS = ("o", "s", "^", "D", "v", "P")
CHART_STYLE: list[str | dict[str, object]] = [
    *STYLE,
    {
        "font.size": 8,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
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
    },
]


def inline_svg(text: str, name: str, label: str) -> str:
    """A drawing to stand in a page: identifiers of its own, the page's ink, and a text for those who do not see it."""
    body = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", body)
    body = body.replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    for colour in COLOURS:
        body = body.replace(colour.lower(), f"var(--c{colour[1:].lower()})")
    escaped = label.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return re.sub(r"<svg\b", f'<svg role="img" aria-label="{escaped}"', body, count=1)


def chart(name: str, label: str, draw: Callable[[Figure], None], size: tuple[float, float] = SIZE) -> dict[str, str]:
    """Its ``name``, ``label`` and ``svg``, from what is drawn into an empty figure of a size [in]."""
    with style.context(CHART_STYLE):
        figure = Figure(figsize=size)
        draw(figure)
        text = figure_svg(figure)
    return {"name": name, "label": label, "svg": inline_svg(text, name, label)}


def plain(text: str) -> str:
    """A text in which dollars begin no formula."""
    return text.replace("$", r"\$")
