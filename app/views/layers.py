"""The layers of a plot: for each type what it covers, how it is painted, and how the legend marks it. A new type is one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.theme import font
from app.views.base import Mark
from app.views.colour_maps import rgb_of
from app.views.discs import disc_pixels
from app.views.graph import graph_bounds, paint_graph
from app.views.heat import extent_of, paint_contour, paint_heat
from app.views.pixels import packed_image
from app.views.scene import Bounds, Scene, bounds_of, paint_text
from app.views.strokes import draw_path, draw_segments, path_through
from engine.api import Arrows, Band, Bars, Contour, Graph, Heat, Line, Scatter

if TYPE_CHECKING:
    from app.views.mapping import Mapping


@dataclass(frozen=True)
class LayerKind:
    """A row of the table. `bounds` gives None for nothing to show; `mark` None keeps it out of the legend."""

    paint: Callable[[QPainter, Any, Scene], None]
    bounds: Callable[[Any], Bounds | None]
    mark: Mark | None = None


def paint_line(painter: QPainter, layer: Line, scene: Scene) -> None:
    """A polyline."""
    m = scene.mapping
    points = np.stack([m.x_pixels(layer.x), m.y_pixels(layer.y)], axis=1)
    draw_path(painter, points, QColor(scene.series(layer.colour)), layer.width, layer.dashed)


def paint_band(painter: QPainter, layer: Band, scene: Scene) -> None:
    """The region between two curves; a gap where either is not a number."""
    m = scene.mapping
    x, low, high = m.x_pixels(layer.x), m.y_pixels(layer.low), m.y_pixels(layer.high)
    colour = QColor(scene.series(layer.colour))
    colour.setAlphaF(0.22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    finite = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    for part in np.split(np.arange(len(x)), np.flatnonzero(np.diff(finite)) + 1):
        if len(part) > 1 and finite[part[0]]:
            there, back = np.stack([x[part], low[part]], axis=1), np.stack([x[part], high[part]], axis=1)[::-1]
            painter.drawPath(path_through(np.concatenate([there, back])))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_scatter(painter: QPainter, layer: Scatter, scene: Scene) -> None:
    """Points, by class or in one colour, with their texts."""
    m, ratio = scene.mapping, painter.device().devicePixelRatioF()
    centres = m.pixels(layer.points)
    if not len(centres):
        return
    palette, groups = scene.once((id(layer), "groups"), lambda: point_colours(layer, scene))
    size = (int(np.ceil((m.width + 2) * ratio)), int(np.ceil((m.height + 2) * ratio)))
    places = (centres - (m.left - 1, m.top - 1)) * ratio
    image = packed_image(disc_pixels(places, palette, groups, layer.size * ratio, size, layer.hollow))
    image.setDevicePixelRatio(ratio)
    painter.drawImage(QPointF(m.left - 1, m.top - 1), image)
    _paint_labels(painter, layer, centres, scene)


def point_colours(layer: Scatter, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """The colours of the points: a palette `[G, 3]`, and which of it each takes `[N]`."""
    if layer.groups is None:
        return rgb_of(scene.series(layer.colour))[None], np.zeros(len(layer.points), np.int64)
    palette = np.stack([rgb_of(colour) for colour in scene.colours.series])
    return palette, np.asarray(layer.groups).astype(np.int64) % len(palette)


def _paint_labels(painter: QPainter, layer: Scatter, centres: np.ndarray, scene: Scene) -> None:
    painter.setFont(font(11, "medium"))
    m, metrics = scene.mapping, QFontMetricsF(painter.font())
    for (x, y), text in zip(centres.tolist(), layer.labels, strict=False):
        if not (text and np.isfinite(x + y)):
            continue
        at = QPointF(x + layer.size / 2 + 3, y + 4)
        if layer.size < 2:  # a label without a point: its middle marks the place
            at = QPointF(x - metrics.horizontalAdvance(text) / 2, y + 4)
        elif at.x() + metrics.horizontalAdvance(text) > m.right:  # no room at its right
            at.setX(x - layer.size / 2 - 3 - metrics.horizontalAdvance(text))
        paint_text(painter, at, text, scene.colours)


def paint_arrows(painter: QPainter, layer: Arrows, scene: Scene) -> None:
    """Arrows in one colour."""
    draw_segments(painter, arrow_segments(layer, scene.mapping), QColor(scene.series(layer.colour)), 1.3)


def arrow_segments(layer: Arrows, m: Mapping) -> np.ndarray:
    """Shafts and heads as segments `[M, 2, 2]` in pixels; a head is five pixels long, or a third of a short arrow."""
    start = np.asarray(layer.start, np.float64).reshape(-1, 2)
    tail, tip = (
        m.pixels(start),
        m.pixels(start + np.asarray(layer.vector, np.float64).reshape(-1, 2)),
    )
    along = tip - tail
    length = np.hypot(along[:, 0], along[:, 1])
    drawn = np.isfinite(length) & (length > 0.5)
    tail, tip, along, length = tail[drawn], tip[drawn], along[drawn], length[drawn, None]
    back = along / length * np.minimum(5.0, 0.35 * length)
    side = np.stack([-back[:, 1], back[:, 0]], axis=1) * 0.6
    return np.concatenate(
        [np.stack(pair, axis=1) for pair in ((tail, tip), (tip, tip - back + side), (tip, tip - back - side))]
    )


def arrow_bounds(layer: Arrows) -> Bounds | None:
    """What the arrows cover, tails and tips."""
    start, vector = (
        np.asarray(layer.start, np.float64).reshape(-1, 2),
        np.asarray(layer.vector, np.float64).reshape(-1, 2),
    )
    ends = np.concatenate([start, start + vector])
    return bounds_of(ends[:, 0], ends[:, 1])


def paint_bars(painter: QPainter, layer: Bars, scene: Scene) -> None:
    """Bars from zero (on a logarithmic axis: from the bottom)."""
    m, x = scene.mapping, np.asarray(layer.x, np.float64)
    left, right, top = m.x_pixels(x - layer.width / 2), m.x_pixels(x + layer.width / 2), m.y_pixels(layer.height)
    base = m.bottom if m.y.log else float(m.y_pixels(0.0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(scene.series(layer.colour)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(len(x)) and float(right[0] - left[0]) > 3)
    areas = [
        QRectF(x0, min(y, base), max(x1 - x0, 0.7), abs(base - y))
        for x0, x1, y in zip(left, right, top, strict=True)
        if np.isfinite(y)
    ]
    painter.drawRects(areas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def bar_bounds(layer: Bars) -> Bounds | None:
    """What the bars cover, with the zero they stand on."""
    x, half = np.asarray(layer.x, np.float64), layer.width / 2
    return bounds_of(np.concatenate([x - half, x + half]), np.append(np.asarray(layer.height, np.float64), 0.0))


KINDS: dict[type, LayerKind] = {
    Line: LayerKind(paint_line, lambda layer: bounds_of(layer.x, layer.y), "line"),
    Band: LayerKind(paint_band, lambda layer: bounds_of(layer.x, np.stack([layer.low, layer.high])), "band"),
    Scatter: LayerKind(paint_scatter, lambda layer: bounds_of(*np.asarray(layer.points).reshape(-1, 2).T), "dot"),
    Heat: LayerKind(paint_heat, extent_of),
    Contour: LayerKind(paint_contour, extent_of, "line"),
    Arrows: LayerKind(paint_arrows, arrow_bounds, "line"),
    Bars: LayerKind(paint_bars, bar_bounds, "box"),
    Graph: LayerKind(paint_graph, graph_bounds),
}
