"""The painted track of the time line: a ruler of seconds, the key frames of the chosen body, and the moment that is shown."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import font, theme

HEIGHT = 44
MARGIN = 14.0
_KEY = 6.0
_GRASP = 9.0
_STEPS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120)
_APART = 64.0
"""Pixels between two numbers of the ruler, at least."""
FRAME = 1 / 30


class TimeTrack(QWidget):
    """`scrubbed(seconds)`: the moment is dragged; `key_moved(number, seconds)`: a key frame was dragged there; `key_chosen(number)`."""

    scrubbed = Signal(float)
    key_moved = Signal(int, float)
    key_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seconds, self.time = 4.0, 0.0
        self.keys: tuple[float, ...] = ()
        self.chosen = -1
        self.sequence = 0.0
        self._held: tuple[int, float] | None = None
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Time line")
        self.setToolTip("Drag to another moment; drag a key frame to move it; arrows go frame by frame")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, HEIGHT)

    def show_keys(self, keys: tuple[float, ...], seconds: float, sequence: float) -> None:
        """Moments of the key frames, how long the time line is, and how much of it a sequence fills."""
        self.keys, self.seconds, self.sequence = keys, seconds, sequence
        self.chosen = min(self.chosen, len(keys) - 1)
        self.update()

    def show_time(self, time: float) -> None:
        """The moment."""
        self.time = time
        self.update()

    def x_of(self, time: float) -> float:
        """Where a moment is, pixels."""
        return MARGIN + time / self.seconds * (self.width() - 2 * MARGIN)

    def time_at(self, x: float) -> float:
        """The moment at a place, to a frame."""
        share = (x - MARGIN) / max(1.0, self.width() - 2 * MARGIN)
        return min(self.seconds, max(0.0, round(share * self.seconds / FRAME) * FRAME))

    # Hands -------------------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of a key frame, or of the moment."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        key = self._under(event.position())
        self.chosen = key
        self.key_chosen.emit(key)
        if key >= 0:
            self._held = (key, self.keys[key])
            self.scrubbed.emit(self.keys[key])
        else:
            self.scrubbed.emit(self.time_at(event.position().x()))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags it."""
        if not event.buttons() & Qt.MouseButton.LeftButton:
            near = self._under(event.position()) >= 0
            self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
            return
        time = self.time_at(event.position().x())
        if self._held is None:
            self.scrubbed.emit(time)
        else:
            self._held = (self._held[0], time)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A key frame stays where it was let go."""
        held, self._held = self._held, None
        if held is not None and abs(held[1] - self.keys[held[0]]) > 0.5 * FRAME:
            self.key_moved.emit(*held)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Frame by frame; Shift goes ten; Home and End."""
        step = FRAME * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        match event.key():
            case Qt.Key.Key_Left:
                self.scrubbed.emit(max(0.0, self.time - step))
            case Qt.Key.Key_Right:
                self.scrubbed.emit(min(self.seconds, self.time + step))
            case Qt.Key.Key_Home:
                self.scrubbed.emit(0.0)
            case Qt.Key.Key_End:
                self.scrubbed.emit(self.seconds)
            case _:
                super().keyPressEvent(event)

    def _under(self, at: QPointF) -> int:
        away = [(abs(self.x_of(time) - at.x()), number) for number, time in enumerate(self.keys)]
        distance, number = min(away, default=(_GRASP + 1, -1))
        return number if distance <= _GRASP and at.y() > 0.4 * self.height() else -1

    # Painting ----------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ruler, what a sequence fills, key frames, the moment."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lane = QRectF(MARGIN, 24, self.width() - 2 * MARGIN, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(lane, 3, 3)
        if self.sequence > 0:
            wash = QColor(colours.accent)
            wash.setAlphaF(0.45)
            painter.setBrush(wash)
            end = self.x_of(min(self.sequence, self.seconds))
            painter.drawRoundedRect(QRectF(MARGIN, 24, end - MARGIN, 12), 3, 3)
        self._paint_ruler(painter)
        for number, time in enumerate(self.keys):
            held = self._held is not None and self._held[0] == number
            self._paint_key(painter, self._held[1] if held and self._held is not None else time, number == self.chosen)
        x = self.x_of(self.time)
        painter.setPen(QPen(QColor(colours.live), 2))
        painter.drawLine(QPointF(x, 16), QPointF(x, self.height() - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.live))
        painter.drawPolygon(QPolygonF([QPointF(x - 5, 13), QPointF(x + 5, 13), QPointF(x, 20)]))
        painter.end()

    def _paint_ruler(self, painter: QPainter) -> None:
        colours = theme().colours
        room = (self.width() - 2 * MARGIN) / self.seconds
        step = next((step for step in _STEPS if step * room >= _APART), _STEPS[-1])
        painter.setFont(font(10))
        for number in range(int(self.seconds / step + 1e-6) + 1):
            x = self.x_of(number * step)
            painter.setPen(QColor(colours.edge))
            painter.drawLine(QPointF(x, 16), QPointF(x, 22))
            painter.setPen(QColor(colours.faint))
            area = QRectF(x - 30, 0, 60, 14)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), f"{number * step:g} s")

    def _paint_key(self, painter: QPainter, time: float, chosen: bool) -> None:
        colours = theme().colours
        x, y = self.x_of(time), 30.0
        painter.setPen(QPen(QColor(colours.panel), 1.5))
        painter.setBrush(QColor(colours.accent if chosen else colours.text))
        corners = ((0, -_KEY), (_KEY, 0), (0, _KEY), (-_KEY, 0))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
