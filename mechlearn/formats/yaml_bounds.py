"""What is too much in a YAML text: aliases that stand for millions of values, and nesting without end.

It is looked for before anything, Cantera included, builds the values.
"""

from __future__ import annotations

import re
from pathlib import Path

import cantera as ct
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, SequenceEndEvent, SequenceStartEvent

from ..errors import FormatError

_MOST_VALUES = 100_000
"""Values that aliases may add to those that are written out."""
_MOST_DEPTH = 50
_OF_TABLES = (".csv", ".tsv", ".ckcsv", ".h5", ".hdf5", ".xlsx")
_ALIAS = re.compile(r"(?:^|[\s\[{,:-])\*\w", re.MULTILINE)
_BRACKETS = re.compile(r"[\[\]{}]")
_DASHES = re.compile(rf"(?:[-?][ \t]+){{{_MOST_DEPTH}}}")
_INDENTED = re.compile(rf"^ {{{_MOST_DEPTH}}}", re.MULTILINE)


def excess(text: str) -> str:
    r"""What is too much in a YAML text; empty where nothing is, or where it is no YAML, which its reader says better.

    Examples
    --------
    >>> excess("a: &a [1, 2]\\nb: [*a, *a]")
    ''
    >>> excess("learn: &a {seed: *a}")
    'the alias *a stands within what it names, without an end'
    """
    if not (_ALIAS.search(text) or _DASHES.search(text) or _INDENTED.search(text) or _depth(text) > _MOST_DEPTH):
        return ""
    try:
        return _counted(text)
    except (YAMLError, ValueError):
        return ""


def check_mechanism_text(name: str) -> None:
    """Refuse a mechanism file, by the name that Cantera finds it by, before Cantera reads it.

    Raises
    ------
    FormatError
        If there is too much in it, it is not in UTF-8, or a study, or a table.
    """
    if Path(name).suffix.lower() in _OF_TABLES:
        raise FormatError(f"{name} is a table, by its ending, and no mechanism. Name a mechanism file of Cantera.")
    for folder in (".", *ct.get_data_directories()):
        path = Path(folder, name)
        if path.is_file():
            try:
                text = path.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError:  # which Cantera reads until one asks for its texts
                raise FormatError(
                    f"Mechanism {name!r} cannot be read: it is not UTF-8 text; perhaps it has signs "
                    "such as ° in another encoding. Save it as UTF-8."
                ) from None
            except OSError:  # Cantera says why
                return
            if _is_study(text):
                raise FormatError(
                    f"{path} is a study and no mechanism, and hides any mechanism of that name. Rename the study, as "
                    f"{path.stem}.study.yaml, or name another mechanism."
                )
            if found := excess(text):
                raise FormatError(f"Mechanism {name} is not read: {found}. Write it out, or check where it is from.")
            return


def _is_study(text: str) -> bool:
    """Whether a text has sections of a study, and none of a mechanism."""
    sections = {line.split(":")[0] for line in text.splitlines() if line[:1].isalpha() and ":" in line}
    return "phases" not in sections and bool(sections & {"source", "learn", "reduce", "data"})


def _depth(text: str) -> int:
    """Largest number of brackets open at once, those in texts and comments among them."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _counted(text: str) -> str:
    """Values with every alias written out, counted as the text is parsed."""
    sizes: dict[str, int | None] = {}
    added, values = 0, 0
    open_ones: list[tuple[str | None, int]] = []
    for event in YAML(typ="safe").parse(text):
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            anchor, before = open_ones.pop()
            if anchor:
                sizes[anchor] = values - before
            continue
        if isinstance(event, AliasEvent):
            size = sizes.get(event.anchor, 0)
            if size is None:
                return f"the alias *{event.anchor} stands within what it names, without an end"
            values, added = values + size, added + size
            if added > _MOST_VALUES:
                return f"its aliases (*{event.anchor} for one) stand for more than {_MOST_VALUES} values"
            continue
        values += 1
        anchor = getattr(event, "anchor", None)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            open_ones.append((anchor, values - 1))
            if len(open_ones) > _MOST_DEPTH:
                return f"more than {_MOST_DEPTH} lists or maps stand within each other"
        if anchor:
            sizes[anchor] = None if isinstance(event, MappingStartEvent | SequenceStartEvent) else 1
    return ""
