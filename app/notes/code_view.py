"""The source of a lab, to read: highlighted, numbered, searchable; it opens at `def run`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFont,
    QGuiApplication,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from app.notes.find_bar import FindBar
from app.notes.highlight import PythonHighlighter
from app.theme import icon, mono, theme

if TYPE_CHECKING:
    from engine.api.lab import LabInfo

_RUN = re.compile(r"^def run\b", re.MULTILINE)


class CodePage(QPlainTextEdit):
    """Read-only code with line numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setStyleSheet("QPlainTextEdit { background: transparent; border: 0; padding: 0; }")
        self.setFont(mono(12))
        self.gutter = Gutter(self)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_gutter)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the line numbers as high as the page."""
        super().resizeEvent(event)
        area = self.contentsRect()
        self.gutter.setGeometry(QRect(area.left(), area.top(), self.gutter.width_needed(), area.height()))

    def go_to_line(self, line: int) -> None:
        """Puts a line (from 0) near the top, with the cursor in it."""
        block = self.document().findBlockByNumber(line)
        self.setTextCursor(QTextCursor(block))
        self.verticalScrollBar().setValue(max(0, line - 2))

    def _make_room(self) -> None:
        self.setViewportMargins(self.gutter.width_needed(), 0, 0, 0)

    def _scroll_gutter(self, area: QRect, dy: int) -> None:
        if dy:
            self.gutter.scroll(0, dy)
        else:
            self.gutter.update(0, area.y(), self.gutter.width(), area.height())

    def line_tops(self) -> list[tuple[int, float, float]]:
        """Number (from 1), top and height in pixels of each line that shows."""
        found = []
        block = self.firstVisibleBlock()
        while block.isValid():
            area = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if area.top() > self.viewport().height():
                break
            found.append((block.blockNumber() + 1, area.top(), area.height()))
            block = block.next()
        return found


class Gutter(QWidget):
    """The line numbers beside the code."""

    def __init__(self, page: CodePage) -> None:
        super().__init__(page)
        self._page = page

    def sizeHint(self) -> QSize:
        """As wide as the largest number."""
        return QSize(self.width_needed(), 0)

    def width_needed(self) -> int:
        """Pixels for the largest line number, with space around it."""
        digits = max(3, len(str(self._page.blockCount())))
        return 20 + self._page.fontMetrics().horizontalAdvance("0" * digits)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Writes the numbers of the lines that show."""
        painter = QPainter(self)
        face = QFont(self._page.font())
        painter.setFont(face)
        painter.setPen(QColor(theme().colours.faint))
        for number, top, height in self._page.line_tops():
            area = QRect(0, round(top), self.width() - 12, round(height))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), str(number))


class CodeView(QWidget):
    """A lab's file, with a bar to find, copy and open it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = CodePage(self)
        self.find_bar = FindBar(self.page, self)
        self.find_bar.hide()
        self._highlighter = PythonHighlighter(self.page.document())
        self._file = Path()
        self._name = QLabel()
        self._name.setProperty("role", "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._make_header())
        layout.addWidget(self.find_bar)
        layout.addWidget(self.page, 1)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.find_bar.open)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _make_header(self) -> QHBoxLayout:
        header = QHBoxLayout()
        header.setContentsMargins(12, 4, 8, 4)
        header.setSpacing(2)
        header.addWidget(self._name, 1)
        for glyph, words, act in (
            ("magnifying-glass", "Find in the code (Ctrl+F)", self.find_bar.open),
            ("copy", "Copy the whole file", self._copy),
            ("arrow-square-out", "Open the file in its editor", self._open),
        ):
            button = QToolButton()
            button.setIcon(icon(glyph, "dim"))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(act)
            header.addWidget(button)
        return header

    def set_lab(self, info: LabInfo) -> None:
        """Shows a lab's file from its `def run` on."""
        self._file = Path(info.file)
        self._name.setText("/".join(self._file.parts[-3:]))
        try:
            source = self._file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            source = f"# {self._file.name} cannot be read."
        self.page.setPlainText(source)
        self._highlighter.set_source(source)
        found = _RUN.search(source)
        self.page.go_to_line(source.count("\n", 0, found.start()) if found else 0)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.page.toPlainText())

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file)))
