"""Cards of the start page: a lab or topic with its picture, a past run, and the place to drop things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.theme import draw_glyph, font, theme

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QEnterEvent, QKeyEvent, QPaintEvent

    from app.topics.thumbnails import Thumbnail

RADIUS = 10.0
TEXT = 60
"""Height of the two lines below a card's picture, in pixels."""


class Card(QAbstractButton):
    """Something to open: it lifts under the pointer and opens by click, Return or Space."""

    def __init__(self, title: str, note: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.note = title, note
        self.setText(title)
        self.setAccessibleName(f"{title}, {note}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer came: light up."""
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer left."""
        self.update()

    def sizeHint(self) -> QSize:
        """The grid decides."""
        return QSize(200, 160)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Content, rounded off, within a border."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(area, RADIUS, RADIUS)
        painter.save()
        painter.setOpacity(1.0 if self.isEnabled() else 0.45)
        self.paint_content(painter, area)
        painter.restore()
        corners = QPainterPath()
        corners.addRect(QRectF(self.rect()))
        painter.fillPath(corners.subtracted(shape), QColor(theme().colours.background))
        painter.setPen(self._border())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, RADIUS, RADIUS)

    def paint_content(self, painter: QPainter, area: QRectF) -> None:
        """What the card shows; its corners are rounded off afterwards."""
        raise NotImplementedError

    def _border(self) -> QPen:
        colours = theme().colours
        if self.property("ring"):
            return QPen(QColor(colours.accent), 2)
        return QPen(QColor(colours.accent if self.underMouse() and self.isEnabled() else colours.line), 1)


class PictureCard(Card):
    """A picture with two lines below it: a topic, or a lab."""

    def __init__(self, title: str, note: str, picture: Thumbnail, parent: QWidget | None = None) -> None:
        super().__init__(title, note, parent)
        self._picture = picture

    def paint_content(self, painter: QPainter, area: QRectF) -> None:
        """Picture above, title and note below."""
        colours = theme().colours
        painter.fillRect(area, QColor(colours.raised if self.underMouse() else colours.panel))
        picture = QRectF(area.x(), area.y(), area.width(), area.height() - TEXT)
        self._picture.paint(painter, picture)
        painter.fillRect(QRectF(area.x(), picture.bottom(), area.width(), 1), QColor(colours.line))
        line = QRectF(area.x() + 12, picture.bottom() + 10, area.width() - 24, 20)
        write(painter, line, self.title, font(14, "medium"), colours.text)
        write(painter, line.translated(0, 21), self.note, font(12), colours.dim)


class FeatureCard(Card):
    """A large picture with its words upon it."""

    def __init__(self, title: str, note: str, picture: Thumbnail, parent: QWidget | None = None) -> None:
        super().__init__(title, note, parent)
        self._picture = picture

    def paint_content(self, painter: QPainter, area: QRectF) -> None:
        """The picture, darkened towards the words; the stand-in for a picture needs no darkening."""
        self._picture.paint(painter, area)
        title, note = theme().colours.text, theme().colours.dim
        if self._picture.is_real:
            title, note = "#ffffff", "#d5dae1"
            painter.fillRect(area, _shade(area))
        line = QRectF(area.x() + 16, area.bottom() - 56, area.width() - 32, 22)
        write(painter, line, self.title, font(16, "semibold"), title)
        write(painter, line.translated(0, 24), self.note, font(13), note)


class RunCard(Card):
    """A past run: what it was, how far it came, when."""

    def __init__(self, title: str, note: str, when: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(title, f"{note}, {when}", parent)
        self._line, self._when, self._colour = note, when, colour

    def paint_content(self, painter: QPainter, area: QRectF) -> None:
        """A dot for its state, the title, two dim facts."""
        colours = theme().colours
        painter.fillRect(area, QColor(colours.raised if self.underMouse() else colours.panel))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(colours, self._colour)))
        painter.drawEllipse(QRectF(area.x() + 14, area.y() + 18, 8, 8))
        line = QRectF(area.x() + 32, area.y() + 12, area.width() - 44, 20)
        write(painter, line, self.title, font(13, "medium"), colours.text)
        below = line.translated(0, 20)
        width = QFontMetricsF(font(12)).horizontalAdvance(self._when)
        write(painter, below.adjusted(0, 0, -width - 8, 0), self._line, font(12), colours.dim)
        write(painter, QRectF(below.right() - width, below.y(), width + 1, 20), self._when, font(12), colours.dim)


class DropCard(Card):
    """The place that says what may be dropped; a click chooses files instead."""

    def paint_content(self, painter: QPainter, area: QRectF) -> None:
        """An arrow into a tray and two lines, in the middle."""
        colours = theme().colours
        lit = self.underMouse() or bool(self.property("over"))
        painter.fillRect(area, QColor(colours.panel))
        top = area.center().y() - 46
        colour = QColor(colours.accent if lit else colours.dim)
        draw_glyph(painter, QRectF(area.x(), top, area.width(), 32), "tray-arrow-down", colour)
        line = QRectF(area.x() + 12, top + 42, area.width() - 24, 20)
        centre = Qt.AlignmentFlag.AlignCenter
        write(painter, line, self.title, font(14, "medium"), colours.text, centre)
        painter.setFont(font(12))
        painter.setPen(QColor(colours.dim))
        below = QRectF(area.x() + 16, top + 66, area.width() - 32, 40)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), self.note)

    def _border(self) -> QPen:
        pen = super()._border()
        if not self.property("ring"):
            pen.setStyle(Qt.PenStyle.DashLine)
            pen.setColor(QColor(theme().colours.accent if self.underMouse() else theme().colours.edge))
        return pen


def _shade(area: QRectF) -> QLinearGradient:
    shade = QLinearGradient(area.topLeft(), area.bottomLeft())
    for stop, alpha in ((0.35, 0), (0.7, 165), (1.0, 235)):
        shade.setColorAt(stop, QColor(6, 8, 11, alpha))
    return shade


def write(
    painter: QPainter,
    area: QRectF,
    text: str,
    face: QFont,
    colour: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line of text in `area`, shortened with … where it is too long."""
    painter.setFont(face)
    painter.setPen(QColor(colour))
    short = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, int(align | Qt.AlignmentFlag.AlignVCenter), short)
