"""The legend of a heat map: its colours from low to high, with values and a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.theme import font
from app.views.colour_maps import colour_table
from app.views.heat import heat_scale
from app.views.pixels import to_image
from app.views.ticks import linear_ticks

if TYPE_CHECKING:
    from app.colours import Colours
    from app.views.mapping import Mapping
    from engine.api import Heat

ROOM = 60.0
_WIDTH, _TALLEST = 8.0, 220.0


def paint_colour_bar(painter: QPainter, m: Mapping, layer: Heat, colours: Colours, right: float) -> None:
    """Draws the bar in the room that the plot keeps free at its right, the name above it."""
    lo, hi = heat_scale(layer)
    height = min(m.height, _TALLEST)
    bar = QRectF(m.right + 10, m.top, _WIDTH, height)
    painter.drawImage(bar, to_image(colour_table(layer.colours, colours)[::-1, None]))
    painter.setFont(font(11))
    painter.setPen(QColor(colours.dim))
    metrics = QFontMetricsF(painter.font())
    name = metrics.elidedText(layer.legend, Qt.TextElideMode.ElideRight, m.width)
    painter.drawText(
        QRectF(m.left, max(m.top - 24, 0.0), min(m.width + ROOM, right - m.left) - 4, 16),
        int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
        name,
    )
    painter.setPen(QColor(colours.faint))
    for tick in linear_ticks(lo, hi, max(2, int(height / 48))):
        y = float(np.interp(tick.value, (lo, hi), (bar.bottom(), bar.top())))
        y = min(max(y, bar.top() + 5), bar.bottom() - 5)
        painter.drawText(QRectF(bar.right() + 5, y - 8, ROOM, 16), int(Qt.AlignmentFlag.AlignVCenter), tick.text)
