"""One HTML file from a content and the parts of the page that lie beside this module."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import FormatError
from ...files import write_text

HERE = Path(__file__).parent

SCRIPTS = ("data", "paths", "scene", "panel", "controls", "keyboard", "export", "app")
"""In this order they are one script: a later one may use names of an earlier one while it loads."""

UNSAFE_IN_MARKUP = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def write_viewer(content: Mapping[str, Any], path: str | Path) -> None:
    """Write a page in which people look at fluxes of atoms between species, and at the reactions that carry them.

    Parameters
    ----------
    content : Mapping
        ``title``, ``mechanism``, ``elements``, ``fuel`` (a species' name or None);
        ``frames``: ``label``, ``time`` [s], ``conversion`` or None, ``temperature`` [K], the last one being the whole
        run; ``species``: ``name``, ``composition``, ``molar_mass`` [kg/kmol], ``concentration`` [kmol/m³] in each
        frame; ``reactions``: ``equation``, ``type``, ``rate`` (a text), ``reactants`` and ``products`` as pairs
        (species index, coefficient), ``forward`` and ``reverse`` [kmol/m³/s] in each frame, [kmol/m³] in the last;
        ``fluxes``: for each element a list of (source index, target index, net flux in each frame, pairs of reaction
        index and share in the whole run).
    path : str or Path
        Where the page shall stand. A whole file appears, or none.

    Raises
    ------
    FormatError
        If the content lacks a part, has another number of frames in one place than in another, names a species or
        reaction that it does not have, or holds a number that is not finite; or if the file cannot be written.

    Notes
    -----
    The page holds all that it needs and asks no network for anything; its Content-Security-Policy forbids it to.
    dagre [2]_ lays the graph out, and cytoscape.js [1]_ draws it.

    References
    ----------
    .. [1] M. Franz et al., "Cytoscape.js: a graph theory library for visualisation and analysis", Bioinformatics 32,
       309 (2016). https://doi.org/10.1093/bioinformatics/btv557
    .. [2] C. Pettitt et al., dagre 3.1.3. https://github.com/dagrejs/dagre

    Examples
    --------
    >>> import tempfile
    >>> frame = {"label": "whole run", "time": 1.0, "conversion": None, "temperature": 300.0}
    >>> content = {"title": "A", "mechanism": "a", "elements": [], "frames": [frame], "species": [],
    ...            "reactions": [], "fluxes": {}, "fuel": None}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_viewer(content, Path(folder, "a.html"))
    ...     Path(folder, "a.html").read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    write_text(path, page_text(content))


def page_text(content: Mapping[str, Any]) -> str:
    """The page that `write_viewer` writes.

    Raises
    ------
    FormatError
        As in `write_viewer`.
    """
    check_content(content)
    parts = {
        "title": html.escape(str(content["title"])),
        "style": _part("style.css"),
        "cytoscape": _part("cytoscape.min.js"),
        "cytoscape_licence": html.escape(_part("cytoscape.LICENSE.txt")),
        "dagre": _part("dagre.min.js"),
        "dagre_licence": html.escape(_part("dagre.LICENSE.txt")),
        "script": "\n".join(_part(f"{name}.js") for name in SCRIPTS),
        "content": _json(content),
    }
    return re.sub(r"\[\[(\w+)\]\]", lambda match: parts[match[1]], _part("template.html"))


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8").strip()


def _json(content: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element in which it stands."""
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError) as error:
        raise FormatError(
            f"The viewer's content cannot be written as JSON: {error}. Give finite numbers, texts, lists and mappings."
        ) from error
    return text.translate(UNSAFE_IN_MARKUP)


def check_content(content: Mapping[str, Any]) -> None:
    """Refuse a content of which the page would show a part only, or nothing.

    Raises
    ------
    FormatError
        As in `write_viewer`.
    """
    wanted = ("title", "mechanism", "elements", "frames", "species", "reactions", "fluxes", "fuel")
    missing = [name for name in wanted if name not in content]
    if missing:
        raise FormatError(f"The viewer's content lacks {', '.join(missing)}. Give all of {', '.join(wanted)}.")
    n_frames = len(content["frames"])
    if not n_frames:
        raise FormatError("The viewer's content has no frames, so there is nothing to show. Give at least one.")

    def check_length(name: str, values: list[float]) -> None:
        if len(values) != n_frames:
            raise FormatError(
                f"The viewer's content has {n_frames} frames, but {len(values)} numbers for {name}. Give one for each."
            )

    def check_index(name: str, indices: list[int], of: str) -> None:
        count = len(content[of])
        beyond = [index for index in indices if not 0 <= index < count]
        if beyond:
            raise FormatError(f"{name} names number {beyond[0]} of {count} {of}. Count from 0 to {count - 1}.")

    for species in content["species"]:
        check_length(f"the concentration of {species['name']}", species["concentration"])
    for reaction in content["reactions"]:
        name = f"Reaction {reaction['equation']}"
        check_length(f"the forward rate of {name}", reaction["forward"])
        check_length(f"the reverse rate of {name}", reaction["reverse"])
        check_index(name, [index for index, _ in (*reaction["reactants"], *reaction["products"])], "species")
    for element, fluxes in content["fluxes"].items():
        for source, target, values, shares in fluxes:
            name = f"The flux of {element} from species {source} to {target}"
            check_index(name, [source, target], "species")
            check_index(name, [index for index, _ in shares], "reactions")
            check_length(name, values)
