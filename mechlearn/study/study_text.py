"""The text of a study file as it stands beside the results, so that it repeats them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..errors import StudyError
from .schema import Study, parsed, text_of

_PLAIN_PATH = re.compile(r"[A-Za-z./][\w./ +-]*\w")


def study_text(study: Study, folder: str | Path) -> str:
    """The text of a study file, with the paths of files beside it rewritten relative to another folder.

    Comments and layout stay as they are; names that are not beside the study (Cantera's own files) stay too. A number
    of resamples that the file does not ask for is written into it.

    Raises
    ------
    StudyError
        If the study was not read from a file, or the file is no longer a study.
    """
    if study.path is None:
        raise StudyError("This study was made in Python, not read from a file, so that it has no text to copy.")
    text = text_of(study.path)
    values, root = parsed(study.path)
    for node in sorted(_path_nodes(root), key=lambda node: -int(node.start_mark.index)):
        name = Path(str(node.value))
        target = study.folder / name
        if name.is_absolute() or not target.exists():
            continue
        moved = Path(os.path.relpath(target.resolve(), Path(folder).resolve())).as_posix()
        shown = moved if _PLAIN_PATH.fullmatch(moved) else json.dumps(moved, ensure_ascii=False)
        text = text[: node.start_mark.index] + shown + text[node.end_mark.index :]
    asked = (values.get("uncertainty") or {}).get("bootstrap", 0)
    return text if study.uncertainty.bootstrap == asked else _with_bootstrap(text, study)


def _with_bootstrap(text: str, study: Study) -> str:
    """The text asking for the study's number of resamples."""
    count = study.uncertainty.bootstrap
    section = next((value for key, value in YAML(typ="rt").compose(text).value if key.value == "uncertainty"), None)
    if section is None:
        text = f"{text.rstrip()}\nuncertainty: {{bootstrap: {count}}}\n"
    else:
        given = section.value if isinstance(section, MappingNode) else []
        number = next((value for key, value in given if key.value == "bootstrap"), None)
        place, shown = (section, f"{{bootstrap: {count}}}") if number is None else (number, str(count))
        text = text[: place.start_mark.index] + shown + text[place.end_mark.index :]
    try:
        written = YAML(typ="safe", pure=True).load(text)["uncertainty"]["bootstrap"]
    except Exception:
        written = None
    if written != count:
        raise StudyError(
            f"{study.path}: bootstrap: {count} cannot be written into a file of this form. "
            f"Put `uncertainty: {{bootstrap: {count}}}` into it yourself."
        )
    return text


def _path_nodes(root: Node) -> Iterator[ScalarNode]:
    """Nodes of the file that hold the names of other files."""
    for key, value in root.value:
        if key.value == "source" and isinstance(value, MappingNode):
            yield from (node for name, node in value.value if name.value == "mechanism")
        elif key.value in ("mechanism", "data"):
            yield from value.value if isinstance(value, SequenceNode) else [value]
