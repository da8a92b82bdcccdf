"""The box of values beside the cursor's line: it stands in a corner of the plot, its columns as wide as they ever get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.theme import Colours, font

_SIZE, _ROW, _PAD, _SWATCH, _GUTTER = 11, 17.0, 8.0, 14.0, 12.0
_VALUE_LIKE = "−0.000123"
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Row:
    """A line of the box: a colour ("" for none), a name, a value, and a dim value beside it."""

    name: str
    value: str = ""
    colour: str = ""
    aside: str = ""


def paint_readout(
    painter: QPainter, plot: QRectF, rows: Sequence[Row], colours: Colours, on_left: bool, low: bool = False
) -> QRectF:
    """Draws the rows in an upper (or `low`: lower) corner of `plot`, as many as fit; returns the box."""
    most = max(1, int((plot.height() - 2 * _PAD) / _ROW))
    if len(rows) > most:
        rows = [*rows[: most - 1], Row(f"and {len(rows) - most + 1} more")]
    painter.setFont(font(_SIZE))
    box = _box(plot, rows, QFontMetricsF(painter.font()), on_left, low)
    ground = QColor(colours.raised)
    ground.setAlphaF(0.94)
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 6, 6)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for index, row in enumerate(rows):
        _paint_row(painter, box, box.top() + _PAD / 2 + 1 + index * _ROW, row, colours)
    return box


def _box(plot: QRectF, rows: Sequence[Row], metrics: QFontMetricsF, on_left: bool, low: bool) -> QRectF:
    value = metrics.horizontalAdvance(_VALUE_LIKE)
    names = max(metrics.horizontalAdvance(row.name) for row in rows)
    width = names + 2 * _PAD + 4 + _GUTTER * any(row.value for row in rows)
    if any(row.value for row in rows):
        width += max(value, *(metrics.horizontalAdvance(row.value) for row in rows))
    width += value if any(row.aside for row in rows) else 0
    width += _SWATCH if any(row.colour for row in rows) else 0
    width = min(width, plot.width() - 8)
    height = len(rows) * _ROW + _PAD + 2
    left = plot.left() + 4 if on_left else plot.right() - width - 4
    return QRectF(
        round(left) + 0.5, round(plot.bottom() - height - 4 if low else plot.top() + 4) + 0.5, round(width), height
    )


def _paint_row(painter: QPainter, box: QRectF, top: float, row: Row, colours: Colours) -> None:
    area = QRectF(box.left() + _PAD, top, box.width() - 2 * _PAD, _ROW)
    if row.colour:
        painter.setPen(QPen(QColor(row.colour), 2.5, c=Qt.PenCapStyle.RoundCap))
        middle = area.center().y()
        painter.drawLine(QPointF(area.left() + 1, middle), QPointF(area.left() + 7, middle))
        area.setLeft(area.left() + _SWATCH)
    metrics = QFontMetricsF(painter.font())
    right = max(metrics.horizontalAdvance(row.value), metrics.horizontalAdvance(_VALUE_LIKE) if row.value else 0.0)
    if row.aside:
        painter.setPen(QColor(colours.faint))
        painter.drawText(area, _RIGHT, row.aside)
        area.setRight(area.right() - metrics.horizontalAdvance(_VALUE_LIKE))
    painter.setPen(QColor(colours.text))
    painter.drawText(area, _RIGHT, row.value)
    painter.setPen(QColor(colours.dim if row.value else colours.text))
    area.setRight(area.right() - right - 4)
    painter.drawText(
        area,
        _LEFT,
        metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, area.width() + (right + 4 if not row.value else 0)),
    )
