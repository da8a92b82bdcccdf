"""Lines by the thousand, fast.

Qt's raster painter strokes a wide antialiased line as a filled outline: 40 ms for a noisy curve of a thousand points. A cosmetic
line one device pixel wide takes a fast path of its own (a millisecond), and a few of them half a pixel apart look like one wide
line. So lines are drawn in one to a few passes.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream, QPointF, Qt
from PySide6.QtGui import QPainterPath, QPen

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
"""An element of a path as Qt's data stream writes it; kind 0 moves there, 1 draws a line to there."""
DASHES = (6.0, 4.0)
_WIDE = 3.0
"""From so many device pixels on, a short smooth line is cheaper as an outline."""


def path_through(points: np.ndarray, joined: np.ndarray | None = None) -> QPainterPath:
    """A path through `points` `[N, 2]`, made in one piece; `joined` `[N − 1]` says between which a line is drawn (None: all)."""
    count = len(points)
    stream = np.zeros(4 + count * _ELEMENT.itemsize + 8, np.uint8)
    stream[:4] = np.frombuffer(struct.pack(">i", count), np.uint8)
    elements = stream[4 : 4 + count * _ELEMENT.itemsize].view(_ELEMENT)
    elements["kind"][1:] = 1 if joined is None else joined
    elements["x"], elements["y"] = points[:, 0], points[:, 1]
    path = QPainterPath()
    QDataStream(QByteArray(stream.tobytes())) >> path
    return path


def draw_path(painter: QPainter, points: np.ndarray, colour: QColor, width: float = 1.0, dashed: bool = False) -> None:
    """Draws a polyline through `points` `[N, 2]` in pixels. NaN breaks it; a point alone between gaps becomes a dot."""
    finite = np.isfinite(points).all(axis=1)
    joined = finite[:-1] & finite[1:]
    if joined.all():
        _draw(painter, path_through(points), colour, width, dashed)
    else:
        _draw(painter, path_through(points[finite], joined[finite[:-1]][: finite.sum() - 1]), colour, width, dashed)
    alone = finite & ~np.append(joined, False) & ~np.insert(joined, 0, False)
    draw_dots(painter, points[alone], colour, max(width, 1.0))


def draw_segments(
    painter: QPainter, segments: np.ndarray, colour: QColor, width: float = 1.0, dashed: bool = False
) -> None:
    """Draws segments `[M, 2, 2]` in pixels."""
    ends = segments.reshape(-1, 2)
    _draw(painter, path_through(ends, np.arange(1, len(ends)) % 2 if len(ends) else None), colour, width, dashed)


def draw_paths(painter: QPainter, paths: np.ndarray, colour: QColor, width: float) -> None:
    """Draws many short smooth polylines `[K, S, 2]` in pixels: thin ones in passes, wide ones one by one by Qt's own stroker."""
    if width * painter.device().devicePixelRatioF() <= _WIDE:
        draw_segments(painter, np.stack([paths[:, :-1], paths[:, 1:]], axis=2).reshape(-1, 2, 2), colour, width)
        return
    painter.setPen(QPen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for points in paths:
        painter.drawPath(path_through(points))


def draw_dots(painter: QPainter, centres: np.ndarray, colour: QColor, radius: float) -> None:
    """Draws a few discs at `centres` `[N, 2]` in pixels."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for x, y in centres.tolist():
        painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _draw(painter: QPainter, path: QPainterPath, colour: QColor, width: float, dashed: bool) -> None:
    if path.elementCount() < 2:
        return
    pen = QPen(colour, 1.0)
    pen.setCosmetic(True)
    if dashed:
        pen.setDashPattern(DASHES)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for dx, dy in _shifts(width, painter.device().devicePixelRatioF()):
        painter.translate(dx, dy)
        painter.drawPath(path)
        painter.translate(-dx, -dy)


@lru_cache(maxsize=64)
def _shifts(width: float, scale: float) -> tuple[tuple[float, float], ...]:
    """Where the passes lie: on a circle, so that a line is as wide whichever way it runs. `scale`: device pixels per pixel."""
    radius = (width * scale - 1.0) / 2
    if radius < 0.15:
        return ((0.0, 0.0),)
    count = max(3, math.ceil(4 * radius))
    angles = math.pi / 2 + 2 * math.pi * np.arange(count) / count  # upright, so that rising and falling lines are alike
    return tuple((float(radius * np.cos(angle) / scale), float(radius * np.sin(angle) / scale)) for angle in angles)
