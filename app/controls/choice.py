"""One of a few names: buttons side by side while they are few and short, else a list that drops down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from app.controls.base import ROW_HEIGHT, ControlWidget
from app.controls.track import wheel_steps
from app.theme import font, theme

if TYPE_CHECKING:
    from engine.api.params import Choice, Field

_MOST_SEGMENTS = 3
_MOST_LETTERS = 14
_INSET = 3.0


class Segments(QWidget):
    """Names side by side, one of them raised. `chosen`: its index."""

    chosen = Signal(int)

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = names
        self._index = 0
        self.setFont(font(12, "medium"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide enough for every name."""
        return QSize(sum(self._widths()), ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Narrower: names are then elided."""
        return QSize(36 * len(self._names), ROW_HEIGHT)

    def set_index(self, index: int) -> None:
        """Raises a name."""
        self._index = index
        self.update()

    def area(self, index: int) -> QRectF:
        """The place of a name in pixels."""
        widths = self._widths()
        scale = self.width() / sum(widths)
        return QRectF(sum(widths[:index]) * scale, 0, widths[index] * scale, self.height())

    def _widths(self) -> list[int]:
        return [self.fontMetrics().horizontalAdvance(name) + 18 for name in self._names]

    def paintEvent(self, event: QPaintEvent) -> None:
        """The groove, the raised name, and the others."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.line), 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.edge if colours.dark else colours.panel))
        inset = self.area(self._index).adjusted(_INSET, _INSET, -_INSET, -_INSET)
        painter.drawRoundedRect(inset, 4, 4)
        for index, name in enumerate(self._names):
            area = self.area(index)
            painter.setPen(QColor(colours.text if index == self._index else colours.dim))
            words = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(area.width()) - 8)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the name under the mouse."""
        for index in range(len(self._names)):
            if self.area(index).contains(event.position()):
                self.chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go to the next name."""
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}.get(
            Qt.Key(event.key())
        )
        if step is None:
            super().keyPressEvent(event)
        elif 0 <= self._index + step < len(self._names):
            self.chosen.emit(self._index + step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows the ring."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hides the ring."""
        self.update()


class CalmComboBox(QComboBox):
    """A list that drops down, and that the wheel turns only while it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(3)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Without the focus, the dock scrolls."""
        if wheel_steps(self, event):
            super().wheelEvent(event)


class ChoiceControl(ControlWidget):
    """A choice, as buttons or as a list."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._options = cast("Choice", field.control).options
        few = len(self._options) <= _MOST_SEGMENTS and sum(map(len, self._options)) <= _MOST_LETTERS
        self.chooser: Segments | CalmComboBox = Segments(self._options) if few else self._make_list()
        if isinstance(self.chooser, Segments):
            self.chooser.chosen.connect(lambda index: self.offer(self._options[index]))
        self.chooser.setAccessibleName(field.label)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.chooser)
        self.setFocusProxy(self.chooser)
        self.show_value(self.value())

    def _make_list(self) -> CalmComboBox:
        made = CalmComboBox()
        made.addItems(list(self._options))
        made.activated.connect(lambda index: self.offer(self._options[index]))
        return made

    def show_value(self, value: Any) -> None:
        """Raises the name, or puts it on top of the list."""
        index = self._options.index(value)
        if isinstance(self.chooser, Segments):
            self.chooser.set_index(index)
        else:
            self.chooser.setCurrentIndex(index)
