"""A picture that one draws with the mouse: pen, eraser, undo, clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.controls.base import ControlWidget
from app.controls.tools import tool
from app.theme import theme

if TYPE_CHECKING:
    from engine.api.params import Canvas, Field

_LARGEST = 232
_PEN_SHARE = 22
"""The pen is one part in so many of the picture's shorter side, and never less than 0.8 pixels in radius."""
_MOST_STROKES = 50


def stamp(picture: np.ndarray, x: float, y: float, radius: float, erase: bool = False) -> None:
    """Puts one soft dot of ink into a picture `[H, W]` uint8, in place. `x`, `y`: its middle in pixels."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    distance = np.hypot(rows - y, columns - x)
    ink = np.clip(radius + 0.5 - distance, 0.0, 1.0)
    if erase:
        picture[:] = np.minimum(picture, np.round(255 * (1 - ink)).astype(np.uint8))
    else:
        picture[:] = np.maximum(picture, np.round(255 * ink).astype(np.uint8))


class Paper(QWidget):
    """The drawn picture. `started`: a stroke begins; `drawn`: it has grown."""

    started = Signal()
    drawn = Signal()

    def __init__(self, height: int, width: int, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = np.zeros((height, width), np.uint8)
        self.erases = False
        self._hint = hint or "Draw here"
        self._last: QPointF | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As large as is comfortable."""
        return QSize(_LARGEST, self.heightForWidth(_LARGEST))

    def heightForWidth(self, width: int) -> int:
        """By the shape of the picture."""
        rows, columns = self.picture.shape
        return max(24, round(min(width, _LARGEST, _LARGEST * columns / rows) * rows / columns))

    def set_picture(self, picture: np.ndarray) -> None:
        """Shows a picture `[H, W]` uint8."""
        self.picture = picture.copy()
        self.update()

    def area(self) -> QRectF:
        """Where the picture lies in the widget."""
        rows, columns = self.picture.shape
        scale = min(self.width() / columns, self.height() / rows)
        return QRectF(0, 0, columns * scale, rows * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture pixel by pixel on black, or the hint."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.area()
        rows, columns = self.picture.shape
        shape = QPainterPath()
        shape.addRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.save()
        painter.setClipPath(shape)
        painter.drawImage(area, QImage(self.picture.data, columns, rows, columns, QImage.Format.Format_Grayscale8))
        painter.restore()
        painter.setPen(QPen(QColor(colours.edge), 1))
        painter.drawPath(shape)
        if not self.picture.any():
            painter.setPen(QColor("#98a3b1"))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._hint)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins a stroke; the right button erases."""
        self.started.emit()
        self._last = None
        self._draw(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Goes on with the stroke."""
        self._draw(event)

    def _draw(self, event: QMouseEvent) -> None:
        erase = self.erases or bool(event.buttons() & Qt.MouseButton.RightButton)
        area, (rows, columns) = self.area(), self.picture.shape
        here = QPointF(event.position().x() / area.width() * columns, event.position().y() / area.height() * rows)
        before = self._last or here
        radius = max(0.8, min(rows, columns) / _PEN_SHARE) * (1.6 if erase else 1.0)
        way = here - before
        dots = 1 + int(2 * np.hypot(way.x(), way.y()) / radius)
        for dot in range(dots):
            point = before + way * ((dot + 1) / dots)
            stamp(self.picture, point.x(), point.y(), radius, erase)
        self._last = here
        self.update()
        self.drawn.emit()


class CanvasControl(ControlWidget):
    """The paper and its tools. An empty paper is None."""

    wide = True

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        control = cast("Canvas", field.control)
        self.paper = Paper(control.height, control.width, control.hint)
        self._strokes: list[np.ndarray] = []
        self.pen = tool("pencil-simple", "Pen", checkable=True)
        self.eraser = tool("eraser", "Eraser (or the right mouse button)", checkable=True)
        self.undo = tool("arrow-counter-clockwise", "Take the last stroke back")
        self.clear = tool("trash", "Clear the picture")
        self.pen.clicked.connect(lambda: self._choose(erases=False))
        self.eraser.clicked.connect(lambda: self._choose(erases=True))
        self.undo.clicked.connect(self._undo)
        self.clear.clicked.connect(self._clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(4)
        column.addWidget(self.paper)
        column.addLayout(self._tools())
        self.paper.started.connect(self._keep)
        self.paper.drawn.connect(lambda: self._tell(self.paper.picture))
        self._choose(erases=False)
        self.show_value(self.value())

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        buttons: list[QToolButton] = [self.pen, self.eraser, self.undo, self.clear]
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        return row

    def show_value(self, value: Any) -> None:
        """Shows the picture, or an empty paper."""
        self.paper.set_picture(np.zeros_like(self.paper.picture) if value is None else value)
        self.undo.setEnabled(bool(self._strokes))
        self.clear.setEnabled(value is not None)

    def _choose(self, erases: bool) -> None:
        self.paper.erases = erases
        self.pen.setChecked(not erases)
        self.eraser.setChecked(erases)

    def _keep(self) -> None:
        self._strokes = [*self._strokes[-_MOST_STROKES:], self.paper.picture.copy()]

    def _undo(self) -> None:
        if self._strokes:
            self._tell(self._strokes.pop())

    def _clear(self) -> None:
        self._keep()
        self._tell(np.zeros_like(self.paper.picture))

    def _tell(self, picture: np.ndarray) -> None:
        self.offer(picture.copy() if picture.any() else None)
