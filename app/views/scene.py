"""What painting a layer of a plot needs to know, and what every layer does."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen

from app.colours import Colours
from app.views.mapping import Mapping

Bounds = tuple[float, float, float, float]
"""x low, x high, y low, y high."""


@dataclass(frozen=True)
class Focus:
    """What of a drawn graph lies under the cursor (−1: nothing), and the weights that the person is changing."""

    node: int = -1
    edge: int = -1
    weights: Map[int, float] = field(default_factory=dict)


@dataclass
class Scene:
    """What painting a layer needs: where, in which colours, and a place to keep what is costly between two frames."""

    mapping: Mapping
    colours: Colours
    cache: dict[object, Any] = field(default_factory=dict)
    focus: Focus = Focus()

    def series(self, index: int) -> str:
        """A series colour."""
        return self.colours.series[index % len(self.colours.series)]

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """What `make` makes, kept until the next frame."""
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]


def bounds_of(x: np.ndarray, y: np.ndarray) -> Bounds | None:
    """The finite range of x and y `[N]`."""
    x, y = np.asarray(x, np.float64).ravel(), np.asarray(y, np.float64).ravel()
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    return (float(x.min()), float(x.max()), float(y.min()), float(y.max())) if len(x) and len(y) else None


def paint_text(painter: QPainter, at: QPointF, text: str, colours: Colours, colour: str = "") -> None:
    """A text that stays readable over anything: in `colour` (that of text), with a rim in that of the ground.

    Stroking a rim takes milliseconds, so each text is painted once and kept as a picture.
    """
    picture, corner = rimmed(
        text, painter.font().toString(), painter.device().devicePixelRatioF(), colour or colours.text, colours.panel
    )
    painter.drawImage(at + corner, picture)


@lru_cache(maxsize=256)
def rimmed(text: str, font_text: str, ratio: float, colour: str, rim: str) -> tuple[QImage, QPointF]:
    """A text with its rim, and where its upper left corner lies from the start of its baseline."""
    font = QFont()
    font.fromString(font_text)
    path = QPainterPath()
    path.addText(QPointF(), font, text)
    area = path.boundingRect().adjusted(-3, -3, 3, 3).toAlignedRect()
    picture = QImage(area.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-area.topLeft())
    pen = QPen(QColor(rim), 3)
    painter.strokePath(path, pen)
    painter.fillPath(path, QColor(colour))
    painter.end()
    return picture, QPointF(area.topLeft())
