"""A small matrix, cell by cell: Tab and the arrow keys go from cell to cell, buttons add and take rows and columns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.controls.base import ControlWidget
from app.controls.figures import exact, typed
from app.controls.tools import tool
from app.controls.value_field import ValueField

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from engine.api.params import Field, Matrix

Rows = tuple[tuple[float, ...], ...]


class Cell(ValueField):
    """A number of the matrix; Left and Right leave it at the ends of its text."""

    def __init__(self, grid: MatrixControl, row: int, column: int) -> None:
        super().__init__()
        self._grid, self._at = grid, (row, column)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(28)
        self.setMaximumWidth(72)
        self.setAccessibleName(f"row {row + 1}, column {column + 1}")
        self.setStyleSheet("QLineEdit { padding: 0 2px; }")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves to a neighbour, or edits."""
        moves = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        whole = self.selectedText() == self.text()
        if whole or self.cursorPosition() == 0:
            moves[Qt.Key.Key_Left] = (0, -1)
        if whole or self.cursorPosition() == len(self.text()):
            moves[Qt.Key.Key_Right] = (0, 1)
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
        else:
            self._grid.go_to(self._at[0] + move[0], self._at[1] + move[1])


class MatrixControl(ControlWidget):
    """A grid of cells, with its size below if that may change."""

    wide = True

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        control = cast("Matrix", field.control)
        self._most = (max(control.rows, control.max_rows), max(control.columns, control.max_columns))
        self._cells: list[list[Cell]] = []
        self._refused_at: Cell | None = None
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(4)
        line = QHBoxLayout()
        line.addLayout(self._grid)
        line.addStretch(1)
        column.addLayout(line)
        if self._most != (control.rows, control.columns) or min(self._most) > 1:
            column.addLayout(self._sizes())
        self.refused.connect(self._mark)
        self.show_value(self.value())

    def _sizes(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        for words, rows, columns in (("row", 1, 0), ("column", 0, 1)):
            label = QLabel(words.capitalize() + "s")
            label.setProperty("role", "small")
            label.setContentsMargins(6 if columns else 0, 0, 0, 0)
            row.addWidget(label)
            for glyph, act, sign in (("minus", f"One {words} fewer", -1), ("plus", f"One {words} more", 1)):
                button = tool(glyph, act)
                button.clicked.connect(partial(self.resize_by, sign * rows, sign * columns))
                row.addWidget(button)
        row.addStretch(1)
        return row

    def cell(self, row: int, column: int) -> Cell:
        """A cell, for the keyboard."""
        return self._cells[row][column]

    def go_to(self, row: int, column: int) -> None:
        """Moves the cursor to a cell, if there is one."""
        if 0 <= row < len(self._cells) and 0 <= column < len(self._cells[row]):
            self._cells[row][column].setFocus()

    def resize_by(self, rows: int, columns: int) -> None:
        """Adds or takes rows and columns at the end; new cells are 0."""
        value: Rows = self.value()
        height = min(self._most[0], max(1, len(value) + rows))
        width = min(self._most[1], max(1, len(value[0]) + columns))
        kept = [list(row[:width]) + [0.0] * (width - len(row)) for row in value[:height]]
        self.offer(tuple(map(tuple, kept + [[0.0] * width] * (height - len(kept)))))

    def show_value(self, value: Any) -> None:
        """Fills the cells."""
        if (len(value), len(value[0])) != (len(self._cells), len(self._cells[0]) if self._cells else 0):
            self._build(len(value), len(value[0]))
        for cells, numbers in zip(self._cells, value, strict=True):
            for cell, number in zip(cells, numbers, strict=True):
                cell.set_texts(f"{number:.3g}".replace("-", "−"), exact(number))

    def _build(self, height: int, width: int) -> None:
        for cells in self._cells:
            for cell in cells:
                self._grid.removeWidget(cell)
                cell.deleteLater()
        self._cells = [[Cell(self, row, column) for column in range(width)] for row in range(height)]
        for row, cells in enumerate(self._cells):
            for column, cell in enumerate(cells):
                self._grid.addWidget(cell, row, column)
                cell.entered.connect(partial(self._take, row, column))
        self.setFocusProxy(self._cells[0][0])

    def _take(self, row: int, column: int, text: str) -> None:
        self._refused_at = self._cells[row][column]
        try:
            number: Any = typed(text)
        except ValueError:
            self.refused.emit(f"A cell takes a number, not “{text}”.")
            return
        rows = [list(numbers) for numbers in self.value()]
        rows[row][column] = number
        self.offer(tuple(map(tuple, rows)))

    def _mark(self, reason: str) -> None:
        if self._refused_at is not None:
            self._refused_at.refuse(reason)
        if not reason:
            self._refused_at = None
