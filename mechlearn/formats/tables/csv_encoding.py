"""The bytes of a text file → text: UTF-8, UTF-16 by its mark, or Windows-1252, as instruments write µ and °."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TextIO

from ...errors import DataError

_LONGEST_LINE = 1 << 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NO_TEXT = re.compile(rb"[\0-\x08\x0e-\x1f]")
_OTHERS = {
    b"\x89HDF": "an HDF5 file. Name it .h5, or read it with read_hdf5.",
    b"PK\x03\x04": "a zip archive or an Excel workbook. Save the table as CSV, or unpack it.",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the table as CSV.",
    b"\x1f\x8b": "compressed by gzip. Unpack it.",
    b"PAR1": "a Parquet file. Read it with pandas and give the data frame to from_dataframe.",
    b"%PDF": "a PDF file. Save the table as CSV.",
}
WINDOWS = "The text is not UTF-8; it was read as Windows-1252."


def decoded(path: Path) -> tuple[TextIO, tuple[str, ...]]:
    """The text of a file, decoded as it is read, so that a large one is in memory once; and what was taken for granted.

    Raises
    ------
    DataError
        If the file cannot be read, or is no text with lines.
    """
    content = _content(path)
    if content.startswith(_UTF16):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise DataError(f"{path} begins as UTF-16 text, but is none. Save the table as CSV in UTF-8.") from None
    encoding = _encoding(content, path)
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError(f"{path}, line {line}: a zero byte, so it is not a text table. Save the table as CSV in UTF-8.")
    notes = (WINDOWS,) if encoding == "cp1252" else ()
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline=""), notes


def _encoding(content: bytes, path: Path) -> str:
    """UTF-8, or Windows-1252 where the bytes are text of it."""
    odd = 0
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError as error:
            odd = error.start
            continue
        if encoding == "utf-8-sig" or not _NO_TEXT.search(content):
            return encoding
    line = content.count(b"\n", 0, odd) + 1
    raise DataError(f"{path}, line {line}: byte {content[odd]:#04x} is not UTF-8 text. Save the table as CSV in UTF-8.")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_LINE)
            other = next((what for begin, what in _OTHERS.items() if start.startswith(begin)), None)
            if other is not None:
                raise DataError(f"{path} is {other}")
            if len(start) == _LONGEST_LINE and not (b"\n" in start or b"\r" in start):
                raise DataError(
                    f"{path}, line 1: over a million characters without a line end, so it is not a table. Save the "
                    "table as CSV, one sample per line."
                )
            return start + file.read()
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
