"""The table of every run of a lab: overlay its curves, resume, rewind, fork, name, copy, reveal, throw away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QEvent,
    QFileSystemWatcher,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon, theme
from app.topics.runs_model import DIFFERS, NAME, STEPS, TICK, Row, RunsModel

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QAbstractItemModel
    from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent, QShowEvent

    from app.runs import LiveRun
    from engine.api.lab import LabInfo

    Index = QModelIndex | QPersistentModelIndex

ROW = 28
_REREAD_MS = 400
_CLOCK_MS = 30_000


class Swatch(QStyledItemDelegate):
    """The tick of a run: a square in its colour while its curves are drawn, an empty one otherwise."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draws the square on the row's own ground."""
        super().paint(painter, option, index)
        model = index.model()
        if not isinstance(model, RunsModel):
            return
        colours = theme().colours
        area = QRectF(0, 0, 11, 11)
        area.moveCenter(option.rect.toRectF().center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = model.rows[index.row()].colour
        if colour >= 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.series[colour % len(colours.series)]))
        else:
            painter.setPen(QPen(QColor(colours.faint), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 2.5, 2.5)
        painter.restore()

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """A click draws the run's curves, or takes them away."""
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(model, RunsModel):
            row = model.rows[index.row()]
            model.ticked.emit(row.folder, row.colour < 0)
            return True
        return False


class RunsTable(QTableView):
    """A table that offers its keys and its context menu to its owner first."""

    pressed_key = Signal(object)  # QKeyEvent, ignored unless it is accepted
    menu_wanted = Signal(object)  # QPoint on the screen

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The owner's keys, then the table's own."""
        event.ignore()
        self.pressed_key.emit(event)
        if not event.isAccepted():
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the run under the pointer."""
        self.menu_wanted.emit(event.globalPos())


class RunsDock(QWidget):
    """The table. What the person asks for goes out as signals; the page does it."""

    opened = Signal(object)  # folder: bring it to the front
    resumed = Signal(object)  # folder: take it up from its newest moment
    rewind_wanted = Signal(object)
    fork_wanted = Signal(object)
    reveal_wanted = Signal(object)
    command_wanted = Signal(object)
    share_wanted = Signal(object)
    delete_wanted = Signal(object)  # a list of folders

    def __init__(self, info: LabInfo, root: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RunsModel(info, root, self)
        self.table = RunsTable()
        self._live: dict[str, LiveRun] = {}
        self._root = root
        self._empty = QLabel("Every run that you start stays here: to compare, to resume, to rewind.", self.table)
        self._watcher = QFileSystemWatcher(self)
        self._reread = QTimer(self, singleShot=True, interval=_REREAD_MS)
        self._reread.timeout.connect(self.refresh)
        self._watcher.directoryChanged.connect(lambda _: self._reread.start())
        self._clock = QTimer(self, interval=_CLOCK_MS)
        self._clock.timeout.connect(self.refresh)
        self._dress()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)

    # What the page tells ---------------------------------------------------------------------------------------------

    def follow(self, live: dict[str, LiveRun]) -> None:
        """The runs of this page; `refresh` reads the others."""
        self._live = live

    def refresh(self) -> None:
        """Reads the runs' records again, those that changed."""
        if not self._watcher.directories() and self._root.is_dir():
            self._watcher.addPath(str(self._root))
        chosen = {row.folder for row in self.selected()}
        scalars = list(self.model.scalars)
        self.model.refresh(self._live)
        if scalars != self.model.scalars:
            self._size_columns()
        self._select([row for row, entry in enumerate(self.model.rows) if entry.folder in chosen])
        self._empty.setVisible(not self.model.rows)

    def refresh_soon(self) -> None:
        """The same, once, after what happens now."""
        if not self._reread.isActive():
            self._reread.start()

    def select(self, folder: Path) -> None:
        """Marks a run as the one in front."""
        self._select([row for row, entry in enumerate(self.model.rows) if entry.folder.name == folder.name])

    def selected(self) -> list[Row]:
        """The rows that are marked."""
        return [self.model.rows[index.row()] for index in self.table.selectionModel().selectedRows()]

    # Inside ----------------------------------------------------------------------------------------------------------

    def _dress(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setItemDelegateForColumn(TICK, Swatch(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setAccessibleName("Runs of this lab")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        table.horizontalHeader().setMinimumSectionSize(24)
        table.doubleClicked.connect(self._open_index)
        table.pressed_key.connect(self._on_key)
        table.menu_wanted.connect(self._open_menu)
        self._empty.setProperty("role", "faint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._size_columns()
        self.model.modelReset.connect(self._size_columns)

    def _size_columns(self) -> None:
        header = self.table.horizontalHeader()
        last = self.model.columnCount() - 1
        narrow = self.width() < 640
        for column in range(last + 1):
            stretches = column in (NAME, DIFFERS)
            header.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if stretches else QHeaderView.ResizeMode.Fixed
            )
            if not stretches:
                header.resizeSection(column, self._width_of(column, narrow))
        for column in range(STEPS + 2, last - 1):
            self.table.setColumnHidden(column, narrow)

    def _width_of(self, column: int, narrow: bool) -> int:
        if column == TICK:
            return 36
        wanted = self.table.horizontalHeader().fontMetrics().horizontalAdvance(self.model.headings[column]) + 24
        least = 72 if narrow else 84
        return min(max(wanted, least), 150) + (12 if column == self.model.columnCount() - 1 else 0)

    def _select(self, rows: list[int]) -> None:
        selection = self.table.selectionModel()
        selection.clearSelection()
        flags = selection.SelectionFlag.Select | selection.SelectionFlag.Rows
        for row in rows:
            selection.select(self.model.index(row, 0), flags)

    def _open_index(self, index: Index) -> None:
        if index.column() != TICK:
            self.opened.emit(self.model.rows[index.row()].folder)

    def _on_key(self, event: QKeyEvent) -> None:
        rows = self.selected()
        if not rows:
            return
        event.accept()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(rows[0].folder)
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.delete_wanted.emit([row.folder for row in rows])
        elif event.key() == Qt.Key.Key_F2:
            self._rename()
        elif event.key() == Qt.Key.Key_T:
            for row in rows:
                self.model.ticked.emit(row.folder, row.colour < 0)
        else:
            event.ignore()

    def _rename(self) -> None:
        rows = self.table.selectionModel().selectedRows(NAME)
        if rows:
            self.table.setCurrentIndex(rows[0])
            self.table.edit(rows[0])

    def menu_for(self, row: Row) -> QMenu:
        """What can be done with a run."""
        menu = QMenu(self)
        live = row.live is not None and row.live.live
        held = row.state == "elsewhere"
        folder = row.folder

        def add(glyph: str, words: str, signal: Any, *what: Any, keys: str = "", enabled: bool = True) -> QAction:
            action = menu.addAction(icon(glyph, "dim"), words)
            action.setShortcut(QKeySequence(keys))
            action.setShortcutVisibleInContextMenu(True)
            action.setEnabled(enabled)
            action.triggered.connect(lambda: signal(*what))
            return action

        add("arrow-square-out", "Show", self.opened.emit, folder, keys="Return")
        add("play", "Resume", self.resumed.emit, folder, enabled=not live and not held)
        add("rewind", "Rewind to its first moment", self.rewind_wanted.emit, folder, enabled=not held)
        add("git-fork", "Fork …", self.fork_wanted.emit, folder, enabled=not held)
        menu.addSeparator()
        words = "Take its curves away" if row.colour >= 0 else "Draw its curves"
        add("chart-line", words, self.model.ticked.emit, folder, row.colour < 0, keys="T")
        add("pencil-simple", "Rename", self._rename, keys="F2")
        menu.addSeparator()
        add("terminal-window", "Copy as command", self.command_wanted.emit, folder)
        add("share-network", "Copy share string", self.share_wanted.emit, folder)
        add("folder-open", "Show in the file manager", self.reveal_wanted.emit, folder)
        menu.addSeparator()
        folders = [entry.folder for entry in self.selected()] or [folder]
        many = f" {len(folders)} runs" if len(folders) > 1 else ""
        add(
            "trash",
            f"Move{many} to the trash",
            self.delete_wanted.emit,
            folders,
            keys="Del",
            enabled=not live and not held,
        )
        return menu

    def _open_menu(self, at: QPoint) -> None:
        index = self.table.indexAt(self.table.viewport().mapFromGlobal(at))
        if not index.isValid():
            return
        if index.row() not in {chosen.row() for chosen in self.table.selectionModel().selectedRows()}:
            self._select([index.row()])
        menu = self.menu_for(self.model.rows[index.row()])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns follow; the hint stays in the middle."""
        super().resizeEvent(event)
        self._size_columns()
        self._empty.setGeometry(self.table.rect().adjusted(16, ROW, -16, 0))

    def showEvent(self, event: QShowEvent) -> None:
        """Reads what changed meanwhile, and keeps “5 min ago” true from now on."""
        super().showEvent(event)
        self.refresh()
        self._clock.start()

    def hideEvent(self, event: Any) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._clock.stop()
