"""What stands around the plane of an exported chart: axes, legend, colour bar. Only `vector_export` loads this."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from app.colours import LIGHT
from app.theme import font, theme
from app.views.axes import AxisLook
from app.views.colour_maps import colour_table
from app.views.heat import heat_scale
from app.views.ticks import linear_ticks
from app.views.vector_layers import pen

if TYPE_CHECKING:
    from app.views.base import LegendEntry
    from engine.api import Heat

_LEGEND_WIDTH = 150.0


def dress_axis(axis: pg.AxisItem, look: AxisLook, ticks: list[tuple[float, str]]) -> None:
    """Gives an axis its name and its ticks; a text at the very end is written too."""
    axis.setStyle(tickFont=font(11), tickLength=-4, autoReduceTextSpace=False, hideOverlappingLabels=40)
    axis.enableAutoSIPrefix(False)
    axis.setPen(pen(LIGHT.edge))
    axis.setTextPen(pen(LIGHT.dim))
    axis.setTicks([ticks])
    if look.title:
        axis.setLabel(escape(look.title), **{"font-size": "11px", "color": LIGHT.dim})


def html(words: str, colour: str, size: int) -> str:
    """Words in a colour and size."""
    return f'<span style="color: {colour}; font-size: {size}px">{escape(words)}</span>'


def legend_item(entries: list[LegendEntry], width: float) -> pg.LegendItem:
    """Chips in rows, above the plane, where they cover nothing."""
    made = pg.LegendItem(
        offset=None, colCount=max(1, min(len(entries), int(width / _LEGEND_WIDTH))), labelTextSize="11px"
    )
    light = dict(zip(theme().colours.series, LIGHT.series, strict=True))
    for entry in entries:
        colour = light.get(entry.colour, LIGHT.dim)
        made.addItem(_sample(entry.mark, colour), html(entry.text, LIGHT.text, 11))
    least = made.layout.effectiveSizeHint(Qt.SizeHint.MinimumSize)
    made.setMaximumWidth(least.width() + 16 * made.columnCount)
    return made


def _sample(mark: str, colour: str) -> pg.GraphicsObject:
    """An item that looks as the legend's chip should."""
    if mark in ("line", "dashed"):
        return pg.PlotCurveItem(pen=pen(colour, 2.0, dashed=mark == "dashed"))
    fill = QColor(colour)
    fill.setAlphaF(0.22 if mark == "band" else 1.0)
    brush, edge = (None, pen(colour, 1.5)) if mark == "ring" else (pg.mkBrush(fill), None)
    return pg.ScatterPlotItem(symbol="o" if mark in ("dot", "ring") else "s", size=9, brush=brush, pen=edge)


def colour_bar(layer: Heat) -> pg.ColorBarItem:
    """The colours of a heat map with their values and name."""
    lo, hi = heat_scale(layer)
    colours = pg.ColorMap(None, colour_table(layer.colours, LIGHT))
    bar = pg.ColorBarItem((lo, hi), 10, colours, interactive=False, colorMapMenu=False)
    look = AxisLook(layer.legend)
    dress_axis(bar.axis, look, [(tick.value, tick.text) for tick in linear_ticks(lo, hi, 6)])
    return bar
