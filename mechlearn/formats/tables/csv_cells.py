"""A text file cut into a table: encoding, delimiter, decimal sign, comments, blocks; each cell keeps its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from ...data.trajectories import REACTORS
from ...errors import DataError
from .csv_bulk import bulk_columns
from .csv_encoding import decoded
from .flow_reactors import FEEDS
from .headers import LABELS, family
from .table import OURS, Table
from .vocabulary import is_unit_of_a_column

VERSION = "1"

_COMMENT = ("#", '"#', "%", "!", "//")
_KEYS = ("mechanism", "phase", "reactor", "basis", "temperature", "pressure")
_NAMES: dict[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", " ": "blanks"}
_UNIT = re.compile(r"\[([^\[\]]*)\]|\(([^()]*)\)|")
_SEPARATOR = re.compile(r'"?sep=[,;\t]"?\s*', re.IGNORECASE)
_WORD = re.compile(r"\S+(?:\s+(?:\[[^\]]*\]|\([^)]*\)|/\s+\S+))?")
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}")
_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_POINT_NUMBER = re.compile(r"\s*[+-]?\d*\.\d*(?:[eE][+-]?\d+)?\s*")

Row = tuple[int, list[str]]


def read_table(path: Path) -> Table:
    """The table in a text file.

    Raises
    ------
    DataError
        If the file is not text, has no header or no rows, or a row has another number of cells than the header.
    """
    stream, notes = decoded(path)
    comments, remarks, header, first = _head(stream, path)
    ours = any(remark.strip(' ,"#\r\n') == f"{OURS} {VERSION}" for remark in remarks)
    delimiter = "," if ours else _delimiter(header)
    names = _split([header], delimiter, path, first, ours)[0][1]
    form, sign = OURS if ours else family(names), _NAMES[delimiter]
    table = Table(str(path), form, names, (), (), first, comments, decimal=".", delimiter=sign, notes=notes)
    told = names[:-1] if len(names) > 1 and not names[-1].strip() else names
    headless = all(_is_number(name) for name in told)
    bulk = None if headless else bulk_columns(stream, names, delimiter)
    if bulk is not None:
        return replace(table, cells=bulk, lines=range(first + 1, first + 1 + len(bulk[0])))
    rows = _split(stream, delimiter, path, first + 1, ours)
    if delimiter == " ":
        names = _words(header, rows)
    if headless:
        names, rows = _header_in_comment(remarks, delimiter, path, first), [(first, names), *rows]
    blocks: tuple[int, ...] = ()
    if not ours:
        names, rows, blocks = _without_headers(names, _without_last_sign(names, rows))
        table = replace(table, form=family(names))
    if not rows:
        raise DataError(f"{path} has a header, but no rows. Add the samples, one per row.")
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(_other_count(path, line, row, names, delimiter, first))
    cells = [list(column) for column in zip(*(row for _, row in rows), strict=True)]
    table = replace(table, header=names, cells=cells, lines=[line for line, _ in rows], blocks=blocks)
    return table if ours else replace(table, decimal=_decimal(table))


def _head(stream: TextIO, path: Path) -> tuple[dict[str, str], list[str], str, int]:
    """What the comments say, the comments, the header, and its line; the rest stays in the stream."""
    comments: dict[str, str] = {}
    remarks: list[str] = []
    for number, line in enumerate(iter(stream.readline, ""), start=1):
        if line.startswith(_COMMENT):
            _note(comments, line, f"{path}, line {number}")
            remarks.append(line)
        elif line.strip().strip('" ,;\t') and not (number == 1 and _SEPARATOR.fullmatch(line)):
            return comments, remarks, line, number
    raise DataError(f"{path} holds no table. It needs a header such as 'run,time [s],H2 [kmol/m^3]', and rows.")


def _delimiter(header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    return next((sign for sign in "\t;," if sign in bare), "," if '"' in header else " ")


def _split(lines: Iterable[str], delimiter: str, path: Path, first: int, ours: bool) -> list[Row]:
    """Rows that are not blank, each with the line where it begins."""
    if delimiter == " ":
        return [(number, line.split()) for number, line in enumerate(lines, start=first) if line.strip()]
    rows: list[Row] = []
    ends = first - 1
    reader = csv.reader(lines, strict=True, delimiter=delimiter, skipinitialspace=not ours)
    try:
        for row in reader:
            if any(cell and not cell.isspace() for cell in row):
                rows.append((ends + 1, row))
            ends = first - 1 + reader.line_num
    except csv.Error as error:
        raise DataError(
            f"{path}, line {ends + 1}: the row cannot be taken apart ({error}). Check its quotation marks."
        ) from None
    return rows


def _words(header: str, rows: Sequence[Row]) -> list[str]:
    """Names between blanks; a unit in brackets after a blank belongs to its name if the rows have as many cells."""
    joined = _WORD.findall(header)
    return joined if rows and len(rows[0][1]) == len(joined) else header.split()


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _without_last_sign(header: Sequence[str], rows: list[Row]) -> list[Row]:
    """Rows that all end with a sign that the header lacks, without it."""
    over = len(header) + 1
    if rows and all(len(row) == over and not row[-1].strip() for _, row in rows):
        return [(line, row[:-1]) for line, row in rows]
    return rows


def _with_units(header: list[str], rows: list[Row]) -> list[str]:
    """The header, with the units that stand in the line below it, as ``(s)`` or ``s`` below ``time``."""
    below = [cell.strip() for cell in rows[0][1]] if rows else []
    if len(below) != len(header) or any(_is_number(cell) for cell in below):
        return header
    brackets = [_UNIT.fullmatch(cell) for cell in below]
    if all(brackets):
        below = [next(filter(None, match.groups()), "") for match in brackets if match]
    elif not all(not cell or is_unit_of_a_column(cell) for cell in below):
        return header
    return [f"{name.strip()} [{unit}]" if unit else name.strip() for name, unit in zip(header, below, strict=True)]


def _header_in_comment(remarks: Sequence[str], delimiter: str, path: Path, line: int) -> list[str]:
    """The last comment, if it names columns, as in files that NumPy writes."""
    said = remarks[-1].strip().lstrip("#%!/").strip() if remarks else ""
    if said:
        return _WORD.findall(said) if delimiter == " " else [cell.strip() for cell in said.split(delimiter)]
    raise DataError(
        f"{path}, line {line}: the first line holds numbers only, so that nothing says what the columns are. Add a "
        "header such as 'time [s],H2 [kmol/m^3]'."
    )


def _without_headers(header: list[str], rows: list[Row]) -> tuple[list[str], list[Row], tuple[int, ...]]:
    """The header with its units, rows of numbers without comments and headers among them, and where these stood."""
    names = _with_units(header, rows)
    heads = [" ".join(cell.strip() for cell in header)]
    if names != header:
        heads.append(" ".join(cell.strip() for cell in rows[0][1]))
        rows = rows[1:]
    kept: list[Row] = []
    blocks: list[int] = []
    for line, row in rows:
        text = " ".join(cell.strip() for cell in row)
        if text == heads[0]:
            blocks.append(len(kept))
        elif text not in heads and (len(row) == len(header) or not row[0].startswith(_COMMENT)):
            kept.append((line, row))
    return names, kept, tuple(blocks)


def _other_count(path: Path, line: int, row: Sequence[str], header: Sequence[str], delimiter: str, first: int) -> str:
    text = delimiter.join(row)
    other = next((sign for sign in "\t;," if sign != delimiter and text.count(sign) >= len(header) - 1 > 0), None)
    if other is not None:
        return (
            f"{path}, line {line}: the cells are separated by {_NAMES[other]}, those of the header by "
            f"{_NAMES[delimiter]} (line {first}). Use one sign throughout, and put a # before titles above the header."
        )
    return (
        f"{path}, line {line}: {len(row)} cells for {len(header)} columns of the header in line {first}. A cell is "
        'missing or too many; a name with a comma needs quotation marks, "a, b", decimals a point where commas part '
        "the cells, and lines above the header, such as titles, a # in front."
    )


def _decimal(table: Table) -> str:
    """The decimal sign of the cells: a comma if numbers have one and no number has a point."""
    columns = [table.text(k) for k, name in enumerate(table.header) if name.strip().lower() not in LABELS]
    if table.delimiter != _NAMES[","]:
        _check_thousands(table, columns)
    with_comma = _matching(table, columns, ",", _COMMA_NUMBER)
    if not with_comma:
        return "."
    line, comma = with_comma[0]
    if table.delimiter == _NAMES[","] and all(_THOUSANDS.fullmatch(cell) for _, cell in with_comma):
        raise DataError(
            f"{table.where}, line {line}: {comma!r} may be {comma.replace(',', '.')} or {comma.replace(',', '')}. "
            "Write numbers without a sign between thousands, and decimals with a point."
        )
    with_point = _matching(table, columns, ".", _POINT_NUMBER)
    if with_point:
        raise DataError(
            f"{table.where}, line {with_point[0][0]}: {with_point[0][1]!r} has a decimal point, but {comma!r} in line "
            f"{line} a decimal comma. Use one of them throughout."
        )
    return ","


def _matching(
    table: Table, columns: Sequence[Sequence[str]], sign: str, number: re.Pattern[str]
) -> list[tuple[int, str]]:
    """Line and text of each cell that has the sign and is such a number."""
    return [
        (table.lines[row], cell.strip())
        for cells in columns
        for row, cell in enumerate(cells)
        if sign in cell and number.fullmatch(cell)
    ]


def _check_thousands(table: Table, columns: Sequence[Sequence[str]]) -> None:
    """Refuse 1.234 below 987, where no other number of the table says that the sign is that of decimals."""
    signed = [cell for cells in columns for cell in cells if re.search(r"\d*[.,]\d", cell)]
    if not signed or not all(_GROUPS.fullmatch(cell.strip()) for cell in signed):
        return
    for cells in columns:
        odd = next((row for row, cell in enumerate(cells) if _GROUPS.fullmatch(cell.strip())), None)
        if odd is not None and any(re.fullmatch(r"\s*\d{3}\s*", cell) for cell in cells):
            text = cells[odd].strip()
            raise DataError(
                f"{table.where}, line {table.lines[odd]}: {text!r} may be {text.replace(',', '.')} or "
                f"{re.sub('[.,]', '', text)}, as whole numbers of three digits stand in its column. Write numbers "
                "without a sign between thousands."
            )


def _note(comments: dict[str, str], line: str, place: str) -> None:
    """Take ``# key: value`` into the comments; spreadsheets may have put commas or quotation marks around it."""
    said = line.strip().rstrip(",;").strip('"').lstrip("#").strip()
    if said.startswith(f"{OURS} ") and said != f"{OURS} {VERSION}":
        raise DataError(f"{place}: {said!r} is a form that this version does not read. Use a newer mechlearn.")
    key, colon, value = (part.strip() for part in said.partition(":"))
    if not colon or key not in _KEYS:
        return
    if comments.get(key, value) != value:
        raise DataError(f"{place}: {key} is {value!r}, but {comments[key]!r} above. Keep one of the two lines.")
    if key == "reactor" and value not in ("", *REACTORS, *FEEDS):
        raise DataError(f"{place}: reactor {value!r} is not one of {', '.join((*REACTORS, *FEEDS))}.")
    comments[key] = value
