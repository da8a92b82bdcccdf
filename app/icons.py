"""Icons drawn from the icon font: crisp at any size and scale, and always in the colours of the theme that is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QIconEngine, QPainter, QPixmap

from app.fonts import FILLED, ICONS, load_fonts
from app.glyphs import GLYPHS
from engine.api.words import near

if TYPE_CHECKING:
    from app.colours import Colours
    from app.theme import Theme


def draw_glyph(painter: QPainter, area: QRectF, name: str, colour: QColor, filled: bool = False) -> None:
    """Paints a glyph in the middle of `area`, as large as its shorter side. Raises KeyError without a row for it."""
    load_fonts()
    if name not in GLYPHS:
        raise KeyError(f"app/glyphs.py has no row {name!r}{near(name, list(GLYPHS))}")
    face = QFont(FILLED if filled else ICONS)
    face.setPixelSize(max(1, round(min(area.width(), area.height()))))
    face.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(face)
    painter.setPen(colour)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip), chr(GLYPHS[name]))
    painter.restore()


class GlyphEngine(QIconEngine):
    """Draws a glyph in a named colour of the theme, looked up at the time of painting."""

    def __init__(self, theme: Theme, name: str, colour: str, filled: bool) -> None:
        super().__init__()
        self._theme, self._name, self._colour, self._filled = theme, name, colour, filled

    def clone(self) -> QIconEngine:
        """Another engine of the same glyph."""
        return GlyphEngine(self._theme, self._name, self._colour, self._filled)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draws the glyph, faded where it is disabled."""
        colour = _resolve(self._theme.colours, self._colour)
        if mode == QIcon.Mode.Disabled:
            colour.setAlphaF(0.35)
        draw_glyph(painter, QRectF(rect), self._name, colour, self._filled)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The glyph on nothing, in device pixels."""
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return picture


def _resolve(colours: Colours, name: str) -> QColor:
    return QColor(name if name.startswith("#") else getattr(colours, name))
