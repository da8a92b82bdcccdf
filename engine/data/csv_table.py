"""A table of a person's own, from a CSV file: columns of numbers, and columns of words as classes.

Separators may be commas, semicolons, tabs or bars; with semicolons, a comma may stand in numbers. The first line may hold names.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from engine.api.errors import DataError
from engine.api.words import near, plural
from engine.data.texts import read_text

MOST_ROWS = 100_000
MOST_COLUMNS = 1000
MOST_CLASSES = 50
_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?", "-"))


@dataclass(frozen=True)
class NumberTable:
    """The rows that are whole.

    `values` [N, F], one column for each of `columns`; a column of words holds indices into `classes[column]`. `note` says in words
    what was read, `unread` (a sentence, for the person) what was not.
    """

    columns: tuple[str, ...]
    values: Float[Tensor, "n f"]
    classes: dict[str, tuple[str, ...]]
    note: str
    unread: str = ""

    def column(self, name: str) -> Float[Tensor, "n"]:
        """One column. Raises DataError with near names."""
        if name not in self.columns:
            raise DataError(f"The table has no column “{name}”{near(name, self.columns)}")
        return self.values[:, self.columns.index(name)]


def read_table(path: Path) -> NumberTable:
    """Reads a CSV file. Raises DataError with one sentence if it is no table, or holds no whole row of numbers."""
    text, cut = read_text(path)
    rows, separator = _rows(text, path.name)
    names, rows = _names(rows)
    whole = [row for row in rows if len(row) == len(names)]
    columns = {name: _column([row[place] for row in whole], separator) for place, name in enumerate(names)}
    kept = {name: column for name, column in columns.items() if column is not None}
    if not whole or not any(column.classes is None for column in kept.values()):
        raise DataError(f"“{path.name}” holds no column of numbers; a table has one row a line, separated by commas.")
    values = torch.tensor([column.numbers for column in kept.values()], dtype=torch.float32).T
    known = values.isfinite().all(1)
    if not known.any():
        raise DataError(f"In “{path.name}” every row has a gap; fill one column or leave it out.")
    return NumberTable(
        tuple(kept),
        values[known].contiguous(),
        {name: column.classes for name, column in kept.items() if column.classes is not None},
        f"{plural(int(known.sum()), 'row')} of {plural(len(kept), 'column')}",
        _unread(path.name, len(rows) - int(known.sum()), [name for name in columns if name not in kept], cut),
    )


@dataclass(frozen=True)
class _Column:
    numbers: list[float]
    classes: tuple[str, ...] | None = None


def _rows(text: str, name: str) -> tuple[list[list[str]], str]:
    """Every row that is not empty, its cells trimmed, and what separates them."""
    head = text[:10_000].splitlines()[:20]
    separator = max(",;\t|", key=lambda mark: min((line.count(mark) for line in head if line.strip()), default=0))
    try:
        reader = csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True)
        rows = [
            [cell.strip() for cell in row] for row, _ in zip(reader, range(MOST_ROWS + 1), strict=False) if any(row)
        ]
    except csv.Error as error:
        raise DataError(f"“{name}” cannot be read as a table ({error}).") from error
    if len(rows) < 2:
        raise DataError(f"“{name}” holds {plural(len(rows), 'row')}; a table to learn from has more.")
    if len(rows[0]) > MOST_COLUMNS:
        raise DataError(f"“{name}” has {len(rows[0]):,} columns; at most {MOST_COLUMNS:,} are read.")
    return rows, separator


def _names(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The columns' names, and the rows below them. Where the first row holds a number, the columns are numbered."""
    first = rows[0]
    if any(not math.isnan(_number(cell, ";")) for cell in first):
        return [f"column {place + 1}" for place in range(len(first))], rows
    names: list[str] = []
    for place, cell in enumerate(first):
        name = cell or f"column {place + 1}"
        names.append(name if name not in names else f"{name} ({place + 1})")
    return names, rows[1:]


def _column(cells: list[str], separator: str) -> _Column | None:
    """Numbers if nearly all cells are, else classes if there are few; None if it can be neither."""
    numbers = [_number(cell, separator) for cell in cells]
    present = [cell for cell in cells if cell.lower() not in _MISSING]
    if not present:
        return None
    if sum(math.isfinite(number) for number in numbers) >= 0.9 * len(present):
        return _Column(numbers)
    classes = sorted(set(present))
    if len(classes) > min(MOST_CLASSES, max(2, len(present) // 2)):
        return None
    places = {name: float(place) for place, name in enumerate(classes)}
    return _Column([places.get(cell, math.nan) for cell in cells], tuple(classes))


def _number(cell: str, separator: str) -> float:
    """The number in a cell; NaN if there is none."""
    try:
        value = float(cell.replace(",", ".") if separator == ";" else cell)
    except ValueError:
        return math.nan
    return value if abs(value) < 1e30 else math.nan


def _unread(name: str, rows: int, columns: list[str], cut: bool) -> str:
    parts = []
    if rows:
        parts.append(f"{plural(rows, 'row')} with gaps")
    if columns:
        named = ", ".join(columns[:3]) + (" …" if len(columns) > 3 else "")
        parts.append(f"{plural(len(columns), 'column')} of free words ({named})")
    if cut:
        parts.append("its end, which is too long")
    return f"Of “{name}”, {', '.join(parts)} left out." if parts else ""
