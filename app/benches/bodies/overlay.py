"""What is painted over the picture of the bodies: bones, the joints' axes, names; and which body lies under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from app.theme import font, theme
from app.views.scene import paint_text
from engine.raster.shapes import AXES_COLOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.views.viewport_stage import Stage
    from engine.raster import Camera

NEAR = 7.0
"""Pixels from a vertex at which a click still hits its body."""
_STILL = 4.0
"""Pixels that a click may slip."""


class BonesTool:
    """Paints segments `[M, 2, 3]` and axes `[3 J, 2, 3]` over the picture, seen through the skin, and the bodies' names."""

    def __init__(self) -> None:
        self.bones: NDArray[Any] = np.empty((0, 2, 3))
        self.axes: NDArray[Any] = np.empty((0, 2, 3))
        self.names: list[tuple[str, NDArray[Any], bool]] = []
        self.shows_bones = self.shows_axes = False

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """Takes nothing."""
        return False

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """Never."""

    def release(self) -> None:
        """Never."""

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """Nothing lights up."""
        return False

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Bones, joints, axes, names."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme().colours
        if self.shows_bones:
            self._paint_segments(painter, camera, self.bones, [QColor(colours.series[1])], 2.5)
        if self.shows_axes:
            self._paint_segments(painter, camera, self.axes, [QColor(*row.tolist()) for row in AXES_COLOURS], 2.0)
        if len(self.names) > 1:
            painter.setFont(font(12, "medium"))
            pixels, depth = camera.project(np.array([top for _, top, _ in self.names]))
            for (name, _, chosen), pixel, ahead in zip(self.names, pixels, (depth > 0).tolist(), strict=True):
                if ahead:
                    at = QPointF(*pixel) - QPointF(painter.fontMetrics().horizontalAdvance(name) / 2, 12)
                    paint_text(painter, at, name, colours, colours.accent if chosen else colours.dim)

    def _paint_segments(
        self, painter: QPainter, camera: Camera, segments: NDArray[Any], tints: list[QColor], width: float
    ) -> None:
        if not len(segments):
            return
        pixels, depth = camera.project(segments.reshape(-1, 3))
        ahead = np.asarray((depth > 0).reshape(-1, 2).all(1)).tolist()
        for number, ((start, end), visible) in enumerate(zip(pixels.reshape(-1, 2, 2), ahead, strict=True)):
            if visible:
                painter.setPen(QPen(tints[number % len(tints)], width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLine(QPointF(*start), QPointF(*end))


class BodyPicker(QObject):
    """Hears clicks on the stage that no tool took and that did not turn the camera. `picked(index)`: the body under one."""

    picked = Signal(int)

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.meshes: dict[int, NDArray[Any]] = {}
        self._stage = stage
        self._pressed: QPointF | None = None
        stage.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watches; the stage goes on as ever."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = event.position()
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                slip, self._pressed = event.position() - self._pressed, None
                if abs(slip.x()) + abs(slip.y()) <= _STILL:
                    index = self.under(event.position())
                    if index >= 0:
                        self.picked.emit(index)
        return False

    def under(self, at: QPointF) -> int:
        """The nearest body with a vertex under the pointer; −1 for none."""
        camera, best, nearest = self._stage.camera(), -1, np.inf
        for index, vertices in self.meshes.items():
            pixels, depth = camera.project(vertices)
            close = (depth > 0) & (np.abs(pixels - (at.x(), at.y())).max(axis=1) < NEAR)
            if close.any() and depth[close].min() < nearest:
                best, nearest = index, float(depth[close].min())
        return best
