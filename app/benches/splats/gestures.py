"""What a hand draws over the scene: rectangle, lasso, brush, eraser, sphere, box and measure.

Each is a tool of the viewport's stage: it hears presses and drags of the left button, paints itself, and tells what it chose as a region of
`engine.api.splat_edits`. Lines are kept as slopes of the camera they were drawn with, so that a region means the same from any other view.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.theme import font, theme
from app.views.scene import paint_text
from engine.api.splat_edits import Box, Cloud, Outline, Region, Sphere, Stroke

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from engine.raster import Camera

Chosen = Callable[[Region, Qt.KeyboardModifier], None]
BRUSH = 18.0
"""Radius of the brush, pixels."""
GRASP = 12.0
_STEP = 3.0
"""Pixels between two points of a drawn line."""
SOLID = 0.3
"""Opacity from which on a Gaussian is hit by a click."""


def view_of(camera: Camera) -> tuple[float, ...]:
    """Camera from world as the twelve numbers that a region keeps."""
    return tuple(camera.camera_from_world[:3].ravel().tolist())


def slope(camera: Camera, at: QPointF) -> tuple[float, float]:
    """A place in the picture as the slopes x/z and y/z."""
    return (at.x() - 0.5 * camera.width) / camera.focal, (at.y() - 0.5 * camera.height) / camera.focal


def hit_index(camera: Camera, cloud: Cloud, at: QPointF) -> int | None:
    """The nearest solid Gaussian under the pointer; None where there is none."""
    pixels, depth = camera.project(cloud.means)
    reach = np.maximum(4.0, cloud.scales.max(1) * camera.focal / np.maximum(depth, 1e-9))
    away = np.hypot(pixels[:, 0] - at.x(), pixels[:, 1] - at.y())
    under = np.flatnonzero((depth > 0) & (away < np.minimum(reach, 30)) & (cloud.opacities > SOLID))
    return int(under[np.argmin(depth[under])]) if len(under) else None


def hit(camera: Camera, cloud: Cloud, at: QPointF) -> NDArray[np.float64] | None:
    """`[3]` metres: where the nearest solid Gaussian under the pointer is; None where there is none."""
    index = hit_index(camera, cloud, at)
    return None if index is None else np.asarray(cloud.means[index], np.float64)


class Gesture:
    """A tool that draws from press to release. `chosen(region, modifiers)` hears what it enclosed."""

    def __init__(self, chosen: Chosen) -> None:
        self.active = False
        self.points: list[QPointF] = []
        self._chosen = chosen
        self._camera: Camera | None = None
        self._keys = Qt.KeyboardModifier.NoModifier
        self._over: QPointF | None = None

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """Begins, if it is this tool's turn; other buttons move the camera."""
        if not self.active or event.button() != Qt.MouseButton.LeftButton:
            return False
        self.points, self._camera, self._keys = [event.position()], camera, event.modifiers()
        return True

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """Goes on."""
        last, now = self.points[-1], event.position()
        self._over = now
        if math.hypot(now.x() - last.x(), now.y() - last.y()) >= _STEP:
            self.points.append(now)

    def release(self) -> None:
        """Ends, and tells."""
        region = self.region()
        self.points = []
        if region is not None:
            self._chosen(region, self._keys)

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """Where the pointer is."""
        self._over = at
        return False

    def region(self) -> Region | None:
        """What is enclosed so far; None for nothing worth it."""
        raise NotImplementedError

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Draws the line so far."""
        if self.points:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint_line(painter)

    def paint_line(self, painter: QPainter) -> None:
        """Draws it."""
        painter.setPen(_pen())
        painter.setBrush(_wash())
        painter.drawPolygon(QPolygonF(self.points))

    def slopes(self, points: list[QPointF]) -> tuple[tuple[float, float], ...]:
        """Places as slopes of the camera at the press."""
        return tuple(slope(self._camera, point) for point in points) if self._camera is not None else ()


class RectangleGesture(Gesture):
    """From corner to corner."""

    def _area(self) -> QRectF:
        return QRectF(self.points[0], self.points[-1]).normalized()

    def region(self) -> Region | None:
        """The outline of the rectangle."""
        area = self._area()
        if self._camera is None or area.width() < 2 or area.height() < 2:
            return None
        corners = [area.topLeft(), area.topRight(), area.bottomRight(), area.bottomLeft()]
        return Outline(view_of(self._camera), self.slopes(corners))

    def paint_line(self, painter: QPainter) -> None:
        """The rectangle."""
        painter.setPen(_pen())
        painter.setBrush(_wash())
        painter.drawRect(self._area())


class LassoGesture(Gesture):
    """Around it, freehand."""

    def region(self) -> Region | None:
        """The outline that was drawn."""
        if self._camera is None or len(self.points) < 3:
            return None
        return Outline(view_of(self._camera), self.slopes(self.points))


class BrushGesture(Gesture):
    """Over it, with a round brush; `radius` in pixels. The eraser is a brush whose stroke is deleted."""

    def __init__(self, chosen: Chosen) -> None:
        super().__init__(chosen)
        self.radius = BRUSH

    def region(self) -> Region | None:
        """The stroke."""
        if self._camera is None:
            return None
        return Stroke(view_of(self._camera), self.slopes(self.points), self.radius / self._camera.focal)

    def hover(self, at: QPointF, camera: Camera) -> bool:
        """The brush follows."""
        super().hover(at, camera)
        return self.active

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The stroke so far, and the brush where the pointer is."""
        super().paint(painter, camera)
        if self.active and self._over is not None:
            painter.setPen(_pen())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self._over, self.radius, self.radius)

    def paint_line(self, painter: QPainter) -> None:
        """As wide as the brush."""
        colour = _wash()
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(colour, 2 * self.radius, Qt.PenStyle.SolidLine, cap, join))
        painter.drawPolyline(QPolygonF([*self.points, self.points[-1] + QPointF(0.01, 0)]))


class SphereGesture(Gesture):
    """From a point of the scene outwards."""

    def __init__(self, chosen: Chosen, cloud: Callable[[], Cloud | None]) -> None:
        super().__init__(chosen)
        self._cloud = cloud
        self._centre: NDArray[np.float64] | None = None

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """The centre is what lies under the pointer."""
        cloud = self._cloud()
        if not super().press(event, camera):
            return False
        self._centre = None if cloud is None else hit(camera, cloud, event.position())
        return True

    def _radius(self) -> float:
        if self._camera is None or self._centre is None:
            return 0.0
        depth = float(self._camera.project(self._centre)[1][0])
        by = self.points[-1] - self.points[0]
        return math.hypot(by.x(), by.y()) * depth / self._camera.focal

    def region(self) -> Region | None:
        """The sphere."""
        radius = self._radius()
        if self._centre is None or radius <= 0:
            return None
        x, y, z = self._centre.tolist()
        return Sphere((x, y, z), radius)

    def paint_line(self, painter: QPainter) -> None:
        """Its circle, and how large it is."""
        by = self.points[-1] - self.points[0]
        radius = math.hypot(by.x(), by.y())
        painter.setPen(_pen())
        painter.setBrush(_wash())
        painter.drawEllipse(self.points[0], radius, radius)
        painter.setFont(font(12, "medium"))
        paint_text(painter, self.points[-1] + QPointF(8, -8), f"radius {self._radius():.3g} m", theme().colours)


class BoxGesture(Gesture):
    """A box along the axes whose six faces one drags; `box` is what it holds."""

    def __init__(self, chosen: Chosen) -> None:
        super().__init__(chosen)
        self.low, self.high = np.zeros(3), np.zeros(3)
        self._face = -1
        self._corner = 0.0

    @property
    def box(self) -> Box:
        """The box as a region."""
        low, high = self.low.tolist(), self.high.tolist()
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def frame(self, cloud: Cloud) -> None:
        """Takes in all but the farthest Gaussians."""
        self.low, self.high = (np.quantile(cloud.means, share, axis=0).astype(np.float64) for share in (0.01, 0.99))

    def _faces(self) -> NDArray[np.float64]:
        middle = 0.5 * (self.low + self.high)
        faces = np.tile(middle, (6, 1))
        for axis in range(3):
            faces[axis, axis], faces[3 + axis, axis] = self.low[axis], self.high[axis]
        return faces

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """Takes hold of a face's dot; beside them the camera moves."""
        if not self.active or event.button() != Qt.MouseButton.LeftButton:
            return False
        pixels, _ = camera.project(self._faces())
        away = np.hypot(pixels[:, 0] - event.position().x(), pixels[:, 1] - event.position().y())
        if not (away < GRASP).any():
            return False
        self._face, self._camera = int(np.nanargmin(away)), camera
        self.points = [event.position()]
        self._corner = float((self.low, self.high)[self._face // 3][self._face % 3])
        return True

    def drag(self, event: QMouseEvent, camera: Camera) -> None:
        """The face follows along its axis."""
        axis, is_high = self._face % 3, self._face >= 3
        start = self._faces()[self._face]
        start[axis] = self._corner
        step = np.zeros(3)
        step[axis] = 1e-3 * max(1e-6, float(np.linalg.norm(self.high - self.low)))
        (here, there), _ = camera.project(np.stack([start, start + step]))
        along = (there - here) / step[axis]
        by = event.position() - self.points[0]
        length = float(along @ along)
        moved = self._corner + (by.x() * along[0] + by.y() * along[1]) / length if length > 1e-9 else self._corner
        if is_high:
            self.high[axis] = max(moved, self.low[axis])
        else:
            self.low[axis] = min(moved, self.high[axis])

    def release(self) -> None:
        """Let go; the box stays."""
        self.points, self._face = [], -1
        self._chosen(self.box, Qt.KeyboardModifier.NoModifier)

    def region(self) -> Region | None:
        """The box."""
        return self.box

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """Twelve edges and six dots."""
        if not self.active:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ends = (self.low, self.high)
        corners = np.array([[ends[i & 1][0], ends[i >> 1 & 1][1], ends[i >> 2][2]] for i in range(8)])
        pixels, depth = camera.project(corners)
        painter.setPen(QPen(QColor(theme().colours.live), 1.5))
        for first in range(8):
            for bit in (1, 2, 4):
                other = first | bit
                if other != first and depth[first] > 0 and depth[other] > 0:
                    painter.drawLine(QPointF(*pixels[first]), QPointF(*pixels[other]))
        painter.setBrush(QColor(theme().colours.live))
        faces, depth = camera.project(self._faces())
        for place, ahead in zip(faces, depth > 0, strict=True):
            if ahead:
                painter.drawEllipse(QPointF(*place), 5, 5)


class MeasureGesture(Gesture):
    """From one point of the scene to another. `measured(start, end)` hears of both."""

    def __init__(self, measured: Callable[[], None], cloud: Callable[[], Cloud | None]) -> None:
        super().__init__(lambda region, keys: None)
        self.ends: list[NDArray[np.float64]] = []
        self._measured, self._cloud = measured, cloud

    @property
    def length(self) -> float:
        """Metres between the two points; 0 before there are two."""
        return float(np.linalg.norm(self.ends[1] - self.ends[0])) if len(self.ends) == 2 else 0.0

    def press(self, event: QMouseEvent, camera: Camera) -> bool:
        """The first point, or the second."""
        if not super().press(event, camera):
            return False
        cloud = self._cloud()
        place = None if cloud is None else hit(camera, cloud, event.position())
        if place is not None:
            self.ends = [place] if len(self.ends) != 1 else [self.ends[0], place]
            self._measured()
        return True

    def region(self) -> Region | None:
        """Nothing is chosen."""
        return None

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The points, the line and its length; also while another tool is in the hand."""
        if not self.ends:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pixels, depth = camera.project(np.array(self.ends))
        if not (depth > 0).all():
            return
        spots = [QPointF(*pixel) for pixel in pixels]
        painter.setPen(QPen(QColor(theme().colours.live), 2))
        painter.setBrush(QColor(theme().colours.live))
        for spot in spots:
            painter.drawEllipse(spot, 4, 4)
        if len(spots) == 2:
            painter.drawLine(*spots)
            painter.setFont(font(13, "medium"))
            paint_text(painter, (spots[0] + spots[1]) * 0.5 + QPointF(10, -6), f"{self.length:.4g} m", theme().colours)


def _pen() -> QPen:
    return QPen(QColor(theme().colours.accent), 1.5)


def _wash() -> QColor:
    colour = QColor(theme().colours.accent)
    colour.setAlphaF(0.16)
    return colour
