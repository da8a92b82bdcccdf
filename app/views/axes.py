"""How an axis looks: its ticks where they fit, its name and unit, its share of the margins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.theme import Colours, font, theme
from app.views.ticks import Tick, linear_ticks, log_ticks

if TYPE_CHECKING:
    from app.views.mapping import Mapping
    from app.views.span import Span

TICK_SIZE, NAME_SIZE = 11, 11
_GAP = 8.0
_ONE_LINE = 24.0
_MOST = 7
"""More ticks than this are noise, however large the plot."""


@dataclass(frozen=True)
class AxisLook:
    """What is written on an axis. `ticks`: fixed places with texts, else round numbers. `grid`: lines across the plot."""

    name: str = ""
    unit: str = ""
    ticks: tuple[tuple[float, str], ...] = ()
    whole: bool = False
    grid: bool = True
    shown: bool = True

    @property
    def title(self) -> str:
        """Name and unit as one text."""
        return f"{self.name} · {self.unit}" if self.name and self.unit else self.name or self.unit


def ticks_of(look: AxisLook, span: Span, pixels: float, room: float) -> list[Tick]:
    """The ticks of an axis that is `pixels` long when each text takes `room` pixels."""
    if not look.shown:
        return []
    if look.ticks:
        lo, hi = sorted((span.lo, span.hi))
        return [Tick(value, text) for value, text in look.ticks if lo <= value <= hi]
    count = min(max(2, int(pixels / room)), _MOST)
    return log_ticks(span.lo, span.hi, count) if span.log else linear_ticks(span.lo, span.hi, count, look.whole)


def left_margin(ticks: list[Tick]) -> float:
    """The room that the texts of a vertical axis need."""
    if not ticks:
        return _GAP
    metrics = QFontMetricsF(font(TICK_SIZE))
    return max(metrics.horizontalAdvance(tick.text) for tick in ticks) + 2 * _GAP


def _name_below(look: AxisLook, width: float) -> bool:
    """Whether the horizontal axis' name has a line of its own: beside fixed ticks, or where it would take much of the ticks' line."""
    if not look.title:
        return False
    return bool(look.ticks) or QFontMetricsF(font(NAME_SIZE)).horizontalAdvance(look.title) > 0.3 * width


def bottom_margin(look: AxisLook, width: float) -> float:
    """The room that the texts of a horizontal axis need in a widget of this width."""
    if not look.shown:
        return 10.0
    return _ONE_LINE + 14.0 if _name_below(look, width) else _ONE_LINE


def paint_axes(
    painter: QPainter,
    m: Mapping,
    looks: tuple[AxisLook, AxisLook],
    ticks: tuple[list[Tick], list[Tick]],
    room_below: float,
) -> None:
    """Draws grid, tick texts and names around the plot rectangle, with `room_below` pixels under it."""
    colours = theme().colours
    painter.setFont(font(TICK_SIZE))
    for values, look, vertical in ((ticks[0], looks[0], False), (ticks[1], looks[1], True)):
        if look.grid:
            _paint_grid(painter, m, values, vertical, colours)
    taken = _paint_names(painter, m, looks, room_below >= _ONE_LINE + 13, colours)
    painter.setPen(QColor(colours.faint))
    _paint_x_texts(painter, m, ticks[0], taken)
    for tick, y in zip(ticks[1], m.y_pixels(np.array([tick.value for tick in ticks[1]])).tolist(), strict=True):
        area = QRectF(0, y - 8, m.left - _GAP, 16)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), tick.text)


def _paint_grid(painter: QPainter, m: Mapping, ticks: list[Tick], vertical: bool, colours: Colours) -> None:
    painter.setPen(QColor(colours.line))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for tick in ticks:
        if vertical:
            y = float(m.y_pixels(tick.value))
            painter.drawLine(QLineF(m.left, y, m.right, y))
        else:
            x = float(m.x_pixels(tick.value))
            painter.drawLine(QLineF(x, m.top, x, m.bottom))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _paint_names(
    painter: QPainter, m: Mapping, looks: tuple[AxisLook, AxisLook], below: bool, colours: Colours
) -> float:
    """Writes both names; returns where the x axis' name begins."""
    painter.setPen(QColor(colours.dim))
    if looks[1].shown and looks[1].title:
        painter.drawText(
            QRectF(max(_GAP, m.left - 40), max(m.top - _ONE_LINE, 0.0), m.right - _GAP, 16),
            int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
            looks[1].title,
        )
    if not (looks[0].shown and looks[0].title):
        return m.right + 100
    width = QFontMetricsF(painter.font()).horizontalAdvance(looks[0].title)
    area = QRectF(m.right - width + 4, m.bottom + (19 if below else 4), width + 4, 16)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), looks[0].title)
    return m.right + 100 if below else area.left()


def _paint_x_texts(painter: QPainter, m: Mapping, ticks: list[Tick], taken: float) -> None:
    metrics = QFontMetricsF(painter.font())
    end = -1.0
    for tick in ticks:
        x, width = float(m.x_pixels(tick.value)), metrics.horizontalAdvance(tick.text)
        left = min(max(x - width / 2, 1.0), m.right + _GAP - width)
        if left < end + 6 or left + width > taken - 6:
            continue
        painter.drawText(
            QRectF(left, m.bottom + 4, width + 2, 16),
            int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
            tick.text,
        )
        end = left + width
