"""The cameras of the photos, over the scene: each a small pyramid with its photo; a click jumps there. And the wipe between both."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from app.theme import theme
from engine.raster import Free

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from engine.raster import Camera

DEPTH_SHARE = 0.06
"""How deep a pyramid is, as a share of how far the cameras stand apart."""
_MOST_PHOTOS = 150
_GRIP = 14.0


@dataclass(frozen=True, eq=False)
class Shot:
    """A photo and where it was taken: `[4, 4]` world from camera, metres, vertical field of view. `held`: kept from training."""

    name: str
    pose: NDArray[np.float64]
    fov_y: float
    photo: QImage
    held: bool = False
    decibels: float = math.nan

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.photo.width() / max(1, self.photo.height())

    def eye(self, distance: float, width: int, height: int) -> Free:
        """Where it was taken, seeing all of the photo in a picture of this size."""
        fit = max(1.0, self.aspect / (width / max(1, height)))
        return Free(self.pose, distance, 2 * math.atan(math.tan(0.5 * self.fov_y) * fit))


class ShotsTool:
    """Paints the pyramids, and hears clicks on them."""

    def __init__(self, jump: Callable[[Shot], None]) -> None:
        self.shots: Sequence[Shot] = ()
        self.shows_cameras = self.shows_photos = True
        self._jump = jump
        self._over: Shot | None = None
        self._seen: list[tuple[Shot, QPolygonF]] = []

    def depth(self) -> float:
        """How deep a pyramid is drawn, metres."""
        places = np.array([shot.pose[:3, 3] for shot in self.shots])
        return DEPTH_SHARE * float(np.linalg.norm(np.ptp(places, axis=0))) or 0.1 if len(places) else 0.1

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """A click on a photo jumps there."""
        if event.button() != Qt.MouseButton.LeftButton or not (self.shows_cameras or self.shows_photos):
            return False
        found = next((shot for shot, area in reversed(self._seen) if _holds(area, event.position())), None)
        if found is not None:
            self._jump(found)
        return found is not None

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """Nothing more."""

    def release(self) -> None:
        """Nothing more."""

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """The one under the pointer lights up."""
        before = self._over
        self._over = next((shot for shot, area in reversed(self._seen) if _holds(area, at)), None)
        return self._over is not before

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The farthest first; those behind the eye or around it are left out."""
        self._seen = []
        if not self.shots or not (self.shows_cameras or self.shows_photos):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        deep = self.depth()
        far = [float(camera.project(shot.pose[:3, 3])[1][0]) for shot in self.shots]
        for index in np.argsort(far)[::-1]:
            if far[index] > 1.5 * deep:
                self._paint_one(painter, camera, self.shots[index], deep)

    def _paint_one(self, painter: QPainter, camera: Camera, shot: Shot, deep: float) -> None:
        up = deep * math.tan(0.5 * shot.fov_y)
        across = up * shot.aspect
        corners = np.array(
            [[-across, -up, deep], [across, -up, deep], [across, up, deep], [-across, up, deep], [0, 0, 0]]
        )
        pixels, depth = camera.project(corners @ shot.pose[:3, :3].T + shot.pose[:3, 3])
        if not (depth > 0).all() or np.ptp(pixels[:4], axis=0).max() > 2 * camera.width:
            return
        frame = QPolygonF([QPointF(*pixel) for pixel in pixels[:4]])
        self._seen.append((shot, frame))
        if self.shows_photos and len(self.shots) <= _MOST_PHOTOS and not shot.photo.isNull():
            self._paint_photo(painter, shot.photo, frame)
        colour = QColor(theme().colours.live if shot.held else theme().colours.accent)
        painter.setPen(QPen(colour, 2.0 if shot is self._over else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(frame)
        if self.shows_cameras:
            for pixel in pixels[:4]:
                painter.drawLine(QPointF(*pixels[4]), QPointF(*pixel))

    def _paint_photo(self, painter: QPainter, photo: QImage, frame: QPolygonF) -> None:
        turned = QTransform.quadToQuad(_corners(QRectF(photo.rect())), frame)
        if isinstance(turned, QTransform):  # None where the four corners span no area
            painter.save()
            painter.setTransform(turned, True)
            painter.drawImage(0, 0, photo)
            painter.restore()


class WipeTool:
    """Beside the picture the photo, a line between both that one drags; as long as the eye stands where the photo was taken."""

    def __init__(self) -> None:
        self.shot: Shot | None = None
        self.share = 0.5
        self._eye: object = None
        self._stands: Callable[[], object] = lambda: None

    def stand(self, shot: Shot | None, eye: object, stands: Callable[[], object]) -> None:
        """The eye stands at this photo; `stands` tells where it is from now on."""
        self.shot, self._eye, self._stands = shot, eye, stands

    @property
    def there(self) -> bool:
        """Whether it still does."""
        return self.shot is not None and self._stands() is self._eye

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """Takes hold of the line."""
        near = abs(event.position().x() - self.share * camera.width) < _GRIP
        return self.there and event.button() == Qt.MouseButton.LeftButton and near

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """The line follows."""
        self.share = min(1.0, max(0.0, event.position().x() / camera.width))

    def release(self) -> None:
        """It stays."""

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """Nothing lights up."""
        return False

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The photo right of the line."""
        if not self.there or self.shot is None:
            return
        height = camera.focal * 2 * math.tan(0.5 * self.shot.fov_y)
        width = height * self.shot.aspect
        area = QRectF(0.5 * (camera.width - width), 0.5 * (camera.height - height), width, height)
        line = self.share * camera.width
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipRect(QRectF(line, 0, camera.width - line, camera.height))
        painter.drawImage(area, self.shot.photo)
        painter.restore()
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        painter.drawLine(QPointF(line, 0), QPointF(line, camera.height))
        painter.setBrush(QColor(20, 24, 30))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(QRectF(line - 10, 0.5 * camera.height - 20, 20, 40), 10, 10)
        painter.setBrush(QColor("#ffffff"))
        painter.setPen(Qt.PenStyle.NoPen)
        for side in (-1, 1):
            tip = QPointF(line + side * 6, 0.5 * camera.height)
            painter.drawPolygon(QPolygonF([tip, tip + QPointF(-side * 4, -4), tip + QPointF(-side * 4, 4)]))


def _holds(area: QPolygonF, at: QPointF) -> bool:
    return bool(area.containsPoint(at, Qt.FillRule.OddEvenFill))


def _corners(area: QRectF) -> QPolygonF:
    return QPolygonF([area.topLeft(), area.topRight(), area.bottomRight(), area.bottomLeft()])
