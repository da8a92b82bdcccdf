"""A chart or a plot as an SVG document, for papers and slides: drawn off screen by pyqtgraph, on white, in the light theme's colours.

Only an export loads this module, and with it pyqtgraph. Its plane is one of pixels, into which the view's own mapping places
everything; so ranges, logarithmic axes and ticks are those of the screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtSvg import QSvgGenerator

from app.colours import LIGHT
from app.theme import font
from app.views import curve_traces as traces
from app.views.axes import AxisLook, ticks_of
from app.views.base import LegendEntry
from app.views.mapping import Mapping
from app.views.scene import Scene
from app.views.truth_lines import TruthPainter
from app.views.vector_frame import colour_bar, dress_axis, html, legend_item
from app.views.vector_layers import Items, items_of, pen, polyline, segments, text
from engine.api import Heat

if TYPE_CHECKING:
    from app.views.curve_chart import CurveChart
    from app.views.curves import CurvesView
    from app.views.plot import PlotView

WIDTH, HEIGHT = 640.0, 400.0
"""The plane inside the axes in pixels; a plot of equal axes takes less of one of them."""
_TICK_ROOM = (64.0, 40.0)


@dataclass(frozen=True)
class Sheet:
    """All that stands on the page."""

    title: str
    legend: tuple[LegendEntry, ...]
    looks: tuple[AxisLook, AxisLook]
    mapping: Mapping
    items: Iterable[pg.GraphicsObject]
    bar: Heat | None = None


def chart_svg(view: CurvesView) -> str:
    """The curves of a chart in the range on the screen, with their true values."""
    chart = view.chart
    chart.rebuild()
    m = Mapping(0.0, 0.0, WIDTH, HEIGHT, chart.x_span.goal, chart.y_span.goal)
    return _document(Sheet(view.export_name, view.legend(), chart.looks, m, _chart_items(chart, m)))


def plot_svg(view: PlotView) -> str:
    """The layers of a plot in the range on the screen."""
    canvas = view.canvas
    m = canvas.placed(Mapping(0.0, 0.0, WIDTH, HEIGHT, canvas.x_span.goal, canvas.y_span.goal))
    m = replace(m, left=0.0, top=0.0)
    legend = tuple(entry for entry in view.legend() if not entry.key.startswith("\0"))
    bar = next(iter(canvas.bars()), None)
    items = items_of(canvas.shown(), Scene(m, LIGHT))
    return _document(Sheet(view.export_name, legend, canvas.looks, m, items, bar))


def _chart_items(chart: CurveChart, m: Mapping) -> Items:
    choice = traces.Choice(chart.hidden, "", chart.smoothing, m.x.lo, m.x.hi, int(WIDTH))
    curves = traces.make_traces(chart.runs, choice, chart.indices, LIGHT)
    pixels = [np.stack([m.x_pixels(curve.x), m.y_pixels(curve.y)], axis=1) for curve in curves]
    for curve, points in zip(curves, pixels, strict=True):
        yield polyline(points, pen(curve.colour, curve.width))
    places, metrics, drawn = TruthPainter(), QFontMetricsF(font(11)), np.concatenate([*pixels, np.empty((0, 2))])
    for line in chart.truth_lines(LIGHT):
        y = float(m.y_pixels(line.value))
        if m.top <= y <= m.bottom:
            yield segments(np.array([[[m.left, y], [m.right, y]]]), pen(line.colour, dashed=True))
        area, words = places.place(m, line, metrics, drawn)
        yield text(area.left() + 2, area.bottom() - 4, words, LIGHT.dim)


# the page -------------------------------------------------------------------------------------------------------------------------


def _document(sheet: Sheet) -> str:
    """The page laid out at its size, as text."""
    page = pg.GraphicsLayoutWidget()
    page.setBackground(LIGHT.panel)
    page.scene().setFont(font(11))
    page.ci.layout.setContentsMargins(12, 8, 28, 8)
    page.ci.addLabel(html(sheet.title, LIGHT.text, 14), row=0, col=0, justify="left")
    entries = [entry for entry in sheet.legend if not entry.hidden]
    if entries:
        legend = legend_item(entries, sheet.mapping.width)
        page.ci.addItem(legend, row=1, col=0)
        page.ci.layout.setAlignment(legend, Qt.AlignmentFlag.AlignLeft)
    plane = _plane(sheet)
    page.ci.addItem(plane, row=2, col=0)
    if sheet.bar is not None:
        plane.layout.addItem(colour_bar(sheet.bar), 2, 5)  # the row of the view box, right of the right axis
        plane.layout.setColumnFixedWidth(4, 8)
    _fit(page, plane, sheet.mapping)
    document = _written(page, sheet.title)
    page.close()
    page.deleteLater()
    return document


def _written(page: pg.GraphicsLayoutWidget, title: str) -> str:
    """The page as text. Qt writes it in one go, because pyqtgraph 0.14's own exporter stumbles over the closed paths of Qt 6.11."""
    file, writer, area = QBuffer(), QSvgGenerator(QSvgGenerator.SvgVersion.Svg11), QRectF(page.rect())
    writer.setOutputDevice(file)
    writer.setResolution(96)
    writer.setTitle(title)
    writer.setDescription("")
    writer.setViewBox(area)
    writer.setSize(page.size())
    painter = QPainter(writer)
    painter.fillRect(area, QColor(LIGHT.panel))
    for item in page.scene().items():
        if hasattr(item, "setExportMode"):
            item.setExportMode(True, {"painter": painter})
    page.scene().render(painter, area, area)
    painter.end()
    family = font().family()
    return file.data().toStdString().replace(f'font-family="{family}"', f'font-family="{family}, sans-serif"')


def _fit(page: pg.GraphicsLayoutWidget, plane: pg.PlotItem, m: Mapping) -> None:
    """Gives the page the size at which a pixel of the mapping is one of the plane; a paint settles axes and texts."""
    page.resize(round(m.width) + 120, round(m.height) + 120)
    for _ in range(2):
        page.grab()
        room = plane.vb.size()
        page.resize(page.width() + round(m.width - room.width()), page.height() + round(m.height - room.height()))
    page.grab()


def _plane(sheet: Sheet) -> pg.PlotItem:
    m, plane = sheet.mapping, pg.PlotItem(enableMenu=False)
    plane.hideButtons()
    plane.vb.setDefaultPadding(0.0)
    plane.vb.invertY(True)
    plane.vb.disableAutoRange()
    plane.setRange(xRange=(0.0, m.width), yRange=(0.0, m.height), padding=0.0)
    for side, look, upright in (("bottom", sheet.looks[0], False), ("left", sheet.looks[1], True)):
        size, room, span = (m.height, _TICK_ROOM[1], m.y) if upright else (m.width, _TICK_ROOM[0], m.x)
        ticks = ticks_of(look, span, size, room)
        places = (m.y_pixels if upright else m.x_pixels)(np.array([tick.value for tick in ticks]))
        dress_axis(plane.getAxis(side), look, list(zip(places.tolist(), [tick.text for tick in ticks], strict=True)))
        plane.showAxis(side, look.shown)
        if look.grid and len(places):
            ends = [[[0.0, at], [m.width, at]] if upright else [[at, 0.0], [at, m.height]] for at in places.tolist()]
            plane.vb.addItem(segments(np.array(ends), pen(LIGHT.line)), ignoreBounds=True)
    for item in sheet.items:
        plane.vb.addItem(item, ignoreBounds=True)
    return plane
