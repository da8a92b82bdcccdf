"""The cameras of the photos, over the scene: each a small pyramid with its photo; a click jumps there."""

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
from app.views.frusta import spacing
from app.views.pixels import to_image
from engine.raster import Free

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from engine.api.frames import Cameras
    from engine.raster import Camera

DEPTH_SHARE = 0.4
"""How deep a pyramid is, as a share of how far a camera stands from the next."""
MOST_PHOTOS = 150
_UNDER_THE_EYE = 1.5


@dataclass(frozen=True, eq=False)
class Shot:
    """A photo and where it was taken.

    `pose`: `[4, 4]` world from camera (OpenCV), metres. `focal`, `middle`, `size`: pixels of the photo, as (x, y); `thumb`: a small copy,
    stretched to any shape. `held`: kept from training. `decibels`: how well it is met, NaN where that is not known.
    """

    name: str
    pose: NDArray[np.float64]
    focal: tuple[float, float]
    middle: tuple[float, float]
    size: tuple[float, float]
    thumb: QImage
    held: bool = False
    decibels: float = math.nan

    @property
    def words(self) -> str:
        """What it is called and how well it is met."""
        parts = [self.name, "held out" if self.held else "", f"{self.decibels:.1f} dB" * math.isfinite(self.decibels)]
        return " · ".join(part for part in parts if part)

    @property
    def picture(self) -> QImage:
        """The small copy in the photo's own shape."""
        width, height = self.size
        return self.thumb.scaled(self.thumb.width(), max(1, round(self.thumb.width() * height / width)))

    def corners(self, depth: float) -> NDArray[np.float64]:
        """`[4, 3]` metres, world: the corners of the photo at a depth, from the upper left clockwise."""
        square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
        flat = (square * self.size - self.middle) / self.focal
        rays = np.concatenate([flat, np.ones((4, 1))], 1) * depth
        return np.asarray(rays @ self.pose[:3, :3].T + self.pose[:3, 3])

    def eye(self, distance: float, width: int, height: int) -> Free:
        """Where it was taken, seeing all of the photo in a picture of this size."""
        across, down = (max(m, s - m) / f for m, s, f in zip(self.middle, self.size, self.focal, strict=True))
        return Free(self.pose, distance, 2 * math.atan(max(down, across * height / max(1, width))))

    def area(self, camera: Camera) -> QRectF:
        """Where the photo lies in a picture that was taken from its place."""
        (fx, fy), (cx, cy), (width, height) = self.focal, self.middle, self.size
        left, top = 0.5 * camera.width - cx * camera.focal / fx, 0.5 * camera.height - cy * camera.focal / fy
        return QRectF(left, top, width * camera.focal / fx, height * camera.focal / fy)

    def sees(self, point: NDArray[np.float64]) -> bool:
        """Whether a point of the world lies in the photo."""
        x, y, z = (point - self.pose[:3, 3]) @ self.pose[:3, :3]
        if z <= 0:
            return False
        across, down = x / z * self.focal[0] + self.middle[0], y / z * self.focal[1] + self.middle[1]
        return bool(0 <= across < self.size[0] and 0 <= down < self.size[1])


def shots_of(frame: Cameras) -> tuple[Shot, ...]:
    """The photos of a frame, in its order."""
    poses = np.asarray(frame.poses, np.float64).reshape(-1, 4, 4)
    rows = [np.asarray(values, np.float64).tolist() for values in (frame.focal, frame.middle, frame.size)]
    held, likeness = np.asarray(frame.held_out, bool).tolist(), np.asarray(frame.psnr, np.float64).tolist()
    thumbs = [to_image(pixels) for pixels in np.asarray(frame.thumbs, np.uint8)]
    return tuple(
        Shot(name, poses[k], tuple(rows[0][k]), tuple(rows[1][k]), tuple(rows[2][k]), thumbs[k], held[k], likeness[k])
        for k, name in enumerate(frame.names)
    )


class ShotsTool:
    """Paints the pyramids, and hears clicks on them. `hidden`: whether the eye stands at one, where the others are in the way."""

    def __init__(self, jump: Callable[[Shot], None]) -> None:
        self.shots: Sequence[Shot] = ()
        self.shows_cameras = self.shows_photos = True
        self.hidden: Callable[[], bool] = lambda: False
        self._jump = jump
        self._over: Shot | None = None
        self._seen: list[tuple[Shot, QPolygonF]] = []

    def depth(self) -> float:
        """How deep a pyramid is drawn, metres."""
        return DEPTH_SHARE * spacing(np.array([shot.pose[:3, 3] for shot in self.shots]).reshape(-1, 3))

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """A click on a photo jumps there."""
        if event.button() != Qt.MouseButton.LeftButton or event.modifiers():
            return False
        found = self._under(event.position())
        if found is not None:
            self._jump(found)
        return found is not None

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """Nothing more."""

    def release(self) -> None:
        """Nothing more."""

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """The one under the pointer lights up."""
        before, self._over = self._over, self._under(at)
        return self._over is not before

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The farthest first; those behind the eye or around it are left out."""
        self._seen = []
        if not self.shots or self.hidden() or not (self.shows_cameras or self.shows_photos):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        deep = self.depth()
        far = camera.project(np.array([shot.pose[:3, 3] for shot in self.shots]))[1]
        for index in np.argsort(far)[::-1]:
            if far[index] > _UNDER_THE_EYE * deep:
                self._paint_one(painter, camera, self.shots[index], deep)
        if self._over is not None:
            self._paint_words(painter)

    def _under(self, at: QPointF) -> Shot | None:
        inside = (shot for shot, area in reversed(self._seen) if area.containsPoint(at, Qt.FillRule.OddEvenFill))
        return next(inside, None)

    def _paint_one(self, painter: QPainter, camera: Camera, shot: Shot, deep: float) -> None:
        pixels, depth = camera.project(np.concatenate([shot.corners(deep), shot.pose[None, :3, 3]]))
        if not (depth > 0).all() or np.ptp(pixels[:4], axis=0).max() > camera.width:
            return
        spots = [QPointF(*pixel) for pixel in pixels.tolist()]
        frame = QPolygonF(spots[:4])
        self._seen.append((shot, frame))
        if self.shows_photos and len(self.shots) <= MOST_PHOTOS and not shot.thumb.isNull():
            _paint_photo(painter, shot.thumb, frame)
        colours = theme().colours
        colour = QColor(colours.live if shot.held else colours.accent)
        painter.setPen(QPen(colour, 2.5 if shot is self._over else 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(frame)
        if self.shows_cameras:
            for spot in spots[:4]:
                painter.drawLine(spots[4], spot)

    def _paint_words(self, painter: QPainter) -> None:
        from app.theme import font
        from app.views.scene import paint_text

        found = next((area for shot, area in self._seen if shot is self._over), None)
        if found is not None and self._over is not None:
            painter.setFont(font(12, "medium"))
            corner = found.boundingRect().bottomLeft()
            paint_text(painter, corner + QPointF(0, 16), self._over.words, theme().colours)


def _paint_photo(painter: QPainter, photo: QImage, frame: QPolygonF) -> None:
    turned = QTransform.quadToQuad(_corners(QRectF(photo.rect())), frame)
    if isinstance(turned, QTransform):  # None where the four corners span no area
        painter.save()
        painter.setTransform(turned, True)
        painter.drawImage(0, 0, photo)
        painter.restore()


def _corners(area: QRectF) -> QPolygonF:
    return QPolygonF([area.topLeft(), area.topRight(), area.bottomRight(), area.bottomLeft()])
