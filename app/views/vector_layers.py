"""The layers of a plot as items of pyqtgraph, for export as vectors. Only `vector_export` loads this: pyqtgraph is heavy.

Everything is placed in pixels by the view's own mapping, so logarithmic axes, arrow heads and bent edges are those of the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPen

from app.colours import LIGHT
from app.style import mixed
from app.theme import font
from app.views.colour_maps import paint_values
from app.views.graph import edge_paths, label_place, node_fills, node_size
from app.views.heat import area_of, contour_segments, heat_scale, is_matrix
from app.views.layers import arrow_segments, point_colours
from app.views.pixels import to_bytes
from app.views.strokes import DASHES
from engine.api import Arrows, Band, Bars, Contour, Graph, Heat, Layer, Line, Scatter

if TYPE_CHECKING:
    from app.views.scene import Scene

Items = Iterator[pg.GraphicsObject]
_FINE = 360
"""Pixels that the longer side of a smooth heat map gets at least."""
_LEVELS = 8


def pen(colour: str, width: float = 1.0, dashed: bool = False) -> QPen:
    """A pen whose width stays in pixels."""
    made: QPen = pg.mkPen(colour, width=width, dash=DASHES if dashed else None)
    return made


def polyline(points: np.ndarray, stroke: QPen) -> pg.GraphicsObject:
    """A line through `points` `[N, 2]` in pixels; NaN breaks it."""
    return _path(points, stroke, "finite")


def segments(ends: np.ndarray, stroke: QPen) -> pg.GraphicsObject:
    """Segments `[M, 2, 2]` in pixels."""
    return _path(ends.reshape(-1, 2), stroke, "pairs")


def _path(points: np.ndarray, stroke: QPen, connect: str) -> pg.GraphicsObject:
    item = pg.PlotCurveItem(*np.ascontiguousarray(points.T), pen=stroke, connect=connect)
    item.setSegmentedLineMode("off")  # one path, not a thousand pieces
    return item


def text(x: float, baseline: float, words: str, colour: str = LIGHT.text) -> pg.GraphicsObject:
    """A text that starts at a pixel, on a ground that keeps it readable."""
    ground = QColor(LIGHT.panel)
    ground.setAlphaF(0.7)
    item = pg.TextItem(words, colour, fill=ground)
    item.setFont(font(11))
    item.textItem.document().setDocumentMargin(1)
    item.setPos(x - 1, baseline - QFontMetricsF(font(11)).ascent() - 1)
    return item


def _line(layer: Line, scene: Scene) -> Items:
    points = np.stack([scene.mapping.x_pixels(layer.x), scene.mapping.y_pixels(layer.y)], axis=1)
    yield polyline(points, pen(scene.series(layer.colour), layer.width, layer.dashed))


def _band(layer: Band, scene: Scene) -> Items:
    m, colour = scene.mapping, QColor(scene.series(layer.colour))
    x, low, high = m.x_pixels(layer.x), m.y_pixels(layer.low), m.y_pixels(layer.high)
    colour.setAlphaF(0.22)
    finite = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    for part in np.split(np.arange(len(x)), np.flatnonzero(np.diff(finite)) + 1):
        if len(part) > 1 and finite[part[0]]:
            edges = (pg.PlotCurveItem(x[part], y[part]) for y in (low, high))
            yield pg.FillBetweenItem(*edges, brush=pg.mkBrush(colour))


def _scatter(layer: Scatter, scene: Scene) -> Items:
    centres = scene.mapping.pixels(layer.points)
    palette, groups = point_colours(layer, scene)
    finite = np.isfinite(centres).all(axis=1)
    for group in np.unique(groups[finite]).tolist():
        colour = QColor(*palette[group].astype(int).tolist())
        brush, edge = (None, pg.mkPen(colour, width=1.5)) if layer.hollow else (pg.mkBrush(colour), None)
        yield pg.ScatterPlotItem(pos=centres[finite & (groups == group)], size=layer.size, brush=brush, pen=edge)
    for (x, y), words in zip(centres.tolist(), layer.labels, strict=False):
        if words and np.isfinite(x + y):
            middle = QFontMetricsF(font(11)).horizontalAdvance(words) / 2
            yield text(x - middle if layer.size < 2 else x + layer.size / 2 + 3, y + 4, words)


def _heat(layer: Heat, scene: Scene) -> Items:
    values = np.asarray(layer.values, np.float64)
    if not is_matrix(layer):
        values = refined(values, layer.colours == "classes")
    shades = paint_values(values[::-1], layer.colours, heat_scale(layer), scene.colours)
    rgba = np.stack([shades >> shift & 255 for shift in (16, 8, 0, 24)], axis=-1).astype(np.uint8)
    rgba[..., 3] = round(255 * layer.opacity)
    yield _image(rgba, area_of(scene.mapping, layer.extent))


def refined(values: np.ndarray, nearest: bool) -> np.ndarray:
    """Samples `[H, W]` whose outer ones lie on the edge as cells that fill the same area, between the samples by straight lines."""
    times = -(-_FINE // max(values.shape))
    for axis, count in enumerate(values.shape):
        at = (np.arange((count - 1) * times) + 0.5) / times
        low = np.rint(at).astype(int) if nearest else at.astype(int)
        share = np.expand_dims(at - low, 1 - axis)
        high = np.minimum(low + 1, count - 1)
        below, above = values.take(low, axis), values.take(high, axis)
        values = below if nearest else below + share * (above - below)
    return values


def _image(pixels: np.ndarray, area: QRectF) -> pg.GraphicsObject:
    item = pg.ImageItem(np.ascontiguousarray(pixels), axisOrder="row-major", levels=None)
    item.setRect(area)
    return item


def _contour(layer: Contour, scene: Scene) -> Items:
    for ends, colour in contour_segments(layer, scene):
        yield segments(ends, pen(colour, layer.width))


def _arrows(layer: Arrows, scene: Scene) -> Items:
    yield segments(arrow_segments(layer, scene.mapping), pen(scene.series(layer.colour), 1.3))


def _bars(layer: Bars, scene: Scene) -> Items:
    m, x, half = scene.mapping, np.asarray(layer.x, np.float64), layer.width / 2
    top = m.y_pixels(layer.height)
    base = m.bottom if m.y.log else float(m.y_pixels(0.0))
    drawn = np.isfinite(top)
    left, right = m.x_pixels(x - half)[drawn], m.x_pixels(x + half)[drawn]
    brush = pg.mkBrush(scene.series(layer.colour))
    yield pg.BarGraphItem(x0=left, x1=right, y0=base, y1=top[drawn], brush=brush, pen=None)


def _graph(layer: Graph, scene: Scene) -> Items:
    centres = scene.mapping.pixels(layer.nodes)
    size = node_size(layer, centres)
    yield from _edges(layer, 5.0 * float(np.clip(size / 36, 0.4, 1.0)), scene)
    outline = pen(scene.colours.edge, 1.5)
    if layer.pictures is None:
        fills = [pg.mkBrush(colour) for colour in node_fills(layer, scene.colours)]
        yield pg.ScatterPlotItem(pos=centres, size=size, brush=fills, pen=outline)
    areas = [QRectF(x - size / 2, y - size / 2, size, size) for x, y in centres.tolist()]
    if layer.pictures is not None:
        for picture, area in zip(to_bytes(np.asarray(layer.pictures), colour=True), areas, strict=True):
            yield _image(picture, area)
        yield pg.ScatterPlotItem(pos=centres, size=size, symbol="s", brush=None, pen=outline)
    for index, words in enumerate(layer.labels):
        at = label_place(layer, index, areas[index], QFontMetricsF(font(11)).horizontalAdvance(words))
        if words and at is not None:
            yield text(at.x(), at.y(), words)


def _edges(layer: Graph, widest: float, scene: Scene) -> Items:
    """Edges by sign and strength, lightest first, as on the screen."""
    weights = np.nan_to_num(np.asarray(layer.weights, np.float64).reshape(-1))
    if not len(weights):
        return
    paths = edge_paths(layer, scene.mapping)
    level = np.rint(np.abs(weights) / max(float(np.abs(weights).max()), 0.5) * _LEVELS).astype(int)
    for step, positive in product(range(_LEVELS + 1), (False, True)):
        chosen = paths[(level == step) & ((weights > 0) == positive)]
        if len(chosen):
            shade = mixed(scene.series(int(positive)), scene.colours.panel, 0.25 + 0.75 * step / _LEVELS)
            gapped = np.concatenate([chosen, np.full((len(chosen), 1, 2), np.nan)], axis=1).reshape(-1, 2)
            yield polyline(gapped, pen(shade, max(widest * step / _LEVELS, 0.7)))


ITEMS: dict[type, Callable[[Any, Scene], Items]] = {
    Line: _line,
    Band: _band,
    Scatter: _scatter,
    Heat: _heat,
    Contour: _contour,
    Arrows: _arrows,
    Bars: _bars,
    Graph: _graph,
}
"""For each type of layer what pyqtgraph draws for it. A new type is one row."""


def items_of(layers: list[Layer], scene: Scene) -> Items:
    """The items of every layer, in order."""
    for layer in layers:
        yield from ITEMS[type(layer)](layer, scene)
