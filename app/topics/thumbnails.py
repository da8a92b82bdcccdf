"""The picture on a card: a real run of the lab (assets/thumbnails, made by installer/thumbnails.py), or its topic's icon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPixmap

from app.fonts import ASSETS
from app.style import mixed
from app.theme import draw_glyph, theme

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ASSETS / "thumbnails"


def thumbnail_path(lab: str) -> Path:
    """Where the picture of a lab's card lies, if there is one."""
    return FOLDER / f"{lab}.png"


def portrayed(topic: str) -> list[str]:
    """The labs of a topic that have a picture."""
    return sorted(path.stem for path in FOLDER.glob(f"{topic}.*.png"))


class Thumbnail:
    """The picture of a lab at whatever size its card has; `glyph` stands in for a lab without one."""

    def __init__(self, lab: str, glyph: str) -> None:
        path = thumbnail_path(lab)
        self._glyph = glyph
        self._source = QPixmap(str(path)) if path.is_file() else QPixmap()
        self._scaled = QPixmap()

    @property
    def is_real(self) -> bool:
        """Whether there is a picture."""
        return not self._source.isNull()

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Fills `area`, cut to its shape."""
        if not self.is_real:
            _paint_stand_in(painter, area, self._glyph)
            return
        ratio = painter.device().devicePixelRatio()
        wanted = (area.size() * ratio).toSize()
        if self._scaled.size() != wanted:
            whole = self._source.scaled(
                wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
            )
            left, top = (whole.width() - wanted.width()) // 2, (whole.height() - wanted.height()) // 2
            self._scaled = whole.copy(left, top, wanted.width(), wanted.height())
        painter.drawPixmap(area, self._scaled, QRectF(self._scaled.rect()))


def _paint_stand_in(painter: QPainter, area: QRectF, glyph: str) -> None:
    colours = theme().colours
    shade = QLinearGradient(area.topLeft(), area.bottomRight())
    shade.setColorAt(0.0, QColor(mixed(colours.accent, colours.canvas, 0.10)))
    shade.setColorAt(1.0, QColor(colours.canvas))
    painter.fillRect(area, shade)
    side = min(56.0, area.height() * 0.45)
    middle = QRectF(area.center() - QPointF(side / 2, side / 2), QSizeF(side, side))
    draw_glyph(painter, middle, glyph, QColor(mixed(colours.accent, colours.canvas, 0.55)))
