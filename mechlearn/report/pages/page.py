"""Templates, and what every page has: its style, and what was read to make it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from ...units import number_text

HERE = Path(__file__).parent


def template(path: Path) -> jinja2.Template:
    """A template, which may extend ``page.html.jinja``; where it makes a page, all texts are escaped.

    Parameters
    ----------
    path : Path
        Ends in ``.html.jinja`` for a page.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([path.parent, HERE]),
        autoescape=path.name.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    if not environment.autoescape:
        environment.finalize = _without_markup
    environment.filters["cell"] = lambda value: str(value).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(path.name)


def _without_markup(value: Any) -> Any:
    r"""Names as texts where Markdown would take them for HTML or for a link; ``A <=> B`` stays as it is.

    Examples
    --------
    >>> _without_markup("<b>A</b> <=> B")
    '\\<b>A\\</b> <=> B'
    """
    return re.sub(r"<(?=[A-Za-z/!?])|(?<=\])\(", r"\\\g<0>", value) if isinstance(value, str) else value


def page_html(path: Path, content: dict[str, Any]) -> str:
    """A page from a template that extends ``page.html.jinja``.

    Parameters
    ----------
    path : Path
        Of the template.
    content : dict
        What the template names, and what every page has: ``title``, ``status``, ``severity`` (``good``, ``partial`` or
        ``bad``), ``message``; ``asked``: pairs of words; ``comparison``; ``command``, ``versions``, ``seed``,
        ``inputs``, ``settings``, ``files``.
    """
    return template(path).render(**content, style=(HERE / "page.css").read_text(encoding="utf-8"))


def fingerprints(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files, by their names without folders; of files that come with Cantera it says so.

    Examples
    --------
    >>> fingerprints([Path("h2o2.yaml")])
    {'h2o2.yaml': 'as it comes with Cantera'}
    """
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "as it comes with Cantera"
        for path in paths
    }


def span_text(values: np.ndarray, unit: str) -> str:
    """The range of some numbers in words.

    Examples
    --------
    >>> span_text(np.array([1000.0, 1200.0]), "K"), span_text(np.array([1000.0, 1000.0]), "K")
    ('1000 to 1200 K', '1000 K')
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "not known"
    low, high = float(finite.min()), float(finite.max())
    if high - low <= 1e-6 * abs(high):
        return f"{number_text(high)} {unit}"
    return f"{number_text(low)} to {number_text(high)} {unit}"
