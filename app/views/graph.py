"""A drawn graph: a network with a small picture in each node, edges as wide as their weights, blue below zero and orange above."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.style import mixed
from app.theme import font
from app.views.colour_maps import colour_table
from app.views.pixels import to_bytes, to_image
from app.views.scene import Bounds, Scene, bounds_of, paint_text
from app.views.strokes import draw_paths

if TYPE_CHECKING:
    from app.colours import Colours
    from app.views.mapping import Mapping
    from engine.api import Graph

_LEVELS = 8
_BENDS = 14
_REACH = 6.0
_ROOMY = 0.9
"""From this share of the size that the lab asks for, nodes leave room for labels below them."""


def graph_bounds(layer: Graph) -> Bounds | None:
    """What the nodes' middles cover."""
    return bounds_of(*np.asarray(layer.nodes, np.float64).reshape(-1, 2).T)


def node_size(layer: Graph, centres: np.ndarray) -> float:
    """The side of a node in pixels: as the lab asks, smaller where nodes `[N, 2]` would touch."""
    if len(centres) < 2:
        return layer.node_size
    apart = np.abs(centres[:, None] - centres[None]).max(axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(np.clip(0.84 * apart.min(), 6.0, layer.node_size))


def edge_paths(layer: Graph, m: Mapping) -> np.ndarray:
    """The course of every edge in pixels, `[E, 14, 2]`: level at both ends where it leads sideways, else straight."""
    centres = m.pixels(layer.nodes)
    edges = np.asarray(layer.edges, np.int64).reshape(-1, 2)
    start, end = centres[edges[:, 0], None], centres[edges[:, 1], None]
    t = np.linspace(0.0, 1.0, _BENDS)[None, :, None]
    sideways = np.abs(end - start)[..., 0] > 0.35 * np.abs(end - start)[..., 1]
    smooth = t * t * (3 - 2 * t)
    rise = np.where(sideways[..., None], smooth, t)
    return np.concatenate(
        [start[..., :1] + t * (end - start)[..., :1], start[..., 1:] + rise * (end - start)[..., 1:]], axis=2
    )


def edge_at(layer: Graph, m: Mapping, x: float, y: float) -> int:
    """The edge under a pixel, −1 for none."""
    if not len(layer.edges) or node_at(layer, m, x, y) >= 0:
        return -1
    paths = edge_paths(layer, m)
    start, along = paths[:, :-1], np.diff(paths, axis=1)
    share = np.clip((((x, y) - start) * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-9), 0, 1)
    distance = np.hypot(*np.moveaxis(start + share[..., None] * along - (x, y), -1, 0)).min(axis=1)
    best = int(distance.argmin())
    return best if distance[best] <= _REACH else -1


def node_at(layer: Graph, m: Mapping, x: float, y: float) -> int:
    """The node under a pixel, −1 for none."""
    centres = m.pixels(layer.nodes)
    if not len(centres):
        return -1
    distance = np.abs(centres - (x, y)).max(axis=1)
    best = int(distance.argmin())
    return best if distance[best] <= node_size(layer, centres) / 2 + 1 else -1


def paint_graph(painter: QPainter, layer: Graph, scene: Scene) -> None:
    """Edges, lightest first, then nodes."""
    weights = np.array(layer.weights, np.float64).reshape(-1)
    for edge, value in scene.focus.weights.items():
        if edge < len(weights):
            weights[edge] = value
    if len(weights):
        _paint_edges(painter, layer, weights, scene)
    centres = scene.mapping.pixels(layer.nodes)
    size = node_size(layer, centres)
    fills = node_fills(layer, scene.colours)
    pictures = None if layer.pictures is None else to_bytes(np.asarray(layer.pictures), colour=True)
    for index, (x, y) in enumerate(centres.tolist()):
        area = QRectF(x - size / 2, y - size / 2, size, size)
        painter.setPen(QPen(QColor(scene.colours.accent if index == scene.focus.node else scene.colours.edge), 1.5))
        if pictures is None:
            painter.setBrush(QColor(fills[index]))
            painter.drawEllipse(area)
        else:
            painter.drawImage(area, to_image(pictures[index]))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(-0.5, -0.5, 0.5, 0.5), 3, 3)
        if index < len(layer.labels) and layer.labels[index]:
            _paint_label(painter, layer, index, area, scene.colours)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_edges(painter: QPainter, layer: Graph, weights: np.ndarray, scene: Scene) -> None:
    paths = edge_paths(layer, scene.mapping)
    widest = 5.0 * float(np.clip(node_size(layer, scene.mapping.pixels(layer.nodes)) / 36, 0.4, 1.0))
    share = np.nan_to_num(np.abs(weights) / max(float(np.nanmax(np.abs(weights))), 0.5))
    level = np.rint(share * _LEVELS).astype(int)
    ends = np.asarray(layer.edges).reshape(-1, 2)
    focused = np.ones(len(weights), bool) if scene.focus.node < 0 else (ends == scene.focus.node).any(axis=1)
    for lit, step, positive in product((False, True), range(_LEVELS + 1), (False, True)):
        chosen = (level == step) & ((weights > 0) == positive) & (focused == lit)
        strength = (0.25 + 0.75 * step / _LEVELS) * (1.0 if lit else 0.3)
        colour = mixed(scene.series(int(positive)), scene.colours.panel, strength)
        draw_paths(painter, paths[chosen], QColor(colour), max(widest * step / _LEVELS, 0.7))
    if 0 <= scene.focus.edge < len(weights):
        edge = scene.focus.edge
        draw_paths(painter, paths[edge : edge + 1], QColor(scene.colours.text), 1.5 + widest * float(share[edge]))


def node_fills(layer: Graph, colours: Colours) -> list[str]:
    """The colour of each node: by its value, where it has one."""
    if layer.values is None:
        return [colours.raised] * len(layer.nodes)
    values = np.nan_to_num(np.asarray(layer.values, np.float64))
    signed = bool((values < 0).any())
    table = colour_table("diverging" if signed else "sequential", colours)
    top = float(np.abs(values).max()) or 1.0
    place = (values / top + 1) / 2 if signed else values / top
    return ["#" + bytes(table[at].tolist()).hex() for at in (place * (len(table) - 1)).astype(int)]


def _paint_label(painter: QPainter, layer: Graph, index: int, area: QRectF, colours: Colours) -> None:
    text = layer.labels[index]
    painter.setFont(font(11))
    at = label_place(layer, index, area, QFontMetricsF(painter.font()).horizontalAdvance(text))
    if at is not None:
        paint_text(painter, at, text, colours)


def label_place(layer: Graph, index: int, area: QRectF, width: float) -> QPointF | None:
    """Where a node's label of this width starts; None leaves it out.

    Inside a plain node where it fits; else beside a node of the first or last column, or below if the next one leaves room.
    """
    middle, side = area.center(), _side(layer, index)
    if layer.pictures is None and width <= area.width() - 4:
        return QPointF(middle.x() - width / 2, middle.y() + 4)
    if side:
        return QPointF(area.right() + 5 if side > 0 else area.left() - width - 5, middle.y() + 4)
    if area.width() >= _ROOMY * layer.node_size:
        return QPointF(middle.x() - width / 2, area.bottom() + 12)
    return None


def _side(layer: Graph, index: int) -> int:
    """−1 for a node of the first column, 1 for one of the last, else 0."""
    x = np.asarray(layer.nodes, np.float64)[:, 0]
    if x.max() == x.min():
        return 1
    return -1 if x[index] == x.min() else int(x[index] == x.max())


def graph_inset(layer: Graph) -> tuple[float, float, float]:
    """Pixels to keep free around the nodes' middles, left, right, above and below: for the nodes, and for labels beside them."""
    metrics = QFontMetricsF(font(11))
    room = layer.node_size / 2 + 3
    found = []
    for side in (-1, 1):
        widths = [
            metrics.horizontalAdvance(text)
            for index, text in enumerate(layer.labels)
            if text and _side(layer, index) == side
        ]
        outside = layer.pictures is not None or max(widths, default=0.0) > layer.node_size - 4
        found.append(room + (max(widths) + 4 if widths and outside else 0.0))
    return found[0], found[1], room
