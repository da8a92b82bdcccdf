"""The surface of a viewport: shows the newest picture, and turns what a person's hands do into motions of the camera."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.theme import font, theme
from engine.raster import Free, Orbit
from engine.raster.shapes import AXES_COLOURS

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent

    from app.views.scene3d import Rgb
    from engine.raster import Camera

FOV = math.radians(40.0)
FLY_MS = 16
FLY_SPEED = 0.9
"""Distances to the target that a held key flies in a second."""
ZOOM_STEP = 1.0012
"""How much closer an eighth of a degree of the wheel comes."""
KEY_TURN = 40.0
_AXIS = 26.0
_KEYS = {
    Qt.Key.Key_W: (1, 0, 0),
    Qt.Key.Key_Up: (1, 0, 0),
    Qt.Key.Key_S: (-1, 0, 0),
    Qt.Key.Key_Down: (-1, 0, 0),
    Qt.Key.Key_D: (0, 1, 0),
    Qt.Key.Key_Right: (0, 1, 0),
    Qt.Key.Key_A: (0, -1, 0),
    Qt.Key.Key_Left: (0, -1, 0),
    Qt.Key.Key_E: (0, 0, 1),
    Qt.Key.Key_Q: (0, 0, -1),
}
"""Which key flies where: forward, right, up."""


class StageTool(Protocol):
    """Something in front of the picture that a person takes hold of; `camera` sees in the widget's own pixels."""

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """A button went down; whether the tool takes the gesture."""

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """The pointer moved in a gesture that the tool has taken."""

    def release(self) -> None:
        """The gesture is over."""

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """The pointer moved, no button down; whether the tool looks different now."""

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Draws the tool over the picture."""


class Stage(QWidget):
    """Shows pictures, moves the camera; `tools` stand in front and take gestures first.

    `moved`: the person moved the camera. `resized`: a picture of another size is needed. `frame_asked`, `reset_asked`: show
    the content again, from where the person looks, or from where one looks at first.
    """

    moved = Signal()
    resized = Signal()
    frame_asked = Signal()
    reset_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.orbit: Orbit | Free = Orbit(fov_y=FOV)
        self.touched = False
        self.image = QImage()
        self.backdrop: tuple[Rgb, Rgb] = ((0, 0, 0), (0, 0, 0))
        self.words = ""
        self.measure = ""
        self.shows_axes = True
        self.tools: list[StageTool] = []
        self._held_tool: StageTool | None = None
        self._last: QPointF | None = None
        self._held: set[Qt.Key] = set()
        self._flown = 0.0
        self._flight = QTimer(self, interval=FLY_MS)
        self._flight.timeout.connect(self._fly)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(1, 1)
        self.setMouseTracking(True)
        self.setAccessibleName("3-D view")

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(480, 360)

    def pixels(self) -> tuple[int, int]:
        """Width and height of a picture, in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    # camera ---------------------------------------------------------------------------------------------------------------------

    def camera(self) -> Camera:
        """What sees the scene, in the widget's own pixels."""
        return self.orbit.camera(max(1, self.width()), max(1, self.height()))

    def take(self, orbit: Orbit | Free) -> None:
        """Looks from here; an orbit so wide that a narrow view shows as much from left to right as from top to bottom."""
        self.orbit = orbit if isinstance(orbit, Free) else dataclasses.replace(orbit, fov_y=self._fov())

    def _fov(self) -> float:
        return 2.0 * math.atan(math.tan(0.5 * FOV) * max(1.0, self.height() / max(self.width(), 1)))

    def _move(self, orbit: Orbit | Free) -> None:
        self.orbit, self.touched = orbit, True
        self.moved.emit()

    def zoom(self, at: QPointF, factor: float) -> None:
        """Comes closer by a factor; what lies under the pointer stays there."""
        away = at - QPointF(self.width() / 2, self.height() / 2)
        slide = 1.0 - factor
        self._move(self.orbit.zoomed(factor).panned(away.x() * slide, away.y() * slide, self.height()))

    def _fly(self) -> None:
        now = time.perf_counter()
        stretch = min(now - self._flown, 0.1) * FLY_SPEED * self.orbit.distance
        self._flown = now
        forward, right, up = (sum(_KEYS[key][axis] for key in self._held) * stretch for axis in range(3))
        self._move(self.orbit.flown(forward, right, up))

    def _land(self) -> None:
        self._held.clear()
        self._flight.stop()

    # hands ----------------------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The start of a drag, of a tool or of the camera."""
        camera = self.camera()
        self._held_tool = next((tool for tool in self.tools if tool.press(event, camera)), None)
        if self._held_tool is not None:
            self.update()
            return
        self._last = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turns with the left button; slides with another one, or with Shift."""
        if self._held_tool is not None:
            self._held_tool.drag(event, self.camera())
            self.update()
            return
        if self._last is None:
            self._hover(event.position())
            return
        by, self._last = event.position() - self._last, event.position()
        turns = event.buttons() == Qt.MouseButton.LeftButton and event.modifiers() != Qt.KeyboardModifier.ShiftModifier
        if turns:
            self._move(self.orbit.rotated(by.x(), by.y()))
        else:
            self._move(self.orbit.panned(by.x(), by.y(), self.height()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The end of a drag."""
        tool, self._held_tool = self._held_tool, None
        if tool is not None:
            tool.release()
            self.update()
        self._last = None
        self.unsetCursor()

    def _hover(self, at: QPointF) -> None:
        camera = self.camera()
        changed = [tool.hover(at, camera) for tool in self.tools]  # each hears of it
        if any(changed):
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Shows all of the content."""
        self.frame_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Comes closer to what lies under the pointer, or goes away from it."""
        if turned := event.angleDelta().y():
            self.zoom(event.position(), ZOOM_STEP**turned)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Flies while a key is held; F and R show the content; plus and minus zoom."""
        key, middle = event.key(), QPointF(self.width() / 2, self.height() / 2)
        if key in _KEYS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._take_off(Qt.Key(key), event.isAutoRepeat())
        elif key == Qt.Key.Key_F:
            self.frame_asked.emit()
        elif key in (Qt.Key.Key_R, Qt.Key.Key_Home):
            self.reset_asked.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(middle, 0.8 if key == Qt.Key.Key_Minus else 1.25)
        else:
            super().keyPressEvent(event)

    def _take_off(self, key: Qt.Key, again: bool) -> None:
        if again:
            return
        if not self._held:
            self._flown = time.perf_counter() - FLY_MS / 1000  # a tap moves by one tick at least
            self._flight.start()
        self._held.add(key)
        self._fly()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Ends the flight with its last key."""
        if not event.isAutoRepeat() and event.key() in _KEYS:
            self._held.discard(Qt.Key(event.key()))
            if not self._held:
                self._land()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No key is held any more, as far as one can know."""
        self._land()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """The same."""
        self._land()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Asks for a picture of the new size."""
        self.take(self.orbit)
        self.resized.emit()

    # painting -------------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the picture, and over it what is always sharp."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        if self.image.isNull():
            painter.fillRect(area, self._gradient())
        else:
            painter.setRenderHint(
                QPainter.RenderHint.SmoothPixmapTransform, (self.image.width(), self.image.height()) != self.pixels()
            )
            painter.drawImage(area, self.image)
        self.paint_over(painter)
        painter.end()

    def _gradient(self) -> QLinearGradient:
        gradient = QLinearGradient(0, 0, 0, self.height())
        gradient.setColorAt(0, QColor(*self.backdrop[0]))
        gradient.setColorAt(1, QColor(*self.backdrop[1]))
        return gradient

    def paint_over(self, painter: QPainter) -> None:
        """Draws the axes in their corner, the measure of the grid, and what is to be said."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        camera = self.camera()
        for tool in self.tools:
            tool.paint(painter, camera)
        painter.setFont(font(11))
        if self.shows_axes and min(self.width(), self.height()) >= 120:
            self._paint_axes(painter)
        painter.setPen(QColor(theme().colours.faint))
        if self.measure and self.width() >= 200:
            corner = QRectF(0, self.height() - 28, self.width() - 12, 20)
            painter.drawText(corner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self.measure)
        if self.words:
            painter.setFont(font(13))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()).adjusted(24, 0, -24, 0), flags, self.words)

    def _paint_axes(self, painter: QPainter) -> None:
        """The three axes as the camera sees them, the nearest one on top."""
        turned = self.orbit.camera(1, 1).camera_from_world[:3, :3]
        length = _AXIS if self.height() > 300 else 0.7 * _AXIS
        middle = QPointF(length + 18, self.height() - length - 18)
        for axis in sorted(range(3), key=lambda index: -turned[2, index]):
            colour = QColor(*AXES_COLOURS[axis].tolist())
            colour.setAlphaF(0.55 if turned[2, axis] > 0.3 else 1.0)
            direction = QPointF(float(turned[0, axis]), float(turned[1, axis]))
            painter.setPen(QPen(colour, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(middle, middle + direction * length)
            label = middle + direction * (length + 9)
            painter.drawText(
                QRectF(label.x() - 8, label.y() - 8, 16, 16), int(Qt.AlignmentFlag.AlignCenter), "xyz"[axis]
            )
