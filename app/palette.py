"""The command palette: one field that finds every lab, run and command by a few of its letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.fuzzy import Match, match
from app.theme import draw_glyph, font, icon, theme

if TYPE_CHECKING:
    from PySide6.QtCore import QPersistentModelIndex
    from PySide6.QtGui import QMouseEvent, QPaintEvent

    Index = QModelIndex | QPersistentModelIndex

_WIDTH, _ROW, _MOST_ROWS, _TOP = 620, 40, 10, 56
_TITLE = 12.0  # what a fit in the title is worth over one in the note
_ENTRY = Qt.ItemDataRole.UserRole
_LETTERS = Qt.ItemDataRole.UserRole + 1
_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


@dataclass(frozen=True)
class Entry:
    """Something to find: `kind` says what it is ("lab", "run", "command"), `key` is its shortcut, `run` does it."""

    title: str
    note: str
    kind: str
    glyph: str
    run: Callable[[], object]
    key: str = ""


class Palette(QWidget):
    """A sheet over the window with the field and what it finds. Escape or a click beside it closes it."""

    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._entries: list[Entry] = []
        self._before: QWidget | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find a lab, a run, a command")
        self.field.setAccessibleName("Find a lab, a run, a command")
        self.field.setObjectName("palette-field")
        self.field.addAction(icon("magnifying-glass", "dim"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self._model = QStandardItemModel(self)
        self.list = self._make_list()
        self.nothing = QLabel("Nothing of that name")
        self.nothing.setProperty("role", "dim")
        self.nothing.setContentsMargins(14, 12, 14, 12)
        self._sheet = self._make_sheet()
        window.installEventFilter(self)
        self.hide()

    def open(self, entries: list[Entry], text: str = "") -> None:
        """Shows the palette over the window."""
        self._entries = entries
        self._before = self.window().focusWidget()
        self.field.setText(text)
        self._find(text)
        self.setGeometry(self.window().rect())
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_sheet(self) -> None:
        """Goes away, and gives the focus back to where it was."""
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def titles(self) -> list[str]:
        """What is found now, best first."""
        return [self._model.item(row).text() for row in range(self._model.rowCount())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the window's size; the arrow keys move in the list while one types."""
        if watched is self.parent() and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.window().rect())
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(Qt.Key(event.key()))
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the sheet closes it."""
        self.close_sheet()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dims what lies behind."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 120 if theme().colours.dark else 60))

    def resizeEvent(self, event: QEvent) -> None:
        """Centres the sheet."""
        self._place()

    def _make_list(self) -> QListView:
        found = QListView()
        found.setModel(self._model)
        found.setItemDelegate(EntryRow(found))
        found.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        found.setMouseTracking(True)
        found.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        found.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        found.clicked.connect(self._run)
        found.entered.connect(found.setCurrentIndex)
        return found

    def _make_sheet(self) -> QFrame:
        sheet = QFrame(self)
        sheet.setObjectName("palette")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.nothing)
        column.addWidget(self.list)
        return sheet

    def _place(self) -> None:
        width = min(_WIDTH, self.width() - 32)
        rows = min(_MOST_ROWS, self._model.rowCount())
        self.list.setFixedHeight(rows * _ROW)
        self.list.setVisible(rows > 0)
        self.nothing.setVisible(rows == 0)
        self._sheet.setFixedWidth(width)
        self._sheet.adjustSize()
        self._sheet.move((self.width() - width) // 2, _TOP)

    def _find(self, text: str) -> None:
        scored: list[tuple[float, int, Entry, Match]] = []
        for order, entry in enumerate(self._entries):
            found = match(text, entry.title)
            whole = match(text, f"{entry.title} {entry.note}")
            if found is not None:
                scored.append((-found.score - _TITLE, order, entry, found))
            elif whole is not None:
                scored.append((-whole.score, order, entry, Match(whole.score, ())))
        if text.strip():
            scored.sort(key=lambda row: row[:2])
        self._model.clear()
        for _, _, entry, found in scored:
            item = QStandardItem(entry.title)
            item.setData(entry, _ENTRY)
            item.setData(found.letters if text.strip() else (), _LETTERS)
            self._model.appendRow(item)
        self.list.setCurrentIndex(self._model.index(0, 0))
        self._place()

    def _key(self, key: Qt.Key) -> bool:
        if key in _MOVES:
            row = self.list.currentIndex().row() + _MOVES[key]
            last = self._model.rowCount() - 1
            row = row % (last + 1) if abs(_MOVES[key]) == 1 and last >= 0 else max(0, min(last, row))
            self.list.setCurrentIndex(self._model.index(row, 0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            return False
        return True

    def _run(self, index: QModelIndex) -> None:
        entry = index.data(_ENTRY)
        if isinstance(entry, Entry):
            self.close_sheet()
            entry.run()


class EntryRow(QStyledItemDelegate):
    """A row: icon, title with the found letters lit, note, and at the right the shortcut or what it is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are of one height."""
        return QSize(100, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draws the row."""
        colours, area = theme().colours, QRectF(option.rect)
        entry: Entry = index.data(_ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected))
            painter.drawRoundedRect(area, 6, 6)
        draw_glyph(painter, QRectF(area.x() + 12, area.y() + 11, 18, 18), entry.glyph, QColor(colours.dim))
        right = entry.key or entry.kind
        width = QFontMetricsF(font(12)).horizontalAdvance(right)
        line = QRectF(area.x() + 42, area.y(), area.width() - 66 - width, area.height())
        used = _write_lit(painter, line, entry.title, set(index.data(_LETTERS) or ()))
        painter.setFont(font(12))
        painter.setPen(QColor(colours.faint))
        centred = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(area.right() - width - 12, area.y(), width + 1, area.height()), centred, right)
        note = line.adjusted(used + 10, 0, 0, 0)
        painter.setPen(QColor(colours.dim))
        short = QFontMetricsF(font(12)).elidedText(entry.note, Qt.TextElideMode.ElideRight, max(0.0, note.width()))
        painter.drawText(note, centred, short)
        painter.restore()


def _write_lit(painter: QPainter, area: QRectF, text: str, lit: set[int]) -> float:
    """Writes a title with some letters in the accent colour. Returns its width in pixels."""
    colours, x = theme().colours, area.x()
    face = font(13, "medium")
    measure = QFontMetricsF(face)
    painter.setFont(face)
    shown = measure.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    for at, letter in enumerate(shown):
        painter.setPen(QColor(colours.accent if at in lit else colours.text))
        left = area.x() + measure.horizontalAdvance(shown[:at])
        x = area.x() + measure.horizontalAdvance(shown[: at + 1])
        painter.drawText(
            QRectF(left, area.y(), x - left + 4, area.height()), int(Qt.AlignmentFlag.AlignVCenter), letter
        )
    return x - area.x()
