"""The chips of a legend in a panel's header: as many as fit, the rest behind “+3”. A click hides or shows, the cursor brings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.style import mixed
from app.theme import font, theme

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from app.views.base import LegendEntry

_MARK, _GAP, _LONGEST = 16.0, 14.0, 150.0


class LegendBar(QWidget):
    """A row of chips. `clicked(key)`; `pointed(key)`: the cursor is on a chip ("" when it left)."""

    clicked = Signal(str)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[LegendEntry, ...] = ()
        self._current = -1
        self._pointed = ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Wide enough for every chip."""
        metrics = QFontMetricsF(font(12))
        return QSize(int(sum(self._width(entry, metrics) + _GAP for entry in self.entries)), 22)

    def minimumSizeHint(self) -> QSize:
        """It may vanish."""
        return QSize(0, 22)

    def show_entries(self, entries: tuple[LegendEntry, ...]) -> None:
        """Takes new chips."""
        if entries != self.entries:
            self.entries = entries
            can_click = any(entry.key for entry in entries)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus if can_click else Qt.FocusPolicy.NoFocus)
            self.updateGeometry()
            self.update()

    @staticmethod
    def _width(entry: LegendEntry, metrics: QFontMetricsF) -> float:
        return _MARK + min(metrics.horizontalAdvance(entry.text), _LONGEST)

    def areas(self) -> list[QRectF]:
        """Where the chips stand that fit."""
        metrics = QFontMetricsF(font(12))
        rest = metrics.horizontalAdvance("+99")
        found: list[QRectF] = []
        room = self.contentsRect()
        left = float(room.left())
        for index, entry in enumerate(self.entries):
            width = self._width(entry, metrics)
            if left + width > room.right() + 1 - (rest if index < len(self.entries) - 1 else 0):
                break
            found.append(QRectF(left, 0, width, self.height()))
            left += width + _GAP
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the chips."""
        colours = theme().colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(12))
        areas = self.areas()
        for index, (entry, area) in enumerate(zip(self.entries, areas, strict=False)):
            self._paint_chip(painter, entry, area)
            if self.hasFocus() and index == self._current:
                painter.setPen(QColor(colours.accent))
                painter.drawLine(QPointF(area.left(), area.bottom() - 2), QPointF(area.right(), area.bottom() - 2))
        if len(areas) < len(self.entries) and self.width() > 24:
            painter.setPen(QColor(colours.dim))
            left = areas[-1].right() + 8 if areas else float(self.contentsRect().left())
            painter.drawText(
                QRectF(left, 0, 40, self.height()),
                int(Qt.AlignmentFlag.AlignVCenter),
                f"+{len(self.entries) - len(areas)}",
            )
        painter.end()

    def _paint_chip(self, painter: QPainter, entry: LegendEntry, area: QRectF) -> None:
        colours = theme().colours
        colour = QColor(colours.faint if entry.hidden else entry.colour)
        middle = area.center().y()
        paint_mark(painter, QRectF(area.left(), middle - 5, 11, 10), entry.mark, colour)
        text = QColor(
            colours.faint
            if entry.hidden
            else mixed(entry.colour, colours.text, 0.8)
            if not colours.dark
            else entry.colour
        )
        painter.setPen(text)
        face = font(12)
        face.setStrikeOut(entry.hidden)
        painter.setFont(face)
        label = QFontMetricsF(face).elidedText(entry.text, Qt.TextElideMode.ElideRight, _LONGEST)
        painter.drawText(area.adjusted(_MARK, 0, 4, 0), int(Qt.AlignmentFlag.AlignVCenter), label)

    # mouse and keys -------------------------------------------------------------------------------------------------------------

    def _key_at(self, position: QPointF) -> str:
        for entry, area in zip(self.entries, self.areas(), strict=False):
            if area.contains(position):
                return entry.key
        return ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Brings out what is under the cursor; tells what “+3” hides."""
        key = self._key_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
        if key != self._pointed:
            self._pointed = key
            self.pointed.emit(key)
        areas = self.areas()
        if len(areas) < len(self.entries) and event.position().x() > (areas[-1].right() if areas else 0.0):
            QToolTip.showText(
                event.globalPosition().toPoint(), "\n".join(entry.text for entry in self.entries[len(areas) :]), self
            )

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing stands out any more."""
        if self._pointed:
            self._pointed = ""
            self.pointed.emit("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hides or shows."""
        key = self._key_at(event.position())
        if key and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose a chip, space hides or shows it."""
        count = len(self.areas())
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and count:
            self._current = (self._current + (1 if event.key() == Qt.Key.Key_Right else -1)) % count
            self.pointed.emit(self.entries[self._current].key)
            self.update()
        elif (
            event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return)
            and 0 <= self._current < count
            and self.entries[self._current].key
        ):
            self.clicked.emit(self.entries[self._current].key)
        else:
            super().keyPressEvent(event)


def paint_mark(painter: QPainter, area: QRectF, mark: str, colour: QColor) -> None:
    """Draws the sign of a legend entry: how its curve, points or region look."""
    middle = area.center()
    painter.setPen(QPen(colour, 2, c=Qt.PenCapStyle.FlatCap))
    match mark:
        case "line":
            painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))
        case "dashed":
            for left in (area.left(), area.left() + 6):
                painter.drawLine(QPointF(left, middle.y()), QPointF(left + 4, middle.y()))
        case "ring":
            painter.setPen(QPen(colour, 1.5))
            painter.drawEllipse(middle, 3.5, 3.5)
        case _:
            painter.setPen(Qt.PenStyle.NoPen)
            fill = QColor(colour)
            fill.setAlphaF(0.45 if mark == "band" else 1.0)
            painter.setBrush(fill)
            if mark == "dot":
                painter.drawEllipse(middle, 3.5, 3.5)
            else:
                painter.drawRoundedRect(area.adjusted(0.5, 1, -0.5, -1), 2, 2)
            painter.setBrush(Qt.BrushStyle.NoBrush)
