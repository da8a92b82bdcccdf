"""Several matrices with their numbers on one page, cells of them framed, and the cell that was clicked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from engine.api import Axis, Heat, Line, Plot, Scatter
from engine.nn.matrices import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.api.frames import Layer

_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0], [np.nan, np.nan]])


@dataclass(frozen=True)
class Sheet:
    """A matrix on a page. Places are in cells, x from the left edge of the page, `top` downwards from its upper edge.

    `grey`: values in 0..1 as greys; else diverging around 0. `framed`: flat indices of cells, in the series colour `colour`.
    """

    title: str
    values: Float[np.ndarray, "r c"]
    left: float
    top: float = 0.0
    grey: bool = False
    framed: Int[np.ndarray, "k"] = field(default_factory=lambda: np.zeros(0, int))
    colour: int = 1


@dataclass(frozen=True)
class CellAt:
    """A cell of one of the matrices of a page: the index of the matrix, row and column."""

    sheet: int
    row: int
    column: int


def draw_sheets(name: str, sheets: Sequence[Sheet], edits: str = "", note: str = "") -> Plot:
    """The page. A click on it sends `(x, y)` to `edits`; `cell_at` says which cell that is."""
    layers = [layer for sheet in sheets for layer in _drawn(sheet)]
    right = max(sheet.left + sheet.values.shape[1] for sheet in sheets)
    foot = max(sheet.top + sheet.values.shape[0] for sheet in sheets)
    hidden = ((-1e6, ""),)  # a tick out of sight: an axis without any would choose its own
    x, y = Axis(range=(-0.3, right + 0.3), ticks=hidden), Axis(range=(-foot - 0.3, 1.3), ticks=hidden)
    return Plot(name, tuple(layers), x, y, equal=True, edits=edits, note=note)


def cell_at(sheets: Sequence[Sheet], x: float, y: float) -> CellAt | None:
    """The cell at a place of the page; None between the matrices."""
    for index, sheet in enumerate(sheets):
        row, column = int(np.floor(-y - sheet.top)), int(np.floor(x - sheet.left))
        if 0 <= row < sheet.values.shape[0] and 0 <= column < sheet.values.shape[1]:
            return CellAt(index, row, column)
    return None


def even_span(values: Float[np.ndarray, "..."]) -> tuple[float, float]:
    """A range of colours with 0 in its middle."""
    reach = max(float(np.nanmax(abs(values), initial=0.0)), 1e-9)
    return -reach, reach


def _drawn(sheet: Sheet) -> list[Layer]:
    rows, columns = sheet.values.shape
    top, right = -sheet.top, sheet.left + columns
    span = (0.0, 1.0) if sheet.grey else even_span(sheet.values)
    colours = "grey" if sheet.grey else "diverging"
    cells = np.stack([np.tile(np.arange(columns), rows), -np.arange(rows).repeat(columns)], 1)
    numbers = tuple(_fitting(value) for value in sheet.values.ravel().tolist())
    title = np.array([[sheet.left + columns / 2, top + 0.7]])
    layers: list[Layer] = [
        Heat(sheet.values[::-1], (sheet.left, right, top - rows, top), colours, span),
        Scatter(cells + np.array([sheet.left + 0.5, top - 0.5]), labels=numbers, size=1),
        Scatter(title, labels=(sheet.title,), size=1),
    ]
    if len(sheet.framed):
        row, column = np.divmod(sheet.framed, columns)
        corners = np.stack([sheet.left + column, top - row - 1], 1)[:, None] + 0.94 * _SQUARE + 0.03
        layers.append(Line(corners[..., 0].ravel(), corners[..., 1].ravel(), colour=sheet.colour, width=2.2))
    return layers


def _fitting(value: float) -> str:
    """As many digits as a narrow cell holds: .5, −.5, 2, −12, e13 for what has thirteen zeros; nothing for what is not a number."""
    if not np.isfinite(value):
        return ""
    if abs(value) >= 100:
        return f"e{math.floor(math.log10(abs(value)))}"
    return short(value, 1 if abs(value) < 0.95 else 0)
