"""What lies over a picture: boxes, key points, masks, heat maps, tracks. A new type is one row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QTransform

from app.colours import Colours
from app.theme import font
from app.views.colour_maps import pack, paint_values, rgb_of, scale_of
from app.views.pixels import packed_image
from app.views.strokes import draw_dots, draw_path
from engine.api import Boxes, HeatMap, Keypoints, Mask, Tracks


@dataclass
class Ground:
    """What painting an overlay needs: `widget`, from the picture's pixels to the widget's; the picture's `size` (width, height)."""

    widget: QTransform
    size: tuple[int, int]
    colours: Colours
    cache: dict[object, QImage] = field(default_factory=dict)

    def series(self, index: int) -> QColor:
        """A series colour."""
        return QColor(self.colours.series[index % len(self.colours.series)])

    def once(self, key: object, make: Callable[[], QImage]) -> QImage:
        """The picture that `make` makes, kept until the next frame."""
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]

    def places(self, points: np.ndarray) -> np.ndarray:
        """Pixels of the picture `[N, 2]` as pixels of the widget."""
        m = self.widget
        return np.asarray(points, np.float64).reshape(-1, 2) * (m.m11(), m.m22()) + (m.dx(), m.dy())

    def whole(self) -> QRectF:
        """The picture's rectangle in the widget."""
        return self.widget.mapRect(QRectF(0, 0, *self.size))


def paint_boxes(painter: QPainter, layer: Boxes, ground: Ground) -> None:
    """Rectangles with a tag at the upper left corner."""
    colour = ground.series(layer.colour)
    corners = ground.places(np.asarray(layer.corners).reshape(-1, 2)).reshape(-1, 4)
    for index, (left, top, right, bottom) in enumerate(corners.tolist()):
        painter.setPen(QPen(colour, 2))
        painter.drawRect(QRectF(left, top, right - left, bottom - top))
        if index < len(layer.labels) and layer.labels[index]:
            _paint_tag(painter, QPointF(left, top), layer.labels[index], colour, ground.whole())


def _paint_tag(painter: QPainter, corner: QPointF, text: str, colour: QColor, sight: QRectF) -> None:
    painter.setFont(font(11, "medium"))
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 8
    top = corner.y() - 17 if corner.y() - 17 >= sight.top() else corner.y() + 1
    area = QRectF(min(corner.x() - 1, max(sight.right() - width, 0.0)), top, width, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(area, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor("#0a0c0f" if colour.lightnessF() > 0.45 else "#ffffff"))
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)


def paint_keypoints(painter: QPainter, layer: Keypoints, ground: Ground) -> None:
    """Bones, then joints; uncertain ones are faint."""
    places = ground.places(layer.points)
    sure = (
        np.ones(len(places))
        if layer.confidence is None
        else np.clip(np.nan_to_num(np.asarray(layer.confidence, np.float64)), 0, 1)
    )
    bones = np.empty((0, 2), int) if layer.bones is None else np.asarray(layer.bones, int).reshape(-1, 2)
    for index, (start, end) in enumerate(bones.tolist()):
        colour = ground.series(layer.colour + index)
        colour.setAlphaF(0.15 + 0.85 * float(min(sure[start], sure[end])))
        painter.setPen(QPen(colour, 3, c=Qt.PenCapStyle.RoundCap))
        if np.isfinite(places[[start, end]]).all():
            painter.drawLine(QPointF(*places[start]), QPointF(*places[end]))
    painter.setFont(font(11))
    for index, (x, y) in enumerate(places.tolist()):
        if not np.isfinite(x + y):
            continue
        colour = QColor("#ffffff")
        colour.setAlphaF(0.15 + 0.85 * float(sure[index]))
        draw_dots(painter, places[index : index + 1], colour, 3.0)
        if index < len(layer.labels):
            painter.setPen(colour)
            painter.drawText(QPointF(x + 6, y + 4), layer.labels[index])


def paint_mask(painter: QPainter, layer: Mask, ground: Ground) -> None:
    """A region in a series colour."""

    def make() -> QImage:
        values = np.clip(np.nan_to_num(np.asarray(layer.values, np.float64)), 0, 1) * layer.opacity
        steps = pack_steps(ground.series(layer.colour).name())
        return packed_image(steps[(values * 255).astype(int)])

    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(ground.whole(), ground.once(id(layer), make))


@lru_cache(maxsize=16)
def pack_steps(colour: str) -> np.ndarray:
    """A colour at 256 opacities, premultiplied `[256]` uint32."""
    rgb = rgb_of(colour)[None]
    return np.concatenate([pack(rgb, step / 255) for step in range(256)])


def paint_heat_map(painter: QPainter, layer: HeatMap, ground: Ground) -> None:
    """Values stretched over the picture."""

    def make() -> QImage:
        values = np.asarray(layer.values, np.float64)
        return packed_image(
            paint_values(values, "sequential", scale_of(values, "sequential", None), ground.colours, layer.opacity)
        )

    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(ground.whole(), ground.once(id(layer), make))


def paint_tracks(painter: QPainter, layer: Tracks, ground: Ground) -> None:
    """A path and a dot where it is now; a gap where the track is absent."""
    paths = np.asarray(layer.paths, np.float64)
    painter.setFont(font(11, "medium"))
    for index, path in enumerate(paths):
        colour = ground.series(index)
        places = ground.places(path)
        draw_path(painter, places, colour, 2.0)
        seen = np.flatnonzero(np.isfinite(places).all(axis=1))
        if len(seen):
            draw_dots(painter, places[seen[-1:]], colour, 4.0)
            if index < len(layer.labels):
                painter.setPen(colour)
                painter.drawText(QPointF(*(places[seen[-1]] + (7, 4))), layer.labels[index])


OVERLAYS: dict[type, Callable[[QPainter, Any, Ground], None]] = {
    Boxes: paint_boxes,
    Keypoints: paint_keypoints,
    Mask: paint_mask,
    HeatMap: paint_heat_map,
    Tracks: paint_tracks,
}
