"""How fuzz.py changes a file: by bytes, by cells or data sets, or into a table valid in form and odd in content."""

from __future__ import annotations

import csv
import io
import math
import random
import re
from collections.abc import Callable, Sequence

import h5py
from fuzz_seeds import Seed

WORDS = """\
nan NaN inf -inf text 1e300 -1e300 1e308 1e-320 1e999 -1 0 -0.0 1,5 0x10 1_000 é ١ # " ' [ { } &a *a null true ~ .nan
.inf !!python/object:a 2026-01-01 12:30:45 run
"""
CELLS = ["", "9" * 400, "\t", "\n", "\0", "\ufeff", "time [s]", "1e4 K", "-5 K", *WORDS.split()]
PLAIN_TABLES = ("rates.csv", "concentrations.csv")
"""Seeds of which odd tables are made."""
TOKEN = re.compile(r"[^\s,;:\[\]{}]+")


def mutated(draws: random.Random, seed: Seed) -> tuple[str, bytes]:
    """One input and how it was made: by bytes or by cells, and of some tables odd content as well."""
    ways = ["bytes", "cells", *(["odd content"] if seed.name in PLAIN_TABLES else [])]
    way = draws.choice(ways)
    if way == "bytes":
        return way, _by_bytes(draws, seed.content)
    if way == "odd content":
        return way, _odd(draws, seed.content.decode()).encode()
    if seed.name.endswith(".h5"):
        return way, _by_datasets(draws, seed.content)
    return way, _by_cells(draws, seed.content.decode()).encode()


def odd(draws: random.Random, seed: Seed) -> tuple[str, bytes]:
    """A table of runs that is valid in form and odd in content."""
    return "odd content", _odd(draws, seed.content.decode()).encode()


def _by_bytes(draws: random.Random, content: bytes) -> bytes:
    """Some bytes changed, deleted, doubled, swapped or put in."""
    changed = bytearray(content)
    for _ in range(draws.choice((1, 1, 2, 5, 20))):
        start = draws.randrange(len(changed) + 1)
        size = draws.choice((1, 1, 2, 8, 64, 512))
        piece = changed[start : start + size]
        other = draws.randrange(len(changed) + 1)
        match draws.randrange(6):
            case 0:
                changed[start : start + size] = draws.randbytes(len(piece))
            case 1:
                del changed[start : start + size]
            case 2:
                changed[start:start] = piece
            case 3:
                changed[start : start + size], changed[other : other + size] = changed[other : other + size], piece
            case 4:
                changed[start:start] = draws.randbytes(size)
            case _:
                if draws.random() < 0.1:
                    del changed[start:]
    return bytes(changed)


def _by_cells(draws: random.Random, text: str) -> str:
    """Some cells, or words of YAML, or lines deleted, doubled, swapped or replaced."""
    for _ in range(draws.choice((1, 1, 1, 2, 4, 10))):
        by_line = draws.random() < 0.2
        spans = [match.span() for match in re.finditer(r"[^\n]*\n", text)] if by_line else []
        spans = spans or [match.span() for match in TOKEN.finditer(text)]
        if not spans:
            return text
        (start, end), (first, last) = draws.choice(spans), draws.choice(spans)
        match draws.randrange(5):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + draws.choice(("", " ", ",")) * (not by_line) + text[start:end] + text[end:]
            case 2:
                low, high = sorted(((start, end), (first, last)))
                if low[1] <= high[0]:
                    between = text[low[1] : high[0]]
                    text = text[: low[0]] + text[slice(*high)] + between + text[slice(*low)] + text[high[1] :]
            case _:
                text = text[:start] + draws.choice(CELLS) + text[end:]
    return text


def _by_datasets(draws: random.Random, content: bytes) -> bytes:
    """Some data sets or attributes of an HDF5 file deleted, cut, replaced, or with other values."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        for _ in range(draws.choice((1, 1, 2, 4))):
            names: list[str] = []
            file.visit(names.append)
            if not names:
                break
            name = draws.choice(sorted(names))
            place = file[name]
            if draws.random() < 0.3 and len(place.attrs):
                key = draws.choice(sorted(place.attrs))
                place.attrs.pop(key)
                if draws.random() < 0.7:
                    place.attrs[key] = draws.choice(("text", -1, 1e300, math.nan, [1, 2], b"\xff", ""))
                continue
            values = place[()] if isinstance(place, h5py.Dataset) else None
            if values is None or draws.random() < 0.2:
                del file[name]
                continue
            if getattr(values, "ndim", 0) and values.size and draws.random() < 0.5 and values.dtype.kind in "fi":
                fill = draws.choice((math.nan, math.inf, -1.0, 0.0, 1e300, -1e300, 1e-320))
                values = values.astype(float)
                values.flat[draws.randrange(values.size)] = fill
            elif getattr(values, "ndim", 0) and len(values):
                values = draws.choice((values[:0], values[:-1], values[::-1], [*values, *values], values[:1] * 2))
            else:
                values = draws.choice(("text", -1, math.nan, 1e300, [[1.0]], b"\xff"))
            del file[name]
            try:
                file[name] = values
            except (TypeError, ValueError):
                file[name] = "text"
    return memory.getvalue()


Rows = list[list[str]]


def _odd(draws: random.Random, text: str) -> str:
    """A table of runs, times and numbers whose form is kept and whose content is not."""
    notes = [line for line in text.splitlines() if line.startswith("#")]
    header, *rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    at = {name: header.index(name) for name in header}
    run, clock = at.get("run", 0), next(column for name, column in at.items() if name.startswith("time"))
    species = [column for name, column in at.items() if name.endswith(("[kmol/m^3]", "[kmol/m^3/s]"))]
    changes: Sequence[Callable[[random.Random, Rows, int, int, list[int]], Rows]] = (
        *(_constant, _scaled, _few_rows, _gaps, _ties, _one_run, _doubled_runs, _rounded, _noisy, _times_scaled),
        *(_less_noisy, _scaled_little, _copied, _thinned),
    )
    for change in draws.sample(changes, draws.choice((1, 1, 2, 3))):
        rows = change(draws, rows, run, clock, species)
    if draws.random() < 0.2:
        kept = {draws.choice([column for column in species if not header[column].startswith("d(")])}
        kept |= {at[name] for name in header if name == f"d({header[min(kept)].split()[0]})/dt [kmol/m^3/s]"}
        kept |= set(range(len(header))) - set(species)
        header = [header[column] for column in sorted(kept)]
        rows = [[row[column] for column in sorted(kept)] for row in rows]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *rows])
    return "".join(f"{note}\n" for note in notes) + written.getvalue()


def _each(rows: Rows, columns: Sequence[int], new: Callable[[str], str]) -> Rows:
    return [[new(cell) if column in columns else cell for column, cell in enumerate(row)] for row in rows]


def _number(cell: str, new: Callable[[float], float]) -> str:
    return repr(new(float(cell))) if cell else cell


def _constant(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    value = draws.choice(("0", "1", "1e-300", "5e300", "0.1"))
    return _each(rows, draws.sample(species, draws.randint(1, len(species))), lambda cell: value)


def _scaled(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    factor = draws.choice((1e300, 1e-300, 1e150, 1e-150, 1e20, 1e-20, -1.0, 0.0))
    columns = draws.choice((species, [draws.choice(species)]))
    return _each(rows, columns, lambda cell: _number(cell, lambda value: value * factor))


def _few_rows(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return sorted(draws.sample(rows, draws.randint(1, min(4, len(rows)))), key=rows.index)


def _gaps(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    share = draws.choice((0.1, 0.5, 0.9, 1.0))
    columns = draws.choice((species, [draws.choice(species)]))
    return _each(rows, columns, lambda cell: "" if draws.random() < share else cell)


def _ties(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    digits = draws.choice((0, 1, 17))
    return _each(rows, [clock], lambda cell: _number(cell, lambda value: round(value, digits) + 1e-16 * (digits == 17)))


def _one_run(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return [row for row in rows if row[run] == rows[0][run]]


def _doubled_runs(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return [*rows, *(_each(rows, [run], lambda cell: f"{cell}again"))]


def _rounded(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    digits = draws.choice((0, 1, 2))
    return _each(rows, species, lambda cell: _number(cell, lambda value: round(value, digits)))


def _noisy(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return _each(rows, species, lambda cell: _number(cell, lambda value: abs(value + draws.gauss(0, 1))))


def _less_noisy(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    size = draws.choice((1e-9, 1e-3, 0.05, 0.5))
    return _each(rows, species, lambda cell: _number(cell, lambda value: value * (1 + draws.gauss(0, size))))


def _scaled_little(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    factor, columns = draws.choice((1e-6, 1e-3, 2.0, 1e3, 1e6)), draws.choice((species, [draws.choice(species)]))
    return _each(rows, columns, lambda cell: _number(cell, lambda value: value * factor))


def _copied(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    one, other = draws.choice(species), draws.choice(species)
    return [[row[one] if column == other else cell for column, cell in enumerate(row)] for row in rows]


def _thinned(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    return rows[:: draws.choice((2, 3, 7))]


def _times_scaled(draws: random.Random, rows: Rows, run: int, clock: int, species: list[int]) -> Rows:
    factor, shift = draws.choice((1e300, 1e-300, 1e12, 1e-12, 1.0)), draws.choice((0.0, 0.0, 1e9, -0.5))
    return _each(rows, [clock], lambda cell: _number(cell, lambda value: value * factor + shift))
