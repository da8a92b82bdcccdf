"""Formulas and live numbers as objects inside a QTextDocument: how much room each takes, and how it is painted.

Qt puts an inline object on the baseline as a whole, with nothing below it. Only `AlignMiddle` splits its height, by half
the x-height of the object's own font: `strut` picks a font that makes that split right for a formula, so lines get
exactly the room they need. Where the baseline lies is read back from the line at painting.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)

from app.notes.numbers import LiveNumbers, number_font
from app.notes.page_style import LEADING
from app.notes.source import Live, Maths
from app.notes.typeset import Formula, draw_formula, live_names, typeset
from app.notes.wrap import Row, fit, rooms
from app.theme import font, theme

OBJECT = int(QTextFormat.ObjectTypes.UserObject) + 1
_PLACE = int(QTextFormat.Property.UserProperty) + 1
MATHS_SIZE = 1.16
"""The formula font's letters are smaller than the text font's: this makes their x-heights meet."""
_DISPLAY_SIZE = 1.04
_NUMBER_SIZE = 0.84
_BEARING = 0.6
_PAD, _GAP, _RADIUS = 12.0, 9.0, 6.0


def formula_size(size: float, display: bool) -> float:
    """The font size of a formula in text of `size` pixels."""
    return size * MATHS_SIZE * (_DISPLAY_SIZE if display else 1.0)


def usual_rooms(latex: str) -> dict[str, float]:
    """The room of each live number of a formula before its first value, in em."""
    return {name: LiveNumbers().em(name) * _NUMBER_SIZE for name in live_names(latex)}


def display_room(width: float) -> float:
    """The width of a display's formula in a column of `width` pixels."""
    return max(width, 80.0) - 2 * _PAD


@dataclass(frozen=True)
class Place:
    """An object in its text: what it shows, the text's size and colour there, and punctuation that must not part from it."""

    piece: Maths | Live
    size: float
    colour: str
    suffix: str = ""


class InlineObjects(QPyTextObject):
    """Measures and paints the objects of one document."""

    def __init__(self, document: QTextDocument, numbers: LiveNumbers) -> None:
        super().__init__(document)
        self._document = document
        self._numbers = numbers
        self._places: list[Place] = []
        document.documentLayout().registerHandler(OBJECT, self)

    def format(self, place: Place) -> QTextCharFormat:
        """The character format that shows this place; its text is U+FFFC."""
        made = QTextCharFormat()
        made.setObjectType(OBJECT)
        made.setProperty(_PLACE, len(self._places))
        self._places.append(place)
        ascent, descent = self._extents(place)
        made.setFont(strut(round(2 * (ascent - descent))))
        made.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
        return made

    def place_of(self, fmt: QTextFormat) -> Place | None:
        """The place that a character format shows, if it is one of these objects."""
        index = fmt.property(_PLACE)
        return self._places[index] if isinstance(index, int) and index < len(self._places) else None

    def text_of(self, place: Place) -> str:
        """A place as it is copied: LaTeX in dollars, or the number."""
        if isinstance(place.piece, Live):
            return self._numbers.text(place.piece.name) + place.suffix
        dollars = "$$" if place.piece.display else "$"
        return "\n".join(f"{dollars}{row}{dollars}" for row in place.piece.rows) + place.suffix

    def intrinsicSize(self, document: QTextDocument, position: int, fmt: QTextFormat) -> QSizeF:
        """The room of an object, in pixels."""
        place = self.place_of(fmt)
        if place is None:
            return QSizeF()
        width = self._room(position)
        if isinstance(place.piece, Maths) and place.piece.display:
            return QSizeF(width, self._display_height(place, width))
        ascent, descent = self._extents(place)
        half = QFontMetrics(fmt.toCharFormat().font()).xHeight() / 2
        return QSizeF(self._width(place, width), max(2 * ascent - half, 2 * descent + half))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, document: QTextDocument, position: int, fmt: QTextFormat
    ) -> None:
        """Paints an object on the baseline of its line."""
        place, area = self.place_of(fmt), QRectF(rect)
        if place is None:
            return
        if isinstance(place.piece, Maths) and place.piece.display:
            self._draw_display(painter, area, place)
            return
        block = document.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        baseline = area.center().y() - (line.ascent() + line.descent()) / 2 + line.ascent()
        self._draw_inline(painter, QPointF(area.left(), baseline), place, area.width())

    def _room(self, position: int) -> float:
        """The width of the column at a position, in pixels."""
        block = self._document.findBlock(position)
        indent = block.blockFormat().indent() + (
            block.textList().format().indent() if block.textList() is not None else 0
        )
        margins = 2 * self._document.documentMargin() + block.blockFormat().leftMargin()
        return max(self._document.textWidth() - margins - indent * self._document.indentWidth() - 1, 80.0)

    def _ems(self, latex: str) -> dict[str, float]:
        return {name: self._numbers.em(name) * _NUMBER_SIZE for name in live_names(latex)}

    def _inline(self, place: Place) -> Formula:
        assert isinstance(place.piece, Maths)
        latex = place.piece.rows[0]
        return typeset(latex, formula_size(place.size, display=False), False, rooms(latex, self._ems(latex)))

    def _groups(self, place: Place, width: float) -> list[tuple[Row, ...]]:
        """The rows of a display, a group for each of its formulas."""
        assert isinstance(place.piece, Maths)
        size, room = formula_size(place.size, display=True), display_room(width)
        return [fit(latex, size, room, self._ems(latex)) for latex in place.piece.rows]

    def _extents(self, place: Place) -> tuple[float, float]:
        """Ascent and descent in pixels, never less than those of the text around; a formula may reach into the leading."""
        metrics = QFontMetricsF(font(round(place.size)))
        ascent, descent = metrics.ascent(), metrics.descent()
        if isinstance(place.piece, Live) or place.piece.display:
            return ascent, descent
        formula, leading = self._inline(place), LEADING * place.size
        return max(ascent, formula.ascent - 0.2 * leading), max(descent, formula.descent - 0.7 * leading)

    def _width(self, place: Place, room: float) -> float:
        suffix = QFontMetricsF(font(round(place.size))).horizontalAdvance(place.suffix)
        if isinstance(place.piece, Live):
            return self._numbers.em(place.piece.name) * place.size + suffix
        formula = self._inline(place)
        return min(formula.left + formula.width + _BEARING + suffix, room)

    def _draw_inline(self, painter: QPainter, origin: QPointF, place: Place, width: float) -> None:
        suffix = QFontMetricsF(font(round(place.size))).horizontalAdvance(place.suffix)
        if isinstance(place.piece, Live):
            self._draw_number(painter, place.piece.name, origin, width - suffix, place.size)
        else:
            formula = self._inline(place)
            scale = min(1.0, (width - suffix - _BEARING) / (formula.left + formula.width))
            self._draw_formula(painter, formula, origin, place.colour, scale)
        if place.suffix:
            painter.setFont(font(round(place.size)))
            painter.setPen(QColor(place.colour))
            painter.drawText(origin + QPointF(width - suffix, 0), place.suffix)

    def _display_height(self, place: Place, width: float) -> float:
        rows = [row for group in self._groups(place, width) for row in group]
        heights = sum((row.formula.ascent + row.formula.descent) * row.scale for row in rows)
        return heights + _GAP * (len(rows) - 1) + 2 * _PAD

    def _draw_display(self, painter: QPainter, rect: QRectF, place: Place) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme().colours.raised))
        painter.drawRoundedRect(rect, _RADIUS, _RADIUS)
        painter.restore()
        y = rect.top() + _PAD
        for group in self._groups(place, rect.width()):
            x = rect.left() + (rect.width() - max(row.width for row in group)) / 2
            for row in group:
                y += row.formula.ascent * row.scale
                self._draw_formula(painter, row.formula, QPointF(x + row.indent, y), place.colour, row.scale)
                y += row.formula.descent * row.scale + _GAP

    def _draw_formula(self, painter: QPainter, formula: Formula, origin: QPointF, colour: str, scale: float) -> None:
        draw_formula(painter, formula, origin, QColor(colour), scale)
        for slot in formula.slots:
            start = origin + QPointF(slot.x, slot.y) * scale
            self._draw_number(painter, slot.name, start, slot.width * scale, slot.size * _NUMBER_SIZE * scale)

    def _draw_number(self, painter: QPainter, name: str, origin: QPointF, width: float, size: float) -> None:
        """Writes a number so that it ends where its room does; a dash in the middle."""
        text, face = self._numbers.text(name), number_font(size)
        share = 1.0 if name in self._numbers.values else 0.5
        painter.setFont(face)
        painter.setPen(self._numbers.colour(name))
        painter.drawText(origin + QPointF(share * (width - QFontMetricsF(face).horizontalAdvance(text)), 0), text)


@cache
def strut(x_height: int) -> QFont:
    """A font whose x-height is about `x_height` whole pixels."""
    face = font(10)
    size = max(1, x_height * 10 // max(1, QFontMetrics(face).xHeight()))
    sizes = range(max(1, size - 8), size + 9)

    def miss(candidate: int) -> int:
        face.setPixelSize(candidate)
        return abs(QFontMetrics(face).xHeight() - x_height)

    face.setPixelSize(min(sizes, key=miss))
    return face
