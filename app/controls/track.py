"""A painted track with a knob, for the mouse, the keys and, with the focus, the wheel."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.controls.base import ROW_HEIGHT
from app.theme import theme

_KNOB = 7.0
STEP_KEYS = {
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}


class Track(QWidget):
    """The painted track and its knob. `moved`: a place 0 … 1 from the mouse; `stepped`: key or wheel steps."""

    moved = Signal(float)
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = self._origin = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Long enough to aim at."""
        return QSize(110, ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Short, in a narrow dock."""
        return QSize(28, ROW_HEIGHT)

    def set_place(self, place: float, origin: float) -> None:
        """Where the knob stands, and where the coloured part begins."""
        if (place, origin) != (self._place, self._origin):
            self._place, self._origin = place, origin
            self.update()

    def knob(self) -> QPointF:
        """The middle of the knob in pixels."""
        return QPointF(self._x(self._place), self.height() / 2)

    def _x(self, place: float) -> float:
        return _KNOB + place * (self.width() - 2 * _KNOB)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The groove, its filled part, and the knob."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(QRectF(_KNOB - 2, middle - 2, self.width() - 2 * _KNOB + 4, 4), 2, 2)
        left, right = sorted((self._x(self._origin), self._x(self._place)))
        enabled = self.isEnabled()
        painter.setBrush(QColor(colours.accent if enabled else colours.edge))
        painter.drawRoundedRect(QRectF(left - 2, middle - 2, right - left + 4, 4), 2, 2)
        ring = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(QColor(colours.accent if ring else colours.edge), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor("#ffffff" if enabled else colours.faint))
        painter.drawEllipse(self.knob(), _KNOB - 1, _KNOB - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Brings the knob to the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the knob."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._follow(event)

    def _follow(self, event: QMouseEvent) -> None:
        room = max(1.0, self.width() - 2 * _KNOB)
        self.moved.emit(min(1.0, max(0.0, (event.position().x() - _KNOB) / room)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns the value with the focus; without, the dock scrolls."""
        steps = wheel_steps(self, event)
        if steps:
            self.stepped.emit(steps)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step, page keys step ten at a time, Home and End go to the ends."""
        key = Qt.Key(event.key())
        if key in STEP_KEYS:
            coarse = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.stepped.emit(STEP_KEYS[key] * coarse)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.moved.emit(0.0 if key == Qt.Key.Key_Home else 1.0)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows the ring."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hides the ring."""
        self.update()


def wheel_steps(widget: QWidget, event: QWheelEvent) -> int:
    """The steps of a wheel turn over a widget that has the focus; else 0, and the event is left to what lies behind."""
    if not widget.hasFocus():
        event.ignore()
        return 0
    event.accept()
    turn = event.angleDelta().y() or event.angleDelta().x()
    return (turn > 0) - (turn < 0)
