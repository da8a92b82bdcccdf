"""A point that one drags in a square, or moves with the arrow keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.controls.base import ControlWidget
from app.controls.figures import shown
from app.theme import theme

if TYPE_CHECKING:
    from engine.api.params import Field, Pad

_EDGE = 8.0
_TALLEST = 104
_FINE, _COARSE = 100, 10


class Square(QWidget):
    """The square with its cross-hair and dot. `moved`: a place in −1 … 1, y upwards; `nudged`: key steps in x and y."""

    moved = Signal(float, float)
    nudged = Signal(int, int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot = (0.0, 0.0)
        self._zero = (0.0, 0.0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMaximumWidth(_TALLEST)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(_TALLEST, _TALLEST)

    def minimumSizeHint(self) -> QSize:
        """Small, in a narrow dock."""
        return QSize(52, 52)

    def heightForWidth(self, width: int) -> int:
        """As high as wide, up to a limit."""
        return min(width, _TALLEST)

    def set_dot(self, dot: tuple[float, float], zero: tuple[float, float]) -> None:
        """Where the dot stands, and where the axes cross, both in −1 … 1."""
        self._dot, self._zero = dot, zero
        self.update()

    def area(self) -> QRectF:
        """The square in pixels, at the left of the widget."""
        side = min(self.width(), self.height())
        return QRectF(0.5, 0.5, side - 1, side - 1)

    def dot(self) -> QPointF:
        """The middle of the dot in pixels."""
        return self._pixel(self._dot)

    def _pixel(self, place: tuple[float, float]) -> QPointF:
        area = self.area().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        return QPointF(
            area.center().x() + place[0] * area.width() / 2, area.center().y() - place[1] * area.height() / 2
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, the axes, the lines to the dot, and the dot."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.line), 1))
        painter.setBrush(QColor(colours.raised))
        area, dot, zero = self.area(), self.dot(), self._pixel(self._zero)
        painter.drawRoundedRect(area, 6, 6)
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.drawLine(QPointF(zero.x(), area.top() + 1), QPointF(zero.x(), area.bottom() - 1))
        painter.drawLine(QPointF(area.left() + 1, zero.y()), QPointF(area.right() - 1, zero.y()))
        painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(dot.x(), zero.y()), dot)
        painter.drawLine(QPointF(zero.x(), dot.y()), dot)
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(dot, 6, 6)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Brings the dot to the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the dot."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._follow(event.position())

    def _follow(self, point: QPointF) -> None:
        area = self.area().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        x = (point.x() - area.center().x()) / (area.width() / 2)
        y = (area.center().y() - point.y()) / (area.height() / 2)
        self.moved.emit(min(1.0, max(-1.0, x)), min(1.0, max(-1.0, y)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows nudge the dot, ten times as far with Shift."""
        table = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        steps = table.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
        else:
            self.nudged.emit(*steps, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows the ring."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hides the ring."""
        self.update()


class PadControl(ControlWidget):
    """The square, and its coordinates beside it."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        control = cast("Pad", field.control)
        self._lo, self._hi = control.lo, control.hi
        self.square, self.words = Square(), QLabel()
        self.square.setAccessibleName(field.label)
        self.words.setProperty("role", "small")
        self.words.setMinimumWidth(self.words.fontMetrics().horizontalAdvance("x −0.00"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(8)
        row.addWidget(self.square, 1)
        row.addWidget(self.words, 0, Qt.AlignmentFlag.AlignBottom)
        self.setFocusProxy(self.square)
        self.square.moved.connect(lambda x, y: self.offer((self._value_at(x), self._value_at(y))))
        self.square.nudged.connect(self._nudge)
        self.show_value(self.value())

    def show_value(self, value: Any) -> None:
        """Moves the dot and writes the coordinates."""
        zero = min(self._hi, max(self._lo, 0.0))
        self.square.set_dot((self._place(value[0]), self._place(value[1])), (self._place(zero), self._place(zero)))
        self.words.setText(f"x {shown(value[0])}\ny {shown(value[1])}")

    def _place(self, value: float) -> float:
        return 2 * (value - self._lo) / (self._hi - self._lo) - 1

    def _value_at(self, place: float) -> float:
        value = self._lo + (place + 1) / 2 * (self._hi - self._lo)
        return min(self._hi, max(self._lo, float(f"{value:.3g}")))

    def _nudge(self, x: int, y: int, coarse: bool) -> None:
        step = (self._hi - self._lo) / (_COARSE if coarse else _FINE)
        moved = (self.value()[0] + x * step, self.value()[1] + y * step)
        self.offer(tuple(min(self._hi, max(self._lo, float(f"{part:.6g}"))) for part in moved))
