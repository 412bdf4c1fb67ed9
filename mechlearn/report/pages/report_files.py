"""The report's content in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import FormatError
from ...files import write_text
from .page import HERE, page_html, template


def report_html(content: dict[str, Any]) -> str:
    """The report as one page that needs nothing else."""
    return page_html(HERE / "report.html.jinja", content)


def report_markdown(content: dict[str, Any]) -> str:
    """The report as Markdown, without its charts."""
    return template(HERE / "report.md.jinja").render(**content)


def write_report(content: dict[str, Any], path: str | Path) -> None:
    """Write a report as a page or as text.

    Parameters
    ----------
    content : dict
        From `report_content`.
    path : str or Path
        Ends in ``.html`` or ``.md``. A whole file appears, or none.

    Raises
    ------
    FormatError
        If the ending is another one.
    """
    ending = Path(path).suffix.lower()
    if ending not in (".html", ".md"):
        raise FormatError(f"{path}: a report is a page or a text. Give a name that ends in .html or .md.")
    write_text(path, report_html(content) if ending == ".html" else report_markdown(content))
