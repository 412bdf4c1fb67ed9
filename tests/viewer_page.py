"""What tests read from the viewer's drawing."""

from __future__ import annotations

import itertools

from .browser import Browser


def labels(page: Browser, selector: str) -> set[str]:
    """Names of the species drawn that the selector of cytoscape.js finds."""
    return set(page.script("return viewer.graph.nodes(arguments[0]).map((node) => node.data('label'))", selector))


def arrows(page: Browser, selector: str = "edge") -> dict[str, float]:
    """Widths by ``A → B``."""
    code = """return viewer.graph.edges(arguments[0]).map((edge) =>
        [`${edge.source().data("label")} → ${edge.target().data("label")}`, edge.data("width")])"""
    return dict(page.script(code, selector))


def at_node(page: Browser, name: str) -> tuple[float, float]:
    """Where the species is on the screen."""
    code = """const { x, y } = document.getElementById("graph").getBoundingClientRect();
        const at = viewer.graph.nodes().filter((node) => node.data("label") === arguments[0]).renderedPosition();
        return [x + at.x, y + at.y]"""
    x, y = page.script(code, name)
    return x, y


def overlaps(page: Browser) -> list[str]:
    """Pairs of species whose boxes overlap."""
    code = """return viewer.graph.nodes().map((node) =>
        [node.data("label"), node.position("x"), node.position("y"), node.width(), node.height()])"""
    boxes = page.script(code)
    return [
        f"{one[0]} on {two[0]}"
        for one, two in itertools.combinations(boxes, 2)
        if abs(one[1] - two[1]) < (one[3] + two[3]) / 2 and abs(one[2] - two[2]) < (one[4] + two[4]) / 2
    ]


def beyond_view(page: Browser) -> set[str]:
    """Species of which a part lies outside the drawing's frame."""
    code = """const { width, height } = document.getElementById("graph").getBoundingClientRect();
        const outside = viewer.graph.nodes().filter((node) => {
            const box = node.renderedBoundingBox();
            return box.x1 < 0 || box.y1 < 0 || box.x2 > width || box.y2 > height;
        });
        return outside.map((node) => node.data("label"))"""
    return set(page.script(code))
