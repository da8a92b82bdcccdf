"""Theory's values across a chart: a dashed line each, and a label where it covers least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.theme import font, theme
from app.views.scene import paint_text
from app.views.strokes import draw_segments

if TYPE_CHECKING:
    from app.views.mapping import Mapping

_HEIGHT = 16.0
_PLACES = tuple((share, above) for above in (True, False) for share in (0.0, 1.0, 0.5, 0.25, 0.75))
"""Where a label may stand: its share of the free width, and whether it is above the line."""


@dataclass(frozen=True)
class TruthLine:
    """A dashed line at `value`."""

    name: str
    value: float
    label: str
    colour: str


def label_area(m: Mapping, y: float, width: float, place: tuple[float, bool]) -> QRectF:
    """The rectangle of a label in one of its places."""
    share, above = place
    left = m.left + 4 + share * max(m.width - width - 8, 0.0)
    return QRectF(left, y - _HEIGHT - 1 if above else y + 1, width, _HEIGHT)


def covered(m: Mapping, area: QRectF, points: np.ndarray, taken: Sequence[QRectF]) -> float:
    """What a label in `area` would cover: points of curves `[N, 2]` in pixels; far more if another label or an edge."""
    across = np.abs(points[:, 0] - area.center().x()) < area.width() / 2 + 2
    along = np.abs(points[:, 1] - area.center().y()) < _HEIGHT / 2 + 1
    blocked = area.top() < m.top - 1 or area.bottom() > m.bottom + 1 or any(area.intersects(other) for other in taken)
    return float((across & along).sum()) + 1000.0 * blocked


def choose_place(costs: Sequence[float], before: int) -> int:
    """Which of the places a label takes: the one that covers least, but it stays where it was (−1: nowhere) for little gain."""
    best = int(np.argmin(np.asarray(costs) + 0.1 * np.arange(len(costs))))
    return before if before >= 0 and costs[before] <= costs[best] + 6 else best


class TruthPainter:
    """Draws the lines, and remembers where each label stands so that it does not wander."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.areas: dict[str, QRectF] = {}

    def paint(self, painter: QPainter, m: Mapping, lines: Sequence[TruthLine], points: np.ndarray) -> None:
        """Draws every line, its label clear of the curves' `points` `[N, 2]`; one beyond the range says so at the edge."""
        painter.setFont(font(11))
        self.areas = {}
        for line in lines:
            y = float(m.y_pixels(line.value))
            if not np.isfinite(y):
                continue
            inside = m.top - 0.5 <= y <= m.bottom + 0.5
            if inside:
                draw_segments(painter, np.array([[[m.left, y], [m.right, y]]]), QColor(line.colour), 1.0, dashed=True)
            area, text = self.place(m, line, QFontMetricsF(painter.font()), points)
            paint_text(painter, area.bottomLeft() + QPointF(2, -4), text, theme().colours, theme().colours.dim)

    def place(self, m: Mapping, line: TruthLine, metrics: QFontMetricsF, points: np.ndarray) -> tuple[QRectF, str]:
        """Where a line's label goes, clear of `points` `[N, 2]` and of the labels before it, and what it says."""
        y = float(m.y_pixels(line.value))
        beyond = "↑ " if y < m.top - 0.5 else "↓ " if y > m.bottom + 0.5 else ""
        y = min(max(y, m.top), m.bottom)
        text = metrics.elidedText(beyond + line.label, Qt.TextElideMode.ElideRight, m.width - 8)
        areas = [label_area(m, y, metrics.horizontalAdvance(text) + 4, place) for place in _PLACES]
        costs = [covered(m, area, points, list(self.areas.values())) for area in areas]
        self.places[line.name] = place = choose_place(costs, self.places.get(line.name, -1))
        self.areas[line.name] = areas[place]
        return areas[place], text
