"""The bars above and below the page: brand, menus, the field that finds anything, the device; state and saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenuBar, QPushButton, QSizePolicy, QWidget

from app.theme import icon, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

TOP, FOOT = 48, 26
_FIND = 420


class TopBar(QFrame):
    """Brand and menus at the left, the finding field in the middle of the window, the device at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setFixedHeight(TOP)
        self.brand = QLabel(textFormat=Qt.TextFormat.RichText)
        self.brand.setObjectName("brand")
        self.menus = QMenuBar()
        self.menus.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.finder = FindButton()
        self.device = QPushButton("Starting")
        self.device.setObjectName("device")
        self.device.setToolTip("What trains here. Click to choose how many threads it takes")
        theme().changed.connect(self._write_brand)
        self._write_brand()
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(16)
        row.addWidget(self.brand)
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self.device)
        self.finder.setParent(self)
        self.finder.show()

    def resizeEvent(self, event: object) -> None:
        """Keeps the field in the middle of the window, as wide as the sides allow."""
        left = self.menus.geometry().right() + 24
        right = self.width() - self.device.geometry().left() + 24
        width = max(120, min(_FIND, self.width() - 2 * max(left, right)))
        if width < 260:  # not centred, but all of it
            width = max(60, min(_FIND, self.width() - left - right))
            self.finder.setGeometry(left, (TOP - 30) // 2, width, 30)
        else:
            self.finder.setGeometry((self.width() - width) // 2, (TOP - 30) // 2, width, 30)

    def _write_brand(self) -> None:
        self.brand.setText(f"Perception <span style='color:{theme().colours.accent}'>Studio</span>")


class FindButton(QPushButton):
    """Looks like a field, opens the command palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("find")
        self.setAccessibleName("Find a lab, a run, a command")
        self.setToolTip("Find any lab, run or command by a few of its letters")
        self.setCursor(Qt.CursorShape.IBeamCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 8, 0)
        row.setSpacing(8)
        self._mark = QLabel()
        self._mark.setPixmap(icon("magnifying-glass", "dim").pixmap(16, 16))
        words = QLabel("Find a lab, a run, a command")
        words.setProperty("role", "dim")
        words.setMinimumWidth(10)
        key = QLabel("Ctrl K")
        key.setProperty("role", "key")
        row.addWidget(self._mark)
        row.addWidget(words, 1)
        row.addWidget(key, 0, Qt.AlignmentFlag.AlignVCenter)
        for label in (self._mark, words, key):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme().changed.connect(self._repaint_mark)

    def _repaint_mark(self) -> None:
        self._mark.setPixmap(icon("magnifying-glass", "dim").pixmap(16, 16))


class StatusBar(QFrame):
    """One quiet line: how the page stands at the left, what can be copied at the right."""

    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "foot")
        self.setFixedHeight(FOOT)
        self._state = QLabel()
        self._state.setObjectName("status")
        self.copy = QPushButton("Copy as command")
        self.copy.setProperty("kind", "quiet")
        self.copy.setToolTip("Copies the command that repeats this run without a window")
        self.copy.clicked.connect(self.copy_wanted)
        self.copy.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.addWidget(self._state, 1)
        row.addWidget(self.copy)

    def tell(self, text: str) -> None:
        """Shows how the page stands."""
        self._state.setText(text)

    def text(self) -> str:
        """What it shows now."""
        return self._state.text()


class DropVeil(QWidget):
    """Lies over the window while something is dragged over it, and says what a drop would do."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = ""
        self.hide()

    def lift(self, words: str) -> None:
        """Shows itself over the whole window."""
        self._words = words
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An accent frame, and the words on a plate in the middle."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colours.canvas)
        veil.setAlphaF(0.55)
        painter.fillRect(self.rect(), veil)
        pen = painter.pen()
        pen.setColor(QColor(colours.accent))
        pen.setWidth(2)
        painter.setPen(pen)
        painter.drawRoundedRect(self.rect().adjusted(6, 6, -6, -6), 10, 10)
        plate = painter.fontMetrics().boundingRect(self._words).adjusted(-20, -12, 20, 12)
        plate.moveCenter(self.rect().center())
        painter.setBrush(QColor(colours.raised))
        painter.setPen(QColor(colours.edge))
        painter.drawRoundedRect(plate, 8, 8)
        painter.setPen(QColor(colours.text))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self._words)
