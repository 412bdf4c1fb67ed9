"""Files that are whole: written under another name in the same folder, then renamed."""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .errors import FormatError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name to write to; on leaving the block without an error, the file takes its own name.

    An older file of that name stays whole until then, and stays for good if the block fails.

    Parameters
    ----------
    path : path
        Where the file shall stand. A link is followed.

    Yields
    ------
    Path
        A name in the same folder with the same ending, which the block creates.

    Raises
    ------
    FormatError
        If the folder does not exist, or the file cannot be written there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(folder + "/a.txt") as unfinished:
    ...         size = unfinished.write_text("whole")
    ...     Path(folder, "a.txt").read_text()
    'whole'
    """
    target = check_target(path)
    unfinished = target.with_name(f".mechlearn-{secrets.token_hex(6)}{target.suffix}")
    try:
        yield unfinished
        if target.exists():
            shutil.copymode(target, unfinished)
        os.replace(unfinished, target)
    except OSError as error:
        raise FormatError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text as UTF-8 with line ends as they stand in it; the file is whole or not there.

    Raises
    ------
    FormatError
        As in `atomic_path`.
    """
    write_bytes(path, _utf8(text))


def _utf8(text: str) -> bytes:
    """Names of files that Python could not decode, as where LANG is C, with their own bytes if these are UTF-8."""
    try:
        content = text.encode("utf-8", "surrogateescape")
        content.decode()
    except UnicodeError:
        return text.encode("utf-8", "replace")
    return content


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, which is whole or not there.

    Raises
    ------
    FormatError
        As in `atomic_path`.
    """
    with atomic_path(path) as unfinished:
        unfinished.write_bytes(content)


def check_target(path: str | os.PathLike[str]) -> Path:
    """The place where a file may be written, links followed.

    Raises
    ------
    FormatError
        As in `atomic_path`.
    """
    check_encoding(path)
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FormatError(f"Cannot write {target}: the folder {target.parent} does not exist. Make it first.")
    if target.is_dir():
        raise FormatError(f"Cannot write {target}: it is a folder. Give the name of a file.")
    if target.exists() and not target.is_file():
        raise FormatError(f"Cannot write {target}: it is not a regular file. Give the name of a file.")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise FormatError(f"Cannot write {target}: writing is not permitted there. Choose another place.")
    return target


def check_encoding(path: str | os.PathLike[str]) -> None:
    """Refuse a name that Cantera could not read again.

    Raises
    ------
    FormatError
        If its bytes are not text in the encoding of this process.
    """
    name = os.fspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "replace").decode()
        raise FormatError(
            f"{shown}: this name is no text in the encoding that is set here, so that Cantera could not read what is "
            "written there. Set LANG=C.UTF-8, or give another name."
        ) from None


def check_targets(
    outputs: Iterable[str | os.PathLike[str] | None], inputs: Iterable[str | os.PathLike[str] | None]
) -> None:
    """Refuse to write over a file that is read, or twice to one file; None and an empty name stand for no file.

    Raises
    ------
    FormatError
        If an output is an input, or another output, by whatever name or link.

    Examples
    --------
    >>> check_targets(["a.csv", None], ["b.yaml", ""])
    >>> check_targets(["a.csv", "./a.csv"], [])
    Traceback (most recent call last):
    mechlearn.errors.FormatError: a.csv would be written twice in this command. Give another name.
    """
    there = [name for name in inputs if name and os.path.exists(name)]
    taken = {os.path.realpath(name): f"{name} is read by this command, which would replace it" for name in there}
    for name in outputs:
        if not name:
            continue
        place = os.path.realpath(name)
        if place in taken:
            raise FormatError(f"{taken[place]}. Give another name.")
        taken[place] = f"{name} would be written twice in this command"


def shipped_folder() -> Path:
    """The mechanisms and studies that come with mechlearn."""
    inside = Path(__file__).parent / "mechanisms"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "mechanisms"


def example_studies() -> dict[str, Path]:
    """The study files that come with mechlearn, by name.

    Examples
    --------
    >>> "hydrogen-oxidation" in example_studies()
    True
    """
    return {path.name.removesuffix(".study.yaml"): path for path in sorted(shipped_folder().glob("*.study.yaml"))}


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write a summary; numbers that are not finite become null."""
    write_text(path, json_text(content))


def json_text(content: dict[str, Any]) -> str:
    """JSON with two spaces of indent; numbers that are not finite become null."""
    return json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
