"""The live numbers of a page: their values as text, their colours, and the room that each keeps so that nothing shifts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtGui import QColor, QFont, QFontMetricsF

from app.theme import font, theme
from engine.api.words import number

_UNKNOWN, _USUAL = "–", "0.00"
_MEASURE = 100


class LiveNumbers:
    """Values by name. A name's room only grows while a page stands, so a number that changes pushes nothing about."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.colours: dict[str, int] = {}
        self._rooms: dict[str, float] = {}

    def update(self, values: Mapping[str, float]) -> bool:
        """Takes new values; True if one needs other room than it had, so that the page must be laid out again."""
        before = dict(self._rooms)
        self.values.update(values)
        return any(self.em(name) != before.get(name, -1.0) for name in values)

    def clear(self) -> None:
        """Forgets the values, and the room that they took."""
        self.values.clear()
        self._rooms.clear()

    def text(self, name: str) -> str:
        """What is written: three significant digits, or a dash before the first value."""
        value = self.values.get(name)
        if value is None:
            return _UNKNOWN
        return number(value) if math.isfinite(value) else number(value).replace("not a number", "NaN")

    def em(self, name: str) -> float:
        """The room of a number, in sizes of its font."""
        metrics = QFontMetricsF(number_font(_MEASURE))
        if name not in self.values:
            return metrics.horizontalAdvance(_USUAL) / _MEASURE
        wide = math.ceil(metrics.horizontalAdvance(self.text(name)) / _MEASURE * 20) / 20
        self._rooms[name] = max(self._rooms.get(name, 0.0), wide)
        return self._rooms[name]

    def colour(self, name: str) -> QColor:
        """The colour of the curve of that name, else the accent; dim before the first value."""
        colours = theme().colours
        if name not in self.values:
            return QColor(colours.faint)
        index = self.colours.get(name)
        return QColor(colours.accent if index is None else colours.series[index % len(colours.series)])


def number_font(size: float) -> QFont:
    """The font of live numbers at `size` pixels."""
    return font(max(1, round(size)), "semibold")
