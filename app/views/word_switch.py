"""A switch of a few quiet words: lin · log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from app.theme import font, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class Word(QAbstractButton):
    """One word; bright while it holds, with a thin line under it when the keyboard is on it."""

    def __init__(self, text: str, tip: str) -> None:
        super().__init__()
        self.setText(text)
        self.setToolTip(tip)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        """The word and a little air."""
        return QSize(QFontMetrics(font(12)).horizontalAdvance(self.text()) + 8, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the word."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setFont(font(12))
        painter.setPen(
            QColor(colours.text if self.isChecked() else colours.dim if self.underMouse() else colours.faint)
        )
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())
        if self.property("ring"):
            painter.setPen(QColor(colours.accent))
            painter.drawLine(4, self.height() - 3, self.width() - 4, self.height() - 3)
        painter.end()


class WordSwitch(QWidget):
    """Exactly one of `words` holds. `chosen(index)`: another one was chosen."""

    chosen = Signal(int)

    def __init__(self, words: tuple[str, ...], tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.index = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        for index, text in enumerate(words):
            word = Word(text, tip)
            word.setChecked(index == 0)
            self._group.addButton(word, index)
            row.addWidget(word)
        self._group.idClicked.connect(self.choose)

    def choose(self, index: int) -> None:
        """Chooses a word."""
        self._group.button(index).setChecked(True)
        if index != self.index:
            self.index = index
            self.chosen.emit(index)
