"""Fields over the plane: heat maps and lines of equal value.

A heat map of at most 20 rows and columns is a matrix: its extent is the outer edge of its cells, drawn as such. A finer one, and every
grid of a contour, holds samples whose outer ones lie on the edge of the extent, as `linspace(low, high, n)` makes them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.style import mixed
from app.views.colour_maps import paint_values, scale_of
from app.views.contours import isolines
from app.views.pixels import packed_image
from app.views.strokes import draw_segments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.views.mapping import Mapping
    from app.views.scene import Bounds, Scene
    from engine.api import Contour, Heat

CELLS = 20


def extent_of(layer: Heat | Contour) -> Bounds:
    """The extent, low ends first."""
    x0, x1, y0, y1 = layer.extent
    return min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)


def is_matrix(layer: Heat) -> bool:
    """Whether a heat map is drawn cell by cell, its extent being the cells' outer edges; else its values lie on a grid of points."""
    return int(max(np.shape(layer.values))) <= CELLS


def heat_scale(layer: Heat) -> tuple[float, float]:
    """The values at both ends of a heat map's colours."""
    return scale_of(np.asarray(layer.values), layer.colours, layer.range, layer.centre)


def paint_heat(painter: QPainter, layer: Heat, scene: Scene) -> None:
    """A heat map over its extent; a fine one smoothly, its outer samples on the edge of the extent."""
    values = np.asarray(layer.values, np.float64)

    def make() -> QImage:
        return packed_image(paint_values(values[::-1], layer.colours, heat_scale(layer), scene.colours, layer.opacity))

    image = scene.once((id(layer), "image"), make)
    m, (x0, x1, y0, y1) = scene.mapping, layer.extent
    area = area_of(m, layer.extent)
    painter.save()
    if not is_matrix(layer):
        painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
        half_x, half_y = (x1 - x0) / (values.shape[1] - 1) / 2, (y1 - y0) / (values.shape[0] - 1) / 2
        area = area_of(m, (x0 - half_x, x1 + half_x, y0 - half_y, y1 + half_y))
    painter.setRenderHint(
        QPainter.RenderHint.SmoothPixmapTransform, not is_matrix(layer) and layer.colours != "classes"
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawImage(area, image)
    painter.restore()


def area_of(m: Mapping, extent: Bounds) -> QRectF:
    """The pixels of an extent."""
    (left, right), (bottom, top) = m.x_pixels(np.array(extent[:2])).tolist(), m.y_pixels(np.array(extent[2:])).tolist()
    return QRectF(QPointF(left, top), QPointF(right, bottom)).normalized()


def paint_contour(painter: QPainter, layer: Contour, scene: Scene) -> None:
    """Lines of equal value of a grid whose outer samples lie on the edge of the extent; the first level is the strongest."""
    for segments, colour in contour_segments(layer, scene):
        draw_segments(painter, segments, QColor(colour), layer.width)


def contour_segments(layer: Contour, scene: Scene) -> Iterator[tuple[np.ndarray, str]]:
    """The lines of each level as segments `[M, 2, 2]` in pixels, with their colour."""
    values, (x0, x1, y0, y1) = np.asarray(layer.values, np.float64), layer.extent
    colour = scene.series(layer.colour)
    for index, level in enumerate(layer.levels):
        segments = scene.once((id(layer), level), partial(isolines, values, level))
        if not len(segments):
            continue
        steps = np.array([max(values.shape[1] - 1, 1), max(values.shape[0] - 1, 1)])
        places = np.array([x0, y0]) + segments / steps * np.array([x1 - x0, y1 - y0])
        faded = colour if index == 0 or len(layer.levels) <= 3 else mixed(colour, scene.colours.panel, 0.6)
        yield scene.mapping.pixels(places.reshape(-1, 2)).reshape(-1, 2, 2), faded
