"""The rows of a `Table` frame as Qt's tables read them: numbers at three digits to the right, words to the left."""

from __future__ import annotations

import numbers
from typing import Any, SupportsFloat, TypeGuard

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt

from app.theme import font
from engine.api import Table
from engine.api.words import number

Index = QModelIndex | QPersistentModelIndex
SORT = int(Qt.ItemDataRole.UserRole)


def is_number(value: object) -> TypeGuard[SupportsFloat]:
    """Whether a cell holds a number, and is written as one."""
    return isinstance(value, numbers.Real | np.generic) and not isinstance(value, bool | np.bool_ | np.str_)


def cell_text(value: object) -> str:
    """What a cell says."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if is_number(value):
        plain: Any = value.item() if isinstance(value, np.generic) else value
        return number(plain)
    return "" if value is None else str(value)


class TableModel(QAbstractTableModel):
    """Holds the last frame; one of the same shape only refreshes the cells, so that selection and scroll stay."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table("", (), ())

    def show(self, table: Table) -> None:
        """Takes a frame."""
        same = table.columns == self.table.columns and len(table.rows) == len(self.table.rows)
        if not same:
            self.beginResetModel()
        self.table = table
        if same and table.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(table.rows) - 1, len(table.columns) - 1))
        elif not same:
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Rows of the frame."""
        return 0 if parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Columns of the frame."""
        return 0 if parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """A cell as Qt asks for it."""
        row = self.table.rows[index.row()]
        value = row[index.column()] if index.column() < len(row) else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_text(value)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(index.column())
            case Qt.ItemDataRole.FontRole:
                return font(13)
            case Qt.ItemDataRole.ToolTipRole:
                return repr(float(value)) if is_number(value) else cell_text(value)
        return value if role == SORT else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        """The name of a column; aligned as its cells."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return self.table.columns[section] if role == Qt.ItemDataRole.DisplayRole else None

    def _alignment(self, column: int) -> int:
        """To the right for a column of numbers: at least half of its cells."""
        cells = [row[column] for row in self.table.rows if column < len(row)]
        numeric = 2 * sum(is_number(cell) for cell in cells) >= max(len(cells), 1)
        side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
        return int(Qt.AlignmentFlag.AlignVCenter | side)


class SortedRows(QSortFilterProxyModel):
    """Sorts numbers by size and words by letter; numbers come first, what is not a number last."""

    def lessThan(self, left: Index, right: Index) -> bool:
        """The order of two cells."""
        return _key(self.sourceModel().data(left, SORT)) < _key(self.sourceModel().data(right, SORT))


def _key(value: object) -> tuple[int, float, str]:
    if is_number(value) or isinstance(value, bool | np.bool_):
        size = float(value)
        return (1, 0.0, "") if np.isnan(size) else (0, size, "")
    return (2, 0.0, cell_text(value).casefold())
