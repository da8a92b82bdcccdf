"""What the colours of the scene stand for, while they show a quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter
from PySide6.QtWidgets import QWidget

from app.theme import font, theme
from app.views.colour_maps import colour_table

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class ValueLegend(QWidget):
    """A bar of the values' colours, with its ends."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._low, self._high = "", 0.0, 1.0
        self.setFixedSize(196, 46)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_range(self, title: str, low: float, high: float) -> None:
        """What the ends stand for."""
        self._title, self._low, self._high = title, low, high
        self.setAccessibleName(f"{title}: {low:.3g} to {high:.3g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Title, bar, numbers, on a chip."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.line))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
        painter.setFont(font(11))
        painter.setPen(QColor(colours.dim))
        area = self.rect().adjusted(10, 5, -10, -5)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter), self._title)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft), f"{self._low:.3g}")
        painter.drawText(area, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight), f"{self._high:.3g}")
        gradient = QLinearGradient(54, 0, 142, 0)
        table = colour_table("sequential", colours)
        for share in np.linspace(0, 1, 9):
            gradient.setColorAt(float(share), QColor(*table[int(share * 255)].tolist()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(54, 28, 88, 8, 4, 4)
        painter.end()
