"""A table that one can sort, and pick a row of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from app.views.base import View
from app.views.table_model import SortedRows, TableModel

if TYPE_CHECKING:
    from engine.api import Frame, Table


class TableView(View):
    """Shows `Table`. A click on a heading sorts: up, down, and as the lab has it."""

    has_numbers = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = TableModel()
        self.rows = SortedRows(self)
        self.rows.setSourceModel(self.model)
        self.table = QTableView(self)
        self.table.setModel(self.rows)
        self._style()
        self.table.clicked.connect(self._pick)
        self.table.activated.connect(self._pick)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.addWidget(self.table)
        self.setFocusProxy(self.table)

    def _style(self) -> None:
        table, header = self.table, self.table.horizontalHeader()
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(72)
        table.setSortingEnabled(True)

    def show_frame(self, frame: Frame) -> None:
        """Shows the rows; order, selection and scroll stay."""
        frame = cast("Table", frame)
        fresh = frame.columns != self.model.table.columns
        self.model.show(frame)
        self.table.setCursor(Qt.CursorShape.PointingHandCursor if frame.edits else Qt.CursorShape.ArrowCursor)
        if fresh and frame.columns:
            header = self.table.horizontalHeader()
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def _pick(self, index: QModelIndex) -> None:
        if self.model.table.edits:
            self.poke(self.model.table.edits, (self.rows.mapToSource(index).row(),), at_once=True)

    def csv_rows(self) -> Sequence[Sequence[object]]:
        """The rows as the lab has them."""
        return [self.model.table.columns, *self.model.table.rows]
