"""The box that tells what lies under the cursor in a picture: the pixel and its neighbours enlarged, its place and value."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.theme import font, theme
from app.views.pixels import to_bytes, to_image

_LENS, _ROW, _PAD = 56.0, 16.0, 6.0
_REACH = 3


def neighbourhood(picture: np.ndarray, column: int, row: int) -> np.ndarray:
    """The 7 × 7 pixels around one, `[7, 7]` or `[7, 7, 3]`; the edge repeats beyond the picture."""
    rows = np.clip(np.arange(row - _REACH, row + _REACH + 1), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(column - _REACH, column + _REACH + 1), 0, picture.shape[1] - 1)
    return picture[np.ix_(rows, columns)]


def paint_magnifier(painter: QPainter, area: QRectF, cursor: QPointF, patch: np.ndarray, lines: list[str]) -> QRectF:
    """Draws the box in the lower left corner of `area`, or the upper one while the cursor is near; returns it."""
    colours = theme().colours
    painter.setFont(font(11))
    metrics = QFontMetricsF(painter.font())
    width = min(_LENS + 3 * _PAD + max(max(metrics.horizontalAdvance(line) for line in lines), 72.0), area.width() - 8)
    height = _LENS + 2 * _PAD
    box = QRectF(area.left() + 4, area.bottom() - height - 4, width, height)
    if box.adjusted(-24, -24, 24, 24).contains(cursor):
        box.moveTop(area.top() + 4)
    ground = QColor(colours.raised)
    ground.setAlphaF(0.95)
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    lens = QRectF(box.left() + _PAD, box.top() + _PAD, _LENS, _LENS)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(lens, to_image(to_bytes(patch, colour=patch.ndim == 3)))
    cell = _LENS / (2 * _REACH + 1)
    painter.setPen(QPen(QColor(colours.accent), 1.5))
    painter.drawRect(QRectF(lens.left() + _REACH * cell, lens.top() + _REACH * cell, cell, cell))
    for index, line in enumerate(lines[:3]):
        painter.setPen(QColor(colours.text if index == 0 else colours.dim))
        text_area = QRectF(
            lens.right() + _PAD, lens.top() + index * (_ROW + 3), box.right() - lens.right() - 2 * _PAD, _ROW
        )
        painter.drawText(
            text_area,
            int(Qt.AlignmentFlag.AlignVCenter),
            metrics.elidedText(line, Qt.TextElideMode.ElideRight, text_area.width() + 1),
        )
    return box
