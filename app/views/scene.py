"""What painting a layer of a plot needs to know, and what every layer does."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtGui import QColor, QPainter, QPainterPath

from app.colours import Colours
from app.views.mapping import Mapping

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

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
    """A text that stays readable over anything: in `colour` (that of text), with a rim in that of the ground."""
    path = QPainterPath()
    path.addText(at, painter.font(), text)
    pen = painter.pen()
    pen.setColor(QColor(colours.panel))
    pen.setWidthF(3)
    painter.strokePath(path, pen)
    painter.fillPath(path, QColor(colour or colours.text))
