"""A text file cut into a table: encoding, delimiter, decimal sign, comments, blocks; each cell keeps its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from ...data.trajectories import REACTORS
from ...errors import DataError
from .bulk import bulk_columns
from .decoding import decoded
from .feeds import FEEDS
from .headers import LABELS, family
from .table import Table
from .vocabulary import is_unit_of_a_column

TITLE = "mechlearn runs"
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
    text, notes = decoded(path)
    comments, remarks, header, body, first = _parts(text, path)
    ours = any(remark.strip(' ,"#\r\n') == f"{TITLE} {VERSION}" for remark in remarks)
    delimiter = "," if ours else _delimiter(header)
    cells = _split([header], delimiter, path, first, ours)[0][1]
    form = TITLE if ours else family(cells)
    headless = all(_is_number(cell) for cell in cells)
    bulk = None if headless else bulk_columns(body, cells, delimiter)
    if bulk is not None:
        lines = range(first + 1, first + 1 + len(bulk[0]))
        return Table(
            str(path), form, cells, bulk, lines, first, comments, decimal=".", delimiter=_NAMES[delimiter], notes=notes
        )
    rows = _split(body, delimiter, path, first + 1, ours)
    if delimiter == " ":
        cells = _words(header, rows)
    if headless:
        cells, rows = _header_in_comment(remarks, delimiter, path, first), [(first, cells), *rows]
    blocks: tuple[int, ...] = ()
    if not ours:
        rows = _without_last_sign(cells, rows)
        heads, cells = [cells], _with_units(cells, rows)
        if cells != heads[0]:
            heads, rows = [*heads, rows[0][1]], rows[1:]
        rows, blocks = _blocks(rows, heads)
        form = family(cells)
    if not rows:
        raise DataError(f"{path} has a header, but no rows. Add the samples, one per row.")
    for line, row in rows:
        if len(row) != len(cells):
            raise DataError(_other_count(path, line, row, cells, delimiter, first))
    columns = [list(column) for column in zip(*(row for _, row in rows), strict=True)]
    return Table(
        where=str(path),
        form=form,
        header=cells,
        cells=columns,
        lines=[line for line, _ in rows],
        header_line=first,
        comments=comments,
        blocks=blocks,
        decimal="." if ours else _decimal(path, cells, columns, rows, delimiter),
        delimiter=_NAMES[delimiter],
        notes=notes,
    )


def _parts(stream: TextIO, path: Path) -> tuple[dict[str, str], list[str], str, TextIO, int]:
    """What the comments say, the comments, the header, the rest, and the line of the header."""
    comments: dict[str, str] = {}
    remarks: list[str] = []
    for number, line in enumerate(iter(stream.readline, ""), start=1):
        if line.startswith(_COMMENT):
            _note(comments, line, f"{path}, line {number}")
            remarks.append(line)
        elif line.strip().strip('" ,;\t') and not (number == 1 and _SEPARATOR.fullmatch(line)):
            return comments, remarks, line, stream, number
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


def _blocks(rows: Sequence[Row], heads: Sequence[Sequence[str]]) -> tuple[list[Row], tuple[int, ...]]:
    """Rows of numbers without comments among them and headers that stand again, and where those stood."""
    kept: list[Row] = []
    blocks: list[int] = []
    again = [" ".join(cell.strip() for cell in head) for head in heads]
    for line, row in rows:
        text = " ".join(cell.strip() for cell in row)
        if text == again[0]:
            blocks.append(len(kept))
        elif text not in again and (len(row) == len(heads[0]) or not row[0].startswith(_COMMENT)):
            kept.append((line, row))
    return kept, tuple(blocks)


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


def _decimal(
    path: Path, header: Sequence[str], columns: Sequence[Sequence[str]], rows: Sequence[Row], delimiter: str
) -> str:
    """The decimal sign of the cells: a comma if numbers have one and no number has a point."""
    measured = [cells for name, cells in zip(header, columns, strict=True) if name.strip().lower() not in LABELS]
    with_comma = [
        (i, cell.strip())
        for cells in measured
        for i, cell in enumerate(cells)
        if "," in cell and _COMMA_NUMBER.fullmatch(cell)
    ]
    if delimiter != ",":
        _check_thousands(path, measured, rows)
    if not with_comma:
        return "."
    line, comma = rows[with_comma[0][0]][0], with_comma[0][1]
    if delimiter == "," and all(_THOUSANDS.fullmatch(cell) for _, cell in with_comma):
        raise DataError(
            f"{path}, line {line}: {comma!r} may be {comma.replace(',', '.')} or {comma.replace(',', '')}. Write "
            "numbers without a sign between thousands, and decimals with a point."
        )
    for cells in measured:
        for i, cell in enumerate(cells):
            if "." in cell and _POINT_NUMBER.fullmatch(cell):
                raise DataError(
                    f"{path}, line {rows[i][0]}: {cell.strip()!r} has a decimal point, but {comma!r} in line {line} "
                    "a decimal comma. Use one of them throughout."
                )
    return ","


def _check_thousands(path: Path, measured: Sequence[Sequence[str]], rows: Sequence[Row]) -> None:
    """Refuse 1.234 below 987, where no other number of the table says that the sign is that of decimals."""
    signed = [cell for cells in measured for cell in cells if re.search(r"\d*[.,]\d", cell)]
    if not signed or not all(_GROUPS.fullmatch(cell.strip()) for cell in signed):
        return
    for cells in measured:
        odd = next((i for i, cell in enumerate(cells) if _GROUPS.fullmatch(cell.strip())), None)
        if odd is not None and any(re.fullmatch(r"\s*\d{3}\s*", cell) for cell in cells):
            text = cells[odd].strip()
            raise DataError(
                f"{path}, line {rows[odd][0]}: {text!r} may be {text.replace(',', '.')} or {re.sub('[.,]', '', text)}, "
                "as whole numbers of three digits stand in its column. Write numbers without a sign between thousands."
            )


def _note(comments: dict[str, str], line: str, place: str) -> None:
    """Take ``# key: value`` into the comments; spreadsheets may have put commas or quotation marks around it."""
    said = line.strip().rstrip(",;").strip('"').lstrip("#").strip()
    if said.startswith(f"{TITLE} ") and said != f"{TITLE} {VERSION}":
        raise DataError(f"{place}: {said!r} is a form that this version does not read. Use a newer mechlearn.")
    key, colon, value = (part.strip() for part in said.partition(":"))
    if not colon or key not in _KEYS:
        return
    if comments.get(key, value) != value:
        raise DataError(f"{place}: {key} is {value!r}, but {comments[key]!r} above. Keep one of the two lines.")
    if key == "reactor" and value not in ("", *REACTORS, *FEEDS):
        raise DataError(f"{place}: reactor {value!r} is not one of {', '.join((*REACTORS, *FEEDS))}.")
    comments[key] = value


def read_ckcsv(path: Path) -> Table:
    """A table in Chemkin's transposed form: each line a name, a unit in parentheses, and the values.

    Raises
    ------
    DataError
        If the file is not text, or its lines have different numbers of values.
    """
    rows = [
        (line, [cell.strip() for cell in row])
        for line, row in _split(decoded(path)[0], ",", path, 1, False)
        if len(row) > 2 and re.fullmatch(r"\([^()]*\)", row[1].strip())
    ]
    if not rows:
        raise DataError(f"{path} holds no line of the form 'Time_Soln#1, (sec), 0, 1, …'. Export it from Chemkin anew.")
    lengths = {len(row) for _, row in rows}
    columns = [row[2:] + [""] * (max(lengths) - len(row)) for _, row in rows]
    return Table(
        where=str(path),
        form="Chemkin-Pro",
        header=[f"{row[0]}_{row[1]}" for _, row in rows],
        cells=columns,
        lines=range(1, max(lengths) - 1),
        decimal=".",
        delimiter="comma",
        row_word="value",
    )
