"""A layout of cells of one size: as many columns as fit, each as wide as the others, the last row left-aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class EvenGrid(QLayout):
    """Cells at least `least` pixels wide and `ratio` times as high as wide (plus `extra` pixels of text).

    `most`: no more columns than this; 0 is as many as fit, but no more than there are cells.
    """

    def __init__(self, least: int, ratio: float, extra: int = 0, most: int = 0, gap: int = 16) -> None:
        super().__init__()
        self._least, self._ratio, self._extra, self._most, self._gap = least, ratio, extra, most, gap
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Takes an item; `addWidget` calls it."""
        self._items.append(item)

    def count(self) -> int:
        """How many cells there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The cell of that index, None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Gives the cell of that index back."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes the width that there is, no more height than it needs."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """Its height follows from its width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all rows in pixels."""
        columns, _, height = self._cell(width)
        rows = -(-len(self._items) // columns)
        return rows * height + max(0, rows - 1) * self._gap

    def minimumSize(self) -> QSize:
        """One column; the height is left to `heightForWidth`, so that a page without need gets no scroll bar."""
        return QSize(self._least, 1)

    def sizeHint(self) -> QSize:
        """What Qt asks first; the height then follows the width."""
        return QSize(self._least, self.heightForWidth(max(self.geometry().width(), self._least)))

    def setGeometry(self, area: QRect) -> None:
        """Places every cell."""
        super().setGeometry(area)
        columns, width, height = self._cell(area.width())
        for index, item in enumerate(self._items):
            row, column = divmod(index, columns)
            left = area.x() + round(column * (width + self._gap))
            right = area.x() + round(column * (width + self._gap) + width)
            item.setGeometry(QRect(left, area.y() + row * (height + self._gap), right - left, height))

    def widgets(self) -> list[QWidget]:
        """What stands in the cells, in order."""
        return [widget for item in self._items if (widget := item.widget()) is not None]

    def clear(self) -> None:
        """Removes and deletes every cell."""
        while self._items:
            widget: QWidget | None = self._items.pop().widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _cell(self, width: int) -> tuple[int, float, int]:
        """Columns, and the width and height of a cell, in a row of `width` pixels."""
        columns = max(1, (width + self._gap) // (self._least + self._gap))
        columns = min(columns, self._most or len(self._items) or 1)
        each = (width - (columns - 1) * self._gap) / columns
        return columns, each, round(each * self._ratio) + self._extra
